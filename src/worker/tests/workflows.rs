//! Timers, activities, signals, branches, `try`: what code asks for when all goes well.

use super::*;

#[test]
fn an_activity_is_scheduled_and_its_result_completes_the_workflow() {
    let mut bench = Bench::workflow([
        start("charge", "a", ActivityOptions::default()),
        wait_for("a"),
        WorkflowAction::Return(Json::from("done")),
    ]);
    let first = bench.task();
    assert_eq!(commands(&first), ["ScheduleActivityTask 1 charge"]);
    let Request::RespondWorkflowTaskCompleted(request) = &first else { unreachable!() };
    assert_eq!(request.sticky.as_ref().unwrap().worker_task_queue, Name::from("worker-sticky"));
    assert!(request.return_new_workflow_task && !request.force_create_new_workflow_task);

    let events = bench.accept(&first);
    let next = bench.history.next_event_id();
    bench.record(activity_completed(events[0], next));
    bench.schedule();
    assert_eq!(commands(&bench.task()), ["CompleteWorkflowExecution"]);
}

#[test]
fn a_branch_runs_after_the_steps_that_follow_its_start() {
    let branch = model::StartBranch {
        steps: steps([start("b", "b", ActivityOptions::default()), wait_for("b")]),
        handle: Some("branch".to_owned()),
    };
    let mut bench = Bench::workflow([
        WorkflowAction::StartBranch(branch),
        start("a", "a", ActivityOptions::default()),
        WorkflowAction::WaitFor(vec!["a".to_owned(), "branch".to_owned()]),
    ]);
    let first = bench.task();
    assert_eq!(commands(&first), ["ScheduleActivityTask 1 a", "ScheduleActivityTask 2 b"]);
    let events = bench.accept(&first);
    let next = bench.history.next_event_id();
    bench.record(activity_completed(events[1], next));
    bench.schedule();
    let second = bench.task();
    assert_eq!(commands(&second), Vec::<String>::new());
    bench.accept(&second);
    let next = bench.history.next_event_id();
    bench.record(activity_completed(events[0], next));
    bench.schedule();
    assert_eq!(commands(&bench.task()), ["CompleteWorkflowExecution"]);
}

#[test]
fn each_start_has_a_sticky_queue_of_its_own_and_a_farewell_gives_it_up() {
    let mut worker = Bench::workflow([]).worker;
    let farewell = |name: &str| Request::ShutdownWorker { sticky_task_queue: name.into() };
    assert_eq!(worker.farewell(), Some(farewell("worker-sticky")));
    worker.stop(EPOCH);
    assert_eq!(worker.farewell(), None);
    worker.start(EPOCH, &mut Vec::new());
    assert_eq!(worker.farewell(), Some(farewell("worker-sticky-2")));
}

#[test]
fn signals_come_before_what_else_happened_since_the_last_task() {
    let mut bench = Bench::workflow([
        start("a", "a", ActivityOptions::default()),
        WorkflowAction::StartTimer(model::StartTimer {
            start_timer: Span(SECOND),
            r#as: "timer".to_owned(),
            timer_id: None,
        }),
        wait_signal("stop"),
        WorkflowAction::Cancel("a".to_owned()),
        WorkflowAction::WaitForAny(vec!["timer".to_owned(), "a".to_owned()]),
    ]);
    let first = bench.task();
    let events = bench.accept(&first);
    // The activity has ended before the signal's task: sdk-core drops the cancel (G06).
    let next = bench.history.next_event_id();
    bench.record(activity_completed(events[0], next));
    bench.record([signaled("stop"), scheduled()]);
    assert_eq!(commands(&bench.task()), ["CompleteWorkflowExecution"]);
}

#[test]
fn a_signal_in_time_cancels_the_timer_of_its_timeout() {
    let mut bench = Bench::workflow([WorkflowAction::WaitSignal(WaitSignal {
        wait_signal: "go".to_owned(),
        timeout: Some(Span(SECOND)),
    })]);
    let first = bench.task();
    assert_eq!(commands(&first), ["StartTimer 1"]);
    bench.accept(&first);
    bench.record([signaled("go"), scheduled()]);
    assert_eq!(commands(&bench.task()), ["CancelTimer 1", "CompleteWorkflowExecution"]);
}

