//! One scenario on the fake server and on a real one at once.
//!
//! The fake goes first. Whatever its clients and workers ask is asked of the real server too, one
//! after the other and never before the real histories are where ours were; whatever it hands out is
//! polled for only then. So the real server is led through the same story, and what it does by
//! itself meanwhile is compared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::connection::{Answer, Connection, Unreachable};
use super::difference::{Difference, Trouble};
use super::names::Names;
use super::official::question;
use super::question::{Caller, Question};
use super::settle::{Awaited, Settled, digests};
use super::sticky::Sticky;
use super::time::RealTime;
use crate::api::{CallId, Command, Request, Response, RpcError};
use crate::clock::Time;
use crate::grpc::Reply;
use crate::history::RunId;
use crate::server::TaskKey;
use crate::sim::{Enabled, Exchange, Happening, Simulation};
use crate::verify::Log;

/// How long a task may be on its way to a worker.
const TASK_PATIENCE: Duration = Duration::from_secs(8);

/// What the server does at once but where nobody sees it has been done after this time.
const UNSEEN: Duration = Duration::from_millis(300);

/// A scenario that is followed on a real server.
pub(super) struct Lockstep {
    pub(super) connection: Connection,
    pub(super) simulation: Simulation,
    pub(super) names: Names,
    pub(super) time: RealTime,
    pub(super) sticky: Sticky,
    /// The workers' polls, which go out once there is a task for them.
    polls: BTreeMap<CallId, Request>,
    /// Calls that were made and that the fake has not answered yet.
    pub(super) in_flight: BTreeMap<CallId, InFlight>,
    /// Tasks that the real server handed out before their turn.
    pub(super) early: Vec<serde_json::Value>,
    /// The histories that were seen to be equal, by run.
    pub(super) settled: BTreeMap<RunId, u128>,
    pub(super) awaited: Awaited,
    /// What was read while orders are tried.
    pub(super) glance: Mutex<Option<BTreeMap<String, Answer>>>,
    /// In which orders the real server did its own work, where it was not the default one.
    pub(super) orders: Vec<String>,
    /// What was asked and answered, for a case of the corpus.
    pub(super) log: Log,
    /// How many calls there are in it.
    pub(super) calls: u64,
    /// Workflow Ids that anything was asked to start.
    pub(super) started: BTreeSet<String>,
}

pub(super) struct InFlight {
    /// Its number in the log.
    call: u64,
    pub(super) question: Question,
    reply: Reply,
    pub(super) answer: JoinHandle<Result<Answer, Unreachable>>,
}

impl Lockstep {
    pub(super) fn new(connection: Connection, simulation: Simulation, names: Names) -> Self {
        Self {
            glance: Mutex::default(),
            log: Log {
                prefix: names.prefix().to_owned(),
                namespace: names.namespace(),
                entries: Vec::new(),
            },
            calls: 0,
            connection,
            simulation,
            names,
            time: RealTime::start(),
            sticky: Sticky::default(),
            polls: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            early: Vec::new(),
            settled: BTreeMap::new(),
            awaited: Awaited::default(),
            orders: Vec::new(),
            started: BTreeSet::new(),
        }
    }

    /// Follows the scenario to its end.
    pub(super) async fn follow(&mut self) -> Result<(), Trouble> {
        let exchanges = self.simulation.take_exchanges();
        self.pass_on(exchanges).await?;
        self.time = RealTime::start();
        let mut enabled = Enabled::default();
        loop {
            self.simulation.enabled(Duration::ZERO, &mut enabled);
            let Some((due, happening)) = enabled.first().copied() else { break };
            if due > self.simulation.now() && self.is_over() {
                break;
            }
            match happening {
                Happening::Server(key @ (TaskKey::Transfer(..) | TaskKey::Timer(..))) => {
                    self.do_own_work(due, key);
                }
                _ => self.lead(due, happening).await?,
            }
        }
        // The whole of every history, once more: nothing may have come too much.
        self.settle().await?;
        self.settled.clear();
        self.settle().await?;
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.simulation.clients_have_finished() && self.simulation.executions_have_closed()
    }

    /// The fake server does something by itself. The real one does it too, which is awaited before
    /// anything else is asked of it.
    fn do_own_work(&mut self, due: Time, key: TaskKey) {
        let (at, certainly) = match key {
            TaskKey::Timer(..) => self.time.deadline(key, due),
            _ => (Instant::now(), Instant::now() + UNSEEN),
        };
        if self.awaited.before.is_none() {
            self.awaited.before = Some(self.simulation.clone());
        }
        let histories = digests(&self.simulation);
        let descriptions = self.descriptions();
        self.simulation.step(due, Happening::Server(key));
        self.awaited.at = self.awaited.at.max(Some(at));
        if digests(&self.simulation) == histories {
            let changed: Vec<RunId> = self
                .descriptions()
                .into_iter()
                .filter(|(run, description)| descriptions.get(run) != Some(description))
                .map(|(run, _)| run)
                .collect();
            if changed.is_empty() {
                self.awaited.unseen_until = self.awaited.unseen_until.max(Some(certainly));
            }
            self.awaited.described.extend(changed);
        }
        self.time.take_note(&self.simulation);
    }

