//! Events, as small as they can be: what an official `HistoryEvent` says, minus what follows from
//! the event's place and the run it is in.
//!
//! [`crate::history::official`] is the one place that turns an [`Event`] into an official one.
//!
//! ```
//! use deadbeat::clock::EPOCH;
//! use deadbeat::history::{Attributes, Event, EventId};
//! use std::time::Duration;
//!
//! let started = Event {
//!     id: EventId(1),
//!     time: EPOCH,
//!     attributes: Attributes::TimerStarted {
//!         timer_id: "nap".into(),
//!         start_to_fire_timeout: Duration::from_secs(90),
//!         workflow_task_completed_event_id: EventId(4),
//!     },
//! };
//! assert_eq!(started.attributes.type_name(), "TimerStarted");
//! assert!(!started.attributes.closes_the_run());
//! ```

use std::sync::Arc;
use std::time::Duration;

use super::failure::{ActivityTimeouts, Failure, Payloads};
use super::ids::{EventId, Execution, Name, RunId, WorkflowId};
use super::shared::Shared;
use crate::clock::Time;
use crate::official::{command, common, enums, update, well_known};

/// One event of a history.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Event {
    /// Its number, from 1, without gaps.
    pub id: EventId,
    /// When it happened. For a buffered event that is when it arrived, so that times do not always
    /// rise with ids (R6).
    pub time: Time,
    /// What happened.
    pub attributes: Attributes,
}

/// What happened. Variants and fields are named as the official event types and attributes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)] // the fields are Temporal's, documented there
pub enum Attributes {
    WorkflowExecutionStarted(Arc<WorkflowExecutionStarted>),
    WorkflowExecutionCompleted {
        result: Option<Payloads>,
        workflow_task_completed_event_id: EventId,
        new_execution_run_id: Option<RunId>,
    },
    WorkflowExecutionFailed {
        failure: Failure,
        retry_state: RetryState,
        workflow_task_completed_event_id: EventId,
        new_execution_run_id: Option<RunId>,
    },
    WorkflowExecutionTimedOut {
        retry_state: RetryState,
        new_execution_run_id: Option<RunId>,
    },
    WorkflowExecutionCanceled {
        details: Option<Payloads>,
        workflow_task_completed_event_id: EventId,
    },
    WorkflowExecutionTerminated {
        reason: Name,
        details: Option<Payloads>,
        identity: Name,
    },
    WorkflowExecutionContinuedAsNew(Arc<WorkflowExecutionContinuedAsNew>),
    WorkflowExecutionCancelRequested {
        cause: Name,
        identity: Name,
        /// Set when another execution asked (R85) or a parent's close policy did (R89).
        external: Option<Arc<ExternalOrigin>>,
    },
    WorkflowExecutionSignaled(Arc<WorkflowExecutionSignaled>),

    WorkflowExecutionUpdateAdmitted {
        request: Shared<update::Request>,
        origin: UpdateAdmittedOrigin,
    },
    WorkflowExecutionUpdateAccepted(Arc<WorkflowExecutionUpdateAccepted>),
    WorkflowExecutionUpdateCompleted {
        meta: Shared<update::Meta>,
        outcome: Shared<update::Outcome>,
        accepted_event_id: EventId,
    },

    WorkflowTaskScheduled {
        task_queue: WorkflowTaskQueue,
        start_to_close_timeout: Duration,
        attempt: u32,
    },
    WorkflowTaskStarted {
        scheduled_event_id: EventId,
        identity: Name,
        origin: StartOrigin,
    },
    WorkflowTaskCompleted {
        scheduled_event_id: EventId,
        started_event_id: EventId,
        identity: Name,
        /// What only SDKs send and the server passes on: metadata, build ids, deployments.
        extras: Option<Arc<WorkflowTaskCompletedExtras>>,
    },
    WorkflowTaskTimedOut {
        scheduled_event_id: EventId,
        started_event_id: Option<EventId>,
        timeout_type: WorkflowTaskTimeoutType,
    },
    WorkflowTaskFailed(Arc<WorkflowTaskFailed>),

