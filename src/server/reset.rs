//! `ResetWorkflowExecution` (`semantics/reset.md`, B1–B24).
//!
//! A reset keeps the events before a point in a new run, fails the workflow task that was pending
//! there, applies again what must not be lost, and lets the run go on with a new workflow task. The
//! current run is terminated.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Server;
use super::child::{self, ChildState};
use super::key::{RunIndex, Transfer};
use super::messages;
use super::mutation::Mutation;
use super::rebuild::rebuild;
use super::run::Run;
use super::terminate::{TerminatedBy, Termination, terminate};
use super::transaction::Transaction;
use super::update;
use crate::api::limits::too_long;
use crate::api::{ExecutionStatus, Response, RpcError};
use crate::clock::Time;
use crate::history::event::{StartOrigin, WorkflowExecutionSignaled, WorkflowTaskFailed};
use crate::history::ids::RunCause;
use crate::history::{Attributes, Event, EventId, Failure, History, Name, RunId};
use crate::official::enums::{ResetReapplyExcludeType, ResetReapplyType, WorkflowTaskFailedCause};
use crate::official::workflowservice::ResetWorkflowExecutionRequest;

/// What is not to happen again in the new run (B18).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Excluded {
    signals: bool,
    updates: bool,
    /// All that can be excluded is: nothing is applied again, not even what children did.
    everything: bool,
}

impl Server {
    /// The request, in the order of its checks (B1–B5).
    pub(super) fn reset(
        &mut self,
        now: Time,
        request: &ResetWorkflowExecutionRequest,
    ) -> Result<Response, RpcError> {
        if request.request_id.is_empty() {
            return Err(RpcError::invalid_argument("RequestId is not set on request."));
        }
        if too_long(&request.request_id) {
            return Err(RpcError::invalid_argument("RequestId length exceeds limit."));
        }
        let execution = request
            .workflow_execution
            .clone()
            .ok_or_else(|| RpcError::invalid_argument("Execution is not set on request."))?;
        let target = crate::api::Target {
            workflow_id: execution.workflow_id.into(),
            run_id: execution.run_id.into(),
        };
        let base = self.find(&target)?;
        let excluded = excluded(request)?;
        let point = point(&self.runs[base.0 as usize].history, request)?;
        let current = self.current_index(target.workflow_id.as_str()).unwrap_or(base);
        let current_run = &self.runs[current.0 as usize];
        if *current_run.start_request_id == *request.request_id {
            return Ok(Response::ResetWorkflowExecution { run_id: current_run.execution.run_id });
        }
        let mut kept = keep(&self.runs[base.0 as usize].history, point)?;
        if self.runs[base.0 as usize].mutant(Mutation::KeepsTooMuch) {
            let history = &self.runs[base.0 as usize].history;
            let more = (point.0..).take(100).find_map(|id| history.prefix(EventId(id)));
            kept = more.unwrap_or(kept);
        }
        if !excluded.updates && self.has_an_update_twice(base, point) {
            return Err(RpcError::masked());
        }

        let new = RunIndex(u32::try_from(self.runs.len()).unwrap_or(u32::MAX));
        let count = self.runs_so_far(&target.workflow_id);
        let run_id = RunId::derive(&target.workflow_id, RunCause::Reset, count);
        self.terminate_for_reset(now, current, &request.reason);
        let run = self.build(now, base, kept, new, run_id, &request.reason, excluded);
        self.edit(base).reset_run_id = Some(run_id);
        self.refresh(base);
        self.add_run(run);
        Ok(Response::ResetWorkflowExecution { run_id })
    }

    /// Terminates the current run if it is open; its children stay as they are (B6, B7).
    fn terminate_for_reset(&mut self, now: Time, current: RunIndex, reason: &str) {
        if !self.runs[current.0 as usize].is_open() {
            return;
        }
        let termination = Termination {
            reason: Name::from(reason),
            details: None,
            identity: messages::history_resetter(),
        };
        self.transact(now, current, |tx| terminate(tx, termination, TerminatedBy::Reset));
    }

    /// The new run.
    #[allow(clippy::too_many_arguments)] // all of them are what a reset is
    fn build(
        &self,
        now: Time,
        base: RunIndex,
        kept: History,
        new: RunIndex,
        run_id: RunId,
        reason: &str,
        excluded: Excluded,
    ) -> Run {
        let base = &self.runs[base.0 as usize];
        let pending = PendingTask::at_end_of(&kept);
        let last_kept = EventId(kept.len());
        let mut run = rebuild(base, kept, new, run_id, now);
        let mut tx = Transaction::begin(now, &mut run);
        let (scheduled_event_id, started_event_id) = pending.start(&mut tx);
        tx.add(Attributes::WorkflowTaskFailed(Arc::new(WorkflowTaskFailed {
            scheduled_event_id,
            started_event_id,
            cause: WorkflowTaskFailedCause::ResetWorkflow,
            failure: Some(Failure::Reset(Name::from(reason))),
            identity: messages::history_service(),
            base_run_id: Some(base.execution.run_id),
            new_run_id: Some(run_id),
            binary_checksum: Name::empty(),
        })));
        if !excluded.everything {
            reapply(&mut tx, base.history.events_after(last_kept), excluded);
            self.reapply_chain(&mut tx, base, excluded);
        }
        tx.flush();
        tx.schedule_workflow_task();
        resend(&mut tx);
        tx.commit();
        run
    }

