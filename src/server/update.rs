//! Updates: which a run has, how far each has got, and what workers say of them
//! (`semantics/reset.md`, B8, B16, B19, G4–G6).
//!
//! An update is only in the server's memory until a worker accepts it; a rejected one was never
//! there. What callers wait for is in [`super::update_wait`].

use std::sync::Arc;

use super::commands::BadCommand;
use super::messages;
use super::run::Run;
use super::transaction::Transaction;
use crate::api::{
    ProtocolMessage, ProtocolMessageBody, RpcError, UpdateMessage, UpdateProgress, UpdateStage,
};
use crate::history::event::{UpdateAdmittedOrigin, WorkflowExecutionUpdateAccepted};
use crate::history::{Attributes, EventId, Name, Shared};
use crate::official::enums::WorkflowTaskFailedCause;
use crate::official::update::{self, outcome};

/// How many updates of a run may be admitted or accepted at one time.
const MAXIMUM_IN_FLIGHT: usize = 10;

/// How many updates a run may have in all; those that were rejected do not count.
const MAXIMUM_TOTAL: usize = 2_000;

/// The updates of a run, in the order in which they came up.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Updates {
    entries: Vec<Update>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Update {
    id: Name,
    state: State,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum State {
    /// No worker has seen it.
    Admitted(Shared<update::Request>),
    /// A worker has it, with a workflow task.
    Sent(Shared<update::Request>),
    /// A reset has written it into the history, where the worker finds it (B16, B19).
    AdmittedByEvent,
    /// The worker refused what a reset had written into the history.
    RejectedAfterEvent,
    Accepted(EventId),
    Completed(EventId),
}

/// An update that has ended without an event, and with what.
pub(super) type Rejected = (Name, Shared<update::Outcome>);

impl Updates {
    fn find(&self, id: &str) -> Option<&Update> {
        self.position(id).map(|at| &self.entries[at])
    }

    /// What is asked for is mostly what came up last.
    fn position(&self, id: &str) -> Option<usize> {
        self.entries.iter().rposition(|update| *update.id == *id)
    }

    /// Whether there is an update with this id.
    pub(super) fn has(&self, id: &str) -> bool {
        self.find(id).is_some()
    }

    /// How many updates have come up, those that were rejected not counted.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether an update waits for a workflow task that brings it to a worker.
    pub(super) fn wait_for_task(&self) -> bool {
        self.entries.iter().any(|update| matches!(update.state, State::Admitted(_)))
    }

    /// Whether there is room for another (G6).
    pub(super) fn check_limits(&self) -> Result<(), RpcError> {
        let in_flight = |update: &&Update| {
            !matches!(update.state, State::Completed(_) | State::RejectedAfterEvent)
        };
        if self.entries.iter().filter(in_flight).count() >= MAXIMUM_IN_FLIGHT {
            return Err(messages::too_many_updates_in_flight(MAXIMUM_IN_FLIGHT));
        }
        if self.entries.len() >= MAXIMUM_TOTAL {
            return Err(messages::too_many_updates(MAXIMUM_TOTAL));
        }
        Ok(())
    }

    /// A client's update.
    pub(super) fn admit(&mut self, id: Name, request: Shared<update::Request>) {
        self.entries.push(Update { id, state: State::Admitted(request) });
    }

    /// An event of a kept history, or one that a reset has just written (B16).
    pub(super) fn apply(&mut self, id: EventId, attributes: &Attributes) {
        match attributes {
            Attributes::WorkflowExecutionUpdateAdmitted { request, .. } => {
                self.set(id_of(request), State::AdmittedByEvent);
            }
            Attributes::WorkflowExecutionUpdateAccepted(accepted) => {
                self.set(accepted.protocol_instance_id.clone(), State::Accepted(id));
            }
            Attributes::WorkflowExecutionUpdateCompleted { meta, .. } => {
                self.set(meta.update_id.as_str().into(), State::Completed(id));
            }
            _ => {}
        }
    }

    fn set(&mut self, id: Name, state: State) {
        match self.position(&id) {
            Some(at) => self.entries[at].state = state,
            None => self.entries.push(Update { id, state }),
        }
    }

    /// The updates that a task which begins brings to its worker. A task that is polled brings
    /// those again that an earlier one has brought in vain; one that comes back with a completion
    /// brings only what is new (D4, D5).
    pub(super) fn send(&mut self, started: EventId, again: SentAgain) -> Vec<UpdateMessage> {
        // Behind everything that the task shows (G4).
        let event_id = EventId(started.0.saturating_sub(1));
        let mut messages = Vec::new();
        for update in &mut self.entries {
            let request = match &update.state {
                State::Admitted(request) => request.clone(),
                State::Sent(request) if again == SentAgain::Yes => request.clone(),
                _ => continue,
            };
            update.state = State::Sent(request.clone());
            messages.push(UpdateMessage { update_id: update.id.clone(), event_id, request });
        }
        messages
    }

    /// Takes out what a completed task has left unanswered: the server rejects it (G5).
    pub(super) fn reject_unprocessed(&mut self, rejected: &mut Vec<Rejected>) {
        for update in &mut self.entries {
            if matches!(update.state, State::Sent(_) | State::AdmittedByEvent) {
                rejected.push((update.id.clone(), messages::unprocessed_update()));
                if update.state == State::AdmittedByEvent {
                    update.state = State::RejectedAfterEvent;
                }
            }
        }
        self.entries.retain(|update| !matches!(update.state, State::Sent(_)));
    }

    /// Takes out what no worker has accepted, because the server has refused the completion of a
    /// task; what is in the history stays there. Returns the ids of those whose callers hear of it.
    pub(super) fn abort(&mut self) -> Vec<Name> {
        let is_pending = |update: &Update| {
            matches!(update.state, State::Admitted(_) | State::Sent(_) | State::AdmittedByEvent)
        };
        let aborted = self.entries.iter().filter(|update| is_pending(update));
        let aborted = aborted.map(|update| update.id.clone()).collect();
        self.entries.retain(|update| !matches!(update.state, State::Admitted(_) | State::Sent(_)));
        aborted
    }
}

/// Whether a task brings updates that an earlier one has brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SentAgain {
    Yes,
    No,
}

