//! Events of child workflows, as their parent records them.

#![allow(deprecated)] // the server still writes fields that are retired
#![allow(clippy::unnecessary_wraps)] // official fields are optional

use std::sync::Arc;

use super::external::namespace;
use super::failure::{failure, read_failure};
use super::read::Problem;
use super::retry::{read_retry_policy, read_retry_state, retry_policy, retry_state};
use super::values::{
    NAMESPACE_ID, duration, duration_unless_zero, normal_queue, number, read_duration,
    read_execution, read_id, read_normal_queue, read_number, read_workflow_type, share, unshare,
    workflow_type,
};
use crate::history::event::{
    Attributes, ChildClose, ParentClosePolicy, StartChildWorkflowExecutionInitiated,
};
use crate::history::ids::{EventId, RunId};
use crate::history::shared::Shared;
use crate::official::command::StartChildWorkflowExecutionCommandAttributes;
use crate::official::common::WorkflowExecution;
use crate::official::enums::{self, StartChildWorkflowExecutionFailedCause, WorkflowIdReusePolicy};
use crate::official::history::history_event::Attributes as Official;
use crate::official::history::{
    ChildWorkflowExecutionCanceledEventAttributes, ChildWorkflowExecutionCompletedEventAttributes,
    ChildWorkflowExecutionFailedEventAttributes, ChildWorkflowExecutionStartedEventAttributes,
    ChildWorkflowExecutionTerminatedEventAttributes, ChildWorkflowExecutionTimedOutEventAttributes,
    StartChildWorkflowExecutionFailedEventAttributes,
    StartChildWorkflowExecutionInitiatedEventAttributes,
};

type Child = StartChildWorkflowExecutionInitiated;

const POLICIES: [(ParentClosePolicy, enums::ParentClosePolicy); 3] = [
    (ParentClosePolicy::Terminate, enums::ParentClosePolicy::Terminate),
    (ParentClosePolicy::Abandon, enums::ParentClosePolicy::Abandon),
    (ParentClosePolicy::RequestCancel, enums::ParentClosePolicy::RequestCancel),
];

pub(super) fn start_initiated(of: &Child) -> Official {
    let command = &of.command;
    // Written as sent, unlike the other two, which the server fills in.
    let execution_timeout = match command.workflow_execution_timeout {
        Some(_) => duration(of.workflow_execution_timeout),
        None => duration_unless_zero(of.workflow_execution_timeout),
    };
    let reuse_policy = match command.workflow_id_reuse_policy {
        0 => WorkflowIdReusePolicy::AllowDuplicate.into(),
        sent => sent,
    };
    // What is not a valid policy was refused before it could get here.
    let policy = command.retry_policy.as_ref();
    let policy = policy.map(|sent| match read_retry_policy(sent) {
        Ok(complete) => retry_policy(&complete),
        Err(_) => sent.clone(),
    });
    Official::StartChildWorkflowExecutionInitiatedEventAttributes(
        StartChildWorkflowExecutionInitiatedEventAttributes {
            namespace: namespace(&command.namespace),
            namespace_id: NAMESPACE_ID.to_owned(),
            workflow_id: of.workflow_id.to_string(),
            workflow_type: workflow_type(&of.workflow_type),
            task_queue: normal_queue(&of.task_queue),
            input: command.input.clone(),
            workflow_execution_timeout: execution_timeout,
            workflow_run_timeout: duration(of.workflow_run_timeout),
            workflow_task_timeout: duration(of.workflow_task_timeout),
            parent_close_policy: number(&POLICIES, of.parent_close_policy),
            control: command.control.clone(),
            workflow_task_completed_event_id: of.workflow_task_completed_event_id.into(),
            workflow_id_reuse_policy: reuse_policy,
            retry_policy: policy,
            cron_schedule: command.cron_schedule.clone(),
            header: command.header.clone(),
            memo: command.memo.clone(),
            search_attributes: command.search_attributes.clone(),
            inherit_build_id: command.inherit_build_id,
            priority: command.priority.clone(),
            ..StartChildWorkflowExecutionInitiatedEventAttributes::default()
        },
    )
}

