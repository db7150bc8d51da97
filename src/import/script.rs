//! The workflow's code, from what it asked for and what it was told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::clients::start_of;
use super::form::{Form, Waits};
use super::names::Names;
use super::read::Event;
use super::story::{End, Story, Turn};
use super::values::{self, Default, failing, nanos, payloads, timeout, word};
use super::yaml::{Node, Step, number, span, text};

/// The code of one workflow type, and what its making has shown.
#[derive(Debug, Default)]
pub(super) struct Code {
    /// The versions, in the order in which they were deployed: one more than there were resets.
    pub(super) versions: Vec<Vec<Step>>,
    /// What cannot be said.
    pub(super) notes: Vec<String>,
}

/// What has been started, by the event that recorded it.
#[derive(Clone, Debug)]
struct Started {
    handle: String,
    /// How a cancel of it is dealt with.
    cancel: Cancel,
}

/// How the code deals with a cancel of what it started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cancel {
    /// It goes on at once.
    AtOnce,
    /// It waits for how the thing ends.
    Waits,
}

struct Writer<'a> {
    story: &'a Story,
    form: Form,
    names: Names,
    started: BTreeMap<i64, Started>,
    /// The running numbers, as an SDK counts.
    timers: u32,
    activities: u32,
    children: u32,
    /// What has been written of the version at hand.
    steps: Vec<Step>,
    /// The `try` that a cancel left, and how much of the code stood before.
    left: Option<(Step, usize)>,
    code: Code,
}

/// Writes the code.
pub(super) fn code(story: &Story, form: Form) -> Code {
    let mut versions = Vec::new();
    let resets = story.tasks.iter().filter(|task| matches!(story.end_of(task), End::Reset(_)));
    let resets = resets.count();
    let mut said = Vec::new();
    for version in 0..=resets {
        let writer = Writer {
            story,
            form,
            names: Names::default(),
            started: BTreeMap::new(),
            timers: 0,
            activities: 0,
            children: 0,
            steps: Vec::new(),
            left: None,
            code: Code::default(),
        };
        let (steps, noted) = writer.version(version);
        versions.push(steps);
        said = noted;
    }
    Code { versions, notes: said }
}

