//! `RespondWorkflowTaskCompleted`: the commands of a worker, all or none (R7, R21–R24, R33).

use prost::Message as _;

use super::mutation::Mutation;
use super::run::Run;
use super::terminate::{TerminatedBy, Termination, terminate};
use super::transaction::Transaction;
use super::update::{Messages, Rejected, SentAgain};
use super::workflow_task::{self, StartedFrom, StartedTask, WorkflowTaskState};
use super::{
    activity, child, close, continue_as_new, external, memo, messages, search_attributes,
    speculative, timer,
};
use crate::api::{Command, RespondWorkflowTaskCompleted, RpcError, UpdateMessage, limits};
use crate::clock::Time;
use crate::history::{Attributes, EventId, Failure, Name, RunId};
use crate::official::enums::{CommandType, WorkflowTaskFailedCause};

use super::reset_points;

/// A command that cannot be carried out: the workflow task fails with this cause (R21).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct BadCommand {
    pub(super) cause: WorkflowTaskFailedCause,
    pub(super) message: Name,
    consequence: Consequence,
}

/// What becomes of a run whose worker sends a bad command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Consequence {
    /// The worker gets another workflow task.
    AnotherTask,
    /// It could do no better: the run is terminated.
    Termination,
}

impl BadCommand {
    /// The message is `<Cause>: <detail>`.
    pub(super) fn new(cause: WorkflowTaskFailedCause, detail: impl std::fmt::Display) -> Self {
        Self {
            cause,
            message: Name::from(format!("{}: {detail}", cause_name(cause))),
            consequence: Consequence::AnotherTask,
        }
    }

    /// A command with more than the server takes of `what` (observed).
    pub(super) fn too_large(cause: WorkflowTaskFailedCause, what: &str) -> Self {
        let bad = Self::new(cause, format_args!("{what} exceeds size limit."));
        Self { consequence: Consequence::Termination, ..bad }
    }

    /// A close command that meets an event which the workflow has not seen (R33).
    pub(super) fn unhandled() -> Self {
        Self {
            cause: WorkflowTaskFailedCause::UnhandledCommand,
            message: messages::unhandled_command(),
            consequence: Consequence::AnotherTask,
        }
    }
}

/// A cause in the form that messages begin with: `BadCancelTimerAttributes`.
fn cause_name(cause: WorkflowTaskFailedCause) -> String {
    let name = cause.as_str_name().trim_start_matches("WORKFLOW_TASK_FAILED_CAUSE_");
    let mut camel = String::with_capacity(name.len());
    for word in name.split('_') {
        let (head, tail) = word.split_at(word.len().min(1));
        camel.push_str(head);
        camel.push_str(&tail.to_lowercase());
    }
    camel
}

/// A run that a completion leaves behind it: the successor of one that continued or is retried.
#[derive(Clone, Debug)]
pub(super) struct NewRun {
    pub(super) run_id: RunId,
    pub(super) started: crate::history::event::WorkflowExecutionStarted,
}

/// What a completion came to.
pub(super) struct Completion {
    /// The next task, if it was to be returned, and the updates that it brings.
    pub(super) returned: Option<(StartedTask, Vec<UpdateMessage>)>,
    /// The run to be made with it.
    pub(super) new_run: Option<NewRun>,
    /// The updates that have ended without an event.
    pub(super) rejected: Vec<Rejected>,
    /// Of a task that left nothing: where the worker has to go back to (G5).
    pub(super) reset_history_event_id: Option<EventId>,
}

/// What the server as a whole knows and a completion needs.
pub(super) struct Surroundings<'a> {
    pub(super) namespace: &'a Name,
    /// How many runs the Workflow Id has had.
    pub(super) runs_so_far: u32,
}

