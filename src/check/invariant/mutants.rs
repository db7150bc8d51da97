//! Servers that are broken on purpose: each is noticed.
//!
//! A mutant has a scenario that comes by the broken place. It is played in default order and then
//! in random ones, until an invariant or an expectation does not hold; without the mutation all
//! hold.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::{Auditor, Violation};
use crate::api::ExecutionStatus;
use crate::clock::EPOCH;
use crate::scenario::Scenario;
use crate::server::{Mutation, Run};
use crate::sim::{DefaultOrder, Enabled, Plan, Schedule, Seeded, Simulation};

/// A workflow that is canceled while an activity heartbeats, and cleans up.
const CANCEL: &str = "
name: a workflow cancels its activity
workflows:
  Greeting:
    - start_timer: 1h
      as: patience
    - start_activity: compose
      as: compose
      start_to_close_timeout: 30s
      heartbeat_timeout: 4s
      cancellation_type: WAIT_CANCELLATION_COMPLETED
      retry_policy: { maximum_attempts: 2 }
    - try:
        - wait_for: compose
      on_cancel:
        - cancel: patience
        - block: 2s
        - execute_activity: tidy
          start_to_close_timeout: 10s
        - raise:
activities:
  compose:
    - repeat:
      - sleep: 1s
      - heartbeat: verse
  tidy:
    - sleep: 500ms
timeline:
  - start: Greeting
    workflow_id: greeting
  - cancel: greeting
    at: 3s
  - signal: greeting
    name: hurry
    after: 1s
  - cancel: greeting
    after: 100ms
";

/// An activity that stops heartbeating, and one that fails and is retried.
const TIMEOUTS: &str = "
name: activities that hang and fail
workflows:
  Greeting:
    - start_timer: 30s
      as: nap
    - start_activity: hangs
      as: hangs
      start_to_close_timeout: 30s
      heartbeat_timeout: 4s
      retry_policy: { maximum_attempts: 1 }
    - start_activity: fails
      as: fails
      start_to_close_timeout: 30s
      retry_policy: { initial_interval: 3s, maximum_attempts: 2 }
    - try:
        - wait_for: hangs
      on_failure: []
    - try:
        - wait_for: fails
      on_failure: []
    - wait_for: nap
activities:
  hangs:
    - sleep: 3s
    - heartbeat: here
    - hang:
  fails:
    - fail: no
timeline:
  - start: Greeting
    workflow_id: greeting
";

/// Signals and a termination come while a workflow task is started.
const BUFFERED: &str = "
name: what comes while a workflow task is started
workflows:
  Slow:
    - start_activity: work
      as: work
      start_to_close_timeout: 1m
    - wait_signal: go
    - block: 4s
    - wait_for: work
    - block: 4s
    - return: done
activities:
  work:
    - sleep: 2s
timeline:
  - start: Slow
    workflow_id: slow
  - signal: slow
    name: go
    at: 1s
  - signal: slow
    name: more
    after: 2s
  - signal: slow
    name: more
    after: 4s
";

/// A worker dies with a workflow task, and the run is terminated while a task is started.
const TERMINATED: &str = "
name: a run that is terminated in the middle of a workflow task
workflows:
  Slow:
    - wait_signal: go
    - block: 5s
timeline:
  - start: Slow
    workflow_id: slow
  - signal: slow
    name: go
    at: 1s
  - terminate: slow
    after: 1s
";

const LOST_WORKER: &str = "
name: a worker dies with a workflow task
workflows:
  Slow:
    - block: 5s
    - wait_signal: go
timeline:
  - start: Slow
    workflow_id: slow
  - stop_worker: worker
    at: 1s
  - start_worker: worker
    at: 1m
  - signal: slow
    name: go
    at: 2m
";

/// A parent with two children, one of which closes before it and the other never does by itself.
const FAMILY: &str = "
name: a parent is terminated
workflows:
  Parent:
    - start_child_workflow: Child
      as: short
      workflow_id: short
    - start_child_workflow: LongChild
      as: long
      workflow_id: long
    - wait_for: short
    - wait_for: long
  Child:
    - sleep: 5s
  LongChild:
    - wait_signal: enough
