//! What the commands that search have in common: what they are told, and one search of one scenario
//! that somebody can watch and stop.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use super::Exit;
use super::output::Output;
use super::progress::{Doing, Shown};
use super::run::find;
use super::shard::{NoShard, ShardArg};
use super::stop::Stop;
use crate::explore::{End, Options, Progress, Shard, Watch, explore};
use crate::files::shown;
use crate::history::text::plain;
use crate::report::search::{CutBy, Invalid, Report, Searched};
use crate::scenario::Scenario;
use crate::scenario::duration::{NotASpan, Span};
use crate::scenario::limits::{MAX_FAULTS, MAX_WINDOW};
use crate::sim::Plan;

/// What every command that searches is told.
#[derive(Debug, Args)]
pub(super) struct SearchArgs {
    /// Files, or folders that are searched for *.yaml and *.yml.
    #[arg(value_name = "PATH", default_value = "scenarios")]
    pub(super) paths: Vec<PathBuf>,
    /// Let happenings race that are due up to this much later than the earliest, as in 20ms; not
    /// what the scenario says.
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = Window::from_str)]
    window: Option<Window>,
    /// Let up to so many things go wrong in a run; not as many as the scenario says.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=i64::from(MAX_FAULTS)))]
    faults: Option<u32>,
    /// Search one part of several, as in 2/3; `env` takes it from what the CI system or the
    /// scheduler has set in the environment.
    #[arg(long, value_name = "I/N|env", allow_hyphen_values = true, value_parser = ShardArg::from_str)]
    shard: Option<ShardArg>,
    /// How many threads search; it changes nothing in what is found [default: as many as there are
    /// cores].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Print only what is not as expected, and the last line.
    #[arg(long)]
    pub(super) quiet: bool,
}

/// A window that is not so large that everything races.
#[derive(Clone, Copy, Debug)]
struct Window(Duration);

/// Why a text is no window.
#[derive(Debug, thiserror::Error)]
enum NotAWindow {
    #[error(transparent)]
    Span(#[from] NotASpan),
    #[error(
        "the longest window is {}: with a longer one everything races with everything",
        Span(MAX_WINDOW)
    )]
    TooLong,
}

impl FromStr for Window {
    type Err = NotAWindow;

    fn from_str(text: &str) -> Result<Self, NotAWindow> {
        let Span(window) = text.parse()?;
        if window > MAX_WINDOW { Err(NotAWindow::TooLong) } else { Ok(Self(window)) }
    }
}

/// A time limit: more than nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeLimit(pub(super) Duration);

/// Why a text is no time limit.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotATimeLimit {
    #[error(transparent)]
    Span(#[from] NotASpan),
    #[error("a search needs some time")]
    Nothing,
}

impl FromStr for TimeLimit {
    type Err = NotATimeLimit;

    fn from_str(text: &str) -> Result<Self, NotATimeLimit> {
        let Span(limit) = text.parse()?;
        if limit.is_zero() { Err(NotATimeLimit::Nothing) } else { Ok(Self(limit)) }
    }
}

/// A scenario that is to be searched.
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) plan: Arc<Plan>,
}

impl SearchArgs {
    /// The shard that is to be searched.
    pub(super) fn shard(&self) -> Result<Shard, NoShard> {
        let arg = self.shard.unwrap_or(ShardArg::Given(Shard::WHOLE));
        arg.resolve(|name| std::env::var(name).ok())
    }

    /// The options for a scenario, but for what only one of the commands is told.
    pub(super) fn options(&self, plan: &Plan, shard: Shard) -> Options {
        let mut options = Options::of(plan.scenario());
        if let Some(Window(window)) = self.window {
            options.race.window = window;
        }
        if let Some(faults) = self.faults {
            options.race.faults = faults;
        }
        let cores = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let wanted = self.threads.and_then(|threads| NonZeroUsize::new(threads.into()));
        options.threads = wanted.unwrap_or_else(cores);
        options.shard = shard;
        options
    }

