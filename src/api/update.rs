//! Updates: what clients ask and hear, and the messages that workers and server exchange about
//! them (`semantics/reset.md`, G4–G6).

use std::time::Duration;

use super::Target;
use crate::history::{EventId, Execution, Name, Shared};
use crate::official::update;

/// `UpdateWorkflowExecution`: parks until the update has got as far as the caller waits for, or the
/// call is abandoned.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct UpdateWorkflowExecution {
    /// The execution.
    pub target: Target,
    /// Empty is "not set". If set, the run id of the target is not looked at (R28).
    pub first_execution_run_id: Name,
    /// What is asked for. Without an update id the server makes one up.
    pub request: Shared<update::Request>,
    /// How far the update has to get for an answer.
    pub wait_for: UpdateStage,
    /// How long the server waits for that; then it answers with how far the update has got. `None`
    /// is for ever, which looks like a client that asks again and again.
    pub patience: Option<Duration>,
}

/// `PollWorkflowExecutionUpdate`: parks like [`UpdateWorkflowExecution`], but begins nothing.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct PollWorkflowExecutionUpdate {
    pub target: Target,
    pub update_id: Name,
    pub wait_for: UpdateStage,
    pub patience: Option<Duration>,
}

/// How far an update has got: Temporal's lifecycle stages, in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)]
pub enum UpdateStage {
    Admitted,
    Accepted,
    Completed,
}

impl UpdateStage {
    /// Temporal's word for it, as people see it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admitted => "Admitted",
            Self::Accepted => "Accepted",
            Self::Completed => "Completed",
        }
    }
}

/// How far an update has got, and what came of it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct UpdateProgress {
    /// The run that has it.
    pub execution: Execution,
    /// The update's id.
    pub update_id: Name,
    /// How far it has got.
    pub stage: UpdateStage,
    /// Its result or failure, once it is completed: by its handler, by a rejection, or because the
    /// run has closed (G6).
    pub outcome: Option<Shared<update::Outcome>>,
}

/// An update as a workflow task brings it to the worker. Its message's id is the update's, and
/// `/request`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct UpdateMessage {
    /// The update's id.
    pub update_id: Name,
    /// The event behind which it is handled: the one before the task's start (G4).
    pub event_id: EventId,
    /// What is asked for.
    pub request: Shared<update::Request>,
}

/// What a worker says of an update in the completion of a workflow task.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ProtocolMessage {
    /// By which a command refers to it.
    pub id: Name,
    /// The update's id.
    pub protocol_instance_id: Name,
    /// What it says.
    pub body: ProtocolMessageBody,
}

/// What a message about an update says.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ProtocolMessageBody {
    /// The handler has begun.
    Acceptance(Shared<update::Acceptance>),
    /// The handler's validator, or the worker, refuses.
    Rejection(Shared<update::Rejection>),
    /// The handler has ended.
    Response(Shared<update::Response>),
    /// Something else; its name is what the server's refusal calls it.
    Other(Name),
}
