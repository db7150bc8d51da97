//! Failures as people read them.

use super::payload::payloads_text;
use super::words::{plain, shortened};
use crate::history::failure::Failure;
use crate::official::failure as official;
use crate::official::failure::failure::FailureInfo;

/// How many causes of a failure are told.
const MAXIMUM_CAUSES: usize = 4;

/// A message that is longer is cut off after so many characters.
const MAXIMUM_MESSAGE: usize = 500;

/// What failed and why, in one line.
pub(super) fn failure_text(failure: &Failure) -> String {
    match failure {
        Failure::Sent(sent) => sent_text(sent),
        Failure::ActivityTimeout(timeout) => {
            let details = timeout.last_heartbeat_details.as_ref();
            let details = details.map(|of| format!("last heartbeat {}", payloads_text(of)));
            let cause = timeout.cause.as_ref();
            let cause = cause.map(|of| format!("caused by {}", failure_text(of)));
            let parts = [Some(failure.message().to_owned()), details, cause];
            parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
        _ => message_text(failure.message()),
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
    let message = message_text(&sent.message);
    let (kind, details) = match &sent.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => {
            let mut text = match (info.r#type.as_str(), message.as_str()) {
                ("", message) => message.to_owned(),
                (of_type, "") => plain(of_type),
                (of_type, message) => format!("{}: {message}", plain(of_type)),
            };
            if info.non_retryable {
                text += " (non-retryable)";
            }
            return with_details(text, info.details.as_ref());
        }
        Some(FailureInfo::CanceledFailureInfo(info)) => ("canceled", info.details.as_ref()),
        Some(FailureInfo::TimeoutFailureInfo(_)) => ("timed out", None),
        Some(FailureInfo::TerminatedFailureInfo(_)) => ("terminated", None),
        _ => ("failed", None),
    };
    with_details(if message.is_empty() { kind.to_owned() } else { message }, details)
}

fn message_text(message: &str) -> String {
    plain(&shortened(message, MAXIMUM_MESSAGE))
}

fn with_details(text: String, details: Option<&crate::official::common::Payloads>) -> String {
    match details.filter(|details| !details.payloads.is_empty()) {
        Some(details) => format!("{text}, details {}", payloads_text(details)),
        None => text,
    }
}
