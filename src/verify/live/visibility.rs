//! Looking for executions. Scenarios have no steps that do it, so what a filter says is passed on as
//! it is, with the Workflow Ids that it names.

use super::question::Question;
use crate::api::ListWorkflowExecutions;
use crate::grpc::Reply;
use crate::history::Name;
use crate::official::workflowservice as service;

/// `ListWorkflowExecutions`, from its beginning.
pub(super) fn list(of: &ListWorkflowExecutions, namespace: String) -> (Question, Reply) {
    let of = service::ListWorkflowExecutionsRequest {
        namespace,
        page_size: i32::try_from(of.page_size).unwrap_or(i32::MAX),
        query: of.query.to_string(),
        ..Default::default()
    };
    (Question::ListWorkflowExecutions(Box::new(of)), Reply::ListWorkflowExecutions)
}

/// `CountWorkflowExecutions`.
pub(super) fn count(query: &Name, namespace: String) -> (Question, Reply) {
    let of = service::CountWorkflowExecutionsRequest { namespace, query: query.to_string() };
    (Question::CountWorkflowExecutions(Box::new(of)), Reply::CountWorkflowExecutions)
}