/// The id that a request names.
pub(super) fn id_of(request: &update::Request) -> Name {
    request.meta.as_ref().map_or_else(Name::empty, |meta| meta.update_id.as_str().into())
}

/// How far an update has got.
pub(super) fn progress(run: &Run, id: &Name) -> Result<UpdateProgress, RpcError> {
    let update = run.updates.find(id).ok_or_else(|| messages::update_not_found(id))?;
    let progress = |stage, outcome| UpdateProgress {
        execution: run.execution.clone(),
        update_id: update.id.clone(),
        stage,
        outcome,
    };
    match &update.state {
        State::Admitted(_) | State::Sent(_) | State::AdmittedByEvent if run.is_open() => {
            Ok(progress(UpdateStage::Admitted, None))
        }
        // Whoever asks again finds the next run (G6).
        State::Admitted(_) | State::Sent(_) | State::AdmittedByEvent if run.successor.is_some() => {
            Err(messages::workflow_closing())
        }
        State::Admitted(_) | State::Sent(_) | State::AdmittedByEvent => {
            Err(messages::update_aborted())
        }
        State::RejectedAfterEvent => Err(RpcError::masked()),
        State::Accepted(_) if run.is_open() => Ok(progress(UpdateStage::Accepted, None)),
        State::Accepted(_) => {
            Ok(progress(UpdateStage::Completed, Some(messages::update_outlived())))
        }
        State::Completed(event) => {
            let outcome = run.history.get(*event).and_then(|event| match &event.attributes {
                Attributes::WorkflowExecutionUpdateCompleted { outcome, .. } => {
                    Some(outcome.clone())
                }
                _ => None,
            });
            Ok(progress(UpdateStage::Completed, outcome))
        }
    }
}

