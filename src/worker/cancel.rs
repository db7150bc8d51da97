//! Cancellation, as languages differ in it.
//!
//! `CancellationModel::Task` is Python's: a cancel is raised once, at what the code waits for,
//! which is cancelled itself: a timer ends, an activity ends as its cancellation type says (and
//! may end well, which swallows the cancel), several that are waited for together are all
//! cancelled, a wait for any of several just ends. `CancellationModel::Scope` is that of
//! TypeScript, Java and Go: everything that was started in the scope is cancelled in order of
//! creation, and nothing can be started in it any more.

use std::collections::BTreeSet;

use super::coroutine::{CoroutineId, Wait};
use super::op::{OpId, OpKind, OpState, Raised};
use super::run::{Context, Handle, Run, Told};
use crate::scenario::model::CancellationModel;

impl Run {
    /// The workflow's cancel was requested.
    pub(super) fn cancel_workflow(&mut self, ctx: &mut Context<'_>) {
        match ctx.program.workflows[self.workflow as usize].model {
            CancellationModel::Task => self.cancel_coroutine(0, ctx),
            CancellationModel::Scope => self.cancel_scope(0, ctx),
        }
    }

    /// A `cancel` step: something that has ended stays as it is.
    pub(super) fn cancel_handle(&mut self, handle: Handle, ctx: &mut Context<'_>) {
        match handle {
            Handle::Unset => {}
            Handle::Op(op) => {
                if self.op(op).resolved.is_none() {
                    self.cancel_op(op, ctx);
                }
            }
            Handle::Branch(branch) => match ctx.program.workflows[self.workflow as usize].model {
                CancellationModel::Task => self.cancel_coroutine(branch, ctx),
                CancellationModel::Scope => {
                    let scope = self.coroutine(branch).own_scope;
                    self.cancel_scope(scope, ctx);
                }
            },
        }
    }

    /// Cancels a coroutine as `asyncio.Task.cancel` does, and with it the branches that it waits
    /// for.
    pub(super) fn cancel_coroutine(&mut self, id: CoroutineId, ctx: &mut Context<'_>) {
        // Branches may wait for each other in a circle, or in a long chain.
        let mut reached = BTreeSet::new();
        let mut left = vec![Handle::Branch(id)];
        while let Some(handle) = left.pop() {
            match handle {
                Handle::Unset => {}
                Handle::Op(op) => self.cancel_waited(op, ctx),
                Handle::Branch(branch) => {
                    if reached.insert(branch) {
                        let waited = self.cancel_one(branch, ctx);
                        left.extend(waited.into_iter().rev());
                    }
                }
            }
        }
    }

    /// Cancels one coroutine; what it waits for, and what must be cancelled with it, is returned.
    fn cancel_one(&mut self, id: CoroutineId, ctx: &mut Context<'_>) -> Vec<Handle> {
        if self.coroutine(id).ended().is_some() {
            return Vec::new();
        }
        if self.coroutine(id).shields > 0 {
            self.coroutine_mut(id).cancel_pending = true;
            return Vec::new();
        }
        match self.coroutine(id).wait.clone() {
            Wait::Ended(_) => {}
            // The workflow's own code always runs up to its first wait; a branch's that was
            // cancelled before never runs.
            Wait::Start if id != 0 => self.end(id, Err(Raised::Canceled), ctx),
            // Running: it is raised when it next waits.
            // What waits for a workflow task has been woken by this one.
            Wait::Start | Wait::Nothing | Wait::Task => {
                self.coroutine_mut(id).cancel_pending = true;
            }
            Wait::Op(op) => self.cancel_waited(op, ctx),
            Wait::ChildStart(op) => {
                self.cancel_op(op, ctx);
                self.throw(id, Raised::Canceled);
            }
            Wait::All(step) => {
                let slots = Self::waited_slots(ctx.program, step);
                self.coroutine_mut(id).waits_canceled = slots.len() != 1;
                let handles = slots.iter().map(|slot| self.handles[*slot as usize]);
                let handles: Vec<Handle> = handles.collect();
                // A branch that waits for itself would never end.
                if handles.contains(&Handle::Branch(id)) {
                    self.throw(id, Raised::Canceled);
                }
                return handles;
            }
            Wait::Any(_) | Wait::Forever => self.throw(id, Raised::Canceled),
            Wait::Signal { timer, .. } => {
                if let Some(timer) = timer {
                    self.cancel_op(timer, ctx);
                }
                self.throw(id, Raised::Canceled);
            }
        }
        Vec::new()
    }

    /// Cancels an operation that a cancelled coroutine waits for.
    fn cancel_waited(&mut self, op: OpId, ctx: &mut Context<'_>) {
        if self.op(op).resolved.is_some() {
            return;
        }
        let at = self.op(op);
        let ended = match at.kind {
            OpKind::Local(..) => at.notified,
            _ => at.state == OpState::Closed,
        };
        match at.kind {
            // There is no cancelling a cancel.
            OpKind::CancelExternal => self.resolve(op, Err(Raised::Canceled)),
            _ if !ended => self.cancel_op(op, ctx),
            // The code runs on signals: what else came with them is still to be told.
            _ if self.told == Told::Signals => {}
            // The result that has come together with the cancel wins and swallows it, as in
            // sdk-python: that raises for activities only (RAISE_ON_CANCELLING_COMPLETED_ACTIVITY).
            OpKind::Child(_) | OpKind::SignalExternal => {}
            // The cancel goes first: there is nothing to ask of the server, and the result is lost
            // (G17).
            _ => self.resolve(op, Err(Raised::Canceled)),
        }
    }

    fn throw(&mut self, id: CoroutineId, raised: Raised) {
        self.coroutine_mut(id).thrown = Some(raised);
        self.queue(id);
    }

    /// Cancels a scope and what is in it, but for what a shield keeps out.
    fn cancel_scope(&mut self, scope: u32, ctx: &mut Context<'_>) {
        if std::mem::replace(&mut self.scopes[scope as usize].canceled, true) {
            return;
        }
        for index in 0..self.ops.len() {
            let at = &self.ops[index];
            if at.resolved.is_some() || !self.reaches(scope, at.scope) {
                continue;
            }
            let id = u32::try_from(index).unwrap_or(u32::MAX);
            match at.kind {
                // Nothing waits for these, or what waits for them is cancelled itself.
                OpKind::CancelChild(_) | OpKind::Backoff | OpKind::Command => {}
                OpKind::CancelExternal => self.resolve(id, Err(Raised::Canceled)),
                OpKind::SignalExternal if at.state != OpState::Created => {
                    self.resolve(id, Err(Raised::Canceled));
                }
                _ => self.cancel_op(id, ctx),
            }
        }
        for index in 0..self.coroutines.len() {
            let coroutine = &self.coroutines[index];
            let waits = matches!(coroutine.wait, Wait::Signal { .. } | Wait::Forever);
            if waits && self.reaches(scope, coroutine.scope) {
                self.throw(u32::try_from(index).unwrap_or(u32::MAX), Raised::Canceled);
            }
        }
    }

    /// Whether a cancel of `scope` reaches `inner`.
    fn reaches(&self, scope: u32, inner: u32) -> bool {
        let mut at = inner;
        loop {
            if at == scope {
                return true;
            }
            let inner = &self.scopes[at as usize];
            if inner.shielded || inner.parent == at {
                return false;
            }
            at = inner.parent;
        }
    }
}
