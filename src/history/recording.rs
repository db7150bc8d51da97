//! Histories that a real server recorded, for tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::json::from_json;
use super::list::History;
use super::official;
use crate::official::history as proto;

/// A history that a real server recorded (1.32.0), as `temporal workflow show -o json` prints it.
pub(super) struct Recording {
    pub(super) name: String,
    pub(super) text: String,
    /// The ids of its events, in the batches in which the server persisted them.
    batches: Vec<Vec<usize>>,
}

impl Recording {
    pub(super) fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/histories");
        let batches = fs::read_to_string(folder.join("batches.json")).unwrap();
        let batches: BTreeMap<String, Vec<Vec<usize>>> = serde_json::from_str(&batches).unwrap();
        let recording = |(name, batches)| {
            let text = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
            Self { name, text, batches }
        };
        batches.into_iter().map(recording).collect()
    }

    pub(super) fn named(name: &str) -> Self {
        Self::all().into_iter().find(|recording| recording.name == name).unwrap()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(super) fn official(&self) -> proto::History {
        from_json(&self.json()).unwrap()
    }

    pub(super) fn compact(&self) -> History {
        let mut events = official::read(&self.official().events).unwrap().into_iter();
        let mut history = History::new();
        for batch in &self.batches {
            history.append(events.by_ref().take(batch.len()).collect());
        }
        assert!(events.next().is_none(), "{}", self.name);
        history
    }

    /// Whether an SDK's worker was there, which sends more than is modelled.
    pub(super) fn is_by_an_sdk(&self) -> bool {
        self.name.starts_with("says-everything")
    }
}
