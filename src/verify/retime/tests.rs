use std::fs;
use std::path::Path;
use std::time::Duration;

use super::story::Story;
use super::{NotRetimed, divide, retime};
use crate::scenario::Scenario;
use crate::sim::{DefaultOrder, Limits, Plan, Race, RunResult, run};

const LIMIT: Duration = Duration::from_secs(20);

fn play(text: &str) -> RunResult {
    let plan = Plan::new(Scenario::parse(text, "scenario.yaml").unwrap());
    run(&plan, Race::default(), &Limits::default(), &mut DefaultOrder)
}

#[test]
fn a_retimed_scenario_tells_the_same_story() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut retimed = 0;
    for name in [
        "cancel_race/a_second_cancel_is_no_event.yaml",
        "cancel_race/children_end_in_every_other_way_after_a_try_cancel.yaml",
        "heartbeat/a_timeout_of_any_kind_carries_the_last_details.yaml",
        "reset/a_timer_keeps_its_deadline.yaml",
        "seed/reset_after_a_nondeterministic_deployment.yaml",
        "terminate/a_first_run_id_guards_against_the_wrong_chain.yaml",
    ] {
        let text = fs::read_to_string(home.join(name)).unwrap();
        let story = Story::of(play(&text));
        let shorter = retime(&text, name, LIMIT).unwrap_or_else(|error| panic!("{name}: {error}"));
        let result = play(&shorter.text);
        assert_eq!(story.twist(&result), None, "{name}");
        assert_eq!(result.virtual_time(), shorter.virtual_time, "{name}");
        assert!(shorter.virtual_time <= LIMIT, "{name}: {:?}", shorter.virtual_time);
        retimed += usize::from(!shorter.changes.is_empty());
    }
    assert_eq!(retimed, 6);
}