    /// Whether two runs of the chain accepted updates with one id after the point: the real server
    /// fails when it applies the second again.
    fn has_an_update_twice(&self, base: RunIndex, point: EventId) -> bool {
        let base = &self.runs[base.0 as usize];
        let mut seen = BTreeSet::new();
        let mut events: Box<dyn Iterator<Item = &Event>> =
            Box::new(base.history.events_after(EventId(point.0 - 1)));
        let mut at = &**base;
        loop {
            for event in events {
                let id = update::reapplied(&event.attributes).and_then(|of| update::named_by(&of));
                if id.is_some_and(|id| !seen.insert(id)) {
                    return true;
                }
            }
            let next = at.successor.filter(|_| at.status == ExecutionStatus::ContinuedAsNew);
            let Some(next) = next.and_then(|next| self.run(next)) else { return false };
            events = Box::new(next.history.events());
            at = next;
        }
    }

    /// The runs that continued the base as new have signals and updates too (B17).
    fn reapply_chain(&self, tx: &mut Transaction<'_>, base: &Run, excluded: Excluded) {
        let mut at = base;
        while at.status == ExecutionStatus::ContinuedAsNew {
            let next = at.successor.and_then(|next| self.run(next));
            let Some(next) = next else { return };
            let signals_and_updates = next.history.events().filter(|event| {
                matches!(
                    event.attributes,
                    Attributes::WorkflowExecutionSignaled(_)
                        | Attributes::WorkflowExecutionUpdateAdmitted { .. }
                        | Attributes::WorkflowExecutionUpdateAccepted(_)
                )
            });
            reapply(tx, signals_and_updates, excluded);
            at = next;
        }
    }
}

/// What the request excludes (B18). `CANCEL_REQUEST` has no effect, but counts among "all".
#[allow(deprecated)]
fn excluded(request: &ResetWorkflowExecutionRequest) -> Result<Excluded, RpcError> {
    let mut types: Vec<i32> = request.reset_reapply_exclude_types.clone();
    let by_type = ResetReapplyType::try_from(request.reset_reapply_type);
    match by_type {
        Ok(ResetReapplyType::Unspecified | ResetReapplyType::AllEligible) => {}
        Ok(ResetReapplyType::Signal) => types.push(ResetReapplyExcludeType::Update.into()),
        Ok(ResetReapplyType::None) => {
            types.push(ResetReapplyExcludeType::Signal.into());
            types.push(ResetReapplyExcludeType::Update.into());
        }
        Err(_) => {
            return Err(RpcError::masked());
        }
    }
    let has = |which: ResetReapplyExcludeType| types.contains(&which.into());
    let all = [
        ResetReapplyExcludeType::Signal,
        ResetReapplyExcludeType::Update,
        ResetReapplyExcludeType::Nexus,
        ResetReapplyExcludeType::CancelRequest,
    ];
    Ok(Excluded {
        signals: has(ResetReapplyExcludeType::Signal),
        updates: has(ResetReapplyExcludeType::Update),
        everything: all.into_iter().all(has),
    })
}

/// The point that a request names, if the history has it (B2a).
fn point(history: &History, request: &ResetWorkflowExecutionRequest) -> Result<EventId, RpcError> {
    crate::api::event_id(request.workflow_task_finish_event_id)
        .filter(|point| point.0 > 1 && point.0 <= history.len())
        .ok_or_else(|| {
            RpcError::invalid_argument(
                "Workflow task finish ID must be > 1 && <= workflow last event ID.",
            )
        })
}

/// The events before the point, if a reset can go there (B2b, B2c).
fn keep(history: &History, point: EventId) -> Result<History, RpcError> {
    let last = EventId(point.0 - 1);
    let kept = history.prefix(last).ok_or_else(|| {
        RpcError::invalid_argument(format!(
            "StateRebuilder unable to Rebuild mutable state to event ID: {last}, version: 0, this \
             event must be at the boundary"
        ))
    })?;
    if PendingTask::at_end_of(&kept) == PendingTask::None {
        return Err(RpcError::invalid_argument(format!(
            "Can only reset workflow to event ID in range [WorkflowTaskScheduled +1, \
             WorkflowTaskStarted + 1]: {point}"
        )));
    }
    Ok(kept)
}

