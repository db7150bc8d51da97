//! The histories of the corpus.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use deadbeat::import::{Imported, import};
use deadbeat::scenario::Scenario;
use deadbeat::sim::{DefaultOrder, Limits, Plan, Race, run};
use deadbeat::verify::{Comparison, normalise};
use serde_json::Value;

use super::recorded::{corpus, data};

/// Runs an imported file and compares it with what was recorded, without relying on what the
/// import says of itself.
fn differs(imported: &Imported, expected: &[Value]) -> Option<String> {
    let scenario = match Scenario::parse(&imported.text, "imported.yaml") {
        Ok(scenario) => scenario,
        Err(wrong) => return Some(format!("not a scenario: {wrong}")),
    };
    let result = run(&Plan::new(scenario), Race::default(), &Limits::default(), &mut DefaultOrder);
    let Some(execution) = result.find(&imported.workflow_id, Some(imported.run)) else {
        return Some("no such run".to_owned());
    };
    let history = execution.history_json();
    let got: Vec<Value> =
        history["events"].as_array().unwrap().iter().map(normalise::event).collect();
    Comparison::default().history(expected, &got).map(|diff| diff.to_string())
}

/// The histories that a run does not give again, each with where it first differs.
const NOT_THE_SAME: &str = include_str!("not_the_same.txt");

#[test]
fn a_history_that_was_imported_is_made_again() {
    let only = std::env::var("IMPORT_ONLY").ok();
    let mut others: BTreeMap<String, String> = BTreeMap::new();
    let (mut same, mut forms) = (0, BTreeMap::<String, u32>::new());
    let all = corpus();
    let count = all.len();
    for recorded in all {
        let is_asked_for = |only: &String| only.split(',').any(|name| recorded.name.contains(name));
        if only.as_ref().is_some_and(|only| !is_asked_for(only)) {
            continue;
        }
        let imported = import(&recorded.exported).unwrap();
        if only.is_some() {
            println!("{}", imported.text);
        }
        let differs = differs(&imported, &recorded.expected);
        assert_eq!(
            imported.is_same(),
            differs.is_none(),
            "{}: the import says {:?}, but: {differs:?}\n{}",
            recorded.name,
            imported.difference,
            imported.text
        );
        match imported.difference {
            None => {
                same += 1;
                let form = format!("{:?} {:?}", imported.form.waits, imported.form.clock);
                *forms.entry(form).or_default() += 1;
            }
            Some(difference) => {
                others.insert(recorded.name, difference);
            }
        }
    }
    let mut list = String::new();
    for (name, difference) in &others {
        writeln!(list, "{name}: {difference}").unwrap();
    }
    println!("{same} of {count} histories are made again\n{forms:#?}\n{list}");
    if only.is_none() {
        let known = NOT_THE_SAME.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let known: BTreeSet<&str> = known.collect();
        let found: BTreeSet<&str> = list.lines().collect();
        let new: Vec<&&str> = found.difference(&known).collect();
        let gone: Vec<&&str> = known.difference(&found).collect();
        assert!(new.is_empty() && gone.is_empty(), "new: {new:#?}\nno longer: {gone:#?}");
        assert_eq!(same + others.len(), count);
    }
}

#[test]
fn exported_histories_are_read() {
    let mut others = Vec::new();
    let all = data();
    let count = all.len() - 1;
    for (name, exported) in all {
        // One file there is about batches.
        let Ok(imported) = import(&exported) else {
            assert_eq!(name, "batches");
            continue;
        };
        if let Some(difference) = imported.difference {
            others.push(format!("{name}: {difference}"));
        }
    }
    println!("{} of {count}\n{}", count - others.len(), others.join("\n"));
}
