//! A scripted worker: what an official SDK's worker does between a poll and its answer.
//!
//! ```
//! use deadbeat::api::Request;
//! use deadbeat::clock::EPOCH;
//! use deadbeat::scenario::Scenario;
//! use deadbeat::worker::{Program, Worker, WorkerIndex};
//!
//! let text = "name: nap\nworkflows:\n  Nap:\n    - sleep: 1s\ntimeline:\n  - start: Nap\n    workflow_id: n\n";
//! let scenario = Scenario::parse(text, "nap.yaml").unwrap();
//! let mut worker =
//!     Worker::new(Program::compile(&scenario), WorkerIndex(0), &scenario.workers[0]);
//! let mut sent = Vec::new();
//! worker.start(EPOCH, &mut sent);
//! // Its task queue, its own (sticky) queue, and activities.
//! assert_eq!(sent.len(), 3);
//! assert!(matches!(sent[0].request, Request::PollWorkflowTaskQueue(_)));
//! assert_eq!(worker.due_set().count(), 0);
//! ```
//!
//! It knows how workflow code is replayed and run (in activations, as sdk-core hands them out), how
//! commands are matched against the events that record them, how cancels travel through scopes and
//! operations, how heartbeats are throttled, and when a run stays in the cache. It refuses to know
//! who the server is, what time it is (it is told) and which of several things comes first:
//! requests go out through `out`, answers come in through [`Worker::answer`], and what it will do
//! by itself is in [`Worker::due_set`].
//!
//! What differs between SDKs is as in the Python SDK on sdk-core 0.10, unless a workflow asks for
//! the scopes of the others ([`CancellationModel`](crate::scenario::model::CancellationModel)).
//! Like sdk-core, it reports a workflow task's failure at the first attempt only; later attempts
//! are left to time out (C10).

mod activity;
mod cancel;
mod compile;
mod config;
mod coroutine;
mod duration;
mod failures;
mod fault;
mod interpret;
mod issue;
mod key;
mod local;
mod local_run;
mod native;
mod op;
mod problem;
mod program;
mod query;
mod replay;
mod run;
mod script;
mod task;
mod throttle;
mod unwind;
mod update;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub use activity::LOCAL_TIMEOUT_BUFFER;
pub use fault::AtStake;
pub use key::{ActivityKey, WorkerIndex, WorkerKey, WorkflowTaskKey};
pub use local_run::LOCAL_RETRY_THRESHOLD;
pub use native::{CancelReason, NativeCommand, NativeEvent};
pub use problem::Problem;
pub use program::Program;
pub use run::MAX_STEPS_PER_ACTIVATION;
pub use script::MAX_STEPS_PER_WAKE;

use crate::api::{
    CallId, PollActivityTaskQueue, PollWorkflowTaskQueue, PolledTaskQueue, QueryId, Request,
    Response, RpcError, StickyAttributes,
};
use crate::clock::Time;
use crate::history::RunId;
use crate::history::part::Parts;
use crate::scenario::model;

use activity::Activity;
use config::{Config, ConfigRef};
use key::Call;
use problem::Stopped;
use program::ProgramRef;
use query::OpenQuery;
use run::FailureCounts;
use task::{Kept, OpenTask};

/// How long a worker waits after a poll that was refused.
pub const POLL_BACKOFF: Duration = Duration::from_secs(1);

/// A request, and the call that its answer is for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Sent {
    /// Names the call.
    pub call: CallId,
    /// What is asked.
    pub request: Request,
}

/// A worker.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Worker {
    program: ProgramRef,
    index: WorkerIndex,
    config: ConfigRef,
    /// The version that it has of each workflow type.
    versions: Vec<u32>,
    running: bool,
    /// Whether it takes no tasks for a while.
    paused: bool,
    /// How often it was started.
    starts: u32,
    /// Its sticky queue, if it has a cache: a new one with each start, as a new process has.
    sticky: Option<StickyAttributes>,
    /// When it polls again, after a poll that was refused.
    poll_again: Option<Time>,
    /// Unanswered calls.
    calls: BTreeMap<CallId, Call>,
    /// Runs that stay in memory between their tasks.
    cache: BTreeMap<RunId, Kept>,
    tasks: Parts<RunId, OpenTask>,
    /// Queries that came by themselves.
    queries: BTreeMap<QueryId, OpenQuery>,
    activities: Parts<ActivityKey, Activity>,
    failures: FailureCounts,
    stopped: Vec<Stopped>,
    native: Vec<NativeEvent>,
}

