//! The command, as people and CI run it: the real binary, in a folder of its own.

mod folder;

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use folder::{Folder, Ran};

const SLEEPS: &str = "
name: a workflow that sleeps an hour
workflows: { Nap: [{ sleep: 1h }] }
timeline: [{ start: Nap, workflow_id: nap }]
expect: [{ workflow_id: nap, status: Completed }]
";

const FAILS: &str = "
name: not as expected
workflows: { Nap: [{ sleep: 1h }] }
timeline: [{ start: Nap, workflow_id: nap }]
expect: [{ workflow_id: nap, status: Canceled }]
";

const INVALID: &str = "name: a typing error\ntimeline: [{ strat: Nap }]\n";

#[test]
fn a_folder_of_scenarios_runs_in_order_and_ends_with_a_summary() {
    let folder = Folder::new("a_folder")
        .with("scenarios/b/sleeps.yaml", SLEEPS)
        .with("scenarios/a.yml", &SLEEPS.replace("sleeps an", "comes first and sleeps an"))
        .with("scenarios/.hidden/x.yaml", INVALID)
        .with("scenarios/notes.txt", "no scenario");
    let ran = folder.run(["run"]);
    assert_eq!((ran.code, ran.errors.as_str()), (Some(0), ""), "{ran:?}");
    let lines: Vec<&str> = ran.out.lines().collect();
    let first =
        "ok      a workflow that comes first and sleeps an hour: nap Completed  01:00:00.000 in ";
    assert!(lines[0].starts_with(first), "{}", lines[0]);
    assert!(lines[1].starts_with("ok      a workflow that sleeps an hour: nap"), "{}", lines[1]);
    let summary = "2 scenarios: 2 as expected; 02:00:00.000 of virtual time in ";
    assert!(lines[3].starts_with(summary), "{}", lines[3]);
}

