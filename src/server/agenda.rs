//! What is due: everything follows from what the runs' states say and the polls that are parked.
//!
//! A few runs are looked at each time. If there are more, an index finds what is due; it holds
//! nothing that does not follow from the rest, so it takes no part in comparing or hashing a server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::key::{Dispatch, RunIndex, TaskKey, Timer};
use super::polls::{Polls, Queue, QueueRef};
use super::run::Run;
use super::workflow_task::{self, WorkflowTaskState};
use super::{activity_timeout, query, timer, update_wait};
use crate::clock::Time;
use crate::history::part::Part;

/// So many runs are looked at without an index.
const FEW: usize = 8;

/// What is due on a server.
#[derive(Clone, Debug, Default)]
pub(super) struct Agenda {
    /// None while there are few runs.
    index: Option<Arc<Index>>,
}

/// One thing in the index.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Entry {
    time: Time,
    key: TaskKey,
    /// Where it waits for a worker that polls; none if it comes by itself.
    queue: Option<Queue>,
}

/// What the runs have pending, by time.
#[derive(Clone, Debug, Default)]
struct Index {
    by_itself: BTreeSet<(Time, TaskKey)>,
    waiting: BTreeMap<Queue, BTreeSet<(Time, TaskKey)>>,
    /// What is in the index because of each run.
    of_run: Vec<Vec<Entry>>,
}

impl Agenda {
    /// A run has changed, or is new.
    pub(super) fn refresh(&mut self, runs: &[Part<Run>], at: RunIndex) {
        if runs.len() <= FEW {
            return;
        }
        if let Some(index) = &mut self.index {
            Arc::make_mut(index).refresh(&runs[at.0 as usize]);
            return;
        }
        let mut index = Index::default();
        for run in runs {
            index.refresh(run);
        }
        self.index = Some(Arc::new(index));
    }

    /// What comes first.
    pub(super) fn first(&self, runs: &[Part<Run>], polls: &Polls) -> Option<(Time, TaskKey)> {
        if let Some(index) = &self.index {
            return index.first(polls);
        }
        let mut first: Option<(Time, TaskKey)> = None;
        each_due(runs, polls, |time, key| {
            if first.is_none_or(|first| (time, key) < first) {
                first = Some((time, key));
            }
        });
        first
    }

    /// Whether there are too many runs to look at each.
    pub(super) fn has_index(&self) -> bool {
        self.index.is_some()
    }

    /// Everything that is due no later than `until`, in no order.
    pub(super) fn until(
        &self,
        runs: &[Part<Run>],
        polls: &Polls,
        until: Time,
        out: &mut Vec<(Time, TaskKey)>,
    ) {
        match &self.index {
            Some(index) => index.until(polls, until, out),
            None => each_due(runs, polls, |time, key| {
                if time <= until {
                    out.push((time, key));
                }
            }),
        }
    }
}

/// Whether a run has a task pending, and when it is due.
pub(super) fn due(run: &Run, polls: &Polls, key: TaskKey) -> Option<Time> {
    let mut due = None;
    each_pending(run, |time, own, queue| {
        if own == key {
            due = when(time, queue, polls);
        }
    });
    due
}

/// The queue in which a task waits.
pub(super) fn queue(run: &Run, key: TaskKey) -> Option<QueueRef<'_>> {
    let mut found = None;
    each_pending(run, |_, own, queue| {
        if own == key {
            found = queue;
        }
    });
    found
}

/// When something is due that could be done from this time on: not before a worker polls, if it
/// waits for one.
fn when(time: Time, queue: Option<QueueRef<'_>>, polls: &Polls) -> Option<Time> {
    match queue {
        None => Some(time),
        Some(queue) => polls.since(queue).map(|since| since.max(time)),
    }
}

fn each_due(runs: &[Part<Run>], polls: &Polls, mut each: impl FnMut(Time, TaskKey)) {
    for run in runs {
        each_pending(run, |time, key, queue| {
            if let Some(time) = when(time, queue, polls) {
                each(time, key);
            }
        });
    }
}

