//! Signals (R9, R31, R34, F6).

use std::sync::Arc;

use super::messages;
use super::transaction::Transaction;
use super::workflow_task::WorkflowTaskState;
use crate::api::RpcError;
use crate::history::Attributes;
use crate::history::event::WorkflowExecutionSignaled;

/// A signal for this run. One with a known request id is accepted and does nothing, even when the
/// run has closed.
pub(super) fn signal(
    tx: &mut Transaction<'_>,
    signaled: Arc<WorkflowExecutionSignaled>,
) -> Result<(), RpcError> {
    if !signaled.request_id.is_empty() && tx.run.signal_request_ids.contains(&signaled.request_id) {
        return Ok(());
    }
    if !tx.run.is_open() {
        return Err(messages::already_completed());
    }
    if tx.run.close_attempted && matches!(tx.run.workflow_task, WorkflowTaskState::Started(_)) {
        return Err(messages::workflow_closing());
    }
    if !signaled.request_id.is_empty() {
        tx.run.signal_request_ids.insert(signaled.request_id.clone());
    }
    tx.buffer(Attributes::WorkflowExecutionSignaled(signaled));
    // A signal does not break the first task's backoff (R31).
    if !tx.run.in_first_backoff() {
        tx.schedule_workflow_task();
    }
    Ok(())
}
