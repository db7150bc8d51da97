//! The life of a workflow task: scheduled, started, failed, timed out; normal, sticky, transient,
//! speculative (R11–R20, `semantics/reset.md` C, D and G5).

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use super::mutation::Mutation;
use super::run::Run;
use super::terminate::{TerminatedBy, Termination, terminate};
use super::transaction::Transaction;
use super::{messages, query};
use crate::api::{
    PendingWorkflowTask, RespondWorkflowTaskFailed, RpcError, UpdateMessage, WorkflowTask,
    WorkflowTaskToken,
};
use crate::clock::Time;
use crate::history::event::{
    StartOrigin, WorkflowTaskFailed, WorkflowTaskQueue, WorkflowTaskTimeoutType,
};
use crate::history::ids::Digest;
use crate::history::{Attributes, Event, EventId, Failure, Name};
use crate::official::enums::WorkflowTaskFailedCause;

/// The pending workflow task.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum WorkflowTaskState {
    None,
    Scheduled(ScheduledTask),
    Started(StartedTask),
}

/// Whether a task's events are in the history.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum TaskKind {
    /// Each as it happens.
    Normal,
    /// Only if it completes: a later attempt than the first (R16).
    Transient,
    /// Only if something comes of it: a task for updates alone (D5, G5).
    Speculative,
}

/// One that waits for a worker.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct ScheduledTask {
    pub(super) kind: TaskKind,
    /// Only virtual if the task is not normal: the id that the event would have (R16, D5).
    pub(super) scheduled_event_id: EventId,
    pub(super) scheduled_time: Time,
    pub(super) original_scheduled_time: Time,
    pub(super) attempt: u32,
    pub(super) task_queue: WorkflowTaskQueue,
    pub(super) start_to_close_timeout: Duration,
    /// Whether nobody polls the sticky queue, so that the task waits on the normal one (D3).
    pub(super) sticky_worker_missing: bool,
}

/// One that a worker has.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct StartedTask {
    pub(super) scheduled: ScheduledTask,
    pub(super) started_event_id: EventId,
    pub(super) started_time: Time,
    pub(super) identity: Name,
    pub(super) origin: StartOrigin,
}

impl ScheduledTask {
    /// Whether it leaves no events unless it completes (R16).
    fn is_transient(&self) -> bool {
        self.kind == TaskKind::Transient
    }

    /// Whether its events are not in the history.
    fn is_virtual(&self) -> bool {
        self.kind != TaskKind::Normal
    }

    pub(super) fn scheduled_event(&self) -> Attributes {
        Attributes::WorkflowTaskScheduled {
            task_queue: self.task_queue.clone(),
            start_to_close_timeout: self.start_to_close_timeout,
            attempt: self.attempt,
        }
    }
}

impl StartedTask {
    fn started_event(&self) -> Attributes {
        Attributes::WorkflowTaskStarted {
            scheduled_event_id: self.scheduled.scheduled_event_id,
            identity: self.identity.clone(),
            origin: self.origin,
        }
    }
}

/// How a start hands over the history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StartedFrom {
    /// Polled from the execution's task queue: everything is sent, and stickiness ends (C5).
    NormalQueue,
    /// Polled from the worker's own queue: what is new is sent (D3).
    StickyQueue,
    /// Returned with a completion: what is new is sent (R23).
    Completion,
}

/// The queue of the next task: sticky if a worker wants it.
pub(super) fn task_queue(run: &Run) -> WorkflowTaskQueue {
    WorkflowTaskQueue {
        normal: run.started.task_queue.clone(),
        sticky: run.sticky.as_ref().map(|sticky| sticky.worker_task_queue.clone()),
    }
}

