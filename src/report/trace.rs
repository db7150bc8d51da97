//! One run with its choices: what came next, and what else could have.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::happening::Words;
use super::json::result_json;
use super::text::write_head;
use crate::clock::EPOCH;
use crate::explore::{Choice, Step, Trace};
use crate::history::EventId;
use crate::history::text::{Note, NoteWeight, RunText, Style, plain, render};
use crate::sim::{ExecutionResult, Happening};

/// A run that was replayed: as [`text`](super::text), with each choice marked where it was made.
///
/// A choice stands before the events that its happening wrote; one that wrote none stands in the
/// history that it is about, where that had got to. Departures from the default order have a mark in
/// the margin.
pub fn trace_text(trace: &Trace, style: Style) -> String {
    let placed = place(trace);
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_head(&mut text, &trace.result);
    if !placed.elsewhere.is_empty() {
        let _ = writeln!(text, "\nchoices");
        for line in placed.elsewhere.iter().flat_map(|note| &note.lines) {
            let _ = writeln!(text, "  {}", plain(line));
        }
    }
    let _ = write!(text, "\n{}", render(&placed.runs, style));
    text
}

/// The histories of a run that was replayed, a text each, with the choices marked in them.
pub(super) fn runs_with_choices(trace: &Trace) -> Vec<RunText<'_>> {
    place(trace).runs
}

/// What came next at each choice of a run, and what else could have, in words.
pub fn trace_json(path: &str, trace: &Trace) -> Value {
    let words = Words::of(&trace.result);
    let told =
        |choice: &Choice| json!({ "due": choice.due.offset(EPOCH), "what": words.choice(choice) });
    let steps = trace.steps.iter().map(|step| {
        let events = step.events.iter().map(|(run, first, last)| {
            let of = &trace.result.executions[*run];
            json!({ "workflowId": of.workflow_id(), "run": of.run, "first": first.0, "last": last.0 })
        });
        json!({
            "time": step.time.offset(EPOCH),
            "enabled": step.enabled.iter().map(told).collect::<Value>(),
            "picked": step.picked,
            "events": events.collect::<Value>(),
        })
    });
    let mut json = result_json(path, &trace.result, &[]);
    json["steps"] = steps.collect();
    if let Some(failure) = &trace.failure {
        json["failures"] = json!([{ "message": failure.to_string() }]);
    }
    json
}

/// Where the choices of a run stand.
struct Placed<'a> {
    runs: Vec<RunText<'a>>,
    /// Those of a run that started nothing.
    elsewhere: Vec<Note>,
}

fn place(trace: &Trace) -> Placed<'_> {
    let result = &trace.result;
    let mut runs: Vec<RunText<'_>> =
        result.executions.iter().map(ExecutionResult::to_show).collect();
    let mut elsewhere = Vec::new();
    // By run, the last event that has been written so far.
    let mut written = vec![EventId::default(); runs.len()];
    let mut last = 0;
    let mut number = 0;
    let words = Words::of(result);
    for step in &trace.steps {
        if is_choice(step) {
            let note = note(words, number, step);
            number += 1;
            let about = || subject(words, step, &written).unwrap_or(last);
            match step.events.first() {
                Some((run, first, _)) => runs[*run].add_note_before(*first, note),
                None if runs.is_empty() => elsewhere.push(note),
                None => runs[about()].add_note_before(written[about()].next(), note),
            }
        }
        for (run, _, end) in &step.events {
            written[*run] = *end;
            last = *run;
        }
    }
    Placed { runs, elsewhere }
}

/// The run that a step without events is about, if it is there already.
fn subject(words: Words<'_>, step: &Step, written: &[EventId]) -> Option<usize> {
    let happened = step.happened();
    let of_client = || match (happened.happening, happened.client_step) {
        (Happening::Client(client), Some(step)) => words.run_of_step(client, step),
        _ => None,
    };
    let run = words.run_of(&happened).or_else(of_client)?;
    (written.get(run)? > &EventId::default()).then_some(run)
}

/// Whether there was something to choose from.
pub(super) fn is_choice(step: &Step) -> bool {
    step.enabled.len() > 1
}

/// No more than so many happenings that did not come are told in the text; the JSON has all.
const MOST_TOLD: usize = 8;

fn note(words: Words<'_>, number: usize, step: &Step) -> Note {
    let happened = words.choice(&step.happened());
    let time = step.time.offset(EPOCH);
    let first = format!("choice {} at {time}: {happened}", number + 1);
    let (weight, lead) = if step.picked == 0 {
        (NoteWeight::Faint, "or")
    } else {
        (NoteWeight::Marked, "instead of")
    };
    Note { weight, lines: vec![first, format!("{lead} {}", others(words, step))] }
}

/// What could have come instead, in default order; faults are counted.
pub(super) fn others(words: Words<'_>, step: &Step) -> String {
    let (faults, ordinary): (Vec<Choice>, Vec<Choice>) =
        step.instead().partition(|choice| choice.happening.is_fault());
    let told = |choice: &Choice| {
        // Whatever is due has been told when; only what would move the clock is not.
        if choice.due > step.time { words.due_choice(choice) } else { words.choice(choice) }
    };
    let mut parts: Vec<String> = ordinary.iter().take(MOST_TOLD).map(told).collect();
    match ordinary.len().saturating_sub(MOST_TOLD) {
        0 => {}
        more => parts.push(format!("{more} more")),
    }
    match faults.len() {
        0 => {}
        1 => parts.push(words.choice(&faults[0])),
        faults => parts.push(format!("one of {faults} faults")),
    }
    parts.join("; ")
}
