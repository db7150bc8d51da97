//! Many runs, each in an order of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use super::judge::{Failure, Judge};
use super::paths::Cost;
use super::picks::{Picks, Recorder};
use super::strategy::{Profile, Sampler, Strategy};
use super::{Options, Watch};
use crate::check::outcome::Outcome;
use crate::clock::Time;
use crate::sim::{Enabled, Happening, Schedule, Simulation, drive};

/// What came of the runs.
#[derive(Debug, Default)]
pub(super) struct Sampled {
    pub(super) runs: u64,
    /// By the histories' digest.
    pub(super) histories: HashMap<u128, Tally>,
    /// The first run that went wrong, by its number.
    pub(super) failed: Option<(u64, Run, Failure)>,
    /// Whether all runs that were asked for were made.
    pub(super) finished: bool,
}

/// The runs that gave the same histories.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) outcome: Arc<Outcome>,
    pub(super) runs: u64,
    pub(super) best: Run,
}

impl Tally {
    /// Takes in other runs of the same outcome.
    pub(super) fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        if other.best < self.best {
            self.best = other.best;
        }
    }
}

/// One run, as far as it matters afterwards. The smaller is the better witness.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Run {
    pub(super) cost: Cost,
    pub(super) picks: Picks,
}

impl Run {
    /// A run that was noted.
    pub(super) fn noted<S>(recorder: &Recorder<S>, happenings: u64) -> Self {
        let picks = recorder.picks();
        let cost = Cost::new(recorder.faults(), picks.deviations().len(), happenings);
        Self { cost, picks: picks.clone() }
    }
}

/// So many runs a thread takes at a time.
const CHUNK: u64 = 64;

/// Makes as many runs as asked for, or until somebody says stop.
pub(super) fn sample(begin: &Simulation, options: &Options, watch: &Watch<'_>) -> Sampled {
    let profile = match options.strategy {
        Strategy::Urw | Strategy::Pct => profile(begin, options),
        _ => Profile::default(),
    };
    let shared = Shared {
        begin,
        options,
        watch,
        sampler: Sampler::new(options.strategy, options.seed, &profile),
        next: AtomicU64::new(0),
        stopped: AtomicBool::new(false),
        failed: AtomicBool::new(false),
    };
    let threads = options.threads.get();
    let mut all = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| shared.work())).collect();
        let mut all = shared.work();
        for thread in others {
            match thread.join() {
                Ok(found) => all.merge(found),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.finished = !shared.stopped.into_inner() && all.failed.is_none();
    all
}

fn profile(begin: &Simulation, options: &Options) -> Profile {
    /// Notes which happenings are picked.
    struct Noted(Sampler, Vec<Happening>);
    impl Schedule for Noted {
        fn pick(&mut self, now: Time, enabled: &[(Time, Happening)]) -> usize {
            let picked = self.0.pick(now, enabled);
            self.1.push(enabled[picked.min(enabled.len() - 1)].1);
            picked
        }
    }
    let mut profile = Profile::default();
    let sampler = Sampler::new(Strategy::Random, options.seed, &profile);
    let mut noted = Noted(sampler, Vec::new());
    let mut enabled = Enabled::default();
    for run in 0..Profile::RUNS {
        // Streams that no counted run has.
        noted.0.begin(u64::MAX - run);
        noted.1.clear();
        drive(begin.clone(), options.race, &options.limits, &mut enabled, &mut noted);
        profile.add(&noted.1);
    }
    profile
}

struct Shared<'a> {
    begin: &'a Simulation,
    options: &'a Options,
    watch: &'a Watch<'a>,
    sampler: Sampler,
    next: AtomicU64,
    stopped: AtomicBool,
    failed: AtomicBool,
}

impl Shared<'_> {
    /// What one thread does. Chunks that were begun are finished when a run has gone wrong, so that
    /// the first such run is the same however many threads there are.
    fn work(&self) -> Sampled {
        let mut found = Sampled::default();
        let mut recorder = Recorder::new(self.sampler.clone());
        let mut enabled = Enabled::default();
        let mut judge = Judge::new(self.begin.plan());
        while !self.failed.load(Ordering::Relaxed) {
            let chunk = self.next.fetch_add(CHUNK, Ordering::Relaxed);
            let end = self.options.runs.unwrap_or(u64::MAX);
            if chunk >= end {
                break;
            }
            for number in chunk..end.min(chunk.saturating_add(CHUNK)) {
                if self.stopped.load(Ordering::Relaxed) || (self.watch.stop)() {
                    self.stopped.store(true, Ordering::Relaxed);
                    return found;
                }
                if !self.options.shard.has(number) {
                    continue;
                }
                recorder.restart().begin(number);
                self.run(number, &mut recorder, &mut enabled, &mut judge, &mut found);
            }
        }
        found
    }

    fn run(
        &self,
        number: u64,
        recorder: &mut Recorder<Sampler>,
        enabled: &mut Enabled,
        judge: &mut Judge,
        found: &mut Sampled,
    ) {
        let Options { race, limits, .. } = self.options;
        let (simulation, ended, happenings) =
            drive(self.begin.clone(), *race, limits, enabled, recorder);
        found.runs += 1;
        self.watch.progress.runs.fetch_add(1, Ordering::Relaxed);
        let verdict = judge.judge(&simulation, &ended);
        let better = |best: &Run| {
            let picks = recorder.picks();
            let cost = Cost::new(recorder.faults(), picks.deviations().len(), happenings);
            (cost, picks) < (best.cost, &best.picks)
        };
        if let Some(tally) = found.histories.get_mut(&verdict.history) {
            tally.runs += 1;
            if better(&tally.best) {
                tally.best = Run::noted(recorder, happenings);
            }
        } else {
            let best = Run::noted(recorder, happenings);
            recorder.schedule().found_something_new(&best.picks);
            let tally = Tally { outcome: verdict.outcome, runs: 1, best };
            found.histories.insert(verdict.history, tally);
        }
        if let Some(failure) = verdict.failure
            && found.failed.as_ref().is_none_or(|(first, ..)| number < *first)
        {
            self.failed.store(true, Ordering::Relaxed);
            found.failed = Some((number, Run::noted(recorder, happenings), failure));
        }
    }
}

impl Sampled {
    fn merge(&mut self, other: Self) {
        self.runs += other.runs;
        for (history, theirs) in other.histories {
            match self.histories.get_mut(&history) {
                Some(tally) => tally.merge(theirs),
                None => drop(self.histories.insert(history, theirs)),
            }
        }
        let first = |failed: &Option<(u64, Run, Failure)>| failed.as_ref().map(|(run, ..)| *run);
        if let Some(theirs) = first(&other.failed)
            && first(&self.failed).is_none_or(|mine| theirs < mine)
        {
            self.failed = other.failed;
        }
    }
}
