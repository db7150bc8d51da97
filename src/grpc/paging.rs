//! Which part of a history a read gets: pages of whole batches (A1), the close event only, with or
//! without the virtual events of a pending transient workflow task (A4).

use prost::Message;

use crate::api::{HistoryView, RpcError};
use crate::history::list::Batch;
use crate::history::{EventId, RunId};

/// No page has more batches, whatever is asked for: the real server's default limit.
const MAXIMUM_PAGE_SIZE: usize = 256;

/// What a `next_page_token` says: how far a reader is in which history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PageToken {
    /// The run that is read: a reader of "the current run" stays with the one it began with.
    pub(super) run: RunId,
    /// The first event that was not read yet.
    next: EventId,
    /// The event with which the history ended when the reader began.
    last: EventId,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TokenBytes {
    #[prost(string, tag = "1")]
    run: String,
    #[prost(uint32, tag = "2")]
    next: u32,
    #[prost(uint32, tag = "3")]
    last: u32,
}

impl PageToken {
    /// Reads the bytes of a token.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, RpcError> {
        let invalid = || RpcError::invalid_argument("Invalid NextPageToken.");
        let token = TokenBytes::decode(bytes).map_err(|_| invalid())?;
        Ok(Self {
            run: token.run.parse().map_err(|_| invalid())?,
            next: EventId(token.next),
            last: EventId(token.last),
        })
    }

    /// The bytes of the token.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let token = TokenBytes { run: self.run.to_string(), next: self.next.0, last: self.last.0 };
        token.encode_to_vec()
    }
}

/// The part of a history that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page {
    /// How many batches it may have.
    size: usize,
    /// Where it begins; `None` is the history's beginning.
    from: Option<PageToken>,
    which: Which,
    tail: Tail,
}

/// Which events are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Which {
    All,
    Close,
}

/// What comes after the recorded events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tail {
    /// Nothing.
    Recorded,
    /// The virtual events of a pending transient workflow task.
    Transient,
}

impl Page {
    /// The first page, of at most this many batches; zero or less leaves it to the server.
    pub(crate) fn first(maximum_page_size: i32) -> Self {
        let size = usize::try_from(maximum_page_size).ok().filter(|size| *size > 0);
        let size = size.map_or(MAXIMUM_PAGE_SIZE, |size| size.min(MAXIMUM_PAGE_SIZE));
        Self { size, from: None, which: Which::All, tail: Tail::Transient }
    }

    /// The page that a token points at.
    pub(super) fn at(self, token: PageToken) -> Self {
        Self { from: Some(token), ..self }
    }

    /// The event with which the run closed, if it has, and nothing else.
    pub(super) fn only_close_event(self) -> Self {
        Self { which: Which::Close, ..self }
    }

    /// With this after the recorded events.
    pub(super) fn with(self, tail: Tail) -> Self {
        Self { tail, ..self }
    }

    /// What of a history is on the page.
    ///
    /// A full page has one after it even if nothing is left for that, as on the real server (A1).
    pub(super) fn cut(&self, view: &HistoryView) -> Cut {
        let end = EventId(view.history.len());
        match self.which {
            Which::Close => {
                let closed = view.history.last().is_some_and(|l| l.attributes.closes_the_run());
                let after = if closed { EventId(end.0 - 1) } else { end };
                Cut { after, until: end, tail: Tail::Recorded, next: None }
            }
            Which::All => self.cut_all(view),
        }
    }

    fn cut_all(&self, view: &HistoryView) -> Cut {
        let from = self.from.unwrap_or(PageToken {
            run: view.execution.run_id,
            next: EventId::FIRST,
            last: EventId(view.history.len()),
        });
        let after = EventId(from.next.0.saturating_sub(1));
        let ends = view.history.batches().map(Batch::last_event_id);
        let ends = ends.filter(|end| *end > after && *end <= from.last);
        let ends: Vec<EventId> = ends.take(self.size).collect();
        let until = ends.last().copied().unwrap_or(after);
        if ends.len() == self.size {
            let next = Some(PageToken { next: until.next(), ..from });
            return Cut { after, until, tail: Tail::Recorded, next };
        }
        Cut { after, until, tail: self.tail, next: None }
    }
}

/// A part of a history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cut {
    /// The event before the part.
    pub(super) after: EventId,
    /// The last event of the part.
    pub(super) until: EventId,
    pub(super) tail: Tail,
    /// The token of the page after this one.
    pub(super) next: Option<PageToken>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::EPOCH;
    use crate::history::ids::RunCause;
    use crate::history::{Attributes, Event, Execution, History};

    fn view(batches: &[u32]) -> HistoryView {
        let workflow_id = "greeting".into();
        let run_id = RunId::derive(&workflow_id, RunCause::Start, 0);
        let mut history = History::new();
        for length in batches {
            let first = history.next_event_id().0;
            let event = |id| Event {
                id: EventId(id),
                time: EPOCH,
                attributes: Attributes::TimerFired {
                    timer_id: "t".into(),
                    started_event_id: EventId(1),
                },
            };
            history.append((first..first + length).map(event).collect());
        }
        let execution = Execution { workflow_id, run_id };
        HistoryView { execution, history, transient: Vec::new() }
    }

    #[test]
    fn a_page_of_one_is_a_batch_and_an_empty_page_comes_last() {
        let view = view(&[2, 1, 3]);
        let mut page = Page::first(1);
        let mut pages = Vec::new();
        loop {
            let cut = page.cut(&view);
            pages.push((cut.after.0, cut.until.0));
            let Some(next) = cut.next else { break };
            page = page.at(PageToken::read(&next.to_bytes()).unwrap());
        }
        assert_eq!(pages, [(0, 2), (2, 3), (3, 6), (6, 6)]);
    }

    #[test]
    fn a_reader_sees_the_history_as_it_was_when_it_began() {
        let next = Page::first(1).cut(&view(&[2, 1])).next.unwrap();
        let rest = Page::first(10).at(next).cut(&view(&[2, 1, 3]));
        assert_eq!((rest.after, rest.until, rest.next), (EventId(2), EventId(3), None));
    }

    #[test]
    fn an_open_run_has_no_close_event() {
        let cut = Page::first(0).only_close_event().cut(&view(&[2]));
        assert_eq!(cut.after, cut.until);
    }
}
