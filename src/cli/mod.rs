//! The command line.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     deadbeat::cli::main(std::env::args_os())
//! }
//! ```

mod exit;
mod explore;
mod fuzz;
mod histories;
mod import;
mod interrupt;
mod merge;
mod output;
mod progress;
mod regressions;
mod replay;
mod run;
mod search;
mod shard;
mod stop;
#[cfg(feature = "verify")]
mod verify;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use exit::Exit;

/// See every way a Temporal workflow's cancellation can end.
#[derive(Debug, Parser)]
#[command(name = "deadbeat", version, about, after_help = Exit::HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenarios and compare them with what they expect.
    Run(RunArgs),
    /// Find every way in which scenarios can end, over all orderings of what races.
    Explore(explore::ExploreArgs),
    /// Run one schedule of a scenario again, and show its choices.
    Replay(replay::ReplayArgs),
    /// Show what is different about two schedules of a scenario.
    Diff(replay::DiffArgs),
    /// Run scenarios on a real Temporal server too, and compare what both do.
    #[cfg(feature = "verify")]
    Verify(verify::VerifyArgs),
    /// Search scenarios for what fails as long as there is time, in a pipeline.
    Fuzz(fuzz::FuzzArgs),
    /// Join the reports of a search's shards into one.
    Merge(merge::MergeArgs),
    /// Turn a history that `temporal workflow show -o json` exported into a scenario.
    Import(ImportArgs),
    /// Print the JSON Schema of scenarios, for completion in an editor.
    Schema,
}

/// What `deadbeat import` is told.
#[derive(Debug, Args)]
struct ImportArgs {
    /// The history in Temporal's JSON form; `-` reads it from the standard input.
    #[arg(value_name = "HISTORY.json")]
    history: PathBuf,
    /// Write the scenario into this file, not to the standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What `deadbeat run` is told.
#[derive(Debug, Args)]
struct RunArgs {
    /// Files, or folders that are searched for *.yaml and *.yml.
    #[arg(value_name = "PATH", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// Print the histories, and what the clients asked and were answered.
    #[arg(long)]
    show: bool,
    /// How to print what came of the scenarios.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write each run's history into this folder, in Temporal's JSON form.
    #[arg(long, value_name = "DIR")]
    history_json: Option<PathBuf>,
    /// Order the happenings that are due at one instant at random, by this seed, not by default.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// A line a scenario, for people.
    Text,
    /// One JSON document with everything that does not depend on the machine.
    Json,
}

/// Does what the arguments say; the first is the program's own name.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors. Where nobody reads, there is nothing to be done.
            let _ = error.print();
            return if error.use_stderr() { Exit::Invalid } else { Exit::AsExpected }.into();
        }
    };
    let exit = match cli.command {
        Command::Run(args) => run::run(&args),
        #[cfg(feature = "verify")]
        Command::Verify(args) => verify::run(&args),
        Command::Explore(args) => explore::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Diff(args) => replay::diff(&args),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Schema => schema().map(|()| Exit::AsExpected),
    };
    exit.unwrap_or_else(|error| cannot_write(&error)).into()
}

/// What follows when the output cannot be written.
fn cannot_write(error: &io::Error) -> Exit {
    // Whoever read has seen enough, as in `deadbeat schema | head`.
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Exit::AsExpected;
    }
    let _ = writeln!(io::stderr(), "error: the output cannot be written: {error}");
    Exit::Invalid
}

fn schema() -> io::Result<()> {
    let schema =
        serde_json::to_string_pretty(&crate::scenario::schema()).map_err(io::Error::other)?;
    writeln!(io::stdout().lock(), "{schema}")
}