/// The workflow task that is pending at the end of what is kept (B2d).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum PendingTask {
    None,
    Scheduled(EventId),
    Started {
        scheduled: EventId,
        started: EventId,
    },
    /// After a failure or a timeout: the retry that left no event.
    Transient,
}

impl PendingTask {
    fn at_end_of(kept: &History) -> Self {
        let events = kept.batches_backwards().flat_map(|batch| batch.events().iter().rev());
        for event in events {
            match &event.attributes {
                Attributes::WorkflowTaskScheduled { .. } => return Self::Scheduled(event.id),
                Attributes::WorkflowTaskStarted { scheduled_event_id, .. } => {
                    return Self::Started { scheduled: *scheduled_event_id, started: event.id };
                }
                Attributes::WorkflowTaskCompleted { .. } => return Self::None,
                Attributes::WorkflowTaskFailed(_) | Attributes::WorkflowTaskTimedOut { .. } => {
                    return Self::Transient;
                }
                _ => {}
            }
        }
        Self::None
    }

    /// Makes up what is missing for the task to count as started (B10). Returns its Scheduled and
    /// its Started.
    fn start(self, tx: &mut Transaction<'_>) -> (EventId, EventId) {
        let scheduled = match self {
            Self::Started { scheduled, started } => return (scheduled, started),
            Self::Scheduled(scheduled) => scheduled,
            Self::Transient | Self::None => tx.add(Attributes::WorkflowTaskScheduled {
                task_queue: super::workflow_task::task_queue(tx.run),
                start_to_close_timeout: tx.run.started.workflow_task_timeout,
                attempt: 1,
            }),
        };
        let started = tx.add(Attributes::WorkflowTaskStarted {
            scheduled_event_id: scheduled,
            identity: messages::history_service(),
            origin: StartOrigin::Reset,
        });
        tx.end_batch();
        (scheduled, started)
    }
}

/// What happened after the point and is to happen again: signals, updates, and what children did
/// that the kept history initiated (B16). Cancel requests never. Like everything that comes from outside, it
/// is buffered first and flushed at once (R2, R4).
fn reapply<'e>(
    tx: &mut Transaction<'_>,
    events: impl Iterator<Item = &'e Event>,
    excluded: Excluded,
) {
    for event in events {
        match &event.attributes {
            Attributes::WorkflowExecutionSignaled(_)
                if tx.run.mutant(Mutation::LosesReappliedSignal) => {}
            Attributes::WorkflowExecutionSignaled(signaled) if !excluded.signals => {
                // Who sent it from another execution is not carried over.
                let again = WorkflowExecutionSignaled { external: None, ..(**signaled).clone() };
                tx.buffer(Attributes::WorkflowExecutionSignaled(Arc::new(again)));
            }
            Attributes::WorkflowExecutionUpdateAdmitted { .. }
            | Attributes::WorkflowExecutionUpdateAccepted(_)
                if !excluded.updates =>
            {
                if let Some(again) = update::reapplied(&event.attributes) {
                    tx.run.updates.apply(event.id, &again);
                    tx.buffer(again);
                }
            }
            Attributes::StartChildWorkflowExecutionFailed { initiated_event_id, .. } => {
                if let Some(at) = tx.run.child_index(*initiated_event_id) {
                    tx.run.children.remove(at);
                    tx.buffer(event.attributes.clone());
                }
            }
            Attributes::ChildWorkflowExecutionStarted { run_id, initiated_event_id, .. } => {
                if let Some(at) = tx.run.child_index(*initiated_event_id) {
                    tx.run.children[at].state = ChildState::StartBuffered(*run_id);
                    tx.buffer(event.attributes.clone());
                }
            }
            Attributes::ChildWorkflowExecutionClosed {
                initiated_event_id, run_id, close, ..
            } => {
                child::record_closed(tx, *initiated_event_id, *run_id, close.clone());
            }
            _ => {}
        }
    }
}

