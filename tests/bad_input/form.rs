//! Files whose form is wrong: no text, no YAML, the wrong shape, values of the wrong type.

use super::refused;

#[test]
fn a_file_that_is_not_utf8_shows_the_byte() {
    insta::assert_snapshot!(refused("not_utf8"), @r"
    error: the file is not UTF-8
     --> tests/bad_input/not_utf8.yaml:1:15
      |
    1 | name: latin-1 �
      |               ^ byte 0xe9
      |
      = help: save the file in the encoding UTF-8
    ");
}

#[test]
fn an_empty_file() {
    insta::assert_snapshot!(refused("empty"), @r"
    error: the file is empty
    --> tests/bad_input/empty.yaml
     = help: a scenario begins with `name:` and one line that says what it shows
    ");
}

#[test]
fn a_file_of_comments() {
    insta::assert_snapshot!(refused("comments_only"), @r"
    error: the file is empty
     --> tests/bad_input/comments_only.yaml:1:1
      |
    1 | # nothing but a comment
      | ^
      |
      = help: a scenario begins with `name:` and one line that says what it shows
    ");
}

#[test]
fn a_file_that_holds_something_else() {
    insta::assert_snapshot!(refused("not_a_scenario"), @r"
    error: expected a scenario: `name:`, `workflows:`, `timeline:`
     --> tests/bad_input/not_a_scenario.yaml:1:1
      |
    1 | - sleep: 1s
      | ^^^^^^^^^^^ this is a list
    ");
}

#[test]
fn a_bracket_that_is_not_closed() {
    insta::assert_snapshot!(refused("unclosed_bracket"), @r"
    error: not valid YAML
     --> tests/bad_input/unclosed_bracket.yaml:3:1
      |
    3 | expect: []
      | ^ invalid indentation in flow construct
      |
      = help: is a bracket or brace before it not closed?
    ");
}

#[test]
fn a_key_that_stands_too_far_right() {
    insta::assert_snapshot!(refused("wrong_indentation"), @r"
    error: not valid YAML
     --> tests/bad_input/wrong_indentation.yaml:2:11
      |
    2 |   timeline: []
      |           ^ mapping values are not allowed in this context
    ");
}

#[test]
fn a_tab() {
    insta::assert_snapshot!(refused("tab"), @r"
    error: not valid YAML
     --> tests/bad_input/tab.yaml:3:2
      |
    3 |     - describe: greeting
      |     ^ tabs disallowed within this context (block indentation)
      |
      = help: YAML is indented with spaces, never with tabs
    ");
}

#[test]
fn a_control_character() {
    insta::assert_snapshot!(refused("control_character"), @r"
    error: not valid YAML: the control character U+001B
     --> tests/bad_input/control_character.yaml:2:11
      |
    2 | timeline: ␛[31m
      |           ^ not allowed
    ");
}

#[test]
fn two_documents() {
    insta::assert_snapshot!(refused("two_documents"), @r"
    error: a file holds one scenario, but here begins a second document
     --> tests/bad_input/two_documents.yaml:2:1
      |
    2 | ---
      | ^^^ second document
    ");
}

#[test]
fn a_tag() {
    insta::assert_snapshot!(refused("tag"), @r"
    error: tags (`!name`) are no part of the language
     --> tests/bad_input/tag.yaml:3:15
      |
    3 |   - describe: !text greeting
      |               ^^^^^^^^^^^^^^ the value of a tag
      |
      = help: leave the tag out; text that looks like a number goes in quotes
    ");
}

#[test]
fn a_number_that_json_does_not_have() {
    insta::assert_snapshot!(refused("infinite_number"), @r"
    error: a number must be finite
     --> tests/bad_input/infinite_number.yaml:4:19
      |
    4 |     - return: [1, .nan]
      |                   ^^^^ JSON has no such number
      |
      = help: if it is meant as text, put it in quotes
    ");
}

#[test]
fn a_number_that_is_too_large() {
    insta::assert_snapshot!(refused("large_number"), @r"
    error: a number is too large
     --> tests/bad_input/large_number.yaml:4:15
      |
    4 |     - return: 99999999999999999999999999
      |               ^ more than 64 bits
    ");
}

#[test]
fn a_number_as_a_key_of_an_input() {
    insta::assert_snapshot!(refused("number_as_key"), @r"
    error: a key must be text
     --> tests/bad_input/number_as_key.yaml:4:17
      |
    4 |     - return: { 1: one }
      |                 ^ not text
      |
      = help: put it in quotes
    ");
}

#[test]
fn an_alias_inside_of_what_it_names() {
    insta::assert_snapshot!(refused("recursive_alias"), @r"
    error: an alias stands inside the value that it names
     --> tests/bad_input/recursive_alias.yaml:1:14
      |
    1 | name: &name [*name]
      |              ^^^^^ this would never end
    ");
}

#[test]
fn an_alias_of_nothing() {
    insta::assert_snapshot!(refused("unknown_alias"), @r"
    error: not valid YAML
     --> tests/bad_input/unknown_alias.yaml:2:11
      |
    2 | timeline: *steps
      |           ^ while parsing node, found unknown anchor
    ");
}

#[test]
fn aliases_that_explode() {
    insta::assert_snapshot!(refused("alias_bomb"), @r"
    error: more than 100000 values
     --> tests/bad_input/alias_bomb.yaml:6:36
      |
    6 | e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
      |                                    ^^ too many values up to here
      |
      = help: aliases count as often as they are used
    ");
}

#[test]
fn a_workflow_type_that_is_defined_twice() {
    insta::assert_snapshot!(refused("duplicate_key"), @r"
    error: duplicate key `Greeting`
     --> tests/bad_input/duplicate_key.yaml:5:3
      |
    3 |   Greeting: []
      |   -------- first time
    4 |   Other: []
    5 |   Greeting: []
      |   ^^^^^^^^ second time
    ");
}

#[test]
fn options_that_are_missing() {
    insta::assert_snapshot!(refused("missing"), @r"
    error: `start_timer` needs `as`
     --> tests/bad_input/missing.yaml:4:7
      |
    4 |     - start_timer: 1s
      |       ^^^^^^^^^^^ `as` is missing

    error: `try` needs `on_cancel`, `on_failure` or `finally` beside it
     --> tests/bad_input/missing.yaml:5:7
      |
    5 |     - try:
      |       ^^^ catches nothing

    error: workflow `Nothing` has no steps
     --> tests/bad_input/missing.yaml:7:3
      |
    7 |   Nothing:
      |   ^^^^^^^ no steps
      |
      = help: a workflow that ends at once is `[]`

    error: workflow `Neither` has no steps
     --> tests/bad_input/missing.yaml:8:3
      |
    8 |   Neither: {}
      |   ^^^^^^^ neither `steps` nor `versions`

    error: `start` needs `workflow_id`
      --> tests/bad_input/missing.yaml:10:5
       |
    10 |   - start: Greeting
       |     ^^^^^ `workflow_id` is missing

    error: `signal` needs `name`
      --> tests/bad_input/missing.yaml:11:5
       |
    11 |   - signal: greeting
       |     ^^^^^^ `name` is missing

    error: `event` is missing
      --> tests/bad_input/missing.yaml:14:11
       |
    14 |     when: { count: 2 }
       |           ^^^^^^^^^^^^ here

    error: `workflow_id` is missing
      --> tests/bad_input/missing.yaml:16:5
       |
    16 |   - status: Completed
       |     ^^^^^^^^^^^^^^^^^ here
    ");
}

#[test]
fn sections_that_are_missing() {
    insta::assert_snapshot!(refused("missing_sections"), @r"
    error: the scenario has no `name`
     --> tests/bad_input/missing_sections.yaml:1:1
      |
    1 | description: neither a name nor a client
      | ^^^^^^^^^^^ here
      |
      = help: begin with `name:` and one line that says what it shows

    error: the scenario has neither a `timeline` nor `clients`
     --> tests/bad_input/missing_sections.yaml:1:1
      |
    1 | description: neither a name nor a client
      | ^^^^^^^^^^^ nothing would happen
      |
      = help: `timeline:` is the list of one client's steps, as in `- start: ...`
    ");
}

#[test]
fn a_timeline_and_clients() {
    insta::assert_snapshot!(refused("timeline_and_clients"), @r"
    error: a scenario has either a `timeline` or `clients`, not both
     --> tests/bad_input/timeline_and_clients.yaml:4:1
      |
    2 | timeline:
      | -------- first
    3 |   - describe: greeting
    4 | clients:
      | ^^^^^^^ second
      |
      = help: `timeline` is short for one client named `client`
    ");
}

#[test]
fn values_of_the_wrong_type() {
    insta::assert_snapshot!(refused("wrong_type"), @r#"
    error: wrong type: string "often", expected a number from 0 to 4294967295
     --> tests/bad_input/wrong_type.yaml:6:14
      |
    6 |       times: often
      |              ^^^^^ expected a number from 0 to 4294967295

    error: wrong type: integer `7`, expected text
     --> tests/bad_input/wrong_type.yaml:7:20
      |
    7 |     - wait_signal: 7
      |                    ^ expected text
      |
      = help: put it in quotes: `"7"`

    error: expected a list of steps
     --> tests/bad_input/wrong_type.yaml:8:15
      |
    8 |     - shield: 1
      |               ^ this is the number `1`
      |
      = help: each item of a list begins with `- `

    error: `raise` takes no value
     --> tests/bad_input/wrong_type.yaml:9:14
      |
    9 |     - raise: it
      |              ^^ not expected
      |
      = help: write `raise:` alone

    error: `first` is no attempt
      --> tests/bad_input/wrong_type.yaml:10:21
       |
    10 |     - by_attempt: { first: [] }
       |                     ^^^^^ expected 1, 2, 3 ... or `otherwise`

    error: unknown value `scoped`
      --> tests/bad_input/wrong_type.yaml:12:25
       |
    12 |     cancellation_model: scoped
       |                         ^^^^^^ did you mean `scope`?

    error: expected a list of steps
      --> tests/bad_input/wrong_type.yaml:13:12
       |
    13 |     steps: sleep
       |            ^^^^^ this is the text `sleep`
       |
       = help: each item of a list begins with `- `

    error: wrong type: integer `123`, expected text
      --> tests/bad_input/wrong_type.yaml:15:13
       |
    15 |   - cancel: 123
       |             ^^^ expected text
       |
       = help: put it in quotes: `"123"`

    error: integer `-1` is out of range
      --> tests/bad_input/wrong_type.yaml:17:10
       |
    17 |     run: -1
       |          ^^ expected a number from 0 to 4294967295

    error: unknown value `Signals`
      --> tests/bad_input/wrong_type.yaml:20:23
       |
    20 |     reapply_exclude: [Signals]
       |                       ^^^^^^^ did you mean `Signal`?

    error: wrong type: nothing, expected text
      --> tests/bad_input/wrong_type.yaml:22:5
       |
    22 |     workflow_id:
       |     ^^^^^^^^^^^ expected text
    "#);
}

#[test]
fn what_is_no_duration() {
    insta::assert_snapshot!(refused("duration"), @r"
    error: a duration cannot be negative
     --> tests/bad_input/duration.yaml:4:14
      |
    4 |     - sleep: -5s
      |              ^^^

    error: a duration needs a unit: `5s`, `5ms`, `5m`?
     --> tests/bad_input/duration.yaml:5:14
      |
    5 |     - sleep: 5
      |              ^

    error: a duration has no decimals: write `1500ms` or `1s500ms` instead of `1.5s`
     --> tests/bad_input/duration.yaml:6:14
      |
    6 |     - sleep: 1.5s
      |              ^^^^

    error: `w` is no unit of time; the units are d, h, m, s, ms, us, ns
     --> tests/bad_input/duration.yaml:7:14
      |
    7 |     - sleep: 2w
      |              ^^

    error: units go from large to small, each at most once, as in `1h30m`
     --> tests/bad_input/duration.yaml:8:14
      |
    8 |     - sleep: 30m1h
      |              ^^^^^

    error: not a duration; one looks like `500ms`, `30s`, `5m`, `2h`, `1d` or `1h30m`
     --> tests/bad_input/duration.yaml:9:14
      |
    9 |     - sleep: soon
      |              ^^^^

    error: `y` is no unit of time; the units are d, h, m, s, ms, us, ns
      --> tests/bad_input/duration.yaml:10:14
       |
    10 |     - sleep: 200y
       |              ^^^^

    error: a duration can be 100 years (36500d) at most
      --> tests/bad_input/duration.yaml:11:14
       |
    11 |     - sleep: 99999d
       |              ^^^^^^

    error: a duration can be 100 years (36500d) at most
      --> tests/bad_input/duration.yaml:12:14
       |
    12 |     - sleep: 99999999999999999999999999999999999999999999d
       |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error: wrong type: a list, expected a duration such as `30s`
      --> tests/bad_input/duration.yaml:13:14
       |
    13 |     - sleep: [1s]
       |              ^^^^ expected a duration such as `30s`

    error: not a duration; one looks like `500ms`, `30s`, `5m`, `2h`, `1d` or `1h30m`
      --> tests/bad_input/duration.yaml:15:31
       |
    15 |       start_to_close_timeout: ten minutes
       |                               ^^^^^^^^^^^

    error: a duration needs a unit: `1s`, `1ms`, `1m`?
      --> tests/bad_input/duration.yaml:23:9
       |
    23 |     at: 1 s
       |         ^^^
    ");
}

#[test]
fn steps_and_attempts_of_which_there_are_none() {
    insta::assert_snapshot!(refused("zero"), @r"
    error: `0` is no attempt
      --> tests/bad_input/zero.yaml:10:9
       |
    10 |         0: []
       |         ^ expected 1, 2, 3 ... or `otherwise`

    error: there are no steps
      --> tests/bad_input/zero.yaml:12:15
       |
    12 |     - repeat: []
       |               ^^ empty
    ");
}

#[test]
fn a_merge_key() {
    insta::assert_snapshot!(refused("merge_key"), @r"
    error: unknown key `<<`
     --> tests/bad_input/merge_key.yaml:3:5
      |
    3 |   - <<: { run: 1 }
      |     ^^ unknown
    4 |     describe: greeting
      |     -------- beside this action
      |
      = help: there are `run`, `at`, `after`, `when`, `fails_with`, `identity`, `fault`
    ");
}

#[test]
fn one_attempt_in_two_spellings() {
    insta::assert_snapshot!(refused("same_attempt_twice"), @r"
    error: not valid YAML
     --> tests/bad_input/same_attempt_twice.yaml:4:19
      |
    4 |     - by_attempt: { 1: [], 0x1: [] }
      |                   ^ duplicate entry with key 1
    ");
}
