//! What workers say of workflow tasks.

use std::sync::Arc;
use std::time::Duration;

use super::{command, query, update};
use crate::api::{
    PollWorkflowTaskQueue, PolledTaskQueue, Request, RespondWorkflowTaskCompleted,
    RespondWorkflowTaskFailed, RpcError, StickyAttributes,
};
use crate::grpc::encode::Reply;
use crate::grpc::frontend::{Call, Incoming};
use crate::grpc::token;
use crate::history::Shared;
use crate::history::event::WorkflowTaskCompletedExtras;
use crate::official::{enums, taskqueue, workflowservice as service};

/// `PollWorkflowTaskQueue`.
pub(in crate::grpc) fn poll(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::PollWorkflowTaskQueueRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    incoming.check_poll_timeout()?;
    let queue = super::check_poll(&sent.identity, sent.task_queue)?;
    let task_queue = match queue.kind() {
        enums::TaskQueueKind::Sticky => PolledTaskQueue::Sticky(queue.name.into()),
        _ => PolledTaskQueue::Normal(queue.name.into()),
    };
    let request = Request::PollWorkflowTaskQueue(PollWorkflowTaskQueue {
        task_queue,
        identity: sent.identity.into(),
    });
    Ok(Call { request, reply: Reply::PollWorkflowTaskQueue })
}

/// `ShutdownWorker`. Of all that a worker says as it stops, only its sticky queue matters here.
pub(in crate::grpc) fn shutdown_worker(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::ShutdownWorkerRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let request = Request::ShutdownWorker { sticky_task_queue: sent.sticky_task_queue.into() };
    Ok(Call { request, reply: Reply::Empty })
}

/// `RespondWorkflowTaskCompleted`.
pub(in crate::grpc) fn completed(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let mut sent: service::RespondWorkflowTaskCompletedRequest = incoming.read()?;
    let token = token::workflow_task(&sent.task_token)?;
    incoming.check_namespace_beside_token(&sent.namespace)?;
    let extras = extras(&mut sent);
    let request = Request::RespondWorkflowTaskCompleted(Box::new(RespondWorkflowTaskCompleted {
        token,
        commands: sent
            .commands
            .into_iter()
            .map(|sent| command::command(incoming, sent))
            .collect::<Result<_, _>>()?,
        identity: sent.identity.into(),
        sticky: sent.sticky_attributes.and_then(sticky),
        query_results: query::results(std::mem::take(&mut sent.query_results)),
        return_new_workflow_task: sent.return_new_workflow_task,
        force_create_new_workflow_task: sent.force_create_new_workflow_task,
        messages: sent.messages.into_iter().map(update::message).collect::<Result<_, _>>()?,
        discards_speculative_with_events: sent
            .capabilities
            .is_some_and(|capabilities| capabilities.discard_speculative_workflow_task_with_events),
        extras,
    }));
    Ok(Call { request, reply: Reply::RespondWorkflowTaskCompleted })
}

/// `RespondWorkflowTaskFailed`.
pub(in crate::grpc) fn failed(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::RespondWorkflowTaskFailedRequest = incoming.read()?;
    let token = token::workflow_task(&sent.task_token)?;
    incoming.check_namespace_beside_token(&sent.namespace)?;
    let cause = sent.cause();
    #[allow(deprecated)] // workers before build ids still send it
    let binary_checksum = sent.binary_checksum.into();
    let request = Request::RespondWorkflowTaskFailed(Box::new(RespondWorkflowTaskFailed {
        token,
        cause,
        failure: sent.failure.map(Shared::new),
        identity: sent.identity.into(),
        binary_checksum,
    }));
    Ok(Call { request, reply: Reply::Empty })
}

/// Stickiness, if the worker asks for it: it does by naming a queue.
fn sticky(sent: taskqueue::StickyExecutionAttributes) -> Option<StickyAttributes> {
    let queue = sent.worker_task_queue.filter(|queue| !queue.name.is_empty())?;
    Some(StickyAttributes {
        worker_task_queue: queue.name.into(),
        schedule_to_start_timeout: sent
            .schedule_to_start_timeout
            .and_then(|timeout| Duration::try_from(timeout).ok())
            .unwrap_or_default(),
    })
}

/// What only SDKs send; nothing, for most scripts.
#[allow(deprecated)] // workers before build ids still send the checksum and the stamp
fn extras(
    sent: &mut service::RespondWorkflowTaskCompletedRequest,
) -> Option<Arc<WorkflowTaskCompletedExtras>> {
    let extras = WorkflowTaskCompletedExtras {
        binary_checksum: std::mem::take(&mut sent.binary_checksum).into(),
        worker_version: sent.worker_version_stamp.take().map(Shared::new),
        sdk_metadata: sent.sdk_metadata.take().map(Shared::new),
        metering_metadata: sent.metering_metadata.take().map(Shared::new),
    };
    (extras != WorkflowTaskCompletedExtras::default()).then(|| Arc::new(extras))
}
