//! Payloads as JSON values: the worker's way of encoding them, the other way round.

use crate::history::Payloads;
use crate::scenario::model::Json;

/// The value in the first payload; null if there is none or it is not JSON.
pub(crate) fn decode(payloads: Option<&Payloads>) -> Json {
    let first = payloads.and_then(|payloads| payloads.payloads.first());
    first.and_then(|payload| serde_json::from_slice(&payload.data).ok()).unwrap_or(Json::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::payload::json;

    #[test]
    fn what_is_encoded_decodes_to_the_same() {
        for value in [Json::Null, Json::from("text"), serde_json::json!({"b": [1, null], "a": 2.5})]
        {
            assert_eq!(decode(Some(&json(&value))), value);
        }
        assert_eq!(decode(None), Json::Null);
    }
}
