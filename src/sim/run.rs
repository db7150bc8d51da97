//! The loop: one run of a scenario, from its beginning to its end.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::limits::{Limit, Limits, Stopped};
use super::result::RunResult;
use super::size::Recorded;
use super::{Enabled, Happening, Plan, Schedule, Simulation};
use crate::clock::{EPOCH, Time};
use crate::history::Execution;
use crate::scenario::Scenario;
use crate::server::{RunIndex, Server};
use crate::worker::Problem;

/// Which happenings race with each other, and how much may go wrong.
///
/// ```
/// use deadbeat::scenario::Scenario;
/// use deadbeat::sim::Race;
/// use std::time::Duration;
///
/// let source = "
/// name: a race
/// workflows: { Nap: [{ sleep: 8h }] }
/// timeline: [{ start: Nap, workflow_id: nap }]
/// window: 2s
/// faults: 1
/// ";
/// let race = Race::of(&Scenario::parse(source, "race.yaml")?);
/// assert_eq!(race, Race { window: Duration::from_secs(2), faults: 1 });
/// # Ok::<(), deadbeat::scenario::Diagnostics>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Race {
    /// How much later than the earliest happening another may be due and still come first. Zero,
    /// the default: only those due at the same instant race.
    pub window: Duration,
    /// How many faults may be placed in a run, anywhere. A schedule places them by picking them.
    /// Whoever drives a [`Simulation`] gives it this number at the beginning, with
    /// [`Simulation::with_faults`].
    pub faults: u32,
}

impl Race {
    /// What a scenario says of itself: its `window` and its `faults`.
    pub fn of(scenario: &Scenario) -> Self {
        Self { window: scenario.window, faults: scenario.faults }
    }
}

/// Why a run ended.
#[derive(Clone, Debug)]
pub enum Ended {
    /// Nothing is left to happen; or every client has finished and every execution is closed.
    Settled,
    /// A limit stopped it.
    Stopped(Stopped),
    /// A worker cannot go on, for a reason that lies in the scenario.
    Problem(Vec<Problem>),
}

impl Ended {
    /// Whether nothing stopped it.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Settled)
    }
}

/// Runs a scenario from its beginning to its end.
pub fn run(
    plan: &Arc<Plan>,
    race: Race,
    limits: &Limits,
    schedule: &mut dyn Schedule,
) -> RunResult {
    let simulation = Simulation::new(Arc::clone(plan)).with_faults(race.faults);
    let mut driver = Driver::new(simulation, race, *limits);
    let ended = driver.run_to_end(schedule);
    driver.into_result(ended)
}

/// Runs a world to its end: what it has come to, why it ended, and how many happenings there were.
/// What is in `enabled` is overwritten. How many faults may still be placed is the world's to say,
/// not the race's.
pub(crate) fn drive(
    simulation: Simulation,
    race: Race,
    limits: &Limits,
    enabled: &mut Enabled,
    schedule: &mut dyn Schedule,
) -> (Simulation, Ended, u64) {
    let mut driver = Driver::new(simulation, race, *limits);
    mem::swap(&mut driver.enabled, enabled);
    let ended = driver.run_to_end(schedule);
    mem::swap(&mut driver.enabled, enabled);
    (driver.simulation, ended, driver.happenings)
}

/// What comes after a moment of a run.
#[derive(Clone, Debug)]
pub enum Next {
    /// One of the happenings that could come next.
    Choice,
    /// Nothing: the run has ended.
    Ended(Ended),
}

impl Simulation {
    /// What comes next, for whoever walks all that can happen: [`run`] says the same of one run,
    /// but looks at all limits, this at those of virtual time and of runs only. What could come next
    /// replaces what is in `enabled`.
    pub fn next(&self, race: Race, limits: &Limits, enabled: &mut Enabled) -> Next {
        match self.next_due(race, enabled) {
            Err(ended) => Next::Ended(ended),
            Ok(Some(due)) if due > EPOCH + limits.virtual_time => {
                let limit = Limit::VirtualTime(limits.virtual_time);
                Next::Ended(Ended::Stopped(Stopped::new(limit, self)))
            }
            Ok(Some(_)) if self.server().runs().len() > limits.runs as usize => {
                let limit = Limit::Runs(limits.runs);
                Next::Ended(Ended::Stopped(Stopped::new(limit, self)))
            }
            Ok(Some(due)) if due <= self.now() || !self.is_over() => Next::Choice,
            Ok(_) => Next::Ended(Ended::Settled),
        }
    }

    /// When the next happening is due, if there is one, and what could come next.
    fn next_due(&self, race: Race, enabled: &mut Enabled) -> Result<Option<Time>, Ended> {
        if !self.problems().is_empty() {
            return Err(Ended::Problem(self.problems().to_vec()));
        }
        self.enabled(race.window, enabled);
        let Some((due, _)) = enabled.first().copied() else { return Ok(None) };
        let ends_at = self.plan().scenario().ends_at;
        Ok(Some(due).filter(|due| ends_at.is_none_or(|end| *due <= EPOCH + end)))
    }

