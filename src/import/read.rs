//! A history in official JSON: read, and checked for being one.

use serde_json::Value;

use crate::history::json::{JsonError, from_json, to_json};
use crate::official::enums::EventType;
use crate::official::history::HistoryEvent;

/// More bytes are not read: Temporal's own limit for a history is 50 MB, and JSON with payloads in
/// base64 is no more than twice as long.
pub const MAX_BYTES: u64 = 100 << 20;

/// Temporal's own limit.
const MAX_EVENTS: usize = 51_200;

/// A text that is not a history.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is larger than [`MAX_BYTES`].
    #[error("the file is larger than {} MB: no history is", MAX_BYTES >> 20)]
    TooLarge,
    /// It is not JSON, or only the beginning of it.
    #[error("not JSON, line {line}, column {column}: {what}")]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong there.
        what: String,
    },
    /// It is JSON, but no history.
    #[error(
        "not a history: {0}; expected what `temporal workflow show -o json` prints: {{\"events\": [...]}}"
    )]
    NotAHistory(&'static str),
    /// An event is not as Temporal's definition has it.
    #[error("{0}")]
    Event(#[from] JsonError),
    /// An event does not fit among the others.
    #[error("events[{index}]: {what}")]
    Misplaced {
        /// Its place in the list, from 0.
        index: usize,
        /// What is wrong.
        what: String,
    },
}

/// An event, as the rest of this room looks at it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Event {
    /// From 1, without holes.
    pub(super) id: i64,
    /// The type, without `EVENT_TYPE_`.
    pub(super) kind: &'static str,
    /// Nanoseconds since the first event.
    pub(super) time: i64,
    /// The attributes, in official JSON.
    pub(super) attributes: Value,
    /// The whole event, in official JSON.
    pub(super) json: Value,
}

impl Event {
    /// A text among the attributes, by its path; empty if it is not there.
    pub(super) fn text(&self, path: &str) -> &str {
        at(&self.attributes, path).as_str().unwrap_or_default()
    }

    /// A number among the attributes, whether written as one or as text; 0 if it is not there.
    pub(super) fn number(&self, path: &str) -> i64 {
        number(at(&self.attributes, path))
    }

    /// A value among the attributes; null if it is not there.
    pub(super) fn get(&self, path: &str) -> &Value {
        at(&self.attributes, path)
    }
}

/// The value at a path of keys with dots between; null if there is none.
pub(super) fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, key| &value[key])
}

/// A number as official JSON has it.
pub(super) fn number(value: &Value) -> i64 {
    match value {
        Value::String(text) => text.parse().unwrap_or(0),
        other => other.as_i64().unwrap_or(0),
    }
}

/// Reads a history: an object with `events`, or the bare list of them.
pub(super) fn read(text: &str) -> Result<Vec<Event>, ReadError> {
    if text.len() as u64 > MAX_BYTES {
        return Err(ReadError::TooLarge);
    }
    let json: Value = serde_json::from_str(text).map_err(|error| ReadError::NotJson {
        line: error.line(),
        column: error.column(),
        what: error.to_string().split(" at line ").next().unwrap_or_default().to_owned(),
    })?;
    let wrapped = match &json {
        Value::Object(fields) => fields.get("events").or_else(|| json["history"].get("events")),
        Value::Array(_) => Some(&json),
        _ => None,
    };
    let Some(list) = wrapped.and_then(Value::as_array) else {
        return Err(ReadError::NotAHistory("there is no list of `events` in it"));
    };
    if list.is_empty() {
        return Err(ReadError::NotAHistory("its list of events is empty"));
    }
    if list.len() > MAX_EVENTS {
        return Err(ReadError::NotAHistory("it has more events than Temporal allows (51,200)"));
    }
    let mut events = Vec::with_capacity(list.len());
    let mut first = None;
    for (index, json) in list.iter().enumerate() {
        let event = read_event(index, json)?;
        let misplaced = |what: String| ReadError::Misplaced { index, what };
        let expected = i64::try_from(index).unwrap_or(i64::MAX).saturating_add(1);
        if event.event_id != expected {
            let what = format!("expected event {expected}, found event {}", event.event_id);
            return Err(misplaced(what + ": a history begins with event 1 and has no holes"));
        }
        let kind = EventType::try_from(event.event_type).unwrap_or_default();
        let kind = kind.as_str_name();
        let kind = kind.strip_prefix("EVENT_TYPE_").unwrap_or(kind);
        let json = to_json(&event);
        let wanted = attributes_key(kind);
        let attributes = json.as_object().into_iter().flatten();
        let mut attributes = attributes.filter(|(key, _)| key.ends_with("EventAttributes"));
        let attributes = match attributes.next() {
            Some((key, attributes)) if *key == wanted => attributes.clone(),
            Some((key, _)) => return Err(misplaced(format!("a {kind} event with {key}"))),
            None => return Err(misplaced(format!("a {kind} event without {wanted}"))),
        };
        let time = event.event_time.and_then(|time| {
            let nanos = time.seconds.checked_mul(1_000_000_000)?;
            nanos.checked_add(i64::from(time.nanos))
        });
        let Some(time) = time else {
            return Err(misplaced("its eventTime is missing or out of range".to_owned()));
        };
        let start = *first.get_or_insert(time);
        let Some(time) = time.checked_sub(start) else {
            return Err(misplaced("its eventTime is out of range".to_owned()));
        };
        if index == 0 && kind != "WORKFLOW_EXECUTION_STARTED" {
            return Err(misplaced(format!("a history begins with the start, not with {kind}")));
        }
        events.push(Event { id: event.event_id, kind, time, attributes, json });
    }
    Ok(events)
}

fn read_event(index: usize, json: &Value) -> Result<HistoryEvent, ReadError> {
    let prefixed = |path: String| match path.as_str() {
        "." => format!("events[{index}]"),
        _ => format!("events[{index}].{path}"),
    };
    let result = match in_capitals(json) {
        Some(changed) => from_json(&changed),
        None => from_json(json),
    };
    result.map_err(|error| match error {
        JsonError::Invalid { path, source } => {
            ReadError::Event(JsonError::Invalid { path: prefixed(path), source })
        }
        other => ReadError::Misplaced { index, what: other.to_string() },
    })
}

/// The event with its type as official JSON has it, if it is written as in `TimerStarted`.
fn in_capitals(json: &Value) -> Option<Value> {
    let name = json["eventType"].as_str().filter(|name| !name.starts_with("EVENT_TYPE_"))?;
    let mut capitals = String::from("EVENT_TYPE");
    for c in name.chars().take(100) {
        if c.is_ascii_uppercase() {
            capitals.push('_');
        }
        capitals.push(c.to_ascii_uppercase());
    }
    let mut changed = json.clone();
    changed["eventType"] = Value::String(capitals);
    Some(changed)
}

/// The key of the attributes of an event of this type.
fn attributes_key(kind: &str) -> String {
    let mut key = String::new();
    for word in kind.split('_') {
        let mut letters = word.chars();
        let first = letters.next();
        let first = first.map(|c| if key.is_empty() { c.to_ascii_lowercase() } else { c });
        key.extend(first);
        key.extend(letters.map(|c| c.to_ascii_lowercase()));
    }
    key + "EventAttributes"
}
