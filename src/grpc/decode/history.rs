//! Reading a history.

use super::target;
use crate::api::{GetWorkflowExecutionHistory, HistoryWait, Request, RpcError, Target};
use crate::grpc::encode::Reply;
use crate::grpc::frontend::{Call, Client, Incoming};
use crate::grpc::paging::{Page, PageToken, ReversePage, Tail};
use crate::history::RunId;
use crate::official::{enums, workflowservice as service};

/// `GetWorkflowExecutionHistory`. There are no archives, so `skip_archival` changes nothing.
pub(in crate::grpc) fn get(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::GetWorkflowExecutionHistoryRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let only_close_event =
        sent.history_event_filter_type() == enums::HistoryEventFilterType::CloseEvent;
    let mut target = target(sent.execution)?;
    let mut page = Page::first(sent.maximum_page_size);
    if sent.wait_new_event {
        page = page.following();
    }
    if !sent.next_page_token.is_empty() {
        let token = PageToken::read(&sent.next_page_token)?;
        target = at_run(target, token.run)?;
        page = page.at(token);
    }
    if only_close_event {
        page = page.only_close_event();
    }
    if incoming.metadata.client == Client::Tool {
        page = page.with(Tail::Recorded);
    }
    let request = GetWorkflowExecutionHistory { target, wait: page.wait() };
    Ok(Call {
        request: Request::GetWorkflowExecutionHistory(request),
        reply: Reply::GetWorkflowExecutionHistory(page, incoming.metadata.next_runs),
    })
}

/// `GetWorkflowExecutionHistoryReverse`.
pub(in crate::grpc) fn get_reverse(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::GetWorkflowExecutionHistoryReverseRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let mut target = target(sent.execution)?;
    let mut page = ReversePage::last(sent.maximum_page_size);
    if !sent.next_page_token.is_empty() {
        let token = PageToken::read(&sent.next_page_token)?;
        target = at_run(target, token.run)?;
        page = page.at(token);
    }
    let request = GetWorkflowExecutionHistory { target, wait: HistoryWait::Nothing };
    Ok(Call {
        request: Request::GetWorkflowExecutionHistory(request),
        reply: Reply::GetWorkflowExecutionHistoryReverse(page),
    })
}

/// The execution with the run that a reader began with.
fn at_run(target: Target, run: RunId) -> Result<Target, RpcError> {
    let named = &target.run_id;
    if !named.is_empty() && named.parse::<RunId>().is_ok_and(|named| named != run) {
        return Err(RpcError::invalid_argument(
            "RunId in the request does not match the NextPageToken.",
        ));
    }
    Ok(if named.is_empty() { Target::run(target.workflow_id, run) } else { target })
}
