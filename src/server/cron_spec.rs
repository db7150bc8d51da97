//! Cron schedules in the dialect that Temporal speaks: that of robfig/cron's standard parser.
//!
//! Five fields (minute, hour, day of month, month, day of week) or a descriptor (`@daily`,
//! `@every 5s`), with a time zone in front if there is one. Where that parser is lenient so is this
//! one, for a schedule that the real server takes must not be refused here.

use super::go_duration;
use crate::clock::{Time, civil};

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

/// How far ahead a date is looked for before there is none, in years.
const HORIZON: i64 = 5;

/// When something is due, again and again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Schedule {
    /// At whole seconds, this many apart.
    Every(i64),
    /// At the minutes whose fields match.
    At(Fields),
}

/// The values that each field of a date may have, as bits, and whether a field is a star.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fields {
    minute: u64,
    hour: u64,
    day_of_month: u64,
    month: u64,
    day_of_week: u64,
}

/// Why a text is no schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum NoSchedule {
    /// It is not well formed.
    Malformed,
    /// A time zone with nothing behind it, which the parser does not survive.
    NothingBehindZone,
    /// A time zone that needs a database.
    UnknownZone(String),
}

/// The bit of a field that says "any", as robfig's parser keeps it.
const STAR: u64 = 1 << 63;

/// What a field may hold.
struct Bounds {
    low: u64,
    high: u64,
    names: &'static [&'static str],
}

const MINUTES: Bounds = Bounds { low: 0, high: 59, names: &[] };
const HOURS: Bounds = Bounds { low: 0, high: 23, names: &[] };
const DAYS_OF_MONTH: Bounds = Bounds { low: 1, high: 31, names: &[] };
const MONTHS: Bounds = Bounds {
    low: 1,
    high: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const DAYS_OF_WEEK: Bounds =
    Bounds { low: 0, high: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

/// The names of UTC; what is local is UTC too.
const UTC: [&str; 12] = [
    "",
    "UTC",
    "Local",
    "Etc/UTC",
    "GMT",
    "Etc/GMT",
    "Etc/UCT",
    "Etc/Universal",
    "Etc/Zulu",
    "UCT",
    "Universal",
    "Zulu",
];

impl Schedule {
    /// Reads a schedule.
    pub(super) fn parse(text: &str) -> Result<Self, NoSchedule> {
        let text = match text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ=")) {
            None => text,
            Some(zoned) => {
                let (zone, text) = zoned.split_once(' ').ok_or(NoSchedule::NothingBehindZone)?;
                if !UTC.contains(&zone) {
                    return Err(NoSchedule::UnknownZone(zone.to_owned()));
                }
                text.trim()
            }
        };
        if text.starts_with('@') {
            return descriptor(text).ok_or(NoSchedule::Malformed);
        }
        fields(text).map(Self::At).ok_or(NoSchedule::Malformed)
    }

    /// The first time after `after` and not before `earliest` that is on the schedule; counted from
    /// `after` if it has no dates of its own.
    pub(super) fn next(self, after: Time, earliest: Time) -> Option<Time> {
        let (after, earliest) = (after.unix_nanos(), earliest.unix_nanos());
        let next = match self {
            Self::Every(seconds) => {
                let base = after.div_euclid(SECOND);
                let wanted = earliest.div_euclid(SECOND) + i64::from(earliest % SECOND != 0);
                let ahead = wanted.saturating_sub(base).max(1);
                let steps = ahead / seconds + i64::from(ahead % seconds != 0);
                base.checked_add(steps.checked_mul(seconds)?)?
            }
            Self::At(fields) => fields.next(after.max(earliest.saturating_sub(1)))?,
        };
        Some(Time::from_unix_nanos(next.checked_mul(SECOND)?))
    }
}

impl Fields {
    /// The second, since the Unix epoch, of the first date after this many nanoseconds.
    fn next(&self, after: i64) -> Option<i64> {
        let first = after.div_euclid(SECOND) + 1;
        let (year, ..) = civil(first.div_euclid(DAY));
        for day in first.div_euclid(DAY).. {
            let (of_year, month, of_month) = civil(day);
            if of_year > year + HORIZON {
                return None;
            }
            if !has(self.month, month) || !self.has_day(of_month, (day + 4).rem_euclid(7)) {
                continue;
            }
            let from = (first - day * DAY).max(0);
            if let Some(second) = self.next_of_day(from) {
                return Some(day * DAY + second);
            }
        }
        None
    }

    /// The first second of a day that matches, no earlier than `from`.
    fn next_of_day(&self, from: i64) -> Option<i64> {
        let minutes = (from + 59) / 60..DAY / 60;
        let matches = |minute: &i64| has(self.hour, minute / 60) && has(self.minute, minute % 60);
        minutes.into_iter().find(matches).map(|minute| minute * 60)
    }

    /// Either day will do, unless one of them is a star: then it is the other that counts.
    fn has_day(&self, of_month: i64, of_week: i64) -> bool {
        let (month, week) = (has(self.day_of_month, of_month), has(self.day_of_week, of_week));
        if self.day_of_month & STAR != 0 || self.day_of_week & STAR != 0 {
            month && week
        } else {
            month || week
        }
    }
}

fn has(bits: u64, value: i64) -> bool {
    bits & (1 << value) != 0
}

fn descriptor(text: &str) -> Option<Schedule> {
    let standard = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        other => {
            let interval = go_duration::parse(other.strip_prefix("@every ")?)?;
            return Some(Schedule::Every((interval / SECOND).max(1)));
        }
    };
    fields(standard).map(Schedule::At)
}

