//! One real server: how it is reached, and what is made of its silence.

use std::time::Duration;

use prost::Message;
use serde_json::Value;
use temporalio_protos::protos::google;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

use super::question::{Caller, Client, Question};
use crate::api::{Response, RpcError};
use crate::grpc::error_details;
use crate::grpc::{Frontend, Reply};
use crate::official::workflowservice as service;
use crate::sim::NAMESPACE;
use crate::verify::{Rpc, normalise};

/// How long a call may take that has nothing to wait for. A server that is alive answers in
/// milliseconds.
const DEADLINE: Duration = Duration::from_secs(10);

/// How long a call may take that waits for something. The server answers before that, and says how
/// far it has got.
const LONG_DEADLINE: Duration = Duration::from_secs(60);

/// How long it may take until a server that is there has said so.
const CONNECT: Duration = Duration::from_secs(5);

/// How often a call is made again that met the end of a connection. A server closes each after some
/// minutes, and is not gone for that.
const RECONNECTIONS: usize = 3;

/// Histories are larger than gRPC's default limit of 4 MB at times.
const LARGEST_ANSWER: usize = 128 << 20;

/// A real Temporal server and a namespace of it.
#[derive(Clone, Debug)]
pub struct Connection {
    client: Client,
    address: String,
    namespace: String,
}

/// Why there is nobody to verify against.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// The address is none.
    #[error("`{0}` is not an address: write HOST:PORT, as in 127.0.0.1:7233")]
    BadAddress(String),
    /// Nobody answers.
    #[error(
        "no server answers at {address}: {why}\n\
         start one with `temporal server start-dev`, or name another with --address"
    )]
    NoServer {
        /// Where.
        address: String,
        /// What the system says.
        why: String,
    },
    /// Somebody answers, but no Temporal server does.
    #[error("what listens at {address} is not a Temporal server: {why}")]
    NotTemporal {
        /// Where.
        address: String,
        /// What it said.
        why: String,
    },
    /// The server refuses the namespace (B1).
    #[error(
        "the server at {address} says: {why}\n\
         create it with `temporal operator namespace create -n {namespace}`, or name another with \
         --namespace"
    )]
    NoNamespace {
        /// Where.
        address: String,
        /// The namespace.
        namespace: String,
        /// What the server says.
        why: String,
    },
    /// The server was there and is no more.
    #[error("the server at {address} does not answer any more: {why}")]
    Died {
        /// Where.
        address: String,
        /// How that showed.
        why: String,
    },
}

/// An answer, normalised for comparing: of an error code, message and details.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Answer {
    /// The response in official JSON, as it came.
    Response(Value),
    /// The refusal, normalised.
    Refusal(Value),
}

impl Answer {
    /// What of it is compared.
    pub(super) fn normalised(&self, action: &str) -> Value {
        match self {
            Self::Response(response) => normalise::result(action, response, &[]),
            Self::Refusal(refusal) => refusal.clone(),
        }
    }

    /// What the fake answered.
    pub(super) fn of_fake(
        action: &str,
        reply: &Reply,
        result: &Result<Response, RpcError>,
    ) -> Self {
        let written = result.clone().and_then(|answer| {
            let bytes = Frontend::new(NAMESPACE).encode(reply, answer)?;
            let read = Rpc::find(action).and_then(|rpc| rpc.response(&bytes).ok());
            Ok(read.unwrap_or_default())
        });
        match written {
            Ok(response) => Self::Response(response),
            Err(error) => {
                let detail = error_details(&error).map(|(url, _)| last_part(&url));
                let details: Vec<String> = detail.into_iter().collect();
                Self::Refusal(normalise::error(error.code.name(), &error.message, &details))
            }
        }
    }

    fn of_status(status: &Status) -> Self {
        let attached = google::rpc::Status::decode(status.details()).unwrap_or_default();
        let details: Vec<String> =
            attached.details.iter().map(|detail| last_part(&detail.type_url)).collect();
        Self::Refusal(normalise::error(code_name(status.code()), status.message(), &details))
    }
}

/// A type's name without its package.
fn last_part(type_url: &str) -> String {
    type_url.rsplit('.').next().unwrap_or_default().to_owned()
}

