//! The commands of a completed workflow task.

use crate::api::{Command, RpcError};
use crate::official::command as official;

/// One command.
pub(super) fn command(sent: official::Command) -> Result<Command, RpcError> {
    let type_name = sent.command_type().as_str_name();
    if sent.attributes.is_none() {
        return Err(RpcError::unimplemented(format_args!(
            "a command of type {type_name} without attributes"
        )));
    }
    Command::from_official(sent)
        .ok_or_else(|| RpcError::unimplemented(format_args!("commands of type {type_name}")))
}
