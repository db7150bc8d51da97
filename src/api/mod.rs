//! Requests, responses and errors of the server, in Temporal's names.
//!
//! A scripted client, a worker of an SDK in this process and a gRPC peer all say the same things in
//! these types; the server cannot tell them apart.
//!
//! ```
//! use deadbeat::api::{CallId, Code, Outbox, Request, Target};
//! use deadbeat::clock::EPOCH;
//! use deadbeat::server::Server;
//!
//! let mut outbox = Outbox::new();
//! let request = Request::DescribeWorkflowExecution(Target::current("nobody"));
//! Server::new("default").call(EPOCH, CallId(1), request, &mut outbox);
//!
//! let (_, answer) = outbox.drain().next().unwrap();
//! let refusal = answer.unwrap_err();
//! assert_eq!(refusal.code, Code::NotFound);
//! assert_eq!(refusal.message, "workflow not found for ID: nobody");
//! ```

mod command;
mod error;
pub(crate) mod limits;
mod request;
mod response;
mod token;
mod update;

pub use command::Command;
pub use error::{Code, ErrorDetail, RpcError};
pub use request::*;
pub use response::*;
pub use token::{ActivityToken, QueryId, QueryTaskToken, WorkflowTaskToken};
pub use update::*;

/// Names a call between its request and its response. Whoever calls chooses it, and never twice
/// while the first is unanswered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CallId(pub u64);

/// Where the server puts its answers. One request may answer several calls: its own, and calls that
/// were parked.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    answers: Vec<(CallId, Result<Response, RpcError>)>,
}

impl Outbox {
    /// An empty one.
    pub const fn new() -> Self {
        Self { answers: Vec::new() }
    }

    /// Answers a call.
    pub fn answer(&mut self, call: CallId, result: Result<Response, RpcError>) {
        self.answers.push((call, result));
    }

    /// The answers so far, in order; they are taken out.
    pub fn drain(&mut self) -> impl Iterator<Item = (CallId, Result<Response, RpcError>)> + '_ {
        self.answers.drain(..)
    }

    /// Whether there is no answer.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }
}
