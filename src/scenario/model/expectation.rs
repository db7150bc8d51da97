//! What a scenario says must be true, and what must never be.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Json, RunNumber};
use crate::scenario::Outcome;
use crate::scenario::source::Location;

/// What must be true of a run at the end of a scenario.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// Where in the file.
    pub at: Location,
    /// What is expected.
    pub of: RunExpectation,
}

options! {
    /// What is expected of one run.
    RunExpectation {
        /// Whose run.
        workflow_id: String,
        #[serde(default)]
        /// Which one; the last if not given.
        run: Option<RunNumber>,
        #[serde(default)]
        /// Its status, as in `Canceled`.
        status: Option<String>,
        #[serde(default)]
        /// Its result.
        result: Option<Json>,
        #[serde(default)]
        /// What its failure's message contains.
        failure: Option<String>,
        #[serde(default)]
        /// Event types that its history has in this order, whatever stands between.
        events: Vec<String>,
        #[serde(default)]
        /// Event types that its history does not have.
        never: Vec<String>,
        #[serde(default)]
        /// Two event types: after each event of the first comes one of the second, directly.
        directly: Option<[String; 2]>,
        #[serde(default)]
        /// Two event types: no event of the first comes after one of the second.
        not_after: Option<[String; 2]>,
    }
}

/// One of the outcomes that the orderings of a scenario have.
#[derive(Clone, Debug)]
pub struct ExpectedOutcome {
    /// Where in the file.
    pub at: Location,
    /// The outcome.
    pub outcome: Outcome,
}
