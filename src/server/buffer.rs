//! Events that wait for a started workflow task to end (R2–R6).

use crate::clock::Time;
use crate::history::{Attributes, EventId};

/// An event without an id.
///
/// It may refer to another event that has none yet: the close of an activity or a child whose start
/// is in the buffer too. That reference is the variant, so that a number which does not exist
/// cannot be written (R5).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Buffered {
    /// It refers to events in the history only.
    Event { time: Time, attributes: Attributes },
    /// It closes what an event in the buffer starts: the start that has the same `origin`, the
    /// scheduled or initiated event.
    ClosesBufferedStart { time: Time, origin: EventId, attributes: Attributes },
}

impl Buffered {
    /// What it says.
    pub(super) fn attributes(&self) -> &Attributes {
        match self {
            Self::Event { attributes, .. } | Self::ClosesBufferedStart { attributes, .. } => {
                attributes
            }
        }
    }
}

/// Whether an event is a completion, which a flush moves behind all others (R4).
pub(super) fn is_completion(attributes: &Attributes) -> bool {
    matches!(
        attributes,
        Attributes::ActivityTaskCompleted { .. }
            | Attributes::ActivityTaskFailed { .. }
            | Attributes::ActivityTaskTimedOut { .. }
            | Attributes::ActivityTaskCanceled { .. }
            | Attributes::ChildWorkflowExecutionClosed { .. }
    )
}

/// What an event starts, as its close names it: the scheduled or initiated event.
pub(super) fn started_origin(attributes: &Attributes) -> Option<EventId> {
    match attributes {
        Attributes::ActivityTaskStarted { scheduled_event_id, .. } => Some(*scheduled_event_id),
        Attributes::ChildWorkflowExecutionStarted { initiated_event_id, .. } => {
            Some(*initiated_event_id)
        }
        _ => None,
    }
}

/// Writes the number of the start into its close (R5).
pub(super) fn wire_started(attributes: &mut Attributes, id: EventId) {
    match attributes {
        Attributes::ActivityTaskCompleted { started_event_id, .. }
        | Attributes::ActivityTaskFailed { started_event_id, .. }
        | Attributes::ActivityTaskTimedOut { started_event_id, .. }
        | Attributes::ActivityTaskCanceled { started_event_id, .. } => *started_event_id = Some(id),
        Attributes::ChildWorkflowExecutionClosed { started_event_id, .. } => *started_event_id = id,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::story::{Story, complete_workflow, schedule, timer};

    #[test]
    fn a_flush_keeps_the_order_of_arrival_but_moves_completions_behind() {
        // R4: the activity completes first, and stands last.
        let mut story = Story::after(vec![schedule("a", |_| {}), timer("t", 2)]);
        let activity = story.poll_activity().unwrap();
        story.signal("wake").unwrap();
        let task = story.poll();
        story.complete_activity(&activity).unwrap();
        story.signal("s").unwrap();
        story.pass(Duration::from_secs(2));
        story.cancel("w").unwrap();
        assert_eq!(story.types().len(), 9, "nothing shows while the task is started (R3)");
        story.complete(&task, vec![]).unwrap();
        assert_eq!(
            story.types()[9..],
            [
                "WorkflowTaskCompleted",
                "ActivityTaskStarted",
                "WorkflowExecutionSignaled",
                "TimerFired",
                "WorkflowExecutionCancelRequested",
                "ActivityTaskCompleted",
                "WorkflowTaskScheduled",
            ]
        );
    }

    #[test]
    fn a_completion_is_wired_to_the_start_that_was_flushed_with_it() {
        use crate::history::{Attributes, EventId};
        let mut story = Story::after(vec![schedule("a", |_| {})]);
        let activity = story.poll_activity().unwrap();
        story.complete_activity(&activity).unwrap();
        let run = story.server.current_run("w").unwrap();
        let completed = run.history().get(EventId(7)).unwrap();
        let Attributes::ActivityTaskCompleted { started_event_id, .. } = completed.attributes
        else {
            panic!("{completed:?}");
        };
        assert_eq!(started_event_id, Some(EventId(6)), "R5");
    }

    #[test]
    fn the_hundred_and_first_event_fails_the_task_and_the_next_is_a_second_attempt() {
        // R10.
        let mut story = Story::started();
        let task = story.poll();
        for _ in 0..100 {
            story.signal("s").unwrap();
        }
        assert_eq!(story.types().len(), 3);
        story.signal("s").unwrap();
        assert_eq!(story.types().len(), 3 + 1 + 101);
        assert_eq!(story.types()[3], "WorkflowTaskFailed");
        assert_eq!(story.complete(&task, vec![]).unwrap_err().message, "Workflow task not found.");
        let next = story.poll();
        assert_eq!(next.attempt, 2);
        story.complete(&next, vec![complete_workflow()]).unwrap();
    }
}
