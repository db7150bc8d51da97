//! Trying: the file is run and its history compared with the recorded one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::local::without_times;
use super::read::Event;
use super::story::Story;
use crate::clock::EPOCH;
use crate::history::History;
use crate::scenario::{Diagnostics, Scenario};
use crate::sim::{DefaultOrder, Limits, Plan, Race, RunResult, run};
use crate::verify::{Comparison, normalise};

/// What running a file has shown.
#[derive(Debug)]
pub(super) struct Outcome {
    /// How many events are the same, from the first.
    pub(super) same: usize,
    /// How many events the run has made.
    pub(super) made: usize,
    /// The first difference, in words.
    pub(super) difference: Option<String>,
    /// How long after the scenario's beginning the run started, in nanoseconds.
    pub(super) lead: i64,
    /// The latest time among its first events, as many as were recorded.
    pub(super) until: i64,
    /// Whether the scenario came to an end of its own.
    pub(super) settled: bool,
}

/// Runs a file and compares the run of this number.
pub(super) fn attempt(text: &str, story: &Story, number: u32) -> Result<Outcome, Diagnostics> {
    let scenario = Scenario::parse(text, "imported.yaml")?;
    let limits = Limits { happenings: 20_000, ..Limits::default() };
    let result = run(&Plan::new(scenario), Race::default(), &limits, &mut DefaultOrder);
    Ok(compare(&story.events, &result, story.workflow_id(), number))
}

fn compare(recorded: &[Event], result: &RunResult, workflow_id: &str, number: u32) -> Outcome {
    let settled = result.ended.is_settled();
    let Some(execution) = result.find(workflow_id, Some(number)) else {
        let difference = Some(format!("run {number} of `{workflow_id}` was never made"));
        return Outcome { same: 0, made: 0, difference, lead: 0, until: 0, settled };
    };
    let history = &execution.history;
    let got = normalised(&execution.history_json());
    let expected = expected(recorded);
    let mut comparison = Comparison::default();
    let mut same = 0;
    let mut difference = None;
    for (place, expected) in expected.iter().enumerate() {
        let Some(got) = got.get(place) else {
            difference = Some(format!("event {} is missing", normalise::event_by_name(expected)));
            break;
        };
        let lines = comparison.differences(expected, got);
        if let Some(line) = lines.first() {
            let names = [expected, got].map(normalise::event_by_name);
            difference = Some(if names[0] == names[1] {
                format!("event {}: {}", names[0], line.trim_start_matches('.'))
            } else {
                format!("event {} is {} instead", names[0], names[1])
            });
            break;
        }
        same += 1;
    }
    if difference.is_none()
        && let Some(more) = got.get(expected.len())
    {
        difference = Some(format!("event {} is one too many", normalise::event_by_name(more)));
    }
    let (lead, until) = times(history, recorded.len());
    Outcome { same, made: got.len(), difference, lead, until, settled }
}

fn times(history: &History, count: usize) -> (i64, i64) {
    let since = |time: crate::clock::Time| {
        let nanos = (time - EPOCH).as_nanos();
        i64::try_from(nanos).unwrap_or(i64::MAX)
    };
    let mut times = history.events().take(count).map(|event| since(event.time));
    let lead = times.next().unwrap_or(0);
    (lead, times.fold(lead, i64::max))
}

/// The events of a run, as they are compared.
fn normalised(history: &Value) -> Vec<Value> {
    let events = history["events"].as_array();
    events.into_iter().flatten().map(|event| without_times(normalise::event(event))).collect()
}

/// The recorded events, as they are compared: their run ids may be any.
fn expected(recorded: &[Event]) -> Vec<Value> {
    let mut runs = BTreeMap::new();
    for event in recorded {
        collect(&event.attributes, "", &mut runs);
    }
    recorded
        .iter()
        .map(|event| replaced(&without_times(normalise::event(&event.json)), &runs))
        .collect()
}

fn collect(value: &Value, key: &str, runs: &mut BTreeMap<String, usize>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| collect(value, key, runs)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, key, runs)),
        Value::String(text) if key == "runId" || key.ends_with("RunId") => {
            let is_id = text.len() == 36 && text.bytes().filter(|b| *b == b'-').count() == 4;
            if is_id && !runs.contains_key(text) {
                runs.insert(text.clone(), runs.len() + 1);
            }
        }
        _ => {}
    }
}

fn replaced(value: &Value, runs: &BTreeMap<String, usize>) -> Value {
    match value {
        Value::String(text) => {
            let mut text = text.clone();
            if text.len() >= 36 {
                for (id, number) in runs {
                    if text.contains(id.as_str()) {
                        text = text.replace(id.as_str(), &format!("<id:{number}>"));
                    }
                }
            }
            Value::String(text)
        }
        Value::Array(items) => items.iter().map(|item| replaced(item, runs)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), replaced(value, runs))).collect()
        }
        other => other.clone(),
    }
}
