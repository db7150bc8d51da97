//! Termination: at once, without a workflow task (R41–R47).

use super::close::follow_close;
use super::key::Transfer;
use super::mutation::Mutation;
use super::query::{self, ClosedBy};
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
    query::run_closed_from_outside(tx.run, ClosedBy::Request);
    if !tx.run.mutant(Mutation::TerminatesStartedTask) {
        workflow_task::fail_by_server(tx);
    }
    tx.flush();
    let attributes = Attributes::WorkflowExecutionTerminated {
        reason: termination.reason,
        details: termination.details,
        identity: termination.identity,
    };
    tx.close(ExecutionStatus::Terminated, attributes);
    if tx.run.mutant(Mutation::SchedulesTaskAfterTerminate) {
        tx.run.workflow_task_attempt = 1;
        tx.schedule_transient_workflow_task();
    }
    match by {
        TerminatedBy::Request => follow_close(tx.run, tx.now),
        // A child whose start is recorded still gets its first task.
        TerminatedBy::Reset => tx
            .run
            .transfers
            .retain(|(_, transfer)| matches!(transfer, Transfer::ScheduleChildsFirstTask(_))),
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

#[cfg(test)]
mod tests {
    use super::super::story::{Story, schedule};
    use crate::api::Code;

    #[test]
    fn no_workflow_task_is_scheduled_and_a_second_termination_is_refused() {
        // R41, R44.
        let mut story = Story::after(vec![]);
        story.terminate("w").unwrap();
        assert_eq!(story.types()[4..], ["WorkflowExecutionTerminated"]);
        assert_eq!(story.terminate("w").unwrap_err().code, Code::NotFound);
        story.cancel("w").expect("a cancel of a closed run is accepted (R27)");
        assert_eq!(story.types().len(), 5);
    }

    #[test]
    fn a_started_task_fails_first_and_what_is_buffered_is_written() {
        // R42, R46.
        let mut story = Story::after(vec![schedule("a", |_| {})]);
        let activity = story.poll_activity().unwrap();
        story.signal("s").unwrap();
        let task = story.poll();
        story.signal("buffered").unwrap();
        story.terminate("w").unwrap();
        let tail =
            ["WorkflowTaskFailed", "WorkflowExecutionSignaled", "WorkflowExecutionTerminated"];
        assert_eq!(story.types()[8..], tail);
        let late = story.complete(&task, vec![]).unwrap_err();
        assert_eq!(late.message, "Workflow task not found.");
        let late = story.heartbeat(&activity, None).unwrap_err();
        assert_eq!(late.message, "workflow execution already completed");
    }

    #[test]
    fn a_transient_task_leaves_nothing_behind() {
        // R43.
        let mut story = Story::started();
        let task = story.poll();
        story.fail(&task).unwrap();
        story.poll();
        story.terminate("w").unwrap();
        assert_eq!(story.types()[3..], ["WorkflowTaskFailed", "WorkflowExecutionTerminated"]);
    }
}
