//! From a schedule that shows something, to the smallest that still shows it.

use super::Options;
use super::picks::{Deviation, Picks, Recorder, Replay};
use super::sample::Run;
use crate::sim::{Enabled, Ended, Simulation, drive};

/// No more runs than these are made for one schedule: each removes less than the one before.
const MOST_RUNS: u32 = 2_000;

/// Takes departures from the default order out of a schedule as long as the run still shows what it
/// is for: delta debugging, first by halves, then one by one. What is left has none that could go
/// without another.
pub(super) fn minimise(
    begin: &Simulation,
    options: &Options,
    run: Run,
    mut shows: impl FnMut(&Simulation, &Ended) -> bool,
) -> Run {
    let mut enabled = Enabled::default();
    let mut left = MOST_RUNS;
    let mut attempt = |best: &mut Run, picks: &Picks| {
        if left == 0 {
            return false;
        }
        left -= 1;
        let mut recorder = Recorder::new(Replay::new(picks));
        let (simulation, ended, happenings) =
            drive(begin.clone(), options.race, &options.limits, &mut enabled, &mut recorder);
        let tried = Run::noted(&recorder, happenings);
        let better = tried < *best && shows(&simulation, &ended);
        if better {
            *best = tried;
        }
        better
    };
    let mut best = run;
    let mut size = best.picks.deviations().len().max(1);
    loop {
        let mut at = 0;
        let mut any = false;
        while at < best.picks.deviations().len() {
            let deviations = best.picks.deviations();
            let without = without(deviations, at, size);
            if attempt(&mut best, &without) {
                any = true;
            } else {
                at += size;
            }
        }
        if size > 1 {
            size = size.div_ceil(2);
        } else if !any && !simpler(&mut best, &mut attempt) {
            return best;
        }
    }
}

fn without(deviations: &[Deviation], at: usize, count: usize) -> Picks {
    let end = (at + count).min(deviations.len());
    deviations[..at].iter().chain(&deviations[end..]).copied().collect()
}

/// Picks something nearer to the default instead of what was picked, where that will do.
fn simpler(best: &mut Run, attempt: &mut impl FnMut(&mut Run, &Picks) -> bool) -> bool {
    for at in 0..best.picks.deviations().len() {
        for index in 1..best.picks.deviations()[at].index {
            let mut deviations = best.picks.deviations().to_vec();
            deviations[at].index = index;
            if attempt(best, &deviations.into_iter().collect()) {
                return true;
            }
        }
    }
    false
}
