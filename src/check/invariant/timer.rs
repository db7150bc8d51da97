//! User timers (R77–R79).

use super::history::{Flushed, Pass};
use super::room::Marks;
use super::{Checked, ensure};
use crate::history::{Attributes, Event, EventId, Name};

impl Pass<'_, '_> {
    pub(super) fn timer(&mut self, event: &Event) -> Checked {
        match &event.attributes {
            Attributes::TimerStarted { workflow_task_completed_event_id, .. } => {
                self.pending.timers += 1;
                self.commanded(event, *workflow_task_completed_event_id)
            }
            Attributes::TimerFired { timer_id, started_event_id } => {
                self.timer_ended(event, timer_id, *started_event_id)?;
                self.arrives(event, Flushed::InOrder)
            }
            Attributes::TimerCanceled {
                timer_id,
                started_event_id,
                workflow_task_completed_event_id,
                ..
            } => {
                self.timer_ended(event, timer_id, *started_event_id)?;
                self.commanded(event, *workflow_task_completed_event_id)
            }
            _ => Ok(()),
        }
    }

    fn timer_ended(&mut self, event: &Event, timer_id: &Name, started: EventId) -> Checked {
        let Some((start, start_id, timeout)) =
            self.get(started).and_then(|start| match &start.attributes {
                Attributes::TimerStarted { timer_id, start_to_fire_timeout, .. } => {
                    Some((start.time, timer_id, *start_to_fire_timeout))
                }
                _ => None,
            })
        else {
            return Err(self.wrong_link(event, started, "its start"));
        };
        ensure!(
            start_id == timer_id,
            TimerClosesOnce,
            event.id,
            "event {started} started the timer `{start_id}`, not `{timer_id}`"
        );
        let marks = self.marks(started);
        ensure!(
            !marks.has(Marks::CLOSED),
            TimerClosesOnce,
            event.id,
            "the timer that event {started} started has fired or was canceled before"
        );
        marks.add(Marks::CLOSED);
        self.pending.timers -= 1;
        let fires = matches!(event.attributes, Attributes::TimerFired { .. });
        ensure!(
            !fires || event.time >= start + timeout,
            TimerNotEarly,
            event.id,
            "it was started at {start} for {timeout:?}"
        );
        Ok(())
    }
}
