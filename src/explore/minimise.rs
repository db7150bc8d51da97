//! From a schedule that shows something, to the smallest that still shows it.

use super::picks::{Deviation, Picks, Recorder, Replay};
use super::sample::Run;
use super::{Options, Watch};
use crate::sim::{Enabled, Ended, Simulation, drive};

/// No more runs than these are made for one schedule: each removes less than the one before.
const MOST_RUNS: u32 = 2_000;

/// Takes departures from the default order out of a schedule as long as the run still shows what it
/// is for: delta debugging, first by halves, then one by one. What is left has none that could go
/// without another, unless the runs were used up or somebody said stop.
pub(super) fn minimise(
    begin: &Simulation,
    options: &Options,
    watch: &Watch<'_>,
    run: Run,
    shows: impl FnMut(&Simulation, &Ended) -> bool,
) -> Run {
    let enabled = Enabled::default();
    let mut search = Smaller { begin, options, watch, shows, enabled, left: MOST_RUNS, best: run };
    let mut size = search.departures().len().max(1);
    while search.goes_on() {
        let any = search.without(size);
        if size > 1 {
            size = size.div_ceil(2);
        } else if !any && !search.nearer() {
            break;
        }
    }
    search.best
}

/// What is tried, and the best so far.
struct Smaller<'a, F> {
    begin: &'a Simulation,
    options: &'a Options,
    watch: &'a Watch<'a>,
    shows: F,
    enabled: Enabled,
    left: u32,
    best: Run,
}

impl<F: FnMut(&Simulation, &Ended) -> bool> Smaller<'_, F> {
    fn departures(&self) -> &[Deviation] {
        self.best.picks.deviations()
    }

    fn goes_on(&self) -> bool {
        self.left > 0 && !(self.watch.stop)()
    }

    /// Makes one run. True if it is the best now.
    fn attempt(&mut self, picks: &Picks) -> bool {
        self.left = self.left.saturating_sub(1);
        let Options { race, limits, .. } = self.options;
        let mut recorder = Recorder::new(Replay::new(picks));
        let (simulation, ended, happenings) =
            drive(self.begin.clone(), *race, limits, &mut self.enabled, &mut recorder);
        let tried = Run::noted(&recorder, happenings);
        let is_better = tried < self.best && (self.shows)(&simulation, &ended);
        if is_better {
            self.best = tried;
        }
        is_better
    }

    /// Leaves out so many departures at a time, wherever that will do. True if it did anywhere.
    fn without(&mut self, count: usize) -> bool {
        let mut at = 0;
        let mut any = false;
        while at < self.departures().len() && self.goes_on() {
            let departures = self.departures();
            let end = (at + count).min(departures.len());
            let fewer = departures[..at].iter().chain(&departures[end..]).copied().collect();
            if self.attempt(&fewer) {
                any = true;
            } else {
                at += count;
            }
        }
        any
    }

    /// Picks something nearer to the default instead of what was picked, where that will do.
    fn nearer(&mut self) -> bool {
        for at in 0..self.departures().len() {
            for index in 1..self.departures()[at].index {
                if !self.goes_on() {
                    return false;
                }
                let mut departures = self.departures().to_vec();
                departures[at].index = index;
                if self.attempt(&departures.into_iter().collect()) {
                    return true;
                }
            }
        }
        false
    }
}
