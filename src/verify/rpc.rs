//! Calls as a client makes them: official JSON in, official bytes to the frontend, and back.

use prost::{DecodeError, Message, Name};
use serde_json::Value;

use crate::history::json::{JsonError, from_json, to_json};
use crate::official::workflowservice as service;

type Write = fn(&Value) -> Result<Vec<u8>, MessageError>;
type Read = fn(&[u8]) -> Result<Value, MessageError>;

/// A value or bytes that are not the message asked for.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The JSON form has something that the message has not.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The bytes are not those of the message.
    #[error(transparent)]
    Bytes(#[from] DecodeError),
}

/// A method of `WorkflowService` that cases call: how its messages are written and read.
///
/// ```
/// use deadbeat::verify::Rpc;
/// use serde_json::json;
///
/// let signal = Rpc::find("signal_workflow_execution").unwrap();
/// assert_eq!(signal.method(), "SignalWorkflowExecution");
/// let bytes = signal.request(&json!({ "signalName": "hi" }))?;
/// assert_eq!(bytes, b"\x1a\x02hi");
/// assert_eq!(signal.response(b"")?, json!({}));
/// assert_eq!(signal.request_json(&bytes)?, json!({ "signalName": "hi" }));
/// # Ok::<(), deadbeat::verify::MessageError>(())
/// ```
pub struct Rpc {
    action: &'static str,
    request: Write,
    request_json: Read,
    response: Read,
}

const fn rpc<Request, Response>(action: &'static str) -> Rpc
where
    Request: Message + Name + Default,
    Response: Message + Name + Default,
{
    Rpc {
        action,
        request: write::<Request>,
        request_json: read::<Request>,
        response: read::<Response>,
    }
}

fn write<T: Message + Name + Default>(json: &Value) -> Result<Vec<u8>, MessageError> {
    Ok(from_json::<T>(json)?.encode_to_vec())
}

fn read<T: Message + Name + Default>(bytes: &[u8]) -> Result<Value, MessageError> {
    Ok(to_json(&T::decode(bytes)?))
}

macro_rules! table {
    ($($action:literal $request:ident $response:ident,)*) => {
        const TABLE: &[Rpc] =
            &[$(rpc::<service::$request, service::$response>($action),)*];
    };
}

#[rustfmt::skip]
table! {
    "start_workflow_execution" StartWorkflowExecutionRequest StartWorkflowExecutionResponse,
    "signal_with_start_workflow_execution" SignalWithStartWorkflowExecutionRequest SignalWithStartWorkflowExecutionResponse,
    "signal_workflow_execution" SignalWorkflowExecutionRequest SignalWorkflowExecutionResponse,
    "request_cancel_workflow_execution" RequestCancelWorkflowExecutionRequest RequestCancelWorkflowExecutionResponse,
    "terminate_workflow_execution" TerminateWorkflowExecutionRequest TerminateWorkflowExecutionResponse,
    "reset_workflow_execution" ResetWorkflowExecutionRequest ResetWorkflowExecutionResponse,
    "describe_workflow_execution" DescribeWorkflowExecutionRequest DescribeWorkflowExecutionResponse,
    "get_workflow_execution_history" GetWorkflowExecutionHistoryRequest GetWorkflowExecutionHistoryResponse,
    "get_workflow_execution_history_reverse" GetWorkflowExecutionHistoryReverseRequest GetWorkflowExecutionHistoryReverseResponse,
    "update_workflow_execution" UpdateWorkflowExecutionRequest UpdateWorkflowExecutionResponse,
    "poll_workflow_execution_update" PollWorkflowExecutionUpdateRequest PollWorkflowExecutionUpdateResponse,
    "query_workflow" QueryWorkflowRequest QueryWorkflowResponse,
    "poll_workflow_task_queue" PollWorkflowTaskQueueRequest PollWorkflowTaskQueueResponse,
    "respond_workflow_task_completed" RespondWorkflowTaskCompletedRequest RespondWorkflowTaskCompletedResponse,
    "respond_workflow_task_failed" RespondWorkflowTaskFailedRequest RespondWorkflowTaskFailedResponse,
    "respond_query_task_completed" RespondQueryTaskCompletedRequest RespondQueryTaskCompletedResponse,
    "poll_activity_task_queue" PollActivityTaskQueueRequest PollActivityTaskQueueResponse,
    "record_activity_task_heartbeat" RecordActivityTaskHeartbeatRequest RecordActivityTaskHeartbeatResponse,
    "record_activity_task_heartbeat_by_id" RecordActivityTaskHeartbeatByIdRequest RecordActivityTaskHeartbeatByIdResponse,
    "respond_activity_task_completed" RespondActivityTaskCompletedRequest RespondActivityTaskCompletedResponse,
    "respond_activity_task_completed_by_id" RespondActivityTaskCompletedByIdRequest RespondActivityTaskCompletedByIdResponse,
    "respond_activity_task_failed" RespondActivityTaskFailedRequest RespondActivityTaskFailedResponse,
    "respond_activity_task_failed_by_id" RespondActivityTaskFailedByIdRequest RespondActivityTaskFailedByIdResponse,
    "respond_activity_task_canceled" RespondActivityTaskCanceledRequest RespondActivityTaskCanceledResponse,
    "respond_activity_task_canceled_by_id" RespondActivityTaskCanceledByIdRequest RespondActivityTaskCanceledByIdResponse,
    "shutdown_worker" ShutdownWorkerRequest ShutdownWorkerResponse,
}

impl Rpc {
    /// The method that an action names, as in `poll_workflow_task_queue`.
    pub fn find(action: &str) -> Option<&'static Self> {
        TABLE.iter().find(|rpc| rpc.action == action)
    }

    /// The method of this name in `WorkflowService`, as in `PollWorkflowTaskQueue`.
    pub fn of_method(method: &str) -> Option<&'static Self> {
        TABLE.iter().find(|rpc| rpc.method() == method)
    }

    /// The action that calls it.
    pub fn action(&self) -> &'static str {
        self.action
    }

    /// Its name in `WorkflowService`.
    pub fn method(&self) -> String {
        let capitalised = |word: &str| word[..1].to_uppercase() + &word[1..];
        self.action.split('_').map(capitalised).collect()
    }

    /// The bytes of a request.
    ///
    /// # Errors
    ///
    /// [`MessageError::Json`], if it is not the official JSON form of one.
    pub fn request(&self, json: &Value) -> Result<Vec<u8>, MessageError> {
        (self.request)(json)
    }

    /// The JSON form of a request.
    ///
    /// # Errors
    ///
    /// [`MessageError::Bytes`], if the bytes are not those of one.
    pub fn request_json(&self, bytes: &[u8]) -> Result<Value, MessageError> {
        (self.request_json)(bytes)
    }

    /// The JSON form of a response.
    ///
    /// # Errors
    ///
    /// [`MessageError::Bytes`], if the bytes are not those of one.
    pub fn response(&self, bytes: &[u8]) -> Result<Value, MessageError> {
        (self.response)(bytes)
    }
}
