//! Reading a history.

use super::target;
use crate::api::{Request, RpcError, Target};
use crate::grpc::encode::Reply;
use crate::grpc::frontend::{Call, Client, Incoming};
use crate::grpc::paging::{Page, PageToken, ReversePage, Tail};
use crate::official::{enums, workflowservice as service};

/// `GetWorkflowExecutionHistory`.
pub(in crate::grpc) fn get(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::GetWorkflowExecutionHistoryRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    if sent.wait_new_event {
        return Err(RpcError::unimplemented("wait_new_event of GetWorkflowExecutionHistory"));
    }
    let only_close_event =
        sent.history_event_filter_type() == enums::HistoryEventFilterType::CloseEvent;
    let mut target = target(sent.execution)?;
    let mut page = Page::first(sent.maximum_page_size);
    if !sent.next_page_token.is_empty() {
        let token = PageToken::read(&sent.next_page_token)?;
        target = Target::run(target.workflow_id, token.run);
        page = page.at(token);
    }
    if only_close_event {
        page = page.only_close_event();
    }
    if incoming.metadata.client == Client::Tool {
        page = page.with(Tail::Recorded);
    }
    let request = Request::GetWorkflowExecutionHistory(target);
    Ok(Call { request, reply: Reply::GetWorkflowExecutionHistory(page) })
}

/// `GetWorkflowExecutionHistoryReverse`.
pub(in crate::grpc) fn get_reverse(incoming: &Incoming<'_>) -> Result<Call, RpcError> {
    let sent: service::GetWorkflowExecutionHistoryReverseRequest = incoming.read()?;
    incoming.check_namespace(&sent.namespace)?;
    let mut target = target(sent.execution)?;
    let mut page = ReversePage::last(sent.maximum_page_size);
    if !sent.next_page_token.is_empty() {
        let token = PageToken::read(&sent.next_page_token)?;
        target = Target::run(target.workflow_id, token.run);
        page = page.at(token);
    }
    let request = Request::GetWorkflowExecutionHistory(target);
    Ok(Call { request, reply: Reply::GetWorkflowExecutionHistoryReverse(page) })
}
