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
            Attributes::ScheduleActivityTaskCommandAttributes(of)
        }
        Command::RequestCancelActivityTask { scheduled_event_id } => {
            let of = official::RequestCancelActivityTaskCommandAttributes {
                scheduled_event_id: *scheduled_event_id,
            };
            Attributes::RequestCancelActivityTaskCommandAttributes(of)
        }
        Command::StartTimer(of) => Attributes::StartTimerCommandAttributes((**of).clone()),
        Command::CancelTimer(of) => Attributes::CancelTimerCommandAttributes((**of).clone()),
        Command::CompleteWorkflowExecution(of) => {
            Attributes::CompleteWorkflowExecutionCommandAttributes((**of).clone())
        }
        Command::FailWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.failure = of.failure.map(|failure| names.failure(failure));
            Attributes::FailWorkflowExecutionCommandAttributes(of)
        }
        Command::CancelWorkflowExecution(of) => {
            Attributes::CancelWorkflowExecutionCommandAttributes((**of).clone())
        }
        Command::ContinueAsNewWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.task_queue = names.task_queue(of.task_queue);
            Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(of)
        }
        Command::StartChildWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.namespace = names.namespace_named(&of.namespace);
            of.workflow_id = names.prefixed(&of.workflow_id);
            of.task_queue = names.task_queue(of.task_queue);
            Attributes::StartChildWorkflowExecutionCommandAttributes(of)
        }
        Command::RequestCancelExternalWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.namespace = names.namespace_named(&of.namespace);
            of.workflow_id = names.prefixed(&of.workflow_id);
            of.run_id = names.run_id(&of.run_id);
            of.reason = names.text(&of.reason);
            Attributes::RequestCancelExternalWorkflowExecutionCommandAttributes(of)
        }
        Command::SignalExternalWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.namespace = names.namespace_named(&of.namespace);
            let execution = of.execution.unwrap_or_default();
            of.execution = Some(names.execution(&execution.workflow_id, &execution.run_id));
            Attributes::SignalExternalWorkflowExecutionCommandAttributes(of)
        }
        Command::ProtocolMessage { message_id } => {
            let of =
                official::ProtocolMessageCommandAttributes { message_id: message_id.to_string() };
            Attributes::ProtocolMessageCommandAttributes(of)
        }
        Command::RecordMarker(of) => Attributes::RecordMarkerCommandAttributes((**of).clone()),
        Command::UpsertWorkflowSearchAttributes(of) => {
            Attributes::UpsertWorkflowSearchAttributesCommandAttributes((**of).clone())
        }
        Command::ModifyWorkflowProperties(of) => {
            Attributes::ModifyWorkflowPropertiesCommandAttributes((**of).clone())
        }
    })
}
