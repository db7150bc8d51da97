//! One scenario from its file to a verdict.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use super::connection::{Connection, Unreachable};
use super::difference::{Difference, Trouble};
use super::lockstep::Lockstep;
use super::names::Names;
use crate::scenario::Scenario;
use crate::sim::{DefaultOrder, Ended, Limits, Plan, Race, Simulation, run};

/// How scenarios are verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// How often a scenario is tried again that turned out different.
    pub retries: u32,
    /// A scenario that takes longer is skipped.
    pub max_duration: Duration,
}

impl Default for Settings {
    /// Two retries, twenty seconds.
    fn default() -> Self {
        Self { retries: 2, max_duration: Duration::from_secs(20) }
    }
}

/// What came of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub enum Verdict {
    /// The real server did the same, event for event, and answered the same.
    Identical {
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
    },
    /// It was stopped before its end.
    Interrupted,
}

/// Why a scenario was not run.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Skipped {
    /// It would take too long.
    #[error("it takes {} of real time, and at most {} s are allowed", minutes(*.0), .1.as_secs())]
    TooLong(Duration, Duration),
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

/// Runs a scenario on a real server and compares what comes of it. Nothing that it started is left
/// open, however it ends: differently, interrupted because `stop` became true, or well.
///
/// # Errors
///
/// If the server is no more.
pub async fn verify(
    connection: &Connection,
    scenario: Scenario,
    settings: Settings,
    stop: watch::Receiver<bool>,
) -> Result<Verdict, Unreachable> {
    let plan = Plan::new(scenario);
    if let Some(why) = reason_to_skip(&plan, settings) {
        return Ok(Verdict::Skipped(why));
    }
    let mut tries = 0;
    loop {
        let (outcome, orders) = attempt(connection, &plan, stop.clone()).await?;
        match outcome {
            None => return Ok(Verdict::Interrupted),
            Some(Ok(())) if orders.is_empty() => return Ok(Verdict::Identical { retries: tries }),
            Some(Ok(())) => return Ok(Verdict::InTheOutcomeSet { orders, retries: tries }),
            Some(Err(Trouble::Unreachable(unreachable))) => return Err(unreachable),
            Some(Err(Trouble::Different(difference))) => {
                tries += 1;
                if tries > settings.retries {
                    let difference = Box::new(difference);
                    return Ok(Verdict::Different { difference, tries });
                }
            }
        }
    }
}

/// Runs the scenario once; nothing if it was stopped.
async fn attempt(
    connection: &Connection,
    plan: &Arc<Plan>,
    mut stop: watch::Receiver<bool>,
) -> Result<(Option<Result<(), Trouble>>, Vec<String>), Unreachable> {
    let names = Names::new(prefix(), connection.namespace().to_owned());
    let simulation = Simulation::looked_on(Arc::clone(plan));
    let mut lockstep = Lockstep::new(connection.clone(), simulation, names);
    let outcome = tokio::select! {
        outcome = lockstep.follow() => Some(outcome),
        // If nobody can stop it any more, nobody has.
        Ok(_) = stop.wait_for(|stop| *stop) => None,
    };
    if !matches!(outcome, Some(Err(Trouble::Unreachable(_)))) {
        lockstep.clean_up().await?;
    }
    Ok((outcome, lockstep.orders))
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
