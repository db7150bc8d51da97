//! What a run was expected to be and was not.

use std::fmt;

use crate::api::{ExecutionStatus, RpcError};
use crate::history::EventId;
use crate::scenario::model::{FailsWith, Json};
use crate::scenario::{Diagnostic, Location, Outcome};
use crate::sim::NotSent;

/// One thing that was not as expected.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The expectation or the step, in the scenario's file.
    pub at: Location,
    /// What was expected and what was.
    pub mismatch: Mismatch,
}

/// What was expected and what was.
#[derive(Clone, Debug)]
pub enum Mismatch {
    /// An expectation is of a run that was never made.
    NoSuchRun {
        /// Which one.
        expected: Expected,
        /// How many runs its Workflow Id has.
        made: usize,
    },
    /// Another status.
    Status {
        /// Whose.
        of: Expected,
        /// The status that was expected.
        expected: String,
        /// The status that the run has.
        was: ExecutionStatus,
    },
    /// Another result, or none.
    Result {
        /// Whose.
        of: Expected,
        /// The result that was expected.
        expected: Json,
        /// The result; none if the run did not complete.
        was: Option<Json>,
        /// The status that the run has.
        status: ExecutionStatus,
    },
    /// Another failure, or none.
    FailureMessage {
        /// Whose.
        of: Expected,
        /// What the message was expected to contain.
        expected: String,
        /// The messages of the failure and its causes; none if the run did not fail.
        was: Vec<String>,
        /// The status that the run has.
        status: ExecutionStatus,
    },
    /// An event does not come, or not in the place where it is expected.
    MissingEvent {
        /// In whose history.
        of: Expected,
        /// The first event type of the list that is not found.
        missing: String,
        /// The event found for the one before it in the list.
        after: Option<(EventId, &'static str)>,
        /// Where the history has such an event too early, if it has.
        earlier: Option<EventId>,
    },
    /// An event that should never come.
    UnwantedEvent {
        /// In whose history.
        of: Expected,
        /// Which one.
        event: String,
        /// The first such event.
        at: EventId,
    },
    /// An event is not followed directly by the one that should follow.
    NotDirectly {
        /// In whose history.
        of: Expected,
        /// The first event that is not.
        event: (EventId, &'static str),
        /// The event type that should follow.
        expected: String,
        /// What follows, if anything does.
        was: Option<&'static str>,
    },
    /// An event comes after one that it should not come after.
    TooLate {
        /// In whose history.
        of: Expected,
        /// The event.
        event: (EventId, &'static str),
        /// The one before it.
        after: (EventId, &'static str),
    },
    /// All that should never be true together is true.
    Never {
        /// Of whose run.
        of: Expected,
    },
    /// The outcome is none of those that `outcomes` names.
    UnexpectedOutcome(Outcome),
    /// No ordering comes to this outcome.
    OutcomeNotFound(Outcome),
    /// A client's step was refused, and nothing says that it should be.
    Refused(RpcError),
    /// A client's step was not refused, and should be.
    NotRefused(FailsWith),
    /// A client's step was refused otherwise than it should be.
    RefusedOtherwise {
        /// How it should be.
        expected: FailsWith,
        /// How it was.
        was: RpcError,
    },
    /// An update has not ended as its step says.
    UpdateOtherwise {
        /// How it should have.
        expected: String,
        /// What it is, with a verb.
        was: String,
    },
    /// A client's step had nothing that could be sent.
    NotSent(NotSent),
    /// The turn of a client's step never came, or what it waited for did not.
    NotTaken {
        /// What it waited for.
        waited_for: String,
    },
}

/// Whose run an expectation is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expected {
    /// The Workflow Id.
    pub workflow_id: String,
    /// The run's number; the last if not given.
    pub run: Option<u32>,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.run {
            Some(run) => write!(f, "run {run} of `{}`", self.workflow_id),
            None => write!(f, "`{}`", self.workflow_id),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchRun { expected, made: 0 } => {
                write!(f, "{expected} does not exist: nothing started it")
            }
            Self::NoSuchRun { expected, made } => {
                write!(f, "{expected} does not exist: there were {made}")
            }
            Self::Status { of, expected, was } => {
                write!(f, "expected {of} to be {expected}, but it is {was}")
            }
            Self::Result { of, expected, was: Some(was), .. } => {
                write!(f, "expected {of} to return {expected}, but it returned {was}")
            }
            Self::Result { of, expected, was: None, status } => {
                write!(f, "expected {of} to return {expected}, but it is {status}")
            }
            Self::FailureMessage { of, expected, was, status } if was.is_empty() => {
                write!(f, "expected {of} to fail with `{expected}`, but it is {status}")
            }
            Self::FailureMessage { of, expected, was, .. } => {
                let was = was.join(": ");
                write!(f, "expected {of} to fail with `{expected}`, but it failed with `{was}`")
            }
            Self::MissingEvent { of, missing, after, .. } => {
                write!(f, "expected {missing} in the history of {of}")?;
                match after {
                    Some((id, event)) => write!(f, " after event {id} ({event})"),
                    None => Ok(()),
                }
            }
            Self::UnwantedEvent { of, event, at } => {
                write!(f, "expected no {event} in the history of {of}, but event {at} is one")
            }
            Self::NotDirectly { of, event: (id, event), expected, was } => {
                write!(f, "expected {expected} directly after event {id} ({event}) of {of}, but ")?;
                match was {
                    Some(was) => write!(f, "there is {was}"),
                    None => f.write_str("nothing comes after it"),
                }
            }
            Self::TooLate { of, event: (id, event), after: (before, early) } => write!(
                f,
                "expected no {event} after {early} in the history of {of}, but event {id} comes \
                 after event {before}"
            ),
            Self::Never { of } => {
                write!(f, "expected this never to be true of {of}, but it is")
            }
            Self::UnexpectedOutcome(outcome) => {
                write!(f, "the outcome is none of those expected: {outcome}")
            }
            Self::OutcomeNotFound(outcome) => {
                write!(f, "no ordering comes to this outcome: {outcome}")
            }
            Self::Refused(error) => write!(f, "refused: {error}"),
            Self::NotRefused(expected) => {
                write!(f, "expected to be refused with {}, but was not", expected.code)
            }
            Self::RefusedOtherwise { expected, was } => {
                write!(f, "expected to be refused with {}", expected.code)?;
                if let Some(message) = &expected.message {
                    write!(f, ": {message}")?;
                }
                write!(f, ", but was with {was}")
            }
            Self::UpdateOtherwise { expected, was } => {
                write!(f, "expected the update to have {expected}, but it {was}")
            }
            Self::NotSent(why) => why.fmt(f),
            Self::NotTaken { waited_for } => {
                write!(f, "this step never came about: {waited_for}")
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.mismatch)
    }
}

impl Failure {
    /// The failure as it is drawn for people: with the text of the expectation or step.
    pub fn diagnostic(&self) -> Diagnostic {
        let diagnostic = Diagnostic::new(self.mismatch.to_string()).at(self.at.clone(), "");
        match &self.mismatch {
            Mismatch::MissingEvent { missing, earlier: Some(earlier), .. } => {
                diagnostic.help(format!("event {earlier} is a {missing}, but comes before"))
            }
            Mismatch::Refused(error) => diagnostic.help(format!(
                "if that is what should happen, say so: `fails_with: {{ code: {} }}`",
                error.code
            )),
            _ => diagnostic,
        }
    }
}
