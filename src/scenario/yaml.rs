//! YAML values with their places: the only module that knows the YAML library.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use serde_yaml::{Mapping, Value};

use super::diagnostic::{Diagnostic, quoted};
use super::source::{Location, Source};
use super::spans::{self, Content, Entry, Place};
use super::suggest::nearest;

/// A text that was read.
pub(super) struct Document {
    source: Arc<Source>,
    value: Value,
    place: Rc<Place>,
}

impl Document {
    /// Reads a text of one YAML document.
    pub(super) fn read(source: &Arc<Source>) -> Result<Self, Diagnostic> {
        // First the places: what is too deep or too large must not reach the library.
        let place = spans::places(source)?;
        let value = serde_yaml::from_str(&source.text).map_err(|error| {
            let at = error
                .location()
                .map_or(0, |location| source.offset(location.line(), location.column()));
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            // In front of what is wrong may stand the path to it, which the place tells better.
            let message = message.split_once(": ").map_or(message, |(_, what)| what);
            if message.contains("integer") {
                let large = Diagnostic::new("a number is too large");
                return large.at(source.locate(at..at), "more than 64 bits");
            }
            Diagnostic::new("not valid YAML").at(source.locate(at..at), message)
        })?;
        let document = Self { source: source.clone(), value, place };
        refuse_infinite(document.root())?;
        Ok(document)
    }

    /// The outermost value.
    pub(super) fn root(&self) -> Node<'_> {
        Node { source: &self.source, value: &self.value, place: &self.place }
    }
}

/// A value and its place.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    source: &'a Arc<Source>,
    value: &'a Value,
    place: &'a Rc<Place>,
}

/// A key of a mapping with its value.
#[derive(Clone)]
pub(super) struct Pair<'a> {
    /// The key as it is written, without quotes.
    pub(super) key: &'a str,
    /// Where the key stands.
    pub(super) key_at: Location,
    /// Its value.
    pub(super) value: Node<'a>,
}

impl<'a> Node<'a> {
    /// Where it stands.
    pub(super) fn at(self) -> Location {
        self.source.locate(self.place.span.clone())
    }

