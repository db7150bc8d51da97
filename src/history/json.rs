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
use prost_reflect::DynamicMessage;
use serde::de::DeserializeSeed;
use serde_json::Value;

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
    // With the feature `preserve_order` of `serde_json`, which any crate of a build can turn on, the
    // order of an object is that of its making, and that of official maps is a hash map's.
    json.sort_all_objects();
    json
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
