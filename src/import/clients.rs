//! What clients and operators did: starts, signals, cancels, terminations, resets; workers that
//! took their time.

use super::form::{Clock, Form};
use super::read::Event;
use super::story::{End, Story};
use super::updates;
use super::values::{header, payloads};
use super::yaml::{Node, Step, span, text};

/// What a client does.
#[derive(Clone, Debug)]
pub(super) struct Act {
    /// The index of the event that it leads to, or follows.
    pub(super) event: usize,
    pub(super) turnout: Turnout,
    /// As whom.
    pub(super) identity: Option<String>,
    pub(super) step: Step,
}

/// How an act and an event belong together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turnout {
    /// The event is what comes of it, at the event's time.
    Arrives,
    /// It happens as soon as the event is there.
    Follows,
    /// It is, or belongs to, the reset that the event tells of.
    Resets,
}

/// The name of the worker that takes the workflow's tasks.
pub(super) const WORKER: &str = "worker";

/// Whether something happened between a task's scheduling and its start, or it was never started:
/// then the worker was not there to take it.
pub(super) fn is_late(story: &Story, number: usize) -> bool {
    let task = &story.tasks[number];
    let Some(started) = task.started else {
        // It is on its way when the history ends.
        return matches!(story.end_of(task), End::Open)
            && (number + 1 == story.tasks.len() || story.is_closed());
    };
    // What a reset makes up is started at once.
    if story.events[started].text("identity") == "history-service" {
        return false;
    }
    if updates::are_awaited(story, number) {
        return true;
    }
    story.events[task.scheduled + 1..started]
        .iter()
        .any(|event| !matches!(event.kind, "WORKFLOW_TASK_SCHEDULED" | "WORKFLOW_TASK_STARTED"))
}

/// When a task starts as it is played: at once, unless the worker is paused before.
pub(super) fn start_of(story: &Story, number: usize) -> i64 {
    let task = &story.tasks[number];
    match (is_late(story, number), task.started) {
        (true, Some(started)) => story.time(started),
        _ => story.time(task.scheduled),
    }
}

/// The number of the run, among those that the scenario makes, in which an event is new.
pub(super) fn run_of(story: &Story, index: usize, first: u32) -> u32 {
    let resets = story.tasks.iter().filter(|task| {
        matches!(story.end_of(task), End::Reset(_)) && task.ended.is_some_and(|end| end < index)
    });
    let runs = resets.map(|task| 1 + u32::from(hides_a_run(story, task)));
    runs.fold(first, u32::saturating_add)
}

/// Whether the run that was reset is neither the first nor the one that the reset before made: it
/// was made by a reset that left no other trace.
fn hides_a_run(story: &Story, task: &super::story::Task) -> bool {
    let End::Reset(event) = story.end_of(task) else { return false };
    let earlier = story.tasks.iter().take_while(|other| other.scheduled < task.scheduled);
    let before = earlier.filter_map(|task| match story.end_of(task) {
        End::Reset(event) => Some(event.text("newRunId")),
        _ => None,
    });
    let first = story.started().text("originalExecutionRunId");
    before.last().unwrap_or(first) != event.text("baseRunId")
}

/// What clients did to the run, in order. `versions` are the names of the code's versions.
pub(super) fn acts(story: &Story, versions: &[String]) -> Vec<Act> {
    let mut acts = resets(story, versions);
    let id = || text(story.workflow_id());
    let first_task = story.tasks.first().map_or(usize::MAX, |task| task.scheduled);
    for (index, event) in story.events.iter().enumerate() {
        let step = match event.kind {
            "WORKFLOW_EXECUTION_SIGNALED" if is_started_with(story, index, first_task) => continue,
            "WORKFLOW_EXECUTION_SIGNALED" if event.get("externalWorkflowExecution").is_null() => {
                Step::new("signal", id())
                    .with("name", text(event.text("signalName")))
                    .maybe("input", payloads(event.get("input")))
                    .maybe("header", header(event.get("header")))
            }
            "WORKFLOW_EXECUTION_CANCEL_REQUESTED"
                if event.get("externalWorkflowExecution").is_null() =>
            {
                Step::new("cancel", id()).maybe("reason", reason(event, "cause"))
            }
            "WORKFLOW_EXECUTION_TERMINATED"
                if event.text("identity") == "history-resetter"
                    && event.text("reason").is_empty() =>
            {
                Step::new("reset", id())
                    .comment("It was terminated by a reset. To where is not recorded.")
                    .with("type", Node::Word("FirstWorkflowTask".to_owned()))
            }
            "WORKFLOW_EXECUTION_TERMINATED" => Step::new("terminate", id())
                .maybe("reason", reason(event, "reason"))
                .maybe("details", payloads(event.get("details"))),
            _ => continue,
        };
        let identity = Some(event.text("identity").to_owned());
        acts.push(Act { event: index, turnout: Turnout::Arrives, identity, step });
    }
    acts.extend(updates::applied_again(story));
    // What a reset carried over came before the reset.
    acts.sort_by_key(|act| act.place(story));
    acts
}

