//! Cancelling and signalling other executions (R81–R86, F12).

use super::commands::{BadCommand, too_long_name};
use super::key::Transfer;
use super::size;
use super::transaction::Transaction;
use crate::api::limits::too_long;
use crate::history::event::ExternalFailedCause;
use crate::history::{Attributes, EventId, RunId, Shared};
use crate::official::command::{
    RequestCancelExternalWorkflowExecutionCommandAttributes as CancelCommand,
    SignalExternalWorkflowExecutionCommandAttributes as SignalCommand,
};
use crate::official::enums::WorkflowTaskFailedCause;

/// A cancel on its way to another execution.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct ExternalCancel {
    pub(super) initiated_event_id: EventId,
    pub(super) command: Shared<CancelCommand>,
}

/// A signal on its way to another execution.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct ExternalSignal {
    pub(super) initiated_event_id: EventId,
    pub(super) command: Shared<SignalCommand>,
}

/// The `RequestCancelExternalWorkflowExecution` command (R81, R84).
#[allow(deprecated)] // the namespace is deprecated and still what messages show
pub(super) fn request_cancel(
    tx: &mut Transaction<'_>,
    completed: EventId,
    command: &Shared<CancelCommand>,
) -> Result<(), BadCommand> {
    let (workflow_id, run_id) = (&command.workflow_id, &command.run_id);
    let namespace = &command.namespace;
    let who = || format!("WorkflowId={workflow_id} RunId={run_id} Namespace={namespace}");
    let bad = |what: String| {
        let cause = WorkflowTaskFailedCause::BadRequestCancelExternalWorkflowExecutionAttributes;
        Err(BadCommand::new(cause, what))
    };
    if workflow_id.is_empty() {
        return bad(format!(
            "WorkflowId is not set on RequestCancelExternalWorkflowExecutionCommand. \
             Namespace={namespace} RunId={run_id}"
        ));
    }
    if too_long(workflow_id) {
        return bad(format!(
            "WorkflowId on RequestCancelExternalWorkflowExecutionCommand exceeds length limit. {} \
             RunId={run_id} Namespace={namespace}",
            too_long_name("WorkflowId", workflow_id)
        ));
    }
    if !run_id.is_empty() && run_id.parse::<RunId>().is_err() {
        return bad(format!(
            "Invalid RunId set on RequestCancelExternalWorkflowExecutionCommand. {}",
            who()
        ));
    }
    let started_here = tx.run.children.iter().any(|child| {
        child.initiated.workflow_task_completed_event_id == completed
            && child.initiated.workflow_id.as_str() == workflow_id
    });
    if started_here {
        return bad(format!(
            "Start and RequestCancel for child workflow is not allowed in same workflow task. {}",
            who()
        ));
    }
    let id = tx.add(Attributes::RequestCancelExternalWorkflowExecutionInitiated {
        command: command.clone(),
        workflow_task_completed_event_id: completed,
    });
    let cancel = ExternalCancel { initiated_event_id: id, command: command.clone() };
    tx.run.external_cancels.push(cancel);
    tx.follow_up(Transfer::CancelExternal(id));
    Ok(())
}

/// The `SignalExternalWorkflowExecution` command.
#[allow(deprecated)] // as above
pub(super) fn signal(
    tx: &mut Transaction<'_>,
    completed: EventId,
    command: &Shared<SignalCommand>,
) -> Result<(), BadCommand> {
    let bad = |what: String| {
        let cause = WorkflowTaskFailedCause::BadSignalWorkflowExecutionAttributes;
        Err(BadCommand::new(cause, what))
    };
    let Some(execution) = &command.execution else {
        return bad("Execution is not set on SignalExternalWorkflowExecutionCommand.".to_owned());
    };
    let (workflow_id, run_id) = (&execution.workflow_id, &execution.run_id);
    let (namespace, signal) = (&command.namespace, &command.signal_name);
    if workflow_id.is_empty() {
        return bad(format!(
            "WorkflowId is not set on SignalExternalWorkflowExecutionCommand. \
             Namespace={namespace} RunId={run_id} SignalName={signal}"
        ));
    }
    if too_long(workflow_id) {
        return bad(format!(
            "WorkflowId on SignalExternalWorkflowExecutionCommand exceeds length limit. {} \
             Namespace={namespace} RunId={run_id} SignalName={signal}",
            too_long_name("WorkflowId", workflow_id)
        ));
    }
    if !run_id.is_empty() && run_id.parse::<RunId>().is_err() {
        return bad(format!(
            "Invalid RunId set on SignalExternalWorkflowExecutionCommand. \
             WorkflowId={workflow_id} Namespace={namespace} RunId={run_id} SignalName={signal}"
        ));
    }
    if signal.is_empty() {
        return bad(format!(
            "SignalName is not set on SignalExternalWorkflowExecutionCommand. \
             WorkflowId={workflow_id} Namespace={namespace} RunId={run_id}"
        ));
    }
    size::check_command(
        command.input.as_ref(),
        WorkflowTaskFailedCause::BadSignalWorkflowExecutionAttributes,
        "SignalExternalWorkflowExecutionCommandAttributes.Input",
    )?;
    let id = tx.add(Attributes::SignalExternalWorkflowExecutionInitiated {
        command: command.clone(),
        workflow_task_completed_event_id: completed,
    });
    let signal = ExternalSignal { initiated_event_id: id, command: command.clone() };
    tx.run.external_signals.push(signal);
    tx.follow_up(Transfer::SignalExternal(id));
    Ok(())
}

/// What became of a request to another execution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Passed {
    /// The target has it.
    On,
    /// There is no such target (R83).
    NotFound,
}

/// The requester records what became of its cancel (R81–R83).
pub(super) fn record_cancel(tx: &mut Transaction<'_>, initiated: EventId, passed: Passed) {
    let pending = &mut tx.run.external_cancels;
    let Some(at) = pending.iter().position(|cancel| cancel.initiated_event_id == initiated) else {
        return;
    };
    let command = pending.remove(at).command;
    tx.buffer(match passed {
        Passed::On => Attributes::ExternalWorkflowExecutionCancelRequested {
            command,
            initiated_event_id: initiated,
        },
        Passed::NotFound => Attributes::RequestCancelExternalWorkflowExecutionFailed {
            command,
            cause: ExternalFailedCause::ExternalWorkflowExecutionNotFound,
            initiated_event_id: initiated,
        },
    });
    tx.schedule_workflow_task();
}

/// The requester records what became of its signal (F12).
pub(super) fn record_signal(tx: &mut Transaction<'_>, initiated: EventId, passed: Passed) {
    let pending = &mut tx.run.external_signals;
    let Some(at) = pending.iter().position(|signal| signal.initiated_event_id == initiated) else {
        return;
    };
    let command = pending.remove(at).command;
    tx.buffer(match passed {
        Passed::On => {
            Attributes::ExternalWorkflowExecutionSignaled { command, initiated_event_id: initiated }
        }
        Passed::NotFound => Attributes::SignalExternalWorkflowExecutionFailed {
            command,
            cause: ExternalFailedCause::ExternalWorkflowExecutionNotFound,
            initiated_event_id: initiated,
        },
    });
    tx.schedule_workflow_task();
}
