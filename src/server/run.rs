//! One run: what is recorded of it, and what is pending in it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::activity::Activity;
use super::buffer::Buffered;
use super::child::Child;
use super::external::{ExternalCancel, ExternalSignal};
use super::key::{RunIndex, Transfer};
use super::query::Query;
use super::reader::Reader;
use super::timer::UserTimer;
use super::update::Updates;
use super::update_wait::UpdateWait;
use super::workflow_task::WorkflowTaskState;
use crate::api::{ExecutionStatus, StickyAttributes};
use crate::clock::Time;
use crate::history::event::{ResetPoint, WorkflowExecutionStarted};
use crate::history::{EventId, Execution, History, Name, RunId, Shared};
use crate::official::common;

/// One run of a Workflow Id.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Run {
    pub(super) index: RunIndex,
    pub(super) execution: Execution,
    pub(super) started: Arc<WorkflowExecutionStarted>,
    pub(super) start_time: Time,
    /// The start time of the run that this one descends from by resets.
    pub(super) original_start_time: Time,
    pub(super) close_time: Option<Time>,
    /// Names the request that made the run; a start with the same is the same start (F10).
    pub(super) start_request_id: Name,
    pub(super) history: History,
    /// Events that have happened but are not in the history while a workflow task is started (R3).
    pub(super) buffer: Vec<Buffered>,
    pub(super) status: ExecutionStatus,

    pub(super) workflow_task: WorkflowTaskState,
    /// The attempt of the pending workflow task or, if none is, of the next (R13–R17).
    pub(super) workflow_task_attempt: u32,
    /// Where the next workflow tasks go first, if a worker wants them (D3).
    pub(super) sticky: Option<StickyAttributes>,
    /// The `WorkflowTaskStarted` of the last workflow task that was completed (R11).
    pub(super) previous_started_event_id: Option<EventId>,
    /// When the first workflow task's backoff ends, while it has not (F3).
    pub(super) first_workflow_task_at: Option<Time>,
    /// Whether a workflow task was ever scheduled.
    pub(super) had_workflow_task: bool,
    /// Whether a close command met a buffered event and the next task is not over (R34).
    pub(super) close_attempted: bool,

    pub(super) cancel_requested: bool,
    pub(super) memo: Option<Shared<common::Memo>>,
    /// By scheduled event.
    pub(super) activities: Vec<Activity>,
    /// By started event.
    pub(super) timers: Vec<UserTimer>,
    /// By initiated event.
    pub(super) children: Vec<Child>,
    /// By initiated event.
    pub(super) external_cancels: Vec<ExternalCancel>,
    /// By initiated event.
    pub(super) external_signals: Vec<ExternalSignal>,
    pub(super) signal_request_ids: BTreeSet<Name>,
    pub(super) updates: Updates,
    /// Who waits for an update to get somewhere, in order of arrival.
    pub(super) update_waits: Vec<UpdateWait>,
    /// Without an answer yet, in order of arrival.
    pub(super) queries: Vec<Query>,
    /// Who waits for what comes next in the history, in order of arrival.
    pub(super) readers: Vec<Reader>,
    /// What follows from what happened and has not been done yet.
    pub(super) transfers: Vec<(Time, Transfer)>,

    /// When the run timeout ends the run.
    pub(super) expires_at: Option<Time>,
    /// When the execution timeout ends the chain.
    pub(super) chain_expires_at: Option<Time>,

    pub(super) reset_points: Vec<ResetPoint>,
    pub(super) last_reset_time: Option<Time>,
    /// The last event that the reset which made this run kept.
    pub(super) last_kept_event_id: Option<EventId>,
    /// The latest run that a reset of this one made (B23).
    pub(super) reset_run_id: Option<RunId>,
    /// The run that took over, by continue-as-new or retry.
    pub(super) successor: Option<RunId>,
    /// How its server is broken.
    #[cfg(test)]
    pub(super) mutation: Option<super::mutation::Mutation>,
}