/// The time that a worker has. From the fourth attempt it grows (R20); the real server's jitter is
/// a function of the run and the attempt here.
pub(super) fn start_to_close_timeout(run: &Run, attempt: u32) -> Duration {
    const MAXIMUM: Duration = Duration::from_secs(600);
    let timeout = run.started.workflow_task_timeout;
    if attempt <= 3 {
        return timeout;
    }
    let doublings = (attempt - 4).min(10);
    let backoff = (Duration::from_secs(5) * 2u32.pow(doublings)).min(MAXIMUM);
    let mut digest = Digest::new();
    (run.execution.run_id, attempt).hash(&mut digest);
    let thousandths = u32::try_from(digest.finish128() % 200).unwrap_or(0);
    timeout + backoff * (800 + thousandths) / 1_000
}

/// Starts the scheduled task (R11). A transient one that was overtaken by events becomes a real
/// first attempt (R18).
pub(super) fn start(
    tx: &mut Transaction<'_>,
    identity: &Name,
    from: StartedFrom,
) -> Option<StartedTask> {
    let WorkflowTaskState::Scheduled(scheduled) = &tx.run.workflow_task else { return None };
    let mut scheduled = scheduled.clone();
    if from == StartedFrom::NormalQueue {
        tx.run.sticky = None;
    }
    if scheduled.is_transient() && scheduled.scheduled_event_id != tx.next_event_id() {
        tx.run.workflow_task_attempt = 1;
        scheduled.attempt = 1;
        scheduled.kind = TaskKind::Normal;
        scheduled.scheduled_time = tx.now;
        scheduled.start_to_close_timeout = start_to_close_timeout(tx.run, 1);
        scheduled.scheduled_event_id = tx.add(scheduled.scheduled_event());
    }
    let mut started = StartedTask {
        started_event_id: scheduled.scheduled_event_id.next(),
        scheduled,
        started_time: tx.now,
        identity: identity.clone(),
        origin: match from {
            StartedFrom::Completion => StartOrigin::Inline,
            StartedFrom::NormalQueue | StartedFrom::StickyQueue => StartOrigin::Poll,
        },
    };
    if !started.scheduled.is_virtual() {
        started.started_event_id = tx.add(started.started_event());
    }
    tx.run.workflow_task = WorkflowTaskState::Started(started.clone());
    Some(started)
}

/// What the worker gets.
pub(super) fn task(
    run: &Run,
    started: &StartedTask,
    from: StartedFrom,
    messages: Vec<UpdateMessage>,
) -> WorkflowTask {
    let scheduled = &started.scheduled;
    let new_only = run.previous_started_event_id.map_or(EventId::FIRST, EventId::next);
    WorkflowTask {
        token: token(run, started),
        workflow_type: run.started.workflow_type.clone(),
        attempt: scheduled.attempt,
        previous_started_event_id: run.previous_started_event_id,
        scheduled_time: scheduled.scheduled_time,
        history: run.history.clone(),
        transient: transient_events(run),
        messages,
        first_event_id: match from {
            StartedFrom::NormalQueue => EventId::FIRST,
            StartedFrom::StickyQueue | StartedFrom::Completion => new_only,
        },
        started_event_id: started.started_event_id,
        queries: query::along(run),
    }
}

/// The token of a started task (R12).
fn token(run: &Run, started: &StartedTask) -> WorkflowTaskToken {
    WorkflowTaskToken {
        execution: run.execution.clone(),
        scheduled_event_id: started.scheduled.scheduled_event_id,
        started_event_id: started.started_event_id,
        started_time: started.started_time,
        attempt: started.scheduled.attempt,
    }
}

/// The events of a pending transient or speculative task, as readers see them (R16, A4).
pub(super) fn transient_events(run: &Run) -> Vec<Event> {
    let scheduled_event = |task: &ScheduledTask| Event {
        id: task.scheduled_event_id,
        time: task.scheduled_time,
        attributes: task.scheduled_event(),
    };
    match &run.workflow_task {
        WorkflowTaskState::Scheduled(task)
            if task.is_virtual() && task.scheduled_event_id == run.history.next_event_id() =>
        {
            vec![scheduled_event(task)]
        }
        WorkflowTaskState::Started(task) if task.scheduled.is_virtual() => vec![
            scheduled_event(&task.scheduled),
            Event {
                id: task.started_event_id,
                time: task.started_time,
                attributes: task.started_event(),
            },
        ],
        _ => Vec::new(),
    }
}

