//! One pass over one history, from its first event to its last.

use super::audit::{Facts, Seen};
use super::pending::Pending;
use super::room::{Claim, Claimed, Marks, Named, Room, later};
use super::workflow_task::Task;
use super::{Breach, Checked, Which, ensure};
use crate::api::ExecutionStatus;
use crate::clock::Time;
use crate::history::event::{ExternalOrigin, WorkflowExecutionStarted};
use crate::history::list::Batch;
use crate::history::{Attributes, Event, EventId, Execution, RunId};

/// A pass over a history: what it has come to.
pub(super) struct Pass<'p, 'h> {
    pub(super) room: &'p mut Room<'h>,
    pub(super) execution: &'h Execution,
    /// The number of the run.
    pub(super) number: usize,
    pub(super) facts: Facts<'h>,
    pub(super) task: Task,
    /// Whether a workflow task was ever scheduled.
    pub(super) had_task: bool,
    pub(super) pending: Pending,
    pub(super) batch: InBatch,
    /// The latest time of an event so far.
    latest: Time,
    /// No event that arrives from now on can have an earlier time.
    pub(super) arrivals_from: Time,
}

/// What a pass has seen in the batch that it is in.
#[derive(Clone, Copy, Debug)]
pub(super) struct InBatch {
    /// The batch's first event.
    pub(super) first: EventId,
    /// The completion of a workflow task in it.
    pub(super) completed: Option<EventId>,
    /// How far it is in the order of a flush (R4, R7).
    stage: Stage,
    /// When the last buffered event that is no completion arrived, and the last that is.
    arrived: [Time; 2],
    /// Whether a workflow task is scheduled in it.
    pub(super) schedules: bool,
    /// How many activities have started in it and not closed.
    pub(super) started_activities: u32,
    /// The first request in it to cancel an activity that was asked before, and that activity.
    pub(super) requested_again: Option<(EventId, EventId)>,
    /// The first event of which the workflow must hear.
    news: Option<(EventId, Which)>,
}

/// The order of a flush (R4, R7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Stage {
    Commands,
    Buffered,
    Completions,
}

/// How a buffered event comes out of a flush (R4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flushed {
    /// In order of arrival.
    InOrder,
    /// In order of arrival, behind all others: closes of activities and children.
    Behind,
    /// An activity's start: it has the time of the start, not of its arrival (R51).
    Start,
}

impl InBatch {
    const fn begin(first: EventId) -> Self {
        let long_ago = Time::from_unix_nanos(i64::MIN);
        Self {
            first,
            completed: None,
            stage: Stage::Commands,
            arrived: [long_ago; 2],
            schedules: false,
            started_activities: 0,
            requested_again: None,
            news: None,
        }
    }
}

/// Checks one history and what it says of its run; what it says of other runs is noted.
pub(super) fn check<'h>(
    room: &mut Room<'h>,
    number: usize,
    seen: Seen<'h>,
) -> Result<Facts<'h>, Box<Breach>> {
    room.batches.clear();
    room.batches.extend(seen.history.batches_backwards());
    room.events.clear();
    room.marks.clear();
    let children_before = room.children.len();
    let long_ago = Time::from_unix_nanos(i64::MIN);
    let mut pass = Pass {
        execution: seen.execution,
        number,
        facts: Facts::default(),
        task: Task::None,
        had_task: false,
        pending: Pending::default(),
        batch: InBatch::begin(EventId::FIRST),
        latest: long_ago,
        arrivals_from: long_ago,
        room,
    };
    for at in (0..pass.room.batches.len()).rev() {
        let batch = pass.room.batches[at];
        pass.batch(batch)?;
    }
    pass.end(seen)?;
    let Pass { facts, room, .. } = pass;
    let Room { children, marks, .. } = room;
    for child in &mut children[children_before..] {
        child.closed = marks[child.initiated.0 as usize - 1].has(Marks::CLOSED);
    }
    Ok(facts)
}

