//! What the server answers.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Time;
use crate::history::event::{
    ActivityTaskScheduled, ParentClosePolicy, ResetPoint, WorkflowExecutionStarted,
};
use crate::history::failure::Payloads;
use crate::history::{
    Event, EventId, Execution, Failure, History, Name, RunId, Shared, WorkflowId,
};
use crate::official::{common, query, workflowservice};

use super::request::ListPosition;
use super::token::{ActivityToken, QueryId, QueryTaskToken, WorkflowTaskToken};
use super::{UpdateMessage, UpdateProgress};

/// A response. Variants are named as the RPCs; those whose answer says nothing share `Empty`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Response {
    /// Accepted.
    Empty,
    StartWorkflowExecution {
        run_id: RunId,
        first_execution_run_id: RunId,
        started: bool,
        status: ExecutionStatus,
        /// The first task, started, if whoever starts the run wants to have it at once.
        eager_workflow_task: Option<Box<WorkflowTask>>,
    },
    ResetWorkflowExecution {
        run_id: RunId,
    },
    DescribeWorkflowExecution(Box<Description>),
    ListWorkflowExecutions {
        /// The executions, open ones first, then as they closed, the latest first.
        executions: Vec<Description>,
        /// Where the next page begins, if this one is full.
        next: Option<ListPosition>,
    },
    CountWorkflowExecutions {
        /// How many executions there are.
        count: usize,
        /// And how many of each status, if they are counted by it.
        groups: Vec<(ExecutionStatus, usize)>,
    },
    DescribeBatchOperation(Box<BatchDescription>),
    GetWorkflowExecutionHistory(HistoryView),
    QueryWorkflow(QueryOutcome),
    PollWorkflowTaskQueue(Box<WorkflowTask>),
    /// The other answer to `PollWorkflowTaskQueue`: nothing to do but answer a query.
    QueryTask(Box<QueryTask>),
    RespondWorkflowTaskCompleted {
        /// The next task, started, if it was due and wanted (R23).
        workflow_task: Option<Box<WorkflowTask>>,
        /// The activities that the worker wanted to have at once, started.
        activity_tasks: Vec<ActivityTask>,
        /// Of a speculative task that left nothing: the event that the worker has to go back to, the
        /// start of the last task that was completed (G5).
        reset_history_event_id: Option<EventId>,
    },
    /// To an update and to a poll for one.
    UpdateWorkflowExecution(Box<UpdateProgress>),
    PollActivityTaskQueue(Box<ActivityTask>),
    RecordActivityTaskHeartbeat {
        cancel_requested: bool,
    },
}

/// A history as a reader gets it: what is recorded, and behind it the virtual events of a pending
/// transient workflow task (A4).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct HistoryView {
    /// The run.
    pub execution: Execution,
    /// What is recorded.
    pub history: History,
    /// Not recorded, and never will be as they are.
    pub transient: Vec<Event>,
}

/// `DescribeBatchOperation`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct BatchDescription {
    /// What was asked for.
    pub request: Shared<workflowservice::StartBatchOperationRequest>,
    /// How far it is.
    pub state: BatchState,
    /// When it was asked for.
    pub start_time: Time,
    /// When it was over.
    pub close_time: Option<Time>,
    /// How many executions it is about, as far as is known.
    pub total: u32,
    /// For how many of them it is done.
    pub completed: u32,
    /// For how many of them it was refused.
    pub failed: u32,
}

/// How far a batch job is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum BatchState {
    Running,
    Completed,
    /// It could not find out which executions it is about.
    Failed,
}

/// What came of a query.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum QueryOutcome {
    /// A worker answered.
    Answered(Option<Payloads>),
    /// The run is in a state in which it was not to be asked.
    Rejected(ExecutionStatus),
}

/// A query that is handed to a worker by itself (G7).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct QueryTask {
    /// What the answer must carry.
    pub token: QueryTaskToken,
    /// The run that is asked.
    pub execution: Execution,
    /// The run's type.
    pub workflow_type: Name,
    /// What is asked.
    pub query: Shared<query::WorkflowQuery>,
    /// The `WorkflowTaskStarted` of the last task that was completed.
    pub previous_started_event_id: Option<EventId>,
    /// Everything up to now; nothing, for a task from a sticky queue, whose worker knows it.
    pub history: Option<HistoryView>,
    /// The task queue of the run.
    pub task_queue: Name,
}

