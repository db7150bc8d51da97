//! Running an activity's code: a small interpreter that sleeps, heartbeats and is cancelled.

use super::op::Raised;
use super::program::{ActivityOp, BlockId, Program, StepId, Try};
use super::unwind::{Caught, Ended, Exit, TryPhase};
use crate::clock::Time;
use crate::history::{Payloads, Shared};
use crate::official::failure;

/// How many steps an activity may take without waiting: a loop that takes more is taken for an
/// endless one.
pub const MAX_STEPS_PER_WAKE: u32 = 100_000;

/// An activity's code in execution.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Script {
    frames: Vec<Frame>,
    wait: Wait,
    shields: u32,
    /// A cancel that was learnt of and not raised yet.
    cancel_pending: bool,
    /// Whether a cancel was learnt of: it is raised once.
    cancel_learnt: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Frame {
    Steps { next: StepId, end: StepId },
    Repeat { body: BlockId, left: Option<u32> },
    Shield,
    Try { step: StepId, phase: TryPhase<Payloads> },
}

/// What an activity waits for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Wait {
    /// Nothing: it can go on.
    Nothing,
    /// An instant.
    Until(Time),
    /// A cancel.
    Forever,
}

/// What a wake came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Woken {
    /// It waits again.
    Waits,
    /// It has ended.
    Ended(End),
    /// It did not come to a wait.
    Endless(StepId),
}

/// How an activity's code ended.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum End {
    Completed(Option<Payloads>),
    Failed(Shared<failure::Failure>),
    Canceled,
}

/// What an activity's code is run with.
pub(super) struct Surroundings<'a> {
    pub(super) program: &'a Program,
    pub(super) now: Time,
    pub(super) attempt: u32,
    pub(super) activity_id: &'a str,
    /// Takes heartbeats.
    pub(super) heartbeat: &'a mut dyn FnMut(Option<Payloads>),
}

impl Script {
    /// Code that has not begun.
    pub(super) fn new(program: &Program, main: BlockId) -> Self {
        let steps = &program.activity_blocks[main as usize];
        Self {
            frames: vec![Frame::Steps { next: steps.start, end: steps.end }],
            wait: Wait::Nothing,
            shields: 0,
            cancel_pending: false,
            cancel_learnt: false,
        }
    }

    /// When it goes on by itself; none if it waits for a cancel. Code that has not begun does so
    /// at `begin`.
    pub(super) fn due(&self, begin: Time) -> Option<Time> {
        match self.wait {
            Wait::Nothing => Some(begin),
            Wait::Until(time) => Some(time),
            Wait::Forever => None,
        }
    }

    /// Tells it of a cancel; true if it is raised where the activity waits now.
    pub(super) fn cancel(&mut self) -> bool {
        if std::mem::replace(&mut self.cancel_learnt, true) {
            return false;
        }
        self.cancel_pending = true;
        self.shields == 0 && self.wait != Wait::Nothing
    }

    /// Goes on until it waits or ends.
    pub(super) fn wake(&mut self, with: &mut Surroundings<'_>) -> Woken {
        if let Wait::Until(time) = self.wait
            && time > with.now
            && !self.cancel_is_due()
        {
            return Woken::Waits;
        }
        if self.wait == Wait::Forever && !self.cancel_is_due() {
            return Woken::Waits;
        }
        let waited = std::mem::replace(&mut self.wait, Wait::Nothing);
        let mut end = None;
        if waited != Wait::Nothing && self.take_cancel() {
            end = self.leave(Exit::Raise(Raised::Canceled), with);
        }
        let mut steps = MAX_STEPS_PER_WAKE;
        loop {
            if let Some(end) = end {
                return Woken::Ended(end);
            }
            if self.wait != Wait::Nothing {
                return Woken::Waits;
            }
            end = match self.frames.last_mut() {
                None => Some(End::Completed(None)),
                Some(Frame::Steps { next, end: last }) if *next < *last => {
                    let step = *next;
                    *next += 1;
                    let Some(left) = steps.checked_sub(1) else { return Woken::Endless(step) };
                    steps = left;
                    self.step(step, with)
                }
                Some(_) => {
                    if let Some(Frame::Repeat { body, .. }) = self.frames.last() {
                        let first = with.program.activity_blocks[*body as usize].start;
                        let Some(left) = steps.checked_sub(1) else {
                            return Woken::Endless(first);
                        };
                        steps = left;
                    }
                    self.block_ended(with)
                }
            };
        }
    }

    fn cancel_is_due(&self) -> bool {
        self.cancel_pending && self.shields == 0
    }

