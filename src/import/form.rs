//! The forms that a scenario can take: what the code waits for, and by what clients know when it is
//! their turn.

/// One way to write a history as a scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Form {
    /// What the workflow's code waits for.
    pub waits: Waits,
    /// By what clients know when it is their turn.
    pub clock: Clock,
}

/// What the workflow's code waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Waits {
    /// What woke it: an activity, a signal, a timer.
    ForCauses,
    /// The next workflow task, whatever that brings.
    ForTasks,
}

/// By what clients know when it is their turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clock {
    /// The recorded times.
    Recorded,
    /// The events that had been recorded then.
    Events,
}

impl Form {
    /// The forms, the one that tells most first.
    pub(super) const ALL: [Self; 4] = [
        Self { waits: Waits::ForCauses, clock: Clock::Recorded },
        Self { waits: Waits::ForCauses, clock: Clock::Events },
        Self { waits: Waits::ForTasks, clock: Clock::Recorded },
        Self { waits: Waits::ForTasks, clock: Clock::Events },
    ];
}
