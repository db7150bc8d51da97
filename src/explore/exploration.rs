//! What came of a search.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::graph::{Graph, Leaf};
use super::judge::{Failure, Judge};
use super::minimise::minimise;
use super::paths::Paths;
use super::roots::Root;
use super::sample::{Run, Sampled, Tally};
use super::{Apart, Options, Token, Watch};
use crate::check::{self, Always, Coverage, Outcome};
use crate::sim::{Plan, Race, Simulation};

/// What came of a search: everything that was found, and how much of all it is.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// What was searched.
    pub plan: Arc<Plan>,
    /// How.
    pub options: Options,
    /// How far it came.
    pub end: End,
    /// How many runs a sample had.
    pub runs: u64,
    /// How many orderings there are; none if that was not found out, or if there are more than
    /// 2^128.
    pub orderings: Option<u128>,
    /// How many distinct states were reached; 0 for a sample.
    pub states: u64,
    /// How many steps there are from a state to another; 0 for a sample.
    pub transitions: u64,
    /// The digests of all distinct histories: those of all executions of a run, taken together.
    pub histories: BTreeSet<u128>,
    /// What was told apart, the most frequent first.
    pub outcomes: Vec<Found>,
    /// What went wrong, if anything did: the search ended there.
    pub failed: Option<Failed>,
}

/// How far a search came.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum End {
    /// Every ordering was seen.
    Exhausted,
    /// As many runs were made as were asked for.
    Sampled,
    /// It was cut: what it tells is true of what it saw, and that was not all.
    Cut {
        /// How many states were reached that it has not looked into; 0 for a sample.
        open: u64,
    },
}

/// An outcome, or a history, that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// How each execution closed.
    pub outcome: Arc<Outcome>,
    /// Over all histories, if histories were told apart.
    pub history: Option<u128>,
    /// How often.
    pub weight: Weight,
    /// The digests of its distinct histories.
    pub histories: BTreeSet<u128>,
    /// A schedule that leads there.
    pub witness: Token,
    /// How many faults that schedule places.
    pub faults: u32,
}

/// How often something was found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Weight {
    /// That is not known: the search was cut, or the number is too large.
    Unknown,
    /// So many runs of a sample.
    Runs(u64),
    /// So many of all orderings.
    Orderings(u128),
}

/// A run that went wrong.
#[derive(Clone, Debug)]
pub struct Failed {
    /// What is wrong.
    pub failure: Failure,
    /// The smallest schedule that was found for it.
    pub witness: Token,
    /// How it was found: what the smallest schedule was made from.
    pub found_by: Token,
}

impl Exploration {
    /// Whether every ordering was seen. One shard alone never has seen them all.
    pub fn is_exhaustive(&self) -> bool {
        self.end == End::Exhausted && self.options.shard.of() == 1
    }

    /// How what was found differs from the outcomes that the scenario names: those found and not
    /// named, and, if every ordering was seen, those named and not found. Nothing if other
    /// happenings were let race than the scenario says, for then others are possible.
    pub fn unlike_expected(&self) -> Vec<check::Failure> {
        let scenario = self.plan.scenario();
        if self.options.race != Race::of(scenario) {
            return Vec::new();
        }
        let found = self.outcomes.iter().map(|found| Outcome::clone(&found.outcome)).collect();
        let coverage = if self.is_exhaustive() { Coverage::Complete } else { Coverage::Partial };
        Always::of(scenario).outcomes(&found, coverage)
    }

    pub(super) fn of_graph(
        begin: &Simulation,
        options: &Options,
        watch: &Watch<'_>,
        roots: &[Root],
        graph: &Graph,
    ) -> Self {
        let paths = Paths::new(graph, roots);
        let exhausted = graph.open == 0;
        let mut groups = Groups::new(options.apart);
        for leaf in &graph.leaves {
            groups.take(leaf, &paths, exhausted);
        }
        let run_to = |leaf: &Leaf| Run {
            cost: paths.cost(leaf.node),
            picks: paths.picks(graph, roots, leaf.node),
        };
        let token = |run: Run| token(begin, options, run);
        let outcomes = groups.groups.into_values().map(|group| Found {
            outcome: Arc::clone(&group.best.verdict.outcome),
            history: (options.apart == Apart::Histories).then_some(group.best.verdict.history),
            weight: group.orderings.map_or(Weight::Unknown, Weight::Orderings),
            histories: group.histories,
            faults: paths.cost(group.best.node).faults(),
            witness: token(run_to(group.best)),
        });
        let outcomes = sorted(outcomes.collect());
        let orderings = exhausted.then(|| total(&outcomes)).flatten();
        // The best of several, so that it is the same however many threads there were.
        let wrong =
            graph.leaves.iter().filter_map(|leaf| Some((leaf, leaf.verdict.failure.as_ref()?)));
        let wrong = wrong.min_by_key(|(leaf, _)| paths.place(leaf.node));
        Self {
            plan: Arc::clone(begin.plan()),
            options: options.clone(),
            end: if exhausted { End::Exhausted } else { End::Cut { open: graph.open } },
            runs: 0,
            orderings,
            states: graph.states,
            transitions: graph.transitions(),
            histories: graph.leaves.iter().map(|leaf| leaf.verdict.history).collect(),
            outcomes,
            failed: wrong
                .map(|(leaf, failure)| failed(begin, options, watch, run_to(leaf), failure)),
        }
    }