/// The messages of a completion, while its commands are carried out.
pub(super) struct Messages<'r> {
    left: Vec<&'r ProtocolMessage>,
    /// What was rejected so far.
    pub(super) rejected: Vec<Rejected>,
}

impl<'r> Messages<'r> {
    pub(super) fn of(sent: &'r [ProtocolMessage]) -> Self {
        Self { left: sent.iter().collect(), rejected: Vec::new() }
    }

    /// A command says that a message takes effect here (G4).
    pub(super) fn take(
        &mut self,
        tx: &mut Transaction<'_>,
        completed: EventId,
        message_id: &str,
    ) -> Result<(), BadCommand> {
        if message_id.is_empty() {
            return Err(bad("MessageID is not set on ProtocolMessageCommand."));
        }
        let Some(at) = self.left.iter().position(|message| *message.id == *message_id) else {
            return Err(bad(format_args!(
                "ProtocolMessageCommand referenced absent message ID {message_id}"
            )));
        };
        let message = self.left.remove(at);
        self.handle(tx, completed, message)
    }

    /// What no command refers to takes effect behind all commands, unless one of them has closed
    /// the run.
    pub(super) fn take_rest(
        &mut self,
        tx: &mut Transaction<'_>,
        completed: EventId,
    ) -> Result<(), BadCommand> {
        for message in std::mem::take(&mut self.left) {
            if !tx.run.is_open() {
                return Ok(());
            }
            self.handle(tx, completed, message)?;
        }
        Ok(())
    }

    fn handle(
        &mut self,
        tx: &mut Transaction<'_>,
        completed: EventId,
        message: &ProtocolMessage,
    ) -> Result<(), BadCommand> {
        let id = &message.protocol_instance_id;
        match &message.body {
            ProtocolMessageBody::Acceptance(acceptance) => {
                self.accept(tx, completed, id, acceptance)
            }
            ProtocolMessageBody::Response(response) => self.respond(tx, completed, id, response),
            ProtocolMessageBody::Rejection(rejection) => self.reject(tx, completed, id, rejection),
            ProtocolMessageBody::Other(name) => {
                Err(bad(format_args!("Message type {name} not supported")))
            }
        }
    }

    fn accept(
        &self,
        tx: &mut Transaction<'_>,
        completed: EventId,
        id: &Name,
        acceptance: &update::Acceptance,
    ) -> Result<(), BadCommand> {
        let state = tx.run.updates.find(id).map(|update| update.state.clone());
        let accepted_request = match state {
            Some(State::Sent(request)) => Some(request),
            Some(State::AdmittedByEvent) => None,
            // One that was lost comes back: the worker still knows what was asked for.
            None if !self.has_rejected(id) => match &acceptance.accepted_request {
                Some(request) => Some(Shared::new(request.clone())),
                None => return Err(not_found(id)),
            },
            _ => return Err(self.wrong_state(tx, completed, id, "*update.Acceptance")),
        };
        let event = tx.add(Attributes::WorkflowExecutionUpdateAccepted(Arc::new(
            WorkflowExecutionUpdateAccepted {
                protocol_instance_id: id.clone(),
                accepted_request_message_id: Name::from(format!("{id}/request")),
                accepted_request_sequencing_event_id: acceptance
                    .accepted_request_sequencing_event_id,
                accepted_request,
            },
        )));
        tx.run.updates.set(id.clone(), State::Accepted(event));
        Ok(())
    }

