//! What is due, found fast: an index over what the runs' states say and the polls that are parked.
//!
//! It holds nothing that does not follow from those, so it takes no part in comparing or hashing a
//! server.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::key::{Dispatch, TaskKey, Timer};
use super::run::Run;
use super::workflow_task::{self, WorkflowTaskState};
use super::{activity, activity_timeout, query, timer, update_wait};
use crate::api::{CallId, PolledTaskQueue};
use crate::clock::Time;
use crate::history::Name;

/// What a poll waits for, and a task waits in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Queue {
    Workflow(PolledTaskQueue),
    Activity(Name),
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
    parked: BTreeMap<Queue, VecDeque<Poll>>,
    /// When the last poll of a queue for workflow tasks ended, for those that nobody polls now.
    left: BTreeMap<PolledTaskQueue, Time>,
}

impl Polls {
    /// Parks a poll.
    pub(super) fn park(&mut self, queue: Queue, poll: Poll) {
        if let Queue::Workflow(queue) = &queue {
            self.left.remove(queue);
        }
        self.parked.entry(queue).or_default().push_back(poll);
    }

    /// Takes the poll that has waited longest.
    pub(super) fn take(&mut self, queue: &Queue, now: Time) -> Option<Poll> {
        let parked = self.parked.get_mut(queue)?;
        let poll = parked.pop_front();
        if parked.is_empty() {
            self.parked.remove(queue);
            self.leave(queue, now);
        }
        poll
    }

    /// Forgets a call.
    pub(super) fn abandon(&mut self, call: CallId, now: Time) {
        let holds = |polls: &VecDeque<Poll>| polls.iter().any(|poll| poll.call == call);
        let found =
            self.parked.iter().find(|(_, polls)| holds(polls)).map(|(queue, _)| queue.clone());
        let Some(queue) = found else { return };
        if let Some(polls) = self.parked.get_mut(&queue) {
            polls.retain(|poll| poll.call != call);
            if polls.is_empty() {
                self.parked.remove(&queue);
                self.leave(&queue, now);
            }
        }
    }

    /// Forgets a sticky queue, whose worker has said that it stops: there is no more patience with
    /// it, and what still polls it gets nothing.
    pub(super) fn shut_down(&mut self, sticky: Name) {
        let queue = PolledTaskQueue::Sticky(sticky);
        self.left.remove(&queue);
        self.parked.remove(&Queue::Workflow(queue));
    }

    fn leave(&mut self, queue: &Queue, now: Time) {
        if let Queue::Workflow(queue) = queue {
            self.left.insert(queue.clone(), now);
        }
    }

    /// Since when the longest-waiting poll of a queue waits.
    fn since(&self, queue: &Queue) -> Option<Time> {
        self.parked.get(queue).and_then(VecDeque::front).map(|poll| poll.since)
    }

    /// Whether a worker polls this sticky queue, or did so just now: matching gives a sticky worker
    /// up ten seconds after its last poll (D3).
    pub(super) fn sticky_worker_available(&self, name: &Name, now: Time) -> bool {
        const PATIENCE: Duration = Duration::from_secs(10);
        self.polled_within(&Queue::Workflow(PolledTaskQueue::Sticky(name.clone())), now, PATIENCE)
    }

    /// Whether a worker polls this queue for workflow tasks, or did so less than `window` ago.
    pub(super) fn polled_within(&self, queue: &Queue, now: Time, window: Duration) -> bool {
        let left = match queue {
            Queue::Workflow(queue) => self.left.get(queue),
            Queue::Activity(_) => None,
        };
        self.parked.contains_key(queue) || left.is_some_and(|left| now.since(*left) < window)
    }

    /// The queues that have polls.
    fn queues(&self) -> impl Iterator<Item = (&Queue, Time)> {
        self.parked.iter().filter_map(|(queue, polls)| Some((queue, polls.front()?.since)))
    }
}

/// One thing in the index.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Entry {
    /// Comes by itself.
    ByItself(Time, TaskKey),
    /// Comes when a worker polls.
    Waiting(Queue, Time, TaskKey),
}

/// The index.
#[derive(Clone, Debug, Default)]
pub(super) struct Agenda {
    by_itself: BTreeSet<(Time, TaskKey)>,
    waiting: BTreeMap<Queue, BTreeSet<(Time, TaskKey)>>,
    /// What is in the index because of each run.
    of_run: Vec<Vec<Entry>>,
    /// Room for a run's new entries; empty between calls.
    scratch: Vec<Entry>,
}

impl Agenda {
    /// Brings the index up to date with a run.
    pub(super) fn refresh(&mut self, run: &Run) {
        let at = run.index.0 as usize;
        if self.of_run.len() <= at {
            self.of_run.resize_with(at + 1, Vec::new);
        }
        let mut new = std::mem::take(&mut self.scratch);
        collect(run, &mut new);
        let mut old = std::mem::take(&mut self.of_run[at]);
        // Most changes of a run leave most of it as it was, at both ends.
        let (gone, come) = between_equal_ends(&old, &new);
        // The same may be in the list twice.
        for entry in gone.iter().filter(|entry| !new.contains(entry)) {
            self.remove(entry);
        }
        for entry in come {
            self.insert(entry);
        }
        old.clear();
        self.scratch = old;
        self.of_run[at] = new;
    }

    fn insert(&mut self, entry: &Entry) {
        match entry {
            Entry::ByItself(time, key) => {
                self.by_itself.insert((*time, *key));
            }
            Entry::Waiting(queue, time, key) => match self.waiting.get_mut(queue) {
                Some(waiting) => {
                    waiting.insert((*time, *key));
                }
                None => {
                    self.waiting.insert(queue.clone(), [(*time, *key)].into());
                }
            },
        }
    }

