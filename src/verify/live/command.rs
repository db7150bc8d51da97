//! A scripted worker's commands as official messages.

use super::names::Names;
use crate::api::Command;
use crate::official::command::command::Attributes;
use crate::official::command::{self as official};

/// A command, with the names that things have on the real server.
pub(super) fn command(of: &Command, names: &Names) -> official::Command {
    official::Command {
        command_type: of.command_type().into(),
        attributes: attributes(of, names),
        ..Default::default()
    }
}

#[allow(deprecated)] // namespaces are still sent, and recorded
fn attributes(of: &Command, names: &Names) -> Option<Attributes> {
    Some(match of {
        Command::WithoutAttributes(_) => return None,
        Command::ScheduleActivityTask(of) => {
            let mut of = (**of).clone();
            of.task_queue = names.task_queue(of.task_queue);
            let attributes = Attributes::ScheduleActivityTaskCommandAttributes(of);
            attributes
        }
        Command::RequestCancelActivityTask { scheduled_event_id } => {
            let of = official::RequestCancelActivityTaskCommandAttributes {
                scheduled_event_id: *scheduled_event_id,
            };
            let attributes = Attributes::RequestCancelActivityTaskCommandAttributes(of);
            attributes
        }
        Command::StartTimer(of) => {
            let attributes = Attributes::StartTimerCommandAttributes((**of).clone());
            attributes
        }
        Command::CancelTimer(of) => {
            let attributes = Attributes::CancelTimerCommandAttributes((**of).clone());
            attributes
        }
        Command::CompleteWorkflowExecution(of) => {
            let attributes = Attributes::CompleteWorkflowExecutionCommandAttributes((**of).clone());
            attributes
        }
        Command::FailWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.failure = of.failure.map(|failure| names.failure(failure));
            let attributes = Attributes::FailWorkflowExecutionCommandAttributes(of);
            attributes
        }
        Command::CancelWorkflowExecution(of) => {
            let attributes = Attributes::CancelWorkflowExecutionCommandAttributes((**of).clone());
            attributes
        }
        Command::ContinueAsNewWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.task_queue = names.task_queue(of.task_queue);
            let attributes = Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(of);
            attributes
        }
        Command::StartChildWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.namespace = names.namespace_named(&of.namespace);
            of.workflow_id = names.prefixed(&of.workflow_id);
            of.task_queue = names.task_queue(of.task_queue);
            let attributes = Attributes::StartChildWorkflowExecutionCommandAttributes(of);
            attributes
        }
        Command::RequestCancelExternalWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.namespace = names.namespace_named(&of.namespace);
            of.workflow_id = names.prefixed(&of.workflow_id);
            of.run_id = names.run_id(&of.run_id);
            of.reason = names.text(&of.reason);
            let attributes =
                Attributes::RequestCancelExternalWorkflowExecutionCommandAttributes(of);
            attributes
        }
        Command::SignalExternalWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.namespace = names.namespace_named(&of.namespace);
            let named = of.execution.unwrap_or_default();
            of.execution = Some(names.execution(&named.workflow_id, &named.run_id));
            let attributes = Attributes::SignalExternalWorkflowExecutionCommandAttributes(of);
            attributes
        }
        Command::ProtocolMessage { message_id } => {
            let of =
                official::ProtocolMessageCommandAttributes { message_id: message_id.to_string() };
            let attributes = Attributes::ProtocolMessageCommandAttributes(of);
            attributes
        }
        Command::RecordMarker(of) => {
            let attributes = Attributes::RecordMarkerCommandAttributes((**of).clone());
            attributes
        }
        Command::UpsertWorkflowSearchAttributes(of) => {
            let attributes =
                Attributes::UpsertWorkflowSearchAttributesCommandAttributes((**of).clone());
            attributes
        }
        Command::ModifyWorkflowProperties(of) => {
            let attributes = Attributes::ModifyWorkflowPropertiesCommandAttributes((**of).clone());
            attributes
        }
    })
}
