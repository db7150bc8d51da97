//! Resets (B2, B9–B18).

use super::audit::Facts;
use super::history::Pass;
use super::room::Room;
use super::workflow_task::Task;
use super::{Breach, Checked, Which, ensure};
use crate::api::ExecutionStatus;
use crate::history::event::WorkflowTaskFailed;
use crate::history::list::Batch;
use crate::history::{Attributes, Event, EventId, RunId};
use crate::official::enums::WorkflowTaskFailedCause;

/// The reset that made a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ResetAt {
    /// The failure of the workflow task that it writes (B11).
    pub(super) failed: EventId,
    /// The last event that it keeps.
    pub(super) kept: EventId,
    /// The run that it goes back in.
    pub(super) base: RunId,
    /// What it applied again.
    pub(super) applied: Applied,
}

/// What happens again in a reset run: how many of each.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Applied {
    pub(super) signals: u32,
    pub(super) updates: u32,
}

impl Applied {
    /// What a run that a reset goes back in has to happen again (B16).
    fn count(&mut self, event: &Event) {
        match &event.attributes {
            Attributes::WorkflowExecutionSignaled(_) => self.signals += 1,
            Attributes::WorkflowExecutionUpdateAdmitted { .. } => self.updates += 1,
            Attributes::WorkflowExecutionUpdateAccepted(accepted) => {
                self.updates += u32::from(accepted.accepted_request.is_some());
            }
            _ => {}
        }
    }
}

impl Pass<'_, '_> {
    /// A start that a reset made up: what it keeps ends before it (B10).
    pub(super) fn reset_started(&mut self, event: &Event, scheduled: EventId) {
        let first_made_up = if scheduled >= self.batch.first { scheduled } else { event.id };
        self.facts.made_up = Some((event.id, EventId(first_made_up.0 - 1)));
    }

