//! Batch jobs. Everything in them is checked by the server.

use crate::api::{Request, RpcError};
use crate::grpc::encode::Reply;
use crate::grpc::frontend::{Call, Incoming};
use crate::history::Shared;
use crate::official::workflowservice as service;

/// `StartBatchOperation`.
pub(in crate::grpc) fn start(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::StartBatchOperationRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    Ok(Call { request: Request::StartBatchOperation(Shared::new(sent)), reply: Reply::Empty })
}

/// `DescribeBatchOperation`.
pub(in crate::grpc) fn describe(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::DescribeBatchOperationRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let request = Request::DescribeBatchOperation { job_id: sent.job_id.into() };
    Ok(Call { request, reply: Reply::DescribeBatchOperation })
}
