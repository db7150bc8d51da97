//! Lines of what a workflow only recorded: markers, search attributes, memos.

use std::time::Duration;

use temporalio_protos::protos::constants::LOCAL_ACTIVITY_MARKER_NAME;
use temporalio_protos::protos::coresdk::common::extract_local_activity_marker_data;

use super::failure::failure_text;
use super::line::Line;
use super::payload::{details_texts, fields_text, payload_text, payloads_text};
use super::words::word;
use crate::history::event::{Attributes, Event};
use crate::history::failure::Failure;
use crate::history::shared::Shared;
use crate::official::command::RecordMarkerCommandAttributes;

pub(super) fn describe(event: &Event) -> Line {
    match &event.attributes {
        Attributes::MarkerRecorded { command, .. } => {
            let failure = command.failure.clone().map(|sent| Failure::Sent(Shared::new(sent)));
            let line = local_activity(command).unwrap_or_else(|| {
                Line::about_a("marker", &command.marker_name).items(details_texts(&command.details))
            });
            line.items(failure.map(|failure| failure_text(&failure)))
        }
        Attributes::UpsertWorkflowSearchAttributes { command, .. } => {
            let fields = command.search_attributes.as_ref();
            let fields = fields.map(|of| fields_text(&of.indexed_fields, payload_text));
            Line::new().items(fields_item("search attributes", fields))
        }
        Attributes::WorkflowPropertiesModified { command, .. } => {
            let memo = command.upserted_memo.as_ref();
            let fields = memo.map(|memo| fields_text(&memo.fields, payload_text));
            Line::new().items(fields_item("memo", fields))
        }
        _ => Line::new(),
    }
}

/// Values by name behind what they are; nothing if there are none.
pub(super) fn fields_item(what: &str, fields: Option<Vec<String>>) -> Option<String> {
    let fields = fields.filter(|fields| !fields.is_empty())?;
    Some(format!("{what} {}", fields.join(", ")))
}

/// What a local activity's marker says, if it is one: as other activities' lines do.
fn local_activity(marker: &RecordMarkerCommandAttributes) -> Option<Line> {
    if marker.marker_name != LOCAL_ACTIVITY_MARKER_NAME {
        return None;
    }
    let data = extract_local_activity_marker_data(&marker.details)?;
    let backoff = data.backoff.and_then(|backoff| Duration::try_from(backoff).ok());
    let result = marker.details.get("result").filter(|result| !result.payloads.is_empty());
    let line = Line::about_a("local activity", &data.activity_id)
        .item(word(&data.activity_type))
        .attempt(data.attempt)
        .items(result.map(|result| format!("result {}", payloads_text(result))))
        .duration("retry after", backoff.unwrap_or_default());
    Some(line)
}
