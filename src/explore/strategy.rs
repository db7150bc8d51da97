//! How a sample of orderings is drawn where there are too many to see all.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use super::picks::Picks;
use crate::clock::Time;
use crate::sim::{Happening, Schedule};

/// How orderings are searched.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Strategy {
    /// All of them, by way of the states that they come through.
    #[default]
    Exhaustive,
    /// At each choice each happening is as likely.
    Random,
    /// Uniform random walk: a happening is the likelier the more its kind has still to do, which
    /// makes orderings, not picks, about equally likely.
    Urw,
    /// Probabilistic concurrency testing: whoever has the highest priority comes first, and a few
    /// times a run a priority is drawn anew. Finds what needs few reorderings that are far apart.
    Pct,
    /// Orderings that led to something new are changed a little, again and again.
    Coverage,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Exhaustive, Self::Random, Self::Urw, Self::Pct, Self::Coverage];

    /// As it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exhaustive => "exhaustive",
            Self::Random => "random",
            Self::Urw => "urw",
            Self::Pct => "pct",
            Self::Coverage => "coverage",
        }
    }
}

/// Draws one run after the other. A run depends on the seed and its number, and, but for
/// [`Strategy::Coverage`], on nothing else.
#[derive(Clone, Debug)]
pub(super) struct Sampler {
    seed: ChaCha8Rng,
    rng: ChaCha8Rng,
    way: Way,
}

#[derive(Clone, Debug)]
enum Way {
    Random,
    Urw { profile: Profile, left: Vec<(Happening, u32)> },
    Pct { profile: Profile, priorities: Vec<(Happening, u64)>, changes: Vec<u32>, choice: u32 },
    Coverage { known: Vec<Picks>, base: Option<usize>, until: u32, choice: u32 },
}

/// What a few random runs tell of all.
#[derive(Clone, Debug, Default)]
pub(super) struct Profile {
    runs: u32,
    choices: u32,
    /// How often each happening was picked.
    picked: BTreeMap<Happening, u32>,
}

impl Profile {
    /// How many random runs it is made of.
    pub(super) const RUNS: u64 = 32;

    /// Takes in a run.
    pub(super) fn add(&mut self, picked: &[Happening]) {
        self.runs += 1;
        self.choices = self.choices.max(u32::try_from(picked.len()).unwrap_or(u32::MAX));
        for happening in picked {
            *self.picked.entry(*happening).or_default() += 1;
        }
    }

    /// How often a happening is picked in a run, rounded up.
    fn expected(&self, happening: Happening) -> u32 {
        let picked = self.picked.get(&happening).copied().unwrap_or(0);
        picked.div_ceil(self.runs.max(1)).max(1)
    }
}

impl Sampler {
    /// Draws by this strategy; an exhaustive search draws nothing, and is taken for a random one.
    pub(super) fn new(strategy: Strategy, seed: u64, profile: &Profile) -> Self {
        let way = match strategy {
            Strategy::Exhaustive | Strategy::Random => Way::Random,
            Strategy::Urw => Way::Urw { profile: profile.clone(), left: Vec::new() },
            Strategy::Pct => Way::Pct {
                profile: profile.clone(),
                priorities: Vec::new(),
                changes: Vec::new(),
                choice: 0,
            },
            Strategy::Coverage => {
                Way::Coverage { known: vec![Picks::default()], base: None, until: 0, choice: 0 }
            }
        };
        let seed = ChaCha8Rng::seed_from_u64(seed);
        Self { rng: seed.clone(), seed, way }
    }

    /// Gets ready for the run with this number.
    pub(super) fn begin(&mut self, run: u64) {
        self.rng.clone_from(&self.seed);
        self.rng.set_stream(run);
        match &mut self.way {
            Way::Random => {}
            Way::Urw { left, .. } => left.clear(),
            Way::Pct { profile, priorities, changes, choice } => {
                priorities.clear();
                changes.clear();
                *choice = 0;
                // Runs take turns with how many changes they have: which depth finds most is not
                // known beforehand.
                for _ in 0..run % MOST_CHANGES {
                    changes.push(draw(&mut self.rng, profile.choices.max(1)));
                }
            }
            Way::Coverage { known, base, until, choice } => {
                *choice = 0;
                let count = u32::try_from(known.len()).unwrap_or(u32::MAX);
                let drawn = draw(&mut self.rng, count) as usize;
                *base = Some(drawn);
                let parent = known.get(drawn).map(Picks::deviations).unwrap_or_default();
                let last = parent.last().map_or(0, |deviation| deviation.choice + 1);
                // Everything up to here stays; a little beyond the last deviation is possible too.
                *until = draw(&mut self.rng, last + BEYOND);
            }
        }
    }

