//! What came of searches, as a value and as JSON.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::failure::{self, FailureReport, Kind};
use super::number::{Digest, Large};
use crate::explore::{
    Apart, End, Exploration, Found, Options, Shard, ShardError, Strategy, Token, Weight,
};
use crate::scenario::Scenario;
use crate::scenario::duration::Span;
use crate::sim::{Plan, Race};

/// What came of searches: one document, of this version.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Report {
    /// The version of the document's form: [`Report::VERSION`].
    pub version: u32,
    /// What was searched, in the order in which it was.
    pub searches: Vec<Searched>,
    /// The files that are no scenarios.
    pub invalid: Vec<Invalid>,
}

/// A file that is no scenario.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Invalid {
    /// Where it is.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

/// What came of one search of one scenario.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Searched {
    /// The scenario's file.
    pub path: String,
    /// The scenario's name.
    pub name: String,
    /// Over the scenario's text.
    pub digest: Digest,
    /// The strategy's name.
    pub strategy: String,
    /// What a sample is drawn by; none if all is searched.
    pub seed: Option<u64>,
    /// What raced.
    pub window: Span,
    /// How many faults a run could have.
    pub faults: u32,
    /// The scenario's own window and faults, where the search had others.
    pub instead_of: Option<(Span, u32)>,
    /// Whether histories were told apart, or, as a rule, outcomes.
    pub histories_apart: bool,
    /// Which parts of the search this is.
    pub shards: Shards,
    /// How far it came.
    pub end: SearchEnd,
    /// Whether a sample takes over where this is cut, so that it need not have seen everything.
    pub rest_is_sampled: bool,
    /// How many runs a sample had; 0 if all was searched.
    pub runs: u64,
    /// How many orderings there are, if that was found out.
    pub orderings: Option<Large>,
    /// How many states were reached. States that several shards reach are counted by each.
    pub states: u64,
    /// How many steps lead from a state to another, counted likewise.
    pub transitions: u64,
    /// What was told apart, the most frequent first.
    pub outcomes: Vec<FoundOutcome>,
    /// The outcomes that the scenario names, if they are to be compared with those found.
    pub expected: Vec<ExpectedOutcome>,
    /// What went wrong.
    pub failures: Vec<FailureReport>,
    /// How long it took; it is not written down, being another each time.
    #[serde(skip)]
    pub took: Option<Duration>,
}

/// Which parts of a search there are.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shards {
    /// How many parts the whole has.
    pub of: u32,
    /// The numbers of those that are here, from 1.
    pub here: BTreeSet<u32>,
    /// Where shards were joined, the numbers of those that were not there.
    pub missing: BTreeSet<u32>,
}

/// How far a search came.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SearchEnd {
    /// Every ordering of its part was seen.
    Exhausted,
    /// As many runs were made as were asked for.
    Sampled,
    /// It was cut.
    Cut {
        /// By what.
        by: CutBy,
        /// How many states were reached that it has not looked into.
        open: u64,
    },
}

/// What cuts a search.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CutBy {
    /// Its time was over.
    TimeLimit,
    /// It had reached as many states as are kept.
    States,
    /// Something went wrong.
    Failure,
    /// Ctrl-C.
    Interrupt,
}

/// An outcome, or a history, that was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FoundOutcome {
    /// How each execution closed.
    pub outcome: String,
    /// Over all histories, if histories were told apart.
    pub history: Option<Digest>,
    /// How many orderings come to it, if that is known.
    pub orderings: Option<Large>,
    /// How many runs of a sample came to it.
    pub runs: Option<u64>,
    /// Its distinct histories.
    pub histories: Histories,
    /// The best schedule that leads there.
    pub witness: Witness,
}

/// Distinct histories.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Histories {
    /// How many there are, or at least are.
    pub count: u64,
    /// Whether there may be more, because digests were left out where shards were joined.
    pub at_least: bool,
    /// The digest of each; none if they are more than [`Histories::MOST_DIGESTS`].
    pub digests: Option<BTreeSet<Digest>>,
}

