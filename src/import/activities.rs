//! The activities' code, from how they went: attempts, failures, heartbeats, durations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::clients::{Act, Turnout, start_of};
use super::local::Local;
use super::read::{Event, at};
use super::story::{Activity, Story};
use super::values::{failing, nanos, payloads};
use super::yaml::{Node, Step, number, span, text};

/// What the activities come to.
#[derive(Debug, Default)]
pub(super) struct Activities {
    /// Their code, by type.
    pub(super) code: BTreeMap<String, Vec<Step>>,
    /// What clients do about them, by their ids.
    pub(super) acts: Vec<Act>,
    /// Who takes their tasks: by queue and identity, how many at a time; none is "as many as come".
    pub(super) workers: BTreeMap<(String, String), Option<usize>>,
}

/// Writes the activities' code.
pub(super) fn activities(story: &Story) -> Activities {
    let mut written = Activities::default();
    let mut by_type: BTreeMap<String, Vec<(String, Vec<Step>)>> = BTreeMap::new();
    let mut left_alone: BTreeSet<String> = BTreeSet::new();
    let mut taken: BTreeMap<(String, String), usize> = BTreeMap::new();
    for activity in story.activities.values() {
        let scheduled = &story.events[activity.scheduled];
        let (kind, id) = (scheduled.text("activityType.name"), scheduled.text("activityId"));
        let queue = scheduled.text("taskQueue.name");
        let steps = steps(story, activity, &mut written.acts);
        by_type.entry(kind.to_owned()).or_default().push((id.to_owned(), steps));
        match (activity.started, activity.closed) {
            (Some(started), _) if !is_completed_unstarted(story, activity) => {
                let identity = story.events[started].text("identity").to_owned();
                *taken.entry((queue.to_owned(), identity)).or_default() += 1;
            }
            (None, Some(closed)) if fails_on_its_own(&story.events[closed]) => {
                *taken.entry((queue.to_owned(), "activity-worker".to_owned())).or_default() += 1;
            }
            (None, Some(_)) => {
                left_alone.insert(queue.to_owned());
            }
            // Only of one that was started does a cancel not end it at once.
            (None, None) if activity.cancel_requested.is_some() => {
                *taken.entry((queue.to_owned(), "activity-worker".to_owned())).or_default() += 1;
            }
            _ => {}
        }
    }
    // Local activities have no id of their own.
    for event in &story.events {
        let Some(local) = Local::of(event) else { continue };
        let end = match event.get("failure.cause") {
            Value::Null => payloads(event.get("details.result")).map(|r| Step::new("return", r)),
            cause => Some(failing("fail", cause)),
        };
        let codes = by_type.entry(local.kind.clone()).or_default();
        codes.push(("otherwise".to_owned(), after(local.took, 0, end)));
    }
    for (kind, codes) in by_type {
        let steps = match &codes[..] {
            [(_, only)] => only.clone(),
            [(_, first), rest @ ..] if rest.iter().all(|(_, steps)| steps == first) => {
                first.clone()
            }
            _ => {
                let arms = codes.iter().map(|(id, steps)| (id.clone(), Node::Steps(steps.clone())));
                let arms: BTreeMap<String, Node> = arms.collect();
                vec![Step::new("by_activity_id", Node::Map(arms.into_iter().collect()))]
            }
        };
        written.code.insert(kind, steps);
    }
    for ((queue, identity), count) in taken {
        // An activity that nobody took stays where it is if the others keep the worker busy.
        let slots = left_alone.contains(&queue).then_some(count);
        written.workers.insert((queue, identity), slots);
    }
    written
}

/// Whether it was completed by its id before any worker took it: then the server writes a start in
/// the name of who did.
fn is_completed_unstarted(story: &Story, activity: &Activity) -> bool {
    let (Some(started), Some(closed)) = (activity.started, activity.closed) else { return false };
    let (started, closed) = (&story.events[started], &story.events[closed]);
    started.time == closed.time
        && closed.kind != "ACTIVITY_TASK_TIMED_OUT"
        && started.text("identity") == closed.text("identity")
        && started.number("attempt") <= 1
}

/// Whether several activities had its id, one after the other.
fn is_reused(story: &Story, scheduled: &Event) -> bool {
    let id = scheduled.text("activityId");
    let same = story
        .activities
        .values()
        .filter(|activity| story.events[activity.scheduled].text("activityId") == id);
    same.count() > 1
}

/// Whether it timed out while it waited for a next attempt.
fn fails_on_its_own(closed: &Event) -> bool {
    closed.kind == "ACTIVITY_TASK_TIMED_OUT" && !closed.get("failure.cause").is_null()
}

