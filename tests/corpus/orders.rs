//! Cases in which the real server has several things to do at one instant and does them in any
//! order (R71, R86): starts of children, external cancels and signals, their results, handing out
//! of tasks, deadlines.
//!
//! Such a recording must be, to the last attribute, what comes of *some* order of the server's own
//! work. This is stricter than to compare up to a permutation of events: what follows from what, and
//! what a workflow task sees of it, is then the server's own doing.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use deadbeat::verify::Case;

use crate::compare::{Differences, compare};
use crate::driver::{AfterDifference, Manner, Played, play};

/// More orders than any case needs to be tried.
const MAX_PLAYS: usize = 400;

/// An order to try. The one that is varied from the play that came furthest comes first, then the
/// one with fewest picks that are not the default ones, then the one that leaves the beginning as it
/// is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    came_to: usize,
    deviations: Reverse<usize>,
    picks: Reverse<Vec<usize>>,
}

/// Plays a case in one order after the other until what comes of it is what was recorded. What is
/// reported of a case for which there is no such order is how the one differs that came furthest.
pub(crate) fn search(case: &Case) -> Result<(Manner, Played), Differences> {
    let mut candidates = BinaryHeap::new();
    let mut seen = BTreeSet::from([Vec::new()]);
    let mut manner = Manner { after_difference: AfterDifference::Stop, ..Manner::default() };
    let mut furthest = (0, manner.clone());
    for _ in 0..MAX_PLAYS {
        let played = play(case, &manner);
        if played.stopped_at.is_none() && compare(case, &played).is_ok() {
            return Ok((manner, played));
        }
        let came_to = played.stopped_at.unwrap_or(case.steps.len());
        if furthest.0 < came_to {
            furthest = (came_to, manner.clone());
        }
        for picks in variations(&manner.picks, &played.choices) {
            if seen.insert(picks.clone()) {
                let deviations = Reverse(picks.iter().filter(|pick| **pick > 0).count());
                candidates.push(Candidate { came_to, deviations, picks: Reverse(picks) });
            }
        }
        match candidates.pop() {
            Some(Candidate { picks: Reverse(next), .. }) => manner.picks = next,
            None => break,
        }
    }
    let manner = Manner { after_difference: AfterDifference::GoOn, ..furthest.1 };
    let played = play(case, &manner);
    compare(case, &played).map(|()| (manner, played))
}

/// The orders that are as this one but for one choice.
fn variations(picks: &[usize], choices: &[usize]) -> Vec<Vec<usize>> {
    let mut variations = Vec::new();
    for (at, count) in choices.iter().enumerate() {
        let now = picks.get(at).copied().unwrap_or(0);
        for pick in (0..*count).filter(|pick| *pick != now) {
            let mut varied = picks.to_vec();
            varied.resize(varied.len().max(at + 1), 0);
            varied[at] = pick;
            while varied.last() == Some(&0) {
                varied.pop();
            }
            variations.push(varied);
        }
    }
    variations
}
