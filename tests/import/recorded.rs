//! Recorded histories as they would be exported: the corpus drops what differs from one recording
//! to the next, and that is put in again.

use std::fs;
use std::path::{Path, PathBuf};

use deadbeat::verify::Case;
use serde_json::{Value, json};

/// A history with its name.
pub(crate) struct Recorded {
    /// `case.alias`, or the file's name.
    pub(crate) name: String,
    /// What `temporal workflow show -o json` would print.
    pub(crate) exported: String,
    /// Its events, with run ids as `<id:N>`: what a run must give.
    pub(crate) expected: Vec<Value>,
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
    files.sort();
    files
}

/// Every history of the corpus.
pub(crate) fn corpus() -> Vec<Recorded> {
    let mut all = Vec::new();
    for file in files("tests/corpus/cases") {
        let case = Case::read(&file).unwrap();
        for (alias, events) in &case.histories {
            let mut ids = Ids { case: format!("{}-c0ffee", case.name), known: Vec::new() };
            let events: Vec<Value> = events.iter().map(|event| ids.resolve(event)).collect();
            let exported: Vec<Value> = events.iter().map(exported).collect();
            let mut expected = events;
            for event in &mut expected {
                event.as_object_mut().unwrap().remove("t");
                *event = ids.unresolve(event);
            }
            all.push(Recorded {
                name: format!("{}.{alias}", case.name),
                exported: json!({ "events": exported }).to_string(),
                expected,
            });
        }
    }
    all
}

/// Every exported history among the tests' data.
pub(crate) fn data() -> Vec<(String, String)> {
    let read = |file: PathBuf| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(file).unwrap())
    };
    files("tests/data/histories").into_iter().map(read).collect()
}

/// The symbols of a case and the values that they are given.
struct Ids {
    case: String,
    known: Vec<String>,
}

impl Ids {
    fn uuid(&mut self, symbol: &str) -> String {
        let at = self.known.iter().position(|known| known == symbol).unwrap_or_else(|| {
            self.known.push(symbol.to_owned());
            self.known.len() - 1
        });
        uuid(at)
    }

    fn resolve(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.resolve_text(text)),
            Value::Array(items) => items.iter().map(|item| self.resolve(item)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(key, value)| (key.clone(), self.resolve(value))).collect()
            }
            other => other.clone(),
        }
    }

    fn resolve_text(&mut self, text: &str) -> String {
        let text = text.replace("${case}", &self.case);
        let mut resolved = String::new();
        let mut rest = text.as_str();
        loop {
            let begins = ["${run:", "${uuid:", "<id:"].iter().filter_map(|open| rest.find(open));
            let Some(begin) = begins.min() else { return resolved + rest };
            let end = begin + rest[begin..].find(['}', '>']).unwrap() + 1;
            resolved.push_str(&rest[..begin]);
            resolved.push_str(&self.uuid(&rest[begin..end]));
            rest = &rest[end..];
        }
    }

    fn unresolve(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let mut text = text.clone();
                for number in 0..self.known.len() {
                    text = text.replace(&uuid(number), &format!("<id:{number}>"));
                }
                Value::String(text)
            }
            Value::Array(items) => items.iter().map(|item| self.unresolve(item)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(key, value)| (key.clone(), self.unresolve(value))).collect()
            }
            other => other.clone(),
        }
    }
}

fn uuid(number: usize) -> String {
    format!("0190c2f3-{number:04x}-7000-8000-00000000beef")
}

/// An event with the fields that the corpus leaves out.
fn exported(event: &Value) -> Value {
    let mut event = event.clone();
    let fields = event.as_object_mut().unwrap();
    let t = fields.remove("t").and_then(|t| t.as_f64()).unwrap_or(0.0).max(0.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let millis = (t * 1000.0).round() as u64;
    let (minutes, seconds, millis) = (millis / 60_000, millis / 1000 % 60, millis % 1000);
    let time = format!("2024-05-01T10:{minutes:02}:{seconds:02}.{millis:03}Z");
    fields.insert("eventTime".to_owned(), time.into());
    let id: u64 = fields["eventId"].as_str().unwrap().parse().unwrap();
    fields.insert("taskId".to_owned(), (1_048_576 + id).to_string().into());
    if !fields.keys().any(|key| key.ends_with("EventAttributes")) {
        let kind = fields["eventType"].as_str().unwrap().trim_start_matches("EVENT_TYPE_");
        let words = kind.split('_').map(str::to_ascii_lowercase).enumerate();
        let camel: String = words
            .map(|(at, word)| match at {
                0 => word,
                _ => word[..1].to_ascii_uppercase() + &word[1..],
            })
            .collect();
        fields.insert(format!("{camel}EventAttributes"), json!({}));
    }
    if fields["eventType"] == "EVENT_TYPE_WORKFLOW_TASK_STARTED" {
        let started = fields.get_mut("workflowTaskStartedEventAttributes").unwrap();
        started["requestId"] = "7ad1bd1c-6d1c-4b3c-9c1a-2f4f5a6b7c8d".into();
        started["historySizeBytes"] = (id * 150).to_string().into();
    }
    event
}
