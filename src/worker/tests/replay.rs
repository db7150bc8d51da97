//! Replay: the cache, what is skipped, and nondeterminism.

use super::*;

fn versions(versions: [&str; 2]) -> Scenario {
    let version = |activity: &str| {
        steps([start(activity, "a", ActivityOptions::default()), wait_for("a"), wait_signal("go")])
    };
    scenario(CancellationModel::Task, versions.map(version).into())
}

/// A bench whose activity has completed and whose workflow waits for a signal.
fn waiting_for_signal(scenario: &Scenario) -> Bench {
    let mut bench = Bench::new(scenario);
    let first = bench.task();
    let events = bench.accept(&first);
    let next = bench.history.next_event_id();
    bench.record(activity_completed(events[0], next));
    bench.schedule();
    let second = bench.task();
    bench.accept(&second);
    bench.record([signaled("go"), scheduled()]);
    bench
}

#[test]
fn a_replayed_run_goes_on_where_the_cached_one_would() {
    let scenario = versions(["a1", "a1"]);
    let mut cached = waiting_for_signal(&scenario);
    let mut replayed = waiting_for_signal(&scenario);
    replayed.forget();
    assert_eq!(commands(&cached.task()), ["CompleteWorkflowExecution"]);
    assert_eq!(commands(&replayed.task()), ["CompleteWorkflowExecution"]);
}

#[test]
fn a_run_that_was_replayed_is_the_same_state_as_one_that_was_cached() {
    let scenario = scenario(
        CancellationModel::Task,
        vec![steps([WorkflowAction::Sleep(SECOND), WorkflowAction::Sleep(SECOND)])],
    );
    let run = |forget: bool| {
        let mut bench = Bench::new(&scenario);
        let first = bench.task();
        let events = bench.accept(&first);
        bench.record([fired("1", events[0]), scheduled()]);
        if forget {
            bench.forget();
        }
        let second = bench.task();
        bench.accept(&second);
        let kept = bench.worker.cache.values().next().unwrap().run.clone();
        (*kept).clone()
    };
    assert_eq!(run(false), run(true));
}

#[test]
fn other_code_than_the_historys_is_nondeterminism_in_sdk_cores_words() {
    let mut bench = waiting_for_signal(&versions(["a1", "a3"]));
    bench.forget();
    bench.worker.deploy("W", "v2");
    let (cause, message) = task_failure(&bench.task());
    assert_eq!(cause, enums::WorkflowTaskFailedCause::NonDeterministicError);
    assert_eq!(
        message,
        "[TMPRL1100] Nondeterminism error: Activity type of scheduled event 'a1' does not match \
         activity type of activity command 'a3'"
    );
}

#[test]
fn a_later_attempts_failure_is_not_reported() {
    let mut bench = waiting_for_signal(&versions(["a1", "a3"]));
    bench.forget();
    bench.worker.deploy("W", "v2");
    bench.attempt = 2;
    let started = bench.record([Attributes::WorkflowTaskStarted {
        scheduled_event_id: EventId(1),
        identity: "worker".into(),
        origin: StartOrigin::Poll,
    }]);
    bench.hand_over(started);
    assert_eq!(bench.run_due(), []);
    assert_eq!(bench.worker.due_set().count(), 0);
}

#[test]
fn a_command_that_the_code_no_longer_issues_is_nondeterminism() {
    let scenario = scenario(
        CancellationModel::Task,
        vec![steps([WorkflowAction::Sleep(SECOND), wait_signal("go")]), steps([wait_signal("go")])],
    );
    let mut bench = Bench::new(&scenario);
    let first = bench.task();
    let events = bench.accept(&first);
    bench.record([fired("1", events[0]), scheduled()]);
    bench.forget();
    bench.worker.deploy("W", "v2");
    assert_eq!(
        task_failure(&bench.task()).1,
        "[TMPRL1100] Nondeterminism error: No command scheduled for event HistoryEvent(id: 5, \
         TimerStarted)"
    );
}

#[test]
fn another_kind_of_command_is_nondeterminism() {
    let scenario = scenario(
        CancellationModel::Task,
        vec![
            steps([WorkflowAction::Sleep(SECOND)]),
            steps([start("a", "a", ActivityOptions::default()), wait_for("a")]),
        ],
    );
    let mut bench = Bench::new(&scenario);
    let first = bench.task();
    let events = bench.accept(&first);
    bench.record([fired("1", events[0]), scheduled()]);
    bench.forget();
    bench.worker.deploy("W", "v2");
    assert_eq!(
        task_failure(&bench.task()).1,
        "[TMPRL1100] Nondeterminism error: Activity machine does not handle this event: \
         HistoryEvent(id: 5, TimerStarted)"
    );
}

