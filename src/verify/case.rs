//! A case as it is written down.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One recording of a real server: a script of calls, and what it led to.
///
/// ```
/// use deadbeat::verify::Case;
///
/// let case = Case::parse(r#"{
///     "name": "nothing_happens",
///     "steps": [{ "action": "advance", "seconds": 2.5 }],
///     "runs": [],
///     "histories": {}
/// }"#)?;
/// assert_eq!(case.steps[0].seconds, Some(2.5));
///
/// let error = Case::parse(r#"{ "name": "?", "steps": [{ "action": 7 }] }"#).unwrap_err();
/// assert!(error.to_string().starts_with("steps[0].action: invalid type"), "{error}");
/// # Ok::<(), deadbeat::verify::CaseError>(())
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Case {
    /// Its name, which is also that of its file.
    pub name: String,
    /// What it shows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Why the order of some of the server's work is not fixed, or why an exact clock differs, by
    /// the name of the flag.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub flags: BTreeMap<String, String>,
    /// What is needed to play it: `cli`, or a real SDK.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Fields of results that only this case compares.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
    /// The script. Empty if a real SDK's worker made the calls.
    pub steps: Vec<Step>,
    /// Every run whose history is compared.
    pub runs: Vec<CaseRun>,
    /// The recorded events of every run, normalised, by alias.
    pub histories: BTreeMap<String, Vec<Value>>,
    /// The ids of the events that were written in one transaction, by alias.
    #[serde(default)]
    pub batches: BTreeMap<String, Vec<Vec<i64>>>,
    /// How every run stood at the end, in Temporal's word, by alias.
    #[serde(default)]
    pub close_status: BTreeMap<String, String>,
}

/// One step of the script: a call, or one of the pseudo-actions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// The method's name in snake case, or `advance`, `settle`, `await_event`, `bind_run`, `join`,
    /// `cli`.
    pub action: String,
    /// The request in official JSON, with symbols; a pseudo-action's arguments.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub args: Value,
    /// Symbols and where in the response their values are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bind: BTreeMap<String, String>,
    /// The recorded answer or error, normalised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect: Option<Value>,
    /// How many seconds the client waits for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_s: Option<f64>,
    /// How many seconds the call blocked when it was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_s: Option<f64>,
    /// The label of a call that is not waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#async: Option<String>,
    /// What the client calls itself, if not an SDK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The label that `join` waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How many seconds `advance` lets pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

impl Step {
    /// Whether nothing is expected to come: the call runs into its deadline.
    pub fn expects_nothing(&self) -> bool {
        let Some(expected) = &self.expect else { return false };
        let times_out = expected["error"]["message"] == "<client timeout>";
        times_out || expected.as_object().is_some_and(serde_json::Map::is_empty)
    }

    /// Whether it is a worker's or a client's long poll.
    pub fn is_poll(&self) -> bool {
        self.action.starts_with("poll_")
    }
}

/// A run whose history is compared.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CaseRun {
    /// What the case calls it: `${run:ALIAS}` is its run id.
    pub alias: String,
    /// Its Workflow Id, with symbols.
    #[serde(rename = "workflowId")]
    pub workflow_id: String,
    /// Where its run id is found after the script, if no step gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<RunSource>,
}

/// Where a run id is found after the script.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RunSource {
    /// In an event.
    Event {
        /// The alias of the run whose history it is.
        history: String,
        /// The event's id.
        #[serde(rename = "eventId")]
        event_id: String,
        /// Where in the event.
        path: String,
    },
    /// In what `DescribeWorkflowExecution` says.
    Description {
        /// The alias of the run that is described.
        describe: String,
        /// Where in the answer.
        path: String,
    },
}

/// A file that is not a case.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// It is not written as a case is.
    #[error("{path}: {source}")]
    Invalid {
        /// Where, as in `steps[3].action`.
        path: String,
        /// What is wrong there.
        source: serde_json::Error,
    },
}

impl Case {
    /// The name of the case in a file.
    pub fn name_of(file: &Path) -> String {
        file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Reads the text of a case.
    ///
    /// # Errors
    ///
    /// [`CaseError::Invalid`] says where it is not written as a case is.
    pub fn parse(text: &str) -> Result<Self, CaseError> {
        let mut json = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut json).map_err(|error| CaseError::Invalid {
            path: error.path().to_string(),
            source: error.into_inner(),
        })
    }

    /// Reads the file of a case.
    ///
    /// # Errors
    ///
    /// [`CaseError`], if it cannot be read or is not a case.
    pub fn read(file: &Path) -> Result<Self, CaseError> {
        Self::parse(&fs::read_to_string(file)?)
    }
}
