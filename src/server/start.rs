//! Starting executions: what is asked for, the policies for an id that is in use, the first events
//! (F3, F6–F10, A7).

use std::time::Duration;

use super::duration::or_zero;
use super::run::Run;
use super::transaction::Transaction;
use super::workflow_task::{self, StartedFrom};
use super::{cron, messages};
use crate::api::{ExecutionStatus, RpcError};
use crate::clock::Time;
use crate::history::event::{Initiator, RetryPolicy, WorkflowExecutionStarted};
use crate::history::{Attributes, Name, RunId, Shared, WorkflowId};
use crate::official::enums::{WorkflowIdConflictPolicy, WorkflowIdReusePolicy};
use crate::official::workflowservice::{
    SignalWithStartWorkflowExecutionRequest, StartWorkflowExecutionRequest,
};
use crate::official::{common, taskqueue, well_known};

/// The time that a worker has for a workflow task if nobody says otherwise (A7).
const DEFAULT_WORKFLOW_TASK_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest that a worker may have for one (observed).
const MAXIMUM_WORKFLOW_TASK_TIMEOUT: Duration = Duration::from_secs(120);

/// The run timeout that is asked for, as it is recorded: an execution timeout is one too (A7).
pub(super) fn run_timeout(asked: Duration, execution_timeout: Duration) -> Duration {
    if asked.is_zero() { execution_timeout } else { cap(asked, execution_timeout) }
}

/// The workflow task timeout that is asked for, as it is recorded (A7).
pub(super) fn workflow_task_timeout(asked: Duration, run_timeout: Duration) -> Duration {
    let timeout = if asked.is_zero() { DEFAULT_WORKFLOW_TASK_TIMEOUT } else { asked };
    cap(timeout.min(MAXIMUM_WORKFLOW_TASK_TIMEOUT), run_timeout)
}

/// A timeout within another, which may be unset.
fn cap(timeout: Duration, limit: Duration) -> Duration {
    if limit.is_zero() { timeout } else { timeout.min(limit) }
}

/// What starts of either kind ask for.
pub(super) struct Asked<'a> {
    pub(super) workflow_id: &'a str,
    pub(super) workflow_type: Option<&'a common::WorkflowType>,
    pub(super) task_queue: Option<&'a taskqueue::TaskQueue>,
    pub(super) input: Option<&'a common::Payloads>,
    pub(super) execution_timeout: Option<&'a well_known::Duration>,
    pub(super) run_timeout: Option<&'a well_known::Duration>,
    pub(super) task_timeout: Option<&'a well_known::Duration>,
    identity: &'a str,
    pub(super) request_id: &'a str,
    reuse_policy: i32,
    conflict_policy: i32,
    pub(super) retry_policy: Option<&'a common::RetryPolicy>,
    pub(super) cron_schedule: &'a str,
    pub(super) memo: Option<&'a common::Memo>,
    pub(super) search_attributes: Option<&'a common::SearchAttributes>,
    header: Option<&'a common::Header>,
    pub(super) start_delay: Option<&'a well_known::Duration>,
    priority: Option<&'a common::Priority>,
    pub(super) first_task: FirstTask,
}

macro_rules! asked {
    ($request:expr) => {
        Asked {
            workflow_id: &$request.workflow_id,
            workflow_type: $request.workflow_type.as_ref(),
            task_queue: $request.task_queue.as_ref(),
            input: $request.input.as_ref(),
            execution_timeout: $request.workflow_execution_timeout.as_ref(),
            run_timeout: $request.workflow_run_timeout.as_ref(),
            task_timeout: $request.workflow_task_timeout.as_ref(),
            identity: &$request.identity,
            request_id: &$request.request_id,
            reuse_policy: $request.workflow_id_reuse_policy,
            conflict_policy: $request.workflow_id_conflict_policy,
            retry_policy: $request.retry_policy.as_ref(),
            cron_schedule: &$request.cron_schedule,
            memo: $request.memo.as_ref(),
            search_attributes: $request.search_attributes.as_ref(),
            header: $request.header.as_ref(),
            start_delay: $request.workflow_start_delay.as_ref(),
            priority: $request.priority.as_ref(),
            first_task: FirstTask::Scheduled,
        }
    };
}

impl<'a> From<&'a StartWorkflowExecutionRequest> for Asked<'a> {
    fn from(request: &'a StartWorkflowExecutionRequest) -> Self {
        asked!(request)
    }
}

impl<'a> From<&'a SignalWithStartWorkflowExecutionRequest> for Asked<'a> {
    fn from(request: &'a SignalWithStartWorkflowExecutionRequest) -> Self {
        asked!(request)
    }
}

