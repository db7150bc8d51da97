//! From [`crate::api::Request`] to the official request: what [`crate::grpc`] reads, the other way
//! round.

use super::command::command;
use super::names::Names;
use super::question::Question;
use super::{activity, query, update, visibility};
use crate::api::{
    PolledTaskQueue, Request, RequestCancelWorkflowExecution, RespondWorkflowTaskCompleted,
    RespondWorkflowTaskFailed, SignalWorkflowExecution, StickyAttributes, Target,
    TerminateWorkflowExecution,
};
use crate::grpc::{NextRuns, Page, Reply};
use crate::history::Payloads;
use crate::official::{common, enums, taskqueue, well_known, workflowservice as service};

/// A request as it is sent to the real server, and how the fake's answer to it is written.
pub(super) fn question(request: &Request, names: &Names) -> (Question, Reply) {
    let namespace = names.namespace();
    match request {
        Request::StartWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.namespace = namespace;
            of.workflow_id = names.prefixed(&of.workflow_id);
            of.task_queue = names.task_queue(of.task_queue);
            (Question::StartWorkflowExecution(Box::new(of)), Reply::StartWorkflowExecution)
        }
        Request::SignalWithStartWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.namespace = namespace;
            of.workflow_id = names.prefixed(&of.workflow_id);
            of.task_queue = names.task_queue(of.task_queue);
            let question = Question::SignalWithStartWorkflowExecution(Box::new(of));
            (question, Reply::SignalWithStartWorkflowExecution)
        }
        Request::SignalWorkflowExecution(of) => (signal(of, names), Reply::Empty),
        Request::RequestCancelWorkflowExecution(of) => (request_cancel(of, names), Reply::Empty),
        Request::TerminateWorkflowExecution(of) => (terminate(of, names), Reply::Empty),
        Request::ResetWorkflowExecution(of) => {
            let mut of = (**of).clone();
            of.namespace = namespace;
            of.workflow_execution =
                of.workflow_execution.map(|of| names.execution(&of.workflow_id, &of.run_id));
            (Question::ResetWorkflowExecution(Box::new(of)), Reply::ResetWorkflowExecution)
        }
        Request::UpdateWorkflowExecution(of) => {
            (update::update(of, names), Reply::UpdateWorkflowExecution)
        }
        Request::PollWorkflowExecutionUpdate(of) => {
            (update::poll(of, names), Reply::PollWorkflowExecutionUpdate)
        }
        Request::QueryWorkflow(of) => (query::query(of, names), Reply::QueryWorkflow),
        Request::RespondQueryTaskCompleted(of) => (query::respond(of, names), Reply::Empty),
        Request::DescribeWorkflowExecution(of) => {
            let execution = Some(target(of, names));
            let of = service::DescribeWorkflowExecutionRequest { namespace, execution };
            (Question::DescribeWorkflowExecution(Box::new(of)), Reply::DescribeWorkflowExecution)
        }
        Request::GetWorkflowExecutionHistory(of) => {
            let of = service::GetWorkflowExecutionHistoryRequest {
                namespace,
                execution: Some(target(&of.target, names)),
                ..Default::default()
            };
            let question = Question::GetWorkflowExecutionHistory(Box::new(of));
            (question, Reply::GetWorkflowExecutionHistory(Page::first(0), NextRuns::Known))
        }
        Request::ListWorkflowExecutions(of) => visibility::list(of, namespace),
        Request::CountWorkflowExecutions { query } => visibility::count(query, namespace),
        Request::StartBatchOperation(of) => {
            let of = service::StartBatchOperationRequest { namespace, ..(**of).clone() };
            (Question::StartBatchOperation(Box::new(of)), Reply::Empty)
        }
        Request::DescribeBatchOperation { job_id } => {
            let job_id = job_id.to_string();
            let of = service::DescribeBatchOperationRequest { namespace, job_id };
            (Question::DescribeBatchOperation(Box::new(of)), Reply::DescribeBatchOperation)
        }
        Request::PollWorkflowTaskQueue(of) => {
            let of = service::PollWorkflowTaskQueueRequest {
                namespace,
                task_queue: Some(polled(&of.task_queue, names)),
                identity: of.identity.to_string(),
                ..Default::default()
            };
            (Question::PollWorkflowTaskQueue(Box::new(of)), Reply::PollWorkflowTaskQueue)
        }
        Request::PollActivityTaskQueue(of) => {
            let of = service::PollActivityTaskQueueRequest {
                namespace,
                task_queue: Some(normal(&of.task_queue, names)),
                identity: of.identity.to_string(),
                ..Default::default()
            };
            (Question::PollActivityTaskQueue(Box::new(of)), Reply::PollActivityTaskQueue)
        }
        Request::RespondWorkflowTaskCompleted(of) => {
            (completed(of, names), Reply::RespondWorkflowTaskCompleted)
        }
        Request::RespondWorkflowTaskFailed(of) => (failed(of, names), Reply::Empty),
        Request::ShutdownWorker { sticky_task_queue } => {
            let of = service::ShutdownWorkerRequest {
                namespace,
                sticky_task_queue: names.prefixed(sticky_task_queue),
                ..Default::default()
            };
            (Question::ShutdownWorker(Box::new(of)), Reply::Empty)
        }
        Request::RecordActivityTaskHeartbeat { activity, details, identity } => {
            let question = activity::heartbeat(activity, details.as_ref(), identity, names);
            (question, Reply::RecordActivityTaskHeartbeat)
        }
        Request::RespondActivityTaskCompleted { activity, result, identity } => {
            let question = activity::completed(activity, result.as_ref(), identity, names);
            (question, Reply::Empty)
        }
        Request::RespondActivityTaskFailed(of) => (activity::failed(of, names), Reply::Empty),
        Request::RespondActivityTaskCanceled { activity, details, identity } => {
            let question = activity::canceled(activity, details.as_ref(), identity, names);
            (question, Reply::Empty)
        }
    }
}

