//! JSON values as payloads with the encoding `json/plain`, and back: what SDKs write unless told
//! otherwise, and what the server writes where it has something to say itself.

use serde_json::Value;

use super::{Payloads, Shared};
use crate::official::common;

/// A value as one payload.
pub(crate) fn json(value: &Value) -> Payloads {
    Shared::new(json_message(value))
}

/// A value as one payload, not shared yet.
pub(crate) fn json_message(value: &Value) -> common::Payloads {
    common::Payloads { payloads: vec![plain(value.to_string().into_bytes())] }
}

/// Nothing, as SDKs write what a function without a result has returned.
pub(crate) fn null_message() -> common::Payloads {
    let payload = common::Payload {
        metadata: [("encoding".to_owned(), b"binary/null".to_vec())].into(),
        ..common::Payload::default()
    };
    common::Payloads { payloads: vec![payload] }
}

/// One payload of text that is JSON already.
pub(crate) fn plain(data: Vec<u8>) -> common::Payload {
    common::Payload {
        metadata: [("encoding".to_owned(), b"json/plain".to_vec())].into(),
        data,
        ..common::Payload::default()
    }
}

/// The value in the first payload; null if there is none or it is not JSON.
pub(crate) fn decode(payloads: Option<&Payloads>) -> Value {
    let first = payloads.and_then(|payloads| payloads.payloads.first());
    first.and_then(|payload| serde_json::from_slice(&payload.data).ok()).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes_to_the_same() {
        for value in
            [Value::Null, Value::from("text"), serde_json::json!({"b": [1, null], "a": 2.5})]
        {
            assert_eq!(decode(Some(&json(&value))), value);
        }
        assert_eq!(decode(None), Value::Null);
    }
}
