//! The search for shorter durations.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::Factor;
use super::closeness::{Close, Ties, Watched, watch};
use super::story::{Story, Twist};
use crate::scenario::duration::Span;
use crate::scenario::{Diagnostics, DurationLiteral, Location, Scenario};
use crate::sim::{ClientIndex, Limits, Plan};

/// A scenario with other durations that tells the same story.
#[derive(Clone, Debug)]
pub struct Retimed {
    /// The scenario's text.
    pub text: String,
    /// How long its run takes.
    pub virtual_time: Duration,
    /// What is other than it was written.
    pub changes: Vec<Change>,
}

/// A duration that is written in a scenario, perhaps more than once, and what stands there now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// What was written.
    pub from: Duration,
    /// What is now.
    pub to: Duration,
}

/// Why there are no shorter durations for a scenario.
#[derive(Debug, thiserror::Error)]
pub enum NotRetimed {
    /// It is not a scenario.
    #[error(transparent)]
    Invalid(#[from] Diagnostics),
    /// Even so it takes too long.
    #[error("it takes {} at least{}", Span(*shortest), because(longest.as_deref()))]
    TooLong {
        /// How long.
        shortest: Duration,
        /// The longest duration that is left, if any is written.
        longest: Option<Box<Needed>>,
    },
    /// Something happens so close to a deadline that a real server may do it the other way round.
    #[error(
        "at {} something happens {} before a deadline of the server, whose timers may be {} late, \
         and the other way round the story is another",
        Span(close.at), Span(close.apart), Span(close.needed)
    )]
    TooClose {
        /// What.
        close: Close,
    },
    /// Divided durations tell another story.
    #[error("with its durations divided by {factor}, {twist}")]
    OtherStory {
        /// The divisor.
        factor: Factor,
        /// Where it is another.
        twist: Twist,
    },
    /// Divided durations make requests come at one instant that came at two.
    #[error(
        "with its durations divided by {0}, a client asks something at the very instant at which a \
         worker does, and which comes first on a real server is a matter of luck"
    )]
    Coincidence(Factor),
    /// With divided durations the text is no scenario any more.
    #[error("with its durations divided by {0} it is no valid scenario")]
    NotAScenario(Factor),
}

/// A duration that cannot be shorter.
#[derive(Clone, Debug)]
pub struct Needed {
    /// Where it is written.
    pub at: Location,
    /// How long it is.
    pub value: Duration,
    /// A shorter one, and what it would change; nothing, if it would only come too close to
    /// something.
    pub shorter: Option<(Duration, Twist)>,
}

fn because(needed: Option<&Needed>) -> String {
    let Some(Needed { at, value, shorter }) = needed else {
        return String::new();
    };
    let value = Span(*value);
    match shorter {
        Some((shorter, twist)) => {
            format!(": with {} instead of {value} ({at}), {twist}", Span(*shorter))
        }
        None => format!(": {value} ({at}) is as short as a real server's timers let it be"),
    }
}

/// What is longer is not made shorter than this: below a second a real server's timers are not
/// exact (O1), and how late each is adds up.
const SHORTEST: Duration = Duration::from_secs(1);

/// Durations that are tried, shortest first.
const LADDER_MILLIS: [u64; 26] = [
    1_000, 1_500, 2_000, 3_000, 4_000, 5_000, 6_000, 8_000, 10_000, 12_000, 15_000, 20_000, 25_000,
    30_000, 45_000, 60_000, 90_000, 120_000, 180_000, 300_000, 600_000, 1_200_000, 1_800_000,
    3_600_000, 21_600_000, 86_400_000,
];

/// By how much everything is stretched where it is too close together.
const STRETCHES: [u32; 8] = [1, 2, 3, 4, 6, 10, 20, 40];

/// By how much everything is divided, to begin with.
const SQUEEZES: [u32; 9] = [86_400, 14_400, 3_600, 1_200, 300, 60, 20, 6, 2];

/// What is tried above the next shorter duration.
const STEPS_MILLIS: [u64; 4] = [1_000, 1_500, 2_000, 4_000];

/// How often all durations are gone through.
const PASSES: usize = 3;

/// More runs than this are not spent on one scenario.
const MAX_TRIALS: usize = 1_500;

/// Nobody waits longer than this for a run of a scenario that does not end.
const MAX_HAPPENINGS: u64 = 20_000;

/// Finds shorter durations for a scenario, such that its run takes no longer than `limit`.
///
/// # Errors
///
/// [`NotRetimed`] says why there are none.
pub fn retime(text: &str, file: &str, limit: Duration) -> Result<Retimed, NotRetimed> {
    let mut search = Search::new(text, file)?;
    search.stretch()?;
    search.squeeze();
    for _ in 0..PASSES {
        let shifted = search.shorten(Move::WithAllLonger);
        let shortened = search.shorten(Move::Alone);
        if !shifted && !shortened {
            break;
        }
    }
    if search.virtual_time > limit {
        return Err(NotRetimed::TooLong {
            shortest: search.virtual_time,
            longest: search.longest().map(Box::new),
        });
    }
    Ok(search.finish())
}