/// The started task that a token names, if it is still that (R12).
pub(super) fn started<'r>(run: &'r Run, token: &WorkflowTaskToken) -> Option<&'r StartedTask> {
    let WorkflowTaskState::Started(started) = &run.workflow_task else { return None };
    let matches = run.is_open()
        && started.scheduled.scheduled_event_id == token.scheduled_event_id
        && started.started_event_id == token.started_event_id
        && started.started_time == token.started_time
        && started.scheduled.attempt == token.attempt;
    matches.then_some(started)
}

/// `RespondWorkflowTaskFailed` on an open or closed run (R12, R13).
pub(super) fn respond_failed(
    tx: &mut Transaction<'_>,
    request: &RespondWorkflowTaskFailed,
) -> Result<(), RpcError> {
    if !tx.run.is_open() {
        return Err(messages::already_completed());
    }
    if started(tx.run, &request.token).is_none() {
        return Err(messages::workflow_task_not_found());
    }
    if request.cause == WorkflowTaskFailedCause::GrpcMessageTooLarge {
        // The worker could never answer: the run is given up (C9).
        let termination = Termination {
            reason: messages::grpc_message_too_large(),
            details: None,
            identity: messages::history_service(),
        };
        terminate(tx, termination, TerminatedBy::Request);
        return Ok(());
    }
    let failure = request.failure.clone().map(Failure::Sent);
    fail(tx, request.cause, failure, &request.identity, &request.binary_checksum);
    tx.schedule_workflow_task();
    Ok(())
}

/// Ends the started task with a failure. Only a first attempt leaves an event (R13, R16); the next
/// task is not scheduled yet.
pub(super) fn fail(
    tx: &mut Transaction<'_>,
    cause: WorkflowTaskFailedCause,
    failure: Option<Failure>,
    identity: &Name,
    binary_checksum: &Name,
) {
    let WorkflowTaskState::Started(started) = tx.run.workflow_task.clone() else { return };
    if !started.scheduled.is_transient() {
        if started.scheduled.is_virtual() {
            write_start(tx, &started, identity);
        }
        let attributes = Attributes::WorkflowTaskFailed(Arc::new(WorkflowTaskFailed {
            scheduled_event_id: started.scheduled.scheduled_event_id,
            started_event_id: started.started_event_id,
            cause,
            failure,
            identity: identity.clone(),
            base_run_id: None,
            new_run_id: None,
            binary_checksum: binary_checksum.clone(),
        }));
        tx.add(attributes);
    }
    end_unsuccessfully(tx.run);
    // These are no failures of the worker's, and the next is a first attempt (observed).
    if matches!(
        cause,
        WorkflowTaskFailedCause::ResetWorkflow | WorkflowTaskFailedCause::FailoverCloseCommand
    ) {
        tx.run.workflow_task_attempt = 1;
    }
}

/// After a failure or a timeout: stickiness ends, and only without it does the attempt rise
/// (R13, C5).
fn end_unsuccessfully(run: &mut Run) {
    let was_sticky = run.sticky.take().is_some();
    run.workflow_task_attempt = if was_sticky { 1 } else { run.workflow_task_attempt + 1 };
    run.workflow_task = WorkflowTaskState::None;
    run.close_attempted = false;
}

/// Fails the started task because too much is buffered; what follows is a second attempt (R10).
pub(super) fn fail_because_of_full_buffer(tx: &mut Transaction<'_>) {
    if !matches!(tx.run.workflow_task, WorkflowTaskState::Started(_)) {
        return;
    }
    fail_by_server(tx);
    tx.schedule_transient_workflow_task();
}

