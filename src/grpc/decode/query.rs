//! Queries: what clients ask, and what workers answer.

use super::target;
use crate::api::{
    QueryAnswer, QueryId, QueryWorkflow, Request, RespondQueryTaskCompleted, RpcError,
};
use crate::grpc::encode::Reply;
use crate::grpc::frontend::{Call, Incoming};
use crate::grpc::token;
use crate::history::{RunId, Shared};
use crate::official::{common, enums, failure, query, workflowservice as service};

/// `QueryWorkflow`.
pub(in crate::grpc) fn query(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::QueryWorkflowRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let reject_condition = sent.query_reject_condition();
    let target = target(sent.execution)?;
    if target.workflow_id.as_str().is_empty() {
        return Err(RpcError::invalid_argument("WorkflowId is not set on request."));
    }
    if !target.run_id.is_empty() && target.run_id.parse::<RunId>().is_err() {
        return Err(RpcError::invalid_argument("Invalid RunId."));
    }
    let query = sent
        .query
        .ok_or_else(|| RpcError::invalid_argument("WorkflowQuery is not set on request."))?;
    if query.query_type.is_empty() {
        return Err(RpcError::invalid_argument("QueryType is not set on request."));
    }
    let request = Request::QueryWorkflow(Box::new(QueryWorkflow {
        target,
        query: Shared::new(query),
        reject_condition,
        timeout: incoming.metadata.timeout,
    }));
    Ok(Call { request, reply: Reply::QueryWorkflow })
}

/// `RespondQueryTaskCompleted`.
pub(in crate::grpc) fn completed(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::RespondQueryTaskCompletedRequest = incoming.read()?;
    let token = token::query(&sent.task_token)?;
    incoming.check_namespace_beside_token(&sent.namespace)?;
    let answer = answer(sent.completed_type(), sent.query_result, sent.error_message, sent.failure);
    let request =
        Request::RespondQueryTaskCompleted(Box::new(RespondQueryTaskCompleted { token, answer }));
    Ok(Call { request, reply: Reply::Empty })
}

/// The answers beside a workflow task's completion, in the order of their ids. An id that is none
/// names no query.
pub(super) fn results(
    sent: impl IntoIterator<Item = (String, query::WorkflowQueryResult)>,
) -> Vec<(QueryId, QueryAnswer)> {
    let named = sent.into_iter().filter_map(|(id, result)| Some((id.parse().ok()?, result)));
    let mut results: Vec<(QueryId, QueryAnswer)> = named
        .map(|(id, result)| {
            let of_type = result.result_type();
            let answer = answer(of_type, result.answer, result.error_message, result.failure);
            (QueryId(id), answer)
        })
        .collect();
    results.sort_by_key(|(id, _)| *id);
    results
}

fn answer(
    of_type: enums::QueryResultType,
    result: Option<common::Payloads>,
    message: String,
    failure: Option<failure::Failure>,
) -> QueryAnswer {
    match of_type {
        enums::QueryResultType::Answered => QueryAnswer::Answered(super::payloads(result)),
        enums::QueryResultType::Failed => {
            QueryAnswer::Failed { message: message.into(), failure: failure.map(Shared::new) }
        }
        enums::QueryResultType::Unspecified => QueryAnswer::Unspecified,
    }
}
