//! Children as their parent's history tells of them (R87).

use super::history::{Flushed, Pass};
use super::room::{Marks, StartedChild};
use super::{Checked, ensure};
use crate::history::event::StartChildWorkflowExecutionInitiated;
use crate::history::{Attributes, Event, EventId, RunId};

impl<'h> Pass<'_, 'h> {
    pub(super) fn child(&mut self, event: &'h Event) -> Checked {
        match &event.attributes {
            Attributes::StartChildWorkflowExecutionInitiated(initiated) => {
                self.pending.children += 1;
                self.commanded(event, initiated.workflow_task_completed_event_id)
            }
            Attributes::StartChildWorkflowExecutionFailed { child, initiated_event_id } => {
                self.child_starts(event, child, *initiated_event_id)?;
                self.marks(*initiated_event_id).add(Marks::CLOSED);
                self.pending.children -= 1;
                self.arrives(event, Flushed::InOrder)
            }
            Attributes::ChildWorkflowExecutionStarted { child, run_id, initiated_event_id } => {
                self.child_starts(event, child, *initiated_event_id)?;
                self.remember_child(event, child, *initiated_event_id, *run_id);
                self.arrives(event, Flushed::InOrder)
            }
            Attributes::ChildWorkflowExecutionClosed {
                initiated_event_id,
                started_event_id,
                ..
            } => {
                self.child_closes(event, *initiated_event_id, *started_event_id)?;
                self.arrives(event, Flushed::Behind)
            }
            _ => Ok(()),
        }
    }

    fn remember_child(
        &mut self,
        event: &Event,
        asked: &'h StartChildWorkflowExecutionInitiated,
        initiated: EventId,
        run: RunId,
    ) {
        let parent = self.number;
        let child = StartedChild { parent, asked, initiated, at: event.id, run, closed: false };
        self.room.children.push(child);
    }

    /// The child's start is recorded, or that it failed to start.
    fn child_starts(
        &mut self,
        event: &Event,
        child: &StartChildWorkflowExecutionInitiated,
        initiated: EventId,
    ) -> Checked {
        let asked = self.get(initiated).map(|asked| &asked.attributes);
        let Some(Attributes::StartChildWorkflowExecutionInitiated(asked)) = asked else {
            return Err(self.wrong_link(event, initiated, "what asked for it"));
        };
        ensure!(
            asked.workflow_id == child.workflow_id,
            ChildStartsOnce,
            event.id,
            "event {initiated} asked for `{}`, not for `{}`",
            asked.workflow_id,
            child.workflow_id
        );
        let marks = self.marks(initiated);
        ensure!(
            !marks.has(Marks::STARTED) && !marks.has(Marks::CLOSED),
            ChildStartsOnce,
            event.id,
            "the child of event {initiated} has started or failed to before"
        );
        marks.add(Marks::STARTED);
        Ok(())
    }

    fn child_closes(&mut self, event: &Event, initiated: EventId, started: EventId) -> Checked {
        let asked = self.get(initiated).map(|asked| &asked.attributes);
        if !matches!(asked, Some(Attributes::StartChildWorkflowExecutionInitiated(_))) {
            return Err(self.wrong_link(event, initiated, "what asked for it"));
        }
        match self.get(started).map(|start| &start.attributes) {
            Some(Attributes::ChildWorkflowExecutionStarted { initiated_event_id, .. })
                if *initiated_event_id == initiated => {}
            _ => return Err(self.wrong_link(event, started, "its start")),
        }
        let marks = self.marks(initiated);
        ensure!(
            !marks.has(Marks::CLOSED),
            ChildClosesOnce,
            event.id,
            "the child of event {initiated} has closed before"
        );
        marks.add(Marks::CLOSED);
        self.pending.children -= 1;
        Ok(())
    }
}
