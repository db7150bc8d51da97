//! What must be true: expectations of runs, and outcomes.

use std::collections::BTreeMap;

use super::super::diagnostic::Diagnostic;
use super::super::model::{Expectation, ExpectedOutcome};
use super::super::names::status_names;
use super::super::outcome::{NotAnOutcome, Outcome, RunOutcome};
use super::super::source::Location;
use super::super::yaml::{Node, Pair, unknown_name};
use super::Reader;
use crate::history::failure_kind::{FAILURE_NAMES, NotAFailureKind};

impl Reader {
    /// A list of expectations; those that are wrong are left out.
    pub(super) fn expectations(&mut self, node: Node<'_>) -> Option<Vec<Expectation>> {
        let mut expectations = Vec::new();
        for node in self.list(node, "expectations")? {
            if self.is_full() {
                return None;
            }
            let of = node.decode();
            let Some(of) = self.accept(of) else { continue };
            let at = node.at();
            self.places.mappings.insert(at.span().start, node.place().clone());
            expectations.push(Expectation { at, of });
        }
        Some(expectations)
    }

    /// A list of outcomes, each once.
    pub(super) fn outcomes(&mut self, pair: &Pair<'_>) -> Option<Vec<ExpectedOutcome>> {
        let nodes = self.list(pair.value, "outcomes")?;
        if nodes.is_empty() {
            let none = Diagnostic::new("there are no outcomes").at(pair.key_at.clone(), "empty");
            self.refuse(none.help("whatever happens in a scenario, it comes to some outcome"));
        }
        let mut outcomes = Vec::new();
        let mut places: BTreeMap<Outcome, Location> = BTreeMap::new();
        for node in nodes {
            if self.is_full() {
                return None;
            }
            let Some(outcome) = self.outcome(node) else { continue };
            let at = node.at();
            if let Some(first) = places.get(&outcome) {
                let twice = Diagnostic::new("this outcome is named twice");
                self.refuse(twice.at(at, "second").also(first.clone(), "first"));
            } else {
                places.insert(outcome.clone(), at.clone());
                outcomes.push(ExpectedOutcome { at, outcome });
            }
        }
        Some(outcomes)
    }

    fn outcome(&mut self, node: Node<'_>) -> Option<Outcome> {
        let mut outcome = Some(Outcome::default());
        for pair in self.mapping(node, "Workflow Ids and how their runs end")? {
            let runs = pair.value.items().unwrap_or_else(|| vec![pair.value]);
            if runs.is_empty() {
                let refused = Diagnostic::new("there is no run");
                self.refuse(refused.at(pair.value.at(), "empty"));
                outcome = None;
            }
            for node in runs {
                if self.is_full() {
                    return None;
                }
                let run = self.accept(end_of_run(node));
                match (&mut outcome, run) {
                    (Some(outcome), Some(run)) => outcome.push(pair.key.into(), run),
                    _ => outcome = None,
                }
            }
        }
        outcome
    }
}

/// How a run ends.
fn end_of_run(node: Node<'_>) -> Result<RunOutcome, Diagnostic> {
    match node.text() {
        Some(text) => text.parse().map_err(|why| no_end(&why, text, node.at())),
        None => Err(Diagnostic::new("expected how a run ends, as in `Completed`")
            .at(node.at(), format!("this is {}", node.kind()))),
    }
}

/// Says why a text is no end of a run.
fn no_end(why: &NotAnOutcome, text: &str, at: Location) -> Diagnostic {
    match why {
        NotAnOutcome::UnknownStatus(_) => unknown_name("end of a run", text, &status_names(), at),
        NotAnOutcome::FailedWithoutKind => Diagnostic::new("`Failed` does not say with what")
            .at(at, "expected `Failed (KIND)`")
            .help("as in `Failed (ActivityFailure > TimeoutFailure HEARTBEAT)`"),
        NotAnOutcome::FailureKind(NotAFailureKind::UnknownName(name)) if name.ends_with(':') => {
            Diagnostic::new("the cause of a failure stands behind ` > `")
                .at(at, format!("expected `{} > `", name.trim_end_matches(':')))
        }
        NotAnOutcome::FailureKind(NotAFailureKind::UnknownName(name)) => {
            unknown_name("kind of failure", name, FAILURE_NAMES, at)
        }
        other => Diagnostic::new(other.to_string()).at(at, ""),
    }
}
