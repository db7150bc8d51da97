//! Lines of workflow tasks.

use super::line::Line;
use super::names::Scene;
use crate::history::event::{Attributes, Event, StartOrigin, WorkflowTaskTimeoutType};
use crate::history::failure::Failure;

pub(super) fn describe(event: &Event, scene: &Scene<'_>) -> Line {
    let line = Line::new();
    match &event.attributes {
        Attributes::WorkflowTaskScheduled { task_queue, start_to_close_timeout, attempt } => {
            // Later attempts get more time than the run's tasks have.
            let usual = scene.started().map(|started| started.workflow_task_timeout);
            let timeout = Some(*start_to_close_timeout).filter(|timeout| Some(*timeout) != usual);
            let line = match &task_queue.sticky {
                Some(queue) => line.named("sticky queue", queue),
                None => line.named("queue", scene.other_queue(&task_queue.normal)),
            };
            line.attempt(*attempt).duration("timeout", timeout.unwrap_or_default())
        }
        Attributes::WorkflowTaskStarted { scheduled_event_id, identity, origin } => {
            let line = match origin {
                StartOrigin::Poll => line,
                StartOrigin::Inline => line.item("returned by the last completion"),
                StartOrigin::Reset => line.item("made up by the reset"),
            };
            line.by(identity).link("scheduled", Some(*scheduled_event_id))
        }
        Attributes::WorkflowTaskCompleted {
            scheduled_event_id,
            started_event_id,
            identity,
            extras,
        } => {
            let binary = extras.as_ref().map_or("", |extras| &extras.binary_checksum);
            line.by(identity)
                .named("binary", binary)
                .link("scheduled", Some(*scheduled_event_id))
                .link("started", Some(*started_event_id))
        }
        Attributes::WorkflowTaskTimedOut { scheduled_event_id, started_event_id, timeout_type } => {
            let which = match timeout_type {
                WorkflowTaskTimeoutType::StartToClose => "START_TO_CLOSE",
                WorkflowTaskTimeoutType::ScheduleToStart => "SCHEDULE_TO_START",
            };
            line.item(which)
                .link("scheduled", Some(*scheduled_event_id))
                .link_if_any("started", *started_event_id)
        }
        Attributes::WorkflowTaskFailed(of) => {
            let cause = of.cause.as_str_name();
            let cause = cause.strip_prefix("WORKFLOW_TASK_FAILED_CAUSE_").unwrap_or(cause);
            let line = line.item(cause);
            let line = match &of.failure {
                Some(Failure::Reset(reason)) => line.said("reason", reason),
                // It says no more than the cause (R33).
                Some(Failure::Server(message)) if &**message == "UnhandledCommand" => line,
                Some(failure) => line.failure(failure),
                None => line,
            };
            let runs = of.base_run_id.zip(of.new_run_id);
            line.items(
                runs.map(|(base, new)| format!("from {} to {}", scene.run(base), scene.run(new))),
            )
            .by(&of.identity)
            .named("binary", &of.binary_checksum)
            .link("scheduled", Some(of.scheduled_event_id))
            .link("started", Some(of.started_event_id))
        }
        _ => line,
    }
}
