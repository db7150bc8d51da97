//! A server, a clock and a few words: what the rooms' tests are told in.

use std::time::Duration;

use super::Server;
use crate::api::{
    ActivityTarget, ActivityTask, CallId, Command, Outbox, PollActivityTaskQueue,
    PollWorkflowTaskQueue, PolledTaskQueue, QueryTask, Request, RequestCancelWorkflowExecution,
    RespondActivityTaskFailed, RespondWorkflowTaskCompleted, RespondWorkflowTaskFailed, Response,
    RpcError, SignalWorkflowExecution, StickyAttributes, Target, TerminateWorkflowExecution,
    WorkflowTask,
};
use crate::clock::{EPOCH, Time};
use crate::history::{Attributes, Name, Payloads, RunId};
use crate::official::enums::WorkflowTaskFailedCause;
use crate::official::failure::failure::FailureInfo;
use crate::official::failure::{ApplicationFailureInfo, Failure};
use crate::official::workflowservice::{
    ResetWorkflowExecutionRequest, StartWorkflowExecutionRequest,
};
use crate::official::{command, common, taskqueue, well_known};

/// The execution that most stories are about.
pub(super) const WORKFLOW: &str = "w";

/// A story in the making.
pub(super) struct Story {
    pub(super) server: Server,
    pub(super) now: Time,
    calls: u64,
    /// To calls that were parked.
    answers: Vec<(CallId, Result<Response, RpcError>)>,
}

impl Story {
    /// Nothing has happened.
    pub(super) fn new() -> Self {
        Self { server: Server::new("default"), now: EPOCH, calls: 0, answers: Vec::new() }
    }

    /// The workflow has been started.
    pub(super) fn started() -> Self {
        let mut story = Self::new();
        story.start(start(WORKFLOW)).expect("a start");
        story
    }

    /// The first workflow task was completed with these commands.
    pub(super) fn after(commands: Vec<Command>) -> Self {
        let mut story = Self::started();
        let task = story.poll();
        story.complete(&task, commands).expect("a completion");
        story
    }

    /// A request, and what is due because of it.
    pub(super) fn call(&mut self, request: Request) -> Result<Response, RpcError> {
        self.calls += 1;
        let mut outbox = Outbox::new();
        let call = CallId(self.calls);
        self.server.call(self.now, call, request, &mut outbox);
        let mut answer = self.take_answer(call, &mut outbox);
        while let Some((due, task)) = self.server.due().filter(|(due, _)| *due <= self.now) {
            assert!(due <= self.now);
            self.server.fire(self.now, task, &mut outbox);
            answer = answer.or_else(|| self.take_answer(call, &mut outbox));
        }
        if answer.is_none() {
            self.server.abandon(self.now, call);
        }
        self.answers.extend(outbox.drain());
        answer.map_or(Ok(Response::Empty), |(_, answer)| answer)
    }

    /// What a call got of these answers; the others are kept.
    fn take_answer(
        &mut self,
        call: CallId,
        outbox: &mut Outbox,
    ) -> Option<(CallId, Result<Response, RpcError>)> {
        let (own, others): (Vec<_>, Vec<_>) = outbox.drain().partition(|(to, _)| *to == call);
        self.answers.extend(others);
        own.into_iter().next()
    }

    /// Makes a call that waits for its answer.
    pub(super) fn park(&mut self, request: Request) -> CallId {
        self.calls += 1;
        let call = CallId(self.calls);
        let mut outbox = Outbox::new();
        self.server.call(self.now, call, request, &mut outbox);
        self.answers.extend(outbox.drain());
        call
    }

    /// The answer to a call that was parked, if it has one.
    pub(super) fn answer(&self, call: CallId) -> Option<Result<Response, RpcError>> {
        self.answers.iter().find(|(to, _)| *to == call).map(|(_, answer)| answer.clone())
    }

    /// Time passes, and what becomes due happens at its time.
    pub(super) fn pass(&mut self, duration: Duration) {
        let until = self.now + duration;
        let mut outbox = Outbox::new();
        while let Some((due, task)) = self.server.due().filter(|(due, _)| *due <= until) {
            self.now = self.now.max(due);
            self.server.fire(self.now, task, &mut outbox);
        }
        self.answers.extend(outbox.drain());
        self.now = until;
    }

    pub(super) fn start(
        &mut self,
        request: StartWorkflowExecutionRequest,
    ) -> Result<RunId, RpcError> {
        match self.call(Request::StartWorkflowExecution(request.into()))? {
            Response::StartWorkflowExecution { run_id, .. } => Ok(run_id),
            other => panic!("{other:?}"),
        }
    }

    /// The pending workflow task, from the normal queue.
    pub(super) fn poll(&mut self) -> WorkflowTask {
        self.try_poll(PolledTaskQueue::Normal("q".into())).expect("a workflow task")
    }

    pub(super) fn try_poll(&mut self, task_queue: PolledTaskQueue) -> Option<WorkflowTask> {
        let identity = Name::from("worker");
        let poll = PollWorkflowTaskQueue { task_queue, identity };
        match self.call(Request::PollWorkflowTaskQueue(poll)) {
            Ok(Response::PollWorkflowTaskQueue(task)) => Some(*task),
            _ => None,
        }
    }