fn steps(story: &Story, activity: &Activity, acts: &mut Vec<Act>) -> Vec<Step> {
    let scheduled = &story.events[activity.scheduled];
    let Some(closed) = activity.closed.map(|index| &story.events[index]) else {
        return vec![
            Step::alone("hang").comment("It had not ended when the history was exported."),
        ];
    };
    let began = activity.task.map_or(scheduled.time, |task| {
        let tasks = &story.tasks[task];
        if story.arrived_during(tasks) { scheduled.time } else { start_of(story, task) }
    });
    let Some(started) = activity.started.map(|index| &story.events[index]) else {
        if fails_on_its_own(closed) {
            return vec![failing("fail", closed.get("failure.cause"))];
        }
        if closed.kind == "ACTIVITY_TASK_TIMED_OUT" || closed.kind == "ACTIVITY_TASK_CANCELED" {
            return vec![Step::alone("hang").comment("No worker took it.")];
        }
        return Vec::new();
    };
    let attempt = started.number("attempt").max(1);
    let heartbeat = nanos(scheduled.get("heartbeatTimeout"));
    let policy = scheduled.get("retryPolicy");
    let backoffs = backoffs(policy, attempt);
    let earlier = attempt - 1;
    let before = started.time.saturating_sub(began).saturating_sub(backoffs).max(0);
    let each = if earlier > 0 { before / earlier } else { 0 };
    let run_from = if earlier > 0 { started.time } else { began };
    let took = closed.time.saturating_sub(run_from).max(0);
    let by_client = closed.text("identity") != started.text("identity")
        || closed.kind == "ACTIVITY_TASK_CANCELED"
        || is_reused(story, scheduled)
        || is_completed_unstarted(story, activity);
    // Who heartbeats learns of a cancel by that.
    let learns = closed.kind == "ACTIVITY_TASK_CANCELED"
        && heartbeat > 0
        && closed.text("identity") == started.text("identity")
        && closed.get("details").is_null()
        && story.is_exported();
    let last = match closed.kind {
        "ACTIVITY_TASK_TIMED_OUT" => timed_out(closed),
        _ if learns => {
            let beat =
                vec![Step::new("sleep", span((heartbeat / 4).max(1))), Step::alone("heartbeat")];
            vec![
                Step::new("repeat", Node::Steps(beat))
                    .comment("It learns of the cancel by a heartbeat."),
            ]
        }
        _ if by_client => {
            acts.extend(act(story, activity, closed));
            vec![Step::alone("hang").comment("A client ends it, by its id.")]
        }
        "ACTIVITY_TASK_FAILED" => {
            after(took, heartbeat, Some(failing("fail", closed.get("failure"))))
        }
        _ => {
            let result = payloads(closed.get("result"));
            after(took, heartbeat, result.map(|result| Step::new("return", result)))
        }
    };
    // An attempt that took longer would have had to heartbeat.
    let each = if heartbeat > 0 { each.min(heartbeat / 2) } else { each };
    let failure = started.get("lastFailure");
    if earlier == 0 || failure.is_null() {
        return last;
    }
    let first = match failure.get("timeoutFailureInfo") {
        Some(info) => hanging(info),
        None => after(each, 0, Some(failing("fail", failure))),
    };
    let arms = vec![
        (attempt.to_string(), Node::Steps(last)),
        ("otherwise".to_owned(), Node::Steps(first)),
    ];
    vec![Step::new("by_attempt", Node::Map(arms))]
}

/// How long all waits between attempts take together.
fn backoffs(policy: &Value, attempt: i64) -> i64 {
    let maximum = nanos(&policy["maximumInterval"]);
    let coefficient = policy["backoffCoefficient"].as_f64().unwrap_or(2.0).max(1.0);
    let mut interval = nanos(&policy["initialInterval"]);
    let mut all = 0_i64;
    for _ in 1..attempt.min(1000) {
        all = all.saturating_add(interval);
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
        let next = (interval as f64 * coefficient) as i64;
        interval = if maximum > 0 { next.min(maximum) } else { next };
    }
    all
}

/// A step after so much time, with as many heartbeats as it takes to live that long.
fn after(took: i64, heartbeat: i64, step: Option<Step>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = took;
    if heartbeat > 0 && took > heartbeat / 2 {
        let pause = (heartbeat / 2).max(1);
        let beat = vec![Step::new("sleep", span(pause)), Step::alone("heartbeat")];
        let times = (took / pause).clamp(1, 1_000_000);
        steps.push(Step::new("repeat", Node::Steps(beat)).with("times", number(times)));
        rest = took - times.saturating_mul(pause);
    }
    if rest > 0 {
        steps.push(Step::new("sleep", span(rest)));
    }
    steps.extend(step);
    steps
}

fn timed_out(closed: &Event) -> Vec<Step> {
    let failure = closed.get("failure");
    let own = failure.get("timeoutFailureInfo");
    hanging(own.unwrap_or(&Value::Null))
}

/// Code that runs into a timeout, with its last heartbeat.
fn hanging(info: &Value) -> Vec<Step> {
    let details = at(info, "lastHeartbeatDetails");
    let heartbeat = payloads(details).map(|details| Step::new("heartbeat", details));
    heartbeat.into_iter().chain([Step::alone("hang")]).collect()
}

/// What a client does to end an activity.
fn act(story: &Story, activity: &Activity, closed: &Event) -> Option<Act> {
    let id = story.events[activity.scheduled].text("activityId");
    let step = match closed.kind {
        "ACTIVITY_TASK_COMPLETED" => {
            let step = Step::new("complete_activity", text(id));
            step.with("workflow_id", text(story.workflow_id()))
                .maybe("result", payloads(closed.get("result")))
        }
        "ACTIVITY_TASK_CANCELED" => {
            let step = Step::new("cancel_activity", text(id));
            step.with("workflow_id", text(story.workflow_id()))
                .maybe("details", payloads(closed.get("details")))
        }
        "ACTIVITY_TASK_FAILED" => {
            let message = closed.text("failure.message");
            let step = Step::new("fail_activity", text(id));
            step.with("workflow_id", text(story.workflow_id())).with("message", text(message))
        }
        _ => return None,
    };
    Some(Act {
        event: activity.closed?,
        turnout: Turnout::Arrives,
        identity: Some(closed.text("identity").to_owned()),
        step,
    })
}

/// The workers that only activities need.
pub(super) fn slots(count: Option<usize>) -> Option<Node> {
    count.map(|count| number(count.max(1)))
}
