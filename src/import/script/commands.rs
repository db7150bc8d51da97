//! What the code asks for, command by command.

use serde_json::{Value, json};

use super::super::local::Local;
use super::super::read::Event;
use super::super::story::{Story, Turn};
use super::super::values::{self, Default, failing, header, nanos, payloads, timeout, word};
use super::super::yaml::{Node, Step, span, text};
use super::{Cancel, Started, Writer};

impl Writer<'_> {
    pub(super) fn commands(&mut self, commands: &[usize], turn: &Turn) {
        let done = self.canceled_by_request(turn);
        for index in commands.iter().filter(|index| !done.contains(index)) {
            let step = self.command(*index);
            self.steps.extend(step);
        }
    }

    pub(super) fn command(&mut self, index: usize) -> Option<Step> {
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
                    "control": event.get("control"),
                    "input": event.get("input"),
                    "childWorkflowOnly": event.get("childWorkflowOnly"),
                    "header": event.get("header"),
                }),
            ),
            "MARKER_RECORDED" => local_activity(event).unwrap_or_else(|| marker(event)),
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
        let started =
            Started { handle: handle.clone(), cancel: Cancel::AtOnce, of: self.of.clone() };
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
        if is_odd {
            let mut attributes = event.attributes.clone();
            if let Some(fields) = attributes.as_object_mut() {
                fields.remove("workflowTaskCompletedEventId");
            }
            return raw("scheduleActivityTask", &attributes)
                .comment("Its retry policy is none that the language allows: sent as recorded.");
        }
        let handle = self.names.give(kind);
        let activity = self.story.activities.get(&event.id);
        let waits = activity.is_some_and(|activity| {
            activity.cancel_requested.is_some() && activity.closed.is_some()
        });
        let cancel = if waits { Cancel::Waits } else { Cancel::AtOnce };
        self.started
            .insert(event.id, Started { handle: handle.clone(), cancel, of: self.of.clone() });
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
            .maybe("header", header(event.get("header")))
    }

    fn child(&mut self, event: &Event) -> Step {
        self.children += 1;
        let kind = event.text("workflowType.name");
        let id = event.text("workflowId");
        let own = ["memo", "searchAttributes", "cronSchedule", "priority"];
        let is_set =
            |value: &Value| !value.is_null() && value.as_object().is_none_or(|o| !o.is_empty());
        if own.iter().any(|key| is_set(event.get(key))) {
            let mut attributes = event.attributes.clone();
            if let Some(fields) = attributes.as_object_mut() {
                fields.remove("workflowTaskCompletedEventId");
                fields.remove("namespaceId");
            }
            return raw("startChildWorkflowExecution", &attributes)
                .comment("No child has these options in the language: sent as recorded.");
        }
        let handle = self.names.give(kind);
        let started =
            Started { handle: handle.clone(), cancel: Cancel::Waits, of: self.of.clone() };
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
            .maybe("header", header(event.get("header")))
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
                "control": event.get("control"),
                "reason": event.get("reason"),
            }),
        )
    }
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

/// A local activity that its marker tells of.
fn local_activity(event: &Event) -> Option<Step> {
    let local = Local::of(event)?;
    let step = Step::new("execute_local_activity", text(&local.kind))
        .comment("Its timeouts are not recorded.")
        .with("start_to_close_timeout", span(local.took.saturating_add(60_000_000_000)));
    if event.get("failure").is_null() {
        return Some(step);
    }
    let tried = Step::new("try", Node::Steps(vec![step]));
    Some(tried.with("on_failure", Node::Steps(Vec::new())))
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
    let is_more = |key: &str| !event.get(key).is_null();
    let is_memo_other = event.get("memo") != story.start("memo");
    if is_memo_other
        || ["backoffStartInterval", "failure", "lastCompletionResult"].iter().any(|k| is_more(k))
    {
        let mut attributes = event.attributes.clone();
        if let Some(fields) = attributes.as_object_mut() {
            for key in ["newExecutionRunId", "workflowTaskCompletedEventId"] {
                fields.remove(key);
            }
        }
        return raw("continueAsNewWorkflowExecution", &attributes).comment(
            "The language has no words for its backoff, failure or memo: sent as recorded.",
        );
    }
    let kind = event.text("workflowType.name");
    let other = (kind != story.workflow_type()).then(|| text(kind));
    let queue = event.text("taskQueue.name");
    let run_timeout = event.get("workflowRunTimeout");
    Step::new("continue_as_new", other.unwrap_or(Node::Word(String::new())))
        .maybe("input", payloads(event.get("input")))
        .maybe("header", header(event.get("header")))
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
