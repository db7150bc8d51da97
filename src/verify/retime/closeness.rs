//! Whether a real server gives a run's order: what happens too close together may come the other way
//! round there, where a timer is up to a second late (O1).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::story::Story;
use crate::clock::Time;
use crate::server::TaskKey;
use crate::sim::{ClientIndex, Happening, Limits, Plan, Race, RunResult, Schedule, run};

/// Two deadlines of the server must be further apart than this.
pub(super) const BETWEEN_DEADLINES: Duration = Duration::from_millis(1_500);

/// What comes before a deadline must come this much before it.
pub(super) const BEFORE_A_DEADLINE: Duration = Duration::from_secs(2);

/// More pairs than this are not looked at: there is too much at one time.
const MAX_PAIRS: usize = 48;

/// A run in default order, and what in it came just before a deadline of the server.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) result: RunResult,
    pairs: Vec<Pair>,
    /// The steps of clients, by their number, that came at the instant of something that a worker
    /// was about to do. Which task a worker is then handed first is up to the real server's queues.
    pub(super) coincidences: BTreeSet<(ClientIndex, u32)>,
}

/// A choice, and which of the happenings there is a deadline that could come first.
#[derive(Clone, Copy, Debug)]
struct Pair {
    choice: usize,
    deadline: usize,
    apart: Duration,
    needed: Duration,
    bearing: Bearing,
}

/// Whether a pair matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bearing {
    /// If the story is another, the other way round.
    OnTheStory,
    /// Always: whoever is asked a query is shown the history until then, and that leaves no trace.
    OnATask,
}

impl Bearing {
    fn of(first: Happening, deadline: Happening) -> Self {
        match (first, deadline) {
            (Happening::Server(query @ TaskKey::Query(..)), Happening::Server(deadline))
                if query.run() == deadline.run() =>
            {
                Self::OnATask
            }
            _ => Self::OnTheStory,
        }
    }
}

/// Something that would change the story if it came later than the deadline that follows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Close {
    /// How much before the deadline it comes.
    pub apart: Duration,
    /// How much it would have to be.
    pub needed: Duration,
    /// Since the beginning.
    pub at: Duration,
}

/// Picks the default order, and notes where a deadline follows closely.
#[derive(Default)]
struct Watch {
    choices: usize,
    pairs: Vec<Pair>,
    /// How many steps each client has taken.
    steps: BTreeMap<ClientIndex, u32>,
    coincidences: BTreeSet<(ClientIndex, u32)>,
}

impl Schedule for Watch {
    fn pick(&mut self, now: Time, enabled: &[(Time, Happening)]) -> usize {
        let (due, first) = enabled[0];
        let (due, needed) = (due.max(now), needed_before(first));
        for (deadline, (later, happening)) in enabled.iter().enumerate().skip(1) {
            let apart = later.since(due);
            if is_deadline(*happening) && apart < needed {
                let bearing = Bearing::of(first, *happening);
                self.pairs.push(Pair { choice: self.choices, deadline, apart, needed, bearing });
            }
        }
        if let Happening::Client(client) = first {
            let step = self.steps.entry(client).or_default();
            *step += 1;
            let is_with = |(at, other): &(Time, Happening)| {
                matches!(other, Happening::Worker(..)) && *at <= due
            };
            if enabled.iter().any(is_with) {
                self.coincidences.insert((client, *step));
            }
        }
        self.choices += 1;
        0
    }
}

/// Picks the default order but for one choice.
struct Swap {
    left: usize,
    pick: usize,
    at: Option<Time>,
}

impl Schedule for Swap {
    fn pick(&mut self, _: Time, enabled: &[(Time, Happening)]) -> usize {
        if self.left > 0 {
            self.left -= 1;
            return 0;
        }
        if self.at.is_none() {
            self.at = Some(enabled[0].0);
            return self.pick;
        }
        0
    }
}

fn is_deadline(happening: Happening) -> bool {
    matches!(happening, Happening::Server(TaskKey::Timer(..)))
}

fn needed_before(first: Happening) -> Duration {
    if is_deadline(first) { BETWEEN_DEADLINES } else { BEFORE_A_DEADLINE }
}

const RACE: Race = Race { window: BEFORE_A_DEADLINE, faults: 0 };

/// Runs a scenario in default order.
pub(super) fn watch(plan: &Arc<Plan>, limits: &Limits) -> Watched {
    let mut watch = Watch::default();
    let result = run(plan, RACE, limits, &mut watch);
    Watched { result, pairs: watch.pairs, coincidences: watch.coincidences }
}

/// Whether ties count: what a scenario leaves to chance as it is written stays so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ties {
    Count,
    AreTheScenarios,
}

impl Watched {
    /// The first thing that would change the story if it came after the deadline that follows.
    pub(super) fn close(
        &self,
        plan: &Arc<Plan>,
        limits: &Limits,
        story: &Story,
        ties: Ties,
    ) -> Option<Close> {
        let counts = |pair: &&Pair| ties == Ties::Count || !pair.apart.is_zero();
        for (looked_at, pair) in self.pairs.iter().filter(counts).enumerate() {
            let mut swap = Swap { left: pair.choice, pick: pair.deadline, at: None };
            if looked_at < MAX_PAIRS && pair.bearing == Bearing::OnTheStory {
                let swapped = run(plan, RACE, limits, &mut swap);
                if story.twist(&swapped).is_none() {
                    continue;
                }
            }
            return Some(Close {
                apart: pair.apart,
                needed: pair.needed,
                at: swap.at.unwrap_or(crate::clock::EPOCH).since(crate::clock::EPOCH),
            });
        }
        None
    }
}
