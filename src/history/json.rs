//! Official messages and their official JSON form, by the official descriptors.
//!
//! ```
//! use deadbeat::history::json::{from_json, to_json};
//! use deadbeat::official::common::WorkflowExecution;
//! use serde_json::json;
//!
//! let execution = WorkflowExecution { workflow_id: "greeting".into(), run_id: String::new() };
//! let json = to_json(&execution);
//! assert_eq!(json, json!({"workflowId": "greeting"}));
//! assert_eq!(from_json::<WorkflowExecution>(&json)?, execution);
//!
//! let error = from_json::<WorkflowExecution>(&json!({"workflowId": 7})).unwrap_err();
//! assert!(error.to_string().starts_with("workflowId: invalid type: integer `7`"), "{error}");
//! # Ok::<(), deadbeat::history::json::JsonError>(())
//! ```

use prost::{DecodeError, Message, Name};
use prost_reflect::{DynamicMessage, Kind, MessageDescriptor};
use serde::de::DeserializeSeed;
use serde_json::{Map, Value};

use super::descriptors;

/// A text or value that is not the JSON form of the message asked for.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// Something in it is not as the message's descriptor says.
    #[error("{path}: {source}")]
    Invalid {
        /// Where, as in `events[3].eventId`.
        path: String,
        /// What is wrong there.
        source: serde_json::Error,
    },
    /// It nests deeper than a protobuf message may.
    #[error("the message nests too deeply: {0}")]
    TooDeep(#[from] DecodeError),
    /// The type is not one of the official messages of workflow histories and the workflow service.
    #[error("{0} is not a message of temporal.api.workflowservice.v1 nor part of one")]
    UnknownType(String),
}

/// The message in the official JSON form: camel case, enums by name, 64-bit integers as strings,
/// bytes in base64, durations as `3s`, times in RFC 3339, nothing that is unset.
///
/// A message that has no such form is null: one with a time outside the years 1 to 9999, with an
/// `Any` of a type that the workflow service does not know, or nested more than 100 levels deep.
pub fn to_json<T: Message + Name>(message: &T) -> Value {
    let Some(descriptor) = descriptors::descriptor::<T>() else { return Value::Null };
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice());
    let json = dynamic.ok().and_then(|dynamic| serde_json::to_value(dynamic).ok());
    let mut json = json.unwrap_or_default();
    shorten_whole_floats(&mut json);
    // With the feature `preserve_order` of `serde_json`, which any crate of a build can turn on, the
    // order of an object is that of its making, and that of official maps is a hash map's.
    json.sort_all_objects();
    json
}

/// The JSON form as text: indented by two spaces, fields in the order in which the official
/// definition declares them, maps in the order of their keys, no newline at the end. It is what
/// Temporal's own tools print.
pub fn to_pretty<T: Message + Name>(message: &T) -> String {
    let mut text = String::new();
    let shape = descriptors::descriptor::<T>().map_or(Shape::Other, Shape::Message);
    write_pretty(&to_json(message), &shape, 0, &mut text);
    text
}

/// What an object in JSON is the form of.
enum Shape {
    Message(MessageDescriptor),
    /// A map with values of this shape.
    Map(Box<Shape>),
    /// Anything without objects in it that have an order of their own.
    Other,
}

impl Shape {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Message(message) => Self::Message(message),
            _ => Self::Other,
        }
    }

    /// The keys of an object of this shape, in the order in which they come, and what they hold.
    fn members<'a>(&self, object: &'a Map<String, Value>) -> Vec<(&'a str, &'a Value, Self)> {
        let mut members: Vec<_> = object.iter().map(|(key, value)| (key.as_str(), value)).collect();
        members.sort_by_key(|(key, _)| *key);
        match self {
            Self::Other => {
                members.into_iter().map(|(key, value)| (key, value, Self::Other)).collect()
            }
            Self::Map(values) => {
                members.into_iter().map(|(key, value)| (key, value, values.copy())).collect()
            }
            Self::Message(message) => {
                let declared = &message.descriptor_proto().field;
                let place = |key: &str| {
                    let field = message.get_field_by_json_name(key)?;
                    declared.iter().position(|of| of.name.as_deref() == Some(field.name()))
                };
                members.sort_by_key(|(key, _)| place(key));
                let shape = |key: &str| match message.get_field_by_json_name(key) {
                    None => Self::Other,
                    Some(field) if field.is_map() => match field.kind() {
                        Kind::Message(entry) => {
                            Self::Map(Box::new(Self::of(entry.map_entry_value_field().kind())))
                        }
                        _ => Self::Other,
                    },
                    Some(field) => Self::of(field.kind()),
                };
                members.into_iter().map(|(key, value)| (key, value, shape(key))).collect()
            }
        }
    }

    fn copy(&self) -> Self {
        match self {
            Self::Message(message) => Self::Message(message.clone()),
            Self::Map(values) => Self::Map(Box::new(values.copy())),
            Self::Other => Self::Other,
        }
    }
}

