//! A whole run of a scenario as text: for the terminal, for snapshots, for `insta` in tests.

use std::fmt::Write as _;

use super::{action, answer};
use crate::clock::EPOCH;
use crate::history::text::{Style, TimeColumn, plain, render};
use crate::sim::{Ended, ExecutionResult, RunResult};

/// The scenario's name and the virtual time that passed; what the clients asked and were answered;
/// then one block a run, with its history.
///
/// It is the same on every machine, and two texts of similar runs differ in few lines.
pub fn text(result: &RunResult) -> String {
    styled_text(result, Style::Plain)
}

/// The same, for a terminal if the style says so.
pub fn styled_text(result: &RunResult, style: Style) -> String {
    let mut text = String::new();
    let runs: Vec<_> = result.executions.iter().map(ExecutionResult::to_show).collect();
    // Writing to a string cannot fail.
    let _ = write_head(&mut text, result);
    let _ = write!(text, "\n{}", render(&runs, style));
    text
}

/// What stands above the histories.
pub(super) fn write_head(out: &mut String, result: &RunResult) -> std::fmt::Result {
    writeln!(out, "scenario      {}", plain(&result.scenario().name))?;
    writeln!(out, "virtual time  {}", result.end.offset(EPOCH))?;
    match &result.ended {
        Ended::Settled => {}
        Ended::Stopped(stopped) => writeln!(out, "{}", plain(&stopped.to_string()))?,
        Ended::Problem(problems) => {
            problems.iter().try_for_each(|problem| {
                let told = format!("stopped: {}: {problem}", problem.at);
                writeln!(out, "{}", plain(&told))
            })?;
        }
    }
    write_log(out, result)
}

/// A line a step: when it was answered, whose it is, what was asked, what came of it.
fn write_log(out: &mut String, result: &RunResult) -> std::fmt::Result {
    if result.log.is_empty() {
        return Ok(());
    }
    let names =
        result.log.iter().map(|entry| plain(result.client_name(entry.client)).chars().count());
    let width = names.max().unwrap_or(0);
    let times = TimeColumn::of(result.log.iter().map(|entry| entry.time), EPOCH);
    writeln!(out, "\nclients")?;
    let indent = times.width() + width + 6;
    for entry in &result.log {
        let at = times.cell(entry.time);
        let name = plain(result.client_name(entry.client));
        let Some(step) = result.client_steps(entry.client).get(entry.step as usize) else {
            continue;
        };
        let asked = action::describe(step);
        let (answered, below) = answer::describe(&entry.answer, result);
        writeln!(out, "  {at}  {name:width$}  {} -> {}", plain(&asked), plain(&answered))?;
        for line in below {
            writeln!(out, "  {:indent$}{}", "", plain(&line))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;
    use crate::sim::{DefaultOrder, Limits, Plan, Race, run};

    fn shown(source: &str) -> String {
        let plan = Plan::new(Scenario::parse(source, "test.yaml").unwrap());
        text(&run(&plan, Race::default(), &Limits::default(), &mut DefaultOrder))
    }

    fn clients(source: &str) -> String {
        let text = shown(source);
        text.split("\n\n").nth(1).unwrap_or("").to_owned()
    }

    #[test]
    fn the_clients_log_says_what_was_asked() {
        let log = clients(
            "
name: clients
workflows: { Nap: [{ sleep: 8d }] }
timeline:
  - start: Nap
    workflow_id: a nap
    input: { b: 1 }
    workflow_run_timeout: 9d
    retry_policy: { maximum_attempts: 3 }
    start_delay: 5s
    workflow_id_reuse_policy: REJECT_DUPLICATE
    workflow_id_conflict_policy: FAIL
  - { heartbeat_activity: charge-card, workflow_id: a nap, details: 7, fails_with: { code: NOT_FOUND } }
  - { terminate: a nap, reason: enough, details: [1], after: 30h }
",
        );
        insta::assert_snapshot!(log, @r#"
        clients
             00:00:00.000  client  start Nap "a nap" (input {"b":1}, run timeout 9d, maximum attempts 3, start delay 5s, reuse policy REJECT_DUPLICATE, conflict policy FAIL) -> run 1
             00:00:00.000  client  heartbeat_activity charge-card of "a nap" (details 7) -> NOT_FOUND: cannot find pending activity with ActivityID charge-card, check workflow execution history for more details
          1d 06:00:00.000  client  terminate "a nap" (reason "enough", details [1]) -> ok
        "#);
    }

    #[test]
    fn no_control_character_of_a_scenario_reaches_the_output() {
        let text = shown(
            r#"
name: "odd\e[2J name"
workflows: { Nap: [{ sleep: 8h }] }
timeline:
  - { start: Nap, workflow_id: nap, input: "\e[2J" }
  - { signal: nap, name: "\e[2J\n", input: "\u202e" }
  - { fail_activity: "\e[2J", workflow_id: "\e[2J", message: "\e[2J\n", fails_with: { code: NOT_FOUND } }
  - { terminate: nap, reason: "\e[2J\n", details: { "\x9b": 1 } }
"#,
        );
        let raw = |c: &char| c.is_control() && *c != '\n' || *c == '\u{202e}';
        assert_eq!(text.chars().find(raw), None, "{text}");
    }
}
