//! How large a scenario may be. What is larger is refused with a clear error, at once.
//!
//! ```
//! use deadbeat::scenario::{Scenario, limits};
//!
//! let deep = "[".repeat(limits::MAX_DEPTH + 1);
//! let refused = Scenario::parse(&deep, "deep.yaml").unwrap_err();
//! assert!(refused.to_string().contains("nested more than 64 levels deep"));
//! ```

use std::time::Duration;

/// The size of a file, in bytes: 1 MiB.
pub const MAX_BYTES: usize = 1 << 20;

/// How deep lists and mappings may be nested, aliases expanded.
pub const MAX_DEPTH: usize = 64;

/// How many values a file may hold, aliases expanded.
pub const MAX_NODES: u64 = 100_000;

/// How many brackets, braces and commas a file may hold: what is in brackets is held in memory
/// until they are closed.
pub const MAX_PUNCTUATION: usize = 200_000;

/// How many steps all workflows, activities and clients may have together, aliases expanded.
pub const MAX_STEPS: usize = 10_000;

/// How many workers there may be.
pub const MAX_WORKERS: usize = 1_000;

/// How many clients there may be.
pub const MAX_CLIENTS: usize = 1_000;

/// How many steps code may take in loops between two steps that can wait.
pub const MAX_STEPS_WITHOUT_WAITING: u64 = 100_000;

/// The longest duration: 100 years of 365 days.
pub const MAX_DURATION: Duration = Duration::from_secs(100 * 365 * 86_400);

/// The longest window within which happenings race.
pub const MAX_WINDOW: Duration = Duration::from_secs(86_400);

/// How many faults a search may place in one run.
pub const MAX_FAULTS: u32 = 5;

/// How many errors are looked for and shown at a time.
pub const MAX_DIAGNOSTICS: usize = 20;
