//! Cancels and signals for other executions (R81, R83, F12).

use super::history::{Flushed, Pass};
use super::room::Marks;
use super::{Checked, ensure};
use crate::history::{Attributes, Event, EventId};

/// What was sent to another execution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sent {
    Cancel,
    Signal,
}

impl Pass<'_, '_> {
    pub(super) fn external(&mut self, event: &Event) -> Checked {
        match &event.attributes {
            Attributes::RequestCancelExternalWorkflowExecutionInitiated {
                workflow_task_completed_event_id,
                ..
            } => {
                self.pending.external_cancels += 1;
                self.commanded(event, *workflow_task_completed_event_id)
            }
            Attributes::SignalExternalWorkflowExecutionInitiated {
                workflow_task_completed_event_id,
                ..
            } => {
                self.pending.external_signals += 1;
                self.commanded(event, *workflow_task_completed_event_id)
            }
            Attributes::RequestCancelExternalWorkflowExecutionFailed {
                initiated_event_id, ..
            }
            | Attributes::ExternalWorkflowExecutionCancelRequested { initiated_event_id, .. } => {
                self.pending.external_cancels -= 1;
                self.result(event, *initiated_event_id, Sent::Cancel)
            }
            Attributes::SignalExternalWorkflowExecutionFailed { initiated_event_id, .. }
            | Attributes::ExternalWorkflowExecutionSignaled { initiated_event_id, .. } => {
                self.pending.external_signals -= 1;
                self.result(event, *initiated_event_id, Sent::Signal)
            }
            _ => Ok(()),
        }
    }

    fn result(&mut self, event: &Event, initiated: EventId, sent: Sent) -> Checked {
        let asked = match self.get(initiated).map(|asked| &asked.attributes) {
            Some(Attributes::RequestCancelExternalWorkflowExecutionInitiated { .. }) => {
                Some(Sent::Cancel)
            }
            Some(Attributes::SignalExternalWorkflowExecutionInitiated { .. }) => Some(Sent::Signal),
            _ => None,
        };
        if asked != Some(sent) {
            return Err(self.wrong_link(event, initiated, "what asked for it"));
        }
        let marks = self.marks(initiated);
        ensure!(
            !marks.has(Marks::CLOSED),
            ExternalResultOnce,
            event.id,
            "event {initiated} has a result before this one"
        );
        marks.add(Marks::CLOSED);
        self.arrives(event, Flushed::InOrder)
    }
}
