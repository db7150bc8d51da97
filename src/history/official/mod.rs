//! Compact events as Temporal's official ones, and back.
//!
//! This is the one place that knows how a real server writes an event out. What a compact event
//! leaves out because it follows from the rest is put in here: task ids, the request ids of starts,
//! history sizes, the namespace.
//!
//! ```
//! use deadbeat::clock::EPOCH;
//! use deadbeat::history::{Attributes, Event, EventId, History, official};
//! use std::time::Duration;
//!
//! let mut history = History::new();
//! history.append(vec![Event {
//!     id: EventId(1),
//!     time: EPOCH,
//!     attributes: Attributes::TimerStarted {
//!         timer_id: "t1".into(),
//!         start_to_fire_timeout: Duration::from_secs(90),
//!         workflow_task_completed_event_id: EventId(4),
//!     },
//! }]);
//! assert_eq!(official::history_json(&history)["events"][0]["timerStartedEventAttributes"],
//!     serde_json::json!({
//!         "timerId": "t1",
//!         "startToFireTimeout": "90s",
//!         "workflowTaskCompletedEventId": "4",
//!     }));
//!
//! let events: Vec<_> = official::events(&history).collect();
//! assert_eq!(official::read(&events)?, history.events().cloned().collect::<Vec<_>>());
//! # Ok::<(), official::ReadError>(())
//! ```

mod activity;
mod child;
mod external;
mod failure;
mod marker;
mod read;
mod retry;
mod timer;
mod update;
mod values;
mod workflow;
mod workflow_task;

#[cfg(test)]
mod tests;

pub use failure::failure;
pub use read::{Problem, ReadError, Reader};
pub use retry::retry_policy;
pub use values::{NAMESPACE, NAMESPACE_ID};
pub use workflow::reset_points;

use std::hash::{Hash, Hasher};

use prost::Message;
use prost::encoding::encoded_len_varint;
use serde_json::Value;

use self::activity::Start;
use super::event::{Attributes, Event};
use super::ids::{Digest, EventId, RunId};
use super::json;
use super::list::{Batch, History, Written};
use crate::official::history as proto;
use crate::official::history::history_event::Attributes as Official;

/// The task id of an event is its own id and this. On a real server task ids count the tasks of a
/// shard; all that anybody relies on is that they rise (A2), and that a reset's copies keep them.
const FIRST_TASK_ID: i64 = 1_048_576;

/// The events of a history, oldest first.
pub fn events(history: &History) -> impl Iterator<Item = proto::HistoryEvent> + '_ {
    events_after(history, EventId(0))
}

/// The events with ids above `after`, oldest first. Costs as much as there are of them, and the
/// first time also as much as there are before.
pub fn events_after(
    history: &History,
    after: EventId,
) -> impl Iterator<Item = proto::HistoryEvent> + '_ {
    let mut batches: Vec<&Batch> =
        history.batches_backwards().take_while(|batch| batch.last_event_id() > after).collect();
    batches.reverse();
    let original_run = written(history.batches_backwards().next()).original_run;
    batches.into_iter().flat_map(move |batch| {
        let bytes_before = written(batch.before()).bytes;
        let context = Context { original_run, bytes_before };
        batch
            .events()
            .iter()
            .filter(move |event| event.id > after)
            .map(move |event| recorded(event, context))
    })
}

/// An event that is shown after a history's last but is not recorded: the start of a transient
/// workflow task (A4). Such an event has no task id.
pub fn transient_event(history: &History, event: &Event) -> proto::HistoryEvent {
    let Written { bytes, original_run } = written(history.batches_backwards().next());
    let context = Context { original_run, bytes_before: bytes };
    proto::HistoryEvent { task_id: 0, ..recorded(event, context) }
}

/// How many bytes a real server would count for the history.
pub fn size(history: &History) -> u64 {
    written(history.batches_backwards().next()).bytes
}

/// The whole history as one official message.
pub fn history(history: &History) -> proto::History {
    proto::History { events: events(history).collect() }
}

/// The whole history in JSON, as `temporal workflow show --output json` has it.
pub fn history_json(history: &History) -> Value {
    json::to_json(&self::history(history))
}

/// The text that `temporal workflow show --output json` would print.
pub fn history_json_text(history: &History) -> String {
    let mut text = json::to_pretty(&self::history(history));
    text.push('\n');
    text
}

/// Reads the events of one run, all of them, in order.
///
/// # Errors
///
/// [`ReadError`] for the first that has no compact form.
pub fn read(events: &[proto::HistoryEvent]) -> Result<Vec<Event>, ReadError> {
    let mut reader = Reader::new();
    events.iter().map(|event| reader.event(event)).collect()
}

