//! Events of what a workflow asks of other executions: cancels and signals.

#![allow(deprecated)] // the server still writes fields that are retired
#![allow(clippy::unnecessary_wraps)] // official fields are optional

use super::read::Problem;
use super::values::{NAMESPACE, NAMESPACE_ID, number, read_id, read_number};
use crate::history::event::{Attributes, ExternalFailedCause};
use crate::history::ids::EventId;
use crate::history::shared::Shared;
use crate::official::command::{
    RequestCancelExternalWorkflowExecutionCommandAttributes as Cancel,
    SignalExternalWorkflowExecutionCommandAttributes as Signal,
};
use crate::official::common::WorkflowExecution;
use crate::official::enums::{
    CancelExternalWorkflowExecutionFailedCause, SignalExternalWorkflowExecutionFailedCause,
};
use crate::official::history::history_event::Attributes as Official;
use crate::official::history::{
    ExternalWorkflowExecutionCancelRequestedEventAttributes,
    ExternalWorkflowExecutionSignaledEventAttributes,
    RequestCancelExternalWorkflowExecutionFailedEventAttributes,
    RequestCancelExternalWorkflowExecutionInitiatedEventAttributes,
    SignalExternalWorkflowExecutionFailedEventAttributes,
    SignalExternalWorkflowExecutionInitiatedEventAttributes,
};

const CANCEL_CAUSES: [(ExternalFailedCause, CancelExternalWorkflowExecutionFailedCause); 2] = {
    use CancelExternalWorkflowExecutionFailedCause as Official;
    [
        (
            ExternalFailedCause::ExternalWorkflowExecutionNotFound,
            Official::ExternalWorkflowExecutionNotFound,
        ),
        (ExternalFailedCause::NamespaceNotFound, Official::NamespaceNotFound),
    ]
};

const SIGNAL_CAUSES: [(ExternalFailedCause, SignalExternalWorkflowExecutionFailedCause); 3] = {
    use SignalExternalWorkflowExecutionFailedCause as Official;
    [
        (
            ExternalFailedCause::ExternalWorkflowExecutionNotFound,
            Official::ExternalWorkflowExecutionNotFound,
        ),
        (ExternalFailedCause::NamespaceNotFound, Official::NamespaceNotFound),
        (ExternalFailedCause::SignalCountLimitExceeded, Official::SignalCountLimitExceeded),
    ]
};

/// The namespace that a command means; none named is the workflow's own.
pub(super) fn namespace(named: &str) -> String {
    if named.is_empty() { NAMESPACE.to_owned() } else { named.to_owned() }
}

/// The target of a cancel, as given: the run id only if the workflow named one (R81).
fn target(command: &Cancel) -> Option<WorkflowExecution> {
    Some(WorkflowExecution {
        workflow_id: command.workflow_id.clone(),
        run_id: command.run_id.clone(),
    })
}

pub(super) fn cancel_initiated(
    command: &Cancel,
    workflow_task_completed_event_id: EventId,
) -> Official {
    Official::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(
        RequestCancelExternalWorkflowExecutionInitiatedEventAttributes {
            workflow_task_completed_event_id: workflow_task_completed_event_id.into(),
            // As given, unlike in what comes of it.
            namespace: command.namespace.clone(),
            namespace_id: NAMESPACE_ID.to_owned(),
            workflow_execution: target(command),
            control: command.control.clone(),
            child_workflow_only: command.child_workflow_only,
            reason: command.reason.clone(),
        },
    )
}

pub(super) fn read_cancel(
    of: &RequestCancelExternalWorkflowExecutionInitiatedEventAttributes,
) -> Shared<Cancel> {
    let target = of.workflow_execution.clone().unwrap_or_default();
    Shared::new(Cancel {
        namespace: of.namespace.clone(),
        workflow_id: target.workflow_id,
        run_id: target.run_id,
        control: of.control.clone(),
        child_workflow_only: of.child_workflow_only,
        reason: of.reason.clone(),
    })
}

pub(super) fn read_cancel_initiated(
    of: &RequestCancelExternalWorkflowExecutionInitiatedEventAttributes,
    command: Shared<Cancel>,
) -> Result<Attributes, Problem> {
    Ok(Attributes::RequestCancelExternalWorkflowExecutionInitiated {
        command,
        workflow_task_completed_event_id: read_task(of.workflow_task_completed_event_id)?,
    })
}

pub(super) fn cancel_failed(
    command: &Cancel,
    cause: ExternalFailedCause,
    initiated_event_id: EventId,
) -> Official {
    Official::RequestCancelExternalWorkflowExecutionFailedEventAttributes(
        RequestCancelExternalWorkflowExecutionFailedEventAttributes {
            cause: number(&CANCEL_CAUSES, cause),
            namespace: namespace(&command.namespace),
            namespace_id: NAMESPACE_ID.to_owned(),
            workflow_execution: target(command),
            initiated_event_id: initiated_event_id.into(),
            ..RequestCancelExternalWorkflowExecutionFailedEventAttributes::default()
        },
    )
}

