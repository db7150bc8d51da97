//! Activities: scheduling, starting, heartbeats, and the three ways a worker ends one
//! (R49–R65, `semantics/cancellation.md` F and G).

use std::sync::Arc;
use std::time::Duration;

use super::commands::BadCommand;
use super::duration::{is_negative, or_zero};
use super::messages;
use super::mutation::Mutation;
use super::retry::{self, Decision};
use super::size;
use super::transaction::Transaction;
use crate::api::limits;
use crate::api::{ActivityTask, ActivityToken, PendingActivity, PendingActivityState, RpcError};
use crate::clock::Time;
use crate::history::event::{ActivityTaskScheduled, RetryPolicy, RetryState};
use crate::history::failure::{ActivityTimeouts, Payloads};
use crate::history::{Attributes, EventId, Execution, Failure, Name, Shared};
use crate::official::command::ScheduleActivityTaskCommandAttributes;
use crate::official::enums::WorkflowTaskFailedCause;
use crate::official::failure::failure::FailureInfo;

use super::run::Run;

/// An activity that has not closed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Activity {
    pub(super) scheduled_event_id: EventId,
    pub(super) scheduled: Arc<ActivityTaskScheduled>,
    /// Where its task waits for a worker: the command's queue or the workflow's.
    pub(super) task_queue: Name,
    /// When the first attempt was scheduled.
    pub(super) scheduled_time: Time,
    /// When this attempt was, or will be: it is not dispatched before.
    pub(super) attempt_scheduled_time: Time,
    /// The wait before this attempt, if it is a retry.
    pub(super) retry_interval: Option<Duration>,
    pub(super) attempt: u32,
    /// The start of this attempt.
    pub(super) started: Option<Started>,
    pub(super) last_heartbeat_time: Option<Time>,
    pub(super) heartbeat_details: Option<Payloads>,
    /// Of the attempt before.
    pub(super) last_failure: Option<Failure>,
    pub(super) last_worker_identity: Name,
    /// The event that requested the cancel.
    pub(super) cancel_requested: Option<EventId>,
    /// Whether the timeouts that count from scheduling are lost, as a reset does (B14).
    pub(super) schedule_timeouts_lost: bool,
}

/// The start of an attempt.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Started {
    pub(super) time: Time,
    pub(super) identity: Name,
}

impl Activity {
    /// One that was scheduled by this event of a run.
    pub(super) fn new(
        run: &Run,
        id: EventId,
        scheduled: Arc<ActivityTaskScheduled>,
        time: Time,
    ) -> Self {
        Self {
            scheduled_event_id: id,
            task_queue: task_queue(run, &scheduled),
            scheduled,
            scheduled_time: time,
            attempt_scheduled_time: time,
            retry_interval: None,
            attempt: 1,
            started: None,
            last_heartbeat_time: None,
            heartbeat_details: None,
            last_failure: None,
            last_worker_identity: Name::empty(),
            cancel_requested: None,
            schedule_timeouts_lost: false,
        }
    }

    /// Its id, which is unique among the pending (R58).
    pub(super) fn activity_id(&self) -> &str {
        &self.scheduled.command.activity_id
    }

    /// When schedule-to-close ends all attempts (R66).
    pub(super) fn expiration(&self) -> Option<Time> {
        let timeout = self.scheduled.timeouts.schedule_to_close;
        (!timeout.is_zero()).then(|| self.scheduled_time + timeout)
    }

    /// What a description tells of it.
    pub(super) fn describe(&self) -> PendingActivity {
        let state = match (self.cancel_requested, &self.started) {
            (Some(_), _) => PendingActivityState::CancelRequested,
            (None, Some(_)) => PendingActivityState::Started,
            (None, None) => PendingActivityState::Scheduled,
        };
        let waits = self.started.is_none();
        PendingActivity {
            scheduled: Arc::clone(&self.scheduled),
            state,
            attempt: self.attempt,
            heartbeat_details: self.heartbeat_details.clone(),
            last_heartbeat_time: self.last_heartbeat_time,
            last_started_time: self.started.as_ref().map(|started| started.time),
            last_failure: self.last_failure.clone(),
            last_worker_identity: self.last_worker_identity.clone(),
            scheduled_time: self.attempt_scheduled_time,
            next_attempt_scheduled_time: self
                .retry_interval
                .filter(|_| waits)
                .map(|_| self.attempt_scheduled_time),
            current_retry_interval: self.retry_interval.filter(|_| waits),
        }
    }

