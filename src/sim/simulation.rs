//! One simulated world: a server, the workers and clients of a scenario, and the time.

mod faults;

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::client::{Client, Seen};
use super::fault::Late;
use super::log::{Answer, LogEntry, NotSent, Which};
use super::plan::{ClientPlan, Plan};
use super::request::{NAMESPACE, Unresolved, current_run, resolve};
use super::{ClientIndex, Enabled, Exchange, Happening};
use crate::api::{CallId, Outbox, QueryOutcome, Response, RpcError};
use crate::clock::{EPOCH, Time};
use crate::history::fingerprint::Fingerprint;
use crate::history::part::Part;
use crate::scenario::model::{ClientAction, ClientStep, Deploy, RequestFault};
use crate::server::{Run, RunIndex, Server};
use crate::worker::{ActivityKey, NativeCommand, NativeEvent, Problem, Sent, Worker, WorkerIndex};

/// A simulated world at one moment. Cloning it clones all of it, and all of it compares and hashes.
///
/// It never chooses: it says what could come next ([`Simulation::enabled`]) and does what it is
/// told ([`Simulation::step`]).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Simulation {
    plan: Arc<Plan>,
    now: Time,
    server: Server,
    workers: Vec<Part<Worker>>,
    clients: Vec<Client>,
    /// How many clients look at what happens on the server.
    watching: u32,
    log: Part<Vec<LogEntry>>,
    /// How many faults may still be placed.
    faults: u32,
    /// Requests that are on their way because of faults.
    late: Vec<Late>,
    problems: Problems,
    scratch: Scratch,
}

/// What every simulation of a plan begins with.
#[derive(Clone, Debug)]
pub(super) struct Beginning {
    now: Time,
    server: Server,
    workers: Vec<Part<Worker>>,
    clients: Vec<Client>,
    watching: u32,
    log: Part<Vec<LogEntry>>,
    problems: Problems,
}

/// Room for what one happening sends and answers, empty between happenings; news for a host; what a
/// run has cost so far. None of it is part of the state.
#[derive(Default, Debug)]
struct Scratch {
    sent: Vec<Sent>,
    queue: VecDeque<Sent>,
    outbox: Outbox,
    /// Runs that have changed.
    changed: Vec<RunIndex>,
    /// Workers that were stopped, for a host that runs their activities.
    stopped: Vec<WorkerIndex>,
    /// How many events workers have been shown.
    replayed: u64,
    /// What has passed since it was last taken, if somebody looks on.
    exchanges: Option<Vec<Exchange>>,
}

impl Scratch {
    /// Notes what passes, if somebody looks on.
    fn note(&mut self, exchange: impl FnOnce() -> Exchange) {
        if let Some(exchanges) = &mut self.exchanges {
            exchanges.push(exchange());
        }
    }
}

impl Clone for Scratch {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Scratch {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Scratch {}

impl Hash for Scratch {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// What the workers' code did wrong. It ends the run, and the workers' own states tell it too, so it
/// takes no part in comparing.
#[derive(Clone, Default, Debug)]
struct Problems(Vec<Problem>);

impl PartialEq for Problems {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
    }
}

impl Eq for Problems {}

impl Hash for Problems {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.len().hash(state);
    }
}

/// The highest 16 bits of a call's id tell who made it: a worker's number from 1, or from here on
/// a client's.
const CALLS_OF_CLIENTS: u16 = 0x8000;
const CALLER_SHIFT: u32 = 48;

/// The call of a request whose answer nobody waits for.
const NOBODY: CallId = CallId(0);

/// Who made a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Caller {
    /// A client, for one of its steps.
    Client { client: ClientIndex, step: usize },
    /// A worker.
    Worker(WorkerIndex),
}

