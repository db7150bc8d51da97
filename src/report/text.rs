//! A whole run of a scenario as text: for the terminal, for snapshots, for `insta` in tests.

use std::fmt::Write as _;

use super::{action, answer};
use crate::clock::EPOCH;
use crate::history::text::{Style, render};
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
    // Writing to a string cannot fail.
    let _ = write_text(&mut text, result, style);
    text
}

fn write_text(out: &mut String, result: &RunResult, style: Style) -> std::fmt::Result {
    writeln!(out, "scenario      {}", result.scenario().name)?;
    writeln!(out, "virtual time  {}", result.end.offset(EPOCH))?;
    match &result.ended {
        Ended::Settled => {}
        Ended::Stopped(stopped) => writeln!(out, "{stopped}")?,
        Ended::Problem(problems) => {
            problems
                .iter()
                .try_for_each(|problem| writeln!(out, "stopped: {}: {problem}", problem.at))?;
        }
    }
    write_log(out, result)?;
    let runs: Vec<_> = result.executions.iter().map(ExecutionResult::to_show).collect();
    write!(out, "\n{}", render(&runs, style))
}

/// A line a step: when it was answered, whose it is, what was asked, what came of it.
fn write_log(out: &mut String, result: &RunResult) -> std::fmt::Result {
    if result.log.is_empty() {
        return Ok(());
    }
    let names = result.log.iter().map(|entry| result.client_name(entry.client).chars().count());
    let width = names.max().unwrap_or(0);
    writeln!(out, "\nclients")?;
    for entry in &result.log {
        let at = entry.time.offset(EPOCH);
        let name = result.client_name(entry.client);
        let Some(step) = result.client_steps(entry.client).get(entry.step as usize) else {
            continue;
        };
        let asked = action::describe(&step.action);
        let (answered, below) = answer::describe(&entry.answer, result);
        writeln!(out, "  {at}  {name:width$}  {asked} -> {answered}")?;
        for line in below {
            writeln!(out, "  {:indent$}{line}", "", indent = at.chars().count() + width + 6)?;
        }
    }
    Ok(())
}