fn fields(text: &str) -> Option<Fields> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [minute, hour, day_of_month, month, day_of_week] = parts[..] else { return None };
    Some(Fields {
        minute: field(minute, &MINUTES)?,
        hour: field(hour, &HOURS)?,
        day_of_month: field(day_of_month, &DAYS_OF_MONTH)?,
        month: field(month, &MONTHS)?,
        day_of_week: field(day_of_week, &DAYS_OF_WEEK)?,
    })
}

/// A list of ranges; empty ones are passed over.
fn field(text: &str, bounds: &Bounds) -> Option<u64> {
    let ranges = text.split(',').filter(|range| !range.is_empty());
    ranges.map(|text| range(text, bounds)).try_fold(0, |bits, range| Some(bits | range?))
}

/// `*`, `n`, `n-m`, each with a `/step` or none. What is behind a star's hyphen is never read.
fn range(text: &str, bounds: &Bounds) -> Option<u64> {
    let parts: Vec<&str> = text.split('/').collect();
    let ends: Vec<&str> = parts[0].split('-').collect();
    let is_star = matches!(ends[0], "*" | "?");
    let (low, mut high) = match ends[..] {
        _ if is_star => (bounds.low, bounds.high),
        [only] => {
            let value = number_or_name(only, bounds)?;
            (value, value)
        }
        [low, high] => (number_or_name(low, bounds)?, number_or_name(high, bounds)?),
        _ => return None,
    };
    let step = match parts[..] {
        [_] => 1,
        [_, step] => {
            if ends.len() == 1 {
                high = bounds.high;
            }
            number(step)?
        }
        _ => return None,
    };
    if low < bounds.low || high > bounds.high || low > high || step == 0 {
        return None;
    }
    let step_by = usize::try_from(step).unwrap_or(usize::MAX);
    let bits = (low..=high).step_by(step_by).fold(0, |bits, value| bits | 1 << value);
    Some(if is_star && step == 1 { bits | STAR } else { bits })
}

fn number_or_name(text: &str, bounds: &Bounds) -> Option<u64> {
    let name = text.to_lowercase();
    match bounds.names.iter().position(|known| *known == name) {
        Some(at) => Some(bounds.low + at as u64),
        None => number(text),
    }
}

