//! Activities and clients in Rust.
//!
//! A [`Host`] runs a scenario whose activities, or some of them, are ordinary async Rust, and whose
//! client is the program that has the host. Tokio's clock is paused and moves with the virtual one:
//! what takes five minutes takes no time, and is the same every time.
//!
//! ```
//! use deadbeat::api::ExecutionStatus;
//! use deadbeat::sim::Host;
//! use deadbeat::sim::code::{Activity, ScenarioBuilder, Steps};
//! use std::time::Duration;
//!
//! let greeting = Activity::new("compose_greeting")
//!     .start_to_close_timeout(Duration::from_secs(300))
//!     .heartbeat_timeout(Duration::from_secs(30))
//!     .wait_for_cancellation();
//! let scenario = ScenarioBuilder::new("an activity learns of a cancel with a heartbeat")
//!     .workflow("GreetingWorkflow", Steps::new().execute_activity(greeting));
//!
//! let mut sim = Host::of(scenario)
//!     .activity("compose_greeting", |ctx| async move {
//!         loop {
//!             tokio::time::sleep(Duration::from_millis(500)).await;
//!             ctx.heartbeat("some details")?;
//!         }
//!         #[allow(unreachable_code)]
//!         Ok("Hello!")
//!     })
//!     .build()?;
//!
//! sim.start("GreetingWorkflow", "greeting")?;
//! sim.sleep(Duration::from_secs(3))?;
//! sim.cancel("greeting")?;
//! let run = sim.run_to_end();
//!
//! let greeting = run.execution("greeting");
//! assert_eq!(greeting.status, ExecutionStatus::Canceled);
//! // The first heartbeat was sent at once, at 0.5 s; the next, with the cancel in its answer,
//! // 0.8 × 30 s later; and half a second after that the activity heartbeats again and learns.
//! assert_eq!(run.virtual_time(), Duration::from_millis(25_000));
//! println!("{}", greeting.text()); // or: insta::assert_snapshot!(greeting.text());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The scenario may as well be YAML, with the activities that the host has left out. And a cancel
//! may be waited for, beside anything else:
//!
//! ```
//! use deadbeat::sim::{Canceled, Host};
//! use std::time::Duration;
//!
//! let mut sim = Host::of("
//! name: clean up, then appear canceled
//! workflows:
//!   W: [{ execute_activity: work, start_to_close_timeout: 1h, heartbeat_timeout: 10s,
//!         cancellation_type: WAIT_CANCELLATION_COMPLETED }]
//! ")
//! .activity("work", |ctx| async move {
//!     ctx.heartbeat(())?;
//!     let beat = async {
//!         loop {
//!             tokio::time::sleep(Duration::from_secs(1)).await;
//!             let _ = ctx.heartbeat("alive");
//!         }
//!     };
//!     tokio::select! {
//!         biased;
//!         _ = ctx.canceled() => {
//!             tokio::time::sleep(Duration::from_secs(2)).await; // clean up
//!             Err(Canceled)?
//!         }
//!         () = beat => Ok(()),
//!     }
//! })
//! .build()?;
//!
//! sim.start("W", "w")?;
//! sim.run_until("ActivityTaskScheduled")?;
//! sim.sleep(Duration::from_secs(10))?;
//! sim.cancel("w")?;
//! let run = sim.run_to_end();
//! assert_eq!(run.execution("w").status.name(), "Canceled");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod activity;
mod builder;
mod clock;
mod core;
mod inbox;
mod native;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use tokio::runtime::Runtime;

use self::core::{Core, Until};
use super::log::NotSent;
use super::watch::Watch;
use super::{Answer, Ended, RunResult, Stopped};
use crate::api::{Description, RpcError};
use crate::clock::{EPOCH, Time};
use crate::history::Execution;
use crate::scenario::model::{
    Cancel, ClientAction, ClientStep, Deploy, Describe, Json, Reset, ResetType, Signal, Start,
    StartOptions, Terminate, Timing, WaitForClose, When,
};
use crate::scenario::{EVENT_TYPES, Location};
use crate::worker::Problem;