    ActivityTaskScheduled(Arc<ActivityTaskScheduled>),
    ActivityTaskStarted {
        scheduled_event_id: EventId,
        identity: Name,
        attempt: u32,
        last_failure: Option<Failure>,
        /// False for a start that completion by id made up: it has no request id (R59).
        polled: bool,
    },
    ActivityTaskCompleted {
        result: Option<Payloads>,
        scheduled_event_id: EventId,
        started_event_id: Option<EventId>,
        identity: Name,
    },
    ActivityTaskFailed {
        failure: Failure,
        scheduled_event_id: EventId,
        started_event_id: Option<EventId>,
        identity: Name,
        retry_state: RetryState,
    },
    ActivityTaskTimedOut {
        failure: Failure,
        scheduled_event_id: EventId,
        started_event_id: Option<EventId>,
        retry_state: RetryState,
    },
    ActivityTaskCancelRequested {
        scheduled_event_id: EventId,
        workflow_task_completed_event_id: EventId,
    },
    ActivityTaskCanceled {
        details: Option<Payloads>,
        latest_cancel_requested_event_id: EventId,
        scheduled_event_id: EventId,
        started_event_id: Option<EventId>,
        identity: Name,
    },

    TimerStarted {
        timer_id: Name,
        start_to_fire_timeout: Duration,
        workflow_task_completed_event_id: EventId,
    },
    TimerFired {
        timer_id: Name,
        started_event_id: EventId,
    },
    TimerCanceled {
        timer_id: Name,
        started_event_id: EventId,
        workflow_task_completed_event_id: EventId,
        identity: Name,
    },

    MarkerRecorded {
        command: Shared<command::RecordMarkerCommandAttributes>,
        workflow_task_completed_event_id: EventId,
    },
    UpsertWorkflowSearchAttributes {
        command: Shared<command::UpsertWorkflowSearchAttributesCommandAttributes>,
        workflow_task_completed_event_id: EventId,
    },
    WorkflowPropertiesModified {
        command: Shared<command::ModifyWorkflowPropertiesCommandAttributes>,
        workflow_task_completed_event_id: EventId,
    },

    RequestCancelExternalWorkflowExecutionInitiated {
        command: Shared<command::RequestCancelExternalWorkflowExecutionCommandAttributes>,
        workflow_task_completed_event_id: EventId,
    },
    RequestCancelExternalWorkflowExecutionFailed {
        command: Shared<command::RequestCancelExternalWorkflowExecutionCommandAttributes>,
        cause: ExternalFailedCause,
        initiated_event_id: EventId,
    },
    ExternalWorkflowExecutionCancelRequested {
        command: Shared<command::RequestCancelExternalWorkflowExecutionCommandAttributes>,
        initiated_event_id: EventId,
    },
    SignalExternalWorkflowExecutionInitiated {
        command: Shared<command::SignalExternalWorkflowExecutionCommandAttributes>,
        workflow_task_completed_event_id: EventId,
    },
    SignalExternalWorkflowExecutionFailed {
        command: Shared<command::SignalExternalWorkflowExecutionCommandAttributes>,
        cause: ExternalFailedCause,
        initiated_event_id: EventId,
    },
    ExternalWorkflowExecutionSignaled {
        command: Shared<command::SignalExternalWorkflowExecutionCommandAttributes>,
        initiated_event_id: EventId,
    },

    StartChildWorkflowExecutionInitiated(Arc<StartChildWorkflowExecutionInitiated>),
    StartChildWorkflowExecutionFailed {
        child: Arc<StartChildWorkflowExecutionInitiated>,
        initiated_event_id: EventId,
    },
    ChildWorkflowExecutionStarted {
        child: Arc<StartChildWorkflowExecutionInitiated>,
        run_id: RunId,
        initiated_event_id: EventId,
    },
    /// The five ways a child closes, as one: `Completed`, `Failed`, `TimedOut`, `Canceled`,
    /// `Terminated`.
    ChildWorkflowExecutionClosed {
        child: Arc<StartChildWorkflowExecutionInitiated>,
        /// The *last* run of the child's chain (R87).
        run_id: RunId,
        initiated_event_id: EventId,
        started_event_id: EventId,
        close: ChildClose,
    },
}

/// The start of a run: everything that its `WorkflowExecutionStarted` event says.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct WorkflowExecutionStarted {
    pub workflow_id: WorkflowId,
    pub workflow_type: Name,
    pub task_queue: Name,
    pub input: Option<Payloads>,
    /// Zero is "none".
    pub workflow_execution_timeout: Duration,
    /// Zero is "none".
    pub workflow_run_timeout: Duration,
    pub workflow_task_timeout: Duration,
    pub parent: Option<Parent>,
    pub root: Option<Execution>,
    pub continued_execution_run_id: Option<RunId>,
    pub initiator: Option<Initiator>,
    pub continued_failure: Option<Failure>,
    pub last_completion_result: Option<Payloads>,
    pub original_execution_run_id: RunId,
    pub first_execution_run_id: RunId,
    pub identity: Name,
    pub retry_policy: Option<RetryPolicy>,
    pub attempt: u32,
    pub workflow_execution_expiration_time: Option<Time>,
    pub cron_schedule: Name,
    pub first_workflow_task_backoff: Duration,
    pub memo: Option<Shared<common::Memo>>,
    pub search_attributes: Option<Shared<common::SearchAttributes>>,
    pub header: Option<Shared<common::Header>>,
    /// The reset points of the runs before, oldest first.
    pub prev_auto_reset_points: Vec<ResetPoint>,
    pub priority: Option<Shared<common::Priority>>,
}

