//! The ways a run ends by its worker's command, and what follows from any end
//! (R33–R40, R76, R87–R88).

use super::commands::{BadCommand, NewRun, Surroundings};
use super::continue_as_new::backoff_of_successor;
use super::cron::{self, Ended};
use super::key::Transfer;
use super::mutation::Mutation;
use super::query::{self, ClosedBy};
use super::retry::{self, Decision};
use super::run::Run;
use super::size;
use super::transaction::Transaction;
use crate::api::ExecutionStatus;
use crate::clock::Time;
use crate::history::event::{Initiator, RetryState, WorkflowExecutionStarted};
use crate::history::ids::RunCause;
use crate::history::{Attributes, EventId, Failure, RunId, Shared};
use crate::official::command::{
    CancelWorkflowExecutionCommandAttributes, CompleteWorkflowExecutionCommandAttributes,
    FailWorkflowExecutionCommandAttributes,
};
use crate::official::enums::WorkflowTaskFailedCause;

/// The `CompleteWorkflowExecution` command: with a cron schedule, another run follows (F4).
pub(super) fn complete(
    tx: &mut Transaction<'_>,
    completed: EventId,
    command: &CompleteWorkflowExecutionCommandAttributes,
    surroundings: &Surroundings<'_>,
) -> Result<Option<NewRun>, BadCommand> {
    // The real server's cause is that of another command.
    size::check_command(
        command.result.as_ref(),
        WorkflowTaskFailedCause::BadScheduleActivityAttributes,
        "CompleteWorkflowExecutionCommandAttributes.Result",
    )?;
    let result = command.result.clone().map(Shared::new);
    let ended = Ended::Completed(result.clone());
    let new_run = cron::next_run(tx.run, tx.now, ended, surroundings.runs_so_far);
    let attributes = Attributes::WorkflowExecutionCompleted {
        result,
        workflow_task_completed_event_id: completed,
        new_execution_run_id: new_run.as_ref().map(|run| run.run_id),
    };
    tx.run.successor = new_run.as_ref().map(|run| run.run_id);
    tx.close(ExecutionStatus::Completed, attributes);
    follow_close(tx.run, tx.now);
    Ok(new_run)
}

/// The `CancelWorkflowExecution` command; no request is needed before (R36).
pub(super) fn cancel(
    tx: &mut Transaction<'_>,
    completed: EventId,
    command: &CancelWorkflowExecutionCommandAttributes,
) {
    let attributes = Attributes::WorkflowExecutionCanceled {
        details: command.details.clone().map(Shared::new),
        workflow_task_completed_event_id: completed,
    };
    tx.close(ExecutionStatus::Canceled, attributes);
    follow_close(tx.run, tx.now);
}

/// The `FailWorkflowExecution` command: with a retry policy or a cron schedule, another run may
/// follow (R76, F4).
pub(super) fn fail(
    tx: &mut Transaction<'_>,
    completed: EventId,
    command: &FailWorkflowExecutionCommandAttributes,
    surroundings: &Surroundings<'_>,
) -> Result<Option<NewRun>, BadCommand> {
    let cause = WorkflowTaskFailedCause::BadFailWorkflowExecutionAttributes;
    let Some(sent) = &command.failure else {
        let what = "Failure is not set on FailWorkflowExecutionCommand.";
        return Err(BadCommand::new(cause, what));
    };
    size::check_command(Some(sent), cause, "FailWorkflowExecutionCommandAttributes.Failure")?;
    let failure = Failure::Sent(Shared::new(sent.clone()));
    let (retry_state, new_run) = after_failure(tx.run, tx.now, &failure, surroundings.runs_so_far);
    let attributes = Attributes::WorkflowExecutionFailed {
        failure,
        retry_state,
        workflow_task_completed_event_id: completed,
        new_execution_run_id: new_run.as_ref().map(|run| run.run_id),
    };
    tx.run.successor = new_run.as_ref().map(|run| run.run_id);
    tx.close(ExecutionStatus::Failed, attributes);
    follow_close(tx.run, tx.now);
    Ok(new_run)
}

/// The run that follows one which has failed or timed out: by its retry policy, and if that gives
/// up, by its cron schedule (F4).
fn after_failure(
    run: &Run,
    now: Time,
    failure: &Failure,
    runs_so_far: u32,
) -> (RetryState, Option<NewRun>) {
    let (retry_state, new_run) = retry_run(run, now, failure, runs_so_far);
    let new_run = new_run.or_else(|| cron::next_run(run, now, Ended::Failed(failure), runs_so_far));
    (retry_state, new_run)
}

