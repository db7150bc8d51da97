//! Failures as official SDKs build them: sdk-core's words for what becomes of activities, timers
//! and children, the scenario's for what code raises.

use super::program::UpdateCode;
use crate::history::event::{
    ActivityTaskScheduled, ChildClose, ExternalFailedCause, RetryState,
    StartChildWorkflowExecutionInitiated,
};
use crate::history::failure::{ActivityTimeout, ActivityTimeoutKind, ActivityTimeoutReason};
use crate::history::{EventId, Failure, Payloads, RunId, Shared};
use crate::official::failure::failure::FailureInfo;
use crate::official::{common, enums, failure};
use crate::scenario::model::{Fail, Official};
use crate::scenario::payloads::scripted_message;

use super::duration::official;

/// A failure that a step raises.
pub(super) fn scripted(step: &Fail) -> Shared<failure::Failure> {
    let failure = Shared::new(application(
        &step.fail,
        failure::ApplicationFailureInfo {
            r#type: step.r#type.clone().unwrap_or_default(),
            non_retryable: step.non_retryable,
            details: step.details.as_ref().map(scripted_message),
            next_retry_delay: step.next_retry_delay.and_then(|span| official(span.0)),
            ..failure::ApplicationFailureInfo::default()
        },
    ));
    whole(failure, step.failure.as_ref())
}

/// A failure with what a step says of it as a whole; what that leaves out stays.
pub(super) fn whole(
    short: Shared<failure::Failure>,
    whole: Option<&Official<failure::Failure>>,
) -> Shared<failure::Failure> {
    let Some(Official(whole)) = whole else { return short };
    let mut failure = whole.clone();
    if failure.message.is_empty() {
        failure.message.clone_from(&short.message);
    }
    if failure.failure_info.is_none() {
        failure.failure_info.clone_from(&short.failure_info);
    }
    Shared::new(failure)
}

/// A workflow task's failure because of a bug in workflow code.
pub(super) fn bug(message: &str) -> Shared<failure::Failure> {
    Shared::new(application(message, failure::ApplicationFailureInfo::default()))
}

/// A signal that did not come in time.
pub(super) fn signal_timeout(signal: &str) -> Shared<failure::Failure> {
    let message = format!("no signal '{signal}' in time");
    Shared::new(application(&message, typed("TimeoutError")))
}

/// What a worker says of a task whose type it does not have, as the Python SDK words it.
pub(super) fn not_registered(message: &str) -> Shared<failure::Failure> {
    Shared::new(application(message, typed("NotFoundError")))
}

/// What a worker says of an update that the workflow has no handler for, as the Python SDK words it.
pub(super) fn no_update_handler(name: &str, known: &[UpdateCode]) -> Shared<failure::Failure> {
    let known: Vec<&str> = known.iter().map(|handler| handler.name.as_str()).collect();
    let message = format!(
        "Update handler for '{name}' expected but not found, and there is no dynamic handler. known \
         updates: [{}]",
        known.join(" ")
    );
    Shared::new(application(&message, typed("RuntimeError")))
}

fn typed(error_type: &str) -> failure::ApplicationFailureInfo {
    failure::ApplicationFailureInfo {
        r#type: error_type.to_owned(),
        ..failure::ApplicationFailureInfo::default()
    }
}

fn application(message: &str, info: failure::ApplicationFailureInfo) -> failure::Failure {
    with_info(message, FailureInfo::ApplicationFailureInfo(info), None)
}

fn with_info(
    message: &str,
    info: FailureInfo,
    cause: Option<failure::Failure>,
) -> failure::Failure {
    failure::Failure {
        message: message.to_owned(),
        cause: cause.map(Box::new),
        failure_info: Some(info),
        ..failure::Failure::default()
    }
}

/// A cancel that was raised by itself, not by something that was canceled.
pub(super) fn canceled() -> failure::Failure {
    cause_canceled("Cancelled", None)
}

