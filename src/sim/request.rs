//! From a client's step to the request that it sends.

use std::time::Duration;

use super::log::NotSent;
use crate::api::{
    ActivityById, ActivityTarget, QueryWorkflow, Request, RequestCancelWorkflowExecution,
    RespondActivityTaskFailed, RpcError, SignalWorkflowExecution, Target,
    TerminateWorkflowExecution, UpdateStage, UpdateWorkflowExecution,
};
use crate::history::{Attributes, EventId, History, Name, Payloads, RunId, Shared, WorkflowId};
use crate::official::{
    common, enums, failure, query, taskqueue, update as official, workflowservice,
};
use crate::scenario::duration::Span;
use crate::scenario::model::{
    ClientAction, DEFAULT_TASK_QUEUE, Json, QueryRejectCondition, ReapplyExclude, Reset, ResetType,
    RetryPolicy, StartOptions, Update, WaitFor, WorkflowIdConflictPolicy, WorkflowIdReusePolicy,
};
use crate::scenario::payloads::{by_name, header, scripted as json, scripted_message as encode};
use crate::server::{Run, Server};

/// The namespace of everything in a scenario.
pub(crate) const NAMESPACE: &str = "default";

/// Who asks, and under which request id if the step names none.
pub(crate) struct Sender<'a> {
    pub(crate) identity: &'a Name,
    pub(crate) request_id: String,
}

/// What a step says in a way that only the server's state at that moment can tell: runs by number,
/// a reset's point by type.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resolved {
    /// Empty is "the current run".
    run_id: Name,
    /// Empty is "not set".
    first_run: Name,
    /// `None` is "as the step says".
    event_id: Option<EventId>,
}

/// Why a step's request was not made.
pub(crate) enum Unresolved {
    /// There was nothing to send.
    NotSent(NotSent),
    /// The server refused a question that comes before the request.
    Refused(RpcError),
}

/// Whether the request depends on what has happened so far.
pub(crate) fn must_resolve(action: &ClientAction) -> bool {
    match action {
        ClientAction::Signal(step) => step.run.is_some(),
        ClientAction::Update(step) => step.run.is_some() || step.first_run.is_some(),
        ClientAction::Describe(step) => step.run.is_some(),
        ClientAction::Query(step) => step.run.is_some(),
        ClientAction::Cancel(step) => step.run.is_some() || step.first_run.is_some(),
        ClientAction::Terminate(step) => step.run.is_some() || step.first_run.is_some(),
        ClientAction::Reset(step) => step.run.is_some() || step.r#type.is_some(),
        _ => false,
    }
}

/// Looks up what only the server's state can tell.
pub(crate) fn resolve(action: &ClientAction, server: &Server) -> Result<Resolved, Unresolved> {
    let mut resolved = Resolved::default();
    match action {
        ClientAction::Signal(step) => resolved.run_id = run_id(server, &step.signal, step.run)?,
        ClientAction::Describe(step) => resolved.run_id = run_id(server, &step.describe, step.run)?,
        ClientAction::Update(step) => {
            resolved.run_id = run_id(server, &step.update, step.run)?;
            resolved.first_run = run_id(server, &step.update, step.first_run)?;
        }
        ClientAction::Query(step) => resolved.run_id = run_id(server, &step.query, step.run)?,
        ClientAction::Cancel(step) => {
            resolved.run_id = run_id(server, &step.cancel, step.run)?;
            resolved.first_run = run_id(server, &step.cancel, step.first_run)?;
        }
        ClientAction::Terminate(step) => {
            resolved.run_id = run_id(server, &step.terminate, step.run)?;
            resolved.first_run = run_id(server, &step.terminate, step.first_run)?;
        }
        ClientAction::Reset(step) => {
            resolved.run_id = run_id(server, &step.reset, step.run)?;
            if let Some(kind) = step.r#type {
                resolved.event_id = Some(reset_point(server, step, kind, &resolved.run_id)?);
            }
        }
        _ => {}
    }
    Ok(resolved)
}

