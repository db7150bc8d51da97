//! The commands of a completed workflow task.

use crate::api::{Command, RpcError};
use crate::grpc::frontend::Incoming;
use crate::official::command as official;
use crate::official::enums::CommandType;

/// One command. Its type says what it is; attributes of another type are as good as none.
pub(super) fn command(
    incoming: &Incoming<'_>,
    sent: official::Command,
) -> Result<Command, RpcError> {
    let unknown = |of_type: &dyn std::fmt::Display| {
        Err(RpcError::invalid_argument(format!("unknown command type: {of_type}")))
    };
    let of_type = match CommandType::try_from(sent.command_type) {
        Ok(CommandType::Unspecified) => return unknown(&"Unspecified"),
        Ok(of_type) => of_type,
        Err(_) => return unknown(&sent.command_type),
    };
    if matches!(
        of_type,
        CommandType::ScheduleNexusOperation | CommandType::RequestCancelNexusOperation
    ) {
        let name = of_type.as_str_name();
        return Err(RpcError::unimplemented(format_args!("commands of type {name}")));
    }
    let command = Command::from_official(sent).filter(|found| found.command_type() == of_type);
    let Some(command) = command else {
        // Observed: this one the server does not get over.
        if of_type == CommandType::StartChildWorkflowExecution {
            return Err(RpcError::masked());
        }
        return Ok(Command::WithoutAttributes(of_type));
    };
    match namespace(&command) {
        Some(named) if !named.is_empty() => incoming.check_namespace(named)?,
        _ => {}
    }
    Ok(command)
}

/// The namespace that a command names for another execution.
#[allow(deprecated)] // retired, and still looked up
fn namespace(command: &Command) -> Option<&str> {
    match command {
        Command::StartChildWorkflowExecution(command) => Some(&command.namespace),
        Command::RequestCancelExternalWorkflowExecution(command) => Some(&command.namespace),
        Command::SignalExternalWorkflowExecution(command) => Some(&command.namespace),
        _ => None,
    }
}