    /// The next attempt after a failed one: nothing is written (R74, R52).
    pub(super) fn retry(&mut self, now: Time, interval: Duration, failure: Failure) {
        self.attempt += 1;
        self.attempt_scheduled_time = now + interval;
        self.retry_interval = Some(interval);
        self.started = None;
        self.last_failure = Some(failure);
    }
}

fn task_queue(run: &Run, scheduled: &ActivityTaskScheduled) -> Name {
    let named = scheduled.command.task_queue.as_ref().map(|queue| queue.name.as_str());
    match named {
        // The usual case shares the name rather than copy it.
        Some(name) if !name.is_empty() && *name != *run.started.task_queue => Name::from(name),
        _ => run.started.task_queue.clone(),
    }
}

/// The `ScheduleActivityTask` command.
pub(super) fn schedule(
    tx: &mut Transaction<'_>,
    completed: EventId,
    command: &Shared<ScheduleActivityTaskCommandAttributes>,
) -> Result<(), BadCommand> {
    let scheduled = Arc::new(ActivityTaskScheduled {
        command: command.clone(),
        timeouts: normalise_timeouts(command, tx.run.started.workflow_run_timeout)?,
        retry_policy: RetryPolicy::with_defaults(command.retry_policy.as_ref()),
        workflow_task_completed_event_id: completed,
    });
    size::check_command(
        command.input.as_ref(),
        WorkflowTaskFailedCause::BadScheduleActivityAttributes,
        "ScheduleActivityTaskCommandAttributes.Input",
    )?;
    if tx.run.activities.iter().any(|activity| activity.activity_id() == command.activity_id) {
        return Err(BadCommand::new(
            WorkflowTaskFailedCause::ScheduleActivityDuplicateId,
            format!(
                "invalid history builder state for action: add-activitytask-scheduled-event, \
                 ActivityID: {}",
                command.activity_id
            ),
        ));
    }
    let id = tx.add(Attributes::ActivityTaskScheduled(Arc::clone(&scheduled)));
    let mut scheduled = scheduled;
    if tx.run.mutant(Mutation::HeartbeatTimesOutEarly) {
        Arc::make_mut(&mut scheduled).timeouts.heartbeat /= 2;
    }
    let activity = Activity::new(tx.run, id, scheduled, tx.now);
    tx.run.activities.push(activity);
    Ok(())
}

