//! Events of activities.

#![allow(deprecated)] // the server still writes fields that are retired

use std::sync::Arc;

use super::Context;
use super::failure::{failure, read_failure};
use super::read::Problem;
use super::retry::{read_retry_policy, read_retry_state, retry_policy, retry_state};
use super::values::{
    activity_type, count, duration, normal_queue, optional_id, read_count, read_duration, read_id,
    read_optional_id, share, unshare,
};
use crate::history::event::{ActivityTaskScheduled, Attributes, Event, RetryState};
use crate::history::failure::{ActivityTimeouts, Failure, Payloads};
use crate::history::ids::{EventId, Name};
use crate::history::shared::Shared;
use crate::official::command::ScheduleActivityTaskCommandAttributes;
use crate::official::history::history_event::Attributes as Official;
use crate::official::history::{
    ActivityTaskCancelRequestedEventAttributes, ActivityTaskCanceledEventAttributes,
    ActivityTaskCompletedEventAttributes, ActivityTaskFailedEventAttributes,
    ActivityTaskScheduledEventAttributes, ActivityTaskStartedEventAttributes,
    ActivityTaskTimedOutEventAttributes,
};

pub(super) fn scheduled(of: &ActivityTaskScheduled) -> Official {
    let command = &of.command;
    let type_name = command.activity_type.as_ref().map_or("", |of| of.name.as_str());
    let queue = command.task_queue.as_ref().map_or("", |queue| queue.name.as_str());
    Official::ActivityTaskScheduledEventAttributes(ActivityTaskScheduledEventAttributes {
        activity_id: command.activity_id.clone(),
        activity_type: activity_type(type_name),
        task_queue: normal_queue(queue),
        header: command.header.clone(),
        input: command.input.clone(),
        schedule_to_close_timeout: duration(of.timeouts.schedule_to_close),
        schedule_to_start_timeout: duration(of.timeouts.schedule_to_start),
        start_to_close_timeout: duration(of.timeouts.start_to_close),
        heartbeat_timeout: duration(of.timeouts.heartbeat),
        workflow_task_completed_event_id: of.workflow_task_completed_event_id.into(),
        retry_policy: Some(retry_policy(&of.retry_policy)),
        use_workflow_build_id: command.use_workflow_build_id,
        priority: command.priority.clone(),
    })
}

pub(super) fn read_scheduled(
    of: &ActivityTaskScheduledEventAttributes,
) -> Result<Attributes, Problem> {
    let policy = of.retry_policy.clone().unwrap_or_default();
    let schedule_to_close = of.schedule_to_close_timeout.as_ref();
    let schedule_to_start = of.schedule_to_start_timeout.as_ref();
    let start_to_close = of.start_to_close_timeout.as_ref();
    let heartbeat = of.heartbeat_timeout.as_ref();
    Ok(Attributes::ActivityTaskScheduled(Arc::new(ActivityTaskScheduled {
        timeouts: ActivityTimeouts {
            schedule_to_close: read_duration("scheduleToCloseTimeout", schedule_to_close)?,
            schedule_to_start: read_duration("scheduleToStartTimeout", schedule_to_start)?,
            start_to_close: read_duration("startToCloseTimeout", start_to_close)?,
            heartbeat: read_duration("heartbeatTimeout", heartbeat)?,
        },
        retry_policy: read_retry_policy(&policy)?,
        workflow_task_completed_event_id: read_task(of.workflow_task_completed_event_id)?,
        command: Shared::new(ScheduleActivityTaskCommandAttributes {
            activity_id: of.activity_id.clone(),
            activity_type: of.activity_type.clone(),
            task_queue: of.task_queue.clone(),
            header: of.header.clone(),
            input: of.input.clone(),
            schedule_to_close_timeout: schedule_to_close.copied(),
            schedule_to_start_timeout: schedule_to_start.copied(),
            start_to_close_timeout: start_to_close.copied(),
            heartbeat_timeout: heartbeat.copied(),
            retry_policy: of.retry_policy.clone(),
            request_eager_execution: false,
            use_workflow_build_id: of.use_workflow_build_id,
            priority: of.priority.clone(),
        }),
    })))
}

/// How a start came about, which decides whether it has a request id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    Polled,
    MadeUp,
}

pub(super) fn started(
    event: &Event,
    scheduled_event_id: EventId,
    identity: &Name,
    attempt: u32,
    last_failure: Option<&Failure>,
    (start, context): (Start, Context),
) -> Official {
    Official::ActivityTaskStartedEventAttributes(ActivityTaskStartedEventAttributes {
        scheduled_event_id: scheduled_event_id.into(),
        identity: identity.to_string(),
        request_id: match start {
            Start::Polled => context.request_id(event),
            Start::MadeUp => String::new(),
        },
        attempt: count(attempt),
        last_failure: last_failure.map(failure),
        ..ActivityTaskStartedEventAttributes::default()
    })
}

pub(super) fn read_started(of: &ActivityTaskStartedEventAttributes) -> Result<Attributes, Problem> {
    Ok(Attributes::ActivityTaskStarted {
        scheduled_event_id: read_scheduled_id(of.scheduled_event_id)?,
        identity: of.identity.as_str().into(),
        attempt: read_count("attempt", of.attempt)?,
        last_failure: of.last_failure.as_ref().map(read_failure),
        polled: !of.request_id.is_empty(),
    })
}

