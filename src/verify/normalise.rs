//! What of an answer, an error or an event is compared: everything but what differs from one
//! execution to the next, and what is as good as absent (section 4 of the corpus' README).
//!
//! ```
//! use deadbeat::verify::normalise;
//! use serde_json::json;
//!
//! let event = normalise::event(&json!({
//!     "eventId": "4",
//!     "eventTime": "2024-01-01T00:00:00.500Z",
//!     "taskId": "1048581",
//!     "eventType": "EVENT_TYPE_TIMER_CANCELED",
//!     "timerCanceledEventAttributes": { "timerId": "nap", "identity": "worker" },
//! }));
//! assert_eq!(event, json!({
//!     "eventId": "4",
//!     "eventType": "EVENT_TYPE_TIMER_CANCELED",
//!     "timerCanceledEventAttributes": { "timerId": "nap", "identity": "worker" },
//! }));
//!
//! let masked = normalise::error("INTERNAL", "something is broken (0a1b2c3d)", &[]);
//! assert_eq!(masked["error"]["message"], "something is broken (<hex>)");
//! ```

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

/// Attributes of events that are not compared.
const DROPPED_ATTRIBUTES: [&str; 27] = [
    "requestId",
    "historySizeBytes",
    "prevAutoResetPoints",
    "namespaceId",
    "parentWorkflowNamespaceId",
    "workflowExecutionExpirationTime",
    "sdkMetadata",
    "meteringMetadata",
    "workerVersion",
    "binaryChecksum",
    "suggestContinueAsNew",
    "suggestContinueAsNewReasons",
    "externalNamespaceId",
    "attachedRequestId",
    "inheritedBuildId",
    "priority",
    "useWorkflowBuildId",
    "useCompatibleVersion",
    "inheritBuildId",
    "eagerExecutionAccepted",
    "deployment",
    "deploymentVersion",
    "workerDeploymentName",
    "workerDeploymentVersion",
    "versioningBehavior",
    "link",
    "eventGroupMarkers",
];

/// Fields of results that are not compared.
const DROPPED_FIELDS: [&str; 4] = ["taskToken", "nextPageToken", "link", "requestId"];

/// What is compared of an event in official JSON (4.2).
pub fn event(event: &Value) -> Value {
    let mut normal = pick(event, &["eventId", "eventType"]);
    let fields = event.as_object().into_iter().flatten();
    for (key, value) in fields.filter(|(key, _)| key.ends_with("Attributes")) {
        let owner = if key.starts_with("upsert") { key } else { "" };
        let mut attributes = clean(value, &DROPPED_ATTRIBUTES, owner);
        let Some(kept) = attributes.as_object_mut() else { continue };
        match key.as_str() {
            "workflowExecutionStartedEventAttributes" if backoff_depends_on_the_clock(value) => {
                kept.remove("firstWorkflowTaskBackoff");
            }
            "workflowTaskScheduledEventAttributes"
                if kept.get("attempt").and_then(Value::as_i64).is_some_and(|n| n > 3) =>
            {
                kept.remove("startToCloseTimeout");
            }
            _ => {}
        }
        if !kept.is_empty() {
            normal.insert(key.clone(), attributes);
        }
    }
    Value::Object(normal)
}

fn backoff_depends_on_the_clock(started: &Value) -> bool {
    let initiator = started["initiator"].as_str();
    let cron_schedule = started["cronSchedule"].as_str().unwrap_or_default();
    !cron_schedule.is_empty()
        || matches!(
            initiator,
            Some("CONTINUE_AS_NEW_INITIATOR_WORKFLOW" | "CONTINUE_AS_NEW_INITIATOR_CRON_SCHEDULE")
        )
}

