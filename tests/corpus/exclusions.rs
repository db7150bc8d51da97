//! What may be other than it was recorded, and why: `exclusions.txt`.

use std::error::Error;
use std::ops::RangeInclusive;

use deadbeat::verify::Case;
use serde_json::{Value, json};

use crate::driver::{Outcome, Played};

/// Events of a run that may be other than they were recorded.
#[derive(Clone, Debug)]
pub(crate) struct Exclusion {
    pub(crate) case: String,
    pub(crate) alias: String,
    pub(crate) events: RangeInclusive<i64>,
    pub(crate) reason: String,
}

/// Reads the list: case, alias, first event, last event, reason on each line; `#` begins a comment.
pub(crate) fn read(text: &str) -> Result<Vec<Exclusion>, Box<dyn Error>> {
    let lines = text.lines().map(str::trim);
    let entries = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    entries
        .map(|line| {
            let mut rest = line;
            let mut word = || {
                let (word, after) = rest.split_once(char::is_whitespace)?;
                rest = after.trim_start();
                Some(word)
            };
            let words =
                (|| Some((word()?, word()?, word()?.parse().ok()?, word()?.parse().ok()?)))();
            let Some((case, alias, first, last)) = words.filter(|_| !rest.is_empty()) else {
                return Err(
                    format!("exclusions.txt does not say what, where and why: {line}").into()
                );
            };
            Ok(Exclusion {
                case: case.to_owned(),
                alias: alias.to_owned(),
                events: first..=last,
                reason: rest.to_owned(),
            })
        })
        .collect()
}

/// What an event that may be other is called on both sides.
const ANY: &str = "ANY";

impl Exclusion {
    /// Makes the events the same in the recording and in what came.
    pub(crate) fn apply(&self, case: &mut Case, played: &mut Played) {
        let histories = [&mut case.histories, &mut played.histories];
        for events in histories.into_iter().filter_map(|of| of.get_mut(&self.alias)) {
            for event in events {
                if let Some(id) = id_of(event).filter(|id| self.events.contains(id)) {
                    *event = json!({ "eventId": id.to_string(), "eventType": ANY });
                }
            }
        }
        for batches in [&mut case.batches, &mut played.batches] {
            for batch in batches.get_mut(&self.alias).into_iter().flatten() {
                batch.retain(|id| !self.events.contains(id));
            }
            batches.entry(self.alias.clone()).and_modify(|of| of.retain(|ids| !ids.is_empty()));
        }
        for (number, step) in case.steps.iter_mut().enumerate() {
            let Some(expected) = &mut step.expect else { continue };
            let run = &expected["workflowExecution"]["runId"];
            if *run != format!("${{run:{}}}", self.alias) {
                continue;
            }
            for line in expected["history"].as_array_mut().into_iter().flatten() {
                let id = line.as_str().and_then(|line| line.split(' ').next()?.parse().ok());
                if let Some(id) = id.filter(|id| self.events.contains(id)) {
                    *line = Value::String(format!("{id} {ANY}"));
                }
            }
            let Some(Outcome::Answer(task)) = played.outcomes.get_mut(&number) else { continue };
            for event in task["history"]["events"].as_array_mut().into_iter().flatten() {
                if id_of(event).is_some_and(|id| self.events.contains(&id)) {
                    event["eventType"] = Value::String(ANY.to_owned());
                }
            }
        }
    }
}

fn id_of(event: &Value) -> Option<i64> {
    event["eventId"].as_str()?.parse().ok()
}
