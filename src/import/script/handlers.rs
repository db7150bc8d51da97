//! The handlers of updates: what stands between an update's acceptance and its answer is theirs, as
//! far as it can be told from what the workflow's own steps did.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::form::Waits;
use super::super::story::{Story, is_answer};
use super::super::values::{failing, payloads};
use super::super::yaml::{Node, Step, text};
use super::tidy::tidy;
use super::{Writer, closes};

/// What handles one update.
#[derive(Clone, Debug)]
pub(super) struct Handler {
    /// The update's id.
    id: String,
    steps: Vec<Step>,
    /// The turn in which it did something last.
    at: usize,
    /// What has ended since, of what it has started.
    news: Vec<usize>,
    answered: bool,
}

impl Writer<'_> {
    /// Writes what the handlers do in a turn, and gives back what the workflow's own steps do.
    pub(super) fn handled(&mut self, number: usize) -> Vec<usize> {
        let turn = &self.story.turns[number];
        let mut of_handlers: Vec<(String, usize)> = Vec::new();
        for index in &turn.news {
            if let Some(id) = self.owner(*index) {
                of_handlers.push((id, *index));
            }
        }
        for (id, index) in &of_handlers {
            if let Some(handler) = self.handlers.iter_mut().find(|handler| handler.id == *id) {
                handler.news.push(*index);
            }
        }
        let woken: Vec<String> = of_handlers.into_iter().map(|(id, _)| id).collect();
        let mut own = Vec::new();
        let mut current: Option<String> = None;
        for (place, index) in turn.commands.iter().enumerate() {
            let event = &self.story.events[*index];
            if is_answer(event.kind) {
                let id = Story::update_id(event);
                if event.kind.ends_with("ACCEPTED") {
                    let steps = Vec::new();
                    let news = Vec::new();
                    current = Some(id.clone());
                    self.handlers.push(Handler { id, steps, at: number, news, answered: false });
                } else {
                    self.act(&id, *index, number);
                    current = None;
                }
                continue;
            }
            let rest = &turn.commands[place + 1..];
            match self.handler_of(*index, rest, number, current.as_deref(), &woken) {
                Some(id) => self.act(&id, *index, number),
                None => own.push(*index),
            }
        }
        own
    }

    /// The handler that has asked for something, as far as can be told.
    fn handler_of(
        &self,
        index: usize,
        rest: &[usize],
        number: usize,
        current: Option<&str>,
        woken: &[String],
    ) -> Option<String> {
        let story = self.story;
        let event = &story.events[index];
        if closes(event.kind) || self.handlers.is_empty() {
            return None;
        }
        let canceled = match event.kind {
            "TIMER_CANCELED" => Some(event.number("startedEventId")),
            "ACTIVITY_TASK_CANCEL_REQUESTED" => Some(event.number("scheduledEventId")),
            _ => None,
        };
        if let Some(started) = canceled.and_then(|id| self.started.get(&id)) {
            return started.of.clone();
        }
        let next = rest.iter().find(|index| is_answer(story.events[**index].kind));
        let answered = next.map(|index| &story.events[*index]);
        let answered = answered.filter(|event| event.kind.ends_with("COMPLETED"));
        let answered = answered.map(Story::update_id);
        if current.is_some() && answered.as_deref() == current {
            return answered;
        }
        // The workflow's own steps run behind the handlers, if something is new for them.
        let is_own = number == 0
            || story.turns[number].news.iter().any(|index| {
                self.owner(*index).is_none() && story.events[*index].kind != "ACTIVITY_TASK_STARTED"
            });
        if let Some(id) = current {
            return (!is_own).then(|| id.to_owned());
        }
        let is_open = |id: &String| {
            self.handlers.iter().any(|handler| handler.id == *id && !handler.answered)
        };
        answered
            .filter(|id| is_open(id) && (woken.contains(id) || !is_own))
            .or_else(|| woken.iter().find(|id| !is_own && is_open(id)).cloned())
    }

    /// Writes what a handler asks for, or says.
    fn act(&mut self, id: &str, index: usize, number: usize) {
        let Some(place) = self.handlers.iter().rposition(|handler| handler.id == id) else {
            return;
        };
        let handler = &mut self.handlers[place];
        let news = std::mem::take(&mut handler.news);
        let waited = number.saturating_sub(std::mem::replace(&mut handler.at, number));
        let own = std::mem::replace(&mut self.steps, std::mem::take(&mut handler.steps));
        self.of = Some(id.to_owned());
        if waited > 0 {
            let is_told = news.iter().any(|index| self.can_wait_for(*index));
            if self.form.waits == Waits::ForCauses && is_told {
                self.wait_for_all(&news);
            } else if let Some(signal) = self.signal_for(index, number) {
                self.taken.insert(signal);
                self.wait_for_all(&[signal]);
            } else {
                self.wait_for_tasks(waited);
            }
        }
        let event = &self.story.events[index];
        let answered = event.kind == "WORKFLOW_EXECUTION_UPDATE_COMPLETED";
        if answered {
            if waited == 0 && self.others_come_first(id, index, number) {
                let nothing = vec![("1".to_owned(), Node::Steps(Vec::new()))];
                let nothing = Step::new("by_attempt", Node::Map(nothing));
                self.steps.push(
                    Step::new("start_branch", Node::Steps(vec![nothing]))
                        .with("as", text(&format!("{id} has had a turn"))),
                );
                let handle = text(&format!("{id} has had a turn"));
                self.steps.push(Step::new("wait_for", handle));
            }
            self.steps.push(match event.get("outcome.failure") {
                Value::Null => {
                    let result = payloads(event.get("outcome.success"));
                    Step::new("return", result.unwrap_or(Node::Json(Value::Null)))
                }
                failure => failing("fail", failure),
            });
        } else {
            let step = self.command(index);
            self.steps.extend(step);
        }
        self.of = None;
        let steps = std::mem::replace(&mut self.steps, own);
        self.handlers[place].steps = steps;
        self.handlers[place].answered |= answered;
    }

    /// Whether other updates are accepted before this one is answered, in the same turn.
    fn others_come_first(&self, id: &str, answer: usize, number: usize) -> bool {
        let turn = &self.story.turns[number];
        let is_accepted =
            |index: &usize| self.story.events[*index].kind == "WORKFLOW_EXECUTION_UPDATE_ACCEPTED";
        let between = turn.commands.iter().filter(|index| **index < answer);
        let mut accepted = between.filter(|index| is_accepted(index));
        accepted.next_back().is_some_and(|last| Story::update_id(&self.story.events[*last]) != id)
    }

    /// The signal that a handler waits for, because it goes on before the workflow's own steps do:
    /// who waits for signals has its turn before who waits for the task.
    fn signal_for(&self, index: usize, number: usize) -> Option<usize> {
        let turn = &self.story.turns[number];
        let is_signal = |index: &&usize| {
            self.story.events[**index].kind == "WORKFLOW_EXECUTION_SIGNALED"
                && !self.taken.contains(*index)
        };
        let is_followed = turn
            .commands
            .iter()
            .any(|other| *other > index && !is_answer(self.story.events[*other].kind));
        let is_first = turn.commands.first() == Some(&index);
        turn.news
            .iter()
            .find(is_signal)
            .copied()
            .filter(|_| is_first && is_followed && self.form.waits == Waits::ForCauses)
    }

    /// The update whose handler an event is news for.
    fn owner(&self, index: usize) -> Option<String> {
        self.handle_of(&self.story.events[index])?.of.clone()
    }

    /// Whether an event is news for the handler of an update.
    pub(super) fn is_handlers(&self, index: usize) -> bool {
        self.owner(index).is_some() || self.taken.contains(&index)
    }

    /// All handlers, by the names of their updates.
    pub(super) fn handlers(&mut self) -> Vec<(String, Node)> {
        let mut by_name: BTreeMap<String, Vec<(String, Vec<Step>)>> = BTreeMap::new();
        for handler in std::mem::take(&mut self.handlers) {
            let name = self.story.update_name(&handler.id).to_owned();
            let mut steps = tidy(handler.steps);
            if !handler.answered {
                let said = "It was not answered before the history's end.";
                steps.push(Step::alone("hang").comment(said));
            }
            by_name.entry(name).or_default().push((handler.id, steps));
        }
        // What a reset has applied again was accepted before that.
        for event in &self.story.events {
            if event.kind == "WORKFLOW_EXECUTION_UPDATE_ADMITTED" {
                let name = self.story.update_name(&Story::update_id(event)).to_owned();
                by_name.entry(name).or_insert_with(|| vec![(String::new(), Vec::new())]);
            }
        }
        let handler = |(name, all): (String, Vec<(String, Vec<Step>)>)| {
            let steps = match &all[..] {
                [(_, first), rest @ ..] if rest.iter().all(|(_, steps)| steps == first) => {
                    first.clone()
                }
                _ => {
                    let arms = all.into_iter().map(|(id, steps)| (id, Node::Steps(steps)));
                    let arms: BTreeMap<String, Node> = arms.collect();
                    vec![Step::new("by_update_id", Node::Map(arms.into_iter().collect()))]
                }
            };
            (name, Node::Steps(steps))
        };
        by_name.into_iter().map(handler).collect()
    }
}
