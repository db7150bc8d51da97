//! Two runs of one scenario beside each other.

use std::fmt::{self, Write as _};

use super::happening::Words;
use super::trace::{is_choice, runs_with_choices};
use crate::clock::EPOCH;
use crate::explore::{Step, Trace};
use crate::history::text::{RunText, Style, plain, render, render_one};
use crate::report::Outcome;
use crate::sim::ExecutionResult;

/// What is different about two runs of one scenario: the first choice where they part, and then the
/// histories, side by side in so many columns; one below the other if that is too narrow.
pub fn diff_text(one: &Trace, other: &Trace, columns: usize) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, [one, other], columns);
    text
}

fn write(out: &mut String, traces: [&Trace; 2], columns: usize) -> fmt::Result {
    let [one, other] = traces;
    writeln!(out, "scenario  {}", plain(&one.result.scenario().name))?;
    writeln!(out, "left      {}", Outcome::of(&one.result))?;
    writeln!(out, "right     {}\n", Outcome::of(&other.result))?;
    if !write_parting(out, traces)? {
        return Ok(());
    }
    // A cell on each side, and a mark between them.
    let width = columns.saturating_sub(GAP) / 2;
    if width < NARROWEST {
        for (side, trace) in [("left", one), ("right", other)] {
            write!(out, "\n{side}\n\n{}", render(&runs_with_choices(trace), Style::Plain))?;
        }
        return Ok(());
    }
    let mut cut = false;
    for [left, right] in pairs(traces) {
        let lines =
            [left, right].map(|run| run.map_or_else(Vec::new, |(run, among)| lines(run, among)));
        writeln!(out)?;
        cut |= write_side_by_side(out, &lines, width)?;
    }
    if cut {
        writeln!(out, "\nlines that end in `…` are whole in `deadbeat replay`")?;
    }
    Ok(())
}

/// Between the two sides: a mark with two spaces on each side.
const GAP: usize = 5;

/// With fewer columns than this a side says too little.
const NARROWEST: usize = 56;

/// Writes where two runs part. False if they do not.
fn write_parting(out: &mut String, [one, other]: [&Trace; 2]) -> Result<bool, fmt::Error> {
    let is_same = |(a, b): &(&Step, &Step)| a.happened() == b.happened() && a.time == b.time;
    let pairs = || one.steps.iter().zip(&other.steps);
    let same = pairs().take_while(is_same).count();
    let choice = one.steps[..same].iter().filter(|step| is_choice(step)).count() + 1;
    let told = |trace: &Trace| {
        trace.steps.get(same).map(|step| {
            let words = Words::of(&trace.result);
            format!("{} at {}", words.choice(&step.happened()), step.time.offset(EPOCH))
        })
    };
    match (told(one), told(other)) {
        (None, None) => {
            writeln!(out, "both are the same run")?;
            return Ok(false);
        }
        (left, right) => {
            writeln!(
                out,
                "the first {same} happenings are the same; at choice {choice} they part:"
            )?;
            for (side, told) in [("left", left), ("right", right)] {
                writeln!(out, "  {side:<6} {}", told.as_deref().unwrap_or("the run ends"))?;
            }
        }
    }
    Ok(true)
}

type OfAll<'a> = (&'a ExecutionResult, &'a [ExecutionResult]);

/// The runs of both, those with the same Workflow Id and number together, in the order of the first.
fn pairs([one, other]: [&Trace; 2]) -> Vec<[Option<OfAll<'_>>; 2]> {
    let (left, right) = (&one.result.executions, &other.result.executions);
    let is_same = |a: &ExecutionResult, b: &ExecutionResult| {
        a.workflow_id() == b.workflow_id() && a.run == b.run
    };
    let of_left = left.iter().map(|run| {
        let same = right.iter().find(|other| is_same(run, other));
        [Some((run, left.as_slice())), same.map(|same| (same, right.as_slice()))]
    });
    let only_right = right.iter().filter(|run| !left.iter().any(|other| is_same(run, other)));
    let only_right = only_right.map(|run| [None, Some((run, right.as_slice()))]);
    of_left.chain(only_right).collect()
}

