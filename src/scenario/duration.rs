//! Durations as people write them: `500ms`, `30s`, `5m`, `2h`, `1d`, `1h30m`.
//!
//! ```
//! use deadbeat::scenario::duration::Span;
//! use std::time::Duration;
//!
//! let span: Span = "1h30m".parse().unwrap();
//! assert_eq!(span.0, Duration::from_secs(5_400));
//! assert_eq!(span.to_string(), "1h30m");
//! assert!("5".parse::<Span>().unwrap_err().to_string().contains("needs a unit"));
//! ```

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use super::limits::MAX_DURATION;

/// A duration with the text form of the language: whole numbers with the units `d`, `h`, `m`, `s`,
/// `ms`, `us`, `ns`, each at most once and in this order, without spaces. At most 100 years.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span(pub Duration);

/// The units, largest first, in nanoseconds.
const UNITS: [(&str, u128); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Why a text is not a duration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotASpan {
    /// A number without a unit.
    #[error("a duration needs a unit: `{0}s`, `{0}ms`, `{0}m`?")]
    NoUnit(String),
    /// Below zero.
    #[error("a duration cannot be negative")]
    Negative,
    /// Above [`MAX_DURATION`].
    #[error("a duration can be 100 years (36500d) at most")]
    TooLong,
    /// With a decimal point.
    #[error("a duration has no decimals: write `1500ms` or `1s500ms` instead of `1.5s`")]
    Fraction,
    /// A unit that there is not.
    #[error("`{0}` is no unit of time; the units are d, h, m, s, ms, us, ns")]
    UnknownUnit(String),
    /// A unit twice, or after a smaller one.
    #[error("units go from large to small, each at most once, as in `1h30m`")]
    Disorder,
    /// Anything else.
    #[error("not a duration; one looks like `500ms`, `30s`, `5m`, `2h`, `1d` or `1h30m`")]
    Malformed,
}

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let trimmed = text.trim();
        if trimmed.starts_with(['-', '−']) {
            return Err(NotASpan::Negative);
        }
        if !trimmed.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(NotASpan::Malformed);
        }
        let mut rest = trimmed;
        let mut smaller = &UNITS[..];
        let mut nanos = 0_u128;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (number, after) = rest.split_at(digits);
            if after.starts_with(['.', ',']) {
                return Err(NotASpan::Fraction);
            }
            if number.is_empty() {
                return Err(NotASpan::Malformed);
            }
            let length = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
            let (unit, after) = after.split_at(length);
            if unit.is_empty() {
                return Err(NotASpan::NoUnit(number.chars().take(20).collect()));
            }
            let Some(place) = smaller.iter().position(|(name, _)| *name == unit) else {
                let known = UNITS.iter().any(|(name, _)| *name == unit);
                let unit = unit.chars().take(20).collect();
                return Err(if known { NotASpan::Disorder } else { NotASpan::UnknownUnit(unit) });
            };
            // More digits than 28 are more than 100 years of nanoseconds.
            let number: u128 = match number.trim_start_matches('0') {
                "" => 0,
                digits if digits.len() > 28 => return Err(NotASpan::TooLong),
                digits => digits.parse().map_err(|_| NotASpan::TooLong)?,
            };
            nanos = nanos.saturating_add(number.saturating_mul(smaller[place].1));
            smaller = &smaller[place + 1..];
            rest = after;
        }
        if nanos > MAX_DURATION.as_nanos() {
            return Err(NotASpan::TooLong);
        }
        u64::try_from(nanos).map(Duration::from_nanos).map(Self).map_err(|_| NotASpan::TooLong)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_nanos();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, size) in UNITS {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Any, so that a number without a unit gets an error of its own.
        deserializer.deserialize_any(SpanVisitor)
    }
}

struct SpanVisitor;

impl Visitor<'_> for SpanVisitor {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as `30s`")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Span, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Span, E> {
        Err(E::custom(NotASpan::NoUnit(number.to_string())))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Span, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::custom(NotASpan::Negative)),
        }
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Span, E> {
        Err(E::custom(if number < 0.0 { NotASpan::Negative } else { NotASpan::Fraction }))
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A duration, as in 500ms, 30s, 5m, 2h, 1d, 1h30m.",
            "pattern": "^(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?([0-9]+us)?([0-9]+ns)?$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> NotASpan {
        text.parse::<Span>().unwrap_err()
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["0s", "500ms", "30s", "1h30m", "1d2h3m4s5ms6us7ns", "36500d"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        assert_eq!("90m".parse::<Span>().unwrap().to_string(), "1h30m");
    }

    #[test]
    fn what_is_not_a_duration_is_refused_for_its_own_reason() {
        assert_eq!(refused("-5s"), NotASpan::Negative);
        assert_eq!(refused("5"), NotASpan::NoUnit("5".into()));
        assert_eq!(refused("1.5s"), NotASpan::Fraction);
        assert_eq!(refused("5 s"), NotASpan::NoUnit("5".into()));
        assert_eq!(refused("5w"), NotASpan::UnknownUnit("w".into()));
        assert_eq!(refused("30m1h"), NotASpan::Disorder);
        assert_eq!(refused("1h1h"), NotASpan::Disorder);
        assert_eq!(refused("36501d"), NotASpan::TooLong);
        assert_eq!(refused(&format!("{}d", "9".repeat(1_000))), NotASpan::TooLong);
        for text in ["", "soon", "s", "h5"] {
            assert_eq!(refused(text), NotASpan::Malformed, "{text}");
        }
    }
}
