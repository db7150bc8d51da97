//! Where a search begins: at the beginning, or, for one shard of several, at its part of the states
//! that come a little later.

use std::collections::BTreeMap;

use super::Options;
use super::paths::Cost;
use super::picks::{Deviation, Picks};
use crate::sim::{Enabled, Next, Simulation};

/// A state to search from, and how one gets there.
#[derive(Clone, Debug)]
pub(super) struct Root {
    pub(super) simulation: Simulation,
    /// How many orderings lead there.
    pub(super) orderings: u128,
    /// That of the best of them.
    pub(super) cost: Cost,
    /// The best of them.
    pub(super) picks: Picks,
    /// How many choices it has.
    pub(super) choices: u32,
}

impl Root {
    fn beginning(simulation: Simulation) -> Self {
        Self {
            simulation,
            orderings: 1,
            cost: Cost::default(),
            picks: Picks::default(),
            choices: 0,
        }
    }

    fn child(&self, enabled: &Enabled, index: usize) -> Self {
        let (due, happening) = enabled[index];
        let mut simulation = self.simulation.clone();
        simulation.step(due, happening);
        let mut picks = self.picks.clone();
        let deviation =
            Deviation { choice: self.choices, index: u32::try_from(index).unwrap_or(u32::MAX) };
        picks.push(deviation);
        let faults = self.cost.faults() + u32::from(happening.is_fault());
        Self {
            simulation,
            orderings: self.orderings,
            cost: Cost::new(faults, picks.deviations().len(), self.cost.happenings() + 1),
            picks,
            choices: self.choices + u32::from(enabled.len() > 1),
        }
    }

    /// Takes in another way to the same state.
    fn merge(&mut self, other: Self) {
        let orderings = self.orderings.saturating_add(other.orderings);
        if (other.cost, &other.picks) < (self.cost, &self.picks) {
            *self = other;
        }
        self.orderings = orderings;
    }
}

/// So many states a shard are looked for before they are shared out: with more, shards take about
/// as long as one another.
const A_SHARD: usize = 32;
/// So many happenings from the beginning they are looked for: an endless scenario in which nothing
/// races never has more than one.
const MOST_LEVELS: u32 = 200;

/// The states that a search begins with.
///
/// Shards part the *orderings*: each ordering is in exactly one shard. States further on may be
/// reached by several.
pub(super) fn roots(begin: Simulation, options: &Options) -> Vec<Root> {
    let mut roots = vec![Root::beginning(begin)];
    let shards = options.shard.of();
    if shards == 1 {
        return roots;
    }
    let mut enabled = Enabled::default();
    let enough = A_SHARD.saturating_mul(shards as usize);
    for _ in 0..MOST_LEVELS {
        if roots.len() >= enough {
            break;
        }
        let mut went_on = false;
        let mut next: BTreeMap<u128, Root> = BTreeMap::new();
        let mut take = |root: Root| {
            let key = root.simulation.key();
            match next.get_mut(&key) {
                Some(known) => known.merge(root),
                None => drop(next.insert(key, root)),
            }
        };
        for root in roots {
            match root.simulation.next(options.race, &options.limits, &mut enabled) {
                Next::Choice => {
                    went_on = true;
                    (0..enabled.len()).for_each(|index| take(root.child(&enabled, index)));
                }
                Next::Ended(_) => take(root),
            }
        }
        roots = next.into_values().collect();
        if !went_on {
            break;
        }
    }
    // They are in the order of their keys, which says nothing about what is below them.
    let mut number = 0..;
    roots.retain(|_| number.next().is_some_and(|number| options.shard.has(number)));
    roots
}