    /// A query task, from the normal queue.
    pub(super) fn poll_query(&mut self) -> Option<QueryTask> {
        let task_queue = PolledTaskQueue::Normal("q".into());
        let poll = PollWorkflowTaskQueue { task_queue, identity: "worker".into() };
        match self.call(Request::PollWorkflowTaskQueue(poll)) {
            Ok(Response::QueryTask(task)) => Some(*task),
            _ => None,
        }
    }

    /// An activity task.
    pub(super) fn poll_activity(&mut self) -> Option<ActivityTask> {
        let poll = PollActivityTaskQueue { task_queue: "q".into(), identity: "act-worker".into() };
        match self.call(Request::PollActivityTaskQueue(poll)) {
            Ok(Response::PollActivityTaskQueue(task)) => Some(*task),
            _ => None,
        }
    }

    pub(super) fn complete(
        &mut self,
        task: &WorkflowTask,
        commands: Vec<Command>,
    ) -> Result<(), RpcError> {
        self.complete_as(completion(task, commands))
    }

    pub(super) fn complete_sticky(&mut self, task: &WorkflowTask) -> Result<(), RpcError> {
        let mut request = completion(task, Vec::new());
        request.sticky = Some(StickyAttributes {
            worker_task_queue: "sticky".into(),
            schedule_to_start_timeout: Duration::from_secs(5),
        });
        self.complete_as(request)
    }

    pub(super) fn complete_as(
        &mut self,
        request: RespondWorkflowTaskCompleted,
    ) -> Result<(), RpcError> {
        self.call(Request::RespondWorkflowTaskCompleted(Box::new(request))).map(|_| ())
    }

    pub(super) fn fail(&mut self, task: &WorkflowTask) -> Result<(), RpcError> {
        let request = RespondWorkflowTaskFailed {
            token: task.token.clone(),
            cause: WorkflowTaskFailedCause::NonDeterministicError,
            failure: None,
            identity: "worker".into(),
            binary_checksum: Name::empty(),
        };
        self.call(Request::RespondWorkflowTaskFailed(Box::new(request))).map(|_| ())
    }

    pub(super) fn signal(&mut self, name: &str) -> Result<(), RpcError> {
        let request = SignalWorkflowExecution {
            target: Target::current(WORKFLOW),
            signal_name: name.into(),
            input: None,
            identity: "client".into(),
            request_id: Name::empty(),
            header: None,
        };
        self.call(Request::SignalWorkflowExecution(Box::new(request))).map(|_| ())
    }

    pub(super) fn cancel(&mut self, workflow_id: &str) -> Result<(), RpcError> {
        let request = RequestCancelWorkflowExecution {
            target: Target::current(workflow_id),
            first_execution_run_id: Name::empty(),
            reason: Name::empty(),
            identity: "client".into(),
        };
        self.call(Request::RequestCancelWorkflowExecution(Box::new(request))).map(|_| ())
    }

    pub(super) fn terminate(&mut self, workflow_id: &str) -> Result<(), RpcError> {
        let request = TerminateWorkflowExecution {
            target: Target::current(workflow_id),
            first_execution_run_id: Name::empty(),
            reason: Name::empty(),
            details: None,
            identity: Name::empty(),
        };
        self.call(Request::TerminateWorkflowExecution(Box::new(request))).map(|_| ())
    }

