//! Events of the execution as a whole: its start, its end, and what is asked of it from outside.

#![allow(deprecated)] // the server still writes fields that are retired

use std::sync::Arc;

use super::failure::{failure, read_failure};
use super::read::Problem;
use super::retry::{read_retry_policy, read_retry_state, retry_policy, retry_state};
use super::values::{
    NAMESPACE, NAMESPACE_ID, count, duration, duration_unless_zero, execution, normal_queue,
    number, optional_id, optional_run_id, read_count, read_duration, read_execution, read_id,
    read_normal_queue, read_number, read_optional_id, read_optional_run_id, read_run_id,
    read_timestamp, read_workflow_type, share, timestamp, unshare, workflow_type,
};
use crate::history::event::{
    Attributes, ExternalOrigin, Initiator, Parent, ResetPoint, WorkflowExecutionContinuedAsNew,
    WorkflowExecutionSignaled, WorkflowExecutionStarted,
};
use crate::history::failure::{Failure, Payloads};
use crate::history::ids::{EventId, RunId};
use crate::official::enums::ContinueAsNewInitiator;
use crate::official::history::history_event::Attributes as Official;
use crate::official::history::{
    WorkflowExecutionCancelRequestedEventAttributes, WorkflowExecutionCanceledEventAttributes,
    WorkflowExecutionCompletedEventAttributes, WorkflowExecutionContinuedAsNewEventAttributes,
    WorkflowExecutionFailedEventAttributes, WorkflowExecutionSignaledEventAttributes,
    WorkflowExecutionStartedEventAttributes, WorkflowExecutionTerminatedEventAttributes,
    WorkflowExecutionTimedOutEventAttributes,
};
use crate::official::workflow::{ResetPointInfo, ResetPoints};

const INITIATORS: [(Initiator, ContinueAsNewInitiator); 3] = [
    (Initiator::Workflow, ContinueAsNewInitiator::Workflow),
    (Initiator::Retry, ContinueAsNewInitiator::Retry),
    (Initiator::CronSchedule, ContinueAsNewInitiator::CronSchedule),
];

pub(super) fn started(of: &WorkflowExecutionStarted) -> Official {
    let continued = of.initiator == Some(Initiator::Workflow);
    // A client that wants no run timeout does not name one, but the server itself does when it
    // makes a child or continues as new (A7).
    let run_timeout = if of.parent.is_some() || continued {
        duration(of.workflow_run_timeout)
    } else {
        duration_unless_zero(of.workflow_run_timeout)
    };
    let backoff = if continued {
        duration_unless_zero(of.first_workflow_task_backoff)
    } else {
        duration(of.first_workflow_task_backoff)
    };
    let parent = of.parent.as_ref();
    let in_namespace = |name: &str| parent.map(|_| name.to_owned()).unwrap_or_default();
    Official::WorkflowExecutionStartedEventAttributes(WorkflowExecutionStartedEventAttributes {
        workflow_type: workflow_type(&of.workflow_type),
        parent_workflow_namespace: in_namespace(NAMESPACE),
        parent_workflow_namespace_id: in_namespace(NAMESPACE_ID),
        parent_workflow_execution: parent.map(|parent| execution(&parent.execution)),
        parent_initiated_event_id: optional_id(parent.map(|parent| parent.initiated_event_id)),
        task_queue: normal_queue(&of.task_queue),
        input: unshare(of.input.as_ref()),
        workflow_execution_timeout: duration_unless_zero(of.workflow_execution_timeout),
        workflow_run_timeout: run_timeout,
        workflow_task_timeout: duration(of.workflow_task_timeout),
        continued_execution_run_id: optional_run_id(of.continued_execution_run_id),
        initiator: of.initiator.map_or(0, |initiator| number(&INITIATORS, initiator)),
        continued_failure: of.continued_failure.as_ref().map(failure),
        last_completion_result: unshare(of.last_completion_result.as_ref()),
        original_execution_run_id: of.original_execution_run_id.to_string(),
        identity: of.identity.to_string(),
        first_execution_run_id: of.first_execution_run_id.to_string(),
        retry_policy: of.retry_policy.as_ref().map(retry_policy),
        attempt: count(of.attempt),
        workflow_execution_expiration_time: of.workflow_execution_expiration_time.map(timestamp),
        cron_schedule: of.cron_schedule.to_string(),
        first_workflow_task_backoff: backoff,
        memo: unshare(of.memo.as_ref()),
        search_attributes: unshare(of.search_attributes.as_ref()),
        // Whoever continues has them, be it none.
        prev_auto_reset_points: of
            .continued_execution_run_id
            .map(|_| reset_points(&of.prev_auto_reset_points)),
        header: unshare(of.header.as_ref()),
        workflow_id: of.workflow_id.to_string(),
        root_workflow_execution: of.root.as_ref().map(execution),
        priority: unshare(of.priority.as_ref()),
        ..WorkflowExecutionStartedEventAttributes::default()
    })
}

