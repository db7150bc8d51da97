//! From what passed between a scenario and a real server to a case of the corpus.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::case::{Case, CaseRun, RunSource, Step};
use super::log::{FinalRun, Log, LogEntry};
use super::normalise;
use super::symbols::{is_namespace, replace_in_payload, replace_uuids};
use crate::clock::{EPOCH, Time};

/// How often a sticky queue is polled that a worker waits at: matching gives a worker up that has
/// not polled for ten seconds (D3).
const POLLED_EVERY: Duration = Duration::from_secs(8);

/// How long a poll waits that brings a task, at most.
const POLL_SECONDS: f64 = 15.0;

/// How long a poll waits that is there to be seen. The real server refuses less than two (D6).
const GLIMPSE_SECONDS: f64 = 2.5;

/// Writes down a case: what was asked, with symbols in the place of what differs from one execution
/// to the next, what was answered, and what the runs were in the end.
///
/// ```
/// use deadbeat::clock::EPOCH;
/// use deadbeat::verify::{FinalRun, Log, LogEntry, record};
/// use serde_json::json;
///
/// let run_id = "0190aaaa-0000-7000-8000-000000000001";
/// let log = Log {
///     prefix: "deadbeat-1-".to_owned(),
///     namespace: "default".to_owned(),
///     entries: vec![
///         LogEntry::Asked {
///             call: 1,
///             at: EPOCH,
///             action: "start_workflow_execution".to_owned(),
///             request: json!({ "namespace": "default", "workflowId": "deadbeat-1-w" }),
///         },
///         LogEntry::Answered {
///             call: 1,
///             at: EPOCH,
///             answer: Ok(json!({ "runId": run_id, "started": true })),
///         },
///     ],
/// };
/// let run = FinalRun {
///     workflow_id: "deadbeat-1-w".to_owned(),
///     run_id: run_id.to_owned(),
///     events: vec![],
///     batches: vec![],
///     status: "RUNNING".to_owned(),
/// };
/// let case = record("started", "a start", &log, &[run]);
/// assert_eq!(case.steps[0].args["workflowId"], "${case}-w");
/// assert_eq!(case.steps[0].bind["run:w"], "runId");
/// assert_eq!(case.steps[0].expect, Some(json!({ "runId": "${run:w}", "started": true })));
/// assert_eq!(case.close_status["w"], "RUNNING");
/// ```
pub fn record(name: &str, description: &str, log: &Log, runs: &[FinalRun]) -> Case {
    let mut writer = Writer::new(log, runs);
    for (at, entry) in log.entries.iter().enumerate() {
        writer.pass_time(entry.at());
        match entry {
            LogEntry::Asked { call, action, request, .. } => {
                writer.ask(*call, action, request, is_answered_next(&log.entries[at..]));
            }
            LogEntry::Answered { call, answer, .. } => writer.answer(*call, answer),
            LogEntry::Polls { request, .. } => {
                writer.sticky.push(request.clone());
                writer.show_up(request);
            }
            LogEntry::PollsNoMore { request, .. } => {
                writer.show_up(request);
                writer.sticky.retain(|poll| poll != request);
            }
        }
    }
    writer.finish(name, description, runs)
}

/// Whether the first call is answered before anything else is asked.
fn is_answered_next(entries: &[LogEntry]) -> bool {
    match entries {
        [LogEntry::Asked { call, .. }, LogEntry::Answered { call: answered, .. }, ..] => {
            call == answered
        }
        _ => false,
    }
}

struct Writer<'a> {
    /// What `${case}` stands for.
    case: &'a str,
    namespace: &'a str,
    now: Time,
    steps: Vec<Step>,
    /// The step of each call.
    calls: BTreeMap<u64, usize>,
    /// The alias of each run, by Run Id.
    aliases: BTreeMap<String, String>,
    /// The Workflow Id of each run, by Run Id.
    workflow_ids: BTreeMap<String, String>,
    /// The runs whose ids a step gives.
    bound: Vec<String>,
    /// The symbol of each task token.
    tokens: BTreeMap<String, String>,
    /// The symbol of each query id.
    queries: BTreeMap<String, String>,
    /// Other UUIDs, in order of appearance.
    ids: Vec<String>,
    /// The polls of workers that wait at sticky queues.
    sticky: Vec<Value>,
}

