//! The commands that search, as people and CI run them: the real binary, in a folder of its own.

mod folder;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use serde_json::Value;

use deadbeat::check::Outcome;
use deadbeat::explore::{Options, Watch, explore, replay};
use deadbeat::history::text::Style;
use deadbeat::report::trace_text;
use deadbeat::scenario::Scenario;
use deadbeat::sim::{Limits, Plan};

use folder::{Folder, Ran};

const RACES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/races");

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

const TIMED_OUT: &str = "Failed (ActivityFailure > TimeoutFailure START_TO_CLOSE)";

const NAP: &str = "
name: a nap
workflows: { Nap: [{ sleep: 1h }] }
timeline: [{ start: Nap, workflow_id: nap }]
";

fn race(test: &str) -> Folder {
    Folder::new(test).with("race.yaml", RACE)
}

fn explored(folder: &Folder, args: &[&str]) -> Value {
    let ran = folder.run(["explore", "race.yaml", "--format", "json"].iter().chain(args));
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// The witnesses of a report's first search.
fn witnesses(report: &Value) -> Vec<String> {
    let outcomes = report["searches"][0]["outcomes"].as_array().unwrap();
    let schedule = |found: &Value| found["witness"]["schedule"].as_str().unwrap().to_owned();
    outcomes.iter().map(schedule).collect()
}

#[test]
fn explore_tells_each_outcome_with_its_share_and_a_schedule() {
    let ran = race("explore_table").with("nap.yaml", NAP).run(["explore", "race.yaml", "nap.yaml"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[0], "ok      a cancel races a completion");
    let rows: Vec<Vec<&str>> = lines[1..5]
        .iter()
        .map(|line| line.split("  ").filter(|it| !it.is_empty()).collect())
        .collect();
    let trimmed = |row: &[&str]| row.iter().map(|it| it.trim().to_owned()).collect::<Vec<_>>();
    assert_eq!(trimmed(&rows[0]), ["share", "orderings", "histories", "outcome", "witness"]);
    assert_eq!(trimmed(&rows[1])[..4], ["52.82 %", "187", "15", &format!("w: {TIMED_OUT}")]);
    assert_eq!(trimmed(&rows[2])[..4], ["42.66 %", "151", "27", "w: Canceled"]);
    assert_eq!(trimmed(&rows[3])[..4], ["4.52 %", "16", "3", "w: Completed"]);
    assert!(lines[5].contains("354 orderings, 227 states (1.56 orderings a state), 45 histories"));
    assert!(lines[5].contains("every ordering was seen"), "{}", lines[5]);
    assert!(lines[6].starts_with("ok      a nap: nap: Completed  1 ordering"), "{}", lines[6]);
    assert!(ran.out.contains("2 scenarios: 2 as expected; "), "{}", ran.out);
}

#[test]
fn every_witness_replays_the_same_each_time_and_tells_its_choices() {
    let folder = race("replay");
    let witnesses = witnesses(&explored(&folder, &[]));
    assert_eq!(witnesses.len(), 3);
    for schedule in &witnesses {
        let replay = || folder.run(["replay", "race.yaml", "--schedule", schedule]);
        let ran = replay();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(ran.out, replay().out);
        assert!(ran.out.contains("    choice 1 at 00:00:00.000: client canceler: cancel w\n"));
        let json = folder.run(["replay", "race.yaml", "--format", "json", "--schedule", schedule]);
        let json: Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!(json["steps"][0]["enabled"][0]["what"], "client starter: start W w");
    }
    let timed_out = folder.run(["replay", "race.yaml", "--schedule", &witnesses[0]]).out;
    let marked: Vec<&str> = timed_out.lines().filter(|line| line.starts_with('>')).collect();
    assert_eq!(marked, [">   choice 4 at 00:00:02.000: server: activity timeout of w"]);
}

#[test]
fn every_witness_of_every_race_replays_byte_for_byte_to_its_outcome() {
    let mut witnesses = 0;
    for file in fs::read_dir(RACES).unwrap() {
        let path = file.unwrap().path();
        let plan = Plan::new(Scenario::load(&path).unwrap());
        let found = explore(&plan, &Options::of(plan.scenario()), &Watch::default());
        assert!(found.is_exhaustive(), "{}", path.display());
        for found in &found.outcomes {
            let text = found.witness.to_string();
            let run = || replay(&plan, &text.parse().unwrap(), &Limits::default()).unwrap();
            let trace = run();
            assert_eq!(Outcome::of(&trace.result), *found.outcome, "{}", path.display());
            let shown = trace_text(&trace, Style::Plain);
            assert_eq!(shown, trace_text(&run(), Style::Plain), "{}", path.display());
            witnesses += 1;
        }
    }
    assert!(witnesses > 60, "{witnesses}");
}

#[test]
fn the_readme_shows_what_comes_of_the_yardstick() {
    let readme = include_str!("../README.md");
    let path = format!("{RACES}/yardstick.yaml");
    let ran = Folder::new("readme").run(["explore", path.as_str()]);
    let table = ran.out.lines().take_while(|line| !line.is_empty());
    for line in table {
        let timeless = line.split_once("seen; ").map_or(line, |(before, _)| before);
        assert!(readme.contains(timeless), "{line}");
    }
}

#[test]
fn diff_tells_where_two_schedules_part() {
    let folder = race("diff");
    let witnesses = witnesses(&explored(&folder, &[]));
    let diff = |one: &str, other: &str| {
        folder.run(["diff", "race.yaml", "--schedule", one, "--schedule", other])
    };
    let ran = diff(&witnesses[0], &witnesses[1]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("at choice 4 they part:"), "{}", ran.out);
    assert!(
        ran.out.contains("left   server: activity timeout of w at 00:00:02.000"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("right  worker: answers the workflow task of w at 00:00:00.000"));
    let widest = ran.out.lines().map(|line| line.chars().count()).max();
    assert!(widest.unwrap() <= 160, "{}", ran.out);
    assert!(diff(&witnesses[0], &witnesses[0]).out.contains("both are the same run"));
    let once = folder.run(["diff", "race.yaml", "--schedule", &witnesses[0]]);
    assert_eq!(once.code, Some(2));
    assert!(once.errors.contains("give `--schedule` twice"), "{once:?}");
}

#[test]
fn outcomes_that_are_others_than_named_fail_with_the_command_that_shows_them() {
    let text = format!("{RACE}outcomes:\n  - w: Canceled\n  - w: {TIMED_OUT}\n  - w: Terminated\n");
    let folder = Folder::new("unlike").with("race.yaml", &text);
    let ran = folder.run(["explore", "race.yaml"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.starts_with("FAILED  a cancel races a completion\n"), "{}", ran.out);
    assert!(ran.out.contains("the outcome is none of those expected: w: Completed"));
    assert!(ran.out.contains("race.yaml:11:1"), "{}", ran.out);
    assert!(ran.out.contains("no ordering comes to this outcome: w: Terminated"));
    assert!(ran.out.contains("race.yaml:14:5"), "{}", ran.out);
    let command = ran.out.lines().find_map(|line| line.strip_prefix("again: deadbeat ")).unwrap();
    let again = folder.run(command.split(' '));
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.out.contains("w run 1 of W: Completed"), "{}", again.out);
    // With another window others are possible: nothing is compared, and that is said.
    let other = folder.run(["explore", "race.yaml", "--window", "1s"]);
    assert_eq!(other.code, Some(0), "{other:?}");
    assert!(other.out.contains("window 1s, where the file has 5s"), "{}", other.out);
}

#[test]
fn shards_joined_are_the_whole() {
    let folder = race("shards");
    let whole = explored(&folder, &[]);
    for shard in 1..=3 {
        let report = explored(&folder, &["--shard", &format!("{shard}/3")]);
        fs::write(folder.0.join(format!("{shard}.json")), report.to_string()).unwrap();
    }
    let merge = |files: &[&str], format: &str| {
        folder.run(["merge", "--format", format].iter().chain(files))
    };
    let all = merge(&["1.json", "2.json", "3.json"], "json");
    assert_eq!(all.code, Some(0), "{all:?}");
    let all: Value = serde_json::from_str(&all.out).unwrap();
    let [joined, alone] = [all, whole].map(|mut report| {
        let mut search = report["searches"][0].take();
        // Of two witnesses that are as good as each other either will do.
        for found in search["outcomes"].as_array_mut().unwrap() {
            found["witness"]["schedule"].take();
        }
        search
    });
    assert_eq!(joined["orderings"], alone["orderings"]);
    assert_eq!(joined["outcomes"], alone["outcomes"]);
    assert_eq!(joined["end"], "exhausted");

    let part = merge(&["1.json", "3.json"], "text");
    assert_eq!(part.code, Some(2), "{part:?}");
    assert!(part.out.contains("shards 1, 3 of 3; missing: 2"), "{}", part.out);
    let twice = merge(&["1.json", "1.json"], "text");
    assert_eq!(twice.code, Some(2));
    assert!(twice.errors.contains("shard 1 of 3 of race.yaml is there twice"), "{twice:?}");
    let other = explored(&folder, &["--shard", "2/3", "--window", "1s"]);
    fs::write(folder.0.join("2.json"), other.to_string()).unwrap();
    let unlike = merge(&["1.json", "2.json"], "text");
    assert!(unlike.errors.contains("different searches: the window is 5s and 1s"), "{unlike:?}");
    fs::write(folder.0.join("2.json"), "{}").unwrap();
    let none = merge(&["1.json", "2.json"], "text");
    assert_eq!(none.code, Some(2));
    assert!(none.errors.contains("2.json: not a report of"), "{none:?}");
}

#[test]
fn threads_and_repetition_change_nothing_in_the_report() {
    let folder = race("threads");
    let one = explored(&folder, &["--threads", "1"]);
    assert_eq!(one, explored(&folder, &["--threads", "3"]));
    let sampled = ["--strategy", "urw", "--runs", "500", "--seed", "7"];
    assert_eq!(explored(&folder, &sampled), explored(&folder, &sampled));
}

#[test]
fn junit_has_a_suite_a_scenario_and_survives_odd_names() {
    let odd = NAP.replace("a nap", "\"<&> \\e[2J \\\" nap\"");
    let folder = race("junit").with("odd.yaml", &odd);
    let ran = folder.run(["explore", "--format", "junit", "race.yaml", "odd.yaml"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "));
    assert!(ran.out.contains("tests=\"6\" failures=\"0\" errors=\"0\""), "{}", ran.out);
    assert!(ran.out.contains("<testcase name=\"w: Canceled\" classname=\"race.yaml\"/>"));
    assert!(ran.out.contains("name=\"&lt;&amp;&gt; \\u{1b}[2J &quot; nap\""), "{}", ran.out);
}

#[test]
fn fuzz_keeps_what_failed_and_replays_it_first() {
    let text = format!("{RACE}never: [{{ workflow_id: w, status: Completed }}]\n");
    let folder = Folder::new("fuzz").with("race.yaml", &text);
    let args = ["fuzz", "race.yaml", "--time-limit", "20s", "--seed", "3", "--junit", "j.xml"];
    let fuzz = || folder.run(args);
    let first = fuzz();
    assert_eq!(first.code, Some(1), "{first:?}");
    assert!(first.out.starts_with("seed 3: "), "{}", first.out);
    assert!(first.out.contains("kept: .deadbeat/regressions/race-"), "{}", first.out);
    let xml = fs::read_to_string(folder.0.join("j.xml")).unwrap();
    assert!(xml.contains("failures=\"1\"") && xml.contains("<failure message="), "{xml}");

    let second = fuzz();
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.out.contains("fails again: .deadbeat/regressions/race-"), "{}", second.out);

    // The same text but for what was asked too much: the token is for the text as it was.
    fs::write(folder.0.join("race.yaml"), RACE).unwrap();
    let mended = fuzz();
    assert_eq!(mended.code, Some(0), "{mended:?}");
    assert!(mended.out.contains("left: .deadbeat/regressions/race-"), "{}", mended.out);
    assert!(mended.out.contains("every ordering was seen"), "{}", mended.out);
}

#[test]
fn fuzz_samples_what_is_too_large_until_the_time_is_over() {
    // Below a workflow task's timeout: a task that times out again and again has no end.
    let large = RACE.replace("window: 5s", "window: 9s").replace(
        "  canceler:",
        "  a: [{ start: W, workflow_id: a }]\n  b: [{ start: W, workflow_id: b }]\n  \
         c: [{ start: W, workflow_id: c }]\n  canceler:",
    );
    let folder = Folder::new("fuzz_large").with("race.yaml", &large);
    let ran = folder.run(["fuzz", "race.yaml", "--time-limit", "4s", "--report", "r.json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for strategy in ["urw", "pct", "coverage", "random"] {
        assert!(ran.out.contains(&format!("({strategy}, seed ")), "{}", ran.out);
    }
    assert!(ran.out.contains("a sample, ended by the time limit"), "{}", ran.out);
    assert!(ran.out.contains("not every ordering was seen"), "{}", ran.out);
    let report: Value =
        serde_json::from_str(&fs::read_to_string(folder.0.join("r.json")).unwrap()).unwrap();
    assert_eq!(report["searches"].as_array().unwrap().len(), 5);
}

#[test]
fn a_seed_comes_from_the_environment() {
    let folder = Folder::new("seed").with("nap.yaml", NAP);
    let with = |seed: &str| -> Ran {
        folder
            .command()
            .args(["fuzz", "nap.yaml"])
            .env("DEADBEAT_SEED", seed)
            .output()
            .unwrap()
            .into()
    };
    assert!(with("41").out.starts_with("seed 41: "));
    let refused = with("x");
    assert_eq!(refused.code, Some(2));
    assert!(refused.errors.contains("`DEADBEAT_SEED` should be a whole number, but is `x`"));
}

#[test]
fn options_that_make_no_sense_are_refused_for_their_own_reasons() {
    let folder = race("senseless");
    let cases: &[(&[&str], &str)] = &[
        (&["--window", "-5s"], "negative"),
        (&["--window", "365d"], "the longest window is 1d"),
        (&["--window", "5"], "needs a unit"),
        (&["--strategy", "random", "--runs", "0"], "0 is not in 1.."),
        (&["--runs", "5"], "`--runs` is for samples"),
        (&["--shard", "4/3"], "there is no shard 4 of 3"),
        (&["--shard", "0/3"], "there is no shard 0 of 3"),
        (&["--shard", "1/0"], "0 shards"),
        (&["--shard", "1/99999999"], "10000 are the most"),
        (&["--shard", "half"], "`half` is no shard"),
        (&["--shard", "env"], "the environment does not tell"),
        (&["--faults", "99"], "99 is not in"),
        (&["--threads", "0"], "--threads"),
        (&["--time-limit", "0s"], "a search needs some time"),
        (&["--strategy", "lucky"], "lucky"),
    ];
    for (args, reason) in cases {
        let ran = folder.run(["explore", "race.yaml"].iter().chain(*args));
        assert_eq!(ran.code, Some(2), "{args:?}: {ran:?}");
        assert!(ran.errors.contains(reason), "{args:?}: {ran:?}");
        assert_eq!(ran.out, "", "{args:?}");
    }
}

#[test]
fn a_schedule_that_does_not_fit_is_refused() {
    let folder = race("misfit").with("other.yaml", &RACE.replace("2s", "3s"));
    let witness = witnesses(&explored(&folder, &[])).remove(0);
    let refused = |path: &str, schedule: &str, reason: &str| {
        let ran = folder.run(["replay", path, "--schedule", schedule]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.errors.contains(reason), "{ran:?}");
    };
    refused("other.yaml", &witness, "was made for another scenario");
    refused("race.yaml", &witness[..witness.len() - 2], "mistyped or cut off");
    refused("race.yaml", "", "this is no schedule token");
    refused("race.yaml", "-d1", "this is no schedule token");
    refused("nowhere.yaml", &witness, "nowhere.yaml");
}

#[test]
fn what_cannot_be_read_or_written_is_told_before_anything_is_searched() {
    let folder = race("unwritable").with("file", "").with("bad.yaml", "name: bad\nworkflow: 1\n");
    for option in ["--report", "--junit"] {
        let ran = folder.run(["fuzz", "race.yaml", option, "no/such/folder/x"]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.errors.contains("no/such/folder/x: cannot be written"), "{ran:?}");
        assert_eq!(ran.out, "");
    }
    let ran = folder.run(["fuzz", "race.yaml", "--regressions", "file"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.errors.contains("file: cannot be read"), "{ran:?}");

    let ran = folder.run(["explore", "nowhere.yaml", "bad.yaml", "race.yaml"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.errors.contains("nowhere.yaml") && ran.errors.contains("bad.yaml:2:1"), "{ran:?}");
    assert!(ran.out.contains("3 scenarios: 1 as expected, 2 invalid"), "{}", ran.out);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_search_with_what_it_has() {
    // It fails in its first run: what it tells shows that signals are listened to by now.
    let stops = "name: stops\nworkflows: { Nap: [{ sleep: 1h }] }\n\
                 timeline: [{ start: Nap, workflow_id: nap }]\n\
                 never: [{ workflow_id: nap, status: Completed }]\n";
    let folder = race("ctrl_c").with("a.yaml", stops);
    let mut command = folder.command();
    command.args(["explore", "a.yaml", "race.yaml", "--strategy", "random", "--time-limit", "1h"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut out = String::new();
    lines.read_line(&mut out).unwrap();
    assert_eq!(out, "FAILED  stops\n");
    let pid = child.id().to_string();
    let told = std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(told.success());
    lines.read_to_string(&mut out).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{out}");
    assert!(out.contains("cut by Ctrl-C"), "{out}");
    assert!(out.contains("(random, seed 0)"), "{out}");
}

#[test]
fn whoever_has_read_enough_ends_it() {
    let folder = race("closed_pipe").with("a.yaml", NAP);
    let mut command = folder.command();
    command.args(["explore", "a.yaml", "race.yaml", "race.yaml"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    assert!(first.starts_with("ok      a nap"), "{first}");
    drop(lines);
    let ran: Ran = child.wait_with_output().unwrap().into();
    assert_eq!((ran.code, ran.errors.as_str()), (Some(0), ""));
}