pub(super) fn read_started(
    of: &WorkflowExecutionStartedEventAttributes,
) -> Result<Attributes, Problem> {
    let parent = of.parent_workflow_execution.as_ref().map(|parent| {
        Ok(Parent {
            execution: read_execution("parentWorkflowExecution", parent)?,
            initiated_event_id: read_id("parentInitiatedEventId", of.parent_initiated_event_id)?,
        })
    });
    let root = of.root_workflow_execution.as_ref();
    let initiator = match of.initiator {
        0 => None,
        sent => Some(read_number("initiator", &INITIATORS, sent)?),
    };
    let continued = &of.continued_execution_run_id;
    let expiration = of.workflow_execution_expiration_time.as_ref();
    let points = of.prev_auto_reset_points.iter().flat_map(|points| &points.points);
    Ok(Attributes::WorkflowExecutionStarted(Arc::new(WorkflowExecutionStarted {
        workflow_id: of.workflow_id.as_str().into(),
        workflow_type: read_workflow_type(of.workflow_type.as_ref()),
        task_queue: read_normal_queue(of.task_queue.as_ref()),
        input: share(of.input.as_ref()),
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
        parent: parent.transpose()?,
        root: root.map(|root| read_execution("rootWorkflowExecution", root)).transpose()?,
        continued_execution_run_id: read_optional_run_id("continuedExecutionRunId", continued)?,
        initiator,
        continued_failure: of.continued_failure.as_ref().map(read_failure),
        last_completion_result: share(of.last_completion_result.as_ref()),
        original_execution_run_id: read_run_id(
            "originalExecutionRunId",
            &of.original_execution_run_id,
        )?,
        first_execution_run_id: read_run_id("firstExecutionRunId", &of.first_execution_run_id)?,
        identity: of.identity.as_str().into(),
        retry_policy: of.retry_policy.as_ref().map(read_retry_policy).transpose()?,
        attempt: read_count("attempt", of.attempt)?,
        workflow_execution_expiration_time: expiration
            .map(|time| read_timestamp("workflowExecutionExpirationTime", time))
            .transpose()?,
        cron_schedule: of.cron_schedule.as_str().into(),
        first_workflow_task_backoff: read_duration(
            "firstWorkflowTaskBackoff",
            of.first_workflow_task_backoff.as_ref(),
        )?,
        memo: share(of.memo.as_ref()),
        search_attributes: share(of.search_attributes.as_ref()),
        header: share(of.header.as_ref()),
        prev_auto_reset_points: points.map(read_reset_point).collect::<Result<_, _>>()?,
        priority: share(of.priority.as_ref()),
    })))
}

/// Reset points as official messages have them.
pub fn reset_points(points: &[ResetPoint]) -> ResetPoints {
    let points = points
        .iter()
        .map(|point| ResetPointInfo {
            build_id: point.build_id.to_string(),
            binary_checksum: point.binary_checksum.to_string(),
            run_id: point.run_id.to_string(),
            first_workflow_task_completed_id: point.first_workflow_task_completed_id.into(),
            create_time: Some(timestamp(point.create_time)),
            expire_time: point.expire_time.map(timestamp),
            resettable: point.resettable,
        })
        .collect();
    ResetPoints { points }
}

fn read_reset_point(of: &ResetPointInfo) -> Result<ResetPoint, Problem> {
    let time = |field, sent: Option<&_>| sent.map(|sent| read_timestamp(field, sent)).transpose();
    Ok(ResetPoint {
        run_id: read_run_id("runId", &of.run_id)?,
        binary_checksum: of.binary_checksum.as_str().into(),
        build_id: of.build_id.as_str().into(),
        first_workflow_task_completed_id: read_id(
            "firstWorkflowTaskCompletedId",
            of.first_workflow_task_completed_id,
        )?,
        create_time: time("createTime", of.create_time.as_ref())?
            .ok_or(Problem::Missing("createTime"))?,
        expire_time: time("expireTime", of.expire_time.as_ref())?,
        resettable: of.resettable,
    })
}

pub(super) fn completed(
    result: Option<&Payloads>,
    workflow_task_completed_event_id: EventId,
    new_execution_run_id: Option<RunId>,
) -> Official {
    Official::WorkflowExecutionCompletedEventAttributes(WorkflowExecutionCompletedEventAttributes {
        result: unshare(result),
        workflow_task_completed_event_id: workflow_task_completed_event_id.into(),
        new_execution_run_id: optional_run_id(new_execution_run_id),
    })
}

