//! One scenario from its file to a verdict.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use super::connection::{Connection, Unreachable};
use super::difference::{Difference, Trouble};
use super::lockstep::Lockstep;
use super::names::Names;
use crate::scenario::duration::Span;
use crate::scenario::{Diagnostics, Scenario};
use crate::sim::{DefaultOrder, Ended, Limits, Plan, Race, Simulation, run};
use crate::verify::retime::{Factor, NotRetimed, Retimed, divide, retime};
use crate::verify::{FinalRun, Log};

/// How long the durations of a scenario last on a real server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Speed {
    /// As short as they can be without changing the story.
    #[default]
    Auto,
    /// As they are written.
    AsWritten,
    /// Divided by a number, where that is sound.
    DividedBy(Factor),
}

/// How scenarios are verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// How long things take.
    pub speed: Speed,
    /// Whether what passes is kept.
    pub keep: Keep,
    /// How often a scenario is tried again that turned out different.
    pub retries: u32,
    /// A scenario that takes longer is skipped.
    pub max_duration: Duration,
}

impl Default for Settings {
    /// Two retries, twenty seconds.
    fn default() -> Self {
        Self {
            speed: Speed::Auto,
            keep: Keep::Nothing,
            retries: 2,
            max_duration: Duration::from_secs(20),
        }
    }
}

/// What durations are divided by at the second try, the third and so on.
const SLOWER: [&str; 4] = ["0.75", "0.5", "0.4", "0.333"];

/// Whether what passes is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Keep {
    /// It is forgotten.
    #[default]
    Nothing,
    /// It is kept for a case of the corpus, with the histories as they are in the end.
    Recording,
}

/// What passed between a scenario and a real server.
#[derive(Clone, PartialEq, Debug)]
pub struct Recording {
    /// What was asked and answered.
    pub log: Log,
    /// The runs in the end.
    pub runs: Vec<FinalRun>,
}

/// What came of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// The real server did the same, event for event, and answered the same.
    Identical {
        /// What passed, if that was asked for.
        recording: Option<Box<Recording>>,
        /// How often it was different before that.
        retries: u32,
    },
    /// The real server did what it does by itself at one instant in another order than the default
    /// one; in that order the fake does the same.
    InTheOutcomeSet {
        /// The orders.
        orders: Vec<String>,
        /// How often it was different before that.
        retries: u32,
    },
    /// It was not run.
    Skipped(Skipped),
    /// The real server did something else.
    Different {
        /// What, the last time.
        difference: Box<Difference>,
        /// How often it was tried.
        tries: u32,
        /// The durations that were not as they are written, as in `1h as 2s`.
        durations: Vec<String>,
    },
    /// It was stopped before its end.
    Interrupted,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum NotVerified {
    /// The text is no scenario.
    #[error(transparent)]
    Invalid(#[from] Diagnostics),
    /// The server is no more.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
}

/// Why a scenario was not run.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Skipped {
    /// It would take too long.
    #[error("it takes {} of real time, and at most {} s are allowed", minutes(*.0), .1.as_secs())]
    TooLong(Duration, Duration),
    /// No other durations tell the same story in a time and a way that a real server can.
    #[error("{0}")]
    NotRetimed(String),
    /// Its run on the fake server does not come to an end.
    #[error("its run on the fake server was stopped: {0}")]
    Endless(String),
    /// A worker cannot go on.
    #[error("a worker cannot go on: {0}")]
    Problem(String),
}

fn minutes(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 120.0 { format!("{seconds:.1} s") } else { format!("{:.0} min", seconds / 60.0) }
}

/// Runs a scenario, given by its text and its file's name, on a real server and compares what comes
/// of it. Nothing that it started is left open, however it ends: differently, interrupted because
/// `stop` became true, or well.
///
/// # Errors
///
/// [`NotVerified`], if the text is no scenario, or the server is no more.
pub async fn verify(
    connection: &Connection,
    text: &str,
    file: &str,
    settings: Settings,
    mut stop: watch::Receiver<bool>,
) -> Result<Verdict, NotVerified> {
    let (text, file) = (text.to_owned(), file.to_owned());
    let preparing = tokio::task::spawn_blocking(move || prepare(&text, &file, settings));
    let prepared = tokio::select! {
        prepared = preparing => prepared,
        Ok(_) = stop.wait_for(|stop| *stop) => return Ok(Verdict::Interrupted),
    };
    let mut prepared = match prepared {
        Ok(Ok(Ok(prepared))) => prepared,
        Ok(Ok(Err(why))) => return Ok(Verdict::Skipped(why)),
        Ok(Err(diagnostics)) => return Err(diagnostics.into()),
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    };
    let mut tries = 0;
    loop {
        let attempt = attempt(connection, &prepared.plan, settings.keep, stop.clone()).await?;
        let Attempt { outcome, orders, recording } = attempt;
        match outcome {
            None => return Ok(Verdict::Interrupted),
            Some(Ok(())) if orders.is_empty() => {
                return Ok(Verdict::Identical { recording, retries: tries });
            }
            Some(Ok(())) => return Ok(Verdict::InTheOutcomeSet { orders, retries: tries }),
            Some(Err(Trouble::Unreachable(unreachable))) => {
                // Once too slow is not dead.
                if tries >= settings.retries || !connection.is_alive().await {
                    return Err(unreachable.into());
                }
            }
            Some(Err(Trouble::Different(difference))) => {
                if tries >= settings.retries {
                    let (difference, tries) = (Box::new(difference), tries.saturating_add(1));
                    let durations = prepared.durations();
                    return Ok(Verdict::Different { difference, tries, durations });
                }
            }
        }
        tries += 1;
        let slower = tokio::task::spawn_blocking(move || prepared.slower(tries)).await;
        prepared = slower.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    }
}