/// What the retry policy of a run says when the run has failed or timed out (R76, F2).
fn retry_run(
    run: &Run,
    now: Time,
    failure: &Failure,
    runs_so_far: u32,
) -> (RetryState, Option<NewRun>) {
    let Some(policy) = &run.started.retry_policy else {
        return (RetryState::RetryPolicyNotSet, None);
    };
    let mut attempt = retry::attempt_of(run.started.attempt, failure);
    if *failure == Failure::WorkflowTimeout {
        attempt.error_type = "TemporalTimeout:StartToClose";
    }
    // Unlike an activity's, the delay is capped like an interval of the policy; zero is the cap
    // (observed).
    attempt.next_retry_delay = attempt.next_retry_delay.map(|delay| {
        let longest = policy.maximum_interval;
        if delay.is_zero() || (!longest.is_zero() && delay > longest) { longest } else { delay }
    });
    match retry::decide(policy, &attempt, now, run.chain_expires_at) {
        Decision::GiveUp(retry_state) => (retry_state, None),
        Decision::RetryAfter(interval) => {
            let new_run = successor(run, Initiator::Retry, runs_so_far, |started| {
                started.attempt += 1;
                started.continued_failure = Some(failure.clone());
                started.first_workflow_task_backoff = backoff_of_successor(run, now, interval);
            });
            (RetryState::InProgress, Some(new_run))
        }
    }
}

/// A run that follows this one in its chain: what is not changed is inherited (F2, F5).
pub(super) fn successor(
    run: &Run,
    initiator: Initiator,
    runs_so_far: u32,
    change: impl FnOnce(&mut WorkflowExecutionStarted),
) -> NewRun {
    let cause = match initiator {
        Initiator::Workflow => RunCause::ContinueAsNew,
        Initiator::Retry => RunCause::Retry,
        Initiator::CronSchedule => RunCause::Cron,
    };
    let run_id = RunId::derive(&run.execution.workflow_id, cause, runs_so_far);
    let mut started = WorkflowExecutionStarted::clone(&run.started);
    started.continued_execution_run_id = Some(run.execution.run_id);
    started.initiator = Some(initiator);
    started.continued_failure = None;
    started.original_execution_run_id = run_id;
    if run.mutant(Mutation::ForgetsFirstRun) {
        started.first_execution_run_id = run_id;
    }
    started.identity = crate::history::Name::empty();
    // After a reset this is no longer what the first event says (B15).
    started.workflow_execution_expiration_time = run.chain_expires_at;
    started.prev_auto_reset_points.clone_from(&run.reset_points);
    change(&mut started);
    NewRun { run_id, started }
}

/// What follows from the end of a run, however it ended: the parent hears of it, unless the chain
/// goes on (R87), and the parent close policies apply (R88), to children known to have started
/// (R91).
pub(super) fn follow_close(run: &mut Run, now: Time) {
    // Nothing that commands of the closing task asked for is ever done (R40), but what is on its
    // way of making a child's run known to it stays: it is looked at again when its turn comes.
    run.transfers.retain(|(_, transfer)| {
        matches!(transfer, Transfer::RecordChildStarted(_) | Transfer::ScheduleChildsFirstTask(_))
    });
    if run.started.parent.is_some() && run.successor.is_none() {
        run.transfers.push((now, Transfer::NotifyParent));
    }
    for child in &run.children {
        if child.is_started() {
            let policy = Transfer::ApplyParentClosePolicy(child.initiated_event_id);
            run.transfers.push((now, policy));
        }
    }
}

/// The run timeout or the execution timeout (R48, F1).
pub(super) fn time_out(tx: &mut Transaction<'_>, runs_so_far: u32) -> Option<NewRun> {
    query::run_closed_from_outside(tx.run, ClosedBy::Timeout);
    super::workflow_task::fail_by_server(tx);
    tx.flush();
    let by_execution_timeout =
        tx.run.chain_expires_at.is_some_and(|expiration| expiration <= tx.now);
    let (retry_state, new_run) = if by_execution_timeout {
        (RetryState::Timeout, None)
    } else {
        after_failure(tx.run, tx.now, &Failure::WorkflowTimeout, runs_so_far)
    };
    tx.run.successor = new_run.as_ref().map(|run| run.run_id);
    let attributes = Attributes::WorkflowExecutionTimedOut {
        retry_state,
        new_execution_run_id: new_run.as_ref().map(|run| run.run_id),
    };
    tx.close(ExecutionStatus::TimedOut, attributes);
    follow_close(tx.run, tx.now);
    new_run
}
