//! What stands on an event's line after the event's name.

use std::time::Duration;

use super::failure::failure_text;
use super::payload::payloads_text;
use super::style::{Style, Tone};
use super::words::{quoted, short, word};
use crate::history::failure::{Failure, Payloads};
use crate::history::ids::EventId;

/// Room for the name of what an event is about.
const SUBJECT_WIDTH: usize = 20;

/// What an event is about, what it says, and which events it refers to.
#[derive(Debug, Default)]
pub(super) struct Line {
    subject: String,
    items: Vec<String>,
    links: Vec<String>,
}

impl Line {
    /// A line about nothing in particular: the run as a whole.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// A line about something with a name of its own, as in `GreetingWorkflow`.
    pub(super) fn about(name: &str) -> Self {
        Self { subject: word(name), ..Self::default() }
    }

    /// A line about something that is called by what it is and its id, as in `timer 1`.
    pub(super) fn about_a(what: &str, id: &str) -> Self {
        Self { subject: format!("{what} {}", word(id)), ..Self::default() }
    }

    pub(super) fn item(mut self, item: impl Into<String>) -> Self {
        self.items.push(item.into());
        self
    }

    pub(super) fn items(mut self, items: impl IntoIterator<Item = String>) -> Self {
        self.items.extend(items);
        self
    }

    /// A name behind what it is the name of; nothing if there is none.
    pub(super) fn named(self, what: &str, name: &str) -> Self {
        if name.is_empty() { self } else { self.item(format!("{what} {}", word(name))) }
    }

    /// Something that a person said; nothing if nothing.
    pub(super) fn said(self, what: &str, said: &str) -> Self {
        if said.is_empty() {
            return self;
        }
        self.item(format!("{what} {}", quoted(said)))
    }

    /// Who did it.
    pub(super) fn by(self, identity: &str) -> Self {
        self.named("by", identity)
    }

    /// A duration; nothing if it is zero, which is "not set".
    pub(super) fn duration(self, what: &str, duration: Duration) -> Self {
        if duration.is_zero() { self } else { self.item(format!("{what} {}", short(duration))) }
    }

    /// An attempt, if it is not the first.
    pub(super) fn attempt(self, attempt: u32) -> Self {
        if attempt > 1 { self.item(format!("attempt {attempt}")) } else { self }
    }

    pub(super) fn payloads(self, what: &str, payloads: Option<&Payloads>) -> Self {
        let sent = payloads.filter(|payloads| !payloads.payloads.is_empty());
        match sent {
            Some(sent) => self.item(format!("{what} {}", payloads_text(sent))),
            None => self,
        }
    }

    pub(super) fn failure(self, failure: &Failure) -> Self {
        self.item(failure_text(failure))
    }

    /// A reference to another event.
    pub(super) fn link(mut self, what: &str, id: Option<EventId>) -> Self {
        self.links.push(id.map_or_else(|| what.to_owned(), |id| format!("{what} {id}")));
        self
    }

    /// A reference to another event, if there is one.
    pub(super) fn link_if_any(self, what: &str, id: Option<EventId>) -> Self {
        if id.is_some() { self.link(what, id) } else { self }
    }

    pub(super) fn text(&self, style: Style) -> String {
        let links = format!("({})", self.links.join(", "));
        let links =
            if self.links.is_empty() { String::new() } else { style.paint(Tone::Faint, &links) };
        let mut parts = self.items.clone();
        parts.push(links);
        parts.retain(|part| !part.is_empty());
        let rest = parts.join("  ");
        if rest.is_empty() || self.subject.is_empty() {
            return format!("{}{rest}", self.subject);
        }
        let width = self.subject.chars().count();
        let padding = SUBJECT_WIDTH.saturating_sub(width) + 2;
        format!("{}{:padding$}{rest}", self.subject, "")
    }
}
