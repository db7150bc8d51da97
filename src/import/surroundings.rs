//! What was around the run: the parent that started it, the runs before and after it, its children,
//! those that it signals and cancels and those that signal and cancel it. The smallest that makes
//! the history come out the same; nothing more is known of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::clients::{Act, Turnout};
use super::read::Event;
use super::story::Story;
use super::values::{self, Default, failing, nanos, payloads, timeout};
use super::yaml::{Node, Step, number, span, text};

/// The task queue of what is made up.
pub(super) const QUEUE: &str = "surroundings";

/// What is around a run.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// Code of other workflow types.
    pub(super) code: BTreeMap<String, Vec<Step>>,
    /// Code of the run's own type, for other Workflow Ids: children of its own type.
    pub(super) namesakes: BTreeMap<String, Vec<Step>>,
    /// What is started before the run, or instead of it.
    pub(super) starts: Vec<Step>,
    /// What clients do later.
    pub(super) acts: Vec<Act>,
    /// The task queues of children.
    pub(super) queues: Vec<String>,
    /// How many runs of the Workflow Id come before.
    pub(super) runs_before: u32,
    /// What the run's own code does in earlier attempts.
    pub(super) attempts: BTreeMap<i64, Vec<Step>>,
    /// What the run's type does in the runs of a cron schedule before it, and how each ended.
    pub(super) scheduled: Vec<(Vec<Step>, &'static str)>,
    /// Whether the run itself is started by one of `starts`.
    pub(super) starts_it: bool,
    /// What cannot be said.
    pub(super) notes: Vec<String>,
}

/// Makes it up.
pub(super) fn surroundings(story: &Story) -> Surroundings {
    let mut around = Surroundings::default();
    around.children(story);
    around.targets(story);
    around.requesters(story);
    around.before(story);
    around.parent(story);
    around
}

/// The options that a start and a child have in common.
pub(super) fn options(step: Step, story: &Story) -> Step {
    let run = story.start("workflowRunTimeout");
    let execution = story.start("workflowExecutionTimeout");
    let task = story.start("workflowTaskTimeout");
    step.maybe("workflow_execution_timeout", timeout(execution))
        .maybe("workflow_run_timeout", timeout(run).filter(|_| nanos(run) != nanos(execution)))
        .maybe("workflow_task_timeout", timeout(task).filter(|_| nanos(task) != 10_000_000_000))
        .maybe("retry_policy", values::retry_policy(story.start("retryPolicy"), Default::None))
        .maybe("cron_schedule", story.start("cronSchedule").as_str().map(text))
        .maybe("input", payloads(story.start("input")))
        .maybe("header", values::header(story.start("header")))
}

impl Surroundings {
    fn add(&mut self, kind: &str, own: &str, id: &str, steps: Vec<Step>) {
        if kind == own {
            self.namesakes.insert(id.to_owned(), steps);
            return;
        }
        match self.code.get_mut(kind) {
            None => {
                self.code.insert(kind.to_owned(), steps);
            }
            Some(there) if *there == steps => {}
            Some(there) => {
                let by_id = |step: &Step| step.fields[0].0 == "by_workflow_id";
                if !there.iter().any(by_id) {
                    let others = std::mem::take(there);
                    let arms = vec![("otherwise".to_owned(), Node::Steps(others))];
                    there.push(Step::new("by_workflow_id", Node::Map(arms)));
                }
                if let Some((_, Node::Map(arms))) = there[0].fields.first_mut() {
                    arms.insert(0, (id.to_owned(), Node::Steps(steps)));
                }
            }
        }
    }