/// The run with this number, in the order in which the Workflow Id's runs were made.
fn run_id(server: &Server, workflow_id: &str, number: Option<u32>) -> Result<Name, Unresolved> {
    let Some(wanted) = number else { return Ok(Name::empty()) };
    let nth = (wanted as usize).checked_sub(1);
    let run = nth.and_then(|nth| server.runs_of(workflow_id).nth(nth));
    let made = || u32::try_from(server.runs_of(workflow_id).count()).unwrap_or(u32::MAX);
    run.map(|run| run.execution().run_id.to_string().into()).ok_or_else(|| {
        Unresolved::NotSent(NotSent::NoSuchRun {
            workflow_id: workflow_id.into(),
            wanted,
            made: made(),
        })
    })
}

/// Where the `temporal` CLI would reset to: it reads the history first (B26).
fn reset_point(
    server: &Server,
    step: &Reset,
    kind: ResetType,
    run_id: &Name,
) -> Result<EventId, Unresolved> {
    let run = match run_id.parse::<RunId>() {
        Ok(run_id) => server.run(run_id),
        Err(_) => server.current_run(&step.reset),
    };
    let run = run.ok_or_else(|| {
        Unresolved::Refused(RpcError::not_found(format!(
            "workflow not found for ID: {}",
            step.reset
        )))
    })?;
    point_of_type(run.history(), kind).ok_or_else(|| {
        Unresolved::NotSent(NotSent::NoWorkflowTask { workflow_id: step.reset.as_str().into() })
    })
}

/// The first or last completed workflow task; if none was completed, what follows the first that
/// was scheduled (B26).
fn point_of_type(history: &History, kind: ResetType) -> Option<EventId> {
    let mut completed = history
        .events()
        .filter(|event| matches!(event.attributes, Attributes::WorkflowTaskCompleted { .. }));
    let found = match kind {
        ResetType::FirstWorkflowTask => completed.next(),
        ResetType::LastWorkflowTask => completed.last(),
    };
    found.map(|event| event.id).or_else(|| {
        let mut events = history.events();
        let scheduled = events
            .find(|event| matches!(event.attributes, Attributes::WorkflowTaskScheduled { .. }));
        scheduled.map(|event| event.id.next())
    })
}

/// The run that a step of this kind waits on, if there is one.
pub(crate) fn current_run<'a>(server: &'a Server, workflow_id: &str) -> Result<&'a Run, RpcError> {
    server
        .current_run(workflow_id)
        .ok_or_else(|| RpcError::not_found(format!("workflow not found for ID: {workflow_id}")))
}

