//! Which part of a history a read gets: pages of whole batches (A1), the close event only, with or
//! without the virtual events of a pending transient workflow task (A4); and for a reader that
//! waits, what came after what it has read.

use prost::Message;

use crate::api::{HistoryView, HistoryWait, RpcError};
use crate::history::list::Batch;
use crate::history::{EventId, RunId};

/// No page has more batches, whatever is asked for: the real server's default limit.
const MAXIMUM_PAGE_SIZE: usize = 256;

/// What a `next_page_token` says: how far a reader is in which history.
///
/// A history may grow while it is read: there are pages until its end. A reader that waits then
/// gets what comes next, in pages again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PageToken {
    /// The run that is read: a reader of "the current run" stays with the one it began with.
    pub(super) run: RunId,
    /// Where these pages began.
    first: EventId,
    position: Position,
}

/// How far a reader is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Position {
    /// There may be another page, from this event on.
    Next(EventId),
    /// Everything was read, to this event.
    Read(EventId),
}

#[derive(Clone, PartialEq, prost::Message)]
struct TokenBytes {
    #[prost(string, tag = "1")]
    run: String,
    #[prost(uint32, tag = "2")]
    first: u32,
    /// 0 is "everything was read".
    #[prost(uint32, tag = "3")]
    next: u32,
    #[prost(uint32, tag = "4")]
    read: u32,
}

/// A token that was not made here.
pub(super) fn invalid_token() -> RpcError {
    RpcError::invalid_argument("Invalid NextPageToken.")
}

impl PageToken {
    /// Reads the bytes of a token.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, RpcError> {
        let token = TokenBytes::decode(bytes).map_err(|_| invalid_token())?;
        Ok(Self {
            run: token.run.parse().map_err(|_| invalid_token())?,
            first: EventId(token.first.max(1)),
            position: match token.next {
                0 => Position::Read(EventId(token.read)),
                next => Position::Next(EventId(next)),
            },
        })
    }

    /// The bytes of the token.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let (next, read) = match self.position {
            Position::Next(next) => (next.0, 0),
            Position::Read(read) => (0, read.0),
        };
        let token = TokenBytes { run: self.run.to_string(), first: self.first.0, next, read };
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
    follows: Follows,
}

/// Which events are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Which {
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

/// Whether a reader follows a run as it goes on (`wait_new_event`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Follows {
    Nothing,
    TheRun,
}

/// How many batches a page may have; zero or less leaves it to the server.
pub(super) fn page_size(maximum: i32) -> usize {
    let size = usize::try_from(maximum).ok().filter(|size| *size > 0);
    size.map_or(MAXIMUM_PAGE_SIZE, |size| size.min(MAXIMUM_PAGE_SIZE))
}

