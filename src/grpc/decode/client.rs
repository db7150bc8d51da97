//! What clients ask of an execution that is there.

use super::target;
use crate::api::{
    Request, RequestCancelWorkflowExecution, RpcError, SignalWorkflowExecution,
    TerminateWorkflowExecution,
};
use crate::grpc::encode::Reply;
use crate::grpc::frontend::{Call, Incoming};
use crate::history::Shared;
use crate::official::workflowservice as service;

/// `SignalWorkflowExecution`.
pub(in crate::grpc) fn signal(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::SignalWorkflowExecutionRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let request = Request::SignalWorkflowExecution(Box::new(SignalWorkflowExecution {
        target: target(sent.workflow_execution)?,
        signal_name: sent.signal_name.into(),
        input: super::payloads(sent.input),
        identity: sent.identity.into(),
        request_id: sent.request_id.into(),
        header: sent.header.map(Shared::new),
    }));
    Ok(Call { request, reply: Reply::Empty })
}

/// `RequestCancelWorkflowExecution`.
pub(in crate::grpc) fn request_cancel(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::RequestCancelWorkflowExecutionRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let request =
        Request::RequestCancelWorkflowExecution(Box::new(RequestCancelWorkflowExecution {
            target: target(sent.workflow_execution)?,
            first_execution_run_id: sent.first_execution_run_id.into(),
            reason: sent.reason.into(),
            identity: sent.identity.into(),
        }));
    Ok(Call { request, reply: Reply::Empty })
}

/// `TerminateWorkflowExecution`.
pub(in crate::grpc) fn terminate(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::TerminateWorkflowExecutionRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let request = Request::TerminateWorkflowExecution(Box::new(TerminateWorkflowExecution {
        target: target(sent.workflow_execution)?,
        first_execution_run_id: sent.first_execution_run_id.into(),
        reason: sent.reason.into(),
        details: super::payloads(sent.details),
        identity: sent.identity.into(),
    }));
    Ok(Call { request, reply: Reply::Empty })
}

/// `ResetWorkflowExecution`. Everything in it is checked in the order of B1, by the server.
pub(in crate::grpc) fn reset(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::ResetWorkflowExecutionRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    if !sent.post_reset_operations.is_empty() {
        return Err(RpcError::unimplemented("post_reset_operations of ResetWorkflowExecution"));
    }
    let request = Request::ResetWorkflowExecution(Shared::new(sent));
    Ok(Call { request, reply: Reply::ResetWorkflowExecution })
}

/// `DescribeWorkflowExecution`.
pub(in crate::grpc) fn describe(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::DescribeWorkflowExecutionRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let request = Request::DescribeWorkflowExecution(target(sent.execution)?);
    Ok(Call { request, reply: Reply::DescribeWorkflowExecution })
}