/// The timeouts as they are recorded (R49), or what is wrong with the command.
fn normalise_timeouts(
    command: &ScheduleActivityTaskCommandAttributes,
    run_timeout: Duration,
) -> Result<ActivityTimeouts, BadCommand> {
    let bad = |what: String| {
        BadCommand::new(WorkflowTaskFailedCause::BadScheduleActivityAttributes, what)
    };
    let id = &command.activity_id;
    let no_type = String::new();
    let activity_type = command.activity_type.as_ref().map_or(&no_type, |of_type| &of_type.name);
    limits::check_task_queue(command.task_queue.as_ref()).map_err(|what| bad(what.to_owned()))?;
    if id.is_empty() {
        return Err(bad("activityId is not set".to_owned()));
    }
    if activity_type.is_empty() {
        return Err(bad("activityType is not set".to_owned()));
    }
    if let Some(policy) = &command.retry_policy {
        retry::validate(policy).map_err(|what| bad(what.into_owned()))?;
    }
    for (what, name) in [("activityId", id), ("activityType", activity_type)] {
        if limits::too_long(name) {
            let (length, limit) = (name.len(), limits::MAXIMUM_ID_LENGTH);
            let what = format!("{what} exceeds length limit. Length={length} Limit={limit}");
            return Err(bad(what));
        }
    }
    let sent = [
        ("ScheduleToCloseTimeout", command.schedule_to_close_timeout.as_ref()),
        ("ScheduleToStartTimeout", command.schedule_to_start_timeout.as_ref()),
        ("StartToCloseTimeout", command.start_to_close_timeout.as_ref()),
        ("HeartbeatTimeout", command.heartbeat_timeout.as_ref()),
    ];
    if let Some((name, _)) = sent.iter().find(|(_, timeout)| is_negative(*timeout)) {
        return Err(bad(format!("invalid {name}: negative duration")));
    }
    let [schedule_to_close, schedule_to_start, start_to_close, heartbeat] =
        sent.map(|(_, timeout)| or_zero(timeout));

    let within = |timeout: Duration, limit: Duration| {
        if timeout.is_zero() { limit } else { timeout.min(limit) }
    };
    let mut timeouts = if !schedule_to_close.is_zero() {
        ActivityTimeouts {
            schedule_to_close,
            schedule_to_start: within(schedule_to_start, schedule_to_close),
            start_to_close: within(start_to_close, schedule_to_close),
            heartbeat,
        }
    } else if !start_to_close.is_zero() {
        let schedule_to_start =
            if schedule_to_start.is_zero() { run_timeout } else { schedule_to_start };
        ActivityTimeouts {
            schedule_to_close: run_timeout,
            schedule_to_start,
            start_to_close,
            heartbeat,
        }
    } else {
        return Err(bad(format!(
            "a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set on the activity. \
             ActivityId={id} ActivityType={activity_type}"
        )));
    };
    if !run_timeout.is_zero() {
        timeouts.schedule_to_close = timeouts.schedule_to_close.min(run_timeout);
        timeouts.schedule_to_start = timeouts.schedule_to_start.min(run_timeout);
        timeouts.start_to_close = timeouts.start_to_close.min(run_timeout);
        timeouts.heartbeat = timeouts.heartbeat.min(run_timeout);
    }
    timeouts.heartbeat = timeouts.heartbeat.min(timeouts.start_to_close);
    Ok(timeouts)
}

/// The `RequestCancelActivityTask` command (R60–R63).
pub(super) fn request_cancel(
    tx: &mut Transaction<'_>,
    completed: EventId,
    scheduled_event_id: i64,
    identity: &Name,
) -> Result<(), BadCommand> {
    let bad = |what: String| {
        Err(BadCommand::new(WorkflowTaskFailedCause::BadRequestCancelActivityAttributes, what))
    };
    if scheduled_event_id <= 0 {
        return bad("ScheduledEventId is not set on RequestCancelActivityTaskCommand.".to_owned());
    }
    let unknown = || {
        format!(
            "invalid history builder state for action: add-activitytask-cancel-requested-event, \
             ScheduledEventID: {scheduled_event_id}"
        )
    };
    let Some(scheduled) = crate::api::event_id(scheduled_event_id) else { return bad(unknown()) };
    let requested = Attributes::ActivityTaskCancelRequested {
        scheduled_event_id: scheduled,
        workflow_task_completed_event_id: completed,
    };
    let Some(at) = tx.run.activity_index(scheduled) else {
        // Closed, but the close waits in the buffer: recorded, without effect (R62).
        if close_is_buffered(tx.run, scheduled) {
            tx.add(requested);
            return Ok(());
        }
        return bad(unknown());
    };
    if tx.run.activities[at].cancel_requested.is_some() {
        return bad(unknown());
    }
    let requested_id = tx.add(requested);
    if tx.run.activities[at].started.is_some() {
        tx.run.activities[at].cancel_requested = Some(requested_id);
        return Ok(());
    }
    tx.run.activities.remove(at);
    tx.buffer(Attributes::ActivityTaskCanceled {
        details: Some(not_started_details()),
        latest_cancel_requested_event_id: requested_id,
        scheduled_event_id: scheduled,
        started_event_id: None,
        identity: identity.clone(),
    });
    Ok(())
}

