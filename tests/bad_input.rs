//! Bad input gets a clear error, at once: the file, the line, the text in question, what was meant.

use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use deadbeat::scenario::{Coloring, Diagnostics, Scenario, limits};

/// How long an error may take. On a machine of its own each takes a fraction of it.
const AT_ONCE: Duration = Duration::from_secs(1);

/// How many times longer it may take here: all tests run at a time, unoptimised, beside others.
const SLOWNESS: u32 = 5;

#[path = "bad_input/form.rs"]
mod form;
#[path = "bad_input/sense.rs"]
mod sense;

/// What is said about a file of `tests/bad_input`.
fn refused(name: &str) -> String {
    let file = format!("tests/bad_input/{name}.yaml");
    let refused = Scenario::load(&file).expect_err("the file is bad");
    refused.render(Coloring::Plain)
}

/// What is said, at once, about a text; only the first error.
fn refused_text(text: &str) -> String {
    let begin = Instant::now();
    let refused: Diagnostics = Scenario::parse(text, "large.yaml").expect_err("the text is bad");
    let drawn = refused.to_string();
    let took = begin.elapsed();
    assert!(took < AT_ONCE * SLOWNESS, "it took {took:?}:\n{drawn}");
    assert!(drawn.len() < 30_000, "an error is for people to read, but has {} bytes", drawn.len());
    drawn.split("\n\n").next().unwrap_or_default().to_owned()
}

/// `unit` again and again, up to nearly the largest size of a file.
fn filled(head: &str, unit: &str) -> String {
    let times = (limits::MAX_BYTES - head.len() - 1_000) / unit.len();
    format!("{head}{}", unit.repeat(times))
}

/// A line for each number.
fn lines(numbers: Range<usize>, line: impl Fn(usize) -> String) -> String {
    numbers.map(line).collect::<Vec<_>>().concat()
}

const CLIENT: &str = "name: large\ntimeline: [{ describe: greeting }]\n";

#[test]
fn every_file_of_bad_input_is_tested() {
    let tests = [include_str!("bad_input/form.rs"), include_str!("bad_input/sense.rs")].concat();
    let files = std::fs::read_dir("tests/bad_input").expect("the directory is there");
    for file in files {
        let path = file.expect("the directory can be read").path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        assert!(tests.contains(&format!("refused(\"{name}\")")), "{name}");
    }
}

#[test]
fn a_file_that_is_not_there() {
    let refused = Scenario::load("tests/bad_input/nowhere.yaml").unwrap_err().to_string();
    assert!(refused.starts_with("error: the file cannot be read: "), "{refused}");
    assert!(refused.contains("--> tests/bad_input/nowhere.yaml"), "{refused}");
}

