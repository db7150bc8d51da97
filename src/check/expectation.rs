//! What an expectation says of a run.

use super::failure::{Expected, Mismatch};
use super::view::{Seen, View};
use crate::history::{self, EventId};
use crate::official::failure;
use crate::scenario::model::{Expectation, RunExpectation};
use crate::sim::Close;

/// Whose run an expectation is about.
pub(super) fn expected(of: &RunExpectation) -> Expected {
    Expected { workflow_id: of.workflow_id.clone(), run: of.run }
}

/// Whether an expectation is true.
pub(super) fn holds(expectation: &Expectation, view: View<'_>) -> bool {
    mismatches(&expectation.of, view).next().is_none()
}

/// All that an expectation says and that is not so.
pub(super) fn mismatches(of: &RunExpectation, view: View<'_>) -> impl Iterator<Item = Mismatch> {
    let (seen, missing) = match view.find(&of.workflow_id, of.run) {
        Ok(seen) => (Some(seen), None),
        Err(made) => (None, Some(Mismatch::NoSuchRun { expected: expected(of), made })),
    };
    let checks = [status, result, message, order, directly, not_after];
    let found = seen.into_iter().flat_map(move |seen| {
        checks.into_iter().filter_map(move |check| check(of, seen)).chain(unwanted(of, seen))
    });
    missing.into_iter().chain(found)
}

fn status(of: &RunExpectation, seen: Seen<'_>) -> Option<Mismatch> {
    let wanted = of.status.as_ref().filter(|wanted| *wanted != seen.status.name())?;
    Some(Mismatch::Status { of: expected(of), expected: wanted.clone(), was: seen.status })
}

fn result(of: &RunExpectation, seen: Seen<'_>) -> Option<Mismatch> {
    let wanted = of.result.as_ref()?;
    let was = match Close::of(seen.history) {
        Close::Result(result) => Some(result),
        _ => None,
    };
    (was.as_ref() != Some(wanted)).then(|| Mismatch::Result {
        of: expected(of),
        expected: wanted.clone(),
        was,
        status: seen.status,
    })
}

fn message(of: &RunExpectation, seen: Seen<'_>) -> Option<Mismatch> {
    let wanted = of.failure.as_ref()?;
    let was = match Close::of(seen.history) {
        Close::Failure(failure) => messages(&failure),
        _ => Vec::new(),
    };
    (!was.iter().any(|message| message.contains(wanted))).then(|| Mismatch::FailureMessage {
        of: expected(of),
        expected: wanted.clone(),
        was,
        status: seen.status,
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

fn is(event: &history::Event, event_type: &str) -> bool {
    event.attributes.type_name() == event_type
}

/// The first event of the list that the history does not have in its place.
fn order(of: &RunExpectation, seen: Seen<'_>) -> Option<Mismatch> {
    let mut events = seen.history.events();
    let mut after: Option<(EventId, &'static str)> = None;
    for wanted in &of.events {
        let Some(event) = events.find(|event| is(event, wanted)) else {
            let earlier = seen.history.events().find(|event| is(event, wanted));
            return Some(Mismatch::MissingEvent {
                of: expected(of),
                missing: wanted.clone(),
                after,
                earlier: earlier.map(|event| event.id),
            });
        };
        after = Some((event.id, event.attributes.type_name()));
    }
    None
}

/// The first event that is not followed directly by the one that should follow.
fn directly(of: &RunExpectation, seen: Seen<'_>) -> Option<Mismatch> {
    let [first, second] = of.directly.as_ref()?;
    let mut events = seen.history.events().peekable();
    while let Some(event) = events.next() {
        let next = events.peek();
        if is(event, first) && !next.is_some_and(|next| is(next, second)) {
            return Some(Mismatch::NotDirectly {
                of: expected(of),
                event: (event.id, event.attributes.type_name()),
                expected: second.clone(),
                was: next.map(|next| next.attributes.type_name()),
            });
        }
    }
    None
}

/// The first event that comes after one that it should not come after.
fn not_after(of: &RunExpectation, seen: Seen<'_>) -> Option<Mismatch> {
    let [late, early] = of.not_after.as_ref()?;
    let mut events = seen.history.events();
    let before = events.find(|event| is(event, early))?;
    let event = events.find(|event| is(event, late))?;
    Some(Mismatch::TooLate {
        of: expected(of),
        event: (event.id, event.attributes.type_name()),
        after: (before.id, before.attributes.type_name()),
    })
}

/// The events that should not be there: the first of each type.
fn unwanted(of: &RunExpectation, seen: Seen<'_>) -> impl Iterator<Item = Mismatch> {
    of.never.iter().filter_map(move |unwanted| {
        let event = seen.history.events().find(|event| is(event, unwanted))?;
        let event_type = unwanted.clone();
        Some(Mismatch::UnwantedEvent { of: expected(of), event: event_type, at: event.id })
    })
}
