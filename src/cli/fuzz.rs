//! `deadbeat fuzz`: as much of all orderings as there is time for, in a pipeline.

use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use super::Exit;
use super::output::Output;
use super::progress::Shown;
use super::regressions::{Regression, Regressions};
use super::replay::replayed;
use super::search::{Candidate, SearchArgs, Searcher, TimeLimit, exit_of};
use crate::explore::{Options, Shard, Strategy};
use crate::files::shown;
use crate::history::text::{Style, plain};
use crate::report::search::{FailureReport, Report, Searched, junit};

/// What `deadbeat fuzz` is told.
#[derive(Debug, Args)]
pub(super) struct FuzzArgs {
    #[command(flatten)]
    search: SearchArgs,
    /// End after so long, as in 60s: the scenarios share the time.
    #[arg(long, value_name = "DURATION", default_value = "60s", allow_hyphen_values = true, value_parser = TimeLimit::from_str)]
    time_limit: TimeLimit,
    /// What samples are drawn by [default: the environment's `DEADBEAT_SEED`, or another each time].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The folder of schedules that failed once: they are replayed first, and new ones written there.
    #[arg(long, value_name = "DIR", default_value = Regressions::FOLDER)]
    regressions: PathBuf,
    /// Write `JUnit` XML into this file.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write the report into this file, as JSON, which `deadbeat merge` reads.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Why it does not even begin.
#[derive(Debug, thiserror::Error)]
enum NotBegun {
    #[error("`{SEED}` should be a whole number, but is `{0}`")]
    Seed(String),
    #[error(transparent)]
    Shard(#[from] super::shard::NoShard),
    #[error("{path}: cannot be written: {error}")]
    Unwritable { path: String, error: io::Error },
    #[error("{path}: cannot be read: {error}")]
    Regressions { path: String, error: io::Error },
}

const SEED: &str = "DEADBEAT_SEED";

/// What is searched in vain for longer is sampled: of the time, and of states.
const EXHAUSTING: usize = 4;
const MOST_STATES: u64 = 2_000_000;

/// How what is too large is sampled: each finds other things.
const SAMPLES: [Strategy; 4] = [Strategy::Urw, Strategy::Pct, Strategy::Coverage, Strategy::Random];

/// Fuzzes the scenarios that the arguments name.
pub(super) fn run(args: &FuzzArgs) -> io::Result<Exit> {
    let mut output = Output::standard();
    let exit = match Fuzz::begin(args) {
        Ok(fuzz) => fuzz.run(&mut output)?,
        Err(error) => {
            output.error(error)?;
            Exit::Invalid
        }
    };
    output.out.flush()?;
    Ok(exit)
}

struct Fuzz<'a> {
    args: &'a FuzzArgs,
    seed: u64,
    shard: Shard,
    regressions: Regressions,
    known: Vec<super::regressions::Read>,
    junit: Option<(PathBuf, File)>,
    report: Option<(PathBuf, File)>,
}

impl<'a> Fuzz<'a> {
    /// Looks at all that could be in the way before anything is searched.
    fn begin(args: &'a FuzzArgs) -> Result<Self, NotBegun> {
        let seed = match (args.seed, std::env::var(SEED)) {
            (Some(seed), _) => seed,
            (None, Ok(text)) => text.trim().parse().map_err(|_| NotBegun::Seed(plain(&text)))?,
            // Short enough to be typed.
            (None, Err(_)) => RandomState::new().hash_one(()) >> 32,
        };
        let regressions = Regressions::of(&args.regressions);
        let known = regressions
            .read()
            .map_err(|error| NotBegun::Regressions { path: regressions.shown(), error })?;
        Ok(Self {
            seed,
            shard: args.search.shard()?,
            known,
            regressions,
            junit: open(args.junit.as_deref())?,
            report: open(args.report.as_deref())?,
            args,
        })
    }

    fn run<W: Write, E: Write>(mut self, output: &mut Output<W, E>) -> io::Result<Exit> {
        let seed = self.seed;
        writeln!(output.out, "seed {seed}: `--seed {seed}` or `{SEED}={seed}` draws the same")?;
        let mut report = Report::new();
        let candidates = self.args.search.candidates(output, &mut report)?;
        let progress = if self.args.search.quiet { Shown::Never } else { Shown::Always };
        let searcher = Searcher::begin(Some(self.args.time_limit), progress)?;
        let sound = self.replay_known(candidates, &mut report, output)?;
        let mut large = Vec::new();
        for (at, candidate) in sound.iter().enumerate() {
            if searcher.stop.is_asked() {
                break;
            }
            let options = Options { most_states: MOST_STATES, ..self.options(candidate) };
            let end = searcher.share((sound.len() - at).saturating_mul(EXHAUSTING));
            let mut found = searcher.search(candidate, &options, end);
            found.rest_is_sampled = true;
            if !found.is_exhausted() && found.failures.is_empty() {
                large.push(candidate);
            }
            self.take(found, &mut report, output)?;
        }
        self.sample(&large, &searcher, &mut report, output)?;
        let took = searcher.took().as_secs_f64();
        writeln!(output.out, "\n{}; seed {seed}; {took:.1} s", report.summary(Style::Ansi))?;
        let mut exit = exit_of(&report);
        let written = [(self.junit.take(), junit(&report)), (self.report.take(), report.json())];
        for (file, text) in written {
            if let Some((path, mut file)) = file
                && let Err(error) = file.write_all(text.as_bytes())
            {
                output.error(NotBegun::Unwritable { path: shown(&path), error })?;
                exit = exit.max(Exit::Invalid);
            }
        }
        let interrupted = searcher.stop.is_asked();
        Ok(if interrupted { Exit::Interrupted } else { exit })
    }

