//! Two histories side by side.

use std::fmt;

use serde_json::Value;

use super::compare::Comparison;
use super::normalise::event_by_name;

/// How two histories differ: all events of both, those that only one has marked `-` (recorded) or
/// `+` (got), those that differ marked `!` with the attributes that do.
#[derive(Clone, PartialEq, Debug)]
pub struct HistoryDiff {
    lines: Vec<Line>,
}

#[derive(Clone, PartialEq, Debug)]
enum Line {
    Same(String),
    Differs { event: String, how: Vec<String> },
    Recorded(String),
    Got(String),
}

impl HistoryDiff {
    /// Compares two histories of normalised events.
    pub(super) fn of(
        comparison: &mut Comparison,
        recorded: &[Value],
        got: &[Value],
    ) -> Option<Self> {
        let mut line = |aligned| match aligned {
            Aligned::Both(recorded, got) => {
                let how = comparison.differences(recorded, got);
                let event = event_by_name(got);
                if how.is_empty() { Line::Same(event) } else { Line::Differs { event, how } }
            }
            Aligned::Recorded(event) => Line::Recorded(whole(event)),
            Aligned::Got(event) => Line::Got(whole(event)),
        };
        let lines: Vec<Line> = align(recorded, got).into_iter().map(&mut line).collect();
        let is_same = lines.iter().all(|line| matches!(line, Line::Same(_)));
        (!is_same).then_some(Self { lines })
    }
}

impl fmt::Display for HistoryDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            match line {
                Line::Same(event) => writeln!(f, "    {event}")?,
                Line::Differs { event, how } => {
                    writeln!(f, "  ! {event}")?;
                    for difference in how {
                        writeln!(f, "        {}", difference.trim_start_matches('.'))?;
                    }
                }
                Line::Recorded(event) => writeln!(f, "  - {event}")?,
                Line::Got(event) => writeln!(f, "  + {event}")?,
            }
        }
        Ok(())
    }
}

/// An event in one line.
fn whole(event: &Value) -> String {
    let attributes = event.as_object().into_iter().flatten();
    let attributes = attributes.filter(|(key, _)| key.ends_with("Attributes"));
    let attributes: Vec<String> = attributes.map(|(_, value)| value.to_string()).collect();
    format!("{} {}", event_by_name(event), attributes.concat())
}

enum Aligned<'a> {
    Both(&'a Value, &'a Value),
    Recorded(&'a Value),
    Got(&'a Value),
}

/// Pairs the events of one type so that as many as possible have a partner.
fn align<'a>(recorded: &'a [Value], got: &'a [Value]) -> Vec<Aligned<'a>> {
    let is_pair = |i: usize, j: usize| recorded[i]["eventType"] == got[j]["eventType"];
    let mut longest = vec![vec![0_u32; got.len() + 1]; recorded.len() + 1];
    for i in (0..recorded.len()).rev() {
        for j in (0..got.len()).rev() {
            longest[i][j] = if is_pair(i, j) {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut aligned = Vec::new();
    while i < recorded.len() || j < got.len() {
        if i < recorded.len() && j < got.len() && is_pair(i, j) {
            aligned.push(Aligned::Both(&recorded[i], &got[j]));
            (i, j) = (i + 1, j + 1);
        } else if j == got.len() || (i < recorded.len() && longest[i + 1][j] >= longest[i][j + 1]) {
            aligned.push(Aligned::Recorded(&recorded[i]));
            i += 1;
        } else {
            aligned.push(Aligned::Got(&got[j]));
            j += 1;
        }
    }
    aligned
}
