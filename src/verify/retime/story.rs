//! Whether two runs tell the same story: the same but for how long things take.

use std::fmt;

use crate::api::{Description, ExecutionStatus, PendingActivityState};
use crate::history::list::Batch;
use crate::history::payload::decode;
use crate::history::text::failure_text;
use crate::history::{EventId, History, RunId, official};
use crate::official::common::RetryPolicy;
use crate::official::failure::{Failure, failure::FailureInfo};
use crate::official::history::HistoryEvent;
use crate::official::history::history_event::Attributes as Official;
use crate::sim::{Answer, ExecutionResult, RunResult};

/// What came of a run, without how long anything took.
#[derive(Debug)]
pub(super) struct Story {
    result: RunResult,
    /// The events of each execution, without durations and instants.
    events: Vec<Vec<HistoryEvent>>,
    answers: Vec<Told>,
}

/// Where another run tells another story.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Twist {
    /// It was stopped, or other executions were made, or one ended otherwise.
    Executions,
    /// A client was answered otherwise, or not at all.
    Answers,
    /// An event is another one, or says something else.
    Event {
        /// Whose event.
        workflow_id: String,
        /// Of which of its runs.
        run: u32,
        /// Which event.
        event: EventId,
        /// What it is.
        was: Option<&'static str>,
        /// What it would be.
        becomes: Option<&'static str>,
    },
}

impl fmt::Display for Twist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Executions => f.write_str("other executions are made, or they end otherwise"),
            Self::Answers => f.write_str("a client is answered otherwise"),
            Self::Event { workflow_id, run, event, was, becomes } => {
                write!(f, "event {event} of `{workflow_id}` run {run} ")?;
                match (was, becomes) {
                    (Some(was), Some(becomes)) if was == becomes => {
                        write!(f, "({was}) says something else")
                    }
                    (Some(was), Some(becomes)) => write!(f, "is {becomes}, not {was}"),
                    (Some(was), None) => write!(f, "({was}) is not there"),
                    (None, becomes) => write!(f, "is {}", becomes.unwrap_or("more")),
                }
            }
        }
    }
}

impl Story {
    /// What this run tells.
    pub(super) fn of(result: RunResult) -> Self {
        let events = result.executions.iter().map(|run| timeless(&run.history)).collect();
        let answers = answers(&result);
        Self { result, events, answers }
    }

    /// Whether another run tells this story; where it does not, if not.
    pub(super) fn twist(&self, other: &RunResult) -> Option<Twist> {
        let of = &self.result.executions;
        // What is cheap to see comes first: most shorter durations that do not fit fail here.
        for (run, is) in of.iter().zip(&other.executions) {
            if let Some(at) = first_other_type(&run.history, &is.history) {
                return Some(event_twist(run, is, at));
            }
        }
        let key = |run: &ExecutionResult| (run.execution.clone(), run.status);
        if self.result.ended.is_settled() != other.ended.is_settled()
            || !of.iter().map(key).eq(other.executions.iter().map(key))
        {
            return Some(Twist::Executions);
        }
        for ((run, is), events) in of.iter().zip(&other.executions).zip(&self.events) {
            let told = timeless(&is.history);
            if let Some(at) = events.iter().zip(&told).position(|(was, is)| was != is) {
                return Some(event_twist(run, is, at));
            }
            let batches =
                |history: &History| history.batches().map(Batch::last_event_id).collect::<Vec<_>>();
            let (was, becomes) = (batches(&run.history), batches(&is.history));
            if let Some(at) = was.iter().zip(&becomes).find(|(was, is)| was != is) {
                let at = at.0.0.max(at.1.0);
                return Some(event_twist(run, is, usize::try_from(at).unwrap_or(1) - 1));
            }
        }
        let is_same = answers(other) == self.answers && other.not_taken == self.result.not_taken;
        (!is_same).then_some(Twist::Answers)
    }
}

fn first_other_type(was: &History, is: &History) -> Option<usize> {
    let types = |history: &History| {
        history.events().map(|event| event.attributes.type_name()).collect::<Vec<_>>()
    };
    let (was, is) = (types(was), types(is));
    let shared = was.iter().zip(&is).position(|(was, is)| was != is);
    shared.or_else(|| (was.len() != is.len()).then_some(was.len().min(is.len())))
}

fn event_twist(run: &ExecutionResult, is: &ExecutionResult, at: usize) -> Twist {
    let name = |of: &ExecutionResult| {
        of.history.events().nth(at).map(|event| event.attributes.type_name())
    };
    Twist::Event {
        workflow_id: run.workflow_id().to_owned(),
        run: run.run,
        event: EventId(u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1)),
        was: name(run),
        becomes: name(is),
    }
}

/// The events without durations and instants. A duration that is not there stays so.
fn timeless(history: &History) -> Vec<HistoryEvent> {
    official::events(history).map(without_times).collect()
}

macro_rules! forget {
    ($($duration:expr),* $(,)?) => {
        $(if let Some(duration) = &mut $duration { *duration = Default::default(); })*
    };
}

