//! What `DescribeBatchOperation` tells.

use super::parts::timestamp;
use crate::api::{BatchDescription, BatchState};
use crate::official::workflowservice::{self as service, start_batch_operation_request::Operation};
use crate::official::{common, enums};

/// Everything about a job.
pub(super) fn description(of: &BatchDescription) -> service::DescribeBatchOperationResponse {
    let request = &of.request;
    let state = match of.state {
        BatchState::Running => enums::BatchOperationState::Running,
        BatchState::Completed => enums::BatchOperationState::Completed,
        BatchState::Failed => enums::BatchOperationState::Failed,
    };
    let (operation_type, identity) = operation(request.operation.as_ref());
    #[allow(deprecated)] // the CLI sends it still
    let executions = request.executions.iter().map(|execution| common::Execution {
        r#type: enums::ExecutionType::Workflow.into(),
        business_id: execution.workflow_id.clone(),
        run_id: execution.run_id.clone(),
    });
    service::DescribeBatchOperationResponse {
        operation_type: operation_type.into(),
        job_id: request.job_id.clone(),
        state: state.into(),
        start_time: Some(timestamp(of.start_time)),
        close_time: of.close_time.map(timestamp),
        total_operation_count: of.total.into(),
        complete_operation_count: of.completed.into(),
        failure_operation_count: of.failed.into(),
        identity: identity.to_owned(),
        reason: request.reason.clone(),
        query: request.visibility_query.clone(),
        executions: executions.chain(request.target_executions.iter().cloned()).collect(),
    }
}

/// What a job does, and for whom.
fn operation(of: Option<&Operation>) -> (enums::BatchOperationType, &str) {
    match of {
        Some(Operation::TerminationOperation(of)) => {
            (enums::BatchOperationType::TerminateWorkflow, &of.identity)
        }
        Some(Operation::SignalOperation(of)) => {
            (enums::BatchOperationType::SignalWorkflow, &of.identity)
        }
        Some(Operation::CancellationOperation(of)) => {
            (enums::BatchOperationType::CancelWorkflow, &of.identity)
        }
        Some(Operation::ResetOperation(of)) => {
            (enums::BatchOperationType::ResetWorkflow, &of.identity)
        }
        // No other is ever begun.
        _ => (enums::BatchOperationType::Unspecified, ""),
    }
}
