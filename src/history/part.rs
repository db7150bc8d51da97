//! A part of a state that clones share until one of them changes it.
//!
//! ```
//! use deadbeat::history::part::Part;
//!
//! let one = Part::new(vec![1, 2, 3]);
//! let mut other = one.clone(); // shares the list
//! other.edit().push(4);
//! assert_eq!((one.len(), other.len()), (3, 4));
//! assert_ne!(one.fingerprint(), other.fingerprint());
//! ```

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::fingerprint::Fingerprint;

/// A value that is cloned only when it is changed while somebody else has it, and whose fingerprint
/// is kept until then: a search clones and hashes a whole state at every step, of which a step
/// changes little.
#[derive(Debug)]
pub struct Part<T>(Arc<Inner<T>>);

#[derive(Clone, Debug)]
struct Inner<T> {
    value: T,
    /// Made when first asked for.
    fingerprint: OnceLock<u128>,
}

impl<T> Part<T> {
    /// A part of its own.
    pub fn new(value: T) -> Self {
        Self(Arc::new(Inner { value, fingerprint: OnceLock::new() }))
    }
}

impl<T: Clone> Part<T> {
    /// The value, to be changed: what shares it keeps it as it is.
    pub fn edit(&mut self) -> &mut T {
        let inner = Arc::make_mut(&mut self.0);
        inner.fingerprint.take();
        &mut inner.value
    }
}

impl<T: Clone> Part<T> {
    /// The value itself.
    pub fn into_inner(self) -> T {
        Arc::unwrap_or_clone(self.0).value
    }
}

impl<T: Hash> Part<T> {
    /// 128 bits over the value.
    pub fn fingerprint(&self) -> u128 {
        *self.0.fingerprint.get_or_init(|| Fingerprint::of(&self.0.value))
    }
}

impl<T> Clone for Part<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Part<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T: Default> Default for Part<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: PartialEq> PartialEq for Part<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.value == other.0.value
    }
}

impl<T: Eq> Eq for Part<T> {}

impl<T: Hash> Hash for Part<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.fingerprint());
    }
}

/// Parts by keys, in order of keys.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Parts<K, T>(BTreeMap<K, Part<T>>);

impl<K, T> Default for Parts<K, T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord, T: Clone> Parts<K, T> {
    /// One part.
    pub fn of_one(key: K, value: T) -> Self {
        Self(BTreeMap::from([(key, Part::new(value))]))
    }

    /// The value with this key.
    pub fn get(&self, key: &K) -> Option<&T> {
        self.0.get(key).map(|part| &**part)
    }

    /// The value with this key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut T> {
        self.0.get_mut(key).map(Part::edit)
    }

    /// Adds a value, or puts it in the place of the one with this key.
    pub fn insert(&mut self, key: K, value: T) {
        self.0.insert(key, Part::new(value));
    }

    /// Takes a value out.
    pub fn remove(&mut self, key: &K) -> Option<T> {
        self.0.remove(key).map(Part::into_inner)
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All, in order of keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &T)> {
        self.0.iter().map(|(key, part)| (key, &**part))
    }
}
