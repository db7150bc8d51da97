//! How far a search is: a line that is drawn again and again on a terminal, a line now and then in a
//! log.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::explore::Progress;
use crate::report::search::Large;

/// How progress is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shown {
    /// Not at all.
    Never,
    /// On a terminal, not in a log.
    OnTerminal,
    /// On a terminal, and in a log as plain lines.
    Always,
}

/// What is being searched, and how much time there is.
#[derive(Clone, Debug)]
pub(super) struct Doing {
    /// What.
    pub(super) what: String,
    /// Since when, and until when at the latest, for the whole command.
    pub(super) time: (Instant, Option<Instant>),
}

impl Shown {
    /// Shows how far a search is until `ended` is closed.
    pub(super) fn show(self, doing: &Doing, progress: &Progress, ended: &Receiver<()>) {
        let is_terminal = io::stderr().is_terminal();
        let period = match (self, is_terminal) {
            (Self::Never, _) | (Self::OnTerminal, false) => return,
            (_, true) => REDRAWN_EVERY,
            (Self::Always, false) => LOGGED_EVERY,
        };
        let mut drawn = false;
        while ended.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
            let line = doing.line(progress);
            let mut errors = anstream::stderr().lock();
            // Nothing depends on whether somebody sees it.
            let _ = if is_terminal {
                drawn = true;
                let columns = terminal_size::terminal_size_of(io::stderr());
                let columns = columns.map_or(COLUMNS, |(width, _)| usize::from(width.0));
                let line: String = line.chars().take(columns.saturating_sub(1)).collect();
                write!(errors, "{CLEAR}{line}").and_then(|()| errors.flush())
            } else {
                writeln!(errors, "{line}")
            };
        }
        if drawn {
            let mut errors = anstream::stderr().lock();
            let _ = write!(errors, "{CLEAR}").and_then(|()| errors.flush());
        }
    }
}

const REDRAWN_EVERY: Duration = Duration::from_millis(200);
const LOGGED_EVERY: Duration = Duration::from_secs(10);

/// How wide a terminal is that does not say so.
const COLUMNS: usize = 80;

/// To the line's beginning, and all behind it away.
const CLEAR: &str = "\r\x1b[2K";

impl Doing {
    fn line(&self, progress: &Progress) -> String {
        let states = progress.states.load(Ordering::Relaxed);
        let runs = progress.runs.load(Ordering::Relaxed);
        let far = match (states, runs) {
            (0, 0) => "begins".to_owned(),
            (states, 0) => format!("{} states", Large(states.into())),
            (_, runs) => format!("{} runs", Large(runs.into())),
        };
        format!("{}{}: {far}", bar(self.time, Instant::now()), self.what)
    }
}

/// How much of the time has passed: `[######--------------]  18 of 60 s  `; without a limit how much
/// has passed.
fn bar((begin, end): (Instant, Option<Instant>), now: Instant) -> String {
    const CELLS: usize = 20;
    let passed = now.saturating_duration_since(begin);
    let Some(end) = end else { return format!("{} s  ", passed.as_secs()) };
    let all = end.saturating_duration_since(begin).max(Duration::from_millis(1));
    let passed = passed.min(all);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let full = (passed.as_secs_f64() / all.as_secs_f64() * CELLS as f64) as usize;
    let (full, empty) = ("#".repeat(full.min(CELLS)), "-".repeat(CELLS - full.min(CELLS)));
    format!("[{full}{empty}] {:>3} of {} s  ", passed.as_secs(), all.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_as_full_as_the_time_has_passed() {
        let begin = Instant::now();
        let end = begin + Duration::from_secs(60);
        let at = |seconds| bar((begin, Some(end)), begin + Duration::from_secs(seconds));
        assert_eq!(at(0), "[--------------------]   0 of 60 s  ");
        assert_eq!(at(18), "[######--------------]  18 of 60 s  ");
        assert_eq!(at(90), "[####################]  60 of 60 s  ");
        assert_eq!(bar((begin, None), begin + Duration::from_secs(7)), "7 s  ");
    }
}