    pub(super) fn reset(&mut self, event_id: i64) -> Result<RunId, RpcError> {
        self.calls += 1;
        let request = ResetWorkflowExecutionRequest {
            workflow_execution: Some(execution(WORKFLOW)),
            reason: "bad deploy".to_owned(),
            workflow_task_finish_event_id: event_id,
            request_id: format!("reset-{}", self.calls),
            ..ResetWorkflowExecutionRequest::default()
        };
        match self.call(Request::ResetWorkflowExecution(request.into()))? {
            Response::ResetWorkflowExecution { run_id } => Ok(run_id),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn heartbeat(
        &mut self,
        task: &ActivityTask,
        details: Option<Payloads>,
    ) -> Result<bool, RpcError> {
        let activity = ActivityTarget::Token(task.token.clone());
        let identity = Name::empty();
        match self.call(Request::RecordActivityTaskHeartbeat { activity, details, identity })? {
            Response::RecordActivityTaskHeartbeat { cancel_requested } => Ok(cancel_requested),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn complete_activity(&mut self, task: &ActivityTask) -> Result<(), RpcError> {
        let activity = ActivityTarget::Token(task.token.clone());
        let identity = Name::from("act-worker");
        let request = Request::RespondActivityTaskCompleted { activity, result: None, identity };
        self.call(request).map(|_| ())
    }

    pub(super) fn cancel_activity(&mut self, task: &ActivityTask) -> Result<(), RpcError> {
        let activity = ActivityTarget::Token(task.token.clone());
        let identity = Name::from("act-worker");
        let request = Request::RespondActivityTaskCanceled { activity, details: None, identity };
        self.call(request).map(|_| ())
    }

    pub(super) fn fail_activity(&mut self, task: &ActivityTask) -> Result<(), RpcError> {
        let failure = Failure {
            message: "boom".to_owned(),
            failure_info: Some(FailureInfo::ApplicationFailureInfo(
                ApplicationFailureInfo::default(),
            )),
            ..Failure::default()
        };
        let request = RespondActivityTaskFailed {
            activity: ActivityTarget::Token(task.token.clone()),
            failure: Some(failure.into()),
            identity: "act-worker".into(),
            last_heartbeat_details: None,
        };
        self.call(Request::RespondActivityTaskFailed(Box::new(request))).map(|_| ())
    }

    /// The events of the current run, by type.
    pub(super) fn types(&self) -> Vec<&'static str> {
        self.types_of(WORKFLOW)
    }

    pub(super) fn types_of(&self, workflow_id: &str) -> Vec<&'static str> {
        let run = self.server.current_run(workflow_id).expect("a run");
        run.history().events().map(|event| event.attributes.type_name()).collect()
    }

    /// What the last event of the current run says.
    pub(super) fn last(&self) -> Attributes {
        let run = self.server.current_run(WORKFLOW).expect("a run");
        run.history().last().expect("an event").attributes.clone()
    }

    /// The batches of the current run, as ranges of event ids.
    pub(super) fn batches(&self) -> Vec<(u32, u32)> {
        let run = self.server.current_run(WORKFLOW).expect("a run");
        let batches = run.history().batches();
        batches.map(|batch| (batch.first_event_id().0, batch.last_event_id().0)).collect()
    }
}

pub(super) fn completion(
    task: &WorkflowTask,
    commands: Vec<Command>,
) -> RespondWorkflowTaskCompleted {
    RespondWorkflowTaskCompleted {
        token: task.token.clone(),
        commands,
        identity: "worker".into(),
        sticky: None,
        query_results: Vec::new(),
        return_new_workflow_task: false,
        force_create_new_workflow_task: false,
        messages: Vec::new(),
        discards_speculative_with_events: false,
        extras: None,
    }
}

/// A start request with nothing unusual.
pub(super) fn start(workflow_id: &str) -> StartWorkflowExecutionRequest {
    StartWorkflowExecutionRequest {
        workflow_id: workflow_id.to_owned(),
        workflow_type: Some(common::WorkflowType { name: "Workflow".to_owned() }),
        task_queue: Some(queue()),
        request_id: format!("start-{workflow_id}"),
        ..StartWorkflowExecutionRequest::default()
    }
}

fn queue() -> taskqueue::TaskQueue {
    taskqueue::TaskQueue { name: "q".to_owned(), ..taskqueue::TaskQueue::default() }
}

fn execution(workflow_id: &str) -> common::WorkflowExecution {
    common::WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: String::new() }
}

/// A duration in official form.
pub(super) fn seconds(seconds: i64) -> well_known::Duration {
    well_known::Duration { seconds, nanos: 0 }
}

/// Schedules activity `id`, with ten seconds from start to close unless `change` says otherwise.
pub(super) fn schedule(
    id: &str,
    change: impl FnOnce(&mut command::ScheduleActivityTaskCommandAttributes),
) -> Command {
    let mut attributes = command::ScheduleActivityTaskCommandAttributes {
        activity_id: id.to_owned(),
        activity_type: Some(common::ActivityType { name: "act".to_owned() }),
        task_queue: Some(taskqueue::TaskQueue { name: "q".to_owned(), ..Default::default() }),
        start_to_close_timeout: Some(seconds(10)),
        ..command::ScheduleActivityTaskCommandAttributes::default()
    };
    change(&mut attributes);
    Command::ScheduleActivityTask(attributes.into())
}

/// Starts timer `id`.
pub(super) fn timer(id: &str, after: i64) -> Command {
    Command::StartTimer(
        command::StartTimerCommandAttributes {
            timer_id: id.to_owned(),
            start_to_fire_timeout: Some(seconds(after)),
        }
        .into(),
    )
}

/// Cancels timer `id`.
pub(super) fn cancel_timer(id: &str) -> Command {
    let attributes = command::CancelTimerCommandAttributes { timer_id: id.to_owned() };
    Command::CancelTimer(attributes.into())
}

/// Starts a child of type `Child`.
pub(super) fn start_child(
    workflow_id: &str,
    policy: crate::official::enums::ParentClosePolicy,
) -> Command {
    Command::StartChildWorkflowExecution(
        command::StartChildWorkflowExecutionCommandAttributes {
            workflow_id: workflow_id.to_owned(),
            workflow_type: Some(common::WorkflowType { name: "Child".to_owned() }),
            parent_close_policy: policy.into(),
            ..command::StartChildWorkflowExecutionCommandAttributes::default()
        }
        .into(),
    )
}

/// Ends the run well.
pub(super) fn complete_workflow() -> Command {
    let attributes = command::CompleteWorkflowExecutionCommandAttributes::default();
    Command::CompleteWorkflowExecution(attributes.into())
}
