//! Every scenario, in its default order and in random ones, also with faults: no invariant is broken,
//! at no moment; nor by what a real server recorded.

mod plans;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use deadbeat::api::ExecutionStatus;
use deadbeat::check::invariant::{Auditor, Violation};
use deadbeat::clock::EPOCH;
use deadbeat::history::ids::RunCause;
use deadbeat::history::json::from_json;
use deadbeat::history::{Attributes, Execution, History, RunId, official};
use deadbeat::scenario::Scenario;
use deadbeat::sim::{DefaultOrder, Enabled, Plan, Race, Schedule, Seeded, Simulation};
use plans::PLANS;
use proptest::prelude::*;
use serde_json::Value;

/// Lets a scenario happen, and checks everything after each happening, or now and then if there are
/// many.
fn play(
    plan: &Arc<Plan>,
    Race { window, faults }: Race,
    schedule: &mut dyn Schedule,
    happenings: usize,
) -> Result<(), Box<Violation>> {
    let mut auditor = Auditor::new();
    let mut simulation = Simulation::new(Arc::clone(plan)).with_faults(faults);
    let mut enabled = Enabled::default();
    for number in 0..happenings {
        simulation.enabled(window, &mut enabled);
        let is_over = simulation.clients_have_finished() && simulation.executions_have_closed();
        let ends = plan.scenario().ends_at;
        let comes = enabled.first().is_some_and(|(due, _)| {
            (!is_over || *due <= simulation.now()) && ends.is_none_or(|end| *due <= EPOCH + end)
        });
        if !comes || !simulation.problems().is_empty() {
            break;
        }
        let picked = match enabled.len() {
            1 => 0,
            count => schedule.pick(simulation.now(), &enabled).min(count - 1),
        };
        let (due, happening) = enabled[picked];
        simulation.step(due, happening);
        if number < 100 || number % 50 == 0 {
            auditor.audit(&simulation)?;
        }
    }
    auditor.audit(&simulation)
}

/// A recording of a real server, with the times and batches in which it was persisted.
fn recording(name: &str, batches: &[Vec<i64>]) -> History {
    let file = format!("{}/tests/data/histories/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).expect("a recording");
    let json: Value = serde_json::from_str(&text).expect("JSON");
    let official: deadbeat::official::history::History = from_json(&json).expect("a history");
    let mut events = official::read(&official.events).expect("events").into_iter();
    let mut history = History::new();
    for batch in batches {
        history.append(events.by_ref().take(batch.len()).collect());
    }
    history
}

#[test]
fn what_a_real_server_recorded_breaks_nothing() {
    let file = format!("{}/tests/data/histories/batches.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).expect("the batches");
    let batches: BTreeMap<String, Vec<Vec<i64>>> = serde_json::from_str(&text).expect("JSON");
    assert!(batches.len() > 40);
    let mut broken = Vec::new();
    for (name, batches) in &batches {
        let history = recording(name, batches);
        let execution = Execution {
            workflow_id: name.as_str().into(),
            run_id: RunId::derive(&name.as_str().into(), RunCause::Start, 0),
        };
        let status = status_after(&history.last().expect("an event").attributes);
        if let Err(violation) = Auditor::new().audit_history(&execution, &history, status) {
            broken.push(format!("{name}: {violation}"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn status_after(last: &Attributes) -> ExecutionStatus {
    match last {
        Attributes::WorkflowExecutionCompleted { .. } => ExecutionStatus::Completed,
        Attributes::WorkflowExecutionFailed { .. } => ExecutionStatus::Failed,
        Attributes::WorkflowExecutionTimedOut { .. } => ExecutionStatus::TimedOut,
        Attributes::WorkflowExecutionCanceled { .. } => ExecutionStatus::Canceled,
        Attributes::WorkflowExecutionTerminated { .. } => ExecutionStatus::Terminated,
        Attributes::WorkflowExecutionContinuedAsNew(_) => ExecutionStatus::ContinuedAsNew,
        _ => ExecutionStatus::Running,
    }
}

#[test]
fn in_default_order_nothing_is_broken_at_any_moment() {
    let mut broken = Vec::new();
    for (path, plan) in PLANS.iter() {
        if let Err(violation) = play(plan, Race::default(), &mut DefaultOrder, 2_000) {
            broken.push(format!("{}: {violation}", path.display()));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn in_any_order_nothing_is_broken_at_any_moment(
        which in any::<prop::sample::Index>(),
        seed in any::<u64>(),
        window in prop_oneof![Just(0), 0..20u64, 0..30_000u64],
        faults in prop_oneof![Just(0), 1..4u32],
    ) {
        let (path, plan) = which.get(&PLANS);
        let race = Race { window: Duration::from_millis(window), faults };
        let played = play(plan, race, &mut Seeded::new(seed), 600);
        if let Err(violation) = played {
            prop_assert!(false, "{}: {violation}", path.display());
        }
    }
}

/// A workflow that sleeps this many times: seven events each.
fn sleeper(times: u32) -> Simulation {
    let source = format!(
        "
name: many naps
workflows: {{ Nap: [{{ repeat: [{{ sleep: 1s }}], times: {times} }}] }}
timeline: [{{ start: Nap, workflow_id: nap }}]
"
    );
    let plan = Plan::new(Scenario::parse(&source, "naps.yaml").expect("a scenario"));
    let mut simulation = Simulation::new(plan);
    let mut enabled = Enabled::default();
    loop {
        simulation.enabled(Duration::ZERO, &mut enabled);
        let Some((due, happening)) = enabled.first().copied() else { return simulation };
        simulation.step(due, happening);
        if simulation.clients_have_finished() && simulation.executions_have_closed() {
            return simulation;
        }
    }
}

#[test]
#[ignore = "a measurement, for a release build"]
fn how_long_an_audit_takes() {
    for (naps, rounds) in [(2, 300_000), (80, 10_000), (800, 1_000), (8_000, 100)] {
        let simulation = sleeper(naps);
        let events = simulation.server().runs().map(|run| run.history().len()).sum::<u32>();
        let mut auditor = Auditor::new();
        let begin = std::time::Instant::now();
        for _ in 0..rounds {
            assert_eq!(auditor.audit(&simulation), Ok(()));
        }
        let each = begin.elapsed() / rounds;
        println!("{events} events: {each:?}, {:?} an event", each / events);
    }
}
