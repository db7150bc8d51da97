//! Cancel requests (R25–R31, R85, R89).

use std::sync::Arc;

use super::mutation::Mutation;
use super::transaction::Transaction;
use crate::history::event::ExternalOrigin;
use crate::history::{Attributes, Name};

/// A cancel request for an open run: an event and a workflow task, once. The flag is set at once,
/// even while the event is buffered (R26). The first task's backoff is over with it (R31).
pub(super) fn request(
    tx: &mut Transaction<'_>,
    cause: &Name,
    identity: &Name,
    external: Option<Arc<ExternalOrigin>>,
) {
    if tx.run.cancel_requested && !tx.run.mutant(Mutation::CancelsTwice) {
        return;
    }
    tx.run.cancel_requested = true;
    tx.buffer(Attributes::WorkflowExecutionCancelRequested {
        cause: cause.clone(),
        identity: identity.clone(),
        external,
    });
    if tx.run.mutant(Mutation::CancelDoesNotWake) {
        return;
    }
    tx.schedule_workflow_task();
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::story::{Story, start};

    #[test]
    fn a_cancel_is_an_event_and_a_workflow_task_once() {
        // R25, R26.
        let mut story = Story::after(vec![]);
        story.cancel("w").unwrap();
        story.cancel("w").unwrap();
        let tail = ["WorkflowExecutionCancelRequested", "WorkflowTaskScheduled"];
        assert_eq!(story.types()[4..], tail);
    }

    #[test]
    fn a_cancel_ends_a_start_delay_and_a_signal_does_not() {
        // R31.
        let mut story = Story::new();
        let mut request = start("w");
        request.workflow_start_delay = Some(super::super::story::seconds(60));
        story.start(request).unwrap();
        story.signal("s").unwrap();
        assert_eq!(story.types(), ["WorkflowExecutionStarted", "WorkflowExecutionSignaled"]);
        story.pass(Duration::from_secs(1));
        story.cancel("w").unwrap();
        let tail = ["WorkflowExecutionCancelRequested", "WorkflowTaskScheduled"];
        assert_eq!(story.types()[2..], tail);
        story.pass(Duration::from_secs(60));
        assert_eq!(story.types().len(), 4, "the delay's end does nothing more");
    }

    #[test]
    fn an_unknown_workflow_cannot_be_canceled() {
        let error = Story::new().cancel("nobody").unwrap_err();
        assert_eq!(error.message, "workflow not found for ID: nobody");
    }
}
