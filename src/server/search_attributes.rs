//! Which search attributes a workflow may set.

use super::commands::BadCommand;
use super::size;
use crate::api::limits::MAXIMUM_BLOB_SIZE;
use crate::history::Name;
use crate::official::command::UpsertWorkflowSearchAttributesCommandAttributes;
use crate::official::common::SearchAttributes;
use crate::official::enums::WorkflowTaskFailedCause;

/// What every namespace has from the start; no others are registered.
const PREDEFINED: [&str; 11] = [
    "BatcherNamespace",
    "BatcherUser",
    "BinaryChecksums",
    "BuildIds",
    "TemporalChangeVersion",
    "TemporalNamespaceDivision",
    "TemporalPauseInfo",
    "TemporalReportedProblems",
    "TemporalSchedulePaused",
    "TemporalScheduledById",
    "TemporalScheduledStartTime",
];

/// What the server itself keeps of every execution: nobody else may set it.
const OF_THE_SERVER: [&str; 17] = [
    "CloseTime",
    "ExecutionDuration",
    "ExecutionStatus",
    "ExecutionTime",
    "HistoryLength",
    "HistorySizeBytes",
    "ParentRunId",
    "ParentWorkflowId",
    "RootRunId",
    "RootWorkflowId",
    "RunId",
    "StartTime",
    "StateTransitionCount",
    "TaskQueue",
    "VisibilityTime",
    "WorkflowId",
    "WorkflowType",
];

/// What is wrong with an upsert (C7).
pub(super) fn check_upsert(
    command: &UpsertWorkflowSearchAttributesCommandAttributes,
    namespace: &Name,
) -> Result<(), BadCommand> {
    let what = match &command.search_attributes {
        None => "SearchAttributes is not set on UpsertWorkflowSearchAttributesCommand.",
        Some(attributes) if attributes.indexed_fields.is_empty() => {
            "IndexedFields is not set on UpsertWorkflowSearchAttributesCommand."
        }
        Some(attributes) => {
            check(Some(attributes), namespace)?;
            if size::of_fields(&attributes.indexed_fields) > MAXIMUM_BLOB_SIZE {
                let cause = WorkflowTaskFailedCause::BadSearchAttributes;
                let what = "UpsertWorkflowSearchAttributesCommandAttributes";
                return Err(BadCommand::too_large(cause, what));
            }
            return Ok(());
        }
    };
    Err(BadCommand::new(WorkflowTaskFailedCause::BadSearchAttributes, what))
}

/// What is wrong with the search attributes of a command (C7).
pub(super) fn check(
    attributes: Option<&SearchAttributes>,
    namespace: &Name,
) -> Result<(), BadCommand> {
    problem(attributes, namespace).map_or(Ok(()), |what| {
        Err(BadCommand::new(WorkflowTaskFailedCause::BadSearchAttributes, what))
    })
}

/// What is wrong with search attributes. Of several the first by name is told.
pub(super) fn problem(attributes: Option<&SearchAttributes>, namespace: &str) -> Option<String> {
    let names = attributes.into_iter().flat_map(|attributes| attributes.indexed_fields.keys());
    let name = names.filter(|name| !PREDEFINED.contains(&name.as_str())).min()?;
    Some(if OF_THE_SERVER.contains(&name.as_str()) {
        format!("{name} attribute can't be set in SearchAttributes")
    } else {
        format!("Namespace {namespace} has no mapping defined for search attribute {name}")
    })
}
