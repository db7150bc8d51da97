//! Activities in Rust while they run: futures that are polled in a fixed order.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::activity::{ActivityContext, ActivityError, ActivityFailure};
use super::inbox::Inbox;
use crate::api::ActivityTask;
use crate::history::Payloads;
use crate::worker::{ActivityKey, CancelReason, WorkerIndex};

/// Names an activity that runs: its worker, and its attempt.
pub(super) type NativeKey = (WorkerIndex, ActivityKey);

type Running = Pin<Box<dyn Future<Output = Result<Option<Payloads>, ActivityError>>>>;

/// An activity's code: makes a future for each attempt.
pub(super) type Code = Rc<dyn Fn(ActivityContext) -> Running>;

/// Code that is polled so often at one instant does not wait for anything.
const MOST_TURNS: u32 = 1_000_000;

/// The activities that run.
#[derive(Default)]
pub(super) struct Natives {
    running: BTreeMap<NativeKey, Native>,
    pub(super) inbox: Arc<Inbox>,
}

struct Native {
    context: ActivityContext,
    future: Running,
    flag: Arc<Flag>,
    waker: Waker,
    /// How often it was polled at this instant.
    turns: u32,
}

/// Whether a future wants to be polled.
struct Flag {
    is_woken: AtomicBool,
    inbox: Arc<Inbox>,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.inbox.root.wake();
    }
}

impl fmt::Debug for Natives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.running.keys()).finish()
    }
}

impl Natives {
    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Starts an attempt.
    pub(super) fn start(&mut self, key: NativeKey, task: ActivityTask, code: &Code) {
        let context = ActivityContext::new(key, task, Arc::clone(&self.inbox));
        let future = {
            let (code, context) = (Rc::clone(code), context.clone());
            // The code is entered with the first poll, where a panic of it is caught.
            Box::pin(async move { code(context).await })
        };
        let flag =
            Arc::new(Flag { is_woken: AtomicBool::new(true), inbox: Arc::clone(&self.inbox) });
        let waker = Waker::from(Arc::clone(&flag));
        self.running.insert(key, Native { context, future, flag, waker, turns: 0 });
    }

    /// Tells an attempt that it is canceled.
    pub(super) fn cancel(&mut self, key: NativeKey, reason: CancelReason) {
        if let Some(native) = self.running.get(&key) {
            native.context.cancel(reason);
        }
    }

    /// Drops what ran on a worker.
    pub(super) fn stop(&mut self, worker: WorkerIndex) {
        self.running.retain(|(of, _), _| *of != worker);
    }

    /// Time has passed.
    pub(super) fn reset_turns(&mut self) {
        self.running.values_mut().for_each(|native| native.turns = 0);
    }

    /// Whether one wants to be polled.
    pub(super) fn any_is_woken(&self) -> bool {
        self.running.values().any(|native| native.flag.is_woken.load(Ordering::Acquire))
    }

    /// Polls each that wants to be polled, once, in order. Whether there was any.
    pub(super) fn poll_woken(&mut self) -> bool {
        let mut any = false;
        self.running.retain(|key, native| {
            if !native.flag.is_woken.swap(false, Ordering::AcqRel) {
                return true;
            }
            any = true;
            let Some(end) = native.poll() else { return true };
            self.inbox.push(*key, native.context.end(end));
            false
        });
        any
    }
}

impl Native {
    /// Polls it; its end, if it has ended.
    fn poll(&mut self) -> Option<Result<Option<Payloads>, ActivityError>> {
        self.turns += 1;
        if self.turns > MOST_TURNS {
            let message = format!(
                "this activity was woken {MOST_TURNS} times without letting time pass, and was \
                 stopped"
            );
            return Some(Err(ActivityError::non_retryable(message)));
        }
        let mut context = Context::from_waker(&self.waker);
        match catch_unwind(AssertUnwindSafe(|| self.future.as_mut().poll(&mut context))) {
            Ok(Poll::Pending) => None,
            Ok(Poll::Ready(end)) => Some(end),
            Err(panic) => Some(Err(ActivityError::Failed(ActivityFailure {
                message: format!("Activity panicked: {}", said(&*panic)),
                error_type: "Panic".to_owned(),
                ..ActivityFailure::default()
            }))),
        }
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("(no message)")
}
