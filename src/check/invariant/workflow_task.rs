//! Workflow tasks: scheduled, started, ended (R9, R11–R17).

use super::history::Pass;
use super::{Checked, ensure};
use crate::clock::Time;
use crate::history::event::{StartOrigin, WorkflowTaskTimeoutType};
use crate::history::{Attributes, Event, EventId};
use crate::official::enums::WorkflowTaskFailedCause;

/// The workflow task at some point of a history.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    /// None was scheduled yet.
    None,
    Scheduled {
        scheduled: EventId,
        attempt: u32,
    },
    Started {
        scheduled: EventId,
        started: EventId,
        time: Time,
        attempt: u32,
    },
    Completed,
    /// It failed or timed out: the next attempt is pending, though no event says so (R16).
    Failed,
}

impl Task {
    /// Whether the workflow has a task, or will have one by itself.
    pub(super) fn is_pending(self) -> bool {
        matches!(self, Self::Scheduled { .. } | Self::Started { .. } | Self::Failed)
    }
}

impl Pass<'_, '_> {
    pub(super) fn workflow_task(&mut self, event: &Event) -> Checked {
        match &event.attributes {
            Attributes::WorkflowTaskScheduled { attempt, .. } => self.scheduled(event, *attempt),
            Attributes::WorkflowTaskStarted { scheduled_event_id, origin, .. } => {
                self.task_started(event, *scheduled_event_id, *origin)
            }
            Attributes::WorkflowTaskCompleted { scheduled_event_id, started_event_id, .. } => {
                self.ended(event, *scheduled_event_id, *started_event_id)?;
                self.batch.completed = Some(event.id);
                self.task = Task::Completed;
                Ok(())
            }
            Attributes::WorkflowTaskFailed(failed) => {
                self.ended(event, failed.scheduled_event_id, failed.started_event_id)?;
                // A reset goes back to a later attempt that had completed, too (B11).
                if failed.cause != WorkflowTaskFailedCause::ResetWorkflow {
                    self.is_first_attempt(event)?;
                }
                self.task = Task::Failed;
                self.reset_failed(event, failed)
            }
            Attributes::WorkflowTaskTimedOut {
                scheduled_event_id,
                started_event_id,
                timeout_type,
            } => {
                self.task_timed_out(event, *scheduled_event_id, *started_event_id, *timeout_type)?;
                self.task = Task::Failed;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn scheduled(&mut self, event: &Event, attempt: u32) -> Checked {
        let pending = matches!(self.task, Task::Scheduled { .. } | Task::Started { .. });
        ensure!(!pending, OneTaskAtATime, event.id, "another one is pending");
        let after_failure = matches!(self.task, Task::Failed);
        ensure!(
            attempt == 1 || (attempt > 1 && after_failure),
            TaskAttempts,
            event.id,
            "it is attempt {attempt}, and the task before has not failed"
        );
        self.had_task = true;
        self.batch.schedules = true;
        self.task = Task::Scheduled { scheduled: event.id, attempt };
        Ok(())
    }

    fn task_started(
        &mut self,
        event: &Event,
        scheduled_event_id: EventId,
        origin: StartOrigin,
    ) -> Checked {
        let attempt = match self.task {
            Task::Scheduled { scheduled, attempt } if scheduled == scheduled_event_id => attempt,
            _ => {
                let named = self.get(scheduled_event_id).map(|named| &named.attributes);
                if !matches!(named, Some(Attributes::WorkflowTaskScheduled { .. })) {
                    return Err(self.wrong_link(event, scheduled_event_id, "its scheduling"));
                }
                ensure!(
                    false,
                    TaskStartsOnceScheduled,
                    event.id,
                    "event {scheduled_event_id} is not the pending task"
                );
                return Ok(());
            }
        };
        self.task = Task::Started {
            scheduled: scheduled_event_id,
            started: event.id,
            time: event.time,
            attempt,
        };
        if origin == StartOrigin::Reset {
            self.reset_started(event, scheduled_event_id);
        }
        Ok(())
    }

    /// The started task has ended; nothing is written while it is started (R3).
    fn ended(
        &self,
        event: &Event,
        scheduled_event_id: EventId,
        started_event_id: EventId,
    ) -> Checked {
        let name = event.attributes.type_name();
        let Task::Started { scheduled, started, .. } = self.task else {
            let named = self.get(started_event_id).map(|named| &named.attributes);
            if !matches!(named, Some(Attributes::WorkflowTaskStarted { .. })) {
                return Err(self.wrong_link(event, started_event_id, "its start"));
            }
            ensure!(false, TaskEndsOnce, event.id, "{name} comes while none is started");
            return Ok(());
        };
        if scheduled != scheduled_event_id {
            return Err(self.wrong_link(event, scheduled_event_id, "its scheduling"));
        }
        if started != started_event_id {
            return Err(self.wrong_link(event, started_event_id, "its start"));
        }
        ensure!(
            event.id == started.next(),
            NoUnseenEvents,
            event.id,
            "{name} of the task that event {started} started comes behind other events"
        );
        Ok(())
    }

    /// Only first attempts leave events if they do not complete (R16).
    fn is_first_attempt(&self, event: &Event) -> Checked {
        let attempt = match self.task {
            Task::Started { attempt, .. } | Task::Scheduled { attempt, .. } => attempt,
            _ => 1,
        };
        ensure!(
            attempt == 1,
            TaskAttempts,
            event.id,
            "{} of attempt {attempt} is written",
            event.attributes.type_name()
        );
        Ok(())
    }

    fn task_timed_out(
        &self,
        event: &Event,
        scheduled_event_id: EventId,
        started_event_id: Option<EventId>,
        timeout_type: WorkflowTaskTimeoutType,
    ) -> Checked {
        self.is_first_attempt(event)?;
        let Some(started) = started_event_id else {
            ensure!(
                timeout_type == WorkflowTaskTimeoutType::ScheduleToStart,
                TaskEndsOnce,
                event.id,
                "a task that was not started cannot time out so"
            );
            return match self.task {
                Task::Scheduled { scheduled, .. } if scheduled == scheduled_event_id => Ok(()),
                _ => Err(self.wrong_link(event, scheduled_event_id, "its scheduling")),
            };
        };
        self.ended(event, scheduled_event_id, started)?;
        let (Task::Started { time, .. }, Some(scheduled)) =
            (self.task, self.get(scheduled_event_id))
        else {
            return Ok(());
        };
        if let Attributes::WorkflowTaskScheduled { start_to_close_timeout, .. } =
            scheduled.attributes
        {
            ensure!(
                event.time >= time + start_to_close_timeout,
                TaskTimeoutNotEarly,
                event.id,
                "it was started at {time} and has {start_to_close_timeout:?}"
            );
        }
        Ok(())
    }
}