/// Fails the started task because the run is being closed from outside (R42, R43).
pub(super) fn fail_by_server(tx: &mut Transaction<'_>) {
    fail(
        tx,
        WorkflowTaskFailedCause::ForceCloseCommand,
        None,
        &messages::history_service(),
        &Name::empty(),
    );
}

/// How long a speculative task waits on the normal queue before it becomes a normal one.
const SPECULATIVE_PATIENCE: Duration = Duration::from_secs(5);

/// When the pending task times out: started and not answered, or not picked up from a sticky queue
/// (R14, R15). On the normal queue a task waits for ever (D2).
pub(super) fn deadline(run: &Run) -> Option<Time> {
    match &run.workflow_task {
        WorkflowTaskState::None => None,
        WorkflowTaskState::Started(task) => {
            let early = u32::from(run.mutant(Mutation::TaskTimesOutEarly));
            Some(task.started_time + task.scheduled.start_to_close_timeout / (1 + early))
        }
        WorkflowTaskState::Scheduled(task) => {
            let sticky = run.sticky.as_ref().filter(|_| task.task_queue.sticky.is_some());
            let patience = match (sticky, task.kind) {
                // Without a timeout it waits there for ever (observed).
                (Some(sticky), _) if sticky.schedule_to_start_timeout.is_zero() => return None,
                (Some(sticky), _) => sticky.schedule_to_start_timeout,
                (None, TaskKind::Speculative) => SPECULATIVE_PATIENCE,
                (None, _) => return None,
            };
            Some(task.scheduled_time + patience)
        }
    }
}

/// The first task's backoff is over (F3).
pub(super) fn end_first_backoff(tx: &mut Transaction<'_>) {
    // A task for updates alone takes its place, even if nothing comes of that.
    tx.run.first_workflow_task_at = None;
    tx.schedule_workflow_task();
}

/// The timeout of the pending task (R14, R15, D3).
pub(super) fn time_out(tx: &mut Transaction<'_>) {
    match tx.run.workflow_task.clone() {
        WorkflowTaskState::None => return,
        WorkflowTaskState::Scheduled(task) => {
            let scheduled_event_id = task.scheduled_event_id;
            if task.is_virtual() {
                tx.add_at(task.scheduled_time, task.scheduled_event());
            }
            tx.add(Attributes::WorkflowTaskTimedOut {
                scheduled_event_id,
                started_event_id: None,
                timeout_type: WorkflowTaskTimeoutType::ScheduleToStart,
            });
            tx.run.sticky = None;
            tx.run.workflow_task = WorkflowTaskState::None;
        }
        WorkflowTaskState::Started(task) => {
            let (scheduled_event_id, started_event_id) =
                (task.scheduled.scheduled_event_id, task.started_event_id);
            if !task.scheduled.is_transient() {
                if task.scheduled.is_virtual() {
                    write_start(tx, &task, &Name::empty());
                }
                tx.add(Attributes::WorkflowTaskTimedOut {
                    scheduled_event_id,
                    started_event_id: Some(started_event_id),
                    timeout_type: WorkflowTaskTimeoutType::StartToClose,
                });
            }
            end_unsuccessfully(tx.run);
        }
    }
    tx.schedule_workflow_task();
}

/// Writes the completion of the started task. A transient one gets its events now, in a batch of
/// their own (R16, A1).
pub(super) fn complete(
    tx: &mut Transaction<'_>,
    identity: &Name,
    extras: Option<Arc<crate::history::event::WorkflowTaskCompletedExtras>>,
) -> Option<EventId> {
    let WorkflowTaskState::Started(started) = &tx.run.workflow_task else { return None };
    let started = started.clone();
    if started.scheduled.is_virtual() {
        write_start(tx, &started, identity);
    }
    let completed = tx.add(Attributes::WorkflowTaskCompleted {
        scheduled_event_id: started.scheduled.scheduled_event_id,
        started_event_id: started.started_event_id,
        identity: identity.clone(),
        extras,
    });
    tx.run.previous_started_event_id = Some(started.started_event_id);
    end_successfully(tx.run);
    Some(completed)
}