#[test]
fn tasks_that_failed_or_timed_out_are_part_of_the_next() {
    let mut bench = Bench::workflow([
        WorkflowAction::Sleep(SECOND),
        start("a", "a", ActivityOptions::default()),
        wait_for("a"),
    ]);
    let first = bench.task();
    let events = bench.accept(&first);
    bench.record([fired("1", events[0]), scheduled()]);
    let scheduled_id = EventId(bench.history.len());
    let started = bench.record([Attributes::WorkflowTaskStarted {
        scheduled_event_id: scheduled_id,
        identity: "worker".into(),
        origin: StartOrigin::Poll,
    }]);
    bench.record([
        Attributes::WorkflowTaskFailed(Arc::new(WorkflowTaskFailed {
            scheduled_event_id: scheduled_id,
            started_event_id: started,
            cause: enums::WorkflowTaskFailedCause::UnhandledCommand,
            failure: None,
            identity: Name::empty(),
            base_run_id: None,
            new_run_id: None,
            binary_checksum: Name::empty(),
        })),
        cancel_requested(),
        scheduled(),
    ]);
    bench.forget();
    // The cancel comes with the timer, and first.
    assert_eq!(commands(&bench.task()), ["CancelWorkflowExecution"]);
}

#[test]
fn a_refused_completion_is_forgotten_and_replayed() {
    let mut bench = Bench::workflow([WorkflowAction::Sleep(SECOND)]);
    let first = bench.task();
    let Request::RespondWorkflowTaskCompleted(request) = &first else { unreachable!() };
    let key = WorkflowTaskKey::from(&request.token);
    bench.answer(key, Err(RpcError::invalid_argument("UnhandledCommand")));
    assert!(bench.worker.cache.is_empty() && bench.worker.tasks.is_empty());
    bench.record([Attributes::WorkflowTaskFailed(Arc::new(WorkflowTaskFailed {
        scheduled_event_id: EventId(2),
        started_event_id: EventId(3),
        cause: enums::WorkflowTaskFailedCause::UnhandledCommand,
        failure: None,
        identity: Name::empty(),
        base_run_id: None,
        new_run_id: None,
        binary_checksum: Name::empty(),
    }))]);
    bench.schedule();
    assert_eq!(commands(&bench.task()), ["StartTimer 1"]);
}

#[test]
fn a_bug_fails_as_many_tasks_as_it_says() {
    let bug = model::FailWorkflowTask {
        fail_workflow_task: "bug".to_owned(),
        cause: None,
        failure: None,
        times: Some(1),
    };
    let mut bench = Bench::workflow([WorkflowAction::FailWorkflowTask(Box::new(bug))]);
    let first = bench.task();
    assert_eq!(
        task_failure(&first),
        (enums::WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure, "bug".to_owned())
    );
    let Request::RespondWorkflowTaskFailed(request) = &first else { unreachable!() };
    let key = WorkflowTaskKey::from(&request.token);
    bench.answer(key, Ok(Response::Empty));
    bench.schedule();
    assert_eq!(commands(&bench.task()), ["CompleteWorkflowExecution"]);
}

#[test]
fn a_task_that_took_too_long_is_answered_in_vain_before_the_next_is_taken() {
    let blocking = [block(12 * SECOND), WorkflowAction::Sleep(SECOND)];
    let mut bench = Bench::workflow(blocking);
    let start = |bench: &mut Bench, attempt: u32| {
        bench.attempt = attempt;
        let started = bench.record([Attributes::WorkflowTaskStarted {
            scheduled_event_id: EventId(bench.history.len()),
            identity: "worker".into(),
            origin: StartOrigin::Poll,
        }]);
        bench.hand_over(started);
        started
    };
    let late = start(&mut bench, 1);
    bench.now = EPOCH + 10 * SECOND;
    bench.record([Attributes::WorkflowTaskTimedOut {
        scheduled_event_id: EventId(2),
        started_event_id: Some(late),
        timeout_type: crate::history::event::WorkflowTaskTimeoutType::StartToClose,
    }]);
    bench.schedule();
    start(&mut bench, 2);
    let sent = bench.next();
    assert_eq!(bench.now, EPOCH + 12 * SECOND);
    let Request::RespondWorkflowTaskCompleted(request) = &sent[0].request else { unreachable!() };
    assert_eq!(request.token.started_event_id, late);
    let key = WorkflowTaskKey::from(&request.token);
    bench.answer(key, Err(RpcError::not_found("Workflow task not found.")));
    let sent = bench.next();
    assert_eq!(bench.now, EPOCH + 24 * SECOND);
    assert_eq!(commands(&sent[0].request), ["StartTimer 1"]);
}

#[test]
fn a_refused_poll_is_tried_again_a_second_later() {
    let mut bench = Bench::workflow([]);
    let poll = bench.take_parked(|request| matches!(request, Request::PollWorkflowTaskQueue(_)));
    let mut out = Vec::new();
    let refused = RpcError::new(crate::api::Code::Unavailable, "no");
    bench.worker.answer(EPOCH, poll, Err(refused), &mut out);
    assert_eq!(out, []);
    let sent = bench.next();
    assert_eq!((bench.now, sent.len()), (EPOCH + SECOND, 1));
}
