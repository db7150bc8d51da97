//! Whether a run was as its scenario expects.
//!
//! This room compares; it does not know how a run comes about.

mod expectation;
mod failure;
mod step;

pub use failure::{Expected, Failure, Mismatch};

use crate::sim::RunResult;

/// Everything in which a run was not as its scenario expects: first what is in `expect`, then the
/// clients' steps, each in the order of the file.
///
/// A client's step fails if it was refused and `fails_with` does not say so, if it was not refused
/// as `fails_with` says, and if its turn never came.
pub fn check(result: &RunResult) -> Vec<Failure> {
    let mut failures = Vec::new();
    for expectation in &result.scenario().expect {
        expectation::check(expectation, result, &mut failures);
    }
    step::check(result, &mut failures);
    failures
}
