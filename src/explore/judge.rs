//! What is made of the state in which a run has ended.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash as _;
use std::sync::Arc;

use crate::check::invariant::{Auditor, Violation};
use crate::check::{self, Always, Outcome};
use crate::history::fingerprint::Fingerprint;
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
    /// Something that holds for every history does not.
    Invariant(Box<Violation>),
    /// Something that the scenario says of every ordering is not so.
    Expectation(Box<check::Failure>),
    /// It did not end by itself.
    Ended(Box<Ended>),
}

impl Failure {
    /// Whether the same thing is wrong, wherever it is.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Invariant(one), Self::Invariant(other)) => {
                one.invariant.name == other.invariant.name
            }
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
            Self::Invariant(violation) => write!(f, "{violation}"),
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
    plan: Arc<Plan>,
    auditor: Auditor,
    /// By their digests.
    outcomes: HashMap<u128, Arc<Outcome>>,
}

impl Judge {
    /// Judges runs of this scenario.
    pub(super) fn new(plan: &Arc<Plan>) -> Self {
        Self { plan: Arc::clone(plan), auditor: Auditor::new(), outcomes: HashMap::new() }
    }

    /// Judges a run that has ended.
    pub(super) fn judge(&mut self, simulation: &Simulation, ended: &Ended) -> Verdict {
        let server = simulation.server();
        let outcome = self.outcomes.entry(Outcome::digest(server));
        let outcome = outcome.or_insert_with(|| Arc::new(Outcome::of_server(server)));
        Verdict {
            history: histories(server),
            outcome: Arc::clone(outcome),
            failure: self.failure(simulation, ended),
        }
    }

    fn failure(&mut self, simulation: &Simulation, ended: &Ended) -> Option<Failure> {
        if !ended.is_settled() {
            return Some(Failure::Ended(Box::new(ended.clone())));
        }
        if let Err(violation) = self.auditor.audit(simulation) {
            return Some(Failure::Invariant(violation));
        }
        let always = Always::of(self.plan.scenario());
        if always.is_empty() {
            return None;
        }
        always.check(simulation).err().map(Failure::Expectation)
    }
}

/// 128 bits over the histories of all runs, in the order in which the runs were made.
pub(super) fn histories(server: &Server) -> u128 {
    let mut fingerprint = Fingerprint::new();
    for run in server.runs() {
        run.execution().run_id.hash(&mut fingerprint);
        run.history().hash(&mut fingerprint);
    }
    fingerprint.finish128()
}
