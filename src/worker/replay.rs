//! Taking events into account: commands are matched against the events that record them, results
//! go to the operations that asked for them.
//!
//! What does not match is nondeterminism, in sdk-core's words. Like sdk-core, it is noticed at
//! events only: a command that the code now issues and the history does not have is sent with the
//! next completion.

use super::failures::{self, ActivityRef, initiated_child};
use super::local;
use super::op::{OpId, OpKind, OpState, Raised};
use super::run::{Context, Halt, News, Resolution, Run};
use super::update::{self, UpdateJob};
use crate::api::{Command, UpdateMessage};
use crate::history::event::ChildClose;
use crate::history::{Attributes, Event, EventId, Name};
use crate::scenario::model::ChildCancellationType;

impl Run {
    /// Replays what is recorded and runs the code on what is new. `events` are those after the last
    /// one taken into account, up to the start of the task at hand; `updates` came with that.
    pub(super) fn advance(
        &mut self,
        events: &[&Event],
        updates: &[UpdateMessage],
        ctx: &mut Context<'_>,
    ) -> Result<(), Halt> {
        let mut begin = 0;
        while let Some(end) = activation_end(events, begin) {
            let live = end + 1 == events.len();
            let mut news = News::default();
            self.replaying = !live;
            for event in &events[begin..=end] {
                self.take(event, &mut news, ctx)?;
                self.last_event = event.id;
            }
            self.time = Some(events[end].time);
            if live {
                self.run_unknown_locals();
                news.updates.extend(updates.iter().map(UpdateJob::sent));
            } else {
                let ahead = activation_end(events, end + 1).unwrap_or(events.len() - 1);
                local::look_ahead(self, &events[end + 1..=ahead]);
                news.updates.extend(update::accepted_in(&events[end + 1..=ahead]));
            }
            self.activate(news, ctx)?;
            begin = end + 1;
        }
        Ok(())
    }

    fn take(&mut self, event: &Event, news: &mut News, ctx: &Context<'_>) -> Result<(), Halt> {
        use Attributes as A;
        match &event.attributes {
            A::WorkflowExecutionStarted(started) => {
                self.started = Some(started.clone());
                news.start = true;
            }
            A::WorkflowExecutionSignaled(signaled) => {
                // A signal that no step waits for is kept by an SDK for a handler that never comes.
                let known =
                    ctx.program.signals.iter().position(|name| *name == signaled.signal_name);
                news.signals.extend(known.and_then(|at| u32::try_from(at).ok()));
            }
            A::WorkflowExecutionUpdateAdmitted { request, .. } => {
                news.updates.push(UpdateJob::admitted(event.id, request));
            }
            A::WorkflowExecutionCancelRequested { .. } => news.cancel = true,

            A::WorkflowExecutionCompleted { .. }
            | A::WorkflowExecutionFailed { .. }
            | A::WorkflowExecutionCanceled { .. }
            | A::WorkflowExecutionContinuedAsNew(_)
            | A::WorkflowExecutionUpdateAccepted(_)
            | A::WorkflowExecutionUpdateCompleted { .. }
            | A::ActivityTaskScheduled(_)
            | A::ActivityTaskCancelRequested { .. }
            | A::TimerStarted { .. }
            | A::TimerCanceled { .. }
            | A::MarkerRecorded { .. }
            | A::UpsertWorkflowSearchAttributes { .. }
            | A::WorkflowPropertiesModified { .. }
            | A::RequestCancelExternalWorkflowExecutionInitiated { .. }
            | A::SignalExternalWorkflowExecutionInitiated { .. }
            | A::StartChildWorkflowExecutionInitiated(_) => self.take_command_event(event, ctx)?,

            A::WorkflowExecutionTimedOut { .. }
            | A::WorkflowExecutionTerminated { .. }
            | A::WorkflowTaskScheduled { .. }
            | A::WorkflowTaskStarted { .. }
            | A::WorkflowTaskCompleted { .. }
            | A::WorkflowTaskTimedOut { .. }
            | A::WorkflowTaskFailed(_) => {}

            A::ActivityTaskStarted { .. }
            | A::ActivityTaskCompleted { .. }
            | A::ActivityTaskFailed { .. }
            | A::ActivityTaskTimedOut { .. }
            | A::ActivityTaskCanceled { .. } => self.take_activity_event(event, ctx)?,

            A::TimerFired { timer_id, started_event_id } => {
                let op = self.initial_op(event, *started_event_id)?;
                self.check_timer_id(op, timer_id, ctx)?;
                self.close_op(op, Ok(()));
            }

            A::RequestCancelExternalWorkflowExecutionFailed {
                cause, initiated_event_id, ..
            } => {
                let op = self.initial_op(event, *initiated_event_id)?;
                self.close_op(op, Err(Raised::failure(failures::not_canceled(*cause))));
            }
            A::ExternalWorkflowExecutionCancelRequested { initiated_event_id, .. } => {
                let op = self.initial_op(event, *initiated_event_id)?;
                self.close_op(op, Ok(()));
                self.child_cancel_passed_on(op, ctx);
            }
            A::SignalExternalWorkflowExecutionFailed { cause, initiated_event_id, .. } => {
                let op = self.initial_op(event, *initiated_event_id)?;
                self.close_op(op, Err(Raised::failure(failures::not_signaled(*cause))));
            }
            A::ExternalWorkflowExecutionSignaled { initiated_event_id, .. } => {
                let op = self.initial_op(event, *initiated_event_id)?;
                self.close_op(op, Ok(()));
            }

            A::StartChildWorkflowExecutionFailed { .. }
            | A::ChildWorkflowExecutionStarted { .. }
            | A::ChildWorkflowExecutionClosed { .. } => self.take_child_event(event)?,
        }
        Ok(())
    }

