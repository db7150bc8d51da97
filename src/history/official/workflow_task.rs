//! Events of workflow tasks.

#![allow(deprecated)] // the server still writes fields that are retired

use std::sync::Arc;
use std::time::Duration;

use super::Context;
use super::failure::{failure, read_failure};
use super::read::Problem;
use super::values::{
    count, duration, normal_queue, number, optional_id, optional_run_id, read_count, read_duration,
    read_id, read_number, read_optional_id, read_optional_run_id, share, unshare,
};
use crate::history::event::{
    Attributes, Event, StartOrigin, WorkflowTaskCompletedExtras, WorkflowTaskFailed,
    WorkflowTaskQueue, WorkflowTaskTimeoutType,
};
use crate::history::ids::EventId;
use crate::official::enums::{
    SuggestContinueAsNewReason, TaskQueueKind, TimeoutType, WorkflowTaskFailedCause,
};
use crate::official::history::history_event::Attributes as Official;
use crate::official::history::{
    WorkflowTaskCompletedEventAttributes, WorkflowTaskFailedEventAttributes,
    WorkflowTaskScheduledEventAttributes, WorkflowTaskStartedEventAttributes,
    WorkflowTaskTimedOutEventAttributes,
};
use crate::official::taskqueue::TaskQueue;

/// What the server puts where a poll's request id would be (A5).
const INLINE_REQUEST_ID: &str = "request-from-RespondWorkflowTaskCompleted";
/// Likewise, for the start that a reset makes up (A5).
const RESET_REQUEST_ID: &str = "emptyUuid";

/// From this many events on a worker is told to continue as new.
const SUGGEST_CONTINUE_AS_NEW_EVENTS: u32 = 4_096;
/// Likewise, from this many bytes on.
const SUGGEST_CONTINUE_AS_NEW_BYTES: u64 = 4 * 1024 * 1024;

const TIMEOUTS: [(WorkflowTaskTimeoutType, TimeoutType); 2] = [
    (WorkflowTaskTimeoutType::StartToClose, TimeoutType::StartToClose),
    (WorkflowTaskTimeoutType::ScheduleToStart, TimeoutType::ScheduleToStart),
];

pub(super) fn scheduled(
    task_queue: &WorkflowTaskQueue,
    start_to_close_timeout: Duration,
    attempt: u32,
) -> Official {
    let queue = match &task_queue.sticky {
        None => normal_queue(&task_queue.normal),
        Some(sticky) => Some(TaskQueue {
            name: sticky.to_string(),
            kind: TaskQueueKind::Sticky.into(),
            normal_name: task_queue.normal.to_string(),
        }),
    };
    Official::WorkflowTaskScheduledEventAttributes(WorkflowTaskScheduledEventAttributes {
        task_queue: queue,
        start_to_close_timeout: duration(start_to_close_timeout),
        attempt: count(attempt),
    })
}

pub(super) fn read_scheduled(
    of: &WorkflowTaskScheduledEventAttributes,
) -> Result<Attributes, Problem> {
    let queue = of.task_queue.as_ref().ok_or(Problem::Missing("taskQueue"))?;
    let name = queue.name.as_str().into();
    let task_queue = if queue.kind == i32::from(TaskQueueKind::Sticky) {
        WorkflowTaskQueue { normal: queue.normal_name.as_str().into(), sticky: Some(name) }
    } else {
        WorkflowTaskQueue { normal: name, sticky: None }
    };
    Ok(Attributes::WorkflowTaskScheduled {
        task_queue,
        start_to_close_timeout: read_duration(
            "startToCloseTimeout",
            of.start_to_close_timeout.as_ref(),
        )?,
        attempt: read_count("attempt", of.attempt)?,
    })
}

pub(super) fn started(
    event: &Event,
    scheduled_event_id: EventId,
    identity: &str,
    origin: StartOrigin,
    context: Context,
) -> Official {
    let mut reasons = Vec::new();
    if context.bytes_before >= SUGGEST_CONTINUE_AS_NEW_BYTES {
        reasons.push(SuggestContinueAsNewReason::HistorySizeTooLarge.into());
    }
    if event.id.0 >= SUGGEST_CONTINUE_AS_NEW_EVENTS {
        reasons.push(SuggestContinueAsNewReason::TooManyHistoryEvents.into());
    }
    Official::WorkflowTaskStartedEventAttributes(WorkflowTaskStartedEventAttributes {
        scheduled_event_id: scheduled_event_id.into(),
        identity: identity.to_owned(),
        request_id: match origin {
            StartOrigin::Poll => context.request_id(event),
            StartOrigin::Inline => INLINE_REQUEST_ID.to_owned(),
            StartOrigin::Reset => RESET_REQUEST_ID.to_owned(),
        },
        suggest_continue_as_new: !reasons.is_empty(),
        suggest_continue_as_new_reasons: reasons,
        history_size_bytes: i64::try_from(context.bytes_before).unwrap_or(i64::MAX),
        ..WorkflowTaskStartedEventAttributes::default()
    })
}

