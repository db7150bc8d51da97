//! Updates as clients and workers get them.

use prost::{Message, Name};

use super::parts::execution;
use crate::api::{UpdateMessage, UpdateProgress, UpdateStage};
use crate::official::{enums, protocol, update, well_known, workflowservice as service};

type OfficialStage = enums::UpdateWorkflowExecutionLifecycleStage;

/// The answer to an update.
pub(super) fn updated(progress: &UpdateProgress) -> service::UpdateWorkflowExecutionResponse {
    service::UpdateWorkflowExecutionResponse {
        update_ref: Some(reference(progress)),
        outcome: progress.outcome.as_deref().cloned(),
        stage: stage(progress.stage).into(),
        ..Default::default()
    }
}

/// The answer to a poll for an update.
pub(super) fn polled(progress: &UpdateProgress) -> service::PollWorkflowExecutionUpdateResponse {
    service::PollWorkflowExecutionUpdateResponse {
        update_ref: Some(reference(progress)),
        outcome: progress.outcome.as_deref().cloned(),
        stage: stage(progress.stage).into(),
    }
}

fn reference(progress: &UpdateProgress) -> update::UpdateRef {
    update::UpdateRef {
        workflow_execution: Some(execution(&progress.execution)),
        update_id: progress.update_id.to_string(),
    }
}

fn stage(stage: UpdateStage) -> OfficialStage {
    match stage {
        UpdateStage::Admitted => OfficialStage::Admitted,
        UpdateStage::Accepted => OfficialStage::Accepted,
        UpdateStage::Completed => OfficialStage::Completed,
    }
}

/// The message that brings an update to a worker.
pub(super) fn message(of: &UpdateMessage) -> protocol::Message {
    let body = well_known::Any {
        type_url: format!("type.googleapis.com/{}", update::Request::full_name()),
        value: of.request.encode_to_vec(),
    };
    protocol::Message {
        id: format!("{}/request", of.update_id),
        protocol_instance_id: of.update_id.to_string(),
        sequencing_id: Some(protocol::message::SequencingId::EventId(of.event_id.into())),
        body: Some(body),
    }
}
