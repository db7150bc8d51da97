//! Matching: the polls that are parked, and which queues are polled.

use std::collections::VecDeque;
use std::time::Duration;

use crate::api::{CallId, PolledTaskQueue};
use crate::clock::Time;
use crate::history::Name;

/// What a poll waits for, and a task waits in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Queue {
    Workflow(Name),
    Sticky(Name),
    Activity(Name),
}

/// The same, for looking up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum QueueRef<'a> {
    Workflow(&'a Name),
    Sticky(&'a Name),
    Activity(&'a Name),
}

impl Queue {
    pub(super) fn as_ref(&self) -> QueueRef<'_> {
        match self {
            Self::Workflow(name) => QueueRef::Workflow(name),
            Self::Sticky(name) => QueueRef::Sticky(name),
            Self::Activity(name) => QueueRef::Activity(name),
        }
    }
}

impl From<PolledTaskQueue> for Queue {
    fn from(queue: PolledTaskQueue) -> Self {
        match queue {
            PolledTaskQueue::Normal(name) => Self::Workflow(name),
            PolledTaskQueue::Sticky(name) => Self::Sticky(name),
        }
    }
}

impl<'a> From<&'a PolledTaskQueue> for QueueRef<'a> {
    fn from(queue: &'a PolledTaskQueue) -> Self {
        match queue {
            PolledTaskQueue::Normal(name) => Self::Workflow(name),
            PolledTaskQueue::Sticky(name) => Self::Sticky(name),
        }
    }
}

impl QueueRef<'_> {
    pub(super) fn to_owned(self) -> Queue {
        match self {
            Self::Workflow(name) => Queue::Workflow(name.clone()),
            Self::Sticky(name) => Queue::Sticky(name.clone()),
            Self::Activity(name) => Queue::Activity(name.clone()),
        }
    }
}

/// A parked poll.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Poll {
    pub(super) call: CallId,
    pub(super) identity: Name,
    /// When it was parked.
    pub(super) since: Time,
}

/// The parked polls, in order of arrival; and until when queues count as polled.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Polls {
    /// In order. A queue is here while it has a poll or, if it is one for workflow tasks, has ever
    /// had one.
    queues: Vec<Polled>,
}

/// A queue that is or was polled.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Polled {
    queue: Queue,
    /// The poll that has waited longest: mostly it is the only one.
    first: Option<Poll>,
    others: VecDeque<Poll>,
    /// When its last poll ended, if nobody polls it now.
    left: Option<Time>,
}

impl Polls {
    fn find(&self, queue: QueueRef<'_>) -> Result<usize, usize> {
        self.queues.binary_search_by(|polled| polled.queue.as_ref().cmp(&queue))
    }

    fn get(&self, queue: QueueRef<'_>) -> Option<&Polled> {
        self.find(queue).ok().map(|at| &self.queues[at])
    }

    /// Parks a poll.
    pub(super) fn park(&mut self, queue: Queue, poll: Poll) {
        match self.find(queue.as_ref()) {
            Ok(at) => {
                let polled = &mut self.queues[at];
                polled.left = None;
                match &mut polled.first {
                    Some(_) => polled.others.push_back(poll),
                    first => *first = Some(poll),
                }
            }
            Err(at) => {
                let others = VecDeque::new();
                self.queues.insert(at, Polled { queue, first: Some(poll), others, left: None });
            }
        }
    }

    /// Takes the poll that has waited longest.
    pub(super) fn take(&mut self, queue: QueueRef<'_>, now: Time) -> Option<Poll> {
        let at = self.find(queue).ok()?;
        let polled = &mut self.queues[at];
        let poll = polled.first.take()?;
        polled.first = polled.others.pop_front();
        self.leave(at, now);
        Some(poll)
    }

    /// Forgets a call.
    pub(super) fn abandon(&mut self, call: CallId, now: Time) {
        for at in 0..self.queues.len() {
            let polled = &mut self.queues[at];
            if polled.first.as_ref().is_some_and(|poll| poll.call == call) {
                polled.first = polled.others.pop_front();
                return self.leave(at, now);
            }
            if let Some(other) = polled.others.iter().position(|poll| poll.call == call) {
                polled.others.remove(other);
                return;
            }
        }
    }

    /// Forgets a sticky queue, whose worker has said that it stops: there is no more patience with
    /// it, and what still polls it gets nothing.
    pub(super) fn shut_down(&mut self, sticky: &Name) {
        if let Ok(at) = self.find(QueueRef::Sticky(sticky)) {
            self.queues.remove(at);
        }
    }

    /// A poll of this queue has ended.
    fn leave(&mut self, at: usize, now: Time) {
        let polled = &mut self.queues[at];
        if polled.first.is_some() {
            return;
        }
        match polled.queue {
            Queue::Workflow(_) | Queue::Sticky(_) => polled.left = Some(now),
            Queue::Activity(_) => {
                self.queues.remove(at);
            }
        }
    }

    /// Since when the longest-waiting poll of a queue waits.
    pub(super) fn since(&self, queue: QueueRef<'_>) -> Option<Time> {
        Some(self.get(queue)?.first.as_ref()?.since)
    }

    /// Whether a worker polls this sticky queue, or did so just now: matching gives a sticky worker
    /// up ten seconds after its last poll (D3).
    pub(super) fn sticky_worker_available(&self, name: &Name, now: Time) -> bool {
        const PATIENCE: Duration = Duration::from_secs(10);
        self.polled_within(QueueRef::Sticky(name), now, PATIENCE)
    }

    /// Whether a worker polls this queue for workflow tasks, or did so less than `window` ago.
    pub(super) fn polled_within(&self, queue: QueueRef<'_>, now: Time, window: Duration) -> bool {
        self.get(queue).is_some_and(|polled| {
            polled.first.is_some() || polled.left.is_some_and(|left| now.since(left) < window)
        })
    }

    /// The queues that have polls, and since when.
    pub(super) fn queues(&self) -> impl Iterator<Item = (&Queue, Time)> {
        self.queues.iter().filter_map(|polled| Some((&polled.queue, polled.first.as_ref()?.since)))
    }
}
