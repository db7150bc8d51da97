//! The workflow's code, from what it asked for and what it was told.

mod commands;
mod handlers;
mod tidy;
mod waits;

use std::collections::{BTreeMap, BTreeSet};

use super::clients::start_of;
use super::form::{Form, Waits};
use super::local::Local;
use super::names::Names;
use super::story::{End, Story};
use super::updates;
use super::values::{failing, nanos};
use super::yaml::{Node, Step, number, span};
use handlers::Handler;
use tidy::tidy;

/// The code of one workflow type, and what its making has shown.
#[derive(Debug, Default)]
pub(super) struct Code {
    /// The versions, in the order in which they were deployed: one more than there were resets.
    pub(super) versions: Vec<Vec<Step>>,
    /// What handles its updates.
    pub(super) updates: Vec<(String, Node)>,
    /// What cannot be said.
    pub(super) notes: Vec<String>,
}

/// What has been started, by the event that recorded it.
#[derive(Clone, Debug)]
struct Started {
    handle: String,
    /// How a cancel of it is dealt with.
    cancel: Cancel,
    /// The update whose handler has started it; the workflow's own steps, if none.
    of: Option<String>,
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
    /// The handlers of updates, in the order in which they were accepted.
    handlers: Vec<Handler>,
    /// The update whose handler is being written.
    of: Option<String>,
    /// The signals that handlers wait for.
    taken: BTreeSet<usize>,
    code: Code,
}

/// Writes the code.
pub(super) fn code(story: &Story, form: Form) -> Code {
    let mut versions = Vec::new();
    let resets = story.tasks.iter().filter(|task| matches!(story.end_of(task), End::Reset(_)));
    let resets = resets.count();
    let (mut updates, mut notes) = (Vec::new(), Vec::new());
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
            handlers: Vec::new(),
            of: None,
            taken: BTreeSet::new(),
            code: Code::default(),
        };
        let written = writer.version(version);
        versions.extend(written.versions);
        (updates, notes) = (written.updates, written.notes);
    }
    Code { versions, updates, notes }
}

impl Writer<'_> {
    /// Version `version`: up to the reset of that number, from 0, or to the end.
    fn version(mut self, version: usize) -> Code {
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
            let commands = self.handled(number);
            let own: Vec<usize> =
                turn.news.iter().copied().filter(|index| !self.is_handlers(*index)).collect();
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
                return self.finish();
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
                self.commands(&commands, turn);
                continue;
            }
            if turn.completed && commands.is_empty() && before.is_empty() && !canceled {
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
        self.finish()
    }

    fn finish(mut self) -> Code {
        let mut steps = std::mem::take(&mut self.steps);
        if let Some((left, at)) = self.left.take() {
            let rest = steps.split_off(at);
            steps.push(left.with("on_cancel", Node::Steps(rest)));
        }
        self.code.versions.push(tidy(steps));
        self.code.updates = self.handlers();
        self.code
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
            && !self.story.is_updated(turn)
            && !updates::left_no_event(self.story, *first)
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
        let turn = self.story.turns.iter().find(|turn| turn.tasks.contains(&number));
        // Local activities take their time by themselves.
        let is_local = turn.is_some_and(|turn| {
            turn.commands.iter().any(|index| Local::of(&self.story.events[*index]).is_some())
        });
        if is_local || !self.story.arrived_during(task) {
            return None;
        }
        let began = start_of(self.story, number);
        let took = self.story.time(task.ended?).saturating_sub(began);
        let step = Step::new("block", span(took.max(1_000_000)));
        Some(step.with("times", number_node(1)))
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
