//! Virtual time: an instant is a number of nanoseconds, and only the simulation moves it.
//!
//! ```
//! use deadbeat::clock::{EPOCH, Time};
//! use std::time::Duration;
//!
//! let later = EPOCH + Duration::from_millis(90_500);
//! assert_eq!(later - EPOCH, Duration::from_millis(90_500));
//! assert_eq!(later.rfc3339(), "2024-01-01T00:01:30.500Z");
//! assert_eq!(later.offset(EPOCH), "00:01:30.500");
//! ```

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

/// The instant at which every scenario begins: 2024-01-01T00:00:00Z.
///
/// It is fixed so that a history's times are the same on every machine and on every day.
pub const EPOCH: Time = Time(1_704_067_200_000_000_000);

/// An instant of virtual time: nanoseconds since the Unix epoch.
///
/// Arithmetic saturates: no duration that a scenario or a client can name overflows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Time(i64);

impl Time {
    /// The last instant there is (in the year 2262).
    pub const MAX: Self = Self(i64::MAX);

    /// The instant `nanos` nanoseconds after the Unix epoch.
    pub const fn from_unix_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn unix_nanos(self) -> i64 {
        self.0
    }

    /// How long after `earlier` this instant is; zero if it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This instant in RFC 3339, in UTC, with three, six or nine decimals or none, as protobuf's
    /// JSON form writes it.
    pub fn rfc3339(self) -> String {
        let seconds = self.0.div_euclid(1_000_000_000);
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        let of_day = seconds.rem_euclid(86_400);
        let fraction = Fraction(u32::try_from(self.0.rem_euclid(1_000_000_000)).unwrap_or(0));
        format!(
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{fraction}Z",
            of_day / 3_600,
            of_day / 60 % 60,
            of_day % 60
        )
    }

    /// The time since `start` as `hh:mm:ss.mmm`, with days in front (`2d 03:04:05.006`) when there
    /// are any, and more decimals when milliseconds do not tell it exactly.
    pub fn offset(self, start: Self) -> String {
        let since = self.since(start);
        let seconds = since.as_secs();
        let nanos = since.subsec_nanos();
        let fraction = if nanos == 0 { ".000".to_owned() } else { Fraction(nanos).to_string() };
        let of_day = seconds % 86_400;
        let clock =
            format!("{:02}:{:02}:{:02}{fraction}", of_day / 3_600, of_day / 60 % 60, of_day % 60);
        match seconds / 86_400 {
            0 => clock,
            days => format!("{days}d {clock}"),
        }
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let nanos = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(nanos))
    }
}

impl Sub for Time {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

/// The fraction of a second, in the fewest groups of three digits that tell it exactly.
struct Fraction(u32);

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            n if n % 1_000_000 == 0 => write!(f, ".{:03}", n / 1_000_000),
            n if n % 1_000 == 0 => write!(f, ".{:06}", n / 1_000),
            n => write!(f, ".{n:09}"),
        }
    }
}

/// The civil date of a day counted from 1970-01-01 (proleptic Gregorian calendar).
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// The day of a civil date, counted from 1970-01-01: the inverse of [`civil`].
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leap_day_is_written_as_one() {
        let leap = EPOCH + Duration::from_secs(59 * 86_400);
        assert_eq!(leap.rfc3339(), "2024-02-29T00:00:00Z");
    }

    #[test]
    fn a_day_and_its_date_tell_each_other() {
        for days in (-800_000..800_000).step_by(97) {
            let (year, month, day) = civil(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
    }

    #[test]
    fn times_before_1970_are_written_too() {
        assert_eq!(Time::from_unix_nanos(-1).rfc3339(), "1969-12-31T23:59:59.999999999Z");
    }

    #[test]
    fn offsets_tell_days_and_odd_fractions() {
        let odd = EPOCH + Duration::new(2 * 86_400 + 3_723, 4_500);
        assert_eq!(odd.offset(EPOCH), "2d 01:02:03.000004500");
        assert_eq!(EPOCH.offset(odd), "00:00:00.000");
    }

    #[test]
    fn addition_saturates() {
        assert_eq!(EPOCH + Duration::MAX, Time::MAX);
    }
}