    fn remove(&mut self, entry: &Entry) {
        match entry {
            Entry::ByItself(time, key) => {
                self.by_itself.remove(&(*time, *key));
            }
            Entry::Waiting(queue, time, key) => {
                if let Some(waiting) = self.waiting.get_mut(queue) {
                    waiting.remove(&(*time, *key));
                    if waiting.is_empty() {
                        self.waiting.remove(queue);
                    }
                }
            }
        }
    }

    /// What comes first.
    pub(super) fn first(&self, polls: &Polls) -> Option<(Time, TaskKey)> {
        let dispatches = polls.queues().filter_map(|(queue, since)| {
            let (time, key) = self.waiting.get(queue)?.first()?;
            Some(((*time).max(since), *key))
        });
        dispatches.chain(self.by_itself.first().copied()).min()
    }

    /// Everything that is due no later than `until`, in order.
    pub(super) fn until(&self, polls: &Polls, until: Time, out: &mut Vec<(Time, TaskKey)>) {
        let before = out.len();
        out.extend(self.by_itself.iter().take_while(|(time, _)| *time <= until));
        for (queue, since) in polls.queues() {
            let Some(waiting) = self.waiting.get(queue).filter(|_| since <= until) else {
                continue;
            };
            let due = waiting.iter().take_while(|(time, _)| *time <= until);
            out.extend(due.map(|(time, key)| ((*time).max(since), *key)));
        }
        out[before..].sort_unstable();
    }

    /// Whether a task is in the index now, and when it is due.
    pub(super) fn due(&self, run: &Run, polls: &Polls, key: TaskKey) -> Option<Time> {
        self.of_run.get(run.index.0 as usize)?.iter().find_map(|entry| match entry {
            Entry::ByItself(time, own) if *own == key => Some(*time),
            Entry::Waiting(queue, time, own) if *own == key => {
                polls.since(queue).map(|since| since.max(*time))
            }
            _ => None,
        })
    }

    /// The queue in which a task waits.
    pub(super) fn queue(&self, key: TaskKey) -> Option<&Queue> {
        self.of_run.get(key.run()?.0 as usize)?.iter().find_map(|entry| match entry {
            Entry::Waiting(queue, _, own) if *own == key => Some(queue),
            _ => None,
        })
    }
}

/// What two lists have between what they have in common at their beginnings and their ends.
fn between_equal_ends<'a, T: PartialEq>(one: &'a [T], other: &'a [T]) -> (&'a [T], &'a [T]) {
    let equal = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let (one, other) = (&one[equal..], &other[equal..]);
    let pairs = one.iter().rev().zip(other.iter().rev());
    let equal = pairs.take_while(|(one, other)| one == other).count();
    (&one[..one.len() - equal], &other[..other.len() - equal])
}

/// Everything that a run as it is will have done.
fn collect(run: &Run, out: &mut Vec<Entry>) {
    let index = run.index;
    for (time, transfer) in &run.transfers {
        out.push(Entry::ByItself(*time, TaskKey::Transfer(index, *transfer)));
    }
    for (call, queue, since) in query::waiting(run) {
        let key = TaskKey::Query(index, call);
        out.push(Entry::Waiting(Queue::Workflow(queue.clone()), since, key));
    }
    if let Some(time) = query::next(run) {
        out.push(Entry::ByItself(time, TaskKey::Timer(index, Timer::Queries)));
    }
    if !run.is_open() {
        return;
    }
    if let WorkflowTaskState::Scheduled(task) = &run.workflow_task {
        let queue = match &task.task_queue.sticky {
            Some(sticky) if !task.sticky_worker_missing => PolledTaskQueue::Sticky(sticky.clone()),
            _ => PolledTaskQueue::Normal(task.task_queue.normal.clone()),
        };
        let key = TaskKey::Dispatch(index, Dispatch::WorkflowTask);
        out.push(Entry::Waiting(Queue::Workflow(queue), task.scheduled_time, key));
    }
    for pending in run.activities.iter().filter(|pending| pending.started.is_none()) {
        let queue = Queue::Activity(activity::task_queue(run, pending));
        let key = TaskKey::Dispatch(index, Dispatch::ActivityTask(pending.scheduled_event_id));
        out.push(Entry::Waiting(queue, pending.attempt_scheduled_time, key));
    }
    let timers = [
        (workflow_task::deadline(run), Timer::WorkflowTask),
        (run.first_workflow_task_at, Timer::FirstWorkflowTask),
        (activity_timeout::next(run), Timer::Activities),
        (timer::next(run), Timer::UserTimers),
        (update_wait::next(run), Timer::UpdateWaits),
        (run.expires_at, Timer::RunTimeout),
    ];
    for (time, which) in timers {
        out.extend(time.map(|time| Entry::ByItself(time, TaskKey::Timer(index, which))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_equal_ends_is_what_differs() {
        let between = |one: &str, other: &str| {
            let (one, other) = (one.as_bytes(), other.as_bytes());
            let (gone, come) = between_equal_ends(one, other);
            [gone, come].map(|part| String::from_utf8(part.to_vec()).unwrap())
        };
        assert_eq!(between("abcd", "abd"), ["c", ""]);
        assert_eq!(between("aab", "aaab"), ["", "a"]);
        assert_eq!(between("abc", "abc"), ["", ""]);
        assert_eq!(between("abc", ""), ["abc", ""]);
        assert_eq!(between("axc", "ayyc"), ["x", "yy"]);
    }
}