/// The details of an activity that was canceled before a worker had it (R60).
fn not_started_details() -> Payloads {
    static DETAILS: std::sync::LazyLock<Payloads> = std::sync::LazyLock::new(|| {
        crate::history::payload::json(&"ACTIVITY_ID_NOT_STARTED".into())
    });
    DETAILS.clone()
}

fn close_is_buffered(run: &Run, scheduled: EventId) -> bool {
    run.buffer.iter().any(|buffered| match buffered.attributes() {
        Attributes::ActivityTaskCompleted { scheduled_event_id, .. }
        | Attributes::ActivityTaskFailed { scheduled_event_id, .. }
        | Attributes::ActivityTaskTimedOut { scheduled_event_id, .. }
        | Attributes::ActivityTaskCanceled { scheduled_event_id, .. } => {
            *scheduled_event_id == scheduled
        }
        _ => false,
    })
}

/// A worker polls the activity: no event is written (R51).
pub(super) fn start(
    run: &mut Run,
    now: Time,
    scheduled: EventId,
    identity: &Name,
) -> Option<ActivityTask> {
    let at = run.activity_index(scheduled)?;
    let (execution, workflow_type) = (run.execution.clone(), run.started.workflow_type.clone());
    let activity = &mut run.activities[at];
    if activity.started.is_some() {
        return None;
    }
    activity.started = Some(Started { time: now, identity: identity.clone() });
    activity.last_worker_identity = identity.clone();
    Some(ActivityTask {
        token: token(&execution, activity),
        scheduled: Arc::clone(&activity.scheduled),
        workflow_type,
        heartbeat_details: activity.heartbeat_details.clone(),
        attempt: activity.attempt,
        scheduled_time: activity.scheduled_time,
        current_attempt_scheduled_time: activity.attempt_scheduled_time,
        started_time: now,
    })
}

fn token(execution: &Execution, activity: &Activity) -> ActivityToken {
    ActivityToken {
        execution: execution.clone(),
        scheduled_event_id: activity.scheduled_event_id,
        attempt: activity.attempt,
    }
}

