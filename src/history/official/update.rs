//! Events of updates.

use std::sync::Arc;

use super::read::Problem;
use super::values::read_id;
use crate::history::event::{Attributes, UpdateAdmittedOrigin, WorkflowExecutionUpdateAccepted};
use crate::history::ids::EventId;
use crate::history::shared::Shared;
use crate::official::enums::UpdateAdmittedEventOrigin;
use crate::official::history::history_event::Attributes as Official;
use crate::official::history::{
    WorkflowExecutionUpdateAcceptedEventAttributes, WorkflowExecutionUpdateAdmittedEventAttributes,
    WorkflowExecutionUpdateCompletedEventAttributes,
};
use crate::official::update;

pub(super) fn admitted(request: &update::Request, origin: UpdateAdmittedOrigin) -> Official {
    let origin = match origin {
        UpdateAdmittedOrigin::Unspecified => UpdateAdmittedEventOrigin::Unspecified,
        UpdateAdmittedOrigin::Reapply => UpdateAdmittedEventOrigin::Reapply,
    };
    Official::WorkflowExecutionUpdateAdmittedEventAttributes(
        WorkflowExecutionUpdateAdmittedEventAttributes {
            request: Some(request.clone()),
            origin: origin.into(),
        },
    )
}

pub(super) fn read_admitted(
    of: &WorkflowExecutionUpdateAdmittedEventAttributes,
) -> Result<Attributes, Problem> {
    let request = of.request.clone().ok_or(Problem::Missing("request"))?;
    let origin = match UpdateAdmittedEventOrigin::try_from(of.origin) {
        Ok(UpdateAdmittedEventOrigin::Unspecified) => UpdateAdmittedOrigin::Unspecified,
        Ok(UpdateAdmittedEventOrigin::Reapply) => UpdateAdmittedOrigin::Reapply,
        Err(_) => return Err(Problem::Invalid("origin")),
    };
    let request = Shared::new(request);
    Ok(Attributes::WorkflowExecutionUpdateAdmitted { request, origin })
}

pub(super) fn accepted(of: &WorkflowExecutionUpdateAccepted) -> Official {
    Official::WorkflowExecutionUpdateAcceptedEventAttributes(
        WorkflowExecutionUpdateAcceptedEventAttributes {
            protocol_instance_id: of.protocol_instance_id.to_string(),
            accepted_request_message_id: of.accepted_request_message_id.to_string(),
            accepted_request_sequencing_event_id: of.accepted_request_sequencing_event_id,
            accepted_request: of.accepted_request.as_deref().cloned(),
        },
    )
}

pub(super) fn read_accepted(of: &WorkflowExecutionUpdateAcceptedEventAttributes) -> Attributes {
    Attributes::WorkflowExecutionUpdateAccepted(Arc::new(WorkflowExecutionUpdateAccepted {
        protocol_instance_id: of.protocol_instance_id.as_str().into(),
        accepted_request_message_id: of.accepted_request_message_id.as_str().into(),
        accepted_request_sequencing_event_id: of.accepted_request_sequencing_event_id,
        accepted_request: of.accepted_request.clone().map(Shared::new),
    }))
}

pub(super) fn completed(
    meta: &update::Meta,
    outcome: &update::Outcome,
    accepted_event_id: EventId,
) -> Official {
    Official::WorkflowExecutionUpdateCompletedEventAttributes(
        WorkflowExecutionUpdateCompletedEventAttributes {
            meta: Some(meta.clone()),
            accepted_event_id: accepted_event_id.into(),
            outcome: Some(outcome.clone()),
        },
    )
}

pub(super) fn read_completed(
    of: &WorkflowExecutionUpdateCompletedEventAttributes,
) -> Result<Attributes, Problem> {
    Ok(Attributes::WorkflowExecutionUpdateCompleted {
        meta: Shared::new(of.meta.clone().ok_or(Problem::Missing("meta"))?),
        outcome: Shared::new(of.outcome.clone().ok_or(Problem::Missing("outcome"))?),
        accepted_event_id: read_id("acceptedEventId", of.accepted_event_id)?,
    })
}
