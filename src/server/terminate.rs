//! Termination: at once, without a workflow task (R41–R47).

use super::close::follow_close;
use super::transaction::Transaction;
use super::{messages, workflow_task};
use crate::api::ExecutionStatus;
use crate::history::{Attributes, Name, Payloads};

/// What a termination says.
pub(super) struct Termination {
    pub(super) reason: Name,
    pub(super) details: Option<Payloads>,
    pub(super) identity: Name,
}

/// Who terminates, which decides what happens to the run's children.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TerminatedBy {
    /// Anything but a reset: parent close policies apply (R88).
    Request,
    /// A reset: they do not, and the parent hears nothing (B7, B22).
    Reset,
}

/// Terminates an open run. A started workflow task fails first and what is buffered is flushed
/// (R42); a transient one leaves nothing (R43).
pub(super) fn terminate(tx: &mut Transaction<'_>, termination: Termination, by: TerminatedBy) {
    workflow_task::fail_by_server(tx);
    tx.flush();
    let attributes = Attributes::WorkflowExecutionTerminated {
        reason: termination.reason,
        details: termination.details,
        identity: termination.identity,
    };
    tx.close(ExecutionStatus::Terminated, attributes);
    match by {
        TerminatedBy::Request => follow_close(tx.run, tx.now),
        TerminatedBy::Reset => tx.run.transfers.clear(),
    }
}

/// What a client's termination says if it says nothing (R41).
pub(super) fn by_client(reason: &Name, details: Option<Payloads>, identity: &Name) -> Termination {
    let or = |said: &Name, default: fn() -> Name| {
        if said.is_empty() { default() } else { said.clone() }
    };
    Termination {
        reason: or(reason, messages::terminated_by_user),
        details,
        identity: or(identity, messages::frontend_service),
    }
}
