//! What the server does by itself for other runs than the one in which it came up: children,
//! external cancels and signals, parent close policies, closes that parents hear of
//! (R81–R91, F12). Each is looked at again when its turn comes (R40, R91).

use std::sync::Arc;

use super::Server;
use super::child::{self, ChildState};
use super::external::{self, Passed};
use super::key::{RunIndex, Transfer};
use super::mutation::Mutation;
use super::run::Run;
use super::start::{FirstTask, Policies, Verdict, judge};
use super::terminate::{TerminatedBy, Termination, terminate};
use super::{cancel, messages, signal};
use crate::clock::Time;
use crate::history::event::{ExternalOrigin, ParentClosePolicy, WorkflowExecutionSignaled};
use crate::history::ids::RunCause;
use crate::history::{EventId, Execution, Name, RunId, Shared};

impl Server {
    /// Does a follow-up of `run`.
    pub(super) fn transfer(&mut self, now: Time, run: RunIndex, transfer: Transfer) {
        let pending = &mut self.edit(run).transfers;
        let Some(at) = pending.iter().position(|(_, pending)| *pending == transfer) else { return };
        pending.remove(at);
        self.refresh(run);
        match transfer {
            Transfer::StartChild(initiated) => self.start_child(now, run, initiated),
            Transfer::RecordChildStarted(initiated) => {
                if self.get(run).is_open() {
                    self.transact(now, run, |tx| child::record_started(tx, initiated));
                }
            }
            Transfer::ScheduleChildsFirstTask(initiated) => {
                self.schedule_childs_first_task(now, run, initiated);
            }
            Transfer::CancelExternal(initiated) => self.cancel_external(now, run, initiated),
            Transfer::SignalExternal(initiated) => self.signal_external(now, run, initiated),
            Transfer::ApplyParentClosePolicy(initiated) => {
                self.apply_parent_close_policy(now, run, initiated);
            }
            Transfer::NotifyParent => self.notify_parent(now, run),
        }
    }

    /// Makes the child's run, or tells the parent that its id is taken (R87).
    fn start_child(&mut self, now: Time, parent: RunIndex, initiated: EventId) {
        let run = self.get(parent);
        let Some(child) = run.child(initiated).filter(|_| run.is_open()) else { return };
        if child.state != ChildState::Initiated {
            return;
        }
        let workflow_id = child.initiated.workflow_id.clone();
        if let Some(existing) = self.childs_run_from_before_the_reset(parent, initiated) {
            let run = self.edit(parent);
            if let Some(at) = run.child_index(initiated) {
                run.children[at].state = ChildState::Made(existing);
            }
            run.transfers.push((now, Transfer::RecordChildStarted(initiated)));
            return self.refresh(parent);
        }
        let Some(child) = self.get(parent).child(initiated) else { return };
        let policies = Policies::of_child(child.initiated.command.workflow_id_reuse_policy);
        let current = self.current_index(workflow_id.as_str());
        let verdict = judge(current.map(|at| self.get(at)), policies);
        if !matches!(verdict, Verdict::Start | Verdict::TerminateAndStart) {
            self.transact(now, parent, |tx| child::start_failed(tx, initiated));
            return;
        }
        let run_id = RunId::derive(&workflow_id, RunCause::Start, self.runs_so_far(&workflow_id));
        if let (Verdict::TerminateAndStart, Some(current)) = (verdict, current) {
            self.terminate_existing(now, current, run_id);
        }
        let run = self.get(parent);
        let Some(child) = run.child(initiated) else { return };
        let started = child::started(run, child, run_id, now);
        let request_id = format!("{}:{initiated}:0", run.execution.run_id);
        self.make_run(
            now,
            run_id,
            Arc::new(started),
            request_id.into(),
            FirstTask::AwaitsParent,
            None,
        );
        let run = self.edit(parent);
        if let Some(at) = run.child_index(initiated) {
            run.children[at].state = ChildState::Made(run_id);
        }
        run.transfers.push((now, Transfer::RecordChildStarted(initiated)));
        self.refresh(parent);
    }

    /// The open run of a child that an earlier run of a reset parent started from the same event:
    /// the parent is connected with it again, rather than refused.
    fn childs_run_from_before_the_reset(
        &self,
        parent: RunIndex,
        initiated: EventId,
    ) -> Option<RunId> {
        let run = self.get(parent);
        // Not one that the new run asks for anew, though its event have the same id (B21).
        run.last_kept_event_id.filter(|last| initiated <= *last)?;
        let child = self.current_run(run.child(initiated)?.initiated.workflow_id.as_str())?;
        let of = child.started.parent.as_ref()?;
        let starter = self.run(of.execution.run_id)?;
        let same_lineage = starter.execution.workflow_id == run.execution.workflow_id
            && starter.started.original_execution_run_id == run.started.original_execution_run_id;
        let same_child = of.initiated_event_id == initiated && child.is_open();
        (same_lineage && same_child).then_some(child.started.first_execution_run_id)
    }

