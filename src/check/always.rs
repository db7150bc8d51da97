//! What a scenario says of every ordering, checked at the end of each of a search's runs.

use std::collections::BTreeSet;

use super::expectation::{self, expected, mismatches};
use super::failure::{Failure, Mismatch};
use super::view::View;
use crate::scenario::{Outcome, Scenario};
use crate::sim::{RunResult, Simulation};

/// What `always`, `never` and `outcomes` say of every ordering of a scenario.
///
/// ```
/// use deadbeat::check::Always;
/// use deadbeat::scenario::Scenario;
/// use deadbeat::sim::{Plan, Simulation};
///
/// let text = "\
/// name: a nap
/// workflows: { Nap: [{ sleep: 8h }] }
/// timeline: [{ start: Nap, workflow_id: nap }]
/// never: [{ workflow_id: nap, status: Running }]
/// ";
/// let plan = Plan::new(Scenario::parse(text, "nap.yaml")?);
/// let always = Always::of(plan.scenario());
/// assert!(!always.is_empty());
/// let mut simulation = Simulation::new(plan.clone());
/// simulation.step(simulation.now(), deadbeat::sim::Happening::Client(deadbeat::sim::ClientIndex(0)));
/// let failure = always.check(&simulation).unwrap_err();
/// assert_eq!(
///     failure.to_string(),
///     "nap.yaml:4:9: expected this never to be true of `nap`, but it is"
/// );
/// # Ok::<(), deadbeat::scenario::Diagnostics>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Always<'a> {
    scenario: &'a Scenario,
}

/// How much of a scenario's orderings a search has seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Coverage {
    /// Each of them: the search was exhaustive and has finished.
    Complete,
    /// Some of them.
    Partial,
}

impl<'a> Always<'a> {
    /// What a scenario says.
    pub fn of(scenario: &'a Scenario) -> Self {
        Self { scenario }
    }

    /// Whether `always` and `never` say nothing, so that [`Always::check`] finds nothing.
    pub fn is_empty(self) -> bool {
        self.scenario.always.is_empty() && self.scenario.never.is_empty()
    }

    /// Checks `always` and `never` at the end of a run.
    ///
    /// # Errors
    ///
    /// The first that is not as it should be, in the order of the file.
    pub fn check(self, simulation: &Simulation) -> Result<(), Box<Failure>> {
        match self.failures(View::Server(simulation.server())).next() {
            None => Ok(()),
            Some(failure) => Err(Box::new(failure)),
        }
    }

    /// Says that an outcome is none of those that `outcomes` names; nothing if it is, or if there is
    /// no `outcomes`.
    pub fn unexpected(self, outcome: &Outcome) -> Option<Failure> {
        let expected = &self.scenario.outcomes;
        if expected.is_empty() || expected.iter().any(|expected| expected.outcome == *outcome) {
            return None;
        }
        let at = self.scenario.outcomes_at.clone();
        Some(Failure { at, mismatch: Mismatch::UnexpectedOutcome(outcome.clone()) })
    }

    /// Compares the outcomes that a search has found with those that `outcomes` names: first those
    /// found and not named, then, if every ordering was seen, those named and not found.
    pub fn outcomes(self, found: &BTreeSet<Outcome>, coverage: Coverage) -> Vec<Failure> {
        let unexpected = found.iter().filter_map(|outcome| self.unexpected(outcome));
        let missing = self.scenario.outcomes.iter().filter(|expected| {
            coverage == Coverage::Complete && !found.contains(&expected.outcome)
        });
        let missing = missing.map(|expected| Failure {
            at: expected.at.clone(),
            mismatch: Mismatch::OutcomeNotFound(expected.outcome.clone()),
        });
        unexpected.chain(missing).collect()
    }

    /// Everything in which a run is not as `outcomes`, `always` and `never` say.
    pub(super) fn all_failures(self, result: &RunResult) -> Vec<Failure> {
        let mut failures = Vec::new();
        if !self.scenario.outcomes.is_empty() {
            failures.extend(self.unexpected(&Outcome::of(result)));
        }
        failures.extend(self.failures(View::Result(result)));
        failures
    }

    fn failures<'v>(self, view: View<'v>) -> impl Iterator<Item = Failure> + use<'a, 'v> {
        let always = self.scenario.always.iter().flat_map(move |expectation| {
            let failure = |mismatch| Failure { at: expectation.at.clone(), mismatch };
            mismatches(&expectation.of, view).map(failure)
        });
        let never = self.scenario.never.iter().filter(move |it| expectation::holds(it, view));
        let never = never.map(|expectation| Failure {
            at: expectation.at.clone(),
            mismatch: Mismatch::Never { of: expected(&expectation.of) },
        });
        always.chain(never)
    }
}
