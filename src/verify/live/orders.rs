//! The orders in which the server's own work of one instant can be done.

use crate::clock::Time;
use crate::server::TaskKey;
use crate::sim::{Happening, Simulation};

/// So many states are looked at, no more.
const MAX_STATES: usize = 400;

/// A state in which nothing is left of the server's own work, and the order that led to it.
pub(super) struct Order {
    pub(super) simulation: Simulation,
    pub(super) keys: Vec<TaskKey>,
}

/// All states that the server's own work that is due no later than `until` can lead to. Work that
/// hands tasks out is not part of it: when a worker polls is in the driver's hands.
pub(super) fn orders(before: &Simulation, until: Time) -> Vec<Order> {
    let mut seen: Vec<Simulation> = vec![before.clone()];
    let mut open = vec![Order { simulation: before.clone(), keys: Vec::new() }];
    let mut ends = Vec::new();
    while let Some(order) = open.pop() {
        let due = own_work(&order.simulation, until);
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
pub(super) fn own_work(simulation: &Simulation, until: Time) -> Vec<(Time, TaskKey)> {
    let mut due = Vec::new();
    simulation.server().due_until(until, &mut due);
    due.retain(|(_, key)| !matches!(key, TaskKey::Dispatch(..)));
    let Some(earliest) = due.first().map(|(due, _)| (*due).max(simulation.now())) else {
        return due;
    };
    due.retain(|(due, _)| *due <= earliest);
    due
}