pub use activity::{ActivityContext, ActivityError, ActivityFailure, Canceled};
pub use builder::{BuildError, HostBuilder, Source};

/// A simulation with activities and a client in Rust.
///
/// Its methods are what a client does, one after the other; the world goes on while they wait.
pub struct Host(Inner);

struct Inner {
    // In this order they are dropped: what runs, then what it runs on.
    core: Core,
    runtime: Runtime,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("simulation", &self.0.core.driver.simulation)
            .finish_non_exhaustive()
    }
}

/// Why a client's call did not come about.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The server refused.
    #[error("{0}")]
    Refused(Box<RpcError>),
    /// There was nothing that could have been sent.
    #[error(transparent)]
    NotSent(NotSent),
    /// What was waited for did not come, and nothing is left to happen.
    #[error("{waited_for} does not come: nothing is left to happen")]
    NothingLeft {
        /// What was waited for.
        waited_for: String,
    },
    /// A limit stopped the simulation.
    #[error("{0}")]
    Stopped(Box<Stopped>),
    /// A worker cannot go on, for a reason that lies in the scenario.
    #[error("{}", told(.0))]
    Problem(Vec<Problem>),
    /// No event type has this name.
    #[error("there is no event type `{0}`")]
    UnknownEvent(String),
}

fn told(problems: &[Problem]) -> String {
    let told: Vec<String> = problems.iter().map(|it| format!("{}: {it}", it.at)).collect();
    told.join("\n")
}

/// Where a reset goes back to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResetPoint {
    /// Before this event: the new run keeps the events before it.
    Event(u32),
    /// The first completed workflow task (B26).
    FirstWorkflowTask,
    /// The last completed workflow task (B26).
    LastWorkflowTask,
}

impl Host {
    /// A host for a scenario: YAML text, a [`Scenario`](crate::scenario::Scenario), or a
    /// [`ScenarioBuilder`](super::code::ScenarioBuilder).
    pub fn of(source: impl Into<Source>) -> HostBuilder {
        HostBuilder::new(source.into())
    }

    /// The time.
    pub fn now(&self) -> Time {
        self.0.core.now
    }

    /// How much virtual time has passed.
    pub fn virtual_time(&self) -> Duration {
        self.now() - EPOCH
    }

    /// Starts a workflow execution on the task queue `main`.
    ///
    /// # Errors
    ///
    /// As [`Host::call`].
    pub fn start(&mut self, workflow_type: &str, id: &str) -> Result<Execution, HostError> {
        self.start_with(workflow_type, id, StartOptions::default())
    }

    /// Starts a workflow execution with options: input, timeouts, policies.
    ///
    /// # Errors
    ///
    /// As [`Host::call`].
    pub fn start_with(
        &mut self,
        workflow_type: &str,
        id: &str,
        options: StartOptions,
    ) -> Result<Execution, HostError> {
        let step = Start { start: workflow_type.to_owned(), workflow_id: id.to_owned(), options };
        let answer = self.call(ClientAction::Start(Box::new(step)))?;
        made(id, &answer)
    }

    /// Signals a workflow execution's current run.
    ///
    /// # Errors
    ///
    /// As [`Host::call`].
    pub fn signal(&mut self, id: &str, name: &str, input: Option<Json>) -> Result<(), HostError> {
        let (signal, name) = (id.to_owned(), name.to_owned());
        let step =
            Signal { signal, name, run: None, input, header: <_>::default(), request_id: None };
        self.call(ClientAction::Signal(step)).map(drop)
    }

    /// Requests the cancellation of a workflow execution's current run.
    ///
    /// # Errors
    ///
    /// As [`Host::call`].
    pub fn cancel(&mut self, id: &str) -> Result<(), HostError> {
        let step = Cancel { cancel: id.to_owned(), run: None, first_run: None, reason: None };
        self.call(ClientAction::Cancel(step)).map(drop)
    }

