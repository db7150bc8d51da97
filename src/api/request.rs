//! What can be asked of the server.

use std::time::Duration;

use crate::clock::Time;
use crate::history::failure::Payloads;
use crate::history::{EventId, Name, RunId, Shared, WorkflowId};
use crate::official::{common, enums, failure, query, workflowservice};

use super::token::{ActivityToken, QueryId, QueryTaskToken, WorkflowTaskToken};
use super::{Command, PollWorkflowExecutionUpdate, ProtocolMessage, UpdateWorkflowExecution};

/// A request. Variants are named as the RPCs of Temporal's `WorkflowService`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Request {
    StartWorkflowExecution(Shared<workflowservice::StartWorkflowExecutionRequest>),
    SignalWithStartWorkflowExecution(
        Shared<workflowservice::SignalWithStartWorkflowExecutionRequest>,
    ),
    SignalWorkflowExecution(Box<SignalWorkflowExecution>),
    RequestCancelWorkflowExecution(Box<RequestCancelWorkflowExecution>),
    TerminateWorkflowExecution(Box<TerminateWorkflowExecution>),
    ResetWorkflowExecution(Shared<workflowservice::ResetWorkflowExecutionRequest>),
    UpdateWorkflowExecution(Box<UpdateWorkflowExecution>),
    PollWorkflowExecutionUpdate(Box<PollWorkflowExecutionUpdate>),
    DescribeWorkflowExecution(Target),
    ListWorkflowExecutions(Box<ListWorkflowExecutions>),
    CountWorkflowExecutions {
        /// A list filter.
        query: Name,
    },
    /// Begins a batch job (B27).
    StartBatchOperation(Shared<workflowservice::StartBatchOperationRequest>),
    DescribeBatchOperation {
        /// Names the job.
        job_id: Name,
    },
    /// The history, virtual events of a transient task included (A4).
    GetWorkflowExecutionHistory(GetWorkflowExecutionHistory),
    /// Parks until a worker has answered, or the query's time is over (G7).
    QueryWorkflow(Box<QueryWorkflow>),

    PollWorkflowTaskQueue(PollWorkflowTaskQueue),
    RespondWorkflowTaskCompleted(Box<RespondWorkflowTaskCompleted>),
    RespondWorkflowTaskFailed(Box<RespondWorkflowTaskFailed>),
    /// A worker stops, and nobody polls its sticky queue any more (D3).
    ShutdownWorker {
        /// Empty if it has none.
        sticky_task_queue: Name,
    },
    RespondQueryTaskCompleted(Box<RespondQueryTaskCompleted>),
    PollActivityTaskQueue(PollActivityTaskQueue),
    RecordActivityTaskHeartbeat {
        activity: ActivityTarget,
        details: Option<Payloads>,
        identity: Name,
    },
    RespondActivityTaskCompleted {
        activity: ActivityTarget,
        result: Option<Payloads>,
        identity: Name,
    },
    RespondActivityTaskFailed(Box<RespondActivityTaskFailed>),
    RespondActivityTaskCanceled {
        activity: ActivityTarget,
        details: Option<Payloads>,
        identity: Name,
    },
}

/// An execution as requests name it: a Workflow Id, and a Run Id or "the current run".
///
/// Texts are as sent: checking them is the server's (L1).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Target {
    /// The Workflow Id; empty is an error.
    pub workflow_id: WorkflowId,
    /// The Run Id; empty is the current run (R29).
    pub run_id: Name,
}

impl Target {
    /// The current run of a Workflow Id.
    pub fn current(workflow_id: impl Into<WorkflowId>) -> Self {
        Self { workflow_id: workflow_id.into(), run_id: Name::empty() }
    }

    /// A run of a Workflow Id.
    pub fn run(workflow_id: impl Into<WorkflowId>, run_id: RunId) -> Self {
        Self { workflow_id: workflow_id.into(), run_id: run_id.to_string().into() }
    }
}

/// `GetWorkflowExecutionHistory`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct GetWorkflowExecutionHistory {
    /// The run.
    pub target: Target,
    /// What the reader waits for.
    pub wait: HistoryWait,
}

/// What a reader of a history waits for: parked until it is there, or the run has closed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HistoryWait {
    /// Nothing: the history as it is.
    Nothing,
    /// An event after this one.
    EventAfter(EventId),
    /// The event with which the run closes.
    Close,
}

/// `QueryWorkflow`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct QueryWorkflow {
    /// The run.
    pub target: Target,
    /// What is asked, as the worker gets it.
    pub query: Shared<query::WorkflowQuery>,
    /// Which runs are not to be asked.
    pub reject_condition: enums::QueryRejectCondition,
    /// How long the caller waits; `None` leaves it to the server, which waits no longer than
    /// thirty seconds anyway.
    ///
    /// Other than for polls, this is the server's business: what is answered when the time is over
    /// depends on whether a worker was seen.
    pub timeout: Option<Duration>,
}

