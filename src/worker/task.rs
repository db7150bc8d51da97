//! Workflow tasks: taken from a poll, replayed and run, held open for local activities, answered;
//! and the cache that keeps runs between their tasks.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::failures;
use super::key::{Call, WorkerKey, WorkflowTaskKey};
use super::local::LocalRequest;
use super::local_run::{LocalAttempt, LocalRuns};
use super::op::OpId;
use super::problem::Stopped;
use super::program::Program;
use super::query;
use super::run::{Context, Halt, MAX_STEPS_PER_ACTIVATION, NextTask, Run};
use super::{Sent, Worker};
use crate::api::{
    QueryAnswer, QueryId, Request, RespondWorkflowTaskCompleted, RespondWorkflowTaskFailed,
    Response, RpcError, WorkflowTask, WorkflowTaskToken,
};
use crate::clock::Time;
use crate::history::fingerprint::Fingerprint;
use crate::history::{Event, EventId, Name, RunId, Shared};
use crate::official::query::WorkflowQuery;
use crate::official::{enums, failure};

/// A run in memory.
///
/// What its code and operations are follows from the history that made them, the code's version
/// and how local activities that are not recorded yet have ended: the digest is over those, and
/// stands for the run where states are compared.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    digest: u128,
    pub(super) run: Arc<Run>,
    pub(super) locals: LocalRuns,
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest && self.locals == other.locals
    }
}

impl Eq for Kept {}

impl Hash for Kept {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.digest);
        self.locals.hash(state);
    }
}

impl Kept {
    /// The run has moved on because of this.
    pub(super) fn note(&mut self, what: impl Hash) {
        let mut digest = Fingerprint::new();
        digest.write_u128(self.digest);
        what.hash(&mut digest);
        self.digest = digest.finish128();
    }
}

/// A workflow task that has not been answered.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct OpenTask {
    token: WorkflowTaskToken,
    /// When it is kept alive, while it waits for local activities.
    heartbeat: Time,
    pub(super) kept: Kept,
    pub(super) state: TaskState,
    /// Queries to be answered with the completion.
    queries: Vec<(QueryId, Shared<WorkflowQuery>)>,
    /// The run's next task, which came before this one was answered: the server gave up waiting.
    next: Option<Box<WorkflowTask>>,
}

/// What is to become of a workflow task.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum TaskState {
    /// It is answered at this time.
    Answer(Time, Answer),
    /// It waits for local activities.
    Wait,
    /// The answer is on its way: whether it keeps the task's run in memory.
    Sent(Answer),
}

/// The answer to a workflow task.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Answer {
    Complete,
    /// Local activities need another task.
    Heartbeat,
    Fail(enums::WorkflowTaskFailedCause, Shared<failure::Failure>),
}

impl OpenTask {
    /// What the code says to the queries that came with the task.
    fn answers(&self, program: &Program) -> Vec<(QueryId, QueryAnswer)> {
        let queries = self.queries.iter();
        queries.map(|(id, query)| (*id, query::answer(&self.kept.run, query, program))).collect()
    }

    /// Whether its answer will be a completion.
    pub(super) fn completes(&self) -> bool {
        matches!(&self.state, TaskState::Answer(_, Answer::Complete | Answer::Heartbeat))
    }

    fn key(&self) -> WorkflowTaskKey {
        WorkflowTaskKey::from(&self.token)
    }

    /// What it will do by itself, and when.
    pub(super) fn due(&self, program: &Program, list: &mut Vec<(Time, WorkerKey)>) {
        match &self.state {
            TaskState::Answer(time, _) => {
                list.push((*time, WorkerKey::RespondWorkflowTask(self.key())));
            }
            TaskState::Wait => {
                list.push((self.heartbeat, WorkerKey::HeartbeatWorkflowTask(self.key())));
                self.kept.locals.due(self.token.execution.run_id, program, list);
            }
            TaskState::Sent(_) => {}
        }
    }
}

impl Worker {
    /// A workflow task was polled, or came back with an answer.
    pub(super) fn workflow_task(&mut self, now: Time, task: &WorkflowTask) {
        let run_id = task.token.execution.run_id;
        if let Some(open) = self.tasks.get_mut(&run_id) {
            // sdk-core too carries a task to its end, in vain, before it takes the run's next; an
            // answer that was lost and is asked for again is part of that.
            open.next = Some(Box::new(task.clone()));
            return;
        }
        let kept = self.cache.remove(&run_id);
        let Some(workflow) = self.program.workflow(&task.workflow_type) else {
            return self.refuse_workflow(now, task);
        };
        if !self.config.has_workflow(&task.workflow_type) {
            return self.refuse_workflow(now, task);
        }
        let version = self.versions[workflow as usize];
        let kept = kept.filter(|kept| continues(task, kept.run.last_event));
        let mut kept = kept.unwrap_or_else(|| Kept {
            digest: 0,
            run: Arc::new(Run::new(&self.program, task.token.execution.clone(), workflow, version)),
            locals: LocalRuns::default(),
        });
        let recorded = task.history.events_after(kept.run.last_event);
        let events: Vec<&Event> = recorded.chain(&task.transient).collect();
        let result = {
            let program = self.program.clone();
            let mut ctx = Context {
                program: &program,
                task_queue: &self.config.task_queue,
                now,
                failures: &mut self.failures,
                steps: MAX_STEPS_PER_ACTIVATION,
            };
            Arc::make_mut(&mut kept.run).advance(&events, &task.messages, &mut ctx)
        };
        kept.digest = 0;
        let code = (kept.run.workflow, kept.run.version);
        kept.note((code, task.history.digest(), task.token.started_event_id, &task.messages));
        let timeout = kept
            .run
            .started
            .as_ref()
            .map_or(Duration::ZERO, |started| started.workflow_task_timeout);
        let timeout = if timeout.is_zero() { DEFAULT_WORKFLOW_TASK_TIMEOUT } else { timeout };
        let open = OpenTask {
            token: task.token.clone(),
            heartbeat: now + timeout.saturating_mul(4) / 5,
            kept,
            state: TaskState::Wait,
            queries: task.queries.clone(),
            next: None,
        };
        self.tasks.insert(run_id, open);
        self.moved_on(now, run_id, result);
    }

