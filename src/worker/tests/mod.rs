//! A worker against hand-made histories: the bench plays the server for one run, recording what the
//! worker asks for.

mod activities;
mod cancel;
mod locals;
mod replay;
mod workflows;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::api::{
    ActivityTask, ActivityToken, Command, RespondWorkflowTaskFailed, WorkflowTask,
    WorkflowTaskToken,
};
use crate::clock::EPOCH;
use crate::history::event::{
    ActivityTaskScheduled, ParentClosePolicy, RetryPolicy, StartChildWorkflowExecutionInitiated,
    StartOrigin, WorkflowExecutionSignaled, WorkflowExecutionStarted, WorkflowTaskFailed,
    WorkflowTaskQueue,
};
use crate::history::failure::ActivityTimeouts;
use crate::history::ids::RunCause;
use crate::history::{Attributes, Event, EventId, Execution, History, Name};
use crate::official::enums;
use crate::scenario::duration::Span;
use crate::scenario::model::{
    ActivityAction, ActivityOptions, ActivityStep, CancellationModel, Fail, Json, Scenario,
    StartActivity, Try, Version, WaitSignal, Workflow, WorkflowAction, WorkflowStep,
};
use crate::scenario::source::Location;

const SECOND: Duration = Duration::from_secs(1);

fn steps(actions: impl IntoIterator<Item = WorkflowAction>) -> Arc<[WorkflowStep]> {
    let step = |action| WorkflowStep { at: Location::default(), action };
    actions.into_iter().map(step).collect()
}

fn activity_steps(actions: impl IntoIterator<Item = ActivityAction>) -> Arc<[ActivityStep]> {
    let step = |action| ActivityStep { at: Location::default(), action };
    actions.into_iter().map(step).collect()
}

fn start(activity: &str, handle: &str, options: ActivityOptions) -> WorkflowAction {
    WorkflowAction::StartActivity(StartActivity {
        start_activity: activity.to_owned(),
        r#as: Some(handle.to_owned()),
        options,
    })
}

fn wait_for(handle: &str) -> WorkflowAction {
    WorkflowAction::WaitFor(vec![handle.to_owned()])
}

fn block(time: Duration) -> WorkflowAction {
    WorkflowAction::Block(model::Block { block: Span(time), times: None })
}

fn wait_signal(signal: &str) -> WorkflowAction {
    WorkflowAction::WaitSignal(WaitSignal { wait_signal: signal.to_owned(), timeout: None })
}

fn fail(message: &str) -> Fail {
    Fail {
        fail: message.to_owned(),
        r#type: None,
        non_retryable: false,
        next_retry_delay: None,
        details: None,
        failure: None,
    }
}

fn attempt<S>(steps: Arc<[S]>) -> Try<S> {
    Try { steps, on_cancel: None, on_failure: None, finally: None }
}

fn scenario(model: CancellationModel, versions: Vec<Arc<[WorkflowStep]>>) -> Scenario {
    let versions = versions.into_iter().enumerate();
    let versions = versions.map(|(n, steps)| Version { name: format!("v{}", n + 1), steps });
    let workflow = Workflow {
        versions: versions.collect(),
        cancellation_model: model,
        queries: BTreeMap::new(),
        updates: BTreeMap::new(),
    };
    Scenario {
        name: "test".to_owned(),
        description: None,
        workflows: [("W".to_owned(), workflow)].into(),
        activities: BTreeMap::new(),
        workers: Vec::new(),
        clients: BTreeMap::new(),
        expect: Vec::new(),
        outcomes: Vec::new(),
        outcomes_at: Location::default(),
        always: Vec::new(),
        never: Vec::new(),
        ends_at: None,
        window: Duration::ZERO,
        faults: 0,
        digest: 0,
    }
}

/// A worker, and one run that it works on.
struct Bench {
    worker: Worker,
    now: Time,
    history: History,
    execution: Execution,
    /// The started event of the last completed task.
    previous: Option<EventId>,
    attempt: u32,
    parked: Vec<Sent>,
}

impl Bench {
    fn workflow(actions: impl IntoIterator<Item = WorkflowAction>) -> Self {
        Self::new(&scenario(CancellationModel::Task, vec![steps(actions)]))
    }

    fn scoped(actions: impl IntoIterator<Item = WorkflowAction>) -> Self {
        Self::new(&scenario(CancellationModel::Scope, vec![steps(actions)]))
    }

