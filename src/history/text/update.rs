//! Lines of updates.

use super::failure::failure_text;
use super::line::Line;
use crate::history::event::{Attributes, Event, UpdateAdmittedOrigin};
use crate::history::failure::Failure;
use crate::history::shared::Shared;
use crate::official::update::{self, outcome::Value};

pub(super) fn describe(event: &Event) -> Line {
    match &event.attributes {
        Attributes::WorkflowExecutionUpdateAdmitted { request, origin } => {
            let id = request.meta.as_ref().map_or("", |meta| meta.update_id.as_str());
            let again = (*origin == UpdateAdmittedOrigin::Reapply).then(|| "reapplied".to_owned());
            asked(Line::about_a("update", id), request).items(again)
        }
        Attributes::WorkflowExecutionUpdateAccepted(of) => {
            let line = Line::about_a("update", &of.protocol_instance_id);
            match &of.accepted_request {
                Some(request) => asked(line, request),
                None => line,
            }
        }
        Attributes::WorkflowExecutionUpdateCompleted { meta, outcome, accepted_event_id } => {
            let line = Line::about_a("update", &meta.update_id);
            let line = match &outcome.value {
                Some(Value::Success(result)) => {
                    line.payloads("result", Some(&Shared::new(result.clone())))
                }
                Some(Value::Failure(sent)) => {
                    line.item(failure_text(&Failure::Sent(Shared::new(sent.clone()))))
                }
                None => line,
            };
            line.link("accepted", Some(*accepted_event_id))
        }
        _ => Line::new(),
    }
}

/// What is asked for, and by whom.
fn asked(line: Line, request: &update::Request) -> Line {
    let input = request.input.as_ref();
    let args = input.and_then(|input| input.args.clone()).map(Shared::new);
    line.named("of", input.map_or("", |input| &input.name))
        .payloads("input", args.as_ref())
        .by(request.meta.as_ref().map_or("", |meta| &meta.identity))
}
