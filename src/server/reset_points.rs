//! The points that a reset could go back to, as descriptions list them (B23).

use std::time::Duration;

use super::run::Run;
use crate::clock::Time;
use crate::history::event::{ResetPoint, WorkflowTaskCompletedExtras};
use crate::history::{EventId, Name};

/// How many are kept; the oldest go first.
const MAXIMUM: usize = 20;

/// How long a closed run is kept, and can be reset: the retention of the namespace `default`.
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// Remembers the first workflow task that a build of the worker completed.
pub(super) fn record(
    run: &mut Run,
    time: Time,
    completed: EventId,
    extras: Option<&WorkflowTaskCompletedExtras>,
) {
    let binary_checksum = extras.map(|extras| extras.binary_checksum.clone()).unwrap_or_default();
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
        create_time: time,
        expire_time: None,
        resettable,
    });
    if run.reset_points.len() > MAXIMUM {
        run.reset_points.remove(0);
    }
}

/// When a run closes, it is known how long its points are good for.
pub(super) fn expire(run: &mut Run, closed: Time) {
    let own = run.execution.run_id;
    for point in run.reset_points.iter_mut().filter(|point| point.run_id == own) {
        point.expire_time = Some(closed + RETENTION);
    }
}