    /// Terminates a workflow execution's current run.
    ///
    /// # Errors
    ///
    /// As [`Host::call`].
    pub fn terminate(&mut self, id: &str, reason: &str) -> Result<(), HostError> {
        self.call(ClientAction::Terminate(Terminate {
            terminate: id.to_owned(),
            run: None,
            first_run: None,
            reason: Some(reason.to_owned()),
            details: None,
        }))
        .map(drop)
    }

    /// Resets a workflow execution's current run. The new run is returned.
    ///
    /// # Errors
    ///
    /// As [`Host::call`].
    pub fn reset(
        &mut self,
        id: &str,
        to: ResetPoint,
        reason: &str,
    ) -> Result<Execution, HostError> {
        let (event_id, kind) = match to {
            ResetPoint::Event(event_id) => (Some(event_id), None),
            ResetPoint::FirstWorkflowTask => (None, Some(ResetType::FirstWorkflowTask)),
            ResetPoint::LastWorkflowTask => (None, Some(ResetType::LastWorkflowTask)),
        };
        let answer = self.call(ClientAction::Reset(Reset {
            reset: id.to_owned(),
            run: None,
            event_id,
            r#type: kind,
            reason: Some(reason.to_owned()),
            reapply_exclude: Vec::new(),
        }))?;
        made(id, &answer)
    }

    /// Describes a workflow execution's current run.
    ///
    /// # Errors
    ///
    /// As [`Host::call`].
    pub fn describe(&mut self, id: &str) -> Result<Description, HostError> {
        let step = Describe { describe: id.to_owned(), run: None };
        match self.call(ClientAction::Describe(step))? {
            Answer::Described(description) => Ok((*description).clone()),
            _ => Err(nothing_left(format!("the description of `{id}`"))),
        }
    }

    /// Waits until a workflow execution's current run has closed.
    ///
    /// # Errors
    ///
    /// [`HostError::NothingLeft`] if it does not close, and as [`Host::call`].
    pub fn wait_for_close(&mut self, id: &str) -> Result<(), HostError> {
        let step = WaitForClose { wait_for_close: id.to_owned() };
        self.call(ClientAction::WaitForClose(step)).map(drop)
    }

    /// Gives the workers a version of a workflow's code, as a deployment does: they restart.
    ///
    /// # Errors
    ///
    /// As [`Host::call`].
    pub fn deploy(&mut self, workflow_type: &str, version: &str) -> Result<(), HostError> {
        let (deploy, version) = (workflow_type.to_owned(), version.to_owned());
        self.call(ClientAction::Deploy(Deploy { deploy, version, worker: None })).map(drop)
    }

    /// Stops a worker: what it has started stays unanswered.
    ///
    /// # Errors
    ///
    /// As [`Host::call`].
    pub fn stop_worker(&mut self, name: &str) -> Result<(), HostError> {
        self.call(ClientAction::StopWorker(name.to_owned())).map(drop)
    }

    /// Starts a stopped worker, with an empty cache.
    ///
    /// # Errors
    ///
    /// As [`Host::call`].
    pub fn start_worker(&mut self, name: &str) -> Result<(), HostError> {
        self.call(ClientAction::StartWorker(name.to_owned())).map(drop)
    }

