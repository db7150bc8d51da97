//! What came of a search, for people: a table of outcomes, and what it covered.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::time::Duration;

use super::document::{CutBy, FoundOutcome, Report, SearchEnd, Searched};
use super::failure::{FailureReport, Kind};
use super::number::Large;
use crate::history::text::{Style, Tone, plain};

/// No more outcomes than these are told in a table; the JSON has all.
const MOST_ROWS: usize = 50;

/// No more failures than these are told with their histories; of the others the command that shows
/// them is enough.
const MOST_HISTORIES: usize = 2;

/// An outcome that is longer is not padded to the witnesses' column.
const WIDEST_OUTCOME: usize = 72;

const INDENT: &str = "        ";

/// How a search went, the worse the greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Went {
    AsExpected,
    Incomplete,
    Stopped,
    Failed,
}

impl Searched {
    fn went(&self) -> Went {
        match () {
            () if self.has_failed() => Went::Failed,
            () if !self.failures.is_empty() => Went::Stopped,
            () if self.is_incomplete() => Went::Incomplete,
            () => Went::AsExpected,
        }
    }

    /// What came of it, as a table; one line if nothing raced.
    pub fn text(&self, style: Style) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text, style);
        text
    }

    /// The same in one line, and what went wrong below it.
    pub fn line(&self, style: Style) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_line(&mut text, style);
        text
    }

    fn write(&self, out: &mut String, style: Style) -> fmt::Result {
        if self.orderings == Some(Large(1)) && self.failures.is_empty() {
            return self.write_line(out, style);
        }
        self.write_title(out, style)?;
        writeln!(out)?;
        self.write_settings(out, style)?;
        self.write_table(out, style)?;
        writeln!(out, "{INDENT}{}", self.covered(style))?;
        self.write_failures(out, style)
    }

    fn write_line(&self, out: &mut String, style: Style) -> fmt::Result {
        self.write_title(out, style)?;
        match self.outcomes.as_slice() {
            [one] => write!(out, ": {}", plain(&one.outcome))?,
            several => write!(out, ": {}", counted(several.len() as u64, "outcome"))?,
        }
        writeln!(out, "  {}", style.paint(Tone::Faint, &self.covered(Style::Plain)))?;
        self.write_settings(out, style)?;
        self.write_failures(out, style)
    }

    fn write_title(&self, out: &mut String, style: Style) -> fmt::Result {
        let (tone, word) = match self.went() {
            Went::AsExpected => (Tone::Good, "ok"),
            Went::Incomplete => (Tone::Bad, "CUT"),
            Went::Stopped => (Tone::Bad, "STOPPED"),
            Went::Failed => (Tone::Bad, "FAILED"),
        };
        let word = style.paint(tone, &format!("{word:<7}"));
        write!(out, "{word} {}", style.paint(Tone::Strong, &plain(&self.name)))
    }

    /// Where the search was another than the scenario asks for.
    fn write_settings(&self, out: &mut String, style: Style) -> fmt::Result {
        let mut settings = Vec::new();
        if let Some((window, faults)) = self.instead_of {
            if window != self.window {
                settings.push(format!("window {}, where the file has {window}", self.window));
            }
            if faults != self.faults {
                settings.push(format!("faults {}, where the file has {faults}", self.faults));
            }
            settings.push("`outcomes` are not compared".to_owned());
        }
        if self.shards.of > 1 {
            let here: Vec<String> = self.shards.here.iter().map(ToString::to_string).collect();
            let plural = if here.len() == 1 { "" } else { "s" };
            settings.push(format!("shard{plural} {} of {}", here.join(", "), self.shards.of));
            let missing: Vec<String> =
                self.shards.missing.iter().map(ToString::to_string).collect();
            if !missing.is_empty() {
                settings.push(format!("missing: {}", missing.join(", ")));
            }
        }
        if settings.is_empty() {
            return Ok(());
        }
        writeln!(out, "{INDENT}{}", style.paint(Tone::Attention, &settings.join("; ")))
    }

    fn write_table(&self, out: &mut String, style: Style) -> fmt::Result {
        let (all, of_what) = match self.orderings {
            Some(orderings) => (Some(orderings), "orderings"),
            None if self.runs > 0 => (None, "runs"),
            None => (None, "orderings"),
        };
        let rows: Vec<[String; 5]> =
            self.outcomes.iter().take(MOST_ROWS).map(|found| row(found, all)).collect();
        let head = ["share", of_what, "histories", "outcome", "witness"].map(str::to_owned);
        let widths: [usize; 5] = std::array::from_fn(|column| {
            let cells = rows.iter().chain([&head]).map(|row| row[column].chars().count());
            let widest = if column == 3 { WIDEST_OUTCOME } else { usize::MAX };
            cells.filter(|width| *width <= widest).max().unwrap_or(0)
        });
        let line = |row: &[String; 5]| {
            let [share, count, histories, outcome, witness] = row;
            let [a, b, c, d, _] = widths;
            let share = if all.is_some() { format!("{share:>a$}  ") } else { String::new() };
            format!("{share}{count:>b$}  {histories:>c$}  {outcome:<d$}  {witness}")
        };
        writeln!(out, "{INDENT}{}", style.paint(Tone::Faint, &line(&head)))?;
        for row in &rows {
            writeln!(out, "{INDENT}{}", line(row))?;
        }
        match self.outcomes.len().saturating_sub(MOST_ROWS) {
            0 => Ok(()),
            more => writeln!(out, "{INDENT}and {more} more, which `--format json` tells"),
        }
    }

    /// What was covered, in one line.
    fn covered(&self, style: Style) -> String {
        let mut parts = Vec::new();
        if let Some(orderings) = self.orderings {
            parts.push(counted_large(orderings, "ordering"));
        }
        if self.seed.is_some() {
            let seed = self.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
            parts.push(format!("{} ({}{seed})", counted(self.runs, "run"), self.strategy));
        }
        if self.states > 0 {
            let once_a_shard =
                if self.shards.here.len() > 1 { ", counted once a shard" } else { "" };
            let reduction = self.orderings.map_or_else(String::new, |Large(orderings)| {
                format!(" ({} orderings a state)", ratio(orderings, self.states))
            });
            parts.push(format!("{}{once_a_shard}{reduction}", counted(self.states, "state")));
        }
        let (histories, more) = self.histories();
        let at_least = if more { "at least " } else { "" };
        parts.push(format!("{at_least}{}", counted_of(histories, "history", "histories")));
        if !self.histories_apart {
            parts.push(counted(self.outcomes.len() as u64, "outcome"));
        }
        let mut text = format!("{}; {}", parts.join(", "), self.ended(style));
        if let Some(took) = self.took {
            let _ = write!(text, "; {}", duration(took));
        }
        text
    }

    /// Whether it has finished, and if not, why.
    fn ended(&self, style: Style) -> String {
        let cut = |why: String| style.paint(Tone::Bad, &why);
        let parts = !self.shards.are_all();
        match self.end {
            SearchEnd::Exhausted if self.orderings == Some(Large(1)) && !parts => {
                "nothing races".to_owned()
            }
            SearchEnd::Exhausted if parts => "every ordering of this part was seen".to_owned(),
            SearchEnd::Exhausted => "every ordering was seen".to_owned(),
            SearchEnd::Sampled => "a sample: there may be more".to_owned(),
            SearchEnd::Cut { by, open } => {
                let by = match by {
                    CutBy::TimeLimit if self.seed.is_some() => {
                        return "a sample, ended by the time limit: there may be more".to_owned();
                    }
                    CutBy::TimeLimit => "by the time limit",
                    CutBy::States => "by the number of states",
                    CutBy::Failure => "by what went wrong",
                    CutBy::Interrupt => "by Ctrl-C",
                };
                let open = match open {
                    0 => String::new(),
                    open => format!(" with {} not looked into", counted(open, "state")),
                };
                cut(format!("cut {by}{open}: not every ordering was seen"))
            }
        }
    }

    fn write_failures(&self, out: &mut String, style: Style) -> fmt::Result {
        for (at, failure) in self.failures.iter().enumerate() {
            out.push_str(&failure.drawn(style));
            if let Some(histories) = failure.histories.as_ref().filter(|_| at < MOST_HISTORIES) {
                writeln!(out, "\n{histories}")?;
            }
            self.write_again(out, failure, style)?;
        }
        Ok(())
    }

    fn write_again(&self, out: &mut String, failure: &FailureReport, style: Style) -> fmt::Result {
        if let Some(witness) = &failure.witness {
            let command = replay_command(&self.path, &witness.schedule);
            writeln!(out, "again: {}\n", style.paint(Tone::Strong, &command))?;
        }
        Ok(())
    }
}