    /// The operation that an earlier event, named by this one, records.
    fn initial_op(&self, event: &Event, initial: EventId) -> Result<OpId, Halt> {
        self.recorded_op(initial).ok_or_else(|| {
            Halt::Nondeterminism(format!(
                "During event handling, this event had an initial command ID but we could not \
                 find a matching command for it: {}",
                Described(event)
            ))
        })
    }

    fn check_timer_id(&self, op: OpId, fired: &Name, ctx: &Context<'_>) -> Result<(), Halt> {
        let timer = self.op(op);
        let expected = timer.id(ctx.program);
        if timer.is_timer() && expected != *fired {
            return Err(Halt::Nondeterminism(format!(
                "Timer fired event did not have expected timer id {expected}, it was {fired}!"
            )));
        }
        Ok(())
    }

    fn take_activity_event(&mut self, event: &Event, ctx: &Context<'_>) -> Result<(), Halt> {
        use Attributes as A;
        let scheduled = match &event.attributes {
            A::ActivityTaskStarted { scheduled_event_id, .. }
            | A::ActivityTaskCompleted { scheduled_event_id, .. }
            | A::ActivityTaskFailed { scheduled_event_id, .. }
            | A::ActivityTaskTimedOut { scheduled_event_id, .. }
            | A::ActivityTaskCanceled { scheduled_event_id, .. } => *scheduled_event_id,
            _ => return Ok(()),
        };
        let op = self.initial_op(event, scheduled)?;
        let OpKind::Activity(spec) = self.op(op).kind else { return Ok(()) };
        let spec = &ctx.program.scheduled[spec as usize];
        let id = self.op(op).id(ctx.program);
        let activity = ActivityRef { activity_type: &spec.activity_type, activity_id: &id };
        let outcome = match &event.attributes {
            A::ActivityTaskStarted { .. } => {
                self.op_mut(op).started = Some(event.id);
                return Ok(());
            }
            A::ActivityTaskCompleted { .. } => Ok(()),
            A::ActivityTaskFailed { failure, started_event_id, identity, retry_state, .. } => {
                let started = *started_event_id;
                Err(activity.failed(failure, identity, *retry_state, scheduled, started))
            }
            A::ActivityTaskTimedOut { failure, started_event_id, retry_state, .. } => {
                Err(activity.timed_out(failure, *retry_state, scheduled, *started_event_id))
            }
            A::ActivityTaskCanceled { details, started_event_id, identity, .. } => {
                let (details, started) = (details.as_ref(), *started_event_id);
                Err(activity.canceled(details, identity, Some(scheduled), started))
            }
            _ => return Ok(()),
        };
        self.close_op(op, outcome.map_err(Raised::failure));
        Ok(())
    }