impl Worker {
    /// A worker that has not been started.
    pub fn new(program: Arc<Program>, index: WorkerIndex, config: &model::Worker) -> Self {
        let versions = program.workflows.iter().map(|workflow| {
            let wanted = config.versions.get(workflow.name.as_str());
            wanted.and_then(|name| workflow.version(name)).unwrap_or(0)
        });
        Self {
            versions: versions.collect(),
            program: ProgramRef(program),
            index,
            config: ConfigRef(Arc::new(Config::new(config))),
            running: false,
            paused: false,
            starts: 0,
            sticky: None,
            poll_again: None,
            calls: BTreeMap::new(),
            cache: BTreeMap::new(),
            tasks: Parts::default(),
            queries: BTreeMap::new(),
            activities: Parts::default(),
            failures: FailureCounts::new(),
            stopped: Vec::new(),
            native: Vec::new(),
        }
    }

    /// Starts polling, if it is not running already. Requests put in `out` are to be passed to the
    /// server at once, as part of the same happening.
    pub fn start(&mut self, _: Time, out: &mut Vec<Sent>) {
        if !self.running {
            self.running = true;
            self.starts += 1;
            self.sticky = self.config.sticky(self.starts);
            self.poll(out);
        }
    }

    /// What it says to the server as it stops in good order, after its polls have ended: that its
    /// sticky queue is nobody's now (D3). A worker that crashes says nothing.
    pub fn farewell(&self) -> Option<Request> {
        let sticky = self.sticky.as_ref().filter(|_| self.running)?;
        Some(Request::ShutdownWorker { sticky_task_queue: sticky.worker_task_queue.clone() })
    }

    /// Stops it: the parked calls to abandon are returned. Its cache, workflow tasks and activities
    /// are forgotten, and stay unanswered.
    pub fn stop(&mut self, _: Time) -> Vec<CallId> {
        self.running = false;
        self.poll_again = None;
        self.cache.clear();
        self.tasks.clear();
        self.queries.clear();
        self.activities.clear();
        self.native.clear();
        let calls = std::mem::take(&mut self.calls);
        calls.into_iter().filter(|(_, call)| call.is_poll()).map(|(id, _)| id).collect()
    }

    /// Keeps it from taking tasks: the parked calls to abandon are returned. What it has goes on.
    pub fn pause(&mut self) -> Vec<CallId> {
        self.paused = true;
        let polls = self.calls.iter().filter(|(_, call)| call.is_poll());
        let polls: Vec<CallId> = polls.map(|(id, _)| *id).collect();
        for id in &polls {
            self.calls.remove(id);
        }
        polls
    }

    /// Lets it take tasks again.
    pub fn resume(&mut self, out: &mut Vec<Sent>) {
        self.paused = false;
        self.poll(out);
    }

    /// Whether it was started and not stopped since.
    pub fn is_running(&self) -> bool {
        self.running
    }

    /// Gives it a version of a workflow's code. Runs in its cache keep the code that they began
    /// with: a deployment restarts the worker. Types and versions that there are not change
    /// nothing.
    pub fn deploy(&mut self, workflow_type: &str, version: &str) {
        if let Some(workflow) = self.program.workflow(workflow_type)
            && let Some(version) = self.program.workflows[workflow as usize].version(version)
        {
            self.versions[workflow as usize] = version;
        }
    }

    /// An answer from the server. A heartbeat's answer that tells of a cancel becomes a happening
    /// of its own, due now; every other takes effect at once. Answers to calls that it does not
    /// know (any more) are ignored.
    pub fn answer(
        &mut self,
        now: Time,
        call: CallId,
        result: Result<Response, RpcError>,
        out: &mut Vec<Sent>,
    ) {
        let Some(call) = self.calls.remove(&call) else { return };
        if call.is_poll() && result.is_err() {
            self.poll_again = Some(now + POLL_BACKOFF);
        }
        match (call, result) {
            (Call::PollWorkflowTasks(_) | Call::PollStickyTasks(_), result) => {
                match result {
                    Ok(Response::PollWorkflowTaskQueue(task)) => self.workflow_task(now, &task),
                    Ok(Response::QueryTask(task)) => self.query_task(now, &task),
                    _ => {}
                }
                self.poll(out);
            }
            (Call::PollActivityTasks(_), result) => {
                if let Ok(Response::PollActivityTaskQueue(task)) = result {
                    self.activity_task(now, task, out);
                }
                self.poll(out);
            }
            (Call::RespondWorkflowTask(key), result) => {
                self.workflow_task_answered(now, key, result);
                self.poll(out);
            }
            (Call::Heartbeat(key), result) => self.heartbeat_answered(now, key, &result),
            (Call::LastHeartbeat(_) | Call::RespondQueryTask(_), _) => {}
            (Call::RespondActivityTask(key), _) => self.activity_answered(key, out),
        }
    }