    /// A run has moved on: it is answered, waits for local activities, or has failed its task.
    pub(super) fn moved_on(&mut self, now: Time, run_id: RunId, result: Result<(), Halt>) {
        let latency = self.config.workflow_task_latency;
        match result {
            Ok(()) => {
                let program = self.program.clone();
                let Some(open) = self.tasks.get_mut(&run_id) else { return };
                begin_locals(&mut open.kept, now, &program);
                let (run, locals) = (&open.kept.run, &open.kept.locals);
                let next = run.next_task == NextTask::AtOnce && !run.closed;
                let answer = if next { Answer::Heartbeat } else { Answer::Complete };
                open.state = if locals.is_empty() {
                    TaskState::Answer(now + latency + run.busy, answer)
                } else {
                    TaskState::Wait
                };
            }
            Err(Halt::Nondeterminism(text)) => {
                let text = format!("[TMPRL1100] Nondeterminism error: {text}");
                let cause = enums::WorkflowTaskFailedCause::NonDeterministicError;
                self.fail_task(now, run_id, cause, failures::bug(&text));
            }
            Err(Halt::Failed(cause, failure)) => self.fail_task(now, run_id, cause, failure),
            Err(Halt::Endless(step)) => {
                self.stopped.push(Stopped::Workflow(step));
                self.leave_unanswered(now, run_id);
            }
        }
    }

    /// At the first attempt the failure is reported; later ones time out, as with sdk-core.
    fn fail_task(
        &mut self,
        now: Time,
        run_id: RunId,
        cause: enums::WorkflowTaskFailedCause,
        failure: Shared<failure::Failure>,
    ) {
        let latency = self.config.workflow_task_latency;
        let Some(open) = self.tasks.get_mut(&run_id) else { return };
        if open.token.attempt > 1 {
            self.leave_unanswered(now, run_id);
            return;
        }
        open.kept.locals = LocalRuns::default();
        let at = now + latency + open.kept.run.busy;
        open.state = TaskState::Answer(at, Answer::Fail(cause, failure));
    }

    /// Forgets a task and its run; if the run's next task is there, it takes that.
    fn leave_unanswered(&mut self, now: Time, run_id: RunId) {
        let next = self.tasks.remove(&run_id).and_then(|open| open.next);
        if let Some(next) = next {
            self.workflow_task(now, &next);
        }
    }

    /// That the worker does not have this type, in the Python SDK's words.
    pub(super) fn not_registered(&self, workflow_type: &str) -> String {
        let known = self.program.workflows.iter().map(|code| code.name.as_str());
        let known: Vec<&str> = known.filter(|name| self.config.has_workflow(name)).collect();
        format!(
            "Workflow class {workflow_type} is not registered on this worker, available workflows: {}",
            known.join(", ")
        )
    }

    fn refuse_workflow(&mut self, now: Time, task: &WorkflowTask) {
        let text = self.not_registered(&task.workflow_type);
        let failure = failures::not_registered(&text);
        let cause = enums::WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure;
        let run_id = task.token.execution.run_id;
        let kept = Kept {
            digest: 0,
            run: Arc::new(Run::unknown(task.token.execution.clone())),
            locals: LocalRuns::default(),
        };
        let token = task.token.clone();
        let queries = Vec::new();
        let open =
            OpenTask { token, heartbeat: now, kept, state: TaskState::Wait, queries, next: None };
        self.tasks.insert(run_id, open);
        self.fail_task(now, run_id, cause, failure);
    }

