//! `DescribeWorkflowExecution` (B23).

use std::sync::Arc;

use super::activity::Activity;
use super::child::Child;
use super::run::Run;
use super::workflow_task;
use crate::api::Description;

/// A run as a description tells it.
pub(super) fn describe(run: &Run) -> Description {
    Description {
        execution: run.execution.clone(),
        status: run.status,
        started: Arc::clone(&run.started),
        memo: run.memo.clone(),
        start_time: run.start_time,
        execution_time: run.start_time + run.started.first_workflow_task_backoff,
        close_time: run.close_time,
        history_length: run.history.len(),
        cancel_requested: run.cancel_requested,
        run_expiration_time: run.expires_at,
        last_reset_time: run.last_reset_time,
        original_start_time: run.original_start_time,
        reset_run_id: run.reset_run_id,
        reset_points: run.reset_points.clone(),
        pending_workflow_task: workflow_task::pending(run),
        pending_activities: run.activities.iter().map(Activity::describe).collect(),
        pending_children: run.children.iter().map(Child::describe).collect(),
    }
}
