//! "Did you mean": the known name that is nearest to one that is not known.

/// Names longer than this are not compared: the distance costs the product of the lengths.
const MAX_LENGTH: usize = 64;

/// Names that are further apart are not alike, however long they are.
const FURTHEST: usize = 5;

/// How many names are compared at most.
const MAX_NAMES: usize = 500;

/// The one of `known` that `unknown` was most likely meant to be, if any is near.
pub(super) fn nearest<'a>(
    unknown: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let folded = fold(unknown);
    let near = known.into_iter().take(MAX_NAMES).filter_map(|name| {
        let candidate = fold(name);
        if candidate == folded {
            return Some((0, name));
        }
        if folded.len() > MAX_LENGTH || candidate.len() > MAX_LENGTH {
            return None;
        }
        let allowed = (folded.len().max(candidate.len()) / 3).clamp(1, FURTHEST);
        if folded.len().abs_diff(candidate.len()) > allowed {
            return None;
        }
        let distance = distance(&folded, &candidate);
        (distance <= allowed && distance < candidate.len()).then_some((distance, name))
    });
    // Ties go to the name that comes first in the alphabet, whatever the order of `known`.
    near.min().map(|(_, name)| name)
}

/// A name without what people get wrong first: case, `_`, `-` and spaces.
fn fold(name: &str) -> Vec<char> {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .take(MAX_LENGTH + 1)
        .collect()
}

/// How many letters must be changed, added, dropped or swapped with the next; exact up to
/// [`FURTHEST`], and above it if it is above.
fn distance(a: &[char], b: &[char]) -> usize {
    const FAR: usize = FURTHEST + 1;
    let mut before = vec![FAR; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![FAR; b.len() + 1];
        row[0] = i + 1;
        // Further from the diagonal everything is far.
        for j in i.saturating_sub(FURTHEST)..b.len().min(i + FAR) {
            let y = &b[j];
            let replaced = last[j] + usize::from(x != y);
            row[j + 1] = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_find_the_name_that_was_meant() {
        let known = ["start_activity", "start_timer", "sleep", "cancel"];
        assert_eq!(nearest("start_activty", known), Some("start_activity"));
        assert_eq!(nearest("slepe", known), Some("sleep"));
        assert_eq!(nearest("StartTimer", known), Some("start_timer"));
        assert_eq!(nearest("canceled", known), Some("cancel"));
        assert_eq!(nearest("ActivityFailed", ["ActivityTaskFailed"]), Some("ActivityTaskFailed"));
    }

    #[test]
    fn what_is_far_from_everything_finds_nothing() {
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("teleport", ["sleep", "start_timer"]), None);
        assert_eq!(nearest(&"a".repeat(100_000), ["aaaa"]), None);
    }
}
