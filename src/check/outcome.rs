//! Outcomes: how the executions of a scenario ended.
//!
//! ```
//! use deadbeat::check::outcome::Outcome;
//! use deadbeat::scenario::Scenario;
//! use deadbeat::sim::{DefaultOrder, Limits, Plan, Race, run};
//!
//! let text = "
//! name: a workflow without patience
//! workflows: { Nap: [{ fail: too long, type: Bored }] }
//! timeline: [{ start: Nap, workflow_id: nap }]
//! ";
//! let plan = Plan::new(Scenario::parse(text, "nap.yaml")?);
//! let result = run(&plan, Race::default(), &Limits::default(), &mut DefaultOrder);
//! let outcome = Outcome::of(&result);
//! assert_eq!(outcome.to_string(), "nap: Failed (ApplicationFailure Bored)");
//! # Ok::<(), deadbeat::scenario::Diagnostics>(())
//! ```

use std::hash::{Hash, Hasher};

pub use crate::history::FailureKind;
pub use crate::scenario::outcome::{NotAnOutcome, Outcome, RunOutcome};

use crate::api::ExecutionStatus;
use crate::history::ids::Digest;
use crate::history::{Attributes, Failure, History};
use crate::server::Server;
use crate::sim::RunResult;

impl Outcome {
    /// The outcome of a run of a scenario.
    pub fn of(result: &RunResult) -> Self {
        let mut outcome = Self::default();
        for run in &result.executions {
            let id = run.execution.workflow_id.clone();
            outcome.push(id, RunOutcome::of(run.status, &run.history));
        }
        outcome
    }

    /// How the executions of a server have ended so far.
    pub fn of_server(server: &Server) -> Self {
        let mut outcome = Self::default();
        for run in server.runs() {
            let id = run.execution().workflow_id.clone();
            outcome.push(id, RunOutcome::of(run.status(), run.history()));
        }
        outcome
    }

    /// A hash of what [`Outcome::of_server`] gives, the same for equal outcomes, without making it:
    /// a search asks for it at the end of every run, and for the outcome where the hash is new.
    pub fn digest(server: &Server) -> u128 {
        let mut digest = Digest::new();
        for (workflow_id, runs) in server.chains() {
            workflow_id.hash(&mut digest);
            digest.write_usize(runs.len());
            for run in runs {
                run.status().hash(&mut digest);
                if run.status() == ExecutionStatus::Failed {
                    match failure(run.history()) {
                        Some(failure) => FailureKind::hash_of(failure, &mut digest),
                        None => digest.write_u8(0),
                    }
                }
            }
        }
        digest.finish128()
    }
}

impl RunOutcome {
    /// How a run ended: its status, and what its history says that it failed with.
    fn of(status: ExecutionStatus, history: &History) -> Self {
        match status {
            ExecutionStatus::Completed => Self::Completed,
            ExecutionStatus::Failed => {
                Self::Failed(failure(history).map_or_else(FailureKind::unknown, FailureKind::of))
            }
            ExecutionStatus::Canceled => Self::Canceled,
            ExecutionStatus::Terminated => Self::Terminated,
            ExecutionStatus::TimedOut => Self::TimedOut,
            ExecutionStatus::ContinuedAsNew => Self::ContinuedAsNew,
            ExecutionStatus::Running => Self::Running,
        }
    }
}

/// What a run failed with.
fn failure(history: &History) -> Option<&Failure> {
    match &history.last()?.attributes {
        Attributes::WorkflowExecutionFailed { failure, .. } => Some(failure),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;
    use crate::sim::{Enabled, Plan, Simulation};
    use std::time::Duration;

    /// Runs a scenario in its default order and tells its end.
    fn end(text: &str) -> Simulation {
        let plan = Plan::new(Scenario::parse(text, "x.yaml").unwrap_or_else(|e| panic!("{e}")));
        let mut simulation = Simulation::new(plan);
        let mut enabled = Enabled::default();
        loop {
            let is_over = simulation.clients_have_finished() && simulation.executions_have_closed();
            simulation.enabled(Duration::ZERO, &mut enabled);
            match enabled.first() {
                Some((due, next)) if !is_over => simulation.step(*due, *next),
                _ => return simulation,
            }
        }
    }

    const RUNS: &str = "
name: many ends
workflows:
  Parent:
    - execute_child_workflow: Child
      workflow_id: child
  Child:
    - execute_activity: work
      start_to_close_timeout: 2s
      retry_policy: { maximum_attempts: 1 }
  Forever: [{ hang: }]
activities: { work: [{ hang: }] }
clients:
  a: [{ start: Parent, workflow_id: parent }]
  b:
    - start: Forever
      workflow_id: it's mine
    - terminate: it's mine
    - start: Forever
      workflow_id: it's mine
    - cancel: it's mine
";

    #[test]
    fn an_outcome_tells_how_each_run_ended() {
        let told = Outcome::of_server(end(RUNS).server()).to_string();
        let child = "ActivityFailure > TimeoutFailure START_TO_CLOSE";
        assert_eq!(
            told,
            format!(
                "child: Failed ({child}), \"it's mine\": [Terminated, Canceled], \
                 parent: Failed (ChildWorkflowFailure > {child})"
            )
        );
    }

    #[test]
    fn equal_outcomes_have_equal_digests_whoever_was_first() {
        let later = RUNS.replace("workflow_id: parent", "workflow_id: parent, after: 1s");
        let other = RUNS.replace("- terminate: it's mine", "- cancel: it's mine");
        let digest = |text: &str| Outcome::digest(end(text).server());
        assert_eq!(digest(RUNS), digest(&later));
        assert_ne!(digest(RUNS), digest(&other));
    }
}
