//! The symbols of a case: what stands for the strings that differ from one execution to the next.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::history::json::to_json;
use crate::official::common::Payload;

/// A UUID that the scripts use literally.
const LITERAL: &str = "11111111-2222-3333-4444-555555555555";

/// A symbol that nothing is known of.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UnresolvedSymbol {
    /// It has no value yet.
    #[error("unresolved ${{{0}}}")]
    Unbound(String),
    /// It has no end.
    #[error("a symbol without end: ${{{0}")]
    Endless(String),
}

/// What the symbols of one execution of a case stand for: `${case}`, `${run:ALIAS}`,
/// `${token:tN}`, `${query:tN}`, `${uuid:N}`.
///
/// ```
/// use deadbeat::verify::Symbols;
/// use serde_json::json;
///
/// let mut symbols = Symbols::new("my_case-c0ffee");
/// symbols.bind("run:w", "018cc251-f400-7000-8000-000000000001");
/// let resolved = symbols.resolve(&json!({ "workflowId": "${case}-w", "runId": "${run:w}" }))?;
/// assert_eq!(resolved["workflowId"], "my_case-c0ffee-w");
/// assert_eq!(symbols.symbolise(&resolved)["runId"], "${run:w}");
///
/// let unbound = symbols.resolve_text("${token:t1}").unwrap_err();
/// assert_eq!(unbound.to_string(), "unresolved ${token:t1}");
/// # Ok::<(), deadbeat::verify::UnresolvedSymbol>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Symbols {
    /// `${case}`.
    case: String,
    /// `${run:ALIAS}`, in the order of binding.
    runs: Vec<(String, String)>,
    /// `${token:tN}`, `${query:tN}`.
    values: BTreeMap<String, String>,
}

impl Symbols {
    /// The symbols of an execution whose `${case}` is this.
    pub fn new(case: impl Into<String>) -> Self {
        Self { case: case.into(), runs: Vec::new(), values: BTreeMap::new() }
    }

    /// Gives a symbol, such as `run:w` or `token:t1`, its value.
    pub fn bind(&mut self, symbol: &str, value: &str) {
        match symbol.strip_prefix("run:") {
            Some(alias) => self.runs.push((alias.to_owned(), value.to_owned())),
            None => {
                self.values.insert(symbol.to_owned(), value.to_owned());
            }
        }
    }

    /// The run id that an alias stands for.
    pub fn run(&self, alias: &str) -> Option<&str> {
        let mut named = self.runs.iter().rev().filter(|(known, _)| known == alias);
        named.next().map(|(_, run_id)| run_id.as_str())
    }

    /// Whether an alias stands for this run id.
    pub fn names_run(&self, run_id: &str) -> bool {
        self.runs.iter().any(|(_, known)| known == run_id)
    }

    /// Whether a symbol, such as `run:w`, has a value.
    pub fn knows(&self, symbol: &str) -> bool {
        match symbol.strip_prefix("run:") {
            Some(alias) => self.run(alias).is_some(),
            None => self.values.contains_key(symbol),
        }
    }