/// The parent of a child run.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Parent {
    /// The parent's run that started the child.
    pub execution: Execution,
    /// The event of the parent that says so.
    pub initiated_event_id: EventId,
}

/// Where a reset could go back to (B23).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ResetPoint {
    /// The run that has the point.
    pub run_id: RunId,
    /// The binary or build that first completed a Workflow Task there.
    pub binary_checksum: Name,
    /// The build id, likewise.
    pub build_id: Name,
    /// The first Workflow Task that it completed.
    pub first_workflow_task_completed_id: EventId,
    /// When it did.
    pub create_time: Time,
    /// When the run is forgotten: its close and the namespace's retention; none while it is open.
    pub expire_time: Option<Time>,
    /// Whether nothing speaks against a reset: no pending child, external cancel or signal.
    pub resettable: bool,
}

/// What made a run that is not the first of its chain.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Initiator {
    Workflow,
    Retry,
    CronSchedule,
}

/// `WorkflowExecutionContinuedAsNew`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct WorkflowExecutionContinuedAsNew {
    pub new_execution_run_id: RunId,
    pub workflow_type: Name,
    pub task_queue: Name,
    pub input: Option<Payloads>,
    pub workflow_run_timeout: Duration,
    pub workflow_task_timeout: Duration,
    pub workflow_task_completed_event_id: EventId,
    pub backoff_start_interval: Duration,
    /// As the command says, if it does.
    pub initiator: Option<Initiator>,
    pub failure: Option<Failure>,
    pub last_completion_result: Option<Payloads>,
    pub header: Option<Shared<common::Header>>,
    pub memo: Option<Shared<common::Memo>>,
    pub search_attributes: Option<Shared<common::SearchAttributes>>,
}

/// Who asked for a cancel from outside.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ExternalOrigin {
    /// The execution that asked.
    pub execution: Execution,
    /// Its event; none when it was a parent close policy (R89).
    pub initiated_event_id: Option<EventId>,
}

/// `WorkflowExecutionSignaled`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct WorkflowExecutionSignaled {
    pub signal_name: Name,
    pub input: Option<Payloads>,
    pub identity: Name,
    pub header: Option<Shared<common::Header>>,
    pub request_id: Name,
    /// Set when another execution sent it.
    pub external: Option<Execution>,
}

/// `WorkflowExecutionUpdateAccepted`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct WorkflowExecutionUpdateAccepted {
    pub protocol_instance_id: Name,
    pub accepted_request_message_id: Name,
    /// As the worker sent it.
    pub accepted_request_sequencing_event_id: i64,
    /// Not set if the update was admitted by an event, which has the request (B19).
    pub accepted_request: Option<Shared<update::Request>>,
}

/// Why an update was written to the history before a worker accepted it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UpdateAdmittedOrigin {
    /// The event does not say.
    Unspecified,
    /// A reset applied it again (B16).
    Reapply,
}

/// The queue of a workflow task: a worker's sticky queue, or the normal one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WorkflowTaskQueue {
    /// The execution's task queue.
    pub normal: Name,
    /// The worker's own, if the task is for it.
    pub sticky: Option<Name>,
}

/// Why a workflow task counts as started; decides its request id (A5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StartOrigin {
    /// A worker polled it.
    Poll,
    /// It came back in the answer to the completion of the one before.
    Inline,
    /// A reset made it up (B10).
    Reset,
}

/// What a worker reports beside a completion.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[allow(missing_docs)]
pub struct WorkflowTaskCompletedExtras {
    pub binary_checksum: Name,
    pub worker_version: Option<Shared<common::WorkerVersionStamp>>,
    pub sdk_metadata: Option<Shared<crate::official::sdk::WorkflowTaskCompletedMetadata>>,
    pub metering_metadata: Option<Shared<common::MeteringMetadata>>,
}

/// Which timeout of a workflow task ran out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WorkflowTaskTimeoutType {
    /// Started and not answered.
    StartToClose,
    /// On a sticky queue and not picked up.
    ScheduleToStart,
}

