//! A scripted worker's commands as official messages.

use super::names::Names;
use crate::api::Command;
use crate::official::command::command::Attributes;
use crate::official::command::{self as official};
use crate::official::enums::CommandType;

/// A command, with the names that things have on the real server.
pub(super) fn command(of: &Command, names: &Names) -> official::Command {
    let (command_type, attributes) = attributes(of, names);
    official::Command {
        command_type: command_type.into(),
        attributes: Some(attributes),
        ..Default::default()
    }
}

#[allow(deprecated)] // namespaces are still sent, and recorded
fn attributes(of: &Command, names: &Names) -> (CommandType, Attributes) {
    match of {
        Command::ScheduleActivityTask(of) => {
            let mut of = (**of).clone();
            of.task_queue = names.task_queue(of.task_queue);
            let attributes = Attributes::ScheduleActivityTaskCommandAttributes(of);
            (CommandType::ScheduleActivityTask, attributes)
        }
        Command::RequestCancelActivityTask { scheduled_event_id } => {
            let of = official::RequestCancelActivityTaskCommandAttributes {
                scheduled_event_id: *scheduled_event_id,
            };
            let attributes = Attributes::RequestCancelActivityTaskCommandAttributes(of);
            (CommandType::RequestCancelActivityTask, attributes)
        }
        Command::StartTimer(of) => {
            let attributes = Attributes::StartTimerCommandAttributes((**of).clone());
            (CommandType::StartTimer, attributes)
        }
        Command::CancelTimer(of) => {
            let attributes = Attributes::CancelTimerCommandAttributes((**of).clone());
            (CommandType::CancelTimer, attributes)
        }
        Command::CompleteWorkflowExecution(of) => {
            let attributes = Attributes::CompleteWorkflowExecutionCommandAttributes((**of).clone());
            (CommandType::CompleteWorkflowExecution, attributes)
        }
        Command::FailWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.failure = of.failure.map(|failure| names.failure(failure));
            let attributes = Attributes::FailWorkflowExecutionCommandAttributes(of);
            (CommandType::FailWorkflowExecution, attributes)
        }
        Command::CancelWorkflowExecution(of) => {
            let attributes = Attributes::CancelWorkflowExecutionCommandAttributes((**of).clone());
            (CommandType::CancelWorkflowExecution, attributes)
        }
        Command::ContinueAsNewWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.task_queue = names.task_queue(of.task_queue);
            let attributes = Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(of);
            (CommandType::ContinueAsNewWorkflowExecution, attributes)
        }
        Command::StartChildWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.namespace = names.namespace_named(&of.namespace);
            of.workflow_id = names.prefixed(&of.workflow_id);
            of.task_queue = names.task_queue(of.task_queue);
            let attributes = Attributes::StartChildWorkflowExecutionCommandAttributes(of);
            (CommandType::StartChildWorkflowExecution, attributes)
        }
        Command::RequestCancelExternalWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.namespace = names.namespace_named(&of.namespace);
            of.workflow_id = names.prefixed(&of.workflow_id);
            of.run_id = names.run_id(&of.run_id);
            of.reason = names.text(&of.reason);
            let attributes =
                Attributes::RequestCancelExternalWorkflowExecutionCommandAttributes(of);
            (CommandType::RequestCancelExternalWorkflowExecution, attributes)
        }
        Command::SignalExternalWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.namespace = names.namespace_named(&of.namespace);
            let target = of.execution.unwrap_or_default();
            of.execution = Some(names.execution(&target.workflow_id, &target.run_id));
            let attributes = Attributes::SignalExternalWorkflowExecutionCommandAttributes(of);
            (CommandType::SignalExternalWorkflowExecution, attributes)
        }
        Command::ProtocolMessage { message_id } => {
            let of =
                official::ProtocolMessageCommandAttributes { message_id: message_id.to_string() };
            let attributes = Attributes::ProtocolMessageCommandAttributes(of);
            (CommandType::ProtocolMessage, attributes)
        }
        Command::RecordMarker(of) => {
            let attributes = Attributes::RecordMarkerCommandAttributes((**of).clone());
            (CommandType::RecordMarker, attributes)
        }
        Command::UpsertWorkflowSearchAttributes(of) => {
            let attributes =
                Attributes::UpsertWorkflowSearchAttributesCommandAttributes((**of).clone());
            (CommandType::UpsertWorkflowSearchAttributes, attributes)
        }
        Command::ModifyWorkflowProperties(of) => {
            let attributes = Attributes::ModifyWorkflowPropertiesCommandAttributes((**of).clone());
            (CommandType::ModifyWorkflowProperties, attributes)
        }
    }
}
