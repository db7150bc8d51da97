//! The search attributes of executions that can be asked for.

use crate::api::{ExecutionStatus, RpcError};
use crate::clock::Time;
use crate::server::run::Run;

/// A predefined search attribute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Attribute {
    WorkflowId,
    RunId,
    WorkflowType,
    TaskQueue,
    ParentWorkflowId,
    ParentRunId,
    RootWorkflowId,
    RootRunId,
    ExecutionStatus,
    StartTime,
    ExecutionTime,
    CloseTime,
    HistoryLength,
    ExecutionDuration,
}

/// What the values of an attribute are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Type {
    Keyword,
    Datetime,
    Int,
}

impl Type {
    /// Temporal's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Keyword => "Keyword",
            Self::Datetime => "Datetime",
            Self::Int => "Int",
        }
    }
}

/// A value of an execution.
#[derive(Clone, PartialEq, PartialOrd, Debug)]
pub(super) enum Value {
    Text(String),
    /// Times are nanoseconds, and so are durations.
    Number(f64),
}

const NAMES: [(&str, Attribute); 14] = [
    ("WorkflowId", Attribute::WorkflowId),
    ("RunId", Attribute::RunId),
    ("WorkflowType", Attribute::WorkflowType),
    ("TaskQueue", Attribute::TaskQueue),
    ("ParentWorkflowId", Attribute::ParentWorkflowId),
    ("ParentRunId", Attribute::ParentRunId),
    ("RootWorkflowId", Attribute::RootWorkflowId),
    ("RootRunId", Attribute::RootRunId),
    ("ExecutionStatus", Attribute::ExecutionStatus),
    ("StartTime", Attribute::StartTime),
    ("ExecutionTime", Attribute::ExecutionTime),
    ("CloseTime", Attribute::CloseTime),
    ("HistoryLength", Attribute::HistoryLength),
    ("ExecutionDuration", Attribute::ExecutionDuration),
];

/// Attributes that the real server has too.
const NOT_MODELLED: [&str; 16] = [
    "BatcherNamespace",
    "BatcherUser",
    "BinaryChecksums",
    "BuildIds",
    "HistorySizeBytes",
    "StateTransitionCount",
    "TemporalChangeVersion",
    "TemporalNamespaceDivision",
    "TemporalPauseInfo",
    "TemporalReportedProblems",
    "TemporalScheduledById",
    "TemporalScheduledStartTime",
    "TemporalSchedulePaused",
    "TemporalWorkerDeployment",
    "TemporalWorkerDeploymentVersion",
    "TemporalWorkflowVersioningBehavior",
];

impl Attribute {
    /// The attribute with this name.
    pub(super) fn named(name: &str) -> Result<Self, RpcError> {
        if let Some((_, attribute)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Ok(*attribute);
        }
        if NOT_MODELLED.contains(&name) {
            return Err(RpcError::unimplemented(format_args!("the search attribute {name}")));
        }
        Err(super::parse::invalid(format_args!("invalid search attribute: {name}")))
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }

    /// What its values are.
    pub(super) fn type_of(self) -> Type {
        match self {
            Self::StartTime | Self::ExecutionTime | Self::CloseTime => Type::Datetime,
            Self::HistoryLength | Self::ExecutionDuration => Type::Int,
            _ => Type::Keyword,
        }
    }

    /// Its value for an execution; `None` where SQL has a null.
    pub(super) fn of(self, run: &Run) -> Option<Value> {
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        let started = &run.started;
        let parent = started.parent.as_ref().map(|parent| &parent.execution);
        let root = started.root.as_ref().unwrap_or(&run.execution);
        match self {
            Self::WorkflowId => text(run.execution.workflow_id.as_str()),
            Self::RunId => text(&run.execution.run_id.to_string()),
            Self::WorkflowType => text(&started.workflow_type),
            Self::TaskQueue => text(&started.task_queue),
            Self::ParentWorkflowId => parent.and_then(|parent| text(parent.workflow_id.as_str())),
            Self::ParentRunId => parent.and_then(|parent| text(&parent.run_id.to_string())),
            Self::RootWorkflowId => text(root.workflow_id.as_str()),
            Self::RootRunId => text(&root.run_id.to_string()),
            Self::ExecutionStatus => Some(Value::Number(status_number(run.status))),
            Self::StartTime => Some(number(run.start_time.unix_nanos())),
            Self::ExecutionTime => Some(number(execution_time(run).unix_nanos())),
            Self::CloseTime => run.close_time.map(|time| number(time.unix_nanos())),
            // Visibility hears of these when a run closes.
            Self::HistoryLength => run.close_time.map(|_| number(run.history.len().into())),
            Self::ExecutionDuration => run.close_time.map(|close| {
                let duration = close.since(execution_time(run));
                number(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
            }),
        }
    }
}

/// When its first workflow task is due.
fn execution_time(run: &Run) -> Time {
    run.start_time + run.started.first_workflow_task_backoff
}

/// As the real server's visibility store compares numbers.
#[allow(clippy::cast_precision_loss)] // filters name instants to the millisecond
pub(super) fn number(number: i64) -> Value {
    Value::Number(number as f64)
}

/// The official number of a status.
pub(super) fn status_number(status: ExecutionStatus) -> f64 {
    match status {
        ExecutionStatus::Running => 1.0,
        ExecutionStatus::Completed => 2.0,
        ExecutionStatus::Failed => 3.0,
        ExecutionStatus::Canceled => 4.0,
        ExecutionStatus::Terminated => 5.0,
        ExecutionStatus::ContinuedAsNew => 6.0,
        ExecutionStatus::TimedOut => 7.0,
    }
}