    /// The run's children do what is recorded of them.
    fn children(&mut self, story: &Story) {
        for event in &story.events {
            if event.kind != "START_CHILD_WORKFLOW_EXECUTION_INITIATED" {
                continue;
            }
            let (kind, id) = (event.text("workflowType.name"), event.text("workflowId"));
            let about: Vec<(usize, &Event)> = story
                .events
                .iter()
                .enumerate()
                .filter(|(_, other)| other.number("initiatedEventId") == event.id)
                .filter(|(_, other)| other.kind.contains("CHILD_WORKFLOW_EXECUTION"))
                .collect();
            let started = about.iter().find(|(_, e)| e.kind == "CHILD_WORKFLOW_EXECUTION_STARTED");
            let closed = about.iter().find(|(_, e)| e.kind != "CHILD_WORKFLOW_EXECUTION_STARTED");
            let queue = event.text("taskQueue.name").to_owned();
            if queue != story.task_queue() && !self.queues.contains(&queue) {
                self.queues.push(queue);
            }
            let took = match (started, closed) {
                (Some((_, started)), Some((_, closed))) => closed.time.saturating_sub(started.time),
                _ => 0,
            };
            let hang = || vec![Step::alone("hang")];
            let after = |step: Option<Step>| -> Vec<Step> {
                let sleep = (took > 0).then(|| Step::new("sleep", span(took)));
                sleep.into_iter().chain(step).collect()
            };
            let steps = match closed.map(|(index, closed)| (*index, *closed)) {
                Some((_, closed)) if closed.kind == "CHILD_WORKFLOW_EXECUTION_COMPLETED" => {
                    after(payloads(closed.get("result")).map(|result| Step::new("return", result)))
                }
                Some((_, closed)) if closed.kind == "CHILD_WORKFLOW_EXECUTION_FAILED" => {
                    after(Some(failing("fail", closed.get("failure"))))
                }
                Some((_, closed))
                    if closed.kind == "CHILD_WORKFLOW_EXECUTION_CANCELED"
                        && !closed.get("details").is_null() =>
                {
                    let details = json!({ "details": closed.get("details") });
                    let cancel = json!({ "cancelWorkflowExecutionCommandAttributes": details });
                    let cancel = Step::new("command", Node::Json(cancel));
                    vec![
                        Step::new("try", Node::Steps(hang()))
                            .with("on_cancel", Node::Steps(vec![cancel])),
                    ]
                }
                Some((index, closed)) if closed.kind == "CHILD_WORKFLOW_EXECUTION_CANCELED" => {
                    let passed_on = story.events[..index].iter().rev().find(|other| {
                        other.kind == "EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED"
                            && other.text("workflowExecution.workflowId") == id
                    });
                    let since = passed_on.map_or(closed.time, |event| event.time);
                    let took = closed.time.saturating_sub(since).max(1_000_000);
                    let steps = vec![Step::new("sleep", span(took)), Step::alone("raise")];
                    vec![
                        Step::new("try", Node::Steps(hang())).with("on_cancel", Node::Steps(steps)),
                    ]
                }
                Some((index, closed)) if closed.kind == "CHILD_WORKFLOW_EXECUTION_TERMINATED" => {
                    let step = Step::new("terminate", text(id));
                    let turnout = Turnout::Arrives;
                    self.acts.push(Act { event: index, turnout, identity: None, step });
                    hang()
                }
                Some((_, closed))
                    if closed.kind == "START_CHILD_WORKFLOW_EXECUTION_FAILED"
                        && story.events.iter().any(|other| {
                            other.kind == "CHILD_WORKFLOW_EXECUTION_STARTED"
                                && other.text("workflowExecution.workflowId") == id
                        }) =>
                {
                    // Another child has it.
                    continue;
                }
                Some((_, closed)) if closed.kind == "START_CHILD_WORKFLOW_EXECUTION_FAILED" => {
                    let step = Step::new("start", text(kind))
                        .comment("Its Workflow Id is in use when the workflow wants to start it.");
                    let step = step.with("workflow_id", text(id));
                    self.starts.push(step.with("task_queue", text(QUEUE)));
                    hang()
                }
                _ => hang(),
            };
            let run = |event: Option<&(usize, &Event)>| {
                event.map(|(_, event)| event.text("workflowExecution.runId").to_owned())
            };
            let steps = match (run(started), run(closed)) {
                (Some(first), Some(last)) if first != last && !last.is_empty() => {
                    let successor = format!("{kind}, continued");
                    let step = Step::new("continue_as_new", text(&successor));
                    self.code.insert(successor, steps);
                    vec![step]
                }
                _ => steps,
            };
            self.add(kind, story.workflow_type(), id, steps);
        }
    }

    /// The executions that the run signals and cancels are there, if they were.
    fn targets(&mut self, story: &Story) {
        for event in &story.events {
            let answered = matches!(
                event.kind,
                "EXTERNAL_WORKFLOW_EXECUTION_SIGNALED"
                    | "EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED"
            );
            let id = event.text("workflowExecution.workflowId");
            let is_child = story.events.iter().any(|other| {
                other.kind == "START_CHILD_WORKFLOW_EXECUTION_INITIATED"
                    && other.text("workflowId") == id
            });
            let parent = story.start("parentWorkflowExecution")["workflowId"].as_str();
            if !answered || is_child || parent == Some(id) || id == story.workflow_id() {
                continue;
            }
            let step = Step::new("start", text("Target"))
                .with("workflow_id", text(id))
                .with("task_queue", text("nobody"));
            if !self.starts.contains(&step) {
                self.starts.push(step);
                self.code.insert("Target".to_owned(), vec![Step::alone("hang")]);
            }
        }
    }

