//! The picks of one run: what a schedule comes to.

use crate::clock::Time;
use crate::sim::{Happening, Schedule};

/// Where a run departs from the default order: the choices, counted from 0, at which something else
/// than the first happening came next.
///
/// A choice is a moment at which two or more happenings could come next; others are not counted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Picks(Vec<Deviation>);

/// One departure from the default order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Deviation {
    /// Which choice of the run, from 0.
    pub choice: u32,
    /// The index of what came next instead of the first; never 0.
    pub index: u32,
}

impl Picks {
    /// Without any, the run is that of the default order.
    pub fn deviations(&self) -> &[Deviation] {
        &self.0
    }

    /// Adds a departure after all others; one to index 0 is none.
    pub(crate) fn push(&mut self, deviation: Deviation) {
        if deviation.index > 0 {
            self.0.push(deviation);
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What is picked at a choice.
    pub fn at(&self, choice: u32) -> u32 {
        let found = self.0.binary_search_by_key(&choice, |deviation| deviation.choice);
        found.map_or(0, |at| self.0[at].index)
    }
}

impl FromIterator<Deviation> for Picks {
    /// Takes departures in any order; of two at one choice, the first.
    fn from_iter<I: IntoIterator<Item = Deviation>>(deviations: I) -> Self {
        let mut picks = Self::default();
        deviations.into_iter().for_each(|deviation| picks.push(deviation));
        picks.0.sort_by_key(|deviation| deviation.choice);
        picks.0.dedup_by_key(|deviation| deviation.choice);
        picks
    }
}

/// Picks what was picked before.
///
/// ```
/// use deadbeat::explore::{Deviation, Picks, Replay};
/// use deadbeat::scenario::Scenario;
/// use deadbeat::sim::{Limits, Plan, Race, run};
///
/// let source = "
/// name: a cancel races a nap
/// workflows: { Nap: [{ sleep: 8h }] }
/// clients:
///   sleeper: [{ start: Nap, workflow_id: nap }]
///   waker: [{ cancel: nap, fails_with: NOT_FOUND }]
/// ";
/// let plan = Plan::new(Scenario::parse(source, "nap.yaml")?);
/// let waker_first = Picks::from_iter([Deviation { choice: 0, index: 1 }]);
/// let result = run(&plan, Race::default(), &Limits::default(), &mut Replay::new(&waker_first));
/// assert_eq!(result.execution("nap").status.name(), "Completed");
/// # Ok::<(), deadbeat::scenario::Diagnostics>(())
/// ```
#[derive(Clone, Debug)]
pub struct Replay<'a> {
    left: &'a [Deviation],
    choice: u32,
    fits: bool,
}

impl<'a> Replay<'a> {
    /// Picks these.
    pub fn new(picks: &'a Picks) -> Self {
        Self { left: &picks.0, choice: 0, fits: true }
    }

    /// Whether each departure has met a choice that had what it names.
    pub fn fitted(&self) -> bool {
        self.fits && self.left.is_empty()
    }
}

impl Schedule for Replay<'_> {
    fn pick(&mut self, _now: Time, enabled: &[(Time, Happening)]) -> usize {
        let choice = self.choice;
        self.choice += 1;
        match self.left {
            [next, left @ ..] if next.choice == choice => {
                self.left = left;
                self.fits &= (next.index as usize) < enabled.len();
                next.index as usize
            }
            _ => 0,
        }
    }
}

/// Notes what another schedule picks.
#[derive(Clone, Debug, Default)]
pub struct Recorder<S> {
    schedule: S,
    picks: Picks,
    choice: u32,
    faults: u32,
}

impl<S> Recorder<S> {
    /// Notes what this schedule picks.
    pub fn new(schedule: S) -> Self {
        Self { schedule, picks: Picks::default(), choice: 0, faults: 0 }
    }

    /// What was picked so far.
    pub fn picks(&self) -> &Picks {
        &self.picks
    }

    /// How many of the picks were faults.
    pub fn faults(&self) -> u32 {
        self.faults
    }

    /// The schedule that it notes.
    pub(super) fn schedule(&mut self) -> &mut S {
        &mut self.schedule
    }

    /// The schedule, and room for what it picks next: for another run.
    pub(super) fn restart(&mut self) -> &mut S {
        self.picks.clear();
        self.choice = 0;
        self.faults = 0;
        &mut self.schedule
    }
}

impl<S: Schedule> Schedule for Recorder<S> {
    fn pick(&mut self, now: Time, enabled: &[(Time, Happening)]) -> usize {
        let last = enabled.len().saturating_sub(1);
        let picked = self.schedule.pick(now, enabled).min(last);
        if picked > 0 {
            let index = u32::try_from(picked).unwrap_or(u32::MAX);
            self.picks.push(Deviation { choice: self.choice, index });
            self.faults += u32::from(enabled[picked].1.is_fault());
        }
        self.choice += 1;
        picked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::EPOCH;
    use crate::sim::{ClientIndex, Seeded};

    #[test]
    fn what_was_noted_is_picked_again() {
        let enabled =
            [0, 1, 2].map(|client| (EPOCH, Happening::Client(ClientIndex(client)))).to_vec();
        let mut recorder = Recorder::new(Seeded::new(3));
        let picked: Vec<_> = (0..20).map(|_| recorder.pick(EPOCH, &enabled)).collect();
        let picks = recorder.picks().clone();
        let mut replay = Replay::new(&picks);
        let again: Vec<_> = (0..20).map(|_| replay.pick(EPOCH, &enabled)).collect();
        assert_eq!(picked, again);
        assert!(replay.fitted());
        let one_by_one: Vec<_> = (0..20).map(|choice| picks.at(choice) as usize).collect();
        assert_eq!(picked, one_by_one);
    }

    #[test]
    fn a_pick_that_is_not_there_does_not_fit() {
        let picks = Picks::from_iter([Deviation { choice: 0, index: 2 }]);
        let mut replay = Replay::new(&picks);
        assert!(!replay.fitted());
        replay.pick(EPOCH, &[(EPOCH, Happening::Client(ClientIndex(0)))]);
        assert!(!replay.fitted());
    }
}
