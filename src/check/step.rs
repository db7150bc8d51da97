//! Whether the clients' steps were answered as they should be.

use super::failure::{Failure, Mismatch};
use crate::api::{RpcError, UpdateProgress};
use crate::history::payload::decode;
use crate::history::text::{failure_text, payloads_text};
use crate::history::{Failure as HistoryFailure, Shared};
use crate::official::update::outcome::Value;
use crate::scenario::model::{ClientAction, ClientStep, FailsWith, Timing};
use crate::sim::{Answer, RunResult};

/// Checks every step: those that were answered, and those that never came about.
pub(super) fn check(result: &RunResult, failures: &mut Vec<Failure>) {
    // A program that is a client has seen its answers itself.
    let is_scripted = |client| Some(client) != result.guest();
    let of_step =
        |client, step: usize| result.client_steps(client).get(step).filter(|_| is_scripted(client));
    for entry in &result.log {
        let Some(step) = of_step(entry.client, entry.step as usize) else { continue };
        if let Some(mismatch) = answered(step, &entry.answer) {
            failures.push(Failure { at: step.at.clone(), mismatch });
        }
    }
    // A run that was stopped has not had the time.
    if !result.ended.is_settled() {
        return;
    }
    for (client, step) in &result.not_taken {
        let Some(step) = of_step(*client, *step) else { continue };
        let mismatch = Mismatch::NotTaken { waited_for: waited_for(step) };
        failures.push(Failure { at: step.at.clone(), mismatch });
    }
}

fn answered(step: &ClientStep, answer: &Answer) -> Option<Mismatch> {
    match (&step.fails_with, answer) {
        (_, Answer::NotSent(why)) => Some(Mismatch::NotSent(why.clone())),
        (None, Answer::Refused(error)) => Some(Mismatch::Refused((**error).clone())),
        (Some(expected), Answer::Refused(error)) => (!is_as_expected(expected, error)).then(|| {
            Mismatch::RefusedOtherwise { expected: expected.clone(), was: (**error).clone() }
        }),
        (Some(expected), _) => Some(Mismatch::NotRefused(expected.clone())),
        (None, Answer::Updated(progress)) => updated(step, progress),
        (None, _) => None,
    }
}

/// Whether an update has ended as its step says.
fn updated(step: &ClientStep, progress: &UpdateProgress) -> Option<Mismatch> {
    let ClientAction::Update(step) = &step.action else { return None };
    let value = progress.outcome.as_ref().and_then(|outcome| outcome.value.as_ref());
    let was = || match value {
        None => "had not ended".to_owned(),
        Some(Value::Success(result)) => format!("has the result {}", payloads_text(result)),
        Some(Value::Failure(failure)) => {
            let failure = HistoryFailure::Sent(Shared::new(failure.clone()));
            format!("has failed: {}", failure_text(&failure))
        }
    };
    if let Some(expected) = &step.result {
        let is_so = matches!(value, Some(Value::Success(result))
            if decode(Some(&Shared::new(result.clone()))) == *expected);
        let expected = format!("the result {expected}");
        return (!is_so).then(|| Mismatch::UpdateOtherwise { expected, was: was() });
    }
    let expected = step.failure.as_ref()?;
    let is_so = matches!(value, Some(Value::Failure(failure))
        if failure.message.contains(expected.as_str()));
    let expected = format!("a failure with \"{expected}\" in its message");
    (!is_so).then(|| Mismatch::UpdateOtherwise { expected, was: was() })
}

fn is_as_expected(expected: &FailsWith, error: &RpcError) -> bool {
    expected.code == error.code.name()
        && expected.message.as_ref().is_none_or(|message| *message == error.message)
}

fn waited_for(step: &ClientStep) -> String {
    match (&step.timing, &step.action) {
        (Timing::When(when), _) => {
            let times = match when.count {
                0 | 1 => String::new(),
                count => format!("{count} times "),
            };
            let whose = match (&when.workflow_id, when.run) {
                (Some(workflow_id), Some(run)) => {
                    format!("the history of run {run} of `{workflow_id}`")
                }
                (Some(workflow_id), None) => format!("a history of `{workflow_id}`"),
                (None, _) => "a history".to_owned(),
            };
            format!("{} was never {times}in {whose}", when.event)
        }
        (_, ClientAction::WaitForClose(step)) => {
            format!("`{}` has not closed", step.wait_for_close)
        }
        _ => "its time did not come".to_owned(),
    }
}
