//! What can come next: a happening is a step of a client, of the server or of a worker.

use std::cmp::Ordering;
use std::ops::Deref;

use super::Fault;
use crate::api::CallId;
use crate::clock::Time;
use crate::server::TaskKey;
use crate::worker::{ActivityKey, WorkerIndex, WorkerKey};

/// The number of a client in its scenario, from 0, in the order of the clients' names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClientIndex(pub u16);

/// Something that could happen next.
///
/// Happenings are structural: the same thing has the same value whatever happened before in what
/// order. Their order is the default order of those due at one instant: clients first, then what
/// the server hands on and hands out, then workers, and the server's deadlines last, because a
/// request that arrives at a deadline comes before it (R80). Faults come after all of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Happening {
    /// A client takes its next step; the request arrives at the server.
    Client(ClientIndex),
    /// The server does something by itself.
    Server(TaskKey),
    /// A worker does something; what it sends arrives at the server.
    Worker(WorkerIndex, WorkerKey),
    /// What an activity in Rust has done comes to its worker; what that sends arrives at the
    /// server. Only a [`Host`](super::Host) has such happenings.
    Native(WorkerIndex, ActivityKey),
    /// A request arrives that a fault has delayed or doubled, or an answer's loss made necessary
    /// again. It is named by the call that it was first sent with.
    Arrival(CallId),
    /// Something goes wrong. Faults come last, after all that is ordinary.
    Fault(Fault),
}

impl Happening {
    /// Whether something goes wrong.
    pub fn is_fault(self) -> bool {
        matches!(self, Self::Fault(_))
    }

    /// Its place among those due at one instant.
    fn class(self) -> u8 {
        match self {
            Self::Client(_) => 0,
            Self::Server(TaskKey::Transfer(..) | TaskKey::Batch(_) | TaskKey::Dispatch(..)) => 1,
            Self::Worker(..) => 2,
            Self::Native(..) => 3,
            Self::Arrival(_) => 4,
            Self::Server(TaskKey::Timer(..)) => 5,
            Self::Server(TaskKey::Query(..)) => 6,
            Self::Fault(_) => 7,
        }
    }
}

impl Ord for Happening {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Client(a), Self::Client(b)) => a.cmp(b),
            (Self::Worker(a, key_a), Self::Worker(b, key_b)) => (a, key_a).cmp(&(b, key_b)),
            (Self::Native(a, key_a), Self::Native(b, key_b)) => (a, key_a).cmp(&(b, key_b)),
            (Self::Arrival(a), Self::Arrival(b)) => a.cmp(b),
            (Self::Fault(a), Self::Fault(b)) => a.cmp(b),
            // Within the server's own, the key's order tells: timers and queries come last there.
            (Self::Server(a), Self::Server(b)) => a.cmp(b),
            _ => self.class().cmp(&other.class()),
        }
    }
}

impl PartialOrd for Happening {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The happenings that could come next, in default order. Made once and filled again and again, so
/// that nothing is allocated for each happening.
#[derive(Debug, Default)]
pub struct Enabled {
    pub(super) happenings: Vec<(Time, Happening)>,
    /// Room for what the server has due.
    pub(super) tasks: Vec<(Time, TaskKey)>,
    /// Room for what a worker has due.
    pub(super) keys: Vec<(Time, WorkerKey)>,
}

impl Deref for Enabled {
    type Target = [(Time, Happening)];

    fn deref(&self) -> &[(Time, Happening)] {
        &self.happenings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::EventId;
    use crate::server::{Dispatch, RunIndex, Timer, Transfer};

    #[test]
    fn clients_come_first_and_deadlines_last() {
        let run = RunIndex(0);
        let transfer = TaskKey::Transfer(run, Transfer::StartChild(EventId(5)));
        let dispatch = TaskKey::Dispatch(run, Dispatch::WorkflowTask);
        let timer = TaskKey::Timer(run, Timer::UserTimers);
        let expected = [
            Happening::Client(ClientIndex(0)),
            Happening::Client(ClientIndex(1)),
            Happening::Server(transfer),
            Happening::Server(dispatch),
            Happening::Server(timer),
        ];
        let mut sorted = expected;
        sorted.reverse();
        sorted.sort_unstable();
        assert_eq!(sorted, expected);
    }
}
