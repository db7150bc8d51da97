//! Lines of what a workflow asks of other executions.

use super::line::Line;
use super::names::Scene;
use super::payload::payloads_text;
use super::words::{plain, word};
use crate::history::event::{Attributes, Event, ExternalFailedCause};
use crate::official::command::{
    RequestCancelExternalWorkflowExecutionCommandAttributes as Cancel,
    SignalExternalWorkflowExecutionCommandAttributes as Signal,
};

pub(super) fn describe(event: &Event, scene: &Scene<'_>) -> Line {
    match &event.attributes {
        Attributes::RequestCancelExternalWorkflowExecutionInitiated { command, .. } => {
            cancel(command, scene)
                .items(command.child_workflow_only.then(|| "child only".to_owned()))
                .said("reason", &command.reason)
        }
        Attributes::RequestCancelExternalWorkflowExecutionFailed {
            command,
            cause,
            initiated_event_id,
        } => cancel(command, scene)
            .item(cause_text(*cause))
            .link("initiated", Some(*initiated_event_id)),
        Attributes::ExternalWorkflowExecutionCancelRequested { command, initiated_event_id } => {
            cancel(command, scene).link("initiated", Some(*initiated_event_id))
        }
        Attributes::SignalExternalWorkflowExecutionInitiated { command, .. } => {
            let input = command.input.as_ref().filter(|input| !input.payloads.is_empty());
            signal(command, scene)
                .items(input.map(|input| format!("input {}", payloads_text(input))))
                .items(command.child_workflow_only.then(|| "child only".to_owned()))
        }
        Attributes::SignalExternalWorkflowExecutionFailed {
            command,
            cause,
            initiated_event_id,
        } => signal(command, scene)
            .item(cause_text(*cause))
            .link("initiated", Some(*initiated_event_id)),
        Attributes::ExternalWorkflowExecutionSignaled { command, initiated_event_id } => {
            signal(command, scene).link("initiated", Some(*initiated_event_id))
        }
        _ => Line::new(),
    }
}

fn cancel(command: &Cancel, scene: &Scene<'_>) -> Line {
    Line::about_a("workflow", &command.workflow_id).items(run_text(&command.run_id, scene))
}

fn signal(command: &Signal, scene: &Scene<'_>) -> Line {
    let target = command.execution.clone().unwrap_or_default();
    Line::about_a("workflow", &target.workflow_id)
        .items(run_text(&target.run_id, scene))
        .item(format!("signal {}", word(&command.signal_name)))
}

/// The run that the workflow named, if it named one.
fn run_text(run_id: &str, scene: &Scene<'_>) -> Option<String> {
    if run_id.is_empty() {
        return None;
    }
    Some(match run_id.parse() {
        Ok(id) => scene.run_number(id),
        Err(_) => format!("run {}", plain(run_id)),
    })
}

fn cause_text(cause: ExternalFailedCause) -> &'static str {
    match cause {
        ExternalFailedCause::ExternalWorkflowExecutionNotFound => {
            "EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND"
        }
        ExternalFailedCause::NamespaceNotFound => "NAMESPACE_NOT_FOUND",
        ExternalFailedCause::SignalCountLimitExceeded => "SIGNAL_COUNT_LIMIT_EXCEEDED",
    }
}
