//! `deadbeat verify`: the same scenarios on a real server.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::sync::{Semaphore, mpsc, watch};

use super::Exit;
use super::interrupt::Interrupts;
use super::output::{BAD, FAINT, GOOD, Output, STRONG};
use super::run::find;
use crate::files::shown;
use crate::history::text::plain;
use crate::scenario::{Diagnostics, Scenario};
use crate::verify::live::{
    Connection, Keep, NotVerified, Recording, Settings, Speed, Verdict, verify,
};
use crate::verify::record;
use crate::verify::retime::{Factor, NotAFactor};

/// What `deadbeat verify` is told.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Files, or folders that are searched for *.yaml and *.yml.
    #[arg(value_name = "PATH", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// Where the real server listens.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7233")]
    address: String,
    /// The namespace to work in.
    #[arg(long, value_name = "NAME", default_value = "default")]
    namespace: String,
    /// Divide all durations by N where that is sound, or run as written with 1; `auto` makes them
    /// as short as they can be without changing the story.
    #[arg(long, value_name = "auto|N", default_value = "auto", value_parser = speed)]
    speed: Speed,
    /// How many scenarios run at once.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    parallel: u16,
    /// How often a scenario is tried again that turned out different.
    #[arg(long, value_name = "N", default_value_t = Settings::default().retries)]
    retries: u32,
    /// Write what passed with the real server into this folder, where it was identical, as cases of
    /// the corpus.
    #[arg(long, value_name = "DIR")]
    record_corpus: Option<PathBuf>,
    /// Skip scenarios that take longer than this many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = Settings::default().max_duration.as_secs())]
    max_duration: u64,
}

/// Reads `auto` or a number.
fn speed(text: &str) -> Result<Speed, NotAFactor> {
    Ok(match text {
        "auto" => Speed::Auto,
        number => match number.parse()? {
            Factor::ONE => Speed::AsWritten,
            factor => Speed::DividedBy(factor),
        },
    })
}

/// A scenario that is to be verified.
struct Candidate {
    path: PathBuf,
    name: String,
    text: String,
}

/// What came of a scenario, and how long that took.
type Verified = (Result<Verdict, NotVerified>, Duration);

/// Counts of what came of the scenarios.
#[derive(Default)]
struct Tally {
    identical: usize,
    in_the_outcome_set: usize,
    skipped: usize,
    different: usize,
    interrupted: usize,
    not_verified: usize,
}

/// Verifies the scenarios that the arguments name.
pub(super) fn run(args: &VerifyArgs) -> io::Result<Exit> {
    let mut output = Output::standard();
    let exit = run_all(args, &mut output)?;
    output.out.flush()?;
    Ok(exit)
}

