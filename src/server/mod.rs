//! The fake Temporal server: a pure state machine.
//!
//! It knows what the real server does with a request and with the passing of time. It refuses to
//! know who asks, what time it is (it is told), and which of several things comes first (somebody
//! else chooses). Cloning it clones everything, and all of it hashes.
//!
//! A request goes in with [`Server::call`]; what the server will do by itself, it lists in
//! [`Server::due_until`] and does when told to with [`Server::fire`].
//!
//! ```
//! use deadbeat::api::{CallId, Outbox, Request, Response};
//! use deadbeat::clock::EPOCH;
//! use deadbeat::official::workflowservice::StartWorkflowExecutionRequest;
//! use deadbeat::official::{common::WorkflowType, taskqueue::TaskQueue};
//! use deadbeat::server::Server;
//!
//! let request = StartWorkflowExecutionRequest {
//!     workflow_id: "greeting".to_owned(),
//!     workflow_type: Some(WorkflowType { name: "GreetingWorkflow".to_owned() }),
//!     task_queue: Some(TaskQueue { name: "main".to_owned(), ..TaskQueue::default() }),
//!     ..StartWorkflowExecutionRequest::default()
//! };
//! let mut server = Server::new("default");
//! let mut outbox = Outbox::new();
//! server.call(EPOCH, CallId(1), Request::StartWorkflowExecution(request.into()), &mut outbox);
//!
//! let (call, answer) = outbox.drain().next().unwrap();
//! assert_eq!(call, CallId(1));
//! assert!(matches!(answer, Ok(Response::StartWorkflowExecution { started: true, .. })));
//! let run = server.current_run("greeting").unwrap();
//! let events: Vec<_> = run.history().events().map(|event| event.attributes.type_name()).collect();
//! assert_eq!(events, ["WorkflowExecutionStarted", "WorkflowTaskScheduled"]);
//! ```

mod activity;
mod activity_timeout;
mod agenda;
mod batch;
mod buffer;
mod calls;
mod cancel;
mod child;
mod close;
mod commands;
mod continue_as_new;
mod cron;
mod cron_spec;
mod describe;
mod directory;
mod duration;
mod external;
mod follow_up;
mod go_duration;
mod key;
mod look;
mod memo;
mod messages;
mod mutation;
mod polls;
mod query;
mod reader;
mod rebuild;
mod reset;
mod reset_points;
mod retry;
mod run;
mod search_attributes;
mod signal;
mod size;
mod speculative;
mod start;
mod start_checks;
#[cfg(test)]
mod story;
mod terminate;
mod timer;
mod transaction;
mod update;
mod update_wait;
mod visibility;
mod workflow_task;

pub use key::{BatchIndex, Dispatch, RunIndex, TaskKey, Timer, Transfer};
pub(crate) use look::PendingCounts;
#[cfg(test)]
pub(crate) use mutation::Mutation;
pub(crate) use retry::interval as retry_interval;
pub use run::Run;

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use agenda::Agenda;
use directory::Directory;
use polls::{Polls, QueueRef};
use transaction::Transaction;
use update::SentAgain;
use workflow_task::{StartedFrom, WorkflowTaskState};

use crate::api::{CallId, Outbox, Response, RpcError, Target};
use crate::clock::Time;
use crate::history::event::{WorkflowExecutionSignaled, WorkflowExecutionStarted};
use crate::history::part::Part;
use crate::history::{Name, RunId, WorkflowId};

/// The server: the runs of one namespace, the polls that are parked, and what follows.
#[derive(Clone, Debug)]
pub struct Server {
    namespace: Name,
    /// In the order in which they were made.
    runs: Vec<Part<Run>>,
    /// Follows from the runs.
    directory: Arc<Directory>,
    polls: Part<Polls>,
    /// In the order in which they were asked for.
    batches: Vec<Arc<batch::Batch>>,
    /// Where the calls are that wait for a run. Follows from the runs.
    parked: BTreeMap<CallId, RunIndex>,
    /// Answers to parked calls; empty between one request or follow-up and the next.
    answers: Outbox,
    /// Follows from the rest: no part of what the server is.
    agenda: Agenda,
    /// How it is broken.
    #[cfg(test)]
    mutation: Option<Mutation>,
    /// Runs that have changed, if somebody wants to know; no part of what the server is, either.
    changed: Option<Vec<RunIndex>>,
}

impl PartialEq for Server {
    fn eq(&self, other: &Self) -> bool {
        self.namespace == other.namespace
            && self.runs == other.runs
            && self.polls == other.polls
            && self.batches == other.batches
    }
}

impl Eq for Server {}

