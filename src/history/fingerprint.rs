//! A fast 128-bit hash, for telling states apart.
//!
//! ```
//! use deadbeat::history::fingerprint::Fingerprint;
//!
//! assert_eq!(Fingerprint::of(&(1_u32, "one")), Fingerprint::of(&(1_u32, "one")));
//! assert_ne!(Fingerprint::of(&(1_u32, "one")), Fingerprint::of(&(1_u32, "two")));
//! ```

use std::hash::{Hash, Hasher};

/// A 128-bit hash of words: the same on every machine with little-endian slices, in every build, in
/// every process.
///
/// A search asks for one at every state, so each word costs a multiplication in each of two lanes
/// that do not wait for each other. One lane folds a product, which mixes best; the other can be
/// undone word for word, so that two states which differ stay apart in it but for chance. It is not
/// made to withstand somebody who looks for collisions.
///
/// Ids that people see come from [`Digest`](super::ids::Digest), which never changes.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    folded: u64,
    undoable: u64,
}

/// The golden ratio's digits, and pi's: odd, and without a pattern.
const FOLD: u64 = 0x9e37_79b9_7f4a_7c15;
const STEP: u64 = 0xa409_3822_299f_31d1;

/// Both halves of a product, one upon the other.
const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128) * (b as u128);
    #[allow(clippy::cast_possible_truncation)] // both halves are taken
    let folded = product as u64 ^ (product >> 64) as u64;
    folded
}

impl Fingerprint {
    /// The fingerprint of nothing yet.
    pub const fn new() -> Self {
        Self { folded: 0x243f_6a88_85a3_08d3, undoable: 0x1319_8a2e_0370_7344 }
    }

    /// The fingerprint of a value.
    pub fn of<T: Hash + ?Sized>(value: &T) -> u128 {
        let mut fingerprint = Self::new();
        value.hash(&mut fingerprint);
        fingerprint.finish128()
    }

    #[inline]
    fn word(&mut self, word: u64) {
        self.folded = fold(self.folded ^ word, FOLD);
        let undoable = (self.undoable ^ word).wrapping_mul(STEP);
        self.undoable = undoable ^ undoable >> 32;
    }

    /// All 128 bits, each lane mixed into the other.
    pub const fn finish128(&self) -> u128 {
        let low = fold(self.folded ^ self.undoable.rotate_left(23), STEP);
        let high = fold(self.undoable ^ low, FOLD);
        (high as u128) << 64 | low as u128
    }
}

impl Default for Fingerprint {
    fn default() -> Self {
        Self::new()
    }
}

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
        let rest = chunks.remainder();
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.word(u64::from_le_bytes(word));
        }
        // Bytes that end in zeros are not those without them.
        self.word(bytes.len() as u64 ^ STEP);
    }

    #[inline]
    fn write_u8(&mut self, n: u8) {
        self.word(n.into());
    }

    #[inline]
    fn write_u16(&mut self, n: u16) {
        self.word(n.into());
    }

    #[inline]
    fn write_u32(&mut self, n: u32) {
        self.word(n.into());
    }

    #[inline]
    fn write_u64(&mut self, n: u64) {
        self.word(n);
    }

    #[inline]
    fn write_u128(&mut self, n: u128) {
        #[allow(clippy::cast_possible_truncation)] // the low half, then the high one
        self.word(n as u64);
        self.word((n >> 64) as u64);
    }

    #[inline]
    fn write_usize(&mut self, n: usize) {
        self.word(n as u64);
    }

    #[inline]
    fn write_i32(&mut self, n: i32) {
        self.word(n.cast_unsigned().into());
    }

    #[inline]
    fn write_i64(&mut self, n: i64) {
        self.word(n.cast_unsigned());
    }

    #[inline]
    fn write_isize(&mut self, n: isize) {
        self.word((n as i64).cast_unsigned());
    }

    fn finish(&self) -> u64 {
        #[allow(clippy::cast_possible_truncation)] // the low half is asked for
        let low = self.finish128() as u64;
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_differ_little_have_fingerprints_that_differ_in_half_their_bits() {
        let fingerprints: Vec<u128> = (0_u64..2_000).map(|n| Fingerprint::of(&[n, 7])).collect();
        for pair in fingerprints.windows(2) {
            let differing = (pair[0] ^ pair[1]).count_ones();
            assert!((30..=98).contains(&differing), "{differing} bits");
        }
        let mut sorted = fingerprints;
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 2_000);
    }

    #[test]
    fn the_order_of_words_and_the_ends_of_texts_count() {
        assert_ne!(Fingerprint::of(&(1_u64, 2_u64)), Fingerprint::of(&(2_u64, 1_u64)));
        assert_ne!(Fingerprint::of(&("ab", "c")), Fingerprint::of(&("a", "bc")));
        assert_ne!(Fingerprint::of("a\0"), Fingerprint::of("a"));
        assert_ne!(Fingerprint::of(&0_u64), Fingerprint::of(&()));
    }

    #[test]
    fn fingerprints_are_the_same_in_every_build() {
        assert_eq!(
            Fingerprint::of(&(1_u8, 2_i64, "three")),
            273_891_534_712_854_986_466_841_032_168_291_576_415
        );
    }
}
