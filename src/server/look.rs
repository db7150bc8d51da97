//! What a run is like inside, for who checks it.

use super::buffer::Buffered;
use super::run::Run;
use crate::history::Attributes;

/// How much is pending in a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PendingCounts {
    pub(crate) activities: usize,
    pub(crate) timers: usize,
    pub(crate) children: usize,
    pub(crate) external_cancels: usize,
    pub(crate) external_signals: usize,
}

impl Run {
    /// How much is pending.
    pub(crate) fn pending(&self) -> PendingCounts {
        PendingCounts {
            activities: self.activities.len(),
            timers: self.timers.len(),
            children: self.children.len(),
            external_cancels: self.external_cancels.len(),
            external_signals: self.external_signals.len(),
        }
    }

    /// The events that wait for a started workflow task to end (R3).
    pub(crate) fn buffered(&self) -> impl Iterator<Item = &Attributes> {
        self.buffer.iter().map(Buffered::attributes)
    }

    /// Whether something follows from what happened and has not been done yet.
    pub(crate) fn has_follow_ups(&self) -> bool {
        !self.transfers.is_empty()
    }
}
