//! Continue-as-new (R38, F5).

use std::sync::Arc;
use std::time::Duration;

use super::close::{follow_close, successor};
use super::commands::{BadCommand, NewRun, Surroundings, too_long_name};
use super::cron;
use super::duration::{is_negative, or_zero};
use super::run::Run;
use super::transaction::Transaction;
use super::{retry, search_attributes, size, start};
use crate::api::limits::{check_task_queue_name, too_long};
use crate::api::{Code, ExecutionStatus};
use crate::clock::Time;
use crate::history::event::{Initiator, RetryPolicy, WorkflowExecutionContinuedAsNew};
use crate::history::{Attributes, EventId, Failure, Name, Shared};
use crate::official::command::ContinueAsNewWorkflowExecutionCommandAttributes;
use crate::official::enums::{self, WorkflowTaskFailedCause};

/// A run that continues sooner waits out the rest of this (R38:
/// `history.workflowIdReuseMinimalInterval`).
const MINIMAL_INTERVAL: Duration = Duration::from_secs(1);

/// How long the first workflow task of a run's successor waits at least: until a second has passed
/// since the run began (R38). A run that waited before its own first task counts from the end of
/// that.
pub(super) fn backoff_of_successor(run: &Run, now: Time, asked: Duration) -> Duration {
    let lifetime = now.since(run.start_time + run.started.first_workflow_task_backoff);
    asked.max(MINIMAL_INTERVAL.saturating_sub(lifetime))
}

/// The `ContinueAsNewWorkflowExecution` command: what it does not carry is inherited, but for memo
/// and retry policy (F5).
pub(super) fn apply(
    tx: &mut Transaction<'_>,
    completed: EventId,
    command: &ContinueAsNewWorkflowExecutionCommandAttributes,
    surroundings: &Surroundings<'_>,
) -> Result<NewRun, BadCommand> {
    let run = &*tx.run;
    let of_type = command.workflow_type.as_ref().map_or("", |of_type| &of_type.name);
    let queue = command.task_queue.as_ref().map_or("", |queue| &queue.name);
    let named = |name: &str, inherited: &Name| {
        if name.is_empty() { inherited.clone() } else { Name::from(name) }
    };
    let workflow_type = named(of_type, &run.started.workflow_type);
    let task_queue = named(queue, &run.started.task_queue);
    check(command, &workflow_type, &task_queue)?;
    // The real server does not look at the schedule: a run with one that is malformed has none.
    if let Err(error) = cron::validate(&command.cron_schedule, tx.now)
        && error.code == Code::Unimplemented
    {
        let cause = WorkflowTaskFailedCause::BadContinueAsNewAttributes;
        return Err(BadCommand::new(cause, error.message));
    }
    search_attributes::check(command.search_attributes.as_ref(), surroundings.namespace)?;
    let cause = WorkflowTaskFailedCause::BadContinueAsNewAttributes;
    let what = "ContinueAsNewWorkflowExecutionCommandAttributes. Input";
    size::check_command(command.input.as_ref(), cause, what)?;
    if size::is_too_large_memo(command.memo.as_ref()) {
        let what = "ContinueAsNewWorkflowExecutionCommandAttributes. Memo";
        return Err(BadCommand::too_large(cause, what));
    }
    let or_inherited = |timeout: Duration, inherited: Duration| {
        if timeout.is_zero() { inherited } else { timeout }
    };
    let execution_timeout = run.started.workflow_execution_timeout;
    let capped = |timeout: Duration| {
        if execution_timeout.is_zero() { timeout } else { timeout.min(execution_timeout) }
    };
    let workflow_run_timeout = capped(or_inherited(
        or_zero(command.workflow_run_timeout.as_ref()),
        run.started.workflow_run_timeout,
    ));
    let workflow_task_timeout = or_inherited(
        or_zero(command.workflow_task_timeout.as_ref()),
        run.started.workflow_task_timeout,
    );
    let workflow_task_timeout =
        start::workflow_task_timeout(workflow_task_timeout, workflow_run_timeout);
    let asked = or_zero(command.backoff_start_interval.as_ref());
    let backoff = backoff_of_successor(run, tx.now, asked);
    let input = command.input.clone().map(Shared::new);
    let memo = command.memo.clone().map(Shared::new);
    let header = command.header.clone().map(Shared::new);
    let search_attributes = command.search_attributes.clone().map(Shared::new);
    let last_completion_result = command.last_completion_result.clone().map(Shared::new);
    let failure = command.failure.clone().map(|failure| Failure::Sent(Shared::new(failure)));

    let new_run = successor(run, Initiator::Workflow, surroundings.runs_so_far, |started| {
        started.workflow_type = workflow_type.clone();
        started.task_queue = task_queue.clone();
        started.input.clone_from(&input);
        started.workflow_run_timeout = workflow_run_timeout;
        started.workflow_task_timeout = workflow_task_timeout;
        started.attempt = 1;
        started.retry_policy =
            command.retry_policy.as_ref().map(|policy| RetryPolicy::with_defaults(Some(policy)));
        started.first_workflow_task_backoff = backoff;
        started.memo.clone_from(&memo);
        started.header.clone_from(&header);
        started.search_attributes.clone_from(&search_attributes);
        started.last_completion_result.clone_from(&last_completion_result);
        started.continued_failure.clone_from(&failure);
        started.cron_schedule = Name::from(command.cron_schedule.as_str());
    });
    let continued = WorkflowExecutionContinuedAsNew {
        new_execution_run_id: new_run.run_id,
        workflow_type,
        task_queue,
        input,
        workflow_run_timeout,
        workflow_task_timeout,
        workflow_task_completed_event_id: completed,
        backoff_start_interval: asked,
        initiator: match enums::ContinueAsNewInitiator::try_from(command.initiator) {
            Ok(enums::ContinueAsNewInitiator::Workflow) => Some(Initiator::Workflow),
            Ok(enums::ContinueAsNewInitiator::Retry) => Some(Initiator::Retry),
            Ok(enums::ContinueAsNewInitiator::CronSchedule) => Some(Initiator::CronSchedule),
            _ => None,
        },
        failure,
        last_completion_result,
        header,
        memo,
        search_attributes,
    };
    tx.run.successor = Some(new_run.run_id);
    let attributes = Attributes::WorkflowExecutionContinuedAsNew(Arc::new(continued));
    tx.close(ExecutionStatus::ContinuedAsNew, attributes);
    follow_close(tx.run, tx.now);
    Ok(new_run)
}

