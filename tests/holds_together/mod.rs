//! What must hold of every history, however it came about.

use deadbeat::history::{Attributes, EventId, History};
use proptest::prelude::*;

/// What must hold of every history.
pub(crate) fn holds_together(history: &History, open: bool) -> Result<(), TestCaseError> {
    let events: Vec<_> = history.events().collect();
    let mut closed_activities = Vec::new();
    for (at, event) in events.iter().enumerate() {
        prop_assert_eq!(event.id.0 as usize, at + 1, "ids are dense");
        let is_last = at + 1 == events.len();
        prop_assert!(
            !event.attributes.closes_the_run() || is_last,
            "nothing comes after {}",
            event.attributes.type_name()
        );
        let points_at = |id: EventId, to: &str| {
            let found = events.get((id.0 as usize).wrapping_sub(1));
            let found = found.map(|event| event.attributes.type_name());
            prop_assert_eq!(found, Some(to), "event {} points at event {}", event.id, id);
            prop_assert!(id < event.id);
            Ok(())
        };
        match &event.attributes {
            Attributes::WorkflowTaskStarted { scheduled_event_id, .. } => {
                points_at(*scheduled_event_id, "WorkflowTaskScheduled")?;
            }
            Attributes::WorkflowTaskCompleted { started_event_id, .. } => {
                points_at(*started_event_id, "WorkflowTaskStarted")?;
            }
            Attributes::ActivityTaskCompleted { scheduled_event_id, started_event_id, .. }
            | Attributes::ActivityTaskFailed { scheduled_event_id, started_event_id, .. }
            | Attributes::ActivityTaskTimedOut { scheduled_event_id, started_event_id, .. }
            | Attributes::ActivityTaskCanceled { scheduled_event_id, started_event_id, .. } => {
                points_at(*scheduled_event_id, "ActivityTaskScheduled")?;
                if let Some(started) = started_event_id {
                    points_at(*started, "ActivityTaskStarted")?;
                }
                prop_assert!(!closed_activities.contains(scheduled_event_id), "closed twice");
                closed_activities.push(*scheduled_event_id);
            }
            Attributes::TimerFired { started_event_id, .. }
            | Attributes::TimerCanceled { started_event_id, .. } => {
                points_at(*started_event_id, "TimerStarted")?;
            }
            Attributes::ChildWorkflowExecutionClosed {
                initiated_event_id,
                started_event_id,
                ..
            } => {
                points_at(*initiated_event_id, "StartChildWorkflowExecutionInitiated")?;
                points_at(*started_event_id, "ChildWorkflowExecutionStarted")?;
            }
            _ => {}
        }
    }
    let closes = events.last().is_some_and(|event| event.attributes.closes_the_run());
    prop_assert_eq!(closes, !open, "a run is closed exactly if its last event says so");
    Ok(())
}