    /// Does anything that a client in a scenario can do, now, and waits for the answer.
    ///
    /// # Errors
    ///
    /// If the server refuses, if there is nothing to send (a run by a number that does not exist),
    /// and if the answer does not come before the simulation has to stop.
    pub fn call(&mut self, action: ClientAction) -> Result<Answer, HostError> {
        let now = self.now();
        let simulation = &mut self.0.core.driver.simulation;
        simulation.idle_until(now);
        let before = simulation.log().len();
        let waited_for = format!("the answer to `{action:?}`");
        let timing = Timing::After(Duration::ZERO);
        let at = Location::default();
        simulation.push_step(ClientStep {
            at,
            action,
            identity: None,
            timing,
            fails_with: None,
            fault: None,
        });

        let guest = simulation.plan().guest();
        let mut answer = None;
        let driven = self.drive(Until::Holds(&mut |simulation| {
            let new = simulation.log().get(before..).unwrap_or_default();
            let own = new.iter().find(|entry| Some(entry.client) == guest);
            answer = own.map(|entry| entry.answer.clone());
            answer.is_some()
        }));
        if let Err(ended) = driven {
            self.0.core.driver.simulation.give_up_step();
            return Err(why(ended, waited_for));
        }
        match answer {
            Some(Answer::Refused(error)) => Err(HostError::Refused(error)),
            Some(Answer::NotSent(why)) => Err(HostError::NotSent(why)),
            Some(answer) => Ok(answer),
            None => Err(nothing_left(waited_for)),
        }
    }

    /// Lets this much time pass. What is due at its end has not happened yet.
    ///
    /// # Errors
    ///
    /// If a limit or a mistake in the scenario stops the simulation.
    pub fn sleep(&mut self, duration: Duration) -> Result<(), HostError> {
        let end = self.now() + duration;
        let waited_for = format!("the end of {duration:?}");
        self.drive(Until::Time(end)).map_err(|ended| why(ended, waited_for))
    }

    /// Goes on until an event of this type is in any history; not at all if one is there.
    ///
    /// # Errors
    ///
    /// [`HostError::UnknownEvent`]; [`HostError::NothingLeft`] if the event does not come; and if
    /// a limit or a mistake in the scenario stops the simulation.
    pub fn run_until(&mut self, event: &str) -> Result<(), HostError> {
        let event = event.to_owned();
        self.run_until_when(&When { event, workflow_id: None, count: 1, run: None })
    }

    /// Goes on until a run has the events; not at all if one has them.
    ///
    /// # Errors
    ///
    /// As [`Host::run_until`].
    pub fn run_until_when(&mut self, when: &When) -> Result<(), HostError> {
        if !EVENT_TYPES.contains(&when.event.as_str()) {
            return Err(HostError::UnknownEvent(when.event.clone()));
        }
        let mut watch = Watch::default();
        self.drive(Until::Holds(&mut |simulation| watch.sees_somewhere(when, simulation.server())))
            .map_err(|ended| why(ended, when.event.clone()))
    }

    /// What has happened so far.
    pub fn so_far(&self) -> RunResult {
        let driver = &self.0.core.driver;
        RunResult::new(&driver.simulation, Ended::Settled, driver.happenings)
    }

    /// Goes on until nothing is left to happen, or until every client of the scenario has finished
    /// and every execution has closed. What activities are still doing then is dropped.
    pub fn run_to_end(mut self) -> RunResult {
        let ended = match self.drive(Until::End) {
            Ok(()) => Ended::Settled,
            Err(ended) => ended,
        };
        let driver = &self.0.core.driver;
        RunResult::new(&driver.simulation, ended, driver.happenings)
    }

    fn drive(&mut self, until: Until<'_>) -> Result<(), Ended> {
        let Inner { core, runtime } = &mut self.0;
        runtime.block_on(core.drive(until))
    }
}

/// The run that an answer tells of.
fn made(id: &str, answer: &Answer) -> Result<Execution, HostError> {
    match answer {
        Answer::Started { run_id, .. } | Answer::Reset { run_id } => {
            Ok(Execution { workflow_id: id.into(), run_id: *run_id })
        }
        _ => Err(nothing_left(format!("a run of `{id}`"))),
    }
}

fn nothing_left(waited_for: String) -> HostError {
    HostError::NothingLeft { waited_for }
}

fn why(ended: Ended, waited_for: String) -> HostError {
    match ended {
        Ended::Settled => nothing_left(waited_for),
        Ended::Stopped(stopped) => HostError::Stopped(Box::new(stopped)),
        Ended::Problem(problems) => HostError::Problem(problems),
    }
}