/// What was on its way to other executions at the point, and came to nothing before it, is sent
/// again (B15).
fn resend(tx: &mut Transaction<'_>) {
    let children = tx.run.children.iter();
    let mut transfers: Vec<Transfer> = children
        .filter(|child| child.state == ChildState::Initiated)
        .map(|child| Transfer::StartChild(child.initiated_event_id))
        .collect();
    let cancels = tx.run.external_cancels.iter();
    transfers.extend(cancels.map(|cancel| Transfer::CancelExternal(cancel.initiated_event_id)));
    let signals = tx.run.external_signals.iter();
    transfers.extend(signals.map(|signal| Transfer::SignalExternal(signal.initiated_event_id)));
    for transfer in transfers {
        tx.follow_up(transfer);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::story::{Story, complete_workflow, schedule, start_child, timer};
    use crate::official::enums::ParentClosePolicy;

    #[test]
    fn a_reset_keeps_the_prefix_fails_the_task_and_terminates_the_current_run() {
        // B6, B9, B11, B13.
        let mut story = Story::after(vec![timer("t", 60)]);
        let base = story.server.current_run("w").unwrap().history().clone();
        story.reset(4).unwrap();
        let tail = ["WorkflowTaskStarted", "WorkflowTaskFailed", "WorkflowTaskScheduled"];
        assert_eq!(story.types()[2..], tail);
        let mut runs = story.server.runs_of("w");
        let old = runs.next().unwrap();
        assert_eq!(old.history().len(), base.len() + 1);
        assert!(old.history().events().take(5).eq(base.events()));
        let new = runs.next().unwrap();
        assert!(new.history().events().take(3).eq(base.events().take(3)));
    }

    #[test]
    fn only_batch_ends_with_a_pending_workflow_task_can_be_gone_back_to() {
        // B2: Started, WFTScheduled | WFTStarted | Completed, ActivityScheduled, TimerStarted | ...
        let build = || {
            let mut story = Story::after(vec![schedule("a", |_| {}), timer("t", 60)]);
            story.signal("s").unwrap();
            let task = story.poll();
            story.complete(&task, vec![]).unwrap();
            story
        };
        let outcomes: Vec<bool> = (0..=12).map(|id| build().reset(id).is_ok()).collect();
        let accepted: Vec<usize> = (0..=12).filter(|id| outcomes[*id]).collect();
        assert_eq!(accepted, [3, 4, 9, 10]);
        let error = |id| build().reset(id).unwrap_err().message.into_owned();
        assert!(error(1).starts_with("Workflow task finish ID must be > 1"));
        assert!(
            error(6).starts_with("StateRebuilder unable to Rebuild mutable state to event ID: 5")
        );
        assert!(error(7).starts_with("Can only reset workflow to event ID in range"));
    }

    #[test]
    fn signals_are_applied_again_and_cancel_requests_are_not() {
        // B16.
        let mut story = Story::after(vec![]);
        story.signal("s").unwrap();
        story.cancel("w").unwrap();
        story.reset(4).unwrap();
        let tail = ["WorkflowTaskFailed", "WorkflowExecutionSignaled", "WorkflowTaskScheduled"];
        assert_eq!(story.types()[3..], tail);
        assert!(!story.server.current_run("w").unwrap().cancel_requested);
    }

    #[test]
    fn a_pending_timer_keeps_its_deadline_and_a_pending_activity_starts_afresh() {
        // B14, B15.
        let mut story = Story::after(vec![timer("t", 10), schedule("a", |_| {})]);
        story.signal("s").unwrap();
        let task = story.poll();
        story.complete(&task, vec![]).unwrap();
        let activity = story.poll_activity().unwrap();
        story.complete_activity(&activity).unwrap();
        story.pass(Duration::from_secs(6));
        story.reset(10).unwrap();
        assert_eq!(story.poll_activity().unwrap().attempt, 1);
        story.pass(Duration::from_secs(4));
        assert_eq!(story.types().last(), Some(&"TimerFired"));
    }

    #[test]
    fn a_closed_run_can_be_reset_and_gets_no_event_by_it() {
        // B4, B6.
        let mut story = Story::started();
        let task = story.poll();
        story.complete(&task, vec![complete_workflow()]).unwrap();
        story.reset(4).unwrap();
        let lengths: Vec<u32> = story.server.runs_of("w").map(|run| run.history().len()).collect();
        assert_eq!(lengths, [5, 5]);
        let task = story.poll();
        story.complete(&task, vec![complete_workflow()]).unwrap();
    }

    #[test]
    fn what_is_applied_again_is_flushed_at_once_with_completions_behind() {
        // R4, B16: the child closes first, and stands last.
        let mut story = Story::after(vec![start_child("c", ParentClosePolicy::Terminate)]);
        let task = story.poll();
        story.complete(&task, vec![]).unwrap();
        story.poll(); // the child's first task
        story.terminate("c").unwrap();
        story.signal("s").unwrap();
        story.reset(9).unwrap();
        assert_eq!(
            story.types()[8..],
            [
                "WorkflowTaskFailed",
                "WorkflowExecutionSignaled",
                "ChildWorkflowExecutionTerminated",
                "WorkflowTaskScheduled",
            ]
        );
    }

    #[test]
    fn a_point_that_is_out_of_range_is_refused_before_anything_else_is_looked_at() {
        // B2a before B5 and B18.
        let mut story = Story::after(vec![]);
        let error = story.reset(99).unwrap_err();
        assert!(error.message.starts_with("Workflow task finish ID must be > 1"), "{error}");
    }
}