    /// Puts values in the place of symbols, in keys too.
    ///
    /// # Errors
    ///
    /// [`UnresolvedSymbol`], if a symbol has no value.
    pub fn resolve(&self, value: &Value) -> Result<Value, UnresolvedSymbol> {
        Ok(match value {
            Value::String(text) => Value::String(self.resolve_text(text)?),
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.resolve(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(key, value)| Ok((self.resolve_text(key)?, self.resolve(value)?)))
                    .collect::<Result<_, UnresolvedSymbol>>()?,
            ),
            other => other.clone(),
        })
    }

    /// Puts values in the place of symbols.
    ///
    /// # Errors
    ///
    /// [`UnresolvedSymbol`], if a symbol has no value.
    pub fn resolve_text(&self, text: &str) -> Result<String, UnresolvedSymbol> {
        let mut resolved = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let endless = || UnresolvedSymbol::Endless(after.to_owned());
            let (symbol, after) = after.split_once('}').ok_or_else(endless)?;
            resolved.push_str(before);
            resolved.push_str(&self.value_of(symbol)?);
            rest = after;
        }
        Ok(resolved + rest)
    }

    fn value_of(&self, symbol: &str) -> Result<String, UnresolvedSymbol> {
        let value = match symbol.split_once(':') {
            None if symbol == "case" => Some(self.case.clone()),
            Some(("run", alias)) => self.run(alias).map(str::to_owned),
            Some(("uuid", number)) => number.parse().ok().map(uuid),
            _ => self.values.get(symbol).cloned(),
        };
        value.ok_or_else(|| UnresolvedSymbol::Unbound(symbol.to_owned()))
    }

    /// Puts symbols in the place of values, also within payloads, which become readable by it. An
    /// unknown UUID stays.
    pub fn symbolise(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.symbolise_text(text)),
            Value::Array(items) => Value::Array(items.iter().map(|i| self.symbolise(i)).collect()),
            Value::Object(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(key, value)| match (key.as_str(), value) {
                        ("data", Value::String(base64)) => {
                            let data = match readable(base64) {
                                Some(text) => self.symbolise_text(&text),
                                None => base64.clone(),
                            };
                            (key.clone(), Value::String(data))
                        }
                        _ => (self.symbolise_text(key), self.symbolise(value)),
                    })
                    .collect(),
            ),
            other => other.clone(),
        }
    }

    fn symbolise_text(&self, text: &str) -> String {
        replace_uuids(&text.replace(&self.case, "${case}"), |uuid| self.symbol_of(uuid))
    }

    fn symbol_of(&self, uuid: &str) -> String {
        if uuid == LITERAL {
            return uuid.to_owned();
        }
        if let Some((alias, _)) = self.runs.iter().rev().find(|(_, run_id)| run_id == uuid) {
            return format!("${{run:{alias}}}");
        }
        match uuid.strip_prefix(UUID_PREFIX) {
            Some(number) => format!("${{uuid:{}}}", number.trim_start_matches('0')),
            None => uuid.to_owned(),
        }
    }
}

/// What the UUIDs of a script begin with; its number follows.
const UUID_PREFIX: &str = "0f0f0f0f-0000-4000-8000-";

fn uuid(number: u64) -> String {
    format!("{UUID_PREFIX}{number:012}")
}

/// The recorded values with payloads made readable, as [`Symbols::symbolise`] does.
pub fn with_readable_payloads(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(with_readable_payloads).collect()),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(key, value)| match (key.as_str(), value) {
                    ("data", Value::String(base64)) => {
                        let data = readable(base64).unwrap_or_else(|| base64.clone());
                        (key.clone(), Value::String(data))
                    }
                    _ => (key.clone(), with_readable_payloads(value)),
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

/// How long a UUID is in text.
pub(super) const UUID_LENGTH: usize = 36;

/// Where the first UUID in lower case begins.
pub(super) fn find_uuid(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..(bytes.len() + 1).saturating_sub(UUID_LENGTH))
        .find(|at| is_uuid(&bytes[*at..*at + UUID_LENGTH]))
}

/// The text with something else in the place of each UUID in lower case.
pub(super) fn replace_uuids(text: &str, mut replacement: impl FnMut(&str) -> String) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(at) = find_uuid(rest) {
        replaced.push_str(&rest[..at]);
        replaced.push_str(&replacement(&rest[at..at + UUID_LENGTH]));
        rest = &rest[at + UUID_LENGTH..];
    }
    replaced + rest
}

/// Whether the field of this name holds a namespace's name.
pub(super) fn is_namespace(field: &str) -> bool {
    field == "namespace" || field.ends_with("Namespace")
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(byte),
    })
}

/// The base64 of a text in which something is replaced; what is no text stays as it is.
pub(super) fn replace_in_payload(base64: &str, replace: impl FnOnce(&str) -> String) -> String {
    let Some(text) = readable(base64) else { return base64.to_owned() };
    let replaced = replace(&text);
    if replaced == text {
        return base64.to_owned();
    }
    let payload = Payload { data: replaced.into_bytes(), ..Payload::default() };
    to_json(&payload)["data"].as_str().unwrap_or_default().to_owned()
}

/// The text that base64 stands for, if it is one.
fn readable(base64: &str) -> Option<String> {
    if !base64.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0_u32);
    for symbol in base64.trim_end_matches('=').bytes() {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xFF).ok()?);
        }
    }
    String::from_utf8(bytes).ok()
}
