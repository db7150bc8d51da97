//! Putting a host together.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::rc::Rc;

use serde::Serialize;

use super::activity::{ActivityContext, ActivityError};
use super::clock;
use super::core::Core;
use super::native::{Code, Natives};
use super::{Host, Inner};
use crate::clock::EPOCH;
use crate::history::payload::json;
use crate::scenario::{Diagnostics, Scenario};
use crate::sim::code::ScenarioBuilder;
use crate::sim::run::Driver;
use crate::sim::{DefaultOrder, Limits, Plan, Race, Schedule, Seeded, Simulation};

/// A host to be.
pub struct HostBuilder {
    source: Source,
    codes: BTreeMap<String, Code>,
    schedule: Box<dyn Schedule>,
    limits: Limits,
}

/// Where a host's scenario comes from: YAML text, a scenario that was read, or code.
#[derive(Debug)]
pub enum Source {
    /// YAML, or what [`ScenarioBuilder`] makes.
    Text(String),
    /// One that was read.
    Scenario(Box<Scenario>),
}

impl From<&str> for Source {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Source {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Scenario> for Source {
    fn from(scenario: Scenario) -> Self {
        Self::Scenario(Box::new(scenario))
    }
}

impl From<ScenarioBuilder> for Source {
    fn from(builder: ScenarioBuilder) -> Self {
        Self::Text(builder.text())
    }
}

/// Why a host could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The scenario is wrong.
    #[error("{0}")]
    Invalid(#[from] Diagnostics),
    /// There is a tokio runtime already, and one cannot run inside another.
    #[error(
        "a host has a tokio runtime of its own and cannot be built inside another: \
         use a plain `#[test]`, not `#[tokio::test]`"
    )]
    InsideRuntime,
    /// The runtime could not be made.
    #[error("tokio's runtime could not be made: {0}")]
    Runtime(#[from] io::Error),
}

impl fmt::Debug for HostBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostBuilder")
            .field("source", &self.source)
            .field("activities", &self.codes.keys())
            .finish_non_exhaustive()
    }
}

impl HostBuilder {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            codes: BTreeMap::new(),
            schedule: Box::new(DefaultOrder),
            limits: Limits::default(),
        }
    }

    /// The code of an activity type: every worker runs it that has the type. It takes the place of
    /// the scenario's, if that has some.
    ///
    /// It is ordinary async Rust on tokio's paused clock. It must be the same every time: no wall
    /// clock, no randomness, and `biased` in `tokio::select!`. It sleeps whole milliseconds. A
    /// panic is a failure of the activity.
    #[must_use]
    pub fn activity<F, A, T>(mut self, activity_type: &str, code: F) -> Self
    where
        F: Fn(ActivityContext) -> A + 'static,
        A: Future<Output = Result<T, ActivityError>> + 'static,
        T: Serialize,
    {
        let code = Rc::new(code);
        let boxed: Code = Rc::new(move |context| {
            let code = Rc::clone(&code);
            Box::pin(async move {
                let result = serde_json::to_value(code(context).await?)?;
                Ok((!result.is_null()).then(|| json(&result)))
            })
        });
        self.codes.insert(activity_type.to_owned(), boxed);
        self
    }

    /// Orders what is due at one instant at random, by a seed, not by default.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.schedule(Seeded::new(seed))
    }

    /// Orders what is due at one instant by a schedule.
    #[must_use]
    pub fn schedule(mut self, schedule: impl Schedule + 'static) -> Self {
        self.schedule = Box::new(schedule);
        self
    }

    /// Stops runs earlier or later than by default.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Builds the host.
    ///
    /// # Errors
    ///
    /// If the scenario is wrong, and if this is called inside a tokio runtime.
    pub fn build(self) -> Result<Host, BuildError> {
        if tokio::runtime::Handle::try_current().is_ok() {
            return Err(BuildError::InsideRuntime);
        }
        let types: Vec<&str> = self.codes.keys().map(String::as_str).collect();
        let scenario = match self.source {
            Source::Scenario(scenario) => *scenario,
            Source::Text(text) => Scenario::parse_with_native(&text, "scenario.yaml", &types)?,
        };
        let plan = Plan::for_host(scenario, &types);
        let simulation = Simulation::new(plan.into());
        let (runtime, clock) = clock::runtime()?;
        let core = Core {
            driver: Driver::new(simulation, Race::default(), self.limits),
            now: EPOCH,
            codes: self.codes,
            natives: Natives::default(),
            done: std::collections::VecDeque::new(),
            clock,
            schedule: self.schedule,
            wakes: 0,
        };
        Ok(Host(Inner { core, runtime }))
    }
}