    fn new(scenario: &Scenario) -> Self {
        Self::with(scenario, &model::Worker::default())
    }

    fn with(scenario: &Scenario, config: &model::Worker) -> Self {
        let mut worker = Worker::new(Program::compile(scenario), WorkerIndex(0), config);
        let mut parked = Vec::new();
        worker.start(EPOCH, &mut parked);
        let workflow_id = "w".into();
        let run_id = crate::history::RunId::derive(&workflow_id, RunCause::Start, 0);
        let mut bench = Self {
            worker,
            now: EPOCH,
            history: History::new(),
            execution: Execution { workflow_id, run_id },
            previous: None,
            attempt: 1,
            parked,
        };
        let started = bench.started();
        bench.record([Attributes::WorkflowExecutionStarted(Arc::new(started)), scheduled()]);
        bench
    }

    fn started(&self) -> WorkflowExecutionStarted {
        WorkflowExecutionStarted {
            workflow_id: self.execution.workflow_id.clone(),
            workflow_type: "W".into(),
            task_queue: "main".into(),
            input: None,
            workflow_execution_timeout: Duration::ZERO,
            workflow_run_timeout: Duration::ZERO,
            workflow_task_timeout: 10 * SECOND,
            parent: None,
            root: None,
            continued_execution_run_id: None,
            initiator: None,
            continued_failure: None,
            last_completion_result: None,
            original_execution_run_id: self.execution.run_id,
            first_execution_run_id: self.execution.run_id,
            identity: Name::empty(),
            retry_policy: None,
            attempt: 1,
            workflow_execution_expiration_time: None,
            cron_schedule: Name::empty(),
            first_workflow_task_backoff: Duration::ZERO,
            memo: None,
            search_attributes: None,
            header: None,
            prev_auto_reset_points: Vec::new(),
            priority: None,
        }
    }

    /// Records a batch; the last event's id is returned.
    fn record(&mut self, batch: impl IntoIterator<Item = Attributes>) -> EventId {
        let first = self.history.next_event_id().0;
        let time = self.now;
        let events = (first..).zip(batch).map(|(id, attributes)| Event {
            id: EventId(id),
            time,
            attributes,
        });
        self.history.append(events.collect());
        EventId(self.history.len())
    }

    /// Starts the scheduled workflow task, hands it to the worker and returns its answer.
    fn task(&mut self) -> Request {
        let scheduled = EventId(self.history.len());
        let started = self.record([Attributes::WorkflowTaskStarted {
            scheduled_event_id: scheduled,
            identity: "worker".into(),
            origin: StartOrigin::Poll,
        }]);
        self.hand_over(started);
        let mut answered = self.run_due();
        assert_eq!(answered.len(), 1, "one answer is expected: {answered:?}");
        answered.remove(0).request
    }

    fn workflow_task(&self, started: EventId) -> WorkflowTask {
        let cached = self.worker.cache.contains_key(&self.execution.run_id);
        let first = match self.previous {
            Some(previous) if cached => previous.next(),
            _ => EventId::FIRST,
        };
        WorkflowTask {
            token: WorkflowTaskToken {
                execution: self.execution.clone(),
                scheduled_event_id: EventId(started.0 - 1),
                started_event_id: started,
                started_time: self.now,
                attempt: self.attempt,
            },
            workflow_type: "W".into(),
            attempt: self.attempt,
            previous_started_event_id: self.previous,
            scheduled_time: self.now,
            history: self.history.clone(),
            transient: Vec::new(),
            messages: Vec::new(),
            first_event_id: first,
            started_event_id: started,
            queries: Vec::new(),
        }
    }

    fn hand_over(&mut self, started: EventId) {
        let task = self.workflow_task(started);
        let poll = self.take_parked(|request| matches!(request, Request::PollWorkflowTaskQueue(_)));
        let response = Response::PollWorkflowTaskQueue(Box::new(task));
        let mut out = Vec::new();
        self.worker.answer(self.now, poll, Ok(response), &mut out);
        self.parked.extend(out);
    }

    fn take_parked(&mut self, wanted: impl Fn(&Request) -> bool) -> CallId {
        let at = self.parked.iter().position(|sent| wanted(&sent.request));
        self.parked.remove(at.expect("the worker polls")).call
    }