    pub(super) fn place(self) -> &'a Rc<Place> {
        self.place
    }

    /// Whether nothing is there.
    pub(super) fn is_null(self) -> bool {
        self.value.is_null()
    }

    /// The text, if it is one.
    pub(super) fn text(self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// The items, if it is a list.
    pub(super) fn items(self) -> Option<Vec<Node<'a>>> {
        let (Value::Sequence(values), Content::Sequence(places)) =
            (self.value, &self.place.content)
        else {
            return None;
        };
        let source = self.source;
        let nodes = values.iter().zip(places).map(|(value, place)| Node { source, value, place });
        Some(nodes.collect())
    }

    /// The keys and values, if it is a mapping.
    pub(super) fn pairs(self) -> Option<Vec<Pair<'a>>> {
        let (Value::Mapping(values), Content::Mapping(places)) = (self.value, &self.place.content)
        else {
            return None;
        };
        // Both are in the order of the file, and neither holds a key twice.
        let pairs = values.iter().zip(places).map(|((_, value), entry)| Pair {
            key: &entry.key,
            key_at: self.source.locate(entry.key_span.clone()),
            value: Node { source: self.source, value, place: &entry.value },
        });
        Some(pairs.collect())
    }

    /// What it is, in words: for sentences such as "found a list".
    pub(super) fn kind(self) -> String {
        match self.value {
            Value::Null => "empty".to_owned(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Number(number) => format!("the number `{number}`"),
            Value::String(text) => format!("the text {}", quoted(text)),
            Value::Sequence(_) => "a list".to_owned(),
            Value::Mapping(_) => "a mapping".to_owned(),
            Value::Tagged(_) => "a tag".to_owned(),
        }
    }

    /// Makes a value of its type from it, whose known keys serde knows.
    pub(super) fn decode<T: DeserializeOwned>(self) -> Result<T, Diagnostic> {
        self.decode_value(self.value)
    }

    /// Makes a value from those entries of a mapping that have one of these keys.
    pub(super) fn decode_keys<T: DeserializeOwned>(
        self,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<T, Diagnostic> {
        let kept: Mapping = self
            .value
            .as_mapping()
            .into_iter()
            .flatten()
            .filter(|(key, _)| key.as_str().is_some_and(&wanted))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        self.decode_value(&Value::Mapping(kept))
    }

    fn decode_value<T: DeserializeOwned>(self, value: &Value) -> Result<T, Diagnostic> {
        serde_path_to_error::deserialize(value).map_err(|error| {
            let mut place = self.place;
            let mut key = None;
            for segment in error.path() {
                match segment {
                    Segment::Seq { index } => match place.item(*index) {
                        Some(item) => (place, key) = (item, None),
                        None => break,
                    },
                    Segment::Map { key: name } => match place.entry(name) {
                        Some(entry) => (place, key) = (&entry.value, Some(entry)),
                        None => break,
                    },
                    Segment::Enum { .. } | Segment::Unknown => break,
                }
            }
            self.explain(&error.inner().to_string(), place, key)
        })
    }

    /// Turns what serde says into what people say.
    fn explain(self, message: &str, place: &Rc<Place>, key: Option<&Entry>) -> Diagnostic {
        let message = message.split(" at line ").next().unwrap_or(message);
        let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let here = place.span.clone();
        let at = |span: Range<usize>| self.source.locate(span);
        if message.starts_with("unknown field") {
            // Serde's own path may already lead to the key's value.
            let unknown = names.first().copied().unwrap_or_default();
            let span = match key.filter(|entry| entry.key == unknown).or(place.entry(unknown)) {
                Some(entry) => entry.key_span.clone(),
                None => here,
            };
            return unknown_key(unknown, &names[1..], at(span));
        }
        if message.starts_with("unknown variant") {
            let unknown = names.first().copied().unwrap_or_default();
            return unknown_name("value", unknown, &names[1..], at(here));
        }
        if let Some(field) = message.strip_prefix("missing field ") {
            return Diagnostic::new(format!("{field} is missing")).at(at(here), "here");
        }
        if message.ends_with("expected a string key") {
            let entry = names.first().and_then(|name| place.entry(name));
            let span = entry.map_or(here, |entry| entry.key_span.clone());
            return Diagnostic::new("a key must be text")
                .at(at(span), "not text")
                .help("put it in quotes");
        }
        if let Some(rest) = message.strip_prefix("invalid type: ") {
            return wrong_type(rest, at(here));
        }
        if let Some(rest) = message.strip_prefix("invalid value: ") {
            let (found, expected) = rest.split_once(", expected ").unwrap_or((rest, "another"));
            let expected = in_words(expected);
            return Diagnostic::new(format!("{found} is out of range"))
                .at(at(here), format!("expected {expected}"));
        }
        if let Some(rest) = message.strip_prefix("invalid length ")
            && let Some((found, expected)) = rest.split_once(", expected ")
        {
            let told = match expected.strip_prefix("an array of length ") {
                Some(expected) => format!("expected {expected} items"),
                None => "there are too many items".to_owned(),
            };
            return Diagnostic::new(told).at(at(here), format!("this has {found}"));
        }
        Diagnostic::new(message).at(at(here), "")
    }
}

/// Refuses numbers that JSON, which payloads are made of, cannot hold.
fn refuse_infinite(node: Node<'_>) -> Result<(), Diagnostic> {
    if let Value::Number(number) = node.value
        && number.as_f64().is_some_and(|number| !number.is_finite())
    {
        return Err(Diagnostic::new("a number must be finite")
            .at(node.at(), "JSON has no such number")
            .help("if it is meant as text, put it in quotes"));
    }
    for item in node.items().unwrap_or_default() {
        refuse_infinite(item)?;
    }
    for pair in node.pairs().unwrap_or_default() {
        refuse_infinite(pair.value)?;
    }
    Ok(())
}

/// What serde expected, in words of YAML.
fn in_words(expected: &str) -> &str {
    match expected {
        "a string" => "text",
        "a sequence" => "a list",
        "a map" => "a mapping",
        "a Value::Tagged enum" => "a name",
        "i64" => "a whole number",
        "a boolean" => "`true` or `false`",
        "u32" => "a number from 0 to 4294967295",
        "f64" => "a number",
        other if other.starts_with("struct ") => "a mapping",
        other => other,
    }
}

fn wrong_type(found_and_expected: &str, at: Location) -> Diagnostic {
    let (found, expected) =
        found_and_expected.split_once(", expected ").unwrap_or((found_and_expected, "another"));
    let found = match found {
        "unit value" => "nothing",
        "sequence" => "a list",
        "map" => "a mapping",
        other => other,
    };
    let expected = in_words(expected);
    let scalar = found.starts_with("integer")
        || found.starts_with("floating")
        || found.starts_with("boolean");
    let quotes = scalar && expected == "text";
    let help = format!("put it in quotes: `\"{}\"`", at.text());
    let diagnostic = Diagnostic::new(format!("wrong type: {found}, expected {expected}"))
        .at(at, format!("expected {expected}"));
    if quotes { diagnostic.help(help) } else { diagnostic }
}

/// A key that is not known where it stands.
pub(super) fn unknown_key(unknown: &str, known: &[&str], at: Location) -> Diagnostic {
    suggest(Diagnostic::new(format!("unknown key {}", quoted(unknown))), unknown, known, at)
}

/// A name that is not among those that there are.
pub(super) fn unknown_name(what: &str, unknown: &str, known: &[&str], at: Location) -> Diagnostic {
    suggest(Diagnostic::new(format!("unknown {what} {}", quoted(unknown))), unknown, known, at)
}

/// Says which name may have been meant.
pub(super) fn suggest(
    diagnostic: Diagnostic,
    unknown: &str,
    known: &[&str],
    at: Location,
) -> Diagnostic {
    if known.is_empty() {
        return diagnostic.at(at, "there is none");
    }
    match nearest(unknown, known.iter().copied()) {
        Some(meant) => diagnostic.at(at, format!("did you mean `{meant}`?")),
        None => diagnostic.at(at, "unknown").help(one_of(known)),
    }
}

fn one_of(known: &[&str]) -> String {
    const ENOUGH: usize = 600;
    if let [one] = known {
        return format!("there is only {}", quoted(one));
    }
    let mut listed = String::from("there are ");
    for (index, name) in known.iter().enumerate() {
        if index > 0 {
            listed.push_str(", ");
        }
        if listed.len() > ENOUGH {
            return format!("{listed}and {} more", known.len() - index);
        }
        listed.push_str(&quoted(name));
    }
    listed
}

/// A text as JSON, for tests that need to see it as other tools do.
#[cfg(test)]
pub(crate) fn to_json(text: &str) -> serde_json::Value {
    serde_yaml::from_str(text).unwrap()
}
