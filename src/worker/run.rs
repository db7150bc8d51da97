//! A run as its worker sees it: the state of the code and of its operations, moved on by
//! activations.
//!
//! An activation is what sdk-core hands to an SDK's language side: all that happened up to a
//! started workflow task. Signals and updates come first and the code runs on them; then the start,
//! a cancel and the resolutions come, in this order, and it runs again; resolutions that the code itself
//! caused (a cancelled activity of type `TRY_CANCEL`) come in further rounds.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::coroutine::{Coroutine, CoroutineId, Wait};
use super::local::{KnownResult, LocalRequest};
use super::op::{Op, OpId, OpKind, OpState, Outcome, Raised, Resolved};
use super::program::{Program, Slot, StepId, Version, WorkflowIndex, WorkflowOp};
use super::update::UpdateJob;
use crate::api::{Command, ProtocolMessage};
use crate::clock::Time;
use crate::history::event::WorkflowExecutionStarted;
use crate::history::{EventId, Execution, Name, Payloads, RunId, Shared};
use crate::official::{enums, failure};

/// How many steps a workflow may take in one activation without waiting for anything outside: a
/// loop that takes more is taken for an endless one.
pub const MAX_STEPS_PER_ACTIVATION: u32 = 100_000;

/// A run's code and operations.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Run {
    pub(super) execution: Execution,
    pub(super) workflow: WorkflowIndex,
    pub(super) version: u32,
    /// What its first event says.
    pub(super) started: Option<Arc<WorkflowExecutionStarted>>,
    /// The last event that was taken into account.
    pub(super) last_event: EventId,

    pub(super) ops: Vec<Op>,
    /// Which event records which operation, in order of events.
    pub(super) by_event: Vec<(EventId, OpId)>,
    /// What the code has asked for and no event has recorded yet.
    pub(super) commands: VecDeque<Issued>,
    /// Updates that were refused in the activation at hand: no event records that.
    pub(super) rejections: Vec<ProtocolMessage>,
    /// Resolutions on their way to the code.
    pub(super) resolutions: Vec<Resolution>,
    pub(super) numbers: Numbers,
    /// Results of local activities that the history has ahead, by running number.
    pub(super) known_results: BTreeMap<u32, KnownResult>,
    /// Known results that the code is told in later rounds of the activation at hand.
    pub(super) held: Vec<(u64, OpId, KnownResult)>,
    /// The round of the activation at hand: the code is told, runs, is told what came of that.
    pub(super) round: u64,
    /// Local activities by running number.
    pub(super) locals: BTreeMap<u32, OpId>,
    /// Local activities that were replayed and have no marker yet.
    pub(super) unmarked: Vec<OpId>,
    /// What the worker has yet to do for local activities.
    pub(super) local_requests: Vec<LocalRequest>,

    pub(super) coroutines: Vec<Coroutine>,
    pub(super) ready: VecDeque<CoroutineId>,
    pub(super) scopes: Vec<Scope>,
    pub(super) handles: Vec<Handle>,
    /// How many signals of each name wait to be taken.
    pub(super) signals: Vec<u32>,
    /// What queries are answered with, by their numbers.
    pub(super) query_results: Vec<Payloads>,
    /// How many outcomes the code knows.
    pub(super) resolved: u32,
    pub(super) cancel_requested: bool,
    /// Whether a closing command was issued.
    pub(super) closed: bool,
    /// Whether what runs has run before.
    pub(super) replaying: bool,
    /// What the code knows of the activation at hand.
    pub(super) told: Told,
    /// How long `block` steps keep the task at hand.
    pub(super) busy: Duration,
    /// When another workflow task is to follow the one at hand.
    pub(super) next_task: NextTask,
    /// The time of the workflow task at hand.
    pub(super) time: Option<Time>,
}

/// When another workflow task follows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum NextTask {
    /// When there is something to tell the code.
    WhenSomethingHappens,
    /// At once: the code asks for it.
    AtOnce,
}

/// A command, and the operation that it is of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Issued {
    pub(super) op: Option<OpId>,
    pub(super) command: Command,
    /// What the command refers to, if it is about an update.
    pub(super) message: Option<ProtocolMessage>,
}

/// News for the code.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Resolution {
    Op(OpId, Outcome),
    ChildStarted(OpId),
    /// A local activity's next attempt comes after a timer.
    LocalBackoff {
        op: OpId,
        backoff: Duration,
        attempt: u32,
        original_schedule_time: Option<Time>,
    },
}

/// The running numbers, as sdk-core counts them.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Numbers {
    pub(super) timer: u32,
    /// Of activities and local activities together.
    pub(super) activity: u32,
    pub(super) child: u32,
    pub(super) external: u32,
}