/// What events say that follows from where they are.
#[derive(Clone, Copy, Debug)]
struct Context {
    original_run: u128,
    /// The size of the batches before the event's: what is persisted when it is written.
    bytes_before: u64,
}

impl Context {
    /// The request id of a poll that started a task. A real server draws one at random; here it
    /// follows from what a reset's copy of the event has in common with the event.
    fn request_id(self, event: &Event) -> String {
        let mut digest = Digest::new();
        digest.write_u128(self.original_run);
        event.id.hash(&mut digest);
        event.time.hash(&mut digest);
        RunId::from_random(digest.finish128(), 4).to_string()
    }
}

/// What is known of the history up to a batch. It is found out once, and batches are shared by
/// the histories of a run and its resets: they say the same in all of them.
fn written(batch: Option<&Batch>) -> Written {
    let nothing = Written { bytes: 0, original_run: 0 };
    let mut unknown = Vec::new();
    let mut at = batch;
    let mut total = loop {
        let Some(batch) = at else { break nothing };
        if let Some(known) = batch.written().get() {
            break **known;
        }
        unknown.push(batch);
        at = batch.before();
    };
    for batch in unknown.into_iter().rev() {
        if let Attributes::WorkflowExecutionStarted(started) = &batch.events()[0].attributes {
            total.original_run = started.original_execution_run_id.as_u128();
        }
        let context = Context { original_run: total.original_run, bytes_before: total.bytes };
        for event in batch.events() {
            // A batch is persisted as a `History` message.
            let length = recorded(event, context).encoded_len();
            total.bytes += (1 + encoded_len_varint(length as u64) + length) as u64;
        }
        batch.written().get_or_init(|| Box::new(total));
    }
    total
}

fn recorded(event: &Event, context: Context) -> proto::HistoryEvent {
    let attributes = attributes(event, context);
    proto::HistoryEvent {
        event_id: event.id.into(),
        event_time: Some(values::timestamp(event.time)),
        event_type: attributes.event_type().into(),
        task_id: FIRST_TASK_ID + i64::from(event.id),
        attributes: Some(attributes),
        ..proto::HistoryEvent::default()
    }
}