fn cause_canceled(message: &str, details: Option<&Payloads>) -> failure::Failure {
    let info = failure::CanceledFailureInfo {
        details: details.map(|details| (**details).clone()),
        ..failure::CanceledFailureInfo::default()
    };
    with_info(message, FailureInfo::CanceledFailureInfo(info), None)
}

/// Whether a failure is a cancellation: a canceled failure, or an activity's or child's whose cause
/// is one.
pub(super) fn is_cancellation(failure: &failure::Failure) -> bool {
    match &failure.failure_info {
        Some(FailureInfo::CanceledFailureInfo(_)) => true,
        Some(
            FailureInfo::ActivityFailureInfo(_) | FailureInfo::ChildWorkflowExecutionFailureInfo(_),
        ) => failure.cause.as_deref().is_some_and(|cause| {
            matches!(cause.failure_info, Some(FailureInfo::CanceledFailureInfo(_)))
        }),
        _ => false,
    }
}

/// Which activity a failure is about.
pub(super) struct ActivityRef<'a> {
    pub(super) activity_type: &'a str,
    pub(super) activity_id: &'a str,
}

impl ActivityRef<'_> {
    fn info(
        &self,
        identity: &str,
        retry_state: enums::RetryState,
        scheduled: Option<EventId>,
        started: Option<EventId>,
    ) -> FailureInfo {
        FailureInfo::ActivityFailureInfo(failure::ActivityFailureInfo {
            scheduled_event_id: scheduled.map_or(0, i64::from),
            started_event_id: started.map_or(0, i64::from),
            identity: identity.to_owned(),
            activity_type: Some(common::ActivityType { name: self.activity_type.to_owned() }),
            activity_id: self.activity_id.to_owned(),
            retry_state: retry_state.into(),
        })
    }

    /// The activity failed.
    pub(super) fn failed(
        &self,
        cause: &Failure,
        identity: &str,
        retry_state: RetryState,
        scheduled: EventId,
        started: Option<EventId>,
    ) -> failure::Failure {
        let info = self.info(identity, state(retry_state), Some(scheduled), started);
        with_info("Activity task failed", info, Some(official_failure(cause)))
    }

    /// One of the activity's timeouts ran out.
    pub(super) fn timed_out(
        &self,
        cause: &Failure,
        retry_state: RetryState,
        scheduled: EventId,
        started: Option<EventId>,
    ) -> failure::Failure {
        let info = self.info("", state(retry_state), Some(scheduled), started);
        with_info("Activity task timed out", info, Some(official_failure(cause)))
    }

    /// The activity was canceled: at once (no events yet) or as an event says.
    pub(super) fn canceled(
        &self,
        details: Option<&Payloads>,
        identity: &str,
        scheduled: Option<EventId>,
        started: Option<EventId>,
    ) -> failure::Failure {
        let info = self.info(identity, enums::RetryState::CancelRequested, scheduled, started);
        with_info("Activity cancelled", info, Some(cause_canceled("", details)))
    }

    /// A local activity ended as `cause` says, which is a cancellation or a timeout.
    pub(super) fn local(&self, message: &str, cause: failure::Failure) -> failure::Failure {
        let info = self.info("", enums::RetryState::CancelRequested, None, None);
        with_info(message, info, Some(cause))
    }
}

/// What is recorded of a local activity that was canceled.
pub(super) fn local_canceled() -> failure::Failure {
    cause_canceled("", None)
}

/// What is recorded of a local activity that took too long.
pub(super) fn local_timeout(kind: enums::TimeoutType) -> failure::Failure {
    let info = failure::TimeoutFailureInfo {
        timeout_type: kind.into(),
        ..failure::TimeoutFailureInfo::default()
    };
    with_info("Activity timed out", FailureInfo::TimeoutFailureInfo(info), None)
}

