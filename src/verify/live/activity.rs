//! What activity workers and clients say of activities, as official messages: by token, or by id.

use super::names::Names;
use super::question::Question;
use crate::api::{ActivityTarget, RespondActivityTaskFailed};
use crate::history::Payloads;
use crate::official::{common, workflowservice as service};

/// The request of the two that names an activity as `$activity` does. What it says else has the same
/// fields in both.
macro_rules! by_token_or_id {
    (
        $activity:expr, $names:expr,
        $by_token:ident($token_request:ident) or $by_id:ident($id_request:ident),
        { $($field:ident),* }
    ) => {
        match $activity {
            ActivityTarget::Token(token) => Question::$by_token(Box::new(service::$token_request {
                namespace: $names.namespace(),
                task_token: $names.token(token.to_bytes()),
                $($field,)*
                ..Default::default()
            })),
            ActivityTarget::Id(by_id) => {
                let of = &by_id.target;
                let execution = $names.execution(of.workflow_id.as_str(), &of.run_id);
                Question::$by_id(Box::new(service::$id_request {
                    namespace: $names.namespace(),
                    workflow_id: execution.workflow_id,
                    run_id: execution.run_id,
                    activity_id: by_id.activity_id.to_string(),
                    $($field,)*
                    ..Default::default()
                }))
            }
        }
    };
}

pub(super) fn heartbeat(
    activity: &ActivityTarget,
    details: Option<&Payloads>,
    identity: &str,
    names: &Names,
) -> Question {
    let (details, identity) = (official(details), identity.to_owned());
    by_token_or_id!(
        activity, names,
        RecordActivityTaskHeartbeat(RecordActivityTaskHeartbeatRequest)
            or RecordActivityTaskHeartbeatById(RecordActivityTaskHeartbeatByIdRequest),
        { details, identity }
    )
}

pub(super) fn completed(
    activity: &ActivityTarget,
    result: Option<&Payloads>,
    identity: &str,
    names: &Names,
) -> Question {
    let (result, identity) = (official(result), identity.to_owned());
    by_token_or_id!(
        activity, names,
        RespondActivityTaskCompleted(RespondActivityTaskCompletedRequest)
            or RespondActivityTaskCompletedById(RespondActivityTaskCompletedByIdRequest),
        { result, identity }
    )
}

pub(super) fn failed(of: &RespondActivityTaskFailed, names: &Names) -> Question {
    let failure = of.failure.as_deref().cloned();
    let identity = of.identity.to_string();
    let last_heartbeat_details = official(of.last_heartbeat_details.as_ref());
    by_token_or_id!(
        &of.activity, names,
        RespondActivityTaskFailed(RespondActivityTaskFailedRequest)
            or RespondActivityTaskFailedById(RespondActivityTaskFailedByIdRequest),
        { failure, identity, last_heartbeat_details }
    )
}

pub(super) fn canceled(
    activity: &ActivityTarget,
    details: Option<&Payloads>,
    identity: &str,
    names: &Names,
) -> Question {
    let (details, identity) = (official(details), identity.to_owned());
    by_token_or_id!(
        activity, names,
        RespondActivityTaskCanceled(RespondActivityTaskCanceledRequest)
            or RespondActivityTaskCanceledById(RespondActivityTaskCanceledByIdRequest),
        { details, identity }
    )
}

fn official(of: Option<&Payloads>) -> Option<common::Payloads> {
    of.map(|of| (**of).clone())
}
