//! What activities in Rust have done, on its way to the host; and how the host is woken.

use std::sync::{Mutex, PoisonError};
use std::task::Waker;

use super::native::NativeKey;
use crate::worker::NativeCommand;

/// The host's waker, while the host waits.
#[derive(Debug, Default)]
pub(super) struct Root(Mutex<Option<Waker>>);

impl Root {
    /// Sets whom to wake.
    pub(super) fn set(&self, waker: &Waker) {
        let mut root = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *root {
            Some(root) => root.clone_from(waker),
            root => *root = Some(waker.clone()),
        }
    }

    pub(super) fn wake(&self) {
        if let Some(waker) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            waker.wake_by_ref();
        }
    }
}

/// What was done and has not been taken by the host.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    done: Mutex<Vec<(NativeKey, NativeCommand)>>,
    pub(super) root: Root,
}

impl Inbox {
    pub(super) fn push(&self, key: NativeKey, what: NativeCommand) {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).push((key, what));
        // It may have been done by a task that the activity has spawned.
        self.root.wake();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    pub(super) fn take(&self) -> Vec<(NativeKey, NativeCommand)> {
        std::mem::take(&mut *self.done.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
