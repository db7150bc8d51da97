//! The names of things: executions, runs, events.
//!
//! ```
//! use deadbeat::history::RunId;
//! use deadbeat::history::ids::RunCause;
//!
//! let first = RunId::derive(&"greeting".into(), RunCause::Start, 0);
//! assert_eq!(first.to_string().parse(), Ok(first));
//! assert_ne!(first, RunId::derive(&"greeting".into(), RunCause::Reset, 1));
//! ```

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

/// A shared, immutable string: a workflow or activity type, a task queue, an identity, a signal.
///
/// The empty one, which many fields have, is not kept anywhere: it costs nothing to make, to clone
/// and to drop.
#[derive(Clone, Default)]
pub struct Name(Option<Arc<str>>);

impl Name {
    /// The empty name, which the official messages use for "not set".
    pub const fn empty() -> Self {
        Self(None)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether both are the same text at the same place, which is seen at once.
    fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        }
    }
}

impl PartialEq for Name {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other) || self.as_str() == other.as_str()
    }
}

impl Eq for Name {}

impl Ord for Name {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        if self.is_same(other) { Ordering::Equal } else { self.as_str().cmp(other.as_str()) }
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self((!text.is_empty()).then(|| Arc::from(text)))
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// A Workflow Id: the name that a client gives an execution, kept by all runs of its chain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkflowId(Name);

impl WorkflowId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, shared.
    pub fn name(&self) -> &Name {
        &self.0
    }
}

impl Borrow<str> for WorkflowId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for WorkflowId {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for WorkflowId {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<Name> for WorkflowId {
    fn from(name: Name) -> Self {
        Self(name)
    }
}

impl fmt::Display for WorkflowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for WorkflowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What made a run; part of what its Run Id is derived from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RunCause {
    /// A client or a parent started it.
    Start,
    /// The run before it continued as new.
    ContinueAsNew,
    /// The run before it failed or timed out and its retry policy says: again.
    Retry,
    /// The run before it ended and has a cron schedule.
    Cron,
    /// A reset of an earlier run.
    Reset,
}

/// A Run Id: a valid UUID.
///
/// Run ids are structural: derived from the Workflow Id, the cause and how many runs the Workflow
/// Id had before, so that the same story gives the same ids whatever the schedule. As on the real
/// server, the first run of a chain is a version 7 UUID, the others are version 4.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(u128);

impl RunId {
    /// The id of run number `count` (from 0) of `workflow_id`.
    pub fn derive(workflow_id: &WorkflowId, cause: RunCause, count: u32) -> Self {
        let mut hasher = Digest::new();
        workflow_id.hash(&mut hasher);
        cause.hash(&mut hasher);
        count.hash(&mut hasher);
        let version = if cause == RunCause::Start { 7 } else { 4 };
        Self::from_random(hasher.finish128(), version)
    }

    /// A UUID with these bits, but for those that tell version and variant.
    pub(crate) fn from_random(bits: u128, version: u128) -> Self {
        let cleared = bits & !(0xF << 76) & !(0b11 << 62);
        Self(cleared | version << 76 | 0b10 << 62)
    }

    /// The number that the UUID is.
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        let uuid = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
        f.pad(&uuid)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a UUID.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a UUID")]
pub struct NotAUuid;

impl FromStr for RunId {
    type Err = NotAUuid;

    fn from_str(text: &str) -> Result<Self, NotAUuid> {
        let groups: Vec<&str> = text.split('-').collect();
        let lengths = [8, 4, 4, 4, 12];
        let well_formed = groups.len() == lengths.len()
            && groups.iter().zip(lengths).all(|(group, length)| {
                group.len() == length && group.bytes().all(|byte| byte.is_ascii_hexdigit())
            });
        if !well_formed {
            return Err(NotAUuid);
        }
        u128::from_str_radix(&groups.concat(), 16).map(Self).map_err(|_| NotAUuid)
    }
}

/// The number of an event in its history, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct EventId(pub u32);

impl EventId {
    /// The first event of every history.
    pub const FIRST: Self = Self(1);

    /// The event after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl From<EventId> for i64 {
    fn from(id: EventId) -> Self {
        Self::from(id.0)
    }
}

/// One run of one Workflow Id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Execution {
    /// The name that its runs share.
    pub workflow_id: WorkflowId,
    /// The run.
    pub run_id: RunId,
}

/// A 128-bit FNV-1a hash: the same on every machine, in every build, in every process.
///
/// `std`'s hashers promise none of that, and structural ids and state keys need all three.
#[derive(Clone, Debug)]
pub struct Digest(u128);

impl Digest {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

    /// The hash of nothing yet.
    pub const fn new() -> Self {
        Self(Self::OFFSET)
    }

    /// The hash of what was written, mixed so that every bit depends on every other.
    pub fn finish128(&self) -> u128 {
        let mixed = (self.0 ^ self.0 >> 67).wrapping_mul(0x2d99_787f_926d_46e9_32c8_64a7_ae0d_9c2b);
        let mixed = (mixed ^ mixed >> 59).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        mixed ^ mixed >> 64
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(Self::PRIME);
        }
    }

    // Integers are hashed by value, little end first, so that the machine's byte order is no part
    // of it. A whole word goes in at once: this is the search's hot path.
    fn write_u16(&mut self, n: u16) {
        self.write_u64(n.into());
    }

    fn write_u32(&mut self, n: u32) {
        self.write_u64(n.into());
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0 ^ u128::from(n)).wrapping_mul(Self::PRIME);
        self.0 ^= self.0 >> 64;
    }

    fn write_u128(&mut self, n: u128) {
        self.0 = (self.0 ^ n).wrapping_mul(Self::PRIME);
        self.0 ^= self.0 >> 64;
    }

    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }

    fn write_i64(&mut self, n: i64) {
        self.write_u64(n.cast_unsigned());
    }

    fn write_isize(&mut self, n: isize) {
        self.write_u64((n as i64).cast_unsigned());
    }

    #[allow(clippy::cast_possible_truncation)] // the low half is asked for
    fn finish(&self) -> u64 {
        self.finish128() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_ids_are_uuids_of_the_right_version() {
        let wid = WorkflowId::from("greeting");
        let first = RunId::derive(&wid, RunCause::Start, 0).to_string();
        let reset = RunId::derive(&wid, RunCause::Reset, 1).to_string();
        assert_eq!((first.len(), &first[14..15]), (36, "7"));
        assert_eq!((reset.len(), &reset[14..15]), (36, "4"));
        assert!("89ab".contains(&first[19..20]) && "89ab".contains(&reset[19..20]));
        assert_eq!(first.parse::<RunId>().unwrap().to_string(), first);
    }

    #[test]
    fn what_is_not_a_uuid_does_not_parse() {
        for text in
            ["", "x", "11111111-2222-3333-4444-55555555555", "1111111g-2222-3333-4444-555555555555"]
        {
            assert_eq!(text.parse::<RunId>(), Err(NotAUuid), "{text}");
        }
    }
}
