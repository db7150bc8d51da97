//! Requests, each to the room that knows it.

use std::sync::Arc;

use super::activity::{self, Named};
use super::commands::{self, Surroundings};
use super::key::RunIndex;
use super::polls::{Poll, Queue};
use super::start::{Asked, FirstTask, Verdict, judge};
use super::terminate::{self, TerminatedBy, Termination};
use super::workflow_task::{self, StartedFrom, WorkflowTaskState};
use super::{Server, cancel, describe, messages, query, signal, size};
use crate::api::limits::too_long;
use crate::api::{
    ActivityById, ActivityTarget, ActivityTask, CallId, Command, Outbox, Request,
    RespondWorkflowTaskCompleted, Response, RpcError, Target, TerminateWorkflowExecution,
};
use crate::clock::Time;
use crate::history::event::WorkflowExecutionSignaled;
use crate::history::ids::RunCause;
use crate::history::{Execution, Name, RunId, Shared, WorkflowId};

impl Server {
    /// Takes a request. Its answer is in `outbox` on return, unless it is a poll, or a query, a
    /// reader or an update that waits: that is parked, and answered by a later call or
    /// [`Server::fire`].
    pub fn call(&mut self, now: Time, call: CallId, request: Request, outbox: &mut Outbox) {
        let result = match request {
            Request::PollWorkflowTaskQueue(poll) => {
                let poll_of = Poll { call, identity: poll.identity, since: now };
                return self.polls.edit().park(poll.task_queue.into(), poll_of);
            }
            Request::PollActivityTaskQueue(poll) => {
                let poll_of = Poll { call, identity: poll.identity, since: now };
                return self.polls.edit().park(Queue::Activity(poll.task_queue), poll_of);
            }
            Request::UpdateWorkflowExecution(request) => {
                self.update(now, call, &request).transpose()
            }
            Request::PollWorkflowExecutionUpdate(request) => {
                self.poll_update(now, call, &request).transpose()
            }
            Request::QueryWorkflow(request) => self.query(now, call, *request).transpose(),
            Request::GetWorkflowExecutionHistory(request) => {
                self.read_history(call, &request).transpose()
            }
            Request::RespondWorkflowTaskCompleted(request) => Some(self.complete(now, &request)),
            other => Some(self.answer(now, other)),
        };
        if let Some(result) = result {
            outbox.answer(call, result);
        }
        self.deliver(outbox);
    }