impl Hash for Server {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.namespace.hash(state);
        self.runs.hash(state);
        self.polls.hash(state);
        self.batches.hash(state);
    }
}

impl Server {
    /// A server without executions, for the namespace with this name.
    pub fn new(namespace: &str) -> Self {
        Self {
            namespace: Name::from(namespace),
            runs: Vec::new(),
            directory: Arc::default(),
            polls: Part::default(),
            batches: Vec::new(),
            parked: BTreeMap::new(),
            answers: Outbox::new(),
            agenda: Agenda::default(),
            #[cfg(test)]
            mutation: None,
            changed: None,
        }
    }

    /// The namespace's name.
    pub fn namespace(&self) -> &Name {
        &self.namespace
    }

    /// Forgets a parked call: nobody waits for its answer any more.
    pub fn abandon(&mut self, now: Time, call: CallId) {
        match self.parked.remove(&call) {
            Some(at) => {
                let run = self.edit(at);
                query::forget(run, call);
                reader::forget(run, call);
                update_wait::forget(run, call);
                self.refresh(at);
            }
            None => self.polls.edit().abandon(call, now),
        }
    }

    /// What comes next by default, and when it is due.
    pub fn due(&self) -> Option<(Time, TaskKey)> {
        let first = self.agenda.first(&self.runs, &self.polls);
        first.into_iter().chain(self.due_batch()).min()
    }

    /// Puts what the server will do by itself, as things are, no later than `until` into `out`, in
    /// default order: by due time, then as [`TaskKey`]s are ordered.
    pub fn due_until(&self, until: Time, out: &mut Vec<(Time, TaskKey)>) {
        let before = out.len();
        self.agenda.until(&self.runs, &self.polls, until, out);
        out.extend(self.due_batch().filter(|(time, _)| *time <= until));
        out[before..].sort_unstable();
    }

    /// Puts what the server will do by itself no later than `window` after the first thing of all
    /// into `out`, in no order: what others do first comes at `others`. Tells until when that is;
    /// nothing, if nobody has anything to do.
    pub fn due_within(
        &self,
        others: Option<Time>,
        window: Duration,
        out: &mut Vec<(Time, TaskKey)>,
    ) -> Option<Time> {
        if self.agenda.has_index() {
            let own = self.due().map(|(time, _)| time);
            let latest = others.into_iter().chain(own).min()? + window;
            self.agenda.until(&self.runs, &self.polls, latest, out);
            out.extend(self.due_batch().filter(|(time, _)| *time <= latest));
            return Some(latest);
        }
        // To look at everything twice is dearer than to leave some of it out.
        self.agenda.until(&self.runs, &self.polls, Time::MAX, out);
        out.extend(self.due_batch());
        let latest = out.iter().map(|(time, _)| *time).chain(others).min()? + window;
        out.retain(|(time, _)| *time <= latest);
        Some(latest)
    }

    /// Does something that is due. Answers to parked polls are in `outbox` on return. A task that
    /// is not due (any more) does nothing.
    pub fn fire(&mut self, now: Time, task: TaskKey, outbox: &mut Outbox) {
        let due = match task.run().and_then(|at| self.runs.get(at.0 as usize)) {
            Some(run) => agenda::due(run, &self.polls, task),
            None => self.due_batch().filter(|(_, next)| *next == task).map(|(time, _)| time),
        };
        if due.is_none_or(|due| due > now) {
            return;
        }
        match task {
            TaskKey::Transfer(run, transfer) => self.transfer(now, run, transfer),
            TaskKey::Dispatch(run, dispatch) => self.dispatch(now, run, dispatch, outbox),
            TaskKey::Timer(run, timer) => self.time_out(now, run, timer),
            TaskKey::Batch(at) => self.batch_step(now, at),
            TaskKey::Query(run, call) => self.dispatch_query(now, run, call, outbox),
        }
        self.deliver(outbox);
    }

    /// Puts the answers to parked calls where the caller wants them.
    fn deliver(&mut self, outbox: &mut Outbox) {
        for (call, result) in self.answers.drain() {
            outbox.answer(call, result);
        }
    }

    /// Has a call wait for something of a run. The caller notes in the run what for.
    fn park(&mut self, call: CallId, at: RunIndex) {
        self.parked.insert(call, at);
    }

    /// Answers a parked call. The caller has taken it out of the run.
    fn answer_parked(&mut self, call: CallId, result: Result<Response, RpcError>) {
        self.parked.remove(&call);
        self.answers.answer(call, result);
    }

