//! Payloads and durations as an SDK's worker writes them.

use std::time::Duration;

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

/// One payload with the encoding `json/plain`.
pub(super) fn plain(data: Vec<u8>) -> common::Payload {
    common::Payload {
        metadata: [("encoding".to_owned(), b"json/plain".to_vec())].into(),
        data,
        ..common::Payload::default()
    }
}

/// A duration as the official messages have it; none if it is longer than they can tell.
pub(super) fn official<T: TryFrom<Duration>>(duration: Duration) -> Option<T> {
    T::try_from(duration).ok()
}
