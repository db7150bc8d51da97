//! What came of searches, as a value that is the same whether one machine searched or several, and
//! how it is shown: a table, one JSON document, `JUnit`'s XML.
//!
//! ```
//! use deadbeat::explore::{Options, Watch, explore};
//! use deadbeat::history::text::Style;
//! use deadbeat::report::search::Searched;
//! use deadbeat::scenario::Scenario;
//! use deadbeat::sim::Plan;
//!
//! let source = "
//! name: a cancel and a termination race
//! workflows: { Nap: [{ sleep: 8h }] }
//! clients:
//!   a: [{ start: Nap, workflow_id: nap }, { cancel: nap }]
//!   b: [{ terminate: nap, when: WorkflowTaskCompleted, fails_with: NOT_FOUND }]
//! ";
//! let plan = Plan::new(Scenario::parse(source, "nap.yaml")?);
//! let found = explore(&plan, &Options::of(plan.scenario()), &Watch::default());
//! let searched = Searched::new("nap.yaml", &found, None);
//! let table = searched.text(Style::Plain);
//! assert!(table.contains("nap: Canceled"), "{table}");
//! assert!(table.contains("every ordering was seen"), "{table}");
//! # Ok::<(), deadbeat::scenario::Diagnostics>(())
//! ```

mod document;
mod failure;
mod junit;
mod merge;
mod number;
mod table;
#[cfg(test)]
mod tests;

pub use document::{
    CutBy, ExpectedOutcome, FoundOutcome, Histories, Invalid, Report, ReportError, SearchEnd,
    Searched, Shards, Witness,
};
pub use failure::{FailureReport, Kind, Place};
pub use junit::junit;
pub use merge::{MergeError, merge};
pub use number::{Digest, Large};