fn run_all<W: Write, E: Write>(args: &VerifyArgs, output: &mut Output<W, E>) -> io::Result<Exit> {
    let started = Instant::now();
    let mut exit = Exit::AsExpected;
    let mut candidates = Vec::new();
    for found in find(&args.paths) {
        match found {
            Ok(path) => match load(&path) {
                Ok((name, text)) => candidates.push(Candidate { path, name, text }),
                Err(diagnostics) => {
                    output.invalid(&path, &diagnostics)?;
                    exit = Exit::Invalid;
                }
            },
            Err(error) => {
                output.error(error)?;
                exit = Exit::Invalid;
            }
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(async {
        let connection = match Connection::open(&args.address, &args.namespace).await {
            Ok(connection) => connection,
            Err(unreachable) => {
                output.error(unreachable)?;
                return Ok(Exit::Invalid);
            }
        };
        let interrupts = Interrupts::listen()?;
        let (tally, of_all) = verify_all(args, &connection, candidates, interrupts, output).await?;
        tally.write(output, started.elapsed())?;
        Ok(exit.max(of_all))
    });
    // Whoever was interrupted does not wait for durations to be found.
    runtime.shutdown_background();
    exit
}

/// A scenario's name and text.
fn load(path: &Path) -> Result<(String, String), Diagnostics> {
    let name = plain(&Scenario::load(path)?.name);
    let text = std::fs::read_to_string(path).unwrap_or_default();
    Ok((name, text))
}

async fn verify_all<W: Write, E: Write>(
    args: &VerifyArgs,
    connection: &Connection,
    candidates: Vec<Candidate>,
    mut interrupts: Interrupts,
    output: &mut Output<W, E>,
) -> io::Result<(Tally, Exit)> {
    let settings = Settings {
        speed: args.speed,
        keep: if args.record_corpus.is_some() { Keep::Recording } else { Keep::Nothing },
        retries: args.retries,
        max_duration: Duration::from_secs(args.max_duration),
    };
    let (stop, stopped) = watch::channel(false);
    let (send, mut receive) = mpsc::unbounded_channel();
    let permits = Arc::new(Semaphore::new(usize::from(args.parallel)));
    let mut paths = Vec::new();
    for (index, Candidate { path, name, text }) in candidates.into_iter().enumerate() {
        let file = path.display().to_string();
        paths.push((path, name));
        let (connection, permits, send) = (connection.clone(), Arc::clone(&permits), send.clone());
        let stopped = stopped.clone();
        tokio::spawn(async move {
            let permit = permits.acquire().await;
            let began = Instant::now();
            let verdict = if *stopped.borrow() {
                Ok(Verdict::Interrupted)
            } else {
                verify(&connection, &text, &file, settings, stopped).await
            };
            drop(permit);
            // Nobody listens any more if the output cannot be written.
            let _ = send.send((index, (verdict, began.elapsed())));
        });
    }
    drop((send, stopped));

    let mut tally = Tally::default();
    let mut exit = Exit::AsExpected;
    let mut waiting: BTreeMap<usize, Verified> = BTreeMap::new();
    let mut next = 0;
    let mut died = None;
    loop {
        let (index, verified) = tokio::select! {
            received = receive.recv() => match received {
                Some(received) => received,
                None => break,
            },
            () = interrupts.next() => {
                if exit == Exit::Interrupted {
                    // Whoever asks twice does not want to wait for anything.
                    output.error(
                        "interrupted again: what was started may be left open on the server, with \
                         Workflow Ids that begin with `deadbeat-`",
                    )?;
                    break;
                }
                exit = Exit::Interrupted;
                output.error("interrupted: what was started is being terminated on the server")?;
                let _ = stop.send(true);
                continue;
            }
        };
        waiting.insert(index, verified);
        while let Some((verdict, took)) = waiting.remove(&next) {
            let (path, name) = &paths[next];
            next += 1;
            match verdict {
                Ok(verdict) => {
                    exit = exit.max(tally.count(&verdict));
                    write_verdict(output, args, path, name, &verdict, took)?;
                    if let Some(dir) = &args.record_corpus
                        && let Verdict::Identical { recording: Some(recording), .. } = &verdict
                        && let Err(error) = write_case(dir, path, name, recording)
                    {
                        output.error(format_args!("{}: {error}", shown(dir)))?;
                        exit = exit.max(Exit::Invalid);
                    }
                }
                Err(unreachable) => {
                    tally.not_verified += 1;
                    exit = exit.max(Exit::Invalid);
                    let _ = stop.send(true);
                    died.get_or_insert(unreachable);
                }
            }
        }
        // The server is no more: nothing that has not begun need begin.
        if waiting.values().any(|(verdict, _)| verdict.is_err()) {
            let _ = stop.send(true);
        }
    }
    if let Some(unreachable) = died {
        output.error(unreachable)?;
    }
    Ok((tally, exit))
}

fn write_verdict<W: Write, E: Write>(
    output: &mut Output<W, E>,
    args: &VerifyArgs,
    path: &Path,
    name: &str,
    verdict: &Verdict,
    took: Duration,
) -> io::Result<()> {
    let (style, word) = match verdict {
        Verdict::Identical { .. } => (GOOD, "identical"),
        Verdict::InTheOutcomeSet { .. } => (GOOD, "in the outcome set"),
        Verdict::Skipped(_) => (FAINT, "skipped"),
        Verdict::Different { .. } => (BAD, "DIFFERENT"),
        Verdict::Interrupted => return Ok(()),
    };
    write!(output.out, "{style}{word}{style:#} {STRONG}{name}{STRONG:#}")?;
    match verdict {
        Verdict::Skipped(why) => writeln!(output.out, ": {}", plain(&why.to_string()))?,
        Verdict::Identical { retries, .. } => {
            writeln!(output.out, "  {FAINT}{}{}{FAINT:#}", seconds(took), tried(*retries))?;
        }
        Verdict::InTheOutcomeSet { orders, retries } => {
            writeln!(output.out, "  {FAINT}{}{}{FAINT:#}", seconds(took), tried(*retries))?;
            for order in orders {
                writeln!(output.out, "  in this order: {}", plain(order))?;
            }
        }
        Verdict::Different { difference, tries, durations } => {
            let times = if *tries == 1 { "once".to_owned() } else { format!("{tries} times") };
            writeln!(output.out, "  {FAINT}{}, tried {times}{FAINT:#}", seconds(took))?;
            for line in difference.to_string().lines() {
                writeln!(output.out, "  {}", plain(line))?;
            }
            if !durations.is_empty() {
                writeln!(output.out, "  with {}", durations.join(", "))?;
            }
            writeln!(
                output.out,
                "  again: deadbeat verify {} --address {} --namespace {}",
                shown(path),
                plain(&args.address),
                plain(&args.namespace)
            )?;
        }
        Verdict::Interrupted => {}
    }
    output.out.flush()
}

/// Writes a case of the corpus, named after the scenario's file and folder.
fn write_case(dir: &Path, path: &Path, name: &str, recording: &Recording) -> io::Result<()> {
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let folder = path.parent().map(stem).filter(|folder| !folder.is_empty());
    let parts: Vec<String> = folder.into_iter().chain([stem(path)]).collect();
    let case_name = parts.join("_");
    let case = record(&case_name, name, &recording.log, &recording.runs);
    std::fs::create_dir_all(dir)?;
    let mut json = serde_json::to_string_pretty(&case)?;
    json.push('\n');
    std::fs::write(dir.join(format!("{case_name}.json")), json)
}

/// How many tries it took, if more than one.
fn tried(retries: u32) -> String {
    match retries {
        0 => String::new(),
        retries => format!(", tried {} times", retries.saturating_add(1)),
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

impl Tally {
    fn count(&mut self, verdict: &Verdict) -> Exit {
        match verdict {
            Verdict::Identical { .. } => self.identical += 1,
            Verdict::InTheOutcomeSet { .. } => self.in_the_outcome_set += 1,
            Verdict::Skipped(_) => self.skipped += 1,
            Verdict::Different { .. } => {
                self.different += 1;
                return Exit::Failed;
            }
            Verdict::Interrupted => self.interrupted += 1,
        }
        Exit::AsExpected
    }

    /// The last line.
    fn write<W: Write, E: Write>(
        &self,
        output: &mut Output<W, E>,
        took: Duration,
    ) -> io::Result<()> {
        let counts = [
            (self.identical, GOOD, "identical"),
            (self.in_the_outcome_set, GOOD, "in the outcome set"),
            (self.skipped, FAINT, "skipped"),
            (self.different, BAD, "different"),
            (self.interrupted + self.not_verified, BAD, "not verified"),
        ];
        let all: usize = counts.iter().map(|(count, ..)| count).sum();
        let plural = if all == 1 { "" } else { "s" };
        write!(output.out, "\n{all} scenario{plural}")?;
        let told = counts.iter().filter(|(count, ..)| *count > 0);
        for (at, (count, style, word)) in told.enumerate() {
            let separator = if at == 0 { ":" } else { "," };
            write!(output.out, "{separator} {style}{count} {word}{style:#}")?;
        }
        writeln!(output.out, "; {}", seconds(took))?;
        output.out.flush()
    }
}
