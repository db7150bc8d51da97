//! The points that a reset could go back to, as descriptions list them (B23).

use super::transaction::Transaction;
use crate::history::event::ResetPoint;
use crate::history::{EventId, Name};

/// How many are kept; the oldest go first.
const MAXIMUM: usize = 20;

/// Remembers the first workflow task that a build of the worker completed.
pub(super) fn record(tx: &mut Transaction<'_>, completed: EventId, binary: Option<&Name>) {
    let binary_checksum = binary.cloned().unwrap_or_default();
    let run = &mut *tx.run;
    if run.reset_points.iter().any(|point| point.binary_checksum == binary_checksum) {
        return;
    }
    let resettable = run.children.is_empty()
        && run.external_cancels.is_empty()
        && run.external_signals.is_empty();
    run.reset_points.push(ResetPoint {
        run_id: run.execution.run_id,
        binary_checksum,
        build_id: Name::empty(),
        first_workflow_task_completed_id: completed,
        create_time: tx.now,
        resettable,
    });
    if run.reset_points.len() > MAXIMUM {
        run.reset_points.remove(0);
    }
}
