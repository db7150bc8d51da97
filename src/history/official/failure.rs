//! Failures, in both forms.

use std::sync::Arc;

use super::values::{number, read_number, share, unshare};
use crate::history::failure::{
    ActivityTimeout, ActivityTimeoutKind, ActivityTimeoutReason, Failure,
};
use crate::history::shared::Shared;
use crate::official::enums::TimeoutType;
use crate::official::failure::failure::FailureInfo;
use crate::official::failure::{
    self as official, ResetWorkflowFailureInfo, ServerFailureInfo, TimeoutFailureInfo,
};

/// What the server signs its failures with. Those for a workflow task it does not sign.
const SOURCE: &str = "Server";

const KINDS: [(ActivityTimeoutKind, TimeoutType); 4] = [
    (ActivityTimeoutKind::StartToClose, TimeoutType::StartToClose),
    (ActivityTimeoutKind::ScheduleToStart, TimeoutType::ScheduleToStart),
    (ActivityTimeoutKind::ScheduleToClose, TimeoutType::ScheduleToClose),
    (ActivityTimeoutKind::Heartbeat, TimeoutType::Heartbeat),
];

/// The failure as official messages have it.
pub fn failure(failure: &Failure) -> official::Failure {
    match failure {
        Failure::Sent(sent) => official::Failure::clone(sent),
        Failure::ActivityTimeout(timeout) => activity_timeout(timeout),
        Failure::Server(message) => official::Failure {
            message: message.to_string(),
            failure_info: Some(FailureInfo::ServerFailureInfo(ServerFailureInfo::default())),
            ..official::Failure::default()
        },
        Failure::Reset(reason) => official::Failure {
            message: reason.to_string(),
            failure_info: Some(FailureInfo::ResetWorkflowFailureInfo(
                ResetWorkflowFailureInfo::default(),
            )),
            ..official::Failure::default()
        },
        Failure::WorkflowTimeout => official::Failure {
            message: failure.message().to_owned(),
            source: SOURCE.to_owned(),
            failure_info: Some(FailureInfo::TimeoutFailureInfo(TimeoutFailureInfo {
                timeout_type: TimeoutType::StartToClose.into(),
                last_heartbeat_details: None,
            })),
            ..official::Failure::default()
        },
    }
}

fn activity_timeout(timeout: &ActivityTimeout) -> official::Failure {
    // A retry that does not fit is told as the timeout that it would not fit in (R68).
    let kind = match timeout.reason {
        ActivityTimeoutReason::Elapsed => timeout.kind,
        ActivityTimeoutReason::NoTimeToRetry => ActivityTimeoutKind::ScheduleToClose,
    };
    official::Failure {
        message: timeout.message().to_owned(),
        source: SOURCE.to_owned(),
        cause: timeout.cause.as_ref().map(|cause| Box::new(failure(cause))),
        failure_info: Some(FailureInfo::TimeoutFailureInfo(TimeoutFailureInfo {
            timeout_type: number(&KINDS, kind),
            last_heartbeat_details: unshare(timeout.last_heartbeat_details.as_ref()),
        })),
        ..official::Failure::default()
    }
}

/// The compact form: one of the server's own, if it is exactly what the server would write.
pub(super) fn read_failure(sent: &official::Failure) -> Failure {
    recognised(sent)
        .filter(|compact| failure(compact) == *sent)
        .unwrap_or_else(|| Failure::Sent(Shared::new(sent.clone())))
}

fn recognised(sent: &official::Failure) -> Option<Failure> {
    match sent.failure_info.as_ref()? {
        FailureInfo::ServerFailureInfo(_) => Some(Failure::Server(sent.message.as_str().into())),
        FailureInfo::ResetWorkflowFailureInfo(_) => {
            Some(Failure::Reset(sent.message.as_str().into()))
        }
        FailureInfo::TimeoutFailureInfo(_)
            if sent.message == Failure::WorkflowTimeout.message() =>
        {
            Some(Failure::WorkflowTimeout)
        }
        FailureInfo::TimeoutFailureInfo(info) => {
            let mut timeout = ActivityTimeout {
                kind: read_number("timeoutType", &KINDS, info.timeout_type).ok()?,
                reason: ActivityTimeoutReason::NoTimeToRetry,
                last_heartbeat_details: share(info.last_heartbeat_details.as_ref()),
                cause: sent.cause.as_ref().map(|cause| read_failure(cause)),
            };
            if timeout.message() != sent.message {
                timeout.reason = ActivityTimeoutReason::Elapsed;
            }
            Some(Failure::ActivityTimeout(Arc::new(timeout)))
        }
        _ => None,
    }
}
