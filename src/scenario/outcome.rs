//! How the executions of a scenario end, in words that can be compared.
//!
//! ```
//! use deadbeat::scenario::Outcome;
//!
//! let outcome: Outcome = "payment: Terminated, order: [Failed (CanceledFailure), Completed]".parse()?;
//! assert_eq!(outcome.to_string(), "order: [Failed (CanceledFailure), Completed], payment: Terminated");
//! # Ok::<(), deadbeat::scenario::NotAnOutcome>(())
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::api::ExecutionStatus;
use crate::history::failure_kind::NotAFailureKind;
use crate::history::text::word::{OpenQuote, Unquoted, plain_or_quoted, read};
use crate::history::{FailureKind, WorkflowId};

/// How each execution of a scenario ended: the runs of each Workflow Id, in the order in which they
/// were made, with status and kind of failure.
///
/// As text it is one line, as in `order: [Terminated, Completed], payment: Failed (CanceledFailure)`,
/// in the order of the Workflow Ids: so that equal outcomes are equal texts, whichever execution
/// was first. A Workflow Id that has other than letters, digits and `-_./@+` stands in quotes. The
/// line of a scenario that started nothing is `nothing started`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Outcome(BTreeMap<WorkflowId, Vec<RunOutcome>>);

/// How one run ended.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RunOutcome {
    /// It completed.
    Completed,
    /// It failed, with a failure of this kind.
    Failed(FailureKind),
    /// It ended as canceled.
    Canceled,
    /// It was terminated.
    Terminated,
    /// It timed out.
    TimedOut,
    /// It continued as new.
    ContinuedAsNew,
    /// It has not closed.
    Running,
}

/// The line of an outcome without executions.
const NOTHING: &str = "nothing started";

impl Outcome {
    /// The runs of each Workflow Id, in the order of the ids.
    pub fn executions(&self) -> impl ExactSizeIterator<Item = (&WorkflowId, &[RunOutcome])> {
        self.0.iter().map(|(id, runs)| (id, runs.as_slice()))
    }

    /// Adds a run after those that its Workflow Id has.
    pub fn push(&mut self, workflow_id: WorkflowId, run: RunOutcome) {
        self.0.entry(workflow_id).or_default().push(run);
    }
}

impl RunOutcome {
    /// The status.
    pub fn status(&self) -> ExecutionStatus {
        match self {
            Self::Completed => ExecutionStatus::Completed,
            Self::Failed(_) => ExecutionStatus::Failed,
            Self::Canceled => ExecutionStatus::Canceled,
            Self::Terminated => ExecutionStatus::Terminated,
            Self::TimedOut => ExecutionStatus::TimedOut,
            Self::ContinuedAsNew => ExecutionStatus::ContinuedAsNew,
            Self::Running => ExecutionStatus::Running,
        }
    }
}

impl fmt::Display for RunOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(kind) => write!(f, "Failed ({kind})"),
            other => f.write_str(other.status().name()),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(NOTHING);
        }
        for (at, (id, runs)) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            write!(f, "{separator}{}: ", plain_or_quoted(id.as_str()))?;
            match runs.as_slice() {
                [run] => write!(f, "{run}")?,
                runs => {
                    f.write_str("[")?;
                    for (at, run) in runs.iter().enumerate() {
                        write!(f, "{}{run}", if at == 0 { "" } else { ", " })?;
                    }
                    f.write_str("]")?;
                }
            }
        }
        Ok(())
    }
}

/// Why a text is no outcome.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAnOutcome {
    /// A run ended in a way that there is not.
    #[error(
        "`{0}` is no way for a run to end: there are Completed, Failed (KIND), Canceled, \
         Terminated, TimedOut, ContinuedAsNew and Running"
    )]
    UnknownStatus(String),
    /// A run failed, but with what?
    #[error(
        "`Failed` needs the kind of the failure, as in `Failed (ActivityFailure > TimeoutFailure \
         HEARTBEAT)`"
    )]
    FailedWithoutKind,
    /// The kind of a failure is none.
    #[error(transparent)]
    FailureKind(#[from] NotAFailureKind),
    /// Something is missing.
    #[error("expected {expected} where it says `{found}`")]
    Expected {
        /// What is missing.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A text in quotes does not end.
    #[error("a quote is not closed")]
    OpenQuote,
    /// A Workflow Id comes twice.
    #[error(
        "`{0}` comes twice: several runs of one Workflow Id are a list, as in `[Failed, Completed]`"
    )]
    Twice(WorkflowId),
}

impl FromStr for RunOutcome {
    type Err = NotAnOutcome;

    /// Reads what [`Display`](fmt::Display) writes.
    fn from_str(text: &str) -> Result<Self, NotAnOutcome> {
        match one_run(text)? {
            (run, "") => Ok(run),
            (_, rest) => Err(expected("the end", rest)),
        }
    }
}

impl FromStr for Outcome {
    type Err = NotAnOutcome;

