//! Durations as an SDK's worker writes them.

use std::time::Duration;

/// A duration as the official messages have it; none if it is longer than they can tell.
pub(super) fn official<T: TryFrom<Duration>>(duration: Duration) -> Option<T> {
    T::try_from(duration).ok()
}
