//! What happened, in the order in which it did: workflow tasks and what each brought and led to,
//! activities and how they went.

use std::collections::BTreeMap;

use serde_json::Value;

use super::read::Event;

/// A history, taken apart.
#[derive(Debug)]
pub(super) struct Story {
    /// All events.
    pub(super) events: Vec<Event>,
    /// The recorded workflow tasks.
    pub(super) tasks: Vec<Task>,
    /// What the workflow's code did, from task to task.
    pub(super) turns: Vec<Turn>,
    /// The activities, by the event that scheduled them.
    pub(super) activities: BTreeMap<i64, Activity>,
}

/// A recorded workflow task.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Task {
    /// The index of its scheduled event.
    pub(super) scheduled: usize,
    /// The index of its started event.
    pub(super) started: Option<usize>,
    /// The index of the event that ended it.
    pub(super) ended: Option<usize>,
}

/// A stretch of the code's run: from one completed workflow task to the next.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Turn {
    /// The tasks of it, by number: those that were not carried through, and the one that was.
    pub(super) tasks: Vec<usize>,
    /// What the code is told: indices of events.
    pub(super) news: Vec<usize>,
    /// What it asked for: indices of events.
    pub(super) commands: Vec<usize>,
    /// Whether a task was carried through.
    pub(super) completed: bool,
}

/// An activity: indices of its events.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Activity {
    pub(super) scheduled: usize,
    pub(super) cancel_requested: Option<usize>,
    pub(super) started: Option<usize>,
    pub(super) closed: Option<usize>,
    /// The number of the task whose completion scheduled it.
    pub(super) task: Option<usize>,
}

/// The event types that record commands.
fn is_command(kind: &str) -> bool {
    matches!(
        kind,
        "ACTIVITY_TASK_SCHEDULED"
            | "ACTIVITY_TASK_CANCEL_REQUESTED"
            | "TIMER_STARTED"
            | "TIMER_CANCELED"
            | "MARKER_RECORDED"
            | "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES"
            | "WORKFLOW_PROPERTIES_MODIFIED"
            | "START_CHILD_WORKFLOW_EXECUTION_INITIATED"
            | "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED"
            | "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED"
            | "WORKFLOW_EXECUTION_COMPLETED"
            | "WORKFLOW_EXECUTION_FAILED"
            | "WORKFLOW_EXECUTION_CANCELED"
            | "WORKFLOW_EXECUTION_CONTINUED_AS_NEW"
    )
}

