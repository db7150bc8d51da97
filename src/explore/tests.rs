//! What the search finds is held against a plain recursion that knows nothing of states.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use super::*;
use crate::check::Outcome;
use crate::check::invariant::mutants::MUTANTS;
use crate::sim::{Enabled, Next, run};

/// Orderings by histories, found by walking all of them one after the other; none if there are more
/// than `most`.
fn recursion(plan: &Arc<Plan>, options: &Options, most: u64) -> Option<BTreeMap<u128, u128>> {
    let begin = Simulation::new(Arc::clone(plan)).with_faults(options.race.faults);
    let mut stack = vec![begin];
    let mut found = BTreeMap::new();
    let mut seen = 0;
    let mut enabled = Enabled::default();
    while let Some(simulation) = stack.pop() {
        match simulation.next(options.race, &options.limits, &mut enabled) {
            Next::Choice => stack.extend(enabled.iter().map(|(due, happening)| {
                let mut child = simulation.clone();
                child.step(*due, *happening);
                child
            })),
            Next::Ended(_) => {
                *found.entry(judge::histories(simulation.server())).or_default() += 1;
                seen += 1;
                if seen > most {
                    return None;
                }
            }
        }
    }
    Some(found)
}

fn by_history(found: &Exploration) -> BTreeMap<u128, u128> {
    let orderings = found.outcomes.iter().map(|found| match found.weight {
        Weight::Orderings(orderings) => (found.history.unwrap(), orderings),
        other => panic!("{other:?}"),
    });
    orderings.collect()
}

fn plan(source: &str) -> Arc<Plan> {
    Plan::new(Scenario::parse(source, "test.yaml").unwrap_or_else(|errors| panic!("{errors}")))
}

/// Two clients and a worker that race for an activity.
const RACE: &str = "
name: a cancel races a completion
window: 5s
workflows:
  W: [{ execute_activity: work, start_to_close_timeout: 2s, cancellation_type: WAIT_CANCELLATION_COMPLETED, retry_policy: { maximum_attempts: 1 } }]
activities:
  work: [{ heartbeat: once }, { sleep: 1ms }]
clients:
  starter: [{ start: W, workflow_id: w }]
  canceler: [{ cancel: w, when: ActivityTaskScheduled }]
";

fn histories_of(plan: &Plan) -> Options {
    Options { apart: Apart::Histories, ..Options::of(plan.scenario()) }
}

#[test]
fn the_search_finds_what_a_plain_recursion_finds_as_often() {
    let plan = plan(RACE);
    let options = histories_of(&plan);
    let expected = recursion(&plan, &options, 1_000_000).unwrap();
    let found = explore(&plan, &options, &Watch::default());
    assert!(found.is_exhaustive());
    assert!(expected.len() > 10, "{} histories", expected.len());
    assert_eq!(by_history(&found), expected);
    assert_eq!(found.orderings, Some(expected.values().sum()));
}

#[test]
fn shards_share_the_orderings_out() {
    let plan = plan(RACE);
    let whole = explore(&plan, &histories_of(&plan), &Watch::default());
    let mut together = BTreeMap::new();
    for number in 1..=3 {
        let options = Options { shard: Shard::new(number, 3).unwrap(), ..histories_of(&plan) };
        for (history, orderings) in by_history(&explore(&plan, &options, &Watch::default())) {
            *together.entry(history).or_insert(0) += orderings;
        }
    }
    assert_eq!(together, by_history(&whole));
}

#[test]
fn threads_change_nothing_in_what_is_found() {
    let plan = plan(RACE);
    let one = explore(&plan, &histories_of(&plan), &Watch::default());
    let threads = NonZeroUsize::new(3).unwrap();
    let three = explore(&plan, &Options { threads, ..histories_of(&plan) }, &Watch::default());
    let told = |found: &Exploration| {
        let each = found.outcomes.iter().map(|found| (found.witness.clone(), found.weight));
        (found.states, found.transitions, each.collect::<Vec<_>>())
    };
    assert_eq!(told(&one), told(&three));
}

#[test]
fn a_witness_replays_what_it_is_a_witness_of() {
    let plan = plan(RACE);
    let found = explore(&plan, &Options::of(plan.scenario()), &Watch::default());
    assert!(found.outcomes.len() > 2);
    for found in &found.outcomes {
        let trace = replay(&plan, &found.witness, &Limits::default()).unwrap();
        assert_eq!(Outcome::of(&trace.result), *found.outcome);
        let marked = trace.steps.iter().filter(|step| step.picked > 0).count();
        assert_eq!(marked, found.witness.picks().deviations().len());
    }
}

#[test]
fn the_default_order_needs_no_deviation() {
    let plan = plan(RACE);
    let options = Options::of(plan.scenario());
    let result = run(&plan, options.race, &options.limits, &mut crate::sim::DefaultOrder);
    let found = explore(&plan, &options, &Watch::default());
    let outcome = Outcome::of(&result);
    let default = found.outcomes.iter().find(|found| *found.outcome == outcome).unwrap();
    assert_eq!(default.witness.picks(), &Picks::default());
    assert_eq!(default.witness.happenings(), result.happenings);
}

