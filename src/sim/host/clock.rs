//! Where virtual time and tokio's paused clock meet.
//!
//! Tokio's clock stands still while any code can run, and jumps to the next timer when none can.
//! Its grain is a millisecond: it fires a timer at the first whole millisecond that is not before
//! the timer's time.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use super::native::Natives;
use crate::clock::{EPOCH, Time};

/// Tokio's clock, seen as virtual time.
#[derive(Debug)]
pub(super) struct Clock {
    /// What tokio's clock showed at [`EPOCH`].
    base: Instant,
    idle: Arc<Idle>,
}

/// Notices when no code can run: tokio is about to wait or to let its clock jump.
#[derive(Debug, Default)]
struct Idle(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Who waits for that.
    waiting: Option<Waker>,
    is_idle: bool,
}

impl Idle {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tokio is about to park. Waking somebody now keeps its clock from jumping.
    fn about_to_park(&self) {
        let mut state = self.lock();
        if let Some(waker) = state.waiting.take() {
            state.is_idle = true;
            waker.wake();
        }
    }
}

/// What ended a wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Waited {
    /// The time has come.
    Reached,
    /// An activity in Rust goes on, at an earlier time.
    Woken,
}

/// A runtime with a paused clock, and the clock.
pub(super) fn runtime() -> io::Result<(Runtime, Clock)> {
    let idle = Arc::new(Idle::default());
    let about_to_park = {
        let idle = Arc::clone(&idle);
        move || idle.about_to_park()
    };
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .on_thread_park(about_to_park)
        .build()?;
    let base = runtime.block_on(async { Instant::now() });
    Ok((runtime, Clock { base, idle }))
}

impl Clock {
    /// The time that tokio's clock shows.
    pub(super) fn now(&self) -> Time {
        EPOCH + (Instant::now() - self.base)
    }

    /// Lets activities run until each waits for something, without letting time pass.
    pub(super) async fn settle(&self, natives: &mut Natives) {
        if natives.is_empty() {
            return;
        }
        self.idle.lock().is_idle = false;
        poll_fn(|context| {
            natives.inbox.root.set(context.waker());
            let was_any = natives.poll_woken();
            let mut state = self.idle.lock();
            // What was polled may have woken tasks of its own: those run before tokio parks.
            if state.is_idle && !was_any {
                state.waiting = None;
                return Poll::Ready(());
            }
            state.is_idle = false;
            state.waiting = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Lets time pass until `until`, or until an activity goes on.
    pub(super) async fn wait(&self, until: Time, natives: &mut Natives) -> Waited {
        natives.reset_turns();
        let mut sleep = pin!(tokio::time::sleep_until(self.base + (until - EPOCH)));
        poll_fn(|context| {
            natives.inbox.root.set(context.waker());
            if natives.any_is_woken() || !natives.inbox.is_empty() {
                return Poll::Ready(Waited::Woken);
            }
            sleep.as_mut().poll(context).map(|()| Waited::Reached)
        })
        .await
    }
}