/// The resets, each with the deployment of the code that follows.
fn resets(story: &Story, versions: &[String]) -> Vec<Act> {
    let mut acts = Vec::new();
    let mut number = 0;
    for (place, task) in story.tasks.iter().enumerate() {
        let (End::Reset(event), Some(ended)) = (story.end_of(task), task.ended) else { continue };
        let made_up = task
            .started
            .filter(|started| story.events[*started].text("identity") == "history-service");
        let scheduled = &story.events[task.scheduled];
        let before = &story.events[task.scheduled - 1];
        let retried = matches!(before.kind, "WORKFLOW_TASK_FAILED" | "WORKFLOW_TASK_TIMED_OUT");
        let point = match made_up {
            None => event.id,
            // It was a retry that the server had not recorded yet.
            Some(_) if retried => scheduled.id,
            Some(started) => story.events[started].id,
        };

        let step = Step::new("reset", text(story.workflow_id()))
            .with("event_id", super::yaml::number(point))
            .maybe("reason", reason(event, "failure.message"));
        let mut add = |step| {
            acts.push(Act { event: ended, turnout: Turnout::Resets, identity: None, step });
        };
        if hides_a_run(story, task) {
            add(step.clone().comment("The run that is reset was made by a reset itself."));
        }
        if place + 1 < story.tasks.len() && is_late(story, place + 1) {
            add(Step::new("pause_worker", text(WORKER)));
        }
        number += 1;
        if let Some(version) = versions.get(number) {
            let step = Step::new("deploy", text(story.workflow_type()))
                .with("version", text(version))
                .with("worker", text(WORKER));
            add(step);
        }
        add(step);
    }
    acts
}

impl Act {
    /// Where it belongs: acts in order of their events, what a reset carried over before it.
    pub(super) fn place(&self, story: &Story) -> (usize, bool, usize) {
        match story.carried_over_by(self.event) {
            Some(reset) => (reset, false, self.event),
            None => (self.event, self.turnout == Turnout::Resets, self.event),
        }
    }
}

/// Whether a signal came with the start.
pub(super) fn is_started_with(story: &Story, index: usize, first_task: usize) -> bool {
    let event = &story.events[index];
    index == 1
        && index < first_task
        && event.time == story.started().time
        && event.text("identity") == story.started().text("identity")
        && story.start("initiator").as_str().is_none_or(|of| of.ends_with("UNSPECIFIED"))
        && story.start("parentWorkflowExecution").is_null()
}

fn reason(event: &Event, key: &str) -> Option<Node> {
    let reason = event.text(key);
    (!reason.is_empty()).then(|| text(reason))
}

/// What the operator does: pauses the worker so that tasks are taken as late as they were.
pub(super) fn pauses(story: &Story) -> Vec<Act> {
    let mut acts = Vec::new();
    for (number, task) in story.tasks.iter().enumerate() {
        if is_made_up_inline(story, number) {
            let before = story.tasks[..number].iter().rev().find_map(|task| task.started);
            let acted = [(before, "pause_worker"), (Some(task.scheduled), "resume_worker")];
            acts.extend(acted.into_iter().filter_map(|(event, action)| {
                let step = Step::new(action, text(WORKER));
                Some(Act { event: event?, turnout: Turnout::Follows, identity: None, step })
            }));
            continue;
        }
        if story.end_of(task) == End::NotTaken {
            // Nobody takes it for so long that it goes elsewhere.
            let before = story.tasks[..number].iter().rev().find_map(|task| task.started);
            let next = story.tasks.get(number + 1).and_then(|task| task.started);
            let is_next = |number| number + 1 < story.tasks.len() && is_late(story, number);
            let acted = [
                (before, Turnout::Follows, "pause_worker"),
                (next.filter(|_| !is_next(number + 1)), Turnout::Arrives, "resume_worker"),
            ];
            acts.extend(acted.into_iter().filter_map(|(event, turnout, action)| {
                let step = Step::new(action, text(WORKER));
                Some(Act { event: event?, turnout, identity: None, step })
            }));
            continue;
        }
        if !is_late(story, number) {
            continue;
        }
        let before = story.tasks[..number].iter().rev().find_map(|task| task.started);
        let is_reset = number
            .checked_sub(1)
            .is_some_and(|before| matches!(story.end_of(&story.tasks[before]), End::Reset(_)));
        if let Some(before) = before.filter(|_| !is_reset) {
            acts.push(Act {
                event: before,
                turnout: Turnout::Follows,
                identity: None,
                step: Step::new("pause_worker", text(WORKER)),
            });
        }
        if let Some(started) = task.started {
            let action = if before.is_some() { "resume_worker" } else { "start_worker" };
            acts.push(Act {
                event: started,
                turnout: Turnout::Arrives,
                identity: None,
                step: Step::new(action, text(WORKER)),
            });
        }
    }
    acts
}