#[test]
fn a_directory_instead_of_a_file() {
    insta::assert_snapshot!(Scenario::load("tests/bad_input").unwrap_err(), @r"
    error: the file cannot be read: it is not a regular file
    --> tests/bad_input
    ");
}

#[test]
#[cfg(unix)]
fn a_device_that_never_ends() {
    let refused = Scenario::load(Path::new("/dev/zero")).unwrap_err().to_string();
    assert!(refused.contains("it is not a regular file"), "{refused}");
}

#[test]
fn a_text_that_is_too_large() {
    insta::assert_snapshot!(refused_text(&"[".repeat(10_000_000)), @r"
    error: the file is larger than 1048576 bytes (1 MiB)
    --> large.yaml
     = help: a scenario is code for people; a file of that size is most likely another one
    ");
}

#[test]
fn nesting_without_end() {
    let deep = |unit: &str| refused_text(&unit.repeat(50_000));
    for unit in ["[", "{a: ", "[{a: ", "- ", ": ", "? - "] {
        let refused = deep(unit);
        assert!(
            refused.contains("nested more than 64 levels deep") || refused.contains("key must be"),
            "{unit}: {refused}"
        );
    }
    let brackets = "[".repeat(65) + &"]".repeat(65);
    insta::assert_snapshot!(refused_text(&brackets), @r"
    error: nested more than 64 levels deep
     --> large.yaml:1:65
      |
    1 | [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
      |                                                                 ^ too deep
    ");
}

#[test]
fn nesting_by_aliases() {
    let aliases = lines(1..200, |n| format!("a{n}: &a{n} [*a{}]\n", n - 1));
    insta::assert_snapshot!(refused_text(&format!("a0: &a0 [x]\n{aliases}")), @r"
    error: nested more than 64 levels deep
      --> large.yaml:64:12
       |
    64 | a63: &a63 [*a62]
       |            ^^^^ too deep
    ");
}

#[test]
fn the_deepest_nesting_that_is_allowed_is_no_problem() {
    let mut steps = "{ sleep: 1s }".to_owned();
    for _ in 0..29 {
        steps = format!("{{ repeat: [{steps}] }}");
    }
    Scenario::parse(&format!("{CLIENT}workflows: {{ W: [{steps}] }}\n"), "deep.yaml").unwrap();
}

#[test]
fn more_values_than_a_file_may_hold() {
    for unit in ["- \n", "?\n", "k: 1\n"] {
        let refused = refused_text(&filled("", unit));
        assert!(refused.contains("error: more than 100000 values"), "{refused}");
        assert!(refused.contains("^ too many values up to here"), "{refused}");
    }
}

#[test]
fn more_brackets_and_commas_than_a_file_may_hold() {
    for (head, unit) in [("", "["), ("[", "a,"), ("[", ","), ("name: \"", "{}")] {
        let refused = refused_text(&filled(head, unit));
        assert!(refused.contains("more than 200000 brackets, braces and commas"), "{refused}");
    }
}

#[test]
fn more_steps_than_a_scenario_may_have() {
    let steps = "    - sleep: 1s\n".repeat(limits::MAX_STEPS);
    insta::assert_snapshot!(refused_text(&format!("{CLIENT}workflows:\n  W:\n{steps}")), @r"
    error: more than 10000 steps
         --> large.yaml:10004:7
          |
    10004 |     - sleep: 1s
          |       ^^^^^^^^^ one step too many
    ");
}

#[test]
fn more_steps_by_aliases_than_a_scenario_may_have() {
    let first = format!("  A: &steps\n{}", "    - sleep: 1s\n".repeat(900));
    let more = lines(0..30, |n| format!("  B{n}: *steps\n"));
    let refused = refused_text(&format!("{CLIENT}workflows:\n{first}{more}"));
    assert!(refused.contains("error: more than 10000 steps"), "{refused}");
}

#[test]
fn more_workers_and_clients_than_a_scenario_may_have() {
    let workers = lines(0..1_001, |n| format!("  - name: worker {n}\n"));
    let refused = refused_text(&format!("{CLIENT}workers:\n{workers}"));
    assert!(refused.contains("error: more than 1000 workers"), "{refused}");
    let clients = lines(0..1_001, |n| format!("  c{n}: [{{ describe: x }}]\n"));
    let refused = refused_text(&format!("name: many\nclients:\n{clients}"));
    assert!(refused.contains("error: more than 1000 clients"), "{refused}");
}

#[test]
fn thousands_of_errors_are_cut_short() {
    let keys = lines(0..40_000, |n| format!("key{n}: 1\n"));
    let refused = Scenario::parse(&keys, "many.yaml").unwrap_err();
    assert_eq!(refused.iter().count(), limits::MAX_DIAGNOSTICS);
    assert!(refused.to_string().ends_with("there may be more errors: these are the first\n"));
    assert!(refused_text(&keys).contains("error: unknown key `key0`"));
}

#[test]
fn thousands_of_names_do_not_make_suggestions_slow() {
    let known = lines(0..5_000, |n| format!("  Workflow{n:05}{}: []\n", "o".repeat(40)));
    let start = format!("  - start: Vorkflow{}\n    workflow_id: w\n", "o".repeat(45));
    let starts = start.repeat(4_000);
    let refused = refused_text(&format!("name: names\nworkflows:\n{known}timeline:\n{starts}"));
    assert!(refused.contains("error: unknown workflow `Vorkflow"), "{refused}");
}

#[test]
fn a_cycle_of_thousands_of_workflows_does_not_overflow_the_stack() {
    let call = |n: usize| format!("  W{n}: [{{ execute_child_workflow: W{} }}]\n", (n + 1) % 9_000);
    let workflows = lines(0..9_000, call);
    insta::assert_snapshot!(refused_text(&format!("{CLIENT}workflows:\n{workflows}")), @r"
    error: child workflows start each other for ever: `W0` → `W1` → `W2` → `W3` → `W4` → `W5` → `W6` → `W7` → … → `W0`
        --> large.yaml:9003:13
         |
    9003 |   W8999: [{ execute_child_workflow: W0 }]
         |             ^^^^^^^^^^^^^^^^^^^^^^^^^^ starts `W0` again
         |
         = help: `continue_as_new` runs a workflow again; a signal or an attempt can end a recursion
    ");
}

#[test]
fn an_error_in_a_line_of_a_million_characters_shows_the_part_around_it() {
    let line = format!("name: long\ntimeline: [{}{{ descrbe: x }}]\n", " ".repeat(1_000_000));
    // The gap at `:::` is the library's way of saying that the columns are not those of the line.
    insta::assert_snapshot!(refused_text(&line), @r"
    error: unknown key `descrbe`
     --> large.yaml:2:1000014
      |
     ::: 
    2 | ...                   { descrbe: x }]
      |                         ^^^^^^^ did you mean `describe`?
    ");
}

#[test]
fn large_texts_that_are_no_yaml_are_refused_at_once() {
    for (head, unit) in [
        ("", "\0"),
        ("", "\t"),
        ("", " "),
        ("", "\n"),
        ("", "#a\n"),
        ("", "&a "),
        ("", "*a "),
        ("", "!a "),
        ("", "!"),
        ("", "%YAML 1.2\n"),
        ("", "%TAG ! !\n"),
        ("", "---\n"),
        ("", "...\n"),
        ("", "a: "),
        ("", "? "),
        ("", "'' "),
        ("[", "? "),
        ("[", "\"a\":"),
        ("{a: ", "&a "),
        ("name: \"", "\\"),
        ("name: \"", "a\n "),
        ("name: '", "''"),
        ("name: |\n", "  \n"),
        ("name: ", "a  "),
        ("name: ", "é"),
        ("- ", "🎉"),
    ] {
        let refused = refused_text(&filled(head, unit));
        assert!(refused.starts_with("error: "), "{head:?} {unit:?}: {refused}");
        assert!(refused.contains("--> large.yaml"), "{head:?} {unit:?}: {refused}");
    }
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let text = "name: escape\ntimeline:\n  - \"\\e[31mred\\0\\n\\x07\": 1\n";
    let refused = Scenario::parse(text, "escape.yaml").unwrap_err().to_string();
    assert!(refused.contains(r"unknown key `\u{1b}[31mred\u{0}\n\u{7}`"), "{refused}");
    let drawn = refused.chars().filter(|c| c.is_control() && *c != '\n').count();
    assert_eq!(drawn, 0, "{refused}");
}

#[test]
fn colours_change_nothing_but_colours() {
    let refused = Scenario::load("tests/bad_input/two_actions.yaml").unwrap_err();
    let mut plain = String::new();
    let colored = refused.render(Coloring::Ansi);
    assert!(colored.contains("\u{1b}["));
    let mut rest = colored.as_str();
    while let Some((text, escape)) = rest.split_once("\u{1b}[") {
        plain.push_str(text);
        rest = escape.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    assert_eq!(plain, refused.render(Coloring::Plain));
}

#[test]
fn places_are_right_after_a_byte_order_mark_and_with_windows_line_ends() {
    let text = "\u{feff}name: x\r\ntimeline:\r\n  - descrbe: x\r\n";
    insta::assert_snapshot!(Scenario::parse(text, "windows.yaml").unwrap_err(), @r"
    error: unknown key `descrbe`
     --> windows.yaml:3:5
      |
    3 |   - descrbe: x
      |     ^^^^^^^ did you mean `describe`?
    ");
}

#[test]
fn line_ends_do_not_change_the_digest() {
    let unix = Scenario::parse(CLIENT, "a.yaml").unwrap();
    let windows = Scenario::parse(&CLIENT.replace('\n', "\r\n"), "b.yaml").unwrap();
    let other = Scenario::parse(&CLIENT.replace("large", "other"), "a.yaml").unwrap();
    assert_eq!(unix.digest, windows.digest);
    assert_ne!(unix.digest, other.digest);
}

#[test]
fn a_type_that_no_worker_has_is_allowed() {
    Scenario::parse(
        "
name: nobody is there
workflows: { Greeting: [{ sleep: 1s }] }
workers:
  - { name: idle, workflows: [], activities: [] }
timeline:
  - { start: Greeting, workflow_id: greeting, task_queue: nowhere }
  - { terminate: another, fails_with: NOT_FOUND }
",
        "nobody.yaml",
    )
    .unwrap();
}

#[test]
fn an_activity_whose_code_is_elsewhere_must_be_named() {
    let text = "
name: native
workflows: { W: [{ execute_activity: native, start_to_close_timeout: 5m }] }
timeline: [{ start: W, workflow_id: w }]
";
    assert!(Scenario::parse(text, "native.yaml").is_err());
    assert!(Scenario::parse_with_native(text, "native.yaml", &["native"]).is_ok());
}

#[test]
fn a_recursion_that_something_ends_is_no_cycle() {
    for ends in [
        "- wait_signal: more",
        "- by_attempt: { 1: [{ return: 1 }] }",
        "- continue_as_new:",
        "- try: [{ fail: x }]\n      on_failure: [{ return: 1 }]",
    ] {
        let text =
            format!("{CLIENT}workflows:\n  W:\n    {ends}\n    - execute_child_workflow: W\n");
        Scenario::parse(&text, "recursion.yaml").unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

#[test]
fn a_loop_that_something_ends_is_allowed() {
    for body in [
        "sleep: 1s",
        "wait_signal: more",
        "fail: x",
        "return: 1",
        "repeat: [{ sleep: 1s }]",
        "by_attempt: { 1: [{ record_marker: x }], otherwise: [{ sleep: 1s }] }",
        "try: [{ sleep: 1s }], on_failure: []",
    ] {
        let text = format!("{CLIENT}workflows: {{ W: [{{ repeat: [{{ {body} }}] }}] }}\n");
        Scenario::parse(&text, "loop.yaml").unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

const EVERYTHING: &str = include_str!("../src/scenario/everything.yaml");

/// What can be put into a text to break it in interesting ways.
const PIECES: [&str; 24] = [
    "",
    "-",
    "- ",
    ":",
    ": ",
    "?",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a",
    "*a ",
    "!x ",
    "|",
    ">",
    "'",
    "\"",
    "#",
    "\n",
    "\n  ",
    "\t",
    "ä🎉",
    "999999999999999999999",
];

proptest::proptest! {
    /// Whatever becomes of a scenario in an editor: an answer, and one that can be drawn.
    #[test]
    fn no_change_of_a_text_makes_the_parser_panic(
        changes in proptest::collection::vec((0.0..1.0, 0_usize..40, 0..PIECES.len()), 1..4)
    ) {
        let mut text: Vec<char> = EVERYTHING.chars().collect();
        for (place, length, piece) in changes {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            #[allow(clippy::cast_precision_loss)] // any place will do
            let start = (place * text.len() as f64) as usize;
            let end = (start + length).min(text.len());
            text.splice(start..end, PIECES[piece].chars());
        }
        let text: String = text.into_iter().collect();
        if let Err(refused) = Scenario::parse(&text, "changed.yaml") {
            assert!(refused.to_string().starts_with("error: "));
        }
    }
}