fn attributes(event: &Event, context: Context) -> Official {
    match &event.attributes {
        Attributes::WorkflowExecutionStarted(of) => workflow::started(of),
        Attributes::WorkflowExecutionCompleted {
            result,
            workflow_task_completed_event_id,
            new_execution_run_id,
        } => workflow::completed(
            result.as_ref(),
            *workflow_task_completed_event_id,
            *new_execution_run_id,
        ),
        Attributes::WorkflowExecutionFailed {
            failure,
            retry_state,
            workflow_task_completed_event_id,
            new_execution_run_id,
        } => workflow::failed(
            failure,
            *retry_state,
            *workflow_task_completed_event_id,
            *new_execution_run_id,
        ),
        Attributes::WorkflowExecutionTimedOut { retry_state, new_execution_run_id } => {
            workflow::timed_out(*retry_state, *new_execution_run_id)
        }
        Attributes::WorkflowExecutionCanceled { details, workflow_task_completed_event_id } => {
            workflow::canceled(details.as_ref(), *workflow_task_completed_event_id)
        }
        Attributes::WorkflowExecutionTerminated { reason, details, identity } => {
            workflow::terminated(reason, details.as_ref(), identity)
        }
        Attributes::WorkflowExecutionContinuedAsNew(of) => workflow::continued_as_new(of),
        Attributes::WorkflowExecutionCancelRequested { cause, identity, external } => {
            workflow::cancel_requested(cause, identity, external.as_deref())
        }
        Attributes::WorkflowExecutionSignaled(of) => workflow::signaled(of),

        Attributes::WorkflowExecutionUpdateAdmitted { request, origin } => {
            update::admitted(request, *origin)
        }
        Attributes::WorkflowExecutionUpdateAccepted(of) => update::accepted(of),
        Attributes::WorkflowExecutionUpdateCompleted { meta, outcome, accepted_event_id } => {
            update::completed(meta, outcome, *accepted_event_id)
        }

        Attributes::WorkflowTaskScheduled { task_queue, start_to_close_timeout, attempt } => {
            workflow_task::scheduled(task_queue, *start_to_close_timeout, *attempt)
        }
        Attributes::WorkflowTaskStarted { scheduled_event_id, identity, origin } => {
            workflow_task::started(event, *scheduled_event_id, identity, *origin, context)
        }
        Attributes::WorkflowTaskCompleted {
            scheduled_event_id,
            started_event_id,
            identity,
            extras,
        } => workflow_task::completed(
            *scheduled_event_id,
            *started_event_id,
            identity,
            extras.as_deref(),
        ),
        Attributes::WorkflowTaskTimedOut { scheduled_event_id, started_event_id, timeout_type } => {
            workflow_task::timed_out(*scheduled_event_id, *started_event_id, *timeout_type)
        }
        Attributes::WorkflowTaskFailed(of) => workflow_task::failed(of),

        Attributes::ActivityTaskScheduled(of) => activity::scheduled(of),
        Attributes::ActivityTaskStarted {
            scheduled_event_id,
            identity,
            attempt,
            last_failure,
            polled,
        } => {
            let start = if *polled { Start::Polled } else { Start::MadeUp };
            let last_failure = last_failure.as_ref();
            let id = *scheduled_event_id;
            activity::started(event, id, identity, *attempt, last_failure, (start, context))
        }
        Attributes::ActivityTaskCompleted {
            result,
            scheduled_event_id,
            started_event_id,
            identity,
        } => activity::completed(result.as_ref(), *scheduled_event_id, *started_event_id, identity),
        Attributes::ActivityTaskFailed {
            failure,
            scheduled_event_id,
            started_event_id,
            identity,
            retry_state,
        } => activity::failed(
            failure,
            *scheduled_event_id,
            *started_event_id,
            identity,
            *retry_state,
        ),
        Attributes::ActivityTaskTimedOut {
            failure,
            scheduled_event_id,
            started_event_id,
            retry_state,
        } => activity::timed_out(failure, *scheduled_event_id, *started_event_id, *retry_state),
        Attributes::ActivityTaskCancelRequested {
            scheduled_event_id,
            workflow_task_completed_event_id,
        } => activity::cancel_requested(*scheduled_event_id, *workflow_task_completed_event_id),
        Attributes::ActivityTaskCanceled {
            details,
            latest_cancel_requested_event_id,
            scheduled_event_id,
            started_event_id,
            identity,
        } => activity::canceled(
            details.as_ref(),
            *latest_cancel_requested_event_id,
            *scheduled_event_id,
            *started_event_id,
            identity,
        ),

        Attributes::TimerStarted {
            timer_id,
            start_to_fire_timeout,
            workflow_task_completed_event_id,
        } => timer::started(timer_id, *start_to_fire_timeout, *workflow_task_completed_event_id),
        Attributes::TimerFired { timer_id, started_event_id } => {
            timer::fired(timer_id, *started_event_id)
        }
        Attributes::TimerCanceled {
            timer_id,
            started_event_id,
            workflow_task_completed_event_id,
            identity,
        } => timer::canceled(
            timer_id,
            *started_event_id,
            *workflow_task_completed_event_id,
            identity,
        ),

        Attributes::MarkerRecorded { command, workflow_task_completed_event_id } => {
            marker::marker(command, *workflow_task_completed_event_id)
        }
        Attributes::UpsertWorkflowSearchAttributes {
            command,
            workflow_task_completed_event_id,
        } => marker::search_attributes(command, *workflow_task_completed_event_id),
        Attributes::WorkflowPropertiesModified { command, workflow_task_completed_event_id } => {
            marker::properties(command, *workflow_task_completed_event_id)
        }

        Attributes::RequestCancelExternalWorkflowExecutionInitiated {
            command,
            workflow_task_completed_event_id,
        } => external::cancel_initiated(command, *workflow_task_completed_event_id),
        Attributes::RequestCancelExternalWorkflowExecutionFailed {
            command,
            cause,
            initiated_event_id,
        } => external::cancel_failed(command, *cause, *initiated_event_id),
        Attributes::ExternalWorkflowExecutionCancelRequested { command, initiated_event_id } => {
            external::cancel_requested(command, *initiated_event_id)
        }
        Attributes::SignalExternalWorkflowExecutionInitiated {
            command,
            workflow_task_completed_event_id,
        } => external::signal_initiated(command, *workflow_task_completed_event_id),
        Attributes::SignalExternalWorkflowExecutionFailed {
            command,
            cause,
            initiated_event_id,
        } => external::signal_failed(command, *cause, *initiated_event_id),
        Attributes::ExternalWorkflowExecutionSignaled { command, initiated_event_id } => {
            external::signaled(command, *initiated_event_id)
        }

        Attributes::StartChildWorkflowExecutionInitiated(child) => child::start_initiated(child),
        Attributes::StartChildWorkflowExecutionFailed { child, initiated_event_id } => {
            child::start_failed(child, *initiated_event_id)
        }
        Attributes::ChildWorkflowExecutionStarted { child, run_id, initiated_event_id } => {
            child::started(child, *run_id, *initiated_event_id)
        }
        Attributes::ChildWorkflowExecutionClosed {
            child,
            run_id,
            initiated_event_id,
            started_event_id,
            close,
        } => child::closed(child, *run_id, *initiated_event_id, *started_event_id, close),
    }
}
