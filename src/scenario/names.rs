//! Temporal's names that scenarios use: event types, statuses, gRPC status codes.

use crate::api::{Code, ExecutionStatus};

/// The event types that there are, as `when`, `events` and `never` name them.
pub const EVENT_TYPES: &[&str] = &[
    "WorkflowExecutionStarted",
    "WorkflowExecutionCompleted",
    "WorkflowExecutionFailed",
    "WorkflowExecutionTimedOut",
    "WorkflowExecutionCanceled",
    "WorkflowExecutionTerminated",
    "WorkflowExecutionContinuedAsNew",
    "WorkflowExecutionCancelRequested",
    "WorkflowExecutionSignaled",
    "WorkflowExecutionUpdateAdmitted",
    "WorkflowExecutionUpdateAccepted",
    "WorkflowExecutionUpdateCompleted",
    "WorkflowTaskScheduled",
    "WorkflowTaskStarted",
    "WorkflowTaskCompleted",
    "WorkflowTaskTimedOut",
    "WorkflowTaskFailed",
    "ActivityTaskScheduled",
    "ActivityTaskStarted",
    "ActivityTaskCompleted",
    "ActivityTaskFailed",
    "ActivityTaskTimedOut",
    "ActivityTaskCancelRequested",
    "ActivityTaskCanceled",
    "TimerStarted",
    "TimerFired",
    "TimerCanceled",
    "MarkerRecorded",
    "UpsertWorkflowSearchAttributes",
    "WorkflowPropertiesModified",
    "RequestCancelExternalWorkflowExecutionInitiated",
    "RequestCancelExternalWorkflowExecutionFailed",
    "ExternalWorkflowExecutionCancelRequested",
    "SignalExternalWorkflowExecutionInitiated",
    "SignalExternalWorkflowExecutionFailed",
    "ExternalWorkflowExecutionSignaled",
    "StartChildWorkflowExecutionInitiated",
    "StartChildWorkflowExecutionFailed",
    "ChildWorkflowExecutionStarted",
    "ChildWorkflowExecutionCompleted",
    "ChildWorkflowExecutionFailed",
    "ChildWorkflowExecutionTimedOut",
    "ChildWorkflowExecutionCanceled",
    "ChildWorkflowExecutionTerminated",
];

/// The statuses of an execution.
pub(super) fn status_names() -> Vec<&'static str> {
    ExecutionStatus::ALL.map(ExecutionStatus::name).to_vec()
}

/// The status codes that a request can be refused with.
pub(super) fn status_code_names() -> Vec<&'static str> {
    Code::ALL.map(Code::name).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_types_are_those_that_events_have() {
        let source = include_str!("../history/event.rs");
        let (_, body) = source.split_once("fn type_name").unwrap();
        let (body, _) = body.split_once("fn closes_the_run").unwrap();
        let mut named: Vec<&str> = body.split('"').skip(1).step_by(2).collect();
        let mut listed = EVENT_TYPES.to_vec();
        named.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, named);
    }
}
