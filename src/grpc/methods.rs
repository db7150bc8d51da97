//! The methods of Temporal's `WorkflowService` that are modelled, and what reads each of them.

use super::decode::{
    activity, batch, client, history, query, start, update, visibility, workflow_task,
};
use super::frontend::{Call, Incoming};
use crate::api::RpcError;

/// Reads the request of one method.
pub(super) type Decode = fn(&Incoming<'_>) -> Result<Call, RpcError>;

/// In alphabetical order.
const METHODS: [(&str, Decode); 30] = [
    ("CountWorkflowExecutions", visibility::count),
    ("DescribeBatchOperation", batch::describe),
    ("DescribeWorkflowExecution", client::describe),
    ("GetWorkflowExecutionHistory", history::get),
    ("GetWorkflowExecutionHistoryReverse", history::get_reverse),
    ("ListWorkflowExecutions", visibility::list),
    ("PollActivityTaskQueue", activity::poll),
    ("PollWorkflowExecutionUpdate", update::poll),
    ("PollWorkflowTaskQueue", workflow_task::poll),
    ("QueryWorkflow", query::query),
    ("RecordActivityTaskHeartbeat", activity::heartbeat),
    ("RecordActivityTaskHeartbeatById", activity::heartbeat_by_id),
    ("RequestCancelWorkflowExecution", client::request_cancel),
    ("ResetWorkflowExecution", client::reset),
    ("RespondActivityTaskCanceled", activity::canceled),
    ("RespondActivityTaskCanceledById", activity::canceled_by_id),
    ("RespondActivityTaskCompleted", activity::completed),
    ("RespondActivityTaskCompletedById", activity::completed_by_id),
    ("RespondActivityTaskFailed", activity::failed),
    ("RespondActivityTaskFailedById", activity::failed_by_id),
    ("RespondQueryTaskCompleted", query::completed),
    ("RespondWorkflowTaskCompleted", workflow_task::completed),
    ("RespondWorkflowTaskFailed", workflow_task::failed),
    ("ShutdownWorker", workflow_task::shutdown_worker),
    ("SignalWithStartWorkflowExecution", start::signal_with_start),
    ("SignalWorkflowExecution", client::signal),
    ("StartBatchOperation", batch::start),
    ("StartWorkflowExecution", start::start),
    ("TerminateWorkflowExecution", client::terminate),
    ("UpdateWorkflowExecution", update::update),
];

/// What reads the requests of a method, if it is modelled.
pub(super) fn find(name: &str) -> Option<Decode> {
    let at = METHODS.binary_search_by_key(&name, |(method, _)| method).ok()?;
    Some(METHODS[at].1)
}

/// The names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    METHODS.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_found_by_its_name() {
        assert!(METHODS.is_sorted_by_key(|(name, _)| *name));
        assert!(names().all(|name| find(name).is_some()));
    }
}