/// Which child a failure is about.
pub(super) struct ChildRef<'a> {
    pub(super) workflow_type: &'a str,
    pub(super) workflow_id: &'a str,
    pub(super) run_id: Option<RunId>,
    pub(super) initiated: Option<EventId>,
    pub(super) started: Option<EventId>,
}

impl ChildRef<'_> {
    fn info(&self, retry_state: enums::RetryState) -> FailureInfo {
        FailureInfo::ChildWorkflowExecutionFailureInfo(failure::ChildWorkflowExecutionFailureInfo {
            namespace: String::new(),
            workflow_execution: Some(common::WorkflowExecution {
                workflow_id: self.workflow_id.to_owned(),
                run_id: self.run_id.map(|run| run.to_string()).unwrap_or_default(),
            }),
            workflow_type: Some(common::WorkflowType { name: self.workflow_type.to_owned() }),
            initiated_event_id: self.initiated.map_or(0, i64::from),
            started_event_id: self.started.map_or(0, i64::from),
            retry_state: retry_state.into(),
        })
    }

    /// The child was cancelled before its start was asked for.
    pub(super) fn canceled_before_start(&self) -> failure::Failure {
        with_info(
            "Child Workflow Execution cancelled before scheduled: ",
            self.info(enums::RetryState::NonRetryableFailure),
            Some(cause_canceled("", None)),
        )
    }

    /// The child was canceled.
    pub(super) fn canceled(&self) -> failure::Failure {
        with_info(
            "Child Workflow execution cancelled",
            self.info(enums::RetryState::NonRetryableFailure),
            Some(cause_canceled("", None)),
        )
    }

    /// How the child closed, if it did not complete.
    pub(super) fn closed(&self, close: &ChildClose) -> Option<failure::Failure> {
        Some(match close {
            ChildClose::Completed { .. } => return None,
            ChildClose::Failed { failure, retry_state } => with_info(
                "Child Workflow execution failed",
                self.info(state(*retry_state)),
                Some(official_failure(failure)),
            ),
            ChildClose::TimedOut { retry_state } => {
                let info = failure::TimeoutFailureInfo {
                    timeout_type: enums::TimeoutType::StartToClose.into(),
                    last_heartbeat_details: None,
                };
                let cause = with_info("Timed out", FailureInfo::TimeoutFailureInfo(info), None);
                with_info(
                    "Child Workflow execution timed out",
                    self.info(state(*retry_state)),
                    Some(cause),
                )
            }
            ChildClose::Canceled { .. } => self.canceled(),
            ChildClose::Terminated => {
                let info = failure::TerminatedFailureInfo::default();
                let cause = with_info("Terminated", FailureInfo::TerminatedFailureInfo(info), None);
                with_info(
                    "Child Workflow execution terminated",
                    self.info(enums::RetryState::NonRetryableFailure),
                    Some(cause),
                )
            }
        })
    }
}

/// A child could not be started, because its Workflow Id is in use.
pub(super) fn already_started() -> failure::Failure {
    application("Workflow execution already started", typed("WorkflowAlreadyStartedError"))
}

/// A signal to another execution could not be delivered.
pub(super) fn not_signaled(cause: ExternalFailedCause) -> failure::Failure {
    let reason = match cause {
        ExternalFailedCause::SignalCountLimitExceeded => {
            "The per-workflow signal limit was exceeded"
        }
        _ => "it was not found",
    };
    let message = format!("Unable to signal external workflow because {reason}");
    application(&message, typed(cause_name(cause)))
}

/// A cancel of another execution could not be delivered.
pub(super) fn not_canceled(cause: ExternalFailedCause) -> failure::Failure {
    let message = "Unable to cancel external workflow because not found";
    application(message, typed(cause_name(cause)))
}

/// A signal to another execution was cancelled before it was sent.
pub(super) fn signal_canceled() -> failure::Failure {
    cause_canceled("Signal was cancelled before being sent", None)
}

