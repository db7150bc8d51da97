//! What is made of the state in which a run has ended.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use crate::check;
use crate::check::outcome::Outcome;
use crate::history::ids::Digest;
use crate::server::Server;
use crate::sim::{Ended, Plan, Simulation};

/// What a run comes to.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    /// Over all histories.
    pub(super) history: u128,
    pub(super) outcome: Arc<Outcome>,
    pub(super) failure: Option<Failure>,
}

/// What is wrong with a run.
#[derive(Clone, Debug)]
pub enum Failure {
    /// Something that the scenario says of every ordering is not so.
    Expectation(Box<check::Failure>),
    /// It did not end by itself.
    Ended(Box<Ended>),
}

impl Failure {
    /// Whether the same thing is wrong, wherever it is.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Expectation(one), Self::Expectation(other)) => one.at.span() == other.at.span(),
            (Self::Ended(one), Self::Ended(other)) => {
                std::mem::discriminant(&**one) == std::mem::discriminant(&**other)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expectation(failure) => write!(f, "{failure}"),
            Self::Ended(ended) => match &**ended {
                Ended::Settled => f.write_str("the run settled"),
                Ended::Stopped(stopped) => write!(f, "the run was {stopped}"),
                Ended::Problem(problems) => {
                    problems.iter().try_for_each(|problem| writeln!(f, "{problem}"))
                }
            },
        }
    }
}

/// Judges one run after the other; it is made once, because it has room for what each needs.
#[derive(Debug)]
pub(super) struct Judge {
    outcomes: HashMap<u128, Arc<Outcome>>,
}

impl Judge {
    pub(super) fn new(_: &Arc<Plan>) -> Self {
        Self { outcomes: HashMap::new() }
    }

    /// Judges a run that has ended.
    pub(super) fn judge(&mut self, simulation: &Simulation, ended: &Ended) -> Verdict {
        let history = histories(simulation.server());
        let outcome = match self.outcomes.get(&history) {
            Some(outcome) => Arc::clone(outcome),
            None => {
                let outcome = Arc::new(Outcome::of_server(simulation.server()));
                self.outcomes.insert(history, Arc::clone(&outcome));
                outcome
            }
        };
        Verdict { history, outcome, failure: self.failure(simulation, ended) }
    }

    fn failure(&mut self, simulation: &Simulation, ended: &Ended) -> Option<Failure> {
        if !ended.is_settled() {
            return Some(Failure::Ended(Box::new(ended.clone())));
        }
        None
    }
}

/// 128 bits over the histories of all runs, in the order in which the runs were made.
pub(super) fn histories(server: &Server) -> u128 {
    let mut digest = Digest::new();
    for run in server.runs() {
        run.execution().run_id.hash(&mut digest);
        digest.write_u128(run.history().digest());
    }
    digest.finish128()
}