timeline:
  - start: Parent
    workflow_id: parent
  - terminate: parent
    at: 1m
";

/// A child closes, and then a signal comes, while its parent's workflow task is started.
const BUSY_PARENT: &str = "
name: a child closes while its parent is busy
workflows:
  Parent:
    - start_child_workflow: Child
      as: child
      workflow_id: child
    - wait_signal: go
    - block: 4s
    - wait_for: child
  Child:
    - sleep: 5s
timeline:
  - start: Parent
    workflow_id: parent
  - signal: parent
    name: go
    at: 4s
  - signal: parent
    name: more
    after: 2s
";

/// A parent that nobody terminates: it can be told.
const WAITING_PARENT: &str = "
name: a parent waits for its child
workflows:
  Parent:
    - execute_child_workflow: Child
      workflow_id: child
  Child:
    - sleep: 5s
timeline:
  - start: Parent
    workflow_id: parent
";

const CHAIN: &str = "
name: a run continues as new
workflows:
  Hourly:
    - sleep: 1h
    - continue_as_new:
timeline:
  - start: Hourly
    workflow_id: hourly
  - terminate: hourly
    at: 150m
";

const RESET: &str = "
name: a reset behind signals
workflows:
  Party:
    - wait_signal: guest
    - execute_activity: write
      start_to_close_timeout: 1m
    - wait_signal: guest
activities:
  write:
    - sleep: 30s
timeline:
  - start: Party
    workflow_id: party
  - at: 1h
    signal: party
    name: guest
  - at: 2h
    signal: party
    name: guest
  - after: 1s
    reset: party
    event_id: 8
  - wait_for_close: party
";

/// Every mutation that a history shows, a scenario that comes by it, and the invariant that it
/// breaks there.
pub(crate) const MUTANTS: &[(Mutation, &str, &str)] = &[
    (Mutation::DropsBufferedEvent, BUFFERED, "an-accepted-signal-is-kept"),
    (Mutation::FlushesCompletionsFirst, BUSY_PARENT, "buffered-events-come-in-order"),
    (Mutation::ClosesTwice, CHAIN, "nothing-follows-the-close"),
    (Mutation::SchedulesTaskAfterTerminate, CHAIN, "nothing-follows-the-close"),
    (Mutation::TerminatesStartedTask, TERMINATED, "a-forced-close-schedules-nothing"),
    (Mutation::SchedulesTaskTwice, CANCEL, "one-workflow-task-at-a-time"),
    (Mutation::TaskTimesOutEarly, LOST_WORKER, "a-workflow-task-never-times-out-early"),
    (Mutation::HeartbeatTimesOutEarly, TIMEOUTS, "a-heartbeat-timeout-is-never-early"),
    (Mutation::RetriesAtOnce, TIMEOUTS, "an-activity-starts-after-it-is-scheduled"),
    (Mutation::StartsActivityTwice, TIMEOUTS, "an-activity-starts-once"),
    (Mutation::LosesActivityClose, TIMEOUTS, "nothing-pending-is-forgotten"),
    (Mutation::CancelsUnasked, BUFFERED, "a-canceled-activity-was-asked-to"),
    (Mutation::CancelDoesNotWake, CANCEL, "a-cancel-request-wakes"),
    (Mutation::CancelsTwice, CANCEL, "a-run-is-asked-to-cancel-once"),
    (Mutation::WiresWrongStart, TIMEOUTS, "links-point-back"),
    (Mutation::SkipsAnId, CHAIN, "ids-are-dense"),
    (Mutation::FiresCanceledTimer, CANCEL, "nothing-pending-is-forgotten"),
    (Mutation::FiresEarly, CHAIN, "a-timer-never-fires-early"),
    (Mutation::NamesWrongTask, CANCEL, "commands-follow-their-task"),
    (Mutation::ClosesOverBuffer, BUFFERED, "an-accepted-signal-is-kept"),
    (Mutation::RecordsChildCloseTwice, FAMILY, "a-child-closes-once"),
    (Mutation::KeepsChildCloseSecret, WAITING_PARENT, "an-open-parent-hears-of-the-close"),
    (Mutation::LeavesChildrenOpen, FAMILY, "a-parents-close-policy-is-applied"),
    (Mutation::ForgetsFirstRun, CHAIN, "a-chain-keeps-its-beginning"),
    (Mutation::LosesReappliedSignal, RESET, "a-reset-applies-again"),
    (Mutation::KeepsTooMuch, RESET, "a-reset-fails-the-pending-task"),
];