/// The event types that record what a worker says to an update.
pub(super) fn is_answer(kind: &str) -> bool {
    matches!(kind, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED" | "WORKFLOW_EXECUTION_UPDATE_COMPLETED")
}

impl Story {
    /// Takes a history apart.
    pub(super) fn of(events: Vec<Event>) -> Self {
        let mut story =
            Self { events, tasks: Vec::new(), turns: Vec::new(), activities: BTreeMap::new() };
        let mut by_scheduled: BTreeMap<i64, usize> = BTreeMap::new();
        let mut turn = Turn::default();
        for index in 0..story.events.len() {
            let event = &story.events[index];
            match event.kind {
                "WORKFLOW_TASK_SCHEDULED" => {
                    by_scheduled.insert(event.id, story.tasks.len());
                    turn.tasks.push(story.tasks.len());
                    story.tasks.push(Task { scheduled: index, started: None, ended: None });
                }
                "WORKFLOW_TASK_STARTED" => {
                    if let Some(task) = by_scheduled.get(&event.number("scheduledEventId")) {
                        story.tasks[*task].started = Some(index);
                    }
                }
                "WORKFLOW_TASK_FAILED" | "WORKFLOW_TASK_TIMED_OUT" => {
                    if let Some(task) = by_scheduled.get(&event.number("scheduledEventId")) {
                        story.tasks[*task].ended = Some(index);
                    }
                }
                "WORKFLOW_TASK_COMPLETED" => {
                    if let Some(task) = by_scheduled.get(&event.number("scheduledEventId")) {
                        story.tasks[*task].ended = Some(index);
                    }
                    let mut done = std::mem::take(&mut turn);
                    done.completed = true;
                    story.turns.push(done);
                }
                "WORKFLOW_EXECUTION_STARTED" => {}
                kind => {
                    let asked = event.number("workflowTaskCompletedEventId");
                    if (is_command(kind) && asked > 0) || is_answer(kind) {
                        if let Some(last) = story.turns.last_mut() {
                            last.commands.push(index);
                        }
                    } else {
                        turn.news.push(index);
                    }
                }
            }
            story.note_activity(index);
        }
        story.turns.push(turn);
        story
    }

    fn note_activity(&mut self, index: usize) {
        let event = &self.events[index];
        let scheduled = event.number("scheduledEventId");
        match event.kind {
            "ACTIVITY_TASK_SCHEDULED" => {
                let completed = event.number("workflowTaskCompletedEventId");
                let ended = usize::try_from(completed - 1).ok();
                let task = self.tasks.iter().rposition(|task| task.ended == ended);
                let activity = Activity { scheduled: index, task, ..Activity::default() };
                self.activities.insert(event.id, activity);
            }
            "ACTIVITY_TASK_CANCEL_REQUESTED" => {
                if let Some(activity) = self.activities.get_mut(&scheduled) {
                    activity.cancel_requested = Some(index);
                }
            }
            "ACTIVITY_TASK_STARTED" => {
                if let Some(activity) = self.activities.get_mut(&scheduled) {
                    activity.started = Some(index);
                }
            }
            "ACTIVITY_TASK_COMPLETED"
            | "ACTIVITY_TASK_FAILED"
            | "ACTIVITY_TASK_TIMED_OUT"
            | "ACTIVITY_TASK_CANCELED" => {
                if let Some(activity) = self.activities.get_mut(&scheduled) {
                    activity.closed = Some(index);
                }
            }
            _ => {}
        }
    }

    /// The start.
    pub(super) fn started(&self) -> &Event {
        &self.events[0]
    }

    /// The last event.
    pub(super) fn last(&self) -> &Event {
        // A history has at least its start.
        &self.events[self.events.len() - 1]
    }

    /// The execution's Workflow Id.
    pub(super) fn workflow_id(&self) -> &str {
        let id = self.started().text("workflowId");
        if id.is_empty() { "workflow" } else { id }
    }

    /// The execution's type.
    pub(super) fn workflow_type(&self) -> &str {
        self.started().text("workflowType.name")
    }

    /// The task queue.
    pub(super) fn task_queue(&self) -> &str {
        self.started().text("taskQueue.name")
    }

    /// When something happened.
    pub(super) fn time(&self, index: usize) -> i64 {
        self.events[index].time
    }

    /// Whether the run has closed.
    pub(super) fn is_closed(&self) -> bool {
        matches!(
            self.last().kind,
            "WORKFLOW_EXECUTION_COMPLETED"
                | "WORKFLOW_EXECUTION_FAILED"
                | "WORKFLOW_EXECUTION_TIMED_OUT"
                | "WORKFLOW_EXECUTION_CANCELED"
                | "WORKFLOW_EXECUTION_TERMINATED"
                | "WORKFLOW_EXECUTION_CONTINUED_AS_NEW"
        )
    }

    /// How a task ended.
    pub(super) fn end_of(&self, task: &Task) -> End<'_> {
        let Some(event) = task.ended.map(|index| &self.events[index]) else { return End::Open };
        match (event.kind, event.text("cause"), event.text("timeoutType")) {
            ("WORKFLOW_TASK_COMPLETED", ..) => End::Completed,
            ("WORKFLOW_TASK_FAILED", "WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW", _) => {
                End::Reset(event)
            }
            ("WORKFLOW_TASK_FAILED", "WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND", _) => {
                End::Closed
            }
            ("WORKFLOW_TASK_FAILED", ..) => End::Failed(event),
            (_, _, "TIMEOUT_TYPE_SCHEDULE_TO_START") => End::NotTaken,
            _ => End::TimedOut,
        }
    }

    /// What arrived while a task was being worked on: it was kept back until the task's end, and
    /// stands after that in the history, with the time at which it came.
    pub(super) fn arrived_during(&self, task: &Task) -> bool {
        let (Some(started), Some(ended)) = (task.started, task.ended) else { return false };
        let next =
            self.events[ended..].iter().take_while(|event| event.kind != "WORKFLOW_TASK_STARTED");
        next.skip(1).any(|event| {
            event.number("workflowTaskCompletedEventId") == 0
                && event.kind != "WORKFLOW_TASK_SCHEDULED"
                && event.kind != "ACTIVITY_TASK_STARTED"
                && event.time >= self.time(started)
                && event.time < self.time(ended)
        })
    }

    /// The reset that an event was carried over by: it stands between the reset and the task that
    /// the reset schedules.
    pub(super) fn carried_over_by(&self, index: usize) -> Option<usize> {
        if self.events[index].kind == "WORKFLOW_TASK_FAILED" {
            return None;
        }
        let reset = self.tasks.iter().rev().find_map(|task| match self.end_of(task) {
            End::Reset(_) => task.ended.filter(|ended| *ended < index),
            _ => None,
        })?;
        let is_schedule = |event: &Event| event.kind == "WORKFLOW_TASK_SCHEDULED";
        (!self.events[reset..index].iter().any(is_schedule)).then_some(reset)
    }

    /// Whether an update was accepted at the end of this turn, other than one that a reset has
    /// written into the history.
    pub(super) fn is_updated(&self, turn: &Turn) -> bool {
        turn.commands.iter().any(|index| self.update_sent(*index).is_some())
    }

    /// The request of an update that was sent and accepted with this event.
    pub(super) fn update_sent(&self, index: usize) -> Option<&Value> {
        let event = &self.events[index];
        let is_accepted = event.kind == "WORKFLOW_EXECUTION_UPDATE_ACCEPTED";
        Some(event.get("acceptedRequest")).filter(|request| is_accepted && !request.is_null())
    }

    /// The id of the update that an event is about.
    pub(super) fn update_id(event: &Event) -> String {
        let paths = [
            "protocolInstanceId",
            "acceptedRequest.meta.updateId",
            "meta.updateId",
            "request.meta.updateId",
        ];
        let ids = paths.into_iter().map(|path| event.text(path));
        ids.into_iter().find(|id| !id.is_empty()).unwrap_or_default().to_owned()
    }

    /// What an update is called, from whichever event tells it.
    pub(super) fn update_name(&self, id: &str) -> &str {
        let about = self.events.iter().filter(|event| {
            event.kind.starts_with("WORKFLOW_EXECUTION_UPDATE_") && Self::update_id(event) == id
        });
        let names = about.flat_map(|event| {
            ["acceptedRequest.input.name", "request.input.name"].map(|path| event.text(path))
        });
        names.into_iter().find(|name| !name.is_empty()).unwrap_or_default()
    }

    /// The turn at whose end an event was asked for.
    pub(super) fn turn_of(&self, index: usize) -> Option<usize> {
        self.turns.iter().position(|turn| turn.commands.contains(&index))
    }

    /// Whether a task was ever on a sticky queue.
    pub(super) fn is_sticky(&self) -> bool {
        self.tasks.iter().any(|task| {
            self.events[task.scheduled].text("taskQueue.kind") == "TASK_QUEUE_KIND_STICKY"
        })
    }

    /// Whether its worker was an SDK's, as it says itself.
    pub(super) fn is_exported(&self) -> bool {
        self.events.iter().any(|event| !event.get("sdkMetadata").is_null())
    }

    /// The attempt of a task, from 1.
    pub(super) fn attempt(&self, task: &Task) -> i64 {
        self.events[task.scheduled].number("attempt").max(1)
    }

    /// An attribute of the start.
    pub(super) fn start(&self, path: &str) -> &Value {
        self.started().get(path)
    }
}

/// How a task ended.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum End<'a> {
    Completed,
    /// The worker or the server failed it.
    Failed(&'a Event),
    /// A reset begins here.
    Reset(&'a Event),
    /// The run was closed meanwhile.
    Closed,
    /// The worker did not answer in time.
    TimedOut,
    /// The worker whose sticky queue it was on did not take it.
    NotTaken,
    /// It had not ended when the history was exported.
    Open,
}
