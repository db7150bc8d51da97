//! Lists of executions, and how many there are.

use super::describe;
use crate::api::{Description, ExecutionStatus, ListPosition};
use crate::grpc::list_token;
use crate::official::workflowservice::{
    self as service, count_workflow_executions_response::AggregationGroup,
};
use crate::official::{common, workflow};

/// A page of a list.
pub(super) fn list(
    executions: &[Description],
    next: Option<&ListPosition>,
) -> service::ListWorkflowExecutionsResponse {
    service::ListWorkflowExecutionsResponse {
        executions: executions.iter().map(entry).collect(),
        next_page_token: next.map(list_token::write).unwrap_or_default(),
    }
}

/// An execution as visibility knows it, which is less than a description tells.
fn entry(of: &Description) -> workflow::WorkflowExecutionInfo {
    let info = describe::info(of);
    workflow::WorkflowExecutionInfo {
        // Visibility hears of the length when the run closes.
        history_length: if of.close_time.is_some() { info.history_length } else { 0 },
        memo: Some(info.memo.unwrap_or_default()),
        search_attributes: Some(info.search_attributes.unwrap_or_default()),
        auto_reset_points: None,
        first_run_id: String::new(),
        ..info
    }
}

/// How many there are, in all and of each status.
pub(super) fn count(
    count: usize,
    groups: &[(ExecutionStatus, usize)],
) -> service::CountWorkflowExecutionsResponse {
    let group = |(status, count): &(ExecutionStatus, usize)| AggregationGroup {
        group_values: vec![keyword(status.name())],
        count: number(*count),
    };
    service::CountWorkflowExecutionsResponse {
        count: number(count),
        groups: groups.iter().map(group).collect(),
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The value of a search attribute.
fn keyword(text: &str) -> common::Payload {
    let metadata = [("encoding", "json/plain"), ("type", "Keyword")];
    common::Payload {
        metadata: metadata.map(|(key, value)| (key.to_owned(), value.into())).into(),
        data: format!("\"{text}\"").into_bytes(),
        ..Default::default()
    }
}
