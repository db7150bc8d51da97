//! Every ordering of what races: what can happen, how often, and by which schedule.
//!
//! ```
//! use deadbeat::explore::{Options, Watch, explore};
//! use deadbeat::scenario::Scenario;
//! use deadbeat::sim::Plan;
//!
//! let source = "
//! name: a cancel and a termination race
//! workflows: { Nap: [{ sleep: 8h }] }
//! clients:
//!   a: [{ start: Nap, workflow_id: nap }, { cancel: nap }]
//!   b: [{ terminate: nap, when: WorkflowTaskCompleted, fails_with: NOT_FOUND }]
//! ";
//! let plan = Plan::new(Scenario::parse(source, "nap.yaml")?);
//! let found = explore(&plan, &Options::of(plan.scenario()), &Watch::default());
//! assert!(found.is_exhaustive());
//! let outcomes: Vec<_> = found.outcomes.iter().map(|found| found.outcome.to_string()).collect();
//! assert_eq!(outcomes, ["nap: Terminated", "nap: Canceled"]);
//! # Ok::<(), deadbeat::scenario::Diagnostics>(())
//! ```
//!
//! An exhaustive search walks the graph of all states, and meets each state once however many
//! orderings come to it. The graph is kept: over it each outcome's share of all orderings is counted
//! exactly, and its *witness* found: the schedule with fewest faults, then fewest departures from
//! the default order, then fewest happenings. No ordering is left out as equivalent to another:
//! merging equal states does nearly all that such reductions would, and they would make the shares
//! wrong. What is too large to be searched is sampled ([`Strategy`]).
//!
//! This room searches. It does not know what a history must look like: that is [`check`]'s.
//!
//! [`check`]: crate::check

mod exploration;
mod graph;
mod judge;
mod minimise;
mod paths;
mod picks;
mod roots;
mod sample;
mod shard;
mod strategy;
#[cfg(test)]
mod tests;
mod token;
mod trace;

pub use exploration::{End, Exploration, Failed, Found, Weight};
pub use judge::Failure;
pub use picks::{Deviation, Picks, Recorder, Replay};
pub use shard::{Shard, ShardError};
pub use strategy::Strategy;
pub use token::{Token, TokenError};
pub use trace::{Choice, Misfit, Step, Trace, replay};

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::scenario::Scenario;
use crate::sim::{Limits, Plan, Race, Simulation};

/// What to search, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// How orderings are searched.
    pub strategy: Strategy,
    /// Which happenings race, and how many faults there may be.
    pub race: Race,
    /// How far each run may go.
    pub limits: Limits,
    /// How many runs a sample has; without end if not given. A shard makes its part of them.
    pub runs: Option<u64>,
    /// What a sample is drawn by.
    pub seed: u64,
    /// How many threads search.
    pub threads: NonZeroUsize,
    /// Which part of the search this is.
    pub shard: Shard,
    /// How many states an exhaustive search may reach before it is cut.
    pub most_states: u64,
    /// What is told apart in the result.
    pub apart: Apart,
}

/// What is told apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Apart {
    /// Outcomes: how each execution closed.
    #[default]
    Outcomes,
    /// Histories: every event, with its time.
    Histories,
}

impl Options {
    /// So many states fit into about a gigabyte.
    pub const MOST_STATES: u64 = 10_000_000;

    /// An exhaustive search, with the window and the faults that the scenario names.
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            strategy: Strategy::Exhaustive,
            race: Race::of(scenario),
            limits: Limits::default(),
            runs: None,
            seed: 0,
            threads: NonZeroUsize::MIN,
            shard: Shard::WHOLE,
            most_states: Self::MOST_STATES,
            apart: Apart::Outcomes,
        }
    }
}

/// How somebody outside looks on, and says stop.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Asked again and again: whether the search shall end now.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// How far it is.
    pub progress: &'a Progress,
}

impl Default for Watch<'_> {
    /// Nobody looks on, and nobody says stop.
    fn default() -> Self {
        static NOBODY: Progress = Progress { states: AtomicU64::new(0), runs: AtomicU64::new(0) };
        Self { stop: &|| false, progress: &NOBODY }
    }
}

/// How far a search is.
#[derive(Debug, Default)]
pub struct Progress {
    /// About how many states have been looked into.
    pub states: AtomicU64,
    /// How many runs have been made.
    pub runs: AtomicU64,
}

/// Searches the orderings of a scenario.
pub fn explore(plan: &Arc<Plan>, options: &Options, watch: &Watch<'_>) -> Exploration {
    explore_from(
        &Simulation::new(Arc::clone(plan)).with_faults(options.race.faults),
        options,
        watch,
    )
}

/// Searches what can follow from a world at its beginning.
fn explore_from(begin: &Simulation, options: &Options, watch: &Watch<'_>) -> Exploration {
    if options.strategy == Strategy::Exhaustive {
        let roots = roots::roots(begin.clone(), options);
        let graph = graph::Graph::search(begin.plan(), &roots, options, watch);
        Exploration::of_graph(begin, options, watch, &roots, &graph)
    } else {
        let sampled = sample::sample(begin, options, watch);
        Exploration::of_sample(begin, options, watch, sampled)
    }
}