    pub(super) fn of_sample(
        begin: &Simulation,
        options: &Options,
        watch: &Watch<'_>,
        sampled: Sampled,
    ) -> Self {
        let Sampled { runs, histories, failed: wrong, finished } = sampled;
        let digests = histories.keys().copied().collect();
        let mut outcomes: Vec<Found> = Vec::new();
        match options.apart {
            Apart::Histories => {
                outcomes.extend(histories.into_iter().map(|(history, tally)| Found {
                    outcome: tally.outcome,
                    history: Some(history),
                    weight: Weight::Runs(tally.runs),
                    histories: BTreeSet::from([history]),
                    faults: tally.best.cost.faults(),
                    witness: token(begin, options, tally.best),
                }));
            }
            Apart::Outcomes => {
                for (outcome, (tally, histories)) in by_outcome(histories) {
                    let mut judge = Judge::new(begin.plan());
                    let shows = |simulation: &Simulation, ended: &_| {
                        judge.judge(simulation, ended).outcome == outcome
                    };
                    let best = minimise(begin, options, watch, tally.best, shows);
                    outcomes.push(Found {
                        outcome: Arc::clone(&outcome),
                        history: None,
                        weight: Weight::Runs(tally.runs),
                        histories,
                        faults: best.cost.faults(),
                        witness: token(begin, options, best),
                    });
                }
            }
        }
        Self {
            plan: Arc::clone(begin.plan()),
            options: options.clone(),
            end: if finished { End::Sampled } else { End::Cut { open: 0 } },
            runs,
            orderings: None,
            states: 0,
            transitions: 0,
            histories: digests,
            outcomes: sorted(outcomes),
            failed: wrong.map(|(_, run, failure)| failed(begin, options, watch, run, &failure)),
        }
    }
}

fn total(outcomes: &[Found]) -> Option<u128> {
    outcomes.iter().try_fold(0_u128, |total, found| match found.weight {
        Weight::Orderings(orderings) => total.checked_add(orderings),
        _ => None,
    })
}

/// The most frequent first; of those as frequent, in the order of their witnesses and texts.
fn sorted(mut outcomes: Vec<Found>) -> Vec<Found> {
    outcomes.sort_by(|a, b| {
        let key = |found: &Found| (found.faults, found.witness.happenings());
        b.weight
            .cmp(&a.weight)
            .then_with(|| a.outcome.cmp(&b.outcome))
            .then_with(|| key(a).cmp(&key(b)))
            .then_with(|| a.history.cmp(&b.history))
    });
    outcomes
}

fn token(begin: &Simulation, options: &Options, run: Run) -> Token {
    let happenings = run.cost.happenings();
    Token::new(begin.plan().scenario(), options.race, run.picks, happenings)
}

fn failed(
    begin: &Simulation,
    options: &Options,
    watch: &Watch<'_>,
    run: Run,
    failure: &Failure,
) -> Failed {
    let found_by = token(begin, options, run.clone());
    let mut judge = Judge::new(begin.plan());
    let mut smallest = failure.clone();
    let run = minimise(begin, options, watch, run, |simulation, ended| {
        let found = judge.judge(simulation, ended).failure;
        match found.filter(|found| found.is_like(failure)) {
            Some(found) => {
                smallest = found;
                true
            }
            None => false,
        }
    });
    Failed { failure: smallest, witness: token(begin, options, run), found_by }
}

/// All runs with one outcome, and the histories that they have.
type OfOutcome = (Tally, BTreeSet<u128>);

fn by_outcome(histories: HashMap<u128, Tally>) -> HashMap<Arc<Outcome>, OfOutcome> {
    let mut outcomes: HashMap<Arc<Outcome>, OfOutcome> = HashMap::new();
    for (history, tally) in histories {
        if let Some((all, histories)) = outcomes.get_mut(&tally.outcome) {
            histories.insert(history);
            all.merge(tally);
        } else {
            let outcome = Arc::clone(&tally.outcome);
            outcomes.insert(outcome, (tally, BTreeSet::from([history])));
        }
    }
    outcomes
}

/// The ends of runs, by what is told apart.
struct Groups<'a> {
    apart: Apart,
    groups: HashMap<(&'a Outcome, Option<u128>), Group<'a>>,
}

struct Group<'a> {
    best: &'a Leaf,
    orderings: Option<u128>,
    histories: BTreeSet<u128>,
}

impl<'a> Groups<'a> {
    fn new(apart: Apart) -> Self {
        Self { apart, groups: HashMap::new() }
    }

    fn take(&mut self, leaf: &'a Leaf, paths: &Paths, exhausted: bool) {
        let history = leaf.verdict.history;
        let apart = (self.apart == Apart::Histories).then_some(history);
        let count = paths.count(leaf.node).filter(|_| exhausted);
        let group = self.groups.entry((&leaf.verdict.outcome, apart)).or_insert_with(|| Group {
            best: leaf,
            orderings: Some(0),
            histories: BTreeSet::new(),
        });
        group.orderings =
            group.orderings.zip(count).and_then(|(sum, count)| sum.checked_add(count));
        group.histories.insert(history);
        if paths.place(leaf.node) < paths.place(group.best.node) {
            group.best = leaf;
        }
    }
}