fn write_pretty(value: &Value, shape: &Shape, indent: usize, text: &mut String) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            let members = shape.members(object);
            write_lines(['{', '}'], members.iter(), indent, text, |(key, value, shape), text| {
                text.push_str(&Value::from(*key).to_string());
                text.push_str(": ");
                write_pretty(value, shape, indent + 1, text);
            });
        }
        Value::Array(values) if !values.is_empty() => {
            write_lines(['[', ']'], values.iter(), indent, text, |value, text| {
                write_pretty(value, shape, indent + 1, text);
            });
        }
        other => text.push_str(&other.to_string()),
    }
}

/// Writes things between brackets, each on a line of its own.
fn write_lines<T>(
    [open, close]: [char; 2],
    things: impl Iterator<Item = T>,
    indent: usize,
    text: &mut String,
    mut write: impl FnMut(T, &mut String),
) {
    text.push(open);
    for (index, thing) in things.enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push('\n');
        text.push_str(&"  ".repeat(indent + 1));
        write(thing, text);
    }
    text.push('\n');
    text.push_str(&"  ".repeat(indent));
    text.push(close);
}

/// Writes floats that are whole as such: `2`, as Temporal's tools do, rather than `2.0`.
fn shorten_whole_floats(value: &mut Value) {
    /// Up to here a float tells all whole numbers apart.
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => {
            let float = number.as_f64().filter(|float| number.is_f64() && float.abs() < WHOLE);
            if let Some(float) = float.filter(|float| float.fract() == 0.0) {
                #[allow(clippy::cast_possible_truncation)] // it is whole and in range
                let whole = float as i64;
                *value = whole.into();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(shorten_whole_floats),
        Value::Object(object) => object.values_mut().for_each(shorten_whole_floats),
        _ => {}
    }
}

/// The message with this JSON form.
///
/// # Errors
///
/// [`JsonError::Invalid`] says where the value is not as the message's descriptor wants it: an
/// unknown field, a wrong type, an unknown enum name.
pub fn from_json<T: Message + Name + Default>(value: &Value) -> Result<T, JsonError> {
    let descriptor =
        descriptors::descriptor::<T>().ok_or_else(|| JsonError::UnknownType(T::full_name()))?;
    let mut track = serde_path_to_error::Track::new();
    let deserializer = serde_path_to_error::Deserializer::new(value, &mut track);
    let dynamic = descriptor.deserialize(deserializer);
    let dynamic =
        dynamic.map_err(|source| JsonError::Invalid { path: track.path().to_string(), source })?;
    Ok(T::decode(dynamic.encode_to_vec().as_slice())?)
}

#[cfg(test)]
mod tests {
    use crate::official::well_known::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::official::command::Command;
    use crate::official::common::Payload;
    use crate::official::history::HistoryEvent;

    #[test]
    fn an_event_is_read_and_written_unchanged() {
        let event = json!({
            "eventId": "5",
            "eventTime": "2024-01-01T00:00:00.500Z",
            "eventType": "EVENT_TYPE_TIMER_STARTED",
            "taskId": "1048581",
            "timerStartedEventAttributes": {
                "timerId": "1",
                "startToFireTimeout": "0s",
                "workflowTaskCompletedEventId": "4",
            },
        });
        let read: HistoryEvent = from_json(&event).unwrap();
        assert_eq!((read.event_id, read.task_id), (5, 1_048_581));
        assert_eq!(to_json(&read), event);
    }

    #[test]
    fn maps_are_written_in_the_order_of_their_keys() {
        let metadata = ["e", "a", "d", "b", "c"].map(|key| (key.to_owned(), Vec::new()));
        for _ in 0..20 {
            let payload = Payload { metadata: metadata.clone().into(), ..Payload::default() };
            let text = to_json(&payload).to_string();
            assert_eq!(text, r#"{"metadata":{"a":"","b":"","c":"","d":"","e":""}}"#);
        }
    }

    #[test]
    fn an_error_says_where() {
        let error = |value: Value| from_json::<Command>(&value).unwrap_err().to_string();
        let attributes = |inner: Value| json!({"startTimerCommandAttributes": inner});
        assert_eq!(
            error(attributes(json!({"startToFireTimeout": "soon"}))),
            "startTimerCommandAttributes.startToFireTimeout: failed to parse duration"
        );
        assert_eq!(
            error(attributes(json!({"id": "1"}))),
            "startTimerCommandAttributes: unrecognized field name 'id'"
        );
        assert_eq!(error(json!({"commandType": "X"})), "commandType: unrecognized enum value 'X'");
        assert_eq!(error(json!([])), ".: invalid type: sequence, expected a map");
    }

    #[test]
    fn what_has_no_json_form_is_null() {
        let event_time = Some(Timestamp { seconds: i64::MAX, nanos: 0 });
        assert_eq!(to_json(&HistoryEvent { event_time, ..HistoryEvent::default() }), Value::Null);
    }
}