/// What is wrong with the command (observed).
fn check(
    command: &ContinueAsNewWorkflowExecutionCommandAttributes,
    workflow_type: &Name,
    task_queue: &Name,
) -> Result<(), BadCommand> {
    let bad = |what: String| {
        Err(BadCommand::new(WorkflowTaskFailedCause::BadContinueAsNewAttributes, what))
    };
    if too_long(workflow_type) {
        return bad(format!(
            "WorkflowType on ContinueAsNewWorkflowExecutionCommand exceeds length limit. {}",
            too_long_name("WorkflowType", workflow_type)
        ));
    }
    let queue = shown_queue(task_queue);
    let who = format!("WorkflowType={workflow_type} TaskQueue={queue}");
    if let Err(what) = check_task_queue_name(task_queue) {
        return bad(format!(
            "error validating ContinueAsNewWorkflowExecutionCommand TaskQueue: {what}. {who}"
        ));
    }
    let timeouts = [
        ("WorkflowRunTimeout", command.workflow_run_timeout.as_ref()),
        ("WorkflowTaskTimeout", command.workflow_task_timeout.as_ref()),
        ("BackoffStartInterval", command.backoff_start_interval.as_ref()),
    ];
    if let Some((name, _)) = timeouts.iter().find(|(_, timeout)| is_negative(*timeout)) {
        return bad(format!(
            "Invalid {name} on ContinueAsNewWorkflowExecutionCommand: negative duration. {who}"
        ));
    }
    let policy = command.retry_policy.as_ref();
    policy.map_or(Ok(()), retry::validate).or_else(|what| {
        bad(format!(
            "invalid WorkflowRetryPolicy on ContinueAsNewWorkflowExecutionCommand: {what}. {who}"
        ))
    })
}

/// A task queue as messages show it.
pub(super) fn shown_queue(name: &str) -> String {
    format!("name:\"{name}\"  kind:TASK_QUEUE_KIND_NORMAL")
}