    /// Samples what is too large to be searched, by each way in turn.
    fn sample<W: Write, E: Write>(
        &self,
        large: &[&Candidate],
        searcher: &Searcher,
        report: &mut Report,
        output: &mut Output<W, E>,
    ) -> io::Result<()> {
        for (at, candidate) in large.iter().enumerate() {
            for (way, strategy) in SAMPLES.into_iter().enumerate() {
                if searcher.stop.is_asked() {
                    return Ok(());
                }
                let left = (large.len() - at) * SAMPLES.len() - way;
                let options = Options { strategy, ..self.options(candidate) };
                let found = searcher.search(candidate, &options, searcher.share(left));
                let failed = !found.failures.is_empty();
                self.take(found, report, output)?;
                if failed {
                    break;
                }
            }
        }
        Ok(())
    }

    fn options(&self, candidate: &Candidate) -> Options {
        let options = self.args.search.options(&candidate.plan, self.shard);
        Options { seed: self.seed, ..options }
    }

    /// Tells what came of a search, and writes down the schedules that failed.
    fn take<W: Write, E: Write>(
        &self,
        searched: Searched,
        report: &mut Report,
        output: &mut Output<W, E>,
    ) -> io::Result<()> {
        let is_news = !searched.failures.is_empty() || !self.args.search.quiet;
        if is_news {
            write!(output.out, "{}", searched.line(Style::Ansi))?;
        }
        for failure in &searched.failures {
            let Some(witness) = &failure.witness else { continue };
            let regression = Regression {
                scenario: searched.path.clone(),
                schedule: witness.schedule.clone(),
                failed: failure.message.clone(),
            };
            match self.regressions.write(&regression) {
                Ok(path) => writeln!(output.out, "kept: {}", shown(&path))?,
                Err(error) => {
                    let path = self.regressions.shown();
                    output.error(NotBegun::Unwritable { path, error })?;
                }
            }
        }
        output.out.flush()?;
        report.searches.push(searched);
        Ok(())
    }

    /// Replays what failed once. Scenarios that fail again are told, and not searched: there is
    /// something to be mended first. The others come back.
    fn replay_known<W: Write, E: Write>(
        &self,
        candidates: Vec<Candidate>,
        report: &mut Report,
        output: &mut Output<W, E>,
    ) -> io::Result<Vec<Candidate>> {
        for (path, read) in &self.known {
            if let Err(error) = read {
                output.error(format_args!("{}: {error}", shown(path)))?;
            }
        }
        let mut sound = Vec::new();
        for candidate in candidates {
            let mut failures: Vec<FailureReport> = Vec::new();
            for (path, read) in &self.known {
                let Ok(regression) = read else { continue };
                if regression.scenario != shown(&candidate.path) {
                    continue;
                }
                let file = shown(path);
                match replayed(&candidate.plan, &regression.schedule) {
                    Err(misfit) => writeln!(output.out, "left: {file}: {misfit}")?,
                    Ok(trace) => match FailureReport::all_of(&trace) {
                        found if found.is_empty() => {
                            writeln!(output.out, "mended: {file}: {}", plain(&regression.failed))?;
                        }
                        found => {
                            writeln!(output.out, "fails again: {file}")?;
                            let token = regression.schedule.parse().ok();
                            failures.extend(found.into_iter().map(|failure| match &token {
                                Some(token) => failure.shown_by(&trace, token),
                                None => failure,
                            }));
                        }
                    },
                }
            }
            if failures.is_empty() {
                sound.push(candidate);
                continue;
            }
            let options = self.options(&candidate);
            let searched =
                Searched::replayed(&shown(&candidate.path), &candidate.plan, &options, failures);
            write!(output.out, "{}", searched.line(Style::Ansi))?;
            report.searches.push(searched);
        }
        Ok(sound)
    }
}

/// Opens a file to be written when all is over.
fn open(path: Option<&Path>) -> Result<Option<(PathBuf, File)>, NotBegun> {
    let Some(path) = path else { return Ok(None) };
    match File::create(path) {
        Ok(file) => Ok(Some((path.to_owned(), file))),
        Err(error) => Err(NotBegun::Unwritable { path: shown(path), error }),
    }
}
