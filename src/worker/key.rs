//! Names of what a worker will do, and of the calls that it makes: structural, so that the same
//! thing has the same name whatever happened before in what order.

use crate::api::{ActivityToken, CallId, QueryId, WorkflowTaskToken};
use crate::history::fingerprint::Fingerprint;
use crate::history::{EventId, RunId};

/// The number of a worker in its scenario.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WorkerIndex(pub u16);

/// Names a started workflow task.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)]
pub struct WorkflowTaskKey {
    pub run_id: RunId,
    pub started_event_id: EventId,
    pub attempt: u32,
}

impl From<&WorkflowTaskToken> for WorkflowTaskKey {
    fn from(token: &WorkflowTaskToken) -> Self {
        Self {
            run_id: token.execution.run_id,
            started_event_id: token.started_event_id,
            attempt: token.attempt,
        }
    }
}

/// Names an attempt of an activity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)]
pub struct ActivityKey {
    pub run_id: RunId,
    pub scheduled_event_id: EventId,
    pub attempt: u32,
}

impl From<&ActivityToken> for ActivityKey {
    fn from(token: &ActivityToken) -> Self {
        Self {
            run_id: token.execution.run_id,
            scheduled_event_id: token.scheduled_event_id,
            attempt: token.attempt,
        }
    }
}

/// Something that a worker will do. The order is that in which those due at one instant come by
/// default.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum WorkerKey {
    /// The answer to a heartbeat reaches the activity.
    HeartbeatAnswer(ActivityKey),
    /// A workflow task is answered.
    RespondWorkflowTask(WorkflowTaskKey),
    /// A query that came by itself is answered.
    RespondQueryTask(QueryId),
    /// A local activity, by the number of its operation, goes on, times out or is tried again.
    LocalActivity(RunId, u32),
    /// A workflow task that waits for local activities is kept alive.
    HeartbeatWorkflowTask(WorkflowTaskKey),
    /// An activity starts, or goes on after a sleep.
    Activity(ActivityKey),
    /// A throttled heartbeat is sent.
    Heartbeat(ActivityKey),
    /// The worker itself gives an activity up that has outlived its timeout.
    ActivityTimeout(ActivityKey),
    /// The worker polls again after a refused poll.
    Poll,
}

/// What a call is for. No two calls for the same thing are unanswered at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Call {
    /// A poll, by how often the worker has been started: those of a stopped worker are abandoned.
    PollWorkflowTasks(u32),
    PollStickyTasks(u32),
    PollActivityTasks(u32),
    RespondWorkflowTask(WorkflowTaskKey),
    RespondQueryTask(QueryId),
    Heartbeat(ActivityKey),
    /// The heartbeat that goes before the end of a canceled activity.
    LastHeartbeat(ActivityKey),
    RespondActivityTask(ActivityKey),
}

impl Call {
    /// Whether it may stay unanswered for long.
    pub(super) fn is_poll(self) -> bool {
        matches!(
            self,
            Self::PollWorkflowTasks(_) | Self::PollStickyTasks(_) | Self::PollActivityTasks(_)
        )
    }

    /// Its id: the worker's bits, and a number made of what it is for.
    pub(super) fn id(self, worker: WorkerIndex) -> CallId {
        // The low 48 bits are the worker's own. Of those the highest tells polls from the rest.
        const REST: u64 = 1 << 47;
        let number = match self {
            Self::PollWorkflowTasks(starts) => u64::from(starts),
            Self::PollStickyTasks(starts) => 1 << 32 | u64::from(starts),
            Self::PollActivityTasks(starts) => 2 << 32 | u64::from(starts),
            rest => {
                let folded = Fingerprint::of(&rest);
                #[allow(clippy::cast_possible_truncation)] // both halves are taken
                let folded = (folded ^ folded >> 64) as u64;
                folded & (REST - 1) | REST
            }
        };
        CallId((u64::from(worker.0) + 1) << 48 | number)
    }
}