/// A schedule, and how far it is from the default order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Witness {
    /// How many faults it places.
    pub faults: u32,
    /// In how many choices it departs from the default order.
    pub deviations: usize,
    /// How many happenings its run has.
    pub happenings: u64,
    /// Its text.
    pub schedule: String,
}

/// An outcome that the scenario names.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectedOutcome {
    /// The outcome.
    pub outcome: String,
    /// Where the file names it.
    pub at: super::Place,
}

/// Why a text is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// It is not one, or is damaged.
    #[error("not a report of `deadbeat explore --format json` or `deadbeat fuzz --report`: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It names shards that there cannot be.
    #[error("a damaged report: {0}")]
    Shard(#[from] ShardError),
    /// It is of another version.
    #[error("a report of version {found}, but this is a program that reads version {known}")]
    Version {
        /// The report's.
        found: u32,
        /// The program's.
        known: u32,
    },
}

impl Report {
    /// The version that this program writes and reads.
    pub const VERSION: u32 = 1;

    /// A report of nothing yet.
    pub fn new() -> Self {
        Self { version: Self::VERSION, searches: Vec::new(), invalid: Vec::new() }
    }

    /// Reads a report.
    ///
    /// # Errors
    ///
    /// If it is none, or of another version.
    pub fn read(text: &str) -> Result<Self, ReportError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        match serde_json::from_str::<Versioned>(text)?.version {
            Self::VERSION => {
                let report: Self = serde_json::from_str(text)?;
                report.searches.iter().try_for_each(|search| search.shards.check())?;
                Ok(report)
            }
            found => Err(ReportError::Version { found, known: Self::VERSION }),
        }
    }

    /// The report as JSON, a line end behind it.
    pub fn json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }
}

impl Default for Report {
    fn default() -> Self {
        Self::new()
    }
}

impl Searched {
    /// What came of a search of the scenario at `path`. If it was cut from outside, `cut` says by
    /// what.
    pub fn new(path: &str, found: &Exploration, cut: Option<CutBy>) -> Self {
        let scenario = found.plan.scenario();
        let options = &found.options;
        let own = Race::of(scenario);
        let end = match (found.end, &found.failed) {
            (End::Exhausted, None) => SearchEnd::Exhausted,
            (End::Sampled, None) => SearchEnd::Sampled,
            (End::Cut { open }, None) => SearchEnd::Cut { by: cut.unwrap_or(CutBy::States), open },
            (End::Cut { open }, Some(_)) => SearchEnd::Cut { by: CutBy::Failure, open },
            (End::Exhausted | End::Sampled, Some(_)) => {
                SearchEnd::Cut { by: CutBy::Failure, open: 0 }
            }
        };
        Self {
            path: path.to_owned(),
            name: scenario.name.clone(),
            digest: Digest(scenario.digest),
            strategy: options.strategy.name().to_owned(),
            seed: (options.strategy != Strategy::Exhaustive).then_some(options.seed),
            window: Span(options.race.window),
            faults: options.race.faults,
            instead_of: (options.race != own).then_some((Span(own.window), own.faults)),
            histories_apart: options.apart == Apart::Histories,
            shards: Shards {
                of: options.shard.of(),
                here: BTreeSet::from([options.shard.number()]),
                missing: BTreeSet::new(),
            },
            end,
            rest_is_sampled: false,
            runs: found.runs,
            orderings: found.orderings.map(Large),
            states: found.states,
            transitions: found.transitions,
            outcomes: found.outcomes.iter().map(FoundOutcome::new).collect(),
            expected: if options.race == own { expected(scenario) } else { Vec::new() },
            failures: failure::all(found),
            took: None,
        }
    }