    pub(super) fn answer(&mut self, now: Time, request: Request) -> Result<Response, RpcError> {
        match request {
            Request::StartWorkflowExecution(request) => {
                let mut asked = Asked::from(&*request);
                if request.request_eager_execution {
                    asked.first_task = FirstTask::Eager;
                }
                self.start(now, &asked)
            }
            Request::SignalWithStartWorkflowExecution(request) => {
                let asked = Asked::from(&*request);
                asked.validate_with_signal(&self.namespace, &request.signal_name, now)?;
                size::check(request.signal_input.as_ref())?;
                let signaled = WorkflowExecutionSignaled {
                    signal_name: Name::from(request.signal_name.as_str()),
                    input: request.signal_input.clone().map(Shared::new),
                    identity: Name::from(request.identity.as_str()),
                    header: request.header.clone().map(Shared::new),
                    request_id: Name::from(request.request_id.as_str()),
                    external: None,
                };
                self.signal_with_start(now, &asked, Arc::new(signaled))
            }
            Request::SignalWorkflowExecution(request) => {
                let target = &request.target;
                if target.workflow_id.as_str().is_empty() {
                    return Err(messages::workflow_id_not_set());
                }
                if request.signal_name.is_empty() {
                    return Err(RpcError::invalid_argument("SignalName is not set on request."));
                }
                if too_long(&request.signal_name) {
                    return Err(RpcError::invalid_argument("SignalName length exceeds limit."));
                }
                if too_long(&request.request_id) {
                    return Err(RpcError::invalid_argument("RequestId length exceeds limit."));
                }
                size::check(request.input.as_deref())?;
                let at = self.find(target)?;
                let signaled = WorkflowExecutionSignaled {
                    signal_name: request.signal_name,
                    input: request.input,
                    identity: request.identity,
                    header: request.header,
                    request_id: request.request_id,
                    external: None,
                };
                self.transact(now, at, |tx| signal::signal(tx, Arc::new(signaled)))?;
                Ok(Response::Empty)
            }
            Request::RequestCancelWorkflowExecution(request) => {
                let first = &request.first_execution_run_id;
                let at = self.find_by_first_run(&request.target, first)?;
                let run = self.get(at);
                if run.is_open() {
                    self.check_first_run(at, first)?;
                    self.transact(now, at, |tx| {
                        cancel::request(tx, &request.reason, &request.identity, None);
                    });
                }
                Ok(Response::Empty)
            }
            Request::TerminateWorkflowExecution(request) => self.terminate(now, *request),
            Request::ResetWorkflowExecution(request) => self.reset(now, &request),
            Request::ListWorkflowExecutions(request) => self.list(&request),
            Request::CountWorkflowExecutions { query } => self.count(&query),
            Request::StartBatchOperation(request) => self.start_batch(now, request),
            Request::DescribeBatchOperation { job_id } => self.describe_batch(&job_id),
            Request::DescribeWorkflowExecution(target) => {
                let at = self.find(&target)?;
                let description = describe::describe(self.get(at));
                Ok(Response::DescribeWorkflowExecution(Box::new(description)))
            }
            Request::RespondQueryTaskCompleted(request) => self.respond_query(now, *request),
            Request::RespondWorkflowTaskFailed(request) => {
                let at = self.find_of_token(&request.token.execution)?;
                self.transact(now, at, |tx| workflow_task::respond_failed(tx, &request))?;
                Ok(Response::Empty)
            }
            Request::RecordActivityTaskHeartbeat { activity, details, identity }
                if size::is_too_large(details.as_deref()) =>
            {
                let message = "Heartbeat details exceed size limit.";
                self.fail_for_size(now, &activity, message, &identity)?;
                Ok(Response::RecordActivityTaskHeartbeat { cancel_requested: true })
            }
            Request::RespondActivityTaskCompleted { activity, result, identity }
                if size::is_too_large(result.as_deref()) =>
            {
                let message = "Complete result exceeds size limit.";
                self.fail_for_size(now, &activity, message, &identity)
            }
            Request::RespondActivityTaskCanceled { activity, details, identity }
                if size::is_too_large(details.as_deref()) =>
            {
                let message = "Cancel details exceed size limit.";
                self.fail_for_size(now, &activity, message, &identity)
            }
            Request::RecordActivityTaskHeartbeat { activity, details, .. } => {
                let at = self.find_activity(&activity)?;
                let beat = self.transact(now, at, |tx| {
                    let beat = activity::heartbeat(tx.run, now, named(&activity), details);
                    if beat.is_ok() {
                        tx.change_silently();
                    }
                    beat
                });
                Ok(Response::RecordActivityTaskHeartbeat { cancel_requested: beat? })
            }
            Request::RespondActivityTaskCompleted { activity, result, identity } => {
                let at = self.find_activity(&activity)?;
                self.transact(now, at, |tx| {
                    activity::respond_completed(tx, named(&activity), result, &identity)
                })?;
                Ok(Response::Empty)
            }
            Request::RespondActivityTaskFailed(request) => {
                let at = self.find_activity(&request.activity)?;
                self.transact(now, at, |tx| {
                    activity::respond_failed(tx, named(&request.activity), &request)
                })?;
                Ok(Response::Empty)
            }
            Request::RespondActivityTaskCanceled { activity, details, identity } => {
                let at = self.find_activity(&activity)?;
                self.transact(now, at, |tx| {
                    activity::respond_canceled(tx, named(&activity), details, &identity)
                })?;
                Ok(Response::Empty)
            }
            Request::ShutdownWorker { sticky_task_queue } => {
                self.polls.edit().shut_down(&sticky_task_queue);
                Ok(Response::Empty)
            }
            // The caller has parked or answered them.
            Request::PollWorkflowTaskQueue(_)
            | Request::PollActivityTaskQueue(_)
            | Request::QueryWorkflow(_)
            | Request::GetWorkflowExecutionHistory(_)
            | Request::UpdateWorkflowExecution(_)
            | Request::PollWorkflowExecutionUpdate(_)
            | Request::RespondWorkflowTaskCompleted(_) => Ok(Response::Empty),
        }
    }

    /// Fails an activity that has said more than the server takes.
    fn fail_for_size(
        &mut self,
        now: Time,
        activity: &ActivityTarget,
        message: &str,
        identity: &Name,
    ) -> Result<Response, RpcError> {
        let at = self.find_activity(activity)?;
        self.transact(now, at, |tx| {
            activity::fail_for_size(tx, named(activity), message, identity)
        })?;
        Ok(Response::Empty)
    }

    /// The run that a token names.
    fn find_of_token(&self, execution: &Execution) -> Result<RunIndex, RpcError> {
        self.index(execution.run_id)
            .filter(|at| self.get(*at).execution.workflow_id == execution.workflow_id)
            .ok_or_else(|| {
                messages::run_not_found(&execution.workflow_id, &execution.run_id.to_string())
            })
    }

