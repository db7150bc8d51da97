//! The one chooser: of several happenings that could come next, a schedule picks one.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::Happening;
use crate::clock::Time;

/// Picks what comes next. Nothing else in a simulation ever chooses.
pub trait Schedule {
    /// The index of the happening that comes next.
    ///
    /// `enabled` has two or more, in default order: by when they are due, then as [`Happening`]s
    /// are ordered; faults that can be placed come after all others. An index beyond the end is
    /// taken for the last one's.
    fn pick(&mut self, now: Time, enabled: &[(Time, Happening)]) -> usize;
}

/// Picks the first in default order, always.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DefaultOrder;

impl Schedule for DefaultOrder {
    fn pick(&mut self, _now: Time, _enabled: &[(Time, Happening)]) -> usize {
        0
    }
}

/// Picks each of the enabled happenings with the same probability, as a seed says.
///
/// The same seed picks the same on every machine: the generator is `ChaCha8`, whose output is part
/// of its definition.
#[derive(Clone, Debug)]
pub struct Seeded(ChaCha8Rng);

impl Seeded {
    /// A schedule for this seed.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }
}

impl Schedule for Seeded {
    fn pick(&mut self, _now: Time, enabled: &[(Time, Happening)]) -> usize {
        let count = enabled.len() as u64;
        // Numbers below the remainder of 2^64 are drawn again, so that no index is likelier.
        let remainder = count.wrapping_neg() % count;
        loop {
            let drawn = self.0.next_u64();
            if drawn >= remainder {
                return usize::try_from(drawn % count).unwrap_or(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::EPOCH;
    use crate::sim::ClientIndex;

    fn enabled(count: u16) -> Vec<(Time, Happening)> {
        (0..count).map(|n| (EPOCH, Happening::Client(ClientIndex(n)))).collect()
    }

    #[test]
    fn a_seed_always_picks_the_same() {
        let picks = |seed| {
            let mut schedule = Seeded::new(seed);
            (0..12).map(|_| schedule.pick(EPOCH, &enabled(5))).collect::<Vec<_>>()
        };
        assert_eq!(picks(1), picks(1));
        assert_ne!(picks(1), picks(2));
        assert_eq!(picks(1), [1, 0, 0, 1, 3, 4, 1, 0, 0, 0, 1, 3]);
    }

    #[test]
    fn every_happening_is_picked_about_as_often() {
        let mut schedule = Seeded::new(7);
        let mut counts = [0; 3];
        for _ in 0..3_000 {
            counts[schedule.pick(EPOCH, &enabled(3))] += 1;
        }
        assert!(counts.iter().all(|count| (900..1_100).contains(count)), "{counts:?}");
    }
}