/// `RespondQueryTaskCompleted`: the answer to a query that came as a task of its own.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RespondQueryTaskCompleted {
    /// The task.
    pub token: QueryTaskToken,
    /// What the worker says.
    pub answer: QueryAnswer,
}

/// What a worker says to a query.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum QueryAnswer {
    Answered(Option<Payloads>),
    Failed {
        message: Name,
        failure: Option<Shared<failure::Failure>>,
    },
    /// It does not say which: the real server asks again.
    Unspecified,
}

/// `ListWorkflowExecutions`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ListWorkflowExecutions {
    /// A list filter; an empty one finds all executions.
    pub query: Name,
    /// How many executions are wanted at most.
    pub page_size: usize,
    /// The execution after which the list goes on; `None` is its beginning.
    pub after: Option<ListPosition>,
}

/// A place in a list of executions: that of one of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ListPosition {
    /// When it closed; [`Time::MAX`] while it is open.
    pub close: Time,
    /// When it started.
    pub start: Time,
    /// Which it is.
    pub run: RunId,
}

/// `SignalWorkflowExecution`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct SignalWorkflowExecution {
    pub target: Target,
    pub signal_name: Name,
    pub input: Option<Payloads>,
    pub identity: Name,
    pub request_id: Name,
    pub header: Option<Shared<common::Header>>,
}

/// `RequestCancelWorkflowExecution`. Its request id is not here: the server never looks at it
/// (R26).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct RequestCancelWorkflowExecution {
    pub target: Target,
    /// Empty is "not set" (R28).
    pub first_execution_run_id: Name,
    pub reason: Name,
    pub identity: Name,
}

/// `TerminateWorkflowExecution`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct TerminateWorkflowExecution {
    pub target: Target,
    /// Empty is "not set" (R45).
    pub first_execution_run_id: Name,
    pub reason: Name,
    pub details: Option<Payloads>,
    pub identity: Name,
}

/// `PollWorkflowTaskQueue`: parks until a task is there or the call is abandoned.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PollWorkflowTaskQueue {
    /// The queue: a worker's sticky one has `normal` too.
    pub task_queue: PolledTaskQueue,
    /// Who polls.
    pub identity: Name,
}

/// The queue that a poll names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PolledTaskQueue {
    /// A task queue that any worker may poll.
    Normal(Name),
    /// A worker's own.
    Sticky(Name),
}

/// `PollActivityTaskQueue`: parks until a task is there or the call is abandoned.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PollActivityTaskQueue {
    /// The queue.
    pub task_queue: Name,
    /// Who polls.
    pub identity: Name,
}

/// `RespondWorkflowTaskCompleted`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RespondWorkflowTaskCompleted {
    /// The task.
    pub token: WorkflowTaskToken,
    /// What the workflow asks for, in order.
    pub commands: Vec<Command>,
    /// Who responds.
    pub identity: Name,
    /// The worker's sticky queue, and how long a task may wait there, if it wants stickiness.
    pub sticky: Option<StickyAttributes>,
    /// Answers to the queries that came with the task, by their ids (G7).
    pub query_results: Vec<(QueryId, QueryAnswer)>,
    /// Whether a task that is due is started at once and returned (R23).
    pub return_new_workflow_task: bool,
    /// Whether a task is due whatever else is (R24).
    pub force_create_new_workflow_task: bool,
    /// What the worker says of updates.
    pub messages: Vec<ProtocolMessage>,
    /// Whether the worker can do without a speculative task's events although there are others
    /// before them that it has not seen as history (G5).
    pub discards_speculative_with_events: bool,
    /// What only SDKs send.
    pub extras: Option<std::sync::Arc<crate::history::event::WorkflowTaskCompletedExtras>>,
}

/// Where and how long a worker wants its next tasks.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StickyAttributes {
    /// The worker's own queue.
    pub worker_task_queue: Name,
    /// How long a task waits there before it goes to the normal queue (R15).
    pub schedule_to_start_timeout: Duration,
}

/// `RespondWorkflowTaskFailed`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct RespondWorkflowTaskFailed {
    pub token: WorkflowTaskToken,
    pub cause: enums::WorkflowTaskFailedCause,
    pub failure: Option<Shared<failure::Failure>>,
    pub identity: Name,
    pub binary_checksum: Name,
}

/// `RespondActivityTaskFailed`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct RespondActivityTaskFailed {
    pub activity: ActivityTarget,
    pub failure: Option<Shared<failure::Failure>>,
    pub identity: Name,
    /// Counts as a heartbeat (R56).
    pub last_heartbeat_details: Option<Payloads>,
}

/// An activity as requests name it: by the token of its task, or by id.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ActivityTarget {
    /// The token that came with the task.
    Token(ActivityToken),
    /// A run and an activity id.
    Id(Box<ActivityById>),
}

/// An activity named by id.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct ActivityById {
    pub target: Target,
    pub activity_id: Name,
}

/// What identifies an event in a request: a number that need not exist.
pub fn event_id(sent: i64) -> Option<EventId> {
    u32::try_from(sent).ok().filter(|id| *id > 0).map(EventId)
}
