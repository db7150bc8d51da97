//! The file: everything put together.

use std::collections::BTreeMap;

use serde_json::Value;

use super::activities::{activities, slots};
use super::clients::{self, Act, Turnout, WORKER, is_started_with};
use super::form::{Clock, Form};
use super::script;
use super::story::Story;
use super::surroundings::{self, QUEUE, Surroundings, surroundings};
use super::updates;
use super::values;
use super::yaml::{self, Node, Step, span, text};

/// What trying has shown that a file needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Tuning {
    /// How long after the scenario's beginning the run starts, in nanoseconds.
    pub(super) lead: i64,
    /// When the scenario ends, in nanoseconds, if it would not by itself in time.
    pub(super) ends_at: Option<i64>,
}

/// A file, without the comment at its top.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// The text.
    pub(super) text: String,
    /// The number of the run, among those with its Workflow Id, that is the recorded one.
    pub(super) run: u32,
    /// What cannot be said.
    pub(super) notes: Vec<String>,
}

/// Writes a history as a scenario.
pub(super) fn write(story: &Story, form: Form, tuning: Tuning) -> Draft {
    let mut around = surroundings(story);
    let code = script::code(story, form);
    let mut notes = code.notes;
    notes.extend(around.notes.iter().cloned());
    let done = activities(story);
    let mut versions: Vec<(String, Vec<Step>)> = Vec::new();
    for (number, (steps, _)) in (1..).zip(&around.scheduled) {
        versions.push((format!("run_{number}"), steps.clone()));
    }
    // A worker with a sticky queue that goes on after a reset was not given other code.
    let kept = if story.is_sticky() { code.versions.len().saturating_sub(1) } else { 0 };
    for (number, steps) in (1..).zip(code.versions.into_iter().skip(kept)) {
        versions.push((format!("v{number}"), whole(steps, story, &around)));
    }
    let successor = story.last().text("workflowType.name");
    let is_other = !successor.is_empty() && successor != story.workflow_type();
    if is_other && !around.code.contains_key(successor) {
        around.code.insert(successor.to_owned(), vec![Step::alone("hang")]);
    }
    let continued = !story.last().text("newExecutionRunId").is_empty() && !is_other;
    if continued {
        versions.push(("next_run".to_owned(), vec![Step::alone("hang")]));
    }
    let sent = updates::sent(story);
    let handlers = code.updates.into_iter().chain(updates::unknown_handler(story)).collect();
    let names: Vec<String> = versions.iter().map(|(name, _)| name.clone()).collect();
    let first_run = around.runs_before + 1;

    let own = around.scheduled.len()..names.len() - usize::from(continued);
    let mut acts = clients::acts(story, &names[own]);
    acts.extend(around.acts.iter().cloned());
    acts.extend(done.acts.iter().cloned());
    acts.sort_by_key(|act| act.place(story));
    let mut operator = clients::pauses(story);
    if continued {
        let step = Step::new("deploy", text(story.workflow_type()))
            .with("version", text("next_run"))
            .comment("The run that follows is not in the history: it does nothing.");
        let event = story.events.len() - 1;
        operator.push(Act { event, turnout: Turnout::Follows, identity: None, step });
    }
    let (workers, switches) = workers(story, &done.workers, &around);
    operator.extend(switches);
    operator.sort_by_key(|act| act.event);

    let play = |act: &Act| clients::step(story, act, form, tuning.lead, first_run);
    let mut timeline: Vec<Step> = around.starts.clone();
    if !around.starts_it {
        timeline.push(start(story, &around));
    }
    timeline.extend(acts.iter().map(play));
    // In the order of the file, the pauses come by the events that they wait for.
    let deployed = (1..).zip(&around.scheduled).map(|(run, (_, ended))| {
        Step::new("deploy", text(story.workflow_type()))
            .with("version", text(&names[run]))
            .with("when", clients::when_ended(story, ended, run))
    });
    let operator: Vec<Step> = operator
        .iter()
        .map(|act| {
            let form = if act.turnout == Turnout::Follows {
                Form { clock: Clock::Events, ..form }
            } else {
                form
            };
            clients::step(story, act, form, tuning.lead, first_run)
        })
        .collect();
    let operator: Vec<Step> = deployed.chain(operator).collect();

    let mut entries: Vec<(String, Node)> = Vec::new();
    let name = format!("{} {}, as it was recorded", story.workflow_type(), story.workflow_id());
    entries.push(("name".to_owned(), text(&name)));
    entries
        .push(("workflows".to_owned(), Node::Map(workflows(story, versions, handlers, &around))));
    if !done.code.is_empty() {
        let code = done.code.into_iter().map(|(kind, steps)| (kind, Node::Steps(steps)));
        entries.push(("activities".to_owned(), Node::Map(code.collect())));
    }
    entries.push(("workers".to_owned(), Node::Steps(workers)));
    if operator.is_empty() && sent.is_empty() {
        entries.push(("timeline".to_owned(), Node::Steps(timeline)));
    } else {
        let mut clients = vec![("client".to_owned(), Node::Steps(timeline))];
        if !operator.is_empty() {
            clients.push(("operator".to_owned(), Node::Steps(operator)));
        }
        for sent in &sent {
            let step = updates::play(story, sent, form, tuning.lead, first_run);
            clients.push((sent.client.clone(), Node::Steps(vec![step])));
        }
        entries.push(("clients".to_owned(), Node::Map(clients)));
    }
    if let Some(end) = tuning.ends_at {
        entries.push(("ends_at".to_owned(), span(end)));
    }
    let run = clients::run_of(story, story.events.len(), first_run);
    Draft { text: yaml::document(&entries), run, notes }
}