/// `WorkflowTaskFailed`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct WorkflowTaskFailed {
    pub scheduled_event_id: EventId,
    pub started_event_id: EventId,
    pub cause: enums::WorkflowTaskFailedCause,
    pub failure: Option<Failure>,
    pub identity: Name,
    /// Of a reset (B11).
    pub base_run_id: Option<RunId>,
    /// Of a reset (B11).
    pub new_run_id: Option<RunId>,
    pub binary_checksum: Name,
}

/// `ActivityTaskScheduled`, its timeouts and policy normalised (R49, R50).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct ActivityTaskScheduled {
    pub command: Shared<command::ScheduleActivityTaskCommandAttributes>,
    pub timeouts: ActivityTimeouts,
    pub retry_policy: RetryPolicy,
    pub workflow_task_completed_event_id: EventId,
}

/// A retry policy with nothing unset (R50).
#[derive(Clone, PartialEq, Debug)]
pub struct RetryPolicy {
    /// The wait before the second attempt.
    pub initial_interval: Duration,
    /// What each wait is multiplied with to get the next.
    pub backoff_coefficient: f64,
    /// No wait is longer.
    pub maximum_interval: Duration,
    /// How many attempts there may be; 0 is no limit.
    pub maximum_attempts: u32,
    /// Failures of these types are final.
    pub non_retryable_error_types: Vec<Name>,
}

impl RetryPolicy {
    /// A policy as it was sent, with the server's defaults for what is unset (R50).
    pub fn with_defaults(sent: Option<&common::RetryPolicy>) -> Self {
        const DEFAULT_INITIAL: Duration = Duration::from_secs(1);
        let unset = common::RetryPolicy::default();
        let sent = sent.unwrap_or(&unset);
        let positive = |duration: Option<well_known::Duration>| {
            let duration = duration.and_then(|duration| Duration::try_from(duration).ok());
            duration.filter(|duration| !duration.is_zero())
        };
        let initial_interval = positive(sent.initial_interval).unwrap_or(DEFAULT_INITIAL);
        let coefficient = sent.backoff_coefficient;
        Self {
            initial_interval,
            backoff_coefficient: if coefficient == 0.0 { 2.0 } else { coefficient },
            maximum_interval: positive(sent.maximum_interval)
                .unwrap_or_else(|| initial_interval.saturating_mul(100)),
            maximum_attempts: u32::try_from(sent.maximum_attempts).unwrap_or(0),
            non_retryable_error_types: sent
                .non_retryable_error_types
                .iter()
                .map(|name| Name::from(name.as_str()))
                .collect(),
        }
    }
}

// The coefficient is validated to be at least 1, so never NaN.
impl Eq for RetryPolicy {}

impl std::hash::Hash for RetryPolicy {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.initial_interval.hash(state);
        self.backoff_coefficient.to_bits().hash(state);
        self.maximum_interval.hash(state);
        self.maximum_attempts.hash(state);
        self.non_retryable_error_types.hash(state);
    }
}

/// Whether and why there is no further attempt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum RetryState {
    InProgress,
    NonRetryableFailure,
    Timeout,
    MaximumAttemptsReached,
    RetryPolicyNotSet,
    InternalServerError,
    CancelRequested,
}

/// Why a request to another execution failed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum ExternalFailedCause {
    ExternalWorkflowExecutionNotFound,
    NamespaceNotFound,
    SignalCountLimitExceeded,
}

/// `StartChildWorkflowExecutionInitiated`, its timeouts normalised.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub struct StartChildWorkflowExecutionInitiated {
    pub command: Shared<command::StartChildWorkflowExecutionCommandAttributes>,
    pub workflow_id: WorkflowId,
    pub workflow_type: Name,
    pub task_queue: Name,
    pub workflow_execution_timeout: Duration,
    pub workflow_run_timeout: Duration,
    pub workflow_task_timeout: Duration,
    pub parent_close_policy: ParentClosePolicy,
    pub workflow_task_completed_event_id: EventId,
}

/// What happens to a child when its parent closes (R88).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum ParentClosePolicy {
    Terminate,
    Abandon,
    RequestCancel,
}

/// How a child closed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum ChildClose {
    Completed { result: Option<Payloads> },
    Failed { failure: Failure, retry_state: RetryState },
    TimedOut { retry_state: RetryState },
    Canceled { details: Option<Payloads> },
    Terminated,
}