fn number(text: &str) -> Option<u64> {
    text.parse::<i64>().ok().and_then(|number| u64::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::EPOCH;

    /// The first time after the epoch, 2024-01-01T00:00:00Z, a Monday.
    fn first(text: &str) -> String {
        let schedule = Schedule::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        schedule.next(EPOCH, EPOCH).map_or_else(String::new, Time::rfc3339)
    }

    #[test]
    fn the_next_time_is_the_one_that_robfigs_parser_gives() {
        for (text, expected) in [
            ("* * * * *", "2024-01-01T00:01:00Z"),
            ("*/5 * * * *", "2024-01-01T00:05:00Z"),
            ("3/25 5 * * *", "2024-01-01T05:03:00Z"),
            ("20-30/3 5 * * *", "2024-01-01T05:20:00Z"),
            ("1,2,,3 * * * *", "2024-01-01T00:01:00Z"),
            ("*-9/7 5 * * *", "2024-01-01T05:00:00Z"),
            ("  0   12 * * *  ", "2024-01-01T12:00:00Z"),
            ("+5 * * * *", "2024-01-01T00:05:00Z"),
            ("0 0 29 2 *", "2024-02-29T00:00:00Z"),
            ("0 0 1 JAN ?", "2025-01-01T00:00:00Z"),
            ("CRON_TZ=UTC 0 12 * * *", "2024-01-01T12:00:00Z"),
            ("TZ= @hourly", "2024-01-01T01:00:00Z"),
            ("@daily", "2024-01-02T00:00:00Z"),
            ("@weekly", "2024-01-07T00:00:00Z"),
            ("@monthly", "2024-02-01T00:00:00Z"),
            ("@yearly", "2025-01-01T00:00:00Z"),
            ("@every 1h30m", "2024-01-01T01:30:00Z"),
            ("@every 1.9s", "2024-01-01T00:00:01Z"),
            ("@every 500ms", "2024-01-01T00:00:01Z"),
            ("@every -5s", "2024-01-01T00:00:01Z"),
            ("@every 0", "2024-01-01T00:00:01Z"),
            ("* * 31 2 *", ""),
            (", * * * *", ""),
        ] {
            assert_eq!(first(text), expected, "{text}");
        }
    }

    #[test]
    fn a_day_of_the_month_and_one_of_the_week_are_alternatives_unless_one_is_a_star() {
        assert_eq!(first("0 0 20 * wed"), "2024-01-03T00:00:00Z");
        assert_eq!(first("0 0 20 * *"), "2024-01-20T00:00:00Z");
        assert_eq!(first("0 0 ? * wed"), "2024-01-03T00:00:00Z");
        assert_eq!(first("0 0 */30 * wed"), "2024-01-03T00:00:00Z", "a step makes it no star");
        assert_eq!(first("0 0 31 */1 */2"), "2024-01-02T00:00:00Z");
    }

    #[test]
    fn what_the_real_server_refuses_is_no_schedule() {
        let refused = "x|* * * *|* * * * * *|60 * * * *|@every|@reboot|*/0 * * * *|5-2 * * * *|\
                       * * * 13 *|* * * * 7|* * 0 * *|@Daily|? ? ? ? ?x|mon * * * *|* * * jan-13 *|\
                       * * * * sunday|*/ * * * *|1/2/3 * * * *|1-2-3 * * * *|@every 1|@hourly |\
                       */-1 * * * *|-1 * * * *|@every 1h 2m| |@every 1..5s|@every .s";
        for text in refused.split('|') {
            assert_eq!(Schedule::parse(text), Err(NoSchedule::Malformed), "{text}");
        }
        assert_eq!(Schedule::parse("CRON_TZ=UTC"), Err(NoSchedule::NothingBehindZone));
        let zone = NoSchedule::UnknownZone("Europe/Berlin".to_owned());
        assert_eq!(Schedule::parse("CRON_TZ=Europe/Berlin @daily"), Err(zone));
    }

    #[test]
    fn times_that_have_passed_meanwhile_are_skipped() {
        let every = |seconds| Schedule::Every(seconds);
        let at = |seconds: u64, nanos| EPOCH + Duration::new(seconds, nanos);
        assert_eq!(every(4).next(at(4, 0), at(5, 5)), Some(at(8, 0)));
        assert_eq!(every(2).next(at(2, 488), at(4, 514)), Some(at(6, 0)));
        assert_eq!(every(2).next(at(2, 0), at(4, 0)), Some(at(4, 0)), "due just now");
        assert_eq!(every(1).next(at(0, 0), Time::MAX), None, "beyond the last instant");
        let minutes = Schedule::parse("*/2 * * * *").unwrap();
        assert_eq!(minutes.next(at(0, 0), at(120, 0)), Some(at(120, 0)));
        assert_eq!(minutes.next(at(120, 0), at(0, 0)), Some(at(240, 0)));
        assert_eq!(minutes.next(at(0, 0), at(120, 1)), Some(at(240, 0)));
    }
}