    /// The child's first workflow task, if nothing else brought one (R87). A parent that has closed
    /// meanwhile does so only for a child that it abandons.
    fn schedule_childs_first_task(&mut self, now: Time, parent: RunIndex, initiated: EventId) {
        let run = self.get(parent);
        let Some(child) = run.child(initiated) else { return };
        let abandoned = child.initiated.parent_close_policy == ParentClosePolicy::Abandon;
        if !run.is_open() && !abandoned {
            return;
        }
        let Some(child) = child.run_id().and_then(|run_id| self.index(run_id)) else { return };
        let waits = !self.get(child).had_workflow_task && !self.get(child).in_first_backoff();
        if self.get(child).is_open() && waits {
            self.transact(now, child, |tx| {
                tx.schedule_workflow_task();
            });
        }
    }

    /// The run that an external command names, if there is one and it is another execution (R83).
    fn external_target(&self, source: &Run, workflow_id: &str, run_id: &str) -> Option<RunIndex> {
        if workflow_id == source.execution.workflow_id.as_str() {
            return None;
        }
        let target = crate::api::Target { workflow_id: workflow_id.into(), run_id: run_id.into() };
        self.find(&target).ok()
    }

    /// Passes a cancel on (R81–R85).
    fn cancel_external(&mut self, now: Time, source: RunIndex, initiated: EventId) {
        let run = self.get(source);
        let mut pending = run.external_cancels.iter();
        let pending = pending.find(|cancel| cancel.initiated_event_id == initiated);
        let Some(pending) = pending.filter(|_| run.is_open()) else { return };
        let command = pending.command.clone();
        let origin = run.execution.clone();
        let target = self
            .external_target(run, &command.workflow_id, &command.run_id)
            .filter(|target| !command.child_workflow_only || self.is_child(*target, &origin));
        let passed = if target.is_some() { Passed::On } else { Passed::NotFound };
        if let Some(target) = target.filter(|target| self.get(*target).is_open()) {
            let external =
                ExternalOrigin { execution: origin, initiated_event_id: Some(initiated) };
            let reason = Name::from(command.reason.as_str());
            self.transact(now, target, |tx| {
                cancel::request(
                    tx,
                    &reason,
                    &messages::history_service(),
                    Some(Arc::new(external)),
                );
            });
        }
        self.transact(now, source, |tx| external::record_cancel(tx, initiated, passed));
    }

    /// Passes a signal on (F12).
    fn signal_external(&mut self, now: Time, source: RunIndex, initiated: EventId) {
        let run = self.get(source);
        let mut pending = run.external_signals.iter();
        let pending = pending.find(|signal| signal.initiated_event_id == initiated);
        let Some(pending) = pending.filter(|_| run.is_open()) else { return };
        let command = pending.command.clone();
        let origin = run.execution.clone();
        let named = command.execution.clone().unwrap_or_default();
        let target = self
            .external_target(run, &named.workflow_id, &named.run_id)
            .filter(|target| self.get(*target).is_open())
            .filter(|target| !command.child_workflow_only || self.is_child(*target, &origin));
        let mut passed = Passed::NotFound;
        if let Some(target) = target {
            let signaled = WorkflowExecutionSignaled {
                signal_name: Name::from(command.signal_name.as_str()),
                input: command.input.clone().map(Shared::new),
                identity: messages::history_service(),
                header: command.header.clone().map(Shared::new),
                request_id: format!("{}:{initiated}", origin.run_id).into(),
                external: Some(origin),
            };
            let accepted = self.transact(now, target, |tx| signal::signal(tx, Arc::new(signaled)));
            if accepted.is_err() {
                // The target is closing (R34): the real server tries again; so does this, when the
                // target's task is over, which the next look at the follow-up finds out.
                let again = now + std::time::Duration::from_secs(1);
                self.edit(source).transfers.push((again, Transfer::SignalExternal(initiated)));
                self.refresh(source);
                return;
            }
            passed = Passed::On;
        }
        self.transact(now, source, |tx| external::record_signal(tx, initiated, passed));
    }

    /// Whether a run is a child of that execution (R90).
    fn is_child(&self, run: RunIndex, parent: &Execution) -> bool {
        self.get(run).started.parent.as_ref().is_some_and(|of| of.execution == *parent)
    }

