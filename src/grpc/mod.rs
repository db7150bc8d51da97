//! Temporal's API as its clients speak it: official messages on one side, [`crate::api`] on the
//! other.
//!
//! This room knows every method by name, which request a message is, how an answer is written, what
//! a task token's bytes say, and what the real server's frontend checks before anything else
//! (namespace, token, deadline of a poll). It refuses to know what a request does.
//!
//! ```
//! use deadbeat::grpc::{Frontend, Metadata};
//! use deadbeat::official::workflowservice::SignalWorkflowExecutionRequest;
//! use prost::Message;
//!
//! let frontend = Frontend::new("default");
//! let elsewhere = SignalWorkflowExecutionRequest {
//!     namespace: "nowhere".to_owned(),
//!     ..Default::default()
//! };
//! let bytes = elsewhere.encode_to_vec();
//! let refused =
//!     frontend.decode("SignalWorkflowExecution", &bytes, &Metadata::default()).unwrap_err();
//! assert_eq!(refused.to_string(), "NOT_FOUND: Namespace nowhere is not found.");
//!
//! let refused = frontend.decode("CreateSchedule", &bytes, &Metadata::default()).unwrap_err();
//! assert_eq!(refused.to_string(), "UNIMPLEMENTED: deadbeat does not model CreateSchedule");
//! ```

mod decode;
mod encode;
mod expiry;
mod frontend;
mod itself;
mod list_token;
mod methods;
mod paging;
pub mod token;

#[cfg(feature = "serve")]
pub(crate) use encode::timestamp;
pub use encode::{Reply, error_details};
pub use expiry::Expiry;
#[cfg(feature = "serve")]
pub(crate) use frontend::unreadable;
pub use frontend::{Call, Client, Frontend, Metadata, NextRuns};
#[cfg(feature = "verify")]
pub(crate) use paging::Page;
