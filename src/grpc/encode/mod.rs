//! From [`crate::api::Response`] to official response messages, and from errors to their details.

mod describe;
mod error;
mod parts;
mod task;

use prost::Message;

pub use error::error_details;
#[cfg(feature = "serve")]
pub(crate) use parts::timestamp;

use crate::api::{Code, ExecutionStatus, HistoryView, Response, RpcError};
use crate::grpc::paging::{Page, PageToken, Tail};
use crate::history::{Event, Name, official};
use crate::official::{enums, history, workflowservice as service};

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
    /// With the page that is asked for.
    GetWorkflowExecutionHistory(Page),
    PollWorkflowTaskQueue,
    RespondWorkflowTaskCompleted,
    PollActivityTaskQueue,
    RecordActivityTaskHeartbeat,
}

impl Reply {
    /// Whether the call waits for a task, and is answered with nothing if none comes (D6).
    pub fn is_poll(&self) -> bool {
        matches!(self, Self::PollWorkflowTaskQueue | Self::PollActivityTaskQueue)
    }

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
                },
            ) => {
                let answer = service::StartWorkflowExecutionResponse {
                    run_id: run_id.to_string(),
                    first_execution_run_id: first_execution_run_id.to_string(),
                    started,
                    status: official_status(status).into(),
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
            (Self::DescribeWorkflowExecution, Response::DescribeWorkflowExecution(description)) => {
                describe::description(&description).encode_to_vec()
            }
            (
                Self::GetWorkflowExecutionHistory(page),
                Response::GetWorkflowExecutionHistory(view),
            ) => page_of_history(page, &view).encode_to_vec(),
            (Self::PollWorkflowTaskQueue, Response::PollWorkflowTaskQueue(task)) => {
                task::workflow_task(&task).encode_to_vec()
            }
            (
                Self::RespondWorkflowTaskCompleted,
                Response::RespondWorkflowTaskCompleted { workflow_task },
            ) => {
                let answer = service::RespondWorkflowTaskCompletedResponse {
                    workflow_task: workflow_task.as_deref().map(task::workflow_task),
                    ..Default::default()
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
            (reply, response) => {
                let message = format!("not an answer to {reply:?}: {response:?}");
                return Err(RpcError::new(Code::Internal, message));
            }
        };
        Ok(bytes)
    }
}

fn page_of_history(
    page: &Page,
    view: &HistoryView,
) -> service::GetWorkflowExecutionHistoryResponse {
    let cut = page.cut(view);
    let recorded = official::events_after(&view.history, cut.after)
        .take_while(|event| event.event_id <= i64::from(cut.until));
    let transient: &[Event] = match cut.tail {
        Tail::Recorded => &[],
        Tail::Transient => &view.transient,
    };
    let transient = transient.iter().map(|event| official::transient_event(&view.history, event));
    service::GetWorkflowExecutionHistoryResponse {
        history: Some(history::History { events: recorded.chain(transient).collect() }),
        next_page_token: cut.next.map(PageToken::to_bytes).unwrap_or_default(),
        ..Default::default()
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