/// Applies a completion to a copy of the run. On `Err` the copy is to be dropped: a bad command
/// undoes all the others (R21).
pub(super) fn complete(
    run: &mut Run,
    now: Time,
    request: &RespondWorkflowTaskCompleted,
    surroundings: &Surroundings<'_>,
) -> Result<Completion, BadCommand> {
    let mut completion = Completion {
        returned: None,
        new_run: None,
        rejected: Vec::new(),
        reset_history_event_id: None,
    };
    let mut tx = Transaction::begin(now, run);
    let mut messages = Messages::of(&request.messages);
    if speculative::leaves_nothing(tx.run, request) {
        messages.take_rest(&mut tx, EventId(0))?;
        completion.reset_history_event_id = tx.run.previous_started_event_id;
        workflow_task::end_successfully(tx.run);
        tx.run.sticky.clone_from(&request.sticky);
    } else {
        let Some(completed) =
            workflow_task::complete(&mut tx, &request.identity, request.extras.clone())
        else {
            return Ok(completion);
        };
        tx.run.sticky.clone_from(&request.sticky);
        reset_points::record(tx.run, now, completed, request.extras.as_deref());
        let new_run = &mut completion.new_run;
        for command in &request.commands {
            apply(&mut tx, completed, command, request, surroundings, &mut messages, new_run)?;
        }
        messages.take_rest(&mut tx, completed)?;
    }
    if tx.run.is_open() && !request.force_create_new_workflow_task {
        tx.run.updates.reject_unprocessed(&mut messages.rejected);
    }
    completion.rejected = messages.rejected;
    completion.returned = schedule_next(tx, request);
    Ok(completion)
}

/// Schedules the next task, if one is due, and starts it, if it is to be returned: a normal one for
/// events that came meanwhile, or a speculative one for updates (D4, G5). Only a returned task is
/// speculative.
fn schedule_next(
    mut tx: Transaction<'_>,
    request: &RespondWorkflowTaskCompleted,
) -> Option<(StartedTask, Vec<UpdateMessage>)> {
    if !tx.run.is_open() {
        tx.commit();
        return None;
    }
    let for_updates = tx.run.updates.wait_for_task();
    if !tx.run.buffer.is_empty()
        || request.force_create_new_workflow_task
        || (for_updates && !request.return_new_workflow_task)
    {
        tx.schedule_workflow_task();
    }
    if !request.return_new_workflow_task {
        tx.commit();
        return None;
    }
    let from = StartedFrom::Completion;
    let send = |tx: &mut Transaction<'_>, started: StartedTask| {
        let messages = tx.run.updates.send(started.started_event_id, SentAgain::No);
        (started, messages)
    };
    if tx.run.workflow_task != WorkflowTaskState::None {
        let started = workflow_task::start(&mut tx, &request.identity, from);
        let returned = started.map(|started| send(&mut tx, started));
        tx.commit();
        return returned;
    }
    // A speculative task begins behind what is written, and is no part of it.
    tx.store();
    if for_updates {
        speculative::schedule(tx.run, tx.now);
    }
    let started = workflow_task::start(&mut tx, &request.identity, from)?;
    Some(send(&mut tx, started))
}

fn apply(
    tx: &mut Transaction<'_>,
    completed: EventId,
    command: &Command,
    request: &RespondWorkflowTaskCompleted,
    surroundings: &Surroundings<'_>,
    messages: &mut Messages<'_>,
    new_run: &mut Option<NewRun>,
) -> Result<(), BadCommand> {
    let minds = !tx.run.mutant(Mutation::ClosesOverBuffer);
    if command.closes_the_run() && tx.has_unhandled_events() && minds {
        return Err(BadCommand::unhandled());
    }
    let identity = &request.identity;
    match command {
        Command::ScheduleActivityTask(command) => activity::schedule(tx, completed, command),
        Command::RequestCancelActivityTask { scheduled_event_id } => {
            activity::request_cancel(tx, completed, *scheduled_event_id, identity)
        }
        Command::StartTimer(command) => timer::start(tx, completed, command),
        Command::CancelTimer(command) => timer::cancel(tx, completed, command, identity),
        Command::StartChildWorkflowExecution(command) => {
            child::initiate(tx, completed, command, surroundings.namespace)
        }
        Command::RequestCancelExternalWorkflowExecution(command) => {
            external::request_cancel(tx, completed, command)
        }
        Command::SignalExternalWorkflowExecution(command) => {
            external::signal(tx, completed, command)
        }
        Command::RecordMarker(command) => {
            check_marker(&command.marker_name)?;
            let details = command.details.iter();
            let size = details.map(|(name, payloads)| name.len() + payloads.encoded_len());
            if size.sum::<usize>() > limits::MAXIMUM_BLOB_SIZE {
                let cause = WorkflowTaskFailedCause::BadRecordMarkerAttributes;
                return Err(BadCommand::too_large(cause, "RecordMarkerCommandAttributes.Details"));
            }
            tx.add(Attributes::MarkerRecorded {
                command: command.clone(),
                workflow_task_completed_event_id: completed,
            });
            Ok(())
        }
        Command::UpsertWorkflowSearchAttributes(command) => {
            search_attributes::check_upsert(command, surroundings.namespace)?;
            tx.add(Attributes::UpsertWorkflowSearchAttributes {
                command: command.clone(),
                workflow_task_completed_event_id: completed,
            });
            Ok(())
        }
        Command::ModifyWorkflowProperties(command) => {
            memo::change(tx.run, command)?;
            tx.add(Attributes::WorkflowPropertiesModified {
                command: command.clone(),
                workflow_task_completed_event_id: completed,
            });
            Ok(())
        }
        Command::WithoutAttributes(of_type) => {
            let name = command.type_name();
            let what = format!("{name}CommandAttributes is not set on {name}Command.");
            Err(BadCommand::new(bad_attributes(*of_type), what))
        }
        Command::ProtocolMessage { message_id } => messages.take(tx, completed, message_id),
        Command::CompleteWorkflowExecution(command) => {
            *new_run = close::complete(tx, completed, command, surroundings)?;
            Ok(())
        }
        Command::CancelWorkflowExecution(command) => {
            close::cancel(tx, completed, command);
            Ok(())
        }
        Command::FailWorkflowExecution(command) => {
            *new_run = close::fail(tx, completed, command, surroundings)?;
            Ok(())
        }
        Command::ContinueAsNewWorkflowExecution(command) => {
            *new_run = Some(continue_as_new::apply(tx, completed, command, surroundings)?);
            Ok(())
        }
    }
}