impl Writer<'_> {
    /// Version `version`: up to the reset of that number, from 0, or to the end.
    fn version(mut self, version: usize) -> (Vec<Step>, Vec<String>) {
        let mut resets = 0;
        // News that no wait has been written for, and how many tasks they came with.
        let mut news: Vec<usize> = Vec::new();
        let mut waited = 0_usize;
        for (number, turn) in self.story.turns.iter().enumerate() {
            let is_reset =
                |task: &usize| matches!(self.story.end_of(&self.story.tasks[*task]), End::Reset(_));
            let tasks = turn.tasks.iter().enumerate().filter(|(_, task)| is_reset(task));
            let cuts: Vec<usize> = tasks.map(|(place, _)| place).collect();
            // The tasks of this turn that this version of the code has to do with.
            let cut = version - resets;
            let from = cuts.get(..cut.min(cuts.len())).and_then(<[usize]>::last);
            let from = from.map_or(0, |place| place + 1);
            let until = cuts.get(cut).copied();
            resets += cuts.len();
            let tasks = turn.tasks.get(from..until.unwrap_or(turn.tasks.len()));
            let before = self.before(tasks.unwrap_or_default());
            let own = turn.news.clone();
            if number > 0 {
                waited += 1;
            }
            if until.is_some() {
                if !before.is_empty() {
                    self.wait(&news, &own, waited, turn, number);
                    self.steps.extend(before);
                } else if number > 0 && self.is_forced(number) {
                    self.steps.push(Step::alone("heartbeat_workflow_task"));
                }
                // The code that was running when the reset came does nothing more.
                self.steps.push(Step::alone("hang"));
                return (self.finish(), self.code.notes);
            }
            let canceled = own.iter().any(|index| {
                self.story.events[*index].kind == "WORKFLOW_EXECUTION_CANCEL_REQUESTED"
            });
            if number > 0 && self.is_forced(number) {
                waited -= 1;
                if waited > 0 {
                    self.wait(&news, &[], waited, turn, number);
                    news.clear();
                    waited = 0;
                }
                self.steps.push(Step::alone("heartbeat_workflow_task"));
                let own = own.clone();
                if self.form.waits == Waits::ForCauses {
                    self.wait_for_all(&own);
                }
                self.steps.extend(before);
                let commands = turn.commands.clone();
                self.commands(&commands, turn);
                continue;
            }
            if turn.completed && turn.commands.is_empty() && before.is_empty() && !canceled {
                news.extend(own);
                continue;
            }
            if !turn.completed && before.is_empty() {
                break;
            }
            self.wait(&news, &own, waited, turn, number);
            news.clear();
            waited = 0;
            self.steps.extend(before);
            let commands = turn.commands.clone();
            self.commands(&commands, turn);
        }
        // What is not closed waits on.
        if !self.story.is_closed()
            || !self
                .story
                .turns
                .iter()
                .flat_map(|turn| &turn.commands)
                .any(|index| closes(self.story.events[*index].kind))
        {
            self.steps.push(Step::alone("hang"));
        }
        (self.finish(), self.code.notes)
    }

    fn finish(&mut self) -> Vec<Step> {
        let mut steps = std::mem::take(&mut self.steps);
        if let Some((left, at)) = self.left.take() {
            let rest = steps.split_off(at);
            steps.push(left.with("on_cancel", Node::Steps(rest)));
        }
        tidy(steps)
    }

    /// Whether the task of this turn was asked for together with the answer to the one before.
    fn is_forced(&self, number: usize) -> bool {
        let turn = &self.story.turns[number];
        let (Some(first), Some(before)) = (turn.tasks.first(), number.checked_sub(1)) else {
            return false;
        };
        let scheduled = self.story.tasks[*first].scheduled;
        let before = &self.story.turns[before];
        let last = before.commands.last().copied();
        let ended = before.tasks.last().and_then(|task| self.story.tasks[*task].ended);
        last.max(ended) == scheduled.checked_sub(1)
            && self.story.end_of(&self.story.tasks[*first]) != End::NotTaken
    }

    /// What went wrong with the workflow's tasks before the one that was carried through, and how
    /// long that took.
    fn before(&mut self, tasks: &[usize]) -> Vec<Step> {
        let mut steps = Vec::new();
        for (place, number) in tasks.iter().enumerate() {
            let task = &self.story.tasks[*number];
            let next = tasks.get(place + 1).map(|next| &self.story.tasks[*next]);
            let attempt = self.story.attempt(task);
            let later = next.map(|next| self.story.attempt(next));
            let times = match later {
                Some(later) if later > attempt => Some(later - attempt),
                Some(_) => Some(1),
                None => None,
            };
            match self.story.end_of(task) {
                End::Failed(event) => {
                    let cause = event.text("cause").replace("WORKFLOW_TASK_FAILED_CAUSE_", "");
                    if let Some(block) = self.block(*number) {
                        steps.push(block);
                    }
                    let mut step = failing("fail_workflow_task", event.get("failure"));
                    if cause != "WORKFLOW_WORKER_UNHANDLED_FAILURE" {
                        step = step.with("cause", Node::Word(cause));
                    }
                    steps.push(step.maybe("times", times.map(number_node)));
                }
                End::TimedOut => {
                    // No longer than it must be: the next task waits for this one's vain answer.
                    let timeout = self.task_timeout().saturating_add(10_000_000);
                    let step = Step::new("block", span(timeout));
                    steps.push(step.maybe("times", times.map(number_node)));
                }
                End::Closed if number + 1 < self.story.tasks.len() => {
                    // The server gave it up, because too much arrived.
                    let began = start_of(self.story, *number);
                    let ended = task.ended.map_or(began, |index| self.story.time(index));
                    let took = ended.saturating_sub(began).saturating_add(1_000_000);
                    steps.push(Step::new("block", span(took)).with("times", number_node(1)));
                }
                End::Closed | End::Open if task.started.is_some() => {
                    // It was never answered.
                    steps.push(Step::new("block", Node::Word("365d".to_owned())));
                }
                End::Completed => steps.extend(self.block(*number)),
                End::Reset(_) | End::NotTaken | End::Closed | End::Open => {}
            }
        }
        steps
    }

    fn task_timeout(&self) -> i64 {
        match nanos(self.story.start("workflowTaskTimeout")) {
            0 => 10_000_000_000,
            timeout => timeout,
        }
    }

    /// How long the worker took for a task in which something else arrived.
    fn block(&self, number: usize) -> Option<Step> {
        let task = &self.story.tasks[number];
        if !self.story.arrived_during(task) {
            return None;
        }
        let began = start_of(self.story, number);
        let took = self.story.time(task.ended?).saturating_sub(began);
        let step = Step::new("block", span(took.max(1_000_000)));
        Some(step.with("times", number_node(1)))
    }

    /// The wait that `own`, the news of this turn, ends; `earlier` came before, with tasks that led
    /// to nothing.
    fn wait(
        &mut self,
        earlier: &[usize],
        own: &[usize],
        waited: usize,
        turn: &Turn,
        number: usize,
    ) {
        if self.form.waits == Waits::ForTasks {
            self.wait_for_tasks(waited);
            return;
        }
        let cancel = own.iter().position(|index| {
            self.story.events[*index].kind == "WORKFLOW_EXECUTION_CANCEL_REQUESTED"
        });
        if let Some(at) = cancel {
            self.wait_for_all(earlier);
            self.wait_for_cancel(&own[..at], turn);
            return;
        }
        if number == 0 {
            self.wait_for_all(own);
            return;
        }
        let all: Vec<usize> = earlier.iter().chain(own).copied().collect();
        let is_own = own.iter().any(|index| self.can_wait_for(*index));
        if is_own && all.iter().all(|index| self.is_understood(*index)) {
            self.wait_for_all(&all);
        } else {
            self.wait_for_tasks(waited);
            // What came meanwhile is taken note of, so that no later wait mistakes it for news.
            self.wait_for_all(&all);
        }
    }

    fn wait_for_tasks(&mut self, tasks: usize) {
        let step = Step::alone("wait_for_workflow_task");
        if tasks > 2 {
            let steps = Node::Steps(vec![step]);
            self.steps.push(Step::new("repeat", steps).with("times", number(tasks)));
        } else {
            self.steps.extend(vec![step; tasks]);
        }
    }

    fn handle_of(&self, event: &Event) -> Option<&Started> {
        let started = match event.kind {
            kind if kind.starts_with("ACTIVITY_TASK") => event.number("scheduledEventId"),
            "TIMER_FIRED" => event.number("startedEventId"),
            kind if kind.contains("CHILD_WORKFLOW_EXECUTION") => event.number("initiatedEventId"),
            _ => return None,
        };
        self.started.get(&started)
    }

    /// Whether a wait can be written that this ends.
    fn can_wait_for(&self, index: usize) -> bool {
        let event = &self.story.events[index];
        match event.kind {
            "WORKFLOW_EXECUTION_SIGNALED" => true,
            "ACTIVITY_TASK_STARTED" => false,
            "ACTIVITY_TASK_CANCELED" => {
                self.handle_of(event).is_some_and(|started| started.cancel == Cancel::Waits)
            }
            _ => self.handle_of(event).is_some(),
        }
    }

    fn is_understood(&self, index: usize) -> bool {
        let event = &self.story.events[index];
        event.kind.starts_with("ACTIVITY_TASK") || self.can_wait_for(index)
    }

    /// Waits for each of these, as far as there is something to wait for.
    fn wait_for_all(&mut self, news: &[usize]) {
        let mut ended: Vec<String> = Vec::new();
        for index in news {
            let event = &self.story.events[*index];
            if event.kind == "WORKFLOW_EXECUTION_SIGNALED" {
                self.wait_for_handles(&mut ended);
                self.steps.push(Step::new("wait_signal", text(event.text("signalName"))));
                continue;
            }
            if !self.can_wait_for(*index) {
                continue;
            }
            let Some(started) = self.handle_of(event) else { continue };
            let handle = started.handle.clone();
            let handler = match event.kind {
                "ACTIVITY_TASK_COMPLETED"
                | "TIMER_FIRED"
                | "CHILD_WORKFLOW_EXECUTION_COMPLETED" => {
                    ended.push(handle);
                    continue;
                }
                "CHILD_WORKFLOW_EXECUTION_STARTED" => {
                    self.wait_for_handles(&mut ended);
                    self.steps.push(Step::new("wait_for_start", text(&handle)));
                    continue;
                }
                "ACTIVITY_TASK_CANCELED" | "CHILD_WORKFLOW_EXECUTION_CANCELED" => "on_cancel",
                _ => "on_failure",
            };
            self.wait_for_handles(&mut ended);
            let wait = vec![Step::new("wait_for", text(&handle))];
            let step = Step::new("try", Node::Steps(wait));
            self.steps.push(step.with(handler, Node::Steps(Vec::new())));
        }
        self.wait_for_handles(&mut ended);
    }

    fn wait_for_handles(&mut self, handles: &mut Vec<String>) {
        let handles = std::mem::take(handles);
        match &handles[..] {
            [] => {}
            [one] => self.steps.push(Step::new("wait_for", text(one))),
            _ => self.steps.push(Step::new("wait_for", Node::Names(handles))),
        }
    }

    /// Waits for what the code cancelled when its own cancel was requested.
    fn wait_for_cancel(&mut self, first: &[usize], turn: &Turn) {
        let story = self.story;
        let handles: Vec<String> = turn
            .commands
            .iter()
            .filter_map(|index| {
                let event = &story.events[*index];
                let of = match event.kind {
                    "TIMER_CANCELED" => event.number("startedEventId"),
                    "ACTIVITY_TASK_CANCEL_REQUESTED" => event.number("scheduledEventId"),
                    _ => return None,
                };
                Some(self.started.get(&of)?.handle.clone())
            })
            .collect();
        let wait = match &handles[..] {
            [] => Step::alone("hang"),
            [one] => Step::new("wait_for", text(one)),
            _ => Step::new("wait_for", Node::Names(handles.clone())),
        };
        let step = Step::new("try", Node::Steps(vec![wait]));
        let ends_canceled = story.last().kind == "WORKFLOW_EXECUTION_CANCELED"
            && story.last().get("details").is_null();
        if ends_canceled && self.left.is_none() {
            self.left = Some((step, self.steps.len()));
        } else {
            self.steps.push(step.with("on_cancel", Node::Steps(Vec::new())));
        }
        let signals: Vec<usize> = first
            .iter()
            .copied()
            .filter(|index| story.events[*index].kind == "WORKFLOW_EXECUTION_SIGNALED")
            .collect();
        self.wait_for_all(&signals);
    }

    fn canceled_by_request(&self, turn: &Turn) -> BTreeSet<usize> {
        let requested = turn
            .news
            .iter()
            .any(|index| self.story.events[*index].kind == "WORKFLOW_EXECUTION_CANCEL_REQUESTED");
        if self.form.waits == Waits::ForTasks || !requested {
            return BTreeSet::new();
        }
        let of = |index: &&usize| {
            let event = &self.story.events[**index];
            let started = match event.kind {
                "TIMER_CANCELED" => event.number("startedEventId"),
                "ACTIVITY_TASK_CANCEL_REQUESTED" => event.number("scheduledEventId"),
                _ => return false,
            };
            self.started.contains_key(&started)
        };
        turn.commands.iter().filter(of).copied().collect()
    }

    fn commands(&mut self, commands: &[usize], turn: &Turn) {
        let done = self.canceled_by_request(turn);
        for index in commands.iter().filter(|index| !done.contains(index)) {
            let step = self.command(*index);
            self.steps.extend(step);
        }
    }

    fn command(&mut self, index: usize) -> Option<Step> {
        let story = self.story;
        let event = &story.events[index];
        Some(match event.kind {
            "TIMER_STARTED" => self.timer(event),
            "ACTIVITY_TASK_SCHEDULED" => self.activity(event),
            "START_CHILD_WORKFLOW_EXECUTION_INITIATED" => self.child(event),
            "TIMER_CANCELED" => self.cancel(event.number("startedEventId"), event),
            "ACTIVITY_TASK_CANCEL_REQUESTED" => {
                self.cancel(event.number("scheduledEventId"), event)
            }
            "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED" => self.cancel_external(event),
            "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED" => raw(
                "signalExternalWorkflowExecution",
                &json!({
                    "namespace": event.get("namespace"),
                    "execution": {
                                        "workflowId": event.get("workflowExecution.workflowId"),
                "runId": self.run_named(event),
                    },
                    "signalName": event.get("signalName"),
                    "input": event.get("input"),
                    "childWorkflowOnly": event.get("childWorkflowOnly"),
                    "header": event.get("header"),
                }),
            ),
            "MARKER_RECORDED" => marker(event),
            "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES" => raw(
                "upsertWorkflowSearchAttributes",
                &json!({ "searchAttributes": event.get("searchAttributes") }),
            ),
            "WORKFLOW_PROPERTIES_MODIFIED" => raw(
                "modifyWorkflowProperties",
                &json!({ "upsertedMemo": event.get("upsertedMemo") }),
            ),
            // Code that comes to its end completes the workflow, without a result.
            "WORKFLOW_EXECUTION_COMPLETED" => Step::new("return", payloads(event.get("result"))?),
            "WORKFLOW_EXECUTION_FAILED" => match event.get("failure") {
                Value::Null => raw("failWorkflowExecution", &json!({})),
                failure => failing("fail", failure),
            },
            "WORKFLOW_EXECUTION_CANCELED" if self.left.is_some() => Step::alone("raise"),
            "WORKFLOW_EXECUTION_CANCELED" => {
                raw("cancelWorkflowExecution", &json!({ "details": event.get("details") }))
            }
            "WORKFLOW_EXECUTION_CONTINUED_AS_NEW" => continue_as_new(event, story),
            _ => return None,
        })
    }

    fn timer(&mut self, event: &Event) -> Step {
        self.timers += 1;
        let id = event.text("timerId");
        let length = nanos(event.get("startToFireTimeout"));
        let taken_back = self.story.events.iter().any(|other| {
            other.kind == "TIMER_CANCELED"
                && other.number("startedEventId") == event.id
                && self.is_of_the_same_task(event.id, other)
        });
        if length <= 0 || taken_back {
            // The language has no timer that fires at once, nor an SDK one that is cancelled in the
            // task that starts it.
            return raw(
                "startTimer",
                &json!({ "timerId": id, "startToFireTimeout": event.get("startToFireTimeout") }),
            );
        }
        let handle = self.names.give("timer");
        let started = Started { handle: handle.clone(), cancel: Cancel::AtOnce };
        self.started.insert(event.id, started);
        let step = Step::new("start_timer", span(length)).with("as", text(&handle));
        step.maybe("timer_id", (id != self.timers.to_string()).then(|| text(id)))
    }

    fn activity(&mut self, event: &Event) -> Step {
        self.activities += 1;
        let kind = event.text("activityType.name");
        let id = event.text("activityId");
        let coefficient = event.get("retryPolicy.backoffCoefficient").as_f64();
        // A policy without retries may say what the language does not let it say.
        let is_odd = coefficient.is_some_and(|coefficient| coefficient < 1.0);
        if !event.get("header").is_null() || is_odd {
            let mut attributes = event.attributes.clone();
            if let Some(fields) = attributes.as_object_mut() {
                fields.remove("workflowTaskCompletedEventId");
            }
            return raw("scheduleActivityTask", &attributes);
        }
        let handle = self.names.give(kind);
        let activity = self.story.activities.get(&event.id);
        let waits = activity.is_some_and(|activity| {
            activity.cancel_requested.is_some() && activity.closed.is_some()
        });
        let cancel = if waits { Cancel::Waits } else { Cancel::AtOnce };
        self.started.insert(event.id, Started { handle: handle.clone(), cancel });
        let close = event.get("scheduleToCloseTimeout");
        let schedule_to_start = event.get("scheduleToStartTimeout");
        let queue = event.text("taskQueue.name");
        Step::new("start_activity", text(kind))
            .with("as", text(&handle))
            .maybe("start_to_close_timeout", timeout(event.get("startToCloseTimeout")))
            .maybe("schedule_to_close_timeout", timeout(close))
            .maybe(
                "schedule_to_start_timeout",
                timeout(schedule_to_start).filter(|_| nanos(schedule_to_start) != nanos(close)),
            )
            .maybe("heartbeat_timeout", timeout(event.get("heartbeatTimeout")))
            .maybe("retry_policy", values::retry_policy(event.get("retryPolicy"), Default::Policy))
            .maybe(
                "cancellation_type",
                waits.then(|| Node::Word("WAIT_CANCELLATION_COMPLETED".to_owned())),
            )
            .maybe("task_queue", (queue != self.story.task_queue()).then(|| text(queue)))
            .maybe("activity_id", (id != self.activities.to_string()).then(|| text(id)))
            .maybe("input", payloads(event.get("input")))
    }

    fn child(&mut self, event: &Event) -> Step {
        self.children += 1;
        let kind = event.text("workflowType.name");
        let id = event.text("workflowId");
        let own = ["header", "memo", "searchAttributes", "cronSchedule", "priority"];
        if own.iter().any(|key| !event.get(key).is_null()) {
            let mut attributes = event.attributes.clone();
            if let Some(fields) = attributes.as_object_mut() {
                fields.remove("workflowTaskCompletedEventId");
                fields.remove("namespaceId");
            }
            return raw("startChildWorkflowExecution", &attributes);
        }
        let handle = self.names.give(kind);
        let started = Started { handle: handle.clone(), cancel: Cancel::Waits };
        self.started.insert(event.id, started);
        let queue = event.text("taskQueue.name");
        let task_timeout = event.get("workflowTaskTimeout");
        let default_id = format!("{}/{}", self.story.workflow_id(), self.children);
        Step::new("start_child_workflow", text(kind))
            .with("as", text(&handle))
            .maybe("workflow_id", (id != default_id).then(|| text(id)))
            .maybe("task_queue", (queue != self.story.task_queue()).then(|| text(queue)))
            .maybe("workflow_execution_timeout", timeout(event.get("workflowExecutionTimeout")))
            .maybe("workflow_run_timeout", timeout(event.get("workflowRunTimeout")))
            .maybe(
                "workflow_task_timeout",
                timeout(task_timeout).filter(|_| nanos(task_timeout) != 10_000_000_000),
            )
            .maybe(
                "parent_close_policy",
                word(event.get("parentClosePolicy"), "PARENT_CLOSE_POLICY_", "TERMINATE"),
            )
            .maybe(
                "workflow_id_reuse_policy",
                word(
                    event.get("workflowIdReusePolicy"),
                    "WORKFLOW_ID_REUSE_POLICY_",
                    "ALLOW_DUPLICATE",
                ),
            )
            .maybe("retry_policy", values::retry_policy(event.get("retryPolicy"), Default::None))
            .maybe("input", payloads(event.get("input")))
    }

    /// A cancel of something by its handle; if that is not known, as it was sent.
    fn cancel(&mut self, of: i64, event: &Event) -> Step {
        match self.started.get(&of) {
            // An SDK would take back both.
            Some(started) if !self.is_of_the_same_task(of, event) => {
                Step::new("cancel", text(&started.handle))
            }
            _ if event.kind == "TIMER_CANCELED" => {
                raw("cancelTimer", &json!({ "timerId": event.get("timerId") }))
            }
            _ => raw("requestCancelActivityTask", &json!({ "scheduledEventId": of.to_string() })),
        }
    }

    /// The run that a request names. Of one that is there nobody knows the id beforehand.
    fn run_named<'e>(&self, event: &'e Event) -> &'e Value {
        let failed = self.story.events.iter().any(|other| {
            other.number("initiatedEventId") == event.id && other.kind.ends_with("_FAILED")
        });
        if failed { event.get("workflowExecution.runId") } else { &Value::Null }
    }

    fn is_of_the_same_task(&self, of: i64, event: &Event) -> bool {
        let asked = |event: &Event| event.number("workflowTaskCompletedEventId");
        self.story.events.iter().any(|other| other.id == of && asked(other) == asked(event))
    }

    fn cancel_external(&mut self, event: &Event) -> Step {
        let child = self.story.events.iter().find(|other| {
            other.kind == "START_CHILD_WORKFLOW_EXECUTION_INITIATED"
                && other.text("workflowId") == event.text("workflowExecution.workflowId")
        });
        let child = child.and_then(|child| self.started.get(&child.id));
        if event.get("childWorkflowOnly").as_bool() == Some(true)
            && event.text("reason").is_empty()
            && !event.text("workflowExecution.runId").is_empty()
            && let Some(child) = child
        {
            return Step::new("cancel", text(&child.handle));
        }
        raw(
            "requestCancelExternalWorkflowExecution",
            &json!({
                "namespace": event.get("namespace"),
                "workflowId": event.get("workflowExecution.workflowId"),
                "runId": self.run_named(event),
                "childWorkflowOnly": event.get("childWorkflowOnly"),
                "reason": event.get("reason"),
            }),
        )
    }
}