/// The request of a step; none for steps that send nothing.
pub(crate) fn build(
    action: &ClientAction,
    sender: &Sender<'_>,
    resolved: &Resolved,
) -> Option<Request> {
    let identity = sender.identity.clone();
    let target = |workflow_id: &str| Target {
        workflow_id: WorkflowId::from(workflow_id),
        run_id: resolved.run_id.clone(),
    };
    Some(match action {
        ClientAction::Start(step) => Request::StartWorkflowExecution(
            start(&step.start, &step.workflow_id, &step.options, sender).into(),
        ),
        ClientAction::SignalWithStart(step) => {
            let start = start(&step.signal_with_start, &step.workflow_id, &step.options, sender);
            let signal_input = step.signal_input.as_ref().map(encode);
            Request::SignalWithStartWorkflowExecution(
                signal_with_start(start, step.signal.clone(), signal_input).into(),
            )
        }
        ClientAction::Signal(step) => {
            Request::SignalWorkflowExecution(Box::new(SignalWorkflowExecution {
                target: target(&step.signal),
                signal_name: step.name.as_str().into(),
                input: payloads(step.input.as_ref()),
                identity,
                request_id: request_id(step.request_id.as_ref(), sender).into(),
                header: header(&step.header).map(Shared::new),
            }))
        }
        ClientAction::Update(step) => {
            Request::UpdateWorkflowExecution(Box::new(UpdateWorkflowExecution {
                target: target(&step.update),
                first_execution_run_id: resolved.first_run.clone(),
                request: update(step, sender).into(),
                wait_for: match step.wait_for {
                    WaitFor::Accepted => UpdateStage::Accepted,
                    WaitFor::Completed => UpdateStage::Completed,
                },
                // As an SDK's client, who asks again until it is so.
                patience: None,
            }))
        }
        ClientAction::Cancel(step) => {
            Request::RequestCancelWorkflowExecution(Box::new(RequestCancelWorkflowExecution {
                target: target(&step.cancel),
                first_execution_run_id: resolved.first_run.clone(),
                reason: text(step.reason.as_ref()),
                identity,
            }))
        }
        ClientAction::Terminate(step) => {
            Request::TerminateWorkflowExecution(Box::new(TerminateWorkflowExecution {
                target: target(&step.terminate),
                first_execution_run_id: resolved.first_run.clone(),
                reason: text(step.reason.as_ref()),
                details: payloads(step.details.as_ref()),
                identity,
            }))
        }
        ClientAction::Reset(step) => {
            Request::ResetWorkflowExecution(reset(step, sender, resolved).into())
        }
        ClientAction::Describe(step) => Request::DescribeWorkflowExecution(target(&step.describe)),
        ClientAction::Query(step) => Request::QueryWorkflow(Box::new(QueryWorkflow {
            target: target(&step.query),
            query: query::WorkflowQuery {
                query_type: step.name.clone(),
                query_args: step.input.as_ref().map(encode),
                header: None,
            }
            .into(),
            reject_condition: reject_condition(step.reject_condition),
            timeout: None,
        })),
        ClientAction::CompleteActivity(step) => Request::RespondActivityTaskCompleted {
            activity: activity(&step.workflow_id, &step.complete_activity),
            result: payloads(step.result.as_ref()),
            identity,
        },
        ClientAction::FailActivity(step) => {
            Request::RespondActivityTaskFailed(Box::new(RespondActivityTaskFailed {
                activity: activity(&step.workflow_id, &step.fail_activity),
                failure: Some(cli_failure(&step.message).into()),
                identity,
                last_heartbeat_details: None,
            }))
        }
        ClientAction::CancelActivity(step) => Request::RespondActivityTaskCanceled {
            activity: activity(&step.workflow_id, &step.cancel_activity),
            details: payloads(step.details.as_ref()),
            identity,
        },
        ClientAction::HeartbeatActivity(step) => Request::RecordActivityTaskHeartbeat {
            activity: activity(&step.workflow_id, &step.heartbeat_activity),
            details: payloads(step.details.as_ref()),
            identity,
        },
        ClientAction::WaitForClose(_)
        | ClientAction::Deploy(_)
        | ClientAction::StopWorker(_)
        | ClientAction::StartWorker(_)
        | ClientAction::CrashWorker(_)
        | ClientAction::LoseCache(_)
        | ClientAction::PauseWorker(_)
        | ClientAction::ResumeWorker(_) => return None,
    })
}

