//! Lines of what a workflow only recorded: markers, search attributes, memos.

use super::failure::failure_text;
use super::line::Line;
use super::payload::{fields_text, payload_text, payloads_text};
use crate::history::event::{Attributes, Event};
use crate::history::failure::Failure;
use crate::history::shared::Shared;

pub(super) fn describe(event: &Event) -> Line {
    match &event.attributes {
        Attributes::MarkerRecorded { command, .. } => {
            let failure = command.failure.clone().map(|sent| Failure::Sent(Shared::new(sent)));
            Line::about(&command.marker_name)
                .items(fields_text(&command.details, payloads_text))
                .items(failure.map(|failure| failure_text(&failure)))
        }
        Attributes::UpsertWorkflowSearchAttributes { command, .. } => {
            let fields = command.search_attributes.as_ref();
            Line::new().items(
                fields.into_iter().flat_map(|of| fields_text(&of.indexed_fields, payload_text)),
            )
        }
        Attributes::WorkflowPropertiesModified { command, .. } => {
            let memo = command.upserted_memo.as_ref();
            let fields = memo.into_iter().flat_map(|memo| fields_text(&memo.fields, payload_text));
            Line::new().items(fields.map(|field| format!("memo {field}")))
        }
        _ => Line::new(),
    }
}