impl<'h> Pass<'_, 'h> {
    fn batch(&mut self, batch: &'h Batch) -> Checked {
        self.batch = InBatch::begin(batch.first_event_id());
        for event in batch.events() {
            self.event(event)?;
            self.room.events.push(event);
            self.room.marks.push(Marks::default());
        }
        self.requests_again_are_late()?;
        let InBatch { news, started_activities, .. } = self.batch;
        ensure!(
            started_activities == 0,
            ActivityStartsOnce,
            batch.last_event_id(),
            "the batch from event {} has an activity's start without its close",
            batch.first_event_id()
        );
        if let Some((event, which)) = news
            && !self.task.is_pending()
            && self.facts.close.is_none()
        {
            let what = self.name(event);
            let detail = format!("no workflow task is pending behind this {what}");
            return Err(Breach::new(which, event, detail));
        }
        if let Task::Started { time, .. } = self.task {
            self.arrivals_from = time;
        } else {
            self.arrivals_from = self.latest;
        }
        self.reset_batch_ends(batch)
    }

    fn event(&mut self, event: &'h Event) -> Checked {
        let id = event.id;
        ensure!(
            id.0 as usize == self.room.events.len() + 1,
            DenseIds,
            id,
            "it comes behind {} events",
            self.room.events.len()
        );
        let name = || event.attributes.type_name();
        if let Some(close) = self.facts.close {
            let close = close.attributes.type_name();
            let detail = format!("{} comes behind {close}", name());
            return Err(Breach::new(Which::NothingAfterClose, id, detail));
        }
        let is_start = matches!(event.attributes, Attributes::WorkflowExecutionStarted(_));
        ensure!(is_start == (id.0 == 1), StartsWithStart, id, "it is {}", name());

        match &event.attributes {
            Attributes::WorkflowExecutionStarted(started) => self.started(event, started),
            Attributes::WorkflowExecutionCompleted { workflow_task_completed_event_id, .. }
            | Attributes::WorkflowExecutionFailed { workflow_task_completed_event_id, .. }
            | Attributes::WorkflowExecutionCanceled { workflow_task_completed_event_id, .. } => {
                self.closed_by_command(event, *workflow_task_completed_event_id)
            }
            Attributes::WorkflowExecutionContinuedAsNew(continued) => {
                self.closed_by_command(event, continued.workflow_task_completed_event_id)
            }
            Attributes::WorkflowExecutionTimedOut { .. } => {
                self.forced_close(event)?;
                self.run_timed_out(event)
            }
            Attributes::WorkflowExecutionTerminated { .. } => self.forced_close(event),
            Attributes::WorkflowExecutionCancelRequested { external, .. } => {
                self.cancel_requested(event, external.as_deref())
            }
            Attributes::WorkflowExecutionSignaled(signaled) => {
                self.count_reapplied_signal();
                if signaled.external.is_none() {
                    self.room.named.push((Named::Signal, &signaled.request_id, self.number));
                }
                self.arrives(event, Flushed::InOrder)
            }
            Attributes::WorkflowExecutionUpdateAdmitted { .. }
            | Attributes::WorkflowExecutionUpdateAccepted(_)
            | Attributes::WorkflowExecutionUpdateCompleted { .. } => self.update(event),
            Attributes::WorkflowTaskScheduled { .. }
            | Attributes::WorkflowTaskStarted { .. }
            | Attributes::WorkflowTaskCompleted { .. }
            | Attributes::WorkflowTaskTimedOut { .. }
            | Attributes::WorkflowTaskFailed(_) => {
                self.happens(event)?;
                self.workflow_task(event)
            }
            Attributes::ActivityTaskScheduled(_)
            | Attributes::ActivityTaskStarted { .. }
            | Attributes::ActivityTaskCompleted { .. }
            | Attributes::ActivityTaskFailed { .. }
            | Attributes::ActivityTaskTimedOut { .. }
            | Attributes::ActivityTaskCancelRequested { .. }
            | Attributes::ActivityTaskCanceled { .. } => self.activity(event),
            Attributes::TimerStarted { .. }
            | Attributes::TimerFired { .. }
            | Attributes::TimerCanceled { .. } => self.timer(event),
            Attributes::MarkerRecorded { workflow_task_completed_event_id, .. }
            | Attributes::UpsertWorkflowSearchAttributes {
                workflow_task_completed_event_id, ..
            }
            | Attributes::WorkflowPropertiesModified { workflow_task_completed_event_id, .. } => {
                self.commanded(event, *workflow_task_completed_event_id)
            }
            Attributes::RequestCancelExternalWorkflowExecutionInitiated { .. }
            | Attributes::RequestCancelExternalWorkflowExecutionFailed { .. }
            | Attributes::ExternalWorkflowExecutionCancelRequested { .. }
            | Attributes::SignalExternalWorkflowExecutionInitiated { .. }
            | Attributes::SignalExternalWorkflowExecutionFailed { .. }
            | Attributes::ExternalWorkflowExecutionSignaled { .. } => self.external(event),
            Attributes::StartChildWorkflowExecutionInitiated(_)
            | Attributes::StartChildWorkflowExecutionFailed { .. }
            | Attributes::ChildWorkflowExecutionStarted { .. }
            | Attributes::ChildWorkflowExecutionClosed { .. } => self.child(event),
        }
    }

    /// What an event is, for a person.
    fn name(&self, id: EventId) -> &'static str {
        self.get(id).map_or("event", |event| event.attributes.type_name())
    }

    /// An event that the pass has come by.
    pub(super) fn get(&self, id: EventId) -> Option<&'h Event> {
        self.room.events.get((id.0 as usize).wrapping_sub(1)).copied()
    }

    /// What has become of it.
    pub(super) fn marks(&mut self, id: EventId) -> &mut Marks {
        &mut self.room.marks[id.0 as usize - 1]
    }

    /// A link that does not lead where it should.
    #[allow(clippy::unnecessary_box_returns)] // it goes into a `Checked` as it is
    pub(super) fn wrong_link(&self, from: &Event, to: EventId, what: &str) -> Box<Breach> {
        let leads =
            self.get(to).map_or("nothing that comes before", |to| to.attributes.type_name());
        let name = from.attributes.type_name();
        let detail = format!("{name} names event {to} as {what}, which is {leads}");
        Breach::new(Which::LinksPointBack, from.id, detail)
    }

    /// An event that is never buffered: it has the time of its transaction (R2).
    pub(super) fn happens(&mut self, event: &Event) -> Checked {
        ensure!(
            event.time >= self.latest,
            TimesRise,
            event.id,
            "{} has the time {}, and an event before it {}",
            event.attributes.type_name(),
            event.time,
            self.latest
        );
        self.latest = event.time;
        Ok(())
    }

    /// An event that a command brought about (R7).
    pub(super) fn commanded(&mut self, event: &Event, completed: EventId) -> Checked {
        ensure!(
            self.batch.completed == Some(completed),
            CommandsFollowTask,
            event.id,
            "{} names event {completed} as its task's completion, which is not in its batch",
            event.attributes.type_name()
        );
        ensure!(
            self.batch.stage == Stage::Commands,
            FlushOrder,
            event.id,
            "{} comes behind what was buffered",
            event.attributes.type_name()
        );
        self.happens(event)
    }

    /// An event that is buffered first (R2), and of which the workflow has to hear (R9).
    pub(super) fn arrives(&mut self, event: &Event, flushed: Flushed) -> Checked {
        let stage = match flushed {
            Flushed::InOrder | Flushed::Start => Stage::Buffered,
            Flushed::Behind => Stage::Completions,
        };
        ensure!(
            stage >= self.batch.stage,
            FlushOrder,
            event.id,
            "{} comes behind the close of an activity or a child",
            event.attributes.type_name()
        );
        self.batch.stage = stage;
        if flushed != Flushed::Start {
            let last = &mut self.batch.arrived[usize::from(flushed == Flushed::Behind)];
            ensure!(
                event.time >= *last,
                FlushOrder,
                event.id,
                "{} of {} comes behind an event that arrived at {last}",
                event.attributes.type_name(),
                event.time
            );
            *last = event.time;
            ensure!(
                event.time >= self.arrivals_from,
                TimesRise,
                event.id,
                "{} arrived at {}, but nothing can have arrived before {}",
                event.attributes.type_name(),
                event.time,
                self.arrivals_from
            );
            self.wakes(event);
        }
        later(&mut self.latest, event.time);
        Ok(())
    }

    /// The workflow must hear of this event (R9). A signal does not break the first task's backoff
    /// (R31).
    fn wakes(&mut self, event: &Event) {
        let which = match event.attributes {
            Attributes::WorkflowExecutionSignaled(_) if self.in_first_backoff() => return,
            Attributes::WorkflowExecutionCancelRequested { .. } => Which::CancelWakes,
            _ => Which::NewsWakes,
        };
        self.batch.news.get_or_insert((event.id, which));
    }

    fn in_first_backoff(&self) -> bool {
        !self.had_task
            && self
                .facts
                .started
                .is_some_and(|started| !started.first_workflow_task_backoff.is_zero())
    }

    fn started(&mut self, event: &Event, started: &'h WorkflowExecutionStarted) -> Checked {
        self.happens(event)?;
        self.facts.started = Some(started);
        self.facts.start = Some(event.time);
        self.facts.made_at = Some(event.time);
        if let Some(parent) = &started.parent {
            self.claim(parent.execution.run_id, parent.initiated_event_id, Claimed::Child);
        }
        Ok(())
    }

    fn claim(&mut self, run: RunId, event: EventId, what: Claimed) {
        self.room.claims.push(Claim { run, event, what, by: self.number });
    }

    fn cancel_requested(&mut self, event: &Event, external: Option<&ExternalOrigin>) -> Checked {
        ensure!(
            self.facts.cancel_requested.is_none(),
            CancelRequestedOnce,
            event.id,
            "it was asked to at {}",
            self.facts.cancel_requested.unwrap_or(event.time)
        );
        self.facts.cancel_requested = Some(event.time);
        if let Some(ExternalOrigin { execution, initiated_event_id: Some(initiated) }) = external {
            self.claim(execution.run_id, *initiated, Claimed::Cancel);
        }
        self.arrives(event, Flushed::InOrder)
    }

    fn closed_by_command(&mut self, event: &'h Event, completed: EventId) -> Checked {
        ensure!(
            self.batch.stage == Stage::Commands,
            NoUnseenEvents,
            event.id,
            "{} comes in one batch with what was buffered",
            event.attributes.type_name()
        );
        self.facts.close = Some(event);
        self.commanded(event, completed)
    }

    /// A termination or a timeout of the run (R41, R42, R48).
    fn forced_close(&mut self, event: &'h Event) -> Checked {
        ensure!(
            !self.batch.schedules && !matches!(self.task, Task::Started { .. }),
            ForcedCloseSchedulesNothing,
            event.id,
            "{} leaves a workflow task behind",
            event.attributes.type_name()
        );
        self.facts.close = Some(event);
        self.happens(event)
    }

    /// The run timeout counts from the end of the first task's backoff; after a reset both timeouts
    /// count from there, which is later (B15).
    fn run_timed_out(&self, event: &Event) -> Checked {
        let (Some(started), Some(start)) = (self.facts.started, self.facts.start) else {
            return Ok(());
        };
        let set = |timeout: std::time::Duration| Some(timeout).filter(|timeout| !timeout.is_zero());
        let of_run = set(started.workflow_run_timeout).map(|timeout| start + timeout);
        let of_execution = match self.facts.reset {
            Some(_) => set(started.workflow_execution_timeout).map(|timeout| start + timeout),
            None => started.workflow_execution_expiration_time,
        };
        let due = of_run.into_iter().chain(of_execution).min();
        ensure!(
            due.is_some_and(|due| event.time >= due),
            RunTimeoutNotEarly,
            event.id,
            "it times out at {}, and is due {}",
            event.time,
            due.map_or_else(|| "never".to_owned(), |due| format!("at {due}"))
        );
        Ok(())
    }

    /// What must be so at the end of a history.
    fn end(&mut self, seen: Seen<'h>) -> Checked {
        ensure!(!self.room.events.is_empty(), StartsWithStart, None, "the history is empty");
        let status = self.facts.close.map_or(ExecutionStatus::Running, status_after);
        ensure!(
            status == seen.status,
            OpenUntilClosed,
            self.facts.close.map(|close| close.id),
            "the run is {}, and its history says {}",
            seen.status.name(),
            status.name()
        );
        if let Some(run) = seen.run {
            ensure!(
                run.close_time() == self.facts.close.map(|close| close.time),
                OpenUntilClosed,
                self.facts.close.map(|close| close.id),
                "the run's close time is another than its last event's"
            );
            self.nothing_is_lost(run)?;
        }
        Ok(())
    }
}

/// The status that an event leaves a run in.
fn status_after(close: &Event) -> ExecutionStatus {
    match close.attributes {
        Attributes::WorkflowExecutionCompleted { .. } => ExecutionStatus::Completed,
        Attributes::WorkflowExecutionFailed { .. } => ExecutionStatus::Failed,
        Attributes::WorkflowExecutionTimedOut { .. } => ExecutionStatus::TimedOut,
        Attributes::WorkflowExecutionCanceled { .. } => ExecutionStatus::Canceled,
        Attributes::WorkflowExecutionTerminated { .. } => ExecutionStatus::Terminated,
        Attributes::WorkflowExecutionContinuedAsNew(_) => ExecutionStatus::ContinuedAsNew,
        _ => ExecutionStatus::Running,
    }
}
