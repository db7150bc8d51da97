//! One transaction: events are added, buffered, flushed and written as one batch (R1–R9).

use super::buffer::{Buffered, is_completion, started_origin, wire_started};
use super::key::Transfer;
use super::mutation::Mutation;
use super::reset_points;
use super::run::Run;
use super::speculative;
use super::workflow_task::{self, ScheduledTask, TaskKind, WorkflowTaskState};
use crate::api::ExecutionStatus;
use crate::clock::Time;
use crate::history::{Attributes, Event, EventId};

/// How many events may be buffered (R10).
pub(super) const MAXIMUM_BUFFERED_EVENTS: usize = 100;

/// How many events most batches have at most.
const USUAL_BATCH: usize = 2;

/// The changes of one request, deadline or follow-up to one run.
pub(super) struct Transaction<'r> {
    pub(super) now: Time,
    pub(super) run: &'r mut Run,
    batch: Vec<Event>,
    /// How many of the buffered events were there before: only those stand in a close's way (R60).
    buffered_before: usize,
    /// Whether something of the run has changed although no event says so.
    silent_change: bool,
}

impl<'r> Transaction<'r> {
    /// Begins a transaction on an open run.
    pub(super) fn begin(now: Time, run: &'r mut Run) -> Self {
        let buffered_before = run.buffer.len();
        Self { now, run, batch: Vec::new(), buffered_before, silent_change: false }
    }

    /// The id that the next event gets.
    pub(super) fn next_event_id(&self) -> EventId {
        let written = self.batch.last().map_or(self.run.history.len(), |event| event.id.0);
        EventId(written + 1)
    }

    /// Adds an event that is never buffered (R2).
    pub(super) fn add(&mut self, attributes: Attributes) -> EventId {
        self.add_at(self.now, attributes)
    }

    /// The same, for something that happened earlier.
    pub(super) fn add_at(&mut self, time: Time, attributes: Attributes) -> EventId {
        let id = self.next_event_id();
        if self.batch.capacity() == 0 {
            self.batch.reserve_exact(USUAL_BATCH);
        }
        self.batch.push(Event { id, time, attributes });
        id
    }

    /// Adds an event that is buffered first (R2).
    pub(super) fn buffer(&mut self, attributes: Attributes) {
        self.buffer_at(self.now, attributes);
    }

    /// The same, for something that happened earlier.
    pub(super) fn buffer_at(&mut self, time: Time, attributes: Attributes) {
        self.run.buffer.push(Buffered::Event { time, attributes });
    }

    /// Buffers the close of what an event in the buffer starts (R5).
    pub(super) fn buffer_close(&mut self, origin: EventId, attributes: Attributes) {
        let time = self.now;
        self.run.buffer.push(Buffered::ClosesBufferedStart { time, origin, attributes });
    }

    /// Whether an event that came before this transaction waits: a close command must not pass
    /// (R33).
    pub(super) fn has_unhandled_events(&self) -> bool {
        self.buffered_before > 0
    }

    /// Takes the firing of a timer out of the buffer, if it is there (R78).
    pub(super) fn take_buffered_firing(&mut self, timer_id: &str) -> Option<EventId> {
        let fired = |buffered: &Buffered| match buffered.attributes() {
            Attributes::TimerFired { timer_id: fired, started_event_id }
                if **fired == *timer_id =>
            {
                Some(*started_event_id)
            }
            _ => None,
        };
        let (at, started) = self.run.buffer[..self.buffered_before]
            .iter()
            .enumerate()
            .find_map(|(at, buffered)| Some((at, fired(buffered)?)))?;
        self.run.buffer.remove(at);
        self.buffered_before -= 1;
        Some(started)
    }

    /// Gives the buffered events their ids: first those that are no completions, in order of
    /// arrival, then the completions in order of arrival (R4).
    pub(super) fn flush(&mut self) {
        if self.run.buffer.is_empty() {
            return;
        }
        let mut buffer = std::mem::take(&mut self.run.buffer);
        if self.buffered_before > 0 && self.run.mutant(Mutation::DropsBufferedEvent) {
            buffer.remove(0);
        }
        self.buffered_before = 0;
        let completions_last = !self.run.mutant(Mutation::FlushesCompletionsFirst);
        buffer.sort_by_key(|buffered| is_completion(buffered.attributes()) == completions_last);
        let mut starts: Vec<(EventId, EventId)> = Vec::new();
        for buffered in buffer {
            match buffered {
                Buffered::Event { time, attributes } => {
                    let origin = started_origin(&attributes);
                    let id = self.add_at(time, attributes);
                    if let Some(origin) = origin {
                        starts.push((origin, id));
                        self.remember_child_start(origin, id);
                    }
                }
                Buffered::ClosesBufferedStart { time, origin, mut attributes } => {
                    if let Some((_, id)) = starts.iter().find(|(started, _)| *started == origin) {
                        let wrong = self.run.mutant(Mutation::WiresWrongStart);
                        wire_started(&mut attributes, if wrong { origin } else { *id });
                    }
                    self.add_at(time, attributes);
                }
            }
        }
    }

