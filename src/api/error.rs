//! Errors as a gRPC client sees them: code, message, detail.

use std::borrow::Cow;
use std::fmt;

use crate::history::{Name, RunId, Shared};
use crate::official::failure;

/// A refused request. Codes and messages are the real server's, to the letter
/// (`semantics/cancellation.md`, L1).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RpcError {
    /// The gRPC status.
    pub code: Code,
    /// What the server says.
    pub message: Cow<'static, str>,
    /// What is attached to the status, as a message of `temporal.api.errordetails.v1`.
    pub detail: Option<ErrorDetail>,
}

impl RpcError {
    /// An error without a detail.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), detail: None }
    }

    /// `INVALID_ARGUMENT`, without a detail.
    pub fn invalid_argument(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// `NOT_FOUND`, with the `NotFoundFailure` that the real server attaches.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: Code::NotFound, message: message.into(), detail: Some(ErrorDetail::NotFound) }
    }

    /// `INTERNAL`, of what the real server falls over and masks, with a hash of it.
    pub fn masked() -> Self {
        Self::new(Code::Internal, "something went wrong, please retry (00000000)")
    }

    /// `UNIMPLEMENTED`, naming what is not modelled.
    pub fn unimplemented(what: impl fmt::Display) -> Self {
        Self::new(Code::Unimplemented, format!("deadbeat does not model {what}"))
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for RpcError {}

/// A gRPC status code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)] // gRPC's own
pub enum Code {
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

impl Code {
    /// Every code, in gRPC's order.
    pub const ALL: [Self; 16] = [
        Self::Cancelled,
        Self::Unknown,
        Self::InvalidArgument,
        Self::DeadlineExceeded,
        Self::NotFound,
        Self::AlreadyExists,
        Self::PermissionDenied,
        Self::ResourceExhausted,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::OutOfRange,
        Self::Unimplemented,
        Self::Internal,
        Self::Unavailable,
        Self::DataLoss,
        Self::Unauthenticated,
    ];

    /// The code's name, in gRPC's upper case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What the real server attaches to a status.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)] // named as the messages of `temporal.api.errordetails.v1`
pub enum ErrorDetail {
    NotFound,
    NamespaceNotFound {
        namespace: Name,
    },
    WorkflowExecutionAlreadyStarted {
        start_request_id: Name,
        run_id: RunId,
        first_execution_run_id: RunId,
    },
    /// Because the workflow is busy (R34).
    ResourceExhausted,
    /// Because so much goes on at once (B27).
    ConcurrentLimit,
    WorkflowNotReady,
    PermissionDenied,
    QueryFailed {
        failure: Option<Shared<failure::Failure>>,
    },
}