impl Connection {
    /// Connects, and makes sure that a Temporal server with this namespace is there.
    ///
    /// # Errors
    ///
    /// [`Unreachable`] says what is there instead.
    pub async fn open(address: &str, namespace: &str) -> Result<Self, Unreachable> {
        let is_bad = address.contains("://")
            || address
                .rsplit_once(':')
                .is_none_or(|(host, port)| host.is_empty() || port.parse::<u16>().is_err());
        let endpoint = Endpoint::from_shared(format!("http://{address}"))
            .ok()
            .filter(|_| !is_bad)
            .ok_or_else(|| Unreachable::BadAddress(address.to_owned()))?;
        let no_server = |error: &dyn std::error::Error| Unreachable::NoServer {
            address: address.to_owned(),
            why: innermost(error),
        };
        let channel =
            endpoint.connect_timeout(CONNECT).connect().await.map_err(|error| no_server(&error))?;
        let connection = Self {
            client: client(channel),
            address: address.to_owned(),
            namespace: namespace.to_owned(),
        };
        connection.check_server().await?;
        connection.check_namespace().await?;
        Ok(connection)
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    async fn check_server(&self) -> Result<(), Unreachable> {
        let question = Question::GetSystemInfo(Box::default());
        let answer = self.send(&question, Caller::Sdk, CONNECT).await;
        answer.map(|_| ()).map_err(|status| Unreachable::NotTemporal {
            address: self.address.clone(),
            why: told(&status),
        })
    }

    async fn check_namespace(&self) -> Result<(), Unreachable> {
        // What is asked is of no interest: every request names its namespace, and this one needs
        // no more than leave to read.
        let question = Question::DescribeNamespace(Box::new(service::DescribeNamespaceRequest {
            namespace: self.namespace.clone(),
            ..Default::default()
        }));
        let answer = self.send(&question, Caller::Sdk, CONNECT).await;
        answer.map(|_| ()).map_err(|status| Unreachable::NoNamespace {
            address: self.address.clone(),
            namespace: self.namespace.clone(),
            why: status.message().to_owned(),
        })
    }

    /// Asks something other than a poll for a task.
    ///
    /// # Errors
    ///
    /// If the server is no more.
    pub(super) async fn ask(
        &self,
        question: &Question,
        caller: Caller,
    ) -> Result<Answer, Unreachable> {
        let deadline = if question.may_wait() { LONG_DEADLINE } else { DEADLINE };
        match self.send(question, caller, deadline).await {
            Ok(response) => Ok(Answer::Response(response)),
            Err(status) if is_silence(&status) => Err(self.died(&status)),
            Err(status) => Ok(Answer::Refusal(refusal(&status))),
        }
    }

    /// Polls for a task: nothing if none came in this time.
    ///
    /// # Errors
    ///
    /// If the server is no more.
    pub(super) async fn poll(
        &self,
        question: &Question,
        patience: Duration,
    ) -> Result<Option<Value>, Unreachable> {
        match self.send(question, Caller::Sdk, patience).await {
            Ok(response) => {
                let has_task =
                    response["taskToken"].as_str().is_some_and(|token| !token.is_empty());
                Ok(has_task.then_some(response))
            }
            Err(status) if matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled) => {
                Ok(None)
            }
            Err(status) if is_silence(&status) => Err(self.died(&status)),
            // A poll that is refused brings nothing, which is told where a task was expected.
            Err(_) => Ok(None),
        }
    }

    async fn send(
        &self,
        question: &Question,
        caller: Caller,
        deadline: Duration,
    ) -> Result<Value, Status> {
        // gRPC's deadline is the server's to keep; a server that is dead does not.
        let late = deadline + Duration::from_secs(1);
        let mut left = RECONNECTIONS;
        loop {
            let answer = question.send(self.client.clone(), caller, deadline);
            let answer = tokio::time::timeout(late, answer).await.unwrap_or_else(|_| {
                Err(Status::deadline_exceeded(format!("no answer in {} s", late.as_secs())))
            });
            match answer {
                Err(status) if left > 0 && was_not_sent(&status) => left -= 1,
                answer => return answer,
            }
        }
    }

    /// Whether the server is there after all.
    pub(super) async fn is_alive(&self) -> bool {
        self.check_server().await.is_ok()
    }

    fn died(&self, status: &Status) -> Unreachable {
        Unreachable::Died { address: self.address.clone(), why: told(status) }
    }
}

fn client(channel: Channel) -> Client {
    Client::new(channel).max_decoding_message_size(LARGEST_ANSWER)
}

/// Whether a status tells of the connection, not of what was asked.
fn is_silence(status: &Status) -> bool {
    use std::error::Error as _;
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => true,
        // What the transport itself says of a connection that broke.
        Code::Unknown | Code::Internal => status.source().is_some(),
        _ => false,
    }
}

/// Whether the connection was closed before the call went out on it: it can be made again.
fn was_not_sent(status: &Status) -> bool {
    use std::error::Error as _;
    let mut next = status.source();
    while let Some(error) = next {
        // What hyper says of a request that it has not written.
        if error.to_string().contains("operation was canceled") {
            return true;
        }
        next = error.source();
    }
    false
}

fn refusal(status: &Status) -> Value {
    match Answer::of_status(status) {
        Answer::Refusal(refusal) | Answer::Response(refusal) => refusal,
    }
}

/// What a status says, with its innermost cause.
fn told(status: &Status) -> String {
    use std::error::Error as _;
    let cause = status.source().map(innermost);
    match cause.filter(|cause| !status.message().contains(cause.as_str())) {
        Some(cause) => format!("{} ({cause})", status.message()),
        None => status.message().to_owned(),
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// gRPC's name of a code.
fn code_name(code: Code) -> &'static str {
    let number = i32::from(code);
    let known = crate::api::Code::ALL.into_iter().find(|known| *known as i32 == number);
    known.map_or("OK", crate::api::Code::name)
}
