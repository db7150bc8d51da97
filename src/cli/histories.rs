//! `--history-json`: one file a run.

use std::fmt::Write as _;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::history::ids::Digest;
use crate::sim::{ExecutionResult, RunResult};

/// Writes the histories of a scenario's runs below `dir`: those of `scenarios/reset/late.yaml` to
/// `DIR/scenarios/reset/late/<Workflow Id>.<run>.json`.
pub(super) fn write(dir: &Path, scenario: &Path, result: &RunResult) -> io::Result<()> {
    let folder = dir.join(below(scenario));
    fs::create_dir_all(&folder)?;
    for execution in &result.executions {
        let mut json = serde_json::to_string_pretty(&execution.history_json())?;
        json.push('\n');
        fs::write(folder.join(file_name(execution)), json)?;
    }
    Ok(())
}

/// The scenario's path without what would lead out of a folder, and without `.yaml`.
fn below(scenario: &Path) -> PathBuf {
    let normal = scenario.components().filter(|part| matches!(part, Component::Normal(_)));
    let below: PathBuf = normal.collect();
    if below.extension().is_some_and(|name| name == "yaml") {
        below.with_extension("")
    } else {
        below
    }
}

/// No file name is longer than this, in bytes, before the run's number.
const LONGEST: usize = 120;

/// A file's name that no other run of the scenario has: a Workflow Id may have any characters.
fn file_name(execution: &ExecutionResult) -> String {
    let id = execution.workflow_id();
    let mut name = String::new();
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            // A dot is harmless but for the first, which hides the file.
            b'.' if !name.is_empty() => name.push('.'),
            // Writing to a string cannot fail.
            _ => {
                let _ = write!(name, "%{byte:02X}");
            }
        }
    }
    if name.len() > LONGEST {
        let mut digest = Digest::new();
        id.hash(&mut digest);
        name.truncate(LONGEST);
        let _ = write!(name, "~{:016x}", digest.finish());
    }
    format!("{name}.{}.json", execution.run)
}
