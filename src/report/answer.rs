//! What a client was answered, in one line; a description in several.

use std::fmt::Write as _;

use crate::api::{Description, PendingActivity, PendingActivityState, UpdateProgress};
use crate::clock::EPOCH;
use crate::history::payload::decode;
use crate::history::text::{failure_text, payloads_text, word};
use crate::history::{Failure, RunId, Shared};
use crate::official::update::outcome::Value;
use crate::sim::{Answer, RunResult, Which};

/// The answer, and lines that stand below it.
pub(super) fn describe(answer: &Answer, result: &RunResult) -> (String, Vec<String>) {
    let line = match answer {
        Answer::Done => "ok".to_owned(),
        Answer::Started { run_id, which: Which::Own } | Answer::Reset { run_id } => {
            run(run_id, result)
        }
        Answer::Started { run_id, which: Which::Existing } => {
            format!("{}, which was running", run(run_id, result))
        }
        Answer::Updated(progress) => updated(progress),
        Answer::Described(description) => return described(description, result),
        Answer::Queried(result) => decode(result.as_ref()).to_string(),
        Answer::QueryRejected(status) => format!("rejected: {status}"),
        Answer::Closed(status) => status.to_string(),
        Answer::Refused(error) => error.to_string(),
        Answer::NotSent(why) => format!("not sent: {why}"),
    };
    (line, Vec::new())
}

/// How far an update has got: `Completed, result "done"`.
fn updated(progress: &UpdateProgress) -> String {
    let stage = progress.stage.name();
    let value = progress.outcome.as_ref().and_then(|outcome| outcome.value.as_ref());
    match value {
        None => stage.to_owned(),
        Some(Value::Success(result)) => format!("{stage}, result {}", payloads_text(result)),
        Some(Value::Failure(failure)) => {
            let failure = Failure::Sent(Shared::new(failure.clone()));
            format!("{stage}, failed: {}", failure_text(&failure))
        }
    }
}

/// A run as people see it: by number.
fn run(run_id: &RunId, result: &RunResult) -> String {
    match result.executions.iter().find(|run| run.execution.run_id == *run_id) {
        Some(execution) => format!("run {}", execution.run),
        None => format!("run {run_id}"),
    }
}

fn described(description: &Description, result: &RunResult) -> (String, Vec<String>) {
    let first = format!(
        "{}, {}, {} events",
        run(&description.execution.run_id, result),
        description.status,
        description.history_length
    );
    let mut lines = Vec::new();
    if description.cancel_requested {
        lines.push("cancel requested".to_owned());
    }
    if let Some(at) = description.close_time {
        lines.push(format!("closed at {}", at.offset(EPOCH)));
    }
    if let Some(at) = description.run_expiration_time {
        lines.push(format!("run expires at {}", at.offset(EPOCH)));
    }
    if let Some(at) = description.last_reset_time {
        lines.push(format!("made by a reset at {}", at.offset(EPOCH)));
    }
    if let Some(run_id) = &description.reset_run_id {
        lines.push(format!("reset to {}", run(run_id, result)));
    }
    for point in &description.reset_points {
        let able = if point.resettable { "" } else { ", not resettable" };
        let build =
            if point.build_id.is_empty() { &point.binary_checksum } else { &point.build_id };
        let build = if build.is_empty() { String::new() } else { format!(", build {build}") };
        let of = run(&point.run_id, result);
        let event = point.first_workflow_task_completed_id;
        lines.push(format!("reset point: {of}, event {event}{build}{able}"));
    }
    if let Some(task) = &description.pending_workflow_task {
        let state = if task.started { "started" } else { "scheduled" };
        lines.push(format!("pending workflow task: {state}, attempt {}", task.attempt));
    }
    lines.extend(description.pending_activities.iter().map(activity));
    for child in &description.pending_children {
        let started = if child.run_id.is_some() { "started" } else { "initiated" };
        let of_type = &child.workflow_type;
        let child = word(child.workflow_id.as_str());
        lines.push(format!("pending child {child} ({}), {started}", word(of_type)));
    }
    (first, lines)
}

fn activity(pending: &PendingActivity) -> String {
    let command = &pending.scheduled.command;
    let of_type = command.activity_type.as_ref().map_or("", |of_type| &of_type.name);
    let state = match pending.state {
        PendingActivityState::Scheduled => "scheduled",
        PendingActivityState::Started => "started",
        PendingActivityState::CancelRequested => "cancel requested",
    };
    let mut line = format!(
        "pending activity {} ({}), {state}, attempt {}",
        word(&command.activity_id),
        word(of_type),
        pending.attempt
    );
    // Writing to a string cannot fail.
    if let Some(at) = pending.last_heartbeat_time {
        let _ = write!(line, ", last heartbeat at {}", at.offset(EPOCH));
    }
    if pending.heartbeat_details.is_some() {
        let _ = write!(line, ", details {}", decode(pending.heartbeat_details.as_ref()));
    }
    if let Some(at) = pending.next_attempt_scheduled_time {
        let _ = write!(line, ", next attempt at {}", at.offset(EPOCH));
    }
    if let Some(failure) = &pending.last_failure {
        let _ = write!(line, ", last failure {}", failure_text(failure));
    }
    line
}