pub(super) fn read_completed(
    of: &WorkflowExecutionCompletedEventAttributes,
) -> Result<Attributes, Problem> {
    Ok(Attributes::WorkflowExecutionCompleted {
        result: share(of.result.as_ref()),
        workflow_task_completed_event_id: read_task(of.workflow_task_completed_event_id)?,
        new_execution_run_id: read_new_run(&of.new_execution_run_id)?,
    })
}

pub(super) fn failed(
    of: &Failure,
    state: crate::history::event::RetryState,
    workflow_task_completed_event_id: EventId,
    new_execution_run_id: Option<RunId>,
) -> Official {
    Official::WorkflowExecutionFailedEventAttributes(WorkflowExecutionFailedEventAttributes {
        failure: Some(failure(of)),
        retry_state: retry_state(state),
        workflow_task_completed_event_id: workflow_task_completed_event_id.into(),
        new_execution_run_id: optional_run_id(new_execution_run_id),
    })
}

pub(super) fn read_failed(
    of: &WorkflowExecutionFailedEventAttributes,
) -> Result<Attributes, Problem> {
    Ok(Attributes::WorkflowExecutionFailed {
        failure: of.failure.as_ref().map(read_failure).ok_or(Problem::Missing("failure"))?,
        retry_state: read_retry_state(of.retry_state)?,
        workflow_task_completed_event_id: read_task(of.workflow_task_completed_event_id)?,
        new_execution_run_id: read_new_run(&of.new_execution_run_id)?,
    })
}

pub(super) fn timed_out(
    state: crate::history::event::RetryState,
    new_execution_run_id: Option<RunId>,
) -> Official {
    Official::WorkflowExecutionTimedOutEventAttributes(WorkflowExecutionTimedOutEventAttributes {
        retry_state: retry_state(state),
        new_execution_run_id: optional_run_id(new_execution_run_id),
    })
}

pub(super) fn read_timed_out(
    of: &WorkflowExecutionTimedOutEventAttributes,
) -> Result<Attributes, Problem> {
    Ok(Attributes::WorkflowExecutionTimedOut {
        retry_state: read_retry_state(of.retry_state)?,
        new_execution_run_id: read_new_run(&of.new_execution_run_id)?,
    })
}

pub(super) fn canceled(
    details: Option<&Payloads>,
    workflow_task_completed_event_id: EventId,
) -> Official {
    Official::WorkflowExecutionCanceledEventAttributes(WorkflowExecutionCanceledEventAttributes {
        workflow_task_completed_event_id: workflow_task_completed_event_id.into(),
        details: unshare(details),
    })
}

pub(super) fn read_canceled(
    of: &WorkflowExecutionCanceledEventAttributes,
) -> Result<Attributes, Problem> {
    Ok(Attributes::WorkflowExecutionCanceled {
        details: share(of.details.as_ref()),
        workflow_task_completed_event_id: read_task(of.workflow_task_completed_event_id)?,
    })
}

pub(super) fn terminated(reason: &str, details: Option<&Payloads>, identity: &str) -> Official {
    Official::WorkflowExecutionTerminatedEventAttributes(
        WorkflowExecutionTerminatedEventAttributes {
            reason: reason.to_owned(),
            details: unshare(details),
            identity: identity.to_owned(),
        },
    )
}

pub(super) fn read_terminated(of: &WorkflowExecutionTerminatedEventAttributes) -> Attributes {
    Attributes::WorkflowExecutionTerminated {
        reason: of.reason.as_str().into(),
        details: share(of.details.as_ref()),
        identity: of.identity.as_str().into(),
    }
}

pub(super) fn continued_as_new(of: &WorkflowExecutionContinuedAsNew) -> Official {
    let initiator = of.initiator.map_or(0, |initiator| number(&INITIATORS, initiator));
    Official::WorkflowExecutionContinuedAsNewEventAttributes(
        WorkflowExecutionContinuedAsNewEventAttributes {
            new_execution_run_id: of.new_execution_run_id.to_string(),
            workflow_type: workflow_type(&of.workflow_type),
            task_queue: normal_queue(&of.task_queue),
            input: unshare(of.input.as_ref()),
            workflow_run_timeout: duration(of.workflow_run_timeout),
            workflow_task_timeout: duration(of.workflow_task_timeout),
            workflow_task_completed_event_id: of.workflow_task_completed_event_id.into(),
            backoff_start_interval: duration_unless_zero(of.backoff_start_interval),
            initiator,
            failure: of.failure.as_ref().map(failure),
            last_completion_result: unshare(of.last_completion_result.as_ref()),
            header: unshare(of.header.as_ref()),
            memo: unshare(of.memo.as_ref()),
            search_attributes: unshare(of.search_attributes.as_ref()),
            ..WorkflowExecutionContinuedAsNewEventAttributes::default()
        },
    )
}

