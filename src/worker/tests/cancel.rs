//! Cancels, in both models.

use super::*;
use crate::history::RunId;
use crate::history::event::ChildClose;
use crate::scenario::model::{ActivityCancellationType, ChildCancellationType};

fn cancelled_by(cancellation_type: ActivityCancellationType) -> ActivityOptions {
    ActivityOptions { cancellation_type, ..ActivityOptions::default() }
}

/// A bench whose workflow has scheduled an activity, waits for it, and has a cancel request.
fn waiting(cancellation_type: ActivityCancellationType) -> (Bench, EventId) {
    let mut bench =
        Bench::workflow([start("a", "a", cancelled_by(cancellation_type)), wait_for("a")]);
    let first = bench.task();
    let scheduled_id = bench.accept(&first)[0];
    bench.record([cancel_requested(), scheduled()]);
    (bench, scheduled_id)
}

#[test]
fn try_cancel_requests_the_activitys_cancel_and_ends_at_once() {
    let (mut bench, scheduled_id) = waiting(ActivityCancellationType::TryCancel);
    let request = format!("RequestCancelActivityTask {scheduled_id}");
    assert_eq!(commands(&bench.task()), [request.as_str(), "CancelWorkflowExecution"]);
}

#[test]
fn abandon_asks_nothing_of_the_server() {
    let (mut bench, _) = waiting(ActivityCancellationType::Abandon);
    assert_eq!(commands(&bench.task()), ["CancelWorkflowExecution"]);
}

#[test]
fn wait_cancellation_completed_waits_for_the_activitys_end() {
    let (mut bench, scheduled_id) = waiting(ActivityCancellationType::WaitCancellationCompleted);
    let second = bench.task();
    assert_eq!(commands(&second), [format!("RequestCancelActivityTask {scheduled_id}")]);
    let requested = bench.accept(&second)[0];
    bench.record([activity_canceled(scheduled_id, requested), scheduled()]);
    assert_eq!(commands(&bench.task()), ["CancelWorkflowExecution"]);
}

#[test]
fn a_cancel_is_swallowed_by_an_activity_that_completes() {
    let (mut bench, scheduled_id) = waiting(ActivityCancellationType::WaitCancellationCompleted);
    let second = bench.task();
    bench.accept(&second);
    let next = bench.history.next_event_id();
    bench.record(activity_completed(scheduled_id, next));
    bench.schedule();
    assert_eq!(commands(&bench.task()), ["CompleteWorkflowExecution"]);
}

#[test]
fn a_cancel_that_comes_with_the_activitys_end_wins() {
    // G17: there is nothing left to request.
    let (mut bench, scheduled_id) = waiting(ActivityCancellationType::TryCancel);
    let next = bench.history.next_event_id();
    bench.record(activity_completed(scheduled_id, next));
    bench.schedule();
    assert_eq!(commands(&bench.task()), ["CancelWorkflowExecution"]);
}

#[test]
fn a_cancel_before_the_first_task_lets_the_code_run_to_its_first_wait() {
    // G28 and G10: the activity was never sent.
    let mut bench = Bench::workflow([start("a", "a", ActivityOptions::default()), wait_for("a")]);
    bench.cancel_requested();
    bench.schedule();
    assert_eq!(commands(&bench.task()), ["CancelWorkflowExecution"]);
}

#[test]
fn a_timer_that_is_waited_for_is_canceled() {
    let mut bench = Bench::workflow([WorkflowAction::Sleep(SECOND)]);
    let first = bench.task();
    bench.accept(&first);
    bench.record([cancel_requested(), scheduled()]);
    assert_eq!(commands(&bench.task()), ["CancelTimer 1", "CancelWorkflowExecution"]);
}

#[test]
fn a_timer_that_fired_before_the_task_is_not_canceled() {
    // G19.
    let mut bench = Bench::workflow([WorkflowAction::Sleep(SECOND)]);
    let first = bench.task();
    let events = bench.accept(&first);
    bench.record([cancel_requested(), scheduled()]);
    bench.record([fired("1", events[0])]);
    bench.schedule();
    assert_eq!(commands(&bench.task()), ["CancelWorkflowExecution"]);
}

#[test]
fn several_that_are_waited_for_together_are_all_cancelled() {
    let wait = cancelled_by(ActivityCancellationType::WaitCancellationCompleted);
    let mut bench = Bench::workflow([
        start("a", "a", wait.clone()),
        start("b", "b", wait),
        WorkflowAction::WaitFor(vec!["a".to_owned(), "b".to_owned()]),
    ]);
    let first = bench.task();
    let events = bench.accept(&first);
    bench.record([cancel_requested(), scheduled()]);
    let second = bench.task();
    let cancels = events.iter().map(|id| format!("RequestCancelActivityTask {id}"));
    assert_eq!(commands(&second), cancels.collect::<Vec<_>>());
    bench.accept(&second);
    // Both end well all the same: together they are canceled, as `asyncio.gather` has it.
    for id in events {
        let next = bench.history.next_event_id();
        bench.record(activity_completed(id, next));
    }
    bench.schedule();
    assert_eq!(commands(&bench.task()), ["CancelWorkflowExecution"]);
}