fn lines(run: &ExecutionResult, among: &[ExecutionResult]) -> Vec<String> {
    let among: Vec<RunText<'_>> = among.iter().map(ExecutionResult::to_show).collect();
    render_one(&run.to_show(), &among, Style::Plain).lines().map(str::to_owned).collect()
}

/// Writes two texts beside each other, lines that are the same but for their number on one line. True
/// if any was cut.
fn write_side_by_side(
    out: &mut String,
    [left, right]: &[Vec<String>; 2],
    width: usize,
) -> Result<bool, fmt::Error> {
    let mut cut = false;
    for (left, right) in aligned(left, right) {
        let mark = match (left, right) {
            (Some(left), Some(right)) if left == right => ' ',
            (Some(_), Some(_)) => '|',
            (Some(_), None) => '<',
            (None, _) => '>',
        };
        let mut cell = |line: Option<&String>| {
            let line = line.map_or("", String::as_str);
            if line.chars().count() <= width {
                return line.to_owned();
            }
            let line = squeezed(line);
            if line.chars().count() <= width {
                return line;
            }
            cut = true;
            line.chars().take(width - 1).chain(['…']).collect()
        };
        let (left, right) = (cell(left), cell(right));
        writeln!(out, "{}", format!("{left:<width$}  {mark}  {right}").trim_end())?;
    }
    Ok(cut)
}

/// A line without what only makes columns, but for its margin.
fn squeezed(line: &str) -> String {
    let text = line.trim_start();
    let words = text.split("  ").map(str::trim).filter(|word| !word.is_empty());
    let margin = line.len() - text.len();
    format!("{:margin$}{}", "", words.collect::<Vec<_>>().join("  "))
}

/// More pairs of lines than these are not compared: then lines stand beside each other as they come.
const MOST_COMPARED: usize = 4_000_000;

/// The lines of both in order, those that tell the same event on one line: the longest common
/// subsequence.
fn aligned<'a>(
    left: &'a [String],
    right: &'a [String],
) -> Vec<(Option<&'a String>, Option<&'a String>)> {
    let keys = |lines: &'a [String]| lines.iter().map(|line| key(line)).collect::<Vec<_>>();
    let (left_keys, right_keys) = (keys(left), keys(right));
    let columns = right.len() + 1;
    if (left.len() + 1).saturating_mul(columns) > MOST_COMPARED {
        let longer = left.len().max(right.len());
        return (0..longer).map(|at| (left.get(at), right.get(at))).collect();
    }
    // By how many lines of each are left out at the beginning: the most that the rest have in common.
    let mut common = vec![0_u32; (left.len() + 1) * columns];
    for l in (0..left.len()).rev() {
        for r in (0..right.len()).rev() {
            common[l * columns + r] = if left_keys[l] == right_keys[r] {
                common[(l + 1) * columns + r + 1] + 1
            } else {
                common[(l + 1) * columns + r].max(common[l * columns + r + 1])
            };
        }
    }
    let (mut l, mut r) = (0, 0);
    let mut rows = Vec::new();
    while l < left.len() || r < right.len() {
        let both = l < left.len() && r < right.len();
        if both && left_keys[l] == right_keys[r] {
            rows.push((Some(&left[l]), Some(&right[r])));
            l += 1;
            r += 1;
        } else if r == right.len()
            || both && common[(l + 1) * columns + r] >= common[l * columns + r + 1]
        {
            rows.push((Some(&left[l]), None));
            l += 1;
        } else {
            rows.push((None, Some(&right[r])));
            r += 1;
        }
    }
    rows
}

/// What makes a line the same as another: for an event its type, without number and time, and else
/// the whole line without what tells how the run ended.
fn key(line: &str) -> &str {
    let is_number = |word: &str| word.chars().all(|c| c.is_ascii_digit());
    let mut words = line.split_whitespace();
    match (words.next(), words.next()) {
        (Some(id), Some(time)) if is_number(id) && time.contains(':') => {
            words.next().unwrap_or_default()
        }
        (Some("started" | "run" | "child" | "reset" | "retry" | "continued" | "cron"), _) => {
            "origin"
        }
        _ => line.split_once(" run ").map_or(line, |(id, _)| id),
    }
}