/// What is compared of the answer to a call, given by its action (4.3); `keep` names further fields
/// of descriptions and starts.
pub fn result(action: &str, result: &Value, keep: &[String]) -> Value {
    let kept = match action {
        "poll_workflow_task_queue" => workflow_task(result),
        "poll_activity_task_queue" => activity_task(result),
        "describe_workflow_execution" => description(result, keep),
        "respond_workflow_task_completed" => {
            let mut kept = pick(result, &["resetHistoryEventId"]);
            let task = workflow_task(&result["workflowTask"]);
            if task != json!({}) {
                kept.insert("workflowTask".to_owned(), task);
            }
            if let Some(tasks) = result["activityTasks"].as_array() {
                let tasks = tasks.iter().map(activity_task).collect();
                kept.insert("activityTasks".to_owned(), Value::Array(tasks));
            }
            Value::Object(kept)
        }
        "get_workflow_execution_history" | "get_workflow_execution_history_reverse" => {
            json!({ "history": events_by_name(&result["history"]) })
        }
        "start_workflow_execution" | "signal_with_start_workflow_execution" => {
            let mut kept = pick(result, &["runId", "started"]);
            kept.append(&mut pick(result, &strs(keep)));
            Value::Object(kept)
        }
        "update_workflow_execution" | "poll_workflow_execution_update" => {
            Value::Object(pick(result, &["stage", "outcome"]))
        }
        "reset_workflow_execution" => Value::Object(pick(result, &["runId"])),
        "cli" => printed(result),
        _ => result.clone(),
    };
    clean(&kept, &DROPPED_FIELDS, "")
}

/// What the `temporal` CLI has printed: long texts are for people, and lists of allowed values come
/// in any order.
fn printed(result: &Value) -> Value {
    const LONG: usize = 300;
    let mut kept = result.clone();
    if result["stdout"].as_str().is_some_and(|stdout| stdout.chars().count() > LONG) {
        kept["stdout"] = "<long, not compared>".into();
    }
    if let Some(stderr) = result["stderr"].as_str() {
        kept["stderr"] = stderr.lines().map(sorted_values).collect::<String>().into();
    }
    kept
}

/// A line, with its end.
fn sorted_values(line: &str) -> String {
    match line.split_once("allowed values are: ") {
        Some((before, values)) => {
            let mut values: Vec<&str> = values.split(", ").collect();
            values.sort_unstable();
            format!("{before}allowed values are: {}\n", values.join(", "))
        }
        None => format!("{line}\n"),
    }
}

/// What is compared of an error: the name of its code, its message, and which details it has.
pub fn error(status: &str, message: &str, details: &[String]) -> Value {
    let mut kept = json!({ "status": status, "message": without_random_suffix(message) });
    if !details.is_empty() {
        kept["details"] = json!(details);
    }
    json!({ "error": kept })
}

/// A masked internal error ends in eight random hexadecimal digits.
fn without_random_suffix(message: &str) -> String {
    let stripped = message.strip_suffix(')').and_then(|message| message.rsplit_once('('));
    match stripped {
        Some((text, hex))
            if hex.len() == 8
                && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) =>
        {
            format!("{text}(<hex>)")
        }
        _ => message.to_owned(),
    }
}

fn workflow_task(task: &Value) -> Value {
    if task["taskToken"].as_str().is_none_or(str::is_empty) {
        return json!({});
    }
    let mut kept = pick(
        task,
        &[
            "workflowExecution",
            "workflowType",
            "previousStartedEventId",
            "startedEventId",
            "attempt",
            "query",
            "messages",
        ],
    );
    if let Some(queries) = task["queries"].as_object().filter(|queries| !queries.is_empty()) {
        let mut queries: Vec<Value> = queries.values().cloned().collect();
        queries.sort_by_key(Value::to_string);
        kept.insert("queries".to_owned(), Value::Array(queries));
    }
    if task["history"].is_object() {
        kept.insert("history".to_owned(), events_by_name(&task["history"]));
    }
    Value::Object(kept)
}

fn activity_task(task: &Value) -> Value {
    if task["taskToken"].as_str().is_none_or(str::is_empty) {
        return json!({});
    }
    Value::Object(pick(
        task,
        &[
            "workflowNamespace",
            "workflowExecution",
            "workflowType",
            "activityType",
            "activityId",
            "input",
            "heartbeatDetails",
            "attempt",
            "scheduleToCloseTimeout",
            "startToCloseTimeout",
            "heartbeatTimeout",
            "retryPolicy",
        ],
    ))
}