pub(super) fn end_successfully(run: &mut Run) {
    run.workflow_task = WorkflowTaskState::None;
    run.workflow_task_attempt = 1;
    run.close_attempted = false;
}

/// Writes the events of a started task that has none yet, in a batch of their own (R16, D5, A1). The
/// server has not kept who started it; the event names who has ended it.
pub(super) fn write_start(tx: &mut Transaction<'_>, started: &StartedTask, identity: &Name) {
    tx.run.had_workflow_task = true;
    tx.run.first_workflow_task_at = None;
    // The queue is where the next task would go: a start on the normal one has ended stickiness.
    let task_queue = task_queue(tx.run);
    let scheduled = ScheduledTask { task_queue, ..started.scheduled.clone() };
    tx.add_at(scheduled.scheduled_time, scheduled.scheduled_event());
    tx.add_at(
        started.started_time,
        Attributes::WorkflowTaskStarted {
            scheduled_event_id: started.scheduled.scheduled_event_id,
            identity: identity.clone(),
            origin: started.origin,
        },
    );
    tx.end_batch();
}

/// What a description tells of the pending task.
pub(super) fn pending(run: &Run) -> Option<PendingWorkflowTask> {
    let (scheduled, started_time) = match &run.workflow_task {
        WorkflowTaskState::None => return None,
        WorkflowTaskState::Scheduled(scheduled) => (scheduled, None),
        WorkflowTaskState::Started(started) => (&started.scheduled, Some(started.started_time)),
    };
    Some(PendingWorkflowTask {
        started: started_time.is_some(),
        attempt: scheduled.attempt,
        scheduled_time: scheduled.scheduled_time,
        original_scheduled_time: scheduled.original_scheduled_time,
        started_time,
    })
}

#[cfg(test)]
mod tests {
    use super::super::story::{Story, complete_workflow};
    use super::*;
    use crate::api::{PolledTaskQueue, Request, Response};

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn only_the_first_failed_attempt_leaves_an_event() {
        // R13, R16.
        let mut story = Story::started();
        for attempt in 1..=3 {
            let task = story.poll();
            assert_eq!(task.attempt, attempt);
            story.fail(&task).unwrap();
        }
        assert_eq!(story.types().len(), 4);
        let task = story.poll();
        let shown: Vec<u32> = task.transient.iter().map(|event| event.id.0).collect();
        assert_eq!(shown, [5, 6], "the virtual events of the attempt");
        story.complete(&task, vec![complete_workflow()]).unwrap();
        assert_eq!(story.batches(), [(1, 2), (3, 3), (4, 4), (5, 6), (7, 8)], "A1");
    }

    #[test]
    fn an_event_makes_a_scheduled_transient_task_a_first_attempt_when_it_is_polled() {
        // R18.
        let mut story = Story::started();
        let task = story.poll();
        story.fail(&task).unwrap();
        story.signal("s").unwrap();
        story.pass(SECOND);
        let task = story.poll();
        assert_eq!(task.attempt, 1);
        let tail = &story.types()[4..];
        assert_eq!(
            tail,
            ["WorkflowExecutionSignaled", "WorkflowTaskScheduled", "WorkflowTaskStarted"]
        );
    }

    #[test]
    fn an_event_buffered_during_a_transient_task_makes_the_next_one_real() {
        // R17.
        let mut story = Story::started();
        let task = story.poll();
        story.fail(&task).unwrap();
        let task = story.poll();
        story.signal("s").unwrap();
        story.fail(&task).unwrap();
        assert_eq!(story.types()[4..], ["WorkflowExecutionSignaled", "WorkflowTaskScheduled"]);
        assert_eq!(story.poll().attempt, 1);
    }

