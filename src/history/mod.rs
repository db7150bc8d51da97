//! What is recorded: events in batches, as text, and as Temporal's official JSON.
//!
//! This room knows what events say and how they are written down. It does not know why they come
//! about: that is the server's.

mod descriptors;
pub mod digest;
pub mod event;
pub mod failure;
pub mod ids;
pub mod json;
pub mod list;
pub mod official;
#[cfg(test)]
mod recording;
pub mod shared;
pub mod text;

pub use event::{Attributes, Event};
pub use failure::{Failure, Payloads};
pub use ids::{EventId, Execution, Name, RunId, WorkflowId};
pub use list::History;
pub use shared::Shared;
