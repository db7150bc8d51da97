//! Lines of child workflows, as their parent records them.

use std::time::Duration;

use super::execution::{retry_state_text, workflow_retry_policy};
use super::line::Line;
use super::names::Scene;
use super::payload::payloads_text;
use super::words::word;
use crate::history::event::{
    Attributes, ChildClose, Event, ParentClosePolicy, RetryPolicy,
    StartChildWorkflowExecutionInitiated,
};
use crate::official::enums::WorkflowIdReusePolicy;

/// The workflow task timeout that is not worth telling, being everybody's.
const DEFAULT_TASK_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn describe(event: &Event, scene: &Scene<'_>) -> Line {
    match &event.attributes {
        Attributes::StartChildWorkflowExecutionInitiated(child) => initiated(child, scene),
        Attributes::StartChildWorkflowExecutionFailed { child, initiated_event_id } => about(child)
            .item("WORKFLOW_ALREADY_EXISTS")
            .link("initiated", Some(*initiated_event_id)),
        Attributes::ChildWorkflowExecutionStarted { child, run_id, initiated_event_id } => {
            about(child)
                .item(scene.run_number(*run_id))
                .link("initiated", Some(*initiated_event_id))
        }
        Attributes::ChildWorkflowExecutionClosed {
            child,
            run_id,
            initiated_event_id,
            started_event_id,
            close,
        } => {
            let line = about(child).item(scene.run_number(*run_id));
            let line = match close {
                ChildClose::Completed { result } => line.payloads("result", result.as_ref()),
                ChildClose::Failed { failure, retry_state } => {
                    line.failure(failure).items(retry_state_text(*retry_state))
                }
                ChildClose::TimedOut { retry_state } => line.items(retry_state_text(*retry_state)),
                ChildClose::Canceled { details } => line.payloads("details", details.as_ref()),
                ChildClose::Terminated => line,
            };
            line.link("initiated", Some(*initiated_event_id))
                .link("started", Some(*started_event_id))
        }
        _ => Line::new(),
    }
}

fn about(child: &StartChildWorkflowExecutionInitiated) -> Line {
    Line::about_a("child", child.workflow_id.as_str())
}

fn initiated(child: &StartChildWorkflowExecutionInitiated, scene: &Scene<'_>) -> Line {
    let command = &child.command;
    let input = command.input.as_ref().filter(|input| !input.payloads.is_empty());
    let task_timeout = Some(child.workflow_task_timeout).filter(|of| *of != DEFAULT_TASK_TIMEOUT);
    let reuse = WorkflowIdReusePolicy::try_from(command.workflow_id_reuse_policy).ok();
    let reuse = reuse.and_then(reuse_text);
    let policy = match child.parent_close_policy {
        ParentClosePolicy::Terminate => None,
        ParentClosePolicy::Abandon => Some("parent close policy ABANDON".to_owned()),
        ParentClosePolicy::RequestCancel => Some("parent close policy REQUEST_CANCEL".to_owned()),
    };
    about(child)
        .item(word(&child.workflow_type))
        .items(input.map(|input| format!("input {}", payloads_text(input))))
        .named("queue", scene.other_queue(&child.task_queue))
        .duration("execution timeout", child.workflow_execution_timeout)
        .duration("run timeout", child.workflow_run_timeout)
        .duration("task timeout", task_timeout.unwrap_or_default())
        .named("cron", &command.cron_schedule)
        .items(policy)
        .items(reuse.map(|policy| format!("reuse policy {policy}")))
        .items(
            command
                .retry_policy
                .as_ref()
                .map(|policy| RetryPolicy::with_defaults(Some(policy)))
                .iter()
                .flat_map(workflow_retry_policy),
        )
}

/// Whether the child's id may have been used before; nothing if it may, as by default.
fn reuse_text(policy: WorkflowIdReusePolicy) -> Option<&'static str> {
    match policy {
        WorkflowIdReusePolicy::Unspecified | WorkflowIdReusePolicy::AllowDuplicate => None,
        other => {
            let name = other.as_str_name();
            Some(name.strip_prefix("WORKFLOW_ID_REUSE_POLICY_").unwrap_or(name))
        }
    }
}