    /// Other executions that signal and cancel the run.
    fn requesters(&mut self, story: &Story) {
        for (index, event) in story.events.iter().enumerate() {
            let from = event.get("externalWorkflowExecution");
            let parent = story.start("parentWorkflowExecution")["workflowId"].as_str();
            let id = from["workflowId"].as_str().unwrap_or_default();
            if id.is_empty() || parent == Some(id) {
                continue;
            }
            let command = match event.kind {
                "WORKFLOW_EXECUTION_SIGNALED" => {
                    let mut signal = json!({
                        "execution": { "workflowId": story.workflow_id() },
                        "signalName": event.get("signalName"),
                    });
                    if !event.get("input").is_null() {
                        signal["input"] = event.get("input").clone();
                    }
                    json!({ "signalExternalWorkflowExecutionCommandAttributes": signal })
                }
                "WORKFLOW_EXECUTION_CANCEL_REQUESTED" => request_cancel(story, event),
                _ => continue,
            };
            let kind = format!("Requester{}", self.acts.len() + 1);
            let mut steps = padding(event.number("externalInitiatedEventId") - 5);
            steps.push(Step::new("command", Node::Json(command)));
            steps.push(Step::alone("hang"));
            self.code.insert(kind.clone(), steps);
            let step = Step::new("start", text(&kind))
                .with("workflow_id", text(id))
                .with("task_queue", text(QUEUE));
            self.acts.push(Act { event: index, turnout: Turnout::Arrives, identity: None, step });
        }
    }

    /// The runs before it: those that continued as new, and the attempts that failed.
    fn before(&mut self, story: &Story) {
        let attempt = story.started().number("attempt").max(1);
        let initiator = story.start("initiator").as_str().unwrap_or_default();
        match initiator {
            "CONTINUE_AS_NEW_INITIATOR_RETRY" => {
                let failure = story.start("continuedFailure");
                let step = match failure.get("timeoutFailureInfo") {
                    Some(_) => Step::alone("hang"),
                    None => failing("fail", failure),
                };
                for earlier in 1..attempt.min(100) {
                    self.attempts.insert(earlier, vec![step.clone()]);
                }
                self.runs_before = u32::try_from(attempt - 1).unwrap_or(u32::MAX);
            }
            "CONTINUE_AS_NEW_INITIATOR_CRON_SCHEDULE"
                if !story.start("continuedExecutionRunId").is_null() =>
            {
                let result = payloads(story.start("lastCompletionResult"));
                let failure = story.start("continuedFailure");
                let first = story.start("firstExecutionRunId");
                let completed = || {
                    let steps = result.clone().map(|result| Step::new("return", result));
                    (steps.into_iter().collect(), "WorkflowExecutionCompleted")
                };
                if first != story.start("continuedExecutionRunId") {
                    self.scheduled.push(completed());
                }
                self.scheduled.push(match failure {
                    Value::Null => completed(),
                    failure => (vec![failing("fail", failure)], "WorkflowExecutionFailed"),
                });
                self.runs_before = u32::try_from(self.scheduled.len()).unwrap_or(u32::MAX);
            }
            "CONTINUE_AS_NEW_INITIATOR_WORKFLOW" => {
                let first = story.start("firstExecutionRunId");
                let chain = first != story.start("continuedExecutionRunId");
                let queue = story.task_queue();
                let step = Step::new("continue_as_new", text(story.workflow_type()))
                    .with("task_queue", text(queue));
                let run = timeout(story.start("workflowRunTimeout"));
                let task = timeout(story.start("workflowTaskTimeout"));
                let step = step
                    .maybe("workflow_run_timeout", run)
                    .maybe("workflow_task_timeout", task)
                    .maybe("cron_schedule", story.start("cronSchedule").as_str().map(text))
                    .maybe("input", payloads(story.start("input")))
                    .maybe("header", values::header(story.start("header")));
                self.code.insert("Before".to_owned(), vec![step]);
                self.runs_before = 1;
                if chain {
                    let step = Step::new("continue_as_new", text("Before"))
                        .with("task_queue", text(QUEUE));
                    self.code.insert("First".to_owned(), vec![step]);
                    self.runs_before = 2;
                }
            }
            _ => {}
        }
    }

