//! What `expect` says of a run.

use super::failure::{Expected, Failure, Mismatch};
use crate::history::{self, EventId};
use crate::official::failure;
use crate::scenario::model::{Expectation, RunExpectation};
use crate::sim::{Close, ExecutionResult, RunResult};

/// Checks one expectation.
pub(super) fn check(expectation: &Expectation, result: &RunResult, failures: &mut Vec<Failure>) {
    let of = &expectation.of;
    let expected = Expected { workflow_id: of.workflow_id.clone(), run: of.run };
    let mut fail = |mismatch| failures.push(Failure { at: expectation.at.clone(), mismatch });
    let Some(execution) = result.find(&of.workflow_id, of.run) else {
        let runs = result.executions.iter();
        let made = runs.filter(|run| run.workflow_id() == of.workflow_id).count();
        return fail(Mismatch::NoSuchRun { expected, made });
    };
    let checks = [
        status(of, &expected, execution),
        result_of(of, &expected, execution),
        message(of, &expected, execution),
    ];
    checks.into_iter().flatten().for_each(&mut fail);
    if let Some(mismatch) = order(&of.events, &expected, execution) {
        fail(mismatch);
    }
    for unwanted in &of.never {
        let events = execution.history.events();
        if let Some(event) =
            events.into_iter().find(|event| event.attributes.type_name() == unwanted)
        {
            let event_type = unwanted.clone();
            fail(Mismatch::UnwantedEvent { of: expected.clone(), event: event_type, at: event.id });
        }
    }
}

fn status(
    of: &RunExpectation,
    expected: &Expected,
    execution: &ExecutionResult,
) -> Option<Mismatch> {
    let wanted = of.status.as_ref().filter(|wanted| *wanted != execution.status.name())?;
    Some(Mismatch::Status { of: expected.clone(), expected: wanted.clone(), was: execution.status })
}

fn result_of(
    of: &RunExpectation,
    expected: &Expected,
    execution: &ExecutionResult,
) -> Option<Mismatch> {
    let wanted = of.result.as_ref()?;
    let was = match execution.close() {
        Close::Result(result) => Some(result),
        _ => None,
    };
    (was.as_ref() != Some(wanted)).then(|| Mismatch::Result {
        of: expected.clone(),
        expected: wanted.clone(),
        was,
        status: execution.status,
    })
}

fn message(
    of: &RunExpectation,
    expected: &Expected,
    execution: &ExecutionResult,
) -> Option<Mismatch> {
    let wanted = of.failure.as_ref()?;
    let was = match execution.close() {
        Close::Failure(failure) => messages(&failure),
        _ => Vec::new(),
    };
    (!was.iter().any(|message| message.contains(wanted))).then(|| Mismatch::FailureMessage {
        of: expected.clone(),
        expected: wanted.clone(),
        was,
        status: execution.status,
    })
}

/// The messages of a failure and of what caused it, outermost first.
fn messages(failure: &history::Failure) -> Vec<String> {
    let mut messages = vec![failure.message().to_owned()];
    match failure {
        history::Failure::Sent(sent) => {
            let causes =
                std::iter::successors(sent.cause.as_deref(), |cause: &&failure::Failure| {
                    cause.cause.as_deref()
                });
            messages.extend(causes.map(|cause| cause.message.clone()));
        }
        history::Failure::ActivityTimeout(timeout) => {
            messages.extend(timeout.cause.iter().flat_map(self::messages));
        }
        _ => {}
    }
    messages
}

/// The first event of the list that the history does not have in its place.
fn order(wanted: &[String], of: &Expected, execution: &ExecutionResult) -> Option<Mismatch> {
    let mut events = execution.history.events();
    let mut after: Option<(EventId, &'static str)> = None;
    for wanted in wanted {
        let is_it = |event: &&history::Event| event.attributes.type_name() == wanted;
        match events.find(is_it) {
            Some(event) => after = Some((event.id, event.attributes.type_name())),
            None => {
                return Some(Mismatch::MissingEvent {
                    of: of.clone(),
                    missing: wanted.clone(),
                    after,
                    earlier: execution.history.events().find(is_it).map(|event| event.id),
                });
            }
        }
    }
    None
}
