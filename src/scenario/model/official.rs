//! Parts of Temporal's own messages, written in their official JSON form.

use std::borrow::Cow;

use prost::{Message, Name};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error as _};

use crate::history::json::from_json;
use crate::official::enums;

/// A message that is written in Temporal's official JSON form, as histories have it.
#[derive(Clone, PartialEq, Debug)]
pub struct Official<T>(pub T);

impl<'de, T: Message + Name + Default> Deserialize<'de> for Official<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        from_json(&json).map(Self).map_err(D::Error::custom)
    }
}

impl<T> JsonSchema for Official<T> {
    fn schema_name() -> Cow<'static, str> {
        "OfficialJson".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "In Temporal's official JSON form, as histories have it.",
        })
    }
}

/// Why a workflow task failed, in Temporal's word without `WORKFLOW_TASK_FAILED_CAUSE_`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct WorkflowTaskFailedCause(pub enums::WorkflowTaskFailedCause);

/// What Temporal puts before each cause.
const CAUSE: &str = "WORKFLOW_TASK_FAILED_CAUSE_";

/// The causes that a worker can be given as why it failed a task.
const CAUSES: &[&str] = &[
    "UNHANDLED_COMMAND",
    "BAD_SCHEDULE_ACTIVITY_ATTRIBUTES",
    "BAD_REQUEST_CANCEL_ACTIVITY_ATTRIBUTES",
    "BAD_START_TIMER_ATTRIBUTES",
    "BAD_CANCEL_TIMER_ATTRIBUTES",
    "BAD_RECORD_MARKER_ATTRIBUTES",
    "BAD_COMPLETE_WORKFLOW_EXECUTION_ATTRIBUTES",
    "BAD_FAIL_WORKFLOW_EXECUTION_ATTRIBUTES",
    "BAD_CANCEL_WORKFLOW_EXECUTION_ATTRIBUTES",
    "BAD_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_ATTRIBUTES",
    "BAD_CONTINUE_AS_NEW_ATTRIBUTES",
    "START_TIMER_DUPLICATE_ID",
    "RESET_STICKY_TASK_QUEUE",
    "WORKFLOW_WORKER_UNHANDLED_FAILURE",
    "BAD_SIGNAL_WORKFLOW_EXECUTION_ATTRIBUTES",
    "BAD_START_CHILD_EXECUTION_ATTRIBUTES",
    "FORCE_CLOSE_COMMAND",
    "FAILOVER_CLOSE_COMMAND",
    "BAD_SIGNAL_INPUT_SIZE",
    "RESET_WORKFLOW",
    "BAD_BINARY",
    "SCHEDULE_ACTIVITY_DUPLICATE_ID",
    "BAD_SEARCH_ATTRIBUTES",
    "NON_DETERMINISTIC_ERROR",
    "BAD_MODIFY_WORKFLOW_PROPERTIES_ATTRIBUTES",
    "PENDING_CHILD_WORKFLOWS_LIMIT_EXCEEDED",
    "PENDING_ACTIVITIES_LIMIT_EXCEEDED",
    "PENDING_SIGNALS_LIMIT_EXCEEDED",
    "PENDING_REQUEST_CANCEL_LIMIT_EXCEEDED",
    "BAD_UPDATE_WORKFLOW_EXECUTION_MESSAGE",
    "UNHANDLED_UPDATE",
    "BAD_SCHEDULE_NEXUS_OPERATION_ATTRIBUTES",
    "PENDING_NEXUS_OPERATIONS_LIMIT_EXCEEDED",
    "BAD_REQUEST_CANCEL_NEXUS_OPERATION_ATTRIBUTES",
    "FEATURE_DISABLED",
    "GRPC_MESSAGE_TOO_LARGE",
    "PAYLOADS_TOO_LARGE",
];

impl WorkflowTaskFailedCause {
    /// The word of the language for it.
    pub fn name(self) -> &'static str {
        let name = self.0.as_str_name();
        name.strip_prefix(CAUSE).unwrap_or(name)
    }
}

impl<'de> Deserialize<'de> for WorkflowTaskFailedCause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = CAUSES.contains(&name.as_str());
        known
            .then(|| enums::WorkflowTaskFailedCause::from_str_name(&format!("{CAUSE}{name}")))
            .flatten()
            .map(Self)
            .ok_or_else(|| D::Error::unknown_variant(&name, CAUSES))
    }
}

impl JsonSchema for WorkflowTaskFailedCause {
    fn schema_name() -> Cow<'static, str> {
        "WorkflowTaskFailedCause".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": CAUSES })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_is_one_of_temporals() {
        for name in CAUSES {
            let cause: WorkflowTaskFailedCause = serde_json::from_value((*name).into()).unwrap();
            assert_eq!(cause.name(), *name);
        }
        assert!(serde_json::from_value::<WorkflowTaskFailedCause>("BAD".into()).is_err());
    }
}