pub(super) fn read_started(of: &WorkflowTaskStartedEventAttributes) -> Result<Attributes, Problem> {
    Ok(Attributes::WorkflowTaskStarted {
        scheduled_event_id: read_id("scheduledEventId", of.scheduled_event_id)?,
        identity: of.identity.as_str().into(),
        origin: match of.request_id.as_str() {
            INLINE_REQUEST_ID => StartOrigin::Inline,
            RESET_REQUEST_ID => StartOrigin::Reset,
            _ => StartOrigin::Poll,
        },
    })
}

pub(super) fn completed(
    scheduled_event_id: EventId,
    started_event_id: EventId,
    identity: &str,
    extras: Option<&WorkflowTaskCompletedExtras>,
) -> Official {
    let mut official = WorkflowTaskCompletedEventAttributes {
        scheduled_event_id: scheduled_event_id.into(),
        started_event_id: started_event_id.into(),
        identity: identity.to_owned(),
        ..WorkflowTaskCompletedEventAttributes::default()
    };
    if let Some(extras) = extras {
        official.binary_checksum = extras.binary_checksum.to_string();
        official.worker_version = unshare(extras.worker_version.as_ref());
        official.sdk_metadata = unshare(extras.sdk_metadata.as_ref());
        official.metering_metadata = unshare(extras.metering_metadata.as_ref());
    }
    Official::WorkflowTaskCompletedEventAttributes(official)
}

pub(super) fn read_completed(
    of: &WorkflowTaskCompletedEventAttributes,
) -> Result<Attributes, Problem> {
    let extras = WorkflowTaskCompletedExtras {
        binary_checksum: of.binary_checksum.as_str().into(),
        worker_version: share(of.worker_version.as_ref()),
        sdk_metadata: share(of.sdk_metadata.as_ref()),
        metering_metadata: share(of.metering_metadata.as_ref()),
    };
    let any = extras != WorkflowTaskCompletedExtras::default();
    Ok(Attributes::WorkflowTaskCompleted {
        scheduled_event_id: read_id("scheduledEventId", of.scheduled_event_id)?,
        started_event_id: read_id("startedEventId", of.started_event_id)?,
        identity: of.identity.as_str().into(),
        extras: any.then(|| Arc::new(extras)),
    })
}

pub(super) fn timed_out(
    scheduled_event_id: EventId,
    started_event_id: Option<EventId>,
    timeout_type: WorkflowTaskTimeoutType,
) -> Official {
    Official::WorkflowTaskTimedOutEventAttributes(WorkflowTaskTimedOutEventAttributes {
        scheduled_event_id: scheduled_event_id.into(),
        started_event_id: optional_id(started_event_id),
        timeout_type: number(&TIMEOUTS, timeout_type),
    })
}

pub(super) fn read_timed_out(
    of: &WorkflowTaskTimedOutEventAttributes,
) -> Result<Attributes, Problem> {
    Ok(Attributes::WorkflowTaskTimedOut {
        scheduled_event_id: read_id("scheduledEventId", of.scheduled_event_id)?,
        started_event_id: read_optional_id("startedEventId", of.started_event_id)?,
        timeout_type: read_number("timeoutType", &TIMEOUTS, of.timeout_type)?,
    })
}

pub(super) fn failed(of: &WorkflowTaskFailed) -> Official {
    Official::WorkflowTaskFailedEventAttributes(WorkflowTaskFailedEventAttributes {
        scheduled_event_id: of.scheduled_event_id.into(),
        started_event_id: of.started_event_id.into(),
        cause: of.cause.into(),
        failure: of.failure.as_ref().map(failure),
        identity: of.identity.to_string(),
        base_run_id: optional_run_id(of.base_run_id),
        new_run_id: optional_run_id(of.new_run_id),
        binary_checksum: of.binary_checksum.to_string(),
        ..WorkflowTaskFailedEventAttributes::default()
    })
}

pub(super) fn read_failed(of: &WorkflowTaskFailedEventAttributes) -> Result<Attributes, Problem> {
    Ok(Attributes::WorkflowTaskFailed(Arc::new(WorkflowTaskFailed {
        scheduled_event_id: read_id("scheduledEventId", of.scheduled_event_id)?,
        started_event_id: read_id("startedEventId", of.started_event_id)?,
        cause: WorkflowTaskFailedCause::try_from(of.cause)
            .map_err(|_| Problem::Invalid("cause"))?,
        failure: of.failure.as_ref().map(read_failure),
        identity: of.identity.as_str().into(),
        base_run_id: read_optional_run_id("baseRunId", &of.base_run_id)?,
        new_run_id: read_optional_run_id("newRunId", &of.new_run_id)?,
        binary_checksum: of.binary_checksum.as_str().into(),
    })))
}
