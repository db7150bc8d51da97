//! What the server takes for a name, and how much of anything.

use crate::official::taskqueue::TaskQueue;

/// The longest id, type or name there may be (F10).
pub(crate) const MAXIMUM_ID_LENGTH: usize = 1_000;

/// How many bytes payloads may have on the wire.
pub(crate) const MAXIMUM_BLOB_SIZE: usize = 2 * 1024 * 1024;

/// How many bytes a memo may have on the wire.
pub(crate) const MAXIMUM_MEMO_SIZE: usize = 2 * 1024 * 1024;

/// Whether an id, a type or a name is longer than the server takes.
pub(crate) fn too_long(name: &str) -> bool {
    name.len() > MAXIMUM_ID_LENGTH
}

/// What is wrong with the queue that a request names, if it must name one.
pub(crate) fn check_task_queue(queue: Option<&TaskQueue>) -> Result<(), &'static str> {
    match queue {
        None => Err("taskQueue is not set"),
        Some(queue) if queue.name.is_empty() => Err("missing task queue name"),
        Some(queue) => check_task_queue_name(&queue.name),
    }
}

/// What is wrong with the name of a queue.
pub(crate) fn check_task_queue_name(name: &str) -> Result<(), &'static str> {
    if too_long(name) {
        return Err("taskQueue length exceeds limit");
    }
    if name.starts_with("/_sys/") {
        return Err("task queue name cannot start with reserved prefix /_sys/");
    }
    Ok(())
}
