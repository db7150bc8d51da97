//! A history: batches of events, shared between clones.
//!
//! ```
//! use deadbeat::clock::EPOCH;
//! use deadbeat::history::{Attributes, Event, EventId, History};
//! use std::time::Duration;
//!
//! let started = Event {
//!     id: EventId(1),
//!     time: EPOCH,
//!     attributes: Attributes::TimerStarted {
//!         timer_id: "nap".into(),
//!         start_to_fire_timeout: Duration::from_secs(90),
//!         workflow_task_completed_event_id: EventId(4),
//!     },
//! };
//! let mut history = History::new();
//! history.append(vec![started]);
//! let before = history.clone(); // shares everything
//! assert_eq!(before.digest(), history.digest());
//! assert_eq!(history.prefix(EventId(1)), Some(before));
//! assert_eq!(history.prefix(EventId(2)), None);
//! ```

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use super::event::Event;
use super::fingerprint::Fingerprint;
use super::ids::EventId;

/// The events of one run, in the batches in which transactions wrote them (A1).
///
/// It only grows, and a clone shares everything with its origin: both cost the same for a history
/// of five events and of fifty thousand. A reset goes back to a batch's end (B2), which is why the
/// batch is the unit here.
#[derive(Clone, Debug, Default)]
pub struct History {
    last: Option<Arc<Batch>>,
}

/// The events of one transaction, and the way to those before.
#[derive(Debug)]
pub struct Batch {
    events: Vec<Event>,
    before: Option<Arc<Batch>>,
    /// Over this batch and all before it.
    digest: u128,
    /// What the official form of this batch and all before it adds up to, once somebody asked.
    written: OnceLock<Box<Written>>,
}

/// What the official form of a history adds up to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// Its size, as the server that persists it counts.
    pub(super) bytes: u64,
    /// The run that the history began in, by its first event; 0 if that does not say.
    pub(super) original_run: u128,
}

impl Batch {
    /// The events, never none.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The id of the batch's first event.
    pub fn first_event_id(&self) -> EventId {
        self.events[0].id
    }

    /// The id of the batch's last event.
    pub fn last_event_id(&self) -> EventId {
        self.events[self.events.len() - 1].id
    }

    /// The batch before this one.
    pub(super) fn before(&self) -> Option<&Self> {
        self.before.as_deref()
    }

    /// Room for what [`super::official`] finds out about this batch and all before it.
    pub(super) fn written(&self) -> &OnceLock<Box<Written>> {
        &self.written
    }
}

impl History {
    /// A history without events.
    pub const fn new() -> Self {
        Self { last: None }
    }

    /// How many events there are; the last event's id, that is.
    pub fn len(&self) -> u32 {
        self.last.as_ref().map_or(0, |batch| batch.last_event_id().0)
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    /// The last event.
    pub fn last(&self) -> Option<&Event> {
        self.last.as_ref().and_then(|batch| batch.events.last())
    }

    /// The id that the next event gets.
    pub fn next_event_id(&self) -> EventId {
        EventId(self.len() + 1)
    }

    /// Appends the events of one transaction; none is no batch.
    ///
    /// # Panics
    ///
    /// In debug builds, if the ids do not follow the last one's without a gap.
    pub fn append(&mut self, events: Vec<Event>) {
        debug_assert!(
            (self.next_event_id().0..).zip(&events).all(|(id, event)| event.id.0 == id),
            "event ids are dense"
        );
        self.append_as_is(events);
    }

    /// The same, whatever ids the events have.
    pub(crate) fn append_as_is(&mut self, mut events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        // A little room to spare costs less than to copy the events to where there is none.
        if events.capacity() > 2 * events.len() {
            events.shrink_to_fit();
        }
        let mut digest = Fingerprint::new();
        digest.write_u128(self.digest());
        events.hash(&mut digest);
        let digest = digest.finish128();
        let batch = Batch { events, before: self.last.take(), digest, written: OnceLock::new() };
        self.last = Some(Arc::new(batch));
    }

    /// 128 bits over everything in it.
    pub fn digest(&self) -> u128 {
        self.last.as_ref().map_or(0, |batch| batch.digest)
    }

    /// The batches, newest first: the order in which they are at hand.
    pub fn batches_backwards(&self) -> impl Iterator<Item = &Batch> {
        std::iter::successors(self.last.as_deref(), |batch| batch.before.as_deref())
    }

    /// The batches, oldest first.
    pub fn batches(&self) -> impl DoubleEndedIterator<Item = &Batch> {
        let mut batches: Vec<&Batch> = self.batches_backwards().collect();
        batches.reverse();
        batches.into_iter()
    }

    /// The events, oldest first.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.batches().flat_map(Batch::events)
    }

    /// The events with ids above `after`, oldest first. Costs as much as there are of them.
    pub fn events_after(&self, after: EventId) -> impl Iterator<Item = &Event> {
        let mut batches: Vec<&Batch> =
            self.batches_backwards().take_while(|batch| batch.last_event_id() > after).collect();
        batches.reverse();
        batches.into_iter().flat_map(Batch::events).filter(move |event| event.id > after)
    }

    /// The events with ids above `after`, a batch's in order, but the newest batch first: what
    /// needs no other order needs no room to turn it round.
    pub fn newest_events(&self, after: EventId) -> impl Iterator<Item = &Event> {
        let batches = self.batches_backwards();
        let batches = batches.take_while(move |batch| batch.last_event_id() > after);
        batches.flat_map(Batch::events).filter(move |event| event.id > after)
    }

    /// The event with this id. Costs as much as there are batches after it.
    pub fn get(&self, id: EventId) -> Option<&Event> {
        let batch = self.batches_backwards().find(|batch| batch.first_event_id() <= id)?;
        batch.events.get((id.0 - batch.first_event_id().0) as usize)
    }

    /// The history up to and including event `last`, if a batch ends there (B2).
    pub fn prefix(&self, last: EventId) -> Option<Self> {
        let mut at = self.last.as_ref();
        while let Some(batch) = at.filter(|batch| batch.last_event_id() > last) {
            at = batch.before.as_ref();
        }
        at.filter(|batch| batch.last_event_id() == last)
            .map(|batch| Self { last: Some(batch.clone()) })
    }
}

impl PartialEq for History {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.digest() == other.digest()
    }
}

impl Eq for History {}

impl Hash for History {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.digest());
    }
}

// By hand, because the compiler's would recurse once a batch and a long history overflow the stack.
impl Drop for History {
    fn drop(&mut self) {
        let mut next = self.last.take();
        while let Some(batch) = next {
            match Arc::try_unwrap(batch) {
                Ok(mut batch) => next = batch.before.take(),
                Err(_) => break,
            }
        }
    }
}