/// A cancellation scope. The outermost one is number 0 and its own parent.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Scope {
    pub(super) parent: u32,
    pub(super) canceled: bool,
    /// Whether cancels of the scopes around it do not reach it.
    pub(super) shielded: bool,
}

/// What the code knows of an activation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Told {
    /// Only signals and updates: the rest follows when the code has run on them.
    Signals,
    /// Everything.
    All,
}

/// What a handle's name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Handle {
    /// Nothing yet: the step that sets it has not run.
    Unset,
    Op(OpId),
    Branch(CoroutineId),
}

/// Why an activation could not be carried through.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Halt {
    /// The code does not do what the history says it did.
    Nondeterminism(String),
    /// The code itself failed the workflow task.
    Failed(enums::WorkflowTaskFailedCause, Shared<failure::Failure>),
    /// The code did not come to a wait.
    Endless(StepId),
}

/// How often `fail_workflow_task` steps have failed tasks, by run and step.
pub(super) type FailureCounts = BTreeMap<(RunId, StepId), u32>;

/// What an activation needs beside the run.
pub(super) struct Context<'a> {
    pub(super) program: &'a Program,
    pub(super) task_queue: &'a Name,
    pub(super) now: Time,
    pub(super) failures: &'a mut FailureCounts,
    /// Steps left in this activation.
    pub(super) steps: u32,
}

/// What happened up to a started workflow task, in the order in which the code is told.
#[derive(Default)]
pub(super) struct News {
    pub(super) start: bool,
    pub(super) signals: Vec<u32>,
    pub(super) updates: Vec<UpdateJob>,
    pub(super) cancel: bool,
}

impl Run {
    /// A run of which nothing has been seen.
    pub(super) fn new(
        program: &Program,
        execution: Execution,
        workflow: WorkflowIndex,
        version: u32,
    ) -> Self {
        let code = &program.workflows[workflow as usize].versions[version as usize];
        Self {
            workflow,
            version,
            handles: vec![Handle::Unset; code.handles.len()],
            signals: vec![0; program.signals.len()],
            query_results: {
                let queries = &program.workflows[workflow as usize].queries;
                queries.iter().map(|(_, result)| result.clone()).collect()
            },
            ..Self::unknown(execution)
        }
    }

    /// A run of a type that the worker does not have.
    pub(super) fn unknown(execution: Execution) -> Self {
        Self {
            execution,
            workflow: 0,
            version: 0,
            started: None,
            last_event: EventId(0),
            ops: Vec::new(),
            by_event: Vec::new(),
            commands: VecDeque::new(),
            rejections: Vec::new(),
            resolutions: Vec::new(),
            numbers: Numbers::default(),
            known_results: BTreeMap::new(),
            held: Vec::new(),
            round: 0,
            locals: BTreeMap::new(),
            unmarked: Vec::new(),
            local_requests: Vec::new(),
            coroutines: Vec::new(),
            ready: VecDeque::new(),
            scopes: vec![Scope { parent: 0, canceled: false, shielded: false }],
            handles: Vec::new(),
            signals: Vec::new(),
            query_results: Vec::new(),
            resolved: 0,
            cancel_requested: false,
            closed: false,
            replaying: true,
            told: Told::All,
            busy: Duration::ZERO,
            next_task: NextTask::WhenSomethingHappens,
            time: None,
        }
    }