impl Kind {
    /// What a failure of this kind is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Invariant => "invariant",
            Self::Expectation => "error",
            Self::Limit => "stopped",
        }
    }
}

impl Report {
    /// The last line: how many searches went how.
    pub fn summary(&self, style: Style) -> String {
        // A scenario that was searched in several ways is as good as the worst of them.
        let mut scenarios: BTreeMap<&str, Went> = BTreeMap::new();
        for search in &self.searches {
            let went = scenarios.entry(&search.path).or_insert(Went::AsExpected);
            *went = (*went).max(search.went());
        }
        let count = |wanted: Went| scenarios.values().filter(|went| **went == wanted).count();
        let counts = [
            (count(Went::AsExpected), Tone::Good, "as expected"),
            (count(Went::Failed), Tone::Bad, "failed"),
            (count(Went::Stopped), Tone::Bad, "stopped"),
            (count(Went::Incomplete), Tone::Bad, "not complete"),
            (self.invalid.len(), Tone::Bad, "invalid"),
        ];
        let told = counts.iter().filter(|(count, ..)| *count > 0);
        let told: Vec<String> = told
            .map(|(count, tone, word)| style.paint(*tone, &format!("{count} {word}")))
            .collect();
        let all = counts.iter().map(|(count, ..)| *count as u64).sum();
        let separator = if told.is_empty() { "" } else { ": " };
        format!("{}{separator}{}", counted(all, "scenario"), told.join(", "))
    }
}

