//! The server's words, to the letter: error messages, reasons, identities
//! (`semantics/cancellation.md`, L1 and L2).

use std::sync::LazyLock;

use crate::api::{Code, ErrorDetail, RpcError};
use crate::history::{Name, RunId, WorkflowId};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])*
        pub(super) fn $name() -> Name {
            static NAME: LazyLock<Name> = LazyLock::new(|| Name::from($text));
            NAME.clone()
        })*
    };
}

names! {
    /// The identity of what the server does by itself (R42).
    history_service = "history-service";
    /// The identity of a reset's termination (B6).
    history_resetter = "history-resetter";
    /// Who terminates without saying who (R41).
    frontend_service = "frontend-service";
    /// The reason of a termination without one (R41).
    terminated_by_user = "terminated by user via frontend";
    /// R88.
    by_parent_close_policy = "by parent close policy";
    /// R47.
    terminate_if_running = "TerminateIfRunning WorkflowIdReusePolicy";
    /// C9.
    grpc_message_too_large = "GrpcMessageTooLarge";
    /// R33.
    unhandled_command = "UnhandledCommand";
}

/// No execution has this Workflow Id.
pub(super) fn workflow_not_found(id: &WorkflowId) -> RpcError {
    RpcError::not_found(format!("workflow not found for ID: {id}"))
}

/// No run of this Workflow Id has this Run Id.
pub(super) fn run_not_found(id: &WorkflowId, run: &str) -> RpcError {
    RpcError::not_found(format!(
        "workflow execution not found for workflow ID \"{id}\" and run ID \"{run}\""
    ))
}

/// The current run's chain began with another run (R28).
pub(super) fn first_run_mismatch() -> RpcError {
    RpcError::not_found("workflow execution not found")
}

/// A Run Id that is not a UUID.
pub(super) fn invalid_run_id() -> RpcError {
    RpcError::invalid_argument("Invalid RunId.")
}

/// An empty Workflow Id.
pub(super) fn workflow_id_not_set() -> RpcError {
    RpcError::invalid_argument("WorkflowId is not set on request.")
}

/// The run is closed.
pub(super) fn already_completed() -> RpcError {
    RpcError::not_found("workflow execution already completed")
}

/// No such workflow task is started (R12).
pub(super) fn workflow_task_not_found() -> RpcError {
    RpcError::not_found("Workflow task not found.")
}

/// A token that is not the current attempt's (R54).
pub(super) fn activity_not_found() -> RpcError {
    RpcError::not_found(
        "invalid activityID or activity already timed out or invoking workflow is completed",
    )
}

/// No pending activity has this id (R59).
pub(super) fn activity_id_not_found(id: &str) -> RpcError {
    RpcError::not_found(format!(
        "cannot find pending activity with ActivityID {id}, check workflow execution history for \
         more details"
    ))
}

/// R64.
pub(super) fn activity_cancel_not_requested() -> RpcError {
    RpcError::invalid_argument(
        "unable to mark activity as canceled without activity being request canceled first",
    )
}

/// The run is about to close (R34).
pub(super) fn workflow_closing() -> RpcError {
    RpcError {
        code: Code::ResourceExhausted,
        message: "workflow operation can not be applied because workflow is closing".into(),
        detail: Some(ErrorDetail::ResourceExhausted),
    }
}

/// An already-started refusal (F8, F9).
pub(super) fn already_started(
    message: String,
    start_request_id: Name,
    run_id: RunId,
    first_execution_run_id: RunId,
) -> RpcError {
    let detail = ErrorDetail::WorkflowExecutionAlreadyStarted {
        start_request_id,
        run_id,
        first_execution_run_id,
    };
    RpcError { code: Code::AlreadyExists, message: message.into(), detail: Some(detail) }
}
