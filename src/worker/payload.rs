//! Payloads and durations as an SDK's worker writes them.

use std::time::Duration;

use crate::history::json::from_json;
use crate::history::{Payloads, Shared};
use crate::official::common;
use crate::scenario::model::Json;

/// A JSON value as one `json/plain` payload.
pub(crate) fn json(value: &Json) -> Payloads {
    Shared::new(json_message(value))
}

/// A JSON value as one `json/plain` payload, not shared yet.
pub(crate) fn json_message(value: &Json) -> common::Payloads {
    common::Payloads { payloads: vec![plain(value.to_string().into_bytes())] }
}

/// What a scenario's text says: a JSON value is one `json/plain` payload, and `{payloads: [...]}`
/// is those payloads.
pub(crate) fn scripted(value: &Json) -> Payloads {
    Shared::new(scripted_message(value))
}

/// What a scenario's text says, not shared yet.
pub(crate) fn scripted_message(value: &Json) -> common::Payloads {
    let listed = match value.as_object() {
        Some(only) if only.len() == 1 => only.get("payloads").and_then(Json::as_array),
        _ => None,
    };
    let payloads = listed.and_then(|items| items.iter().map(payload).collect());
    payloads.map_or_else(|| json_message(value), |payloads| common::Payloads { payloads })
}

/// A payload: `{encoding: json/plain, text: "1"}`, or Temporal's official JSON form.
fn payload(item: &Json) -> Option<common::Payload> {
    let fields = item.as_object()?;
    if fields.keys().any(|key| key != "encoding" && key != "text") {
        return from_json(item).ok();
    }
    let text = |key| fields.get(key).map(Json::as_str);
    let encoding = text("encoding").unwrap_or(Some("json/plain"))?;
    let data = text("text").unwrap_or(Some(""))?;
    Some(encoded(encoding, data.as_bytes().to_vec()))
}

/// One payload with the encoding `json/plain`.
pub(super) fn plain(data: Vec<u8>) -> common::Payload {
    encoded("json/plain", data)
}

fn encoded(encoding: &str, data: Vec<u8>) -> common::Payload {
    common::Payload {
        metadata: [("encoding".to_owned(), encoding.as_bytes().to_vec())].into(),
        data,
        ..common::Payload::default()
    }
}

/// A duration as the official messages have it; none if it is longer than they can tell.
pub(super) fn official<T: TryFrom<Duration>>(duration: Duration) -> Option<T> {
    T::try_from(duration).ok()
}