/// The cause that stands for bad attributes of a command.
fn bad_attributes(of_type: CommandType) -> WorkflowTaskFailedCause {
    use WorkflowTaskFailedCause as Cause;
    match of_type {
        CommandType::ScheduleActivityTask => Cause::BadScheduleActivityAttributes,
        CommandType::RequestCancelActivityTask => Cause::BadRequestCancelActivityAttributes,
        CommandType::StartTimer => Cause::BadStartTimerAttributes,
        CommandType::CancelTimer => Cause::BadCancelTimerAttributes,
        CommandType::CompleteWorkflowExecution => Cause::BadCompleteWorkflowExecutionAttributes,
        CommandType::FailWorkflowExecution => Cause::BadFailWorkflowExecutionAttributes,
        CommandType::CancelWorkflowExecution => Cause::BadCancelWorkflowExecutionAttributes,
        CommandType::ContinueAsNewWorkflowExecution => Cause::BadContinueAsNewAttributes,
        CommandType::StartChildWorkflowExecution => Cause::BadStartChildExecutionAttributes,
        CommandType::RequestCancelExternalWorkflowExecution => {
            Cause::BadRequestCancelExternalWorkflowExecutionAttributes
        }
        CommandType::SignalExternalWorkflowExecution => Cause::BadSignalWorkflowExecutionAttributes,
        CommandType::RecordMarker => Cause::BadRecordMarkerAttributes,
        CommandType::UpsertWorkflowSearchAttributes => Cause::BadSearchAttributes,
        CommandType::ModifyWorkflowProperties => Cause::BadModifyWorkflowPropertiesAttributes,
        CommandType::Unspecified
        | CommandType::ProtocolMessage
        | CommandType::ScheduleNexusOperation
        | CommandType::RequestCancelNexusOperation => Cause::UnhandledCommand,
    }
}

/// How messages tell of a name that is too long.
pub(super) fn too_long_name(what: &str, name: &str) -> String {
    format!("{what}={name} Length={} Limit={}", name.len(), limits::MAXIMUM_ID_LENGTH)
}

fn check_marker(name: &str) -> Result<(), BadCommand> {
    let bad = |what: String| {
        Err(BadCommand::new(WorkflowTaskFailedCause::BadRecordMarkerAttributes, what))
    };
    if name.is_empty() {
        return bad("MarkerName is not set on RecordMarkerCommand.".to_owned());
    }
    if limits::too_long(name) {
        return bad(format!(
            "MarkerName on RecordMarkerCommand exceeds length limit. {}",
            too_long_name("MarkerName", name)
        ));
    }
    Ok(())
}

