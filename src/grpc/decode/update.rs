//! Updates: what clients ask, and what workers say of them.

use std::time::Duration;

use prost::{Message, Name as _};

use super::target;
use crate::api::{
    Code, ErrorDetail, PollWorkflowExecutionUpdate, ProtocolMessage, ProtocolMessageBody, Request,
    RpcError, Target, UpdateStage, UpdateWorkflowExecution,
};
use crate::grpc::encode::Reply;
use crate::grpc::frontend::{Call, Incoming};
use crate::history::{RunId, Shared};
use crate::official::{enums, protocol, update, workflowservice as service};

type OfficialStage = enums::UpdateWorkflowExecutionLifecycleStage;

/// How long the real server waits for an update to get anywhere before it says how far it has got.
const PATIENCE: Duration = Duration::from_secs(20);

/// The longest update id there may be.
const MAXIMUM_ID_LENGTH: usize = 1_000;

/// `UpdateWorkflowExecution`, checked in the order in which the real frontend does.
pub(in crate::grpc) fn update(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::UpdateWorkflowExecutionRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let target = target(sent.workflow_execution)?;
    check_execution(&target)?;
    let request = sent.request.unwrap_or_default();
    let invalid = |message: &'static str| Err(RpcError::invalid_argument(message));
    let Some(meta) = &request.meta else {
        return invalid("Update meta is not set on request.");
    };
    if meta.update_id.len() > MAXIMUM_ID_LENGTH {
        return invalid("UpdateId length exceeds limit.");
    }
    let Some(input) = &request.input else {
        return invalid("Update input is not set on request.");
    };
    if input.name.is_empty() {
        return invalid("Update name is not set on request.");
    }
    let wait_for = match stage(sent.wait_policy) {
        OfficialStage::Admitted => {
            return Err(RpcError {
                code: Code::PermissionDenied,
                message: "UpdateWorkflowExecution issued asynchronously and waiting on update \
                          admitted is not supported."
                    .into(),
                detail: Some(ErrorDetail::PermissionDenied),
            });
        }
        OfficialStage::Accepted => UpdateStage::Accepted,
        OfficialStage::Unspecified | OfficialStage::Completed => UpdateStage::Completed,
    };
    let request = Request::UpdateWorkflowExecution(Box::new(UpdateWorkflowExecution {
        target,
        first_execution_run_id: sent.first_execution_run_id.into(),
        request: Shared::new(request),
        wait_for,
        patience: Some(PATIENCE),
    }));
    Ok(Call { request, reply: Reply::UpdateWorkflowExecution })
}

/// `PollWorkflowExecutionUpdate`.
pub(in crate::grpc) fn poll(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::PollWorkflowExecutionUpdateRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let reference = sent
        .update_ref
        .ok_or_else(|| RpcError::invalid_argument("UpdateRef is not set on request."))?;
    let named = reference.workflow_execution.unwrap_or_default();
    if named.workflow_id.is_empty() {
        return Err(RpcError::invalid_argument(
            "Can't load workflow execution.  WorkflowId not set.",
        ));
    }
    if !named.run_id.is_empty() && named.run_id.parse::<RunId>().is_err() {
        return Err(RpcError::invalid_argument("RunId is not valid UUID."));
    }
    let wait_for = match stage(sent.wait_policy) {
        OfficialStage::Unspecified | OfficialStage::Admitted => UpdateStage::Admitted,
        OfficialStage::Accepted => UpdateStage::Accepted,
        OfficialStage::Completed => UpdateStage::Completed,
    };
    let request = Request::PollWorkflowExecutionUpdate(Box::new(PollWorkflowExecutionUpdate {
        target: Target { workflow_id: named.workflow_id.into(), run_id: named.run_id.into() },
        update_id: reference.update_id.into(),
        wait_for,
        patience: Some(PATIENCE),
    }));
    Ok(Call { request, reply: Reply::PollWorkflowExecutionUpdate })
}

/// Unlike others, this request has its execution checked before the rest of it (L1).
fn check_execution(target: &Target) -> Result<(), RpcError> {
    if target.workflow_id.as_str().is_empty() {
        return Err(RpcError::invalid_argument("WorkflowId is not set on request."));
    }
    if !target.run_id.is_empty() && target.run_id.parse::<RunId>().is_err() {
        return Err(RpcError::invalid_argument("Invalid RunId."));
    }
    Ok(())
}

fn stage(policy: Option<update::WaitPolicy>) -> OfficialStage {
    policy.map_or(OfficialStage::Unspecified, |policy| policy.lifecycle_stage())
}

/// A message of a completion.
pub(super) fn message(sent: protocol::Message) -> Result<ProtocolMessage, RpcError> {
    let body = sent.body.ok_or_else(|| RpcError::invalid_argument("nil message body"))?;
    let unreadable = |error: prost::DecodeError| RpcError::invalid_argument(error.to_string());
    let name = body.type_url.rsplit('/').next().unwrap_or_default();
    let bytes = body.value.as_slice();
    let body = if name == update::Acceptance::full_name() {
        let message = update::Acceptance::decode(bytes).map_err(unreadable)?;
        ProtocolMessageBody::Acceptance(Shared::new(message))
    } else if name == update::Rejection::full_name() {
        let message = update::Rejection::decode(bytes).map_err(unreadable)?;
        ProtocolMessageBody::Rejection(Shared::new(message))
    } else if name == update::Response::full_name() {
        let message = update::Response::decode(bytes).map_err(unreadable)?;
        ProtocolMessageBody::Response(Shared::new(message))
    } else {
        // As the real server's language writes the type.
        let name = name.strip_prefix("temporal.api.").unwrap_or(name).replace(".v1.", ".");
        ProtocolMessageBody::Other(format!("*{name}").into())
    };
    Ok(ProtocolMessage {
        id: sent.id.into(),
        protocol_instance_id: sent.protocol_instance_id.into(),
        body,
    })
}