    fn find_activity(&self, target: &ActivityTarget) -> Result<RunIndex, RpcError> {
        match target {
            ActivityTarget::Token(token) => self.find_of_token(&token.execution),
            ActivityTarget::Id(by_id) => {
                let ActivityById { target, activity_id } = &**by_id;
                if activity_id.is_empty() {
                    return Err(RpcError::invalid_argument("ActivityId is not set on request."));
                }
                // Without a workflow, an activity of its own is meant; there are none.
                if target.workflow_id.as_str().is_empty() {
                    let what = format!("activity not found for ID: {activity_id}");
                    return Err(RpcError::not_found(what));
                }
                if !target.run_id.is_empty() && target.run_id.parse::<RunId>().is_err() {
                    return Err(RpcError::invalid_argument("RunId is not valid UUID."));
                }
                self.find(target)
            }
        }
    }

    /// The run that a cancel or a termination is for: with a first run, the current one whatever
    /// Run Id is given (R28).
    fn find_by_first_run(&self, target: &Target, first: &Name) -> Result<RunIndex, RpcError> {
        if first.is_empty() {
            return self.find(target);
        }
        if !target.run_id.is_empty() && target.run_id.parse::<RunId>().is_err() {
            return Err(messages::invalid_run_id());
        }
        self.find(&Target::current(target.workflow_id.clone()))
    }

    fn check_first_run(&self, at: RunIndex, first: &Name) -> Result<(), RpcError> {
        let own = self.get(at).started.first_execution_run_id;
        if first.is_empty() || first.parse() == Ok(own) {
            return Ok(());
        }
        Err(messages::first_run_mismatch())
    }

    fn terminate(
        &mut self,
        now: Time,
        request: TerminateWorkflowExecution,
    ) -> Result<Response, RpcError> {
        let first = &request.first_execution_run_id;
        let at = self.find_by_first_run(&request.target, first)?;
        if !self.get(at).is_open() {
            return Err(messages::already_completed());
        }
        self.check_first_run(at, first)?;
        let termination = terminate::by_client(&request.reason, request.details, &request.identity);
        self.transact(now, at, |tx| {
            terminate::terminate(tx, termination, TerminatedBy::Request);
        });
        Ok(Response::Empty)
    }

    /// Terminates a run because a new one takes its id (R47).
    pub(super) fn terminate_existing(&mut self, now: Time, at: RunIndex, new_run: RunId) {
        let termination = Termination {
            reason: messages::terminate_if_running(),
            details: Some(crate::history::payload::json(
                &format!("terminated by new runID: {new_run}").into(),
            )),
            identity: messages::history_service(),
        };
        self.transact(now, at, |tx| {
            terminate::terminate(tx, termination, TerminatedBy::Request);
        });
    }

    fn start(&mut self, now: Time, asked: &Asked<'_>) -> Result<Response, RpcError> {
        asked.validate(&self.namespace, now)?;
        let current = self.current_index(asked.workflow_id);
        if let Some(current) = current.map(|at| self.get(at))
            && !asked.request_id.is_empty()
            && *current.start_request_id == *asked.request_id
        {
            return Ok(started(current, Started::New));
        }
        match judge(current.map(|at| self.get(at)), asked.policies()) {
            Verdict::Refuse(error) => Err(error),
            Verdict::UseExisting => match self.current_run(asked.workflow_id) {
                Some(run) => Ok(started(run, Started::Existing)),
                None => Err(messages::workflow_not_found(&WorkflowId::from(asked.workflow_id))),
            },
            verdict @ (Verdict::Start | Verdict::TerminateAndStart) => {
                let at = self.begin(now, asked, &verdict, current, None);
                let run = self.get(at);
                let mut answer = started(run, Started::New);
                if let (
                    Response::StartWorkflowExecution { eager_workflow_task, .. },
                    WorkflowTaskState::Started(task),
                ) = (&mut answer, &run.workflow_task)
                {
                    let from = StartedFrom::NormalQueue;
                    let task = workflow_task::task(run, task, from, Vec::new());
                    *eager_workflow_task = Some(Box::new(task));
                }
                Ok(answer)
            }
        }
    }

    fn begin(
        &mut self,
        now: Time,
        asked: &Asked<'_>,
        verdict: &Verdict,
        current: Option<RunIndex>,
        signaled: Option<Arc<WorkflowExecutionSignaled>>,
    ) -> RunIndex {
        let workflow_id = WorkflowId::from(asked.workflow_id);
        let run_id = RunId::derive(&workflow_id, RunCause::Start, self.runs_so_far(&workflow_id));
        if let (Verdict::TerminateAndStart, Some(current)) = (verdict, current) {
            self.terminate_existing(now, current, run_id);
        }
        let start = Arc::new(asked.started(run_id, now));
        let request_id = Name::from(asked.request_id);
        self.make_run(now, run_id, start, request_id, asked.first_task, signaled)
    }