pub(super) fn read_initiated(
    of: &StartChildWorkflowExecutionInitiatedEventAttributes,
) -> Result<Child, Problem> {
    Ok(Child {
        command: Shared::new(StartChildWorkflowExecutionCommandAttributes {
            namespace: of.namespace.clone(),
            workflow_id: of.workflow_id.clone(),
            workflow_type: of.workflow_type.clone(),
            task_queue: of.task_queue.clone(),
            input: of.input.clone(),
            workflow_execution_timeout: of.workflow_execution_timeout,
            workflow_run_timeout: of.workflow_run_timeout,
            workflow_task_timeout: of.workflow_task_timeout,
            parent_close_policy: of.parent_close_policy,
            control: of.control.clone(),
            workflow_id_reuse_policy: of.workflow_id_reuse_policy,
            retry_policy: of.retry_policy.clone(),
            cron_schedule: of.cron_schedule.clone(),
            header: of.header.clone(),
            memo: of.memo.clone(),
            search_attributes: of.search_attributes.clone(),
            inherit_build_id: of.inherit_build_id,
            priority: of.priority.clone(),
            versioning_override: of.versioning_override.clone(),
        }),
        workflow_id: of.workflow_id.as_str().into(),
        workflow_type: read_workflow_type(of.workflow_type.as_ref()),
        task_queue: read_normal_queue(of.task_queue.as_ref()),
        workflow_execution_timeout: read_duration(
            "workflowExecutionTimeout",
            of.workflow_execution_timeout.as_ref(),
        )?,
        workflow_run_timeout: read_duration(
            "workflowRunTimeout",
            of.workflow_run_timeout.as_ref(),
        )?,
        workflow_task_timeout: read_duration(
            "workflowTaskTimeout",
            of.workflow_task_timeout.as_ref(),
        )?,
        parent_close_policy: read_number("parentClosePolicy", &POLICIES, of.parent_close_policy)?,
        workflow_task_completed_event_id: read_id(
            "workflowTaskCompletedEventId",
            of.workflow_task_completed_event_id,
        )?,
    })
}

pub(super) fn initiated(child: Arc<Child>) -> Attributes {
    Attributes::StartChildWorkflowExecutionInitiated(child)
}

pub(super) fn start_failed(child: &Child, initiated_event_id: EventId) -> Official {
    Official::StartChildWorkflowExecutionFailedEventAttributes(
        StartChildWorkflowExecutionFailedEventAttributes {
            namespace: namespace(&child.command.namespace),
            namespace_id: NAMESPACE_ID.to_owned(),
            workflow_id: child.workflow_id.to_string(),
            workflow_type: workflow_type(&child.workflow_type),
            cause: StartChildWorkflowExecutionFailedCause::WorkflowAlreadyExists.into(),
            control: child.command.control.clone(),
            initiated_event_id: initiated_event_id.into(),
            ..StartChildWorkflowExecutionFailedEventAttributes::default()
        },
    )
}

pub(super) fn read_start_failed(
    of: &StartChildWorkflowExecutionFailedEventAttributes,
    child: Arc<Child>,
) -> Result<Attributes, Problem> {
    if of.cause != i32::from(StartChildWorkflowExecutionFailedCause::WorkflowAlreadyExists) {
        return Err(Problem::Invalid("cause"));
    }
    Ok(Attributes::StartChildWorkflowExecutionFailed {
        child,
        initiated_event_id: read_id("initiatedEventId", of.initiated_event_id)?,
    })
}

pub(super) fn started(child: &Child, run_id: RunId, initiated_event_id: EventId) -> Official {
    Official::ChildWorkflowExecutionStartedEventAttributes(
        ChildWorkflowExecutionStartedEventAttributes {
            namespace: namespace(&child.command.namespace),
            namespace_id: NAMESPACE_ID.to_owned(),
            initiated_event_id: initiated_event_id.into(),
            workflow_execution: run_of(child, run_id),
            workflow_type: workflow_type(&child.workflow_type),
            header: child.command.header.clone(),
        },
    )
}

pub(super) fn read_started(
    of: &ChildWorkflowExecutionStartedEventAttributes,
    child: Arc<Child>,
) -> Result<Attributes, Problem> {
    Ok(Attributes::ChildWorkflowExecutionStarted {
        child,
        run_id: read_run(of.workflow_execution.as_ref())?,
        initiated_event_id: read_id("initiatedEventId", of.initiated_event_id)?,
    })
}

