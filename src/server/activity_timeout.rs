//! Activities that time out (R66–R71, `semantics/cancellation.md` H).

use std::sync::Arc;

use super::activity::{self, Activity};
use super::retry::{self, Attempt, Decision};
use super::run::Run;
use super::transaction::Transaction;
use crate::clock::Time;
use crate::history::event::RetryState;
use crate::history::failure::{ActivityTimeout, ActivityTimeoutKind, ActivityTimeoutReason};
use crate::history::{Attributes, EventId, Failure};

/// A deadline, in the order in which those due together are handled (R67).
type Deadline = (Time, EventId, ActivityTimeoutKind);

/// The earliest deadline of all activities.
pub(super) fn next(run: &Run) -> Option<Time> {
    run.activities.iter().flat_map(deadlines).map(|(time, ..)| time).min()
}

/// The deadlines of one activity as it is (R66).
fn deadlines(activity: &Activity) -> impl Iterator<Item = Deadline> {
    let timeouts = activity.scheduled.timeouts;
    let id = activity.scheduled_event_id;
    let after =
        |timeout: std::time::Duration, from: Time| (!timeout.is_zero()).then(|| from + timeout);
    let from_scheduling = !activity.schedule_timeouts_lost;
    let schedule_to_close = activity.expiration().filter(|_| from_scheduling);
    let (mut start_to_close, mut heartbeat, mut schedule_to_start) = (None, None, None);
    match &activity.started {
        Some(started) => {
            // A heartbeat of an earlier attempt does not count.
            let last = activity.last_heartbeat_time.unwrap_or(started.time).max(started.time);
            start_to_close = after(timeouts.start_to_close, started.time);
            heartbeat = after(timeouts.heartbeat, last);
        }
        None if from_scheduling => {
            schedule_to_start = after(timeouts.schedule_to_start, activity.attempt_scheduled_time);
        }
        None => {}
    }
    [
        (start_to_close, ActivityTimeoutKind::StartToClose),
        (schedule_to_start, ActivityTimeoutKind::ScheduleToStart),
        (schedule_to_close, ActivityTimeoutKind::ScheduleToClose),
        (heartbeat, ActivityTimeoutKind::Heartbeat),
    ]
    .into_iter()
    .filter_map(move |(time, kind)| Some((time?, id, kind)))
}

impl Run {
    /// When an attempt of an activity times out unless a heartbeat comes before; nothing if it does
    /// not run, or needs none.
    pub fn heartbeat_deadline(&self, scheduled: EventId, attempt: u32) -> Option<Time> {
        let activity = &self.activities[self.activity_index(scheduled)?];
        let mut deadlines = deadlines(activity).filter(|_| activity.attempt == attempt);
        let heartbeat = deadlines.find(|(_, _, kind)| *kind == ActivityTimeoutKind::Heartbeat);
        heartbeat.map(|(time, ..)| time)
    }
}

/// Handles every activity that has a deadline no later than now: each once, its first (R67).
pub(super) fn time_out(tx: &mut Transaction<'_>) {
    let now = tx.now;
    let mut due: Vec<Deadline> =
        tx.run.activities.iter().filter_map(|activity| deadlines(activity).min()).collect();
    due.retain(|(time, ..)| *time <= now);
    due.sort_unstable();
    let pending = tx.run.activities.len();
    for (_, id, kind) in due {
        time_out_one(tx, id, kind);
    }
    if tx.run.activities.len() < pending {
        tx.schedule_workflow_task();
    }
}

/// One timeout: retried in silence, or the end of the activity (R68).
fn time_out_one(tx: &mut Transaction<'_>, id: EventId, kind: ActivityTimeoutKind) {
    let Some(at) = tx.run.activity_index(id) else { return };
    let now = tx.now;
    let activity = &mut tx.run.activities[at];
    match decide(activity, now, kind) {
        Decision::RetryAfter(interval) => {
            // Neither details nor cause are stored with it (R70).
            let failure = failure(kind, ActivityTimeoutReason::Elapsed, None);
            activity.retry(now, interval, failure);
        }
        Decision::GiveUp(retry_state) => {
            let (kind, reason) = match (retry_state, kind) {
                (RetryState::Timeout, kind) if kind != ActivityTimeoutKind::ScheduleToStart => {
                    (ActivityTimeoutKind::ScheduleToClose, ActivityTimeoutReason::NoTimeToRetry)
                }
                (_, kind) => (kind, ActivityTimeoutReason::Elapsed),
            };
            let activity = tx.run.activities.remove(at);
            let failure = failure(kind, reason, Some(&activity));
            activity::close(tx, activity, true, |scheduled_event_id, started_event_id| {
                Attributes::ActivityTaskTimedOut {
                    failure,
                    scheduled_event_id,
                    started_event_id,
                    retry_state,
                }
            });
        }
    }
}

