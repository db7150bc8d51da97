//! Small parts of many messages.

use std::time::Duration;

use crate::clock::Time;
use crate::history::Execution;
use crate::history::event::ParentClosePolicy;
use crate::official::{common, enums, taskqueue, well_known};

/// An instant.
pub(crate) fn timestamp(time: Time) -> well_known::Timestamp {
    let nanos = time.unix_nanos();
    well_known::Timestamp {
        seconds: nanos.div_euclid(1_000_000_000),
        nanos: i32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or(0),
    }
}

/// A length of time; one that is too long for the message becomes the longest there is.
pub(super) fn duration(duration: Duration) -> well_known::Duration {
    well_known::Duration::try_from(duration)
        .unwrap_or(well_known::Duration { seconds: i64::MAX, nanos: 0 })
}

/// A run.
pub(super) fn execution(of: &Execution) -> common::WorkflowExecution {
    common::WorkflowExecution {
        workflow_id: of.workflow_id.to_string(),
        run_id: of.run_id.to_string(),
    }
}

/// A queue that any worker may poll.
pub(super) fn task_queue(name: &str) -> taskqueue::TaskQueue {
    taskqueue::TaskQueue {
        name: name.to_owned(),
        kind: enums::TaskQueueKind::Normal.into(),
        ..Default::default()
    }
}

/// What happens to a child when its parent closes.
pub(super) fn parent_close_policy(of: ParentClosePolicy) -> enums::ParentClosePolicy {
    match of {
        ParentClosePolicy::Terminate => enums::ParentClosePolicy::Terminate,
        ParentClosePolicy::Abandon => enums::ParentClosePolicy::Abandon,
        ParentClosePolicy::RequestCancel => enums::ParentClosePolicy::RequestCancel,
    }
}
