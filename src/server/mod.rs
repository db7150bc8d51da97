//! The fake Temporal server: a pure state machine.
//!
//! It knows what the real server does with a request and with the passing of time. It refuses to
//! know who asks, what time it is (it is told), and which of several things comes first (somebody
//! else chooses). Cloning it clones everything, and all of it hashes.

mod key;

pub use key::{Dispatch, RunIndex, TaskKey, Timer, Transfer};

use std::sync::Arc;

use crate::api::{CallId, ExecutionStatus, Outbox, Request};
use crate::clock::Time;
use crate::history::event::WorkflowExecutionStarted;
use crate::history::{Execution, History, RunId};

/// The server: the runs of one namespace, the tasks that wait, the polls that are parked.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Server {
    runs: Vec<Arc<Run>>,
}

/// One run.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Run {
    execution: Execution,
    started: Arc<WorkflowExecutionStarted>,
    history: History,
    status: ExecutionStatus,
}

impl Server {
    /// A server without executions, for the namespace with this name.
    pub fn new(_namespace: &str) -> Self {
        unreachable!()
    }

    /// Takes a request. Its answer, and those of parked calls that it lets go on, are in `outbox`
    /// on return; a poll that finds nothing is parked and answered by a later [`Server::fire`].
    pub fn call(&mut self, _now: Time, _call: CallId, _request: Request, _outbox: &mut Outbox) {
        unreachable!()
    }

    /// Forgets a parked call: nobody waits for its answer any more.
    pub fn abandon(&mut self, _now: Time, _call: CallId) {
        unreachable!()
    }

    /// What comes next by default, and when it is due.
    pub fn due(&self) -> Option<(Time, TaskKey)> {
        unreachable!()
    }

    /// Everything that the server will do by itself as things are, in default order.
    pub fn due_set(&self) -> impl Iterator<Item = (Time, TaskKey)> + '_ {
        std::iter::empty()
    }

    /// Does one of those. `now` is no earlier than when it was due.
    pub fn fire(&mut self, _now: Time, _task: TaskKey, _outbox: &mut Outbox) {
        unreachable!()
    }

    /// The runs, in the order in which they were made.
    pub fn runs(&self) -> impl ExactSizeIterator<Item = &Run> + '_ {
        self.runs.iter().map(|run| &**run)
    }

    /// The run with this id.
    pub fn run(&self, _id: RunId) -> Option<&Run> {
        unreachable!()
    }

    /// The current run of a Workflow Id: the latest, open or closed (R29).
    pub fn current_run(&self, _workflow_id: &str) -> Option<&Run> {
        unreachable!()
    }

    /// The runs of a Workflow Id, in the order in which they were made.
    pub fn runs_of(&self, _workflow_id: &str) -> impl Iterator<Item = &Run> + '_ {
        std::iter::empty()
    }
}

impl Run {
    /// Which run it is.
    pub fn execution(&self) -> &Execution {
        &self.execution
    }

    /// What its first event says.
    pub fn started(&self) -> &Arc<WorkflowExecutionStarted> {
        &self.started
    }

    /// What is recorded of it.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Whether and how it has closed.
    pub fn status(&self) -> ExecutionStatus {
        self.status
    }
}