    /// Does all that is due now; what is sent, polls aside, is returned.
    fn run_due(&mut self) -> Vec<Sent> {
        let mut sent = Vec::new();
        loop {
            let next = self.worker.due_set().next();
            let Some((time, key)) = next else { break };
            if time > self.now {
                break;
            }
            let mut out = Vec::new();
            self.worker.fire(self.now, key, &mut out);
            sent.extend(out);
        }
        sent
    }

    /// Lets time pass until the next thing that the worker does; what it sends is returned.
    fn next(&mut self) -> Vec<Sent> {
        let (time, key) = self.worker.due_set().next().expect("something is due");
        self.now = self.now.max(time);
        let mut out = Vec::new();
        self.worker.fire(self.now, key, &mut out);
        out
    }

    /// Records what a completion asks for and tells the worker that it was accepted. The ids of the
    /// command events are returned.
    fn accept(&mut self, request: &Request) -> Vec<EventId> {
        let Request::RespondWorkflowTaskCompleted(request) = request else {
            panic!("not a completion: {request:?}")
        };
        let started = request.token.started_event_id;
        let completed = self.history.next_event_id();
        let mut batch = vec![Attributes::WorkflowTaskCompleted {
            scheduled_event_id: request.token.scheduled_event_id,
            started_event_id: started,
            identity: "worker".into(),
            extras: None,
        }];
        let events = request.commands.iter().map(|command| command_event(command, completed));
        batch.extend(events);
        let first = completed.0 + 1;
        let last = self.record(batch);
        self.previous = Some(started);
        self.attempt = 1;
        let response = Response::RespondWorkflowTaskCompleted {
            workflow_task: None,
            activity_tasks: Vec::new(),
            reset_history_event_id: None,
        };
        self.answer(super::key::WorkflowTaskKey::from(&request.token), Ok(response));
        (first..=last.0).map(EventId).collect()
    }

    fn answer(&mut self, task: WorkflowTaskKey, result: Result<Response, RpcError>) {
        let call = Call::RespondWorkflowTask(task).id(self.worker.index);
        let mut out = Vec::new();
        self.worker.answer(self.now, call, result, &mut out);
        self.parked.extend(out);
    }

    fn cancel_requested(&mut self) {
        self.record([cancel_requested()]);
    }

    fn schedule(&mut self) {
        self.record([scheduled()]);
    }

    /// The worker loses what it knows, as a restart or a full cache does.
    fn forget(&mut self) {
        self.worker.cache.clear();
    }
}

/// The event that records a command.
fn command_event(command: &Command, completed: EventId) -> Attributes {
    let workflow_task_completed_event_id = completed;
    match command {
        Command::ScheduleActivityTask(command) => {
            Attributes::ActivityTaskScheduled(Arc::new(ActivityTaskScheduled {
                command: command.clone(),
                timeouts: ActivityTimeouts::default(),
                retry_policy: policy(),
                workflow_task_completed_event_id,
            }))
        }
        Command::RequestCancelActivityTask { scheduled_event_id } => {
            Attributes::ActivityTaskCancelRequested {
                scheduled_event_id: EventId(u32::try_from(*scheduled_event_id).unwrap()),
                workflow_task_completed_event_id,
            }
        }
        Command::StartTimer(command) => Attributes::TimerStarted {
            timer_id: command.timer_id.as_str().into(),
            start_to_fire_timeout: SECOND,
            workflow_task_completed_event_id,
        },
        Command::CancelTimer(command) => Attributes::TimerCanceled {
            timer_id: command.timer_id.as_str().into(),
            started_event_id: EventId(1),
            workflow_task_completed_event_id,
            identity: "worker".into(),
        },
        Command::StartChildWorkflowExecution(command) => {
            let child = StartChildWorkflowExecutionInitiated {
                command: command.clone(),
                workflow_id: command.workflow_id.as_str().into(),
                workflow_type: command.workflow_type.as_ref().unwrap().name.as_str().into(),
                task_queue: "main".into(),
                workflow_execution_timeout: Duration::ZERO,
                workflow_run_timeout: Duration::ZERO,
                workflow_task_timeout: 10 * SECOND,
                parent_close_policy: ParentClosePolicy::Terminate,
                workflow_task_completed_event_id,
            };
            Attributes::StartChildWorkflowExecutionInitiated(Arc::new(child))
        }
        Command::RequestCancelExternalWorkflowExecution(command) => {
            Attributes::RequestCancelExternalWorkflowExecutionInitiated {
                command: command.clone(),
                workflow_task_completed_event_id,
            }
        }
        Command::SignalExternalWorkflowExecution(command) => {
            Attributes::SignalExternalWorkflowExecutionInitiated {
                command: command.clone(),
                workflow_task_completed_event_id,
            }
        }
        Command::RecordMarker(command) => Attributes::MarkerRecorded {
            command: command.clone(),
            workflow_task_completed_event_id,
        },
        Command::CompleteWorkflowExecution(_) => Attributes::WorkflowExecutionCompleted {
            result: None,
            workflow_task_completed_event_id,
            new_execution_run_id: None,
        },
        other => panic!("{} ends the run: nothing comes after it", other.type_name()),
    }
}