    /// The scenarios that are to be searched. Files that are none are told and noted.
    pub(super) fn candidates<W: Write, E: Write>(
        &self,
        output: &mut Output<W, E>,
        report: &mut Report,
    ) -> io::Result<Vec<Candidate>> {
        let mut candidates = Vec::new();
        for found in find(&self.paths) {
            let path = match found {
                Ok(path) => path,
                Err(error) => {
                    output.error(&error)?;
                    report.invalid.push(Invalid {
                        path: error.path().to_owned(),
                        message: error.to_string(),
                    });
                    continue;
                }
            };
            match Scenario::load(&path) {
                Ok(scenario) => candidates.push(Candidate { path, plan: Plan::new(scenario) }),
                Err(diagnostics) => {
                    output.diagnostics(&diagnostics)?;
                    report
                        .invalid
                        .push(Invalid { path: shown(&path), message: diagnostics.to_string() });
                }
            }
        }
        Ok(candidates)
    }
}

/// Searches one scenario after the other, as long as there is time and nobody says stop.
pub(super) struct Searcher {
    pub(super) stop: Stop,
    pub(super) progress: Shown,
    begin: Instant,
    end: Option<Instant>,
}

impl Searcher {
    /// Begins now.
    pub(super) fn begin(time_limit: Option<TimeLimit>, progress: Shown) -> io::Result<Self> {
        let begin = Instant::now();
        // What is too far away to be told is no limit.
        let end = time_limit.and_then(|TimeLimit(limit)| begin.checked_add(limit));
        Ok(Self { stop: Stop::listen()?, progress, begin, end })
    }

    /// When one of so many that are left must have ended, so that all have as much time.
    pub(super) fn share(&self, left: usize) -> Option<Instant> {
        let end = self.end?;
        let now = Instant::now();
        let left = u32::try_from(left.max(1)).unwrap_or(u32::MAX);
        Some(now + end.saturating_duration_since(now) / left)
    }

    /// How long it has taken so far.
    pub(super) fn took(&self) -> Duration {
        self.begin.elapsed()
    }

    /// Searches one scenario, until it has finished, `end` has come, or somebody says stop.
    pub(super) fn search(
        &self,
        Candidate { path, plan }: &Candidate,
        options: &Options,
        end: Option<Instant>,
    ) -> Searched {
        let began = Instant::now();
        let progress = Progress::default();
        let what = format!("{} ({})", plain(&plan.scenario().name), options.strategy.name());
        let doing = Doing { what, time: (self.begin, self.end) };
        let is_over = || end.is_some_and(|end| Instant::now() >= end);
        let stop = || self.stop.is_asked() || is_over();
        let watch = Watch { stop: &stop, progress: &progress };
        let found = thread::scope(|scope| {
            let (searching, ended) = mpsc::channel();
            let (doing, progress) = (&doing, &progress);
            scope.spawn(move || self.progress.show(doing, progress, &ended));
            let found = explore(plan, options, &watch);
            drop(searching);
            found
        });
        let cut = match found.end {
            End::Cut { .. } if self.stop.is_asked() => Some(CutBy::Interrupt),
            End::Cut { .. } if is_over() => Some(CutBy::TimeLimit),
            _ => None,
        };
        let mut searched = Searched::new(&shown(path), &found, cut);
        searched.took = Some(began.elapsed());
        searched
    }
}

/// The exit code that a report calls for.
pub(super) fn exit_of(report: &Report) -> Exit {
    let exits = report.searches.iter().map(|searched| {
        let failures = searched.failures.iter().map(|failure| super::replay::exit_of(failure.kind));
        let failed = failures.max().unwrap_or(Exit::AsExpected);
        let cut_by_failure = !searched.failures.is_empty();
        if searched.is_incomplete() && !cut_by_failure { Exit::Invalid } else { failed }
    });
    let invalid = if report.invalid.is_empty() { Exit::AsExpected } else { Exit::Invalid };
    exits.max().unwrap_or(Exit::AsExpected).max(invalid)
}
