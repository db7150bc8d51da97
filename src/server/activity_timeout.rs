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