fn without_times(mut event: HistoryEvent) -> HistoryEvent {
    event.event_time = None;
    match &mut event.attributes {
        Some(Official::WorkflowExecutionStartedEventAttributes(of)) => {
            forget!(
                of.workflow_execution_timeout,
                of.workflow_run_timeout,
                of.workflow_task_timeout,
                of.first_workflow_task_backoff,
                of.workflow_execution_expiration_time,
            );
            of.prev_auto_reset_points = None;
            forget_intervals(of.retry_policy.as_mut());
            forget_delays(of.continued_failure.as_mut());
        }
        Some(Official::WorkflowExecutionContinuedAsNewEventAttributes(of)) => {
            forget!(of.workflow_run_timeout, of.workflow_task_timeout, of.backoff_start_interval);
        }
        Some(Official::WorkflowExecutionFailedEventAttributes(of)) => {
            forget_delays(of.failure.as_mut());
        }
        Some(Official::WorkflowTaskScheduledEventAttributes(of)) => {
            forget!(of.start_to_close_timeout);
        }
        Some(Official::WorkflowTaskStartedEventAttributes(of)) => {
            of.history_size_bytes = 0;
            forget_poll(&mut of.request_id);
        }
        Some(Official::ActivityTaskScheduledEventAttributes(of)) => {
            forget!(
                of.schedule_to_close_timeout,
                of.schedule_to_start_timeout,
                of.start_to_close_timeout,
                of.heartbeat_timeout,
            );
            forget_intervals(of.retry_policy.as_mut());
        }
        Some(Official::ActivityTaskStartedEventAttributes(of)) => {
            forget_delays(of.last_failure.as_mut());
            forget_poll(&mut of.request_id);
        }
        Some(Official::ActivityTaskFailedEventAttributes(of)) => {
            forget_delays(of.failure.as_mut());
        }
        Some(Official::ActivityTaskTimedOutEventAttributes(of)) => {
            forget_delays(of.failure.as_mut());
        }
        Some(Official::TimerStartedEventAttributes(of)) => forget!(of.start_to_fire_timeout),
        Some(Official::StartChildWorkflowExecutionInitiatedEventAttributes(of)) => {
            forget!(
                of.workflow_execution_timeout,
                of.workflow_run_timeout,
                of.workflow_task_timeout,
            );
            forget_intervals(of.retry_policy.as_mut());
        }
        Some(Official::ChildWorkflowExecutionFailedEventAttributes(of)) => {
            forget_delays(of.failure.as_mut());
        }
        _ => {}
    }
    event
}

/// The request id of a poll follows from when it was made; others are words.
fn forget_poll(request_id: &mut String) {
    if request_id.parse::<RunId>().is_ok() {
        "a poll's".clone_into(request_id);
    }
}

fn forget_intervals(policy: Option<&mut RetryPolicy>) {
    if let Some(policy) = policy {
        forget!(policy.initial_interval, policy.maximum_interval);
    }
}

fn forget_delays(failure: Option<&mut Failure>) {
    let mut next = failure;
    while let Some(failure) = next {
        if let Some(FailureInfo::ApplicationFailureInfo(info)) = &mut failure.failure_info {
            forget!(info.next_retry_delay);
        }
        next = failure.cause.as_deref_mut();
    }
}

/// A client's step, and what it was told.
type Told = ((u16, u32), Answered);

#[derive(Clone, PartialEq, Debug)]
enum Answered {
    Whole(Answer),
    Described(Described),
}

/// What a description says without times.
#[derive(Clone, PartialEq, Debug)]
struct Described {
    execution: String,
    status: ExecutionStatus,
    history_length: u32,
    is_closed: bool,
    cancel_requested: bool,
    reset_to: Option<String>,
    reset_points: Vec<(String, EventId, bool)>,
    workflow_task: Option<(bool, u32)>,
    activities: Vec<(String, PendingActivityState, u32, String, String)>,
    children: Vec<crate::api::PendingChild>,
}

/// What the clients were told, each in the order of its steps.
fn answers(result: &RunResult) -> Vec<Told> {
    let told = result.log.iter().map(|entry| {
        let answer = match &entry.answer {
            Answer::Described(description) => Answered::Described(described(description)),
            other => Answered::Whole(other.clone()),
        };
        ((entry.client.0, entry.step), answer)
    });
    let mut told: Vec<Told> = told.collect();
    told.sort_by_key(|(step, _)| *step);
    told
}

fn described(of: &Description) -> Described {
    Described {
        execution: of.execution.run_id.to_string(),
        status: of.status,
        history_length: of.history_length,
        is_closed: of.close_time.is_some(),
        cancel_requested: of.cancel_requested,
        reset_to: of.reset_run_id.map(|id| id.to_string()),
        reset_points: of
            .reset_points
            .iter()
            .map(|point| {
                let first = point.first_workflow_task_completed_id;
                (point.run_id.to_string(), first, point.resettable)
            })
            .collect(),
        workflow_task: of.pending_workflow_task.as_ref().map(|task| (task.started, task.attempt)),
        activities: of
            .pending_activities
            .iter()
            .map(|pending| {
                let details = decode(pending.heartbeat_details.as_ref()).to_string();
                let failure = pending.last_failure.as_ref().map(failure_text).unwrap_or_default();
                (
                    pending.last_worker_identity.to_string(),
                    pending.state,
                    pending.attempt,
                    details,
                    failure,
                )
            })
            .collect(),
        children: of.pending_children.clone(),
    }
}