impl Retimed {
    /// All durations divided once more, as [`divide`] does.
    ///
    /// # Errors
    ///
    /// As [`divide`].
    pub fn divided(&self, file: &str, factor: Factor) -> Result<Self, NotRetimed> {
        let divided = divide(&self.text, file, factor)?;
        let now = |value: Duration| {
            let change = divided.changes.iter().find(|change| change.from == value);
            change.map_or(value, |change| change.to)
        };
        let of_written = self.changes.iter().map(|of| Change { from: of.from, to: now(of.to) });
        let was_changed = |value| self.changes.iter().any(|change| change.to == value);
        let others = divided.changes.iter().filter(|change| !was_changed(change.from));
        Ok(Self { changes: of_written.chain(others.cloned()).collect(), ..divided })
    }
}

/// Divides all durations of a scenario.
///
/// # Errors
///
/// [`NotRetimed`], if the story is another then, or if a real server could give another: its timers
/// are not exact (O1), so what it does by itself must stay as far apart as with [`retime`].
pub fn divide(text: &str, file: &str, factor: Factor) -> Result<Retimed, NotRetimed> {
    let mut search = Search::new(text, file)?;
    let written = search.values.keys();
    let values = written.map(|value| (*value, factor.divide(*value))).collect();
    match search.trial(&values) {
        Trial::SameStory(plan, watched) => {
            if let Some(close) = watched.close(&plan, &search.limits, &search.story, search.ties) {
                return Err(NotRetimed::TooClose { close });
            }
            if !watched.coincidences.is_subset(&search.coincidences) {
                return Err(NotRetimed::Coincidence(factor));
            }
            search.virtual_time = watched.result.virtual_time();
            search.values = values;
            Ok(search.finish())
        }
        Trial::Twist(twist) => Err(NotRetimed::OtherStory { factor, twist }),
        Trial::NotAScenario => Err(NotRetimed::NotAScenario(factor)),
    }
}

/// What stands in a scenario now.
struct Search<'a> {
    text: &'a str,
    file: &'a str,
    literals: Vec<DurationLiteral>,
    /// The durations that are written, each with what stands there now, shortest first.
    values: BTreeMap<Duration, Duration>,
    story: Story,
    ties: Ties,
    /// The coincidences that are the scenario's own.
    coincidences: BTreeSet<(ClientIndex, u32)>,
    limits: Limits,
    virtual_time: Duration,
    trials: usize,
}

/// Which durations become shorter at once.
#[derive(Clone, Copy)]
enum Move {
    /// One.
    Alone,
    /// One, and all that are longer, by as much: what lies between them stays.
    WithAllLonger,
}

/// What came of trying other durations.
enum Trial {
    SameStory(Arc<Plan>, Box<Watched>),
    Twist(Twist),
    NotAScenario,
}

impl<'a> Search<'a> {
    fn new(text: &'a str, file: &'a str) -> Result<Self, NotRetimed> {
        let plan = Plan::new(Scenario::parse(text, file)?);
        let literals = DurationLiteral::all(text, file)?;
        let limits = Limits { happenings: MAX_HAPPENINGS, ..Limits::default() };
        let watched = watch(&plan, &limits);
        // With shorter durations there is not much more to do, unless the story is another.
        let happenings = watched.result.happenings.saturating_mul(3) + 100;
        let limits = Limits { happenings: happenings.min(MAX_HAPPENINGS), ..limits };
        let story = Story::of(watched.result.clone());
        let virtual_time = watched.result.virtual_time();
        let values = literals.iter().filter(|literal| !literal.value.is_zero());
        let values = values.map(|literal| (literal.value, literal.value)).collect();
        let ties = match watched.close(&plan, &limits, &story, Ties::Count) {
            Some(close) if close.apart.is_zero() => Ties::AreTheScenarios,
            _ => Ties::Count,
        };
        Ok(Self {
            text,
            file,
            literals,
            values,
            story,
            ties,
            coincidences: watched.coincidences,
            limits,
            virtual_time,
            trials: 0,
        })
    }

    /// Stretches everything, as little as is needed for nothing to be too close together.
    fn stretch(&mut self) -> Result<(), NotRetimed> {
        let written: Vec<Duration> = self.values.keys().copied().collect();
        let mut first_close = None;
        for factor in STRETCHES {
            let stretched = written.iter().map(|value| (*value, value.saturating_mul(factor)));
            match self.trial(&stretched.clone().collect()) {
                Trial::SameStory(plan, watched) => {
                    let close = watched.close(&plan, &self.limits, &self.story, self.ties);
                    let Some(close) = close else {
                        self.values = stretched.collect();
                        self.virtual_time = watched.result.virtual_time();
                        return Ok(());
                    };
                    first_close.get_or_insert(close);
                }
                Trial::Twist(_) | Trial::NotAScenario => {}
            }
        }
        match first_close {
            Some(close) => Err(NotRetimed::TooClose { close }),
            // The scenario as it is written always tells its own story.
            None => Ok(()),
        }
    }

