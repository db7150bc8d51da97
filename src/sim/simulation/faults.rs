//! Which faults can be placed, and what each does.

#[cfg(test)]
mod tests;

use std::mem;

use super::{Caller, NOBODY, Simulation, caller};
use crate::api::{ActivityTarget, CallId, Outbox, Request, Response};
use crate::clock::Time;
use crate::scenario::model::{Asks, ClientStep, RequestFault};
use crate::server::TaskKey;
use crate::sim::client::Client;
use crate::sim::fault::{Late, Why, connection_lost};
use crate::sim::{ClientIndex, Exchange, Fault, Happening, Origin, RETRY_INTERVAL};
use crate::worker::{AtStake, Sent, WorkerIndex, WorkerKey};

impl Simulation {
    /// Puts the faults that would change something behind the ordinary happenings.
    pub(super) fn list_faults(&self, happenings: &mut Vec<(Time, Happening)>) {
        if self.clients_have_finished() && self.executions_have_closed() {
            return;
        }
        for at in 0..happenings.len() {
            let (due, happening) = happenings[at];
            let mut list = |fault| happenings.push((due, Happening::Fault(fault)));
            match happening {
                Happening::Client(index) if self.next_step_asks_for_change(index) => {
                    list(Fault::LoseResponse(Origin::Client(index)));
                    list(Fault::DuplicateRequest(Origin::Client(index)));
                }
                Happening::Server(task @ TaskKey::Dispatch(..)) => {
                    list(Fault::LoseResponse(Origin::Server(task)));
                }
                Happening::Worker(index, key) => {
                    let origin = Origin::Worker(index, key);
                    match self.at_stake(due, index, key) {
                        Stake::Nothing => {}
                        Stake::Answer => list(Fault::LoseResponse(origin)),
                        Stake::Heartbeat => list(Fault::LoseHeartbeat(origin)),
                        Stake::HeartbeatInTime => {
                            list(Fault::LoseHeartbeat(origin));
                            list(Fault::DelayHeartbeat(origin));
                        }
                    }
                }
                _ => {}
            }
        }
        for (index, worker) in (0..).map(WorkerIndex).zip(&self.workers) {
            if worker.has_work() {
                happenings.push((self.now, Happening::Fault(Fault::CrashWorker(index))));
            }
            if worker.has_cached() {
                happenings.push((self.now, Happening::Fault(Fault::LoseCache(index))));
            }
        }
    }

    fn next_step_asks_for_change(&self, index: ClientIndex) -> bool {
        let at = usize::from(index.0);
        let step = self.clients.get(at).map_or(0, Client::step);
        let step = self.plan.clients().get(at).and_then(|client| client.steps.get(step));
        step.is_some_and(|ClientStep { action, fault, .. }| {
            fault.is_none() && action.asks() == Asks::ForChange
        })
    }

    fn at_stake(&self, due: Time, WorkerIndex(index): WorkerIndex, key: WorkerKey) -> Stake {
        let now = self.now.max(due);
        let worker = self.workers.get(usize::from(index));
        match worker.map_or(AtStake::Nothing, |worker| worker.at_stake(now, key)) {
            AtStake::Nothing => Stake::Nothing,
            AtStake::Completion => Stake::Answer,
            AtStake::LastHeartbeat => Stake::Heartbeat,
            AtStake::Heartbeat(activity) => {
                let run = self.server.run(activity.run_id);
                let deadline = run.and_then(|run| {
                    run.heartbeat_deadline(activity.scheduled_event_id, activity.attempt)
                });
                match deadline {
                    Some(deadline) if deadline > now => Stake::HeartbeatInTime,
                    _ => Stake::Heartbeat,
                }
            }
        }
    }

    /// Lets something go wrong.
    pub(super) fn place(&mut self, fault: Fault) {
        self.faults = self.faults.saturating_sub(1);
        match fault {
            Fault::CrashWorker(index) => self.crash_worker(usize::from(index.0)),
            Fault::LoseCache(index) => self.lose_cache(usize::from(index.0)),
            Fault::LoseResponse(Origin::Client(index)) => {
                self.take_step(index, Some(RequestFault::LoseResponse));
            }
            Fault::DuplicateRequest(Origin::Client(index)) => {
                self.take_step(index, Some(RequestFault::DuplicateRequest));
            }
            Fault::LoseResponse(Origin::Server(task)) => self.lose_task(task),
            Fault::LoseResponse(Origin::Worker(index, key)) => {
                for sent in self.what_worker_sends(index, key) {
                    self.lose_response(sent);
                }
            }
            Fault::LoseHeartbeat(Origin::Worker(index, key)) => self.lose_heartbeat(index, key),
            Fault::DelayHeartbeat(Origin::Worker(index, key)) => self.delay_heartbeat(index, key),
            // None of these is ever listed.
            Fault::DuplicateRequest(_) | Fault::LoseHeartbeat(_) | Fault::DelayHeartbeat(_) => {}
        }
    }

    /// A worker's process dies and starts again, if it was running.
    pub(super) fn crash_worker(&mut self, index: usize) {
        if self.workers.get(index).is_some_and(|worker| worker.is_running()) {
            self.stop_worker(index);
            self.start_worker(index);
        }
    }

