//! `deadbeat merge`: shards' reports joined into one.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::explore::{SearchFormat, write_report};
use super::output::Output;
use super::search::exit_of;
use crate::files::shown;
use crate::history::text::Style;
use crate::report::search::{Report, merge};

/// What `deadbeat merge` is told.
#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// Reports that `deadbeat explore --format json` or `deadbeat fuzz --report` wrote, one a shard.
    #[arg(value_name = "REPORT", required = true)]
    reports: Vec<PathBuf>,
    /// How to print the whole.
    #[arg(long, value_enum, default_value_t = SearchFormat::Text)]
    format: SearchFormat,
    /// Print only what is not as expected, and the last line.
    #[arg(long)]
    quiet: bool,
}

/// Joins the reports that the arguments name.
pub(super) fn run(args: &MergeArgs) -> io::Result<Exit> {
    let mut output = Output::standard();
    let mut reports = Vec::new();
    for path in &args.reports {
        let read = fs::read_to_string(path).map_err(|error| error.to_string());
        match read.and_then(|text| Report::read(&text).map_err(|error| error.to_string())) {
            Ok(report) => reports.push(report),
            Err(error) => {
                output.error(format_args!("{}: {error}", shown(path)))?;
                return Ok(Exit::Invalid);
            }
        }
    }
    let merged = match merge(reports) {
        Ok(merged) => merged,
        Err(error) => {
            output.error(error)?;
            return Ok(Exit::Invalid);
        }
    };
    if args.format == SearchFormat::Text {
        for invalid in &merged.invalid {
            output.error(&invalid.message)?;
        }
        for searched in merged.searches.iter().filter(|it| !(args.quiet && it.is_as_expected())) {
            write!(output.out, "{}", searched.text(Style::Ansi))?;
        }
    }
    write_report(&merged, args.format, None, &mut output)?;
    output.out.flush()?;
    Ok(exit_of(&merged))
}