/// Who made a call, as its id tells.
pub(crate) fn caller(call: CallId) -> Caller {
    let number = u16::try_from(call.0 >> CALLER_SHIFT).unwrap_or(0);
    match number.checked_sub(CALLS_OF_CLIENTS) {
        Some(client) => {
            let step = call.0 & ((1 << CALLER_SHIFT) - 1);
            let step = usize::try_from(step).unwrap_or(usize::MAX);
            Caller::Client { client: ClientIndex(client), step }
        }
        None => Caller::Worker(WorkerIndex(number.wrapping_sub(1))),
    }
}

fn call_of(client: ClientIndex, step: usize) -> CallId {
    let caller = CALLS_OF_CLIENTS.saturating_add(client.0);
    CallId(u64::from(caller) << CALLER_SHIFT | step as u64)
}

impl Simulation {
    /// The world at the scenario's beginning: the workers poll, the clients have done nothing yet.
    pub fn new(plan: Arc<Plan>) -> Self {
        Self::begin(plan, Scratch::default())
    }

    /// As [`Simulation::new`], with somebody who looks on from the first poll.
    pub fn looked_on(plan: Arc<Plan>) -> Self {
        Self::begin(plan, Scratch { exchanges: Some(Vec::new()), ..Scratch::default() })
    }

    /// As [`Simulation::new`], with a server that is broken on purpose.
    #[cfg(test)]
    pub(crate) fn with_mutation(plan: Arc<Plan>, mutation: crate::server::Mutation) -> Self {
        let mut simulation = Self::new(plan);
        simulation.server.break_by(mutation);
        simulation
    }

    fn begin(plan: Arc<Plan>, scratch: Scratch) -> Self {
        if scratch.exchanges.is_some() {
            return Self::begin_afresh(plan, scratch);
        }
        // What comes before the first choice is the same in every run.
        let beginning = plan.beginning().get_or_init(|| {
            let first = Self::begin_afresh(Arc::clone(&plan), Scratch::default());
            let Self { now, server, workers, clients, watching, log, problems, .. } = first;
            Box::new(Beginning { now, server, workers, clients, watching, log, problems })
        });
        let Beginning { now, server, workers, clients, watching, log, problems } =
            Beginning::clone(beginning);
        Self {
            plan,
            now,
            server,
            workers,
            clients,
            watching,
            log,
            faults: 0,
            late: Vec::new(),
            problems,
            scratch,
        }
    }

    fn begin_afresh(plan: Arc<Plan>, scratch: Scratch) -> Self {
        let configs = &plan.scenario().workers;
        let workers = (0..).zip(configs).map(|(index, config)| {
            Part::new(Worker::new(Arc::clone(plan.program()), WorkerIndex(index), config))
        });
        let workers = workers.collect();
        let clients: Vec<Client> = plan.clients().iter().map(Client::new).collect();
        let mut simulation = Self {
            now: EPOCH,
            server: Server::new(NAMESPACE),
            workers,
            clients,
            watching: 0,
            log: Part::default(),
            faults: 0,
            late: Vec::new(),
            problems: Problems::default(),
            scratch,
            plan,
        };
        for index in 0..simulation.workers.len() {
            if !simulation.plan.scenario().workers[index].stopped {
                simulation.start_worker(index);
            }
        }
        simulation.exchange();
        simulation.look();
        simulation
    }

    /// The same world, in which so many faults may be placed.
    #[must_use]
    pub fn with_faults(mut self, faults: u32) -> Self {
        self.faults = faults;
        self
    }

    /// How many faults may still be placed.
    pub fn faults_left(&self) -> u32 {
        self.faults
    }

    /// 128 bits over the whole state: equal states have equal keys, and others different ones but
    /// for chance. Two simulations are only compared if they are of the same plan.
    pub fn key(&self) -> u128 {
        let mut key = Fingerprint::new();
        self.now.hash(&mut key);
        self.server.hash(&mut key);
        self.workers.hash(&mut key);
        self.clients.hash(&mut key);
        self.log.hash(&mut key);
        self.faults.hash(&mut key);
        self.late.hash(&mut key);
        self.problems.hash(&mut key);
        key.finish128()
    }

