//! Where real time and virtual time meet.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::{EPOCH, Time};
use crate::server::TaskKey;
use crate::sim::Simulation;

/// A request that must come before a deadline of the server's comes this long before it.
const MARGIN: Duration = Duration::from_millis(250);

/// Timers that are due within this time may come as much too late (O1).
const SHORT: Duration = Duration::from_secs(1);

/// How late a timer may be in the end.
const LATE: Duration = Duration::from_millis(1_200);
/// As [`LATE`], for one that was not short.
const SLIGHTLY_LATE: Duration = Duration::from_millis(400);

/// Which real instant is which virtual one. What is said of virtual time here is a promise of order,
/// not of exact times: real things are late.
#[derive(Debug)]
pub(super) struct RealTime {
    /// The real instant of the scenario's beginning.
    start: Instant,
    /// How much later than they should the real things have been so far.
    lag: Duration,
    /// When the real server's deadlines come: they count from when it set them, with the lag of
    /// then.
    deadlines: BTreeMap<TaskKey, Deadline>,
}

#[derive(Clone, Copy, Debug)]
struct Deadline {
    due: Time,
    real: Instant,
    late: Duration,
}

impl RealTime {
    /// The scenario begins now.
    pub(super) fn start() -> Self {
        Self { start: Instant::now(), lag: Duration::ZERO, deadlines: BTreeMap::new() }
    }

    /// What belongs to this virtual instant has happened now.
    pub(super) fn catch_up(&mut self, now: Time) {
        self.lag = self.lag.max(self.start.elapsed().saturating_sub(now.since(EPOCH)));
    }

    /// Takes note of the deadlines that the server has set now.
    pub(super) fn take_note(&mut self, simulation: &Simulation) {
        let mut due = Vec::new();
        simulation.server().due_until(Time::MAX, &mut due);
        let real_now = Instant::now();
        let now = simulation.now();
        let mut deadlines = BTreeMap::new();
        for (due, key) in due {
            if !matches!(key, TaskKey::Timer(..)) {
                continue;
            }
            let known = self.deadlines.get(&key).filter(|known| known.due == due).copied();
            let deadline = known.unwrap_or_else(|| {
                let ahead = due.since(now);
                let late = if ahead < SHORT { LATE } else { SLIGHTLY_LATE };
                Deadline { due, real: real_now + ahead.min(FAR), late }
            });
            deadlines.insert(key, deadline);
        }
        self.deadlines = deadlines;
    }

    /// When a deadline comes, and when it has come for certain.
    pub(super) fn deadline(&self, key: TaskKey, due: Time) -> (Instant, Instant) {
        match self.deadlines.get(&key).filter(|known| known.due == due) {
            Some(deadline) => (deadline.real, deadline.real + deadline.late),
            None => (self.at(due), self.at(due) + LATE),
        }
    }

    /// When something is to be asked that is due at this virtual instant: before the deadlines
    /// that come after it, and those that come with it (R80).
    pub(super) fn to_ask(&self, due: Time) -> Instant {
        let later = self.deadlines.values().filter(|deadline| deadline.due >= due);
        let latest = later.filter_map(|deadline| deadline.real.checked_sub(MARGIN)).min();
        latest.map_or(self.at(due), |latest| latest.min(self.at(due)))
    }

    fn at(&self, time: Time) -> Instant {
        self.start + time.since(EPOCH).min(FAR) + self.lag
    }
}

/// Further ahead nobody waits: instants must not overflow.
const FAR: Duration = Duration::from_secs(10 * 365 * 86_400);
