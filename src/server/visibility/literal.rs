//! The values that a filter compares attributes with.

use std::fmt;

use super::attribute::{Attribute, Type, Value, number};
use super::parse::invalid_expression;
use crate::api::{ExecutionStatus, RpcError};
use crate::clock::{civil, days_from_civil};
use crate::server::go_duration;

/// A value as it stands in a filter.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Literal {
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(&'static str),
    Null,
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?} (type: string)"),
            Self::Integer(number) => write!(f, "{number} (type: int64)"),
            Self::Float(number) => write!(f, "{number} (type: float64)"),
            Self::Boolean(word) => write!(f, "{word} (type: bool)"),
            Self::Null => f.write_str("<nil> (type: <nil>)"),
        }
    }
}

impl Literal {
    /// The value of an attribute that it stands for.
    pub(super) fn value(&self, attribute: Attribute) -> Result<Value, RpcError> {
        if *self == Self::Null {
            return Err(invalid_expression("unexpected value type *sqlparser.NullVal"));
        }
        let mismatch = || {
            let (name, kind) = (attribute.name(), attribute.type_of().name());
            invalid_expression(format_args!(
                "invalid value type for search attribute {name} of type {kind}: {self}"
            ))
        };
        match (attribute, attribute.type_of(), self) {
            (Attribute::ExecutionStatus, _, Self::Text(text)) => status(text),
            (Attribute::ExecutionDuration, _, Self::Text(text)) => {
                duration(text).map(number).ok_or_else(|| {
                    invalid_expression(format_args!(
                        "invalid value for search attribute ExecutionDuration: {text}"
                    ))
                })
            }
            (_, Type::Keyword, Self::Text(text)) => Ok(Value::Text(text.clone())),
            (_, Type::Datetime, Self::Text(text)) => rfc3339(text).map(number).ok_or_else(|| {
                invalid_expression(format_args!("unable to parse datetime '{text}'"))
            }),
            (Attribute::ExecutionStatus, _, Self::Integer(value))
            | (_, Type::Datetime | Type::Int, Self::Integer(value)) => Ok(number(*value)),
            (_, Type::Int, Self::Float(value)) => Ok(Value::Number(*value)),
            _ => Err(mismatch()),
        }
    }
}

fn status(text: &str) -> Result<Value, RpcError> {
    let named = ExecutionStatus::ALL.into_iter().find(|status| status.name() == text);
    named
        .map(|status| Value::Number(super::attribute::status_number(status)))
        .ok_or_else(|| invalid_expression(format_args!("invalid ExecutionStatus value '{text}'")))
}

/// Nanoseconds since the epoch of a text such as `2024-01-01T00:00:00.5Z`.
fn rfc3339(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix('T')?;
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (time, zone) = rest.split_at(zone_at);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let year = fixed(date.get(..4)?, 4, 9_999)?;
    let month = fixed(date.get(4..7)?.strip_prefix('-')?, 2, 12)?;
    let day = fixed(date.get(7..)?.strip_prefix('-')?, 2, 31)?;
    let days = days_from_civil(year, month, day);
    if civil(days) != (year, month, day) {
        return None;
    }
    let seconds = days * 86_400 + of_day(clock)? - offset(zone)?;
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos: i64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

/// The seconds of `hh:mm:ss`.
fn of_day(clock: &str) -> Option<i64> {
    let mut parts = clock.split(':');
    let hours = fixed(parts.next()?, 2, 23)?;
    let minutes = fixed(parts.next()?, 2, 59)?;
    let seconds = fixed(parts.next()?, 2, 59)?;
    parts.next().is_none().then_some(hours * 3_600 + minutes * 60 + seconds)
}

/// The seconds of `Z`, `+hh:mm` or `-hh:mm`.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    Some(sign * (fixed(hours, 2, 23)? * 3_600 + fixed(minutes, 2, 59)? * 60))
}

/// A number of so many digits that is not too large.
fn fixed(text: &str, digits: usize, largest: i64) -> Option<i64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| is_number && *number <= largest)
}

/// Nanoseconds of a text as Go writes durations (`1h30m`), or of `hh:mm:ss`.
fn duration(text: &str) -> Option<i64> {
    let Some((hours, rest)) = text.split_once(':') else { return go_duration::parse(text) };
    let hours: u32 = hours.parse().ok()?;
    let of_hour = of_day(&format!("00:{rest}"))?;
    (i64::from(hours) * 3_600 + of_hour).checked_mul(1_000_000_000)
}