/// How a request named the activity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Named<'a> {
    /// By token: the attempt must be the current one, and started (R54).
    ByToken(&'a ActivityToken),
    /// By id (R59).
    ById(&'a str),
}

/// Finds the started activity that a request names; the closed run was refused before (R54).
fn find_started(run: &Run, named: Named<'_>) -> Result<usize, RpcError> {
    let at = find(run, named)?;
    if run.activities[at].started.is_none() {
        return Err(messages::activity_not_found());
    }
    Ok(at)
}

fn find(run: &Run, named: Named<'_>) -> Result<usize, RpcError> {
    if !run.is_open() {
        return Err(messages::already_completed());
    }
    match named {
        Named::ByToken(token) => run
            .activity_index(token.scheduled_event_id)
            .filter(|at| run.activities[*at].attempt == token.attempt)
            .ok_or_else(messages::activity_not_found),
        Named::ById(id) => run
            .activities
            .iter()
            .position(|activity| activity.activity_id() == id)
            .ok_or_else(|| messages::activity_id_not_found(id)),
    }
}

/// `RecordActivityTaskHeartbeat`: replaces the details, moves the deadline (R55). Tells whether a
/// cancel was requested.
pub(super) fn heartbeat(
    run: &mut Run,
    now: Time,
    named: Named<'_>,
    details: Option<Payloads>,
) -> Result<bool, RpcError> {
    let at = find_started(run, named)?;
    let forgets = run.mutant(Mutation::ForgetsHeartbeats);
    let activity = &mut run.activities[at];
    activity.heartbeat_details = details;
    activity.last_heartbeat_time = Some(now).filter(|_| !forgets);
    Ok(activity.cancel_requested.is_some())
}

/// `RespondActivityTaskCompleted` (R53, R65). By id, an activity that no worker has started is
/// accepted too, and its start made up (R59).
pub(super) fn respond_completed(
    tx: &mut Transaction<'_>,
    named: Named<'_>,
    result: Option<Payloads>,
    identity: &Name,
) -> Result<(), RpcError> {
    let at = match named {
        Named::ByToken(_) => find_started(tx.run, named)?,
        Named::ById(_) => find(tx.run, named)?,
    };
    let now = tx.now;
    let activity = &mut tx.run.activities[at];
    let polled = activity.started.is_some();
    if !polled {
        activity.started = Some(Started { time: now, identity: identity.clone() });
    }
    let activity = tx.run.activities.remove(at);
    close(tx, activity, polled, |scheduled_event_id, started_event_id| {
        Attributes::ActivityTaskCompleted {
            result,
            scheduled_event_id,
            started_event_id,
            identity: identity.clone(),
        }
    });
    tx.schedule_workflow_task();
    Ok(())
}

/// `RespondActivityTaskFailed`: retried by policy, without an event, or closed (R57, R72–R75).
pub(super) fn respond_failed(
    tx: &mut Transaction<'_>,
    named: Named<'_>,
    request: &crate::api::RespondActivityTaskFailed,
) -> Result<(), RpcError> {
    let sent = request.failure.as_ref();
    let info = sent.and_then(|failure| failure.failure_info.as_ref());
    // By id, nobody looks at the kind of failure (observed).
    if matches!(named, Named::ByToken(_))
        && sent.is_some()
        && !matches!(info, Some(FailureInfo::ApplicationFailureInfo(_)))
    {
        return Err(RpcError::invalid_argument("Failure must have ApplicationFailureInfo."));
    }
    if size::is_too_large(sent.map(|sent| &**sent))
        || size::is_too_large(request.last_heartbeat_details.as_deref())
    {
        return Err(RpcError::unimplemented("an activity's failure of more than 2 MB"));
    }
    let at = find_started(tx.run, named)?;
    let now = tx.now;
    let activity = &mut tx.run.activities[at];
    if let Some(details) = &request.last_heartbeat_details {
        activity.heartbeat_details = Some(details.clone());
        activity.last_heartbeat_time = Some(now);
    }
    let failure = sent.cloned().unwrap_or_else(|| Shared::new(<_>::default()));
    fail(tx, at, failure, &request.identity);
    Ok(())
}

/// An activity that has said more than the server takes fails, and not to be retried (observed).
pub(super) fn fail_for_size(
    tx: &mut Transaction<'_>,
    named: Named<'_>,
    message: &str,
    identity: &Name,
) -> Result<(), RpcError> {
    let at = find_started(tx.run, named)?;
    fail(tx, at, Shared::new(size::failure(message)), identity);
    Ok(())
}

/// An attempt has failed: there is another, or the activity closes.
fn fail(
    tx: &mut Transaction<'_>,
    at: usize,
    failure: Shared<crate::official::failure::Failure>,
    identity: &Name,
) {
    let now = tx.now;
    let at_once = tx.run.mutant(Mutation::RetriesAtOnce);
    let failure = Failure::Sent(failure);
    let activity = &mut tx.run.activities[at];
    let decision = if activity.cancel_requested.is_some() {
        Decision::GiveUp(RetryState::CancelRequested)
    } else {
        let attempt = retry::attempt_of(activity.attempt, &failure);
        retry::decide(&activity.scheduled.retry_policy, &attempt, now, activity.expiration())
    };
    match decision {
        Decision::RetryAfter(interval) => {
            let interval = if at_once { Duration::ZERO } else { interval };
            activity.retry(now, interval, failure);
            tx.change_silently();
        }
        Decision::GiveUp(retry_state) => {
            let activity = tx.run.activities.remove(at);
            close(tx, activity, true, |scheduled_event_id, started_event_id| {
                Attributes::ActivityTaskFailed {
                    failure,
                    scheduled_event_id,
                    started_event_id,
                    identity: identity.clone(),
                    retry_state,
                }
            });
            tx.schedule_workflow_task();
        }
    }
}

/// `RespondActivityTaskCanceled`: only after a request (R64).
pub(super) fn respond_canceled(
    tx: &mut Transaction<'_>,
    named: Named<'_>,
    details: Option<Payloads>,
    identity: &Name,
) -> Result<(), RpcError> {
    let at = find_started(tx.run, named)?;
    let Some(requested) = tx.run.activities[at].cancel_requested else {
        return Err(messages::activity_cancel_not_requested());
    };
    let activity = tx.run.activities.remove(at);
    close(tx, activity, true, |scheduled_event_id, started_event_id| {
        Attributes::ActivityTaskCanceled {
            details,
            latest_cancel_requested_event_id: requested,
            scheduled_event_id,
            started_event_id,
            identity: identity.clone(),
        }
    });
    tx.schedule_workflow_task();
    Ok(())
}

/// Writes the end of an activity: the start of its last attempt, if it has one, and its close right
/// behind (R51, R53). The caller asks for the workflow task.
pub(super) fn close(
    tx: &mut Transaction<'_>,
    activity: Activity,
    polled: bool,
    close: impl FnOnce(EventId, Option<EventId>) -> Attributes,
) {
    let scheduled = activity.scheduled_event_id;
    let mut attributes = close(scheduled, None);
    if tx.run.mutant(Mutation::LosesActivityClose) {
        return;
    }
    if tx.run.mutant(Mutation::CancelsUnasked) {
        attributes = Attributes::ActivityTaskCanceled {
            details: None,
            latest_cancel_requested_event_id: scheduled,
            scheduled_event_id: scheduled,
            started_event_id: None,
            identity: Name::empty(),
        };
    }
    match activity.started {
        Some(started) => {
            let start = Attributes::ActivityTaskStarted {
                scheduled_event_id: scheduled,
                identity: started.identity,
                attempt: activity.attempt,
                last_failure: activity.last_failure,
                polled,
            };
            if tx.run.mutant(Mutation::StartsActivityTwice) {
                tx.buffer_at(started.time, start.clone());
            }
            tx.buffer_at(started.time, start);
            tx.buffer_close(scheduled, attributes);
        }
        None => tx.buffer(attributes),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::story::{Story, complete_workflow, schedule, seconds};
    use crate::api::{Code, Command};
    use crate::history::Attributes;

    fn cancel(scheduled_event_id: i64) -> Command {
        Command::RequestCancelActivityTask { scheduled_event_id }
    }

    #[test]
    fn polling_an_activity_writes_nothing_and_its_start_comes_with_its_close() {
        // R51.
        let mut story = Story::after(vec![schedule("a", |_| {})]);
        let activity = story.poll_activity().unwrap();
        assert_eq!(story.types().len(), 5);
        story.complete_activity(&activity).unwrap();
        let tail = ["ActivityTaskStarted", "ActivityTaskCompleted", "WorkflowTaskScheduled"];
        assert_eq!(story.types()[5..], tail);
    }

    #[test]
    fn cancelling_an_activity_that_no_worker_has_cancels_it_behind_the_commands() {
        // R60.
        let mut story = Story::started();
        let task = story.poll();
        story
            .complete(&task, vec![schedule("a", |_| {}), cancel(5), schedule("b", |_| {})])
            .unwrap();
        assert_eq!(
            story.types()[4..],
            [
                "ActivityTaskScheduled",
                "ActivityTaskCancelRequested",
                "ActivityTaskScheduled",
                "ActivityTaskCanceled",
                "WorkflowTaskScheduled",
            ]
        );
        assert_eq!(&story.poll_activity().unwrap().scheduled.command.activity_id, "b");
    }

    #[test]
    fn such_a_cancel_is_lost_when_the_workflow_closes_with_it() {
        // R60, R8.
        let mut story = Story::started();
        let task = story.poll();
        let commands = vec![schedule("a", |_| {}), cancel(5), complete_workflow()];
        story.complete(&task, commands).unwrap();
        assert_eq!(
            story.types()[5..],
            ["ActivityTaskCancelRequested", "WorkflowExecutionCompleted"]
        );
    }

    #[test]
    fn a_started_activity_learns_of_its_cancel_from_a_heartbeat_only() {
        // R61, R64.
        let mut story = Story::after(vec![schedule("a", |_| {})]);
        let activity = story.poll_activity().unwrap();
        assert_eq!(story.heartbeat(&activity, None), Ok(false));
        let early = story.cancel_activity(&activity).unwrap_err();
        assert_eq!(early.code, Code::InvalidArgument);
        story.signal("s").unwrap();
        let task = story.poll();
        story.complete(&task, vec![cancel(5)]).unwrap();
        assert_eq!(story.types().last(), Some(&"ActivityTaskCancelRequested"));
        assert_eq!(story.heartbeat(&activity, None), Ok(true));
        story.cancel_activity(&activity).unwrap();
        let tail = ["ActivityTaskStarted", "ActivityTaskCanceled", "WorkflowTaskScheduled"];
        assert_eq!(story.types()[10..], tail);
    }

    #[test]
    fn a_second_cancel_of_an_activity_is_a_bad_command() {
        // R63.
        let mut story = Story::after(vec![schedule("a", |_| {})]);
        story.poll_activity().unwrap();
        story.signal("s").unwrap();
        let task = story.poll();
        let error = story.complete(&task, vec![cancel(5), cancel(5)]).unwrap_err();
        assert!(error.message.ends_with("ScheduledEventID: 5"), "{error}");
        let task = story.poll();
        let error = story.complete(&task, vec![cancel(0)]).unwrap_err();
        assert!(error.message.ends_with("RequestCancelActivityTaskCommand."), "{error}");
    }

    #[test]
    fn a_failed_attempt_is_retried_without_an_event_until_the_attempts_run_out() {
        // R52, R72.
        let retry_twice =
            |attributes: &mut crate::official::command::ScheduleActivityTaskCommandAttributes| {
                attributes.retry_policy = Some(crate::official::common::RetryPolicy {
                    maximum_attempts: 2,
                    ..Default::default()
                });
            };
        let mut story = Story::after(vec![schedule("a", retry_twice)]);
        let first = story.poll_activity().unwrap();
        story.fail_activity(&first).unwrap();
        assert_eq!(story.types().len(), 5);
        assert!(story.poll_activity().is_none(), "the backoff is not over");
        story.pass(Duration::from_secs(1));
        let second = story.poll_activity().unwrap();
        assert_eq!(second.attempt, 2);
        assert_eq!(story.fail_activity(&first).unwrap_err().code, Code::NotFound, "R54");
        story.fail_activity(&second).unwrap();
        assert_eq!(
            story.types()[5..],
            ["ActivityTaskStarted", "ActivityTaskFailed", "WorkflowTaskScheduled"]
        );
    }

    #[test]
    fn timeouts_are_normalised_when_they_are_scheduled() {
        // R49: only start-to-close, and a heartbeat longer than it.
        let story = Story::after(vec![schedule("a", |attributes| {
            attributes.heartbeat_timeout = Some(seconds(60));
        })]);
        let Attributes::ActivityTaskScheduled(scheduled) = story.last() else { panic!() };
        assert_eq!(scheduled.timeouts.heartbeat, Duration::from_secs(10));
        assert_eq!(scheduled.timeouts.schedule_to_close, Duration::ZERO);
    }

    #[test]
    fn an_empty_heartbeat_erases_the_details() {
        // R55.
        let mut story = Story::after(vec![schedule("a", |_| {})]);
        let activity = story.poll_activity().unwrap();
        story.heartbeat(&activity, Some(crate::history::payload::json(&"half".into()))).unwrap();
        story.heartbeat(&activity, None).unwrap();
        let run = story.server.current_run("w").unwrap();
        assert_eq!(run.activities[0].heartbeat_details, None);
    }
}
