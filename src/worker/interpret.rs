//! Running a workflow's code: steps, blocks, what is raised and caught.

use super::coroutine::{Coroutine, CoroutineId, Frame, Leaving, Wait};
use super::failures;
use super::op::{Outcome, Raised};
use super::program::{BlockId, Slot, StepId, Then, Try, WorkflowOp};
use super::run::{Context, Halt, Handle, Run, Scope};
use super::unwind::{Caught, Ended, Exit, TryPhase};
use crate::official::enums;

impl Run {
    /// Lets every coroutine that can run do so, until all wait or the workflow has ended.
    pub(super) fn run_ready(&mut self, ctx: &mut Context<'_>) -> Result<(), Halt> {
        while let Some(id) = self.ready.pop_front() {
            if self.closed {
                self.ready.clear();
                break;
            }
            self.coroutine_mut(id).queued = false;
            self.resume(id, ctx)?;
        }
        Ok(())
    }

    fn resume(&mut self, id: CoroutineId, ctx: &mut Context<'_>) -> Result<(), Halt> {
        while !self.closed {
            let outcome = match self.coroutine_mut(id).thrown.take() {
                Some(raised) => Err(raised),
                None => match self.waited(id, ctx) {
                    Some(outcome) => outcome,
                    None => return Ok(()),
                },
            };
            let coroutine = self.coroutine_mut(id);
            let begins = matches!(coroutine.wait, Wait::Start);
            coroutine.wait = Wait::Nothing;
            coroutine.waits_canceled = false;
            if begins && id == 0 {
                let main = self.code(ctx.program).main;
                self.push_block(id, main, ctx);
            } else if begins && let Some(job) = self.coroutine(id).update.clone() {
                self.begin_update(id, &job, ctx);
            }
            if let Err(raised) = outcome {
                self.leave(id, Exit::Raise(raised), ctx);
            }
            self.run_to_wait(id, ctx)?;
        }
        Ok(())
    }

    fn run_to_wait(&mut self, id: CoroutineId, ctx: &mut Context<'_>) -> Result<(), Halt> {
        while matches!(self.coroutine(id).wait, Wait::Nothing) && !self.closed {
            match self.coroutine(id).frames.last() {
                None => self.end(id, Ok(()), ctx),
                Some(Frame::Steps { next, end }) => {
                    let (next, end) = (*next, *end);
                    if next < end {
                        count_step(next, ctx)?;
                        self.set_next(id, next + 1);
                        self.step(id, next, ctx)?;
                    } else {
                        self.coroutine_mut(id).frames.pop();
                    }
                }
                Some(_) => self.block_ended(id, ctx)?,
            }
        }
        Ok(())
    }

    fn set_next(&mut self, id: CoroutineId, at: StepId) {
        if let Some(Frame::Steps { next, .. }) = self.coroutine_mut(id).frames.last_mut() {
            *next = at;
        }
    }

    pub(super) fn push_block(&mut self, id: CoroutineId, block: BlockId, ctx: &Context<'_>) {
        let steps = ctx.program.workflow_blocks[block as usize].clone();
        let frame = Frame::Steps { next: steps.start, end: steps.end };
        self.coroutine_mut(id).frames.push(frame);
    }

    /// The block above the topmost frame has come to its end.
    fn block_ended(&mut self, id: CoroutineId, ctx: &mut Context<'_>) -> Result<(), Halt> {
        let Some(frame) = self.coroutine_mut(id).frames.pop() else { return Ok(()) };
        match frame {
            Frame::Steps { .. } => {}
            Frame::Repeat { body, left } => {
                let left = left.map(|left| left.saturating_sub(1));
                if left != Some(0) {
                    // An empty loop's turns are steps too.
                    let first = ctx.program.workflow_blocks[body as usize].start;
                    count_step(first, ctx)?;
                    self.coroutine_mut(id).frames.push(Frame::Repeat { body, left });
                    self.push_block(id, body, ctx);
                }
            }
            Frame::Shield { outer } => {
                self.unshield(id, outer);
                let coroutine = self.coroutine_mut(id);
                if coroutine.shields == 0 && std::mem::take(&mut coroutine.cancel_pending) {
                    self.leave(id, Exit::Raise(Raised::Canceled), ctx);
                }
            }
            Frame::Try { step, phase } => match phase.ended(&try_blocks(step, ctx)) {
                Ended::Run(block) => {
                    let phase = TryPhase::Finally(None);
                    self.coroutine_mut(id).frames.push(Frame::Try { step, phase });
                    self.push_block(id, block, ctx);
                }
                Ended::Exit(exit) => self.leave(id, exit, ctx),
                Ended::GoOn => {}
            },
        }
        Ok(())
    }