pub(super) fn completed(
    result: Option<&Payloads>,
    scheduled_event_id: EventId,
    started_event_id: Option<EventId>,
    identity: &Name,
) -> Official {
    Official::ActivityTaskCompletedEventAttributes(ActivityTaskCompletedEventAttributes {
        result: unshare(result),
        scheduled_event_id: scheduled_event_id.into(),
        started_event_id: optional_id(started_event_id),
        identity: identity.to_string(),
        ..ActivityTaskCompletedEventAttributes::default()
    })
}

pub(super) fn read_completed(
    of: &ActivityTaskCompletedEventAttributes,
) -> Result<Attributes, Problem> {
    Ok(Attributes::ActivityTaskCompleted {
        result: share(of.result.as_ref()),
        scheduled_event_id: read_scheduled_id(of.scheduled_event_id)?,
        started_event_id: read_optional_id("startedEventId", of.started_event_id)?,
        identity: of.identity.as_str().into(),
    })
}

pub(super) fn failed(
    of: &Failure,
    scheduled_event_id: EventId,
    started_event_id: Option<EventId>,
    identity: &Name,
    state: RetryState,
) -> Official {
    Official::ActivityTaskFailedEventAttributes(ActivityTaskFailedEventAttributes {
        failure: Some(failure(of)),
        scheduled_event_id: scheduled_event_id.into(),
        started_event_id: optional_id(started_event_id),
        identity: identity.to_string(),
        retry_state: retry_state(state),
        ..ActivityTaskFailedEventAttributes::default()
    })
}

pub(super) fn read_failed(of: &ActivityTaskFailedEventAttributes) -> Result<Attributes, Problem> {
    Ok(Attributes::ActivityTaskFailed {
        failure: of.failure.as_ref().map(read_failure).ok_or(Problem::Missing("failure"))?,
        scheduled_event_id: read_scheduled_id(of.scheduled_event_id)?,
        started_event_id: read_optional_id("startedEventId", of.started_event_id)?,
        identity: of.identity.as_str().into(),
        retry_state: read_retry_state(of.retry_state)?,
    })
}

pub(super) fn timed_out(
    of: &Failure,
    scheduled_event_id: EventId,
    started_event_id: Option<EventId>,
    state: RetryState,
) -> Official {
    Official::ActivityTaskTimedOutEventAttributes(ActivityTaskTimedOutEventAttributes {
        failure: Some(failure(of)),
        scheduled_event_id: scheduled_event_id.into(),
        started_event_id: optional_id(started_event_id),
        retry_state: retry_state(state),
    })
}

pub(super) fn read_timed_out(
    of: &ActivityTaskTimedOutEventAttributes,
) -> Result<Attributes, Problem> {
    Ok(Attributes::ActivityTaskTimedOut {
        failure: of.failure.as_ref().map(read_failure).ok_or(Problem::Missing("failure"))?,
        scheduled_event_id: read_scheduled_id(of.scheduled_event_id)?,
        started_event_id: read_optional_id("startedEventId", of.started_event_id)?,
        retry_state: read_retry_state(of.retry_state)?,
    })
}

pub(super) fn cancel_requested(
    scheduled_event_id: EventId,
    workflow_task_completed_event_id: EventId,
) -> Official {
    Official::ActivityTaskCancelRequestedEventAttributes(
        ActivityTaskCancelRequestedEventAttributes {
            scheduled_event_id: scheduled_event_id.into(),
            workflow_task_completed_event_id: workflow_task_completed_event_id.into(),
        },
    )
}

pub(super) fn read_cancel_requested(
    of: &ActivityTaskCancelRequestedEventAttributes,
) -> Result<Attributes, Problem> {
    Ok(Attributes::ActivityTaskCancelRequested {
        scheduled_event_id: read_scheduled_id(of.scheduled_event_id)?,
        workflow_task_completed_event_id: read_task(of.workflow_task_completed_event_id)?,
    })
}

pub(super) fn canceled(
    details: Option<&Payloads>,
    latest_cancel_requested_event_id: EventId,
    scheduled_event_id: EventId,
    started_event_id: Option<EventId>,
    identity: &Name,
) -> Official {
    Official::ActivityTaskCanceledEventAttributes(ActivityTaskCanceledEventAttributes {
        details: unshare(details),
        latest_cancel_requested_event_id: latest_cancel_requested_event_id.into(),
        scheduled_event_id: scheduled_event_id.into(),
        started_event_id: optional_id(started_event_id),
        identity: identity.to_string(),
        ..ActivityTaskCanceledEventAttributes::default()
    })
}

pub(super) fn read_canceled(
    of: &ActivityTaskCanceledEventAttributes,
) -> Result<Attributes, Problem> {
    Ok(Attributes::ActivityTaskCanceled {
        details: share(of.details.as_ref()),
        latest_cancel_requested_event_id: read_id(
            "latestCancelRequestedEventId",
            of.latest_cancel_requested_event_id,
        )?,
        scheduled_event_id: read_scheduled_id(of.scheduled_event_id)?,
        started_event_id: read_optional_id("startedEventId", of.started_event_id)?,
        identity: of.identity.as_str().into(),
    })
}

fn read_scheduled_id(sent: i64) -> Result<EventId, Problem> {
    read_id("scheduledEventId", sent)
}

fn read_task(sent: i64) -> Result<EventId, Problem> {
    read_id("workflowTaskCompletedEventId", sent)
}
