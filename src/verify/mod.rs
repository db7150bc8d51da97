//! The real server's word against the fake's: recordings, and how they are compared.
//!
//! This room knows the form of a recorded case, the calls that one is made of, which strings differ
//! from one execution to the next and what stands for them, which fields are never compared, and
//! how to tell a difference so that a person can read it. It refuses to know what a server ought to
//! do.
//!
//! Two recordings of one event are compared like this:
//!
//! ```
//! use deadbeat::verify::{Comparison, Symbols, normalise};
//! use serde_json::json;
//!
//! let run_id = "018cc251-f400-7000-8000-000000000001";
//! let mut symbols = Symbols::new("greeting-c0ffee");
//! symbols.bind("run:greeting", run_id);
//! let got = symbols.symbolise(&normalise::event(&json!({
//!     "eventId": "7",
//!     "eventTime": "2024-01-01T00:00:03Z",
//!     "eventType": "EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED",
//!     "externalWorkflowExecutionCancelRequestedEventAttributes": {
//!         "initiatedEventId": "5",
//!         "workflowExecution": { "workflowId": "greeting-c0ffee-w", "runId": run_id },
//!     },
//! })));
//! let recorded = json!({
//!     "eventId": "7",
//!     "eventType": "EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED",
//!     "externalWorkflowExecutionCancelRequestedEventAttributes": {
//!         "initiatedEventId": "4",
//!         "workflowExecution": { "workflowId": "${case}-w", "runId": "${run:greeting}" },
//!     },
//! });
//! let mut comparison = Comparison::default();
//! let diff = comparison.history(&[recorded], &[got]).expect("one link is different");
//! let lines = diff.to_string();
//! let lines: Vec<&str> = lines.lines().map(str::trim).collect();
//! assert_eq!(lines, [
//!     "! 7 EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED",
//!     "externalWorkflowExecutionCancelRequestedEventAttributes.initiatedEventId: \
//!      got \"5\", expected \"4\"",
//! ]);
//! ```

mod case;
mod compare;
mod diff;
#[cfg(feature = "verify")]
pub mod live;
mod log;
pub mod normalise;
mod record;
pub mod retime;
mod rpc;
mod symbols;

pub use case::{Case, CaseError, CaseRun, RunSource, Step};
pub use compare::Comparison;
pub use diff::HistoryDiff;
pub use log::{FinalRun, Log, LogEntry};
pub use record::record;
pub use rpc::{MessageError, Rpc};
pub use symbols::{Symbols, UnresolvedSymbol, with_readable_payloads};
