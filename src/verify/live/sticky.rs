//! Sticky queues as the real matching service sees them.
//!
//! It believes in a sticky worker for ten seconds after its last poll (D3). Polls go out just in
//! time here, so a worker that only waits must be heard of now and then: by a poll that ends before
//! a task can come.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::connection::Unreachable;
use super::lockstep::Lockstep;
use super::official::question;
use super::question::Question;
use crate::api::{PolledTaskQueue, Request};
use crate::verify::LogEntry;

/// How long a poll lasts that is there to be seen.
const GLIMPSE: Duration = Duration::from_millis(200);

/// How old the last poll of a sticky queue may become.
const FRESH: Duration = Duration::from_secs(4);

/// So long before something is expected there are no such polls.
const QUIET: Duration = Duration::from_millis(1_500);

/// The sticky queues of workers that run.
#[derive(Debug, Default)]
pub(super) struct Sticky {
    queues: BTreeMap<String, Polled>,
}

#[derive(Debug)]
struct Polled {
    poll: Question,
    last: Instant,
}

/// The sticky queue that a request polls.
fn sticky_queue(poll: &Request) -> Option<&str> {
    match poll {
        Request::PollWorkflowTaskQueue(poll) => match &poll.task_queue {
            PolledTaskQueue::Sticky(name) => Some(name),
            PolledTaskQueue::Normal(_) => None,
        },
        _ => None,
    }
}

impl Sticky {
    /// A poll has just ended.
    pub(super) fn polled(&mut self, poll: &Request) {
        if let Some(polled) = sticky_queue(poll).and_then(|queue| self.queues.get_mut(queue)) {
            polled.last = Instant::now();
        }
    }

    fn is_stale(&self) -> bool {
        self.queues.values().any(|polled| polled.last.elapsed() > FRESH)
    }
}

impl Lockstep {
    /// A worker polls: a sticky queue that is new is made known.
    pub(super) async fn introduce(&mut self, poll: &Request) -> Result<(), Unreachable> {
        let Some(queue) = sticky_queue(poll) else { return Ok(()) };
        if self.sticky.queues.contains_key(queue) {
            return Ok(());
        }
        let (poll, _) = question(poll, &self.names);
        let at = self.simulation.now();
        self.log.entries.push(LogEntry::Polls { at, request: poll.json() });
        self.show_up(&poll).await?;
        let polled = Polled { poll, last: Instant::now() };
        self.sticky.queues.insert(queue.to_owned(), polled);
        Ok(())
    }

    /// A worker polls no more: its sticky queue counts from now.
    pub(super) async fn take_leave(&mut self, poll: &Request) -> Result<(), Unreachable> {
        if let Some(polled) = sticky_queue(poll).and_then(|queue| self.sticky.queues.remove(queue))
        {
            let at = self.simulation.now();
            self.log.entries.push(LogEntry::PollsNoMore { at, request: polled.poll.json() });
            self.show_up(&polled.poll).await?;
        }
        Ok(())
    }

    /// Lets real time pass.
    pub(super) async fn rest_until(&mut self, until: Instant) -> Result<(), Unreachable> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            if left > QUIET && self.sticky.is_stale() {
                let polls: Vec<Question> =
                    self.sticky.queues.values().map(|polled| polled.poll.clone()).collect();
                for poll in &polls {
                    self.show_up(poll).await?;
                }
                for polled in self.sticky.queues.values_mut() {
                    polled.last = Instant::now();
                }
            } else {
                sleep(left.min(Duration::from_millis(500))).await;
            }
        }
    }

    /// Polls for a moment.
    async fn show_up(&mut self, poll: &Question) -> Result<(), Unreachable> {
        const LONG_ENOUGH: Duration = Duration::from_secs(5);
        if let Ok(task) = timeout(GLIMPSE, self.connection.poll(poll, LONG_ENOUGH)).await {
            self.early.extend(task?);
        }
        Ok(())
    }
}