    fn unshield(&mut self, id: CoroutineId, outer: u32) {
        let coroutine = self.coroutine_mut(id);
        coroutine.scope = outer;
        coroutine.shields = coroutine.shields.saturating_sub(1);
    }

    /// Leaves blocks until a `try` takes over or the coroutine ends.
    fn leave(&mut self, id: CoroutineId, exit: Exit<Leaving>, ctx: &mut Context<'_>) {
        let mut exit = exit;
        while let Some(frame) = self.coroutine_mut(id).frames.pop() {
            match frame {
                Frame::Steps { .. } | Frame::Repeat { .. } => {}
                Frame::Shield { outer } => self.unshield(id, outer),
                Frame::Try { step, phase } => match phase.catch(&try_blocks(step, ctx), exit) {
                    Caught::Run(block, phase) => {
                        self.coroutine_mut(id).frames.push(Frame::Try { step, phase });
                        self.push_block(id, block, ctx);
                        return;
                    }
                    Caught::Pass(passed) => exit = passed,
                },
            }
        }
        match exit {
            Exit::Raise(raised) => self.end(id, Err(raised), ctx),
            Exit::Leave(Leaving::Return(result)) => match self.coroutine(id).update.clone() {
                Some(job) => {
                    self.answer_update(&job, Ok(()), result.result.clone());
                    self.end_without_answer(id);
                }
                None => self.complete_workflow(result),
            },
            Exit::Leave(Leaving::ContinueAsNew(spec)) => self.continue_as_new(spec, ctx),
        }
    }

    /// A coroutine has come to its end; with main, the workflow has.
    pub(super) fn end(&mut self, id: CoroutineId, outcome: Outcome, ctx: &mut Context<'_>) {
        if id == 0 {
            self.end_workflow(outcome.clone(), ctx);
        }
        if let Some(job) = self.coroutine(id).update.clone() {
            self.answer_update(&job, outcome.clone(), None);
        }
        self.over(id, outcome);
    }

    /// The end of a handler that has been answered.
    pub(super) fn end_without_answer(&mut self, id: CoroutineId) {
        self.over(id, Ok(()));
    }

    fn over(&mut self, id: CoroutineId, outcome: Outcome) {
        let resolved = self.next_resolved(outcome);
        let coroutine = self.coroutine_mut(id);
        coroutine.frames.clear();
        coroutine.wait = Wait::Ended(resolved);
        self.wake_waiting_for(Handle::Branch(id));
    }