    /// What a closed parent's policy does to a child: to the current run of its chain (R88–R90).
    fn apply_parent_close_policy(&mut self, now: Time, parent: RunIndex, initiated: EventId) {
        let run = self.get(parent);
        let Some(child) = run.child(initiated) else { return };
        let Some(first_run) = child.run_id() else { return };
        let policy = child.initiated.parent_close_policy;
        let origin = run.execution.clone();
        let Some(current) = self.current_index(child.initiated.workflow_id.as_str()) else {
            return;
        };
        // A child that an earlier run of a reset parent started is not this run's to close.
        let is_own = self.get(current).started.first_execution_run_id == first_run
            && self.is_child(current, &origin);
        let leaves_open = self.get(parent).mutant(Mutation::LeavesChildrenOpen);
        if !is_own || !self.get(current).is_open() || leaves_open {
            return;
        }
        match policy {
            ParentClosePolicy::Abandon => {}
            ParentClosePolicy::Terminate => {
                let termination = Termination {
                    reason: messages::by_parent_close_policy(),
                    details: None,
                    identity: messages::history_service(),
                };
                self.transact(now, current, |tx| {
                    terminate(tx, termination, TerminatedBy::Request);
                });
            }
            ParentClosePolicy::RequestCancel => {
                let external = ExternalOrigin { execution: origin, initiated_event_id: None };
                self.transact(now, current, |tx| {
                    let identity = messages::history_service();
                    cancel::request(tx, &Name::empty(), &identity, Some(Arc::new(external)));
                });
            }
        }
    }

    /// Tells the parent that this run, the last of its chain, has closed (R87); after a reset of
    /// the parent, the run that took its place (B20).
    fn notify_parent(&mut self, now: Time, child: RunIndex) {
        let run = self.get(child);
        if run.mutant(Mutation::KeepsChildCloseSecret) {
            return;
        }
        let (Some(of), Some(close)) = (run.started.parent.clone(), child::close_of(run)) else {
            return;
        };
        let run_id = run.execution.run_id;
        let initiated = of.initiated_event_id;
        let Some(mut parent) = self.index(of.execution.run_id) else { return };
        while let Some(next) = self.get(parent).reset_run_id.and_then(|next| self.index(next)) {
            parent = next;
        }
        // The start is always recorded before the close.
        if self
            .get(parent)
            .transfers
            .iter()
            .any(|(_, transfer)| *transfer == Transfer::RecordChildStarted(initiated))
        {
            self.transfer(now, parent, Transfer::RecordChildStarted(initiated));
        }
        let known = self.get(parent).child(initiated).is_some_and(|pending| {
            pending.initiated.workflow_id == self.get(child).execution.workflow_id
        });
        if known && self.get(parent).is_open() {
            self.transact(now, parent, |tx| {
                child::record_closed(tx, initiated, run_id, close);
                tx.schedule_workflow_task();
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{Story, complete_workflow, start_child};
    use crate::official::enums::ParentClosePolicy;

    #[test]
    fn a_child_has_its_first_task_only_after_its_start_is_recorded() {
        // R87.
        let mut story = Story::after(vec![start_child("c", ParentClosePolicy::Terminate)]);
        let tail = ["ChildWorkflowExecutionStarted", "WorkflowTaskScheduled"];
        assert_eq!(story.types()[5..], tail);
        assert_eq!(story.types_of("c"), ["WorkflowExecutionStarted", "WorkflowTaskScheduled"]);
        story.terminate("c").unwrap();
        assert_eq!(story.types().last(), Some(&"ChildWorkflowExecutionTerminated"));
    }

    #[test]
    fn a_childs_id_that_is_taken_fails_its_start() {
        // R87.
        let mut story = Story::new();
        story.start(super::super::story::start("c")).unwrap();
        story.start(super::super::story::start("w")).unwrap();
        story.poll();
        let task = story.poll();
        story.complete(&task, vec![start_child("c", ParentClosePolicy::Abandon)]).unwrap();
        let tail = ["StartChildWorkflowExecutionFailed", "WorkflowTaskScheduled"];
        assert_eq!(story.types()[5..], tail);
    }

    #[test]
    fn when_the_parent_closes_each_child_gets_what_its_policy_says() {
        // R88, R89.
        let mut story = Story::after(vec![
            start_child("terminated", ParentClosePolicy::Terminate),
            start_child("canceled", ParentClosePolicy::RequestCancel),
            start_child("abandoned", ParentClosePolicy::Abandon),
        ]);
        story.terminate("w").unwrap();
        let last = |story: &Story, id| *story.types_of(id).last().unwrap();
        assert_eq!(last(&story, "terminated"), "WorkflowExecutionTerminated");
        assert_eq!(last(&story, "canceled"), "WorkflowExecutionCancelRequested");
        assert_eq!(last(&story, "abandoned"), "WorkflowTaskScheduled");
        assert_eq!(story.types().last(), Some(&"WorkflowExecutionTerminated"));
    }

    #[test]
    fn a_child_asked_for_with_the_close_is_never_started() {
        // R40.
        let mut story = Story::started();
        let task = story.poll();
        let child = start_child("c", ParentClosePolicy::Abandon);
        story.complete(&task, vec![child, complete_workflow()]).unwrap();
        assert!(story.server.current_run("c").is_none());
    }
}
