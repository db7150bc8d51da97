//! Children as their parent sees them (R87–R91, `semantics/reset.md` G1–G3).

use std::sync::Arc;

use super::commands::{BadCommand, too_long_name};
use super::continue_as_new::shown_queue;
use super::cron;
use super::duration::{is_negative, or_zero};
use super::key::Transfer;
use super::mutation::Mutation;
use super::run::Run;
use super::start::{run_timeout, workflow_task_timeout};
use super::transaction::Transaction;
use super::{retry, search_attributes, size};
use crate::api::limits::{check_task_queue_name, too_long};
use crate::api::{ExecutionStatus, PendingChild};
use crate::clock::Time;
use crate::history::event::{
    ChildClose, Initiator, Parent, ParentClosePolicy, RetryPolicy,
    StartChildWorkflowExecutionInitiated, WorkflowExecutionStarted,
};
use crate::history::{Attributes, EventId, Execution, Name, RunId, Shared, WorkflowId};
use crate::official::command::StartChildWorkflowExecutionCommandAttributes;
use crate::official::enums;
use crate::official::enums::WorkflowTaskFailedCause;

/// A child that has not closed, as far as the parent knows.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Child {
    pub(super) initiated_event_id: EventId,
    pub(super) initiated: Arc<StartChildWorkflowExecutionInitiated>,
    pub(super) state: ChildState,
}

/// How far a child has come (R87).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum ChildState {
    /// Asked for.
    Initiated,
    /// Its run exists; the parent has not recorded that.
    Made(RunId),
    /// The record waits in the buffer.
    StartBuffered(RunId),
    /// The record is in the history.
    Started(RunId, EventId),
}

impl Child {
    /// Whether the parent knows that it has started (R91).
    pub(super) fn is_started(&self) -> bool {
        matches!(self.state, ChildState::StartBuffered(_) | ChildState::Started(..))
    }

    /// The child's first run, if it exists.
    pub(super) fn run_id(&self) -> Option<RunId> {
        match self.state {
            ChildState::Initiated => None,
            ChildState::Made(run)
            | ChildState::StartBuffered(run)
            | ChildState::Started(run, _) => Some(run),
        }
    }

    /// The record of its start has got an id.
    pub(super) fn start_recorded(&mut self, id: EventId) {
        if let Some(run) = self.run_id() {
            self.state = ChildState::Started(run, id);
        }
    }

    /// What a description tells of it.
    pub(super) fn describe(&self) -> PendingChild {
        PendingChild {
            workflow_id: self.initiated.workflow_id.clone(),
            run_id: self.run_id().filter(|_| self.is_started()),
            workflow_type: self.initiated.workflow_type.clone(),
            initiated_event_id: self.initiated_event_id,
            parent_close_policy: self.initiated.parent_close_policy,
        }
    }
}

/// The `StartChildWorkflowExecution` command.
pub(super) fn initiate(
    tx: &mut Transaction<'_>,
    completed: EventId,
    command: &Shared<StartChildWorkflowExecutionCommandAttributes>,
    namespace: &Name,
) -> Result<(), BadCommand> {
    let of_type = command.workflow_type.as_ref().map_or("", |of_type| of_type.name.as_str());
    check(command, of_type, namespace, tx.now)?;
    search_attributes::check(command.search_attributes.as_ref(), namespace)?;
    let cause = WorkflowTaskFailedCause::BadStartChildExecutionAttributes;
    let what = "StartChildWorkflowExecutionCommandAttributes. Input";
    size::check_command(command.input.as_ref(), cause, what)?;
    if size::is_too_large_memo(command.memo.as_ref()) {
        let what = "StartChildWorkflowExecutionCommandAttributes.Memo";
        return Err(BadCommand::too_large(cause, what));
    }
    let execution_timeout = or_zero(command.workflow_execution_timeout.as_ref());
    let run_timeout =
        run_timeout(or_zero(command.workflow_run_timeout.as_ref()), execution_timeout);
    let task_timeout = or_zero(command.workflow_task_timeout.as_ref());
    let queue = command.task_queue.as_ref().map_or("", |queue| &queue.name);
    let initiated = Arc::new(StartChildWorkflowExecutionInitiated {
        command: command.clone(),
        workflow_id: WorkflowId::from(command.workflow_id.as_str()),
        workflow_type: Name::from(of_type),
        task_queue: if queue.is_empty() {
            tx.run.started.task_queue.clone()
        } else {
            Name::from(queue)
        },
        workflow_execution_timeout: execution_timeout,
        workflow_run_timeout: run_timeout,
        workflow_task_timeout: workflow_task_timeout(task_timeout, run_timeout),
        parent_close_policy: parent_close_policy(command.parent_close_policy),
        workflow_task_completed_event_id: completed,
    });
    let attributes = Attributes::StartChildWorkflowExecutionInitiated(Arc::clone(&initiated));
    let id = tx.add(attributes);
    tx.run.children.push(Child { initiated_event_id: id, initiated, state: ChildState::Initiated });
    tx.follow_up(Transfer::StartChild(id));
    Ok(())
}

