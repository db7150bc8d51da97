//! What people and programs read about a run: text and JSON.
//!
//! ```
//! use deadbeat::report::{Outcome, text};
//! use deadbeat::scenario::Scenario;
//! use deadbeat::sim::{DefaultOrder, Limits, Plan, Race, run};
//!
//! let nap = "\
//! name: terminate a workflow
//! workflows: { Nap: [{ sleep: 8h }] }
//! timeline:
//!   - { start: Nap, workflow_id: nap }
//!   - { terminate: nap, reason: enough, after: 1m }
//! ";
//! let plan = Plan::new(Scenario::parse(nap, "nap.yaml")?);
//! let result = run(&plan, Race::default(), &Limits::default(), &mut DefaultOrder);
//! assert_eq!(Outcome::of(&result).to_string(), "nap Terminated");
//! assert!(text(&result).contains("00:01:00.000  client  terminate nap (reason \"enough\") -> ok"));
//! # Ok::<(), deadbeat::scenario::Diagnostics>(())
//! ```
//!
//! This room knows how things are shown. It decides nothing about them.
//!
//! ```
//! use deadbeat::report::text;
//! use deadbeat::scenario::Scenario;
//! use deadbeat::sim::{DefaultOrder, Limits, Plan, Race, run};
//!
//! let source = "
//! name: a nap
//! workflows: { Nap: [{ sleep: 8h }] }
//! timeline: [{ start: Nap, workflow_id: nap }]
//! expect: [{ workflow_id: nap, status: Completed }]
//! ";
//! let plan = Plan::new(Scenario::parse(source, "nap.yaml")?);
//! let result = run(&plan, Race::default(), &Limits::default(), &mut DefaultOrder);
//! assert!(text(&result).contains("7  08:00:00.000  WorkflowTaskScheduled"), "{}", text(&result));
//! # Ok::<(), deadbeat::scenario::Diagnostics>(())
//! ```

mod action;
mod answer;
mod diff;
mod happening;
mod json;
mod outcome;
pub mod search;
mod text;
mod trace;

pub use diff::diff_text;
pub use json::{invalid_json, result_json};
pub use outcome::Outcome;
pub use text::{styled_text, text};
pub use trace::{trace_json, trace_text};
