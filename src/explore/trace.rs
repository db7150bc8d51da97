//! One run, with what else could have come next at each choice.

use std::sync::Arc;

use super::judge::{Failure, Judge};
use super::picks::Replay;
use super::token::Token;
use crate::clock::Time;
use crate::history::EventId;
use crate::sim::{
    ClientIndex, Enabled, Ended, Fault, Happening, Limits, Next, Origin, Plan, Race, RunResult,
    Schedule, Simulation,
};

/// A run that was replayed, step by step.
#[derive(Clone, Debug)]
pub struct Trace {
    /// What came of it.
    pub result: RunResult,
    /// What raced.
    pub race: Race,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// What is wrong with it, if anything is.
    pub failure: Option<Failure>,
}

/// Something that happened, and what else could have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// When.
    pub time: Time,
    /// What could have come next, in default order; never none.
    pub enabled: Vec<Choice>,
    /// Which of them came.
    pub picked: usize,
    /// The events that it wrote: of which execution of the result, by index, the first and the last.
    pub events: Vec<(usize, EventId, EventId)>,
}

/// Something that could have come next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choice {
    /// What.
    pub happening: Happening,
    /// When it was due.
    pub due: Time,
    /// If it is a client's, or befalls one, which of its steps, from 0.
    pub client_step: Option<usize>,
}

impl Step {
    /// What happened.
    pub fn happened(&self) -> Choice {
        self.enabled[self.picked]
    }

    /// What could have happened instead.
    pub fn instead(&self) -> impl Iterator<Item = Choice> + '_ {
        let others = self.enabled.iter().enumerate().filter(|(index, _)| *index != self.picked);
        others.map(|(_, choice)| *choice)
    }
}

/// Why a token is not for what it was used for.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Misfit {
    /// It was made for another scenario, or for another text of this one.
    #[error(
        "the schedule token was made for another scenario, or the file has changed since: its \
         picks mean nothing here; run `deadbeat explore` again for new ones"
    )]
    Scenario,
    /// The run that it leads to is not the one that it was made from.
    #[error(
        "the schedule token no longer fits: the run that it was made from had {expected} \
         happenings, this one has {found}; it was made by another version of deadbeat"
    )]
    Run {
        /// How many happenings it was made from.
        expected: u64,
        /// How many there are now.
        found: u64,
    },
    /// It picks something that is not there.
    #[error(
        "the schedule token no longer fits: it picks something that cannot come next; it was made \
         by another version of deadbeat"
    )]
    Pick,
}

/// Runs a scenario by a token.
///
/// # Errors
///
/// If the token is not for this scenario as it is now.
pub fn replay(plan: &Arc<Plan>, token: &Token, limits: &Limits) -> Result<Trace, Misfit> {
    if !token.is_for(plan.scenario()) {
        return Err(Misfit::Scenario);
    }
    let mut schedule = Replay::new(token.picks());
    let race = token.race();
    let mut simulation = Simulation::new(Arc::clone(plan)).with_faults(race.faults);
    let mut enabled = Enabled::default();
    let mut steps = Vec::new();
    let most = token.happenings().min(limits.happenings);
    let ended = loop {
        match simulation.next(race, limits, &mut enabled) {
            Next::Ended(ended) => break ended,
            Next::Choice if steps.len() as u64 > most => break Ended::Settled,
            Next::Choice => steps.push(step(&mut simulation, &enabled, &mut schedule)),
        }
    };
    let found = steps.len() as u64;
    if !schedule.fitted() {
        return Err(Misfit::Pick);
    }
    if found != token.happenings() {
        return Err(Misfit::Run { expected: token.happenings(), found });
    }
    let failure = Judge::new(plan).judge(&simulation, &ended).failure;
    Ok(Trace { result: RunResult::new(&simulation, ended, found), race, steps, failure })
}

fn step(simulation: &mut Simulation, enabled: &Enabled, schedule: &mut Replay<'_>) -> Step {
    let picked = match enabled.len() {
        1 => 0,
        count => schedule.pick(simulation.now(), enabled).min(count - 1),
    };
    let step_of = |client: ClientIndex| {
        simulation.waiting_clients().find(|(index, _)| *index == client).map(|(_, step)| step)
    };
    let choices = enabled.iter().map(|(due, happening)| Choice {
        happening: *happening,
        due: *due,
        client_step: match happening {
            Happening::Client(client)
            | Happening::Fault(
                Fault::LoseResponse(Origin::Client(client))
                | Fault::DuplicateRequest(Origin::Client(client)),
            ) => step_of(*client),
            _ => None,
        },
    });
    let choices = choices.collect();
    let lengths: Vec<u32> = simulation.server().runs().map(|run| run.history().len()).collect();
    let (due, happening) = enabled[picked];
    simulation.step(due, happening);
    let before = lengths.into_iter().chain(std::iter::repeat(0));
    let runs = simulation.server().runs().map(|run| run.history().len()).zip(before).enumerate();
    let grown = runs.filter(|(_, (now, before))| now > before);
    let events = grown.map(|(at, (now, before))| (at, EventId(before + 1), EventId(now)));
    Step { time: simulation.now(), enabled: choices, picked, events: events.collect() }
}
