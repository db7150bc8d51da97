//! The server's words, to the letter: error messages, reasons, identities
//! (`semantics/cancellation.md`, L1 and L2).

use std::sync::LazyLock;

use crate::api::{Code, ErrorDetail, RpcError};
use crate::history::{Name, RunId, Shared, WorkflowId};
use crate::official::failure;
use crate::official::failure::failure::FailureInfo;
use crate::official::failure::{ApplicationFailureInfo, Failure};
use crate::official::update::{Outcome, outcome};

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

/// The query that a token names is not with a worker (any more).
pub(super) fn query_task_not_found() -> RpcError {
    RpcError::not_found("query task not found, or already expired")
}

/// A worker could not answer yet, or never could (G7).
pub(super) fn not_ready(message: &'static str) -> RpcError {
    RpcError {
        code: Code::FailedPrecondition,
        message: message.into(),
        detail: Some(ErrorDetail::WorkflowNotReady),
    }
}

/// No worker ever knew anything of the run.
pub(super) fn closed_before_first_task() -> RpcError {
    not_ready("Workflow execution closed before WorkflowTaskStarted event")
}

/// As many queries as may wait for the run's next workflow task do.
pub(super) fn query_buffer_full() -> RpcError {
    RpcError {
        code: Code::ResourceExhausted,
        message: "consistent query buffer is full, this may be caused by too many queries and \
                  workflow not able to process query fast enough"
            .into(),
        detail: Some(ErrorDetail::ResourceExhausted),
    }
}

/// Nobody has answered in time.
pub(super) fn query_timed_out() -> RpcError {
    RpcError::new(Code::DeadlineExceeded, "query timed out before a worker could process it")
}

/// Nobody polls the queue of a query.
pub(super) fn no_poller() -> RpcError {
    RpcError::new(
        Code::FailedPrecondition,
        "no poller seen for task queue recently, worker may be down",
    )
}

/// The worker's answer is a failure.
pub(super) fn query_failed(message: &Name, failure: Option<Shared<failure::Failure>>) -> RpcError {
    RpcError {
        code: Code::InvalidArgument,
        message: message.to_string().into(),
        detail: Some(ErrorDetail::QueryFailed { failure }),
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

/// No update of the run has this id.
pub(super) fn update_not_found(id: &str) -> RpcError {
    RpcError::not_found(format!("update \"{id}\" not found"))
}

/// The run has closed before a worker accepted the update (B8).
pub(super) fn update_aborted() -> RpcError {
    RpcError::not_found("workflow update was aborted by closing workflow")
}

/// The completion that was to answer the update was refused.
pub(super) fn update_lost() -> RpcError {
    not_ready(
        "Unable to perform workflow execution update due to unexpected workflow task failure.",
    )
}

/// The run's workflow task fails again and again.
pub(super) fn update_of_failing_workflow() -> RpcError {
    not_ready("Unable to perform workflow execution update due to Workflow Task in failed state.")
}

/// G6.
pub(super) fn too_many_updates_in_flight(limit: usize) -> RpcError {
    RpcError {
        code: Code::ResourceExhausted,
        message: format!(
            "limit on number of concurrent in-flight updates has been reached ({limit})"
        )
        .into(),
        detail: Some(ErrorDetail::ResourceExhausted),
    }
}

/// G6.
pub(super) fn too_many_updates(limit: usize) -> RpcError {
    RpcError::new(
        Code::FailedPrecondition,
        format!(
            "The limit on the total number of distinct updates in this workflow has been reached \
             ({limit}). Make sure any duplicate updates share an Update ID so the server can \
             deduplicate them, and consider rejecting updates that you aren't going to process. You \
             can also Continue-as-New to avoid this; we recommend you check Continue-as-New \
             Suggested in your Workflow."
        ),
    )
}

/// The outcome of an update that a completed workflow task left unanswered (G5).
pub(super) fn unprocessed_update() -> Shared<Outcome> {
    static OUTCOME: LazyLock<Shared<Outcome>> = LazyLock::new(|| {
        failed(
            "Workflow Update is rejected because it wasn't processed by worker. Probably, Workflow \
             Update is not supported by the worker.",
            "UnprocessedUpdate",
        )
    });
    OUTCOME.clone()
}

/// The outcome of an update that was accepted and not completed when the run closed (G6).
pub(super) fn update_outlived() -> Shared<Outcome> {
    static OUTCOME: LazyLock<Shared<Outcome>> = LazyLock::new(|| {
        failed(
            "Workflow Update failed because the Workflow completed before the Update completed.",
            "AcceptedUpdateCompletedWorkflow",
        )
    });
    OUTCOME.clone()
}

fn failed(message: &str, error_type: &str) -> Shared<Outcome> {
    let info = ApplicationFailureInfo {
        r#type: error_type.to_owned(),
        non_retryable: true,
        ..ApplicationFailureInfo::default()
    };
    let failure = Failure {
        message: message.to_owned(),
        source: "Server".to_owned(),
        failure_info: Some(FailureInfo::ApplicationFailureInfo(info)),
        ..Failure::default()
    };
    Shared::new(Outcome { value: Some(outcome::Value::Failure(failure)) })
}
