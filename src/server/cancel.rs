//! Cancel requests (R25–R31, R85, R89).

use std::sync::Arc;

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
    if tx.run.cancel_requested {
        return;
    }
    tx.run.cancel_requested = true;
    tx.buffer(Attributes::WorkflowExecutionCancelRequested {
        cause: cause.clone(),
        identity: identity.clone(),
        external,
    });
    tx.schedule_workflow_task();
}
