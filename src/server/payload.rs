//! Payloads that the server itself writes.

use crate::history::{Payloads, Shared};
use crate::official::common;

/// A text as a `json/plain` payload.
pub(super) fn json(text: &str) -> Payloads {
    let payload = common::Payload {
        metadata: [("encoding".to_owned(), b"json/plain".to_vec())].into(),
        data: serde_json::Value::from(text).to_string().into_bytes(),
        ..common::Payload::default()
    };
    Shared::new(common::Payloads { payloads: vec![payload] })
}
