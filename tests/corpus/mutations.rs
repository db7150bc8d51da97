//! Whether the comparison sees everything: a recording with one thing changed must not pass.

use std::error::Error;
use std::fs;
use std::path::Path;

use deadbeat::verify::Case;
use serde_json::Value;

use crate::{compare, driver};

/// Changes and removes every value of what a case expects, one at a time.
pub(crate) fn all_are_noticed(file: &Path) -> Result<(), Box<dyn Error>> {
    let recording: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
    let played = driver::play(&serde_json::from_value(recording.clone())?);
    let mut places = Vec::new();
    for part in ["histories", "batches", "close_status"] {
        collect(&recording[part], &format!("/{part}"), &mut places);
    }
    for (number, step) in recording["steps"].as_array().into_iter().flatten().enumerate() {
        collect(&step["expect"], &format!("/steps/{number}/expect"), &mut places);
    }
    let mut unnoticed = Vec::new();
    for place in &places {
        for change in [Change::Alter, Change::Remove] {
            let mut changed = recording.clone();
            if !change.apply(&mut changed, place) {
                continue;
            }
            let case: Case = serde_json::from_value(changed)?;
            if compare::compare(&case, &played).is_ok() {
                unnoticed.push(format!("{change:?} {place}"));
            }
        }
    }
    match unnoticed.as_slice() {
        [] if places.len() > 300 => Ok(()),
        [] => Err(format!("only {} places to change", places.len()).into()),
        unnoticed => Err(unnoticed.join("\n").into()),
    }
}

/// The places of all values below a value, as JSON pointers. Times are informative only.
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
    Alter,
    Remove,
}

impl Change {
    /// Makes the change, if it can be made there without leaving no recording at all.
    fn apply(self, recording: &mut Value, place: &str) -> bool {
        let Some((owner, key)) = place.rsplit_once('/') else { return false };
        match self {
            Self::Alter => match recording.pointer_mut(place) {
                Some(Value::String(text)) => text.push('x'),
                Some(Value::Bool(flag)) => *flag = !*flag,
                Some(number @ Value::Number(_)) => *number = Value::from(4_711),
                _ => return false,
            },
            Self::Remove => {
                // A run that is not listed is not compared.
                if matches!(owner, "/histories" | "/batches" | "/close_status") {
                    return false;
                }
                match recording.pointer_mut(owner) {
                    Some(Value::Object(fields)) => {
                        fields.remove(&key.replace("~1", "/").replace("~0", "~"));
                    }
                    Some(Value::Array(items)) => {
                        items.remove(key.parse().unwrap_or(0));
                    }
                    _ => return false,
                }
            }
        }
        true
    }
}
