//! Whether the comparison sees everything: a recording with one thing changed must not pass.

use std::error::Error;

use deadbeat::verify::Case;
use serde_json::Value;

use crate::compare::compare;
use crate::driver::{Manner, Played, play};
use crate::{histories, orders};

/// How many places of each case are changed. They are spread evenly over all that it expects.
const SAMPLES: usize = 20;

/// Changes what cases expect, one thing at a time, and says how often.
pub(crate) fn all_are_noticed(cases: &[Case]) -> Result<usize, Box<dyn Error>> {
    let mut changes = 0;
    for case in cases {
        if case.steps.is_empty() {
            histories::changes_are_noticed(case)?;
            continue;
        }
        let played = play(case, &Manner::default());
        // Only of what passes can be said that it no longer does.
        if compare(case, &played).is_ok() {
            changes +=
                sampled(case, &played, SAMPLES).map_err(|e| format!("{}: {e}", case.name))?;
        }
    }
    Ok(changes)
}

/// Drops, swaps and changes what is recorded of a case where the order of things is open: no order
/// gives any of that.
pub(crate) fn no_order_gives_them(case: &Case) -> Result<(), Box<dyn Error>> {
    orders::search(case)?;
    let recording = serde_json::to_value(case)?;
    for place in spread(&places(&recording), 6) {
        for change in Change::ALL {
            let mut changed = recording.clone();
            if change.apply(&mut changed, place)
                && orders::search(&serde_json::from_value(changed)?).is_ok()
            {
                return Err(format!("{change:?} {place} is not noticed").into());
            }
        }
    }
    Ok(())
}

/// Makes changes of each kind at this many places of a case.
fn sampled(case: &Case, played: &Played, samples: usize) -> Result<usize, Box<dyn Error>> {
    let recording = serde_json::to_value(case)?;
    let places = places(&recording);
    let mut tried = 0;
    for place in spread(&places, samples) {
        for change in Change::ALL {
            let mut changed = recording.clone();
            if !change.apply(&mut changed, place) {
                continue;
            }
            tried += 1;
            if compare(&serde_json::from_value(changed)?, played).is_ok() {
                return Err(format!("{change:?} {place} is not noticed").into());
            }
        }
    }
    Ok(tried)
}

/// Some of many, spread evenly.
fn spread(places: &[String], samples: usize) -> impl Iterator<Item = &String> {
    let samples = samples.min(places.len());
    (0..samples).map(move |n| &places[n * places.len() / samples])
}

/// The places of everything that a case expects, as JSON pointers.
fn places(recording: &Value) -> Vec<String> {
    let mut places = Vec::new();
    for part in ["histories", "batches", "close_status"] {
        collect(&recording[part], &format!("/{part}"), &mut places);
    }
    for (number, step) in recording["steps"].as_array().into_iter().flatten().enumerate() {
        collect(&step["expect"], &format!("/steps/{number}/expect"), &mut places);
    }
    places
}

/// The places of all values below a value. Times are informative only.
fn collect(value: &Value, at: &str, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields.iter().filter(|(key, _)| *key != "t") {
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                places.push(at.clone());
                collect(value, &at, places);
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                let at = format!("{at}/{number}");
                places.push(at.clone());
                collect(item, &at, places);
            }
        }
        _ => {}
    }
}

#[derive(Clone, Copy, Debug)]
enum Change {
    /// Of a cause, a message, a link, a number.
    Alter,
    /// Of an event, an attribute, an id in a batch.
    Remove,
    /// Of an item and the next.
    Swap,
}

impl Change {
    const ALL: [Self; 3] = [Self::Alter, Self::Remove, Self::Swap];

    /// Makes the change, if it can be made there without leaving no recording at all.
    fn apply(self, recording: &mut Value, place: &str) -> bool {
        let Some((owner, key)) = place.rsplit_once('/') else { return false };
        // A run that is not listed is not compared.
        let is_whole_run = matches!(owner, "/histories" | "/batches" | "/close_status");
        match self {
            Self::Alter => match recording.pointer_mut(place) {
                Some(Value::String(text)) => text.push('x'),
                Some(Value::Bool(flag)) => *flag = !*flag,
                Some(number @ Value::Number(_)) => *number = Value::from(4_711),
                _ => return false,
            },
            Self::Remove if is_whole_run => return false,
            Self::Remove => match recording.pointer_mut(owner) {
                Some(Value::Object(fields)) => {
                    fields.remove(&key.replace("~1", "/").replace("~0", "~"));
                }
                Some(Value::Array(items)) => {
                    items.remove(key.parse().unwrap_or(0));
                }
                _ => return false,
            },
            Self::Swap => {
                let Some(Value::Array(items)) = recording.pointer_mut(owner) else { return false };
                let at = key.parse().unwrap_or(0);
                if at + 1 >= items.len() || items[at] == items[at + 1] {
                    return false;
                }
                items.swap(at, at + 1);
            }
        }
        true
    }
}