/// A workflow task, started.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct WorkflowTask {
    /// What the answer must carry.
    pub token: WorkflowTaskToken,
    /// The run's type.
    pub workflow_type: Name,
    /// From 1; above 1 the task is transient (R16).
    pub attempt: u32,
    /// The `WorkflowTaskStarted` of the last task that was completed; `None` if there is none.
    pub previous_started_event_id: Option<EventId>,
    /// When it was scheduled.
    pub scheduled_time: Time,
    /// The whole history, up to the task's start.
    pub history: History,
    /// Scheduled and Started of a transient task, which are not in the history (R16).
    pub transient: Vec<Event>,
    /// The updates that the worker is to answer, in order of arrival.
    pub messages: Vec<UpdateMessage>,
    /// The first event that is sent: 1, or for a task from a sticky queue the one after the
    /// previous start (D3).
    pub first_event_id: EventId,
    /// The history's events that exist so far, but not shown to this task: none. A returned task
    /// (R23) shows events from here on too.
    pub started_event_id: EventId,
    /// Queries to be answered with its completion (G7).
    pub queries: Vec<(QueryId, Shared<query::WorkflowQuery>)>,
}

/// An activity task, started.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ActivityTask {
    /// What the answer must carry.
    pub token: ActivityToken,
    /// What the workflow asked for.
    pub scheduled: Arc<ActivityTaskScheduled>,
    /// The run's type.
    pub workflow_type: Name,
    /// The last details that an earlier attempt left (R56).
    pub heartbeat_details: Option<Payloads>,
    /// From 1.
    pub attempt: u32,
    /// When the first attempt was scheduled.
    pub scheduled_time: Time,
    /// When this attempt was scheduled.
    pub current_attempt_scheduled_time: Time,
    /// When it was started: now.
    pub started_time: Time,
}

/// The status of a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)]
pub enum ExecutionStatus {
    Running,
    Completed,
    Failed,
    Canceled,
    Terminated,
    ContinuedAsNew,
    TimedOut,
}

impl ExecutionStatus {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Running,
        Self::Completed,
        Self::Failed,
        Self::Canceled,
        Self::Terminated,
        Self::ContinuedAsNew,
        Self::TimedOut,
    ];

    /// Temporal's word for it, as people see it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
            Self::Terminated => "Terminated",
            Self::ContinuedAsNew => "ContinuedAsNew",
            Self::TimedOut => "TimedOut",
        }
    }
}

impl std::fmt::Display for ExecutionStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// What `DescribeWorkflowExecution` tells.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct Description {
    pub execution: Execution,
    pub status: ExecutionStatus,
    pub started: Arc<WorkflowExecutionStarted>,
    /// As the workflow has changed it since.
    pub memo: Option<Shared<common::Memo>>,
    pub start_time: Time,
    pub execution_time: Time,
    pub close_time: Option<Time>,
    /// Recorded events: nothing buffered, nothing transient.
    pub history_length: u32,
    pub cancel_requested: bool,
    pub run_expiration_time: Option<Time>,
    pub last_reset_time: Option<Time>,
    pub original_start_time: Time,
    /// The latest run that a reset of this one made (B23).
    pub reset_run_id: Option<RunId>,
    pub reset_points: Vec<ResetPoint>,
    pub pending_workflow_task: Option<PendingWorkflowTask>,
    /// In order of scheduling.
    pub pending_activities: Vec<PendingActivity>,
    /// In order of initiation.
    pub pending_children: Vec<PendingChild>,
}

/// A workflow task that is scheduled or started.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct PendingWorkflowTask {
    pub started: bool,
    pub attempt: u32,
    pub scheduled_time: Time,
    pub original_scheduled_time: Time,
    pub started_time: Option<Time>,
}

/// An activity that has not closed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct PendingActivity {
    pub scheduled: Arc<ActivityTaskScheduled>,
    pub state: PendingActivityState,
    pub attempt: u32,
    pub heartbeat_details: Option<Payloads>,
    pub last_heartbeat_time: Option<Time>,
    pub last_started_time: Option<Time>,
    pub last_failure: Option<Failure>,
    pub last_worker_identity: Name,
    pub scheduled_time: Time,
    pub next_attempt_scheduled_time: Option<Time>,
    pub current_retry_interval: Option<Duration>,
}

/// Temporal's states of a pending activity.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum PendingActivityState {
    Scheduled,
    Started,
    CancelRequested,
}

/// A child that has not closed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct PendingChild {
    pub workflow_id: WorkflowId,
    /// None until it is known to have started.
    pub run_id: Option<RunId>,
    pub workflow_type: Name,
    pub initiated_event_id: EventId,
    pub parent_close_policy: ParentClosePolicy,
}
