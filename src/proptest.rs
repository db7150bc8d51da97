//! Strategies for property tests of your own scenarios: in what order, when, and where a cancel
//! comes.
//!
//! ```
//! use deadbeat::proptest::orders;
//! use deadbeat::scenario::Scenario;
//! use deadbeat::sim::{Limits, Plan, Race, run};
//! use proptest::prelude::*;
//!
//! let source = "
//! name: whoever is first, the execution is closed in the end
//! workflows: { Nap: [{ sleep: 8h }] }
//! clients:
//!   a: [{ start: Nap, workflow_id: nap }, { cancel: nap, fails_with: NOT_FOUND }]
//!   b: [{ terminate: nap, when: WorkflowTaskScheduled, fails_with: NOT_FOUND }]
//! ";
//! let plan = Plan::new(Scenario::parse(source, "nap.yaml").unwrap());
//! proptest!(ProptestConfig::with_cases(64), |(order in orders())| {
//!     let race = Race::of(plan.scenario());
//!     let result = run(&plan, race, &Limits::default(), &mut order.schedule());
//!     prop_assert_ne!(result.execution("nap").status.name(), "Running");
//! });
//! ```
//!
//! What fails is shrunk towards the default order, earlier times and the first moment at which a
//! cancel does it.

use std::sync::Arc;
use std::time::Duration;

use ::proptest::collection::vec;
use ::proptest::prelude::*;
use ::proptest::sample::select;

use crate::clock::{EPOCH, Time};
use crate::explore::{Deviation, Picks};
use crate::history::fingerprint::Fingerprint;
use crate::scenario::model::{Cancel, ClientAction, ClientStep, Timing};
use crate::scenario::{Location, Scenario};
use crate::sim::{DefaultOrder, Happening, Limits, Plan, Race, Schedule, run};

/// An order in which things happen, whatever there is to choose from.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Order(Vec<u16>);

impl Order {
    /// A schedule that goes by it; beyond its end by the default order.
    pub fn schedule(&self) -> impl Schedule + '_ {
        Ordered { picks: &self.0 }
    }

    /// What it picks if there are always as many happenings to choose from as told, by choice: what
    /// [`Replay`](crate::explore::Replay) and tokens need.
    pub fn picks(&self, enabled: impl IntoIterator<Item = u32>) -> Picks {
        let picked = (0..).zip(&self.0).zip(enabled);
        picked
            .map(|((choice, pick), count)| Deviation {
                choice,
                index: u32::from(*pick) % count.max(1),
            })
            .collect()
    }
}

struct Ordered<'a> {
    picks: &'a [u16],
}

impl Schedule for Ordered<'_> {
    fn pick(&mut self, _now: Time, enabled: &[(Time, Happening)]) -> usize {
        let Some((first, rest)) = self.picks.split_first() else { return 0 };
        self.picks = rest;
        usize::from(*first) % enabled.len().max(1)
    }
}

/// Orders that depart from the default one in up to 64 choices. They shrink towards fewer
/// departures.
pub fn orders() -> impl Strategy<Value = Order> {
    vec(any::<u16>(), 0..=64).prop_map(Order)
}

/// The scenario with other times: each step of a client that comes at a time, or some time after the
/// step before, comes at any whole millisecond up to `latest` instead. They shrink towards zero.
pub fn timelines(scenario: &Scenario, latest: Duration) -> impl Strategy<Value = Scenario> + use<> {
    let steps = scenario.clients.values().flat_map(|steps| steps.iter());
    let count = steps.filter(|step| !matches!(step.timing, Timing::When(_))).count();
    let latest = u64::try_from(latest.as_millis()).unwrap_or(u64::MAX);
    let scenario = scenario.clone();
    vec(0..=latest, count).prop_map(move |times| {
        let mut moved = changed(&scenario, &times);
        let mut times = times.into_iter().map(Duration::from_millis);
        for steps in moved.clients.values_mut() {
            let mut own = steps.to_vec();
            for step in &mut own {
                let time = match step.timing {
                    Timing::When(_) => None,
                    Timing::At(_) | Timing::After(_) => times.next(),
                };
                if let (Timing::At(at) | Timing::After(at), Some(time)) = (&mut step.timing, time) {
                    *at = time;
                }
            }
            *steps = own.into();
        }
        moved
    })
}

