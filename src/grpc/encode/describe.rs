//! What `DescribeWorkflowExecution` tells.

use super::official_status;
use super::parts::{duration, execution, parent_close_policy, task_queue, timestamp};
use crate::api::{
    Description, PendingActivity, PendingActivityState, PendingChild, PendingWorkflowTask,
};
use crate::history::official;
use crate::official::{common, enums, workflow, workflowservice as service};

/// Everything about a run.
pub(super) fn description(of: &Description) -> service::DescribeWorkflowExecutionResponse {
    service::DescribeWorkflowExecutionResponse {
        execution_config: Some(workflow::WorkflowExecutionConfig {
            task_queue: Some(task_queue(&of.started.task_queue)),
            workflow_execution_timeout: Some(duration(of.started.workflow_execution_timeout)),
            workflow_run_timeout: Some(duration(of.started.workflow_run_timeout)),
            default_workflow_task_timeout: Some(duration(of.started.workflow_task_timeout)),
            ..Default::default()
        }),
        workflow_execution_info: Some(info(of)),
        pending_activities: of.pending_activities.iter().map(pending_activity).collect(),
        pending_children: of.pending_children.iter().map(pending_child).collect(),
        pending_workflow_task: of.pending_workflow_task.as_ref().map(pending_workflow_task),
        workflow_extended_info: Some(workflow::WorkflowExecutionExtendedInfo {
            execution_expiration_time: of.started.workflow_execution_expiration_time.map(timestamp),
            run_expiration_time: of.run_expiration_time.map(timestamp),
            cancel_requested: of.cancel_requested,
            last_reset_time: of.last_reset_time.map(timestamp),
            original_start_time: Some(timestamp(of.original_start_time)),
            reset_run_id: of.reset_run_id.map(|run_id| run_id.to_string()).unwrap_or_default(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

pub(super) fn info(of: &Description) -> workflow::WorkflowExecutionInfo {
    let started = &of.started;
    let parent = started.parent.as_ref().map(|parent| execution(&parent.execution));
    workflow::WorkflowExecutionInfo {
        execution: Some(execution(&of.execution)),
        r#type: Some(common::WorkflowType { name: started.workflow_type.to_string() }),
        start_time: Some(timestamp(of.start_time)),
        close_time: of.close_time.map(timestamp),
        status: official_status(of.status).into(),
        history_length: of.history_length.into(),
        parent_execution: parent,
        execution_time: Some(timestamp(of.execution_time)),
        memo: of.memo.as_deref().cloned(),
        search_attributes: started.search_attributes.as_deref().cloned(),
        auto_reset_points: Some(official::reset_points(&of.reset_points)),
        task_queue: started.task_queue.to_string(),
        execution_duration: of.close_time.map(|close| duration(close.since(of.execution_time))),
        // A run without a parent is its own root (B23).
        root_execution: Some(execution(started.root.as_ref().unwrap_or(&of.execution))),
        first_run_id: started.first_execution_run_id.to_string(),
        priority: started.priority.as_deref().cloned(),
        ..Default::default()
    }
}

fn pending_activity(of: &PendingActivity) -> workflow::PendingActivityInfo {
    let command = &of.scheduled.command;
    let state = match of.state {
        PendingActivityState::Scheduled => enums::PendingActivityState::Scheduled,
        PendingActivityState::Started => enums::PendingActivityState::Started,
        PendingActivityState::CancelRequested => enums::PendingActivityState::CancelRequested,
    };
    workflow::PendingActivityInfo {
        activity_id: command.activity_id.clone(),
        activity_type: command.activity_type.clone(),
        state: state.into(),
        heartbeat_details: of.heartbeat_details.as_deref().cloned(),
        last_heartbeat_time: of.last_heartbeat_time.map(timestamp),
        last_started_time: of.last_started_time.map(timestamp),
        attempt: of.attempt.try_into().unwrap_or(i32::MAX),
        maximum_attempts: of.scheduled.retry_policy.maximum_attempts.try_into().unwrap_or(i32::MAX),
        scheduled_time: Some(timestamp(of.scheduled_time)),
        last_failure: of.last_failure.as_ref().map(official::failure),
        last_worker_identity: of.last_worker_identity.to_string(),
        current_retry_interval: of.current_retry_interval.map(duration),
        next_attempt_schedule_time: of.next_attempt_scheduled_time.map(timestamp),
        priority: command.priority.clone(),
        ..Default::default()
    }
}

fn pending_child(of: &PendingChild) -> workflow::PendingChildExecutionInfo {
    workflow::PendingChildExecutionInfo {
        workflow_id: of.workflow_id.to_string(),
        run_id: of.run_id.map(|run_id| run_id.to_string()).unwrap_or_default(),
        workflow_type_name: of.workflow_type.to_string(),
        initiated_id: of.initiated_event_id.into(),
        parent_close_policy: parent_close_policy(of.parent_close_policy).into(),
    }
}

fn pending_workflow_task(of: &PendingWorkflowTask) -> workflow::PendingWorkflowTaskInfo {
    let state = if of.started {
        enums::PendingWorkflowTaskState::Started
    } else {
        enums::PendingWorkflowTaskState::Scheduled
    };
    workflow::PendingWorkflowTaskInfo {
        state: state.into(),
        scheduled_time: Some(timestamp(of.scheduled_time)),
        original_scheduled_time: Some(timestamp(of.original_scheduled_time)),
        started_time: of.started_time.map(timestamp),
        attempt: of.attempt.try_into().unwrap_or(i32::MAX),
    }
}