    /// What it will do by itself, and when, in order.
    pub fn due_set(&self) -> impl Iterator<Item = (Time, WorkerKey)> + '_ {
        let mut list = Vec::new();
        self.list_due(&mut list);
        list.sort_unstable();
        list.into_iter()
    }

    /// Adds the same to a list, in no order.
    pub fn list_due(&self, list: &mut Vec<(Time, WorkerKey)>) {
        for (_, task) in self.tasks.iter() {
            task.due(&self.program, list);
        }
        for (key, activity) in self.activities.iter() {
            activity.due(*key, list);
        }
        list.extend(self.queries.iter().map(|(id, query)| query.due(*id)));
        list.extend(self.poll_again.map(|time| (time, WorkerKey::Poll)));
    }

    /// Does one of those. Requests in `out` go to the server at once: a wake that sends a request
    /// is the request's arrival.
    pub fn fire(&mut self, now: Time, key: WorkerKey, out: &mut Vec<Sent>) {
        match key {
            WorkerKey::HeartbeatAnswer(key) => self.deliver_answer(now, key, out),
            WorkerKey::RespondWorkflowTask(key) => self.respond_workflow_task(key, out),
            WorkerKey::RespondQueryTask(id) => self.respond_query_task(id, out),
            WorkerKey::LocalActivity(run, op) => self.wake_local(now, run, op),
            WorkerKey::HeartbeatWorkflowTask(key) => self.heartbeat_workflow_task(key, out),
            WorkerKey::Activity(key) => self.wake_activity(now, key, out),
            WorkerKey::Heartbeat(key) => self.flush_heartbeat(now, key, out),
            WorkerKey::ActivityTimeout(key) => self.activity_timed_out(now, key, out),
            WorkerKey::Poll => {
                self.poll_again = None;
                self.poll(out);
            }
        }
    }

    /// Whether there are mistakes in the scenario to be taken.
    pub fn has_problems(&self) -> bool {
        !self.stopped.is_empty()
    }

    /// Mistakes in the scenario that showed since the last call.
    pub fn take_problems(&mut self) -> Vec<Problem> {
        let stopped = std::mem::take(&mut self.stopped);
        stopped.into_iter().map(|stopped| stopped.problem(&self.program)).collect()
    }

    /// Parks one poll of each kind, as long as there are slots for what they may bring.
    fn poll(&mut self, out: &mut Vec<Sent>) {
        if !self.running || self.paused || self.poll_again.is_some() {
            return;
        }
        if self.config.polls_workflow_tasks() && self.tasks.len() < self.config.max_workflow_tasks {
            self.park(Call::PollWorkflowTasks(self.starts), out);
            if self.sticky.is_some() {
                self.park(Call::PollStickyTasks(self.starts), out);
            }
        }
        if self.config.polls_activity_tasks() && self.activities.len() < self.config.max_activities
        {
            self.park(Call::PollActivityTasks(self.starts), out);
        }
    }

    /// Parks a poll, unless there is one like it.
    fn park(&mut self, call: Call, out: &mut Vec<Sent>) {
        if self.calls.contains_key(&call.id(self.index)) {
            return;
        }
        let identity = self.config.identity.clone();
        let request = match (call, &self.sticky) {
            (Call::PollActivityTasks(_), _) => {
                let task_queue = self.config.task_queue.clone();
                Request::PollActivityTaskQueue(PollActivityTaskQueue { task_queue, identity })
            }
            (Call::PollStickyTasks(_), Some(sticky)) => {
                let task_queue = PolledTaskQueue::Sticky(sticky.worker_task_queue.clone());
                Request::PollWorkflowTaskQueue(PollWorkflowTaskQueue { task_queue, identity })
            }
            _ => {
                let task_queue = PolledTaskQueue::Normal(self.config.task_queue.clone());
                Request::PollWorkflowTaskQueue(PollWorkflowTaskQueue { task_queue, identity })
            }
        };
        self.send(call, request, out);
    }

    fn send(&mut self, call: Call, request: Request, out: &mut Vec<Sent>) {
        let id = call.id(self.index);
        self.calls.insert(id, call);
        out.push(Sent { call: id, request });
    }
}
