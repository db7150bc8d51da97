//! Compares what came of a case with its recording, and tells the differences so that a person can
//! read them: steps first, then histories line by line.

use deadbeat::verify::{Case, Comparison, normalise, with_readable_payloads};
use serde_json::Value;

use crate::driver::{Outcome, Played};

/// How what came of a case differs from its recording.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Differences {
    text: String,
}

/// How the outcome of a step is not as recorded: a line for each difference.
pub(crate) fn step_differences(
    case: &Case,
    number: usize,
    outcome: &Outcome,
    played: &Played,
    comparison: &mut Comparison,
) -> Vec<String> {
    let step = &case.steps[number];
    let Some(expected) = &step.expect else { return Vec::new() };
    let got = match outcome {
        Outcome::Answer(answer) => normalise::result(&step.action, answer, &case.keep),
        Outcome::Error { status, message, details } => normalise::error(status, message, details),
    };
    let got = played.symbols.symbolise(&got);
    let expected = with_readable_payloads(expected);
    if expected.get("error").is_some() == got.get("error").is_some() {
        comparison.differences(&expected, &got)
    } else {
        vec![format!(": got {got}, expected {expected}")]
    }
}

/// Reports everything that is different.
pub(crate) fn compare(case: &Case, played: &Played) -> Result<(), Differences> {
    let mut report = Report::default();
    if let Some(broken) = &played.broken {
        report.line(broken);
    }
    report.steps(case, played);
    for (alias, expected) in &case.histories {
        let expected: Vec<Value> = expected.iter().map(with_readable_payloads).collect();
        match played.histories.get(alias) {
            Some(events) => {
                let got =
                    events.iter().map(|event| played.symbols.symbolise(&normalise::event(event)));
                report.history(alias, &expected, &got.collect::<Vec<_>>());
            }
            None => report.line(&format!("history {alias}: run not found")),
        }
    }
    for (alias, expected) in &case.close_status {
        let got = played.close_status.get(alias).map_or("unknown", String::as_str);
        if got != expected {
            report.line(&format!("status of {alias}: got {got}, expected {expected}"));
        }
    }
    for (alias, expected) in &case.batches {
        match played.batches.get(alias) {
            Some(got) if got != expected => {
                report.line(&format!("batches of {alias}: got {got:?}"));
                report.line(&format!("{:1$} expected {expected:?}", "", 12 + alias.len()));
            }
            _ => {}
        }
    }
    match report.text {
        text if text.is_empty() => Ok(()),
        text => Err(Differences { text }),
    }
}

#[derive(Default)]
struct Report {
    text: String,
    comparison: Comparison,
}

impl Report {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn steps(&mut self, case: &Case, played: &Played) {
        for (number, step) in case.steps.iter().enumerate() {
            if step.expect.is_none() {
                continue;
            }
            let Some(outcome) = played.outcomes.get(&number) else {
                if played.abort.is_none() {
                    self.line(&format!("step {number} {}: not finished", step.action));
                }
                continue;
            };
            let differences = step_differences(case, number, outcome, played, &mut self.comparison);
            for difference in differences {
                self.line(&format!("step {number} {}{difference}", step.action));
            }
        }
        if let Some(abort) = &played.abort {
            self.line(&format!("the script ended early: {abort}"));
        }
    }

    fn history(&mut self, alias: &str, expected: &[Value], got: &[Value]) {
        if let Some(diff) = self.comparison.history(expected, got) {
            self.line(&format!("history {alias}: (- recorded, + got, ! differs)"));
            self.text.push_str(&diff.to_string());
        }
    }
}