    /// The code that it runs.
    pub(super) fn code<'p>(&self, program: &'p Program) -> &'p Version {
        &program.workflows[self.workflow as usize].versions[self.version as usize]
    }

    pub(super) fn op(&self, op: OpId) -> &Op {
        &self.ops[op as usize]
    }

    pub(super) fn op_mut(&mut self, op: OpId) -> &mut Op {
        &mut self.ops[op as usize]
    }

    pub(super) fn coroutine(&self, id: CoroutineId) -> &Coroutine {
        &self.coroutines[id as usize]
    }

    pub(super) fn coroutine_mut(&mut self, id: CoroutineId) -> &mut Coroutine {
        &mut self.coroutines[id as usize]
    }

    /// The commands of a live workflow task's completion.
    pub(super) fn commands(&self) -> Vec<Command> {
        self.commands.iter().map(|issued| issued.command.clone()).collect()
    }

    /// Tells the code what happened and lets it run until it waits.
    pub(super) fn activate(&mut self, news: News, ctx: &mut Context<'_>) -> Result<(), Halt> {
        self.round = 0;
        self.rejections.clear();
        if self.closed {
            self.resolutions.clear();
            self.held.clear();
            return Ok(());
        }
        ctx.steps = MAX_STEPS_PER_ACTIVATION;
        self.busy = Duration::ZERO;
        self.next_task = NextTask::WhenSomethingHappens;
        // What begins to wait on signals or updates of this task waits for the next one.
        let awaiting = if news.start { Vec::new() } else { self.waiting_for_task() };
        if news.start {
            // The workflow's steps are number 0, although they run after signals and updates.
            self.coroutines.push(Coroutine::new(0));
        }
        if !news.signals.is_empty() || !news.updates.is_empty() {
            for signal in &news.signals {
                let signal = *signal as usize;
                self.signals[signal] = self.signals[signal].saturating_add(1);
            }
            // As in the Python SDK: what waits for a signal goes on when all handlers, of signals
            // and of updates, have had their turn.
            for job in news.updates {
                self.queue_update(job, ctx);
            }
            for signal in news.signals {
                self.wake_waiting_for_signal(signal);
            }
            self.told = Told::Signals;
            let result = self.run_ready(ctx);
            self.told = Told::All;
            result?;
        }
        if news.start {
            self.queue(0);
        }
        for id in awaiting {
            if self.coroutine(id).wait == Wait::Task {
                self.coroutine_mut(id).wait = Wait::Nothing;
                self.queue(id);
            }
        }
        if news.cancel && !self.closed {
            self.cancel_requested = true;
            self.cancel_workflow(ctx);
        }
        self.settle(ctx)
    }

    /// Something has ended while the workflow task was kept open: another round begins.
    pub(super) fn settle_later(&mut self, ctx: &mut Context<'_>) -> Result<(), Halt> {
        self.round += 1;
        self.settle(ctx)
    }

    /// Delivers resolutions and runs the code, round after round, until there are none.
    fn settle(&mut self, ctx: &mut Context<'_>) -> Result<(), Halt> {
        loop {
            self.release_known(ctx);
            for resolution in std::mem::take(&mut self.resolutions) {
                self.deliver(resolution);
            }
            self.run_ready(ctx)?;
            if self.closed {
                self.resolutions.clear();
                self.held.clear();
                // sdk-core forgets local activities once the workflow has ended.
                self.local_requests.clear();
            }
            let held = self.held.iter().map(|(round, ..)| *round).min();
            match (self.resolutions.is_empty(), held) {
                (true, None) => return Ok(()),
                (true, Some(round)) => self.round = round.max(self.round + 1),
                (false, _) => self.round += 1,
            }
        }
    }

    fn deliver(&mut self, resolution: Resolution) {
        match resolution {
            Resolution::Op(op, outcome) => {
                let fired = outcome.is_ok();
                let timer = self.op(op).kind == OpKind::Backoff;
                self.resolve(op, outcome);
                if timer {
                    self.backoff_over(op, fired);
                }
            }
            Resolution::LocalBackoff { op, backoff, attempt, original_schedule_time } => {
                self.back_off_local(op, backoff, attempt, original_schedule_time);
            }
            Resolution::ChildStarted(op) => {
                self.wake(|_, coroutine| coroutine.wait == Wait::ChildStart(op));
            }
        }
    }

    /// Tells the code how an operation ended, unless it knows.
    pub(super) fn resolve(&mut self, op: OpId, outcome: Outcome) {
        if self.op(op).resolved.is_some() {
            return;
        }
        let resolved = self.next_resolved(outcome);
        let at = self.op_mut(op);
        at.resolved = Some(resolved);
        at.notified = true;
        self.wake_waiting_for(Handle::Op(op));
    }

    pub(super) fn next_resolved(&mut self, outcome: Outcome) -> Resolved {
        self.resolved += 1;
        Resolved { order: self.resolved, outcome }
    }

    /// A resolution for a later round, at most one for an operation.
    pub(super) fn notify(&mut self, op: OpId, outcome: Outcome) {
        let at = self.op_mut(op);
        if !at.notified {
            at.notified = true;
            self.resolutions.push(Resolution::Op(op, outcome));
        }
    }

    /// Adds a coroutine to those that run next.
    pub(super) fn queue(&mut self, id: CoroutineId) {
        let coroutine = self.coroutine_mut(id);
        if !coroutine.queued && coroutine.ended().is_none() {
            coroutine.queued = true;
            self.ready.push_back(id);
        }
    }

    fn wake(&mut self, waits: impl Fn(&Self, &Coroutine) -> bool) {
        for index in 0..self.coroutines.len() {
            if waits(self, &self.coroutines[index]) {
                self.queue(u32::try_from(index).unwrap_or(u32::MAX));
            }
        }
    }

    /// Who goes on with the next workflow task, whatever it brings.
    fn waiting_for_task(&self) -> Vec<CoroutineId> {
        let all = (0..).zip(&self.coroutines);
        all.filter(|(_, coroutine)| coroutine.wait == Wait::Task).map(|(id, _)| id).collect()
    }

    fn wake_waiting_for_signal(&mut self, signal: u32) {
        self.wake(|_, coroutine| {
            matches!(coroutine.wait, Wait::Signal { signal: wanted, .. } if wanted == signal)
        });
    }

    /// Wakes the coroutines that wait for this, alone or with others.
    pub(super) fn wake_waiting_for(&mut self, handle: Handle) {
        for index in 0..self.coroutines.len() {
            let waits = match (&self.coroutines[index].wait, handle) {
                (Wait::Op(waited) | Wait::ChildStart(waited), Handle::Op(op)) => *waited == op,
                (Wait::Signal { timer: Some(timer), .. }, Handle::Op(op)) => *timer == op,
                // Which handles these are is in the program; whether they are all there is seen
                // when the coroutine runs.
                (Wait::All(_) | Wait::Any(_), _) => true,
                _ => false,
            };
            if waits {
                self.queue(u32::try_from(index).unwrap_or(u32::MAX));
            }
        }
    }

    /// How what a handle stands for ended, if it did.
    pub(super) fn handle_resolved(&self, slot: Slot) -> Option<&Resolved> {
        match self.handles[slot as usize] {
            Handle::Unset => None,
            Handle::Op(op) => self.op(op).resolved.as_ref(),
            Handle::Branch(branch) => self.coroutine(branch).ended(),
        }
    }

    /// The slots that a `wait_for` or `wait_for_any` step names.
    pub(super) fn waited_slots(program: &Program, step: StepId) -> &[Slot] {
        match &program.workflow_steps[step as usize].op {
            WorkflowOp::WaitFor(slots) | WorkflowOp::WaitForAny(slots) => slots,
            _ => &[],
        }
    }

    /// What a coroutine's wait has come to; none if it must wait on.
    pub(super) fn waited(&mut self, id: CoroutineId, ctx: &mut Context<'_>) -> Option<Outcome> {
        match self.coroutine(id).wait.clone() {
            Wait::Start | Wait::Nothing => Some(Ok(())),
            Wait::Ended(_) | Wait::Forever | Wait::Task => None,
            Wait::Op(op) => self.op(op).resolved.as_ref().map(|resolved| resolved.outcome.clone()),
            Wait::ChildStart(op) => {
                let child = self.op(op);
                match (child.started, &child.resolved) {
                    (Some(_), _) => Some(Ok(())),
                    (None, Some(resolved)) => Some(resolved.outcome.clone()),
                    (None, None) => None,
                }
            }
            Wait::All(step) => self.all_waited(id, Self::waited_slots(ctx.program, step)),
            Wait::Any(step) => {
                let slots = Self::waited_slots(ctx.program, step).iter();
                let first = slots
                    .filter_map(|slot| self.handle_resolved(*slot))
                    .min_by_key(|resolved| resolved.order)?;
                Some(first.outcome.clone())
            }
            Wait::Signal { signal, step, timer } => self.signal_waited(signal, step, timer, ctx),
        }
    }

    fn all_waited(&self, id: CoroutineId, slots: &[Slot]) -> Option<Outcome> {
        let mut outcome = Ok(());
        for slot in slots {
            let resolved = self.handle_resolved(*slot)?;
            if outcome.is_ok() {
                outcome.clone_from(&resolved.outcome);
            }
        }
        // As `asyncio.gather` does: what was cancelled together is canceled, although each of its
        // parts may have ended well.
        if outcome.is_ok() && self.coroutine(id).waits_canceled {
            outcome = Err(Raised::Canceled);
        }
        Some(outcome)
    }

    fn signal_waited(
        &mut self,
        signal: u32,
        step: StepId,
        timer: Option<OpId>,
        ctx: &mut Context<'_>,
    ) -> Option<Outcome> {
        if self.signals[signal as usize] > 0 {
            self.signals[signal as usize] -= 1;
            if let Some(timer) = timer {
                self.cancel_op(timer, ctx);
            }
            return Some(Ok(()));
        }
        let timer = timer?;
        self.op(timer).resolved.as_ref()?;
        match &ctx.program.workflow_steps[step as usize].op {
            WorkflowOp::WaitSignal { expired, .. } => Some(Err(Raised::Failure(expired.clone()))),
            _ => Some(Ok(())),
        }
    }

    /// Whether a scope or one around it was cancelled, shields aside.
    pub(super) fn scope_canceled(&self, scope: u32) -> bool {
        let mut at = scope;
        loop {
            let scope = &self.scopes[at as usize];
            if scope.canceled {
                return true;
            }
            if scope.shielded || scope.parent == at {
                return false;
            }
            at = scope.parent;
        }
    }

    /// The operation that an event records, for the events that follow from it.
    pub(super) fn recorded_op(&self, event: EventId) -> Option<OpId> {
        let at = self.by_event.binary_search_by_key(&event, |(id, _)| *id).ok()?;
        Some(self.by_event[at].1)
    }

    /// Closes an operation that an event says is over, and tells the code.
    pub(super) fn close_op(&mut self, op: OpId, outcome: Outcome) {
        self.op_mut(op).state = OpState::Closed;
        self.notify(op, outcome);
    }
}
