//! How large what clients and workers send may be: the real server's defaults (observed).
//!
//! A request that is too large is refused, and so is a completion with such a command, which ends
//! the run. What an activity says too much of fails it.

use prost::Message;

use super::commands::BadCommand;
use crate::api::RpcError;
use crate::api::limits::{MAXIMUM_BLOB_SIZE, MAXIMUM_MEMO_SIZE};
use crate::history::Name;
use crate::official::common::{Memo, Payload, Payloads};
use crate::official::enums::WorkflowTaskFailedCause;
use crate::official::failure::failure::FailureInfo;
use crate::official::failure::{Failure, ServerFailureInfo};

/// What is said of a blob that is too large.
const BLOB: &str = "Blob data size exceeds limit.";

/// Whether a message is larger than the server takes.
pub(super) fn is_too_large(message: Option<&impl Message>) -> bool {
    message.is_some_and(|message| message.encoded_len() > MAXIMUM_BLOB_SIZE)
}

/// Refuses a request with payloads that are too large.
pub(super) fn check(payloads: Option<&Payloads>) -> Result<(), RpcError> {
    if is_too_large(payloads) { Err(RpcError::invalid_argument(BLOB)) } else { Ok(()) }
}

/// What a query's caller is told whose answer is too large.
pub(super) fn too_large_answer() -> Name {
    Name::from(BLOB)
}

/// Refuses a request with a memo that is too large.
pub(super) fn check_memo(memo: Option<&Memo>) -> Result<(), RpcError> {
    if is_too_large_memo(memo) {
        return Err(RpcError::invalid_argument("Memo size exceeds limit."));
    }
    Ok(())
}

/// Whether a memo is larger than the server takes.
pub(super) fn is_too_large_memo(memo: Option<&Memo>) -> bool {
    memo.is_some_and(|memo| memo.encoded_len() > MAXIMUM_MEMO_SIZE)
}

/// Refuses a command for what it has too much of, in the server's words for that.
pub(super) fn check_command(
    message: Option<&impl Message>,
    cause: WorkflowTaskFailedCause,
    what: &str,
) -> Result<(), BadCommand> {
    if is_too_large(message) { Err(BadCommand::too_large(cause, what)) } else { Ok(()) }
}

/// As the server counts the size of named values.
pub(super) fn of_fields<'a>(fields: impl IntoIterator<Item = (&'a String, &'a Payload)>) -> usize {
    fields.into_iter().map(|(name, value)| name.len() + value.data.len()).sum()
}

/// What an activity fails with that has said too much.
pub(super) fn failure(message: &str) -> Failure {
    Failure {
        message: message.to_owned(),
        failure_info: Some(FailureInfo::ServerFailureInfo(ServerFailureInfo {
            non_retryable: true,
        })),
        ..Failure::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{Story, schedule, start};
    use super::*;
    use crate::api::{ActivityTarget, Command, Request};
    use crate::history::{Attributes, Shared};

    /// Payloads of so many bytes on the wire.
    fn payloads(size: usize) -> Payloads {
        let of = |length| Payloads {
            payloads: vec![Payload { data: vec![b'x'; length], ..Payload::default() }],
        };
        // Lengths take another byte not far above.
        let below = size - 100;
        let payloads = of(size - (of(below).encoded_len() - below));
        assert_eq!(payloads.encoded_len(), size);
        payloads
    }

    fn too_large() -> Payloads {
        payloads(MAXIMUM_BLOB_SIZE + 1)
    }

    #[test]
    fn a_request_with_one_byte_too_many_is_refused() {
        let mut story = Story::new();
        let mut request = start("w");
        request.input = Some(too_large());
        let refused = story.start(request.clone()).unwrap_err();
        assert_eq!(refused.message, "Blob data size exceeds limit.");
        request.input = Some(payloads(MAXIMUM_BLOB_SIZE));
        story.start(request).unwrap();
    }

    #[test]
    fn a_command_with_too_much_ends_the_run() {
        let mut story = Story::started();
        let task = story.poll();
        story.signal("s").unwrap();
        let command = schedule("a", |command| command.input = Some(too_large()));
        let refused = story.complete(&task, vec![command]).unwrap_err();
        let words = "BadScheduleActivityAttributes: ScheduleActivityTaskCommandAttributes.Input \
                     exceeds size limit.";
        assert_eq!(refused.message, words);
        let tail =
            ["WorkflowTaskFailed", "WorkflowExecutionSignaled", "WorkflowExecutionTerminated"];
        assert_eq!(story.types()[3..], tail);
        assert_eq!(story.batches()[2..], [(4, 6)]);
        let Attributes::WorkflowExecutionTerminated { reason, identity, .. } = story.last() else {
            panic!("{:?}", story.last())
        };
        assert_eq!((&*reason, &*identity), (words, "history-service"));
    }

    #[test]
    fn a_later_attempt_with_such_a_command_stays_started() {
        let mut story = Story::started();
        let task = story.poll();
        story.fail(&task).unwrap();
        let task = story.poll();
        let command = schedule("a", |command| command.input = Some(too_large()));
        story.complete(&task, vec![command]).unwrap_err();
        assert_eq!(story.types().len(), 4);
        story.complete(&task, vec![]).unwrap();
    }

    #[test]
    fn an_activity_that_says_too_much_fails_for_good() {
        type Say = fn(ActivityTarget, Option<crate::history::Payloads>) -> Request;
        let says: [(&str, Say); 3] = [
            ("Complete result exceeds size limit.", |activity, result| {
                Request::RespondActivityTaskCompleted { activity, result, identity: Name::empty() }
            }),
            ("Heartbeat details exceed size limit.", |activity, details| {
                Request::RecordActivityTaskHeartbeat { activity, details, identity: Name::empty() }
            }),
            ("Cancel details exceed size limit.", |activity, details| {
                Request::RespondActivityTaskCanceled { activity, details, identity: Name::empty() }
            }),
        ];
        for (words, say) in says {
            let mut story = Story::after(vec![schedule("a", |_| {})]);
            let task = story.poll_activity().unwrap();
            let payloads = Some(Shared::new(too_large()));
            story.call(say(ActivityTarget::Token(task.token), payloads)).unwrap();
            let run = story.server.current_run("w").unwrap();
            let failed = run.history.events().find_map(|event| match &event.attributes {
                Attributes::ActivityTaskFailed { failure, .. } => Some(failure.message()),
                _ => None,
            });
            assert_eq!(failed, Some(words));
        }
    }

    #[test]
    fn a_memo_may_grow_until_it_is_too_large() {
        let mut story = Story::started();
        let task = story.poll();
        let upsert = |name: &str, size: usize| {
            let value = Payload { data: vec![b'x'; size], ..Payload::default() };
            let memo = Memo { fields: [(name.to_owned(), value)].into() };
            let attributes = crate::official::command::ModifyWorkflowPropertiesCommandAttributes {
                upserted_memo: Some(memo),
            };
            Command::ModifyWorkflowProperties(attributes.into())
        };
        let half = MAXIMUM_MEMO_SIZE / 2 + 1;
        let refused = story.complete(&task, vec![upsert("a", half), upsert("b", half)]);
        assert_eq!(
            refused.unwrap_err().message,
            "BadModifyWorkflowPropertiesAttributes: ModifyWorkflowPropertiesCommandAttributes. \
             Memo exceeds size limit."
        );
        assert_eq!(story.types().last(), Some(&"WorkflowExecutionTerminated"));
    }
}
