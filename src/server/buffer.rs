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
