//! Clients, conditions, order and limits, on scenarios without a worker that does anything.

use std::time::Duration;

use super::*;
use crate::api::{ExecutionStatus, RpcError};
use crate::check::check;
use crate::clock::{EPOCH, Time};
use crate::scenario::Scenario;

fn plan(text: &str) -> std::sync::Arc<Plan> {
    let text = format!("name: test\nworkers: [{{ name: worker, stopped: true }}]\n{text}");
    Plan::new(Scenario::parse(&text, "test.yaml").unwrap_or_else(|errors| panic!("{errors}")))
}

fn result(text: &str) -> RunResult {
    run(&plan(text), Race::default(), &Limits::default(), &mut DefaultOrder)
}

/// When each step was answered, and what it was told.
fn log(result: &RunResult) -> Vec<(u64, String)> {
    let told = |entry: &LogEntry| match &entry.answer {
        Answer::Refused(error) => error.code.to_string(),
        Answer::NotSent(why) => why.to_string(),
        Answer::Closed(status) => status.to_string(),
        _ => format!("{}{}", result.client_name(entry.client), entry.step),
    };
    result.log.iter().map(|entry| ((entry.time - EPOCH).as_secs(), told(entry))).collect()
}

#[test]
fn a_client_takes_its_steps_in_order_at_their_times() {
    let result = result(
        "
workflows: { W: [] }
timeline:
  - { start: W, workflow_id: w }
  - { signal: w, name: s, after: 3s }
  - { signal: w, name: s, at: 10s }
  - { signal: w, name: s, at: 5s }
  - { terminate: w, after: 1s }
  - { wait_for_close: w }
",
    );
    let expected = [
        (0, "client0".into()),
        (3, "client1".into()),
        (10, "client2".into()),
        (10, "client3".into()),
        (11, "client4".into()),
        (11, "Terminated".to_owned()),
    ];
    assert_eq!(log(&result), expected);
    assert_eq!(result.execution("w").status, ExecutionStatus::Terminated);
    assert!(result.ended.is_settled());
    assert!(result.not_taken.is_empty());
}

#[test]
fn requests_carry_the_clients_name_and_a_request_id_of_their_own() {
    let result = result(
        "
workflows: { W: [] }
clients:
  alice:
    - { start: W, workflow_id: w }
    - { signal: w, name: s }
    - { signal: w, name: s, request_id: alice-2 }
",
    );
    let signals: Vec<_> = result.execution("w").history.events().skip(2).collect();
    assert_eq!(signals.len(), 1, "the second signal has the first one's request id");
    let crate::history::Attributes::WorkflowExecutionSignaled(signal) = &signals[0].attributes
    else {
        panic!("{signals:?}");
    };
    assert_eq!((&*signal.identity, &*signal.request_id), ("alice", "alice-2"));
}

#[test]
fn a_step_waits_until_one_run_has_as_many_of_the_events_as_it_says() {
    let result = result(
        "
workflows: { W: [] }
clients:
  a:
    - { start: W, workflow_id: w }
    - { start: W, workflow_id: v }
    - { signal: v, name: s, after: 1s }
    - { signal: w, name: s, after: 1s }
    - { signal: w, name: s, after: 1s }
  b:
    - { terminate: w, when: { event: WorkflowExecutionSignaled, count: 2 } }
",
    );
    assert_eq!(log(&result).pop(), Some((3, "b0".to_owned())));
}

#[test]
fn an_event_that_is_there_already_lets_a_step_go_at_once() {
    let result = result(
        "
workflows: { W: [] }
timeline:
  - { start: W, workflow_id: w }
  - { cancel: w, after: 5s }
  - { terminate: w, when: { event: WorkflowExecutionCancelRequested, workflow_id: w, run: 1 } }
",
    );
    assert_eq!(log(&result).pop(), Some((5, "client2".to_owned())));
}

#[test]
fn steps_name_runs_by_number() {
    let result = result(
        "
workflows: { W: [] }
timeline:
  - { start: W, workflow_id: w }
  - { terminate: w, run: 1 }
  - { start: W, workflow_id: w }
  - { terminate: w, run: 1, fails_with: { code: NOT_FOUND } }
  - { terminate: w, run: 2, first_run: 2 }
  - { terminate: w, run: 3 }
",
    );
    assert_eq!(check(&result).len(), 1);
    let last = log(&result).pop().map(|(_, told)| told);
    assert_eq!(last.as_deref(), Some("there is no run 3 of `w`: it has 2 so far"));
}

