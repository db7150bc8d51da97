//! Where a call comes in, and what is checked before anybody looks at what it asks.

use std::time::Duration;

use prost::Message;

use super::encode::Reply;
use super::methods;
use crate::api::{Code, ErrorDetail, Request, Response, RpcError};
use crate::history::Name;

/// The face of a server towards Temporal's clients: bytes in, [`Request`]s out, and back.
///
/// ```
/// use deadbeat::api::{Request, Response};
/// use deadbeat::grpc::{Frontend, Metadata};
/// use deadbeat::official::workflowservice::RequestCancelWorkflowExecutionRequest;
/// use prost::Message;
///
/// let frontend = Frontend::new("default");
/// let message = RequestCancelWorkflowExecutionRequest {
///     namespace: "default".to_owned(),
///     workflow_execution: Some(Default::default()),
///     reason: "enough".to_owned(),
///     ..Default::default()
/// };
/// let call = frontend
///     .decode("RequestCancelWorkflowExecution", &message.encode_to_vec(), &Metadata::default())
///     .unwrap();
/// let Request::RequestCancelWorkflowExecution(cancel) = call.request else { unreachable!() };
/// assert_eq!(cancel.reason.as_str(), "enough");
/// assert_eq!(frontend.encode(&call.reply, Response::Empty).unwrap(), b"");
/// ```
#[derive(Clone, Debug)]
pub struct Frontend {
    namespace: Name,
}

/// A call that came in.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is asked.
    pub request: Request,
    /// How the answer is to be written.
    pub reply: Reply,
}

/// What a call says beside its message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Metadata {
    /// Who calls, as the header `client-name` tells.
    pub client: Client,
    /// How long the client waits for an answer, as `grpc-timeout` tells; `None` if it does not
    /// tell.
    pub timeout: Option<Duration>,
    /// What the client knows of runs that follow others.
    pub next_runs: NextRuns,
}

/// What a client knows of runs that follow others by retry or cron.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NextRuns {
    /// Nothing: a reader that waits for the close is told that such a run continued as new.
    #[default]
    Unknown,
    /// It looks for them itself.
    Known,
}

impl NextRuns {
    /// What a client knows that sends this as `supported-features`.
    pub fn supported(features: &str) -> Self {
        if features.split(',').any(|feature| feature.trim() == "follows-next-run-id") {
            Self::Known
        } else {
            Self::Unknown
        }
    }
}

/// The kinds of client that are answered differently.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Client {
    /// An SDK: it gets the virtual events of a transient workflow task too (A4).
    #[default]
    Sdk,
    /// The `temporal` CLI or the web UI: it gets what is recorded.
    Tool,
}

impl Client {
    /// The kind of client that sends this as `client-name`.
    pub fn named(client_name: &str) -> Self {
        match client_name {
            "temporal-cli" | "temporal-ui" => Self::Tool,
            _ => Self::Sdk,
        }
    }
}

impl Frontend {
    /// The face of a server with this one namespace.
    pub fn new(namespace: impl Into<Name>) -> Self {
        Self { namespace: namespace.into() }
    }

    /// The namespace that is served.
    pub fn namespace(&self) -> &Name {
        &self.namespace
    }

    /// Reads the request message of a method, given by its name in `WorkflowService`.
    ///
    /// # Errors
    ///
    /// What the real server's frontend says before it does anything: a bad namespace, a bad token,
    /// a poll that would not wait long enough (L1, D6). `UNIMPLEMENTED`, with the method's name or
    /// that of the part of the request, if it is not modelled.
    pub fn decode(
        &self,
        method: &str,
        message: &[u8],
        metadata: &Metadata,
    ) -> Result<Call, RpcError> {
        let decode = methods::find(method).ok_or_else(|| RpcError::unimplemented(method))?;
        decode(&Incoming { frontend: self, message, metadata })
    }

    /// Writes an answer as the bytes of the official response message.
    ///
    /// # Errors
    ///
    /// `INTERNAL`, if this is no answer to the call that asked for `reply`.
    pub fn encode(&self, reply: &Reply, response: Response) -> Result<Vec<u8>, RpcError> {
        reply.encode(&self.namespace, response)
    }

    /// The methods that are modelled, in alphabetical order.
    pub fn methods() -> impl Iterator<Item = &'static str> {
        methods::names()
    }
}

/// What is said of bytes that are no message.
pub(crate) fn unreadable(error: &prost::DecodeError) -> RpcError {
    RpcError::new(Code::Internal, format!("grpc: error unmarshalling request: {error}"))
}

/// A call before anything is known of it.
pub(super) struct Incoming<'a> {
    frontend: &'a Frontend,
    message: &'a [u8],
    /// What it says beside its message.
    pub(super) metadata: &'a Metadata,
}

/// The shortest time that a poll may wait (D6).
const MIN_LONG_POLL_TIMEOUT: Duration = Duration::from_secs(2);

impl Incoming<'_> {
    /// The message.
    pub(super) fn read<T: Message + Default>(&self) -> Result<T, RpcError> {
        T::decode(self.message).map_err(|error| unreadable(&error))
    }

    /// Checks the namespace that a message names (B1).
    pub(super) fn check_namespace(&self, named: &str) -> Result<(), RpcError> {
        if named.is_empty() {
            return Err(RpcError::invalid_argument("Namespace is empty."));
        }
        if *named != *self.frontend.namespace {
            return Err(RpcError {
                code: Code::NotFound,
                message: format!("Namespace {named} is not found.").into(),
                detail: Some(ErrorDetail::NamespaceNotFound { namespace: named.into() }),
            });
        }
        Ok(())
    }

    /// Checks the namespace of a message that has a token, and so need not name one.
    pub(super) fn check_namespace_beside_token(&self, named: &str) -> Result<(), RpcError> {
        if named.is_empty() { Ok(()) } else { self.check_namespace(named) }
    }

    /// Checks that a poll waits long enough to be answered (D6).
    pub(super) fn check_poll_timeout(&self) -> Result<(), RpcError> {
        match self.metadata.timeout {
            Some(timeout) if timeout < MIN_LONG_POLL_TIMEOUT => {
                Err(RpcError::new(Code::FailedPrecondition, "Context timeout is too short."))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_the_bytes_are_a_call_is_read_or_refused(
            message in proptest::collection::vec(any::<u8>(), 0..200),
            method in 0..Frontend::methods().count(),
        ) {
            let method = Frontend::methods().nth(method).unwrap();
            let frontend = Frontend::new("default");
            let _ = frontend.decode(method, &message, &Metadata::default());
        }
    }

    #[test]
    fn a_poll_that_would_not_wait_is_refused() {
        let frontend = Frontend::new("default");
        let poll = crate::official::workflowservice::PollWorkflowTaskQueueRequest {
            namespace: "default".to_owned(),
            task_queue: Some(crate::official::taskqueue::TaskQueue {
                name: "q".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let metadata = |seconds| Metadata {
            timeout: Some(Duration::from_secs(seconds)),
            ..Metadata::default()
        };
        let decode = |seconds| {
            frontend.decode("PollWorkflowTaskQueue", &poll.encode_to_vec(), &metadata(seconds))
        };
        let refused = decode(1).unwrap_err();
        assert_eq!(refused.to_string(), "FAILED_PRECONDITION: Context timeout is too short.");
        assert!(decode(2).is_ok());
    }

    #[test]
    fn an_answer_to_another_call_is_not_written() {
        let refused =
            Frontend::new("default").encode(&Reply::PollWorkflowTaskQueue, Response::Empty);
        assert_eq!(refused.unwrap_err().code, Code::Internal);
    }
}
