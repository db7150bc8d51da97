//! Official durations, which may be negative or out of range, and ours, which may not.

use std::time::Duration;

use crate::official::well_known;

/// No duration is longer: a hundred years (observed).
const MAXIMUM: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

/// The duration; zero if it is negative.
pub(super) fn to_std(duration: &well_known::Duration) -> Duration {
    let seconds = u64::try_from(duration.seconds);
    let nanos = u32::try_from(duration.nanos);
    match (seconds, nanos) {
        (Ok(seconds), Ok(nanos)) => Duration::from_secs(seconds)
            .saturating_add(Duration::from_nanos(nanos.into()))
            .min(MAXIMUM),
        _ => Duration::ZERO,
    }
}

/// The duration; zero if it is not set or negative.
pub(super) fn or_zero(duration: Option<&well_known::Duration>) -> Duration {
    duration.map_or(Duration::ZERO, to_std)
}

/// Whether it is set and negative.
pub(super) fn is_negative(duration: Option<&well_known::Duration>) -> bool {
    duration.is_some_and(|duration| duration.seconds < 0 || duration.nanos < 0)
}