    #[test]
    fn an_unanswered_task_times_out_and_its_answer_is_too_late() {
        // R14, R12.
        let mut story = Story::started();
        let task = story.poll();
        story.pass(Duration::from_millis(9_999));
        assert_eq!(story.types().len(), 3);
        story.pass(Duration::from_millis(1));
        assert_eq!(story.types()[3..], ["WorkflowTaskTimedOut"]);
        assert!(story.complete(&task, vec![]).is_err());
        assert_eq!(story.poll().attempt, 2);
    }

    #[test]
    fn a_sticky_task_that_nobody_picks_up_goes_to_the_normal_queue_as_a_first_attempt() {
        // R15.
        let mut story = Story::started();
        let sticky = || PolledTaskQueue::Sticky("sticky".into());
        assert!(story.try_poll(sticky()).is_none());
        let task = story.poll();
        story.complete_sticky(&task).unwrap();
        story.signal("s").unwrap();
        assert!(story.try_poll(PolledTaskQueue::Normal("q".into())).is_none());
        story.pass(5 * SECOND);
        assert_eq!(story.types()[6..], ["WorkflowTaskTimedOut", "WorkflowTaskScheduled"]);
        assert_eq!(story.poll().attempt, 1);
    }

    #[test]
    fn a_sticky_task_sends_what_is_new_and_a_failure_of_it_is_no_attempt() {
        // D3, C5.
        let mut story = Story::started();
        let sticky = || PolledTaskQueue::Sticky("sticky".into());
        story.try_poll(sticky());
        let task = story.poll();
        assert_eq!(task.first_event_id, EventId(1));
        story.complete_sticky(&task).unwrap();
        story.signal("s").unwrap();
        let task = story.try_poll(sticky()).unwrap();
        assert_eq!(task.first_event_id, EventId(4));
        story.fail(&task).unwrap();
        assert_eq!(story.types()[7..], ["WorkflowTaskFailed", "WorkflowTaskScheduled"]);
        assert_eq!(story.poll().attempt, 1);
    }

    #[test]
    fn a_sticky_queue_that_was_never_polled_is_passed_over_without_an_event() {
        // D3.
        let mut story = Story::started();
        let task = story.poll();
        story.complete_sticky(&task).unwrap();
        story.signal("s").unwrap();
        assert_eq!(story.poll().attempt, 1);
    }

    #[test]
    fn a_sticky_queue_whose_worker_has_shut_down_is_passed_over_without_an_event() {
        // D3, C5: on the normal queue a failure is an attempt.
        let mut story = Story::started();
        let sticky = PolledTaskQueue::Sticky("sticky".into());
        story.try_poll(sticky);
        let task = story.poll();
        story.complete_sticky(&task).unwrap();
        let shutdown = Request::ShutdownWorker { sticky_task_queue: "sticky".into() };
        assert_eq!(story.call(shutdown), Ok(Response::Empty));
        story.signal("s").unwrap();
        let task = story.poll();
        story.fail(&task).unwrap();
        assert_eq!(story.types().last(), Some(&"WorkflowTaskFailed"));
        assert_eq!(story.poll().attempt, 2);
    }

    #[test]
    fn from_the_fourth_attempt_a_task_has_more_time_always_the_same() {
        // R20.
        let story = Story::started();
        let run = story.server.current_run("w").unwrap();
        assert_eq!(start_to_close_timeout(run, 3), 10 * SECOND);
        let fourth = start_to_close_timeout(run, 4);
        assert!(fourth >= 14 * SECOND && fourth < 15 * SECOND, "{fourth:?}");
        assert_eq!(fourth, start_to_close_timeout(run, 4));
        assert!(start_to_close_timeout(run, 400) <= 610 * SECOND);
    }
}
