//! What a scenario's text says of inputs, results and details, as payloads.

use std::collections::BTreeMap;

use crate::history::json::from_json;
use crate::history::payload::json_message;
use crate::history::{Payloads, Shared};
use crate::official::common;

use super::model::Json;

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
    Some(common::Payload {
        metadata: [("encoding".to_owned(), encoding.as_bytes().to_vec())].into(),
        data: data.as_bytes().to_vec(),
        ..common::Payload::default()
    })
}

/// Values that each are one payload, by name.
pub(crate) fn by_name<M>(values: &BTreeMap<String, Json>) -> M
where
    M: FromIterator<(String, common::Payload)>,
{
    let one = |value| scripted_message(value).payloads.into_iter().next();
    values.iter().filter_map(|(name, value)| Some((name.clone(), one(value)?))).collect()
}

/// A header, if there is something in it.
pub(crate) fn header(values: &BTreeMap<String, Json>) -> Option<common::Header> {
    (!values.is_empty()).then(|| common::Header { fields: by_name(values) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_one_payload_and_a_list_of_payloads_is_itself() {
        assert_eq!(scripted_message(&json!({ "a": 1 })), json_message(&json!({ "a": 1 })));
        let listed = scripted_message(&json!({ "payloads": [
            { "text": "{\"b\":1,\"a\":2}" },
            { "encoding": "binary/null" },
            { "metadata": { "encoding": "YmluYXJ5L3BsYWlu" }, "data": "AAE=" },
        ]}));
        let [text, null, bytes] = &listed.payloads[..] else { panic!("{listed:?}") };
        assert_eq!(text.data, br#"{"b":1,"a":2}"#);
        assert_eq!(
            (&null.metadata["encoding"][..], &null.data[..]),
            (&b"binary/null"[..], &b""[..])
        );
        assert_eq!(
            (&bytes.metadata["encoding"][..], &bytes.data[..]),
            (&b"binary/plain"[..], &[0, 1][..])
        );
        let other = json!({ "payloads": [{ "metadata": 7 }] });
        assert_eq!(scripted_message(&other), json_message(&other));
    }
}
