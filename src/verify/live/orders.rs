//! The orders in which the server's own work of one instant can be done.

use crate::clock::Time;
use crate::server::TaskKey;
use crate::sim::{Happening, Simulation};

/// So many states are looked at, no more.
const MAX_STATES: usize = 500;

/// What the server does by itself, and no driver can hold back. Work that hands tasks out is not part
/// of it: when a worker polls is in the driver's hands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Work {
    /// All of it.
    All,
    /// What is done at once. A request that comes at a deadline comes before it (R80).
    ButDeadlines,
}

impl Work {
    fn has(self, key: TaskKey) -> bool {
        match key {
            TaskKey::Transfer(..) | TaskKey::Batch(_) => true,
            TaskKey::Timer(..) => self == Self::All,
            TaskKey::Dispatch(..) | TaskKey::Query(..) => false,
        }
    }
}

/// A state in which nothing is left of the server's own work, and the order that led to it.
pub(super) struct Order {
    pub(super) simulation: Simulation,
    pub(super) keys: Vec<TaskKey>,
}

/// All states that the server's own work that is due no later than `until` can lead to.
pub(super) fn orders(before: &Simulation, work: Work, until: Time) -> Vec<Order> {
    let mut seen: Vec<Simulation> = vec![before.clone()];
    let mut open = vec![Order { simulation: before.clone(), keys: Vec::new() }];
    let mut ends = Vec::new();
    while let Some(order) = open.pop() {
        let due = own_work(&order.simulation, work, until);
        if due.is_empty() {
            ends.push(order);
            continue;
        }
        for (due, key) in due.into_iter().rev() {
            let mut simulation = order.simulation.clone();
            simulation.step(due, Happening::Server(key));
            if seen.len() < MAX_STATES && !seen.contains(&simulation) {
                seen.push(simulation.clone());
                let keys = order.keys.iter().copied().chain([key]).collect();
                open.push(Order { simulation, keys });
            }
        }
    }
    ends
}

/// What the server could do next by itself, at the instant of what is due first.
pub(super) fn own_work(simulation: &Simulation, work: Work, until: Time) -> Vec<(Time, TaskKey)> {
    let mut due = Vec::new();
    simulation.server().due_until(until, &mut due);
    due.retain(|(_, key)| work.has(*key));
    let Some(earliest) = due.first().map(|(due, _)| (*due).max(simulation.now())) else {
        return due;
    };
    due.retain(|(due, _)| *due <= earliest);
    due
}