    fn respond(
        &self,
        tx: &mut Transaction<'_>,
        completed: EventId,
        id: &Name,
        response: &update::Response,
    ) -> Result<(), BadCommand> {
        let state = tx.run.updates.find(id).map(|update| &update.state);
        let accepted_event_id = match state {
            Some(State::Accepted(event)) => *event,
            None if !self.has_rejected(id) => return Err(not_found(id)),
            _ => return Err(self.wrong_state(tx, completed, id, "*update.Response")),
        };
        let Some(outcome) = &response.outcome else {
            return Err(bad("invalid *update.Response: outcome is not set"));
        };
        let event = tx.add(Attributes::WorkflowExecutionUpdateCompleted {
            meta: Shared::new(response.meta.clone().unwrap_or_default()),
            outcome: Shared::new(outcome.clone()),
            accepted_event_id,
        });
        tx.run.updates.set(id.clone(), State::Completed(event));
        Ok(())
    }

    /// A rejection leaves no event. One of an update that is not there is not minded.
    fn reject(
        &mut self,
        tx: &mut Transaction<'_>,
        completed: EventId,
        id: &Name,
        rejection: &update::Rejection,
    ) -> Result<(), BadCommand> {
        let Some(at) = tx.run.updates.position(id) else { return Ok(()) };
        match &tx.run.updates.entries[at].state {
            State::Sent(_) => {
                tx.run.updates.entries.remove(at);
            }
            State::AdmittedByEvent => {
                tx.run.updates.entries[at].state = State::RejectedAfterEvent;
            }
            _ => return Err(self.wrong_state(tx, completed, id, "*update.Rejection")),
        }
        let value = rejection.failure.clone().map(outcome::Value::Failure);
        self.rejected.push((id.clone(), Shared::new(update::Outcome { value })));
        Ok(())
    }

    fn has_rejected(&self, id: &Name) -> bool {
        self.rejected.iter().any(|(rejected, _)| rejected == id)
    }

    /// The update cannot do this now; `received` is the message as the real server's language
    /// writes its type.
    fn wrong_state(
        &self,
        tx: &Transaction<'_>,
        completed: EventId,
        id: &Name,
        received: &str,
    ) -> BadCommand {
        let state = match tx.run.updates.find(id).map(|update| &update.state) {
            _ if self.has_rejected(id) => "ProvisionallyCompleted",
            Some(State::Admitted(_) | State::AdmittedByEvent) => "Admitted",
            Some(State::Sent(_)) => "Sent",
            Some(State::Accepted(event)) if *event > completed => "ProvisionallyAccepted",
            Some(State::Accepted(_)) => "Accepted",
            Some(State::Completed(event)) if *event > completed => "ProvisionallyCompleted",
            None | Some(State::RejectedAfterEvent | State::Completed(_)) => "Completed",
        };
        bad(format_args!(
            "invalid state transition attempted for Update {id}: received {received} message \
             while in state {state}"
        ))
    }
}

fn not_found(id: &Name) -> BadCommand {
    bad(format_args!(
        "update {id} wasn't found on the server. This is most likely a transient error which will \
         be resolved automatically by retries"
    ))
}

fn bad(detail: impl std::fmt::Display) -> BadCommand {
    BadCommand::new(WorkflowTaskFailedCause::BadUpdateWorkflowExecutionMessage, detail)
}

/// An update that the base of a reset had, as it is applied again (B16): accepted ones with their
/// request, and those that a reset had applied again before. `None` for what does not come again.
pub(super) fn reapplied(attributes: &Attributes) -> Option<Attributes> {
    let request = match attributes {
        Attributes::WorkflowExecutionUpdateAdmitted { request, .. } => request,
        Attributes::WorkflowExecutionUpdateAccepted(accepted) => {
            accepted.accepted_request.as_ref()?
        }
        _ => return None,
    };
    let origin = UpdateAdmittedOrigin::Reapply;
    Some(Attributes::WorkflowExecutionUpdateAdmitted { request: request.clone(), origin })
}

/// The id of the update that an event admits.
pub(super) fn named_by(attributes: &Attributes) -> Option<Name> {
    match attributes {
        Attributes::WorkflowExecutionUpdateAdmitted { request, .. } => Some(id_of(request)),
        _ => None,
    }
}
