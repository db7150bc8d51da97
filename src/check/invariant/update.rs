//! Updates (B19, G4).

use super::history::{Flushed, Pass};
use super::room::{Marks, Named};
use super::{Checked, ensure};
use crate::history::{Attributes, Event, EventId};

impl<'h> Pass<'_, 'h> {
    pub(super) fn update(&mut self, event: &'h Event) -> Checked {
        match &event.attributes {
            Attributes::WorkflowExecutionUpdateAdmitted { .. } => {
                self.facts.admitted_updates += 1;
                self.count_reapplied_update();
                self.arrives(event, Flushed::InOrder)
            }
            Attributes::WorkflowExecutionUpdateAccepted(accepted) => {
                // The admissions that have no acceptance yet: how many is enough to see one missing.
                if accepted.accepted_request.is_none() {
                    ensure!(
                        self.facts.admitted_updates > 0,
                        UpdateHasRequest,
                        event.id,
                        "`{}` was accepted without a request",
                        accepted.protocol_instance_id
                    );
                    self.facts.admitted_updates -= 1;
                }
                self.by_message(event)
            }
            Attributes::WorkflowExecutionUpdateCompleted { accepted_event_id, .. } => {
                self.update_completes(event, *accepted_event_id)?;
                if let Some(id) = self.update_id(*accepted_event_id) {
                    self.room.named.push((Named::Update, id, self.number));
                }
                self.by_message(event)
            }
            _ => Ok(()),
        }
    }

    /// What a worker says of an update comes with a completion, as commands do (G4).
    fn by_message(&mut self, event: &Event) -> Checked {
        let completed = self.batch.completed;
        ensure!(
            completed.is_some(),
            CommandsFollowTask,
            event.id,
            "{} comes without a completed workflow task",
            event.attributes.type_name()
        );
        completed.map_or(Ok(()), |completed| self.commanded(event, completed))
    }

    fn update_id(&self, accepted: EventId) -> Option<&'h str> {
        match &self.get(accepted)?.attributes {
            Attributes::WorkflowExecutionUpdateAccepted(accepted) => {
                Some(&accepted.protocol_instance_id)
            }
            _ => None,
        }
    }

    fn update_completes(&mut self, event: &Event, accepted: EventId) -> Checked {
        let named = self.get(accepted).map(|named| &named.attributes);
        if !matches!(named, Some(Attributes::WorkflowExecutionUpdateAccepted(_))) {
            return Err(self.wrong_link(event, accepted, "its acceptance"));
        }
        let marks = self.marks(accepted);
        ensure!(
            !marks.has(Marks::CLOSED),
            UpdateWasAccepted,
            event.id,
            "the update that event {accepted} accepted has completed before"
        );
        marks.add(Marks::CLOSED);
        Ok(())
    }
}
