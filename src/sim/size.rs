//! How much room recorded events take: what users put into them, that is.

use prost::Message;

use crate::history::event::ChildClose;
use crate::history::{Attributes, EventId, Failure, Payloads};
use crate::server::Server;

/// The bytes of inputs, results, details and failures in all histories, counted once each.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// Of each run, the last event that is counted.
    counted: Vec<EventId>,
    bytes: u64,
}

impl Recorded {
    /// Counts what was recorded since this was last asked, too.
    pub(super) fn count(&mut self, server: &Server) -> u64 {
        self.counted.resize(server.runs().len(), EventId::default());
        for (run, last) in server.runs().zip(&mut self.counted) {
            let history = run.history();
            if history.len() > last.0 {
                let new = history.events_after(*last);
                self.bytes += new.map(|event| of(&event.attributes) as u64).sum::<u64>();
                *last = EventId(history.len());
            }
        }
        self.bytes
    }
}

fn of(attributes: &Attributes) -> usize {
    match attributes {
        Attributes::WorkflowExecutionStarted(started) => {
            payloads(started.input.as_ref())
                + payloads(started.last_completion_result.as_ref())
                + started.continued_failure.as_ref().map_or(0, failure)
        }
        Attributes::WorkflowExecutionCompleted { result, .. }
        | Attributes::ActivityTaskCompleted { result, .. }
        | Attributes::ChildWorkflowExecutionClosed {
            close: ChildClose::Completed { result },
            ..
        } => payloads(result.as_ref()),
        Attributes::WorkflowExecutionFailed { failure: of, .. }
        | Attributes::ActivityTaskFailed { failure: of, .. }
        | Attributes::ActivityTaskTimedOut { failure: of, .. }
        | Attributes::ChildWorkflowExecutionClosed {
            close: ChildClose::Failed { failure: of, .. },
            ..
        } => failure(of),
        Attributes::ActivityTaskStarted { last_failure, .. } => {
            last_failure.as_ref().map_or(0, failure)
        }
        Attributes::WorkflowExecutionCanceled { details, .. }
        | Attributes::WorkflowExecutionTerminated { details, .. }
        | Attributes::ActivityTaskCanceled { details, .. }
        | Attributes::ChildWorkflowExecutionClosed {
            close: ChildClose::Canceled { details },
            ..
        } => payloads(details.as_ref()),
        Attributes::WorkflowExecutionContinuedAsNew(continued) => {
            payloads(continued.input.as_ref())
        }
        Attributes::WorkflowExecutionSignaled(signaled) => payloads(signaled.input.as_ref()),
        Attributes::WorkflowExecutionUpdateAdmitted { request, .. } => request.encoded_len(),
        Attributes::WorkflowExecutionUpdateAccepted(accepted) => {
            accepted.accepted_request.as_ref().map_or(0, |request| request.encoded_len())
        }
        Attributes::WorkflowExecutionUpdateCompleted { outcome, .. } => outcome.encoded_len(),
        Attributes::ActivityTaskScheduled(scheduled) => scheduled.command.encoded_len(),
        Attributes::MarkerRecorded { command, .. } => command.encoded_len(),
        Attributes::StartChildWorkflowExecutionInitiated(child) => child.command.encoded_len(),
        Attributes::SignalExternalWorkflowExecutionInitiated { command, .. } => {
            command.encoded_len()
        }
        _ => 0,
    }
}

fn payloads(of: Option<&Payloads>) -> usize {
    of.map_or(0, |payloads| payloads.encoded_len())
}

fn failure(of: &Failure) -> usize {
    match of {
        Failure::Sent(sent) => sent.encoded_len(),
        Failure::ActivityTimeout(timeout) => {
            payloads(timeout.last_heartbeat_details.as_ref())
                + timeout.cause.as_ref().map_or(0, failure)
        }
        Failure::Server(message) | Failure::Reset(message) => message.len(),
        Failure::WorkflowTimeout => 0,
    }
}
