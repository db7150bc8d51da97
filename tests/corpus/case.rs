//! A case as it is written down.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

/// One recording: a script, and what it led to.
#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// Fields of results that only this case compares.
    #[serde(default)]
    pub(crate) keep: Vec<String>,
    pub(crate) steps: Vec<Step>,
    pub(crate) runs: Vec<Run>,
    /// The events of every run, by alias.
    pub(crate) histories: BTreeMap<String, Vec<Value>>,
    /// The ids of the events that were written in one transaction, by alias.
    #[serde(default)]
    pub(crate) batches: BTreeMap<String, Vec<Vec<i64>>>,
    #[serde(default)]
    pub(crate) close_status: BTreeMap<String, String>,
}

/// One step of the script.
#[derive(Deserialize)]
pub(crate) struct Step {
    pub(crate) action: String,
    #[serde(default)]
    pub(crate) args: Value,
    #[serde(default)]
    pub(crate) bind: BTreeMap<String, String>,
    pub(crate) expect: Option<Value>,
    pub(crate) timeout_s: Option<f64>,
    /// How long the call blocked when it was recorded.
    pub(crate) waits_s: Option<f64>,
    /// The label of a call that is not waited for.
    pub(crate) r#async: Option<String>,
    pub(crate) client: Option<String>,
    /// The label that `join` waits for.
    pub(crate) id: Option<String>,
    /// Of `advance`.
    pub(crate) seconds: Option<f64>,
}

impl Step {
    /// Whether nothing is expected to come: the call runs into its deadline.
    pub(crate) fn expects_nothing(&self) -> bool {
        self.expect.as_ref().and_then(Value::as_object).is_some_and(serde_json::Map::is_empty)
    }

    pub(crate) fn is_poll(&self) -> bool {
        self.action.starts_with("poll_")
    }
}

/// A run whose history is compared.
#[derive(Deserialize)]
pub(crate) struct Run {
    pub(crate) alias: String,
    #[serde(rename = "workflowId")]
    pub(crate) workflow_id: String,
    /// Where its id is found, if no step gives it.
    pub(crate) from: Option<From>,
}

/// Where a run id is found after the script.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum From {
    Event {
        history: String,
        #[serde(rename = "eventId")]
        event_id: String,
        path: String,
    },
    Description {
        describe: String,
        path: String,
    },
}

impl Case {
    /// The name of the case in a file.
    pub(crate) fn name_of(file: &Path) -> String {
        file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Reads a case.
    pub(crate) fn read(file: &Path) -> Result<Self, Box<dyn Error>> {
        Ok(serde_json::from_str(&fs::read_to_string(file)?)?)
    }
}