impl Page {
    /// The first page, of at most this many batches; zero or less leaves it to the server.
    pub(crate) fn first(maximum_page_size: i32) -> Self {
        Self {
            size: page_size(maximum_page_size),
            from: None,
            which: Which::All,
            tail: Tail::Transient,
            follows: Follows::Nothing,
        }
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

    /// For a reader that follows the run.
    pub(super) fn following(self) -> Self {
        Self { follows: Follows::TheRun, ..self }
    }

    /// Which events are on it.
    pub(super) fn which(&self) -> Which {
        self.which
    }

    /// What the reader waits for. The close of an open run is waited for even by those who do not
    /// say so; but nothing is as long as there are pages of what was there before.
    pub(super) fn wait(&self) -> HistoryWait {
        match (self.which, self.from.map(|token| token.position)) {
            (_, Some(Position::Next(_))) => HistoryWait::Nothing,
            (Which::Close, _) => HistoryWait::Close,
            (Which::All, Some(Position::Read(last))) if self.follows == Follows::TheRun => {
                HistoryWait::EventAfter(last)
            }
            (Which::All, _) => HistoryWait::Nothing,
        }
    }

    /// What of a history is on the page.
    ///
    /// A full page has one after it even if nothing is left for that, as on the real server (A1).
    pub(super) fn cut(&self, view: &HistoryView) -> Cut {
        let end = EventId(view.history.len());
        match self.which {
            Which::Close => {
                let closed = view.history.last().is_some_and(|l| l.attributes.closes_the_run());
                let after = if closed { EventId(end.0.saturating_sub(1)) } else { end };
                let next = self.rest(view, EventId::FIRST, end);
                Cut { after, until: end, tail: Tail::Recorded, next }
            }
            Which::All => self.cut_all(view),
        }
    }

    fn cut_all(&self, view: &HistoryView) -> Cut {
        let (first, next) = match self.from {
            None => (EventId::FIRST, EventId::FIRST),
            Some(PageToken { first, position: Position::Next(next), .. }) => (first, next),
            Some(PageToken { first, position: Position::Read(last), .. }) => match self.follows {
                Follows::Nothing => (first, first),
                Follows::TheRun => {
                    let first = EventId(last.0.saturating_add(1));
                    (first, first)
                }
            },
        };
        let after = EventId(next.0.saturating_sub(1));
        let ends = view.history.batches().map(Batch::last_event_id).filter(|end| *end > after);
        let ends: Vec<EventId> = ends.take(self.size).collect();
        let until = ends.last().copied().unwrap_or(after);
        if ends.len() == self.size {
            let position = Position::Next(EventId(until.0.saturating_add(1)));
            let next = Some(PageToken { run: view.execution.run_id, first, position });
            return Cut { after, until, tail: Tail::Recorded, next };
        }
        // The virtual events are nothing new to one who waits.
        let tail = if first.0 <= view.history.len() { self.tail } else { Tail::Recorded };
        Cut { after, until, tail, next: self.rest(view, first, until) }
    }

    /// The token with which a reader that follows the run waits for more, if there can be more.
    fn rest(&self, view: &HistoryView, first: EventId, read: EventId) -> Option<PageToken> {
        let last = view.history.get(read);
        let closed = last.is_some_and(|event| event.attributes.closes_the_run());
        let position = Position::Read(read);
        let more = self.follows == Follows::TheRun && !closed;
        more.then_some(PageToken { run: view.execution.run_id, first, position })
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

/// Batches from the end of a history to its beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReversePage {
    size: usize,
    /// The event after those that are not read yet; `None` is the history's end.
    before: Option<EventId>,
}

impl ReversePage {
    /// The last page, of at most this many batches; zero or less leaves it to the server.
    pub(super) fn last(maximum_page_size: i32) -> Self {
        Self { size: page_size(maximum_page_size), before: None }
    }

    /// The page that a token points at.
    pub(super) fn at(self, token: PageToken) -> Self {
        let before = match token.position {
            Position::Next(before) => before,
            Position::Read(_) => EventId::FIRST,
        };
        Self { before: Some(before), ..self }
    }

    /// What of a history is on the page. Nothing comes after the first event.
    pub(super) fn cut(&self, view: &HistoryView) -> Cut {
        let until = match self.before {
            None => view.history.len(),
            Some(before) => view.history.len().min(before.0.saturating_sub(1)),
        };
        let batches = view.history.batches_backwards();
        let batches = batches.filter(|batch| batch.last_event_id().0 <= until).take(self.size);
        let first = batches.last().map_or(until + 1, |batch| batch.first_event_id().0);
        let rest = PageToken {
            run: view.execution.run_id,
            first: EventId::FIRST,
            position: Position::Next(EventId(first)),
        };
        Cut {
            after: EventId(first.saturating_sub(1)),
            until: EventId(until),
            tail: Tail::Recorded,
            next: (first > 1).then_some(rest),
        }
    }
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

    /// A token that has been to a client and back.
    fn sent(token: Option<PageToken>) -> PageToken {
        PageToken::read(&token.expect("a token").to_bytes()).unwrap()
    }

    #[test]
    fn a_page_of_one_is_a_batch_and_an_empty_page_comes_last() {
        let view = view(&[2, 1, 3]);
        let mut page = Page::first(1);
        let mut pages = Vec::new();
        loop {
            let cut = page.cut(&view);
            pages.push((cut.after.0, cut.until.0));
            if cut.next.is_none() {
                break;
            }
            page = page.at(sent(cut.next));
        }
        assert_eq!(pages, [(0, 2), (2, 3), (3, 6), (6, 6)]);
    }

    #[test]
    fn there_are_pages_until_the_end_of_a_history_that_grows() {
        let next = sent(Page::first(1).cut(&view(&[2, 1])).next);
        let rest = Page::first(10).at(next).cut(&view(&[2, 1, 3]));
        assert_eq!((rest.after, rest.until, rest.next), (EventId(2), EventId(6), None));
    }

    #[test]
    fn an_open_run_has_no_close_event() {
        let cut = Page::first(0).only_close_event().cut(&view(&[2]));
        assert_eq!(cut.after, cut.until);
    }

    #[test]
    fn a_reader_that_follows_gets_what_came_after_what_it_has_read() {
        let page = Page::first(0).following();
        assert_eq!(page.wait(), HistoryWait::Nothing, "at first, what is there");
        let token = sent(page.cut(&view(&[2, 1])).next);
        let page = page.at(token);
        assert_eq!(page.wait(), HistoryWait::EventAfter(EventId(3)));
        let cut = page.cut(&view(&[2, 1, 3]));
        assert_eq!((cut.after, cut.until), (EventId(3), EventId(6)));
        let nothing = page.cut(&view(&[2, 1]));
        assert_eq!((nothing.after, nothing.until), (EventId(3), EventId(3)));
        assert_eq!(page.at(sent(nothing.next)).wait(), page.wait());
        // Who does not follow any more begins again.
        let again = Page::first(0).at(token).cut(&view(&[2, 1, 3]));
        assert_eq!((again.after, again.until, again.next), (EventId(0), EventId(6), None));
    }

    #[test]
    fn a_reader_waits_for_the_close_even_if_it_does_not_say_so() {
        assert_eq!(Page::first(0).only_close_event().wait(), HistoryWait::Close);
    }

    #[test]
    fn backwards_there_is_no_page_after_the_first_event() {
        let view = view(&[2, 1, 3]);
        let mut page = ReversePage::last(1);
        let mut pages = Vec::new();
        loop {
            let cut = page.cut(&view);
            pages.push((cut.until.0, cut.after.0));
            if cut.next.is_none() {
                break;
            }
            page = page.at(sent(cut.next));
        }
        assert_eq!(pages, [(6, 3), (3, 2), (2, 0)]);
    }
}
