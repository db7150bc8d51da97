//! JSON values as payloads, the way SDKs and the `temporal` CLI encode them, and back.

use crate::history::Payloads;
use crate::official::common;
use crate::scenario::model::Json;

/// One argument, result or detail, as `json/plain`.
pub(crate) fn encode(value: &Json) -> common::Payloads {
    let metadata = [("encoding".to_owned(), b"json/plain".to_vec())].into();
    let data = value.to_string().into_bytes();
    common::Payloads {
        payloads: vec![common::Payload { metadata, data, external_payloads: Vec::new() }],
    }
}

/// The value in the first payload; null if there is none or it is not JSON.
pub(crate) fn decode(payloads: Option<&Payloads>) -> Json {
    let first = payloads.and_then(|payloads| payloads.payloads.first());
    first.and_then(|payload| serde_json::from_slice(&payload.data).ok()).unwrap_or(Json::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes_to_the_same() {
        for value in [Json::Null, Json::from("text"), serde_json::json!({"b": [1, null], "a": 2.5})]
        {
            assert_eq!(decode(Some(&encode(&value).into())), value);
        }
        assert_eq!(decode(None), Json::Null);
    }
}