fn number_node(value: i64) -> Node {
    number(value)
}

/// Whether an event of this type, asked for by a command, closes the run.
fn closes(kind: &str) -> bool {
    matches!(
        kind,
        "WORKFLOW_EXECUTION_COMPLETED"
            | "WORKFLOW_EXECUTION_FAILED"
            | "WORKFLOW_EXECUTION_CANCELED"
            | "WORKFLOW_EXECUTION_CONTINUED_AS_NEW"
    )
}

/// A command in official JSON, without what is not set.
fn raw(name: &str, attributes: &Value) -> Step {
    let set = attributes.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let set: serde_json::Map<String, Value> = set
        .map(|(key, value)| {
            let mut value = value.clone();
            if let Some(fields) = value.as_object_mut() {
                fields.retain(|_, value| !value.is_null());
            }
            (key.clone(), value)
        })
        .collect();
    Step::new("command", Node::Json(json!({ format!("{name}CommandAttributes"): set })))
}

fn marker(event: &Event) -> Step {
    let details = event.get("details");
    let named = details.as_object().map_or(0, serde_json::Map::len);
    let listed = details["details"]["payloads"].as_array().map_or(0, Vec::len);
    let plain = event.get("failure").is_null() && event.get("header").is_null();
    if plain && (named == 0 || (named == 1 && listed > 0)) {
        return Step::new("record_marker", text(event.text("markerName")))
            .maybe("details", payloads(&details["details"]));
    }
    let keys = ["markerName", "details", "failure", "header"];
    let attributes: serde_json::Map<String, Value> =
        keys.into_iter().map(|key| (key.to_owned(), event.get(key).clone())).collect();
    raw("recordMarker", &Value::Object(attributes))
}

