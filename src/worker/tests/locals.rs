//! Local activities: markers, replay, workflow task heartbeats, cancels.

use super::*;
use crate::scenario::model::{
    ActivityCancellationType, ExecuteLocalActivity, LocalActivityOptions, StartLocalActivity,
};

fn local(actions: impl IntoIterator<Item = ActivityAction>) -> Scenario {
    let step = ExecuteLocalActivity {
        execute_local_activity: "l".to_owned(),
        options: LocalActivityOptions::default(),
    };
    let mut scenario = scenario(
        CancellationModel::Task,
        vec![steps([WorkflowAction::ExecuteLocalActivity(step), WorkflowAction::Sleep(SECOND)])],
    );
    scenario.activities.insert("l".to_owned(), activity_steps(actions));
    scenario
}

const MARKER: &str = "RecordMarker core_local_activity";

#[test]
fn a_local_activity_runs_in_the_worker_and_is_recorded_as_a_marker() {
    let scenario = local([ActivityAction::Return(Json::from(1))]);
    let mut bench = Bench::new(&scenario);
    let first = bench.task();
    assert_eq!(commands(&first), [MARKER, "StartTimer 1"]);
    let Request::RespondWorkflowTaskCompleted(request) = &first else { unreachable!() };
    let Command::RecordMarker(marker) = &request.commands[0] else { unreachable!() };
    let data = String::from_utf8(marker.details["data"].payloads[0].data.clone()).unwrap();
    assert!(
        data.contains(r#""seq":1,"attempt":1,"activity_id":"1","activity_type":"l""#),
        "{data}"
    );
    assert_eq!(marker.details["result"].payloads[0].data, b"1");
}

#[test]
fn a_replayed_local_activity_is_taken_from_its_marker() {
    let scenario = local([ActivityAction::Return(Json::from(1))]);
    let mut bench = Bench::new(&scenario);
    let first = bench.task();
    let events = bench.accept(&first);
    bench.record([fired("1", events[1]), scheduled()]);
    bench.forget();
    assert_eq!(commands(&bench.task()), ["CompleteWorkflowExecution"]);
}

#[test]
fn the_workflow_task_is_kept_open_and_alive_for_a_long_local_activity() {
    let scenario = local([ActivityAction::Sleep(12 * SECOND)]);
    let mut bench = Bench::new(&scenario);
    let started = bench.record([Attributes::WorkflowTaskStarted {
        scheduled_event_id: EventId(2),
        identity: "worker".into(),
        origin: StartOrigin::Poll,
    }]);
    bench.hand_over(started);
    assert_eq!(bench.run_due(), []);
    let sent = bench.next();
    assert_eq!(bench.now, EPOCH + 8 * SECOND);
    let Request::RespondWorkflowTaskCompleted(request) = &sent[0].request else { unreachable!() };
    assert!(request.force_create_new_workflow_task && request.return_new_workflow_task);
    assert_eq!(request.commands, []);

    // The server returns the next task at once (D4).
    let key = WorkflowTaskKey::from(&request.token);
    bench.previous = Some(started);
    bench.record([
        Attributes::WorkflowTaskCompleted {
            scheduled_event_id: EventId(2),
            started_event_id: started,
            identity: "worker".into(),
            extras: None,
        },
        scheduled(),
        Attributes::WorkflowTaskStarted {
            scheduled_event_id: EventId(5),
            identity: "worker".into(),
            origin: StartOrigin::Inline,
        },
    ]);
    let mut task = bench.workflow_task(EventId(6));
    task.first_event_id = started.next();
    let response = Response::RespondWorkflowTaskCompleted {
        workflow_task: Some(Box::new(task)),
        activity_tasks: Vec::new(),
        reset_history_event_id: None,
    };
    bench.answer(key, Ok(response));
    assert_eq!(bench.next(), []);
    assert_eq!(bench.now, EPOCH + 12 * SECOND);
    let sent = bench.run_due();
    assert_eq!(commands(&sent[0].request), [MARKER, "StartTimer 1"]);
    bench.accept(&sent[0].request);

    bench.record([fired("1", EventId(9)), scheduled()]);
    bench.forget();
    assert_eq!(commands(&bench.task()), ["CompleteWorkflowExecution"]);
}

#[test]
fn a_local_activity_is_retried_by_the_worker() {
    let attempts = model::ByAttempt {
        attempts: [(1, activity_steps([ActivityAction::Fail(fail("again"))]))].into(),
        otherwise: activity_steps([ActivityAction::Return(Json::from(2))]),
    };
    let mut bench = Bench::new(&local([ActivityAction::ByAttempt(attempts)]));
    let started = bench.record([Attributes::WorkflowTaskStarted {
        scheduled_event_id: EventId(2),
        identity: "worker".into(),
        origin: StartOrigin::Poll,
    }]);
    bench.hand_over(started);
    assert_eq!(bench.run_due(), []);
    assert_eq!(bench.next(), []);
    assert_eq!(bench.now, EPOCH + SECOND);
    let sent = bench.run_due();
    assert_eq!(commands(&sent[0].request), [MARKER, "StartTimer 1"]);
}

fn cancelled(cancellation_type: ActivityCancellationType) -> Bench {
    let step = StartLocalActivity {
        start_local_activity: "l".to_owned(),
        r#as: Some("l".to_owned()),
        options: LocalActivityOptions { cancellation_type, ..LocalActivityOptions::default() },
    };
    let mut scenario = scenario(
        CancellationModel::Task,
        vec![steps([
            WorkflowAction::StartLocalActivity(step),
            WorkflowAction::StartLocalActivity(StartLocalActivity {
                start_local_activity: "short".to_owned(),
                r#as: Some("short".to_owned()),
                options: LocalActivityOptions::default(),
            }),
            wait_for("short"),
            WorkflowAction::Cancel("l".to_owned()),
            wait_for("l"),
        ])],
    );
    let tried = Try {
        on_cancel: Some(activity_steps([ActivityAction::Sleep(SECOND), ActivityAction::Raise])),
        ..attempt(activity_steps([ActivityAction::Hang]))
    };
    scenario.activities.insert("l".to_owned(), activity_steps([ActivityAction::Try(tried)]));
    scenario.activities.insert("short".to_owned(), activity_steps([ActivityAction::Sleep(SECOND)]));
    let mut bench = Bench::new(&scenario);
    let started = bench.record([Attributes::WorkflowTaskStarted {
        scheduled_event_id: EventId(2),
        identity: "worker".into(),
        origin: StartOrigin::Poll,
    }]);
    bench.hand_over(started);
    bench
}

#[test]
fn a_local_activity_learns_of_its_cancel_without_heartbeats() {
    let ends = |cancellation_type| {
        let mut bench = cancelled(cancellation_type);
        loop {
            let sent = bench.next();
            if let Some(sent) = sent.first() {
                return (bench.now - EPOCH, commands(&sent.request));
            }
        }
    };
    let failed = "FailWorkflowExecution Local Activity cancelled".to_owned();
    let markers = vec![MARKER.to_owned(), MARKER.to_owned(), failed];
    // Told at one second, it takes another to clean up: only one type waits for that.
    assert_eq!(
        ends(ActivityCancellationType::WaitCancellationCompleted),
        (2 * SECOND, markers.clone())
    );
    assert_eq!(ends(ActivityCancellationType::TryCancel), (SECOND, markers.clone()));
    assert_eq!(ends(ActivityCancellationType::Abandon), (SECOND, markers));
}

#[test]
fn a_long_backoff_is_a_timer_of_the_workflow_and_replays() {
    let mut scenario = local([ActivityAction::ByAttempt(model::ByAttempt {
        attempts: [(1, activity_steps([ActivityAction::Fail(fail("again"))]))].into(),
        otherwise: activity_steps([ActivityAction::Return(Json::from(2))]),
    })]);
    let step = ExecuteLocalActivity {
        execute_local_activity: "l".to_owned(),
        options: LocalActivityOptions {
            retry_policy: Some(model::RetryPolicy {
                initial_interval: Some(Span(100 * SECOND)),
                backoff_coefficient: None,
                maximum_interval: None,
                maximum_attempts: 0,
                non_retryable_error_types: Vec::new(),
            }),
            ..LocalActivityOptions::default()
        },
    };
    let code = steps([WorkflowAction::ExecuteLocalActivity(step), wait_signal("go")]);
    scenario.workflows.get_mut("W").unwrap().versions[0].steps = code;
    for forget in [false, true] {
        let mut bench = Bench::new(&scenario);
        let first = bench.task();
        assert_eq!(commands(&first), [MARKER, "StartTimer 1"]);
        let events = bench.accept(&first);
        bench.record([fired("1", events[1]), scheduled()]);
        if forget {
            bench.forget();
        }
        let second = bench.task();
        assert_eq!(commands(&second), [MARKER]);
        bench.accept(&second);
        bench.record([signaled("go"), scheduled()]);
        if forget {
            bench.forget();
        }
        assert_eq!(commands(&bench.task()), ["CompleteWorkflowExecution"]);
    }
}

#[test]
fn replay_tells_of_local_activities_in_the_order_in_which_they_ended() {
    let branch = |local: &str, after: &str| {
        let step = ExecuteLocalActivity {
            execute_local_activity: local.to_owned(),
            options: LocalActivityOptions::default(),
        };
        let code = [
            WorkflowAction::ExecuteLocalActivity(step),
            start(after, after, ActivityOptions::default()),
        ];
        WorkflowAction::StartBranch(model::StartBranch { steps: steps(code), handle: None })
    };
    let code = steps([branch("long", "x"), branch("short", "y"), wait_signal("go")]);
    let mut scenario = scenario(CancellationModel::Task, vec![code]);
    for (name, seconds) in [("long", 2), ("short", 1)] {
        let sleep = ActivityAction::Sleep(SECOND * seconds);
        scenario.activities.insert(name.to_owned(), activity_steps([sleep]));
    }
    let mut bench = Bench::new(&scenario);
    let started = bench.record([Attributes::WorkflowTaskStarted {
        scheduled_event_id: EventId(2),
        identity: "worker".into(),
        origin: StartOrigin::Poll,
    }]);
    bench.hand_over(started);
    let completion = loop {
        let sent = bench.next();
        if let Some(sent) = sent.into_iter().next() {
            break sent.request;
        }
    };
    let issued = [MARKER, "ScheduleActivityTask 3 y", MARKER, "ScheduleActivityTask 4 x"];
    assert_eq!(commands(&completion), issued);
    bench.accept(&completion);
    bench.record([signaled("go"), scheduled()]);
    bench.forget();
    assert_eq!(commands(&bench.task()), ["CompleteWorkflowExecution"]);
}