    /// What came of replaying schedules that failed before, of the scenario at `path`: these fail
    /// again.
    pub fn replayed(
        path: &str,
        plan: &Arc<Plan>,
        options: &Options,
        failures: Vec<FailureReport>,
    ) -> Self {
        let nothing = Exploration {
            plan: Arc::clone(plan),
            options: options.clone(),
            end: End::Cut { open: 0 },
            runs: 0,
            orderings: None,
            states: 0,
            transitions: 0,
            histories: BTreeSet::new(),
            outcomes: Vec::new(),
            failed: None,
        };
        let strategy = "regressions".to_owned();
        Self { strategy, failures, ..Self::new(path, &nothing, Some(CutBy::Failure)) }
    }

    /// Whether every ordering of its part was seen.
    pub fn is_exhausted(&self) -> bool {
        self.end == SearchEnd::Exhausted
    }

    /// Whether every ordering was seen.
    pub fn is_exhaustive(&self) -> bool {
        self.is_exhausted() && self.shards.are_all()
    }

    /// Whether it went as it should: nothing failed, and all that was asked for was seen.
    pub fn is_as_expected(&self) -> bool {
        self.failures.is_empty() && !self.is_incomplete()
    }

    /// Whether it was cut, or shards are missing. A sample that its time limit has ended is
    /// complete: it has no other end.
    pub fn is_incomplete(&self) -> bool {
        let is_cut = match self.end {
            SearchEnd::Exhausted | SearchEnd::Sampled => false,
            SearchEnd::Cut { by: CutBy::TimeLimit | CutBy::States, .. } => {
                self.seed.is_none() && !self.rest_is_sampled
            }
            SearchEnd::Cut { .. } => true,
        };
        is_cut || !self.shards.missing.is_empty()
    }

    /// Whether anything failed that is not a limit of this program.
    pub fn has_failed(&self) -> bool {
        self.failures.iter().any(|failure| failure.kind != Kind::Limit)
    }

    /// How many distinct histories there are, and whether there may be more.
    pub fn histories(&self) -> (u64, bool) {
        let counts = self.outcomes.iter().map(|found| &found.histories);
        counts.fold((0, false), |(count, more), it| (count + it.count, more || it.at_least))
    }
}

fn expected(scenario: &Scenario) -> Vec<ExpectedOutcome> {
    let expected = scenario.outcomes.iter().map(|expected| ExpectedOutcome {
        outcome: expected.outcome.to_string(),
        at: super::Place::of(&expected.at),
    });
    expected.collect()
}

impl FoundOutcome {
    fn new(found: &Found) -> Self {
        let (orderings, runs) = match found.weight {
            Weight::Unknown => (None, None),
            Weight::Runs(runs) => (None, Some(runs)),
            Weight::Orderings(orderings) => (Some(Large(orderings)), None),
        };
        Self {
            outcome: found.outcome.to_string(),
            history: found.history.map(Digest),
            orderings,
            runs,
            histories: Histories::of(found.histories.iter().copied().map(Digest).collect()),
            witness: Witness::new(&found.witness, found.faults),
        }
    }
}

impl Histories {
    /// No more digests than these are written down for an outcome.
    pub const MOST_DIGESTS: usize = 20_000;

    /// These.
    pub(super) fn of(digests: BTreeSet<Digest>) -> Self {
        let count = digests.len() as u64;
        let digests = Some(digests).filter(|digests| digests.len() <= Self::MOST_DIGESTS);
        Self { count, at_least: false, digests }
    }
}

impl Witness {
    /// A schedule that places so many faults.
    pub(super) fn new(token: &Token, faults: u32) -> Self {
        Self {
            faults,
            deviations: token.picks().deviations().len(),
            happenings: token.happenings(),
            schedule: token.to_string(),
        }
    }

    /// What is compared to tell the better one.
    pub(super) fn cost(&self) -> (u32, usize, u64, &str) {
        (self.faults, self.deviations, self.happenings, &self.schedule)
    }
}

impl Shards {
    /// Whether there can be such shards.
    fn check(&self) -> Result<(), ShardError> {
        Shard::new(1, self.of)?;
        self.here.iter().try_for_each(|number| Shard::new(*number, self.of).map(drop))
    }

    /// Whether all parts are here.
    pub fn are_all(&self) -> bool {
        self.here.len() as u64 == u64::from(self.of)
    }
}