    /// The runs, in the order in which they were made.
    pub fn runs(&self) -> impl ExactSizeIterator<Item = &Run> + '_ {
        self.runs.iter().map(|run| &**run)
    }

    /// The run with this id.
    pub fn run(&self, id: RunId) -> Option<&Run> {
        self.index(id).map(|at| self.get(at))
    }

    /// The run with this number.
    pub fn run_at(&self, at: RunIndex) -> Option<&Run> {
        self.runs.get(at.0 as usize).map(|run| &**run)
    }

    /// The numbers of a Workflow Id's runs, in order.
    pub fn run_indices_of(&self, workflow_id: &str) -> &[RunIndex] {
        self.directory.chain(workflow_id)
    }

    /// From now on, notes which runs change, for [`Server::take_changed`].
    pub fn note_changes(&mut self) {
        self.changed.get_or_insert_default();
    }

    /// Notes no longer which runs change.
    pub fn ignore_changes(&mut self) {
        self.changed = None;
    }

    /// Adds the runs that have changed since this was last asked to a list, some twice.
    pub fn take_changed(&mut self, out: &mut Vec<RunIndex>) {
        if let Some(changed) = &mut self.changed {
            out.append(changed);
        }
    }

    /// The current run of a Workflow Id: the latest, open or closed (R29).
    pub fn current_run(&self, workflow_id: &str) -> Option<&Run> {
        self.current_index(workflow_id).map(|at| self.get(at))
    }

    /// The runs of a Workflow Id, in the order in which they were made.
    pub fn runs_of(&self, workflow_id: &str) -> impl ExactSizeIterator<Item = &Run> + '_ {
        self.directory.chain(workflow_id).iter().map(|at| self.get(*at))
    }

    /// The Workflow Ids in their order, each with its runs in the order in which they were made.
    pub fn chains(
        &self,
    ) -> impl ExactSizeIterator<Item = (&WorkflowId, impl ExactSizeIterator<Item = &Run> + '_)> + '_
    {
        self.directory.chains().map(|(id, chain)| (id, chain.iter().map(|at| self.get(*at))))
    }

    fn get(&self, at: RunIndex) -> &Run {
        &self.runs[at.0 as usize]
    }

    fn index(&self, id: RunId) -> Option<RunIndex> {
        self.directory.run(id)
    }

    fn current_index(&self, workflow_id: &str) -> Option<RunIndex> {
        self.directory.chain(workflow_id).last().copied()
    }

    /// How many runs a Workflow Id has had: part of what the next one's Run Id is derived from.
    fn runs_so_far(&self, workflow_id: &WorkflowId) -> u32 {
        let chain = self.directory.chain(workflow_id.as_str());
        u32::try_from(chain.len()).unwrap_or(u32::MAX)
    }

    /// The run that a request names, in the order in which the server looks (L1, R29).
    fn find(&self, target: &Target) -> Result<RunIndex, RpcError> {
        let id = &target.workflow_id;
        if id.as_str().is_empty() {
            return Err(messages::workflow_id_not_set());
        }
        if target.run_id.is_empty() {
            return self.current_index(id.as_str()).ok_or_else(|| messages::workflow_not_found(id));
        }
        let run_id: RunId = target.run_id.parse().map_err(|_| messages::invalid_run_id())?;
        self.index(run_id)
            .filter(|at| self.get(*at).execution.workflow_id == *id)
            .ok_or_else(|| messages::run_not_found(id, &target.run_id))
    }

    /// A run to be changed in place. The caller refreshes the agenda.
    fn edit(&mut self, at: RunIndex) -> &mut Run {
        self.runs[at.0 as usize].edit()
    }

    /// Brings the agenda up to date with a run.
    fn refresh(&mut self, at: RunIndex) {
        self.agenda.refresh(&self.runs, at);
        if let Some(changed) = &mut self.changed {
            changed.push(at);
        }
    }

    /// One transaction on a run. What `change` refuses it must refuse before it changes anything;
    /// where that cannot be (a completion's commands), the caller works on a copy.
    fn transact<T>(
        &mut self,
        now: Time,
        at: RunIndex,
        change: impl FnOnce(&mut Transaction<'_>) -> T,
    ) -> T {
        let mut tx = Transaction::begin(now, self.runs[at.0 as usize].edit());
        let result = change(&mut tx);
        tx.commit();
        self.settle(now, at);
        result
    }

    /// After a change of a run: finds out whether its sticky worker is there (D3), tells those who
    /// wait for it, and brings the agenda up to date.
    fn settle(&mut self, now: Time, at: RunIndex) {
        let run = &self.runs[at.0 as usize];
        if let WorkflowTaskState::Scheduled(task) = &run.workflow_task
            && task.scheduled_time == now
            && let Some(sticky) = &task.task_queue.sticky
            && !task.sticky_worker_missing
            && !self.polls.sticky_worker_available(sticky, now)
            && let WorkflowTaskState::Scheduled(task) = &mut self.edit(at).workflow_task
        {
            task.sticky_worker_missing = true;
        }
        self.settle_queries(now, at);
        self.settle_update_waits(at);
        self.settle_readers(at);
        self.refresh(at);
    }

    /// Adds a run that has its first events.
    fn add_run(&mut self, run: Run) {
        let at = run.index;
        Arc::make_mut(&mut self.directory).add(run.execution.clone(), at);
        self.runs.push(Part::new(run));
        self.refresh(at);
    }

    /// A run with nothing in it but its start, as broken as the server.
    #[cfg_attr(not(test), allow(clippy::unused_self))] // which only tests break
    fn new_run(
        &self,
        at: RunIndex,
        run_id: RunId,
        now: Time,
        started: Arc<WorkflowExecutionStarted>,
        request_id: Name,
    ) -> Run {
        #[cfg(test)]
        return Run { mutation: self.mutation, ..Run::new(at, run_id, now, started, request_id) };
        #[cfg(not(test))]
        Run::new(at, run_id, now, started, request_id)
    }

    /// Makes a run and writes its first events.
    fn make_run(
        &mut self,
        now: Time,
        run_id: RunId,
        started: Arc<WorkflowExecutionStarted>,
        request_id: Name,
        first_task: start::FirstTask,
        signal: Option<Arc<WorkflowExecutionSignaled>>,
    ) -> RunIndex {
        let at = RunIndex(u32::try_from(self.runs.len()).unwrap_or(u32::MAX));
        let mut run = self.new_run(at, run_id, now, started, request_id);
        let mut tx = Transaction::begin(now, &mut run);
        start::begin(&mut tx, first_task, signal);
        tx.commit();
        self.add_run(run);
        at
    }

    /// Makes the run that follows one which continued as new or is retried.
    fn make_successor(&mut self, now: Time, new_run: commands::NewRun) {
        // The server makes up a request of its own.
        let request_id = Name::from(new_run.run_id.to_string());
        // A child's first task waited for its parent once; its successors' do not.
        let started = Arc::new(new_run.started);
        let first_task = start::FirstTask::Scheduled;
        self.make_run(now, new_run.run_id, started, request_id, first_task, None);
    }

    /// Hands a task to the worker that has polled longest.
    fn dispatch(&mut self, now: Time, at: RunIndex, dispatch: Dispatch, outbox: &mut Outbox) {
        let task = TaskKey::Dispatch(at, dispatch);
        let Some(queue) = agenda::queue(&self.runs[at.0 as usize], task) else { return };
        let from = match queue {
            QueueRef::Sticky(_) => StartedFrom::StickyQueue,
            _ => StartedFrom::NormalQueue,
        };
        let Some(poll) = self.polls.edit().take(queue, now) else { return };
        let response = match dispatch {
            Dispatch::WorkflowTask => {
                let started = self.transact(now, at, |tx| {
                    let started = workflow_task::start(tx, &poll.identity, from)?;
                    let messages = tx.run.updates.send(started.started_event_id, SentAgain::Yes);
                    Some((started, messages))
                });
                started.map(|(started, messages)| {
                    let task = workflow_task::task(self.get(at), &started, from, messages);
                    Response::PollWorkflowTaskQueue(Box::new(task))
                })
            }
            Dispatch::ActivityTask(scheduled) => {
                let task = self.transact(now, at, |tx| {
                    tx.change_silently();
                    activity::start(tx.run, now, scheduled, &poll.identity)
                });
                task.map(|task| Response::PollActivityTaskQueue(Box::new(task)))
            }
        };
        if let Some(response) = response {
            outbox.answer(poll.call, Ok(response));
        }
    }

    /// A deadline has come.
    fn time_out(&mut self, now: Time, at: RunIndex, timer: Timer) {
        let change: fn(&mut Transaction<'_>) = match timer {
            Timer::RunTimeout => return self.time_out_run(now, at),
            Timer::Queries => return self.time_out_queries(now, at),
            Timer::UpdateWaits => return self.time_out_update_waits(now, at),
            Timer::WorkflowTask => workflow_task::time_out,
            Timer::FirstWorkflowTask => workflow_task::end_first_backoff,
            Timer::Activities => activity_timeout::time_out,
            Timer::UserTimers => timer::fire,
        };
        self.transact(now, at, change);
    }

    fn time_out_run(&mut self, now: Time, at: RunIndex) {
        let runs_so_far = self.runs_so_far(&self.get(at).execution.workflow_id);
        if let Some(new_run) = self.transact(now, at, |tx| close::time_out(tx, runs_so_far)) {
            self.make_successor(now, new_run);
        }
    }
}
