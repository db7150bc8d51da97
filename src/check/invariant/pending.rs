//! What is pending in a run, held against what its history has begun and not ended (R8, R39).

use super::history::Pass;
use super::room::Named;
use super::{Breach, Checked, Which};
use crate::history::{Attributes, Event};
use crate::server::{PendingCounts, Run};

/// How much a history has begun and not ended.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Pending {
    pub(super) activities: i64,
    pub(super) timers: i64,
    pub(super) children: i64,
    pub(super) external_cancels: i64,
    pub(super) external_signals: i64,
}

impl From<PendingCounts> for Pending {
    fn from(counts: PendingCounts) -> Self {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        Self {
            activities: count(counts.activities),
            timers: count(counts.timers),
            children: count(counts.children),
            external_cancels: count(counts.external_cancels),
            external_signals: count(counts.external_signals),
        }
    }
}

impl<'h> Pass<'_, 'h> {
    /// Everything that has begun and not ended is pending, or its end is buffered.
    pub(super) fn nothing_is_lost(&mut self, run: &'h Run) -> Checked {
        // With a close command, an end that is buffered in the same transaction is dropped (R8).
        let forced = |close: &Event| {
            matches!(
                close.attributes,
                Attributes::WorkflowExecutionTerminated { .. }
                    | Attributes::WorkflowExecutionTimedOut { .. }
            )
        };
        let by_command = self.facts.close.is_some_and(|close| !forced(close));
        let mut begun = self.pending;
        for attributes in run.buffered() {
            match attributes {
                Attributes::ActivityTaskCompleted { .. }
                | Attributes::ActivityTaskFailed { .. }
                | Attributes::ActivityTaskTimedOut { .. }
                | Attributes::ActivityTaskCanceled { .. } => begun.activities -= 1,
                Attributes::TimerFired { .. } => begun.timers -= 1,
                Attributes::StartChildWorkflowExecutionFailed { .. }
                | Attributes::ChildWorkflowExecutionClosed { .. } => begun.children -= 1,
                Attributes::RequestCancelExternalWorkflowExecutionFailed { .. }
                | Attributes::ExternalWorkflowExecutionCancelRequested { .. } => {
                    begun.external_cancels -= 1;
                }
                Attributes::SignalExternalWorkflowExecutionFailed { .. }
                | Attributes::ExternalWorkflowExecutionSignaled { .. } => {
                    begun.external_signals -= 1;
                }
                Attributes::WorkflowExecutionSignaled(signaled) if signaled.external.is_none() => {
                    self.room.named.push((Named::Signal, &signaled.request_id, self.number));
                }
                Attributes::WorkflowExecutionCancelRequested { .. } => {
                    self.facts.cancel_requested.get_or_insert(run.start_time());
                }
                _ => {}
            }
        }
        let pending = Pending::from(run.pending());
        if by_command {
            begun.activities = pending.activities;
        }
        if begun == pending {
            return Ok(());
        }
        let detail = format!("by the history there are {begun:?}, and in the run {pending:?}");
        Err(Breach::new(Which::NothingLost, None, detail))
    }
}
