//! Runs that would never end are stopped by a stated limit, which says where they were.

use deadbeat::scenario::Scenario;
use deadbeat::sim::{DefaultOrder, Ended, Limits, Plan, Race, run};

/// How a scenario with this code is stopped.
fn stopped(workflow: &str) -> String {
    let source = format!(
        "name: endless\nworkflows: {{ W: [{workflow}] }}\n\
         activities: {{ a: [{{ return: 1 }}], b: [{{ fail: again }}] }}\n\
         timeline: [{{ start: W, workflow_id: w }}]\n"
    );
    let plan = Plan::new(Scenario::parse(&source, "endless.yaml").expect("a scenario"));
    let result = run(&plan, Race::default(), &Limits::default(), &mut DefaultOrder);
    match result.ended {
        Ended::Stopped(stopped) => stopped.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_loop_through_the_server_that_takes_no_time_is_stopped() {
    let why = stopped("{ repeat: [{ execute_activity: a, start_to_close_timeout: 1s }] }");
    assert!(why.contains("more than 51200 events"), "{why}");
    assert!(why.contains("`w` run 1: last event"), "{why}");
}

#[test]
fn a_loop_of_local_activities_is_stopped() {
    let why = stopped("{ repeat: [{ execute_local_activity: a, start_to_close_timeout: 1s }] }");
    assert!(why.contains("more than 80000 happenings"), "{why}");
}

#[test]
fn an_activity_that_fails_for_ever_is_stopped() {
    let why = stopped("{ execute_activity: b, start_to_close_timeout: 1s }");
    assert!(why.contains("more than 80000 happenings"), "{why}");
    assert!(why.contains("pending: activity 1 (b), started, attempt"), "{why}");
}

#[test]
fn a_chain_that_continues_for_ever_is_stopped() {
    let why = stopped("{ continue_as_new: }");
    assert!(why.contains("more than 10000 runs"), "{why}");
}

#[test]
fn what_is_recorded_is_bounded_in_bytes() {
    let input = "x".repeat(900_000);
    let why = stopped(&format!("{{ continue_as_new: , input: {input} }}"));
    assert!(why.contains("more than 50 MB in the histories"), "{why}");
}