    /// A client, a worker, or a task that is handed out: what the driver has in its hands.
    async fn lead(&mut self, due: Time, happening: Happening) -> Result<(), Trouble> {
        let mut next = self.simulation.clone();
        next.look_on();
        next.step(due, happening);
        let exchanges = next.take_exchanges();
        let is_silent = exchanges.iter().all(|exchange| match exchange {
            Exchange::Asked { request, .. } => is_poll(request),
            _ => false,
        });
        if self.awaited.before.is_some() || !is_silent {
            // At the instant of other work of the server's own, that comes first on a real server.
            if self.settle().await? == Settled::OtherOrder {
                return Ok(());
            }
        }
        if !is_silent {
            match happening {
                Happening::Server(_) => {
                    let ahead = due.since(self.simulation.now());
                    self.rest_until(Instant::now() + ahead.saturating_sub(UNSEEN)).await?;
                }
                _ => self.rest_until(self.time.to_ask(due)).await?,
            }
        }
        self.simulation = next;
        self.pass_on(exchanges).await?;
        self.time.take_note(&self.simulation);
        if !is_silent {
            self.time.catch_up(self.simulation.now());
        }
        Ok(())
    }

    /// Does on the real server what has passed on the fake one.
    async fn pass_on(&mut self, exchanges: Vec<Exchange>) -> Result<(), Trouble> {
        for exchange in exchanges {
            match exchange {
                Exchange::Asked { call, request } if is_poll(&request) => {
                    self.introduce(&request).await?;
                    self.polls.insert(call, request);
                }
                Exchange::Asked { call, request } => self.ask(call, &request),
                Exchange::Answered { call, result } => match self.polls.remove(&call) {
                    Some(poll) => self.hand_out(&poll, &result).await?,
                    None => self.answered(call, &result).await?,
                },
                Exchange::Abandoned { call } => {
                    if let Some(poll) = self.polls.remove(&call) {
                        self.take_leave(&poll).await?;
                    }
                }
            }
        }
        if !self.in_flight.is_empty() {
            // What waits for its answer has arrived by then, and its time counts from now.
            self.time.take_note(&self.simulation);
            sleep(UNSEEN).await;
        }
        Ok(())
    }

    fn ask(&mut self, call: CallId, request: &Request) {
        self.started.extend(started_by(request));
        let (question, reply) = question(request, &self.names);
        let logged = self.log_question(&question);
        let connection = self.connection.clone();
        let asked = question.clone();
        let answer = tokio::spawn(async move { connection.ask(&asked, Caller::Sdk).await });
        let in_flight = InFlight { call: logged, question, reply, answer };
        self.in_flight.insert(call, in_flight);
    }

    async fn answered(
        &mut self,
        call: CallId,
        result: &Result<Response, RpcError>,
    ) -> Result<(), Trouble> {
        // It stays in flight until it is answered, so that cleaning up can wait for it.
        let Some(in_flight) = self.in_flight.get_mut(&call) else { return Ok(()) };
        let answered = (&mut in_flight.answer).await;
        let Some(in_flight) = self.in_flight.remove(&call) else { return Ok(()) };
        let InFlight { call, question, reply, .. } = in_flight;
        let action = question.action();
        let ours = Answer::of_fake(action, &reply, result);
        let real = match answered {
            Ok(real) => real?,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        self.log_answer(call, &real);
        self.learn_returned_task(result, &real);
        let differences = self.names.compare(&ours.normalised(action), &real.normalised(action));
        if differences.is_empty() {
            return Ok(());
        }
        let asked = self.names.unprefixed(&question.json());
        Err(self.different(format!("the answer to {action} {asked}"), &differences))
    }

    /// What the driver says of a difference.
    pub(super) fn different(&self, what: String, how: &[String]) -> Trouble {
        let how = how.iter().map(|line| format!("  {}\n", line.trim_start_matches('.')));
        let at = self.simulation.now();
        Trouble::Different(Difference { at, what, how: how.collect() })
    }

    /// How long a task that the fake has just handed out may be on its way.
    pub(super) fn task_patience() -> Duration {
        TASK_PATIENCE
    }
}

/// Whether a request is a worker's poll.
pub(super) fn is_poll(request: &Request) -> bool {
    matches!(request, Request::PollWorkflowTaskQueue(_) | Request::PollActivityTaskQueue(_))
}

/// The Workflow Ids that a request may start something with. A child may start there and not here,
/// where its parent closes at that moment (R91).
fn started_by(request: &Request) -> Vec<String> {
    match request {
        Request::StartWorkflowExecution(of) => vec![of.workflow_id.clone()],
        Request::SignalWithStartWorkflowExecution(of) => vec![of.workflow_id.clone()],
        Request::RespondWorkflowTaskCompleted(of) => {
            let children = of.commands.iter().filter_map(|command| match command {
                Command::StartChildWorkflowExecution(of) => Some(of.workflow_id.clone()),
                _ => None,
            });
            children.collect()
        }
        _ => Vec::new(),
    }
}
