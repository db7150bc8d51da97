//! Official messages shared by many events, with an order-free digest of their own.
//!
//! ```
//! use deadbeat::history::Shared;
//! use deadbeat::official::common::WorkflowType;
//!
//! let one = Shared::new(WorkflowType { name: "Greeting".to_owned() });
//! let other = Shared::new(WorkflowType { name: "Greeting".to_owned() });
//! assert_eq!(one, other);
//! assert_eq!(one.digest(), other.digest());
//! assert_eq!(one.name, "Greeting");
//! ```

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use prost::{Message, Name};

use super::digest::digest;

/// An immutable official message that many owners share.
///
/// Two are equal when their contents are, and hash alike then, although official maps are hash
/// maps in random order. The digest behind it is made when first asked for, once.
pub struct Shared<T>(Arc<Inner<T>>);

struct Inner<T> {
    message: T,
    digest: OnceLock<u128>,
}

impl<T> Shared<T> {
    /// Shares a message.
    pub fn new(message: T) -> Self {
        Self(Arc::new(Inner { message, digest: OnceLock::new() }))
    }
}

impl<T: Message + Name> Shared<T> {
    /// 128 bits over the content, the same on every machine.
    pub fn digest(&self) -> u128 {
        *self.0.digest.get_or_init(|| digest(&self.0.message))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.message
    }
}

impl<T> From<T> for Shared<T> {
    fn from(message: T) -> Self {
        Self::new(message)
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.message == other.0.message
    }
}

// The floats in official messages (backoff coefficients) are never NaN: requests are validated.
impl<T: PartialEq> Eq for Shared<T> {}

impl<T: Message + Name> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.digest());
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.message.fmt(f)
    }
}
