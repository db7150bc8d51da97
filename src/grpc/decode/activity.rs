//! What workers say of activity tasks, by token or by id.

use super::payloads;
use crate::api::{
    ActivityById, ActivityTarget, PollActivityTaskQueue, Request, RespondActivityTaskFailed,
    RpcError, Target,
};
use crate::grpc::encode::Reply;
use crate::grpc::frontend::{Call, Incoming};
use crate::grpc::token;
use crate::history::Shared;
use crate::official::workflowservice as service;

/// `PollActivityTaskQueue`.
pub(in crate::grpc) fn poll(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::PollActivityTaskQueueRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    incoming.check_poll_timeout()?;
    let queue = super::check_poll(&sent.identity, sent.task_queue)?;
    let request = Request::PollActivityTaskQueue(PollActivityTaskQueue {
        task_queue: queue.name.into(),
        identity: sent.identity.into(),
    });
    Ok(Call { request, reply: Reply::PollActivityTaskQueue })
}

/// `RecordActivityTaskHeartbeat`.
pub(in crate::grpc) fn heartbeat(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::RecordActivityTaskHeartbeatRequest = incoming.read()?;
    let activity = by_token(incoming, &sent.task_token, &sent.namespace)?;
    let request = Request::RecordActivityTaskHeartbeat {
        activity,
        details: payloads(sent.details),
        identity: sent.identity.into(),
    };
    Ok(Call { request, reply: Reply::RecordActivityTaskHeartbeat })
}

/// `RecordActivityTaskHeartbeatById`.
pub(in crate::grpc) fn heartbeat_by_id(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::RecordActivityTaskHeartbeatByIdRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let request = Request::RecordActivityTaskHeartbeat {
        activity: by_id(sent.workflow_id, sent.run_id, sent.activity_id),
        details: payloads(sent.details),
        identity: sent.identity.into(),
    };
    Ok(Call { request, reply: Reply::RecordActivityTaskHeartbeat })
}

/// `RespondActivityTaskCompleted`.
pub(in crate::grpc) fn completed(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::RespondActivityTaskCompletedRequest = incoming.read()?;
    let activity = by_token(incoming, &sent.task_token, &sent.namespace)?;
    let request = Request::RespondActivityTaskCompleted {
        activity,
        result: payloads(sent.result),
        identity: sent.identity.into(),
    };
    Ok(Call { request, reply: Reply::Empty })
}

/// `RespondActivityTaskCompletedById`.
pub(in crate::grpc) fn completed_by_id(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::RespondActivityTaskCompletedByIdRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let request = Request::RespondActivityTaskCompleted {
        activity: by_id(sent.workflow_id, sent.run_id, sent.activity_id),
        result: payloads(sent.result),
        identity: sent.identity.into(),
    };
    Ok(Call { request, reply: Reply::Empty })
}

/// `RespondActivityTaskFailed`.
pub(in crate::grpc) fn failed(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::RespondActivityTaskFailedRequest = incoming.read()?;
    let activity = by_token(incoming, &sent.task_token, &sent.namespace)?;
    let request = Request::RespondActivityTaskFailed(Box::new(RespondActivityTaskFailed {
        activity,
        failure: sent.failure.map(Shared::new),
        identity: sent.identity.into(),
        last_heartbeat_details: payloads(sent.last_heartbeat_details),
    }));
    Ok(Call { request, reply: Reply::Empty })
}

/// `RespondActivityTaskFailedById`.
pub(in crate::grpc) fn failed_by_id(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::RespondActivityTaskFailedByIdRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let request = Request::RespondActivityTaskFailed(Box::new(RespondActivityTaskFailed {
        activity: by_id(sent.workflow_id, sent.run_id, sent.activity_id),
        failure: sent.failure.map(Shared::new),
        identity: sent.identity.into(),
        last_heartbeat_details: payloads(sent.last_heartbeat_details),
    }));
    Ok(Call { request, reply: Reply::Empty })
}

/// `RespondActivityTaskCanceled`.
pub(in crate::grpc) fn canceled(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::RespondActivityTaskCanceledRequest = incoming.read()?;
    let activity = by_token(incoming, &sent.task_token, &sent.namespace)?;
    let request = Request::RespondActivityTaskCanceled {
        activity,
        details: payloads(sent.details),
        identity: sent.identity.into(),
    };
    Ok(Call { request, reply: Reply::Empty })
}

/// `RespondActivityTaskCanceledById`.
pub(in crate::grpc) fn canceled_by_id(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::RespondActivityTaskCanceledByIdRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let request = Request::RespondActivityTaskCanceled {
        activity: by_id(sent.workflow_id, sent.run_id, sent.activity_id),
        details: payloads(sent.details),
        identity: sent.identity.into(),
    };
    Ok(Call { request, reply: Reply::Empty })
}

/// The activity that a token names; a bad token is told before a bad namespace (C6).
fn by_token(
    incoming: &Incoming<'_>,
    bytes: &[u8],
    namespace: &str,
) -> Result<ActivityTarget, RpcError> {
    let token = token::activity(bytes)?;
    incoming.check_namespace_beside_token(namespace)?;
    Ok(ActivityTarget::Token(token))
}

/// The activity that a run and an id name; whether there is one is the server's to say (R59).
fn by_id(workflow_id: String, run_id: String, activity_id: String) -> ActivityTarget {
    ActivityTarget::Id(Box::new(ActivityById {
        target: Target { workflow_id: workflow_id.into(), run_id: run_id.into() },
        activity_id: activity_id.into(),
    }))
}
