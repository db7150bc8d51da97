//! Whether two normalised values say the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::diff::HistoryDiff;
use super::symbols::{UUID_LENGTH, find_uuid};

/// Compares what came with what was recorded. A UUID that a recording shows as `<id:N>` may be any,
/// but the same one throughout everything that is compared.
///
/// ```
/// use deadbeat::verify::Comparison;
/// use serde_json::json;
///
/// let mut comparison = Comparison::default();
/// let recorded = json!({ "runId": "<id:1>", "started": true });
/// let first = json!({ "runId": "018cc251-f400-7000-8000-000000000001", "started": true });
/// assert!(comparison.differences(&recorded, &first).is_empty());
///
/// let second = json!({ "runId": "018cc251-f400-7000-8000-000000000002", "started": true });
/// assert_eq!(comparison.differences(&recorded, &second), [
///     r#".runId: got "018cc251-f400-7000-8000-000000000002", expected "<id:1>""#,
/// ]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// What the numbers in `<id:N>` stand for.
    uuids: BTreeMap<String, String>,
}

impl Comparison {
    /// Where a value is not as recorded, and how: a line each.
    pub fn differences(&mut self, recorded: &Value, got: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.collect(recorded, got, "", &mut found);
        found
    }

    /// How two histories of normalised events differ, if they do.
    pub fn history(&mut self, recorded: &[Value], got: &[Value]) -> Option<HistoryDiff> {
        HistoryDiff::of(self, recorded, got)
    }

    /// The UUID that `<id:N>` stands for, if one was seen in its place.
    pub fn uuid(&self, number: &str) -> Option<&str> {
        self.uuids.get(number).map(String::as_str)
    }

    fn collect(&mut self, expected: &Value, got: &Value, path: &str, found: &mut Vec<String>) {
        match (expected, got) {
            (Value::Object(expected), Value::Object(got)) => {
                self.fields(expected, got, path, found);
            }
            (Value::Array(expected), Value::Array(got)) => {
                for (at, (expected, got)) in expected.iter().zip(got).enumerate() {
                    self.collect(expected, got, &format!("{path}[{at}]"), found);
                }
                let at = expected.len().min(got.len());
                for missing in &expected[at..] {
                    found.push(format!("{path}: missing {missing}"));
                }
                for extra in &got[at..] {
                    found.push(format!("{path}: unexpected {extra}"));
                }
            }
            (Value::String(expected), Value::String(got)) if self.is_same_text(expected, got) => {}
            // `2` and `2.0` are one number, written by two libraries.
            (Value::Number(expected), Value::Number(got)) if expected.as_f64() == got.as_f64() => {}
            (expected, got) if expected == got => {}
            (expected, got) => found.push(format!("{path}: got {got}, expected {expected}")),
        }
    }

    fn fields(
        &mut self,
        expected: &Map<String, Value>,
        got: &Map<String, Value>,
        path: &str,
        found: &mut Vec<String>,
    ) {
        for (key, value) in expected.iter().filter(|(key, _)| *key != "t") {
            match got.get(key) {
                Some(got) => self.collect(value, got, &format!("{path}.{key}"), found),
                None => found.push(format!("{path}.{key}: missing, expected {value}")),
            }
        }
        for (key, value) in got.iter().filter(|(key, _)| !expected.contains_key(*key)) {
            found.push(format!("{path}.{key}: unexpected {value}"));
        }
    }

    /// Whether a text is as recorded, where a symbol `<id:N>` is any UUID that is not yet taken.
    fn is_same_text(&mut self, expected: &str, got: &str) -> bool {
        let Some((before, after)) = expected.split_once("<id:") else { return expected == got };
        let Some((number, after)) = after.split_once('>') else { return expected == got };
        let Some(got) = got.strip_prefix(before) else { return false };
        if find_uuid(got) != Some(0) {
            return false;
        }
        let (uuid, rest) = got.split_at(UUID_LENGTH);
        let known = self.uuids.get(number);
        let fits = match known {
            Some(known) => known == uuid,
            None => !self.uuids.values().any(|taken| taken == uuid),
        };
        if fits {
            self.uuids.insert(number.to_owned(), uuid.to_owned());
        }
        fits && self.is_same_text(after, rest)
    }
}
