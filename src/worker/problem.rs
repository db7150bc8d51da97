//! What a person must know of a worker's code.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::program::{Program, StepId};
use super::run::MAX_STEPS_PER_ACTIVATION;
use super::script::MAX_STEPS_PER_WAKE;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::source::Location;

/// A mistake in a scenario that shows only when it runs.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The step at which it showed.
    pub at: Location,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Problem {
    /// The problem, drawn where it stands.
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::new(self.message.as_str()).at(self.at.clone(), "stopped here")
    }
}

// Where a step stands is no part of a simulation's state; what is wrong with it is.
impl PartialEq for Problem {
    fn eq(&self, other: &Self) -> bool {
        self.message == other.message
    }
}

impl Eq for Problem {}

impl Hash for Problem {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.message.hash(state);
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Code that was stopped because it did not come to a wait, by the step at which that was.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Stopped {
    Workflow(StepId),
    Activity(StepId),
}

impl Stopped {
    /// The problem, in words.
    pub(super) fn problem(self, program: &Program) -> Problem {
        match self {
            Self::Workflow(step) => Problem {
                at: program.workflow_steps[step as usize].at.clone(),
                message: format!(
                    "this workflow took {MAX_STEPS_PER_ACTIVATION} steps without waiting for \
                     anything, and was stopped: let the loop sleep or wait in each turn"
                ),
            },
            Self::Activity(step) => Problem {
                at: program.activity_steps[step as usize].at.clone(),
                message: format!(
                    "this activity took {MAX_STEPS_PER_WAKE} steps without sleeping, and was \
                     stopped: let the loop sleep in each turn"
                ),
            },
        }
    }
}