fn plan(source: &str) -> Arc<Plan> {
    Plan::new(Scenario::parse(source, "mutant.yaml").expect("a scenario"))
}

/// Plays a simulation to its end and checks it after every happening.
fn play(
    mut simulation: Simulation,
    window: Duration,
    schedule: &mut dyn Schedule,
) -> Result<(), Box<Violation>> {
    let mut auditor = Auditor::new();
    let mut enabled = Enabled::default();
    for _ in 0..2_000 {
        simulation.enabled(window, &mut enabled);
        if enabled.is_empty() || enabled[0].0 > EPOCH + Duration::from_hours(24) {
            break;
        }
        let picked = match enabled.len() {
            1 => 0,
            _ => schedule.pick(simulation.now(), &enabled),
        };
        let (due, happening) = enabled[picked];
        simulation.step(due, happening);
        auditor.audit(&simulation)?;
    }
    Ok(())
}

/// The default order and some random ones.
fn orders() -> impl Iterator<Item = (Duration, Box<dyn Schedule>)> {
    let default: Box<dyn Schedule> = Box::new(DefaultOrder);
    let seeded = (0..60).map(|seed| {
        let schedule: Box<dyn Schedule> = Box::new(Seeded::new(seed));
        (Duration::from_millis(seed * 50), schedule)
    });
    std::iter::once((Duration::ZERO, default)).chain(seeded)
}

#[test]
fn every_mutant_is_caught_by_the_invariant_that_it_breaks() {
    let mut wrong = Vec::new();
    for (mutation, source, invariant) in MUTANTS {
        let plan = plan(source);
        let mut caught = orders().filter_map(|(window, mut schedule)| {
            let simulation = Simulation::with_mutation(Arc::clone(&plan), *mutation);
            play(simulation, window, &mut *schedule).err()
        });
        let mut others = Vec::new();
        if !caught.any(|violation| {
            others.push(violation.to_string());
            violation.invariant.name == *invariant
        }) {
            others.dedup();
            wrong.push(format!("{mutation:?} does not break `{invariant}`: {others:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_server_that_forgets_heartbeats_is_caught_by_an_expectation() {
    // No history tells when heartbeats came: it takes a scenario that says how it should end.
    const STEADY: &str = "
name: heartbeats keep an activity alive
workflows:
  Greeting:
    - execute_activity: compose
      start_to_close_timeout: 1h
      heartbeat_timeout: 10s
      retry_policy: { maximum_attempts: 1 }
activities:
  compose:
    - repeat:
      - sleep: 5s
      - heartbeat: verse
      times: 4
timeline:
  - start: Greeting
    workflow_id: greeting
";
    let status = |mut simulation: Simulation| {
        let mut enabled = Enabled::default();
        loop {
            simulation.enabled(Duration::ZERO, &mut enabled);
            match enabled.first() {
                Some((due, happening))
                    if !simulation.executions_have_closed()
                        || !simulation.clients_have_finished() =>
                {
                    simulation.step(*due, *happening);
                }
                _ => break simulation.server().current_run("greeting").map(Run::status),
            }
        }
    };
    let whole = status(Simulation::new(plan(STEADY)));
    assert_eq!(whole, Some(ExecutionStatus::Completed));
    let broken = Simulation::with_mutation(plan(STEADY), Mutation::ForgetsHeartbeats);
    assert_eq!(status(broken), Some(ExecutionStatus::Failed));
}

#[test]
fn without_a_mutation_nothing_is_broken() {
    let sources = MUTANTS.iter().map(|(_, source, _)| *source);
    for source in sources.collect::<BTreeSet<_>>() {
        let plan = plan(source);
        for (window, mut schedule) in orders() {
            let simulation = Simulation::new(Arc::clone(&plan));
            if let Err(violation) = play(simulation, window, &mut *schedule) {
                panic!("{}: {violation}", plan.scenario().name);
            }
        }
    }
}
