//! Histories as readers get them.

use crate::api::HistoryView;
use crate::grpc::frontend::NextRuns;
use crate::grpc::paging::{Cut, Page, PageToken, ReversePage, Tail, Which};
use crate::history::{Event, official};
use crate::official::{enums, failure, history, workflowservice as service};

use failure::failure::FailureInfo;
use history::history_event::Attributes;

/// A page of a history, from its beginning to its end.
pub(super) fn page(
    page: &Page,
    view: &HistoryView,
    next_runs: NextRuns,
) -> service::GetWorkflowExecutionHistoryResponse {
    let cut = page.cut(view);
    let transient: &[Event] = match cut.tail {
        Tail::Recorded => &[],
        Tail::Transient => &view.transient,
    };
    let transient = transient.iter().map(|event| official::transient_event(&view.history, event));
    let mut events: Vec<history::HistoryEvent> = recorded(view, &cut).chain(transient).collect();
    if page.which() == Which::Close && next_runs == NextRuns::Unknown {
        events = events.into_iter().map(as_continued).collect();
    }
    service::GetWorkflowExecutionHistoryResponse {
        history: Some(history::History { events }),
        next_page_token: cut.next.map(PageToken::to_bytes).unwrap_or_default(),
        ..Default::default()
    }
}

/// A page of a history, from its end to its beginning.
pub(super) fn reverse_page(
    page: &ReversePage,
    view: &HistoryView,
) -> service::GetWorkflowExecutionHistoryReverseResponse {
    let cut = page.cut(view);
    let mut events: Vec<history::HistoryEvent> = recorded(view, &cut).collect();
    events.reverse();
    service::GetWorkflowExecutionHistoryReverseResponse {
        history: Some(history::History { events }),
        next_page_token: cut.next.map(PageToken::to_bytes).unwrap_or_default(),
    }
}

fn recorded(view: &HistoryView, cut: &Cut) -> impl Iterator<Item = history::HistoryEvent> {
    let until = i64::from(cut.until);
    official::events_after(&view.history, cut.after)
        .take_while(move |event| event.event_id <= until)
}

/// The close of a run that another follows, for a client that knows of no other way to go on than
/// to be continued as new: one that waits for a result then finds it with the run that has it.
#[allow(deprecated)] // and still what such a client gets
fn as_continued(event: history::HistoryEvent) -> history::HistoryEvent {
    let mut continued = history::WorkflowExecutionContinuedAsNewEventAttributes::default();
    match &event.attributes {
        Some(Attributes::WorkflowExecutionCompletedEventAttributes(completed)) => {
            continued.new_execution_run_id.clone_from(&completed.new_execution_run_id);
            continued.last_completion_result.clone_from(&completed.result);
        }
        Some(Attributes::WorkflowExecutionFailedEventAttributes(failed)) => {
            continued.new_execution_run_id.clone_from(&failed.new_execution_run_id);
            continued.failure.clone_from(&failed.failure);
        }
        Some(Attributes::WorkflowExecutionTimedOutEventAttributes(timed_out)) => {
            continued.new_execution_run_id.clone_from(&timed_out.new_execution_run_id);
            continued.failure = Some(failure::Failure {
                message: "workflow timeout".to_owned(),
                source: "Server".to_owned(),
                failure_info: Some(FailureInfo::TimeoutFailureInfo(failure::TimeoutFailureInfo {
                    timeout_type: enums::TimeoutType::StartToClose.into(),
                    ..Default::default()
                })),
                ..Default::default()
            });
        }
        _ => {}
    }
    if continued.new_execution_run_id.is_empty() {
        return event;
    }
    history::HistoryEvent {
        event_type: enums::EventType::WorkflowExecutionContinuedAsNew.into(),
        attributes: Some(Attributes::WorkflowExecutionContinuedAsNewEventAttributes(continued)),
        ..event
    }
}