    /// Divides everything by as much as the story bears.
    fn squeeze(&mut self) {
        for factor in SQUEEZES {
            let squeezed = self
                .values
                .iter()
                .map(|(written, now)| (*written, (*now / factor).max(SHORTEST.min(*now))));
            let squeezed = squeezed.collect();
            if self.accept(squeezed) {
                return;
            }
        }
    }

    /// Makes every duration as short as it can be, the shortest first. Whether any became shorter.
    fn shorten(&mut self, how: Move) -> bool {
        let mut any = false;
        let mut written: Vec<Duration> = self.values.keys().copied().collect();
        written.sort_by_key(|value| self.values[value]);
        for value in written {
            let now = self.values[&value];
            for shorter in self.shorter_than(now) {
                let values = match how {
                    Move::Alone => {
                        let mut values = self.values.clone();
                        values.insert(value, shorter);
                        values
                    }
                    Move::WithAllLonger => {
                        let by = now.saturating_sub(shorter);
                        let shifted = self.values.iter().map(|(written, length)| {
                            let by = if *length >= now { by } else { Duration::ZERO };
                            (*written, length.saturating_sub(by))
                        });
                        shifted.collect()
                    }
                };
                if self.accept(values) {
                    any = true;
                    break;
                }
            }
        }
        any
    }

    /// What is tried instead of a duration, shortest first.
    fn shorter_than(&self, now: Duration) -> BTreeSet<Duration> {
        let below = self.values.values().copied().filter(|value| *value < now).max();
        let steps =
            STEPS_MILLIS.map(|step| below.unwrap_or_default() + Duration::from_millis(step));
        ladder().chain(steps).filter(|shorter| *shorter < now).collect()
    }

    /// Keeps these durations, if with them the same story is told in no more time and nothing is
    /// too close together.
    fn accept(&mut self, values: BTreeMap<Duration, Duration>) -> bool {
        if self.trials >= MAX_TRIALS {
            return false;
        }
        let Trial::SameStory(plan, watched) = self.trial(&values) else { return false };
        let time = watched.result.virtual_time();
        if time > self.virtual_time
            || !watched.coincidences.is_subset(&self.coincidences)
            || watched.close(&plan, &self.limits, &self.story, self.ties).is_some()
        {
            return false;
        }
        (self.values, self.virtual_time) = (values, time);
        true
    }

    fn trial(&mut self, values: &BTreeMap<Duration, Duration>) -> Trial {
        self.trials += 1;
        let text = self.written_with(values);
        let Ok(scenario) = Scenario::parse(&text, self.file) else { return Trial::NotAScenario };
        let plan = Plan::new(scenario);
        let watched = watch(&plan, &self.limits);
        match self.story.twist(&watched.result) {
            None => Trial::SameStory(plan, Box::new(watched)),
            Some(twist) => Trial::Twist(twist),
        }
    }

    fn written_with(&self, values: &BTreeMap<Duration, Duration>) -> String {
        let mut text = String::with_capacity(self.text.len());
        let mut from = 0;
        for literal in &self.literals {
            let Some(value) = values.get(&literal.value).filter(|now| **now != literal.value)
            else {
                continue;
            };
            let span = literal.at.span();
            text.push_str(&self.text[from..span.start]);
            text.push_str(&Span(*value).to_string());
            from = span.end;
        }
        text.push_str(&self.text[from..]);
        text
    }

    /// The longest duration that is left, and what a shorter one would change.
    fn longest(&mut self) -> Option<Needed> {
        let (written, now) = self.values.clone().into_iter().max_by_key(|(_, now)| *now)?;
        let at = self.literals.iter().find(|literal| literal.value == written)?.at.clone();
        let shorter = ladder().take_while(|step| *step < now).last().and_then(|shorter| {
            let mut values = self.values.clone();
            values.insert(written, shorter);
            match self.trial(&values) {
                Trial::Twist(twist) => Some((shorter, twist)),
                Trial::SameStory(..) | Trial::NotAScenario => None,
            }
        });
        Some(Needed { at, value: now, shorter })
    }

    fn finish(self) -> Retimed {
        let changes = self.values.iter().filter(|(from, to)| from != to);
        Retimed {
            text: self.written_with(&self.values),
            virtual_time: self.virtual_time,
            changes: changes.map(|(from, to)| Change { from: *from, to: *to }).collect(),
        }
    }
}

fn ladder() -> impl Iterator<Item = Duration> {
    LADDER_MILLIS.into_iter().map(Duration::from_millis)
}
