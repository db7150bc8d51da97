//! What makes an execution.

use crate::api::{Request, RpcError};
use crate::grpc::encode::Reply;
use crate::grpc::frontend::{Call, Incoming};
use crate::history::Shared;
use crate::official::workflowservice as service;

/// `StartWorkflowExecution`. Texts, durations and policies are checked by the server (F10).
pub(in crate::grpc) fn start(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::StartWorkflowExecutionRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    refuse(&[
        (!sent.completion_callbacks.is_empty(), "completion_callbacks"),
        (sent.versioning_override.is_some(), "versioning_override"),
        (sent.on_conflict_options.is_some(), "on_conflict_options"),
        (sent.time_skipping_config.is_some(), "time_skipping_config"),
    ])?;
    let request = Request::StartWorkflowExecution(Shared::new(sent));
    Ok(Call { request, reply: Reply::StartWorkflowExecution })
}

/// `SignalWithStartWorkflowExecution`.
pub(in crate::grpc) fn signal_with_start(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::SignalWithStartWorkflowExecutionRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    refuse(&[
        (sent.versioning_override.is_some(), "versioning_override"),
        (sent.time_skipping_config.is_some(), "time_skipping_config"),
    ])?;
    let request = Request::SignalWithStartWorkflowExecution(Shared::new(sent));
    Ok(Call { request, reply: Reply::SignalWithStartWorkflowExecution })
}

/// Refuses the first of the named parts that is there: what it asks for is not modelled.
fn refuse(parts: &[(bool, &str)]) -> Result<(), RpcError> {
    match parts.iter().find(|(is_there, _)| *is_there) {
        Some((_, part)) => Err(RpcError::unimplemented(format_args!("{part} of a start request"))),
        None => Ok(()),
    }
}