    /// Whether every client has finished and every execution has closed.
    fn is_over(&self) -> bool {
        self.clients_have_finished() && self.executions_have_closed()
    }
}

/// A simulation that is being driven to its end, one happening at a time.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) simulation: Simulation,
    race: Race,
    pub(super) limits: Limits,
    pub(super) happenings: u64,
    recorded: Recorded,
    /// After how many happenings sizes are looked at next.
    sizes_at: u64,
    /// All runs before this one have closed, and runs do not open again.
    first_open: u32,
    pub(super) enabled: Enabled,
}

impl Driver {
    pub(super) fn new(simulation: Simulation, race: Race, limits: Limits) -> Self {
        Self {
            simulation,
            race,
            limits,
            happenings: 0,
            recorded: Recorded::default(),
            sizes_at: 0,
            first_open: 0,
            enabled: Enabled::default(),
        }
    }

    /// When the next happening is due, if there is one.
    ///
    /// # Errors
    ///
    /// Why the run cannot go on.
    pub(super) fn next_due(&mut self) -> Result<Option<Time>, Ended> {
        let due = self.simulation.next_due(self.race, &mut self.enabled)?;
        let Some(due) = due else { return Ok(None) };
        match self.limit_reached(due) {
            Some(limit) => Err(Ended::Stopped(Stopped::new(limit, &self.simulation))),
            None => Ok(Some(due)),
        }
    }

    /// Lets one happening after the other happen, until the run ends.
    fn run_to_end(&mut self, schedule: &mut dyn Schedule) -> Ended {
        loop {
            match self.next_due() {
                // What is due at the instant at which the last execution closes still happens.
                Ok(Some(due)) if due <= self.simulation.now() || !self.is_over() => {
                    self.step(schedule);
                }
                Ok(_) => return Ended::Settled,
                Err(ended) => return ended,
            }
        }
    }

    /// Lets the schedule pick what comes next among what is enabled, and lets it happen.
    pub(super) fn step(&mut self, schedule: &mut dyn Schedule) {
        if let Some((due, happening)) = self.pick(schedule) {
            self.simulation.step(due, happening);
        }
    }

    /// Lets the schedule pick what comes next among what is enabled.
    pub(super) fn pick(&mut self, schedule: &mut dyn Schedule) -> Option<(Time, Happening)> {
        let picked = match self.enabled.len() {
            0 => return None,
            1 => 0,
            count => schedule.pick(self.simulation.now(), &self.enabled).min(count - 1),
        };
        self.happenings += 1;
        self.enabled.get(picked).copied()
    }

    /// The end of a run in which too much happened.
    pub(super) fn too_many_happenings(&self) -> Ended {
        let limit = Limit::Happenings(self.limits.happenings);
        Ended::Stopped(Stopped::new(limit, &self.simulation))
    }

    /// Whether every client has finished and every execution has closed.
    pub(super) fn is_over(&mut self) -> bool {
        if !self.simulation.clients_have_finished() {
            return false;
        }
        let server = self.simulation.server();
        while server.run_at(RunIndex(self.first_open)).is_some_and(|run| !run.is_open()) {
            self.first_open += 1;
        }
        self.first_open as usize == server.runs().len()
    }

    fn limit_reached(&mut self, due: Time) -> Option<Limit> {
        let limits = self.limits;
        if due > EPOCH + limits.virtual_time {
            return Some(Limit::VirtualTime(limits.virtual_time));
        }
        if self.happenings >= limits.happenings {
            return Some(Limit::Happenings(limits.happenings));
        }
        if self.simulation.replayed_events() > limits.replayed_events {
            return Some(Limit::ReplayedEvents(limits.replayed_events));
        }
        if self.happenings >= self.sizes_at {
            // The more runs there are to look at, the more rarely.
            let runs = self.simulation.server().runs().len() as u64;
            self.sizes_at = self.happenings + runs.max(Limits::SIZES_EVERY);
            if self.recorded.count(self.simulation.server()) > limits.recorded_bytes {
                return Some(Limit::RecordedBytes(limits.recorded_bytes));
            }
            let mut runs = self.simulation.server().runs();
            if runs.len() > limits.runs as usize {
                return Some(Limit::Runs(limits.runs));
            }
            if runs.any(|run| run.history().len() > limits.history_events) {
                return Some(Limit::HistoryEvents(limits.history_events));
            }
        }
        None
    }

    pub(super) fn into_result(self, ended: Ended) -> RunResult {
        RunResult::new(&self.simulation, ended, self.happenings)
    }
}

/// The number of a run among those of its Workflow Id, from 1, in the order in which they were
/// made.
pub(super) fn run_number(server: &Server, execution: &Execution) -> u32 {
    let mut runs = server.runs_of(execution.workflow_id.as_str());
    let before = runs.position(|run| run.execution() == execution).unwrap_or(0);
    u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
}
