//! The column of times: as wide as its widest time needs, and the points below each other.

use crate::clock::Time;

/// How wide the times of one block are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TimeColumn {
    start: Time,
    /// Days and seconds, up to the point.
    whole: usize,
    /// The point and what is behind it.
    fraction: usize,
}

impl TimeColumn {
    /// The column of these times, counted from `start`.
    pub(crate) fn of(times: impl Iterator<Item = Time>, start: Time) -> Self {
        times.fold(Self { start, whole: 0, fraction: 0 }, |column, time| {
            let text = time.offset(start);
            let whole = point(&text);
            Self {
                whole: column.whole.max(whole),
                fraction: column.fraction.max(text.len() - whole),
                ..column
            }
        })
    }

    /// How many characters each cell has.
    pub(crate) fn width(self) -> usize {
        self.whole + self.fraction
    }

    /// A time of the column.
    pub(crate) fn cell(self, time: Time) -> String {
        let text = time.offset(self.start);
        let before = self.whole.saturating_sub(point(&text));
        let width = self.width().saturating_sub(before);
        format!("{:before$}{text:width$}", "")
    }
}

fn point(text: &str) -> usize {
    text.find('.').unwrap_or(text.len())
}
