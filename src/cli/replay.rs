//! `deadbeat replay` and `deadbeat diff`: what a schedule token leads to.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::output::Output;
use super::{Exit, Format};
use crate::explore::{Misfit, Token, TokenError, Trace, replay};
use crate::files::shown;
use crate::history::text::Style;
use crate::report::search::{FailureReport, Kind};
use crate::report::{diff_text, trace_json, trace_text};
use crate::scenario::Scenario;
use crate::sim::{Limits, Plan};

/// What `deadbeat replay` is told.
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// The scenario.
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// The schedule: a token that `deadbeat explore` or `deadbeat fuzz` printed.
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true)]
    schedule: String,
    /// How to print the run.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What `deadbeat diff` is told.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The scenario.
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// The two schedules: tokens that `deadbeat explore` or `deadbeat fuzz` printed.
    #[arg(long, value_name = "TOKEN", required = true, allow_hyphen_values = true)]
    schedule: Vec<String>,
}

/// Why a schedule cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotReplayed {
    /// It is none.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// It is for something else.
    #[error(transparent)]
    Misfit(#[from] Misfit),
}

/// Replays one schedule.
pub(super) fn run(args: &ReplayArgs) -> io::Result<Exit> {
    let mut output = Output::standard();
    let Some(plan) = load(&args.path, &mut output)? else { return Ok(Exit::Invalid) };
    let trace = match replayed(&plan, &args.schedule) {
        Ok(trace) => trace,
        Err(error) => {
            output.error(error)?;
            return Ok(Exit::Invalid);
        }
    };
    let failures = FailureReport::all_of(&trace);
    match args.format {
        Format::Text => {
            write!(output.out, "{}", trace_text(&trace, Style::Ansi))?;
            for failure in &failures {
                write!(output.out, "\n{}", failure.drawn(Style::Ansi))?;
            }
        }
        Format::Json => {
            serde_json::to_writer_pretty(&mut output.out, &trace_json(&shown(&args.path), &trace))?;
            writeln!(output.out)?;
        }
    }
    output.out.flush()?;
    let exits = failures.iter().map(|failure| exit_of(failure.kind));
    Ok(exits.max().unwrap_or(Exit::AsExpected))
}

/// Shows what is different about two schedules.
pub(super) fn diff(args: &DiffArgs) -> io::Result<Exit> {
    let mut output = Output::standard();
    let [one, other] = args.schedule.as_slice() else {
        output.error("give `--schedule` twice: the two schedules that are to be compared")?;
        return Ok(Exit::Invalid);
    };
    let Some(plan) = load(&args.path, &mut output)? else { return Ok(Exit::Invalid) };
    let mut traces = Vec::new();
    for (which, token) in [("first", one), ("second", other)] {
        match replayed(&plan, token) {
            Ok(trace) => traces.push(trace),
            Err(error) => {
                output.error(format_args!("the {which} schedule: {error}"))?;
                return Ok(Exit::Invalid);
            }
        }
    }
    let columns = terminal_size::terminal_size().map_or(COLUMNS, |(width, _)| width.0.into());
    write!(output.out, "{}", diff_text(&traces[0], &traces[1], columns))?;
    output.out.flush()?;
    Ok(Exit::AsExpected)
}

/// How wide the text is where nobody says how wide it may be.
const COLUMNS: usize = 160;

/// The exit code that something that went wrong calls for.
pub(super) fn exit_of(kind: Kind) -> Exit {
    match kind {
        Kind::Invariant | Kind::Expectation => Exit::Failed,
        Kind::Limit => Exit::Invalid,
    }
}

/// Runs a scenario by a token.
pub(super) fn replayed(plan: &Arc<Plan>, token: &str) -> Result<Trace, NotReplayed> {
    let token: Token = token.parse()?;
    Ok(replay(plan, &token, &Limits::default())?)
}

/// The scenario in a file; none if it is none, which is told.
fn load<W: Write, E: Write>(
    path: &Path,
    output: &mut Output<W, E>,
) -> io::Result<Option<Arc<Plan>>> {
    match Scenario::load(path) {
        Ok(scenario) => Ok(Some(Plan::new(scenario))),
        Err(diagnostics) => {
            output.diagnostics(&diagnostics)?;
            Ok(None)
        }
    }
}