    /// Signals the current run, or starts one with the signal in it (F6).
    fn signal_with_start(
        &mut self,
        now: Time,
        asked: &Asked<'_>,
        signaled: Arc<WorkflowExecutionSignaled>,
    ) -> Result<Response, RpcError> {
        let current = self.current_index(asked.workflow_id);
        let policies = asked.policies();
        let open = current.filter(|at| self.get(*at).is_open());
        let terminates = judge(open.map(|at| self.get(at)), policies) == Verdict::TerminateAndStart;
        if let Some(at) = open.filter(|_| !terminates) {
            // Unlike a plain signal, this one ends the first task's backoff (F3).
            self.transact(now, at, |tx| {
                signal::signal(tx, signaled)?;
                tx.schedule_workflow_task();
                Ok::<(), RpcError>(())
            })?;
            return Ok(started(self.get(at), Started::Existing));
        }
        match judge(current.map(|at| self.get(at)), policies) {
            Verdict::Refuse(error) => Err(error),
            verdict => {
                let at = self.begin(now, asked, &verdict, current, Some(signaled));
                Ok(started(self.get(at), Started::New))
            }
        }
    }

    /// `RespondWorkflowTaskCompleted`: on a copy of the run, which a bad command drops (R21).
    fn complete(
        &mut self,
        now: Time,
        request: &RespondWorkflowTaskCompleted,
    ) -> Result<Response, RpcError> {
        let at = self.find_of_token(&request.token.execution)?;
        if workflow_task::started(self.get(at), &request.token).is_none() {
            return Err(messages::workflow_task_not_found());
        }
        if let Err(error) = commands::check_sequence(&request.commands) {
            query::ask_again(self.edit(at));
            return Err(error);
        }
        let surroundings = Surroundings {
            namespace: &self.namespace,
            runs_so_far: self.runs_so_far(&request.token.execution.workflow_id),
        };
        let mut copy = self.runs[at.0 as usize].clone();
        let run = copy.edit();
        match commands::complete(run, now, request, &surroundings) {
            Ok(completion) => {
                self.runs[at.0 as usize] = copy;
                self.take_query_results(at, &request.query_results);
                self.answer_rejected(at, &completion.rejected);
                self.settle(now, at);
                if let Some(new_run) = completion.new_run {
                    self.make_successor(now, new_run);
                }
                let returned = completion.returned.map(|(task, messages)| {
                    let from = StartedFrom::Completion;
                    Box::new(workflow_task::task(self.get(at), &task, from, messages))
                });
                Ok(Response::RespondWorkflowTaskCompleted {
                    workflow_task: returned,
                    activity_tasks: self.start_eagerly(now, at, request),
                    reset_history_event_id: completion.reset_history_event_id,
                })
            }
            Err(bad) => {
                let run = self.edit(at);
                query::ask_again(run);
                commands::refuse(run, now, &bad, &request.identity);
                let aborted = run.updates.abort();
                self.answer_aborted(at, &aborted);
                self.settle(now, at);
                Err(RpcError::invalid_argument(bad.message.to_string()))
            }
        }
    }
}

impl Server {
    /// Starts the activities that a completion scheduled and its worker wants to have at once,
    /// whatever their queue is (observed).
    fn start_eagerly(
        &mut self,
        now: Time,
        at: RunIndex,
        request: &RespondWorkflowTaskCompleted,
    ) -> Vec<ActivityTask> {
        if !self.get(at).is_open() {
            return Vec::new();
        }
        let eager = request.commands.iter().filter_map(|command| match command {
            Command::ScheduleActivityTask(command) if command.request_eager_execution => {
                Some(&command.activity_id)
            }
            _ => None,
        });
        let mut tasks = Vec::new();
        for id in eager {
            let pending = self.get(at).activities.iter();
            let wanted = pending.rev().find(|activity| activity.activity_id() == id);
            let Some(scheduled) = wanted.map(|activity| activity.scheduled_event_id) else {
                continue;
            };
            tasks.extend(activity::start(self.edit(at), now, scheduled, &request.identity));
            self.refresh(at);
        }
        tasks
    }
}

/// Whether a start made the run that it answers with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Started {
    New,
    Existing,
}

fn started(run: &super::Run, which: Started) -> Response {
    Response::StartWorkflowExecution {
        run_id: run.execution.run_id,
        first_execution_run_id: run.started.first_execution_run_id,
        started: which == Started::New,
        status: run.status,
        eager_workflow_task: None,
    }
}

fn named(target: &ActivityTarget) -> Named<'_> {
    match target {
        ActivityTarget::Token(token) => Named::ByToken(token),
        ActivityTarget::Id(by_id) => Named::ById(&by_id.activity_id),
    }
}