pub(super) fn closed(
    child: &Child,
    run_id: RunId,
    initiated_event_id: EventId,
    started_event_id: EventId,
    close: &ChildClose,
) -> Official {
    let namespace = namespace(&child.command.namespace);
    let namespace_id = NAMESPACE_ID.to_owned();
    let workflow_execution = run_of(child, run_id);
    let workflow_type = workflow_type(&child.workflow_type);
    let initiated_event_id = initiated_event_id.into();
    let started_event_id = started_event_id.into();
    match close {
        ChildClose::Completed { result } => {
            Official::ChildWorkflowExecutionCompletedEventAttributes(
                ChildWorkflowExecutionCompletedEventAttributes {
                    result: unshare(result.as_ref()),
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                },
            )
        }
        ChildClose::Failed { failure: of, retry_state: state } => {
            Official::ChildWorkflowExecutionFailedEventAttributes(
                ChildWorkflowExecutionFailedEventAttributes {
                    failure: Some(failure(of)),
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                    retry_state: retry_state(*state),
                },
            )
        }
        ChildClose::TimedOut { retry_state: state } => {
            Official::ChildWorkflowExecutionTimedOutEventAttributes(
                ChildWorkflowExecutionTimedOutEventAttributes {
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                    retry_state: retry_state(*state),
                },
            )
        }
        ChildClose::Canceled { details } => {
            Official::ChildWorkflowExecutionCanceledEventAttributes(
                ChildWorkflowExecutionCanceledEventAttributes {
                    details: unshare(details.as_ref()),
                    namespace,
                    namespace_id,
                    workflow_execution,
                    workflow_type,
                    initiated_event_id,
                    started_event_id,
                },
            )
        }
        ChildClose::Terminated => Official::ChildWorkflowExecutionTerminatedEventAttributes(
            ChildWorkflowExecutionTerminatedEventAttributes {
                namespace,
                namespace_id,
                workflow_execution,
                workflow_type,
                initiated_event_id,
                started_event_id,
            },
        ),
    }
}

fn read_closed(
    child: Arc<Child>,
    execution: Option<&WorkflowExecution>,
    initiated_event_id: i64,
    started_event_id: i64,
    close: ChildClose,
) -> Result<Attributes, Problem> {
    Ok(Attributes::ChildWorkflowExecutionClosed {
        child,
        run_id: read_run(execution)?,
        initiated_event_id: read_id("initiatedEventId", initiated_event_id)?,
        started_event_id: read_id("startedEventId", started_event_id)?,
        close,
    })
}

pub(super) fn read_completed(
    of: &ChildWorkflowExecutionCompletedEventAttributes,
    child: Arc<Child>,
) -> Result<Attributes, Problem> {
    let close = ChildClose::Completed { result: share(of.result.as_ref()) };
    let execution = of.workflow_execution.as_ref();
    read_closed(child, execution, of.initiated_event_id, of.started_event_id, close)
}

pub(super) fn read_failed(
    of: &ChildWorkflowExecutionFailedEventAttributes,
    child: Arc<Child>,
) -> Result<Attributes, Problem> {
    let close = ChildClose::Failed {
        failure: of.failure.as_ref().map(read_failure).ok_or(Problem::Missing("failure"))?,
        retry_state: read_retry_state(of.retry_state)?,
    };
    let execution = of.workflow_execution.as_ref();
    read_closed(child, execution, of.initiated_event_id, of.started_event_id, close)
}

pub(super) fn read_timed_out(
    of: &ChildWorkflowExecutionTimedOutEventAttributes,
    child: Arc<Child>,
) -> Result<Attributes, Problem> {
    let close = ChildClose::TimedOut { retry_state: read_retry_state(of.retry_state)? };
    let execution = of.workflow_execution.as_ref();
    read_closed(child, execution, of.initiated_event_id, of.started_event_id, close)
}

pub(super) fn read_canceled(
    of: &ChildWorkflowExecutionCanceledEventAttributes,
    child: Arc<Child>,
) -> Result<Attributes, Problem> {
    let close = ChildClose::Canceled { details: share(of.details.as_ref()) };
    let execution = of.workflow_execution.as_ref();
    read_closed(child, execution, of.initiated_event_id, of.started_event_id, close)
}

pub(super) fn read_terminated(
    of: &ChildWorkflowExecutionTerminatedEventAttributes,
    child: Arc<Child>,
) -> Result<Attributes, Problem> {
    let execution = of.workflow_execution.as_ref();
    let close = ChildClose::Terminated;
    read_closed(child, execution, of.initiated_event_id, of.started_event_id, close)
}

fn run_of(child: &Child, run_id: RunId) -> Option<WorkflowExecution> {
    Some(WorkflowExecution {
        workflow_id: child.workflow_id.to_string(),
        run_id: run_id.to_string(),
    })
}

fn read_run(sent: Option<&WorkflowExecution>) -> Result<RunId, Problem> {
    let sent = sent.ok_or(Problem::Missing("workflowExecution"))?;
    Ok(read_execution("workflowExecution", sent)?.run_id)
}
