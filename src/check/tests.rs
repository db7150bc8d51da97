//! What expectations make of a run.

use std::collections::BTreeSet;

use super::*;
use crate::scenario::Scenario;
use crate::sim::{DefaultOrder, Limits, Plan, Race, run};

const NAP: &str = "\
name: a nap
workflows: { Nap: [{ sleep: 8h }] }
clients:
  a:
    - { start: Nap, workflow_id: nap }
    - { cancel: nap, at: 1h }
";

/// What is wrong with the nap's default order, in one line each.
fn told(expectations: &str) -> Vec<String> {
    let text = format!("{NAP}{expectations}\n");
    let scenario = Scenario::parse(&text, "nap.yaml").unwrap_or_else(|wrong| panic!("{wrong}"));
    let plan = Plan::new(scenario);
    let result = run(&plan, Race::default(), &Limits::default(), &mut DefaultOrder);
    check(&result).iter().map(ToString::to_string).collect()
}

const AS_EXPECTED: [&str; 0] = [];

#[test]
fn an_event_may_have_to_come_directly_after_another() {
    let directly = |pair: &str| told(&format!("expect: [{{workflow_id: nap, directly: {pair}}}]"));
    assert_eq!(directly("[WorkflowExecutionCancelRequested, WorkflowTaskScheduled]"), AS_EXPECTED);
    // Nothing needs to follow what never comes.
    assert_eq!(directly("[TimerFired, WorkflowTaskScheduled]"), AS_EXPECTED);
    assert_eq!(
        directly("[TimerStarted, TimerCanceled]"),
        [
            "nap.yaml:7:10: expected TimerCanceled directly after event 5 (TimerStarted) of `nap`, but \
          there is WorkflowExecutionCancelRequested"
        ]
    );
    assert_eq!(
        directly("[WorkflowExecutionCanceled, WorkflowTaskScheduled]"),
        ["nap.yaml:7:10: expected WorkflowTaskScheduled directly after event 11 \
          (WorkflowExecutionCanceled) of `nap`, but nothing comes after it"]
    );
}

#[test]
fn an_event_may_have_to_come_before_another() {
    let not_after =
        |pair: &str| told(&format!("always: [{{workflow_id: nap, not_after: {pair}}}]"));
    assert_eq!(not_after("[TimerStarted, TimerCanceled]"), AS_EXPECTED);
    assert_eq!(not_after("[TimerStarted, TimerStarted]"), AS_EXPECTED);
    assert_eq!(
        not_after("[TimerCanceled, TimerStarted]"),
        [
            "nap.yaml:7:10: expected no TimerCanceled after TimerStarted in the history of `nap`, but \
          event 10 comes after event 5"
        ]
    );
}

#[test]
fn what_must_never_be_true_is_all_of_it_together() {
    let never = |what: &str| told(&format!("never: [{{workflow_id: nap, {what}}}]"));
    assert_eq!(never("status: Canceled, never: [TimerCanceled]"), AS_EXPECTED);
    assert_eq!(never("status: Canceled, run: 2"), AS_EXPECTED);
    assert_eq!(
        never("status: Canceled, events: [TimerStarted]"),
        ["nap.yaml:7:9: expected this never to be true of `nap`, but it is"]
    );
}

#[test]
fn an_outcome_must_be_one_of_those_expected() {
    let outcomes = |list: &str| told(&format!("outcomes: {list}"));
    assert_eq!(outcomes("[{nap: Completed}, {nap: Canceled}]"), AS_EXPECTED);
    assert_eq!(
        outcomes("[{nap: Completed}]"),
        ["nap.yaml:7:1: the outcome is none of those expected: nap: Canceled"]
    );
}

#[test]
fn all_outcomes_must_be_found_if_all_orderings_were_seen() {
    let text = format!("{NAP}outcomes: [{{nap: Completed}}, {{nap: Canceled}}]\n");
    let scenario = Scenario::parse(&text, "nap.yaml").unwrap();
    let found: BTreeSet<Outcome> =
        ["nap: Canceled", "nap: Terminated"].iter().map(|text| text.parse().unwrap()).collect();
    let told = |coverage| -> Vec<String> {
        let failures = Always::of(&scenario).outcomes(&found, coverage);
        failures.iter().map(ToString::to_string).collect()
    };
    let unexpected = "nap.yaml:7:1: the outcome is none of those expected: nap: Terminated";
    let missing = "nap.yaml:7:12: no ordering comes to this outcome: nap: Completed";
    assert_eq!(told(Coverage::Partial), [unexpected]);
    assert_eq!(told(Coverage::Complete), [unexpected, missing]);
}