    fn take_cancel(&mut self) -> bool {
        let due = self.cancel_is_due();
        if due {
            self.cancel_pending = false;
        }
        due
    }

    fn push_block(&mut self, block: BlockId, with: &Surroundings<'_>) {
        let steps = &with.program.activity_blocks[block as usize];
        self.frames.push(Frame::Steps { next: steps.start, end: steps.end });
    }

    fn block_ended(&mut self, with: &mut Surroundings<'_>) -> Option<End> {
        match self.frames.pop()? {
            Frame::Steps { .. } => None,
            Frame::Repeat { body, left } => {
                let left = left.map(|left| left.saturating_sub(1));
                if left != Some(0) {
                    self.frames.push(Frame::Repeat { body, left });
                    self.push_block(body, with);
                }
                None
            }
            Frame::Shield => {
                self.shields = self.shields.saturating_sub(1);
                if self.take_cancel() {
                    return self.leave(Exit::Raise(Raised::Canceled), with);
                }
                None
            }
            Frame::Try { step, phase } => match phase.ended(&try_blocks(step, with.program)) {
                Ended::Run(block) => {
                    self.frames.push(Frame::Try { step, phase: TryPhase::Finally(None) });
                    self.push_block(block, with);
                    None
                }
                Ended::Exit(exit) => self.leave(exit, with),
                Ended::GoOn => None,
            },
        }
    }

    fn leave(&mut self, exit: Exit<Payloads>, with: &Surroundings<'_>) -> Option<End> {
        let mut exit = exit;
        while let Some(frame) = self.frames.pop() {
            match frame {
                Frame::Steps { .. } | Frame::Repeat { .. } => {}
                Frame::Shield => self.shields = self.shields.saturating_sub(1),
                Frame::Try { step, phase } => {
                    match phase.catch(&try_blocks(step, with.program), exit) {
                        Caught::Run(block, phase) => {
                            self.frames.push(Frame::Try { step, phase });
                            self.push_block(block, with);
                            return None;
                        }
                        Caught::Pass(passed) => exit = passed,
                    }
                }
            }
        }
        Some(match exit {
            Exit::Raise(Raised::Canceled) => End::Canceled,
            Exit::Raise(Raised::Failure(failure)) => End::Failed(failure),
            Exit::Leave(result) => End::Completed(Some(result)),
        })
    }

    fn step(&mut self, step: StepId, with: &mut Surroundings<'_>) -> Option<End> {
        let program = with.program;
        match &program.activity_steps[step as usize].op {
            ActivityOp::Sleep(_) | ActivityOp::Hang | ActivityOp::Heartbeat(_)
                if self.take_cancel() =>
            {
                return self.leave(Exit::Raise(Raised::Canceled), with);
            }
            ActivityOp::Sleep(duration) => self.wait = Wait::Until(with.now + *duration),
            ActivityOp::Hang => self.wait = Wait::Forever,
            ActivityOp::Heartbeat(details) => (with.heartbeat)(details.clone()),
            ActivityOp::Fail(failure) => {
                return self.leave(Exit::Raise(Raised::Failure(failure.clone())), with);
            }
            ActivityOp::Return(result) => return self.leave(Exit::Leave(result.clone()), with),
            ActivityOp::Shield(body) => {
                self.shields += 1;
                self.frames.push(Frame::Shield);
                self.push_block(*body, with);
            }
            ActivityOp::Try(blocks) => {
                self.frames.push(Frame::Try { step, phase: TryPhase::Body });
                self.push_block(blocks.body, with);
            }
            ActivityOp::Raise => {
                let caught = self.frames.iter().rev().find_map(|frame| match frame {
                    Frame::Try { phase: TryPhase::Handler(raised), .. } => Some(raised.clone()),
                    _ => None,
                });
                let raised = caught.unwrap_or_else(|| {
                    Raised::Failure(super::failures::bug("nothing to raise again"))
                });
                return self.leave(Exit::Raise(raised), with);
            }
            ActivityOp::Repeat { body, times } => {
                if *times != Some(0) {
                    self.frames.push(Frame::Repeat { body: *body, left: *times });
                    self.push_block(*body, with);
                }
            }
            ActivityOp::ByAttempt(blocks) => {
                let block = blocks.block(with.attempt);
                self.push_block(block, with);
            }
            ActivityOp::ByActivityId(blocks) => {
                let block = blocks.block(with.activity_id);
                self.push_block(block, with);
            }
        }
        None
    }
}

fn try_blocks(step: StepId, program: &Program) -> Try {
    match &program.activity_steps[step as usize].op {
        ActivityOp::Try(blocks) => *blocks,
        _ => Try { body: 0, on_cancel: None, on_failure: None, finally: None },
    }
}