    /// What it is a run of.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The time.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The server, for looking at.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// What the clients asked and were answered so far.
    pub fn log(&self) -> &[LogEntry] {
        &self.log
    }

    /// What went wrong in the workers in a way that no real worker could go on from.
    pub fn problems(&self) -> &[Problem] {
        &self.problems.0
    }

    /// From now on, what passes between the server and those who ask it is noted, to be taken with
    /// [`Simulation::take_exchanges`]. Clones do not look on.
    pub fn look_on(&mut self) {
        self.scratch.exchanges.get_or_insert_default();
    }

    /// What has passed since the last call, in order; nothing if nobody looks on.
    pub fn take_exchanges(&mut self) -> Vec<Exchange> {
        self.scratch.exchanges.as_mut().map(mem::take).unwrap_or_default()
    }

    /// How many events workers have been shown since this simulation was made or cloned: what
    /// replaying costs.
    pub fn replayed_events(&self) -> u64 {
        self.scratch.replayed
    }

    /// Whether every client has taken all its steps.
    pub fn clients_have_finished(&self) -> bool {
        self.clients.iter().all(Client::has_finished)
    }

    /// Whether every execution has closed.
    pub fn executions_have_closed(&self) -> bool {
        !self.server.runs().any(Run::is_open)
    }

