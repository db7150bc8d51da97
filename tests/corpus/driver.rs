//! Plays a case into a server of its own, under virtual time.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use deadbeat::api::{CallId, Code, Outbox, RpcError};
use deadbeat::check::invariant::Auditor;
use deadbeat::clock::{EPOCH, Time};
use deadbeat::grpc::{Client, Expiry, Frontend, Metadata, Reply, error_details};
use deadbeat::server::{Server, TaskKey};
use deadbeat::verify::{Case, Rpc, RunSource, Step, Symbols};
use serde_json::{Value, json};

use crate::cli;
use crate::follow::Follower;

const NAMESPACE: &str = "default";

/// More happenings at one instant than any case has: a server that does not come to rest.
const RESTLESS: usize = 10_000;

/// What came of a call.
#[derive(Clone)]
pub(crate) enum Outcome {
    Answer(Value),
    Error { status: String, message: String, details: Vec<String> },
}

/// What came of a case.
pub(crate) struct Played {
    /// By number of the step.
    pub(crate) outcomes: BTreeMap<usize, Outcome>,
    /// Why the script ended early.
    pub(crate) abort: Option<String>,
    /// An invariant that does not hold at the end.
    pub(crate) broken: Option<String>,
    /// The events of every run, by alias.
    pub(crate) histories: BTreeMap<String, Vec<Value>>,
    pub(crate) batches: BTreeMap<String, Vec<Vec<i64>>>,
    pub(crate) close_status: BTreeMap<String, String>,
    pub(crate) symbols: Symbols,
    /// How many things the server had to do, at every instant at which there was more than one.
    pub(crate) choices: Vec<usize>,
    /// The step after which something was other than it was recorded, if the play stopped there.
    pub(crate) stopped_at: Option<usize>,
}

/// In which of the ways that the real server may take its server works.
#[derive(Clone, Default)]
pub(crate) struct Manner {
    /// What it does first where it has several things to do at one instant: the how-manieth in
    /// default order, choice by choice; from the end on always the first.
    pub(crate) picks: Vec<usize>,
    /// How late its timers are.
    pub(crate) lateness: Duration,
    /// Whether to go on after something is other than it was recorded.
    pub(crate) after_difference: AfterDifference,
}

/// What to do when something is other than it was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum AfterDifference {
    #[default]
    GoOn,
    Stop,
}

/// Plays a case from beginning to end.
pub(crate) fn play(case: &Case, manner: &Manner) -> Played {
    let mut driver = Driver::new(case, manner);
    driver.played.abort = driver.script().err().map(|error| error.to_string());
    if driver.played.stopped_at.is_none() {
        driver.read_runs();
    }
    let audited = Auditor::new().audit_server(&driver.server);
    driver.played.broken = audited.err().map(|violation| violation.to_string());
    driver.played
}

struct Driver<'a> {
    case: &'a Case,
    manner: &'a Manner,
    played: Played,
    follower: Follower,
    server: Server,
    frontend: Frontend,
    now: Time,
    outbox: Outbox,
    calls: u64,
    /// Calls without an answer.
    waiting: BTreeMap<CallId, Waiting>,
    /// Labels of calls that nobody waits for yet, and the steps that made them.
    labels: BTreeMap<String, usize>,
    descriptions: BTreeMap<String, Value>,
}

struct Waiting {
    /// The step that made the call; `None` for the driver's own.
    step: Option<usize>,
    rpc: &'static Rpc,
    reply: Reply,
    /// When the call ends without an answer.
    until: Option<Time>,
    /// What it is told then, if that is not for its client to say.
    expiry: Option<Expiry>,
}

/// What is recorded of a run.
#[derive(Default)]
struct Recorded {
    events: Vec<Value>,
    /// The ids of the events of each batch.
    batches: Vec<Vec<i64>>,
}

/// A call, and what became of it at once.
enum Made {
    Waits(CallId),
    Done(Outcome),
}

impl<'a> Driver<'a> {
    fn new(case: &'a Case, manner: &'a Manner) -> Self {
        Self {
            case,
            manner,
            played: Played {
                outcomes: BTreeMap::new(),
                abort: None,
                broken: None,
                histories: BTreeMap::new(),
                batches: BTreeMap::new(),
                close_status: BTreeMap::new(),
                symbols: Symbols::new(format!("{}-c0ffee", case.name)),
                choices: Vec::new(),
                stopped_at: None,
            },
            follower: Follower::default(),
            server: Server::new(NAMESPACE),
            frontend: Frontend::new(NAMESPACE),
            now: EPOCH,
            outbox: Outbox::new(),
            calls: 0,
            waiting: BTreeMap::new(),
            labels: BTreeMap::new(),
            descriptions: BTreeMap::new(),
        }
    }

