//! Calls as a client makes them: official JSON in, official bytes to the frontend, and back.

use std::error::Error;

use deadbeat::history::json::{from_json, to_json};
use deadbeat::official::workflowservice as service;
use prost::{Message, Name};
use serde_json::Value;

type Write = fn(&Value) -> Result<Vec<u8>, Box<dyn Error>>;
type Read = fn(&[u8]) -> Result<Value, Box<dyn Error>>;

/// How the messages of a method are written and read.
pub(crate) struct Rpc {
    action: &'static str,
    request: Write,
    response: Read,
}

const fn rpc<Request, Response>(action: &'static str) -> Rpc
where
    Request: Message + Name + Default,
    Response: Message + Name + Default,
{
    Rpc { action, request: write::<Request>, response: read::<Response> }
}

fn write<T: Message + Name + Default>(json: &Value) -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(from_json::<T>(json)?.encode_to_vec())
}

fn read<T: Message + Name + Default>(bytes: &[u8]) -> Result<Value, Box<dyn Error>> {
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
    /// The method that an action names.
    pub(crate) fn find(action: &str) -> Option<&'static Self> {
        TABLE.iter().find(|rpc| rpc.action == action)
    }

    /// Its name in `WorkflowService`.
    pub(crate) fn method(&self) -> String {
        let capitalised = |word: &str| word[..1].to_uppercase() + &word[1..];
        self.action.split('_').map(capitalised).collect()
    }

    /// The bytes of a request.
    pub(crate) fn request(&self, json: &Value) -> Result<Vec<u8>, Box<dyn Error>> {
        (self.request)(json)
    }

    /// The JSON form of a response.
    pub(crate) fn response(&self, bytes: &[u8]) -> Result<Value, Box<dyn Error>> {
        (self.response)(bytes)
    }
}
