//! Each fault does what it says, and nothing that could not matter is listed.

use std::sync::Arc;
use std::time::Duration;

use crate::api::{Code, ExecutionStatus};
use crate::clock::{EPOCH, Time};
use crate::scenario::Scenario;
use crate::server::{Dispatch, TaskKey};
use crate::sim::{
    Answer, Enabled, Fault, Happening, Limits, Origin, Plan, Race, RunResult, Schedule, Simulation,
    Which, run,
};
use crate::worker::{WorkerIndex, WorkerKey};

/// Picks the default order, and a fault as soon as it can be placed at the right moment.
struct Placing<F> {
    wanted: F,
    placed: u32,
    /// Lets the deadlines of the server come before late requests.
    late: Late,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Late {
    BeforeDeadlines,
    AfterDeadlines,
}

impl<F: Fn(Time, Fault) -> bool> Schedule for Placing<F> {
    fn pick(&mut self, now: Time, enabled: &[(Time, Happening)]) -> usize {
        let wanted = enabled.iter().position(|(due, happening)| match happening {
            Happening::Fault(fault) => (self.wanted)(now.max(*due), *fault),
            _ => false,
        });
        if let Some(at) = wanted {
            self.placed += 1;
            return at;
        }
        let is_late = matches!(enabled[0].1, Happening::Arrival(_));
        let timer = enabled
            .iter()
            .position(|(_, happening)| matches!(happening, Happening::Server(TaskKey::Timer(..))));
        timer.filter(|_| is_late && self.late == Late::AfterDeadlines).unwrap_or(0)
    }
}

fn plan(text: &str) -> Arc<Plan> {
    let text = format!("name: test\n{text}");
    Plan::new(Scenario::parse(&text, "test.yaml").unwrap_or_else(|errors| panic!("{errors}")))
}

/// A run in default order, but for one fault: the first that is wanted.
fn placed(text: &str, wanted: impl Fn(Time, Fault) -> bool) -> RunResult {
    placed_late(text, Late::BeforeDeadlines, wanted)
}

fn placed_late(text: &str, late: Late, wanted: impl Fn(Time, Fault) -> bool) -> RunResult {
    let mut schedule = Placing { wanted, placed: 0, late };
    let race = Race { window: Duration::ZERO, faults: 1 };
    let result = run(&plan(text), race, &Limits::default(), &mut schedule);
    assert_eq!(schedule.placed, 1);
    assert!(result.ended.is_settled(), "{:?}", result.ended);
    result
}

fn seconds(time: Time) -> u64 {
    (time - EPOCH).as_secs()
}

/// The events of the last run of `w` of these types, with the seconds at which they happened.
fn events(result: &RunResult, wanted: &[&str]) -> Vec<(u64, String)> {
    let events = result.execution("w").history.events();
    let events = events.map(|event| (seconds(event.time), event.attributes.type_name()));
    let wanted = events.filter(|(_, name)| wanted.contains(name));
    wanted.map(|(at, name)| (at, name.to_owned())).collect()
}

const NAP: &str = "
workflows: { W: [{ sleep: 1m }] }
timeline: [{ start: W, workflow_id: w }]
";

/// It heartbeats after 5 s, and again when the interval of 8 s has ended.
const HEARTBEATS: &str = "
workflows:
  W:
    - execute_activity: a
      start_to_close_timeout: 1m
      heartbeat_timeout: 10s
      retry_policy: { maximum_attempts: 1 }
activities: { a: [{ repeat: [{ sleep: 5s }, { heartbeat: ~ }], times: 4 }] }
timeline: [{ start: W, workflow_id: w }]
";

/// What the walk in default order is offered, at each of its moments.
fn offered(text: &str) -> Vec<Fault> {
    let mut simulation = Simulation::new(plan(text)).with_faults(1);
    let mut enabled = Enabled::default();
    let mut offered = Vec::new();
    loop {
        simulation.enabled(Duration::ZERO, &mut enabled);
        let is_fault = |(_, happening): &(Time, Happening)| match happening {
            Happening::Fault(fault) => Some(*fault),
            _ => None,
        };
        let faults: Vec<Fault> = enabled.iter().filter_map(is_fault).collect();
        let ordinary = enabled.len() - faults.len();
        assert!(enabled[..ordinary].iter().all(|one| is_fault(one).is_none()));
        offered.extend(faults);
        let Some((due, happening)) = enabled.first().copied() else { return offered };
        simulation.step(due, happening);
    }
}

#[test]
fn no_fault_is_listed_where_none_is_left() {
    let plan = plan(NAP);
    let mut enabled = Enabled::default();
    Simulation::new(Arc::clone(&plan)).enabled(Duration::ZERO, &mut enabled);
    assert_eq!(enabled.len(), 1);
    let one = Simulation::new(Arc::clone(&plan)).with_faults(1);
    one.enabled(Duration::ZERO, &mut enabled);
    assert_eq!(enabled.len(), 3);
    let (due, fault) = enabled[1];
    let mut placed = one.clone();
    placed.step(due, fault);
    assert_eq!(placed.faults_left(), 0);
    placed.enabled(Duration::ZERO, &mut enabled);
    assert!(enabled.iter().all(|(_, happening)| !matches!(happening, Happening::Fault(_))));
}

#[test]
fn how_many_faults_are_left_is_part_of_the_state() {
    let plan = plan(NAP);
    let none = Simulation::new(Arc::clone(&plan));
    let one = Simulation::new(plan).with_faults(1);
    assert_ne!(none, one);
    assert_ne!(none.key(), one.key());
}

#[test]
fn only_what_could_matter_is_listed() {
    let offered = offered(HEARTBEATS);
    let count = |wanted: fn(&Fault) -> bool| offered.iter().filter(|fault| wanted(fault)).count();
    // The start; two workflow tasks and an activity task; two completions.
    assert_eq!(count(|fault| matches!(fault, Fault::LoseResponse(Origin::Client(_)))), 1);
    assert_eq!(count(|fault| matches!(fault, Fault::DuplicateRequest(_))), 1);
    assert_eq!(count(|fault| matches!(fault, Fault::LoseResponse(Origin::Server(_)))), 3);
    assert_eq!(count(|fault| matches!(fault, Fault::LoseResponse(Origin::Worker(..)))), 2);
    // After 5 s and after 13 s; what comes with the end, after 20 s, matters to nobody.
    assert_eq!(count(|fault| matches!(fault, Fault::LoseHeartbeat(_))), 2);
    assert_eq!(count(|fault| matches!(fault, Fault::DelayHeartbeat(_))), 2);
    assert!(count(|fault| matches!(fault, Fault::CrashWorker(_))) > 0);
    assert!(count(|fault| matches!(fault, Fault::LoseCache(_))) > 0);
    assert!(!offered.contains(&Fault::CrashWorker(WorkerIndex(1))));
}

#[test]
fn a_workflow_task_that_does_not_reach_its_worker_times_out() {
    let result = placed(NAP, |_, fault| matches!(fault, Fault::LoseResponse(Origin::Server(_))));
    let types = ["WorkflowTaskStarted", "WorkflowTaskTimedOut", "TimerStarted", "TimerFired"];
    let told = events(&result, &types);
    let expected = [
        (0, "WorkflowTaskStarted"),
        (10, "WorkflowTaskTimedOut"),
        (10, "WorkflowTaskStarted"),
        (10, "TimerStarted"),
        (70, "TimerFired"),
        (70, "WorkflowTaskStarted"),
    ];
    assert_eq!(told, expected.map(|(at, name)| (at, name.to_owned())));
    assert_eq!(result.execution("w").status, ExecutionStatus::Completed);
}

#[test]
fn an_activity_task_that_does_not_reach_its_worker_times_out() {
    let result = placed(HEARTBEATS, |_, fault| {
        matches!(
            fault,
            Fault::LoseResponse(Origin::Server(TaskKey::Dispatch(_, Dispatch::ActivityTask(_))))
        )
    });
    let told = events(&result, &["ActivityTaskTimedOut"]);
    assert_eq!(told, [(10, "ActivityTaskTimedOut".to_owned())]);
}

#[test]
fn a_task_that_comes_with_a_lost_answer_times_out() {
    let text = "
workflows: { W: [{ block: 2s }, { wait_signal: go }] }
timeline:
  - { start: W, workflow_id: w }
  - { signal: w, name: go, at: 1s }
";
    let completion = |_, fault| matches!(fault, Fault::LoseResponse(Origin::Worker(..)));
    let result = placed(text, completion);
    let told = events(&result, &["WorkflowTaskStarted", "WorkflowTaskTimedOut"]);
    let expected = [
        (0, "WorkflowTaskStarted"),
        (2, "WorkflowTaskStarted"),
        (12, "WorkflowTaskTimedOut"),
        (12, "WorkflowTaskStarted"),
    ];
    assert_eq!(told, expected.map(|(at, name)| (at, name.to_owned())));
    assert_eq!(result.execution("w").status, ExecutionStatus::Completed);
}

#[test]
fn a_completion_whose_answer_is_lost_is_not_done_twice() {
    let completion = |_, fault| matches!(fault, Fault::LoseResponse(Origin::Worker(..)));
    let result = placed(NAP, completion);
    assert_eq!(events(&result, &["TimerStarted"]).len(), 1);
    assert_eq!(result.execution("w").history.len(), 10);
}

#[test]
fn a_start_whose_answer_is_lost_is_asked_for_again_and_is_the_same() {
    let result = placed(NAP, |_, fault| matches!(fault, Fault::LoseResponse(Origin::Client(_))));
    assert_eq!(result.executions.len(), 1);
    let [entry] = result.log.as_slice() else { panic!("{:?}", result.log) };
    assert_eq!(entry.time, EPOCH + Duration::from_millis(100));
    assert!(matches!(entry.answer, Answer::Started { which: Which::Own, .. }), "{entry:?}");
}

const SHIFTS: &str = "
workflows:
  W: [{ try: [{ sleep: 1h }], on_cancel: [{ continue_as_new: Last }] }]
  Last: [{ sleep: 1m }]
timeline:
  - { start: W, workflow_id: w }
  - { cancel: w, at: 5s }
";

#[test]
fn a_terminate_whose_answer_is_lost_is_told_that_it_came_too_late() {
    let text = NAP.replace("w }]", "w }, { terminate: w, at: 5s }]");
    let result = placed(&text, |now, fault| {
        seconds(now) == 5 && matches!(fault, Fault::LoseResponse(Origin::Client(_)))
    });
    assert_eq!(result.execution("w").status, ExecutionStatus::Terminated);
    let Some(Answer::Refused(error)) = result.log.last().map(|entry| entry.answer.clone()) else {
        panic!("{:?}", result.log)
    };
    assert_eq!(error.code, Code::NotFound);
}

#[test]
fn a_second_copy_of_a_cancel_can_reach_the_next_run() {
    let in_default_order =
        run(&plan(SHIFTS), Race::default(), &Limits::default(), &mut crate::sim::DefaultOrder);
    assert_eq!(in_default_order.execution("w").status, ExecutionStatus::Completed);
    let faults: [fn(Fault) -> bool; 2] = [
        |fault| matches!(fault, Fault::DuplicateRequest(_)),
        |fault| matches!(fault, Fault::LoseResponse(Origin::Client(_))),
    ];
    for wanted in faults {
        let result = placed(SHIFTS, |now, fault| seconds(now) == 5 && wanted(fault));
        assert_eq!(result.execution("w").status, ExecutionStatus::Canceled);
        // Its client has heard one answer.
        assert_eq!(result.log.len(), 2);
    }
}

#[test]
fn a_doubled_signal_counts_once() {
    let text = NAP.replace("w }]", "w }, { signal: w, name: s, at: 5s }]");
    let result = placed(&text, |now, fault| {
        seconds(now) == 5 && matches!(fault, Fault::DuplicateRequest(_))
    });
    assert_eq!(events(&result, &["WorkflowExecutionSignaled"]).len(), 1);
}

#[test]
fn a_lost_heartbeat_lets_the_activity_time_out() {
    let result = placed(HEARTBEATS, |_, fault| matches!(fault, Fault::LoseHeartbeat(_)));
    // Nothing came since the start: the next heartbeat would be sent after 13 s.
    let told = events(&result, &["ActivityTaskTimedOut"]);
    assert_eq!(told, [(10, "ActivityTaskTimedOut".to_owned())]);
}

#[test]
fn a_late_heartbeat_comes_just_before_its_deadline_or_just_after() {
    let wanted = |_, fault| matches!(fault, Fault::DelayHeartbeat(_));
    let before = placed(HEARTBEATS, wanted);
    assert_eq!(before.execution("w").status, ExecutionStatus::Completed);
    let after = placed_late(HEARTBEATS, Late::AfterDeadlines, wanted);
    let told = events(&after, &["ActivityTaskTimedOut"]);
    assert_eq!(told, [(10, "ActivityTaskTimedOut".to_owned())]);
}

#[test]
fn a_crash_costs_a_worker_what_it_runs() {
    let text = HEARTBEATS.replace("maximum_attempts: 1", "maximum_attempts: 2");
    let result =
        placed(&text, |now, fault| seconds(now) == 5 && matches!(fault, Fault::CrashWorker(_)));
    let told = events(&result, &["ActivityTaskStarted", "ActivityTaskCompleted"]);
    // The heartbeat came before the crash; then ten seconds, and one of backoff.
    let expected = [(16, "ActivityTaskStarted"), (36, "ActivityTaskCompleted")];
    assert_eq!(told, expected.map(|(at, name)| (at, name.to_owned())));
    // The queue of the process that died has been without a poll for so long that it is passed by.
    let told = events(&result, &["WorkflowTaskTimedOut", "WorkflowExecutionCompleted"]);
    assert_eq!(told, [(36, "WorkflowExecutionCompleted".to_owned())]);
}

#[test]
fn a_crash_leaves_the_next_workflow_task_on_a_queue_that_nobody_polls() {
    let text = "
workflows: { W: [{ sleep: 5s }] }
timeline: [{ start: W, workflow_id: w }, { describe: w, at: 2s }]
";
    let result =
        placed(text, |now, fault| seconds(now) == 2 && matches!(fault, Fault::CrashWorker(_)));
    let told = events(&result, &["WorkflowTaskTimedOut", "WorkflowExecutionCompleted"]);
    let expected = [(15, "WorkflowTaskTimedOut"), (15, "WorkflowExecutionCompleted")];
    assert_eq!(told, expected.map(|(at, name)| (at, name.to_owned())));
}

#[test]
fn a_worker_that_crashes_asks_nothing_again() {
    let plan = plan(NAP);
    let mut simulation = Simulation::new(plan).with_faults(2);
    let mut enabled = Enabled::default();
    let completion = |happening: &Happening| {
        matches!(
            happening,
            Happening::Fault(Fault::LoseResponse(Origin::Worker(
                _,
                WorkerKey::RespondWorkflowTask(_)
            )))
        )
    };
    let arrives = |enabled: &Enabled| {
        enabled.iter().any(|(_, happening)| matches!(happening, Happening::Arrival(_)))
    };
    loop {
        simulation.enabled(Duration::ZERO, &mut enabled);
        let lost = enabled.iter().copied().find(|(_, happening)| completion(happening));
        let (due, happening) = lost.unwrap_or(enabled[0]);
        simulation.step(due, happening);
        if lost.is_some() {
            break;
        }
    }
    simulation.enabled(Duration::ZERO, &mut enabled);
    assert!(arrives(&enabled));
    simulation.step(simulation.now(), Happening::Fault(Fault::CrashWorker(WorkerIndex(0))));
    simulation.enabled(Duration::ZERO, &mut enabled);
    assert!(!arrives(&enabled));
    assert_eq!(simulation.faults_left(), 0);
}

#[test]
fn what_is_lost_from_a_cache_leaves_no_trace() {
    let result = placed(NAP, |_, fault| matches!(fault, Fault::LoseCache(_)));
    let plain = run(&plan(NAP), Race::default(), &Limits::default(), &mut crate::sim::DefaultOrder);
    assert_eq!(result.execution("w").text(), plain.execution("w").text());
}