    /// The steps that clients have not taken, with their clients: one for each client that has not
    /// finished.
    pub fn waiting_clients(&self) -> impl Iterator<Item = (ClientIndex, usize)> + '_ {
        let clients = (0..).map(ClientIndex).zip(&self.clients);
        clients.filter(|(_, client)| !client.has_finished()).map(|(at, client)| (at, client.step()))
    }

    /// What could come next: the happenings due no later than the earliest one plus the window, in
    /// default order, and after them the faults that can be placed now, if any may still be. They
    /// replace what is in `enabled`; none is left if nothing can come.
    pub fn enabled(&self, window: Duration, enabled: &mut Enabled) {
        let Enabled { happenings, tasks, keys } = enabled;
        happenings.clear();
        tasks.clear();
        for (index, client) in (0..).map(ClientIndex).zip(&self.clients) {
            happenings.extend(client.due().map(|due| (due, Happening::Client(index))));
        }
        for (index, worker) in (0..).map(WorkerIndex).zip(&self.workers) {
            worker.list_due(keys);
            let keys = keys.drain(..);
            happenings.extend(keys.map(|(due, key)| (due, Happening::Worker(index, key))));
        }
        let arrival = |late: &Late| (late.due, Happening::Arrival(late.call));
        happenings.extend(self.late.iter().map(arrival));
        let earliest = happenings.iter().map(|(due, _)| *due).min();
        let Some(latest) = self.server.due_within(earliest, window, tasks) else { return };
        happenings.retain(|(due, _)| *due <= latest);
        happenings.extend(tasks.drain(..).map(|(due, task)| (due, Happening::Server(task))));
        happenings.sort_unstable();
        if self.faults > 0 {
            self.list_faults(happenings);
        }
    }

    /// Lets one of the enabled happenings happen: at the time it is due, or now if that has passed.
    pub fn step(&mut self, due: Time, happening: Happening) {
        self.now = self.now.max(due);
        match happening {
            Happening::Client(index) => self.take_step(index, None),
            Happening::Server(task) => {
                self.server.fire(self.now, task, &mut self.scratch.outbox);
                self.deliver_answers();
            }
            Happening::Worker(WorkerIndex(index), key) => {
                let index = usize::from(index);
                if let Some(worker) = self.workers.get_mut(index) {
                    worker.edit().fire(self.now, key, &mut self.scratch.sent);
                    self.take_from_worker(index);
                }
            }
            // What was done is the host's to tell, with `native`.
            Happening::Native(..) => {}
            Happening::Arrival(call) => self.arrive(call),
            Happening::Fault(fault) => self.place(fault),
        }
        self.exchange();
        self.look();
    }

    /// Lets what an activity in Rust did come to its worker.
    pub(super) fn native(
        &mut self,
        due: Time,
        (worker, key): (WorkerIndex, ActivityKey),
        what: NativeCommand,
    ) {
        self.now = self.now.max(due);
        let index = usize::from(worker.0);
        if let Some(worker) = self.workers.get_mut(index) {
            worker.edit().native(self.now, key, what, &mut self.scratch.sent);
            self.take_from_worker(index);
        }
        self.exchange();
        self.look();
    }

    /// What has happened to activities in Rust since the last call: first, which workers were
    /// stopped, with all that they ran.
    pub(super) fn take_news(&mut self) -> (Vec<WorkerIndex>, Vec<(WorkerIndex, NativeEvent)>) {
        let workers = (0..).map(WorkerIndex).zip(&mut self.workers);
        let news = workers.flat_map(|(index, worker)| {
            worker.edit().take_native().into_iter().map(move |event| (index, event))
        });
        let news = news.collect();
        (mem::take(&mut self.scratch.stopped), news)
    }

    /// Lets time pass in which nothing is due.
    pub(super) fn idle_until(&mut self, time: Time) {
        self.now = self.now.max(time);
    }

    /// Gives the guest one more step, to be taken now.
    pub(super) fn push_step(&mut self, step: ClientStep) {
        Arc::make_mut(&mut self.plan).push_step(step);
        self.with_guest(|now, client, plan| client.resume(now, plan));
    }

    /// The guest waits no longer for the answer to its step.
    pub(super) fn give_up_step(&mut self) {
        self.with_guest(|now, client, plan| client.answered(now, plan));
        self.count_watching();
    }

    fn with_guest(&mut self, change: impl FnOnce(Time, &mut Client, &ClientPlan)) {
        let Some(at) = self.plan.guest().map(|guest| usize::from(guest.0)) else { return };
        if let Some(client) = self.clients.get_mut(at) {
            change(self.now, client, &self.plan.clients()[at]);
        }
    }

    /// Takes what a worker has to say after something was done with it.
    fn take_from_worker(&mut self, index: usize) {
        self.scratch.queue.extend(self.scratch.sent.drain(..));
        let worker = &mut self.workers[index];
        if worker.has_problems() {
            self.problems.0.extend(worker.edit().take_problems());
        }
    }

    /// Passes requests to the server and its answers back, until nobody has anything to say.
    fn exchange(&mut self) {
        while let Some(Sent { call, request }) = self.scratch.queue.pop_front() {
            self.scratch.note(|| Exchange::Asked { call, request: request.clone() });
            self.server.call(self.now, call, request, &mut self.scratch.outbox);
            self.deliver_answers();
        }
    }

    fn deliver_answers(&mut self) {
        if self.scratch.outbox.is_empty() {
            return;
        }
        let mut outbox = mem::take(&mut self.scratch.outbox);
        for (call, result) in outbox.drain() {
            self.scratch.note(|| Exchange::Answered { call, result: result.clone() });
            match caller(call) {
                Caller::Client { client, .. } => self.answer_client(client, answer(result)),
                Caller::Worker(WorkerIndex(index)) => {
                    let index = usize::from(index);
                    if let Some(worker) = self.workers.get_mut(index) {
                        self.scratch.replayed += events_shown(&result);
                        worker.edit().answer(self.now, call, result, &mut self.scratch.sent);
                        self.take_from_worker(index);
                    }
                }
            }
        }
        self.scratch.outbox = outbox;
    }

    /// The client does what its step says.
    fn take_step(&mut self, index: ClientIndex, fault: Option<RequestFault>) {
        let at = usize::from(index.0);
        let plan = Arc::clone(&self.plan);
        let Some(client) = self.clients.get_mut(at) else { return };
        let step = client.step();
        let client_plan = &plan.clients()[at];
        let Some(ClientStep { action, fault: scripted, .. }) = client_plan.steps.get(step) else {
            return;
        };
        client.wait_for_answer();
        let request = match client_plan.prepared(step) {
            Some(request) => Some(request.clone()),
            None => match resolve(action, &self.server) {
                Ok(resolved) => client_plan.request(step, &resolved),
                Err(Unresolved::NotSent(why)) => {
                    return self.answer_client(index, Answer::NotSent(why));
                }
                Err(Unresolved::Refused(error)) => {
                    return self.answer_client(index, Answer::Refused(Box::new(error)));
                }
            },
        };
        match request {
            Some(request) => {
                let sent = Sent { call: call_of(index, step), request };
                match fault.or(*scripted) {
                    None => self.scratch.queue.push_back(sent),
                    Some(fault) => self.send_with(fault, sent),
                }
            }
            None => self.do_without_request(index, action),
        }
    }

    /// Steps that are no requests to the server.
    fn do_without_request(&mut self, index: ClientIndex, action: &ClientAction) {
        let done = match action {
            ClientAction::WaitForClose(step) => {
                match current_run(&self.server, &step.wait_for_close) {
                    Ok(_) => {
                        self.clients[usize::from(index.0)].wait_for_close();
                        self.count_watching();
                        return;
                    }
                    Err(error) => {
                        return self.answer_client(index, Answer::Refused(Box::new(error)));
                    }
                }
            }
            ClientAction::Deploy(step) => self.deploy(step),
            ClientAction::StopWorker(name) => {
                self.worker_named(name).map(|worker| self.stop_worker(worker))
            }
            ClientAction::StartWorker(name) => {
                self.worker_named(name).map(|worker| self.start_worker(worker))
            }
            ClientAction::CrashWorker(name) => {
                self.worker_named(name).map(|worker| self.crash_worker(worker))
            }
            ClientAction::LoseCache(name) => {
                self.worker_named(name).map(|worker| self.lose_cache(worker))
            }
            ClientAction::PauseWorker(name) => {
                self.worker_named(name).map(|worker| self.pause_worker(worker))
            }
            ClientAction::ResumeWorker(name) => {
                self.worker_named(name).map(|worker| self.resume_worker(worker))
            }
            _ => Ok(()),
        };
        let answer = done.map_or_else(Answer::NotSent, |()| Answer::Done);
        self.answer_client(index, answer);
    }

    /// Stops workers, gives them another version of a workflow's code and starts them.
    fn deploy(&mut self, step: &Deploy) -> Result<(), NotSent> {
        let plan = Arc::clone(&self.plan);
        let mut found = Err(NotSent::NoWorkerFor(step.deploy.clone()));
        for (index, config) in plan.scenario().workers.iter().enumerate() {
            let named = step.worker.as_ref().is_none_or(|name| *name == config.name);
            let has_it = config.workflows.as_ref().is_none_or(|types| types.contains(&step.deploy));
            if named && has_it {
                let farewell = self.workers[index].farewell();
                self.stop_worker(index);
                if let Some(request) = farewell {
                    self.ask_unheard(NOBODY, request);
                }
                self.workers[index].edit().deploy(&step.deploy, &step.version);
                self.start_worker(index);
                found = Ok(());
            }
        }
        found
    }

    fn worker_named(&self, name: &str) -> Result<usize, NotSent> {
        let workers = &self.plan.scenario().workers;
        let found = workers.iter().position(|worker| worker.name == name);
        found.ok_or_else(|| NotSent::NoSuchWorker(name.to_owned()))
    }

    fn start_worker(&mut self, index: usize) {
        self.workers[index].edit().start(self.now, &mut self.scratch.sent);
        self.take_from_worker(index);
    }

    fn stop_worker(&mut self, index: usize) {
        self.scratch.stopped.extend(u16::try_from(index).ok().map(WorkerIndex));
        for call in self.workers[index].edit().stop(self.now) {
            self.scratch.note(|| Exchange::Abandoned { call });
            self.server.abandon(self.now, call);
        }
        if !self.late.is_empty() {
            self.forget_retries(index);
        }
    }

    fn pause_worker(&mut self, index: usize) {
        for call in self.workers[index].edit().pause() {
            self.server.abandon(self.now, call);
        }
    }

    fn resume_worker(&mut self, index: usize) {
        self.workers[index].edit().resume(&mut self.scratch.sent);
        self.take_from_worker(index);
    }

    /// A client's step has been answered: that is noted, and the next step's turn comes.
    fn answer_client(&mut self, index: ClientIndex, answer: Answer) {
        let at = usize::from(index.0);
        let Some(client) = self.clients.get_mut(at) else { return };
        let step = u32::try_from(client.step()).unwrap_or(u32::MAX);
        self.log.edit().push(LogEntry { time: self.now, client: index, step, answer });
        client.answered(self.now, &self.plan.clients()[at]);
        self.count_watching();
    }

    /// Clients that wait for an event or a close look whether it has come.
    fn look(&mut self) {
        if self.watching == 0 {
            return;
        }
        let mut changed = mem::take(&mut self.scratch.changed);
        self.server.take_changed(&mut changed);
        self.look_at(&changed);
        changed.clear();
        self.scratch.changed = changed;
    }

    fn look_at(&mut self, changed: &[RunIndex]) {
        while self.watching > 0 {
            let mut closed = None;
            let plans = self.plan.clients();
            for (at, (client, plan)) in self.clients.iter_mut().zip(plans).enumerate() {
                if let Seen::Close(status) = client.look(self.now, plan, &self.server, changed) {
                    closed = Some((at, status));
                    break;
                }
            }
            self.count_watching();
            // The answer brings the client to its next step, which may wait for what is there.
            let Some((at, status)) = closed else { return };
            let index = ClientIndex(u16::try_from(at).unwrap_or(u16::MAX));
            self.answer_client(index, Answer::Closed(status));
        }
    }

    fn count_watching(&mut self) {
        let watching = self.clients.iter().filter(|client| client.watches()).count();
        self.watching = u32::try_from(watching).unwrap_or(u32::MAX);
        if watching > 0 {
            self.server.note_changes();
        } else {
            self.server.ignore_changes();
        }
    }
}

