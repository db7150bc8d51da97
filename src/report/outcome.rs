//! A run's outcome in one line.

use std::fmt;

use crate::api::ExecutionStatus;
use crate::history::text::plain;
use crate::sim::RunResult;

/// How each execution of a scenario ended, as in `greeting Terminated > Completed`: by Workflow Id
/// in the order in which they were first started, the statuses of its runs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Outcome {
    executions: Vec<(String, Vec<ExecutionStatus>)>,
}

impl Outcome {
    /// No more executions than these are named, and of each no more runs.
    const MOST_TOLD: usize = 4;

    /// The outcome of a run.
    pub fn of(result: &RunResult) -> Self {
        let mut executions: Vec<(String, Vec<ExecutionStatus>)> = Vec::new();
        let mut places = std::collections::BTreeMap::new();
        for execution in &result.executions {
            let id = execution.workflow_id();
            let place = *places.entry(id).or_insert_with(|| {
                executions.push((id.to_owned(), Vec::new()));
                executions.len() - 1
            });
            executions[place].1.push(execution.status);
        }
        Self { executions }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.executions.is_empty() {
            return f.write_str("nothing started");
        }
        for (at, (workflow_id, runs)) in self.executions.iter().take(Self::MOST_TOLD).enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            write!(f, "{separator}{} ", plain(workflow_id))?;
            let skipped = runs.len().saturating_sub(Self::MOST_TOLD);
            if skipped > 0 {
                write!(f, "... {skipped} before > ")?;
            }
            for (at, status) in runs[skipped..].iter().enumerate() {
                let separator = if at == 0 { "" } else { " > " };
                write!(f, "{separator}{status}")?;
            }
        }
        match self.executions.len().saturating_sub(Self::MOST_TOLD) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
