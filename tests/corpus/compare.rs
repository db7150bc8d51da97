//! Compares what came of a case with its recording, and tells the differences so that a person can
//! read them: steps first, then histories line by line.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;

use serde_json::{Map, Value};

use crate::case::Case;
use crate::driver::{Outcome, Played};
use crate::normalise::{self, event_by_name};
use crate::symbols::{UUID_LENGTH, find_uuid, with_readable_payloads};

/// Reports everything that is different.
pub(crate) fn compare(case: &Case, played: &Played) -> Result<(), Box<dyn Error>> {
    if case.steps.is_empty() {
        return Err("recorded with a real SDK worker: there is no script".into());
    }
    let mut report = Report::default();
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
    if report.text.is_empty() { Ok(()) } else { Err(report.text.into()) }
}

#[derive(Default)]
struct Report {
    text: String,
    ids: Ids,
}

impl Report {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn steps(&mut self, case: &Case, played: &Played) {
        for (number, step) in case.steps.iter().enumerate() {
            let Some(expected) = &step.expect else { continue };
            let Some(outcome) = played.outcomes.get(&number) else {
                if played.abort.is_none() {
                    self.line(&format!("step {number} {}: not finished", step.action));
                }
                continue;
            };
            let got = match outcome {
                Outcome::Answer(answer) => normalise::result(&step.action, answer, &case.keep),
                Outcome::Error { status, message, details } => {
                    normalise::error(status, message, details)
                }
            };
            let got = played.symbols.symbolise(&got);
            let expected = with_readable_payloads(expected);
            let mut differences = Vec::new();
            if expected.get("error").is_some() == got.get("error").is_some() {
                self.ids.differences(&expected, &got, "", &mut differences);
            } else {
                differences.push(format!(": got {got}, expected {expected}"));
            }
            for difference in differences {
                self.line(&format!("step {number} {}{difference}", step.action));
            }
        }
        if let Some(abort) = &played.abort {
            self.line(&format!("the script ended early: {abort}"));
        }
    }

    /// All events, and below an event that is not as recorded, how it is not.
    fn history(&mut self, alias: &str, expected: &[Value], got: &[Value]) {
        let mut text = String::new();
        let mut same = true;
        for line in align(expected, got) {
            match line {
                Aligned::Both(expected, got) => {
                    let mut differences = Vec::new();
                    self.ids.differences(expected, got, "", &mut differences);
                    let mark = if differences.is_empty() { ' ' } else { '!' };
                    let _ = writeln!(text, "  {mark} {}", event_by_name(got));
                    for difference in &differences {
                        let _ = writeln!(text, "        {}", difference.trim_start_matches('.'));
                    }
                    same &= differences.is_empty();
                }
                Aligned::Expected(event) => {
                    same = false;
                    let _ = writeln!(text, "  - {}", whole(event));
                }
                Aligned::Got(event) => {
                    same = false;
                    let _ = writeln!(text, "  + {}", whole(event));
                }
            }
        }
        if !same {
            self.line(&format!("history {alias}: (- recorded, + got, ! differs)"));
            self.text.push_str(&text);
        }
    }
}

/// An event in one line.
fn whole(event: &Value) -> String {
    let attributes = event.as_object().into_iter().flatten();
    let attributes = attributes.filter(|(key, _)| key.ends_with("Attributes"));
    let attributes: Vec<String> = attributes.map(|(_, value)| value.to_string()).collect();
    format!("{} {}", event_by_name(event), attributes.concat())
}

enum Aligned<'a> {
    Both(&'a Value, &'a Value),
    Expected(&'a Value),
    Got(&'a Value),
}

/// Pairs the events of one type so that as many as possible have a partner.
fn align<'a>(expected: &'a [Value], got: &'a [Value]) -> Vec<Aligned<'a>> {
    let is_pair = |i: usize, j: usize| expected[i]["eventType"] == got[j]["eventType"];
    let mut longest = vec![vec![0_u32; got.len() + 1]; expected.len() + 1];
    for i in (0..expected.len()).rev() {
        for j in (0..got.len()).rev() {
            longest[i][j] = if is_pair(i, j) {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut aligned = Vec::new();
    while i < expected.len() || j < got.len() {
        if i < expected.len() && j < got.len() && is_pair(i, j) {
            aligned.push(Aligned::Both(&expected[i], &got[j]));
            (i, j) = (i + 1, j + 1);
        } else if j == got.len() || (i < expected.len() && longest[i + 1][j] >= longest[i][j + 1]) {
            aligned.push(Aligned::Expected(&expected[i]));
            i += 1;
        } else {
            aligned.push(Aligned::Got(&got[j]));
            j += 1;
        }
    }
    aligned
}

/// Which UUIDs the recording's `<id:N>` stand for: any, but the same ones throughout a case.
#[derive(Default)]
struct Ids {
    uuids: BTreeMap<String, String>,
}

impl Ids {
    fn differences(&mut self, expected: &Value, got: &Value, path: &str, found: &mut Vec<String>) {
        match (expected, got) {
            (Value::Object(expected), Value::Object(got)) => {
                self.fields(expected, got, path, found);
            }
            (Value::Array(expected), Value::Array(got)) => {
                for (at, (expected, got)) in expected.iter().zip(got).enumerate() {
                    self.differences(expected, got, &format!("{path}[{at}]"), found);
                }
                let at = expected.len().min(got.len());
                for missing in &expected[at..] {
                    found.push(format!("{path}: missing {missing}"));
                }
                for extra in &got[at..] {
                    found.push(format!("{path}: unexpected {extra}"));
                }
            }
            (Value::String(expected), Value::String(got)) if self.is_same_text(expected, got) => {}
            // `2` and `2.0` are one number, written by two libraries.
            (Value::Number(expected), Value::Number(got)) if expected.as_f64() == got.as_f64() => {}
            (expected, got) if expected == got => {}
            (expected, got) => found.push(format!("{path}: got {got}, expected {expected}")),
        }
    }

    fn fields(
        &mut self,
        expected: &Map<String, Value>,
        got: &Map<String, Value>,
        path: &str,
        found: &mut Vec<String>,
    ) {
        for (key, value) in expected.iter().filter(|(key, _)| *key != "t") {
            match got.get(key) {
                Some(got) => self.differences(value, got, &format!("{path}.{key}"), found),
                None => found.push(format!("{path}.{key}: missing, expected {value}")),
            }
        }
        for (key, value) in got.iter().filter(|(key, _)| !expected.contains_key(*key)) {
            found.push(format!("{path}.{key}: unexpected {value}"));
        }
    }

    /// Whether a text is as recorded, where a symbol `<id:N>` is any UUID that is not yet taken.
    fn is_same_text(&mut self, expected: &str, got: &str) -> bool {
        let Some((before, after)) = expected.split_once("<id:") else { return expected == got };
        let Some((number, after)) = after.split_once('>') else { return expected == got };
        let Some(got) = got.strip_prefix(before) else { return false };
        if find_uuid(got) != Some(0) {
            return false;
        }
        let (uuid, rest) = got.split_at(UUID_LENGTH);
        let known = self.uuids.get(number);
        let fits = match known {
            Some(known) => known == uuid,
            None => !self.uuids.values().any(|taken| taken == uuid),
        };
        if fits {
            self.uuids.insert(number.to_owned(), uuid.to_owned());
        }
        fits && self.is_same_text(after, rest)
    }
}
