//! Whether a run was as its scenario expects. This room compares; it does not know how a run comes
//! about.
//!
//! ```
//! use deadbeat::check::check;
//! use deadbeat::scenario::Scenario;
//! use deadbeat::sim::{DefaultOrder, Limits, Plan, Race, run};
//!
//! let text = "\
//! name: not as expected
//! workflows: { Nap: [{ sleep: 8h }] }
//! timeline: [{ start: Nap, workflow_id: nap }]
//! expect: [{ workflow_id: nap, status: Canceled }]
//! ";
//! let plan = Plan::new(Scenario::parse(text, "nap.yaml")?);
//! let failures = check(&run(&plan, Race::default(), &Limits::default(), &mut DefaultOrder));
//! let told = "nap.yaml:4:10: expected `nap` to be Canceled, but it is Completed";
//! assert_eq!(failures[0].to_string(), told);
//! # Ok::<(), deadbeat::scenario::Diagnostics>(())
//! ```

mod always;
mod expectation;
mod failure;
pub mod invariant;
pub mod outcome;
mod step;
#[cfg(test)]
mod tests;
mod view;

pub use always::{Always, Coverage};
pub use failure::{Expected, Failure, Mismatch};
pub use outcome::Outcome;

use crate::sim::RunResult;
use expectation::mismatches;
use view::View;

/// Everything in which a run was not as its scenario expects: first what is in `expect`, then what
/// `outcomes`, `always` and `never` say of every ordering, then the clients' steps, each in the order
/// of the file.
///
/// A client's step fails if it was refused and `fails_with` does not say so, if it was not refused
/// as `fails_with` says, and if its turn never came.
pub fn check(result: &RunResult) -> Vec<Failure> {
    let mut failures = Vec::new();
    let view = View::Result(result);
    for expectation in &result.scenario().expect {
        let mismatches = mismatches(&expectation.of, view);
        failures
            .extend(mismatches.map(|mismatch| Failure { at: expectation.at.clone(), mismatch }));
    }
    failures.extend(Always::of(result.scenario()).all_failures(result));
    step::check(result, &mut failures);
    failures
}