    /// A worker's cache is emptied.
    pub(super) fn lose_cache(&mut self, index: usize) {
        if let Some(worker) = self.workers.get_mut(index) {
            worker.edit().lose_cache();
        }
    }

    /// Sends a request that something befalls.
    pub(super) fn send_with(&mut self, fault: RequestFault, sent: Sent) {
        match fault {
            RequestFault::LoseResponse => self.lose_response(sent),
            RequestFault::DuplicateRequest => {
                let Sent { call, request } = sent.clone();
                self.late.push(Late { due: self.now, call, request, why: Why::Doubled });
                self.scratch.queue.push_back(sent);
            }
        }
    }

    /// What is asked takes effect; whoever asked does not hear so and will ask again.
    fn lose_response(&mut self, Sent { call, request }: Sent) {
        self.ask_unheard(call, request.clone());
        let due = self.now + RETRY_INTERVAL;
        self.late.push(Late { due, call, request, why: Why::AskedAgain });
    }

    /// Asks something whose own answer nobody hears. What others are answered reaches them.
    pub(super) fn ask_unheard(&mut self, call: CallId, request: Request) {
        self.scratch.note(|| Exchange::Asked { call, request: request.clone() });
        let mut outbox = Outbox::new();
        self.server.call(self.now, call, request, &mut outbox);
        let mut answered = false;
        for (to, result) in outbox.drain() {
            if to == call {
                answered = true;
                self.scratch.note(|| Exchange::Answered { call, result });
            } else {
                self.scratch.outbox.answer(to, result);
            }
        }
        if !answered {
            self.scratch.note(|| Exchange::Abandoned { call });
            self.server.abandon(self.now, call);
        }
        self.deliver_answers();
    }

    /// The server hands out a task that does not reach its worker.
    fn lose_task(&mut self, task: TaskKey) {
        self.server.fire(self.now, task, &mut self.scratch.outbox);
        for (call, result) in mem::take(&mut self.scratch.outbox).drain() {
            let is_task = matches!(
                result,
                Ok(Response::PollWorkflowTaskQueue(_) | Response::PollActivityTaskQueue(_))
            );
            let result = if is_task { Err(connection_lost()) } else { result };
            self.scratch.outbox.answer(call, result);
        }
        self.deliver_answers();
    }

    /// Lets a worker do what is due, and takes what it sends out of its hands.
    fn what_worker_sends(&mut self, index: WorkerIndex, key: WorkerKey) -> Vec<Sent> {
        let index = usize::from(index.0);
        let Some(worker) = self.workers.get_mut(index) else { return Vec::new() };
        worker.edit().fire(self.now, key, &mut self.scratch.sent);
        self.take_from_worker(index);
        self.scratch.queue.drain(..).collect()
    }

    fn lose_heartbeat(&mut self, index: WorkerIndex, key: WorkerKey) {
        for sent in self.what_worker_sends(index, key) {
            if !is_heartbeat(&sent.request) {
                self.scratch.queue.push_back(sent);
            } else if let Some(worker) = self.workers.get_mut(usize::from(index.0)) {
                let worker = worker.edit();
                worker.answer(self.now, sent.call, Err(connection_lost()), &mut self.scratch.sent);
                self.take_from_worker(usize::from(index.0));
            }
        }
    }

    fn delay_heartbeat(&mut self, index: WorkerIndex, key: WorkerKey) {
        for sent in self.what_worker_sends(index, key) {
            match self.heartbeat_deadline(&sent.request) {
                Some(due) => {
                    let Sent { call, request } = sent;
                    self.late.push(Late { due, call, request, why: Why::Delayed });
                }
                None => self.scratch.queue.push_back(sent),
            }
        }
    }

    /// When the activity times out that a request is a heartbeat of.
    fn heartbeat_deadline(&self, request: &Request) -> Option<Time> {
        match request {
            Request::RecordActivityTaskHeartbeat {
                activity: ActivityTarget::Token(token), ..
            } => {
                let run = self.server.run(token.execution.run_id)?;
                run.heartbeat_deadline(token.scheduled_event_id, token.attempt)
            }
            _ => None,
        }
    }

    /// A request that was on its way arrives.
    pub(super) fn arrive(&mut self, call: CallId) {
        let Some(at) = self.late.iter().position(|late| late.call == call) else { return };
        let Late { request, why, .. } = self.late.remove(at);
        match why {
            Why::AskedAgain | Why::Delayed => {
                self.scratch.queue.push_back(Sent { call, request });
            }
            Why::Doubled => self.ask_unheard(NOBODY, request),
        }
    }

    /// A worker that was stopped asks nothing again. What it has sent still arrives.
    pub(super) fn forget_retries(&mut self, index: usize) {
        let is_its =
            |call| matches!(caller(call), Caller::Worker(at) if usize::from(at.0) == index);
        self.late.retain(|late| late.why != Why::AskedAgain || !is_its(late.call));
    }
}

/// What can go wrong with what a worker does.
enum Stake {
    Nothing,
    Answer,
    /// It can get lost.
    Heartbeat,
    /// It can get lost or be late.
    HeartbeatInTime,
}

fn is_heartbeat(request: &Request) -> bool {
    matches!(request, Request::RecordActivityTaskHeartbeat { .. })
}
