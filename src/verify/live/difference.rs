//! What the real server does otherwise, told so that a person can act on it.

use std::fmt;

use super::connection::Unreachable;
use crate::clock::{EPOCH, Time};

/// Where the real server said or recorded something else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// When, in virtual time.
    pub at: Time,
    /// What was compared, as in `the history of copy`.
    pub what: String,
    /// How they differ: `-` marks what the fake has, `+` what the real server has.
    pub how: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "at {}: {}: (- fake, + real, ! differs)", self.at.offset(EPOCH), self.what)?;
        write!(f, "{}", self.how)
    }
}

/// Why a scenario could not be followed to its end.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The real server went another way.
    Different(Difference),
    /// The real server is no more.
    Unreachable(Unreachable),
}

impl From<Unreachable> for Trouble {
    fn from(unreachable: Unreachable) -> Self {
        Self::Unreachable(unreachable)
    }
}
