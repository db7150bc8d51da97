//! Scenarios: the YAML language, its errors and its schema.
//!
//! ```
//! use deadbeat::scenario::Scenario;
//! use deadbeat::scenario::model::WorkflowAction;
//!
//! let scenario = Scenario::parse(
//!     "
//! name: cancel an activity that heartbeats
//! workflows:
//!   GreetingWorkflow:
//!     - start_activity: cancellable_activity
//!       as: compose
//!       start_to_close_timeout: 5m
//!       heartbeat_timeout: 30s
//!     - sleep: 3s
//!     - cancel: compose
//! activities:
//!   cancellable_activity:
//!     - repeat:
//!       - sleep: 500ms
//!       - heartbeat: some details
//! timeline:
//!   - start: GreetingWorkflow
//!     workflow_id: greeting
//! expect:
//!   - workflow_id: greeting
//!     status: Completed
//! ",
//!     "greeting.yaml",
//! )?;
//! let greeting = &scenario.workflows["GreetingWorkflow"].versions[0].steps;
//! assert!(matches!(&greeting[2].action, WorkflowAction::Cancel(handle) if handle == "compose"));
//! assert_eq!(greeting[2].at.to_string(), "greeting.yaml:10:7");
//! # Ok::<(), deadbeat::scenario::Diagnostics>(())
//! ```
//!
//! This room knows what a scenario may say and how to tell what is wrong with one. It does not
//! know what becomes of it: that is the worker's and the simulation's.
//!
#![doc = include_str!("language.md")]

mod check;
pub mod diagnostic;
pub mod duration;
pub mod limits;
mod literals;
mod load;
pub mod model;
mod names;
pub mod outcome;
mod parse;
pub(crate) mod payloads;
mod schema;
pub mod source;
mod spans;
mod steps;
mod suggest;
mod yaml;

#[cfg(test)]
pub(crate) use yaml::to_json as yaml_to_json;

pub use diagnostic::{Coloring, Diagnostic, Diagnostics};
pub use literals::DurationLiteral;
pub use model::Scenario;
pub use names::EVENT_TYPES;
pub use outcome::{NotAnOutcome, Outcome, RunOutcome};
pub use schema::schema;
pub use source::Location;
