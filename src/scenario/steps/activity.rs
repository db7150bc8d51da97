//! What an activity can do.

use super::{
    Row, attempts, by_attempt, by_id, ids, nothing, of, one, property, repeat, repeated, steps,
    tried, try_steps,
};
use crate::scenario::duration::Span;
use crate::scenario::model::{ActivityAction, ActivityStep, Json};

/// What an activity can do.
pub(in crate::scenario) const ACTIVITY: &[Row<ActivityAction>] = &[
    Row {
        key: "sleep",
        about: "Waits. A cancel that the activity has learnt of is raised here.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<Span>(schemas, "sleep"),
        make: |r, s| Some(ActivityAction::Sleep(r.decode::<Span>(s.value)?.0)),
    },
    Row {
        key: "heartbeat",
        about: "Heartbeats with details. A cancel that the activity has learnt of is raised here.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<Json>(schemas, "heartbeat"),
        make: |r, s| r.decode(s.value).map(ActivityAction::Heartbeat),
    },
    Row {
        key: "hang",
        about: "Never returns, unless cancelled.",
        needs: &[],
        takes: &[],
        properties: |_| property("hang", nothing()),
        make: |r, s| r.nothing(s).map(|()| ActivityAction::Hang),
    },
    Row {
        key: "fail",
        about: "Fails with an application failure that has this message.",
        needs: &[],
        takes: &["type", "non_retryable", "next_retry_delay", "details", "failure"],
        properties: of::<crate::scenario::model::Fail>,
        make: |r, s| r.step(s).map(ActivityAction::Fail),
    },
    Row {
        key: "return",
        about: "Ends the activity, with a result.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<Json>(schemas, "return"),
        make: |r, s| r.decode(s.value).map(ActivityAction::Return),
    },
    Row {
        key: "shield",
        about: "Runs steps that a cancel does not interrupt; it is raised after them.",
        needs: &[],
        takes: &[],
        properties: |schemas| steps::<ActivityStep>(schemas, "shield"),
        make: |r, s| r.some_steps(s.value).map(ActivityAction::Shield),
    },
    Row {
        key: "try",
        about: "Runs steps and catches what they raise.",
        needs: &[],
        takes: &["on_cancel", "on_failure", "finally"],
        properties: tried::<ActivityStep>,
        make: |r, s| try_steps(r, s).map(ActivityAction::Try),
    },
    Row {
        key: "raise",
        about: "Raises again what the enclosing `on_cancel` or `on_failure` caught.",
        needs: &[],
        takes: &[],
        properties: |_| property("raise", nothing()),
        make: |r, s| r.nothing(s).map(|()| ActivityAction::Raise),
    },
    Row {
        key: "repeat",
        about: "Runs steps again and again: without end, or a number of times.",
        needs: &[],
        takes: &["times"],
        properties: repeated::<ActivityStep>,
        make: |r, s| repeat(r, s).map(ActivityAction::Repeat),
    },
    Row {
        key: "by_attempt",
        about: "Runs other steps by attempt.",
        needs: &[],
        takes: &[],
        properties: |schemas| property("by_attempt", attempts::<ActivityStep>(schemas)),
        make: |r, s| by_attempt(r, s).map(ActivityAction::ByAttempt),
    },
    Row {
        key: "by_activity_id",
        about: "Runs other steps by the activity's id.",
        needs: &[],
        takes: &[],
        properties: |_| property("by_activity_id", ids::<ActivityStep>()),
        make: |r, s| by_id(r, s).map(ActivityAction::ByActivityId),
    },
];
