//! Parents and children, and those who cancel each other (R85, R87–R91).

use super::room::{Claim, Claimed, Room, StartedChild};
use super::{Breach, Checked, Which, ensure};
use crate::history::event::ParentClosePolicy;
use crate::history::list::Batch;
use crate::history::{Attributes, Event, EventId, WorkflowId};
use crate::server::Run;

/// Checks what runs say of events in other runs. The claims are in order, so that each history is
/// walked once, from its end.
pub(super) fn claims(room: &Room<'_>) -> Result<(), (usize, Box<Breach>)> {
    let mut claims = room.claims.iter().rev().peekable();
    while let Some(Claim { run, .. }) = claims.peek().copied() {
        let target = room.find(*run);
        let mut batches = target
            .map(|at| room.runs[at].history.batches_backwards())
            .into_iter()
            .flatten()
            .peekable();
        while let Some(claim) = claims.next_if(|claim| claim.run == *run) {
            let event = skip_to(&mut batches, claim.event);
            let about = &room.runs[claim.by].execution.workflow_id;
            if !event.is_some_and(|event| is_claimed(event, claim.what, about)) {
                let which = match claim.what {
                    Claimed::Child => Which::ChildWasAskedFor,
                    Claimed::Cancel => Which::ExternalCancelWasAskedFor,
                };
                let is = event.map_or("does not exist", |event| event.attributes.type_name());
                let detail = format!("event {} of run {run}, which should have: {is}", claim.event);
                return Err((claim.by, Breach::new(which, None, detail)));
            }
        }
    }
    Ok(())
}

/// The event with this id. Ids must not rise from call to call.
fn skip_to<'b>(
    batches: &mut std::iter::Peekable<impl Iterator<Item = &'b Batch>>,
    id: EventId,
) -> Option<&'b Event> {
    while batches.next_if(|batch| batch.first_event_id() > id).is_some() {}
    let batch = batches.peek()?;
    batch.events().get((id.0.checked_sub(batch.first_event_id().0)?) as usize)
}

fn is_claimed(event: &Event, what: Claimed, about: &WorkflowId) -> bool {
    match (&event.attributes, what) {
        (Attributes::StartChildWorkflowExecutionInitiated(of), Claimed::Child) => {
            of.workflow_id == *about
        }
        (
            Attributes::RequestCancelExternalWorkflowExecutionInitiated { command, .. },
            Claimed::Cancel,
        ) => *command.workflow_id == *about.as_str(),
        _ => false,
    }
}

/// Checks the children that runs have started.
pub(super) fn children(room: &Room<'_>) -> Result<(), (usize, Box<Breach>)> {
    room.children.iter().try_for_each(|child| {
        let checked = run_exists(room, child).and_then(|()| match room.facts[child.parent].close {
            None => parent_hears(room, child),
            Some(close) => policy_is_applied(room, child, close),
        });
        checked.map_err(|breach| (child.parent, breach))
    })
}

/// The run that the parent names is the child's.
fn run_exists(room: &Room<'_>, child: &StartedChild<'_>) -> Checked {
    let started = room.find(child.run).and_then(|at| room.facts[at].started);
    let parent = started.and_then(|started| started.parent.as_ref());
    let parents_id = &room.runs[child.parent].execution.workflow_id;
    let is_it = started.is_some_and(|started| started.workflow_id == child.asked.workflow_id)
        && parent.is_some_and(|parent| {
            parent.initiated_event_id == child.initiated
                && parent.execution.workflow_id == *parents_id
        });
    ensure!(is_it, ChildRunExists, child.at, "run {} is not that child's", child.run);
    Ok(())
}

/// The current run of a child, if it is of the chain that this very run of the parent started.
fn current_run(room: &Room<'_>, child: &StartedChild<'_>) -> Option<usize> {
    let current = *room.runs_of(child.asked.workflow_id.as_str()).last()?;
    let started = room.facts[current].started?;
    let parent = started.parent.as_ref()?.execution.run_id;
    let is_own = started.first_execution_run_id == child.run
        && parent == room.runs[child.parent].execution.run_id;
    is_own.then_some(current)
}

/// An open parent is told that the chain has ended (R87), unless it is just about to be.
fn parent_hears(room: &Room<'_>, child: &StartedChild<'_>) -> Checked {
    let Some(parent) = room.runs[child.parent].run.filter(|_| !child.closed) else { return Ok(()) };
    let Some(current) = current_run(room, child) else { return Ok(()) };
    let has_ended =
        room.facts[current].close.is_some() && room.facts[current].successor().is_none();
    let is_told = room.runs[current].run.is_none_or(Run::has_follow_ups)
        || parent.buffered().any(|buffered| {
            matches!(
                buffered,
                Attributes::ChildWorkflowExecutionClosed { initiated_event_id, .. }
                    if *initiated_event_id == child.initiated
            )
        });
    ensure!(
        !has_ended || is_told,
        ParentHears,
        child.at,
        "`{}` has closed, and its parent has not heard of it",
        child.asked.workflow_id
    );
    Ok(())
}

/// What the policy says has been done to the child of a closed parent (R88, R89), unless it is just
/// about to be. A reset that terminates a parent leaves its children alone (B7).
fn policy_is_applied(room: &Room<'_>, child: &StartedChild<'_>, close: &Event) -> Checked {
    let by_reset = matches!(
        &close.attributes,
        Attributes::WorkflowExecutionTerminated { identity, .. } if **identity == *"history-resetter"
    );
    let is_settled = room.runs[child.parent].run.is_some_and(|run| !run.has_follow_ups());
    let Some(current) = current_run(room, child).filter(|_| is_settled && !by_reset) else {
        return Ok(());
    };
    let facts = &room.facts[current];
    // A run that was made later, by a reset or by the child itself, is not the policy's.
    let is_first = facts.started.is_some_and(|of| of.continued_execution_run_id.is_none());
    if facts.close.is_some() || facts.reset.is_some() {
        return Ok(());
    }
    let holds = match child.asked.parent_close_policy {
        ParentClosePolicy::Abandon => true,
        ParentClosePolicy::Terminate => false,
        ParentClosePolicy::RequestCancel => facts.cancel_requested.is_some() || !is_first,
    };
    ensure!(
        holds,
        ParentClosePolicy,
        close.id,
        "`{}` is open, and its parent close policy is {:?}",
        child.asked.workflow_id,
        child.asked.parent_close_policy
    );
    Ok(())
}