/// What is wrong with the order of the commands: something behind a close (R22).
pub(super) fn check_sequence(commands: &[Command]) -> Result<(), RpcError> {
    let close = commands.iter().position(Command::closes_the_run);
    let Some(close) = close.filter(|at| at + 1 < commands.len()) else { return Ok(()) };
    let names: Vec<&str> = commands.iter().map(Command::type_name).collect();
    Err(RpcError::invalid_argument(format!(
        "invalid command sequence: [{}], command {} must be the last command.",
        names.join(", "),
        names[close]
    )))
}

/// Fails the workflow task of a completion with a bad command (R21, R33). Tells whether anything
/// was done: a later attempt than the first stays started, but for `UnhandledCommand`.
pub(super) fn refuse(run: &mut Run, now: Time, bad: &BadCommand, identity: &Name) {
    let unhandled = bad.cause == WorkflowTaskFailedCause::UnhandledCommand;
    if run.workflow_task_attempt > 1 && !unhandled {
        return;
    }
    let mut tx = Transaction::begin(now, run);
    let failure = Failure::Server(bad.message.clone());
    workflow_task::fail(&mut tx, bad.cause, Some(failure), identity, &Name::empty());
    tx.run.close_attempted = unhandled;
    match bad.consequence {
        Consequence::AnotherTask => tx.schedule_workflow_task(),
        Consequence::Termination => {
            let reason = bad.message.clone();
            let identity = messages::history_service();
            let termination = Termination { reason, details: None, identity };
            terminate(&mut tx, termination, TerminatedBy::Request);
        }
    }
    tx.commit();
}

#[cfg(test)]
mod tests {
    use super::super::story::{Story, cancel_timer, complete_workflow, timer};

    use crate::api::Code;

    #[test]
    fn a_bad_command_undoes_all_others_and_fails_the_task_once() {
        // R21.
        let mut story = Story::started();
        let task = story.poll();
        let error = story.complete(&task, vec![timer("1", 1), timer("1", 1)]).unwrap_err();
        let message = "StartTimerDuplicateId: invalid history builder state for action: \
                       add-timer-started-event, TimerID: 1";
        assert_eq!((error.code, &*error.message), (Code::InvalidArgument, message));
        assert_eq!(story.types()[3..], ["WorkflowTaskFailed"]);
        let task = story.poll();
        assert_eq!(story.complete(&task, vec![cancel_timer("z")]).unwrap_err().code, error.code);
        assert_eq!(story.types().len(), 4, "a second attempt stays started");
        story.complete(&task, vec![timer("1", 1)]).unwrap();
    }

    #[test]
    fn a_close_that_meets_an_unseen_event_is_an_unhandled_command() {
        // R33.
        let mut story = Story::started();
        let task = story.poll();
        story.cancel("w").unwrap();
        let error = story.complete(&task, vec![timer("1", 1), complete_workflow()]).unwrap_err();
        assert_eq!(error.message, "UnhandledCommand");
        let tail =
            ["WorkflowTaskFailed", "WorkflowExecutionCancelRequested", "WorkflowTaskScheduled"];
        assert_eq!(story.types()[3..], tail);
        assert_eq!(story.poll().attempt, 1);
    }

    #[test]
    fn after_an_unhandled_command_signals_are_refused_until_the_next_task_is_over() {
        // R34.
        let mut story = Story::started();
        let task = story.poll();
        story.signal("s").unwrap();
        story.complete(&task, vec![complete_workflow()]).unwrap_err();
        story.signal("accepted, the task is only scheduled").unwrap();
        let task = story.poll();
        let error = story.signal("refused").unwrap_err();
        assert_eq!(error.code, Code::ResourceExhausted);
        story.cancel("w").unwrap();
        story.complete(&task, vec![]).unwrap();
        story.signal("accepted again").unwrap();
    }

    #[test]
    fn nothing_may_follow_a_close_command() {
        // R22.
        let mut story = Story::started();
        let task = story.poll();
        let error = story.complete(&task, vec![complete_workflow(), timer("1", 1)]).unwrap_err();
        assert_eq!(
            error.message,
            "invalid command sequence: [CompleteWorkflowExecution, StartTimer], command \
             CompleteWorkflowExecution must be the last command."
        );
        story.complete(&task, vec![complete_workflow()]).unwrap();
    }
}