fn continue_as_new(event: &Event, story: &Story) -> Step {
    let kind = event.text("workflowType.name");
    let other = (kind != story.workflow_type()).then(|| text(kind));
    let queue = event.text("taskQueue.name");
    let run_timeout = event.get("workflowRunTimeout");
    Step::new("continue_as_new", other.unwrap_or(Node::Word(String::new())))
        .maybe("input", payloads(event.get("input")))
        .maybe("task_queue", (queue != story.task_queue()).then(|| text(queue)))
        .maybe(
            "workflow_run_timeout",
            timeout(run_timeout)
                .filter(|_| nanos(run_timeout) != nanos(story.start("workflowRunTimeout"))),
        )
        .maybe(
            "workflow_task_timeout",
            timeout(event.get("workflowTaskTimeout")).filter(|_| {
                nanos(event.get("workflowTaskTimeout")) != nanos(story.start("workflowTaskTimeout"))
            }),
        )
}

/// Says shorter what can be said shorter: something that is started and waited for at once.
fn tidy(steps: Vec<Step>) -> Vec<Step> {
    let uses = |steps: &[Step], handle: &str| -> usize {
        let shown = format!("{steps:?}");
        shown.matches(&format!("{handle:?}")).count()
    };
    let all = steps.clone();
    let mut tidied: Vec<Step> = Vec::new();
    for step in steps {
        let waited = match step.fields.first() {
            Some((action, Node::Json(Value::String(handle)))) if action == "wait_for" => {
                Some(handle.clone())
            }
            _ => None,
        };
        let (Some(handle), Some(before)) = (waited, tidied.last_mut()) else {
            tidied.push(step);
            continue;
        };
        let is_named = before
            .fields
            .iter()
            .any(|(key, value)| key == "as" && *value == Node::Json(Value::String(handle.clone())));
        let longer = before.fields[0].0.as_str();
        let shorter = match longer {
            "start_activity" => "execute_activity",
            "start_child_workflow" => "execute_child_workflow",
            "start_timer" if before.fields.len() == 2 => "sleep",
            _ => "",
        };
        if !is_named || shorter.is_empty() || uses(&all, &handle) > 2 {
            tidied.push(step);
            continue;
        }
        shorter.clone_into(&mut before.fields[0].0);
        before.fields.retain(|(key, _)| key != "as");
    }
    tidied
}