fn decide(activity: &Activity, now: Time, kind: ActivityTimeoutKind) -> Decision {
    if activity.cancel_requested.is_some() {
        return Decision::GiveUp(RetryState::CancelRequested);
    }
    let error_type = match kind {
        ActivityTimeoutKind::ScheduleToStart | ActivityTimeoutKind::ScheduleToClose => {
            return Decision::GiveUp(RetryState::Timeout);
        }
        ActivityTimeoutKind::StartToClose => "TemporalTimeout:StartToClose",
        ActivityTimeoutKind::Heartbeat => "TemporalTimeout:Heartbeat",
    };
    let attempt = Attempt {
        number: activity.attempt,
        error_type,
        non_retryable: false,
        next_retry_delay: None,
    };
    retry::decide(&activity.scheduled.retry_policy, &attempt, now, activity.expiration())
}

/// The failure of a timeout: for the event with the last details and the failure before (R69).
fn failure(
    kind: ActivityTimeoutKind,
    reason: ActivityTimeoutReason,
    closing: Option<&Activity>,
) -> Failure {
    Failure::ActivityTimeout(Arc::new(ActivityTimeout {
        kind,
        reason,
        last_heartbeat_details: closing.and_then(|activity| activity.heartbeat_details.clone()),
        cause: closing.and_then(|activity| activity.last_failure.clone()),
    }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::story::{Story, schedule, seconds};
    use crate::history::Attributes;
    use crate::history::event::RetryState;
    use crate::official::common::RetryPolicy;

    const SECOND: Duration = Duration::from_secs(1);

    fn once() -> RetryPolicy {
        RetryPolicy { maximum_attempts: 1, ..RetryPolicy::default() }
    }

    fn timed_out(story: &Story) -> (String, RetryState, bool) {
        let run = story.server.current_run("w").unwrap();
        let found = run.history().events().find_map(|event| match &event.attributes {
            Attributes::ActivityTaskTimedOut { failure, retry_state, started_event_id, .. } => {
                Some((failure.message().to_owned(), *retry_state, started_event_id.is_some()))
            }
            _ => None,
        });
        found.expect("a timeout")
    }

    #[test]
    fn each_heartbeat_moves_the_deadline_and_it_is_never_early() {
        // R66.
        let mut story = Story::after(vec![schedule("a", |attributes| {
            attributes.heartbeat_timeout = Some(seconds(3));
            attributes.retry_policy = Some(once());
        })]);
        let activity = story.poll_activity().unwrap();
        story.pass(2 * SECOND);
        story.heartbeat(&activity, None).unwrap();
        story.pass(Duration::from_millis(2_999));
        assert_eq!(story.types().len(), 5);
        story.pass(Duration::from_millis(1));
        let expected =
            ("activity Heartbeat timeout".to_owned(), RetryState::MaximumAttemptsReached, true);
        assert_eq!(timed_out(&story), expected);
    }

    #[test]
    fn of_two_timeouts_at_one_instant_start_to_close_comes_before_heartbeat() {
        // R67.
        let mut story = Story::after(vec![schedule("a", |attributes| {
            attributes.heartbeat_timeout = Some(seconds(10));
            attributes.retry_policy = Some(once());
        })]);
        story.poll_activity().unwrap();
        story.pass(10 * SECOND);
        assert_eq!(timed_out(&story).0, "activity StartToClose timeout");
    }

    #[test]
    fn an_activity_that_is_never_picked_up_times_out_as_schedule_to_start() {
        // R67: with schedule-to-close only, both are due at once.
        let mut story = Story::after(vec![schedule("a", |attributes| {
            attributes.start_to_close_timeout = None;
            attributes.schedule_to_close_timeout = Some(seconds(2));
        })]);
        story.pass(2 * SECOND);
        let expected = ("activity ScheduleToStart timeout".to_owned(), RetryState::Timeout, false);
        assert_eq!(timed_out(&story), expected);
    }

    #[test]
    fn a_timeout_whose_retry_would_not_fit_is_told_as_schedule_to_close() {
        // R68.
        let mut story = Story::after(vec![schedule("a", |attributes| {
            attributes.schedule_to_close_timeout = Some(seconds(5));
            attributes.start_to_close_timeout = Some(seconds(4));
            attributes.retry_policy =
                Some(RetryPolicy { initial_interval: Some(seconds(2)), ..RetryPolicy::default() });
        })]);
        story.poll_activity().unwrap();
        story.pass(4 * SECOND);
        let (message, retry_state, _) = timed_out(&story);
        assert!(message.starts_with("Not enough time to schedule next retry"), "{message}");
        assert_eq!(retry_state, RetryState::Timeout);
    }

    #[test]
    fn two_activities_due_together_share_a_batch_and_a_workflow_task() {
        // R67.
        let waits =
            |attributes: &mut crate::official::command::ScheduleActivityTaskCommandAttributes| {
                attributes.schedule_to_start_timeout = Some(seconds(1));
            };
        let mut story = Story::after(vec![schedule("a", waits), schedule("b", waits)]);
        story.pass(SECOND);
        let tail = ["ActivityTaskTimedOut", "ActivityTaskTimedOut", "WorkflowTaskScheduled"];
        assert_eq!(story.types()[6..], tail);
    }
}