fn signal(of: &SignalWorkflowExecution, names: &Names) -> Question {
    Question::SignalWorkflowExecution(Box::new(service::SignalWorkflowExecutionRequest {
        namespace: names.namespace(),
        workflow_execution: Some(target(&of.target, names)),
        signal_name: of.signal_name.to_string(),
        input: payloads(of.input.as_ref()),
        identity: of.identity.to_string(),
        request_id: of.request_id.to_string(),
        header: of.header.as_deref().cloned(),
        ..Default::default()
    }))
}

fn request_cancel(of: &RequestCancelWorkflowExecution, names: &Names) -> Question {
    let of = service::RequestCancelWorkflowExecutionRequest {
        namespace: names.namespace(),
        workflow_execution: Some(target(&of.target, names)),
        identity: of.identity.to_string(),
        first_execution_run_id: names.run_id(&of.first_execution_run_id),
        reason: of.reason.to_string(),
        ..Default::default()
    };
    Question::RequestCancelWorkflowExecution(Box::new(of))
}

fn terminate(of: &TerminateWorkflowExecution, names: &Names) -> Question {
    Question::TerminateWorkflowExecution(Box::new(service::TerminateWorkflowExecutionRequest {
        namespace: names.namespace(),
        workflow_execution: Some(target(&of.target, names)),
        reason: of.reason.to_string(),
        details: payloads(of.details.as_ref()),
        identity: of.identity.to_string(),
        first_execution_run_id: names.run_id(&of.first_execution_run_id),
        ..Default::default()
    }))
}

fn completed(of: &RespondWorkflowTaskCompleted, names: &Names) -> Question {
    use service::respond_workflow_task_completed_request::Capabilities;

    let extras = of.extras.as_deref();
    #[allow(deprecated)] // workers before build ids still send the checksum and the stamp
    let of = service::RespondWorkflowTaskCompletedRequest {
        task_token: names.token(of.token.to_bytes()),
        commands: of.commands.iter().map(|of| command(of, names)).collect(),
        messages: of.messages.iter().map(update::message).collect(),
        query_results: query::results(&of.query_results, names),
        identity: of.identity.to_string(),
        sticky_attributes: of.sticky.as_ref().map(|sticky| stickiness(sticky, names)),
        capabilities: Some(Capabilities {
            discard_speculative_workflow_task_with_events: of.discards_speculative_with_events,
        }),
        return_new_workflow_task: of.return_new_workflow_task,
        force_create_new_workflow_task: of.force_create_new_workflow_task,
        binary_checksum: extras.map(|of| of.binary_checksum.to_string()).unwrap_or_default(),
        worker_version_stamp: extras.and_then(|of| of.worker_version.as_deref().cloned()),
        sdk_metadata: extras.and_then(|of| of.sdk_metadata.as_deref().cloned()),
        metering_metadata: extras.and_then(|of| of.metering_metadata.as_deref().copied()),
        namespace: names.namespace(),
        ..Default::default()
    };
    Question::RespondWorkflowTaskCompleted(Box::new(of))
}

fn failed(of: &RespondWorkflowTaskFailed, names: &Names) -> Question {
    #[allow(deprecated)] // workers before build ids still send the checksum
    let of = service::RespondWorkflowTaskFailedRequest {
        task_token: names.token(of.token.to_bytes()),
        cause: of.cause.into(),
        failure: of.failure.as_deref().cloned().map(|failure| names.failure(failure)),
        identity: of.identity.to_string(),
        binary_checksum: of.binary_checksum.to_string(),
        namespace: names.namespace(),
        ..Default::default()
    };
    Question::RespondWorkflowTaskFailed(Box::new(of))
}

fn target(of: &Target, names: &Names) -> common::WorkflowExecution {
    names.execution(of.workflow_id.as_str(), &of.run_id)
}

fn payloads(of: Option<&Payloads>) -> Option<common::Payloads> {
    of.map(|of| (**of).clone())
}

fn normal(name: &str, names: &Names) -> taskqueue::TaskQueue {
    taskqueue::TaskQueue {
        name: names.prefixed(name),
        kind: enums::TaskQueueKind::Normal.into(),
        ..Default::default()
    }
}

fn sticky(name: &str, names: &Names) -> taskqueue::TaskQueue {
    taskqueue::TaskQueue {
        name: names.prefixed(name),
        kind: enums::TaskQueueKind::Sticky.into(),
        ..Default::default()
    }
}

fn polled(queue: &PolledTaskQueue, names: &Names) -> taskqueue::TaskQueue {
    match queue {
        PolledTaskQueue::Normal(name) => normal(name, names),
        PolledTaskQueue::Sticky(name) => sticky(name, names),
    }
}

fn stickiness(of: &StickyAttributes, names: &Names) -> taskqueue::StickyExecutionAttributes {
    taskqueue::StickyExecutionAttributes {
        worker_task_queue: Some(sticky(&of.worker_task_queue, names)),
        schedule_to_start_timeout: well_known::Duration::try_from(of.schedule_to_start_timeout)
            .ok(),
    }
}