#[test]
fn what_is_not_as_expected_is_drawn_and_exits_with_1() {
    let folder = Folder::new("not_as_expected").with("fails.yaml", FAILS);
    let ran = folder.run(["run", "fails.yaml"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.starts_with("FAILED  not as expected: nap Completed"), "{}", ran.out);
    let drawn = "error: expected `nap` to be Canceled, but it is Completed\n --> fails.yaml:5:10\n";
    assert!(ran.out.contains(drawn), "{}", ran.out);
}

#[test]
fn an_invalid_file_is_told_on_stderr_and_the_others_still_run() {
    let folder = Folder::new("an_invalid_file")
        .with("1.yaml", INVALID)
        .with("2.yaml", FAILS)
        .with("3.yaml", SLEEPS);
    let ran = folder.run(["run", "."]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.errors.contains("unknown key `strat`"), "{}", ran.errors);
    assert!(ran.errors.contains("1.yaml:2:"), "{}", ran.errors);
    let summary = "3 scenarios: 1 as expected, 1 failed, 1 invalid;";
    assert!(ran.out.contains(summary), "{}", ran.out);
}

#[test]
fn a_run_that_never_ends_is_stopped_and_tells_where_it_was() {
    let forever = "
name: forever
workflows: { Nap: [{ repeat: [{ sleep: 1h }] }] }
timeline: [{ start: Nap, workflow_id: nap }]
";
    let ran = Folder::new("forever").with("forever.yaml", forever).run(["run", "forever.yaml"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.out.starts_with("STOPPED forever: nap Running"), "{}", ran.out);
    assert!(ran.errors.contains("forever.yaml: stopped at "), "{}", ran.errors);
    assert!(ran.errors.contains("`nap` run 1: last event "), "{}", ran.errors);
}

#[test]
fn what_cannot_be_found_exits_with_2() {
    let folder = Folder::new("cannot_be_found").with("empty/notes.txt", "");
    let ran = folder.run(["run", "nowhere.yaml", "empty"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.errors.contains("error: nowhere.yaml: "), "{}", ran.errors);
    assert!(ran.errors.contains("error: empty: no scenario"), "{}", ran.errors);
    let default = folder.run(["run"]);
    assert_eq!(default.code, Some(2), "{default:?}");
    assert!(default.errors.contains("error: scenarios: "), "{}", default.errors);
}

#[test]
fn wrong_usage_exits_with_2_and_help_with_0() {
    let folder = Folder::new("usage");
    for args in [&["run", "--sed", "1"][..], &["walk"], &[], &["run", "--seed", "x"]] {
        assert_eq!(folder.run(args).code, Some(2), "{args:?}");
    }
    let help = folder.run(["--help"]);
    assert_eq!(help.code, Some(0));
    assert!(help.out.contains("130  interrupted"), "{}", help.out);
    let version = folder.run(["--version"]);
    assert_eq!(version.out, format!("deadbeat {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn json_is_one_document_that_does_not_depend_on_the_machine() {
    let files = |folder: Folder| {
        folder
            .with("scenarios/b.yaml", SLEEPS)
            .with("scenarios/a/x.yaml", FAILS)
            .with("scenarios/c.yaml", INVALID)
    };
    let one = files(Folder::new("json")).run(["run", "--format", "json", "scenarios"]);
    assert_eq!(one.code, Some(2), "{one:?}");
    let mut elsewhere = files(Folder::new("json_elsewhere/deeper")).command();
    elsewhere.args(["run", "--format", "json", "scenarios"]);
    elsewhere.env("LC_ALL", "tr_TR.UTF-8").env("TZ", "Pacific/Apia");
    let other = Ran::from(elsewhere.output().unwrap());
    assert_eq!(one.out, other.out);

    let document: Value = serde_json::from_str(&one.out).unwrap();
    let scenarios = document["scenarios"].as_array().unwrap();
    let paths: Vec<&str> = scenarios.iter().map(|it| it["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["scenarios/a/x.yaml", "scenarios/b.yaml", "scenarios/c.yaml"]);
    assert_eq!(
        scenarios[0]["failures"][0]["message"],
        "expected `nap` to be Canceled, but it is Completed"
    );
    let execution = &scenarios[1]["executions"][0];
    assert_eq!(execution["status"], "Completed");
    assert_eq!(scenarios[1]["virtualTime"], "01:00:00.000");
    let events = execution["history"]["events"].as_array().unwrap();
    assert_eq!(events[0]["eventType"], "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED");
    assert_eq!(events[0]["eventTime"], "2024-01-01T00:00:00Z");
    assert!(scenarios[2]["invalid"].as_str().unwrap().contains("unknown key `strat`"));
}

#[test]
fn histories_are_written_one_file_a_run() {
    let scenario = "
name: ids that are no file names
workflows: { W: [] }
workers: [{ name: worker, stopped: true }]
timeline:
  - { start: W, workflow_id: ../up and away }
  - { terminate: ../up and away }
  - { start: W, workflow_id: ../up and away }
";
    let folder = Folder::new("histories").with("s/x.yaml", scenario);
    let ran = folder.run(["run", "s", "--history-json", "out/deep"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let written =
        |name: &str| fs::read_to_string(folder.0.join("out/deep/s/x").join(name)).unwrap();
    let first: Value = serde_json::from_str(&written("%2E.%2Fup%20and%20away.1.json")).unwrap();
    let last = first["events"].as_array().unwrap().last().unwrap();
    assert_eq!(last["eventType"], "EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED");
    assert!(written("%2E.%2Fup%20and%20away.2.json").ends_with("}\n"));

    let folder = folder.with("file", "");
    let refused = folder.run(["run", "s", "--history-json", "file"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.errors.contains("error: file: "), "{}", refused.errors);
}

#[test]
fn histories_are_shown_when_asked_for() {
    let folder = Folder::new("shown").with("sleeps.yaml", SLEEPS);
    let ran = folder.run(["run", "sleeps.yaml", "--show"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for shown in ["00:00:00.000  client  start Nap nap -> run 1", "TimerFired", "01:00:00.000"] {
        assert!(ran.out.contains(shown), "{shown} is not in {}", ran.out);
    }
}

#[test]
fn a_seed_orders_what_is_due_together_and_always_the_same() {
    let race = "
name: two at once
workflows: { W: [] }
workers: [{ name: worker, stopped: true }]
clients:
  a: [{ start: W, workflow_id: w }]
  b: [{ start: W, workflow_id: w, workflow_id_conflict_policy: USE_EXISTING }]
";
    let folder = Folder::new("seed").with("race.yaml", race);
    let run = |seed: u64| {
        let seed = seed.to_string();
        folder.run(["run", "race.yaml", "--format", "json", "--seed", &seed]).out
    };
    let texts: Vec<String> = (0..8).map(run).collect();
    assert_eq!(texts, (0..8).map(run).collect::<Vec<_>>());
    assert!(texts.iter().any(|text| *text != texts[0]), "eight seeds, one order");
}

#[test]
fn colours_are_for_those_who_want_them() {
    let folder = Folder::new("colours").with("sleeps.yaml", SLEEPS).with("invalid.yaml", INVALID);
    let with = |key: &str, value: &str| {
        Ran::from(folder.command().args(["run", "."]).env(key, value).output().unwrap())
    };
    let coloured = with("CLICOLOR_FORCE", "1");
    assert!(coloured.out.contains("\u{1b}[") && coloured.errors.contains("\u{1b}["));
    for plain in [folder.run(["run", "."]), with("NO_COLOR", "1")] {
        assert!(!plain.out.contains('\u{1b}') && !plain.errors.contains('\u{1b}'), "{plain:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let mut command = Folder::new("broken_pipe").command();
    command.arg("schema").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.errors.as_str()), (Some(0), ""), "{ran:?}");
}

#[test]
fn the_schema_is_json_schema_draft_07() {
    let ran = Folder::new("schema").run(["schema"]);
    assert_eq!(ran.code, Some(0));
    let schema: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
}
