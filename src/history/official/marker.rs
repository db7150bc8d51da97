//! Events that only record what a workflow said: markers, search attributes, memos.

use super::read::Problem;
use super::values::read_id;
use crate::history::event::Attributes;
use crate::history::ids::EventId;
use crate::history::shared::Shared;
use crate::official::command::{
    ModifyWorkflowPropertiesCommandAttributes, RecordMarkerCommandAttributes,
    UpsertWorkflowSearchAttributesCommandAttributes,
};
use crate::official::history::history_event::Attributes as Official;
use crate::official::history::{
    MarkerRecordedEventAttributes, UpsertWorkflowSearchAttributesEventAttributes,
    WorkflowPropertiesModifiedEventAttributes,
};

pub(super) fn marker(
    command: &RecordMarkerCommandAttributes,
    workflow_task_completed_event_id: EventId,
) -> Official {
    Official::MarkerRecordedEventAttributes(MarkerRecordedEventAttributes {
        marker_name: command.marker_name.clone(),
        details: command.details.clone(),
        workflow_task_completed_event_id: workflow_task_completed_event_id.into(),
        header: command.header.clone(),
        failure: command.failure.clone(),
    })
}

pub(super) fn read_marker(of: &MarkerRecordedEventAttributes) -> Result<Attributes, Problem> {
    Ok(Attributes::MarkerRecorded {
        command: Shared::new(RecordMarkerCommandAttributes {
            marker_name: of.marker_name.clone(),
            details: of.details.clone(),
            header: of.header.clone(),
            failure: of.failure.clone(),
        }),
        workflow_task_completed_event_id: read_task(of.workflow_task_completed_event_id)?,
    })
}

pub(super) fn search_attributes(
    command: &UpsertWorkflowSearchAttributesCommandAttributes,
    workflow_task_completed_event_id: EventId,
) -> Official {
    Official::UpsertWorkflowSearchAttributesEventAttributes(
        UpsertWorkflowSearchAttributesEventAttributes {
            workflow_task_completed_event_id: workflow_task_completed_event_id.into(),
            search_attributes: command.search_attributes.clone(),
        },
    )
}

pub(super) fn read_search_attributes(
    of: &UpsertWorkflowSearchAttributesEventAttributes,
) -> Result<Attributes, Problem> {
    Ok(Attributes::UpsertWorkflowSearchAttributes {
        command: Shared::new(UpsertWorkflowSearchAttributesCommandAttributes {
            search_attributes: of.search_attributes.clone(),
        }),
        workflow_task_completed_event_id: read_task(of.workflow_task_completed_event_id)?,
    })
}

pub(super) fn properties(
    command: &ModifyWorkflowPropertiesCommandAttributes,
    workflow_task_completed_event_id: EventId,
) -> Official {
    Official::WorkflowPropertiesModifiedEventAttributes(WorkflowPropertiesModifiedEventAttributes {
        workflow_task_completed_event_id: workflow_task_completed_event_id.into(),
        upserted_memo: command.upserted_memo.clone(),
    })
}

pub(super) fn read_properties(
    of: &WorkflowPropertiesModifiedEventAttributes,
) -> Result<Attributes, Problem> {
    Ok(Attributes::WorkflowPropertiesModified {
        command: Shared::new(ModifyWorkflowPropertiesCommandAttributes {
            upserted_memo: of.upserted_memo.clone(),
        }),
        workflow_task_completed_event_id: read_task(of.workflow_task_completed_event_id)?,
    })
}

fn read_task(sent: i64) -> Result<EventId, Problem> {
    read_id("workflowTaskCompletedEventId", sent)
}