/// What is wrong with the command (observed).
fn check(
    command: &StartChildWorkflowExecutionCommandAttributes,
    workflow_type: &str,
    namespace: &Name,
    now: Time,
) -> Result<(), BadCommand> {
    let bad = |what: String| {
        Err(BadCommand::new(WorkflowTaskFailedCause::BadStartChildExecutionAttributes, what))
    };
    let id = &command.workflow_id;
    if id.is_empty() {
        return bad(format!(
            "Required field WorkflowId is not set on StartChildWorkflowExecutionCommand. \
             WorkflowType={workflow_type} Namespace={namespace}"
        ));
    }
    if workflow_type.is_empty() {
        return bad(format!(
            "Required field WorkflowType is not set on StartChildWorkflowExecutionCommand. \
             WorkflowId={id} Namespace={namespace}"
        ));
    }
    if too_long(id) {
        return bad(format!(
            "WorkflowId on StartChildWorkflowExecutionCommand exceeds length limit. {} \
             WorkflowType={workflow_type} Namespace={namespace}",
            too_long_name("WorkflowId", id)
        ));
    }
    if too_long(workflow_type) {
        return bad(format!(
            "WorkflowType on StartChildWorkflowExecutionCommand exceeds length limit. \
             WorkflowId={id} {} Namespace={namespace}",
            too_long_name("WorkflowType", workflow_type)
        ));
    }
    let who = format!("WorkflowId={id} WorkflowType={workflow_type} Namespace={namespace}");
    let timeouts = [
        ("WorkflowExecutionTimeout", command.workflow_execution_timeout.as_ref()),
        ("WorkflowRunTimeout", command.workflow_run_timeout.as_ref()),
        ("WorkflowTaskTimeout", command.workflow_task_timeout.as_ref()),
    ];
    if let Some((name, _)) = timeouts.iter().find(|(_, timeout)| is_negative(*timeout)) {
        return bad(format!(
            "Invalid {name} on StartChildWorkflowExecutionCommand: negative duration. {who}"
        ));
    }
    if let Some(Err(what)) = command.retry_policy.as_ref().map(retry::validate) {
        return bad(format!(
            "invalid WorkflowRetryPolicy on StartChildWorkflowExecutionCommand: {what}. {who}"
        ));
    }
    if let Err(error) = cron::validate(&command.cron_schedule, now) {
        let what = error.message;
        return bad(format!(
            "invalid CronSchedule on StartChildWorkflowExecutionCommand: {what}. {who}"
        ));
    }
    let queue = command.task_queue.as_ref().map_or("", |queue| &queue.name);
    check_task_queue_name(queue).or_else(|what| {
        bad(format!(
            "invalid TaskQueue on StartChildWorkflowExecutionCommand: {what}. {who} TaskQueue={}",
            shown_queue(queue)
        ))
    })
}

fn parent_close_policy(sent: i32) -> ParentClosePolicy {
    match enums::ParentClosePolicy::try_from(sent) {
        Ok(enums::ParentClosePolicy::Abandon) => ParentClosePolicy::Abandon,
        Ok(enums::ParentClosePolicy::RequestCancel) => ParentClosePolicy::RequestCancel,
        _ => ParentClosePolicy::Terminate,
    }
}

/// The start of a child's run, as its parent asked for it.
pub(super) fn started(
    parent: &Run,
    child: &Child,
    run_id: RunId,
    now: crate::clock::Time,
) -> WorkflowExecutionStarted {
    let initiated = &child.initiated;
    let command = &initiated.command;
    let execution_timeout = initiated.workflow_execution_timeout;
    let cron_backoff = cron::backoff(&command.cron_schedule, now, now);
    WorkflowExecutionStarted {
        workflow_id: initiated.workflow_id.clone(),
        workflow_type: initiated.workflow_type.clone(),
        task_queue: initiated.task_queue.clone(),
        input: command.input.clone().map(Shared::new),
        workflow_execution_timeout: execution_timeout,
        workflow_run_timeout: initiated.workflow_run_timeout,
        workflow_task_timeout: initiated.workflow_task_timeout,
        parent: Some(Parent {
            execution: parent.execution.clone(),
            initiated_event_id: child.initiated_event_id,
        }),
        root: Some(root(parent)),
        continued_execution_run_id: None,
        initiator: cron_backoff.map(|_| Initiator::CronSchedule),
        continued_failure: None,
        last_completion_result: None,
        original_execution_run_id: run_id,
        first_execution_run_id: run_id,
        identity: Name::empty(),
        retry_policy: command
            .retry_policy
            .as_ref()
            .map(|policy| RetryPolicy::with_defaults(Some(policy))),
        attempt: 1,
        workflow_execution_expiration_time: (!execution_timeout.is_zero())
            .then(|| now + execution_timeout),
        cron_schedule: Name::from(command.cron_schedule.as_str()),
        first_workflow_task_backoff: cron_backoff.unwrap_or_default(),
        memo: command.memo.clone().map(Shared::new),
        search_attributes: command.search_attributes.clone().map(Shared::new),
        header: command.header.clone().map(Shared::new),
        prev_auto_reset_points: Vec::new(),
        priority: command.priority.clone().map(Shared::new),
    }
}