/// A moment at which an execution could be cancelled.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CancellationPoint {
    /// Whose cancellation is requested.
    pub workflow_id: String,
    /// When, since the scenario's beginning.
    pub at: Duration,
}

impl CancellationPoint {
    /// The scenario with one more client, which requests the cancellation then.
    pub fn applied_to(&self, scenario: &Scenario) -> Scenario {
        let mut cancelled = changed(scenario, &(&self.workflow_id, self.at));
        let step = ClientStep {
            at: Location::default(),
            action: ClientAction::Cancel(Cancel {
                cancel: self.workflow_id.clone(),
                run: None,
                first_run: None,
                reason: None,
            }),
            identity: None,
            timing: Timing::At(self.at),
            fails_with: None,
            fault: None,
        };
        let free = |name: &String| !cancelled.clients.contains_key(name);
        let names = (2..).map(|number| format!("canceler-{number}"));
        let name = std::iter::once("canceler".to_owned()).chain(names).find(free);
        cancelled.clients.insert(name.unwrap_or_default(), Arc::from([step]));
        cancelled
    }
}

/// The moments at which a cancel of an execution could make a difference: when something is recorded
/// of it, as long as it is open, and a millisecond before and after. They are found by a run in the
/// default order, and shrink towards the first.
///
/// ```
/// use deadbeat::proptest::cancellation_points;
/// use deadbeat::scenario::Scenario;
/// use deadbeat::sim::{DefaultOrder, Limits, Plan, Race, run};
/// use proptest::prelude::*;
///
/// let source = "
/// name: whenever it is cancelled, it tidies up
/// workflows:
///   Tidy:
///     - try: [{ sleep: 1h }, { sleep: 1h }]
///       finally: [{ shield: [{ execute_activity: tidy, start_to_close_timeout: 10s }] }]
/// activities: { tidy: [{ sleep: 2s }] }
/// timeline: [{ start: Tidy, workflow_id: tidy }]
/// ";
/// let scenario = Scenario::parse(source, "tidy.yaml").unwrap();
/// proptest!(|(point in cancellation_points(&scenario, "tidy"))| {
///     let plan = Plan::new(point.applied_to(&scenario));
///     let result = run(&plan, Race::default(), &Limits::default(), &mut DefaultOrder);
///     let history = result.execution("tidy").text();
///     prop_assert!(history.contains("ActivityTaskCompleted"), "{history}");
/// });
/// ```
///
/// # Panics
///
/// If the scenario, run in the default order, starts nothing with this Workflow Id.
pub fn cancellation_points(
    scenario: &Scenario,
    workflow_id: &str,
) -> impl Strategy<Value = CancellationPoint> + use<> {
    let plan = Plan::new(scenario.clone());
    let result = run(&plan, Race::of(scenario), &Limits::default(), &mut DefaultOrder);
    let mut times: Vec<Duration> = Vec::new();
    for run in result.executions.iter().filter(|run| run.workflow_id() == workflow_id) {
        let last = run.history.last().map_or(EPOCH, |event| event.time);
        let recorded = run.history.events().map(|event| event.time - EPOCH);
        let around =
            recorded.flat_map(|time| [time.saturating_sub(A_MOMENT), time, time + A_MOMENT]);
        let first = run.history.events().next().map_or(EPOCH, |event| event.time);
        times.extend(around.filter(|time| (first..last).contains(&(EPOCH + *time))));
    }
    times.sort_unstable();
    times.dedup();
    assert!(!times.is_empty(), "nothing with the Workflow Id `{workflow_id}` was started");
    let workflow_id = workflow_id.to_owned();
    select(times).prop_map(move |at| CancellationPoint { workflow_id: workflow_id.clone(), at })
}

const A_MOMENT: Duration = Duration::from_millis(1);

/// A scenario that is about to be another one: so is its digest, so that no token fits both.
fn changed(scenario: &Scenario, change: &impl std::hash::Hash) -> Scenario {
    let digest = Fingerprint::of(&(scenario.digest, change));
    Scenario { digest, ..scenario.clone() }
}
