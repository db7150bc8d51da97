//! User timers (R77–R79).

use super::commands::BadCommand;
use super::commands::too_long_name;
use super::duration::{is_negative, or_zero};
use super::mutation::Mutation;
use super::run::Run;
use super::transaction::Transaction;
use crate::api::limits::too_long;
use crate::clock::Time;
use crate::history::{Attributes, EventId, Name};
use crate::official::command::{CancelTimerCommandAttributes, StartTimerCommandAttributes};
use crate::official::enums::WorkflowTaskFailedCause;

/// A timer that has neither fired nor been canceled.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct UserTimer {
    pub(super) timer_id: Name,
    pub(super) started_event_id: EventId,
    pub(super) deadline: Time,
}

/// The `StartTimer` command.
pub(super) fn start(
    tx: &mut Transaction<'_>,
    completed: EventId,
    command: &StartTimerCommandAttributes,
) -> Result<(), BadCommand> {
    let bad =
        |what: String| Err(BadCommand::new(WorkflowTaskFailedCause::BadStartTimerAttributes, what));
    let id = &command.timer_id;
    let timeout = command.start_to_fire_timeout.as_ref();
    if is_negative(timeout) {
        return bad(format!(
            "An invalid StartToFireTimeout is set on StartTimerCommand: negative duration. \
             TimerId={id}"
        ));
    }
    if id.is_empty() {
        return bad("TimerId is not set on StartTimerCommand.".to_owned());
    }
    if too_long(id) {
        return bad(format!(
            "TimerId on StartTimerCommand exceeds length limit. {}",
            too_long_name("TimerId", id)
        ));
    }
    if tx.run.timers.iter().any(|timer| *timer.timer_id == **id) {
        return Err(BadCommand::new(
            WorkflowTaskFailedCause::StartTimerDuplicateId,
            format!(
                "invalid history builder state for action: add-timer-started-event, TimerID: {id}"
            ),
        ));
    }
    let timer_id = Name::from(id.as_str());
    let timeout = or_zero(timeout);
    let started_event_id = tx.add(Attributes::TimerStarted {
        timer_id: timer_id.clone(),
        start_to_fire_timeout: timeout,
        workflow_task_completed_event_id: completed,
    });
    let early = u32::from(tx.run.mutant(Mutation::FiresEarly));
    let deadline = tx.now + timeout / (1 + early);
    tx.run.timers.push(UserTimer { timer_id, started_event_id, deadline });
    Ok(())
}

/// The `CancelTimer` command. A timer that has fired, but whose firing is still buffered, is
/// canceled all the same, and the firing undone (R78).
pub(super) fn cancel(
    tx: &mut Transaction<'_>,
    completed: EventId,
    command: &CancelTimerCommandAttributes,
    identity: &Name,
) -> Result<(), BadCommand> {
    let bad = |what: String| {
        Err(BadCommand::new(WorkflowTaskFailedCause::BadCancelTimerAttributes, what))
    };
    let id = &command.timer_id;
    if id.is_empty() {
        return bad("TimerId is not set on CancelTimerCommand.".to_owned());
    }
    if too_long(id) {
        return bad(format!(
            "TimerId on CancelTimerCommand exceeds length limit. {}",
            too_long_name("TimerId", id)
        ));
    }
    let pending = tx.run.timers.iter().position(|timer| *timer.timer_id == **id);
    let started_event_id = match pending {
        Some(at) if tx.run.mutant(Mutation::FiresCanceledTimer) => {
            Some(tx.run.timers[at].started_event_id)
        }
        Some(at) => Some(tx.run.timers.remove(at).started_event_id),
        None => tx.take_buffered_firing(id),
    };
    let Some(started_event_id) = started_event_id else {
        return bad(format!(
            "invalid history builder state for action: add-timer-canceled-event, TimerID: {id}"
        ));
    };
    let wrong = tx.run.mutant(Mutation::NamesWrongTask);
    tx.add(Attributes::TimerCanceled {
        timer_id: Name::from(id.as_str()),
        started_event_id,
        workflow_task_completed_event_id: if wrong { EventId::FIRST } else { completed },
        identity: identity.clone(),
    });
    Ok(())
}

/// When the next timer fires.
pub(super) fn next(run: &Run) -> Option<Time> {
    run.timers.iter().map(|timer| timer.deadline).min()
}

/// Fires every timer that is due, in the order of deadline and start, with one workflow task (R79).
pub(super) fn fire(tx: &mut Transaction<'_>) {
    let now = tx.now;
    let mut due: Vec<(Time, EventId)> = tx
        .run
        .timers
        .iter()
        .filter(|timer| timer.deadline <= now)
        .map(|timer| (timer.deadline, timer.started_event_id))
        .collect();
    due.sort_unstable();
    for (_, started_event_id) in due {
        let fired =
            tx.run.timers.iter().position(|timer| timer.started_event_id == started_event_id);
        let Some(at) = fired else { continue };
        let timer_id = tx.run.timers.remove(at).timer_id;
        tx.buffer(Attributes::TimerFired { timer_id, started_event_id });
    }
    tx.schedule_workflow_task();
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::story::{Story, cancel_timer, complete_workflow, timer};

    #[test]
    fn timers_due_together_fire_in_one_batch_with_one_workflow_task() {
        // R79.
        let mut story = Story::after(vec![timer("late", 2), timer("first", 1), timer("second", 1)]);
        story.pass(Duration::from_secs(1));
        assert_eq!(story.types()[7..], ["TimerFired", "TimerFired", "WorkflowTaskScheduled"]);
        assert_eq!(story.batches().last(), Some(&(8, 10)));
    }

    #[test]
    fn cancelling_a_timer_whose_firing_is_buffered_undoes_the_firing() {
        // R78: nothing else is buffered, so even a close passes.
        let mut story = Story::after(vec![timer("t", 1)]);
        story.signal("s").unwrap();
        let task = story.poll();
        story.pass(Duration::from_secs(1));
        story.complete(&task, vec![cancel_timer("t"), complete_workflow()]).unwrap();
        let tail = ["WorkflowTaskCompleted", "TimerCanceled", "WorkflowExecutionCompleted"];
        assert_eq!(story.types()[8..], tail);
    }

    #[test]
    fn the_firing_comes_back_when_the_task_fails_for_another_reason() {
        // R78.
        let mut story = Story::after(vec![timer("t", 1)]);
        story.signal("s").unwrap();
        let task = story.poll();
        story.pass(Duration::from_secs(1));
        story.signal("unseen").unwrap();
        story.complete(&task, vec![cancel_timer("t"), complete_workflow()]).unwrap_err();
        let tail = [
            "WorkflowTaskFailed",
            "TimerFired",
            "WorkflowExecutionSignaled",
            "WorkflowTaskScheduled",
        ];
        assert_eq!(story.types()[8..], tail);
    }
}