/// The execution at the top of a tree of children.
fn root(run: &Run) -> Execution {
    run.started.root.clone().unwrap_or_else(|| run.execution.clone())
}

/// The child could not be started: its id is taken (R87).
pub(super) fn start_failed(tx: &mut Transaction<'_>, initiated: EventId) {
    let Some(at) = tx.run.child_index(initiated) else { return };
    let child = tx.run.children.remove(at);
    tx.buffer(Attributes::StartChildWorkflowExecutionFailed {
        child: child.initiated,
        initiated_event_id: initiated,
    });
    tx.schedule_workflow_task();
}

/// The parent records that the child's run exists (R87).
pub(super) fn record_started(tx: &mut Transaction<'_>, initiated: EventId) {
    let Some(at) = tx.run.child_index(initiated) else { return };
    let ChildState::Made(run_id) = tx.run.children[at].state else { return };
    tx.run.children[at].state = ChildState::StartBuffered(run_id);
    let child = Arc::clone(&tx.run.children[at].initiated);
    tx.buffer(Attributes::ChildWorkflowExecutionStarted {
        child,
        run_id,
        initiated_event_id: initiated,
    });
    tx.follow_up(Transfer::ScheduleChildsFirstTask(initiated));
    tx.schedule_workflow_task();
}

/// The parent records that the child has closed, as `run_id`, its last run (R87). A start that was
/// not recorded yet is recorded first. The caller asks for the workflow task.
pub(super) fn record_closed(
    tx: &mut Transaction<'_>,
    initiated: EventId,
    run_id: RunId,
    close: ChildClose,
) {
    let Some(at) = tx.run.child_index(initiated) else { return };
    if tx.run.children[at].state == ChildState::Initiated {
        return;
    }
    let child = tx.run.children.remove(at);
    let attributes = |started_event_id| Attributes::ChildWorkflowExecutionClosed {
        child: child.initiated.clone(),
        run_id,
        initiated_event_id: initiated,
        started_event_id,
        close,
    };
    match child.state {
        ChildState::Started(_, started) => tx.buffer(attributes(started)),
        ChildState::StartBuffered(_) => tx.buffer_close(initiated, attributes(EventId::default())),
        ChildState::Made(first_run) => {
            tx.buffer(Attributes::ChildWorkflowExecutionStarted {
                child: child.initiated.clone(),
                run_id: first_run,
                initiated_event_id: initiated,
            });
            tx.buffer_close(initiated, attributes(EventId::default()));
        }
        ChildState::Initiated => {}
    }
    if tx.run.mutant(Mutation::RecordsChildCloseTwice) {
        tx.run.buffer.extend_from_within(tx.run.buffer.len().saturating_sub(1)..);
    }
}

/// How a closed run looks to its parent; nothing while the chain goes on.
pub(super) fn close_of(run: &Run) -> Option<ChildClose> {
    let last = run.history.last()?;
    let close = match &last.attributes {
        Attributes::WorkflowExecutionCompleted { result, .. } => {
            ChildClose::Completed { result: result.clone() }
        }
        Attributes::WorkflowExecutionFailed { failure, retry_state, .. } => {
            ChildClose::Failed { failure: failure.clone(), retry_state: *retry_state }
        }
        Attributes::WorkflowExecutionTimedOut { retry_state, .. } => {
            ChildClose::TimedOut { retry_state: *retry_state }
        }
        Attributes::WorkflowExecutionCanceled { details, .. } => {
            ChildClose::Canceled { details: details.clone() }
        }
        Attributes::WorkflowExecutionTerminated { .. } => ChildClose::Terminated,
        _ => return None,
    };
    let goes_on = run.successor.is_some() || run.status == ExecutionStatus::ContinuedAsNew;
    (!goes_on).then_some(close)
}
