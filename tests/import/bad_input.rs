//! What is not a history is refused with the place and a reason; nothing panics.

use std::process::Command;

use deadbeat::import::import;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::recorded::{corpus, data};

fn refusal(text: &str) -> String {
    import(text).unwrap_err().to_string()
}

fn event(id: u32, kind: &str, (name, attributes): (&str, Value)) -> Value {
    json!({
        "eventId": id.to_string(),
        "eventTime": "2024-05-01T10:00:00Z",
        "eventType": format!("EVENT_TYPE_{kind}"),
        name: attributes,
    })
}

fn start() -> Value {
    let attributes = json!({ "workflowType": { "name": "T" }, "taskQueue": { "name": "q" } });
    let attributes = ("workflowExecutionStartedEventAttributes", attributes);
    event(1, "WORKFLOW_EXECUTION_STARTED", attributes)
}

fn events(events: &[Value]) -> String {
    json!({ "events": events }).to_string()
}

#[test]
fn what_is_not_json_is_refused_with_its_line() {
    assert_eq!(refusal(""), "not JSON, line 1, column 0: EOF while parsing a value");
    assert_eq!(
        refusal("{\n  \"events\": [\n"),
        "not JSON, line 3, column 0: EOF while parsing a list"
    );
    assert!(refusal("name: a scenario").starts_with("not JSON, line 1, column 2"));
}

#[test]
fn json_that_is_no_history_is_refused() {
    let expected = "; expected what `temporal workflow show -o json` prints: {\"events\": [...]}";
    for foreign in ["{}", "7", "null", "{\"events\": 1}", "{\"history\": []}"] {
        let said = format!("not a history: there is no list of `events` in it{expected}");
        assert_eq!(refusal(foreign), said, "{foreign}");
    }
    let empty = format!("not a history: its list of events is empty{expected}");
    assert_eq!(refusal("[]"), empty);
    assert_eq!(refusal(r#"{"events": []}"#), empty);
}

#[test]
fn an_event_that_is_wrong_is_named_by_its_place() {
    let fired = || ("timerFiredEventAttributes", json!({ "timerId": "1" }));
    for (list, said) in [
        (
            vec![start(), event(3, "TIMER_FIRED", fired())],
            "events[1]: expected event 2, found event 3: a history begins with event 1 and has no \
             holes",
        ),
        (
            vec![event(1, "TIMER_FIRED", fired())],
            "events[0]: a history begins with the start, not with TIMER_FIRED",
        ),
        (
            vec![start(), event(2, "TIMER_STARTED", fired())],
            "events[1]: a TIMER_STARTED event with timerFiredEventAttributes",
        ),
        (
            vec![start(), json!({ "eventId": "2", "eventType": "EVENT_TYPE_TIMER_FIRED" })],
            "events[1]: a TIMER_FIRED event without timerFiredEventAttributes",
        ),
        (
            vec![start(), json!({ "eventId": "2", "eventType": "EVENT_TYPE_TIMER_BROKEN" })],
            "events[1].eventType: unrecognized enum value 'EVENT_TYPE_TIMER_BROKEN'",
        ),
        (
            vec![start(), json!({ "eventId": "9223372036854775808" })],
            "events[1].eventId: number too large to fit in target type",
        ),
        (vec![json!(7)], "events[0]: invalid type: integer `7`, expected a map"),
    ] {
        assert_eq!(refusal(&events(&list)), said);
    }
    let mut late = start();
    late["eventTime"] = "9999-12-31T23:59:59Z".into();
    assert_eq!(refusal(&events(&[late])), "events[0]: its eventTime is missing or out of range");
}

#[test]
fn a_bare_list_and_the_names_of_the_web_interface_are_read() {
    let mut started = start();
    started["eventType"] = "WorkflowExecutionStarted".into();
    let imported = import(&json!([started]).to_string()).unwrap();
    assert_eq!(imported.recorded, 1);
}

#[test]
fn the_command_refuses_bad_input_with_exit_code_2_and_writes_a_file() {
    let run = |args: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_deadbeat")).arg("import").args(args).output().unwrap()
    };
    let folder = std::env::temp_dir().join(format!("deadbeat-import-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (history, scenario) = (folder.join("history.json"), folder.join("scenario.yaml"));
    let (history, scenario) = (history.to_str().unwrap(), scenario.to_str().unwrap());

    let nothing = run(&["/nowhere/history.json"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("/nowhere/history.json"));

    let (_, exported) = data().into_iter().find(|(name, _)| name == "child_fail").unwrap();
    std::fs::write(history, &exported[..exported.len() / 2]).unwrap();
    let truncated = run(&[history]);
    assert_eq!(truncated.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&truncated.stderr).contains("not JSON, line "));

    // Nothing but a length: no byte of it is on the disk.
    std::fs::File::create(history).unwrap().set_len((100 << 20) + 1).unwrap();
    let large = run(&[history]);
    assert_eq!(large.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&large.stderr).contains("larger than 100 MB"));

    std::fs::write(history, exported).unwrap();
    let done = run(&[history, "--output", scenario]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(done.stdout.is_empty());
    let written = std::fs::read_to_string(scenario).unwrap();
    assert!(written.contains("# A run of this file has the same history."));
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Changes one thing somewhere in a value.
fn mutate(value: &mut Value, at: &mut usize, how: u8) {
    if *at == 0 {
        *value = match (how, &*value) {
            (0, _) => Value::Null,
            (1, _) => json!("9223372036854775807"),
            (2, _) => json!(-1),
            (3, _) => json!("\u{0}\u{2028}: [\"'#"),
            (4, Value::Array(items)) => items.iter().skip(1).cloned().collect(),
            (5, Value::Array(items)) => items.iter().rev().cloned().collect(),
            (6, _) => json!("2024-01-01T00:00:00Z"),
            (7, _) => json!("315576000000s"),
            _ => json!({}),
        };
        return;
    }
    *at -= 1;
    match value {
        Value::Array(items) => {
            for item in items {
                mutate(item, at, how);
                if *at == 0 {
                    return;
                }
            }
        }
        Value::Object(fields) => {
            for (_, item) in fields.iter_mut() {
                mutate(item, at, how);
                if *at == 0 {
                    return;
                }
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_history_with_something_changed_is_imported_or_refused(
        which in any::<prop::sample::Index>(),
        place in 0_usize..2000,
        how in 0_u8..9,
    ) {
        thread_local!(static ALL: Vec<String> =
            corpus().into_iter().map(|recorded| recorded.exported).collect());
        let exported = ALL.with(|all| which.get(all).clone());
        let mut history: Value = serde_json::from_str(&exported).unwrap();
        mutate(&mut history, &mut { place }, how);
        if let Ok(imported) = import(&history.to_string()) {
            // Whatever it is, it is a scenario, or it says that it is none.
            let parsed = deadbeat::scenario::Scenario::parse(&imported.text, "imported.yaml");
            prop_assert!(parsed.is_ok() || !imported.is_same());
        }
    }
}
