//! What the code waits for before it goes on.

use std::collections::BTreeSet;

use super::super::form::Waits;
use super::super::read::Event;
use super::super::story::Turn;
use super::super::yaml::{Node, Step, number, text};
use super::{Cancel, Started, Writer};

impl Writer<'_> {
    /// The wait that `own`, the news of this turn, ends; `earlier` came before, with tasks that led
    /// to nothing.
    pub(super) fn wait(
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

    pub(super) fn wait_for_tasks(&mut self, tasks: usize) {
        let step = Step::alone("wait_for_workflow_task");
        if tasks > 2 {
            let steps = Node::Steps(vec![step]);
            self.steps.push(Step::new("repeat", steps).with("times", number(tasks)));
        } else {
            self.steps.extend(vec![step; tasks]);
        }
    }

    pub(super) fn handle_of(&self, event: &Event) -> Option<&Started> {
        let started = match event.kind {
            kind if kind.starts_with("ACTIVITY_TASK") => event.number("scheduledEventId"),
            "TIMER_FIRED" => event.number("startedEventId"),
            kind if kind.contains("CHILD_WORKFLOW_EXECUTION") => event.number("initiatedEventId"),
            _ => return None,
        };
        self.started.get(&started)
    }

    /// Whether a wait can be written that this ends.
    pub(super) fn can_wait_for(&self, index: usize) -> bool {
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
        event.kind.starts_with("ACTIVITY_TASK")
            || event.kind == "WORKFLOW_EXECUTION_UPDATE_ADMITTED"
            || self.can_wait_for(index)
    }

    /// Waits for each of these, as far as there is something to wait for.
    pub(super) fn wait_for_all(&mut self, news: &[usize]) {
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

    pub(super) fn canceled_by_request(&self, turn: &Turn) -> BTreeSet<usize> {
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
}