#[test]
fn a_signal_that_is_late_raises_a_timeout_error() {
    let mut bench = Bench::workflow([WorkflowAction::WaitSignal(WaitSignal {
        wait_signal: "go".to_owned(),
        timeout: Some(Span(SECOND)),
    })]);
    let first = bench.task();
    let events = bench.accept(&first);
    bench.record([fired("1", events[0]), scheduled()]);
    assert_eq!(commands(&bench.task()), ["FailWorkflowExecution no signal 'go' in time"]);
}

#[test]
fn finally_runs_after_a_failure_and_lets_it_through() {
    let tried = Try {
        finally: Some(steps([WorkflowAction::Sleep(SECOND)])),
        ..attempt(steps([WorkflowAction::Fail(fail("boom"))]))
    };
    let mut bench = Bench::workflow([WorkflowAction::Try(tried)]);
    let first = bench.task();
    assert_eq!(commands(&first), ["StartTimer 1"]);
    let events = bench.accept(&first);
    bench.record([fired("1", events[0]), scheduled()]);
    assert_eq!(commands(&bench.task()), ["FailWorkflowExecution boom"]);
}

#[test]
fn a_caught_failure_can_be_raised_again() {
    let tried = Try {
        on_failure: Some(steps([WorkflowAction::Raise])),
        on_cancel: Some(steps([WorkflowAction::Return(Json::Null)])),
        ..attempt(steps([WorkflowAction::Fail(fail("boom"))]))
    };
    let mut bench = Bench::workflow([WorkflowAction::Try(tried)]);
    assert_eq!(commands(&bench.task()), ["FailWorkflowExecution boom"]);
}

#[test]
fn a_loop_that_never_waits_is_stopped_and_reported() {
    let endless = model::Repeat { steps: steps([]), times: None };
    let mut bench = Bench::workflow([WorkflowAction::Repeat(endless)]);
    let started = bench.record([Attributes::WorkflowTaskStarted {
        scheduled_event_id: EventId(2),
        identity: "worker".into(),
        origin: StartOrigin::Poll,
    }]);
    bench.hand_over(started);
    assert_eq!(bench.run_due(), []);
    let problems = bench.worker.take_problems();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("100000 steps"), "{}", problems[0]);
    assert!(bench.worker.take_problems().is_empty());
}

#[test]
fn a_task_takes_as_long_as_its_block_steps_and_the_latency_say() {
    let blocking = scenario(
        CancellationModel::Task,
        vec![steps([block(2 * SECOND), WorkflowAction::Sleep(SECOND)])],
    );
    let config = model::Worker { workflow_task_latency: Span(SECOND), ..model::Worker::default() };
    let mut bench = Bench::with(&blocking, &config);
    let started = bench.record([Attributes::WorkflowTaskStarted {
        scheduled_event_id: EventId(2),
        identity: "worker".into(),
        origin: StartOrigin::Poll,
    }]);
    bench.hand_over(started);
    assert_eq!(bench.worker.due_set().next().unwrap().0, EPOCH + 3 * SECOND);
}

#[test]
fn continue_as_new_keeps_type_and_queue() {
    let again = model::ContinueAsNew {
        continue_as_new: None,
        header: <_>::default(),
        input: Some(Json::from(1)),
        task_queue: None,
        workflow_run_timeout: None,
        workflow_task_timeout: None,
        cron_schedule: None,
    };
    let mut bench = Bench::workflow([WorkflowAction::ContinueAsNew(again)]);
    let Request::RespondWorkflowTaskCompleted(request) = bench.task() else { unreachable!() };
    let Command::ContinueAsNewWorkflowExecution(command) = &request.commands[0] else {
        unreachable!()
    };
    assert_eq!(command.workflow_type.as_ref().unwrap().name, "W");
    assert_eq!(command.task_queue.as_ref().unwrap().name, "main");
}

#[test]
fn a_workflow_type_that_the_worker_does_not_have_fails_its_task() {
    let config =
        model::Worker { workflows: Some(vec!["V".to_owned()]), ..model::Worker::default() };
    let mut bench = Bench::with(&scenario(CancellationModel::Task, vec![steps([])]), &config);
    let (cause, message) = task_failure(&bench.task());
    assert_eq!(cause, enums::WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure);
    assert_eq!(message, "Workflow class W is not registered on this worker, available workflows: ");
}
