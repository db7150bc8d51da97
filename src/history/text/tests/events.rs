//! Every event type.

use insta::assert_snapshot;

use super::*;

#[test]
fn activities_are_called_by_their_ids() {
    let policy = RetryPolicy {
        initial_interval: Duration::from_millis(500),
        backoff_coefficient: 1.5,
        maximum_interval: Duration::from_secs(90),
        maximum_attempts: 3,
        non_retryable_error_types: vec!["Fatal".into(), "Really fatal".into()],
    };
    let timeout = Failure::ActivityTimeout(Arc::new(ActivityTimeout {
        kind: ActivityTimeoutKind::Heartbeat,
        reason: ActivityTimeoutReason::Elapsed,
        last_heartbeat_details: payloads("7"),
        cause: Some(boom()),
    }));
    let scheduled_event_id = EventId(1);
    let identity = || "worker".into();
    let started_event_id = Some(EventId(3));
    let text = lines(vec![
        (0, activity(default_policy())),
        (0, activity(policy)),
        (
            100,
            Attributes::ActivityTaskStarted {
                scheduled_event_id,
                identity: identity(),
                attempt: 1,
                last_failure: None,
                polled: true,
            },
        ),
        (
            500,
            Attributes::ActivityTaskCompleted {
                result: payloads("\"ok\""),
                scheduled_event_id,
                started_event_id,
                identity: identity(),
            },
        ),
        (
            100,
            Attributes::ActivityTaskStarted {
                scheduled_event_id,
                identity: identity(),
                attempt: 3,
                last_failure: Some(boom()),
                polled: true,
            },
        ),
        (
            500,
            Attributes::ActivityTaskFailed {
                failure: boom(),
                scheduled_event_id,
                started_event_id,
                identity: identity(),
                retry_state: RetryState::MaximumAttemptsReached,
            },
        ),
        (
            30_000,
            Attributes::ActivityTaskTimedOut {
                failure: timeout,
                scheduled_event_id,
                started_event_id,
                retry_state: RetryState::CancelRequested,
            },
        ),
        (
            40_000,
            Attributes::ActivityTaskCancelRequested {
                scheduled_event_id,
                workflow_task_completed_event_id: EventId(4),
            },
        ),
        (
            40_000,
            Attributes::ActivityTaskStarted {
                scheduled_event_id,
                identity: "by hand".into(),
                attempt: 1,
                last_failure: None,
                polled: false,
            },
        ),
        (
            41_000,
            Attributes::ActivityTaskCanceled {
                details: payloads("\"stopped\""),
                latest_cancel_requested_event_id: EventId(8),
                scheduled_event_id,
                started_event_id,
                identity: identity(),
            },
        ),
        (
            41_000,
            Attributes::ActivityTaskCanceled {
                details: None,
                latest_cancel_requested_event_id: EventId(8),
                scheduled_event_id: EventId(99),
                started_event_id: None,
                identity: identity(),
            },
        ),
    ]);
    assert_snapshot!(text, @r#"
     1  00:00:00.000  ActivityTaskScheduled             activity compose      compose_greeting  input 1, [2]  start-to-close 5m  heartbeat 30s
     2  00:00:00.000  ActivityTaskScheduled             activity compose      compose_greeting  input 1, [2]  start-to-close 5m  heartbeat 30s  maximum attempts 3  initial interval 500ms  backoff coefficient 1.5  maximum interval 1m30s  non-retryable Fatal, "Really fatal"
     3  00:00:00.100  ActivityTaskStarted               activity compose      compose_greeting  by worker  (scheduled 1)
     4  00:00:00.500  ActivityTaskCompleted             activity compose      compose_greeting  result "ok"  by worker  (scheduled 1, started 3)
     5  00:00:00.100  ActivityTaskStarted               activity compose      compose_greeting  attempt 3  after ComposeError: "boom"  by worker  (scheduled 1)
     6  00:00:00.500  ActivityTaskFailed                activity compose      compose_greeting  ComposeError: "boom"  retry state MAXIMUM_ATTEMPTS_REACHED  by worker  (scheduled 1, started 3)
     7  00:00:30.000  ActivityTaskTimedOut              activity compose      compose_greeting  HEARTBEAT: "activity Heartbeat timeout", last heartbeat 7, caused by ComposeError: "boom"  retry state CANCEL_REQUESTED  (scheduled 1, started 3)
     8  00:00:40.000  ActivityTaskCancelRequested       activity compose      compose_greeting  (scheduled 1)
     9  00:00:40.000  ActivityTaskStarted               activity compose      compose_greeting  not polled, completed by id  by "by hand"  (scheduled 1)
    10  00:00:41.000  ActivityTaskCanceled              activity compose      compose_greeting  details "stopped"  by worker  (scheduled 1, started 3, requested 8)
    11  00:00:41.000  ActivityTaskCanceled              by worker  (scheduled 99, requested 8)
    "#);
}

#[test]
fn workflow_tasks_say_how_they_came_about_and_went() {
    let mut reset = task_failed(
        WorkflowTaskFailedCause::ResetWorkflow,
        Some(Failure::Reset("bad \"deploy\"".into())),
    );
    reset.base_run_id = Some(run("greeting", 1).run_id);
    reset.new_run_id = Some(run("greeting", 2).run_id);
    let failed = |failed| Attributes::WorkflowTaskFailed(Arc::new(failed));
    let text = lines(vec![
        (0, start(started())),
        (0, task_scheduled()),
        (0, task_started(2, StartOrigin::Poll)),
        (0, task_completed(2)),
        (0, task_started(2, StartOrigin::Inline)),
        (0, task_started(2, StartOrigin::Reset)),
        (
            0,
            Attributes::WorkflowTaskScheduled {
                task_queue: WorkflowTaskQueue {
                    normal: "greetings".into(),
                    sticky: Some("worker-1".into()),
                },
                start_to_close_timeout: TEN_SECONDS,
                attempt: 1,
            },
        ),
        (
            0,
            Attributes::WorkflowTaskScheduled {
                task_queue: WorkflowTaskQueue { normal: "elsewhere".into(), sticky: None },
                start_to_close_timeout: Duration::from_millis(16_500),
                attempt: 4,
            },
        ),
        (
            5_000,
            Attributes::WorkflowTaskTimedOut {
                scheduled_event_id: EventId(7),
                started_event_id: None,
                timeout_type: WorkflowTaskTimeoutType::ScheduleToStart,
            },
        ),
        (
            10_000,
            Attributes::WorkflowTaskTimedOut {
                scheduled_event_id: EventId(2),
                started_event_id: Some(EventId(3)),
                timeout_type: WorkflowTaskTimeoutType::StartToClose,
            },
        ),
        (
            10_000,
            failed(task_failed(
                WorkflowTaskFailedCause::UnhandledCommand,
                Some(Failure::Server("UnhandledCommand".into())),
            )),
        ),
        (
            10_000,
            failed(task_failed(
                WorkflowTaskFailedCause::BadStartTimerAttributes,
                Some(Failure::Server("BadStartTimerAttributes: TimerId is not set".into())),
            )),
        ),
        (10_000, failed(task_failed(WorkflowTaskFailedCause::ForceCloseCommand, None))),
        (10_000, failed(reset)),
    ]);
    assert_snapshot!(text, @r#"
     1  00:00:00.000  WorkflowExecutionStarted          GreetingWorkflow      input "Temporal"  queue greetings  by client
     2  00:00:00.000  WorkflowTaskScheduled
     3  00:00:00.000  WorkflowTaskStarted               by worker  (scheduled 2)
     4  00:00:00.000  WorkflowTaskCompleted             by worker  (scheduled 2, started 3)
     5  00:00:00.000  WorkflowTaskStarted               returned by the last completion  by worker  (scheduled 2)
     6  00:00:00.000  WorkflowTaskStarted               made up by the reset  by worker  (scheduled 2)
     7  00:00:00.000  WorkflowTaskScheduled             sticky queue worker-1
     8  00:00:00.000  WorkflowTaskScheduled             queue elsewhere  attempt 4  timeout 16.5s
     9  00:00:05.000  WorkflowTaskTimedOut              SCHEDULE_TO_START  (scheduled 7)
    10  00:00:10.000  WorkflowTaskTimedOut              START_TO_CLOSE  (scheduled 2, started 3)
    11  00:00:10.000  WorkflowTaskFailed                UNHANDLED_COMMAND  by worker  (scheduled 2, started 3)
    12  00:00:10.000  WorkflowTaskFailed                BAD_START_TIMER_ATTRIBUTES  "BadStartTimerAttributes: TimerId is not set"  by worker  (scheduled 2, started 3)
    13  00:00:10.000  WorkflowTaskFailed                FORCE_CLOSE_COMMAND  by worker  (scheduled 2, started 3)
    14  00:00:10.000  WorkflowTaskFailed                RESET_WORKFLOW  reason "bad \"deploy\""  from run 1 to run 46f81c0f-3315-71aa-b64d-6413e70e5f65  by worker  (scheduled 2, started 3)
    "#);
}

#[test]
fn timers_and_records_say_what_they_hold() {
    let workflow_task_completed_event_id = EventId(4);
    let fields =
        |keys: [&str; 3]| keys.map(|key| (key.to_owned(), payload("1"))).into_iter().collect();
    let text = lines(vec![
        (
            0,
            Attributes::TimerStarted {
                timer_id: "nap".into(),
                start_to_fire_timeout: Duration::from_millis(90_500),
                workflow_task_completed_event_id,
            },
        ),
        (90_500, Attributes::TimerFired { timer_id: "nap".into(), started_event_id: EventId(1) }),
        (
            90_500,
            Attributes::TimerCanceled {
                timer_id: "nap".into(),
                started_event_id: EventId(1),
                workflow_task_completed_event_id,
                identity: "worker".into(),
            },
        ),
        (
            90_500,
            Attributes::MarkerRecorded {
                command: Shared::new(command::RecordMarkerCommandAttributes {
                    marker_name: "Version".into(),
                    details: [("a", "1"), ("b", "\"x\"")]
                        .map(|(key, json)| {
                            (key.to_owned(), common::Payloads { payloads: vec![payload(json)] })
                        })
                        .into(),
                    failure: Some(Sent { message: "odd".into(), ..Default::default() }),
                    ..Default::default()
                }),
                workflow_task_completed_event_id,
            },
        ),
        (
            90_500,
            Attributes::UpsertWorkflowSearchAttributes {
                command: Shared::new(command::UpsertWorkflowSearchAttributesCommandAttributes {
                    search_attributes: Some(common::SearchAttributes {
                        indexed_fields: fields(["c", "a", "b"]),
                    }),
                }),
                workflow_task_completed_event_id,
            },
        ),
        (
            90_500,
            Attributes::WorkflowPropertiesModified {
                command: Shared::new(command::ModifyWorkflowPropertiesCommandAttributes {
                    upserted_memo: Some(common::Memo { fields: fields(["c", "a", "b c"]) }),
                }),
                workflow_task_completed_event_id,
            },
        ),
    ]);
    assert_snapshot!(text, @r#"
    1  00:00:00.000  TimerStarted                      timer nap             1m30.5s
    2  00:01:30.500  TimerFired                        timer nap             (started 1)
    3  00:01:30.500  TimerCanceled                     timer nap             by worker  (started 1)
    4  00:01:30.500  MarkerRecorded                    marker Version        a 1  b "x"  "odd"
    5  00:01:30.500  UpsertWorkflowSearchAttributes    search attributes a=1, b=1, c=1
    6  00:01:30.500  WorkflowPropertiesModified        memo a=1, "b c"=1, c=1
    "#);
}

#[test]
fn what_is_asked_of_others_names_them() {
    let cancel = |run_id: String| {
        Shared::new(command::RequestCancelExternalWorkflowExecutionCommandAttributes {
            workflow_id: "other".into(),
            run_id,
            child_workflow_only: true,
            reason: "no need".into(),
            ..Default::default()
        })
    };
    let signal = Shared::new(command::SignalExternalWorkflowExecutionCommandAttributes {
        execution: Some(common::WorkflowExecution {
            workflow_id: "other".into(),
            run_id: String::new(),
        }),
        signal_name: "go".into(),
        input: Some(common::Payloads { payloads: vec![payload("1")] }),
        ..Default::default()
    });
    let workflow_task_completed_event_id = EventId(4);
    let cause = ExternalFailedCause::ExternalWorkflowExecutionNotFound;
    let known = run("greeting", 1).run_id.to_string();
    let text = lines(vec![
        (
            0,
            Attributes::RequestCancelExternalWorkflowExecutionInitiated {
                command: cancel(String::new()),
                workflow_task_completed_event_id,
            },
        ),
        (
            0,
            Attributes::RequestCancelExternalWorkflowExecutionInitiated {
                command: cancel(known),
                workflow_task_completed_event_id,
            },
        ),
        (
            0,
            Attributes::ExternalWorkflowExecutionCancelRequested {
                command: cancel(String::new()),
                initiated_event_id: EventId(1),
            },
        ),
        (
            0,
            Attributes::RequestCancelExternalWorkflowExecutionFailed {
                command: cancel("\u{1b}[2J".into()),
                cause,
                initiated_event_id: EventId(2),
            },
        ),
        (
            0,
            Attributes::SignalExternalWorkflowExecutionInitiated {
                command: signal.clone(),
                workflow_task_completed_event_id,
            },
        ),
        (
            0,
            Attributes::ExternalWorkflowExecutionSignaled {
                command: signal.clone(),
                initiated_event_id: EventId(5),
            },
        ),
        (
            0,
            Attributes::SignalExternalWorkflowExecutionFailed {
                command: signal,
                cause,
                initiated_event_id: EventId(5),
            },
        ),
    ]);
    assert_snapshot!(text, @r#"
    1  00:00:00.000  RequestCancelExternalWorkflowExecutionInitiated  workflow other        child only  reason "no need"
    2  00:00:00.000  RequestCancelExternalWorkflowExecutionInitiated  workflow other        run 1  child only  reason "no need"
    3  00:00:00.000  ExternalWorkflowExecutionCancelRequested  workflow other        (initiated 1)
    4  00:00:00.000  RequestCancelExternalWorkflowExecutionFailed  workflow other        run \u{1b}[2J  EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND  (initiated 2)
    5  00:00:00.000  SignalExternalWorkflowExecutionInitiated  workflow other        signal go  input 1
    6  00:00:00.000  ExternalWorkflowExecutionSignaled  workflow other        signal go  (initiated 5)
    7  00:00:00.000  SignalExternalWorkflowExecutionFailed  workflow other        signal go  EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND  (initiated 5)
    "#);
}

#[test]
fn children_are_called_by_their_workflow_ids() {
    let abandoned = child(ParentClosePolicy::Abandon);
    let child = child(ParentClosePolicy::Terminate);
    let initiated_event_id = EventId(1);
    let closed = |close| Attributes::ChildWorkflowExecutionClosed {
        child: Arc::clone(&child),
        run_id: run("greeting", 1).run_id,
        initiated_event_id,
        started_event_id: EventId(4),
        close,
    };
    let retry_state = RetryState::RetryPolicyNotSet;
    let text = lines(vec![
        (0, Attributes::StartChildWorkflowExecutionInitiated(Arc::clone(&child))),
        (0, Attributes::StartChildWorkflowExecutionInitiated(abandoned)),
        (
            0,
            Attributes::StartChildWorkflowExecutionFailed {
                child: Arc::clone(&child),
                initiated_event_id,
            },
        ),
        (
            0,
            Attributes::ChildWorkflowExecutionStarted {
                child: Arc::clone(&child),
                run_id: run("kid", 7).run_id,
                initiated_event_id,
            },
        ),
        (0, closed(ChildClose::Completed { result: payloads("null") })),
        (0, closed(ChildClose::Failed { failure: boom(), retry_state })),
        (0, closed(ChildClose::TimedOut { retry_state })),
        (0, closed(ChildClose::Canceled { details: payloads("[]") })),
        (0, closed(ChildClose::Terminated)),
    ]);
    assert_snapshot!(text, @r#"
    1  00:00:00.000  StartChildWorkflowExecutionInitiated  child kid             ChildWorkflow  queue greetings  run timeout 1m
    2  00:00:00.000  StartChildWorkflowExecutionInitiated  child kid             ChildWorkflow  queue greetings  run timeout 1m  parent close policy ABANDON
    3  00:00:00.000  StartChildWorkflowExecutionFailed  child kid             WORKFLOW_ALREADY_EXISTS  (initiated 1)
    4  00:00:00.000  ChildWorkflowExecutionStarted     child kid             run cc647a49-4338-7eca-8f88-673a37dac842  (initiated 1)
    5  00:00:00.000  ChildWorkflowExecutionCompleted   child kid             run 1  result null  (initiated 1, started 4)
    6  00:00:00.000  ChildWorkflowExecutionFailed      child kid             run 1  ComposeError: "boom"  (initiated 1, started 4)
    7  00:00:00.000  ChildWorkflowExecutionTimedOut    child kid             run 1  (initiated 1, started 4)
    8  00:00:00.000  ChildWorkflowExecutionCanceled    child kid             run 1  details []  (initiated 1, started 4)
    9  00:00:00.000  ChildWorkflowExecutionTerminated  child kid             run 1  (initiated 1, started 4)
    "#);
}

#[test]
fn an_execution_is_asked_and_closes_in_many_ways() {
    let workflow_task_completed_event_id = EventId(4);
    let next = Some(run("greeting", 2).run_id);
    let origin = |initiated_event_id| {
        Some(Arc::new(ExternalOrigin { execution: run("parent", 1), initiated_event_id }))
    };
    let mut wordy = started();
    wordy.workflow_execution_timeout = Duration::from_secs(3_600);
    wordy.workflow_run_timeout = Duration::from_secs(60);
    wordy.workflow_task_timeout = Duration::from_secs(5);
    wordy.retry_policy = Some(default_policy());
    wordy.attempt = 2;
    wordy.continued_failure = Some(Failure::WorkflowTimeout);
    wordy.first_workflow_task_backoff = Duration::from_millis(970);
    wordy.last_completion_result = payloads("3");
    wordy.cron_schedule = "@every 1s".into();
    wordy.memo = Some(Shared::new(common::Memo {
        fields: ["z", "a"].map(|key| (key.to_owned(), payload("1"))).into(),
    }));
    wordy.parent = Some(Parent { execution: run("parent", 1), initiated_event_id: EventId(5) });
    wordy.identity = "".into();
    let text = lines(vec![
        (0, start(wordy)),
        (
            10,
            Attributes::WorkflowExecutionSignaled(Arc::new(WorkflowExecutionSignaled {
                signal_name: "approve".into(),
                input: payloads("true"),
                identity: "client".into(),
                header: None,
                request_id: "".into(),
                external: None,
            })),
        ),
        (
            10,
            Attributes::WorkflowExecutionSignaled(Arc::new(WorkflowExecutionSignaled {
                signal_name: "approve".into(),
                input: None,
                identity: "history-service".into(),
                header: None,
                request_id: "".into(),
                external: Some(run("greeting", 1)),
            })),
        ),
        (
            20,
            Attributes::WorkflowExecutionCancelRequested {
                cause: "no \"longer\" needed".into(),
                identity: "client".into(),
                external: None,
            },
        ),
        (
            20,
            Attributes::WorkflowExecutionCancelRequested {
                cause: "".into(),
                identity: "history-service".into(),
                external: origin(Some(EventId(6))),
            },
        ),
        (
            20,
            Attributes::WorkflowExecutionCancelRequested {
                cause: "".into(),
                identity: "history-service".into(),
                external: origin(None),
            },
        ),
        (
            30,
            Attributes::WorkflowExecutionCompleted {
                result: None,
                workflow_task_completed_event_id,
                new_execution_run_id: next,
            },
        ),
        (
            30,
            Attributes::WorkflowExecutionFailed {
                failure: boom(),
                retry_state: RetryState::InProgress,
                workflow_task_completed_event_id,
                new_execution_run_id: next,
            },
        ),
        (
            30,
            Attributes::WorkflowExecutionTimedOut {
                retry_state: RetryState::RetryPolicyNotSet,
                new_execution_run_id: None,
            },
        ),
        (
            30,
            Attributes::WorkflowExecutionCanceled {
                details: payloads("1"),
                workflow_task_completed_event_id,
            },
        ),
        (
            30,
            Attributes::WorkflowExecutionTerminated {
                reason: "enough".into(),
                details: payloads("1"),
                identity: "client".into(),
            },
        ),
        (
            30,
            Attributes::WorkflowExecutionContinuedAsNew(Arc::new(
                WorkflowExecutionContinuedAsNew {
                    new_execution_run_id: run("greeting", 2).run_id,
                    workflow_type: "Other".into(),
                    task_queue: "elsewhere".into(),
                    input: payloads("2"),
                    workflow_run_timeout: Duration::ZERO,
                    workflow_task_timeout: TEN_SECONDS,
                    workflow_task_completed_event_id,
                    backoff_start_interval: Duration::from_secs(1),
                    initiator: Some(Initiator::Workflow),
                    failure: None,
                    last_completion_result: None,
                    header: None,
                    memo: None,
                    search_attributes: None,
                },
            )),
        ),
    ]);
    assert_snapshot!(text, @r#"
     1  00:00:00.000  WorkflowExecutionStarted          GreetingWorkflow      input "Temporal"  queue greetings  execution timeout 1h  run timeout 1m  task timeout 5s  default retry policy  cron "@every 1s"  attempt 2  first task after 970ms  after START_TO_CLOSE: "workflow timeout"  last result 3  memo a=1, z=1  parent parent run d595447d-3dee-71b1-a574-4caa10178376, event 5
     2  00:00:00.010  WorkflowExecutionSignaled         signal approve        input true  by client
     3  00:00:00.010  WorkflowExecutionSignaled         signal approve        from greeting run 1  by history-service
     4  00:00:00.020  WorkflowExecutionCancelRequested  reason "no \"longer\" needed"  by client
     5  00:00:00.020  WorkflowExecutionCancelRequested  from parent run d595447d-3dee-71b1-a574-4caa10178376, event 6  by history-service
     6  00:00:00.020  WorkflowExecutionCancelRequested  parent close policy of parent run d595447d-3dee-71b1-a574-4caa10178376  by history-service
     7  00:00:00.030  WorkflowExecutionCompleted        next is run 46f81c0f-3315-71aa-b64d-6413e70e5f65
     8  00:00:00.030  WorkflowExecutionFailed           ComposeError: "boom"  retry state IN_PROGRESS  next is run 46f81c0f-3315-71aa-b64d-6413e70e5f65
     9  00:00:00.030  WorkflowExecutionTimedOut
    10  00:00:00.030  WorkflowExecutionCanceled         details 1
    11  00:00:00.030  WorkflowExecutionTerminated       reason "enough"  details 1  by client
    12  00:00:00.030  WorkflowExecutionContinuedAsNew   next is run 46f81c0f-3315-71aa-b64d-6413e70e5f65  of Other  input 2  queue elsewhere  task timeout 10s  after 1s
    "#);
}