    fn take_child_event(&mut self, event: &Event) -> Result<(), Halt> {
        use Attributes as A;
        match &event.attributes {
            A::StartChildWorkflowExecutionFailed { initiated_event_id, .. } => {
                let op = self.initial_op(event, *initiated_event_id)?;
                self.close_op(op, Err(Raised::failure(failures::already_started())));
            }
            A::ChildWorkflowExecutionStarted { run_id, initiated_event_id, .. } => {
                let op = self.initial_op(event, *initiated_event_id)?;
                let child = self.op_mut(op);
                child.started = Some(event.id);
                child.run_id = Some(*run_id);
                self.resolutions.push(Resolution::ChildStarted(op));
            }
            A::ChildWorkflowExecutionClosed {
                child,
                run_id: _,
                initiated_event_id,
                started_event_id,
                close,
            } => {
                let op = self.initial_op(event, *initiated_event_id)?;
                let run = self.op(op).run_id;
                let started = Some(*started_event_id);
                let child = initiated_child(child, run, *initiated_event_id, started);
                let failure = match close {
                    ChildClose::Completed { .. } => None,
                    _ => child.closed(close),
                };
                self.close_op(op, failure.map_or(Ok(()), |failure| Err(Raised::failure(failure))));
            }
            _ => {}
        }
        Ok(())
    }

    /// The server has passed a cancel on to a child that waits for no more than that.
    fn child_cancel_passed_on(&mut self, op: OpId, ctx: &Context<'_>) {
        let OpKind::CancelChild(child) = self.op(op).kind else { return };
        let OpKind::Child(spec) = self.op(child).kind else { return };
        let waits_for = ctx.program.children[spec as usize].cancellation_type;
        if waits_for == ChildCancellationType::WaitCancellationRequested {
            let parent = self.execution.workflow_id.as_str();
            let canceled = self.op(child).canceled(ctx.program, parent);
            self.notify(child, Err(canceled));
        }
    }

    /// Matches an event that records a command with the command.
    fn take_command_event(&mut self, event: &Event, ctx: &Context<'_>) -> Result<(), Halt> {
        if local::take_marker(self, event, ctx)? {
            return Ok(());
        }
        let Some(issued) = self.commands.pop_front() else {
            let text = format!("No command scheduled for event {}", Described(event));
            return Err(Halt::Nondeterminism(text));
        };
        check(&issued.command, event).map_err(Halt::Nondeterminism)?;
        let Some(op) = issued.op else { return Ok(()) };
        let at = self.op_mut(op);
        match at.state {
            // The event of a start; that of a cancel changes nothing more.
            OpState::Created => {
                at.state = OpState::Recorded;
                at.event = Some(event.id);
                self.by_event.push((event.id, op));
            }
            OpState::CancelRequested if at.is_timer() => {
                at.state = OpState::Closed;
            }
            OpState::Recorded | OpState::CancelRequested | OpState::Closed => {}
        }
        Ok(())
    }
}

/// Where the next activation that was carried through ends: at a started workflow task that was
/// completed, or is the one at hand. Tasks that failed or timed out are part of the next.
fn activation_end(events: &[&Event], begin: usize) -> Option<usize> {
    (begin..events.len()).find(|at| {
        matches!(events[*at].attributes, Attributes::WorkflowTaskStarted { .. })
            && events.get(at + 1).is_none_or(|next| {
                matches!(next.attributes, Attributes::WorkflowTaskCompleted { .. })
            })
    })
}

/// An event in sdk-core's words.
pub(super) struct Described<'a>(pub(super) &'a Event);

impl std::fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HistoryEvent(id: {}, {})", self.0.id, self.0.attributes.type_name())
    }
}