#[test]
fn each_way_of_sampling_finds_all_outcomes_of_a_small_race_and_nothing_else() {
    let plan = plan(RACE);
    let all = explore(&plan, &Options::of(plan.scenario()), &Watch::default());
    let texts = |found: &Exploration| {
        let mut texts: Vec<_> =
            found.outcomes.iter().map(|found| found.outcome.to_string()).collect();
        texts.sort();
        texts
    };
    for strategy in Strategy::ALL.into_iter().filter(|way| *way != Strategy::Exhaustive) {
        let options = Options { strategy, runs: Some(3_000), ..Options::of(plan.scenario()) };
        let found = explore(&plan, &options, &Watch::default());
        assert_eq!((found.end, found.runs), (End::Sampled, 3_000), "{strategy:?}");
        assert_eq!(texts(&found), texts(&all), "{strategy:?}");
        assert!(found.histories.is_subset(&all.histories), "{strategy:?}");
    }
}

#[test]
fn a_search_that_is_told_to_stop_says_that_it_was_cut() {
    let plan = plan(RACE);
    let options = Options { most_states: 1, ..Options::of(plan.scenario()) };
    let found = explore(&plan, &options, &Watch::default());
    assert!(matches!(found.end, End::Cut { open: 1.. }), "{:?}", found.end);
    assert_eq!(found.orderings, None);
    let told = Watch { stop: &|| true, ..Watch::default() };
    let options = Options { strategy: Strategy::Random, ..Options::of(plan.scenario()) };
    assert_eq!(explore(&plan, &options, &told).end, End::Cut { open: 0 });
}

#[test]
fn a_token_of_another_scenario_is_refused() {
    let one = plan(RACE);
    let other = plan(&RACE.replace("2s", "3s"));
    let found = explore(&one, &Options::of(one.scenario()), &Watch::default());
    let refused = replay(&other, &found.outcomes[0].witness, &Limits::default());
    assert_eq!(refused.unwrap_err(), Misfit::Scenario);
}

/// The scenarios of this crate that have few enough orderings to walk all of them.
fn small_scenarios() -> Vec<(String, Arc<Plan>, BTreeMap<u128, u128>)> {
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios"));
    let files = crate::files::scenario_files(root).unwrap();
    let plans = files.into_iter().map(|file| {
        let plan = Plan::new(Scenario::load(&file).unwrap_or_else(|errors| panic!("{errors}")));
        (file.display().to_string(), plan)
    });
    let counted = plans.filter_map(|(name, plan)| {
        let orderings = recursion(&plan, &Options::of(plan.scenario()), MOST_WALKED)?;
        Some((name, plan, orderings))
    });
    counted.collect()
}

/// With more orderings than this a scenario is too large for a plain recursion in a test.
const MOST_WALKED: u64 = 500;

#[test]
fn on_every_small_scenario_the_search_finds_exactly_what_a_plain_recursion_finds() {
    let scenarios = small_scenarios();
    assert!(scenarios.len() > 100, "only {} are small", scenarios.len());
    for (name, plan, expected) in scenarios {
        let found = explore(&plan, &histories_of(&plan), &Watch::default());
        assert!(found.is_exhaustive(), "{name}: {:?}", found.failed);
        assert_eq!(by_history(&found), expected, "{name}");
        assert_eq!(found.orderings, Some(expected.values().sum()), "{name}");
    }
}

#[test]
fn each_broken_server_is_caught_with_a_schedule_that_cannot_be_smaller() {
    for (mutation, source, _) in MUTANTS {
        let plan = plan(source);
        let begin = Simulation::with_mutation(Arc::clone(&plan), *mutation);
        let caught = [0, 1, 2, 3].into_iter().find_map(|window| {
            let race = Race { window: std::time::Duration::from_secs(window), faults: 0 };
            let options = Options {
                race,
                strategy: Strategy::Random,
                runs: Some(300),
                ..Options::of(plan.scenario())
            };
            let found = explore_from(&begin, &options, &Watch::default());
            let failed = found.failed?;
            matches!(failed.failure, Failure::Invariant(_)).then_some((options, failed))
        });
        let Some((options, failed)) = caught else { panic!("{mutation:?} is not caught") };
        let shows = |picks: &Picks| {
            let mut enabled = Enabled::default();
            let (simulation, ended, _) = crate::sim::drive(
                begin.clone(),
                options.race,
                &options.limits,
                &mut enabled,
                &mut Replay::new(picks),
            );
            let failure = judge::Judge::new(&plan).judge(&simulation, &ended).failure;
            failure.is_some_and(|failure| failure.is_like(&failed.failure))
        };
        let picks = failed.witness.picks();
        assert!(shows(picks), "{mutation:?}");
        assert!(picks.deviations().len() <= failed.found_by.picks().deviations().len());
        for at in 0..picks.deviations().len() {
            let mut fewer = picks.deviations().to_vec();
            fewer.remove(at);
            assert!(!shows(&fewer.into_iter().collect()), "{mutation:?} needs no departure {at}");
        }
    }
}

#[test]
fn a_shard_of_an_endless_scenario_comes_to_an_end() {
    let plan = plan(
        "
name: for ever
workflows: { W: [{ sleep: 1s }, { continue_as_new: }] }
timeline: [{ start: W, workflow_id: w }]
",
    );
    let options = Options {
        shard: Shard::new(1, 2).unwrap(),
        limits: Limits { runs: 50, ..Limits::default() },
        ..Options::of(plan.scenario())
    };
    let found = explore(&plan, &options, &Watch::default());
    assert!(matches!(found.failed.unwrap().failure, Failure::Ended(_)));
}

#[test]
fn departures_may_be_given_in_any_order() {
    let late = Deviation { choice: 7, index: 1 };
    let early = Deviation { choice: 2, index: 3 };
    let picks = Picks::from_iter([late, early, late]);
    assert_eq!(picks.deviations(), [early, late]);
}