/// A version's code with what its type does elsewhere: in earlier attempts, as a child.
fn whole(steps: Vec<Step>, story: &Story, around: &Surroundings) -> Vec<Step> {
    let mut steps = steps;
    if !around.attempts.is_empty() {
        let attempt = story.started().number("attempt");
        let arms = around.attempts.iter().map(|(at, s)| (at.to_string(), Node::Steps(s.clone())));
        let arms = arms.chain([(attempt.to_string(), Node::Steps(steps))]);
        steps = vec![Step::new("by_attempt", Node::Map(arms.collect()))];
    }
    if !around.namesakes.is_empty() {
        let arms = around.namesakes.iter().map(|(id, s)| (id.clone(), Node::Steps(s.clone())));
        let arms = arms.chain([("otherwise".to_owned(), Node::Steps(steps))]);
        steps = vec![Step::new("by_workflow_id", Node::Map(arms.collect()))];
    }
    steps
}

fn workflows(
    story: &Story,
    versions: Vec<(String, Vec<Step>)>,
    updates: Vec<(String, Node)>,
    around: &Surroundings,
) -> Vec<(String, Node)> {
    let mut own = Vec::new();
    if !updates.is_empty() {
        own.push(("updates".to_owned(), Node::Map(updates)));
    }
    if let [(_, only)] = &versions[..] {
        own.push(("steps".to_owned(), Node::Steps(only.clone())));
    } else {
        let versions = versions.into_iter().map(|(name, steps)| (name, Node::Steps(steps)));
        own.push(("versions".to_owned(), Node::Map(versions.collect())));
    }
    let own = match &own[..] {
        [(key, steps)] if key == "steps" => steps.clone(),
        _ => Node::Map(own),
    };
    let others = around.code.iter().map(|(kind, steps)| (kind.clone(), Node::Steps(steps.clone())));
    std::iter::once((story.workflow_type().to_owned(), own)).chain(others).collect()
}

/// The start of the run, or of the first of its chain.
fn start(story: &Story, around: &Surroundings) -> Step {
    let (kind, queue) = around.first_type(story);
    let first_task = story.tasks.first().map_or(usize::MAX, |task| task.scheduled);
    let with_signal = story.events.len() > 1
        && story.events[1].kind == "WORKFLOW_EXECUTION_SIGNALED"
        && is_started_with(story, 1, first_task);
    let step = if with_signal {
        let signal = &story.events[1];
        Step::new("signal_with_start", text(kind))
            .with("workflow_id", text(story.workflow_id()))
            .with("signal", text(signal.text("signalName")))
            .maybe("signal_input", values::payloads(signal.get("input")))
    } else {
        Step::new("start", text(kind)).with("workflow_id", text(story.workflow_id()))
    };
    let step = surroundings::options(step.with("task_queue", text(queue)), story);
    let memo = story.start("memo")["fields"].as_object();
    let memo = memo.map(|fields| {
        let notes = fields.iter().filter_map(|(k, v)| Some((k.clone(), values::one(v)?)));
        Node::Map(notes.collect())
    });
    let begins = story.start("initiator").as_str().is_none_or(|of| of.ends_with("UNSPECIFIED"));
    let delay = values::timeout(story.start("firstWorkflowTaskBackoff")).filter(|_| begins);
    let identity = story.started().text("identity");
    step.maybe("memo", memo)
        .maybe("start_delay", delay)
        .maybe("identity", (!identity.is_empty() && identity != "client").then(|| text(identity)))
}

