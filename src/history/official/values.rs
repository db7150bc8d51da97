//! What many events have: times, durations, ids, names, enums, in both forms.

#![allow(clippy::unnecessary_wraps)] // official fields are optional

use std::time::Duration;

use super::read::Problem;
use crate::clock::Time;
use crate::history::ids::{EventId, Execution, Name, RunId};
use crate::history::shared::Shared;
use crate::official::common::{ActivityType, WorkflowExecution, WorkflowType};
use crate::official::enums::TaskQueueKind;
use crate::official::taskqueue::TaskQueue;
use crate::official::well_known;

/// The namespace that every execution is in.
pub const NAMESPACE: &str = "default";

/// The namespace's id. On a real server it is random; here it is a UUID chosen once.
pub const NAMESPACE_ID: &str = "dead0bea-7000-4000-8000-000000000001";

/// The longest official duration, in seconds: ten thousand years.
const LONGEST_DURATION: i64 = 315_576_000_000;

pub(super) fn timestamp(time: Time) -> well_known::Timestamp {
    let nanos = time.unix_nanos();
    well_known::Timestamp {
        seconds: nanos.div_euclid(1_000_000_000),
        nanos: i32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or(0),
    }
}

pub(super) fn read_timestamp(
    field: &'static str,
    sent: &well_known::Timestamp,
) -> Result<Time, Problem> {
    let nanos = i128::from(sent.seconds) * 1_000_000_000 + i128::from(sent.nanos);
    let nanos = i64::try_from(nanos).map_err(|_| Problem::Invalid(field))?;
    Ok(Time::from_unix_nanos(nanos))
}

/// A duration that is written also if it is zero.
pub(super) fn duration(duration: Duration) -> Option<well_known::Duration> {
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    Some(if seconds < LONGEST_DURATION {
        well_known::Duration { seconds, nanos: i32::try_from(duration.subsec_nanos()).unwrap_or(0) }
    } else {
        well_known::Duration { seconds: LONGEST_DURATION, nanos: 0 }
    })
}

/// A duration that is left out if it is zero.
pub(super) fn duration_unless_zero(duration: Duration) -> Option<well_known::Duration> {
    if duration.is_zero() { None } else { self::duration(duration) }
}

/// The duration; zero if it is not there.
pub(super) fn read_duration(
    field: &'static str,
    sent: Option<&well_known::Duration>,
) -> Result<Duration, Problem> {
    let Some(sent) = sent else { return Ok(Duration::ZERO) };
    match (u64::try_from(sent.seconds), u32::try_from(sent.nanos)) {
        (Ok(seconds), Ok(nanos)) if nanos < 1_000_000_000 => Ok(Duration::new(seconds, nanos)),
        _ => Err(Problem::Invalid(field)),
    }
}

/// The number of an event that may not be there, which is written as zero.
pub(super) fn optional_id(id: Option<EventId>) -> i64 {
    id.map_or(0, i64::from)
}

pub(super) fn read_id(field: &'static str, sent: i64) -> Result<EventId, Problem> {
    read_optional_id(field, sent)?.ok_or(Problem::Missing(field))
}

pub(super) fn read_optional_id(field: &'static str, sent: i64) -> Result<Option<EventId>, Problem> {
    let id = u32::try_from(sent).map_err(|_| Problem::Invalid(field))?;
    Ok((id > 0).then_some(EventId(id)))
}

/// A count from 1, as attempts are.
pub(super) fn count(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

pub(super) fn read_count(field: &'static str, sent: i32) -> Result<u32, Problem> {
    u32::try_from(sent).map_err(|_| Problem::Invalid(field))
}

/// A run id that may not be there, which is written as no text.
pub(super) fn optional_run_id(id: Option<RunId>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

pub(super) fn read_run_id(field: &'static str, sent: &str) -> Result<RunId, Problem> {
    read_optional_run_id(field, sent)?.ok_or(Problem::Missing(field))
}

pub(super) fn read_optional_run_id(
    field: &'static str,
    sent: &str,
) -> Result<Option<RunId>, Problem> {
    if sent.is_empty() {
        return Ok(None);
    }
    sent.parse().map(Some).map_err(|_| Problem::Invalid(field))
}

pub(super) fn execution(execution: &Execution) -> WorkflowExecution {
    WorkflowExecution {
        workflow_id: execution.workflow_id.to_string(),
        run_id: execution.run_id.to_string(),
    }
}

pub(super) fn read_execution(
    field: &'static str,
    sent: &WorkflowExecution,
) -> Result<Execution, Problem> {
    Ok(Execution {
        workflow_id: sent.workflow_id.as_str().into(),
        run_id: read_run_id(field, &sent.run_id)?,
    })
}

pub(super) fn workflow_type(name: &Name) -> Option<WorkflowType> {
    Some(WorkflowType { name: name.to_string() })
}

pub(super) fn read_workflow_type(sent: Option<&WorkflowType>) -> Name {
    sent.map(|of| of.name.as_str().into()).unwrap_or_default()
}

pub(super) fn activity_type(name: &str) -> Option<ActivityType> {
    Some(ActivityType { name: name.to_owned() })
}

/// A task queue that is not a worker's own.
pub(super) fn normal_queue(name: &str) -> Option<TaskQueue> {
    Some(TaskQueue {
        name: name.to_owned(),
        kind: TaskQueueKind::Normal.into(),
        normal_name: String::new(),
    })
}

pub(super) fn read_normal_queue(sent: Option<&TaskQueue>) -> Name {
    sent.map(|queue| queue.name.as_str().into()).unwrap_or_default()
}

/// What is behind a shared message that may not be there.
pub(super) fn unshare<T: Clone>(shared: Option<&Shared<T>>) -> Option<T> {
    shared.map(|shared| T::clone(shared))
}

/// Shares a message that may not be there.
pub(super) fn share<T: Clone>(sent: Option<&T>) -> Option<Shared<T>> {
    sent.cloned().map(Shared::new)
}

/// An official enum's number for one of ours, by a table of both.
pub(super) fn number<A: Copy + PartialEq, B: Copy + Into<i32>>(table: &[(A, B)], ours: A) -> i32 {
    table.iter().find(|(a, _)| *a == ours).map_or(0, |(_, b)| (*b).into())
}

/// Ours for an official enum's number, by the same table.
pub(super) fn read_number<A: Copy, B: Copy + Into<i32>>(
    field: &'static str,
    table: &[(A, B)],
    sent: i32,
) -> Result<A, Problem> {
    let found = table.iter().find(|(_, b)| (*b).into() == sent);
    found.map(|(a, _)| *a).ok_or(Problem::Invalid(field))
}
