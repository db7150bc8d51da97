//! Updates: when they came, which is not recorded, and as whom.

use super::clients::{self, Act, Turnout};
use super::form::{Clock, Form};
use super::story::{End, Story};
use super::values::{header, payloads};
use super::yaml::{Node, Step, span, text};

/// An update that was accepted.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    /// The name of the client that sends it: each has its own, for it waits for the answer.
    pub(super) client: String,
    step: Step,
    /// The task that brought it to the worker, or the first of those that should have.
    task: usize,
    cause: Cause,
}

/// Why the workflow task that brought an update was scheduled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cause {
    /// For the update.
    Update,
    /// For something else, and the update came before it was taken.
    Other,
}

/// The updates that were sent to the run and accepted.
pub(super) fn sent(story: &Story) -> Vec<Sent> {
    let mut all = unknown(story);
    for (index, event) in story.events.iter().enumerate() {
        let Some(request) = story.update_sent(index) else { continue };
        let Some((task, cause)) = brought_by(story, index) else { continue };
        let id = Story::update_id(event);
        let answered = story.events.iter().any(|other| {
            other.kind == "WORKFLOW_EXECUTION_UPDATE_COMPLETED" && Story::update_id(other) == id
        });
        let step = step(story, request, &id);
        let step = step.maybe("wait_for", (!answered).then(|| Node::Word("Accepted".to_owned())));
        let identity = request["meta"]["identity"].as_str().unwrap_or_default();
        let step = step.with("identity", text(identity));
        all.push(Sent { client: String::new(), step, task, cause });
    }
    all.sort_by_key(|sent| sent.task);
    let digits = all.len().to_string().len();
    for (number, sent) in (1..).zip(&mut all) {
        sent.client = format!("update {number:0digits$}");
    }
    all
}

fn step(story: &Story, request: &serde_json::Value, id: &str) -> Step {
    let input = &request["input"];
    Step::new("update", text(story.workflow_id()))
        .with("name", text(input["name"].as_str().unwrap_or_default()))
        .with("update_id", text(id))
        .maybe("input", payloads(&input["args"]))
        .maybe("header", header(&input["header"]))
}

/// The task that an update came with, and why that was scheduled.
fn brought_by(story: &Story, index: usize) -> Option<(usize, Cause)> {
    let number = story.turn_of(index)?;
    let turn = &story.turns[number];
    let is_reset = |task: &&usize| matches!(story.end_of(&story.tasks[**task]), End::Reset(_));
    let own = turn.tasks.iter().rposition(|task| is_reset(&task)).map_or(0, |place| place + 1);
    let first = *turn.tasks.get(own)?;
    let scheduled = story.tasks[first].scheduled;
    let from = match own.checked_sub(1).map(|before| &story.tasks[turn.tasks[before]]) {
        Some(reset) => reset.ended.unwrap_or(0),
        None => 0,
    };
    let is_news = |index: &usize| {
        (from..scheduled).contains(index) && story.events[*index].kind != "ACTIVITY_TASK_STARTED"
    };
    let delayed = !story.start("firstWorkflowTaskBackoff").is_null();
    let is_caused = own > 0 || (number == 0 && !delayed) || turn.news.iter().any(is_news);
    Some((first, if is_caused { Cause::Other } else { Cause::Update }))
}

/// Whether the worker must leave this task alone until an update has come.
pub(super) fn are_awaited(story: &Story, task: usize) -> bool {
    let scheduled = story.tasks[task].scheduled;
    let of_task = story.turns.iter().find(|turn| turn.tasks.contains(&task));
    of_task.is_some_and(|turn| story.is_updated(turn))
        && story.events[scheduled..].iter().enumerate().any(|(place, _)| {
            let index = scheduled + place;
            story.update_sent(index).is_some()
                && brought_by(story, index) == Some((task, Cause::Other))
        })
}

/// The update as a step, with its time.
pub(super) fn play(story: &Story, sent: &Sent, form: Form, lead: i64, first_run: u32) -> Step {
    let task = &story.tasks[sent.task];
    let scheduled = story.time(task.scheduled);
    let step = sent.step.clone();
    match (form.clock, sent.cause) {
        (Clock::Recorded, Cause::Update) => step.with("at", span(scheduled.saturating_add(lead))),
        (Clock::Recorded, Cause::Other) => {
            let started = task.started.map_or(scheduled, |index| story.time(index));
            let between = started.saturating_sub(scheduled) / 2;
            step.with("at", span(scheduled.saturating_add(between).saturating_add(lead)))
        }
        (Clock::Events, cause) => {
            let before = usize::from(cause == Cause::Update);
            let anchor = task.scheduled.saturating_sub(before);
            step.with("when", clients::when(story, anchor, first_run))
        }
    }
}

/// The updates that a reset has applied again: they came before the reset.
pub(super) fn applied_again(story: &Story) -> Vec<Act> {
    let mut acts: Vec<Act> = Vec::new();
    for (index, event) in story.events.iter().enumerate() {
        if event.kind != "WORKFLOW_EXECUTION_UPDATE_ADMITTED" {
            continue;
        }
        let id = Story::update_id(event);
        let step = step(story, event.get("request"), &id)
            .with("wait_for", Node::Word("Accepted".to_owned()));
        let identity = Some(event.text("request.meta.identity").to_owned());
        if !acts.iter().any(|act| act.step == step) {
            acts.push(Act { event: index, turnout: Turnout::Arrives, identity, step });
        }
    }
    acts
}

/// A task that was scheduled for an update of which no event tells: it was rejected, or never
/// answered. The task itself was written into the history because something else came.
pub(super) fn left_no_event(story: &Story, number: usize) -> bool {
    let task = &story.tasks[number];
    let identity = task.started.map(|index| story.events[index].text("identity"));
    let is_made_up = match (identity, story.end_of(task)) {
        (Some(""), _) | (None, End::NotTaken) => true,
        (Some("history-service"), End::Closed) => task.scheduled.checked_sub(1).is_some_and(|at| {
            // Not the task that the completion of another asked for.
            story.time(at) < story.time(task.scheduled)
        }),
        _ => false,
    };
    let turn = story.turns.iter().find(|turn| turn.tasks.contains(&number));
    is_made_up
        && turn.is_some_and(|turn| {
            !story.is_updated(turn)
                && turn.tasks.first() == Some(&number)
                && turn.news.iter().all(|index| *index > task.scheduled)
        })
}

/// The name that is given to updates of which no event tells.
const UNKNOWN: &str = "unknown";

/// The handler of updates of which no event tells.
pub(super) fn unknown_handler(story: &Story) -> Option<(String, Node)> {
    (0..story.tasks.len()).any(|number| left_no_event(story, number)).then(|| {
        let refuse = Step::new("fail", text("rejected"))
            .comment("What was rejected, or never answered, leaves no event: its name is made up.");
        let fields = vec![
            ("validate".to_owned(), Node::Steps(vec![refuse])),
            ("steps".to_owned(), Node::Steps(Vec::new())),
        ];
        (UNKNOWN.to_owned(), Node::Map(fields))
    })
}

/// The updates of which no event tells but the task that they were brought by.
fn unknown(story: &Story) -> Vec<Sent> {
    let tasks = (0..story.tasks.len()).filter(|number| left_no_event(story, *number));
    let sent = |task| Sent {
        client: String::new(),
        step: Step::new("update", text(story.workflow_id()))
            .with("name", text(UNKNOWN))
            .with("wait_for", Node::Word("Accepted".to_owned())),
        task,
        cause: Cause::Update,
    };
    tasks.map(sent).collect()
}