    fn step(&mut self, id: CoroutineId, step: StepId, ctx: &mut Context<'_>) -> Result<(), Halt> {
        let program = ctx.program;
        match &program.workflow_steps[step as usize].op {
            WorkflowOp::WaitForStart(slot) => match self.handle(*slot, ctx)? {
                Handle::Op(op) => self.wait(id, Wait::ChildStart(op), ctx),
                // Only children have a start to wait for.
                Handle::Branch(_) | Handle::Unset => {}
            },
            WorkflowOp::WaitFor(slots) => {
                self.handles_set(slots, ctx)?;
                self.wait(id, Wait::All(step), ctx);
            }
            WorkflowOp::WaitForAny(slots) => {
                self.handles_set(slots, ctx)?;
                self.wait(id, Wait::Any(step), ctx);
            }
            WorkflowOp::WaitSignal { signal, timeout, .. } => {
                self.wait_signal(id, step, *signal, *timeout, ctx);
            }
            WorkflowOp::Cancel(slot) => {
                let handle = self.handle(*slot, ctx)?;
                self.cancel_handle(handle, ctx);
            }
            WorkflowOp::Branch { body, slot } => self.branch(id, *body, *slot, ctx),
            WorkflowOp::Shield(body) => {
                self.shield(id);
                self.push_block(id, *body, ctx);
            }
            WorkflowOp::Try(blocks) => {
                let frame = Frame::Try { step, phase: TryPhase::Body };
                self.coroutine_mut(id).frames.push(frame);
                self.push_block(id, blocks.body, ctx);
            }
            WorkflowOp::Raise => {
                let caught = self.caught(id);
                self.leave(id, Exit::Raise(caught), ctx);
            }
            WorkflowOp::Fail(failure) => {
                self.leave(id, Exit::Raise(Raised::Failure(failure.clone())), ctx);
            }
            WorkflowOp::Return(result) => {
                self.leave(id, Exit::Leave(Leaving::Return(result.clone())), ctx);
            }
            WorkflowOp::ContinueAsNew(spec) => {
                self.leave(id, Exit::Leave(Leaving::ContinueAsNew(*spec)), ctx);
            }
            WorkflowOp::Repeat { body, times } => {
                if *times != Some(0) {
                    let frame = Frame::Repeat { body: *body, left: *times };
                    self.coroutine_mut(id).frames.push(frame);
                    self.push_block(id, *body, ctx);
                }
            }
            WorkflowOp::ByAttempt(blocks) => {
                let attempt = self.started.as_ref().map_or(1, |started| started.attempt);
                self.push_block(id, blocks.block(attempt), ctx);
            }
            WorkflowOp::RecordMarker(command) => self.record_marker(command.clone()),
            WorkflowOp::SetQueryResult { query, value } => {
                if let Some(result) = self.query_results.get_mut(*query as usize) {
                    result.clone_from(value);
                }
            }
            WorkflowOp::HeartbeatWorkflowTask => {
                self.next_task = super::run::NextTask::AtOnce;
                self.coroutine_mut(id).wait = Wait::Task;
            }
            WorkflowOp::WaitForWorkflowTask => self.coroutine_mut(id).wait = Wait::Task,
            WorkflowOp::Hang if self.scope_canceled(self.coroutine(id).scope) => {
                self.leave(id, Exit::Raise(Raised::Canceled), ctx);
            }
            WorkflowOp::Hang => self.wait(id, Wait::Forever, ctx),
            WorkflowOp::ByWorkflowId(blocks) => {
                let block = blocks.block(self.execution.workflow_id.as_str());
                self.push_block(id, block, ctx);
            }
            WorkflowOp::ByUpdateId(blocks) => {
                let update = self.coroutine(id).update.as_ref();
                let block = blocks.block(update.map_or("", |job| job.id()));
                self.push_block(id, block, ctx);
            }
            WorkflowOp::Command(command) => {
                if let Some(command) = command {
                    self.send_command(command.clone());
                }
            }
            WorkflowOp::Block { duration, times } => {
                // A replay takes no time, and does not count.
                if !self.replaying && self.happens_again(step, *times, ctx) {
                    self.busy = self.busy.saturating_add(*duration);
                }
            }
            WorkflowOp::FailWorkflowTask { cause, failure, times } => {
                // What is replayed was carried through: a reset run begins with such tasks.
                let is_over = self.replaying && times.is_some();
                if !is_over && self.happens_again(step, *times, ctx) {
                    return Err(Halt::Failed(*cause, failure.clone()));
                }
            }
            op => self.start_step(id, op, ctx),
        }
        Ok(())
    }

    /// Whether a step that happens so many times in a run does so once more.
    fn happens_again(&self, step: StepId, times: Option<u32>, ctx: &mut Context<'_>) -> bool {
        let count = ctx.failures.entry((self.execution.run_id, step)).or_default();
        let again = times.is_none_or(|times| *count < times);
        *count = count.saturating_add(u32::from(again));
        again
    }

    /// The steps that ask something of the server or of this worker.
    fn start_step(&mut self, id: CoroutineId, op: &WorkflowOp, ctx: &mut Context<'_>) {
        let scope = self.coroutine(id).scope;
        match op {
            WorkflowOp::Timer { spec, then } => {
                let started = self.start_timer(scope, *spec, ctx);
                self.follow(id, started, *then, ctx);
            }
            WorkflowOp::Activity { spec, then } => {
                let started = self.start_activity(scope, *spec, ctx);
                self.follow(id, started, *then, ctx);
            }
            WorkflowOp::LocalActivity { spec, then } => {
                let started = self.start_local(scope, *spec, ctx);
                self.follow(id, started, *then, ctx);
            }
            WorkflowOp::Child { spec, then } => {
                let started = self.start_child(scope, *spec, ctx);
                self.follow(id, started, *then, ctx);
            }
            WorkflowOp::SignalExternal(command) => {
                let started = self.signal_external(scope, command, ctx);
                self.follow(id, started, Then::Wait, ctx);
            }
            WorkflowOp::CancelExternal { workflow_id, reason } => {
                let started = self.cancel_external(scope, workflow_id, reason, ctx);
                self.follow(id, started, Then::Wait, ctx);
            }
            _ => {}
        }
    }