    fn script(&mut self) -> Result<(), Box<dyn Error>> {
        for (number, step) in self.case.steps.iter().enumerate() {
            let done = match step.action.as_str() {
                "advance" => self.advance(step.seconds.unwrap_or(0.0)),
                "settle" => self.fire_due(),
                "join" => self.join(step),
                "await_event" => self.await_event(step),
                "bind_run" => self.bind_run(step),
                "cli" => self.cli(number, step),
                _ => self.call(number, step),
            };
            let done = done.and_then(|()| self.bind_answers());
            if self.manner.after_difference == AfterDifference::Stop
                && (done.is_err() || !self.follower.agrees(self.case, &self.played, &self.server))
            {
                self.played.stopped_at = Some(number);
                return Ok(());
            }
            done.map_err(|error| format!("step {number} {}: {error}", step.action))?;
        }
        Ok(())
    }

    /// Lets the `temporal` CLI loose on the server as it is, over the network.
    fn cli(&mut self, number: usize, step: &Step) -> Result<(), Box<dyn Error>> {
        if !self.waiting.is_empty() {
            return Err("calls that wait cannot go along to the network".into());
        }
        let argv = self.played.symbols.resolve(&step.args["argv"])?;
        let (server, answer) = cli::run(self.server.clone(), self.now, &argv)?;
        self.server = server;
        for symbol in step.bind.keys() {
            let run_id = cli::printed_run_id(&answer).ok_or("the CLI did not print a run id")?;
            self.played.symbols.bind(symbol, &run_id);
        }
        self.played.outcomes.insert(number, Outcome::Answer(answer));
        Ok(())
    }

    // Calls

