//! Which part of a history a read gets: pages of whole batches (A1), the close event only, with or
//! without the virtual events of a pending transient workflow task (A4).

use prost::Message;

use crate::api::{HistoryView, RpcError};
use crate::history::{Event, EventId, RunId};

/// No page has more batches, whatever is asked for: the real server's default limit.
const MAXIMUM_PAGE_SIZE: usize = 256;

/// What a `next_page_token` says: how far a reader is in which history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PageToken {
    /// The run that is read: a reader of "the current run" stays with the one it began with.
    pub(super) run_id: RunId,
    /// The first event that was not read yet.
    next_event_id: EventId,
    /// The event with which the history ended when the reader began.
    last_event_id: EventId,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TokenBytes {
    #[prost(string, tag = "1")]
    run_id: String,
    #[prost(uint32, tag = "2")]
    next_event_id: u32,
    #[prost(uint32, tag = "3")]
    last_event_id: u32,
}

impl PageToken {
    /// Reads the bytes of a token.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, RpcError> {
        let invalid = || RpcError::invalid_argument("Invalid NextPageToken.");
        let token = TokenBytes::decode(bytes).map_err(|_| invalid())?;
        Ok(Self {
            run_id: token.run_id.parse().map_err(|_| invalid())?,
            next_event_id: EventId(token.next_event_id),
            last_event_id: EventId(token.last_event_id),
        })
    }

    /// The bytes of the token.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let token = TokenBytes {
            run_id: self.run_id.to_string(),
            next_event_id: self.next_event_id.0,
            last_event_id: self.last_event_id.0,
        };
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
    pub(super) fn first(maximum_page_size: i32) -> Self {
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

    /// What of a history is on the page, and the token of the page after it.
    ///
    /// A full page has one after it even if nothing is left for that, as on the real server (A1).
    pub(super) fn cut<'a>(&self, view: &'a HistoryView) -> (Vec<&'a Event>, Option<PageToken>) {
        match self.which {
            Which::Close => {
                let last = view.history.last().filter(|last| last.attributes.closes_the_run());
                (last.into_iter().collect(), None)
            }
            Which::All => self.cut_all(view),
        }
    }

    fn cut_all<'a>(&self, view: &'a HistoryView) -> (Vec<&'a Event>, Option<PageToken>) {
        let from = self.from.unwrap_or(PageToken {
            run_id: view.execution.run_id,
            next_event_id: EventId::FIRST,
            last_event_id: EventId(view.history.len()),
        });
        let mut events = Vec::new();
        let batches = view.history.batches().filter(|batch| {
            batch.first_event_id() >= from.next_event_id
                && batch.last_event_id() <= from.last_event_id
        });
        let mut count = 0;
        for batch in batches.take(self.size) {
            events.extend(batch.events());
            count += 1;
        }
        if count == self.size {
            let next_event_id = events.last().map_or(from.next_event_id, |last| last.id.next());
            return (events, Some(PageToken { next_event_id, ..from }));
        }
        if self.tail == Tail::Transient {
            events.extend(&view.transient);
        }
        (events, None)
    }
}