    /// Takes note that a run has led to something that none before had led to.
    pub(super) fn found_something_new(&mut self, picks: &Picks) {
        if let Way::Coverage { known, .. } = &mut self.way
            && known.len() < MOST_KNOWN
        {
            known.push(picks.clone());
        }
    }
}

/// So many priority changes, less one, a run has at most.
const MOST_CHANGES: u64 = 6;
/// How many choices after the last deviation a changed ordering may begin to differ.
const BEYOND: u32 = 8;
/// How many orderings that led to something new are kept.
const MOST_KNOWN: usize = 10_000;

impl Schedule for Sampler {
    fn pick(&mut self, _now: Time, enabled: &[(Time, Happening)]) -> usize {
        let Self { rng, way, .. } = self;
        let count = u32::try_from(enabled.len()).unwrap_or(u32::MAX);
        match way {
            Way::Random => draw(rng, count) as usize,
            Way::Urw { profile, left } => by_what_is_left(rng, profile, left, enabled),
            Way::Pct { priorities, changes, choice, .. } => {
                let now = *choice;
                *choice += 1;
                let mut first = highest(rng, priorities, enabled);
                if changes.contains(&now) {
                    // Drawn anew, not made the lowest: a run in which nothing ever blocks would
                    // never come to the lowest.
                    let happening = enabled[first].1;
                    priorities.retain(|(known, _)| *known != happening);
                    first = highest(rng, priorities, enabled);
                }
                first
            }
            Way::Coverage { known, base, until, choice } => {
                let now = *choice;
                *choice += 1;
                match base.and_then(|base| known.get(base)) {
                    Some(parent) if now < *until => parent.at(now) as usize,
                    Some(parent) if now > *until && draw(rng, 2) == 0 => parent.at(now) as usize,
                    _ => draw(rng, count) as usize,
                }
            }
        }
    }
}

/// A number below `count`, each as likely but for one part in 2^32.
fn draw(rng: &mut ChaCha8Rng, count: u32) -> u32 {
    let scaled = u64::from(rng.next_u32()) * u64::from(count);
    u32::try_from(scaled >> 32).unwrap_or(0)
}

fn by_what_is_left(
    rng: &mut ChaCha8Rng,
    profile: &Profile,
    left: &mut Vec<(Happening, u32)>,
    enabled: &[(Time, Happening)],
) -> usize {
    let mut weights = 0;
    for (_, happening) in enabled {
        if !left.iter().any(|(known, _)| known == happening) {
            left.push((*happening, profile.expected(*happening)));
        }
        weights += weight(left, *happening);
    }
    let mut drawn = draw(rng, weights);
    for (index, (_, happening)) in enabled.iter().enumerate() {
        let weight = weight(left, *happening);
        if drawn < weight {
            if let Some((_, left)) = left.iter_mut().find(|(known, _)| known == happening) {
                *left = left.saturating_sub(1);
            }
            return index;
        }
        drawn -= weight;
    }
    0
}

/// What has more to do than expected still has something to do.
fn weight(left: &[(Happening, u32)], happening: Happening) -> u32 {
    left.iter().find(|(known, _)| *known == happening).map_or(1, |(_, left)| (*left).max(1))
}

fn highest(
    rng: &mut ChaCha8Rng,
    priorities: &mut Vec<(Happening, u64)>,
    enabled: &[(Time, Happening)],
) -> usize {
    let mut best = (0, 0);
    for (index, (_, happening)) in enabled.iter().enumerate() {
        let known = priorities.iter().find(|(known, _)| known == happening);
        let priority = if let Some((_, priority)) = known {
            *priority
        } else {
            let drawn = rng.next_u64();
            priorities.push((*happening, drawn));
            drawn
        };
        best = best.max((priority, index));
    }
    best.1
}
