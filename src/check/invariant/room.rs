//! Room for what a pass over a history remembers, kept from run to run so that nothing is allocated
//! when all is well.

use super::audit::{Facts, Seen};
use crate::clock::Time;
use crate::history::event::StartChildWorkflowExecutionInitiated;
use crate::history::list::Batch;
use crate::history::{Event, EventId, RunId};

/// The room of an auditor.
#[derive(Default, Debug)]
pub(super) struct Room<'h> {
    /// All runs, in the order in which they were made.
    pub(super) runs: Vec<Seen<'h>>,
    /// What was found out about each.
    pub(super) facts: Vec<Facts<'h>>,
    /// The batches of one history.
    pub(super) batches: Vec<&'h Batch>,
    /// The events of one history, by id from 1.
    pub(super) events: Vec<&'h Event>,
    /// What has become of each.
    pub(super) marks: Vec<Marks>,
    /// The children that runs have started.
    pub(super) children: Vec<StartedChild<'h>>,
    /// What runs say of events in other runs.
    pub(super) claims: Vec<Claim>,
    /// The signals that clients sent and the updates that have completed, by id, and in which runs.
    pub(super) named: Vec<(Named, &'h str, usize)>,
    /// The runs by id.
    pub(super) by_id: Vec<(RunId, usize)>,
    /// The runs by Workflow Id, then in the order in which they were made.
    pub(super) by_workflow: Vec<usize>,
}

impl Room<'_> {
    /// Puts the runs in order, for finding them.
    pub(super) fn sort(&mut self) {
        let Self { runs, by_id, by_workflow, .. } = self;
        by_id.extend(runs.iter().enumerate().map(|(at, run)| (run.execution.run_id, at)));
        by_id.sort_unstable();
        by_workflow.extend(0..runs.len());
        by_workflow.sort_unstable_by(|a, b| {
            let id = |at: usize| &runs[at].execution.workflow_id;
            id(*a).cmp(id(*b)).then(a.cmp(b))
        });
        self.claims.sort_unstable();
        self.named.sort_unstable();
    }

    /// The number of the run with this id.
    pub(super) fn find(&self, run: RunId) -> Option<usize> {
        let at = self.by_id.binary_search_by_key(&run, |(id, _)| *id).ok()?;
        Some(self.by_id[at].1)
    }

    /// The numbers of the runs of a Workflow Id, in the order in which they were made.
    pub(super) fn runs_of(&self, workflow_id: &str) -> &[usize] {
        let id = |at: &usize| self.runs[*at].execution.workflow_id.as_str();
        let from = self.by_workflow.partition_point(|at| id(at) < workflow_id);
        let of_id = &self.by_workflow[from..];
        &of_id[..of_id.partition_point(|at| id(at) == workflow_id)]
    }

    /// Whether there is something with this id in a run that fits.
    pub(super) fn has(&self, named: Named, id: &str, fits: impl Fn(usize) -> bool) -> bool {
        let from = self.named.partition_point(|(of, name, _)| (*of, *name) < (named, id));
        let mut found =
            self.named[from..].iter().take_while(|(of, name, _)| (*of, *name) == (named, id));
        found.any(|(.., run)| fits(*run))
    }

    /// The same room for other histories, empty.
    pub(super) fn recycle<'b>(self) -> Room<'b> {
        Room {
            runs: emptied(self.runs),
            facts: emptied(self.facts),
            batches: emptied(self.batches),
            events: emptied(self.events),
            marks: emptied(self.marks),
            children: emptied(self.children),
            claims: emptied(self.claims),
            named: emptied(self.named),
            by_id: emptied(self.by_id),
            by_workflow: emptied(self.by_workflow),
        }
    }
}

/// The same vector without anything in it, for things of another lifetime. Collecting from a
/// vector into one of things of the same size keeps its memory.
fn emptied<A, B>(mut vector: Vec<A>) -> Vec<B> {
    vector.clear();
    vector.into_iter().filter_map(|_| None).collect()
}

/// What has become of what an event began.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Marks(u8);

impl Marks {
    pub(super) const STARTED: Self = Self(1);
    pub(super) const CANCEL_REQUESTED: Self = Self(2);
    pub(super) const CLOSED: Self = Self(4);

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// A `ChildWorkflowExecutionStarted`.
#[derive(Clone, Copy, Debug)]
pub(super) struct StartedChild<'h> {
    /// The number of the parent's run.
    pub(super) parent: usize,
    pub(super) asked: &'h StartChildWorkflowExecutionInitiated,
    pub(super) initiated: EventId,
    pub(super) at: EventId,
    /// The child's first run.
    pub(super) run: RunId,
    /// Whether the parent's history has its close.
    pub(super) closed: bool,
}

/// What an id names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Named {
    /// A signal's request.
    Signal,
    /// An update that has completed.
    Update,
}

/// What a run says of an event in another run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Claim {
    /// The other run.
    pub(super) run: RunId,
    pub(super) event: EventId,
    pub(super) what: Claimed,
    /// The number of the run that says so.
    pub(super) by: usize,
}

/// What the event should be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Claimed {
    /// That which asked for the child.
    Child,
    /// That which asked for the cancel.
    Cancel,
}

/// The last of some times.
pub(super) fn later(time: &mut Time, other: Time) {
    *time = (*time).max(other);
}

#[cfg(test)]
mod tests {
    use super::emptied;

    #[test]
    fn memory_is_kept() {
        let texts: Vec<&str> = vec!["a"; 100];
        let (at, room) = (texts.as_ptr() as usize, texts.capacity());
        let again: Vec<&str> = emptied(texts);
        assert!(again.is_empty());
        assert_eq!((again.as_ptr() as usize, again.capacity()), (at, room));
    }
}
