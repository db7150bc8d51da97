//! What is recorded: events in batches, as text, and as Temporal's official JSON.
//!
//! This room knows what events say and how they are written down. It does not know why they come
//! about: that is the server's.
//!
//! ```
//! use deadbeat::clock::EPOCH;
//! use deadbeat::history::{Attributes, Event, EventId, History};
//! use std::time::Duration;
//!
//! let started = Event {
//!     id: EventId(1),
//!     time: EPOCH,
//!     attributes: Attributes::TimerStarted {
//!         timer_id: "nap".into(),
//!         start_to_fire_timeout: Duration::from_secs(90),
//!         workflow_task_completed_event_id: EventId(4),
//!     },
//! };
//! let mut history = History::new();
//! history.append(vec![started]);
//! assert_eq!(history.len(), 1);
//! assert_eq!(history.last().unwrap().attributes.type_name(), "TimerStarted");
//! ```

mod descriptors;
pub mod digest;
pub mod event;
pub mod failure;
pub mod failure_kind;
pub mod fingerprint;
pub mod ids;
pub mod json;
pub mod list;
pub mod official;
pub mod part;
pub(crate) mod payload;
#[cfg(test)]
mod recording;
pub mod shared;
pub mod text;

pub use event::{Attributes, Event};
pub use failure::{Failure, Payloads};
pub use failure_kind::FailureKind;
pub use ids::{EventId, Execution, Name, RunId, WorkflowId};
pub use list::History;
pub use shared::Shared;
