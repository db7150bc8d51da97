//! Lines of activities.

use super::execution::{retry_policy_texts, retry_state_text};
use super::failure::failure_text;
use super::line::Line;
use super::names::Scene;
use super::payload::payloads_text;
use super::words::{short, word};
use crate::history::event::{ActivityTaskScheduled, Attributes, Event};
use crate::history::ids::EventId;
use crate::official::well_known;

pub(super) fn describe(event: &Event, scene: &Scene<'_>) -> Line {
    let about = |scheduled: EventId| match scene.activity(scheduled) {
        Some(activity) => about_activity(activity),
        None => Line::new(),
    };
    match &event.attributes {
        Attributes::ActivityTaskScheduled(of) => scheduled(of, scene),
        Attributes::ActivityTaskStarted {
            scheduled_event_id,
            identity,
            attempt,
            last_failure,
            polled,
        } => about(*scheduled_event_id)
            .attempt(*attempt)
            .items(last_failure.as_ref().map(|of| format!("after {}", failure_text(of))))
            .items((!polled).then(|| "not polled, completed by id".to_owned()))
            .by(identity)
            .link("scheduled", Some(*scheduled_event_id)),
        Attributes::ActivityTaskCompleted {
            result,
            scheduled_event_id,
            started_event_id,
            identity,
        } => about(*scheduled_event_id)
            .payloads("result", result.as_ref())
            .by(identity)
            .link("scheduled", Some(*scheduled_event_id))
            .link_if_any("started", *started_event_id),
        Attributes::ActivityTaskFailed {
            failure,
            scheduled_event_id,
            started_event_id,
            identity,
            retry_state,
        } => about(*scheduled_event_id)
            .failure(failure)
            .items(retry_state_text(*retry_state))
            .by(identity)
            .link("scheduled", Some(*scheduled_event_id))
            .link_if_any("started", *started_event_id),
        Attributes::ActivityTaskTimedOut {
            failure,
            scheduled_event_id,
            started_event_id,
            retry_state,
        } => about(*scheduled_event_id)
            .failure(failure)
            .items(retry_state_text(*retry_state))
            .link("scheduled", Some(*scheduled_event_id))
            .link_if_any("started", *started_event_id),
        Attributes::ActivityTaskCancelRequested { scheduled_event_id, .. } => {
            about(*scheduled_event_id).link("scheduled", Some(*scheduled_event_id))
        }
        Attributes::ActivityTaskCanceled {
            details,
            latest_cancel_requested_event_id,
            scheduled_event_id,
            started_event_id,
            identity,
        } => about(*scheduled_event_id)
            .payloads("details", details.as_ref())
            .by(identity)
            .link("scheduled", Some(*scheduled_event_id))
            .link_if_any("started", *started_event_id)
            .link("requested", Some(*latest_cancel_requested_event_id)),
        _ => Line::new(),
    }
}

/// An activity by its id and type.
fn about_activity(of: &ActivityTaskScheduled) -> Line {
    let of_type = of.command.activity_type.as_ref().map_or("", |of| of.name.as_str());
    Line::about_a("activity", &of.command.activity_id).item(word(of_type))
}

fn scheduled(of: &ActivityTaskScheduled, scene: &Scene<'_>) -> Line {
    let command = &of.command;
    let queue = command.task_queue.as_ref().map_or("", |queue| queue.name.as_str());
    let input = command.input.as_ref().filter(|input| !input.payloads.is_empty());
    // Those that the workflow asked for, with what the server made of them (R49).
    let timeouts = [
        ("schedule-to-close", &command.schedule_to_close_timeout, of.timeouts.schedule_to_close),
        ("schedule-to-start", &command.schedule_to_start_timeout, of.timeouts.schedule_to_start),
        ("start-to-close", &command.start_to_close_timeout, of.timeouts.start_to_close),
        ("heartbeat", &command.heartbeat_timeout, of.timeouts.heartbeat),
    ];
    let asked_for = |sent: Option<well_known::Duration>| {
        sent.is_some_and(|sent| sent.seconds != 0 || sent.nanos != 0)
    };
    let timeouts = timeouts
        .into_iter()
        .filter(|(_, sent, _)| asked_for(**sent))
        .map(|(name, _, timeout)| format!("{name} {}", short(timeout)));
    about_activity(of)
        .items(input.map(|input| format!("input {}", payloads_text(input))))
        .named("queue", scene.other_queue(queue))
        .items(timeouts)
        .items(retry_policy_texts(&of.retry_policy))
}
