//! What `deadbeat run` prints for people.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use crate::check::Failure;
use crate::clock::EPOCH;
use crate::files::shown;
use crate::history::text;
use crate::report::{Outcome, styled_text};
use crate::scenario::{Coloring, Diagnostic, Diagnostics};
use crate::sim::{Ended, RunResult};
use crate::worker::Problem;

pub(super) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const FAINT: Style = Style::new().dimmed();
pub(super) const STRONG: Style = Style::new().bold();

/// A terminal or a pipe: colours are taken out where they are not wanted.
pub(super) struct Output<W, E> {
    pub(super) out: W,
    pub(super) errors: E,
}

/// Counts of what came of the scenarios.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Tally {
    pub(super) as_expected: usize,
    pub(super) failed: usize,
    pub(super) stopped: usize,
    pub(super) invalid: usize,
    pub(super) virtual_time: Duration,
    pub(super) wall_time: Duration,
}

impl Output<io::BufWriter<anstream::Stdout>, anstream::Stderr> {
    /// The program's own.
    pub(super) fn standard() -> Self {
        Self { out: io::BufWriter::new(anstream::stdout()), errors: anstream::stderr() }
    }
}

impl<W: Write, E: Write> Output<W, E> {
    /// A scenario that was run: a line, and below it what was not as expected.
    pub(super) fn scenario(
        &mut self,
        path: &Path,
        result: &RunResult,
        failures: &[Failure],
        wall_time: Duration,
    ) -> io::Result<()> {
        let good = failures.is_empty() && result.ended.is_settled();
        let (style, word) = match (good, &result.ended) {
            (true, _) => (GOOD, "ok"),
            (false, Ended::Settled) => (BAD, "FAILED"),
            (false, _) => (BAD, "STOPPED"),
        };
        let name = text::plain(&result.scenario().name);
        let outcome = Outcome::of(result);
        let at = result.end.offset(EPOCH);
        let wall_time = milliseconds(wall_time);
        writeln!(
            self.out,
            "{style}{word:<7}{style:#} {STRONG}{name}{STRONG:#}: {outcome}  \
             {FAINT}{at} in {wall_time}{FAINT:#}"
        )?;
        match &result.ended {
            Ended::Settled => {}
            Ended::Stopped(stopped) => {
                writeln!(self.errors, "{BAD}error{BAD:#}: {}: {stopped}", shown(path))?;
            }
            Ended::Problem(problems) => {
                for problem in problems {
                    self.errors.write_all(problem_drawn(problem).as_bytes())?;
                }
            }
        }
        for failure in failures {
            self.out.write_all(failure.diagnostic().render(Coloring::Ansi).as_bytes())?;
        }
        Ok(())
    }

    /// A scenario's histories.
    pub(super) fn histories(&mut self, result: &RunResult) -> io::Result<()> {
        writeln!(self.out, "\n{}", styled_text(result, text::Style::Ansi))
    }

    /// A file that is no scenario.
    pub(super) fn invalid(&mut self, path: &Path, diagnostics: &Diagnostics) -> io::Result<()> {
        writeln!(self.out, "{BAD}{:<7}{BAD:#} {}", "INVALID", shown(path))?;
        self.diagnostics(diagnostics)
    }

    /// What is wrong with a file, where errors go.
    pub(super) fn diagnostics(&mut self, diagnostics: &Diagnostics) -> io::Result<()> {
        self.out.flush()?;
        self.errors.write_all(diagnostics.render(Coloring::Ansi).as_bytes())
    }

    /// Something that is wrong with the command or the machine.
    pub(super) fn error(&mut self, error: impl std::fmt::Display) -> io::Result<()> {
        self.out.flush()?;
        writeln!(self.errors, "{BAD}error{BAD:#}: {error}")
    }

    /// The last line.
    pub(super) fn summary(&mut self, tally: &Tally) -> io::Result<()> {
        let counts = [
            (tally.as_expected, GOOD, "as expected"),
            (tally.failed, BAD, "failed"),
            (tally.stopped, BAD, "stopped"),
            (tally.invalid, BAD, "invalid"),
        ];
        let all = tally.as_expected + tally.failed + tally.stopped + tally.invalid;
        let plural = if all == 1 { "" } else { "s" };
        write!(self.out, "\n{all} scenario{plural}")?;
        let told = counts.iter().filter(|(count, ..)| *count > 0);
        for (at, (count, style, word)) in told.enumerate() {
            let separator = if at == 0 { ":" } else { "," };
            write!(self.out, "{separator} {style}{count} {word}{style:#}")?;
        }
        let virtual_time = (EPOCH + tally.virtual_time).offset(EPOCH);
        let wall_time = milliseconds(tally.wall_time);
        writeln!(self.out, "; {virtual_time} of virtual time in {wall_time}")?;
        self.out.flush()
    }
}

fn problem_drawn(problem: &Problem) -> String {
    let diagnostic = Diagnostic::new(problem.message.as_str()).at(problem.at.clone(), "");
    diagnostic.render(Coloring::Ansi)
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
}