pub(super) fn read_cancel_failed(
    of: &RequestCancelExternalWorkflowExecutionFailedEventAttributes,
    command: Shared<Cancel>,
) -> Result<Attributes, Problem> {
    Ok(Attributes::RequestCancelExternalWorkflowExecutionFailed {
        command,
        cause: read_number("cause", &CANCEL_CAUSES, of.cause)?,
        initiated_event_id: read_initiated(of.initiated_event_id)?,
    })
}

pub(super) fn cancel_requested(command: &Cancel, initiated_event_id: EventId) -> Official {
    Official::ExternalWorkflowExecutionCancelRequestedEventAttributes(
        ExternalWorkflowExecutionCancelRequestedEventAttributes {
            initiated_event_id: initiated_event_id.into(),
            namespace: namespace(&command.namespace),
            namespace_id: NAMESPACE_ID.to_owned(),
            workflow_execution: target(command),
        },
    )
}

pub(super) fn read_cancel_requested(
    of: &ExternalWorkflowExecutionCancelRequestedEventAttributes,
    command: Shared<Cancel>,
) -> Result<Attributes, Problem> {
    Ok(Attributes::ExternalWorkflowExecutionCancelRequested {
        command,
        initiated_event_id: read_initiated(of.initiated_event_id)?,
    })
}

pub(super) fn signal_initiated(
    command: &Signal,
    workflow_task_completed_event_id: EventId,
) -> Official {
    Official::SignalExternalWorkflowExecutionInitiatedEventAttributes(
        SignalExternalWorkflowExecutionInitiatedEventAttributes {
            workflow_task_completed_event_id: workflow_task_completed_event_id.into(),
            // As given, unlike in what comes of it.
            namespace: command.namespace.clone(),
            namespace_id: NAMESPACE_ID.to_owned(),
            workflow_execution: command.execution.clone(),
            signal_name: command.signal_name.clone(),
            input: command.input.clone(),
            control: command.control.clone(),
            child_workflow_only: command.child_workflow_only,
            header: command.header.clone(),
        },
    )
}

pub(super) fn read_signal(
    of: &SignalExternalWorkflowExecutionInitiatedEventAttributes,
) -> Shared<Signal> {
    Shared::new(Signal {
        namespace: of.namespace.clone(),
        execution: of.workflow_execution.clone(),
        signal_name: of.signal_name.clone(),
        input: of.input.clone(),
        control: of.control.clone(),
        child_workflow_only: of.child_workflow_only,
        header: of.header.clone(),
    })
}

pub(super) fn read_signal_initiated(
    of: &SignalExternalWorkflowExecutionInitiatedEventAttributes,
    command: Shared<Signal>,
) -> Result<Attributes, Problem> {
    Ok(Attributes::SignalExternalWorkflowExecutionInitiated {
        command,
        workflow_task_completed_event_id: read_task(of.workflow_task_completed_event_id)?,
    })
}

pub(super) fn signal_failed(
    command: &Signal,
    cause: ExternalFailedCause,
    initiated_event_id: EventId,
) -> Official {
    Official::SignalExternalWorkflowExecutionFailedEventAttributes(
        SignalExternalWorkflowExecutionFailedEventAttributes {
            cause: number(&SIGNAL_CAUSES, cause),
            namespace: namespace(&command.namespace),
            namespace_id: NAMESPACE_ID.to_owned(),
            workflow_execution: command.execution.clone(),
            initiated_event_id: initiated_event_id.into(),
            control: command.control.clone(),
            ..SignalExternalWorkflowExecutionFailedEventAttributes::default()
        },
    )
}

pub(super) fn read_signal_failed(
    of: &SignalExternalWorkflowExecutionFailedEventAttributes,
    command: Shared<Signal>,
) -> Result<Attributes, Problem> {
    Ok(Attributes::SignalExternalWorkflowExecutionFailed {
        command,
        cause: read_number("cause", &SIGNAL_CAUSES, of.cause)?,
        initiated_event_id: read_initiated(of.initiated_event_id)?,
    })
}

pub(super) fn signaled(command: &Signal, initiated_event_id: EventId) -> Official {
    Official::ExternalWorkflowExecutionSignaledEventAttributes(
        ExternalWorkflowExecutionSignaledEventAttributes {
            initiated_event_id: initiated_event_id.into(),
            namespace: namespace(&command.namespace),
            namespace_id: NAMESPACE_ID.to_owned(),
            workflow_execution: command.execution.clone(),
            control: command.control.clone(),
        },
    )
}

pub(super) fn read_signaled(
    of: &ExternalWorkflowExecutionSignaledEventAttributes,
    command: Shared<Signal>,
) -> Result<Attributes, Problem> {
    Ok(Attributes::ExternalWorkflowExecutionSignaled {
        command,
        initiated_event_id: read_initiated(of.initiated_event_id)?,
    })
}

fn read_initiated(sent: i64) -> Result<EventId, Problem> {
    read_id("initiatedEventId", sent)
}

fn read_task(sent: i64) -> Result<EventId, Problem> {
    read_id("workflowTaskCompletedEventId", sent)
}