    /// Goes on after something was started, or could not be because of a cancelled scope.
    fn follow(
        &mut self,
        id: CoroutineId,
        started: super::op::OpId,
        then: Then,
        ctx: &mut Context<'_>,
    ) {
        match then {
            Then::Wait => self.wait(id, Wait::Op(started), ctx),
            Then::GoOn(slot) => {
                if let Some(slot) = slot {
                    self.handles[slot as usize] = Handle::Op(started);
                }
            }
        }
    }

    /// Waits; a cancel that waits for a wait is raised here.
    fn wait(&mut self, id: CoroutineId, wait: Wait, ctx: &mut Context<'_>) {
        let coroutine = self.coroutine_mut(id);
        coroutine.wait = wait;
        if coroutine.shields == 0 && std::mem::take(&mut coroutine.cancel_pending) {
            self.cancel_coroutine(id, ctx);
        }
    }

    fn wait_signal(
        &mut self,
        id: CoroutineId,
        step: StepId,
        signal: u32,
        timeout: Option<u32>,
        ctx: &mut Context<'_>,
    ) {
        if self.scope_canceled(self.coroutine(id).scope) {
            self.leave(id, Exit::Raise(Raised::Canceled), ctx);
            return;
        }
        let there = self.signals[signal as usize] > 0;
        let timer = match timeout {
            Some(spec) if !there => Some(self.start_timer(self.coroutine(id).scope, spec, ctx)),
            _ => None,
        };
        self.wait(id, Wait::Signal { signal, step, timer }, ctx);
    }

    fn branch(&mut self, id: CoroutineId, body: BlockId, slot: Option<Slot>, ctx: &Context<'_>) {
        let parent = self.coroutine(id).scope;
        let scope = self.new_scope(Scope { parent, canceled: false, shielded: false });
        let branch = u32::try_from(self.coroutines.len()).unwrap_or(u32::MAX);
        self.coroutines.push(Coroutine::new(scope));
        self.push_block(branch, body, ctx);
        if let Some(slot) = slot {
            self.handles[slot as usize] = Handle::Branch(branch);
        }
        self.queue(branch);
    }

    fn shield(&mut self, id: CoroutineId) {
        let outer = self.coroutine(id).scope;
        let scope = self.new_scope(Scope { parent: outer, canceled: false, shielded: true });
        let coroutine = self.coroutine_mut(id);
        coroutine.scope = scope;
        coroutine.shields += 1;
        coroutine.frames.push(Frame::Shield { outer });
    }

    pub(super) fn new_scope(&mut self, scope: Scope) -> u32 {
        self.scopes.push(scope);
        u32::try_from(self.scopes.len() - 1).unwrap_or(u32::MAX)
    }

    /// What the innermost handler caught.
    fn caught(&self, id: CoroutineId) -> Raised {
        let frames = self.coroutine(id).frames.iter().rev();
        let mut caught = frames.filter_map(|frame| match frame {
            Frame::Try { phase: TryPhase::Handler(raised), .. } => Some(raised.clone()),
            _ => None,
        });
        caught.next().unwrap_or_else(|| Raised::Failure(failures::bug("nothing to raise again")))
    }

    /// What a handle stands for; a handle that no step has set is a bug in the workflow's code,
    /// which fails its workflow task.
    fn handle(&self, slot: Slot, ctx: &Context<'_>) -> Result<Handle, Halt> {
        match self.handles[slot as usize] {
            Handle::Unset => {
                let name = &self.code(ctx.program).handles[slot as usize];
                let text = format!("name '{name}' is not defined: no step has set it yet");
                Err(Halt::Failed(
                    enums::WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure,
                    failures::bug(&text),
                ))
            }
            set => Ok(set),
        }
    }

    fn handles_set(&self, slots: &[Slot], ctx: &Context<'_>) -> Result<(), Halt> {
        slots.iter().try_for_each(|slot| self.handle(*slot, ctx).map(drop))
    }
}

fn count_step(step: StepId, ctx: &mut Context<'_>) -> Result<(), Halt> {
    ctx.steps = ctx.steps.checked_sub(1).ok_or(Halt::Endless(step))?;
    Ok(())
}

fn try_blocks(step: StepId, ctx: &Context<'_>) -> Try {
    match &ctx.program.workflow_steps[step as usize].op {
        WorkflowOp::Try(blocks) => *blocks,
        _ => Try { body: 0, on_cancel: None, on_failure: None, finally: None },
    }
}