/// A scenario that can be run.
struct Prepared {
    plan: Arc<Plan>,
    file: String,
    speed: Speed,
    /// What it is now, where that is not as it is written.
    retimed: Option<Retimed>,
    /// As it was at the first try.
    first: Option<Retimed>,
}

impl Prepared {
    /// The durations that are not as they are written.
    fn durations(&self) -> Vec<String> {
        let changes = self.retimed.iter().flat_map(|retimed| &retimed.changes);
        changes.map(|change| format!("{} as {}", Span(change.from), Span(change.to))).collect()
    }

    /// The same with more time for everything: on a machine that has much else to do, timers and
    /// answers are later than they may be. Where durations of the server's own are in the way, it
    /// stays as it is.
    fn slower(mut self, tries: u32) -> Self {
        let (Speed::Auto, Some(first)) = (self.speed, &self.first) else { return self };
        let at = usize::try_from(tries).unwrap_or(usize::MAX).min(SLOWER.len()) - 1;
        for factor in SLOWER[..=at].iter().rev() {
            let slower = factor.parse().ok().and_then(|by| first.divided(&self.file, by).ok());
            let plan = slower.as_ref().and_then(|of| Scenario::parse(&of.text, &self.file).ok());
            if let Some(scenario) = plan {
                self.plan = Plan::new(scenario);
                self.retimed = slower;
                break;
            }
        }
        self
    }
}

/// Finds durations, and makes sure that the scenario comes to an end with them.
fn prepare(
    text: &str,
    file: &str,
    settings: Settings,
) -> Result<Result<Prepared, Skipped>, Diagnostics> {
    let retimed = match settings.speed {
        Speed::AsWritten => Ok(None),
        Speed::Auto => retime(text, file, settings.max_duration).map(Some),
        Speed::DividedBy(factor) => divide(text, file, factor).map(Some),
    };
    let retimed = match retimed {
        Ok(retimed) => retimed,
        Err(NotRetimed::Invalid(diagnostics)) => return Err(diagnostics),
        Err(other) => return Ok(Err(Skipped::NotRetimed(other.to_string()))),
    };
    let text = retimed.as_ref().map_or(text, |retimed| &retimed.text);
    let plan = Plan::new(Scenario::parse(text, file)?);
    Ok(match reason_to_skip(&plan, settings) {
        Some(why) => Err(why),
        None => Ok(Prepared {
            plan,
            file: file.to_owned(),
            speed: settings.speed,
            first: retimed.clone(),
            retimed,
        }),
    })
}

/// One try.
struct Attempt {
    /// Nothing if it was stopped.
    outcome: Option<Result<(), Trouble>>,
    orders: Vec<String>,
    recording: Option<Box<Recording>>,
}

/// Runs the scenario once.
async fn attempt(
    connection: &Connection,
    plan: &Arc<Plan>,
    keep: Keep,
    mut stop: watch::Receiver<bool>,
) -> Result<Attempt, Unreachable> {
    let names = Names::new(prefix(), connection.namespace().to_owned());
    let simulation = Simulation::looked_on(Arc::clone(plan));
    let mut lockstep = Lockstep::new(connection.clone(), simulation, names);
    let outcome = tokio::select! {
        outcome = lockstep.follow() => Some(outcome),
        // If nobody can stop it any more, nobody has.
        Ok(_) = stop.wait_for(|stop| *stop) => None,
    };
    let recording = match (keep, &outcome) {
        (Keep::Recording, Some(Ok(()))) => {
            let runs = lockstep.final_runs().await?;
            Some(Box::new(Recording { log: std::mem::take(&mut lockstep.log), runs }))
        }
        _ => None,
    };
    // A server that was too slow once may still be there; one that is no more has nothing open.
    let cleaned = lockstep.clean_up().await;
    if !matches!(outcome, Some(Err(Trouble::Unreachable(_)))) {
        cleaned?;
    }
    Ok(Attempt { outcome, orders: lockstep.orders, recording })
}

fn reason_to_skip(plan: &Arc<Plan>, settings: Settings) -> Option<Skipped> {
    let result = run(plan, Race::default(), &Limits::default(), &mut DefaultOrder);
    match &result.ended {
        Ended::Settled => {}
        Ended::Stopped(stopped) => return Some(Skipped::Endless(stopped.limit.to_string())),
        Ended::Problem(problems) => {
            let first = problems.first().map(|problem| problem.message.clone());
            return Some(Skipped::Problem(first.unwrap_or_default()));
        }
    }
    let takes = result.virtual_time();
    (takes > settings.max_duration).then_some(Skipped::TooLong(takes, settings.max_duration))
}

/// What no other execution's names begin with, on this server or another.
fn prefix() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("deadbeat-{:x}-{:x}-{count}-", since_1970.as_micros(), std::process::id())
}
