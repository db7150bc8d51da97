//! What went wrong in a search.

use serde::{Deserialize, Serialize};

use super::document::Witness;
use crate::check::{self, Always, Mismatch, Outcome};
use crate::explore::{Exploration, Failed, Failure, Found, Token, Trace, replay};
use crate::history::text::{Style, Tone, plain, render};
use crate::report::trace::runs_with_choices;
use crate::scenario::{Coloring, Location};
use crate::sim::Race;

/// Something that went wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FailureReport {
    /// What kind of thing.
    pub kind: Kind,
    /// What.
    pub message: String,
    /// Where the scenario says how it should be.
    pub at: Option<Place>,
    /// The smallest schedule that shows it.
    pub witness: Option<Witness>,
    /// The schedule by which it was found, if the witness was made from it.
    pub found_by: Option<String>,
    /// The histories of the witness, with its choices.
    pub histories: Option<String>,
    /// What it is drawn as with the scenario's text.
    #[serde(skip)]
    pub(super) drawn: Option<String>,
}

/// Kinds of what can go wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// What holds of every history does not.
    Invariant,
    /// What the scenario says does not.
    Expectation,
    /// A run reached a limit, or its code cannot go on.
    Limit,
}

/// A place in a file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Place {
    /// The file.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl Place {
    pub(super) fn of(at: &Location) -> Self {
        let file = at.file().unwrap_or_default().to_owned();
        Self { file, line: at.line(), column: at.column() }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// All that went wrong in a search: first the run that ended it, then the outcomes that are others
/// than the scenario names.
pub(super) fn all(found: &Exploration) -> Vec<FailureReport> {
    let failed = found.failed.iter().map(|failed| of_run(found, failed));
    let unlike = found.unlike_expected();
    failed.chain(unlike.iter().map(|failure| of_outcomes(found, failure))).collect()
}

fn of_run(found: &Exploration, failed: &Failed) -> FailureReport {
    let mut report = of_failure(&failed.failure);
    report.show(found, &failed.witness);
    if failed.found_by != failed.witness {
        report.found_by = Some(failed.found_by.to_string());
    }
    report
}

fn of_failure(failure: &Failure) -> FailureReport {
    match failure {
        Failure::Expectation(failure) => of_check(failure),
        Failure::Invariant(_) => FailureReport::new(Kind::Invariant, &failure.to_string()),
        Failure::Ended(_) => FailureReport::new(Kind::Limit, &failure.to_string()),
    }
}

fn of_outcomes(found: &Exploration, failure: &check::Failure) -> FailureReport {
    let mut report = of_check(failure);
    if let Mismatch::UnexpectedOutcome(outcome) = &failure.mismatch {
        let is_it = |found: &&Found| *found.outcome == *outcome;
        if let Some(shown) = found.outcomes.iter().find(is_it) {
            report.show(found, &shown.witness);
        }
    }
    report
}

fn of_check(failure: &check::Failure) -> FailureReport {
    FailureReport {
        at: Some(Place::of(&failure.at)),
        drawn: Some(failure.diagnostic().render(Coloring::Ansi)),
        ..FailureReport::new(Kind::Expectation, &failure.mismatch.to_string())
    }
}

impl FailureReport {
    /// All that is wrong with a run that was replayed.
    pub fn all_of(trace: &Trace) -> Vec<Self> {
        let of_run = trace.failure.iter().map(of_failure);
        let scenario = trace.result.scenario();
        let unexpected = (trace.race == Race::of(scenario))
            .then(|| Always::of(scenario).unexpected(&Outcome::of(&trace.result)))
            .flatten();
        of_run.chain(unexpected.iter().map(of_check)).collect()
    }

    /// What is wrong, drawn for a terminal, with the scenario's text if that says how it should be.
    pub fn drawn(&self, style: Style) -> String {
        if let Some(drawn) = &self.drawn {
            return drawn.clone();
        }
        let word = style.paint(Tone::Bad, self.kind.word());
        let at = self.at.as_ref().map_or_else(String::new, |at| format!("{at}: "));
        format!("{word}: {at}{}\n", self.message)
    }

    pub(super) fn new(kind: Kind, message: &str) -> Self {
        let message = plain_lines(message.trim_end());
        Self {
            kind,
            message,
            at: None,
            witness: None,
            found_by: None,
            histories: None,
            drawn: None,
        }
    }

    /// With a schedule that shows it.
    fn show(&mut self, found: &Exploration, witness: &Token) {
        if let Ok(trace) = replay(&found.plan, witness, &found.options.limits) {
            self.show_trace(&trace, witness);
        }
    }

    fn show_trace(&mut self, trace: &Trace, token: &Token) {
        let faults = trace.steps.iter().filter(|step| step.happened().happening.is_fault());
        let faults = u32::try_from(faults.count()).unwrap_or(u32::MAX);
        self.witness = Some(Witness::new(token, faults));
        self.histories = Some(render(&runs_with_choices(trace), Style::Plain));
    }

    /// The same, with the schedule that has led to it.
    #[must_use]
    pub fn shown_by(mut self, trace: &Trace, token: &Token) -> Self {
        self.show_trace(trace, token);
        self
    }
}

/// The text without anything that does something to a terminal but ending lines.
fn plain_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(plain).collect();
    lines.join("\n")
}
