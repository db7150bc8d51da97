//! Events of user timers.

use std::time::Duration;

use super::read::Problem;
use super::values::{duration, read_duration, read_id};
use crate::history::event::Attributes;
use crate::history::ids::{EventId, Name};
use crate::official::history::history_event::Attributes as Official;
use crate::official::history::{
    TimerCanceledEventAttributes, TimerFiredEventAttributes, TimerStartedEventAttributes,
};

pub(super) fn started(
    timer_id: &Name,
    start_to_fire_timeout: Duration,
    workflow_task_completed_event_id: EventId,
) -> Official {
    Official::TimerStartedEventAttributes(TimerStartedEventAttributes {
        timer_id: timer_id.to_string(),
        start_to_fire_timeout: duration(start_to_fire_timeout),
        workflow_task_completed_event_id: workflow_task_completed_event_id.into(),
    })
}

pub(super) fn read_started(of: &TimerStartedEventAttributes) -> Result<Attributes, Problem> {
    Ok(Attributes::TimerStarted {
        timer_id: of.timer_id.as_str().into(),
        start_to_fire_timeout: read_duration(
            "startToFireTimeout",
            of.start_to_fire_timeout.as_ref(),
        )?,
        workflow_task_completed_event_id: read_id(
            "workflowTaskCompletedEventId",
            of.workflow_task_completed_event_id,
        )?,
    })
}

pub(super) fn fired(timer_id: &Name, started_event_id: EventId) -> Official {
    Official::TimerFiredEventAttributes(TimerFiredEventAttributes {
        timer_id: timer_id.to_string(),
        started_event_id: started_event_id.into(),
    })
}

pub(super) fn read_fired(of: &TimerFiredEventAttributes) -> Result<Attributes, Problem> {
    Ok(Attributes::TimerFired {
        timer_id: of.timer_id.as_str().into(),
        started_event_id: read_id("startedEventId", of.started_event_id)?,
    })
}

pub(super) fn canceled(
    timer_id: &Name,
    started_event_id: EventId,
    workflow_task_completed_event_id: EventId,
    identity: &Name,
) -> Official {
    Official::TimerCanceledEventAttributes(TimerCanceledEventAttributes {
        timer_id: timer_id.to_string(),
        started_event_id: started_event_id.into(),
        workflow_task_completed_event_id: workflow_task_completed_event_id.into(),
        identity: identity.to_string(),
    })
}

pub(super) fn read_canceled(of: &TimerCanceledEventAttributes) -> Result<Attributes, Problem> {
    Ok(Attributes::TimerCanceled {
        timer_id: of.timer_id.as_str().into(),
        started_event_id: read_id("startedEventId", of.started_event_id)?,
        workflow_task_completed_event_id: read_id(
            "workflowTaskCompletedEventId",
            of.workflow_task_completed_event_id,
        )?,
        identity: of.identity.as_str().into(),
    })
}