/// Whether a reset made up the start of a task that the completion of another scheduled: then the
/// worker must not have been given it together with the answer to that.
fn is_made_up_inline(story: &Story, number: usize) -> bool {
    let task = &story.tasks[number];
    let made_up = task
        .started
        .is_some_and(|started| story.events[started].text("identity") == "history-service");
    let before = number.checked_sub(1).and_then(|before| story.tasks[before].ended);
    made_up
        && before.is_some_and(|ended| {
            story.events[ended].kind == "WORKFLOW_TASK_COMPLETED"
                && story.time(ended) == story.time(task.scheduled)
        })
}

/// The act as a step, with its time.
pub(super) fn step(story: &Story, act: &Act, form: Form, lead: i64, first_run: u32) -> Step {
    let identity = act.identity.as_deref().filter(|name| *name != "client");
    let step = act.step.clone();
    let step = step.maybe("identity", identity.map(text));
    let carried = story.carried_over_by(act.event);
    let reset = carried.or((act.turnout == Turnout::Resets).then_some(act.event));
    let event = &story.events[reset.unwrap_or(act.event)];
    if act.turnout != Turnout::Follows && form.clock == Clock::Recorded {
        return step.with("at", span(event.time.saturating_add(lead)));
    }
    if let Some(reset) = reset {
        return step.with("when", when_reset(story, reset, first_run));
    }
    let anchor = match act.turnout {
        Turnout::Follows => act.event,
        Turnout::Arrives | Turnout::Resets => anchor(story, act.event),
    };
    step.with("when", when(story, anchor, first_run))
}

/// The event that was the last one recorded when something arrived.
fn anchor(story: &Story, index: usize) -> usize {
    let arrived = story.events[index].time;
    let held = story.tasks.iter().find(|task| {
        if let (End::Closed, Some(ended)) = (story.end_of(task), task.ended) {
            return ended < index;
        }
        let (Some(started), Some(ended)) = (task.started, task.ended) else { return false };
        ended < index
            && story.time(started) <= arrived
            && arrived < story.time(ended)
            && story.arrived_during(task)
    });
    match held.and_then(|task| task.started) {
        Some(started) => started,
        None => index.saturating_sub(1),
    }
}

/// As soon as this event is there.
pub(super) fn when(story: &Story, index: usize, first_run: u32) -> Node {
    let event = &story.events[index];
    let same = story.events[..=index].iter().filter(|other| other.kind == event.kind).count();
    let mut fields = vec![
        ("event".to_owned(), Node::Word(camel(event.kind))),
        ("workflow_id".to_owned(), text(story.workflow_id())),
    ];
    if same > 1 {
        fields.push(("count".to_owned(), Node::Word(same.to_string())));
    }
    // The event of a reset is in the run that the reset makes.
    let run = run_of(story, index + 1, first_run);
    if run > 1 || story.tasks.iter().any(|task| matches!(story.end_of(task), End::Reset(_))) {
        fields.push(("run".to_owned(), Node::Word(run.to_string())));
    }
    Node::Map(fields)
}

/// As soon as the run that is reset has answered the task that is undone.
fn when_reset(story: &Story, reset: usize, first_run: u32) -> Node {
    let done = story.events[..reset].iter().filter(|e| e.kind == "WORKFLOW_TASK_COMPLETED").count();
    Node::Map(vec![
        ("event".to_owned(), Node::Word("WorkflowTaskCompleted".to_owned())),
        ("workflow_id".to_owned(), text(story.workflow_id())),
        ("count".to_owned(), Node::Word((done + 1).to_string())),
        ("run".to_owned(), Node::Word(run_of(story, reset, first_run).to_string())),
    ])
}

/// As soon as a run before has ended with this event.
pub(super) fn when_ended(story: &Story, event: &str, run: usize) -> Node {
    Node::Map(vec![
        ("event".to_owned(), Node::Word(event.to_owned())),
        ("workflow_id".to_owned(), text(story.workflow_id())),
        ("run".to_owned(), Node::Word(run.to_string())),
    ])
}

/// `TIMER_STARTED` as `TimerStarted`.
fn camel(kind: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{first}{}", rest.to_ascii_lowercase())
    };
    kind.split('_').map(word).collect()
}
