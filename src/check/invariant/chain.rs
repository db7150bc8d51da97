//! Runs that follow one another: continued as new, retried, by a cron schedule (R38, F2, F4, F5).

use super::audit::Facts;
use super::room::Room;
use super::{Breach, Checked, Which, ensure};
use crate::history::event::{Initiator, RetryState, WorkflowExecutionStarted};
use crate::history::{Attributes, Event};

/// Checks what runs say of those before and behind them.
pub(super) fn check(room: &Room<'_>) -> Result<(), (usize, Box<Breach>)> {
    for (number, facts) in room.facts.iter().enumerate() {
        let Some(started) = facts.started else { continue };
        own_ids(room, number, started)
            .and_then(|()| came_from(room, number, started))
            .and_then(|()| facts.close.map_or(Ok(()), |close| goes_on(room, number, facts, close)))
            .map_err(|breach| (number, breach))?;
    }
    Ok(())
}

/// A run that no reset made, and that none came before.
fn own_ids(room: &Room<'_>, number: usize, started: &WorkflowExecutionStarted) -> Checked {
    let execution = room.runs[number].execution;
    ensure!(
        started.workflow_id == execution.workflow_id,
        OwnIds,
        None,
        "its start names the Workflow Id `{}`",
        started.workflow_id
    );
    if started.original_execution_run_id != execution.run_id {
        return Ok(());
    }
    ensure!(
        started.continued_execution_run_id.is_some()
            || started.first_execution_run_id == execution.run_id,
        OwnIds,
        None,
        "its first run is {}, and it continues none",
        started.first_execution_run_id
    );
    Ok(())
}

/// The run before this one has closed and names it.
fn came_from(room: &Room<'_>, number: usize, started: &WorkflowExecutionStarted) -> Checked {
    let run_id = room.runs[number].execution.run_id;
    let Some(before) = started.continued_execution_run_id else { return Ok(()) };
    // A reset copies the start: what came before the base does not name the new run (B9).
    if started.original_execution_run_id != run_id {
        return Ok(());
    }
    let names_it =
        room.find(before).is_some_and(|before| room.facts[before].successor() == Some(run_id));
    ensure!(names_it, SuccessorExists, None, "run {before} should have closed and name it");
    Ok(())
}

/// The run behind this one.
fn goes_on(room: &Room<'_>, number: usize, facts: &Facts<'_>, close: &Event) -> Checked {
    let successor = facts.successor();
    let retried = match close.attributes {
        Attributes::WorkflowExecutionFailed { retry_state, .. }
        | Attributes::WorkflowExecutionTimedOut { retry_state, .. } => {
            retry_state == RetryState::InProgress
        }
        _ => false,
    };
    let Some(next) = successor else {
        ensure!(!retried, SuccessorExists, close.id, "it says that it is retried, and no run is");
        return Ok(());
    };
    let execution = room.runs[number].execution;
    let Some(at) = room.find(next) else {
        let detail = format!("the next run {next} does not exist");
        return Err(Breach::new(Which::SuccessorExists, close.id, detail));
    };
    let (Some(started), Some(own)) = (room.facts[at].started, facts.started) else {
        return Ok(());
    };
    ensure!(
        started.continued_execution_run_id == Some(execution.run_id),
        SuccessorExists,
        close.id,
        "the next run {next} does not name it as the one before"
    );
    let initiator = match close.attributes {
        Attributes::WorkflowExecutionContinuedAsNew(_) => Initiator::Workflow,
        _ if retried => Initiator::Retry,
        _ => Initiator::CronSchedule,
    };
    ensure!(
        started.initiator == Some(initiator),
        ChainGoesOn,
        close.id,
        "the next run's initiator is {:?}",
        started.initiator
    );
    ensure!(
        started.first_execution_run_id == own.first_execution_run_id
            && started.workflow_id == own.workflow_id,
        ChainGoesOn,
        close.id,
        "the next run's first run is {}, and this one's {}",
        started.first_execution_run_id,
        own.first_execution_run_id
    );
    let attempt = if retried { own.attempt + 1 } else { 1 };
    ensure!(
        started.attempt == attempt,
        ChainGoesOn,
        close.id,
        "the next run is attempt {} and should be {attempt}",
        started.attempt
    );
    Ok(())
}

/// Of the runs of one Workflow Id only the last is open.
pub(super) fn one_is_open(room: &Room<'_>) -> Result<(), (usize, Box<Breach>)> {
    for pair in room.by_workflow.windows(2) {
        let (earlier, later) = (room.runs[pair[0]], room.runs[pair[1]]);
        if earlier.execution.workflow_id == later.execution.workflow_id
            && room.facts[pair[0]].close.is_none()
        {
            let detail = format!("it is open although run {} exists", later.execution.run_id);
            return Err((pair[0], Breach::new(Which::OneOpenRun, None, detail)));
        }
    }
    Ok(())
}