impl Run {
    /// A run with nothing in it but its start.
    pub(super) fn new(
        index: RunIndex,
        run_id: RunId,
        now: Time,
        started: Arc<WorkflowExecutionStarted>,
        start_request_id: Name,
    ) -> Self {
        let execution = Execution { workflow_id: started.workflow_id.clone(), run_id };
        let execution_expiration = started.workflow_execution_expiration_time;
        let backoff = started.first_workflow_task_backoff;
        let expires_at = expiration(now, backoff, &started, execution_expiration);
        Self {
            index,
            execution,
            start_time: now,
            original_start_time: now,
            close_time: None,
            start_request_id,
            history: History::new(),
            buffer: Vec::new(),
            status: ExecutionStatus::Running,
            workflow_task: WorkflowTaskState::None,
            workflow_task_attempt: 1,
            sticky: None,
            previous_started_event_id: None,
            first_workflow_task_at: (!backoff.is_zero()).then(|| now + backoff),
            had_workflow_task: false,
            close_attempted: false,
            cancel_requested: false,
            memo: started.memo.clone(),
            activities: Vec::new(),
            timers: Vec::new(),
            children: Vec::new(),
            external_cancels: Vec::new(),
            external_signals: Vec::new(),
            signal_request_ids: BTreeSet::new(),
            updates: Updates::default(),
            update_waits: Vec::new(),
            queries: Vec::new(),
            readers: Vec::new(),
            transfers: Vec::new(),
            expires_at,
            chain_expires_at: execution_expiration,
            reset_points: started.prev_auto_reset_points.clone(),
            last_reset_time: None,
            last_kept_event_id: None,
            reset_run_id: None,
            successor: None,
            started,
            #[cfg(test)]
            mutation: None,
        }
    }

    /// Which run it is.
    pub fn execution(&self) -> &Execution {
        &self.execution
    }

    /// What its first event says.
    pub fn started(&self) -> &Arc<WorkflowExecutionStarted> {
        &self.started
    }

    /// When it was made.
    pub fn start_time(&self) -> Time {
        self.start_time
    }

    /// When it closed.
    pub fn close_time(&self) -> Option<Time> {
        self.close_time
    }

    /// What is recorded of it.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Whether and how it has closed.
    pub fn status(&self) -> ExecutionStatus {
        self.status
    }

    /// Whether it has not closed.
    pub fn is_open(&self) -> bool {
        self.status == ExecutionStatus::Running
    }

    /// Where among the pending activities the one is that this event scheduled.
    pub(super) fn activity_index(&self, scheduled: EventId) -> Option<usize> {
        self.activities
            .binary_search_by_key(&scheduled, |activity| activity.scheduled_event_id)
            .ok()
    }

    /// The child that this event initiated, if it is pending.
    pub(super) fn child(&self, initiated: EventId) -> Option<&Child> {
        self.child_index(initiated).map(|at| &self.children[at])
    }

    /// Where it is.
    pub(super) fn child_index(&self, initiated: EventId) -> Option<usize> {
        self.children.binary_search_by_key(&initiated, |child| child.initiated_event_id).ok()
    }

    /// Whether the first workflow task waits for a backoff to end (F3).
    pub(super) fn in_first_backoff(&self) -> bool {
        self.first_workflow_task_at.is_some()
    }
}

/// When the run timeout of a run made `now` ends it: a backoff does not count, and the execution
/// timeout caps it.
pub(super) fn expiration(
    now: Time,
    backoff: Duration,
    started: &WorkflowExecutionStarted,
    execution_expiration: Option<Time>,
) -> Option<Time> {
    let run_timeout = started.workflow_run_timeout;
    let of_run = (!run_timeout.is_zero()).then(|| now + run_timeout + backoff);
    of_run.into_iter().chain(execution_expiration).min()
}
