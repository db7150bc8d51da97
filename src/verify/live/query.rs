//! Queries as official messages: what clients ask, and what workers answer.

use std::collections::HashMap;

use super::names::Names;
use super::question::Question;
use crate::api::{QueryAnswer, QueryId, QueryWorkflow, RespondQueryTaskCompleted};
use crate::official::{common, enums, failure, query, workflowservice as service};

pub(super) fn query(of: &QueryWorkflow, names: &Names) -> Question {
    Question::QueryWorkflow(Box::new(service::QueryWorkflowRequest {
        namespace: names.namespace(),
        execution: Some(names.execution(of.target.workflow_id.as_str(), &of.target.run_id)),
        query: Some((*of.query).clone()),
        query_reject_condition: of.reject_condition.into(),
    }))
}

/// The answer to a query that came as a task of its own.
pub(super) fn respond(of: &RespondQueryTaskCompleted, names: &Names) -> Question {
    let (completed_type, query_result, error_message, failure) = parts(&of.answer);
    Question::RespondQueryTaskCompleted(Box::new(service::RespondQueryTaskCompletedRequest {
        task_token: names.token(of.token.to_bytes()),
        completed_type: completed_type.into(),
        query_result,
        error_message,
        namespace: names.namespace(),
        failure,
        ..Default::default()
    }))
}

/// The answers that go with a workflow task's completion.
pub(super) fn results(
    of: &[(QueryId, QueryAnswer)],
    names: &Names,
) -> HashMap<String, query::WorkflowQueryResult> {
    let result = |answer| {
        let (result_type, answer, error_message, failure) = parts(answer);
        query::WorkflowQueryResult {
            result_type: result_type.into(),
            answer,
            error_message,
            failure,
        }
    };
    of.iter().map(|(id, answer)| (names.run_id(&id.to_string()), result(answer))).collect()
}

type Parts = (enums::QueryResultType, Option<common::Payloads>, String, Option<failure::Failure>);

fn parts(answer: &QueryAnswer) -> Parts {
    match answer {
        QueryAnswer::Answered(result) => {
            let result = result.as_deref().cloned();
            (enums::QueryResultType::Answered, result, String::new(), None)
        }
        QueryAnswer::Failed { message, failure } => {
            let failure = failure.as_deref().cloned();
            (enums::QueryResultType::Failed, None, message.to_string(), failure)
        }
        QueryAnswer::Unspecified => {
            (enums::QueryResultType::Unspecified, None, String::new(), None)
        }
    }
}