#[test]
fn a_reset_without_a_completed_workflow_task_goes_to_the_first_that_was_scheduled() {
    let result = result(
        "
workflows: { W: [] }
timeline:
  - { start: W, workflow_id: w }
  - { reset: w, type: LastWorkflowTask, fails_with: { code: INVALID_ARGUMENT } }
  - { reset: nobody, type: FirstWorkflowTask, fails_with: { code: NOT_FOUND } }
",
    );
    // Event 3 is not there yet: the workflow task was scheduled, but not started (B2).
    assert_eq!(check(&result).iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn what_is_not_as_expected_is_told_with_its_place() {
    let result = result(
        "
workflows: { W: [] }
timeline:
  - { terminate: w }
  - { start: W, workflow_id: w, fails_with: { code: ALREADY_EXISTS } }
  - { cancel: w, when: { event: TimerFired } }
expect:
  - { workflow_id: w, status: Completed, events: [WorkflowExecutionStarted, TimerStarted] }
  - { workflow_id: w, never: [WorkflowTaskScheduled] }
  - { workflow_id: w, run: 2, status: Completed }
",
    );
    let failures: Vec<String> = check(&result).iter().map(ToString::to_string).collect();
    let expected = [
        "test.yaml:10:5: expected `w` to be Completed, but it is Running",
        "test.yaml:10:5: expected TimerStarted in the history of `w` after event 1 \
         (WorkflowExecutionStarted)",
        "test.yaml:11:5: expected no WorkflowTaskScheduled in the history of `w`, but event 2 is one",
        "test.yaml:12:5: run 2 of `w` does not exist: there were 1",
        "test.yaml:6:7: refused: NOT_FOUND: workflow not found for ID: w",
        "test.yaml:7:7: expected to be refused with ALREADY_EXISTS, but was not",
        "test.yaml:8:7: this step never came about: TimerFired was never in a history",
    ];
    assert_eq!(failures, expected);
}

const TWO_CLIENTS: &str = "
workflows: { W: [] }
clients:
  a: [{ start: W, workflow_id: w, at: 1s }]
  b: [{ start: W, workflow_id: w, at: 3s }]
";

#[test]
fn without_a_window_only_what_is_due_together_races() {
    let simulation = Simulation::new(plan(TWO_CLIENTS));
    let mut enabled = Enabled::default();
    simulation.enabled(Duration::ZERO, &mut enabled);
    assert_eq!(*enabled, [(seconds(1), Happening::Client(ClientIndex(0)))]);
}

#[test]
fn a_window_lets_the_later_come_first_and_the_earlier_be_late() {
    let mut simulation = Simulation::new(plan(TWO_CLIENTS));
    let mut enabled = Enabled::default();
    simulation.enabled(Duration::from_secs(2), &mut enabled);
    assert_eq!(enabled.len(), 2);
    let (due, happening) = enabled[1];
    simulation.step(due, happening);
    assert_eq!(simulation.now(), seconds(3));
    // What is late happens now, not in the past.
    simulation.step(seconds(1), Happening::Client(ClientIndex(0)));
    assert_eq!(simulation.now(), seconds(3));
    assert_eq!(simulation.log()[0].client, ClientIndex(1));
}

#[test]
fn a_request_at_the_deadline_comes_before_the_deadline() {
    let result = result(
        "
workflows: { W: [] }
timeline:
  - { start: W, workflow_id: w, workflow_run_timeout: 10s }
  - { signal: w, name: s, at: 10s }
",
    );
    let history = &result.execution("w").history;
    let last_two: Vec<&str> =
        history.events().skip(2).map(|event| event.attributes.type_name()).collect();
    assert_eq!(last_two, ["WorkflowExecutionSignaled", "WorkflowExecutionTimedOut"]);
}

#[test]
fn a_clone_goes_on_as_its_origin_and_both_hash_alike() {
    let mut one = Simulation::new(plan(TWO_CLIENTS));
    one.step(seconds(1), Happening::Client(ClientIndex(0)));
    let mut other = one.clone();
    assert_eq!(one, other);
    for simulation in [&mut one, &mut other] {
        simulation.step(seconds(3), Happening::Client(ClientIndex(1)));
    }
    assert_eq!(one, other);
    assert_eq!(digest(&one), digest(&other));
    assert_ne!(digest(&one), digest(&Simulation::new(plan(TWO_CLIENTS))));
}

fn digest(simulation: &Simulation) -> u128 {
    use std::hash::Hash as _;
    let mut digest = crate::history::ids::Digest::new();
    simulation.hash(&mut digest);
    digest.finish128()
}

fn seconds(seconds: u64) -> Time {
    EPOCH + Duration::from_secs(seconds)
}

#[test]
fn a_run_without_a_worker_ends_with_its_executions_open() {
    let result = result("workflows: { W: [] }\ntimeline: [{ start: W, workflow_id: w }]");
    assert!(result.ended.is_settled());
    assert_eq!(result.execution("w").status, ExecutionStatus::Running);
}

#[test]
fn a_limit_stops_a_run_and_tells_where_it_was() {
    let plan = plan(
        "
workflows: { W: [] }
timeline:
  - { start: W, workflow_id: w }
  - { signal: w, name: s, at: 20d }
",
    );
    let limits = Limits { virtual_time: Duration::from_secs(86_400), ..Limits::default() };
    let result = run(&plan, Race::default(), &limits, &mut DefaultOrder);
    let Ended::Stopped(stopped) = &result.ended else { panic!("{:?}", result.ended) };
    assert_eq!(
        stopped.to_string(),
        "\
stopped at 00:00:00.000: more than 1 days of virtual time
  `w` run 1: last event 2 WorkflowTaskScheduled at 00:00:00.000; pending: workflow task, scheduled, attempt 1
  client `client` is before its step 2"
    );
    let limits = Limits { happenings: 1, ..Limits::default() };
    let result = run(&plan, Race::default(), &limits, &mut DefaultOrder);
    assert!(matches!(&result.ended, Ended::Stopped(it) if it.limit == Limit::Happenings(1)));
}

#[test]
fn a_refusal_by_the_server_is_an_answer_with_code_and_message() {
    let result = result("workflows: { W: [] }\ntimeline: [{ cancel: w }]");
    let Answer::Refused(error) = &result.log[0].answer else { panic!("{:?}", result.log) };
    assert_eq!(**error, RpcError::not_found("workflow not found for ID: w"));
}

#[test]
fn replaying_too_much_stops_a_run() {
    let text = "
name: a loop without a cache
workers: [{ name: worker, sticky: false }]
workflows: { W: [{ repeat: [{ sleep: 1s }] }] }
timeline: [{ start: W, workflow_id: w }]
";
    let plan = Plan::new(Scenario::parse(text, "test.yaml").unwrap());
    let limits = Limits { replayed_events: 1_000, ..Limits::default() };
    let result = run(&plan, Race::default(), &limits, &mut DefaultOrder);
    let Ended::Stopped(stopped) = result.ended else { panic!("{:?}", result.ended) };
    assert_eq!(stopped.limit, Limit::ReplayedEvents(1_000));
}

#[test]
fn equal_states_have_equal_keys_and_every_step_changes_the_key() {
    let text = "
name: a nap
workflows: { W: [{ sleep: 1s }] }
timeline: [{ start: W, workflow_id: w }]
";
    let plan = Plan::new(Scenario::parse(text, "test.yaml").unwrap());
    let mut simulation = Simulation::new(plan.clone());
    let mut again = Simulation::new(plan);
    let mut keys = vec![simulation.key()];
    let mut enabled = Enabled::default();
    loop {
        simulation.enabled(Duration::ZERO, &mut enabled);
        let Some((due, happening)) = enabled.first().copied() else { break };
        let before = simulation.clone();
        simulation.step(due, happening);
        again.step(due, happening);
        assert_eq!(before.key(), keys[keys.len() - 1], "the clone stays as it was");
        assert_eq!(simulation, again);
        assert_eq!(simulation.key(), again.key());
        keys.push(simulation.key());
    }
    assert!(keys.len() > 6);
    let steps = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), steps);
}
