//! Activities (R49–R75).

use super::history::{Flushed, Pass};
use super::room::Marks;
use super::{Checked, ensure};
use crate::clock::Time;
use crate::history::event::{ActivityTaskScheduled, RetryState};
use crate::history::failure::ActivityTimeoutKind;
use crate::history::{Attributes, Event, EventId, Failure};
use crate::official::failure::failure::FailureInfo;
use crate::server::retry_interval;

/// The start of an activity's last attempt.
#[derive(Clone, Copy)]
struct Start<'e> {
    time: Time,
    attempt: u32,
    last_failure: Option<&'e Failure>,
    polled: bool,
}

impl<'h> Pass<'_, 'h> {
    pub(super) fn activity(&mut self, event: &'h Event) -> Checked {
        match &event.attributes {
            Attributes::ActivityTaskScheduled(scheduled) => {
                self.pending.activities += 1;
                self.commanded(event, scheduled.workflow_task_completed_event_id)
            }
            Attributes::ActivityTaskStarted {
                scheduled_event_id,
                attempt,
                last_failure,
                polled,
                ..
            } => {
                let last_failure = last_failure.as_ref();
                let start =
                    Start { time: event.time, attempt: *attempt, last_failure, polled: *polled };
                self.activity_starts(event, *scheduled_event_id, start)?;
                self.arrives(event, Flushed::Start)
            }
            Attributes::ActivityTaskCancelRequested {
                scheduled_event_id,
                workflow_task_completed_event_id,
            } => {
                self.activity_cancel_requested(event, *scheduled_event_id)?;
                self.commanded(event, *workflow_task_completed_event_id)
            }
            Attributes::ActivityTaskCompleted { scheduled_event_id, started_event_id, .. } => {
                let Some(started) = *started_event_id else {
                    return Err(self.wrong_link(event, EventId(0), "its start"));
                };
                self.activity_closes(event, *scheduled_event_id, Some(started))
            }
            Attributes::ActivityTaskFailed {
                scheduled_event_id,
                started_event_id,
                retry_state,
                ..
            } => {
                if started_event_id.is_none() {
                    return Err(self.wrong_link(event, EventId(0), "its start"));
                }
                self.activity_closes(event, *scheduled_event_id, *started_event_id)?;
                self.final_retry_state(event, *scheduled_event_id, *started_event_id, *retry_state)
            }
            Attributes::ActivityTaskTimedOut {
                failure,
                scheduled_event_id,
                started_event_id,
                retry_state,
            } => {
                let (scheduled, started) = (*scheduled_event_id, *started_event_id);
                self.activity_closes(event, scheduled, started)?;
                self.final_retry_state(event, scheduled, started, *retry_state)?;
                self.activity_timed_out(event, failure, scheduled, started)
            }
            Attributes::ActivityTaskCanceled {
                latest_cancel_requested_event_id,
                scheduled_event_id,
                started_event_id,
                ..
            } => {
                let requested = *latest_cancel_requested_event_id;
                match self.get(requested).map(|requested| &requested.attributes) {
                    Some(Attributes::ActivityTaskCancelRequested {
                        scheduled_event_id: of,
                        ..
                    }) if of == scheduled_event_id => {}
                    _ => ensure!(
                        false,
                        CanceledWasRequested,
                        event.id,
                        "it names event {requested} as the request"
                    ),
                }
                self.activity_closes(event, *scheduled_event_id, *started_event_id)
            }
            _ => Ok(()),
        }
    }

    /// The event that scheduled an activity.
    fn activity_of(
        &self,
        event: &Event,
        scheduled: EventId,
    ) -> Result<(Time, &'h ActivityTaskScheduled), Box<super::Breach>> {
        match self.get(scheduled).map(|of| (of.time, &of.attributes)) {
            Some((time, Attributes::ActivityTaskScheduled(scheduled))) => Ok((time, scheduled)),
            _ => Err(self.wrong_link(event, scheduled, "its scheduling")),
        }
    }

    fn activity_starts(&mut self, event: &Event, id: EventId, start: Start<'_>) -> Checked {
        let (time, scheduled) = self.activity_of(event, id)?;
        let marks = self.marks(id);
        ensure!(
            !marks.has(Marks::STARTED) && !marks.has(Marks::CLOSED),
            ActivityStartsOnce,
            event.id,
            "the activity of event {id} has started or closed before"
        );
        marks.add(Marks::STARTED);
        self.batch.started_activities += 1;
        let Start { time: started, attempt, last_failure, polled } = start;
        ensure!(
            started >= time,
            ActivityStartNotEarly,
            event.id,
            "it was scheduled at {time} and started at {started}"
        );
        ensure!(
            last_failure.is_some() == (attempt > 1),
            ActivityAttempts,
            event.id,
            "attempt {attempt} has {} failure of an attempt before",
            if last_failure.is_some() { "a" } else { "no" }
        );
        let maximum = scheduled.retry_policy.maximum_attempts;
        ensure!(
            maximum == 0 || attempt <= maximum,
            ActivityAttempts,
            event.id,
            "it is attempt {attempt} of at most {maximum}"
        );
        // A start that completion by id made up does not wait for anything (R59), and a worker can
        // name a delay of its own (R73).
        if attempt > 1 && polled && !last_failure.is_some_and(names_its_delay) {
            let interval = retry_interval(&scheduled.retry_policy, attempt - 1);
            ensure!(
                started >= time + interval,
                ActivityStartNotEarly,
                event.id,
                "attempt {attempt} started at {started}, and {interval:?} after {time} at the \
                 earliest it could"
            );
        }
        Ok(())
    }

    fn activity_cancel_requested(&mut self, event: &Event, id: EventId) -> Checked {
        self.activity_of(event, id)?;
        let marks = self.marks(id);
        let again = marks.has(Marks::CANCEL_REQUESTED);
        ensure!(
            !marks.has(Marks::CLOSED),
            ActivityCancelRequestedOnce,
            event.id,
            "the activity of event {id} has closed"
        );
        marks.add(Marks::CANCEL_REQUESTED);
        if again {
            self.batch.requested_again.get_or_insert((event.id, id));
        }
        Ok(())
    }

    /// A second request means an activity whose close is buffered, and comes in the same batch
    /// (R62); any other is a bad command (R63).
    pub(super) fn requests_again_are_late(&mut self) -> Checked {
        let Some((event, id)) = self.batch.requested_again else { return Ok(()) };
        ensure!(
            self.marks(id).has(Marks::CLOSED),
            ActivityCancelRequestedOnce,
            event,
            "the cancel of event {id} was requested before"
        );
        Ok(())
    }

    fn activity_closes(&mut self, event: &Event, id: EventId, started: Option<EventId>) -> Checked {
        self.activity_of(event, id)?;
        if let Some(started) = started {
            match self.get(started).map(|start| &start.attributes) {
                Some(Attributes::ActivityTaskStarted { scheduled_event_id, .. })
                    if *scheduled_event_id == id => {}
                _ => return Err(self.wrong_link(event, started, "its start")),
            }
        }
        let marks = self.marks(id);
        ensure!(
            !marks.has(Marks::CLOSED),
            ActivityClosesOnce,
            event.id,
            "the activity of event {id} has closed before"
        );
        let has_start = marks.has(Marks::STARTED);
        marks.add(Marks::CLOSED);
        ensure!(
            has_start == started.is_some(),
            ActivityStartsOnce,
            event.id,
            "its activity has started, and it names no start"
        );
        if started.is_some() {
            let open = &mut self.batch.started_activities;
            ensure!(
                *open > 0,
                ActivityStartsOnce,
                event.id,
                "its activity's start is in another batch"
            );
            *open -= 1;
        }
        self.pending.activities -= 1;
        self.arrives(event, Flushed::Behind)
    }

    /// Why there is no further attempt (R65, R72).
    fn final_retry_state(
        &mut self,
        event: &Event,
        id: EventId,
        started: Option<EventId>,
        retry_state: RetryState,
    ) -> Checked {
        let (_, scheduled) = self.activity_of(event, id)?;
        let holds = match retry_state {
            RetryState::InProgress | RetryState::RetryPolicyNotSet => false,
            RetryState::CancelRequested => self.marks(id).has(Marks::CANCEL_REQUESTED),
            RetryState::MaximumAttemptsReached => {
                let attempt = match started.and_then(|started| self.get(started)) {
                    Some(Event {
                        attributes: Attributes::ActivityTaskStarted { attempt, .. },
                        ..
                    }) => *attempt,
                    _ => 0,
                };
                let maximum = scheduled.retry_policy.maximum_attempts;
                maximum > 0 && attempt >= maximum
            }
            RetryState::NonRetryableFailure
            | RetryState::Timeout
            | RetryState::InternalServerError => true,
        };
        ensure!(holds, ActivityRetryState, event.id, "its retry state is {retry_state:?}");
        Ok(())
    }

    /// A timeout of the activity, no sooner than its deadline as far as the history tells it: when
    /// heartbeats came is not in it.
    fn activity_timed_out(
        &self,
        event: &Event,
        failure: &Failure,
        id: EventId,
        started: Option<EventId>,
    ) -> Checked {
        let Failure::ActivityTimeout(timeout) = failure else { return Ok(()) };
        let (time, scheduled) = self.activity_of(event, id)?;
        let timeouts = scheduled.timeouts;
        let start = started.and_then(|started| self.get(started)).map(|start| start.time);
        let after = |from: Option<Time>, timeout: std::time::Duration| {
            from.filter(|_| !timeout.is_zero()).map(|from| from + timeout)
        };
        let heartbeat = after(start, timeouts.heartbeat);
        if timeout.kind == ActivityTimeoutKind::Heartbeat {
            ensure!(
                heartbeat.is_some_and(|due| event.time >= due),
                HeartbeatTimeoutNotEarly,
                event.id,
                "it timed out at {}, its heartbeat timeout is {:?} and it started {}",
                event.time,
                timeouts.heartbeat,
                start.map_or_else(|| "never".to_owned(), |start| format!("at {start}"))
            );
            return Ok(());
        }
        let start_to_close = after(start, timeouts.start_to_close);
        let due = match timeout.kind {
            ActivityTimeoutKind::StartToClose => start_to_close,
            ActivityTimeoutKind::ScheduleToStart => {
                after(Some(time).filter(|_| started.is_none()), timeouts.schedule_to_start)
            }
            // Another timeout is told as this one if a retry would come too late (R68).
            _ => {
                let schedule_to_close = after(Some(time), timeouts.schedule_to_close);
                schedule_to_close.into_iter().chain(start_to_close).chain(heartbeat).min()
            }
        };
        ensure!(
            due.is_some_and(|due| event.time >= due),
            ActivityTimeoutNotEarly,
            event.id,
            "it timed out at {}, and {:?} was due {}",
            event.time,
            timeout.kind,
            due.map_or_else(|| "never".to_owned(), |due| format!("at {due}"))
        );
        Ok(())
    }
}

/// Whether a worker has said when the next attempt is due.
fn names_its_delay(failure: &Failure) -> bool {
    match failure {
        Failure::Sent(sent) => matches!(
            &sent.failure_info,
            Some(FailureInfo::ApplicationFailureInfo(info)) if info.next_retry_delay.is_some()
        ),
        _ => false,
    }
}
