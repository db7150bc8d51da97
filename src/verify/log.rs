//! What was asked of a real server and what it answered, in order.

use serde_json::Value;

use crate::clock::Time;

/// Everything that one execution of a scenario asked a real server.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Log {
    /// What the names of Workflow Ids and task queues begin with, in this execution only.
    pub prefix: String,
    /// The real namespace.
    pub namespace: String,
    /// What passed.
    pub entries: Vec<LogEntry>,
}

/// Something that passed between a caller and the real server.
#[derive(Clone, PartialEq, Debug)]
pub enum LogEntry {
    /// Somebody asked.
    Asked {
        /// Names the call until it is answered.
        call: u64,
        /// The scenario's time.
        at: Time,
        /// The method's name in snake case.
        action: String,
        /// The request in official JSON, as it was sent.
        request: Value,
    },
    /// The server answered.
    Answered {
        /// Which call.
        call: u64,
        /// The scenario's time.
        at: Time,
        /// The response in official JSON, as it came; a refusal normalised.
        answer: Result<Value, Value>,
    },
    /// A worker began to poll a sticky queue: from now on it is seen to do so (D3).
    Polls {
        /// The scenario's time.
        at: Time,
        /// The poll in official JSON, as it was sent.
        request: Value,
    },
    /// A worker polls a sticky queue no more.
    PollsNoMore {
        /// The scenario's time.
        at: Time,
        /// Its poll.
        request: Value,
    },
}

impl LogEntry {
    /// The scenario's time.
    pub fn at(&self) -> Time {
        match self {
            Self::Asked { at, .. }
            | Self::Answered { at, .. }
            | Self::Polls { at, .. }
            | Self::PollsNoMore { at, .. } => *at,
        }
    }
}

/// A run as the real server has it at the end.
#[derive(Clone, PartialEq, Debug)]
pub struct FinalRun {
    /// Its Workflow Id, with the prefix.
    pub workflow_id: String,
    /// Its Run Id.
    pub run_id: String,
    /// Its recorded events in official JSON, as they came.
    pub events: Vec<Value>,
    /// The ids of the events that were written in one transaction.
    pub batches: Vec<Vec<i64>>,
    /// Its status, as in `COMPLETED`.
    pub status: String,
}
