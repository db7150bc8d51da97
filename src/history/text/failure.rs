//! Failures as people read them.

use super::payload::payloads_text;
use super::words::{plain, quoted, shortened};
use crate::history::failure::{
    ActivityTimeout, ActivityTimeoutKind, ActivityTimeoutReason, Failure,
};
use crate::official::common::Payloads;
use crate::official::enums::TimeoutType;
use crate::official::failure as official;
use crate::official::failure::failure::FailureInfo;

/// How many causes of a failure are told.
const MAXIMUM_CAUSES: usize = 4;

/// A message that is longer is cut off after so many characters.
const MAXIMUM_MESSAGE: usize = 500;

/// What failed and why, in one line.
pub(crate) fn failure_text(failure: &Failure) -> String {
    match failure {
        Failure::Sent(sent) => sent_text(sent),
        Failure::ActivityTimeout(timeout) => {
            let text = called(timeout_name(timeout), timeout.message());
            let text =
                with_payloads(text, "last heartbeat", timeout.last_heartbeat_details.as_deref());
            match &timeout.cause {
                Some(cause) => format!("{text}, caused by {}", failure_text(cause)),
                None => text,
            }
        }
        Failure::WorkflowTimeout => called("START_TO_CLOSE", failure.message()),
        Failure::Server(message) | Failure::Reset(message) => message_text(message),
    }
}

/// The timeout type that the official failure tells.
pub(crate) fn timeout_name(timeout: &ActivityTimeout) -> &'static str {
    match (timeout.reason, timeout.kind) {
        // A retry that does not fit is told as the timeout that it would not fit in (R68).
        (ActivityTimeoutReason::NoTimeToRetry, _)
        | (ActivityTimeoutReason::Elapsed, ActivityTimeoutKind::ScheduleToClose) => {
            "SCHEDULE_TO_CLOSE"
        }
        (ActivityTimeoutReason::Elapsed, ActivityTimeoutKind::ScheduleToStart) => {
            "SCHEDULE_TO_START"
        }
        (ActivityTimeoutReason::Elapsed, ActivityTimeoutKind::StartToClose) => "START_TO_CLOSE",
        (ActivityTimeoutReason::Elapsed, ActivityTimeoutKind::Heartbeat) => "HEARTBEAT",
    }
}

fn sent_text(sent: &official::Failure) -> String {
    let causes = std::iter::successors(Some(sent), |failure| failure.cause.as_deref());
    let mut causes: Vec<String> = causes.take(MAXIMUM_CAUSES + 2).map(one_text).collect();
    if causes.len() > MAXIMUM_CAUSES + 1 {
        causes.truncate(MAXIMUM_CAUSES + 1);
        causes.push("...".to_owned());
    }
    causes.join(", caused by ")
}

/// A failure without its causes.
fn one_text(sent: &official::Failure) -> String {
    let (kind, what, payloads) = match &sent.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => {
            let kind = match (info.r#type.as_str(), sent.message.as_str()) {
                ("", "") => "ApplicationFailure".to_owned(),
                (of_type, _) => plain(of_type),
            };
            let mut text = called(&kind, &sent.message);
            if info.non_retryable {
                text += " (non-retryable)";
            }
            return with_payloads(text, "details", info.details.as_ref());
        }
        Some(FailureInfo::TimeoutFailureInfo(info)) => {
            let kind = match info.timeout_type() {
                TimeoutType::Unspecified => "TimeoutFailure",
                of_type => of_type.as_str_name().trim_start_matches("TIMEOUT_TYPE_"),
            };
            (kind, "last heartbeat", info.last_heartbeat_details.as_ref())
        }
        Some(FailureInfo::CanceledFailureInfo(info)) => {
            ("CanceledFailure", "details", info.details.as_ref())
        }
        Some(FailureInfo::TerminatedFailureInfo(_)) => ("TerminatedFailure", "", None),
        Some(FailureInfo::ServerFailureInfo(_)) => ("ServerFailure", "", None),
        Some(FailureInfo::ResetWorkflowFailureInfo(_)) => ("ResetWorkflowFailure", "", None),
        Some(FailureInfo::ActivityFailureInfo(_)) => ("ActivityFailure", "", None),
        Some(FailureInfo::ChildWorkflowExecutionFailureInfo(_)) => {
            ("ChildWorkflowExecutionFailure", "", None)
        }
        Some(FailureInfo::NexusOperationExecutionFailureInfo(_)) => {
            ("NexusOperationFailure", "", None)
        }
        Some(FailureInfo::NexusHandlerFailureInfo(_)) => ("NexusHandlerFailure", "", None),
        None if sent.message.is_empty() => ("Failure", "", None),
        None => ("", "", None),
    };
    with_payloads(called(kind, &sent.message), what, payloads)
}

/// A kind of failure and its message, as far as there are any: `CanceledFailure: "no need"`.
fn called(kind: &str, message: &str) -> String {
    match (kind, message) {
        (kind, "") => kind.to_owned(),
        ("", message) => message_text(message),
        (kind, message) => format!("{kind}: {}", message_text(message)),
    }
}

fn message_text(message: &str) -> String {
    quoted(&shortened(message, MAXIMUM_MESSAGE))
}

fn with_payloads(text: String, what: &str, payloads: Option<&Payloads>) -> String {
    match payloads.filter(|payloads| !payloads.payloads.is_empty()) {
        Some(payloads) => format!("{text}, {what} {}", payloads_text(payloads)),
        None => text,
    }
}