#[test]
fn nothing_else_than_durations_is_changed() {
    let text = "
name: 1h of sleep # and 5m of patience
workflows: { Sleepy: [{ sleep: \"1h\" }, { return: 1h }] }
timeline:
  - { start: Sleepy, workflow_id: sleepy, input: 5m }
  - { signal: sleepy, name: hey, at: 5m, input: 1h }
";
    let shorter = retime(text, "sleepy.yaml", LIMIT).unwrap();
    assert!(shorter.virtual_time < Duration::from_secs(10), "{:?}", shorter.virtual_time);
    assert!(shorter.text.contains("name: 1h of sleep # and 5m of patience"), "{}", shorter.text);
    assert!(shorter.text.contains("return: 1h"), "{}", shorter.text);
    assert!(shorter.text.contains("input: 5m"), "{}", shorter.text);
}

#[test]
fn what_happens_just_before_a_deadline_is_moved_away_from_it() {
    let text = "
name: a cancel 200 ms before a timer fires
workflows: { Nap: [{ sleep: 1s }] }
timeline:
  - { start: Nap, workflow_id: nap }
  - { cancel: nap, at: 800ms }
";
    let longer = retime(text, "nap.yaml", LIMIT).unwrap();
    let [cancel, sleep] = longer.changes.as_slice() else { panic!("{:?}", longer.changes) };
    assert!(sleep.to >= cancel.to + Duration::from_secs(1), "{:?}", longer.changes);
}

#[test]
fn a_story_that_depends_on_a_duration_of_the_servers_is_refused_with_the_reason() {
    let text = "
name: a workflow task times out after ten seconds
workflows: { Slow: [{ block: 15s }, { sleep: 10m }] }
timeline:
  - { start: Slow, workflow_id: slow }
  - { signal: slow, name: late, at: 5m }
";
    let error = retime(text, "slow.yaml", Duration::from_secs(5)).unwrap_err();
    let NotRetimed::TooLong { shortest, longest: Some(longest) } = &error else {
        panic!("{error}")
    };
    assert!(*shortest > Duration::from_secs(10), "{shortest:?}");
    assert!(longest.shorter.is_some(), "{error}");
    assert!(error.to_string().starts_with("it takes "), "{error}");
    assert!(error.to_string().contains("(slow.yaml:"), "{error}");
}

#[test]
fn what_is_within_a_fixed_time_of_a_deadline_is_refused_with_the_reason() {
    let text = "
name: a continued run's first task waits for a second
workflows:
  Loop:
    - by_attempt: { 1: [{ wait_signal: go }] }
    - continue_as_new:
timeline:
  - { start: Loop, workflow_id: loop }
  - { signal: loop, name: go, after: 1ms }
  - { terminate: loop, after: 1ms }
";
    match retime(text, "loop.yaml", LIMIT) {
        Err(error @ NotRetimed::TooClose { .. }) => {
            assert!(error.to_string().contains("before a deadline of the server"), "{error}");
        }
        Err(error) => panic!("{error}"),
        Ok(retimed) => assert!(retimed.virtual_time <= LIMIT),
    }
}

const PATIENCE: &str = "
name: a workflow is canceled while it sleeps
workflows: { Patience: [{ sleep: 1h }] }
timeline:
  - { start: Patience, workflow_id: patience }
  - { cancel: patience, at: 5m }
";

#[test]
fn all_durations_are_divided_by_one_number() {
    let divided = divide(PATIENCE, "patience.yaml", "60".parse().unwrap()).unwrap();
    assert!(divided.text.contains("sleep: 1m }"), "{}", divided.text);
    assert!(divided.text.contains("at: 5s }"), "{}", divided.text);
    assert_eq!(divided.virtual_time, Duration::from_secs(5));
    let longer = divide(PATIENCE, "patience.yaml", "0.5".parse().unwrap()).unwrap();
    assert!(longer.text.contains("sleep: 2h }"), "{}", longer.text);
}

#[test]
fn a_division_that_brings_a_request_too_close_to_a_deadline_is_refused() {
    let error = divide(PATIENCE, "patience.yaml", "3000".parse().unwrap()).unwrap_err();
    assert!(matches!(error, NotRetimed::TooClose { .. }), "{error}");
    assert!(error.to_string().contains("happens 1s100ms before a deadline"), "{error}");
}

#[test]
fn a_division_that_tells_another_story_is_refused() {
    let text = "
name: a workflow task times out after ten seconds
workflows: { Slow: [{ block: 15s }] }
timeline: [{ start: Slow, workflow_id: slow }, { terminate: slow, at: 20s }]
";
    let error = divide(text, "slow.yaml", "2".parse().unwrap()).unwrap_err();
    assert!(matches!(error, NotRetimed::OtherStory { .. }), "{error}");
    assert!(error.to_string().starts_with("with its durations divided by 2, "), "{error}");
}

#[test]
fn requests_of_different_instants_do_not_come_at_one() {
    let text = "
name: a query comes long after the activity
workflows:
  Order:
    queries: { charged: [] }
    steps: [{ execute_activity: charge, start_to_close_timeout: 10s }, { sleep: 1h }]
activities: { charge: [{ sleep: 2s }] }
timeline:
  - { start: Order, workflow_id: order }
  - { query: order, name: charged, at: 5s }
";
    let shorter = retime(text, "order.yaml", LIMIT).unwrap();
    assert!(!shorter.text.contains("at: 1s }"), "{}", shorter.text);
}

#[test]
fn what_is_no_scenario_is_refused() {
    let error = retime("name: [", "broken.yaml", LIMIT).unwrap_err();
    assert!(matches!(error, NotRetimed::Invalid(_)), "{error}");
}

#[test]
fn what_was_retimed_is_divided_once_more() {
    let first = retime(PATIENCE, "patience.yaml", LIMIT).unwrap();
    let slower = first.divided("patience.yaml", "0.5".parse().unwrap()).unwrap();
    let written: Vec<_> = first.changes.iter().map(|change| change.from).collect();
    assert_eq!(slower.changes.iter().map(|change| change.from).collect::<Vec<_>>(), written);
    for (was, is) in first.changes.iter().zip(&slower.changes) {
        assert_eq!(is.to, was.to * 2);
    }
}
