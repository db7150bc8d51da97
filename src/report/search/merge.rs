//! Shards' reports joined into one.

use std::collections::BTreeSet;

use super::document::{CutBy, FoundOutcome, Histories, Report, SearchEnd, Searched, Shards};
use super::failure::{FailureReport, Kind};
use super::number::Large;
use crate::check::{Mismatch, Outcome};

/// Why reports cannot be joined.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MergeError {
    /// A shard is there twice.
    #[error("shard {shard} of {of} of {path} is there twice")]
    Twice {
        /// The scenario's file.
        path: String,
        /// The shard's number.
        shard: u32,
        /// How many shards there are.
        of: u32,
    },
    /// The scenario is not the same in all.
    #[error("{path}: the reports are of different texts of this scenario")]
    Scenario {
        /// The scenario's file.
        path: String,
    },
    /// The search is not the same in all.
    #[error("{path}: the reports are of different searches: {what} is {one} and {other}")]
    Options {
        /// The scenario's file.
        path: String,
        /// What is different.
        what: &'static str,
        /// How it is in one report.
        one: String,
        /// How it is in another.
        other: String,
    },
}

/// Joins the reports of the shards of one search: orderings, runs and states are added up, histories
/// and outcomes joined, and of two witnesses the better one is kept.
///
/// # Errors
///
/// If they are not parts of one search.
pub fn merge(reports: impl IntoIterator<Item = Report>) -> Result<Report, MergeError> {
    let mut merged = Report::new();
    for report in reports {
        for search in report.searches {
            let same = |known: &&mut Searched| {
                known.path == search.path && known.strategy == search.strategy
            };
            match merged.searches.iter_mut().find(same) {
                Some(known) => known.join(search)?,
                None => merged.searches.push(search),
            }
        }
        merged.invalid.extend(report.invalid);
    }
    merged.invalid.sort();
    merged.invalid.dedup();
    for search in &mut merged.searches {
        search.finish();
    }
    Ok(merged)
}

impl Searched {
    /// Takes in another part of the same search.
    fn join(&mut self, other: Self) -> Result<(), MergeError> {
        self.must_fit(&other)?;
        self.shards.here.extend(other.shards.here);
        self.end = self.end.and(other.end);
        self.rest_is_sampled |= other.rest_is_sampled;
        self.orderings = match (self.orderings, other.orderings) {
            (Some(Large(one)), Some(Large(other))) => one.checked_add(other).map(Large),
            _ => None,
        };
        self.runs = self.runs.saturating_add(other.runs);
        self.states = self.states.saturating_add(other.states);
        self.transitions = self.transitions.saturating_add(other.transitions);
        for found in other.outcomes {
            let same = |known: &&mut FoundOutcome| {
                known.outcome == found.outcome && known.history == found.history
            };
            match self.outcomes.iter_mut().find(same) {
                Some(known) => known.join(found),
                None => self.outcomes.push(found),
            }
        }
        self.failures.extend(other.failures);
        Ok(())
    }

    fn must_fit(&self, other: &Self) -> Result<(), MergeError> {
        let path = self.path.clone();
        if self.digest != other.digest {
            return Err(MergeError::Scenario { path });
        }
        let seed = |it: &Self| it.seed.map_or_else(|| "none".to_owned(), |seed| seed.to_string());
        let apart = |it: &Self| if it.histories_apart { "history" } else { "outcome" }.to_owned();
        let options = [
            ("the seed", seed(self), seed(other)),
            ("the window", self.window.to_string(), other.window.to_string()),
            ("the number of faults", self.faults.to_string(), other.faults.to_string()),
            ("what is told apart", apart(self), apart(other)),
            ("the number of shards", self.shards.of.to_string(), other.shards.of.to_string()),
        ];
        if let Some((what, one, other)) = options.into_iter().find(|(_, one, other)| one != other) {
            return Err(MergeError::Options { path, what, one, other });
        }
        match self.shards.here.intersection(&other.shards.here).next() {
            Some(shard) => Err(MergeError::Twice { path, shard: *shard, of: self.shards.of }),
            None => Ok(()),
        }
    }

    /// Brings what was joined into order, and compares it with what was expected, if all is there.
    fn finish(&mut self) {
        let Shards { of, here, missing } = &mut self.shards;
        *missing = (1..=*of).filter(|number| !here.contains(number)).collect();
        let outcomes = &mut self.outcomes;
        outcomes.sort_by(|a, b| {
            let weight = |found: &FoundOutcome| (found.orderings, found.runs);
            weight(b).cmp(&weight(a)).then_with(|| {
                let rest = |found: &FoundOutcome| (found.outcome.clone(), found.history);
                rest(a).cmp(&rest(b))
            })
        });
        let key = |failure: &FailureReport| {
            let witness = failure.witness.as_ref();
            (failure.kind, failure.message.clone(), witness.map(|it| it.schedule.clone()))
        };
        self.failures.sort_by_key(key);
        self.failures.dedup_by_key(|failure| key(failure));
        if !self.is_exhaustive() {
            return;
        }
        let found: BTreeSet<&str> =
            self.outcomes.iter().map(|found| found.outcome.as_str()).collect();
        let missing = self.expected.iter().filter(|it| !found.contains(it.outcome.as_str()));
        let missing = missing.filter_map(|expected| {
            let outcome: Outcome = expected.outcome.parse().ok()?;
            let message = Mismatch::OutcomeNotFound(outcome).to_string();
            let report = FailureReport::new(Kind::Expectation, &message);
            Some(FailureReport { at: Some(expected.at.clone()), ..report })
        });
        let missing: Vec<FailureReport> = missing
            .filter(|missing| !self.failures.iter().any(|known| known.message == missing.message))
            .collect();
        self.failures.extend(missing);
    }
}

impl SearchEnd {
    /// The end of two parts together.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Exhausted, Self::Exhausted) => Self::Exhausted,
            (Self::Cut { by, open }, Self::Cut { by: other, open: more }) => {
                Self::Cut { by: CutBy::max(by, other), open: open.saturating_add(more) }
            }
            (cut @ Self::Cut { .. }, _) | (_, cut @ Self::Cut { .. }) => cut,
            _ => Self::Sampled,
        }
    }
}

impl FoundOutcome {
    fn join(&mut self, other: Self) {
        self.orderings = match (self.orderings, other.orderings) {
            (Some(Large(one)), Some(Large(other))) => one.checked_add(other).map(Large),
            _ => None,
        };
        self.runs = match (self.runs, other.runs) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            _ => None,
        };
        self.histories.join(other.histories);
        if other.witness.cost() < self.witness.cost() {
            self.witness = other.witness;
        }
    }
}

impl Histories {
    fn join(&mut self, other: Self) {
        let both = self.digests.take().zip(other.digests);
        *self = if let Some((mut one, other)) = both {
            one.extend(other);
            Self { at_least: self.at_least, ..Self::of(one) }
        } else {
            Self { count: self.count.max(other.count), at_least: true, digests: None }
        };
    }
}
