//! The commands of a completed workflow task.

use crate::api::{Code, Command, RpcError};
use crate::grpc::frontend::Incoming;
use crate::history::Shared;
use crate::official::command::{self as official, command::Attributes};
use crate::official::enums::CommandType;

/// One command. Its type says what it is; attributes of another type are as good as none.
#[allow(deprecated)] // the namespaces of other executions are retired, and still looked up
pub(super) fn command(
    incoming: &Incoming<'_>,
    sent: official::Command,
) -> Result<Command, RpcError> {
    let of_type = match CommandType::try_from(sent.command_type) {
        Ok(CommandType::Unspecified) => return Err(unknown(&"Unspecified")),
        Ok(of_type) => of_type,
        Err(_) => return Err(unknown(&sent.command_type)),
    };
    let named = |namespace: &str| {
        if namespace.is_empty() { Ok(()) } else { incoming.check_namespace(namespace) }
    };
    Ok(match (of_type, sent.attributes) {
        (
            CommandType::ScheduleActivityTask,
            Some(Attributes::ScheduleActivityTaskCommandAttributes(attributes)),
        ) => Command::ScheduleActivityTask(Shared::new(attributes)),
        (
            CommandType::RequestCancelActivityTask,
            Some(Attributes::RequestCancelActivityTaskCommandAttributes(attributes)),
        ) => {
            Command::RequestCancelActivityTask { scheduled_event_id: attributes.scheduled_event_id }
        }
        (CommandType::StartTimer, Some(Attributes::StartTimerCommandAttributes(attributes))) => {
            Command::StartTimer(Shared::new(attributes))
        }
        (CommandType::CancelTimer, Some(Attributes::CancelTimerCommandAttributes(attributes))) => {
            Command::CancelTimer(Shared::new(attributes))
        }
        (
            CommandType::CompleteWorkflowExecution,
            Some(Attributes::CompleteWorkflowExecutionCommandAttributes(attributes)),
        ) => Command::CompleteWorkflowExecution(Shared::new(attributes)),
        (
            CommandType::FailWorkflowExecution,
            Some(Attributes::FailWorkflowExecutionCommandAttributes(attributes)),
        ) => Command::FailWorkflowExecution(Shared::new(attributes)),
        (
            CommandType::CancelWorkflowExecution,
            Some(Attributes::CancelWorkflowExecutionCommandAttributes(attributes)),
        ) => Command::CancelWorkflowExecution(Shared::new(attributes)),
        (
            CommandType::ContinueAsNewWorkflowExecution,
            Some(Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(attributes)),
        ) => Command::ContinueAsNewWorkflowExecution(Shared::new(attributes)),
        (
            CommandType::StartChildWorkflowExecution,
            Some(Attributes::StartChildWorkflowExecutionCommandAttributes(attributes)),
        ) => {
            named(&attributes.namespace)?;
            Command::StartChildWorkflowExecution(Shared::new(attributes))
        }
        (
            CommandType::RequestCancelExternalWorkflowExecution,
            Some(Attributes::RequestCancelExternalWorkflowExecutionCommandAttributes(attributes)),
        ) => {
            named(&attributes.namespace)?;
            Command::RequestCancelExternalWorkflowExecution(Shared::new(attributes))
        }
        (
            CommandType::SignalExternalWorkflowExecution,
            Some(Attributes::SignalExternalWorkflowExecutionCommandAttributes(attributes)),
        ) => {
            named(&attributes.namespace)?;
            Command::SignalExternalWorkflowExecution(Shared::new(attributes))
        }
        (
            CommandType::RecordMarker,
            Some(Attributes::RecordMarkerCommandAttributes(attributes)),
        ) => Command::RecordMarker(Shared::new(attributes)),
        (
            CommandType::UpsertWorkflowSearchAttributes,
            Some(Attributes::UpsertWorkflowSearchAttributesCommandAttributes(attributes)),
        ) => Command::UpsertWorkflowSearchAttributes(Shared::new(attributes)),
        (
            CommandType::ModifyWorkflowProperties,
            Some(Attributes::ModifyWorkflowPropertiesCommandAttributes(attributes)),
        ) => Command::ModifyWorkflowProperties(Shared::new(attributes)),
        (
            CommandType::ProtocolMessage,
            Some(Attributes::ProtocolMessageCommandAttributes(attributes)),
        ) => Command::ProtocolMessage { message_id: attributes.message_id.into() },
        (CommandType::ScheduleNexusOperation | CommandType::RequestCancelNexusOperation, _) => {
            let name = of_type.as_str_name();
            return Err(RpcError::unimplemented(format_args!("commands of type {name}")));
        }
        // Observed: this one the server does not get over.
        (CommandType::StartChildWorkflowExecution, _) => {
            let message = "something went wrong, please retry (00000000)";
            return Err(RpcError::new(Code::Internal, message));
        }
        _ => Command::WithoutAttributes(of_type),
    })
}

fn unknown(of_type: &dyn std::fmt::Display) -> RpcError {
    RpcError::invalid_argument(format!("unknown command type: {of_type}"))
}
