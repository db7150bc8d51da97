//! Looking for executions.

use crate::api::{ListWorkflowExecutions, Request, RpcError};
use crate::grpc::encode::Reply;
use crate::grpc::frontend::{Call, Incoming};
use crate::grpc::list_token;
use crate::official::workflowservice as service;

/// The real server's default, and its limit.
const MAXIMUM_PAGE_SIZE: usize = 1_000;

/// `ListWorkflowExecutions`.
pub(in crate::grpc) fn list(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::ListWorkflowExecutionsRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let page_size = usize::try_from(sent.page_size).ok().filter(|size| *size > 0);
    let request = Request::ListWorkflowExecutions(Box::new(ListWorkflowExecutions {
        query: sent.query.into(),
        page_size: page_size.map_or(MAXIMUM_PAGE_SIZE, |size| size.min(MAXIMUM_PAGE_SIZE)),
        after: list_token::read(&sent.next_page_token)?,
    }));
    Ok(Call { request, reply: Reply::ListWorkflowExecutions })
}

/// `CountWorkflowExecutions`.
pub(in crate::grpc) fn count(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::CountWorkflowExecutionsRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let request = Request::CountWorkflowExecutions { query: sent.query.into() };
    Ok(Call { request, reply: Reply::CountWorkflowExecutions })
}
