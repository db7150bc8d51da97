//! Lines of the execution as a whole.

use super::failure::failure_text;
use super::line::Line;
use super::names::Scene;
use super::payload::{fields_text, payload_text};
use super::record::fields_item;
use super::words::{short, word};
use crate::history::event::{
    Attributes, Event, Initiator, RetryPolicy, RetryState, WorkflowExecutionContinuedAsNew,
    WorkflowExecutionStarted,
};
use crate::official::enums::WorkflowTaskFailedCause;

use std::time::Duration;

/// The workflow task timeout that is not worth telling, being everybody's.
const DEFAULT_TASK_TIMEOUT: Duration = Duration::from_secs(10);

/// What made the run: who started it, or which run it goes on from.
pub(super) fn origin(scene: &Scene<'_>) -> Vec<String> {
    let Some(started) = scene.started() else { return Vec::new() };
    let mut origin = Vec::new();
    let reset = scene.events().iter().rev().find_map(|event| match &event.attributes {
        Attributes::WorkflowTaskFailed(failed)
            if failed.cause == WorkflowTaskFailedCause::ResetWorkflow
                && failed.new_run_id == Some(scene.run_id()) =>
        {
            failed.base_run_id
        }
        _ => None,
    });
    if let Some(base) = reset {
        origin.push(format!("reset of {}", scene.run(base)));
        return origin;
    }
    let before = started.continued_execution_run_id.map(|id| scene.run(id));
    match (started.initiator, before) {
        (Some(Initiator::Workflow), Some(before)) => {
            origin.push(format!("continued as new from {before}"));
        }
        (Some(Initiator::Retry), Some(before)) => {
            origin.push(format!("retry of {before}, attempt {}", started.attempt));
        }
        (Some(Initiator::CronSchedule), Some(before)) => {
            origin.push(format!("cron run after {before}"));
        }
        _ if started.parent.is_none() => {
            origin.push(format!("started by {}", word(&started.identity)));
        }
        _ => {}
    }
    if let Some(parent) = &started.parent {
        origin.push(format!("child of {}", scene.execution(&parent.execution)));
    }
    origin
}

pub(super) fn describe(event: &Event, scene: &Scene<'_>) -> Line {
    let line = Line::new();
    match &event.attributes {
        Attributes::WorkflowExecutionStarted(of) => started(of, scene),
        Attributes::WorkflowExecutionCompleted { result, new_execution_run_id, .. } => line
            .payloads("result", result.as_ref())
            .items(new_execution_run_id.map(|id| format!("next is {}", scene.run(id)))),
        Attributes::WorkflowExecutionFailed {
            failure, retry_state, new_execution_run_id, ..
        } => line
            .failure(failure)
            .items(retry_state_text(*retry_state))
            .items(new_execution_run_id.map(|id| format!("next is {}", scene.run(id)))),
        Attributes::WorkflowExecutionTimedOut { retry_state, new_execution_run_id } => line
            .items(retry_state_text(*retry_state))
            .items(new_execution_run_id.map(|id| format!("next is {}", scene.run(id)))),
        Attributes::WorkflowExecutionCanceled { details, .. } => {
            line.payloads("details", details.as_ref())
        }
        Attributes::WorkflowExecutionTerminated { reason, details, identity } => {
            line.said("reason", reason).payloads("details", details.as_ref()).by(identity)
        }
        Attributes::WorkflowExecutionContinuedAsNew(of) => continued_as_new(of, scene),
        Attributes::WorkflowExecutionCancelRequested { cause, identity, external } => {
            let line = line.said("reason", cause);
            match external {
                None => line.by(identity),
                Some(origin) => {
                    let from = scene.execution(&origin.execution);
                    match origin.initiated_event_id {
                        Some(id) => line.item(format!("from {from}, event {id}")).by(identity),
                        None => line.item(format!("parent close policy of {from}")).by(identity),
                    }
                }
            }
        }
        Attributes::WorkflowExecutionSignaled(of) => {
            let from = of.external.as_ref();
            Line::about_a("signal", &of.signal_name)
                .payloads("input", of.input.as_ref())
                .items(from.map(|from| format!("from {}", scene.execution(from))))
                .by(&of.identity)
        }
        _ => line,
    }
}

