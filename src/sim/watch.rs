//! Whether an event that a client waits for is in a history yet.

use crate::history::{Event, EventId};
use crate::scenario::model::When;
use crate::server::{Run, Server};

/// How far the histories have been read, and what was found in them.
///
/// Histories only grow, so each event is looked at once.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Watch {
    /// By run, in the order in which the runs that matter were made.
    read: Vec<Read>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
struct Read {
    events: u32,
    found: u32,
}

impl Watch {
    /// Reads on. True once one run has as many of the events as asked for.
    pub(super) fn sees(&mut self, when: &When, server: &Server) -> bool {
        match &when.workflow_id {
            Some(workflow_id) => self.read_on(when, server, server.runs_of(workflow_id)),
            None => self.read_on(when, server, server.runs()),
        }
    }

    fn read_on<'a>(
        &mut self,
        when: &When,
        server: &Server,
        runs: impl Iterator<Item = &'a Run>,
    ) -> bool {
        for (index, run) in runs.enumerate() {
            if index == self.read.len() {
                self.read.push(Read::default());
            }
            let read = &mut self.read[index];
            let history = run.history();
            if history.len() == read.events {
                continue;
            }
            let is_wanted = |event: &&Event| event.attributes.type_name() == when.event;
            let new = history.events_after(EventId(read.events)).filter(is_wanted).count();
            read.found = read.found.saturating_add(u32::try_from(new).unwrap_or(u32::MAX));
            read.events = history.len();
            if read.found >= when.count.max(1) && matters(when, server, run) {
                return true;
            }
        }
        false
    }
}

/// Whether the run is the one that is waited for, if only one is.
fn matters(when: &When, server: &Server, run: &Run) -> bool {
    when.run.is_none_or(|number| {
        let nth = (number as usize).saturating_sub(1);
        let wanted = server.runs_of(run.execution().workflow_id.as_str()).nth(nth);
        wanted.is_some_and(|wanted| wanted.execution() == run.execution())
    })
}