    /// Reads what [`Display`](fmt::Display) writes.
    fn from_str(text: &str) -> Result<Self, NotAnOutcome> {
        let mut outcome = Self::default();
        if text == NOTHING {
            return Ok(outcome);
        }
        let mut rest = text;
        loop {
            let Unquoted { text: id, after } = read(rest)?;
            if id.is_empty() && after.len() == rest.len() {
                return Err(expected("a Workflow Id", rest));
            }
            let id = WorkflowId::from(id);
            if outcome.0.contains_key(&id) {
                return Err(NotAnOutcome::Twice(id));
            }
            rest = after.strip_prefix(": ").ok_or_else(|| expected("`: `", after))?;
            let (runs, after) = some_runs(rest)?;
            outcome.0.insert(id, runs);
            if after.is_empty() {
                return Ok(outcome);
            }
            rest = after.strip_prefix(", ").ok_or_else(|| expected("`, ` or the end", after))?;
        }
    }
}

/// A run, or several in brackets, and what stands behind.
fn some_runs(text: &str) -> Result<(Vec<RunOutcome>, &str), NotAnOutcome> {
    let Some(mut rest) = text.strip_prefix('[') else {
        let (run, after) = one_run(text)?;
        return Ok((vec![run], after));
    };
    let mut runs = Vec::new();
    loop {
        let (run, after) = one_run(rest)?;
        runs.push(run);
        if let Some(after) = after.strip_prefix(']') {
            return Ok((runs, after));
        }
        rest = after.strip_prefix(", ").ok_or_else(|| expected("`]`", after))?;
    }
}

/// A run, and what stands behind.
fn one_run(text: &str) -> Result<(RunOutcome, &str), NotAnOutcome> {
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    let (status, after) = text.split_at(end);
    let run = match status {
        "Completed" => RunOutcome::Completed,
        "Canceled" => RunOutcome::Canceled,
        "Terminated" => RunOutcome::Terminated,
        "TimedOut" => RunOutcome::TimedOut,
        "ContinuedAsNew" => RunOutcome::ContinuedAsNew,
        "Running" => RunOutcome::Running,
        "Failed" => {
            let after = after.strip_prefix(" (").ok_or(NotAnOutcome::FailedWithoutKind)?;
            let end = kinds_end(after)?;
            return Ok((RunOutcome::Failed(after[..end].parse()?), &after[end + 1..]));
        }
        _ => return Err(NotAnOutcome::UnknownStatus(text.to_owned())),
    };
    Ok((run, after))
}

/// Where the bracket is that closes after a kind of failure; one within quotes does not.
fn kinds_end(text: &str) -> Result<usize, NotAnOutcome> {
    let mut at = 0;
    loop {
        let next = text[at..].find(['"', ')']).ok_or_else(|| expected("`)`", text))?;
        at += next;
        if text[at..].starts_with(')') {
            return Ok(at);
        }
        at = text.len() - read(&text[at..])?.after.len();
    }
}

fn expected(expected: &'static str, found: &str) -> NotAnOutcome {
    NotAnOutcome::Expected { expected, found: found.to_owned() }
}

impl From<OpenQuote> for NotAnOutcome {
    fn from(_: OpenQuote) -> Self {
        Self::OpenQuote
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in [
            "nothing started",
            "order: Completed",
            "order: [Terminated, Completed], payment: Failed (ActivityFailure > CanceledFailure)",
            "\"a: b\": TimedOut, \"x, \\\"y\": [ContinuedAsNew, Canceled, Running]",
            "a: Failed (ApplicationFailure \")\"), b: Failed (ApplicationFailure)",
        ] {
            assert_eq!(text.parse::<Outcome>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn outcomes_are_equal_in_whatever_order_executions_are_named() {
        let outcome = |text: &str| text.parse::<Outcome>().unwrap();
        assert_eq!(outcome("b: Completed, a: Canceled"), outcome("a: Canceled, b: Completed"));
        assert_ne!(outcome("a: [Failed (Failure), Completed]"), outcome("a: Completed"));
        assert_ne!(
            outcome("a: Failed (ApplicationFailure)"),
            outcome("a: Failed (ApplicationFailure Busy)")
        );
    }

    #[test]
    fn what_is_no_outcome_is_refused_for_its_own_reason() {
        let refused = |text: &str| text.parse::<Outcome>().unwrap_err().to_string();
        assert!(refused("a: Cancelled").starts_with("`Cancelled` is no way for a run to end"));
        assert!(refused("a: Failed").starts_with("`Failed` needs the kind"));
        assert_eq!(refused("a: Failed (Oops)"), "`Oops` is no kind of failure");
        assert_eq!(refused("a: Failed (Failure"), "expected `)` where it says `Failure`");
        assert_eq!(refused("a Completed"), "expected `: ` where it says ` Completed`");
        assert_eq!(refused("\"a: Completed"), "a quote is not closed");
        assert_eq!(refused("a: [Completed"), "expected `]` where it says ``");
        assert_eq!(refused(""), "expected a Workflow Id where it says ``");
        assert_eq!(refused("a: Completed, "), "expected a Workflow Id where it says ``");
        assert_eq!(refused("a: Completed x"), "expected `, ` or the end where it says ` x`");
        assert!(refused("a: Completed, a: Completed").starts_with("`a` comes twice"));
    }
}