    /// The type and task queue that the chain of runs begins with.
    pub(super) fn first_type<'a>(&self, story: &'a Story) -> (&'a str, &'a str) {
        if self.code.contains_key("First") && self.runs_before == 2 {
            ("First", QUEUE)
        } else if self.code.contains_key("Before") && self.runs_before == 1 {
            ("Before", QUEUE)
        } else {
            (story.workflow_type(), story.task_queue())
        }
    }

    /// The parent that starts it, and what the parent did to it later.
    fn parent(&mut self, story: &Story) {
        let parent = story.start("parentWorkflowExecution");
        let Some(id) = parent["workflowId"].as_str() else { return };
        let initiated = story.started().number("parentInitiatedEventId");
        let (kind, queue) = self.first_type(story);
        let last = story.last();
        let closed_by_policy = last.kind == "WORKFLOW_EXECUTION_TERMINATED"
            && last.text("reason").contains("parent close policy");
        let cancel = story.events.iter().enumerate().find(|(_, event)| {
            event.kind == "WORKFLOW_EXECUTION_CANCEL_REQUESTED"
                && event.text("externalWorkflowExecution.workflowId") == id
        });
        let requested = cancel.is_some_and(|(_, e)| e.number("externalInitiatedEventId") == 0);
        let policy = match () {
            () if requested => "REQUEST_CANCEL",
            () if closed_by_policy => "TERMINATE",
            () => "ABANDON",
        };
        let mut steps = padding(initiated - 5);
        let child = Step::new("start_child_workflow", text(kind))
            .with("as", text("child"))
            .with("workflow_id", text(story.workflow_id()))
            .with("task_queue", text(queue))
            .with("parent_close_policy", Node::Word(policy.to_owned()));
        steps.push(options(child, story));
        let close = closed_by_policy.then(|| story.events.len() - 1);
        let close = close.or(cancel.filter(|_| requested).map(|(index, _)| index));
        if let Some(index) = close {
            steps.push(Step::new("wait_signal", text("close")));
            self.tell(id, "close", index);
        } else if let Some((index, event)) = cancel {
            let between = event.number("externalInitiatedEventId").saturating_sub(initiated);
            if between < 9 {
                steps.push(Step::new("wait_for_start", text("child")));
                if event.time > story.started().time {
                    let time = event.time.saturating_sub(story.started().time);
                    steps.push(Step::new("block", span(time)).with("times", number(1)));
                }
                steps.extend(padding(between - 5));
            } else {
                steps.push(Step::new("wait_signal", text("cancel")));
                steps.extend(padding(between - 9));
                self.tell(id, "cancel", index);
            }
            steps.push(Step::new("command", Node::Json(request_cancel(story, event))));
            steps.push(Step::alone("hang"));
        } else {
            steps.push(Step::alone("hang"));
        }
        self.code.insert("Parent".to_owned(), steps);
        let root = story.start("rootWorkflowExecution")["workflowId"].as_str().unwrap_or(id);
        let (kind, start) = if root == id {
            ("Parent", id)
        } else {
            let step = Step::new("execute_child_workflow", text("Parent"))
                .with("workflow_id", text(id))
                .with("task_queue", text(QUEUE));
            self.code.insert("Grandparent".to_owned(), vec![step]);
            ("Grandparent", root)
        };
        let step = Step::new("start", text(kind))
            .comment("The parent is made up: what is known of it is here.");
        let step = step.with("workflow_id", text(start)).with("task_queue", text(QUEUE));
        self.starts.push(step.with("workflow_task_timeout", Node::Word("2m".to_owned())));
        self.starts_it = true;
    }

    /// A signal that tells what is made up that its moment has come.
    fn tell(&mut self, id: &str, name: &str, index: usize) {
        let step = Step::new("signal", text(id)).with("name", text(name));
        self.acts.push(Act { event: index, turnout: Turnout::Arrives, identity: None, step });
    }
}

/// Events before the one that must have a certain number.
fn padding(events: i64) -> Vec<Step> {
    let marker = Step::new("record_marker", text("padding"));
    match events {
        ..=0 => Vec::new(),
        1..=2 => vec![marker; usize::try_from(events).unwrap_or(0)],
        _ => vec![
            Step::new("repeat", Node::Steps(vec![marker])).with("times", number(events.min(1000))),
        ],
    }
}

fn request_cancel(story: &Story, event: &Event) -> Value {
    let mut cancel = json!({ "workflowId": story.workflow_id() });
    if !event.text("cause").is_empty() {
        cancel["reason"] = event.get("cause").clone();
    }
    json!({ "requestCancelExternalWorkflowExecutionCommandAttributes": cancel })
}