/// The workers, and who is started and stopped when.
fn workers(
    story: &Story,
    activities: &BTreeMap<(String, String), Option<usize>>,
    around: &Surroundings,
) -> (Vec<Step>, Vec<Act>) {
    let queue = story.task_queue();
    let identities: Vec<(usize, &str)> = story
        .tasks
        .iter()
        .filter_map(|task| task.started)
        .map(|index| (index, story.events[index].text("identity")))
        // An update's task that was written into the history later has none.
        .filter(|(_, identity)| !matches!(*identity, "history-service" | ""))
        .collect();
    let first = identities.first().map_or(WORKER, |(_, identity)| identity);
    let late = (0..story.tasks.len())
        .find(|number| {
            let task = &story.tasks[*number];
            let made_up = task
                .started
                .is_some_and(|started| story.events[started].text("identity") == "history-service");
            !made_up
        })
        .is_some_and(|number| number == 0 && clients::is_late(story, number));
    let own = (queue.to_owned(), first.to_owned());
    let on_queue = activities.keys().filter(|(on, _)| on == queue).count();
    let does_both = activities.get(&own) == Some(&None) && on_queue == 1 && !late;
    let any = story
        .activities
        .values()
        .any(|activity| story.events[activity.scheduled].text("taskQueue.name") == queue);
    let sticky = story.tasks.iter().find_map(|task| {
        let scheduled = &story.events[task.scheduled];
        let is_sticky = scheduled.text("taskQueue.kind") == "TASK_QUEUE_KIND_STICKY";
        is_sticky.then(|| scheduled.text("taskQueue.name"))
    });
    let worker = |name: &str, identity: &str, queue: &str| {
        Step::new("name", text(name))
            .maybe("identity", (identity != name).then(|| text(identity)))
            .with("task_queue", text(queue))
    };
    let nothing = || Node::Names(Vec::new());
    let truth = |value: bool| Node::Json(Value::Bool(value));
    let main = |name: &str, identity: &str| {
        worker(name, identity, queue)
            .maybe("activities", (any && !does_both).then(nothing))
            .maybe("sticky", sticky.is_none().then(|| truth(false)))
            .maybe("sticky_task_queue", sticky.map(text))
    };
    let mut workers = vec![main(WORKER, first).maybe("stopped", late.then(|| truth(true)))];
    let mut switches = Vec::new();
    let mut running = (first, WORKER.to_owned());
    for (index, identity) in &identities {
        if *identity == running.0 {
            continue;
        }
        let name = format!("{WORKER}{}", workers.len() + 1);
        workers.push(main(&name, identity).with("stopped", truth(true)));
        let task = story.tasks.iter().position(|task| task.started == Some(*index)).unwrap_or(0);
        let before = story.tasks[..task].iter().rev().find_map(|task| task.ended.or(task.started));
        let event = before.unwrap_or(0);
        for (action, worker) in [("stop_worker", &running.1), ("start_worker", &name)] {
            let step = Step::new(action, text(worker));
            let turnout = Turnout::Follows;
            switches.push(Act { event, turnout, identity: None, step });
        }
        running = (identity, name);
    }
    let mut names: BTreeMap<String, u32> = BTreeMap::new();
    for ((on, identity), count) in activities {
        if (on, identity) == (&own.0, &own.1) && does_both {
            continue;
        }
        let taken = names.entry(identity.clone()).or_default();
        *taken += 1;
        let name = if *taken == 1 && identity != WORKER && identity != QUEUE {
            identity.clone()
        } else {
            format!("{identity} ({taken})")
        };
        workers.push(
            worker(&name, identity, on)
                .with("workflows", nothing())
                .maybe("max_concurrent_activities", slots(*count)),
        );
    }
    for on in &around.queues {
        workers.push(worker(&format!("of {on}"), "children", on).with("activities", nothing()));
    }
    if !around.code.is_empty() {
        workers.push(worker(QUEUE, QUEUE, QUEUE).with("activities", nothing()));
    }
    (workers, switches)
}