fn start(
    workflow_type: &str,
    workflow_id: &str,
    options: &StartOptions,
    sender: &Sender<'_>,
) -> workflowservice::StartWorkflowExecutionRequest {
    let task_queue = options.task_queue.as_deref().unwrap_or(DEFAULT_TASK_QUEUE);
    workflowservice::StartWorkflowExecutionRequest {
        namespace: NAMESPACE.to_owned(),
        workflow_id: workflow_id.to_owned(),
        workflow_type: Some(common::WorkflowType { name: workflow_type.to_owned() }),
        task_queue: Some(taskqueue::TaskQueue {
            name: task_queue.to_owned(),
            kind: enums::TaskQueueKind::Normal.into(),
            normal_name: String::new(),
        }),
        input: options.input.as_ref().map(encode),
        workflow_execution_timeout: timeout(options.workflow_execution_timeout),
        workflow_run_timeout: timeout(options.workflow_run_timeout),
        workflow_task_timeout: timeout(options.workflow_task_timeout),
        identity: sender.identity.to_string(),
        request_id: request_id(options.request_id.as_ref(), sender),
        workflow_id_reuse_policy: reuse_policy(options.workflow_id_reuse_policy).into(),
        workflow_id_conflict_policy: conflict_policy(options.workflow_id_conflict_policy).into(),
        retry_policy: options.retry_policy.as_ref().map(retry_policy),
        workflow_start_delay: timeout(options.start_delay),
        cron_schedule: options.cron_schedule.clone().unwrap_or_default(),
        memo: (!options.memo.is_empty()).then(|| common::Memo { fields: by_name(&options.memo) }),
        header: header(&options.header),
        ..Default::default()
    }
}

fn update(step: &Update, sender: &Sender<'_>) -> official::Request {
    official::Request {
        meta: Some(official::Meta {
            update_id: request_id(step.update_id.as_ref(), sender),
            identity: sender.identity.to_string(),
        }),
        input: Some(official::Input {
            name: step.name.clone(),
            args: step.input.as_ref().map(encode),
            header: header(&step.header),
        }),
        ..Default::default()
    }
}

fn signal_with_start(
    start: workflowservice::StartWorkflowExecutionRequest,
    signal_name: String,
    signal_input: Option<common::Payloads>,
) -> workflowservice::SignalWithStartWorkflowExecutionRequest {
    workflowservice::SignalWithStartWorkflowExecutionRequest {
        namespace: start.namespace,
        workflow_id: start.workflow_id,
        workflow_type: start.workflow_type,
        task_queue: start.task_queue,
        input: start.input,
        workflow_execution_timeout: start.workflow_execution_timeout,
        workflow_run_timeout: start.workflow_run_timeout,
        workflow_task_timeout: start.workflow_task_timeout,
        identity: start.identity,
        request_id: start.request_id,
        workflow_id_reuse_policy: start.workflow_id_reuse_policy,
        workflow_id_conflict_policy: start.workflow_id_conflict_policy,
        signal_name,
        signal_input,
        retry_policy: start.retry_policy,
        workflow_start_delay: start.workflow_start_delay,
        cron_schedule: start.cron_schedule,
        memo: start.memo,
        header: start.header,
        ..Default::default()
    }
}

fn reset(
    step: &Reset,
    sender: &Sender<'_>,
    resolved: &Resolved,
) -> workflowservice::ResetWorkflowExecutionRequest {
    // A type wins over an event's number, as in the CLI (B26).
    let point = resolved.event_id.or(step.event_id.map(EventId)).unwrap_or_default();
    #[allow(deprecated)] // the server still takes it, without effect (B18)
    let excluded = step.reapply_exclude.iter().map(|exclude| match exclude {
        ReapplyExclude::Signal => enums::ResetReapplyExcludeType::Signal,
        ReapplyExclude::Update => enums::ResetReapplyExcludeType::Update,
        ReapplyExclude::Nexus => enums::ResetReapplyExcludeType::Nexus,
        ReapplyExclude::CancelRequest => enums::ResetReapplyExcludeType::CancelRequest,
    });
    #[allow(deprecated)] // the CLI sends it, and this is what it sends (B25)
    workflowservice::ResetWorkflowExecutionRequest {
        namespace: NAMESPACE.to_owned(),
        workflow_execution: Some(common::WorkflowExecution {
            workflow_id: step.reset.clone(),
            run_id: resolved.run_id.to_string(),
        }),
        reason: step.reason.clone().unwrap_or_default(),
        workflow_task_finish_event_id: point.into(),
        request_id: sender.request_id.clone(),
        reset_reapply_type: enums::ResetReapplyType::AllEligible.into(),
        reset_reapply_exclude_types: excluded.map(Into::into).collect(),
        identity: sender.identity.to_string(),
        ..Default::default()
    }
}