/// How many events a response has for a worker to replay.
fn events_shown(result: &Result<Response, RpcError>) -> u64 {
    let task = match result {
        Ok(Response::PollWorkflowTaskQueue(task)) => Some(task),
        Ok(Response::RespondWorkflowTaskCompleted { workflow_task, .. }) => workflow_task.as_ref(),
        Ok(Response::QueryTask(task)) => {
            return task.history.as_ref().map_or(0, |view| view.history.len().into());
        }
        _ => None,
    };
    task.map_or(0, |task| (task.history.len() + 1).saturating_sub(task.first_event_id.0).into())
}

/// What a client notes of a response.
fn answer(result: Result<Response, RpcError>) -> Answer {
    match result {
        Ok(Response::StartWorkflowExecution { run_id, started, .. }) => {
            let which = if started { Which::Own } else { Which::Existing };
            Answer::Started { run_id, which }
        }
        Ok(Response::ResetWorkflowExecution { run_id }) => Answer::Reset { run_id },
        Ok(Response::UpdateWorkflowExecution(progress)) => Answer::Updated(Arc::from(progress)),
        Ok(Response::DescribeWorkflowExecution(description)) => {
            Answer::Described(Arc::from(description))
        }
        Ok(Response::QueryWorkflow(QueryOutcome::Answered(result))) => Answer::Queried(result),
        Ok(Response::QueryWorkflow(QueryOutcome::Rejected(status))) => {
            Answer::QueryRejected(status)
        }
        Ok(_) => Answer::Done,
        Err(error) => Answer::Refused(Box::new(error)),
    }
}