/// The command that runs a schedule again.
pub(super) fn replay_command(path: &str, schedule: &str) -> String {
    format!("deadbeat replay {} --schedule {schedule}", shell_word(path))
}

/// A path as a shell takes it.
fn shell_word(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:@+,=\\".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) {
        plain(path)
    } else {
        format!("'{}'", plain(path).replace('\'', "'\\''"))
    }
}

fn row(found: &FoundOutcome, all: Option<Large>) -> [String; 5] {
    let count = match (found.orderings, found.runs) {
        (Some(orderings), _) => orderings.to_string(),
        (None, Some(runs)) => Large(runs.into()).to_string(),
        (None, None) => "?".to_owned(),
    };
    let share = match (found.orderings, all) {
        (Some(Large(part)), Some(Large(all))) => share(part, all),
        _ => String::new(),
    };
    let more = if found.histories.at_least { "+" } else { "" };
    let histories = match found.history {
        Some(history) => history.to_string()[..8].to_owned(),
        None => format!("{}{more}", Large(found.histories.count.into())),
    };
    [share, count, histories, plain(&found.outcome), found.witness.schedule.clone()]
}

/// A part of all as a percentage; the counts beside it are exact.
fn share(part: u128, all: u128) -> String {
    #[allow(clippy::cast_precision_loss)] // it is for people, with two decimals
    let percent = part as f64 / all as f64 * 100.0;
    if part == all {
        "100 %".to_owned()
    } else if percent < 0.005 {
        "<0.01 %".to_owned()
    } else if percent >= 99.995 {
        ">99.99 %".to_owned()
    } else {
        format!("{percent:.2} %")
    }
}

fn ratio(orderings: u128, states: u64) -> String {
    #[allow(clippy::cast_precision_loss)] // it is for people
    let ratio = orderings as f64 / states.max(1) as f64;
    if ratio < 100.0 {
        format!("{ratio:.2}")
    } else {
        Large(orderings / u128::from(states)).to_string()
    }
}

fn counted(count: u64, what: &str) -> String {
    counted_large(Large(count.into()), what)
}

fn counted_large(count: Large, what: &str) -> String {
    let plural = if count.0 == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn counted_of(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", Large(count.into()), if count == 1 { one } else { many })
}

/// Real time, for people.
fn duration(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}