    fn call(&mut self, number: usize, step: &Step) -> Result<(), Box<dyn Error>> {
        let rpc = Rpc::find(&step.action).ok_or("no such action")?;
        let args = self.played.symbols.resolve(&step.args)?;
        let metadata = Metadata {
            client: step.client.as_deref().map_or(Client::Sdk, Client::named),
            timeout: step.timeout_s.map(Duration::from_secs_f64),
            ..Metadata::default()
        };
        let waits = Duration::from_secs_f64(step.waits_s.unwrap_or(0.0));
        let until = step.expects_nothing().then(|| self.now + waits);
        let call = match self.make(Some(number), rpc, &args, metadata, until)? {
            Made::Waits(call) => call,
            Made::Done(outcome) => {
                self.played.outcomes.insert(number, outcome);
                return Ok(());
            }
        };
        if let Some(label) = &step.r#async {
            self.labels.insert(label.clone(), number);
            return Ok(());
        }
        let limit = until.unwrap_or(self.now + waits.mul_f64(1.5) + Duration::from_millis(1_500));
        self.pass_time(limit, |driver| !driver.waiting.contains_key(&call))?;
        if self.waiting.contains_key(&call) {
            self.give_up(call)?;
        }
        Ok(())
    }

    /// Makes a call, and lets what is due now happen.
    fn make(
        &mut self,
        step: Option<usize>,
        rpc: &'static Rpc,
        args: &Value,
        metadata: Metadata,
        until: Option<Time>,
    ) -> Result<Made, Box<dyn Error>> {
        let message = match rpc.request(args) {
            Ok(message) => message,
            Err(error) => {
                let (status, details) = ("CLIENT".to_owned(), Vec::new());
                return Ok(Made::Done(Outcome::Error {
                    status,
                    message: error.to_string(),
                    details,
                }));
            }
        };
        let call = match self.frontend.decode(&rpc.method(), &message, &metadata) {
            Ok(call) => call,
            Err(error) => return Ok(Made::Done(refused(&error))),
        };
        self.calls += 1;
        let id = CallId(self.calls);
        let expiry = call.expiry(&metadata).map(|(_, expiry)| expiry);
        self.waiting.insert(id, Waiting { step, rpc, reply: call.reply, until, expiry });
        self.server.call(self.now, id, call.request, &mut self.outbox);
        let done = self.collect(id)?;
        self.fire_due()?;
        Ok(done.map_or(Made::Waits(id), Made::Done))
    }

    /// Ends a call that was not answered.
    fn give_up(&mut self, call: CallId) -> Result<(), Box<dyn Error>> {
        self.server.abandon(self.now, call);
        let Some(waiting) = self.waiting.remove(&call) else { return Ok(()) };
        let outcome = match waiting.expiry {
            None => client_timeout(),
            Some(Expiry::Answer(bytes)) => Outcome::Answer(waiting.rpc.response(&bytes)?),
            Some(Expiry::Ask(request)) => {
                self.calls += 1;
                let Waiting { step, rpc, reply, .. } = waiting;
                let again = Waiting { step, rpc, reply, until: None, expiry: None };
                self.waiting.insert(CallId(self.calls), again);
                self.server.call(self.now, CallId(self.calls), request, &mut self.outbox);
                self.collect(CallId(self.calls))?.ok_or("a reader was told to wait again")?
            }
        };
        if let Some(step) = waiting.step {
            self.played.outcomes.insert(step, outcome);
        }
        Ok(())
    }

    /// Sorts the answers that have come: those of steps to their steps, that of the call that is
    /// being made to the caller.
    fn collect(&mut self, made: CallId) -> Result<Option<Outcome>, Box<dyn Error>> {
        let mut own = None;
        for (call, result) in self.outbox.drain().collect::<Vec<_>>() {
            let waiting = self.waiting.remove(&call).ok_or("an answer to nobody")?;
            let outcome = match result {
                // The client's own deadline is over at the same time.
                Err(error) if error.code == Code::DeadlineExceeded => client_timeout(),
                Err(error) => refused(&error),
                Ok(response) => {
                    let bytes = self.frontend.encode(&waiting.reply, response);
                    let bytes = bytes.map_err(|error| error.to_string())?;
                    Outcome::Answer(waiting.rpc.response(&bytes)?)
                }
            };
            if call == made {
                own = Some(outcome);
            } else if let Some(step) = waiting.step {
                self.played.outcomes.insert(step, outcome);
            }
        }
        Ok(own)
    }

    /// A call of the driver's own, as the CLI would make it.
    fn ask(&mut self, action: &str, args: &Value) -> Result<Value, Box<dyn Error>> {
        let rpc = Rpc::find(action).ok_or("no such action")?;
        let metadata = Metadata { client: Client::Tool, ..Metadata::default() };
        match self.make(None, rpc, args, metadata, None)? {
            Made::Done(Outcome::Answer(answer)) => Ok(answer),
            Made::Done(Outcome::Error { status, message, .. }) => {
                Err(format!("{status} {message}").into())
            }
            Made::Waits(_) => Err("no answer".into()),
        }
    }

    /// Gives symbols the values that they have in the answers so far.
    fn bind_answers(&mut self) -> Result<(), Box<dyn Error>> {
        for (number, step) in self.case.steps.iter().enumerate() {
            let Some(outcome) = self.played.outcomes.get(&number) else { continue };
            for (symbol, path) in &step.bind {
                if step.action == "cli" || self.played.symbols.knows(symbol) {
                    continue;
                }
                let found = match outcome {
                    Outcome::Answer(answer) => at_path(answer, path),
                    Outcome::Error { .. } => None,
                };
                let missing = || format!("step {number} {} did not yield {path}", step.action);
                self.played.symbols.bind(symbol, &found.ok_or_else(missing)?);
            }
        }
        Ok(())
    }

    // Time

    fn advance(&mut self, seconds: f64) -> Result<(), Box<dyn Error>> {
        self.pass_time(self.now + Duration::from_secs_f64(seconds), |_| false)
    }

    /// Lets time pass, from one thing that happens to the next, until something is so or it is
    /// `limit`.
    fn pass_time(
        &mut self,
        limit: Time,
        mut is_so: impl FnMut(&mut Self) -> bool,
    ) -> Result<(), Box<dyn Error>> {
        loop {
            self.fire_due()?;
            self.end_overdue()?;
            if is_so(self) || self.now >= limit {
                return Ok(());
            }
            let due = self.next_due();
            let ends = self.waiting.values().filter_map(|waiting| waiting.until).min();
            let next = due.into_iter().chain(ends).min().unwrap_or(limit);
            self.now = self.now.max(next.min(limit));
        }
    }

    /// Lets everything happen that is due by now.
    fn fire_due(&mut self) -> Result<(), Box<dyn Error>> {
        let mut tasks = Vec::new();
        for _ in 0..RESTLESS {
            tasks.clear();
            self.server.due_until(self.now, &mut tasks);
            tasks.retain(|(due, task)| self.comes_at(*due, *task) <= self.now);
            let pick = match tasks.len() {
                0 => return Ok(()),
                1 => 0,
                of => {
                    let pick = self.manner.picks.get(self.played.choices.len());
                    self.played.choices.push(of);
                    pick.copied().unwrap_or(0).min(of - 1)
                }
            };
            self.server.fire(self.now, tasks[pick].1, &mut self.outbox);
            self.collect(CallId(0))?;
        }
        let due = self.server.due();
        Err(format!("the server does not come to rest: {due:?} is due again and again").into())
    }

    /// When something comes that is due: a timer may be late.
    fn comes_at(&self, due: Time, task: TaskKey) -> Time {
        match task {
            TaskKey::Timer(..) => due + self.manner.lateness,
            TaskKey::Transfer(..)
            | TaskKey::Dispatch(..)
            | TaskKey::Query(..)
            | TaskKey::Batch(_) => due,
        }
    }

    /// When the server does something next.
    fn next_due(&self) -> Option<Time> {
        let (first, _) = self.server.due()?;
        let mut tasks = Vec::new();
        self.server.due_until(first + self.manner.lateness, &mut tasks);
        tasks.into_iter().map(|(due, task)| self.comes_at(due, task)).min()
    }

    /// Ends the calls whose time is up.
    fn end_overdue(&mut self) -> Result<(), Box<dyn Error>> {
        let now = self.now;
        let is_over = |waiting: &Waiting| waiting.until.is_some_and(|until| until <= now);
        let over = self.waiting.iter().filter(|(_, waiting)| is_over(waiting));
        for call in over.map(|(call, _)| *call).collect::<Vec<_>>() {
            self.give_up(call)?;
        }
        Ok(())
    }

    // Pseudo-actions

    fn join(&mut self, step: &Step) -> Result<(), Box<dyn Error>> {
        let label = step.id.as_deref().unwrap_or_default();
        // A call that was answered at once never got to have its label.
        let Some(number) = self.labels.remove(label) else { return Ok(()) };
        let of_step = |waiting: &&Waiting| waiting.step == Some(number);
        let until = self.waiting.values().find(of_step).and_then(|waiting| waiting.until);
        let waits = self.case.steps[number].waits_s.unwrap_or(0.0).mul_add(1.5, 1.5).max(5.0);
        let limit = until.unwrap_or(self.now + Duration::from_secs_f64(waits));
        self.pass_time(limit, |driver| driver.played.outcomes.contains_key(&number))?;
        if self.played.outcomes.contains_key(&number) {
            return Ok(());
        }
        Err(format!("{label} still waits for its answer").into())
    }

    fn await_event(&mut self, step: &Step) -> Result<(), Box<dyn Error>> {
        let args = self.played.symbols.resolve(&step.args)?;
        let text = |name: &str| args[name].as_str().unwrap_or_default().to_owned();
        let (workflow_id, run_id, event_type) =
            (text("workflowId"), text("runId"), text("eventType"));
        let wanted = args["count"].as_u64().unwrap_or(1);
        let seconds = args["timeoutSeconds"].as_f64().unwrap_or(15.0);
        let mut seen = 0;
        self.pass_time(self.now + Duration::from_secs_f64(seconds), |driver| {
            let events = driver.fetch(&workflow_id, &run_id).unwrap_or_default().events;
            let of_type = events.iter().filter(|event| event["eventType"] == event_type.as_str());
            seen = of_type.count() as u64;
            seen >= wanted
        })?;
        if seen >= wanted {
            return Ok(());
        }
        Err(format!("only {seen} of {wanted} {event_type} seen").into())
    }

    fn bind_run(&mut self, step: &Step) -> Result<(), Box<dyn Error>> {
        let args = self.played.symbols.resolve(&step.args)?;
        let target = json!({
            "namespace": NAMESPACE,
            "execution": { "workflowId": args["workflowId"] },
        });
        let alias = args["alias"].as_str().ok_or("no alias")?;
        let mut found = None;
        self.pass_time(self.now + Duration::from_secs(10), |driver| {
            let description = driver.ask("describe_workflow_execution", &target);
            let run_id = description.ok().and_then(|description| {
                at_path(&description, "workflowExecutionInfo.execution.runId")
            });
            found = run_id.filter(|run_id| !driver.played.symbols.names_run(run_id));
            found.is_some()
        })?;
        self.played.symbols.bind(&format!("run:{alias}"), &found.ok_or("no new run appeared")?);
        Ok(())
    }

    // After the script

    fn read_runs(&mut self) {
        for call in self.waiting.keys().copied().collect::<Vec<_>>() {
            self.server.abandon(self.now, call);
        }
        self.waiting.clear();
        for run in &self.case.runs {
            if let Err(error) = self.read_run(&run.alias, &run.workflow_id, run.from.as_ref()) {
                self.played
                    .close_status
                    .entry(run.alias.clone())
                    .or_insert(format!("ERROR {error}"));
            }
        }
    }

    fn read_run(
        &mut self,
        alias: &str,
        workflow_id: &str,
        from: Option<&RunSource>,
    ) -> Result<(), Box<dyn Error>> {
        if let Some(from) = from {
            let run_id = self.find_run(from).ok_or("its run id is not where it should be")?;
            if self.played.symbols.names_run(&run_id) {
                return Err(format!("its run id {run_id} is that of another").into());
            }
            self.played.symbols.bind(&format!("run:{alias}"), &run_id);
        }
        let run_id = self.played.symbols.run(alias).ok_or("its run id is not known")?.to_owned();
        let workflow_id = self.played.symbols.resolve_text(workflow_id)?;
        let recorded = self.fetch(&workflow_id, &run_id)?;
        self.played.histories.insert(alias.to_owned(), recorded.events);
        self.played.batches.insert(alias.to_owned(), recorded.batches);
        let target = json!({
            "namespace": NAMESPACE,
            "execution": { "workflowId": workflow_id, "runId": run_id },
        });
        let description = self.ask("describe_workflow_execution", &target)?;
        let status = at_path(&description, "workflowExecutionInfo.status").ok_or("no status")?;
        self.played
            .close_status
            .insert(alias.to_owned(), status.replace("WORKFLOW_EXECUTION_STATUS_", ""));
        self.descriptions.insert(alias.to_owned(), description);
        Ok(())
    }

    fn find_run(&self, from: &RunSource) -> Option<String> {
        match from {
            RunSource::Description { describe, path } => {
                at_path(self.descriptions.get(describe)?, path)
            }
            RunSource::Event { history, event_id, path } => {
                let mut events = self.played.histories.get(history)?.iter();
                at_path(events.find(|event| event["eventId"] == event_id.as_str())?, path)
            }
        }
    }

    /// What is recorded of a run, a batch a page.
    fn fetch(&mut self, workflow_id: &str, run_id: &str) -> Result<Recorded, Box<dyn Error>> {
        let mut args = json!({
            "namespace": NAMESPACE,
            "execution": { "workflowId": workflow_id, "runId": run_id },
            "maximumPageSize": 1,
        });
        let mut recorded = Recorded::default();
        loop {
            let page = self.ask("get_workflow_execution_history", &args)?;
            let of_page = page["history"]["events"].as_array().cloned().unwrap_or_default();
            if !of_page.is_empty() {
                let ids = of_page.iter().map(|event| {
                    event["eventId"].as_str().and_then(|id| id.parse().ok()).unwrap_or(0)
                });
                recorded.batches.push(ids.collect());
            }
            recorded.events.extend(of_page);
            match page.get("nextPageToken") {
                Some(token) => args["nextPageToken"] = token.clone(),
                None => return Ok(recorded),
            }
        }
    }
}

fn client_timeout() -> Outcome {
    Outcome::Error {
        status: "DEADLINE_EXCEEDED".to_owned(),
        message: "<client timeout>".to_owned(),
        details: Vec::new(),
    }
}

fn refused(error: &RpcError) -> Outcome {
    let details = error_details(error)
        .into_iter()
        .map(|(type_url, _)| type_url.rsplit('.').next().unwrap_or_default().to_owned());
    Outcome::Error {
        status: error.code.name().to_owned(),
        message: error.message.to_string(),
        details: details.collect(),
    }
}

/// The text at a path: `.` descends, a number indexes a list, `@key` is the only key of a map.
fn at_path(value: &Value, path: &str) -> Option<String> {
    let mut at = value;
    for part in path.split('.') {
        at = match (part, at) {
            ("@key", Value::Object(fields)) => return fields.keys().next().cloned(),
            (_, Value::Array(items)) => items.get(part.parse::<usize>().ok()?)?,
            (_, other) => other.get(part)?,
        };
    }
    at.as_str().map(str::to_owned)
}
