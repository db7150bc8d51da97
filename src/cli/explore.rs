//! `deadbeat explore`: every ordering of what races.

use std::io::{self, Write};
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::Exit;
use super::output::Output;
use super::progress::Shown;
use super::search::{SearchArgs, Searcher, TimeLimit, exit_of};
use crate::explore::{Apart, Options, Strategy};
use crate::history::text::Style;
use crate::report::search::{Report, junit};

/// What `deadbeat explore` is told.
#[derive(Debug, Args)]
pub(super) struct ExploreArgs {
    #[command(flatten)]
    search: SearchArgs,
    /// How orderings are searched.
    #[arg(long, value_enum, default_value_t = StrategyArg::Exhaustive)]
    strategy: StrategyArg,
    /// How many runs a sample has, of each scenario [default: 10000, or as many as the time limit
    /// allows].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    runs: Option<u64>,
    /// End after so long, as in 60s: the scenarios share the time.
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = TimeLimit::from_str)]
    time_limit: Option<TimeLimit>,
    /// What a sample is drawn by.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// What is told apart.
    #[arg(long, value_enum, default_value_t = OutcomeArg::Status)]
    outcome: OutcomeArg,
    /// How to print what was found.
    #[arg(long, value_enum, default_value_t = SearchFormat::Text)]
    format: SearchFormat,
}

/// How orderings are searched.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum StrategyArg {
    /// All of them.
    Exhaustive,
    /// A sample in which at each choice each happening is as likely.
    Random,
    /// A sample in which orderings are about equally likely: a uniform random walk.
    Urw,
    /// A sample by priorities that change now and then: probabilistic concurrency testing.
    Pct,
    /// A sample by orderings that led to something new, changed a little.
    Coverage,
}

impl From<StrategyArg> for Strategy {
    fn from(arg: StrategyArg) -> Self {
        match arg {
            StrategyArg::Exhaustive => Self::Exhaustive,
            StrategyArg::Random => Self::Random,
            StrategyArg::Urw => Self::Urw,
            StrategyArg::Pct => Self::Pct,
            StrategyArg::Coverage => Self::Coverage,
        }
    }
}

/// What is told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum OutcomeArg {
    /// How each execution closed, and with what kind of failure.
    Status,
    /// Whole histories.
    History,
}

/// How what was found is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum SearchFormat {
    /// A table a scenario, for people.
    Text,
    /// One JSON document, which `deadbeat merge` reads.
    Json,
    /// `JUnit` XML.
    Junit,
}

/// So many runs a sample has if nobody says otherwise.
const RUNS: u64 = 10_000;

/// Explores the scenarios that the arguments name.
pub(super) fn run(args: &ExploreArgs) -> io::Result<Exit> {
    let mut output = Output::standard();
    let exit = run_all(args, &mut output)?;
    output.out.flush()?;
    Ok(exit)
}

fn run_all<W: Write, E: Write>(args: &ExploreArgs, output: &mut Output<W, E>) -> io::Result<Exit> {
    if args.runs.is_some() && args.strategy == StrategyArg::Exhaustive {
        output.error(
            "`--runs` is for samples, and an exhaustive search has none: choose another `--strategy`",
        )?;
        return Ok(Exit::Invalid);
    }
    let shard = match args.search.shard() {
        Ok(shard) => shard,
        Err(error) => {
            output.error(error)?;
            return Ok(Exit::Invalid);
        }
    };
    let mut report = Report::new();
    let candidates = args.search.candidates(output, &mut report)?;
    let progress = if args.search.quiet { Shown::Never } else { Shown::OnTerminal };
    let searcher = Searcher::begin(args.time_limit, progress)?;
    for (at, candidate) in candidates.iter().enumerate() {
        if searcher.stop.is_asked() {
            break;
        }
        let options = args.with(&args.search.options(&candidate.plan, shard));
        let end = searcher.share(candidates.len() - at);
        let found = searcher.search(candidate, &options, end);
        if args.format == SearchFormat::Text && !(args.search.quiet && found.is_as_expected()) {
            write!(output.out, "{}", found.text(Style::Ansi))?;
            output.out.flush()?;
        }
        report.searches.push(found);
    }
    write_report(&report, args.format, Some(searcher.took()), output)?;
    let interrupted = if searcher.stop.is_asked() { Exit::Interrupted } else { Exit::AsExpected };
    Ok(exit_of(&report).max(interrupted))
}

impl ExploreArgs {
    fn with(&self, options: &Options) -> Options {
        let runs = match (self.runs, self.time_limit) {
            (None, None) => Some(RUNS),
            (runs, _) => runs,
        };
        let apart = match self.outcome {
            OutcomeArg::Status => Apart::Outcomes,
            OutcomeArg::History => Apart::Histories,
        };
        Options { strategy: self.strategy.into(), runs, seed: self.seed, apart, ..options.clone() }
    }
}

/// Prints a report's end, or all of it.
pub(super) fn write_report<W: Write, E: Write>(
    report: &Report,
    format: SearchFormat,
    took: Option<Duration>,
    output: &mut Output<W, E>,
) -> io::Result<()> {
    match format {
        SearchFormat::Text => {
            let took = took.map_or_else(String::new, |it| format!("; {:.1} s", it.as_secs_f64()));
            writeln!(output.out, "\n{}{took}", report.summary(Style::Ansi))
        }
        SearchFormat::Json => write!(output.out, "{}", report.json()),
        SearchFormat::Junit => write!(output.out, "{}", junit(report)),
    }
}