    /// A child's start has its id only now; its close will refer to it.
    fn remember_child_start(&mut self, initiated: EventId, id: EventId) {
        if let Some(at) = self.run.child_index(initiated) {
            self.run.children[at].start_recorded(id);
        }
    }

    /// Schedules a workflow task if none is pending (R9).
    pub(super) fn schedule_workflow_task(&mut self) {
        let none_is_pending = matches!(self.run.workflow_task, WorkflowTaskState::None)
            || self.run.mutant(Mutation::SchedulesTaskTwice);
        if none_is_pending && self.run.is_open() {
            self.schedule_next_workflow_task();
        }
    }

    /// Schedules a workflow task. Buffered events are flushed before, and make it a first attempt
    /// (R3, R17); a later attempt is transient and leaves no event (R16).
    fn schedule_next_workflow_task(&mut self) {
        self.run.first_workflow_task_at = None;
        self.run.had_workflow_task = true;
        if !self.run.buffer.is_empty() {
            self.run.workflow_task_attempt = 1;
            self.flush();
        }
        let attempt = self.run.workflow_task_attempt;
        let task_queue = workflow_task::task_queue(self.run);
        let timeout = workflow_task::start_to_close_timeout(self.run, attempt);
        let scheduled_event_id = if attempt > 1 {
            self.next_event_id()
        } else {
            self.add(Attributes::WorkflowTaskScheduled {
                task_queue: task_queue.clone(),
                start_to_close_timeout: timeout,
                attempt,
            })
        };
        self.run.workflow_task = WorkflowTaskState::Scheduled(ScheduledTask {
            kind: if attempt > 1 { TaskKind::Transient } else { TaskKind::Normal },
            scheduled_event_id,
            scheduled_time: self.now,
            original_scheduled_time: self.now,
            attempt,
            task_queue,
            start_to_close_timeout: timeout,
            sticky_worker_missing: false,
        });
    }

    /// Leaves a follow-up, due now.
    pub(super) fn follow_up(&mut self, transfer: Transfer) {
        self.run.transfers.push((self.now, transfer));
    }

    /// Ends the run with a close event. What is still buffered is lost (R8), and what is pending
    /// gets no event (R39).
    pub(super) fn close(&mut self, status: ExecutionStatus, attributes: Attributes) -> EventId {
        if self.run.mutant(Mutation::ClosesTwice) {
            self.add(attributes.clone());
        }
        let id = self.add(attributes);
        self.run.buffer.clear();
        self.run.status = status;
        self.run.close_time = Some(self.now);
        reset_points::expire(self.run, self.now);
        id
    }

    /// Ends one batch and begins the next within the transaction (A1: a transient task's events).
    pub(super) fn end_batch(&mut self) {
        let mut batch = std::mem::take(&mut self.batch);
        if self.run.mutant(Mutation::SkipsAnId) {
            batch.iter_mut().skip(1).for_each(|event| event.id = event.id.next());
            return self.run.history.append_as_is(batch);
        }
        self.run.history.append(batch);
    }

    /// Says that something has changed that no event tells of, but that the server stores.
    pub(super) fn change_silently(&mut self) {
        self.silent_change = true;
    }

    /// Whether this transaction stores anything.
    fn changes(&self) -> bool {
        let buffered = self.run.buffer.len() != self.buffered_before;
        self.silent_change || buffered || !self.batch.is_empty()
    }

    /// Writes the batch: with what is buffered, if no workflow task is started (R3), or if there is
    /// too much of it (R10).
    pub(super) fn commit(mut self) {
        self.store();
    }

    /// The same, for one that goes on with what is not stored: a speculative task (D5).
    pub(super) fn store(&mut self) {
        if self.run.is_open() && self.changes() {
            speculative::write(self);
        }
        if self.run.is_open() && self.run.buffer.len() > MAXIMUM_BUFFERED_EVENTS {
            workflow_task::fail_because_of_full_buffer(self);
        }
        if !matches!(self.run.workflow_task, WorkflowTaskState::Started(_)) {
            self.flush();
        }
        self.end_batch();
    }

    /// Schedules the next attempt behind what was just flushed, without making it a first one
    /// (R10).
    pub(super) fn schedule_transient_workflow_task(&mut self) {
        self.flush();
        self.schedule_next_workflow_task();
    }
}