impl<'a> Writer<'a> {
    fn new(log: &'a Log, runs: &[FinalRun]) -> Self {
        let case = log.prefix.trim_end_matches('-');
        let mut aliases: BTreeMap<String, String> = BTreeMap::new();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for run in runs {
            let count = counts.entry(&run.workflow_id).or_default();
            *count += 1;
            let name = run.workflow_id.strip_prefix(&log.prefix).unwrap_or(&run.workflow_id);
            let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            let name: String = name.chars().filter(is_plain).collect();
            let alias = if *count == 1 { name } else { format!("{name}-{count}") };
            let is_taken = aliases.values().any(|taken| *taken == alias);
            let alias = if is_taken { format!("{alias}.{}", aliases.len()) } else { alias };
            aliases.insert(run.run_id.clone(), alias);
        }
        let ids = runs.iter().map(|run| (run.run_id.clone(), run.workflow_id.clone()));
        Self {
            case,
            namespace: &log.namespace,
            now: EPOCH,
            steps: Vec::new(),
            calls: BTreeMap::new(),
            aliases,
            workflow_ids: ids.collect(),
            bound: Vec::new(),
            tokens: BTreeMap::new(),
            queries: BTreeMap::new(),
            ids: Vec::new(),
            sticky: Vec::new(),
        }
    }

    /// Lets time pass; workers that wait at a sticky queue are seen meanwhile.
    fn pass_time(&mut self, until: Time) {
        while self.now < until {
            let left = until.since(self.now);
            let part = if self.sticky.is_empty() { left } else { left.min(POLLED_EVERY) };
            self.now = self.now + part;
            self.steps.push(Step { seconds: Some(part.as_secs_f64()), ..step("advance") });
            if self.now < until {
                for poll in self.sticky.clone() {
                    self.show_up(&poll);
                }
            }
        }
    }

    /// A poll that ends before it brings anything.
    fn show_up(&mut self, poll: &Value) {
        let args = self.asked(poll);
        self.steps.push(Step {
            args,
            expect: Some(json!({})),
            timeout_s: Some(GLIMPSE_SECONDS),
            ..step("poll_workflow_task_queue")
        });
    }

    fn ask(&mut self, call: u64, action: &str, request: &Value, is_answered_next: bool) {
        let args = self.asked(request);
        self.bind_named(&args);
        let is_poll = action.starts_with("poll_");
        self.calls.insert(call, self.steps.len());
        self.steps.push(Step {
            args,
            timeout_s: is_poll.then_some(POLL_SECONDS),
            r#async: (!is_answered_next).then(|| format!("call-{call}")),
            ..step(action)
        });
    }

