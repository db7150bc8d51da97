//! Task tokens: which task of which run an answer is for.
//!
//! Clients see opaque bytes; those are made at the gRPC edge.

use crate::clock::Time;
use crate::history::{EventId, Execution};

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

/// Names an attempt of an activity (R54).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct ActivityToken {
    pub execution: Execution,
    pub scheduled_event_id: EventId,
    pub attempt: u32,
}