fn description(of: &Value, keep: &[String]) -> Value {
    let info = &of["workflowExecutionInfo"];
    let mut kept_info = pick(info, &["execution", "status", "historyLength", "parentExecution"]);
    kept_info.append(&mut pick(info, &strs(keep)));
    let mut kept = Map::new();
    kept.insert("workflowExecutionInfo".to_owned(), Value::Object(kept_info));
    if of["pendingWorkflowTask"].is_object() {
        let task = pick(&of["pendingWorkflowTask"], &["state", "attempt"]);
        kept.insert("pendingWorkflowTask".to_owned(), Value::Object(task));
    }
    let activities = pick_each(
        &of["pendingActivities"],
        &[
            "activityId",
            "activityType",
            "state",
            "heartbeatDetails",
            "attempt",
            "maximumAttempts",
            "lastFailure",
            "lastWorkerIdentity",
        ],
        |a, b| a["activityId"].as_str().cmp(&b["activityId"].as_str()),
    );
    kept.insert("pendingActivities".to_owned(), activities);
    let initiated_id = |child: &Value| child["initiatedId"].as_str()?.parse::<i64>().ok();
    let children = pick_each(
        &of["pendingChildren"],
        &["workflowId", "runId", "workflowTypeName", "initiatedId", "parentClosePolicy"],
        |a, b| initiated_id(a).cmp(&initiated_id(b)),
    );
    kept.insert("pendingChildren".to_owned(), children);
    let extended = pick(&of["workflowExtendedInfo"], &["cancelRequested", "resetRunId"]);
    kept.insert("workflowExtendedInfo".to_owned(), Value::Object(extended));
    Value::Object(kept)
}

/// A history as a list of `<id> <TYPE>`.
fn events_by_name(history: &Value) -> Value {
    let events = history["events"].as_array().into_iter().flatten();
    Value::Array(events.map(|event| Value::String(event_by_name(event))).collect())
}

/// An event as `<id> <TYPE>`.
pub fn event_by_name(event: &Value) -> String {
    let id = event["eventId"].as_str().unwrap_or("None");
    let event_type = event["eventType"].as_str().unwrap_or_default();
    format!("{id} {}", event_type.strip_prefix("EVENT_TYPE_").unwrap_or(event_type))
}

/// Drops what is never compared: the named fields, instants, empty things, timeouts of zero (4.1).
fn clean(value: &Value, dropped: &[&str], owner: &str) -> Value {
    match value {
        Value::Object(fields) => {
            let mut kept = Map::new();
            for (key, value) in fields {
                let keeps_search_attributes = owner.starts_with("upsert");
                if dropped.contains(&key.as_str())
                    || (key == "searchAttributes" && !keeps_search_attributes)
                {
                    continue;
                }
                let value = clean(value, dropped, key);
                if !is_nothing(key, &value) {
                    kept.insert(key.clone(), value);
                }
            }
            Value::Object(kept)
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| clean(item, dropped, owner)).collect())
        }
        other => other.clone(),
    }
}

/// Whether a field is as good as absent.
fn is_nothing(key: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty() && !key.ends_with("FailureInfo"),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => {
            let zero_timeout = text == "0s"
                && ["Timeout", "Backoff", "Interval"].iter().any(|suffix| key.ends_with(suffix));
            zero_timeout || text == "TASK_QUEUE_KIND_NORMAL" || is_instant(text)
        }
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a text is an instant in RFC 3339, as in `2024-01-01T00:00:00.5Z`.
fn is_instant(text: &str) -> bool {
    let Some((date, time)) = text.strip_suffix('Z').and_then(|text| text.split_once('T')) else {
        return false;
    };
    let is_date = date.len() == 10
        && date.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let is_time = |byte: u8| byte.is_ascii_digit() || byte == b':' || byte == b'.';
    is_date && !time.is_empty() && time.bytes().all(is_time)
}

fn pick(from: &Value, names: &[&str]) -> Map<String, Value> {
    let field = |name: &&str| Some(((*name).to_owned(), from.get(*name)?.clone()));
    names.iter().filter_map(field).collect()
}

fn pick_each(list: &Value, names: &[&str], order: impl Fn(&Value, &Value) -> Ordering) -> Value {
    let items = list.as_array().into_iter().flatten();
    let mut items: Vec<Value> = items.map(|item| Value::Object(pick(item, names))).collect();
    items.sort_by(order);
    Value::Array(items)
}

fn strs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}