fn cause_name(cause: ExternalFailedCause) -> &'static str {
    match cause {
        ExternalFailedCause::ExternalWorkflowExecutionNotFound => {
            "ExternalWorkflowExecutionNotFound"
        }
        ExternalFailedCause::NamespaceNotFound => "NamespaceNotFound",
        ExternalFailedCause::SignalCountLimitExceeded => "SignalCountLimitExceeded",
    }
}

fn state(state: RetryState) -> enums::RetryState {
    match state {
        RetryState::InProgress => enums::RetryState::InProgress,
        RetryState::NonRetryableFailure => enums::RetryState::NonRetryableFailure,
        RetryState::Timeout => enums::RetryState::Timeout,
        RetryState::MaximumAttemptsReached => enums::RetryState::MaximumAttemptsReached,
        RetryState::RetryPolicyNotSet => enums::RetryState::RetryPolicyNotSet,
        RetryState::InternalServerError => enums::RetryState::InternalServerError,
        RetryState::CancelRequested => enums::RetryState::CancelRequested,
    }
}

/// A recorded failure as a worker reads it.
fn official_failure(recorded: &Failure) -> failure::Failure {
    match recorded {
        Failure::Sent(sent) => (**sent).clone(),
        Failure::ActivityTimeout(timeout) => activity_timeout(timeout),
        Failure::Server(message) => {
            let info = failure::ServerFailureInfo::default();
            with_info(message, FailureInfo::ServerFailureInfo(info), None)
        }
        Failure::Reset(message) => {
            let info = failure::ResetWorkflowFailureInfo::default();
            with_info(message, FailureInfo::ResetWorkflowFailureInfo(info), None)
        }
        Failure::WorkflowTimeout => {
            let info = failure::TimeoutFailureInfo {
                timeout_type: enums::TimeoutType::StartToClose.into(),
                last_heartbeat_details: None,
            };
            let timeout =
                with_info(recorded.message(), FailureInfo::TimeoutFailureInfo(info), None);
            failure::Failure { source: "Server".to_owned(), ..timeout }
        }
    }
}

fn activity_timeout(timeout: &ActivityTimeout) -> failure::Failure {
    let kind = match (timeout.reason, timeout.kind) {
        (ActivityTimeoutReason::NoTimeToRetry, _) | (_, ActivityTimeoutKind::ScheduleToClose) => {
            enums::TimeoutType::ScheduleToClose
        }
        (_, ActivityTimeoutKind::StartToClose) => enums::TimeoutType::StartToClose,
        (_, ActivityTimeoutKind::ScheduleToStart) => enums::TimeoutType::ScheduleToStart,
        (_, ActivityTimeoutKind::Heartbeat) => enums::TimeoutType::Heartbeat,
    };
    let info = failure::TimeoutFailureInfo {
        timeout_type: kind.into(),
        last_heartbeat_details: timeout.last_heartbeat_details.as_deref().cloned(),
    };
    failure::Failure {
        source: "Server".to_owned(),
        ..with_info(
            timeout.message(),
            FailureInfo::TimeoutFailureInfo(info),
            timeout.cause.as_ref().map(official_failure),
        )
    }
}

/// Which activity an event schedules.
pub(super) fn scheduled_activity(scheduled: &ActivityTaskScheduled) -> ActivityRef<'_> {
    ActivityRef {
        activity_type: scheduled.command.activity_type.as_ref().map_or("", |kind| &kind.name),
        activity_id: &scheduled.command.activity_id,
    }
}

/// Which child an event initiates.
pub(super) fn initiated_child(
    child: &StartChildWorkflowExecutionInitiated,
    run_id: Option<RunId>,
    initiated: EventId,
    started: Option<EventId>,
) -> ChildRef<'_> {
    ChildRef {
        workflow_type: &child.workflow_type,
        workflow_id: child.workflow_id.as_str(),
        run_id,
        initiated: Some(initiated),
        started,
    }
}