    /// The failure that a reset writes. Those of earlier resets are among what is kept.
    pub(super) fn reset_failed(&mut self, event: &Event, failed: &WorkflowTaskFailed) -> Checked {
        if failed.cause != WorkflowTaskFailedCause::ResetWorkflow
            || failed.new_run_id != Some(self.execution.run_id)
        {
            return Ok(());
        }
        let Some(base) = failed.base_run_id else {
            return Err(self.wrong_link(event, EventId(0), "the base's"));
        };
        let kept = match self.facts.made_up {
            Some((started, kept)) if started == failed.started_event_id => kept,
            _ => EventId(event.id.0 - 1),
        };
        self.facts.reset =
            Some(ResetAt { failed: event.id, kept, base, applied: Applied::default() });
        self.facts.in_reset = true;
        self.facts.made_at = Some(event.time);
        // The task that the reset found pending: started, or scheduled, or a retry (B2).
        match self.facts.made_up {
            Some((started, kept)) if started == failed.started_event_id => {
                let scheduled_too = kept.next() == failed.scheduled_event_id;
                ensure!(
                    !scheduled_too || self.retries_behind(kept),
                    ResetFailsTask,
                    event.id,
                    "no workflow task is pending behind event {kept}"
                );
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether behind this event the next attempt of a workflow task is pending, which no event
    /// says (R16).
    fn retries_behind(&self, kept: EventId) -> bool {
        let kept = self.room.events.get(..kept.0 as usize).unwrap_or_default();
        let last = kept.iter().rev().find_map(|event| match event.attributes {
            Attributes::WorkflowTaskFailed(_) | Attributes::WorkflowTaskTimedOut { .. } => {
                Some(true)
            }
            Attributes::WorkflowTaskScheduled { .. }
            | Attributes::WorkflowTaskStarted { .. }
            | Attributes::WorkflowTaskCompleted { .. } => Some(false),
            _ => None,
        });
        last == Some(true)
    }

    pub(super) fn count_reapplied_signal(&mut self) {
        if let Some(reset) = self.facts.reset.as_mut().filter(|_| self.facts.in_reset) {
            reset.applied.signals += 1;
        }
    }

    pub(super) fn count_reapplied_update(&mut self) {
        if let Some(reset) = self.facts.reset.as_mut().filter(|_| self.facts.in_reset) {
            reset.applied.updates += 1;
        }
    }

    /// The reset's batch ends with a task for the workflow to go on (B13).
    pub(super) fn reset_batch_ends(&mut self, batch: &Batch) -> Checked {
        if !self.facts.in_reset {
            return Ok(());
        }
        self.facts.in_reset = false;
        let goes_on = match (&self.task, batch.events().last().map(|last| &last.attributes)) {
            (
                Task::Scheduled { .. },
                Some(Attributes::WorkflowTaskScheduled { attempt, task_queue, .. }),
            ) => *attempt == 1 && task_queue.sticky.is_none(),
            _ => false,
        };
        ensure!(goes_on, ResetGoesOn, batch.last_event_id(), "its last event is another");
        Ok(())
    }
}

/// What was to be left out of a reset (B18), as far as is known.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Excluded {
    pub(super) signals: bool,
    pub(super) updates: bool,
}

/// Checks the runs that resets made against those that they go back in.
pub(super) fn check(
    room: &Room<'_>,
    excluded: impl Fn(RunId) -> Option<Excluded>,
) -> Result<(), (usize, Box<Breach>)> {
    for (number, facts) in room.facts.iter().enumerate() {
        check_one(room, number, facts, &excluded).map_err(|breach| (number, breach))?;
    }
    Ok(())
}

fn check_one(
    room: &Room<'_>,
    number: usize,
    facts: &Facts<'_>,
    excluded: impl Fn(RunId) -> Option<Excluded>,
) -> Checked {
    let seen = room.runs[number];
    let run_id = seen.execution.run_id;
    let is_reset = facts.started.is_some_and(|of| of.original_execution_run_id != run_id);
    let Some(reset) = facts.reset else {
        ensure!(
            !is_reset,
            ResetFailsTask,
            None,
            "its start is another run's, and no reset's failure is in it"
        );
        return Ok(());
    };
    let Some(base) = room.find(reset.base) else {
        let detail = format!("its base {} does not exist", reset.base);
        return Err(Breach::new(Which::ResetPrefix, reset.failed, detail));
    };
    let base_history = room.runs[base].history;
    let (ours, theirs) = (seen.history.prefix(reset.kept), base_history.prefix(reset.kept));
    ensure!(
        ours.is_some() && ours == theirs,
        ResetPrefix,
        reset.kept,
        "the events up to this one are not those of run {}",
        reset.base
    );
    let Some(excluded) = excluded(run_id) else { return Ok(()) };
    let mut expected = behind(base_history.batches_backwards(), reset.kept);
    let mut at = base;
    while room.runs[at].status == ExecutionStatus::ContinuedAsNew {
        let Some(next) = room.facts[at].successor().and_then(|next| room.find(next)) else { break };
        let more = behind(room.runs[next].history.batches_backwards(), EventId(0));
        expected.signals += more.signals;
        expected.updates += more.updates;
        at = next;
    }
    if excluded.signals {
        expected.signals = 0;
    }
    if excluded.updates {
        expected.updates = 0;
    }
    ensure!(
        reset.applied == expected,
        ResetReapplies,
        reset.failed,
        "behind the point there are {expected:?}, and it has {:?}",
        reset.applied
    );
    Ok(())
}

/// What is in the batches behind an event.
fn behind<'b>(batches: impl Iterator<Item = &'b Batch>, kept: EventId) -> Applied {
    let mut applied = Applied::default();
    for batch in batches.take_while(|batch| batch.last_event_id() > kept) {
        let events = batch.events().iter().filter(|event| event.id > kept);
        events.for_each(|event| applied.count(event));
    }
    applied
}