fn policy() -> RetryPolicy {
    RetryPolicy {
        initial_interval: SECOND,
        backoff_coefficient: 2.0,
        maximum_interval: 100 * SECOND,
        maximum_attempts: 0,
        non_retryable_error_types: Vec::new(),
    }
}

fn scheduled() -> Attributes {
    Attributes::WorkflowTaskScheduled {
        task_queue: WorkflowTaskQueue { normal: "main".into(), sticky: None },
        start_to_close_timeout: 10 * SECOND,
        attempt: 1,
    }
}

fn cancel_requested() -> Attributes {
    Attributes::WorkflowExecutionCancelRequested {
        cause: Name::empty(),
        identity: Name::empty(),
        external: None,
    }
}

fn signaled(name: &str) -> Attributes {
    Attributes::WorkflowExecutionSignaled(Arc::new(WorkflowExecutionSignaled {
        signal_name: name.into(),
        input: None,
        identity: Name::empty(),
        header: None,
        request_id: Name::empty(),
        external: None,
    }))
}

fn fired(timer_id: &str, started: EventId) -> Attributes {
    Attributes::TimerFired { timer_id: timer_id.into(), started_event_id: started }
}

/// The start and the end of an activity.
fn activity_completed(scheduled: EventId, next: EventId) -> [Attributes; 2] {
    [
        activity_started(scheduled),
        Attributes::ActivityTaskCompleted {
            result: None,
            scheduled_event_id: scheduled,
            started_event_id: Some(next),
            identity: "worker".into(),
        },
    ]
}

fn activity_started(scheduled: EventId) -> Attributes {
    Attributes::ActivityTaskStarted {
        scheduled_event_id: scheduled,
        identity: "worker".into(),
        attempt: 1,
        last_failure: None,
        polled: true,
    }
}

fn activity_canceled(scheduled: EventId, requested: EventId) -> Attributes {
    Attributes::ActivityTaskCanceled {
        details: None,
        latest_cancel_requested_event_id: requested,
        scheduled_event_id: scheduled,
        started_event_id: None,
        identity: "worker".into(),
    }
}

/// The commands of a completion, one word each with what they name.
fn commands(request: &Request) -> Vec<String> {
    let Request::RespondWorkflowTaskCompleted(request) = request else {
        panic!("not a completion: {request:?}")
    };
    request.commands.iter().map(in_short).collect()
}

fn in_short(command: &Command) -> String {
    let name = command.type_name();
    match command {
        Command::ScheduleActivityTask(command) => {
            let kind = command.activity_type.as_ref().map_or("", |kind| &kind.name);
            format!("{name} {} {kind}", command.activity_id)
        }
        Command::RequestCancelActivityTask { scheduled_event_id } => {
            format!("{name} {scheduled_event_id}")
        }
        Command::StartTimer(command) => format!("{name} {}", command.timer_id),
        Command::CancelTimer(command) => format!("{name} {}", command.timer_id),
        Command::StartChildWorkflowExecution(command) => format!("{name} {}", command.workflow_id),
        Command::RequestCancelExternalWorkflowExecution(command) => {
            format!("{name} {}", command.workflow_id)
        }
        Command::RecordMarker(command) => format!("{name} {}", command.marker_name),
        Command::FailWorkflowExecution(command) => {
            let failure = command.failure.as_ref().unwrap();
            format!("{name} {}", failure.message)
        }
        _ => name.to_owned(),
    }
}

/// The failure of a workflow task.
fn task_failure(request: &Request) -> (enums::WorkflowTaskFailedCause, String) {
    let Request::RespondWorkflowTaskFailed(request) = request else {
        panic!("not a failure: {request:?}")
    };
    let RespondWorkflowTaskFailed { cause, failure, .. } = &**request;
    (*cause, failure.as_ref().unwrap().message.clone())
}
