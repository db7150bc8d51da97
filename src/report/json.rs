//! A run as JSON: everything that does not depend on the machine.

use serde_json::{Value, json};

use super::{action, answer};
use crate::check::Failure;
use crate::clock::EPOCH;
use crate::scenario::Diagnostics;
use crate::sim::{Ended, ExecutionResult, RunResult};

/// A run of the scenario at `path`, and in what it was not as expected.
pub fn result_json(path: &str, result: &RunResult, failures: &[Failure]) -> Value {
    let executions: Vec<Value> = result.executions.iter().map(execution).collect();
    let failures: Vec<Value> = failures.iter().map(failure).collect();
    let mut scenario = json!({
        "path": path,
        "name": result.scenario().name,
        "virtualTime": result.end.offset(EPOCH),
        "happenings": result.happenings,
        "clients": log(result),
        "executions": executions,
        "failures": failures,
    });
    match &result.ended {
        Ended::Settled => {}
        Ended::Stopped(stopped) => scenario["stopped"] = json!([stopped.to_string()]),
        Ended::Problem(problems) => {
            scenario["stopped"] =
                problems.iter().map(|it| json!(format!("{}: {it}", it.at))).collect();
        }
    }
    scenario
}

/// A file that is no scenario, and why.
pub fn invalid_json(path: &str, diagnostics: &Diagnostics) -> Value {
    json!({ "path": path, "invalid": diagnostics.to_string() })
}

fn log(result: &RunResult) -> Value {
    let entries = result.log.iter().filter_map(|entry| {
        let step = result.client_steps(entry.client).get(entry.step as usize)?;
        let (answered, below) = answer::describe(&entry.answer, result);
        let mut json = json!({
            "time": entry.time.offset(EPOCH),
            "client": result.client_name(entry.client),
            "step": action::describe(step),
            "answer": answered,
        });
        if !below.is_empty() {
            json["description"] = json!(below);
        }
        Some(json)
    });
    entries.collect()
}

fn execution(execution: &ExecutionResult) -> Value {
    json!({
        "workflowId": execution.workflow_id(),
        "run": execution.run,
        "runId": execution.execution.run_id.to_string(),
        "workflowType": execution.workflow_type.as_str(),
        "status": execution.status.name(),
        "history": execution.history_json(),
    })
}

fn failure(failure: &Failure) -> Value {
    json!({
        "line": failure.at.line(),
        "column": failure.at.column(),
        "message": failure.mismatch.to_string(),
    })
}
