//! The real histories come to where ours are, or the fake is brought to where they are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::connection::{Answer, Unreachable};
use super::difference::{Difference, Trouble};
use super::lockstep::Lockstep;
use super::orders::{Work, orders, own_work};
use crate::history::RunId;
use crate::server::TaskKey;
use crate::sim::Simulation;

/// How long the real server may take for what it should have done.
const PATIENCE: Duration = Duration::from_secs(4);

/// How often histories are read while something is awaited.
const GLANCE: Duration = Duration::from_millis(25);

/// How long more work of the server's own may take that is due at the same instant.
const MORE: Duration = Duration::from_millis(1_500);

/// What the fake server has done by itself and was not yet seen on the real one.
#[derive(Default)]
pub(super) struct Awaited {
    /// The state before it.
    pub(super) before: Option<Simulation>,
    /// When it should have happened.
    pub(super) at: Option<Instant>,
    /// What left nothing in a history has happened for certain then.
    pub(super) unseen_until: Option<Instant>,
    /// Runs of which only a description shows what has happened.
    pub(super) described: BTreeSet<RunId>,
}

/// Whether the state of the simulation is another one now.
#[derive(PartialEq, Eq)]
pub(super) enum Settled {
    AsItWas,
    /// The real server did its own work in another order.
    OtherOrder,
}

impl Lockstep {
    /// Waits until the real histories are where ours are.
    pub(super) async fn settle(&mut self) -> Result<Settled, Trouble> {
        if let Some(at) = self.awaited.at {
            self.rest_until(at).await?;
        }
        let more_until = Instant::now() + self.patience_for_more();
        let until = more_until + PATIENCE;
        let settled = loop {
            let Some(difference) = self.compare_all().await? else {
                if let Some(unseen) = self.awaited.unseen_until {
                    sleep_until(unseen).await;
                    self.awaited.unseen_until = None;
                    continue;
                }
                // What is due at this very instant will not wait for what comes next by default.
                if Instant::now() < more_until {
                    sleep(GLANCE).await;
                    continue;
                }
                break Settled::AsItWas;
            };
            if self.find_order().await? {
                break Settled::OtherOrder;
            }
            if Instant::now() >= until {
                return Err(Trouble::Different(difference));
            }
            sleep(GLANCE).await;
        };
        if self.awaited.before.is_some() {
            self.time.catch_up(self.simulation.now());
        }
        self.awaited = Awaited::default();
        self.time.take_note(&self.simulation);
        Ok(settled)
    }

    /// Looks for an order of the server's own work that gives what the real server has, and goes on
    /// from there: another order of what the fake has done, or more of it before what comes next
    /// by default.
    async fn find_order(&mut self) -> Result<bool, Trouble> {
        *self.glance() = Some(BTreeMap::new());
        let found = self.try_orders().await;
        *self.glance() = None;
        found
    }

    /// What was read at this glance at the real server.
    pub(super) fn glance(&self) -> MutexGuard<'_, Option<BTreeMap<String, Answer>>> {
        self.glance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn try_orders(&mut self) -> Result<bool, Trouble> {
        let ours = self.simulation.clone();
        let others = self.awaited.before.iter().flat_map(|it| orders(it, Work::All, ours.now()));
        let further = orders(&ours, Work::ButDeadlines, ours.now());
        let others = others.map(|order| (order, ""));
        let further = further.into_iter().map(|order| (order, ", then the request"));
        for (order, then) in others.chain(further).collect::<Vec<_>>() {
            if order.simulation == ours {
                continue;
            }
            self.simulation = order.simulation;
            let is_real = match self.compare_all().await {
                Ok(difference) => difference.is_none(),
                Err(error) => return Err(error.into()),
            };
            if is_real {
                self.simulation.look_on();
                let keys: Vec<String> = order.keys.iter().map(|key| self.told(*key)).collect();
                self.orders.push(keys.join(", then ") + then);
                return Ok(true);
            }
        }
        self.simulation = ours;
        Ok(false)
    }

    /// Work of the server's own, for people.
    fn told(&self, key: TaskKey) -> String {
        let mut runs = self.simulation.server().runs();
        let run = key.run().and_then(|at| runs.nth(at.0 as usize));
        let workflow_id = run.map_or("?", |run| run.execution().workflow_id.as_str());
        let what = match key {
            TaskKey::Transfer(_, transfer) => format!("{transfer:?}"),
            TaskKey::Dispatch(_, dispatch) => format!("{dispatch:?}"),
            TaskKey::Timer(_, timer) => format!("{timer:?}"),
            TaskKey::Batch(_) => "the next step of a batch job".to_owned(),
            TaskKey::Query(..) => "Query".to_owned(),
        };
        format!("{what} of {workflow_id}")
    }

    /// The first way in which the real server is not where ours is: in a history, or where none
    /// tells, in a description.
    async fn compare_all(&mut self) -> Result<Option<Difference>, Unreachable> {
        for run in self.unsettled() {
            if let Some(difference) = self.compare_run(run).await? {
                return Ok(Some(difference));
            }
        }
        for run in self.awaited.described.clone() {
            if let Some(difference) = self.compare_description(run).await? {
                return Ok(Some(difference));
            }
        }
        Ok(None)
    }

    /// How long to wait for more that the server does by itself at this instant. Nothing holds it
    /// back until the request that comes first by default; what will show is waited for, so that
    /// the request does not race with it.
    fn patience_for_more(&self) -> Duration {
        let ours = &self.simulation;
        let now = ours.now();
        let shows = orders(ours, Work::ButDeadlines, now)
            .iter()
            .any(|order| digests(&order.simulation) != digests(ours));
        let work = if self.awaited.before.is_some() { Work::All } else { Work::ButDeadlines };
        match own_work(ours, work, now).is_empty() {
            _ if shows => PATIENCE,
            false => MORE,
            true => Duration::ZERO,
        }
    }
}

/// What tells histories apart, a number a run.
pub(super) fn digests(simulation: &Simulation) -> Vec<u128> {
    simulation.server().runs().map(|run| run.history().digest()).collect()
}
