//! The commands of a completed workflow task.

use crate::api::{Command, RpcError};
use crate::history::Shared;
use crate::official::command::{self as official, command::Attributes};

/// One command. What counts is the attributes; the type beside them only says which they are.
pub(super) fn command(sent: official::Command) -> Result<Command, RpcError> {
    let type_name = sent.command_type().as_str_name();
    let Some(attributes) = sent.attributes else {
        return Err(RpcError::unimplemented(format_args!(
            "a command of type {type_name} without attributes"
        )));
    };
    Ok(match attributes {
        Attributes::ScheduleActivityTaskCommandAttributes(attributes) => {
            Command::ScheduleActivityTask(Shared::new(attributes))
        }
        Attributes::RequestCancelActivityTaskCommandAttributes(attributes) => {
            Command::RequestCancelActivityTask { scheduled_event_id: attributes.scheduled_event_id }
        }
        Attributes::StartTimerCommandAttributes(attributes) => {
            Command::StartTimer(Shared::new(attributes))
        }
        Attributes::CancelTimerCommandAttributes(attributes) => {
            Command::CancelTimer(Shared::new(attributes))
        }
        Attributes::CompleteWorkflowExecutionCommandAttributes(attributes) => {
            Command::CompleteWorkflowExecution(Shared::new(attributes))
        }
        Attributes::FailWorkflowExecutionCommandAttributes(attributes) => {
            Command::FailWorkflowExecution(Shared::new(attributes))
        }
        Attributes::CancelWorkflowExecutionCommandAttributes(attributes) => {
            Command::CancelWorkflowExecution(Shared::new(attributes))
        }
        Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(attributes) => {
            Command::ContinueAsNewWorkflowExecution(Shared::new(attributes))
        }
        Attributes::StartChildWorkflowExecutionCommandAttributes(attributes) => {
            Command::StartChildWorkflowExecution(Shared::new(attributes))
        }
        Attributes::RequestCancelExternalWorkflowExecutionCommandAttributes(attributes) => {
            Command::RequestCancelExternalWorkflowExecution(Shared::new(attributes))
        }
        Attributes::SignalExternalWorkflowExecutionCommandAttributes(attributes) => {
            Command::SignalExternalWorkflowExecution(Shared::new(attributes))
        }
        Attributes::RecordMarkerCommandAttributes(attributes) => {
            Command::RecordMarker(Shared::new(attributes))
        }
        Attributes::UpsertWorkflowSearchAttributesCommandAttributes(attributes) => {
            Command::UpsertWorkflowSearchAttributes(Shared::new(attributes))
        }
        Attributes::ModifyWorkflowPropertiesCommandAttributes(attributes) => {
            Command::ModifyWorkflowProperties(Shared::new(attributes))
        }
        Attributes::ProtocolMessageCommandAttributes(attributes) => {
            Command::ProtocolMessage { message_id: attributes.message_id.into() }
        }
        Attributes::ScheduleNexusOperationCommandAttributes(_)
        | Attributes::RequestCancelNexusOperationCommandAttributes(_) => {
            return Err(RpcError::unimplemented(format_args!("commands of type {type_name}")));
        }
    })
}
