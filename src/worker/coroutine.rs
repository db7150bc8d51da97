//! A workflow's code in execution: main and its branches, each a stack of frames and what it waits
//! for.

use std::sync::Arc;

use super::op::{OpId, Raised, Resolved};
use super::program::{BlockId, StepId};
use super::unwind::TryPhase;
use super::update::UpdateJob;
use crate::history::Shared;
use crate::official::command;

/// A coroutine's number in its run: main is 0.
pub(super) type CoroutineId = u32;

/// A thread of a workflow's code.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Coroutine {
    pub(super) frames: Vec<Frame>,
    pub(super) wait: Wait,
    /// Whether it is among those that run next.
    pub(super) queued: bool,
    /// The scope that its steps run in.
    pub(super) scope: u32,
    /// The scope that a cancel of its handle cancels.
    pub(super) own_scope: u32,
    /// How many shields it is in.
    pub(super) shields: u32,
    /// A cancel that waits for the shields' end or for the next wait.
    pub(super) cancel_pending: bool,
    /// What is raised when it next runs.
    pub(super) thrown: Option<Raised>,
    /// Whether all that it waits for together was cancelled with it.
    pub(super) waits_canceled: bool,
    /// The update that it handles.
    pub(super) update: Option<Arc<UpdateJob>>,
}

/// What a coroutine waits for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Wait {
    /// Its first turn.
    Start,
    /// Nothing: it is running.
    Nothing,
    /// An operation that it started itself.
    Op(OpId),
    /// The handles of a `wait_for` step.
    All(StepId),
    /// The handles of a `wait_for_any` step.
    Any(StepId),
    /// A child's start.
    ChildStart(OpId),
    /// The signal of a `wait_signal` step, or the timer.
    Signal { signal: u32, step: StepId, timer: Option<OpId> },
    /// The next workflow task.
    Task,
    /// A cancel.
    Forever,
    /// Nothing any more: it has ended.
    Ended(Resolved),
}

/// A frame of a coroutine.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Frame {
    /// The steps of a block that are left.
    Steps { next: StepId, end: StepId },
    /// A loop around the frames above: so many turns are left, or no end.
    Repeat { body: BlockId, left: Option<u32> },
    /// A shield around the frames above; the scope to go back to.
    Shield { outer: u32 },
    /// What is to be done with what the frames above raise.
    Try { step: StepId, phase: TryPhase<Leaving> },
}

/// How a workflow's code is left.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Leaving {
    Return(Shared<command::CompleteWorkflowExecutionCommandAttributes>),
    /// The number of the successor's spec.
    ContinueAsNew(u32),
}

impl Coroutine {
    /// A coroutine that has not begun.
    pub(super) fn new(scope: u32) -> Self {
        Self {
            frames: Vec::new(),
            wait: Wait::Start,
            queued: false,
            scope,
            own_scope: scope,
            shields: 0,
            cancel_pending: false,
            thrown: None,
            waits_canceled: false,
            update: None,
        }
    }

    /// The handler of an update.
    pub(super) fn of_update(scope: u32, job: Arc<UpdateJob>) -> Self {
        Self { update: Some(job), ..Self::new(scope) }
    }

    /// How it ended, if it did.
    pub(super) fn ended(&self) -> Option<&Resolved> {
        match &self.wait {
            Wait::Ended(resolved) => Some(resolved),
            _ => None,
        }
    }
}
