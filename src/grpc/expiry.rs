//! What a call that nothing comes for is told, and when.
//!
//! The server parks polls and readers that wait, and knows no clock of theirs; whoever speaks gRPC
//! ends them in time ([`Server::abandon`]), so that a client gets an empty answer rather than its
//! own deadline. (Queries are other: their end depends on what the server knows, and it ends them
//! itself.)
//!
//! [`Server::abandon`]: crate::server::Server::abandon

use std::time::Duration;

use super::encode::Reply;
use super::frontend::{Call, Metadata};
use crate::api::{HistoryWait, Request};

/// How long before the client's deadline the answer is sent.
const RESERVE: Duration = Duration::from_secs(1);

/// How long a poll waits if the client does not say.
const POLL: Duration = Duration::from_secs(60);

/// How long a reader of a history waits, whatever the client says.
const HISTORY: Duration = Duration::from_secs(20);

/// What a call is told when its time is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expiry {
    /// These bytes of an official message: nothing has come.
    Answer(Vec<u8>),
    /// What the server says to this, written as the answer to the call would have been: what is
    /// there, and how to go on waiting. It is answered at once, and of the same run, for a run that
    /// is waited for is open, and the current one.
    Ask(Request),
}

impl Call {
    /// How long the call may be parked, and what it is told then (D6). `None` if it is not parked,
    /// or the server ends it itself.
    ///
    /// ```
    /// use deadbeat::grpc::{Expiry, Frontend, Metadata};
    /// use deadbeat::official::taskqueue::TaskQueue;
    /// use deadbeat::official::workflowservice::PollWorkflowTaskQueueRequest;
    /// use prost::Message;
    /// use std::time::Duration;
    ///
    /// let poll = PollWorkflowTaskQueueRequest {
    ///     namespace: "default".to_owned(),
    ///     task_queue: Some(TaskQueue { name: "main".to_owned(), ..Default::default() }),
    ///     ..Default::default()
    /// };
    /// let metadata =
    ///     Metadata { timeout: Some(Duration::from_secs(10)), ..Metadata::default() };
    /// let call = Frontend::new("default")
    ///     .decode("PollWorkflowTaskQueue", &poll.encode_to_vec(), &metadata)
    ///     .unwrap();
    /// let (after, expiry) = call.expiry(&metadata).unwrap();
    /// assert_eq!(after, Duration::from_secs(9));
    /// assert_eq!(expiry, Expiry::Answer(Vec::new()));
    /// ```
    pub fn expiry(&self, metadata: &Metadata) -> Option<(Duration, Expiry)> {
        let within = |longest: Duration| match metadata.timeout {
            Some(timeout) => timeout.saturating_sub(RESERVE).min(longest),
            None => longest,
        };
        match (&self.reply, &self.request) {
            (Reply::PollWorkflowTaskQueue | Reply::PollActivityTaskQueue, _) => {
                Some((within(POLL), Expiry::Answer(Vec::new())))
            }
            (_, Request::GetWorkflowExecutionHistory(read))
                if read.wait != HistoryWait::Nothing =>
            {
                let mut read = read.clone();
                read.wait = HistoryWait::Nothing;
                let ask = Request::GetWorkflowExecutionHistory(read);
                Some((within(HISTORY), Expiry::Ask(ask)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::api::{CallId, Outbox};
    use crate::clock::EPOCH;
    use crate::grpc::Frontend;
    use crate::official::workflowservice as service;
    use crate::server::Server;

    fn read(token: Vec<u8>) -> service::GetWorkflowExecutionHistoryRequest {
        service::GetWorkflowExecutionHistoryRequest {
            namespace: "default".to_owned(),
            execution: Some(crate::official::common::WorkflowExecution {
                workflow_id: "w".to_owned(),
                run_id: String::new(),
            }),
            wait_new_event: true,
            next_page_token: token,
            ..Default::default()
        }
    }

    /// The answer to a read, at once or when its time is over.
    fn answer(
        server: &mut Server,
        request: &service::GetWorkflowExecutionHistoryRequest,
    ) -> (Option<Duration>, service::GetWorkflowExecutionHistoryResponse) {
        let (frontend, metadata) = (Frontend::new("default"), Metadata::default());
        let bytes = request.encode_to_vec();
        let call = frontend.decode("GetWorkflowExecutionHistory", &bytes, &metadata).unwrap();
        let expiry = call.expiry(&metadata);
        let mut outbox = Outbox::new();
        server.call(EPOCH, CallId(1), call.request, &mut outbox);
        let mut after = None;
        if outbox.is_empty() {
            let (wait, Expiry::Ask(ask)) = expiry.unwrap() else { panic!("an answer") };
            server.abandon(EPOCH, CallId(1));
            server.call(EPOCH, CallId(2), ask, &mut outbox);
            after = Some(wait);
        }
        let (_, response) = outbox.drain().next().unwrap();
        let bytes = frontend.encode(&call.reply, response.unwrap()).unwrap();
        (after, Message::decode(&*bytes).unwrap())
    }

    #[test]
    fn a_reader_whose_time_is_over_gets_nothing_and_a_token_to_go_on_with() {
        let start = service::StartWorkflowExecutionRequest {
            workflow_id: "w".to_owned(),
            workflow_type: Some(crate::official::common::WorkflowType { name: "W".to_owned() }),
            task_queue: Some(crate::official::taskqueue::TaskQueue {
                name: "q".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let mut server = Server::new("default");
        let start = Request::StartWorkflowExecution(start.into());
        server.call(EPOCH, CallId(0), start, &mut Outbox::new());

        let (after, first) = answer(&mut server, &read(Vec::new()));
        assert_eq!((after, first.history.unwrap().events.len()), (None, 2));
        let (after, second) = answer(&mut server, &read(first.next_page_token));
        assert_eq!(after, Some(Duration::from_secs(20)));
        assert!(second.history.unwrap().events.is_empty());
        let (after, _) = answer(&mut server, &read(second.next_page_token));
        assert_eq!(after, Some(Duration::from_secs(20)));

        let close = service::GetWorkflowExecutionHistoryRequest {
            history_event_filter_type: crate::official::enums::HistoryEventFilterType::CloseEvent
                .into(),
            ..read(Vec::new())
        };
        let (after, open) = answer(&mut server, &close);
        assert_eq!(after, Some(Duration::from_secs(20)));
        assert!(open.history.unwrap().events.is_empty() && !open.next_page_token.is_empty());
    }
}