/// Whether an event records a command; if not, in what they differ.
fn check(issued: &Command, event: &Event) -> Result<(), String> {
    use Attributes as A;
    match (issued, &event.attributes) {
        (Command::ScheduleActivityTask(command), A::ActivityTaskScheduled(scheduled)) => {
            let recorded = failures::scheduled_activity(scheduled);
            let issued_type = command.activity_type.as_ref().map_or("", |kind| &kind.name);
            same(
                "Activity id",
                "activity id",
                "activity",
                recorded.activity_id,
                &command.activity_id,
            )?;
            same("Activity type", "activity type", "activity", recorded.activity_type, issued_type)
        }
        (
            Command::StartChildWorkflowExecution(command),
            A::StartChildWorkflowExecutionInitiated(child),
        ) => {
            let issued_type = command.workflow_type.as_ref().map_or("", |kind| &kind.name);
            let (id, kind) = (child.workflow_id.as_str(), &*child.workflow_type);
            child_same("id", id, &command.workflow_id)?;
            child_same("type", kind, issued_type)
        }
        (Command::RecordMarker(command), A::MarkerRecorded { command: recorded, .. }) => {
            let (recorded, issued) = (&recorded.marker_name, &command.marker_name);
            if recorded == issued {
                return Ok(());
            }
            Err(format!(
                "Marker name of recorded event '{recorded}' does not match marker name of marker \
                 command '{issued}'"
            ))
        }
        (Command::ProtocolMessage { message_id }, _)
            if update::is_recorded_by(message_id, event) =>
        {
            Ok(())
        }
        (Command::StartTimer(_), A::TimerStarted { .. })
        | (Command::CancelTimer(_), A::TimerCanceled { .. })
        | (Command::RequestCancelActivityTask { .. }, A::ActivityTaskCancelRequested { .. })
        | (Command::CompleteWorkflowExecution(_), A::WorkflowExecutionCompleted { .. })
        | (Command::FailWorkflowExecution(_), A::WorkflowExecutionFailed { .. })
        | (Command::CancelWorkflowExecution(_), A::WorkflowExecutionCanceled { .. })
        | (Command::ContinueAsNewWorkflowExecution(_), A::WorkflowExecutionContinuedAsNew(_))
        | (Command::UpsertWorkflowSearchAttributes(_), A::UpsertWorkflowSearchAttributes { .. })
        | (Command::ModifyWorkflowProperties(_), A::WorkflowPropertiesModified { .. })
        | (
            Command::RequestCancelExternalWorkflowExecution(_),
            A::RequestCancelExternalWorkflowExecutionInitiated { .. },
        )
        | (
            Command::SignalExternalWorkflowExecution(_),
            A::SignalExternalWorkflowExecutionInitiated { .. },
        ) => Ok(()),
        _ => Err(format!(
            "{} machine does not handle this event: {}",
            machine_name(issued),
            Described(event)
        )),
    }
}

fn same(
    what: &str,
    what_again: &str,
    command: &str,
    recorded: &str,
    issued: &str,
) -> Result<(), String> {
    if recorded == issued {
        return Ok(());
    }
    Err(format!(
        "{what} of scheduled event '{recorded}' does not match {what_again} of {command} command \
         '{issued}'"
    ))
}

fn child_same(what: &str, recorded: &str, issued: &str) -> Result<(), String> {
    if recorded == issued {
        return Ok(());
    }
    Err(format!(
        "Child workflow {what} of scheduled event '{recorded}' does not match child workflow \
         {what} of command '{issued}'"
    ))
}

/// sdk-core's name for the state machine that issues a command.
fn machine_name(command: &Command) -> &'static str {
    match command {
        Command::ScheduleActivityTask(_) | Command::RequestCancelActivityTask { .. } => "Activity",
        Command::StartTimer(_) | Command::CancelTimer(_) => "Timer",
        Command::CompleteWorkflowExecution(_) => "Complete workflow",
        Command::FailWorkflowExecution(_) => "Fail workflow",
        Command::CancelWorkflowExecution(_) => "Cancel workflow",
        Command::ContinueAsNewWorkflowExecution(_) => "Continue as new workflow",
        Command::StartChildWorkflowExecution(_) => "Child workflow",
        Command::RequestCancelExternalWorkflowExecution(_) => "Cancel external WF",
        Command::SignalExternalWorkflowExecution(_) => "Signal external WF",
        Command::RecordMarker(_) => "Marker",
        Command::UpsertWorkflowSearchAttributes(_) => "Upsert search attributes",
        Command::ModifyWorkflowProperties(_) => "Modify workflow properties",
        Command::WithoutAttributes(_) => "Unknown",
        Command::ProtocolMessage { .. } => "Update",
    }
}
