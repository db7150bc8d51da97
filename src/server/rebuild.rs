//! A run's state, rebuilt from the events that a reset keeps (B14, B15).

use std::sync::Arc;

use super::activity::Activity;
use super::child::{Child, ChildState};
use super::external::{ExternalCancel, ExternalSignal};
use super::key::RunIndex;
use super::run::{Run, expiration};
use super::timer::UserTimer;
use super::{memo, reset_points};
use crate::clock::Time;
use crate::history::{Attributes, Event, EventId, History, RunId};

/// The run that a reset makes from what it keeps of `base`: without a workflow task, and with
/// everything pending that was pending at the point.
pub(super) fn rebuild(base: &Run, kept: History, index: RunIndex, run_id: RunId, now: Time) -> Run {
    let started = Arc::clone(&base.started);
    let mut run = Run::new(index, run_id, now, started, base.start_request_id.clone());
    #[cfg(test)]
    {
        run.mutation = base.mutation;
    }
    // No backoff is applied again (B24), and the timeouts begin anew (B15).
    run.first_workflow_task_at = None;
    run.had_workflow_task = true;
    run.original_start_time = base.original_start_time;
    run.last_reset_time = Some(now);
    // The requests of signals are forgotten: a repeated one counts in the new run (observed).
    run.last_kept_event_id = kept.last().map(|event| event.id);
    let execution_timeout = run.started.workflow_execution_timeout;
    run.chain_expires_at = (!execution_timeout.is_zero()).then(|| now + execution_timeout);
    run.expires_at = expiration(now, std::time::Duration::ZERO, &run.started, run.chain_expires_at);
    for event in kept.events() {
        apply(&mut run, event, now);
    }
    run.history = kept;
    run
}

/// What an event of the kept history means for what is pending.
fn apply(run: &mut Run, event: &Event, now: Time) {
    match &event.attributes {
        Attributes::WorkflowTaskCompleted { started_event_id, extras, .. } => {
            run.previous_started_event_id = Some(*started_event_id);
            // As points of the new run (B23).
            reset_points::record(run, event.time, event.id, extras.as_deref());
        }
        Attributes::WorkflowExecutionCancelRequested { .. } => run.cancel_requested = true,
        Attributes::WorkflowPropertiesModified { command, .. } => memo::upsert(run, command),
        Attributes::WorkflowExecutionUpdateAdmitted { .. }
        | Attributes::WorkflowExecutionUpdateAccepted(_)
        | Attributes::WorkflowExecutionUpdateCompleted { .. } => {
            run.updates.apply(event.id, &event.attributes);
        }
        Attributes::ActivityTaskScheduled(scheduled) => {
            let mut activity = Activity::new(run, event.id, Arc::clone(scheduled), event.time);
            activity.attempt_scheduled_time = now;
            activity.schedule_timeouts_lost = true;
            run.activities.push(activity);
        }
        Attributes::ActivityTaskCancelRequested { scheduled_event_id, .. } => {
            if let Some(at) = run.activity_index(*scheduled_event_id) {
                run.activities[at].cancel_requested = Some(event.id);
            }
        }
        Attributes::ActivityTaskCompleted { scheduled_event_id, .. }
        | Attributes::ActivityTaskFailed { scheduled_event_id, .. }
        | Attributes::ActivityTaskTimedOut { scheduled_event_id, .. }
        | Attributes::ActivityTaskCanceled { scheduled_event_id, .. } => {
            run.activities.retain(|activity| activity.scheduled_event_id != *scheduled_event_id);
        }
        Attributes::TimerStarted { timer_id, start_to_fire_timeout, .. } => {
            run.timers.push(UserTimer {
                timer_id: timer_id.clone(),
                started_event_id: event.id,
                deadline: event.time + *start_to_fire_timeout,
            });
        }
        Attributes::TimerFired { started_event_id, .. }
        | Attributes::TimerCanceled { started_event_id, .. } => {
            run.timers.retain(|timer| timer.started_event_id != *started_event_id);
        }
        Attributes::StartChildWorkflowExecutionInitiated(initiated) => {
            run.children.push(Child {
                initiated_event_id: event.id,
                initiated: Arc::clone(initiated),
                state: ChildState::Initiated,
            });
        }
        Attributes::ChildWorkflowExecutionStarted { run_id, initiated_event_id, .. } => {
            if let Some(at) = run.child_index(*initiated_event_id) {
                run.children[at].state = ChildState::Started(*run_id, event.id);
            }
        }
        Attributes::StartChildWorkflowExecutionFailed { initiated_event_id, .. }
        | Attributes::ChildWorkflowExecutionClosed { initiated_event_id, .. } => {
            forget_child(run, *initiated_event_id);
        }
        Attributes::RequestCancelExternalWorkflowExecutionInitiated { command, .. } => {
            run.external_cancels
                .push(ExternalCancel { initiated_event_id: event.id, command: command.clone() });
        }
        Attributes::RequestCancelExternalWorkflowExecutionFailed { initiated_event_id, .. }
        | Attributes::ExternalWorkflowExecutionCancelRequested { initiated_event_id, .. } => {
            let done = *initiated_event_id;
            run.external_cancels.retain(|pending| pending.initiated_event_id != done);
        }
        Attributes::SignalExternalWorkflowExecutionInitiated { command, .. } => {
            run.external_signals
                .push(ExternalSignal { initiated_event_id: event.id, command: command.clone() });
        }
        Attributes::SignalExternalWorkflowExecutionFailed { initiated_event_id, .. }
        | Attributes::ExternalWorkflowExecutionSignaled { initiated_event_id, .. } => {
            let done = *initiated_event_id;
            run.external_signals.retain(|pending| pending.initiated_event_id != done);
        }
        _ => {}
    }
}

/// The child that this event initiated is no longer pending.
fn forget_child(run: &mut Run, initiated: EventId) {
    run.children.retain(|child| child.initiated_event_id != initiated);
}
