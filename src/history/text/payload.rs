//! Payloads as people read them.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use super::words::{plain, shortened, word};
use crate::official::common::{Payload, Payloads};

/// A value that is longer is cut off after so many characters.
const MAXIMUM_LENGTH: usize = 200;

/// The values, one after the other.
pub(crate) fn payloads_text(payloads: &Payloads) -> String {
    let values: Vec<String> = payloads.payloads.iter().map(payload_text).collect();
    values.join(", ")
}

/// A value: JSON as such, anything else by its encoding and size.
pub(super) fn payload_text(payload: &Payload) -> String {
    let encoding = payload.metadata.get("encoding").map_or(&b""[..], Vec::as_slice);
    let size = payload.data.len();
    let value = match encoding {
        b"binary/null" => return "null".to_owned(),
        b"json/plain" | b"json/protobuf" => serde_json::from_slice::<Value>(&payload.data).ok(),
        _ => None,
    };
    match value {
        Some(mut value) => {
            value.sort_all_objects();
            let text = plain(&value.to_string());
            match shortened(&text, MAXIMUM_LENGTH) {
                Cow::Borrowed(text) => text.to_owned(),
                Cow::Owned(start) => format!("{start} ({})", bytes(size)),
            }
        }
        None => match String::from_utf8_lossy(encoding) {
            none if none.is_empty() => format!("<{}>", bytes(size)),
            encoding => format!("<{}, {}>", plain(&encoding), bytes(size)),
        },
    }
}

/// Values by name, in the order of the names.
pub(super) fn fields_text<T>(fields: &HashMap<String, T>, text: fn(&T) -> String) -> Vec<String> {
    let name_and_value = |(name, value): (&String, &T)| format!("{}={}", word(name), text(value));
    sorted(fields).into_iter().map(name_and_value).collect()
}

/// A marker's details by name, each as on other lines: `result 1`.
pub(super) fn details_texts(details: &HashMap<String, Payloads>) -> Vec<String> {
    let text = |(name, payloads): (&String, &Payloads)| {
        format!("{} {}", word(name), payloads_text(payloads)).trim_end().to_owned()
    };
    sorted(details).into_iter().map(text).collect()
}

fn sorted<T>(fields: &HashMap<String, T>) -> Vec<(&String, &T)> {
    let mut fields: Vec<(&String, &T)> = fields.iter().collect();
    fields.sort_by_key(|(name, _)| *name);
    fields
}

fn bytes(size: usize) -> String {
    if size == 1 { "1 byte".to_owned() } else { format!("{size} bytes") }
}