/// Everything that a run as it is will have done.
fn each_pending<'r>(run: &'r Run, mut each: impl FnMut(Time, TaskKey, Option<QueueRef<'r>>)) {
    let index = run.index;
    for (time, transfer) in &run.transfers {
        each(*time, TaskKey::Transfer(index, *transfer), None);
    }
    for (call, queue, since) in query::waiting(run) {
        each(since, TaskKey::Query(index, call), Some(queue.into()));
    }
    let mut deadline = |time: Option<Time>, which| {
        if let Some(time) = time {
            each(time, TaskKey::Timer(index, which), None);
        }
    };
    deadline(query::next(run), Timer::Queries);
    if !run.is_open() {
        return;
    }
    deadline(workflow_task::deadline(run), Timer::WorkflowTask);
    deadline(run.first_workflow_task_at, Timer::FirstWorkflowTask);
    deadline(activity_timeout::next(run), Timer::Activities);
    deadline(timer::next(run), Timer::UserTimers);
    deadline(update_wait::next(run), Timer::UpdateWaits);
    deadline(run.expires_at, Timer::RunTimeout);
    if let WorkflowTaskState::Scheduled(task) = &run.workflow_task {
        let queue = match &task.task_queue.sticky {
            Some(sticky) if !task.sticky_worker_missing => QueueRef::Sticky(sticky),
            _ => QueueRef::Workflow(&task.task_queue.normal),
        };
        let key = TaskKey::Dispatch(index, Dispatch::WorkflowTask);
        each(task.scheduled_time, key, Some(queue));
    }
    for pending in run.activities.iter().filter(|pending| pending.started.is_none()) {
        let key = TaskKey::Dispatch(index, Dispatch::ActivityTask(pending.scheduled_event_id));
        each(pending.attempt_scheduled_time, key, Some(QueueRef::Activity(&pending.task_queue)));
    }
}

impl Index {
    fn refresh(&mut self, run: &Run) {
        let at = run.index.0 as usize;
        if self.of_run.len() <= at {
            self.of_run.resize_with(at + 1, Vec::new);
        }
        let mut new = Vec::new();
        each_pending(run, |time, key, queue| {
            new.push(Entry { time, key, queue: queue.map(QueueRef::to_owned) });
        });
        let old = std::mem::take(&mut self.of_run[at]);
        // Most changes of a run leave most of it as it was, at both ends.
        let (gone, come) = between_equal_ends(&old, &new);
        // The same may be in the list twice.
        for entry in gone.iter().filter(|entry| !new.contains(entry)) {
            self.remove(entry);
        }
        for Entry { time, key, queue } in come {
            match queue {
                None => self.by_itself.insert((*time, *key)),
                Some(queue) => self.waiting.entry(queue.clone()).or_default().insert((*time, *key)),
            };
        }
        self.of_run[at] = new;
    }

    fn remove(&mut self, Entry { time, key, queue }: &Entry) {
        let Some(queue) = queue else {
            self.by_itself.remove(&(*time, *key));
            return;
        };
        if let Some(waiting) = self.waiting.get_mut(queue) {
            waiting.remove(&(*time, *key));
            if waiting.is_empty() {
                self.waiting.remove(queue);
            }
        }
    }

    fn first(&self, polls: &Polls) -> Option<(Time, TaskKey)> {
        let dispatches = polls.queues().filter_map(|(queue, since)| {
            let (time, key) = self.waiting.get(queue)?.first()?;
            Some(((*time).max(since), *key))
        });
        dispatches.chain(self.by_itself.first().copied()).min()
    }

    fn until(&self, polls: &Polls, until: Time, out: &mut Vec<(Time, TaskKey)>) {
        out.extend(self.by_itself.iter().take_while(|(time, _)| *time <= until));
        for (queue, since) in polls.queues() {
            let Some(waiting) = self.waiting.get(queue).filter(|_| since <= until) else {
                continue;
            };
            let due = waiting.iter().take_while(|(time, _)| *time <= until);
            out.extend(due.map(|(time, key)| ((*time).max(since), *key)));
        }
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
