//! The way back: compact events from official ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::values::{read_id, read_timestamp};
use super::{activity, child, external, marker, timer, update, workflow, workflow_task};
use crate::history::event::{Event, StartChildWorkflowExecutionInitiated};
use crate::history::ids::EventId;
use crate::history::shared::Shared;
use crate::official::command;
use crate::official::enums::EventType;
use crate::official::history::HistoryEvent;
use crate::official::history::history_event::Attributes as Official;

/// An official event that has no compact form.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("event {event_id} ({event_type}) {problem}")]
pub struct ReadError {
    /// Its number, as sent.
    pub event_id: i64,
    /// Its type's official name.
    pub event_type: String,
    /// What is the matter.
    pub problem: Problem,
}

/// What is the matter with an official event.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Problem {
    /// Deadbeat does not know events of this type: Nexus operations, changed options.
    #[error("is of a type that Deadbeat does not model")]
    NotModelled,
    /// A field that such an event always has is not there.
    #[error("has no {0}")]
    Missing(&'static str),
    /// A field's value is out of range, or not of those that it can have.
    #[error("has an impossible {0}")]
    Invalid(&'static str),
    /// It is the result of an event that is not there or did not ask for it.
    #[error("is the result of event {0}, which did not ask for it")]
    NotAsked(EventId),
}

/// Reads the events of one run, in order.
///
/// Not kept is what follows from the rest: task ids, the request ids of starts, history sizes,
/// namespaces' ids; and what Deadbeat does not model: links, user metadata, worker versions and
/// deployments.
#[derive(Debug, Default)]
pub struct Reader {
    initiated: BTreeMap<EventId, Initiated>,
}

/// What an event asked for whose results name it.
#[derive(Debug)]
enum Initiated {
    Child(Arc<StartChildWorkflowExecutionInitiated>),
    Cancel(Shared<command::RequestCancelExternalWorkflowExecutionCommandAttributes>),
    Signal(Shared<command::SignalExternalWorkflowExecutionCommandAttributes>),
}

impl Reader {
    /// A reader that has read nothing.
    pub const fn new() -> Self {
        Self { initiated: BTreeMap::new() }
    }

    /// Reads the next event of the run.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if there is no compact event that says the same.
    pub fn event(&mut self, official: &HistoryEvent) -> Result<Event, ReadError> {
        self.read(official).map_err(|problem| ReadError {
            event_id: official.event_id,
            event_type: EventType::try_from(official.event_type)
                .map_or_else(|_| official.event_type.to_string(), |of| of.as_str_name().to_owned()),
            problem,
        })
    }

    fn read(&mut self, official: &HistoryEvent) -> Result<Event, Problem> {
        let id = read_id("eventId", official.event_id)?;
        let time = official.event_time.as_ref().ok_or(Problem::Missing("eventTime"))?;
        let time = read_timestamp("eventTime", time)?;
        let attributes = official.attributes.as_ref().ok_or(Problem::Missing("attributes"))?;
        let attributes = match attributes {
            Official::WorkflowExecutionStartedEventAttributes(of) => workflow::read_started(of)?,
            Official::WorkflowExecutionCompletedEventAttributes(of) => {
                workflow::read_completed(of)?
            }
            Official::WorkflowExecutionFailedEventAttributes(of) => workflow::read_failed(of)?,
            Official::WorkflowExecutionTimedOutEventAttributes(of) => workflow::read_timed_out(of)?,
            Official::WorkflowExecutionCanceledEventAttributes(of) => workflow::read_canceled(of)?,
            Official::WorkflowExecutionTerminatedEventAttributes(of) => {
                workflow::read_terminated(of)
            }
            Official::WorkflowExecutionContinuedAsNewEventAttributes(of) => {
                workflow::read_continued_as_new(of)?
            }
            Official::WorkflowExecutionCancelRequestedEventAttributes(of) => {
                workflow::read_cancel_requested(of)?
            }
            Official::WorkflowExecutionSignaledEventAttributes(of) => workflow::read_signaled(of)?,

            Official::WorkflowExecutionUpdateAdmittedEventAttributes(of) => {
                update::read_admitted(of)?
            }
            Official::WorkflowExecutionUpdateAcceptedEventAttributes(of) => {
                update::read_accepted(of)
            }
            Official::WorkflowExecutionUpdateCompletedEventAttributes(of) => {
                update::read_completed(of)?
            }

            Official::WorkflowTaskScheduledEventAttributes(of) => {
                workflow_task::read_scheduled(of)?
            }
            Official::WorkflowTaskStartedEventAttributes(of) => workflow_task::read_started(of)?,
            Official::WorkflowTaskCompletedEventAttributes(of) => {
                workflow_task::read_completed(of)?
            }
            Official::WorkflowTaskTimedOutEventAttributes(of) => workflow_task::read_timed_out(of)?,
            Official::WorkflowTaskFailedEventAttributes(of) => workflow_task::read_failed(of)?,

            Official::ActivityTaskScheduledEventAttributes(of) => activity::read_scheduled(of)?,
            Official::ActivityTaskStartedEventAttributes(of) => activity::read_started(of)?,
            Official::ActivityTaskCompletedEventAttributes(of) => activity::read_completed(of)?,
            Official::ActivityTaskFailedEventAttributes(of) => activity::read_failed(of)?,
            Official::ActivityTaskTimedOutEventAttributes(of) => activity::read_timed_out(of)?,
            Official::ActivityTaskCancelRequestedEventAttributes(of) => {
                activity::read_cancel_requested(of)?
            }
            Official::ActivityTaskCanceledEventAttributes(of) => activity::read_canceled(of)?,

            Official::TimerStartedEventAttributes(of) => timer::read_started(of)?,
            Official::TimerFiredEventAttributes(of) => timer::read_fired(of)?,
            Official::TimerCanceledEventAttributes(of) => timer::read_canceled(of)?,

            Official::MarkerRecordedEventAttributes(of) => marker::read_marker(of)?,
            Official::UpsertWorkflowSearchAttributesEventAttributes(of) => {
                marker::read_search_attributes(of)?
            }
            Official::WorkflowPropertiesModifiedEventAttributes(of) => marker::read_properties(of)?,

            Official::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(of) => {
                let command = external::read_cancel(of);
                self.initiated.insert(id, Initiated::Cancel(command.clone()));
                external::read_cancel_initiated(of, command)?
            }
            Official::RequestCancelExternalWorkflowExecutionFailedEventAttributes(of) => {
                external::read_cancel_failed(of, self.cancel(of.initiated_event_id)?)?
            }
            Official::ExternalWorkflowExecutionCancelRequestedEventAttributes(of) => {
                external::read_cancel_requested(of, self.cancel(of.initiated_event_id)?)?
            }
            Official::SignalExternalWorkflowExecutionInitiatedEventAttributes(of) => {
                let command = external::read_signal(of);
                self.initiated.insert(id, Initiated::Signal(command.clone()));
                external::read_signal_initiated(of, command)?
            }
            Official::SignalExternalWorkflowExecutionFailedEventAttributes(of) => {
                external::read_signal_failed(of, self.signal(of.initiated_event_id)?)?
            }
            Official::ExternalWorkflowExecutionSignaledEventAttributes(of) => {
                external::read_signaled(of, self.signal(of.initiated_event_id)?)?
            }

            Official::StartChildWorkflowExecutionInitiatedEventAttributes(of) => {
                let child = Arc::new(child::read_initiated(of)?);
                self.initiated.insert(id, Initiated::Child(Arc::clone(&child)));
                child::initiated(child)
            }
            Official::StartChildWorkflowExecutionFailedEventAttributes(of) => {
                child::read_start_failed(of, self.child(of.initiated_event_id)?)?
            }
            Official::ChildWorkflowExecutionStartedEventAttributes(of) => {
                child::read_started(of, self.child(of.initiated_event_id)?)?
            }
            Official::ChildWorkflowExecutionCompletedEventAttributes(of) => {
                child::read_completed(of, self.child(of.initiated_event_id)?)?
            }
            Official::ChildWorkflowExecutionFailedEventAttributes(of) => {
                child::read_failed(of, self.child(of.initiated_event_id)?)?
            }
            Official::ChildWorkflowExecutionTimedOutEventAttributes(of) => {
                child::read_timed_out(of, self.child(of.initiated_event_id)?)?
            }
            Official::ChildWorkflowExecutionCanceledEventAttributes(of) => {
                child::read_canceled(of, self.child(of.initiated_event_id)?)?
            }
            Official::ChildWorkflowExecutionTerminatedEventAttributes(of) => {
                child::read_terminated(of, self.child(of.initiated_event_id)?)?
            }
            _ => return Err(Problem::NotModelled),
        };
        Ok(Event { id, time, attributes })
    }

    fn child(&self, sent: i64) -> Result<Arc<StartChildWorkflowExecutionInitiated>, Problem> {
        match self.asked(sent)? {
            (_, Some(Initiated::Child(child))) => Ok(Arc::clone(child)),
            (id, _) => Err(Problem::NotAsked(id)),
        }
    }

    fn cancel(
        &self,
        sent: i64,
    ) -> Result<Shared<command::RequestCancelExternalWorkflowExecutionCommandAttributes>, Problem>
    {
        match self.asked(sent)? {
            (_, Some(Initiated::Cancel(command))) => Ok(command.clone()),
            (id, _) => Err(Problem::NotAsked(id)),
        }
    }

    fn signal(
        &self,
        sent: i64,
    ) -> Result<Shared<command::SignalExternalWorkflowExecutionCommandAttributes>, Problem> {
        match self.asked(sent)? {
            (_, Some(Initiated::Signal(command))) => Ok(command.clone()),
            (id, _) => Err(Problem::NotAsked(id)),
        }
    }

    fn asked(&self, sent: i64) -> Result<(EventId, Option<&Initiated>), Problem> {
        let id = read_id("initiatedEventId", sent)?;
        Ok((id, self.initiated.get(&id)))
    }
}
