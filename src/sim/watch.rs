//! Whether an event that a client waits for is in a history yet.

use std::mem;

use crate::history::{Event, EventId};
use crate::scenario::model::When;
use crate::server::{Run, RunIndex, Server};

/// How far the histories have been read, and what was found in them.
///
/// Histories only grow, so each event is looked at once; and after the first look only those
/// histories are that may have grown.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Watch {
    has_looked: bool,
    /// Of the first of the runs that matter, in the order in which they were made: often it is the
    /// only one.
    first: Read,
    others: Vec<Read>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
struct Read {
    events: u32,
    found: u32,
}

impl Watch {
    /// Reads on, at first everywhere, then in the runs that have changed. True once one run has as
    /// many of the events as asked for.
    pub(super) fn sees(&mut self, when: &When, server: &Server, changed: &[RunIndex]) -> bool {
        if !mem::replace(&mut self.has_looked, true) {
            return self.sees_somewhere(when, server);
        }
        let of_id = when.workflow_id.as_ref().map(|id| server.run_indices_of(id));
        changed.iter().any(|at| {
            let place = match of_id {
                Some(runs) => runs.binary_search(at).ok(),
                None => usize::try_from(at.0).ok(),
            };
            place.is_some_and(|place| self.reads_on(place, when, server, *at))
        })
    }

    /// Reads on in all runs.
    pub(super) fn sees_somewhere(&mut self, when: &When, server: &Server) -> bool {
        if let Some(id) = &when.workflow_id {
            let mut runs = server.run_indices_of(id).iter().enumerate();
            runs.any(|(place, at)| self.reads_on(place, when, server, *at))
        } else {
            let mut runs = (0..).map(RunIndex).take(server.runs().len()).enumerate();
            runs.any(|(place, at)| self.reads_on(place, when, server, at))
        }
    }

    /// Reads one run's history on.
    fn reads_on(&mut self, place: usize, when: &When, server: &Server, at: RunIndex) -> bool {
        let Some(run) = server.run_at(at) else { return false };
        let read = match place.checked_sub(1) {
            None => &mut self.first,
            Some(other) => {
                if self.others.len() <= other {
                    self.others.resize(other + 1, Read::default());
                }
                &mut self.others[other]
            }
        };
        let history = run.history();
        if history.len() == read.events {
            return false;
        }
        let is_wanted = |event: &&Event| event.attributes.type_name() == when.event;
        let new = history.newest_events(EventId(read.events)).filter(is_wanted).count();
        read.found = read.found.saturating_add(u32::try_from(new).unwrap_or(u32::MAX));
        read.events = history.len();
        read.found >= when.count.max(1) && matters(when, server, run)
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
