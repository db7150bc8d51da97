//! What can go wrong with a worker, and what it would lose.

use std::collections::BTreeMap;

use super::key::{ActivityKey, WorkerKey};
use super::task::OpenTask;
use super::{Sent, Worker};
use crate::api::Request;
use crate::clock::Time;
use crate::history::part::Parts;

/// What of a worker's next step can be lost on its way to the server or back, so that it matters.
///
/// The answer to the end of an activity is not among it: the retry finds the activity gone, which
/// the worker takes for an answer like any other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AtStake {
    /// Nothing.
    Nothing,
    /// The completion of a workflow task, and the next task that its answer may bring.
    Completion,
    /// A heartbeat of an activity that goes on.
    Heartbeat(ActivityKey),
    /// A heartbeat that the end of the activity follows at once.
    LastHeartbeat,
}

impl Worker {
    /// Whether a crash would cost it anything.
    pub fn has_work(&self) -> bool {
        let idle = self.tasks.is_empty()
            && self.activities.is_empty()
            && self.queries.is_empty()
            && self.cache.is_empty();
        self.running && !idle
    }

    /// Whether there are workflows in its cache.
    pub fn has_cached(&self) -> bool {
        !self.cache.is_empty()
    }

    /// Forgets the workflows in its cache. Those with a task stay, as in sdk-core. Its sticky queue
    /// stays too: what comes from there is replayed from the beginning.
    pub fn lose_cache(&mut self) {
        self.cache.clear();
    }

    /// What is at stake when it does what is due. Nothing changes.
    pub fn at_stake(&self, now: Time, key: WorkerKey) -> AtStake {
        match key {
            WorkerKey::RespondWorkflowTask(key) => {
                let completes = self.tasks.get(&key.run_id).is_some_and(OpenTask::completes);
                if completes { AtStake::Completion } else { AtStake::Nothing }
            }
            WorkerKey::HeartbeatWorkflowTask(_) => AtStake::Completion,
            WorkerKey::Heartbeat(activity) => AtStake::Heartbeat(activity),
            WorkerKey::Activity(activity)
            | WorkerKey::HeartbeatAnswer(activity)
            | WorkerKey::ActivityTimeout(activity) => {
                let Some(running) = self.activities.get(&activity) else { return AtStake::Nothing };
                // What its code would do is found out with a worker that has nothing else.
                let mut apart =
                    Self { activities: Parts::of_one(activity, running.clone()), ..self.emptied() };
                let mut sent = Vec::new();
                apart.fire(now, key, &mut sent);
                of_activity(activity, &sent)
            }
            WorkerKey::RespondQueryTask(_) | WorkerKey::LocalActivity(..) | WorkerKey::Poll => {
                AtStake::Nothing
            }
        }
    }

    /// A worker with these settings and nothing to do, which does not poll.
    fn emptied(&self) -> Self {
        Self {
            program: self.program.clone(),
            index: self.index,
            config: self.config.clone(),
            versions: Vec::new(),
            running: false,
            paused: true,
            starts: self.starts,
            sticky: None,
            poll_again: None,
            calls: BTreeMap::new(),
            cache: BTreeMap::new(),
            tasks: Parts::default(),
            queries: BTreeMap::new(),
            activities: Parts::default(),
            failures: BTreeMap::new(),
            stopped: Vec::new(),
            native: Vec::new(),
        }
    }
}

/// What is at stake in what an activity sends.
fn of_activity(activity: ActivityKey, sent: &[Sent]) -> AtStake {
    let mut heartbeats = false;
    let mut ends = false;
    for Sent { request, .. } in sent {
        match request {
            Request::RecordActivityTaskHeartbeat { .. } => heartbeats = true,
            // Nothing of it stays: a heartbeat just before is of no account.
            Request::RespondActivityTaskCompleted { .. }
            | Request::RespondActivityTaskCanceled { .. } => return AtStake::Nothing,
            Request::RespondActivityTaskFailed(_) => ends = true,
            _ => {}
        }
    }
    match (heartbeats, ends) {
        (false, _) => AtStake::Nothing,
        (true, true) => AtStake::LastHeartbeat,
        (true, false) => AtStake::Heartbeat(activity),
    }
}
