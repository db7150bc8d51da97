//! A scripted client: it takes its steps in order, each once the one before was answered and its
//! time or its event has come.

use super::plan::ClientPlan;
use super::watch::Watch;
use crate::api::ExecutionStatus;
use crate::clock::{EPOCH, Time};
use crate::scenario::model::{ClientAction, ClientStep, Timing};
use crate::server::{Run, RunIndex, Server};

/// Where a client is in its steps.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Client {
    step: u32,
    state: State,
}

/// What a client waits for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum State {
    /// To take its step at this time.
    Due(Time),
    /// For an event, to take its step then.
    Event(Watch),
    /// For the answer to its step.
    Answer,
    /// For the close that its step waits for.
    Close,
    /// For nothing: it has taken all steps.
    Finished,
}

/// What a look at the server has brought a client that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Seen {
    /// It waits on.
    Nothing,
    /// The step that it waited to take is due now.
    Event,
    /// The execution that it waited for has closed.
    Close(ExecutionStatus),
}

impl Client {
    /// A client at its first step.
    pub(super) fn new(plan: &ClientPlan) -> Self {
        let mut client = Self { step: 0, state: State::Finished };
        client.wait_for_turn(EPOCH, plan);
        client
    }

    /// The step that it waits to take, or whose answer it waits for.
    pub(super) fn step(&self) -> usize {
        self.step as usize
    }

    /// When its next step is due, if that is known.
    pub(super) fn due(&self) -> Option<Time> {
        match self.state {
            State::Due(due) => Some(due),
            _ => None,
        }
    }

    /// Whether it looks at what happens on the server.
    pub(super) fn watches(&self) -> bool {
        matches!(self.state, State::Event(_) | State::Close)
    }

    /// Whether it has taken all steps.
    pub(super) fn has_finished(&self) -> bool {
        self.state == State::Finished
    }

    /// It has asked and waits for the answer.
    pub(super) fn wait_for_answer(&mut self) {
        self.state = State::Answer;
    }

    /// It waits for the close of the execution that its step names.
    pub(super) fn wait_for_close(&mut self) {
        self.state = State::Close;
    }

    /// It has been given one more step after the last.
    pub(super) fn resume(&mut self, now: Time, plan: &ClientPlan) {
        if self.has_finished() {
            self.wait_for_turn(now, plan);
        }
    }

    /// Its step has been answered: the next one's turn.
    pub(super) fn answered(&mut self, now: Time, plan: &ClientPlan) {
        self.step += 1;
        self.wait_for_turn(now, plan);
    }

    fn wait_for_turn(&mut self, now: Time, plan: &ClientPlan) {
        self.state = match plan.steps.get(self.step()).map(|step| &step.timing) {
            None => State::Finished,
            Some(Timing::After(delay)) => State::Due(now + *delay),
            Some(Timing::At(offset)) => State::Due(now.max(EPOCH + *offset)),
            Some(Timing::When(_)) => State::Event(Watch::default()),
        };
    }

    /// Looks at the server for what it waits for, at first everywhere, then at the runs that have
    /// changed.
    pub(super) fn look(
        &mut self,
        now: Time,
        plan: &ClientPlan,
        server: &Server,
        changed: &[RunIndex],
    ) -> Seen {
        let Some(ClientStep { action, timing, .. }) = plan.steps.get(self.step as usize) else {
            return Seen::Nothing;
        };
        match (&mut self.state, timing, action) {
            (State::Event(watch), Timing::When(when), _) => {
                if !watch.sees(when, server, changed) {
                    return Seen::Nothing;
                }
                self.state = State::Due(now);
                Seen::Event
            }
            (State::Close, _, ClientAction::WaitForClose(step)) => {
                let status = server.current_run(&step.wait_for_close).map(Run::status);
                match status {
                    Some(status) if status != ExecutionStatus::Running => Seen::Close(status),
                    _ => Seen::Nothing,
                }
            }
            _ => Seen::Nothing,
        }
    }
}
