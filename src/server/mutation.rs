//! Ways in which a server can be broken on purpose, to see that somebody notices.
//!
//! A mutant is one `if` at the place where the right thing is done. Outside this crate's own tests
//! no server is broken, and the compiler drops the `if`.

use super::run::Run;

/// What a broken server does wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Mutation {
    /// The first event that waited in the buffer is not written.
    DropsBufferedEvent,
    /// Completions are written before what came earlier (R4).
    FlushesCompletionsFirst,
    /// A run closes twice.
    ClosesTwice,
    /// A termination schedules a workflow task (R41).
    SchedulesTaskAfterTerminate,
    /// A termination leaves the started workflow task as it is (R42).
    TerminatesStartedTask,
    /// A workflow task is scheduled although one is pending (R9).
    SchedulesTaskTwice,
    /// A started workflow task has half its time (R14).
    TaskTimesOutEarly,
    /// A heartbeat timeout comes after half its time (R66).
    HeartbeatTimesOutEarly,
    /// Heartbeats do not move the deadline (R66).
    ForgetsHeartbeats,
    /// A retry does not wait for its backoff (R74).
    RetriesAtOnce,
    /// An activity's start is written twice (R51).
    StartsActivityTwice,
    /// An activity ends without an event (R53).
    LosesActivityClose,
    /// An activity that completes is canceled (R64).
    CancelsUnasked,
    /// A cancel request schedules no workflow task (R25).
    CancelDoesNotWake,
    /// A second cancel request is an event too (R26).
    CancelsTwice,
    /// A close names another start than its own (R5).
    WiresWrongStart,
    /// Event ids have gaps.
    SkipsAnId,
    /// A canceled timer fires all the same (R77).
    FiresCanceledTimer,
    /// A timer fires after half its time (R77).
    FiresEarly,
    /// A canceled timer names another task's completion (R7).
    NamesWrongTask,
    /// A close command passes what is buffered, and that is lost (R33).
    ClosesOverBuffer,
    /// A child's close is recorded twice (R87).
    RecordsChildCloseTwice,
    /// A parent is not told of a child's close (R87).
    KeepsChildCloseSecret,
    /// Children are left open whatever their parent close policy says (R88).
    LeavesChildrenOpen,
    /// The next run of a chain takes itself for the first (F5).
    ForgetsFirstRun,
    /// A reset does not apply signals again (B16).
    LosesReappliedSignal,
    /// A reset keeps the batch at the point too (B9).
    KeepsTooMuch,
}

impl Run {
    /// Whether the server that the run is on is broken like this.
    #[cfg(test)]
    pub(super) fn mutant(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    /// Whether the server that the run is on is broken like this: it is not.
    #[cfg(not(test))]
    #[allow(clippy::unused_self)] // in tests it is used
    pub(super) const fn mutant(&self, _: Mutation) -> bool {
        false
    }
}

#[cfg(test)]
impl super::Server {
    /// Breaks the server, before it has a run.
    pub(crate) fn break_by(&mut self, mutation: Mutation) {
        self.mutation = Some(mutation);
    }
}