    fn answer(&mut self, call: u64, answer: &Result<Value, Value>) {
        let Some(at) = self.calls.get(&call).copied() else { return };
        if let Some(label) = self.steps[at].r#async.clone() {
            self.steps.push(Step { id: Some(label), ..step("join") });
        }
        let action = self.steps[at].action.clone();
        let expect = match answer {
            Ok(response) => {
                let bind = self.bind_answered(response);
                self.steps[at].bind = bind;
                normalise::result(&action, response, &[])
            }
            Err(refusal) => refusal.clone(),
        };
        self.steps[at].expect = Some(expect);
    }

    /// Binds what an answer is the first to tell: runs, tokens, queries.
    fn bind_answered(&mut self, response: &Value) -> BTreeMap<String, String> {
        const RUNS: [&str; 4] = [
            "runId",
            "workflowExecution.runId",
            "workflowTask.workflowExecution.runId",
            "updateRef.workflowExecution.runId",
        ];
        let mut bind = BTreeMap::new();
        for path in RUNS {
            let Some(run_id) = text_at(response, path) else { continue };
            if let Some(alias) = self.aliases.get(run_id)
                && !self.bound.iter().any(|bound| bound == run_id)
            {
                bind.insert(format!("run:{alias}"), path.to_owned());
                self.bound.push(run_id.to_owned());
            }
        }
        for path in ["taskToken", "workflowTask.taskToken"] {
            let Some(token) = text_at(response, path).filter(|token| !token.is_empty()) else {
                continue;
            };
            let task = path.strip_suffix("taskToken").unwrap_or_default();
            let is_activity = text_at(response, &format!("{task}activityId")).is_some();
            let number = self.tokens.len() + 1;
            let task = if is_activity { format!("a{number}") } else { format!("t{number}") };
            if !self.tokens.contains_key(token) {
                bind.insert(format!("token:{task}"), path.to_owned());
                self.tokens.insert(token.to_owned(), format!("${{token:{task}}}"));
            }
            if let Some(Value::Object(queries)) = response.get("queries")
                && let Some(id) = queries.keys().next()
            {
                bind.insert(format!("query:{task}"), "queries.@key".to_owned());
                self.queries.insert(id.clone(), format!("${{query:{task}}}"));
            }
        }
        bind
    }

    /// Before something names a run that no answer has told yet, it is looked up.
    fn bind_named(&mut self, args: &Value) {
        let text = args.to_string();
        let aliases = self.aliases.clone();
        let unbound = aliases.iter().filter(|(run_id, alias)| {
            !self.bound.contains(run_id) && text.contains(&format!("${{run:{alias}}}"))
        });
        for (run_id, alias) in unbound.collect::<Vec<_>>() {
            let workflow_id = self.workflow_ids.get(run_id).cloned().unwrap_or_default();
            let workflow_id = self.replaced_text(&workflow_id);
            self.bound.push(run_id.clone());
            self.steps.push(Step {
                args: json!({ "alias": alias, "workflowId": workflow_id }),
                ..step("bind_run")
            });
        }
    }

    fn finish(mut self, name: &str, description: &str, runs: &[FinalRun]) -> Case {
        for at in 0..self.steps.len() {
            let expect = self.steps[at].expect.take();
            self.steps[at].expect = expect.map(|expect| self.told("", &expect));
        }
        let mut case = Case {
            name: name.to_owned(),
            description: description.to_owned(),
            flags: BTreeMap::new(),
            needs: Vec::new(),
            keep: Vec::new(),
            steps: Vec::new(),
            runs: Vec::new(),
            histories: BTreeMap::new(),
            batches: BTreeMap::new(),
            close_status: BTreeMap::new(),
        };
        for run in runs {
            let alias = self.aliases.get(&run.run_id).cloned().unwrap_or_default();
            let events = run.events.iter().map(|event| self.told("", &normalise::event(event)));
            case.histories.insert(alias.clone(), events.collect());
            case.batches.insert(alias.clone(), run.batches.clone());
            case.close_status.insert(alias, run.status.clone());
        }
        case.runs = self.sources(runs);
        case.steps = self.steps;
        case
    }

    /// Where the ids of the runs are found: those that no step gives, in the histories of others.
    fn sources(&self, runs: &[FinalRun]) -> Vec<CaseRun> {
        let (known, mut unknown): (Vec<&FinalRun>, Vec<&FinalRun>) =
            runs.iter().partition(|run| self.bound.contains(&run.run_id));
        let mut found: Vec<CaseRun> = known.iter().map(|run| self.case_run(run, None)).collect();
        let mut read = known;
        while !unknown.is_empty() {
            let source = |run: &FinalRun| read.iter().find_map(|of| self.source(run, of));
            let next = unknown.iter().position(|run| source(run).is_some()).unwrap_or(0);
            let run = unknown.remove(next);
            let from = source(run);
            found.push(self.case_run(run, from));
            read.push(run);
        }
        found
    }

    fn case_run(&self, run: &FinalRun, from: Option<RunSource>) -> CaseRun {
        CaseRun {
            alias: self.aliases.get(&run.run_id).cloned().unwrap_or_default(),
            workflow_id: self.replaced_text(&run.workflow_id),
            from,
        }
    }

    /// Where a history names a run.
    fn source(&self, run: &FinalRun, of: &FinalRun) -> Option<RunSource> {
        of.events.iter().find_map(|event| {
            Some(RunSource::Event {
                history: self.aliases.get(&of.run_id)?.clone(),
                event_id: event["eventId"].as_str()?.to_owned(),
                path: path_to(event, &run.run_id)?,
            })
        })
    }

    /// A request with symbols. Payloads stay as they were sent.
    fn asked(&self, request: &Value) -> Value {
        match request {
            Value::String(text) => self.replaced_text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.asked(item)).collect(),
            Value::Object(fields) => {
                let field = |(key, value): (&String, &Value)| {
                    let value = match (key.as_str(), value) {
                        ("data", _) => value.clone(),
                        ("taskToken", Value::String(token)) => {
                            self.tokens.get(token).unwrap_or(token).as_str().into()
                        }
                        (key, Value::String(text)) if is_namespace(key) => self.namespaced(text),
                        _ => self.asked(value),
                    };
                    (self.replaced_text(key), value)
                };
                fields.iter().map(field).collect::<Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }

    /// What the server said, with symbols; UUIDs that nothing is known of are numbered.
    fn told(&mut self, key: &str, value: &Value) -> Value {
        match value {
            Value::String(text) if is_namespace(key) => self.namespaced(text),
            Value::String(base64) if key == "data" => {
                replace_in_payload(base64, |text| self.numbered_text(text)).into()
            }
            Value::String(text) => self.numbered_text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.told("", item)).collect(),
            Value::Object(fields) => {
                let fields = fields.iter().map(|(key, value)| {
                    let value = self.told(key, value);
                    (self.numbered_text(key), value)
                });
                fields.collect::<Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }

    fn namespaced(&self, text: &str) -> Value {
        if text == self.namespace { "default".into() } else { text.into() }
    }

    fn replaced_text(&self, text: &str) -> String {
        let text = text.replace(self.case, "${case}");
        replace_uuids(&text, |uuid| self.symbol(uuid).unwrap_or_else(|| uuid.to_owned()))
    }

    fn numbered_text(&mut self, text: &str) -> String {
        let text = text.replace(self.case, "${case}");
        replace_uuids(&text, |uuid| {
            self.symbol(uuid).unwrap_or_else(|| {
                let known = self.ids.iter().position(|id| id == uuid);
                let number = known.unwrap_or_else(|| {
                    self.ids.push(uuid.to_owned());
                    self.ids.len() - 1
                });
                format!("<id:{}>", number + 1)
            })
        })
    }

    fn symbol(&self, uuid: &str) -> Option<String> {
        let run = self.aliases.get(uuid).map(|alias| format!("${{run:{alias}}}"));
        run.or_else(|| self.queries.get(uuid).cloned())
    }
}

fn step(action: &str) -> Step {
    Step {
        action: action.to_owned(),
        args: Value::Null,
        bind: BTreeMap::new(),
        expect: None,
        timeout_s: None,
        waits_s: None,
        r#async: None,
        client: None,
        id: None,
        seconds: None,
    }
}

fn text_at<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    path.split('.').try_fold(value, |value, part| value.get(part))?.as_str()
}

/// The path to a text in a value.
fn path_to(value: &Value, text: &str) -> Option<String> {
    match value {
        Value::Object(fields) => fields.iter().find_map(|(key, value)| match value {
            Value::String(found) if found == text => Some(key.clone()),
            _ => Some(format!("{key}.{}", path_to(value, text)?)),
        }),
        _ => None,
    }
}