impl Asked<'_> {
    pub(super) fn reuse(&self) -> WorkflowIdReusePolicy {
        WorkflowIdReusePolicy::try_from(self.reuse_policy).unwrap_or_default()
    }

    pub(super) fn conflict(&self) -> WorkflowIdConflictPolicy {
        WorkflowIdConflictPolicy::try_from(self.conflict_policy).unwrap_or_default()
    }

    /// The policies together.
    pub(super) fn policies(&self) -> Policies {
        Policies::new(self.reuse(), self.conflict())
    }

    /// The first event of the new run.
    pub(super) fn started(&self, run_id: RunId, now: Time) -> WorkflowExecutionStarted {
        let execution_timeout = or_zero(self.execution_timeout);
        let run_timeout = run_timeout(or_zero(self.run_timeout), execution_timeout);
        let start_delay = or_zero(self.start_delay);
        let cron_backoff = cron::backoff(self.cron_schedule, now, now);
        WorkflowExecutionStarted {
            workflow_id: WorkflowId::from(self.workflow_id),
            workflow_type: Name::from(self.workflow_type.map_or("", |of_type| &of_type.name)),
            task_queue: Name::from(self.task_queue.map_or("", |queue| &queue.name)),
            input: self.input.cloned().map(Shared::new),
            workflow_execution_timeout: execution_timeout,
            workflow_run_timeout: run_timeout,
            workflow_task_timeout: workflow_task_timeout(or_zero(self.task_timeout), run_timeout),
            parent: None,
            root: None,
            continued_execution_run_id: None,
            initiator: cron_backoff.map(|_| Initiator::CronSchedule),
            continued_failure: None,
            last_completion_result: None,
            original_execution_run_id: run_id,
            first_execution_run_id: run_id,
            identity: Name::from(self.identity),
            retry_policy: self.retry_policy.map(|policy| RetryPolicy::with_defaults(Some(policy))),
            attempt: 1,
            workflow_execution_expiration_time: (!execution_timeout.is_zero())
                .then(|| now + start_delay + execution_timeout),
            cron_schedule: Name::from(self.cron_schedule),
            first_workflow_task_backoff: cron_backoff.unwrap_or(start_delay),
            memo: self.memo.cloned().map(Shared::new),
            search_attributes: self.search_attributes.cloned().map(Shared::new),
            header: self.header.cloned().map(Shared::new),
            prev_auto_reset_points: Vec::new(),
            priority: self.priority.cloned().map(Shared::new),
        }
    }
}

/// What a start does with an id that is in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Policies {
    pub(super) reuse: WorkflowIdReusePolicy,
    pub(super) conflict: WorkflowIdConflictPolicy,
}

impl Policies {
    /// The old reuse policy that terminates is today's conflict policy (F8).
    fn new(reuse: WorkflowIdReusePolicy, conflict: WorkflowIdConflictPolicy) -> Self {
        let terminate = WorkflowIdConflictPolicy::TerminateExisting;
        Self { reuse, conflict: if terminates_running(reuse) { terminate } else { conflict } }
    }

    /// The policies of a child, which has no conflict policy of its own.
    pub(super) fn of_child(reuse: i32) -> Self {
        let reuse = WorkflowIdReusePolicy::try_from(reuse).unwrap_or_default();
        Self::new(reuse, WorkflowIdConflictPolicy::Fail)
    }
}

#[allow(deprecated)] // and still accepted
pub(super) fn terminates_running(reuse: WorkflowIdReusePolicy) -> bool {
    reuse == WorkflowIdReusePolicy::TerminateIfRunning
}

/// What to do, given the current run of the id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// Make a run.
    Start,
    /// Terminate the current run, then make one (R47).
    TerminateAndStart,
    /// Answer with the current run (F8).
    UseExisting,
    /// Refuse (F8, F9).
    Refuse(RpcError),
}

/// Applies the policies (F8, F9).
pub(super) fn judge(current: Option<&Run>, policies: Policies) -> Verdict {
    let Some(current) = current else { return Verdict::Start };
    let refuse = |message: String| {
        Verdict::Refuse(messages::already_started(
            message,
            current.start_request_id.clone(),
            current.execution.run_id,
            current.started.first_execution_run_id,
        ))
    };
    let who = format!(
        "WorkflowId: {}, RunId: {}.",
        current.execution.workflow_id, current.execution.run_id
    );
    if current.is_open() {
        return match policies.conflict {
            WorkflowIdConflictPolicy::UseExisting => Verdict::UseExisting,
            WorkflowIdConflictPolicy::TerminateExisting => Verdict::TerminateAndStart,
            _ => refuse(format!("Workflow execution is already running. {who}")),
        };
    }
    match policies.reuse {
        WorkflowIdReusePolicy::RejectDuplicate => refuse(format!(
            "Workflow execution already finished. {who} Workflow Id reuse policy: reject duplicate \
             workflow Id."
        )),
        WorkflowIdReusePolicy::AllowDuplicateFailedOnly
            if current.status == ExecutionStatus::Completed =>
        {
            refuse(format!(
                "Workflow execution already finished successfully. {who} Workflow Id reuse policy: \
                 allow duplicate workflow Id if last run failed."
            ))
        }
        _ => Verdict::Start,
    }
}

/// Whether a new run's first workflow task is scheduled with its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FirstTask {
    /// At once, or after the backoff if the run has one (F3).
    Scheduled,
    /// When the parent has recorded the child's start (R87).
    AwaitsParent,
    /// As `Scheduled`, and started at once by who starts the run (observed). Not after a backoff.
    Eager,
}

/// Writes the first events of a run: its start, a signal if it came with one, the first workflow
/// task (A1, F6).
pub(super) fn begin(
    tx: &mut Transaction<'_>,
    first_task: FirstTask,
    signal: Option<std::sync::Arc<crate::history::event::WorkflowExecutionSignaled>>,
) {
    let started = std::sync::Arc::clone(&tx.run.started);
    let identity = started.identity.clone();
    tx.add(Attributes::WorkflowExecutionStarted(started));
    if let Some(signaled) = signal {
        tx.run.signal_request_ids.insert(signaled.request_id.clone());
        tx.buffer(Attributes::WorkflowExecutionSignaled(signaled));
    }
    if first_task != FirstTask::AwaitsParent && !tx.run.in_first_backoff() {
        tx.schedule_workflow_task();
        if first_task == FirstTask::Eager {
            workflow_task::start(tx, &identity, StartedFrom::NormalQueue);
        }
    }
}
