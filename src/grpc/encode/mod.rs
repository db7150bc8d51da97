//! From [`crate::api::Response`] to official response messages, and from errors to their details.

mod batch;
mod describe;
mod error;
mod history;
mod parts;
mod task;
mod update;
mod visibility;

use prost::Message;

pub use error::error_details;
#[cfg(feature = "serve")]
pub(crate) use parts::timestamp;

use crate::api::{Code, ExecutionStatus, Response, RpcError};
use crate::grpc::frontend::NextRuns;
use crate::grpc::paging::{Page, ReversePage};
use crate::history::Name;
use crate::official::{enums, workflowservice as service};

/// How the answer to a call is written: as which message, and of a history which part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // named as the methods
pub enum Reply {
    /// A message without content, whatever its name.
    Empty,
    StartWorkflowExecution,
    SignalWithStartWorkflowExecution,
    ResetWorkflowExecution,
    DescribeWorkflowExecution,
    ListWorkflowExecutions,
    CountWorkflowExecutions,
    DescribeBatchOperation,
    /// With the page that is asked for.
    GetWorkflowExecutionHistory(Page, NextRuns),
    /// With the page that is asked for.
    GetWorkflowExecutionHistoryReverse(ReversePage),
    QueryWorkflow,
    PollWorkflowTaskQueue,
    RespondWorkflowTaskCompleted,
    PollActivityTaskQueue,
    RecordActivityTaskHeartbeat,
    UpdateWorkflowExecution,
    PollWorkflowExecutionUpdate,
}

impl Reply {
    /// Writes the answer.
    pub(super) fn encode(&self, namespace: &Name, response: Response) -> Result<Vec<u8>, RpcError> {
        let bytes = match (self, response) {
            (Self::Empty, Response::Empty) => Vec::new(),
            (
                Self::StartWorkflowExecution,
                Response::StartWorkflowExecution {
                    run_id,
                    first_execution_run_id,
                    started,
                    status,
                    eager_workflow_task,
                },
            ) => {
                let answer = service::StartWorkflowExecutionResponse {
                    run_id: run_id.to_string(),
                    first_execution_run_id: first_execution_run_id.to_string(),
                    started,
                    status: official_status(status).into(),
                    eager_workflow_task: eager_workflow_task.as_deref().map(task::workflow_task),
                    ..Default::default()
                };
                answer.encode_to_vec()
            }
            (
                Self::SignalWithStartWorkflowExecution,
                Response::StartWorkflowExecution {
                    run_id, first_execution_run_id, started, ..
                },
            ) => {
                let answer = service::SignalWithStartWorkflowExecutionResponse {
                    run_id: run_id.to_string(),
                    first_execution_run_id: first_execution_run_id.to_string(),
                    started,
                    ..Default::default()
                };
                answer.encode_to_vec()
            }
            (Self::ResetWorkflowExecution, Response::ResetWorkflowExecution { run_id }) => {
                let answer = service::ResetWorkflowExecutionResponse { run_id: run_id.to_string() };
                answer.encode_to_vec()
            }
            (
                Self::ListWorkflowExecutions,
                Response::ListWorkflowExecutions { executions, next },
            ) => visibility::list(&executions, next.as_ref()).encode_to_vec(),
            (
                Self::CountWorkflowExecutions,
                Response::CountWorkflowExecutions { count, groups },
            ) => visibility::count(count, &groups).encode_to_vec(),
            (Self::DescribeBatchOperation, Response::DescribeBatchOperation(description)) => {
                batch::description(&description).encode_to_vec()
            }
            (Self::DescribeWorkflowExecution, Response::DescribeWorkflowExecution(description)) => {
                describe::description(&description).encode_to_vec()
            }
            (
                Self::GetWorkflowExecutionHistory(page, next_runs),
                Response::GetWorkflowExecutionHistory(view),
            ) => history::page(page, &view, *next_runs).encode_to_vec(),
            (
                Self::GetWorkflowExecutionHistoryReverse(page),
                Response::GetWorkflowExecutionHistory(view),
            ) => history::reverse_page(page, &view).encode_to_vec(),
            (Self::QueryWorkflow, Response::QueryWorkflow(outcome)) => {
                task::query_outcome(outcome).encode_to_vec()
            }
            (Self::PollWorkflowTaskQueue, Response::QueryTask(task)) => {
                task::query_task(&task).encode_to_vec()
            }
            (Self::PollWorkflowTaskQueue, Response::PollWorkflowTaskQueue(task)) => {
                task::workflow_task(&task).encode_to_vec()
            }
            (
                Self::RespondWorkflowTaskCompleted,
                Response::RespondWorkflowTaskCompleted {
                    workflow_task,
                    activity_tasks,
                    reset_history_event_id,
                },
            ) => {
                let answer = service::RespondWorkflowTaskCompletedResponse {
                    workflow_task: workflow_task.as_deref().map(task::workflow_task),
                    activity_tasks: activity_tasks
                        .iter()
                        .map(|task| task::activity_task(namespace, task))
                        .collect(),
                    reset_history_event_id: reset_history_event_id.map_or(0, i64::from),
                };
                answer.encode_to_vec()
            }
            (Self::PollActivityTaskQueue, Response::PollActivityTaskQueue(task)) => {
                task::activity_task(namespace, &task).encode_to_vec()
            }
            (
                Self::RecordActivityTaskHeartbeat,
                Response::RecordActivityTaskHeartbeat { cancel_requested },
            ) => {
                let answer = service::RecordActivityTaskHeartbeatResponse {
                    cancel_requested,
                    ..Default::default()
                };
                answer.encode_to_vec()
            }
            (Self::UpdateWorkflowExecution, Response::UpdateWorkflowExecution(progress)) => {
                update::updated(&progress).encode_to_vec()
            }
            (Self::PollWorkflowExecutionUpdate, Response::UpdateWorkflowExecution(progress)) => {
                update::polled(&progress).encode_to_vec()
            }
            (reply, response) => {
                let message = format!("not an answer to {reply:?}: {response:?}");
                return Err(RpcError::new(Code::Internal, message));
            }
        };
        Ok(bytes)
    }
}

/// The official name of a status.
fn official_status(status: ExecutionStatus) -> enums::WorkflowExecutionStatus {
    match status {
        ExecutionStatus::Running => enums::WorkflowExecutionStatus::Running,
        ExecutionStatus::Completed => enums::WorkflowExecutionStatus::Completed,
        ExecutionStatus::Failed => enums::WorkflowExecutionStatus::Failed,
        ExecutionStatus::Canceled => enums::WorkflowExecutionStatus::Canceled,
        ExecutionStatus::Terminated => enums::WorkflowExecutionStatus::Terminated,
        ExecutionStatus::ContinuedAsNew => enums::WorkflowExecutionStatus::ContinuedAsNew,
        ExecutionStatus::TimedOut => enums::WorkflowExecutionStatus::TimedOut,
    }
}
