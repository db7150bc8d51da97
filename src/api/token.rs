//! Task tokens: which task of which run an answer is for.
//!
//! Clients see opaque bytes; those are made at the gRPC edge.

use crate::clock::Time;
use crate::history::{EventId, Execution, Name, RunId};

/// Names a started workflow task (R12).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct WorkflowTaskToken {
    pub execution: Execution,
    pub scheduled_event_id: EventId,
    pub started_event_id: EventId,
    pub started_time: Time,
    pub attempt: u32,
}

/// Names a query while it is asked; asked again, it has another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct QueryId(pub RunId);

impl std::fmt::Display for QueryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.0, f)
    }
}

/// Names a query that was handed to a worker as a task of its own (G7).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct QueryTaskToken {
    /// The run that is asked.
    pub run_id: RunId,
    /// The queue from which the task was polled.
    pub task_queue: Name,
    pub query: QueryId,
}

/// Names an attempt of an activity (R54).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct ActivityToken {
    pub execution: Execution,
    pub scheduled_event_id: EventId,
    pub attempt: u32,
}
