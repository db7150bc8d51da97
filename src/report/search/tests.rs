//! Reports are joined, written and read.

use super::*;
use crate::explore::{Options, Shard, Watch, explore};
use crate::history::text::Style;
use crate::scenario::Scenario;
use crate::sim::Plan;

const RACE: &str = "
name: whoever is first
workflows: { Nap: [{ sleep: 8h }] }
clients:
  a: [{ start: Nap, workflow_id: nap }, { cancel: nap, fails_with: NOT_FOUND }]
  b: [{ terminate: nap, when: WorkflowTaskScheduled, fails_with: NOT_FOUND }]
outcomes: [{ nap: Terminated }, { nap: Canceled }, { nap: Completed }]
";

fn searched(source: &str, shard: &str) -> Searched {
    let plan = Plan::new(Scenario::parse(source, "nap.yaml").unwrap());
    let shard: Shard = shard.parse().unwrap();
    let options = Options { shard, ..Options::of(plan.scenario()) };
    Searched::new("nap.yaml", &explore(&plan, &options, &Watch::default()), None)
}

fn report(searched: Searched) -> Report {
    Report { searches: vec![searched], ..Report::new() }
}

#[test]
fn what_was_written_is_read_back() {
    let mut search = searched(RACE, "1/1");
    let json = report(search.clone()).json();
    // What is drawn with the scenario's text stays where the text is.
    search.failures.iter_mut().for_each(|failure| failure.drawn = None);
    assert_eq!(Report::read(&json).unwrap(), report(search));
    let later = Report::read(&json.replacen("\"version\": 1", "\"version\": 2", 1));
    assert_eq!(
        later.unwrap_err().to_string(),
        "a report of version 2, but this is a program that reads version 1"
    );
    assert!(Report::read("[]").unwrap_err().to_string().starts_with("not a report"));
}

#[test]
fn an_outcome_that_no_shard_found_is_missing_once_all_are_there() {
    let whole = searched(RACE, "1/1");
    assert_eq!(whole.failures.len(), 1, "{:?}", whole.failures);
    let shards = ["1/2", "2/2"].map(|shard| report(searched(RACE, shard)));
    assert!(shards.iter().all(|shard| shard.searches[0].failures.is_empty()));
    let [one, other] = shards;
    let part = merge([one.clone()]).unwrap();
    assert!(part.searches[0].is_incomplete() && part.searches[0].failures.is_empty());
    let all = merge([other, one]).unwrap();
    let [joined] = all.searches.as_slice() else { panic!("{all:?}") };
    assert_eq!(joined.orderings, whole.orderings);
    let without_schedules = |search: &Searched| {
        let mut outcomes = search.outcomes.clone();
        // Of two witnesses that are as good as each other either will do.
        for found in outcomes.iter_mut() {
            found.witness.schedule.clear();
        }
        outcomes
    };
    assert_eq!(without_schedules(joined), without_schedules(&whole));
    assert_eq!(joined.failures[0].message, whole.failures[0].message);
    assert_eq!(joined.failures[0].at, whole.failures[0].at);
}

#[test]
fn digests_that_were_left_out_make_the_number_of_histories_a_lower_bound() {
    let [mut one, other] = ["1/2", "2/2"].map(|shard| searched(RACE, shard));
    for found in &mut one.outcomes {
        found.histories.digests = None;
    }
    let merged = merge([report(one), report(other)]).unwrap();
    assert!(merged.searches[0].outcomes.iter().any(|found| found.histories.at_least));
    assert!(merged.searches[0].text(Style::Plain).contains("at least "));
}

#[test]
fn different_texts_of_a_scenario_are_not_joined() {
    let other = searched(&RACE.replace("8h", "9h"), "2/2");
    let refused = merge([report(searched(RACE, "1/2")), report(other)]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "nap.yaml: the reports are of different texts of this scenario"
    );
}

#[test]
fn large_numbers_are_written_exactly_and_read_easily() {
    assert_eq!(Large(u128::MAX).to_string(), "340,282,366,920,938,463,463,374,607,431,768,211,455");
    let json = serde_json::to_string(&Large(u128::MAX)).unwrap();
    assert_eq!(serde_json::from_str::<Large>(&json).unwrap(), Large(u128::MAX));
    assert_eq!([0, 999, 1_000].map(|it| Large(it).to_string()), ["0", "999", "1,000"]);
}