fn started(of: &WorkflowExecutionStarted, scene: &Scene<'_>) -> Line {
    let task_timeout = Some(of.workflow_task_timeout).filter(|of| *of != DEFAULT_TASK_TIMEOUT);
    let memo = of.memo.as_ref().map(|memo| fields_text(&memo.fields, payload_text));
    let attributes = of.search_attributes.as_ref();
    let attributes = attributes.map(|of| fields_text(&of.indexed_fields, payload_text));
    let line = Line::about(&of.workflow_type)
        .payloads("input", of.input.as_ref())
        .named("queue", &of.task_queue)
        .duration("execution timeout", of.workflow_execution_timeout)
        .duration("run timeout", of.workflow_run_timeout)
        .duration("task timeout", task_timeout.unwrap_or_default())
        .items(of.retry_policy.as_ref().into_iter().flat_map(workflow_retry_policy))
        .named("cron", &of.cron_schedule)
        .attempt(of.attempt)
        .duration("first task after", of.first_workflow_task_backoff)
        .items(of.continued_failure.as_ref().map(|of| format!("after {}", failure_text(of))))
        .payloads("last result", of.last_completion_result.as_ref())
        .items(fields_item("memo", memo))
        .items(fields_item("search attributes", attributes));
    match &of.parent {
        None => line.by(&of.identity),
        Some(parent) => {
            let from = scene.execution(&parent.execution);
            line.item(format!("parent {from}, event {}", parent.initiated_event_id))
                .by(&of.identity)
        }
    }
}

/// A workflow's policy. Unlike an activity it has none by default.
pub(super) fn workflow_retry_policy(policy: &RetryPolicy) -> Vec<String> {
    let texts = retry_policy_texts(policy);
    if texts.is_empty() { vec!["default retry policy".to_owned()] } else { texts }
}

fn continued_as_new(of: &WorkflowExecutionContinuedAsNew, scene: &Scene<'_>) -> Line {
    let same_type = scene.started().is_some_and(|run| run.workflow_type == of.workflow_type);
    // What the next run has otherwise than this one.
    let changed = |next: Duration, this: fn(&WorkflowExecutionStarted) -> Duration| {
        if scene.started().is_some_and(|run| this(run) == next) { Duration::ZERO } else { next }
    };
    let initiator = match of.initiator {
        None | Some(Initiator::Workflow) => None,
        Some(Initiator::Retry) => Some("RETRY"),
        Some(Initiator::CronSchedule) => Some("CRON_SCHEDULE"),
    };
    Line::new()
        .item(format!("next is {}", scene.run(of.new_execution_run_id)))
        .named("of", if same_type { "" } else { &of.workflow_type })
        .payloads("input", of.input.as_ref())
        .named("queue", scene.other_queue(&of.task_queue))
        .duration("run timeout", changed(of.workflow_run_timeout, |run| run.workflow_run_timeout))
        .duration(
            "task timeout",
            changed(of.workflow_task_timeout, |run| run.workflow_task_timeout),
        )
        .items(initiator.map(|name| format!("initiator {name}")))
        .duration("after", of.backoff_start_interval)
        .items(of.failure.as_ref().map(|of| format!("after {}", failure_text(of))))
}

/// Why there is no further attempt; nothing where none was ever wanted.
pub(super) fn retry_state_text(state: RetryState) -> Option<String> {
    let name = match state {
        RetryState::RetryPolicyNotSet => return None,
        RetryState::InProgress => "IN_PROGRESS",
        RetryState::NonRetryableFailure => "NON_RETRYABLE_FAILURE",
        RetryState::Timeout => "TIMEOUT",
        RetryState::MaximumAttemptsReached => "MAXIMUM_ATTEMPTS_REACHED",
        RetryState::InternalServerError => "INTERNAL_SERVER_ERROR",
        RetryState::CancelRequested => "CANCEL_REQUESTED",
    };
    Some(format!("retry state {name}"))
}

/// What of a policy is not as it is by default (R50).
pub(super) fn retry_policy_texts(policy: &RetryPolicy) -> Vec<String> {
    let mut texts = Vec::new();
    if policy.maximum_attempts > 0 {
        texts.push(format!("maximum attempts {}", policy.maximum_attempts));
    }
    if policy.initial_interval != Duration::from_secs(1) {
        texts.push(format!("initial interval {}", short(policy.initial_interval)));
    }
    if policy.backoff_coefficient.to_bits() != 2.0_f64.to_bits() {
        texts.push(format!("backoff coefficient {}", policy.backoff_coefficient));
    }
    if policy.maximum_interval != policy.initial_interval.saturating_mul(100) {
        texts.push(format!("maximum interval {}", short(policy.maximum_interval)));
    }
    if !policy.non_retryable_error_types.is_empty() {
        let types: Vec<String> =
            policy.non_retryable_error_types.iter().map(|name| word(name)).collect();
        texts.push(format!("non-retryable {}", types.join(", ")));
    }
    texts
}
