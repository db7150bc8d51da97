//! What the tests tell: small histories of one greeting.

mod columns;
mod events;
mod runs;

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::clock::EPOCH;
use crate::history::event::{ActivityTaskScheduled, Initiator, ParentClosePolicy};
use crate::history::event::{
    ChildClose, ExternalFailedCause, ExternalOrigin, Parent, RetryPolicy, RetryState,
    StartChildWorkflowExecutionInitiated, StartOrigin, WorkflowExecutionContinuedAsNew,
    WorkflowExecutionSignaled, WorkflowExecutionStarted, WorkflowTaskFailed, WorkflowTaskQueue,
    WorkflowTaskTimeoutType,
};
use crate::history::failure::{
    ActivityTimeout, ActivityTimeoutKind, ActivityTimeoutReason, ActivityTimeouts, Failure,
    Payloads,
};
use crate::history::ids::{RunCause, RunId};
use crate::history::recording::Recording;
use crate::history::shared::Shared;
use crate::official::enums::WorkflowTaskFailedCause;
use crate::official::failure::failure::FailureInfo;
use crate::official::failure::{ApplicationFailureInfo, Failure as Sent};
use crate::official::{command, common, well_known};

const TEN_SECONDS: Duration = Duration::from_secs(10);

/// Events at these milliseconds, numbered from 1.
fn history(events: Vec<(u64, Attributes)>) -> History {
    let mut history = History::new();
    for (ms, attributes) in events {
        let time = EPOCH + Duration::from_millis(ms);
        history.append(vec![Event { id: history.next_event_id(), time, attributes }]);
    }
    history
}

fn run(workflow_id: &str, number: u32) -> Execution {
    let workflow_id = workflow_id.into();
    let run_id = RunId::derive(&workflow_id, RunCause::Start, number);
    Execution { workflow_id, run_id }
}

/// The text of one history, without the two lines on top.
fn lines(events: Vec<(u64, Attributes)>) -> String {
    let history = history(events);
    let execution = run("greeting", 1);
    let text = render(&[RunText::new(&execution, 1, &history, "Running", EPOCH)], Style::Plain);
    text.splitn(3, '\n').nth(2).unwrap_or("").to_owned()
}

fn payload(json: &str) -> common::Payload {
    let metadata = [("encoding".to_owned(), b"json/plain".to_vec())].into();
    common::Payload { metadata, data: json.into(), ..Default::default() }
}

#[allow(clippy::unnecessary_wraps)] // events have them or not
fn payloads(json: &str) -> Option<Payloads> {
    Some(Shared::new(common::Payloads { payloads: vec![payload(json)] }))
}

fn boom() -> Failure {
    let info = ApplicationFailureInfo { r#type: "ComposeError".into(), ..Default::default() };
    Failure::Sent(Shared::new(Sent {
        message: "boom".into(),
        failure_info: Some(FailureInfo::ApplicationFailureInfo(info)),
        ..Default::default()
    }))
}

fn started() -> WorkflowExecutionStarted {
    let execution = run("greeting", 1);
    WorkflowExecutionStarted {
        workflow_id: execution.workflow_id,
        workflow_type: "GreetingWorkflow".into(),
        task_queue: "greetings".into(),
        input: payloads("\"Temporal\""),
        workflow_execution_timeout: Duration::ZERO,
        workflow_run_timeout: Duration::ZERO,
        workflow_task_timeout: TEN_SECONDS,
        parent: None,
        root: None,
        continued_execution_run_id: None,
        initiator: None,
        continued_failure: None,
        last_completion_result: None,
        original_execution_run_id: execution.run_id,
        first_execution_run_id: execution.run_id,
        identity: "client".into(),
        retry_policy: None,
        attempt: 1,
        workflow_execution_expiration_time: None,
        cron_schedule: "".into(),
        first_workflow_task_backoff: Duration::ZERO,
        memo: None,
        search_attributes: None,
        header: None,
        prev_auto_reset_points: Vec::new(),
        priority: None,
    }
}

fn start(started: WorkflowExecutionStarted) -> Attributes {
    Attributes::WorkflowExecutionStarted(Arc::new(started))
}

fn task_scheduled() -> Attributes {
    Attributes::WorkflowTaskScheduled {
        task_queue: WorkflowTaskQueue { normal: "greetings".into(), sticky: None },
        start_to_close_timeout: TEN_SECONDS,
        attempt: 1,
    }
}

fn task_started(scheduled: u32, origin: StartOrigin) -> Attributes {
    Attributes::WorkflowTaskStarted {
        scheduled_event_id: EventId(scheduled),
        identity: "worker".into(),
        origin,
    }
}

fn task_completed(scheduled: u32) -> Attributes {
    Attributes::WorkflowTaskCompleted {
        scheduled_event_id: EventId(scheduled),
        started_event_id: EventId(scheduled + 1),
        identity: "worker".into(),
        extras: None,
    }
}

fn task_failed(cause: WorkflowTaskFailedCause, failure: Option<Failure>) -> WorkflowTaskFailed {
    WorkflowTaskFailed {
        scheduled_event_id: EventId(2),
        started_event_id: EventId(3),
        cause,
        failure,
        identity: "worker".into(),
        base_run_id: None,
        new_run_id: None,
        binary_checksum: "".into(),
    }
}

fn default_policy() -> RetryPolicy {
    RetryPolicy {
        initial_interval: Duration::from_secs(1),
        backoff_coefficient: 2.0,
        maximum_interval: Duration::from_secs(100),
        maximum_attempts: 0,
        non_retryable_error_types: Vec::new(),
    }
}

fn activity(retry_policy: RetryPolicy) -> Attributes {
    let seconds = |seconds| Some(well_known::Duration { seconds, nanos: 0 });
    Attributes::ActivityTaskScheduled(Arc::new(ActivityTaskScheduled {
        command: Shared::new(command::ScheduleActivityTaskCommandAttributes {
            activity_id: "compose".into(),
            activity_type: Some(common::ActivityType { name: "compose_greeting".into() }),
            input: Some(common::Payloads { payloads: vec![payload("1"), payload("[2]")] }),
            start_to_close_timeout: seconds(300),
            heartbeat_timeout: seconds(30),
            ..Default::default()
        }),
        timeouts: ActivityTimeouts {
            start_to_close: Duration::from_secs(300),
            heartbeat: Duration::from_secs(30),
            ..Default::default()
        },
        retry_policy,
        workflow_task_completed_event_id: EventId(4),
    }))
}

fn child(policy: ParentClosePolicy) -> Arc<StartChildWorkflowExecutionInitiated> {
    Arc::new(StartChildWorkflowExecutionInitiated {
        command: Shared::new(command::StartChildWorkflowExecutionCommandAttributes::default()),
        workflow_id: "kid".into(),
        workflow_type: "ChildWorkflow".into(),
        task_queue: "greetings".into(),
        workflow_execution_timeout: Duration::ZERO,
        workflow_run_timeout: Duration::from_secs(60),
        workflow_task_timeout: TEN_SECONDS,
        parent_close_policy: policy,
        workflow_task_completed_event_id: EventId(4),
    })
}
