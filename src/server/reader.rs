//! Readers of a history that wait for what comes next (`GetWorkflowExecutionHistory` with
//! `wait_new_event`).
//!
//! They are parked and answered in the transaction that brings the event, with the history as it is
//! then. A run that closes ends every wait, whatever follows it: a reader of a run that was reset,
//! retried or continued as new gets that run's close and no more (B8).

use super::Server;
use super::key::RunIndex;
use super::run::Run;
use super::workflow_task;
use crate::api::{
    CallId, GetWorkflowExecutionHistory, HistoryView, HistoryWait, Response, RpcError,
};

/// A parked reader.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Reader {
    call: CallId,
    wait: HistoryWait,
}

impl Server {
    /// `GetWorkflowExecutionHistory`: nothing, if the reader is parked.
    pub(super) fn read_history(
        &mut self,
        call: CallId,
        request: &GetWorkflowExecutionHistory,
    ) -> Result<Option<Response>, RpcError> {
        let at = self.find(&request.target)?;
        if is_there(self.get(at), request.wait) {
            let view = view(self.get(at));
            return Ok(Some(Response::GetWorkflowExecutionHistory(view)));
        }
        self.edit(at).readers.push(Reader { call, wait: request.wait });
        self.park(call, at);
        Ok(None)
    }

    /// After a change of a run: answers the readers that have waited for it.
    pub(super) fn settle_readers(&mut self, at: RunIndex) {
        let run = self.get(at);
        if !run.readers.iter().any(|reader| is_there(run, reader.wait)) {
            return;
        }
        let view = view(run);
        let readers = std::mem::take(&mut self.edit(at).readers);
        for reader in readers {
            if is_there(self.get(at), reader.wait) {
                let answer = Response::GetWorkflowExecutionHistory(view.clone());
                self.answer_parked(reader.call, Ok(answer));
            } else {
                self.edit(at).readers.push(reader);
            }
        }
    }
}

fn is_there(run: &Run, wait: HistoryWait) -> bool {
    match wait {
        HistoryWait::Nothing => true,
        HistoryWait::EventAfter(event) => !run.is_open() || run.history.len() > event.0,
        HistoryWait::Close => !run.is_open(),
    }
}

/// A run's history as a reader gets it.
pub(super) fn view(run: &Run) -> HistoryView {
    HistoryView {
        execution: run.execution.clone(),
        history: run.history.clone(),
        transient: if run.is_open() { workflow_task::transient_events(run) } else { Vec::new() },
    }
}

/// Forgets a call.
pub(super) fn forget(run: &mut Run, call: CallId) {
    run.readers.retain(|reader| reader.call != call);
}
