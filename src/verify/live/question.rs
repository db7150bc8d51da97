//! The official requests that clients and workers send, each to its method of the generated client.

use std::time::Duration;

use serde_json::Value;
use temporalio_protos::protos::temporal::api::workflowservice::v1::workflow_service_client::WorkflowServiceClient;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::history::json::to_json;
use crate::official::workflowservice as service;

/// The generated client.
pub(super) type Client = WorkflowServiceClient<Channel>;

macro_rules! questions {
    ($($name:ident $method:ident $request:ident,)*) => {
        /// A request to the real server. Variants are named as the RPCs.
        #[derive(Clone, PartialEq, Debug)]
        pub(super) enum Question {
            $($name(Box<service::$request>),)*
        }

        impl Question {
            /// The method's name in snake case, as in corpus cases.
            pub(super) fn action(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($method),)*
                }
            }

            /// Whether it is answered only once something else has happened.
            pub(super) fn may_wait(&self) -> bool {
                matches!(
                    self,
                    Self::UpdateWorkflowExecution(_)
                        | Self::PollWorkflowExecutionUpdate(_)
                        | Self::QueryWorkflow(_)
                )
            }

            /// The request in official JSON.
            pub(super) fn json(&self) -> Value {
                match self {
                    $(Self::$name(request) => to_json(&**request),)*
                }
            }

            /// Asks, and gives the answer in official JSON.
            pub(super) async fn send(
                &self,
                mut client: Client,
                caller: Caller,
                deadline: Duration,
            ) -> Result<Value, Status> {
                match self {
                    $(Self::$name(request) => {
                        let request = caller.request((**request).clone(), deadline);
                        let answer = Box::pin(client.$method(request)).await?;
                        Ok(to_json(answer.get_ref()))
                    })*
                }
            }
        }
    };
}

questions! {
    StartWorkflowExecution start_workflow_execution StartWorkflowExecutionRequest,
    SignalWithStartWorkflowExecution signal_with_start_workflow_execution SignalWithStartWorkflowExecutionRequest,
    SignalWorkflowExecution signal_workflow_execution SignalWorkflowExecutionRequest,
    RequestCancelWorkflowExecution request_cancel_workflow_execution RequestCancelWorkflowExecutionRequest,
    TerminateWorkflowExecution terminate_workflow_execution TerminateWorkflowExecutionRequest,
    ResetWorkflowExecution reset_workflow_execution ResetWorkflowExecutionRequest,
    DescribeWorkflowExecution describe_workflow_execution DescribeWorkflowExecutionRequest,
    GetWorkflowExecutionHistory get_workflow_execution_history GetWorkflowExecutionHistoryRequest,
    PollWorkflowTaskQueue poll_workflow_task_queue PollWorkflowTaskQueueRequest,
    RespondWorkflowTaskCompleted respond_workflow_task_completed RespondWorkflowTaskCompletedRequest,
    RespondWorkflowTaskFailed respond_workflow_task_failed RespondWorkflowTaskFailedRequest,
    ShutdownWorker shutdown_worker ShutdownWorkerRequest,
    PollActivityTaskQueue poll_activity_task_queue PollActivityTaskQueueRequest,
    RecordActivityTaskHeartbeat record_activity_task_heartbeat RecordActivityTaskHeartbeatRequest,
    RecordActivityTaskHeartbeatById record_activity_task_heartbeat_by_id RecordActivityTaskHeartbeatByIdRequest,
    RespondActivityTaskCompleted respond_activity_task_completed RespondActivityTaskCompletedRequest,
    RespondActivityTaskCompletedById respond_activity_task_completed_by_id RespondActivityTaskCompletedByIdRequest,
    RespondActivityTaskFailed respond_activity_task_failed RespondActivityTaskFailedRequest,
    RespondActivityTaskFailedById respond_activity_task_failed_by_id RespondActivityTaskFailedByIdRequest,
    RespondActivityTaskCanceled respond_activity_task_canceled RespondActivityTaskCanceledRequest,
    RespondActivityTaskCanceledById respond_activity_task_canceled_by_id RespondActivityTaskCanceledByIdRequest,
    UpdateWorkflowExecution update_workflow_execution UpdateWorkflowExecutionRequest,
    PollWorkflowExecutionUpdate poll_workflow_execution_update PollWorkflowExecutionUpdateRequest,
    QueryWorkflow query_workflow QueryWorkflowRequest,
    RespondQueryTaskCompleted respond_query_task_completed RespondQueryTaskCompletedRequest,
    ListWorkflowExecutions list_workflow_executions ListWorkflowExecutionsRequest,
    CountWorkflowExecutions count_workflow_executions CountWorkflowExecutionsRequest,
    StartBatchOperation start_batch_operation StartBatchOperationRequest,
    DescribeBatchOperation describe_batch_operation DescribeBatchOperationRequest,
    DescribeNamespace describe_namespace DescribeNamespaceRequest,
    GetSystemInfo get_system_info GetSystemInfoRequest,
}

/// What a call says of who makes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Caller {
    /// An SDK.
    Sdk,
    /// The `temporal` CLI: of histories it is shown what is recorded, nothing virtual (A4).
    Cli,
}

impl Caller {
    fn request<T>(self, message: T, deadline: Duration) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(deadline);
        if self == Self::Cli {
            let metadata = request.metadata_mut();
            metadata.insert("client-name", "temporal-cli".parse().expect("ASCII"));
            metadata.insert("client-version", "1.9.1".parse().expect("ASCII"));
        }
        request
    }
}
