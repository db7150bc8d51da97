//! Which search attributes a workflow may set.

use super::commands::BadCommand;
use crate::history::Name;
use crate::official::command::UpsertWorkflowSearchAttributesCommandAttributes;
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

/// What is wrong with an upsert (C7). Of several unknown attributes the first by name is told.
pub(super) fn check(
    command: &UpsertWorkflowSearchAttributesCommandAttributes,
    namespace: &Name,
) -> Result<(), BadCommand> {
    let attributes = command.search_attributes.as_ref();
    let names = attributes.into_iter().flat_map(|attributes| attributes.indexed_fields.keys());
    let unknown = names.filter(|name| !PREDEFINED.contains(&name.as_str())).min();
    unknown.map_or(Ok(()), |name| {
        Err(BadCommand::new(
            WorkflowTaskFailedCause::BadSearchAttributes,
            format!("Namespace {namespace} has no mapping defined for search attribute {name}"),
        ))
    })
}
