//! Official JSON as the language has it: payloads, failures, durations, policies.

use serde_json::{Map, Value, json};

use super::read::number;
use super::yaml::{Node, Step, span, text};
use crate::history::json::from_json;
use crate::official::common;

/// A duration such as `1.5s`, in nanoseconds; 0 if there is none.
pub(super) fn nanos(value: &Value) -> i64 {
    let text = value.as_str().unwrap_or_default().trim_end_matches('s');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: i64 = whole.parse().unwrap_or(0);
    let fraction: i64 =
        format!("{fraction:0<9}").get(..9).and_then(|f| f.parse().ok()).unwrap_or(0);
    whole.saturating_mul(1_000_000_000).saturating_add(fraction)
}

/// A timeout, if there is one.
pub(super) fn timeout(value: &Value) -> Option<Node> {
    let nanos = nanos(value);
    (nanos > 0).then(|| span(nanos))
}

/// A word of an enum, without the enum's name; none if it is the default.
pub(super) fn word(value: &Value, prefix: &str, default: &str) -> Option<Node> {
    let name = value.as_str()?;
    let name = name.strip_prefix(prefix).unwrap_or(name);
    (name != default && name != "UNSPECIFIED").then(|| Node::Word(name.to_owned()))
}

/// Payloads, as an input, a result or details; none if there are none.
pub(super) fn payloads(value: &Value) -> Option<Node> {
    let list = value["payloads"].as_array()?;
    if let [only] = &list[..]
        && let Some(value) = plain(only)
    {
        return Some(Node::Json(value));
    }
    if list.is_empty() {
        return None;
    }
    let items: Vec<Value> = list.iter().map(payload).collect();
    Some(Node::Json(json!({ "payloads": items })))
}

/// The same for one payload.
pub(super) fn one(payload: &Value) -> Option<Node> {
    payloads(&json!({ "payloads": [payload] }))
}

/// A header, if there is something in it.
pub(super) fn header(header: &Value) -> Option<Node> {
    let fields = header["fields"].as_object()?;
    let fields = fields.iter().filter_map(|(name, value)| Some((name.clone(), one(value)?)));
    let fields: Vec<(String, Node)> = fields.collect();
    (!fields.is_empty()).then_some(Node::Map(fields))
}

/// The value that a payload is the plain JSON of, byte for byte.
fn plain(payload: &Value) -> Option<Value> {
    let read: common::Payload = from_json(payload).ok()?;
    let encoding = read.metadata.get("encoding")?;
    if read.metadata.len() != 1 || encoding != b"json/plain" || payload.as_object()?.len() > 2 {
        return None;
    }
    let value: Value = serde_json::from_slice(&read.data).ok()?;
    let is_payloads = value.as_object().is_some_and(|v| v.len() == 1 && v.contains_key("payloads"));
    (!value.is_null() && !is_payloads && value.to_string().as_bytes() == read.data).then_some(value)
}

/// A payload with what it says in the open, if it is text.
fn payload(payload: &Value) -> Value {
    let readable = || {
        let read: common::Payload = from_json(payload).ok()?;
        let encoding = String::from_utf8(read.metadata.get("encoding")?.clone()).ok()?;
        let text = String::from_utf8(read.data).ok()?;
        if read.metadata.len() != 1 || payload.as_object()?.len() > 2 {
            return None;
        }
        let mut fields = Map::new();
        if encoding != "json/plain" {
            fields.insert("encoding".to_owned(), encoding.into());
        }
        if !text.is_empty() || fields.is_empty() {
            fields.insert("text".to_owned(), text.into());
        }
        Some(Value::Object(fields))
    };
    readable().unwrap_or_else(|| payload.clone())
}

/// A retry policy as it is recorded; none if it is what the server makes of nothing.
pub(super) fn retry_policy(policy: &Value, default: Default) -> Option<Node> {
    let fields = policy.as_object()?;
    let initial = nanos(&policy["initialInterval"]);
    let maximum = nanos(&policy["maximumInterval"]);
    let coefficient = policy["backoffCoefficient"].as_f64().unwrap_or(0.0);
    let attempts = number(&policy["maximumAttempts"]);
    let types = fields.get("nonRetryableErrorTypes").and_then(Value::as_array);
    let mut entries = Vec::new();
    if initial > 0 && initial != 1_000_000_000 {
        entries.push(("initial_interval".to_owned(), span(initial)));
    }
    if coefficient >= 1.0 && (coefficient - 2.0).abs() > f64::EPSILON {
        entries.push(("backoff_coefficient".to_owned(), Node::Word(coefficient.to_string())));
    }
    if maximum > 0 && maximum != initial.saturating_mul(100) {
        entries.push(("maximum_interval".to_owned(), span(maximum)));
    }
    if attempts > 0 {
        entries.push(("maximum_attempts".to_owned(), Node::Word(attempts.to_string())));
    }
    if let Some(types) = types {
        let names = types.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        entries.push(("non_retryable_error_types".to_owned(), Node::Names(names)));
    }
    (!entries.is_empty() || default == Default::None).then_some(Node::Map(entries))
}

/// What it means if no policy is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Default {
    /// The server's own policy: activities.
    Policy,
    /// No retries: workflows.
    None,
}

/// A step that fails with this failure, under the action's key.
pub(super) fn failing(action: &str, failure: &Value) -> Step {
    let mut step = Step::new(action, text(failure["message"].as_str().unwrap_or_default()));
    let mut whole = failure.as_object().cloned().unwrap_or_default();
    whole.remove("message");
    let info = &failure["applicationFailureInfo"];
    let known = ["type", "nonRetryable", "details", "nextRetryDelay"];
    let is_known =
        info.as_object().is_some_and(|info| info.keys().all(|key| known.contains(&key.as_str())));
    // What a workflow task fails with has no options of its own.
    if is_known && action == "fail" {
        whole.remove("applicationFailureInfo");
        step = step
            .maybe("type", info["type"].as_str().map(text))
            .maybe("non_retryable", info["nonRetryable"].as_bool().map(|b| Node::Json(b.into())))
            .maybe(
                "next_retry_delay",
                info["nextRetryDelay"].as_str().map(|_| span(nanos(&info["nextRetryDelay"]))),
            )
            .maybe("details", payloads(&info["details"]));
    }
    let empty = Value::Object(Map::new());
    if whole.get("applicationFailureInfo") == Some(&empty) {
        whole.remove("applicationFailureInfo");
    }
    let whole = (!whole.is_empty()).then_some(Node::Json(Value::Object(whole)));
    step.maybe("failure", whole)
}