    /// Answers a workflow task.
    pub(super) fn respond_workflow_task(&mut self, key: WorkflowTaskKey, out: &mut Vec<Sent>) {
        let Some(open) = self.tasks.get_mut(&key.run_id).filter(|open| open.key() == key) else {
            return;
        };
        let TaskState::Answer(_, answer) = &open.state else { return };
        let answer = answer.clone();
        open.state = TaskState::Sent(answer.clone());
        let token = open.token.clone();
        let identity = self.config.identity.clone();
        let request = match answer {
            Answer::Fail(cause, failure) => {
                Request::RespondWorkflowTaskFailed(Box::new(RespondWorkflowTaskFailed {
                    token,
                    cause,
                    failure: Some(failure),
                    identity,
                    binary_checksum: Name::empty(),
                }))
            }
            Answer::Complete | Answer::Heartbeat => {
                let force = answer == Answer::Heartbeat;
                Request::RespondWorkflowTaskCompleted(Box::new(RespondWorkflowTaskCompleted {
                    token,
                    commands: open.kept.run.commands(),
                    identity,
                    sticky: self.sticky.clone(),
                    query_results: open.answers(&self.program),
                    // sdk-core always takes the next task if there is one.
                    return_new_workflow_task: !self.paused,
                    force_create_new_workflow_task: force,
                    messages: open.kept.run.messages(),
                    discards_speculative_with_events: true,
                    extras: None,
                }))
            }
        };
        self.send(Call::RespondWorkflowTask(key), request, out);
    }

    /// A workflow task waits for local activities, and its timeout is near.
    pub(super) fn heartbeat_workflow_task(&mut self, key: WorkflowTaskKey, out: &mut Vec<Sent>) {
        let Some(open) = self.tasks.get_mut(&key.run_id).filter(|open| open.key() == key) else {
            return;
        };
        open.state = TaskState::Answer(open.heartbeat, Answer::Heartbeat);
        self.respond_workflow_task(key, out);
    }

    /// The answer to a workflow task's answer: accepted, the run stays in memory; refused
    /// (`UnhandledCommand`, a bad command, a run that is gone), it is forgotten and replayed.
    pub(super) fn workflow_task_answered(
        &mut self,
        now: Time,
        key: WorkflowTaskKey,
        result: Result<Response, RpcError>,
    ) {
        let current = self.tasks.get(&key.run_id).is_some_and(|open| open.key() == key);
        let mut next = None;
        let open = if current { self.tasks.remove(&key.run_id) } else { None };
        let accepted = matches!(result, Ok(Response::RespondWorkflowTaskCompleted { .. }));
        let left_nothing = matches!(
            result,
            Ok(Response::RespondWorkflowTaskCompleted { reset_history_event_id: Some(_), .. })
        );
        if let Some(mut open) = open {
            if left_nothing {
                // The task's own events will never be; their ids go to others (G5).
                let before = EventId(open.token.scheduled_event_id.0.saturating_sub(1));
                Arc::make_mut(&mut open.kept.run).last_event = before;
                open.kept.note(before);
            }
            let keeps = match open.state {
                TaskState::Sent(Answer::Complete) => self.sticky.is_some(),
                TaskState::Sent(Answer::Heartbeat) => true,
                _ => false,
            };
            if accepted && keeps && !open.kept.run.closed {
                self.cache.insert(key.run_id, open.kept);
            }
            next = open.next;
        }
        if let Ok(Response::RespondWorkflowTaskCompleted { workflow_task: Some(task), .. }) = result
        {
            next = Some(task);
        }
        if let Some(task) = next {
            self.workflow_task(now, &task);
        }
    }

    /// A local activity goes on, times out, or is tried again.
    pub(super) fn wake_local(&mut self, now: Time, run_id: RunId, op: OpId) {
        let program = self.program.clone();
        let Some(open) = self.tasks.get_mut(&run_id) else { return };
        if open.state != TaskState::Wait {
            return;
        }
        let kept = &mut open.kept;
        let result = match kept.locals.wake(now, op, &program) {
            LocalAttempt::GoesOn => return,
            LocalAttempt::Endless(step) => {
                self.stopped.push(Stopped::Activity(step));
                self.leave_unanswered(now, run_id);
                return;
            }
            LocalAttempt::Ended(result) => result,
        };
        kept.note((op, &result));
        let mut ctx = Context {
            program: &program,
            task_queue: &self.config.task_queue,
            now,
            failures: &mut self.failures,
            steps: MAX_STEPS_PER_ACTIVATION,
        };
        let run = Arc::make_mut(&mut kept.run);
        run.local_ended(op, result, &ctx);
        let result = run.settle_later(&mut ctx);
        self.moved_on(now, run_id, result);
    }
}

/// Temporal's default.
const DEFAULT_WORKFLOW_TASK_TIMEOUT: Duration = Duration::from_secs(10);

/// Whether a task goes on where a run in the cache stands; one with the full history does not. After
/// a speculative task that left nothing some events come a second time.
fn continues(task: &WorkflowTask, last_event: EventId) -> bool {
    task.first_event_id > EventId::FIRST && task.first_event_id <= last_event.next()
}

/// Does what a run has asked for its local activities.
fn begin_locals(kept: &mut Kept, now: Time, program: &Program) {
    if kept.run.closed {
        kept.locals = LocalRuns::default();
    }
    if kept.run.local_requests.is_empty() {
        return;
    }
    let run = Arc::make_mut(&mut kept.run);
    let requests: Vec<LocalRequest> = std::mem::take(&mut run.local_requests);
    for request in requests {
        kept.locals.request(now, run, &request, program);
    }
}