pub(super) fn read_continued_as_new(
    of: &WorkflowExecutionContinuedAsNewEventAttributes,
) -> Result<Attributes, Problem> {
    let initiator = match of.initiator {
        0 => None,
        sent => Some(read_number("initiator", &INITIATORS, sent)?),
    };
    Ok(Attributes::WorkflowExecutionContinuedAsNew(Arc::new(WorkflowExecutionContinuedAsNew {
        new_execution_run_id: read_run_id("newExecutionRunId", &of.new_execution_run_id)?,
        workflow_type: read_workflow_type(of.workflow_type.as_ref()),
        task_queue: read_normal_queue(of.task_queue.as_ref()),
        input: share(of.input.as_ref()),
        workflow_run_timeout: read_duration(
            "workflowRunTimeout",
            of.workflow_run_timeout.as_ref(),
        )?,
        workflow_task_timeout: read_duration(
            "workflowTaskTimeout",
            of.workflow_task_timeout.as_ref(),
        )?,
        workflow_task_completed_event_id: read_task(of.workflow_task_completed_event_id)?,
        backoff_start_interval: read_duration(
            "backoffStartInterval",
            of.backoff_start_interval.as_ref(),
        )?,
        initiator,
        failure: of.failure.as_ref().map(read_failure),
        last_completion_result: share(of.last_completion_result.as_ref()),
        header: share(of.header.as_ref()),
        memo: share(of.memo.as_ref()),
        search_attributes: share(of.search_attributes.as_ref()),
    })))
}

pub(super) fn cancel_requested(
    cause: &str,
    identity: &str,
    external: Option<&ExternalOrigin>,
) -> Official {
    Official::WorkflowExecutionCancelRequestedEventAttributes(
        WorkflowExecutionCancelRequestedEventAttributes {
            cause: cause.to_owned(),
            external_initiated_event_id: optional_id(
                external.and_then(|origin| origin.initiated_event_id),
            ),
            external_workflow_execution: external.map(|origin| execution(&origin.execution)),
            identity: identity.to_owned(),
        },
    )
}

pub(super) fn read_cancel_requested(
    of: &WorkflowExecutionCancelRequestedEventAttributes,
) -> Result<Attributes, Problem> {
    let external = of.external_workflow_execution.as_ref().map(|sent| {
        Ok(Arc::new(ExternalOrigin {
            execution: read_execution("externalWorkflowExecution", sent)?,
            initiated_event_id: read_optional_id(
                "externalInitiatedEventId",
                of.external_initiated_event_id,
            )?,
        }))
    });
    Ok(Attributes::WorkflowExecutionCancelRequested {
        cause: of.cause.as_str().into(),
        identity: of.identity.as_str().into(),
        external: external.transpose()?,
    })
}

pub(super) fn signaled(of: &WorkflowExecutionSignaled) -> Official {
    Official::WorkflowExecutionSignaledEventAttributes(WorkflowExecutionSignaledEventAttributes {
        signal_name: of.signal_name.to_string(),
        input: unshare(of.input.as_ref()),
        identity: of.identity.to_string(),
        header: unshare(of.header.as_ref()),
        external_workflow_execution: of.external.as_ref().map(execution),
        request_id: of.request_id.to_string(),
        ..WorkflowExecutionSignaledEventAttributes::default()
    })
}

pub(super) fn read_signaled(
    of: &WorkflowExecutionSignaledEventAttributes,
) -> Result<Attributes, Problem> {
    let external = of.external_workflow_execution.as_ref();
    Ok(Attributes::WorkflowExecutionSignaled(Arc::new(WorkflowExecutionSignaled {
        signal_name: of.signal_name.as_str().into(),
        input: share(of.input.as_ref()),
        identity: of.identity.as_str().into(),
        header: share(of.header.as_ref()),
        request_id: of.request_id.as_str().into(),
        external: external
            .map(|sent| read_execution("externalWorkflowExecution", sent))
            .transpose()?,
    })))
}

fn read_task(sent: i64) -> Result<EventId, Problem> {
    read_id("workflowTaskCompletedEventId", sent)
}

fn read_new_run(sent: &str) -> Result<Option<RunId>, Problem> {
    read_optional_run_id("newExecutionRunId", sent)
}