impl Attributes {
    /// The event type's name, as the official JSON has it in upper case and people in this one.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::WorkflowExecutionStarted(_) => "WorkflowExecutionStarted",
            Self::WorkflowExecutionCompleted { .. } => "WorkflowExecutionCompleted",
            Self::WorkflowExecutionFailed { .. } => "WorkflowExecutionFailed",
            Self::WorkflowExecutionTimedOut { .. } => "WorkflowExecutionTimedOut",
            Self::WorkflowExecutionCanceled { .. } => "WorkflowExecutionCanceled",
            Self::WorkflowExecutionTerminated { .. } => "WorkflowExecutionTerminated",
            Self::WorkflowExecutionContinuedAsNew(_) => "WorkflowExecutionContinuedAsNew",
            Self::WorkflowExecutionCancelRequested { .. } => "WorkflowExecutionCancelRequested",
            Self::WorkflowExecutionSignaled(_) => "WorkflowExecutionSignaled",
            Self::WorkflowExecutionUpdateAdmitted { .. } => "WorkflowExecutionUpdateAdmitted",
            Self::WorkflowExecutionUpdateAccepted(_) => "WorkflowExecutionUpdateAccepted",
            Self::WorkflowExecutionUpdateCompleted { .. } => "WorkflowExecutionUpdateCompleted",
            Self::WorkflowTaskScheduled { .. } => "WorkflowTaskScheduled",
            Self::WorkflowTaskStarted { .. } => "WorkflowTaskStarted",
            Self::WorkflowTaskCompleted { .. } => "WorkflowTaskCompleted",
            Self::WorkflowTaskTimedOut { .. } => "WorkflowTaskTimedOut",
            Self::WorkflowTaskFailed(_) => "WorkflowTaskFailed",
            Self::ActivityTaskScheduled(_) => "ActivityTaskScheduled",
            Self::ActivityTaskStarted { .. } => "ActivityTaskStarted",
            Self::ActivityTaskCompleted { .. } => "ActivityTaskCompleted",
            Self::ActivityTaskFailed { .. } => "ActivityTaskFailed",
            Self::ActivityTaskTimedOut { .. } => "ActivityTaskTimedOut",
            Self::ActivityTaskCancelRequested { .. } => "ActivityTaskCancelRequested",
            Self::ActivityTaskCanceled { .. } => "ActivityTaskCanceled",
            Self::TimerStarted { .. } => "TimerStarted",
            Self::TimerFired { .. } => "TimerFired",
            Self::TimerCanceled { .. } => "TimerCanceled",
            Self::MarkerRecorded { .. } => "MarkerRecorded",
            Self::UpsertWorkflowSearchAttributes { .. } => "UpsertWorkflowSearchAttributes",
            Self::WorkflowPropertiesModified { .. } => "WorkflowPropertiesModified",
            Self::RequestCancelExternalWorkflowExecutionInitiated { .. } => {
                "RequestCancelExternalWorkflowExecutionInitiated"
            }
            Self::RequestCancelExternalWorkflowExecutionFailed { .. } => {
                "RequestCancelExternalWorkflowExecutionFailed"
            }
            Self::ExternalWorkflowExecutionCancelRequested { .. } => {
                "ExternalWorkflowExecutionCancelRequested"
            }
            Self::SignalExternalWorkflowExecutionInitiated { .. } => {
                "SignalExternalWorkflowExecutionInitiated"
            }
            Self::SignalExternalWorkflowExecutionFailed { .. } => {
                "SignalExternalWorkflowExecutionFailed"
            }
            Self::ExternalWorkflowExecutionSignaled { .. } => "ExternalWorkflowExecutionSignaled",
            Self::StartChildWorkflowExecutionInitiated(_) => "StartChildWorkflowExecutionInitiated",
            Self::StartChildWorkflowExecutionFailed { .. } => "StartChildWorkflowExecutionFailed",
            Self::ChildWorkflowExecutionStarted { .. } => "ChildWorkflowExecutionStarted",
            Self::ChildWorkflowExecutionClosed { close, .. } => match close {
                ChildClose::Completed { .. } => "ChildWorkflowExecutionCompleted",
                ChildClose::Failed { .. } => "ChildWorkflowExecutionFailed",
                ChildClose::TimedOut { .. } => "ChildWorkflowExecutionTimedOut",
                ChildClose::Canceled { .. } => "ChildWorkflowExecutionCanceled",
                ChildClose::Terminated => "ChildWorkflowExecutionTerminated",
            },
        }
    }

    /// Whether a run that has this event has ended with it.
    pub fn closes_the_run(&self) -> bool {
        matches!(
            self,
            Self::WorkflowExecutionCompleted { .. }
                | Self::WorkflowExecutionFailed { .. }
                | Self::WorkflowExecutionTimedOut { .. }
                | Self::WorkflowExecutionCanceled { .. }
                | Self::WorkflowExecutionTerminated { .. }
                | Self::WorkflowExecutionContinuedAsNew(_)
        )
    }
}
