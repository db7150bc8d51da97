//! Updates as official messages: what clients ask, and what workers say of them.

use prost::{Message, Name};

use super::names::Names;
use super::question::Question;
use crate::api::{
    PollWorkflowExecutionUpdate, ProtocolMessage, ProtocolMessageBody, UpdateStage,
    UpdateWorkflowExecution,
};
use crate::official::{enums, protocol, update, well_known, workflowservice as service};

pub(super) fn update(of: &UpdateWorkflowExecution, names: &Names) -> Question {
    Question::UpdateWorkflowExecution(Box::new(service::UpdateWorkflowExecutionRequest {
        namespace: names.namespace(),
        workflow_execution: Some(
            names.execution(of.target.workflow_id.as_str(), &of.target.run_id),
        ),
        first_execution_run_id: names.run_id(&of.first_execution_run_id),
        wait_policy: Some(wait_for(of.wait_for)),
        request: Some((*of.request).clone()),
    }))
}

pub(super) fn poll(of: &PollWorkflowExecutionUpdate, names: &Names) -> Question {
    let execution = names.execution(of.target.workflow_id.as_str(), &of.target.run_id);
    Question::PollWorkflowExecutionUpdate(Box::new(service::PollWorkflowExecutionUpdateRequest {
        namespace: names.namespace(),
        update_ref: Some(update::UpdateRef {
            workflow_execution: Some(execution),
            update_id: of.update_id.to_string(),
        }),
        wait_policy: Some(wait_for(of.wait_for)),
        ..Default::default()
    }))
}

fn wait_for(stage: UpdateStage) -> update::WaitPolicy {
    use enums::UpdateWorkflowExecutionLifecycleStage as Official;
    let lifecycle_stage = match stage {
        UpdateStage::Admitted => Official::Admitted,
        UpdateStage::Accepted => Official::Accepted,
        UpdateStage::Completed => Official::Completed,
    };
    update::WaitPolicy { lifecycle_stage: lifecycle_stage.into() }
}

/// What a worker says of an update.
pub(super) fn message(of: &ProtocolMessage) -> protocol::Message {
    let body = match &of.body {
        ProtocolMessageBody::Acceptance(body) => Some(any(&**body)),
        ProtocolMessageBody::Rejection(body) => Some(any(&**body)),
        ProtocolMessageBody::Response(body) => Some(any(&**body)),
        // Nothing that is scripted says anything else.
        ProtocolMessageBody::Other(_) => None,
    };
    protocol::Message {
        id: of.id.to_string(),
        protocol_instance_id: of.protocol_instance_id.to_string(),
        body,
        ..Default::default()
    }
}

fn any<T: Message + Name>(message: &T) -> well_known::Any {
    well_known::Any {
        type_url: format!("type.googleapis.com/{}", T::full_name()),
        value: message.encode_to_vec(),
    }
}