#[test]
fn a_wait_for_any_ends_without_cancelling_what_it_waits_for() {
    let mut bench = Bench::workflow([
        start("a", "a", ActivityOptions::default()),
        WorkflowAction::WaitForAny(vec!["a".to_owned()]),
    ]);
    let first = bench.task();
    bench.accept(&first);
    bench.record([cancel_requested(), scheduled()]);
    assert_eq!(commands(&bench.task()), ["CancelWorkflowExecution"]);
}

#[test]
fn a_shield_runs_to_its_end_before_the_cancel_is_raised() {
    let mut bench = Bench::workflow([
        WorkflowAction::Shield(steps([WorkflowAction::Sleep(SECOND)])),
        WorkflowAction::Sleep(SECOND),
    ]);
    let first = bench.task();
    let events = bench.accept(&first);
    bench.record([cancel_requested(), scheduled()]);
    let second = bench.task();
    assert_eq!(commands(&second), Vec::<String>::new());
    bench.accept(&second);
    bench.record([fired("1", events[0]), scheduled()]);
    assert_eq!(commands(&bench.task()), ["CancelWorkflowExecution"]);
}

#[test]
fn a_cancel_is_raised_once_and_what_comes_after_runs() {
    let tried = Try {
        on_cancel: Some(steps([WorkflowAction::Sleep(SECOND)])),
        ..attempt(steps([WorkflowAction::Sleep(SECOND)]))
    };
    let mut bench = Bench::workflow([WorkflowAction::Try(tried)]);
    let first = bench.task();
    bench.accept(&first);
    bench.record([cancel_requested(), scheduled()]);
    let second = bench.task();
    assert_eq!(commands(&second), ["CancelTimer 1", "StartTimer 2"]);
    let events = bench.accept(&second);
    bench.record([fired("2", events[1]), scheduled()]);
    assert_eq!(commands(&bench.task()), ["CompleteWorkflowExecution"]);
}

#[test]
fn a_handle_that_the_workflow_cancels_itself_fails_it() {
    let mut bench = Bench::workflow([
        start("a", "a", ActivityOptions::default()),
        WorkflowAction::Sleep(SECOND),
        WorkflowAction::Cancel("a".to_owned()),
        wait_for("a"),
    ]);
    let first = bench.task();
    let events = bench.accept(&first);
    bench.record([fired("1", events[1]), scheduled()]);
    let second = bench.task();
    let cancel = format!("RequestCancelActivityTask {}", events[0]);
    assert_eq!(commands(&second), [&*cancel, "FailWorkflowExecution Activity cancelled"]);
    let Request::RespondWorkflowTaskCompleted(request) = &second else { unreachable!() };
    let Command::FailWorkflowExecution(command) = &request.commands[1] else { unreachable!() };
    assert!(super::super::failures::is_cancellation(command.failure.as_ref().unwrap()));
}

#[test]
fn what_is_scheduled_and_cancelled_at_once_is_never_sent() {
    let mut bench = Bench::workflow([
        start("a", "a", ActivityOptions::default()),
        WorkflowAction::Cancel("a".to_owned()),
        WorkflowAction::Cancel("a".to_owned()),
        WorkflowAction::Sleep(SECOND),
    ]);
    assert_eq!(commands(&bench.task()), ["StartTimer 1"]);
}

#[test]
fn a_branch_is_cancelled_with_what_it_waits_for() {
    let branch = model::StartBranch {
        steps: steps([WorkflowAction::Sleep(SECOND)]),
        handle: Some("b".to_owned()),
    };
    let mut bench = Bench::workflow([WorkflowAction::StartBranch(branch), wait_for("b")]);
    let first = bench.task();
    bench.accept(&first);
    bench.record([cancel_requested(), scheduled()]);
    assert_eq!(commands(&bench.task()), ["CancelTimer 1", "CancelWorkflowExecution"]);
}

#[test]
fn a_cancelled_scope_cancels_everything_in_order_of_creation() {
    let mut bench = Bench::scoped([
        start("a", "a", ActivityOptions::default()),
        WorkflowAction::StartTimer(model::StartTimer {
            start_timer: Span(SECOND),
            r#as: "t".to_owned(),
            timer_id: None,
        }),
        start("b", "b", ActivityOptions::default()),
        wait_signal("never"),
    ]);
    let first = bench.task();
    let events = bench.accept(&first);
    bench.record([cancel_requested(), scheduled()]);
    assert_eq!(
        commands(&bench.task()),
        [
            format!("RequestCancelActivityTask {}", events[0]),
            "CancelTimer 1".to_owned(),
            format!("RequestCancelActivityTask {}", events[2]),
            "CancelWorkflowExecution".to_owned(),
        ]
    );
}

