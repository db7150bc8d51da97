//! Which heartbeats become requests: the first at once, then the last of each interval, as
//! sdk-core's heartbeat manager has it.

use std::time::Duration;

use crate::clock::Time;
use crate::history::Payloads;

/// A heartbeat, with its details.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Heartbeat(pub(super) Option<Payloads>);

/// The heartbeats of one activity.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Throttle {
    interval: Duration,
    tracked: Option<Tracked>,
}

/// What is known between a heartbeat that was sent and the end of its interval.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Tracked {
    sent: Time,
    /// Whether the answer is still to come: until then the interval does not end.
    in_flight: bool,
    /// The last heartbeat that was not sent.
    pending: Option<Heartbeat>,
}

impl Throttle {
    /// The throttle of an activity: 0.8 × its heartbeat timeout (zero is none, which makes it
    /// `default`), but no more than `max`.
    pub(super) fn new(heartbeat_timeout: Duration, default: Duration, max: Duration) -> Self {
        let interval = if heartbeat_timeout.is_zero() {
            default
        } else {
            // Exact, where multiplying with the float 0.8 would not be.
            heartbeat_timeout.saturating_mul(4) / 5
        };
        Self { interval: interval.min(max), tracked: None }
    }

    /// A heartbeat by the activity; it comes back if it is to be sent now.
    pub(super) fn heartbeat(&mut self, now: Time, heartbeat: Heartbeat) -> Option<Heartbeat> {
        match &mut self.tracked {
            Some(tracked) if tracked.in_flight || tracked.pending.is_some() => {
                tracked.pending = Some(heartbeat);
                None
            }
            Some(tracked) if now < tracked.sent + self.interval => {
                tracked.pending = Some(heartbeat);
                None
            }
            // Nothing was pending when the interval ended, which made the manager forget it.
            _ => Some(self.send(now, heartbeat)),
        }
    }

    fn send(&mut self, now: Time, heartbeat: Heartbeat) -> Heartbeat {
        self.tracked = Some(Tracked { sent: now, in_flight: true, pending: None });
        heartbeat
    }

    /// A heartbeat was answered.
    pub(super) fn answered(&mut self) {
        if let Some(tracked) = &mut self.tracked {
            tracked.in_flight = false;
        }
    }

    /// When the last heartbeat that was not sent will be.
    pub(super) fn due(&self) -> Option<Time> {
        let tracked = self.tracked.as_ref()?;
        let waits = tracked.pending.is_some() && !tracked.in_flight;
        waits.then(|| tracked.sent + self.interval)
    }

    /// The interval has ended: what is to be sent.
    pub(super) fn flush(&mut self, now: Time) -> Option<Heartbeat> {
        let heartbeat = self.take_pending()?;
        Some(self.send(now, heartbeat))
    }

    /// Forgets what was not sent, and returns it: the activity has ended.
    pub(super) fn take_pending(&mut self) -> Option<Heartbeat> {
        self.tracked.as_mut()?.pending.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::EPOCH;
    use crate::history::payload::json;
    use crate::scenario::model::Json;

    const SECOND: Duration = Duration::from_secs(1);

    fn beat(n: u64) -> Heartbeat {
        Heartbeat(Some(json(&Json::from(n))))
    }

    #[test]
    fn the_first_is_sent_at_once_and_then_the_last_of_each_interval() {
        let mut throttle = Throttle::new(10 * SECOND, 30 * SECOND, 60 * SECOND);
        assert_eq!(throttle.heartbeat(EPOCH, beat(1)), Some(beat(1)));
        throttle.answered();
        assert_eq!(throttle.due(), None);
        assert_eq!(throttle.heartbeat(EPOCH + SECOND, beat(2)), None);
        assert_eq!(throttle.heartbeat(EPOCH + 2 * SECOND, beat(3)), None);
        assert_eq!(throttle.due(), Some(EPOCH + 8 * SECOND));
        assert_eq!(throttle.flush(EPOCH + 8 * SECOND), Some(beat(3)));
        throttle.answered();
        assert_eq!(throttle.due(), None);
        assert_eq!(throttle.heartbeat(EPOCH + 16 * SECOND, beat(4)), Some(beat(4)));
    }

    #[test]
    fn an_interval_does_not_end_before_the_answer() {
        let mut throttle = Throttle::new(10 * SECOND, 30 * SECOND, 60 * SECOND);
        throttle.heartbeat(EPOCH, Heartbeat(None));
        assert_eq!(throttle.heartbeat(EPOCH + 9 * SECOND, beat(1)), None);
        assert_eq!(throttle.due(), None);
        throttle.answered();
        assert_eq!(throttle.due(), Some(EPOCH + 8 * SECOND));
    }

    #[test]
    fn the_interval_is_four_fifths_of_the_timeout_within_bounds() {
        let interval = |timeout| Throttle::new(timeout, 30 * SECOND, 60 * SECOND).interval;
        assert_eq!(interval(10 * SECOND), 8 * SECOND);
        assert_eq!(interval(Duration::ZERO), 30 * SECOND);
        assert_eq!(interval(100 * SECOND), 60 * SECOND);
        assert_eq!(interval(Duration::from_nanos(7)), Duration::from_nanos(5));
    }
}
