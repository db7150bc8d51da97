//! Tasks as workers get them.

use super::official_status;
use super::parts::{duration, execution, task_queue, timestamp};
use super::update;
use crate::api::{ActivityTask, HistoryView, QueryOutcome, QueryTask, WorkflowTask};
use crate::history::{Attributes, EventId, History, Name, official};
use crate::official::{common, history, query, taskqueue, workflowservice as service};

/// A started workflow task.
pub(super) fn workflow_task(task: &WorkflowTask) -> service::PollWorkflowTaskQueueResponse {
    let before = EventId(task.first_event_id.0.saturating_sub(1));
    let recorded = official::events_after(&task.history, before);
    let transient =
        task.transient.iter().map(|event| official::transient_event(&task.history, event));
    service::PollWorkflowTaskQueueResponse {
        task_token: task.token.to_bytes(),
        workflow_execution: Some(execution(&task.token.execution)),
        workflow_type: Some(common::WorkflowType { name: task.workflow_type.to_string() }),
        previous_started_event_id: task.previous_started_event_id.map_or(0, i64::from),
        started_event_id: task.started_event_id.into(),
        attempt: task.attempt.try_into().unwrap_or(i32::MAX),
        history: Some(history::History { events: recorded.chain(transient).collect() }),
        messages: task.messages.iter().map(update::message).collect(),
        workflow_execution_task_queue: queue_of(&task.history),
        scheduled_time: Some(timestamp(task.scheduled_time)),
        started_time: Some(timestamp(task.token.started_time)),
        queries: task
            .queries
            .iter()
            .map(|(id, query)| (id.to_string(), (**query).clone()))
            .collect(),
        ..Default::default()
    }
}

/// A query that comes by itself.
pub(super) fn query_task(task: &QueryTask) -> service::PollWorkflowTaskQueueResponse {
    let events = task.history.as_ref().map(|HistoryView { history, transient, .. }| {
        let transient = transient.iter().map(|event| official::transient_event(history, event));
        official::events_after(history, EventId::default()).chain(transient).collect::<Vec<_>>()
    });
    service::PollWorkflowTaskQueueResponse {
        task_token: task.token.to_bytes(),
        workflow_execution: Some(execution(&task.execution)),
        workflow_type: Some(common::WorkflowType { name: task.workflow_type.to_string() }),
        previous_started_event_id: task.previous_started_event_id.map_or(0, i64::from),
        attempt: 1,
        history: Some(history::History { events: events.unwrap_or_default() }),
        query: Some((*task.query).clone()),
        workflow_execution_task_queue: Some(task_queue(&task.task_queue)),
        ..Default::default()
    }
}

/// What came of a query.
pub(super) fn query_outcome(outcome: QueryOutcome) -> service::QueryWorkflowResponse {
    match outcome {
        QueryOutcome::Answered(result) => service::QueryWorkflowResponse {
            query_result: result.as_deref().cloned(),
            ..Default::default()
        },
        QueryOutcome::Rejected(status) => service::QueryWorkflowResponse {
            query_rejected: Some(query::QueryRejected { status: official_status(status).into() }),
            ..Default::default()
        },
    }
}

/// The task queue that a run was started with: workers make their next polls on it.
fn queue_of(history: &History) -> Option<taskqueue::TaskQueue> {
    match &history.get(EventId::FIRST)?.attributes {
        Attributes::WorkflowExecutionStarted(started) => Some(task_queue(&started.task_queue)),
        _ => None,
    }
}

/// A started attempt of an activity.
pub(super) fn activity_task(
    namespace: &Name,
    task: &ActivityTask,
) -> service::PollActivityTaskQueueResponse {
    let scheduled = &task.scheduled;
    let command = &scheduled.command;
    service::PollActivityTaskQueueResponse {
        task_token: task.token.to_bytes(),
        workflow_namespace: namespace.to_string(),
        workflow_type: Some(common::WorkflowType { name: task.workflow_type.to_string() }),
        workflow_execution: Some(execution(&task.token.execution)),
        activity_type: command.activity_type.clone(),
        activity_id: command.activity_id.clone(),
        header: command.header.clone(),
        input: command.input.clone(),
        heartbeat_details: task.heartbeat_details.as_deref().cloned(),
        scheduled_time: Some(timestamp(task.scheduled_time)),
        current_attempt_scheduled_time: Some(timestamp(task.current_attempt_scheduled_time)),
        started_time: Some(timestamp(task.started_time)),
        attempt: task.attempt.try_into().unwrap_or(i32::MAX),
        schedule_to_close_timeout: Some(duration(scheduled.timeouts.schedule_to_close)),
        start_to_close_timeout: Some(duration(scheduled.timeouts.start_to_close)),
        heartbeat_timeout: Some(duration(scheduled.timeouts.heartbeat)),
        retry_policy: Some(official::retry_policy(&scheduled.retry_policy)),
        priority: command.priority.clone(),
        ..Default::default()
    }
}
