//! `deadbeat run`: scenarios in, histories out.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::output::{Output, Tally};
use super::{Exit, Format, RunArgs, histories};
use crate::check::{Failure, check};
use crate::files::{FilesError, scenario_files, shown};
use crate::report::{invalid_json, result_json};
use crate::scenario::Scenario;
use crate::sim::{DefaultOrder, Limits, Plan, Race, RunResult, Schedule, Seeded};

/// Runs the scenarios that the arguments name.
pub(super) fn run(args: &RunArgs) -> io::Result<Exit> {
    let mut output = Output::standard();
    let exit = run_all(args, &mut output)?;
    output.out.flush()?;
    Ok(exit)
}

fn run_all<W: Write, E: Write>(args: &RunArgs, output: &mut Output<W, E>) -> io::Result<Exit> {
    let mut exit = Exit::AsExpected;
    let mut tally = Tally::default();
    let mut documents: Vec<Value> = Vec::new();
    for found in find(&args.paths) {
        let path = match found {
            Ok(path) => path,
            Err(error) => {
                output.error(error)?;
                exit = Exit::Invalid;
                continue;
            }
        };
        let started = Instant::now();
        let scenario = match Scenario::load(&path) {
            Ok(scenario) => scenario,
            Err(diagnostics) => {
                match args.format {
                    Format::Text => output.invalid(&path, &diagnostics)?,
                    Format::Json => output.diagnostics(&diagnostics)?,
                }
                documents.push(invalid_json(&shown(&path), &diagnostics));
                tally.invalid += 1;
                exit = Exit::Invalid;
                continue;
            }
        };
        let result = run_one(scenario, args.seed);
        let failures = check(&result);
        let wall_time = started.elapsed();

        exit = exit.max(tally.count(&result, &failures, wall_time));
        if let Some(dir) = &args.history_json
            && let Err(error) = histories::write(dir, &path, &result)
        {
            output.error(format_args!("{}: {error}", shown(dir)))?;
            exit = Exit::Invalid;
        }
        match args.format {
            Format::Json => documents.push(result_json(&shown(&path), &result, &failures)),
            Format::Text => {
                output.scenario(&path, &result, &failures, wall_time)?;
                if args.show {
                    output.histories(&result)?;
                }
            }
        }
    }
    match args.format {
        Format::Text => output.summary(&tally)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut output.out, &json!({ "scenarios": documents }))?;
            writeln!(output.out)?;
        }
    }
    Ok(exit)
}

/// The files that the paths name, in order; errors stand where their paths do.
pub(super) fn find(paths: &[PathBuf]) -> Vec<Result<PathBuf, FilesError>> {
    let mut found = Vec::new();
    for path in paths {
        match scenario_files(Path::new(path)) {
            Ok(files) => found.extend(files.into_iter().map(Ok)),
            Err(error) => found.push(Err(error)),
        }
    }
    found
}

fn run_one(scenario: Scenario, seed: Option<u64>) -> RunResult {
    let mut schedule: Box<dyn Schedule> = match seed {
        Some(seed) => Box::new(Seeded::new(seed)),
        None => Box::new(DefaultOrder),
    };
    let race = Race::of(&scenario);
    crate::sim::run(&Plan::new(scenario), race, &Limits::default(), &mut *schedule)
}

impl Tally {
    /// Counts a scenario that was run, and says which exit code it calls for.
    fn count(&mut self, result: &RunResult, failures: &[Failure], wall_time: Duration) -> Exit {
        self.virtual_time += result.virtual_time();
        self.wall_time += wall_time;
        if !result.ended.is_settled() {
            self.stopped += 1;
            Exit::Invalid
        } else if failures.is_empty() {
            self.as_expected += 1;
            Exit::AsExpected
        } else {
            self.failed += 1;
            Exit::Failed
        }
    }
}
