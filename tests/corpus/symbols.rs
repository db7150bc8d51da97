//! The symbols of a case: what stands for the strings that differ from one execution to the next.

use std::collections::BTreeMap;
use std::error::Error;

use serde_json::Value;

/// A UUID that the scripts use literally.
const LITERAL: &str = "11111111-2222-3333-4444-555555555555";

/// What the symbols of one execution stand for.
pub(crate) struct Symbols {
    /// `${case}`.
    case: String,
    /// `${run:ALIAS}`, in the order of binding.
    runs: Vec<(String, String)>,
    /// `${token:tN}`, `${query:tN}`.
    values: BTreeMap<String, String>,
}

impl Symbols {
    pub(crate) fn new(case_name: &str) -> Self {
        Self { case: format!("{case_name}-c0ffee"), runs: Vec::new(), values: BTreeMap::new() }
    }

    /// Gives a symbol, such as `run:w` or `token:t1`, its value.
    pub(crate) fn bind(&mut self, symbol: &str, value: &str) {
        match symbol.strip_prefix("run:") {
            Some(alias) => self.runs.push((alias.to_owned(), value.to_owned())),
            None => {
                self.values.insert(symbol.to_owned(), value.to_owned());
            }
        }
    }

    /// The run id that an alias stands for.
    pub(crate) fn run(&self, alias: &str) -> Option<&str> {
        let mut named = self.runs.iter().rev().filter(|(known, _)| known == alias);
        named.next().map(|(_, run_id)| run_id.as_str())
    }

    /// Whether an alias stands for this run id.
    pub(crate) fn names_run(&self, run_id: &str) -> bool {
        self.runs.iter().any(|(_, known)| known == run_id)
    }

    /// Puts values in the place of symbols, in keys too.
    pub(crate) fn resolve(&self, value: &Value) -> Result<Value, Box<dyn Error>> {
        Ok(match value {
            Value::String(text) => Value::String(self.resolve_text(text)?),
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.resolve(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(key, value)| Ok((self.resolve_text(key)?, self.resolve(value)?)))
                    .collect::<Result<_, Box<dyn Error>>>()?,
            ),
            other => other.clone(),
        })
    }

    /// Puts values in the place of symbols.
    pub(crate) fn resolve_text(&self, text: &str) -> Result<String, Box<dyn Error>> {
        let mut resolved = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (symbol, after) = after.split_once('}').ok_or("a symbol without end")?;
            resolved.push_str(before);
            match symbol.split_once(':') {
                None if symbol == "case" => resolved.push_str(&self.case),
                Some(("run", alias)) => {
                    resolved.push_str(self.run(alias).ok_or(format!("unresolved ${{{symbol}}}"))?);
                }
                Some(("uuid", number)) => resolved.push_str(&uuid(number)?),
                _ => {
                    let value = self.values.get(symbol);
                    resolved.push_str(value.ok_or(format!("unresolved ${{{symbol}}}"))?);
                }
            }
            rest = after;
        }
        Ok(resolved + rest)
    }

    /// Puts symbols in the place of values, also within payloads, which become readable by it. An
    /// unknown UUID stays.
    pub(crate) fn symbolise(&self, value: &Value) -> Value {
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
        let text = text.replace(&self.case, "${case}");
        let mut symbolised = String::new();
        let mut rest = text.as_str();
        while let Some(at) = find_uuid(rest) {
            let (before, uuid) = (&rest[..at], &rest[at..at + UUID_LENGTH]);
            symbolised.push_str(before);
            symbolised.push_str(&self.symbol_of(uuid));
            rest = &rest[at + UUID_LENGTH..];
        }
        symbolised + rest
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

fn uuid(number: &str) -> Result<String, Box<dyn Error>> {
    Ok(format!("{UUID_PREFIX}{:012}", number.parse::<u64>()?))
}

/// The recorded values with payloads made readable, as [`Symbols::symbolise`] does.
pub(crate) fn with_readable_payloads(value: &Value) -> Value {
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
pub(crate) const UUID_LENGTH: usize = 36;

/// Where the first UUID in lower case begins.
pub(crate) fn find_uuid(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..(bytes.len() + 1).saturating_sub(UUID_LENGTH))
        .find(|at| is_uuid(&bytes[*at..*at + UUID_LENGTH]))
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(byte),
    })
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