#[test]
fn nothing_starts_in_a_cancelled_scope_but_for_a_shield() {
    let cleanup = Try {
        on_cancel: Some(steps([
            WorkflowAction::Try(Try {
                on_cancel: Some(steps([])),
                ..attempt(steps([WorkflowAction::Sleep(SECOND)]))
            }),
            WorkflowAction::Shield(steps([
                start("undo", "u", ActivityOptions::default()),
                wait_for("u"),
            ])),
            WorkflowAction::Raise,
        ])),
        ..attempt(steps([WorkflowAction::Sleep(SECOND)]))
    };
    let mut bench = Bench::scoped([WorkflowAction::Try(cleanup)]);
    let first = bench.task();
    bench.accept(&first);
    bench.record([cancel_requested(), scheduled()]);
    let second = bench.task();
    assert_eq!(commands(&second), ["CancelTimer 1", "ScheduleActivityTask 1 undo"]);
    let events = bench.accept(&second);
    let next = bench.history.next_event_id();
    bench.record(activity_completed(events[1], next));
    bench.schedule();
    assert_eq!(commands(&bench.task()), ["CancelWorkflowExecution"]);
}

fn child(cancellation_type: ChildCancellationType) -> Bench {
    let options = model::ChildOptions { cancellation_type, ..model::ChildOptions::default() };
    let start = model::ExecuteChildWorkflow { execute_child_workflow: "C".to_owned(), options };
    let mut bench = Bench::workflow([WorkflowAction::ExecuteChildWorkflow(start)]);
    let first = bench.task();
    assert_eq!(commands(&first), ["StartChildWorkflowExecution w/1"]);
    bench.accept(&first);
    bench.record([cancel_requested(), scheduled()]);
    bench
}

#[test]
fn a_child_is_cancelled_as_its_cancellation_type_says() {
    use ChildCancellationType as Type;
    let request = "RequestCancelExternalWorkflowExecution w/1";
    let after_cancel = |kind| commands(&child(kind).task());
    assert_eq!(after_cancel(Type::Abandon), ["CancelWorkflowExecution"]);
    assert_eq!(after_cancel(Type::TryCancel), [request, "CancelWorkflowExecution"]);
    assert_eq!(after_cancel(Type::WaitCancellationCompleted), [request]);
    assert_eq!(after_cancel(Type::WaitCancellationRequested), [request]);
}

#[test]
fn a_child_that_waits_for_the_request_ends_when_the_server_has_passed_it_on() {
    let mut bench = child(ChildCancellationType::WaitCancellationRequested);
    let second = bench.task();
    let Request::RespondWorkflowTaskCompleted(request) = &second else { unreachable!() };
    let Command::RequestCancelExternalWorkflowExecution(command) = &request.commands[0] else {
        unreachable!()
    };
    assert!(command.child_workflow_only);
    let command = command.clone();
    let initiated_event_id = bench.accept(&second)[0];
    bench.record([
        Attributes::ExternalWorkflowExecutionCancelRequested { command, initiated_event_id },
        scheduled(),
    ]);
    assert_eq!(commands(&bench.task()), ["CancelWorkflowExecution"]);
}

#[test]
fn a_cancel_that_comes_with_a_childs_end_is_swallowed() {
    let mut bench = child(ChildCancellationType::WaitCancellationCompleted);
    let initiated = bench.history.events().find_map(|event| match &event.attributes {
        Attributes::StartChildWorkflowExecutionInitiated(child) => Some((event.id, child.clone())),
        _ => None,
    });
    let (initiated_event_id, child) = initiated.unwrap();
    bench.record([Attributes::ChildWorkflowExecutionClosed {
        run_id: RunId::derive(&child.workflow_id, RunCause::Start, 0),
        child,
        initiated_event_id,
        started_event_id: initiated_event_id.next(),
        close: ChildClose::Completed { result: None },
    }]);
    assert_eq!(commands(&bench.task()), ["CompleteWorkflowExecution"]);
}

#[test]
fn branches_that_wait_for_each_other_can_be_cancelled() {
    let branch = |handle: &str, other: &str| {
        WorkflowAction::StartBranch(model::StartBranch {
            steps: steps([WorkflowAction::Sleep(SECOND), wait_for(other)]),
            handle: Some(handle.to_owned()),
        })
    };
    let mut bench = Bench::workflow([branch("x", "y"), branch("y", "x"), wait_for("x")]);
    let first = bench.task();
    let events = bench.accept(&first);
    bench.record([fired("1", events[0]), fired("2", events[1]), scheduled()]);
    let second = bench.task();
    bench.accept(&second);
    bench.record([cancel_requested(), scheduled()]);
    assert_eq!(commands(&bench.task()), Vec::<String>::new());
}