/// The failure that `temporal activity fail` reports: a final one.
fn cli_failure(message: &str) -> failure::Failure {
    failure::Failure {
        message: message.to_owned(),
        source: "CLI".to_owned(),
        failure_info: Some(failure::failure::FailureInfo::ApplicationFailureInfo(
            failure::ApplicationFailureInfo { non_retryable: true, ..Default::default() },
        )),
        ..Default::default()
    }
}

fn activity(workflow_id: &str, activity_id: &str) -> ActivityTarget {
    ActivityTarget::Id(Box::new(ActivityById {
        target: Target::current(workflow_id),
        activity_id: activity_id.into(),
    }))
}

fn request_id(named: Option<&String>, sender: &Sender<'_>) -> String {
    named.unwrap_or(&sender.request_id).clone()
}

fn text(text: Option<&String>) -> Name {
    text.map_or_else(Name::empty, |text| text.as_str().into())
}

fn payloads(value: Option<&Json>) -> Option<Payloads> {
    value.map(json)
}

/// An official duration; `None` if not set. What a `Span` can be always fits.
fn timeout<D: TryFrom<Duration>>(timeout: Option<Span>) -> Option<D> {
    timeout.and_then(|span| D::try_from(span.0).ok())
}

fn retry_policy(policy: &RetryPolicy) -> common::RetryPolicy {
    common::RetryPolicy {
        initial_interval: timeout(policy.initial_interval),
        backoff_coefficient: policy.backoff_coefficient.unwrap_or(0.0),
        maximum_interval: timeout(policy.maximum_interval),
        maximum_attempts: i32::try_from(policy.maximum_attempts).unwrap_or(i32::MAX),
        non_retryable_error_types: policy.non_retryable_error_types.clone(),
    }
}

fn reject_condition(condition: QueryRejectCondition) -> enums::QueryRejectCondition {
    match condition {
        QueryRejectCondition::None => enums::QueryRejectCondition::None,
        QueryRejectCondition::NotOpen => enums::QueryRejectCondition::NotOpen,
        QueryRejectCondition::NotCompletedCleanly => {
            enums::QueryRejectCondition::NotCompletedCleanly
        }
    }
}

fn reuse_policy(policy: WorkflowIdReusePolicy) -> enums::WorkflowIdReusePolicy {
    match policy {
        WorkflowIdReusePolicy::AllowDuplicate => enums::WorkflowIdReusePolicy::AllowDuplicate,
        WorkflowIdReusePolicy::AllowDuplicateFailedOnly => {
            enums::WorkflowIdReusePolicy::AllowDuplicateFailedOnly
        }
        WorkflowIdReusePolicy::RejectDuplicate => enums::WorkflowIdReusePolicy::RejectDuplicate,
        #[allow(deprecated)] // but the server knows it (F8)
        WorkflowIdReusePolicy::TerminateIfRunning => {
            enums::WorkflowIdReusePolicy::TerminateIfRunning
        }
    }
}

fn conflict_policy(policy: WorkflowIdConflictPolicy) -> enums::WorkflowIdConflictPolicy {
    match policy {
        WorkflowIdConflictPolicy::Unspecified => enums::WorkflowIdConflictPolicy::Unspecified,
        WorkflowIdConflictPolicy::Fail => enums::WorkflowIdConflictPolicy::Fail,
        WorkflowIdConflictPolicy::UseExisting => enums::WorkflowIdConflictPolicy::UseExisting,
        WorkflowIdConflictPolicy::TerminateExisting => {
            enums::WorkflowIdConflictPolicy::TerminateExisting
        }
    }
}
