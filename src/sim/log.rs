//! What the clients asked and were answered.

use std::sync::Arc;

use super::ClientIndex;
use crate::api::{Description, ExecutionStatus, RpcError, UpdateProgress};
use crate::clock::Time;
use crate::history::{Payloads, RunId, WorkflowId};

/// A step of a client that has been answered.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LogEntry {
    /// When it was answered.
    pub time: Time,
    /// Whose step.
    pub client: ClientIndex,
    /// Which of its steps, from 0.
    pub step: u32,
    /// What came of it.
    pub answer: Answer,
}

/// What came of a client's step.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Answer {
    /// Done; there is no more to say.
    Done,
    /// An execution was started, or one that was there was used.
    Started {
        /// The run.
        run_id: RunId,
        /// Which request's it is.
        which: Which,
    },
    /// A reset made this run.
    Reset {
        /// The new run.
        run_id: RunId,
    },
    /// How far an update has got, and what came of it.
    Updated(Arc<UpdateProgress>),
    /// What `describe` asked for.
    Described(Arc<Description>),
    /// What a worker said to a query.
    Queried(Option<Payloads>),
    /// The run was in a state in which it was not to be asked.
    QueryRejected(ExecutionStatus),
    /// The run that `wait_for_close` waited for has closed like this.
    Closed(ExecutionStatus),
    /// The server refused.
    Refused(Box<RpcError>),
    /// There was nothing that could have been sent.
    NotSent(NotSent),
}

/// Whose run an answer to a start names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Which {
    /// The request made it, or the same request did before (F10).
    Own,
    /// It was running already (F8).
    Existing,
}

/// Why a step could not even be sent.
#[derive(Clone, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum NotSent {
    /// The step names a run by number that does not exist.
    #[error("there is no run {wanted} of `{workflow_id}`: it has {made} so far")]
    NoSuchRun {
        /// The Workflow Id.
        workflow_id: WorkflowId,
        /// The run's number.
        wanted: u32,
        /// How many there are.
        made: u32,
    },
    /// A reset by type found no workflow task in the history to reset to (B26).
    #[error("no workflow task of `{workflow_id}` has been scheduled: there is nothing to reset to")]
    NoWorkflowTask {
        /// The Workflow Id.
        workflow_id: WorkflowId,
    },
    /// A step names a worker that the scenario does not have.
    #[error("there is no worker `{0}`")]
    NoSuchWorker(String),
    /// A version of a workflow's code is for no worker that the step names.
    #[error("no worker to deploy to has the workflow `{0}`")]
    NoWorkerFor(String),
}
