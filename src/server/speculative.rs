//! Speculative workflow tasks: for updates of a run that has nothing else to do. Nothing is written
//! of them until something comes of it (`semantics/reset.md`, D5, G4, G5).
//!
//! A speculative task ends in one of four ways. It brings about an event and is written with it;
//! another transaction of the run makes it a normal one ([`write`]); it fails or times out and is
//! written then; or it leaves nothing at all, its worker having refused everything
//! ([`leaves_nothing`]).

use super::run::Run;
use super::transaction::Transaction;
use super::workflow_task::{
    ScheduledTask, TaskKind, WorkflowTaskState, start_to_close_timeout, task_queue, write_start,
};
use crate::api::{ProtocolMessageBody, RespondWorkflowTaskCompleted};
use crate::clock::Time;
use crate::history::Name;

/// Schedules a speculative task if none is pending. The first task's backoff does not count.
pub(super) fn schedule(run: &mut Run, now: Time) {
    if !run.is_open() || run.workflow_task != WorkflowTaskState::None {
        return;
    }
    run.workflow_task = WorkflowTaskState::Scheduled(ScheduledTask {
        kind: TaskKind::Speculative,
        scheduled_event_id: run.history.next_event_id(),
        scheduled_time: now,
        original_scheduled_time: now,
        attempt: 1,
        task_queue: task_queue(run),
        start_to_close_timeout: start_to_close_timeout(run, 1),
        sticky_worker_missing: false,
    });
}

/// Makes a pending speculative task a normal one: every other transaction that stores something of
/// an open run does, before its events get their ids. If it is started, the start has a batch of
/// its own, and nobody knows any more who started it.
pub(super) fn write(tx: &mut Transaction<'_>) {
    match &mut tx.run.workflow_task {
        WorkflowTaskState::Scheduled(task) if task.kind == TaskKind::Speculative => {
            task.kind = TaskKind::Normal;
            let (time, event) = (task.scheduled_time, task.scheduled_event());
            tx.run.had_workflow_task = true;
            tx.run.first_workflow_task_at = None;
            tx.add_at(time, event);
        }
        WorkflowTaskState::Started(started) if started.scheduled.kind == TaskKind::Speculative => {
            started.scheduled.kind = TaskKind::Normal;
            let started = started.clone();
            write_start(tx, &started, &Name::empty());
        }
        _ => {}
    }
}

/// How many events there may be behind the last completed task for a speculative one to leave
/// nothing: its own completion, and with a worker that can go back some more (G5).
const EVENTS_BEHIND_LAST_TASK: u32 = 2;
const MORE_EVENTS_BEHIND_LAST_TASK: u32 = 10;

/// Whether a completion of the started task leaves nothing in the history: it is speculative, and
/// all that the worker says is that it refuses updates, if anything (G5).
pub(super) fn leaves_nothing(run: &Run, request: &RespondWorkflowTaskCompleted) -> bool {
    let WorkflowTaskState::Started(started) = &run.workflow_task else { return false };
    let last_task = run.previous_started_event_id.map_or(0, |event| event.0);
    let more =
        if request.discards_speculative_with_events { MORE_EVENTS_BEHIND_LAST_TASK } else { 0 };
    let is_rejection =
        |body: &ProtocolMessageBody| matches!(body, ProtocolMessageBody::Rejection(_));
    started.scheduled.kind == TaskKind::Speculative
        && request.commands.is_empty()
        && !request.force_create_new_workflow_task
        && request.messages.iter().all(|message| is_rejection(&message.body))
        && run.history.next_event_id().0 <= last_task + EVENTS_BEHIND_LAST_TASK + more
}
