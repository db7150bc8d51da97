//! Durations as Go writes them, in cron schedules and list filters.

use std::time::Duration;

/// Nanoseconds of a duration as Go writes it: `1h30m`, `1.5s`, `-5s`.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (amount, behind) = rest.split_at(digits);
        let unit = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit);
        let unit = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        total = total.checked_add(amount_of(amount, unit)?)?;
        rest = behind;
    }
    let nanos = i64::try_from(total.as_nanos()).ok()?;
    Some(if negative { -nanos } else { nanos })
}

/// A decimal number of units of this many nanoseconds.
fn amount_of(amount: &str, unit: u64) -> Option<Duration> {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let number = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse().ok() };
    let whole: u64 = number(whole)?;
    // Beyond the ninth decimal there is less than a nanosecond, but for minutes and hours.
    let kept = &fraction[..fraction.len().min(9)];
    let scale = 10u64.pow(u32::try_from(kept.len()).unwrap_or(0));
    let part = u128::from(number(kept)?) * u128::from(unit) / u128::from(scale);
    let nanos = whole.checked_mul(unit)?.checked_add(u64::try_from(part).ok()?)?;
    Some(Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_sign_and_numbers_with_units() {
        for (text, nanos) in [
            ("0", Some(0)),
            ("1h30m", Some(5_400_000_000_000)),
            ("-1.5s", Some(-1_500_000_000)),
            ("+2µs3ns", Some(2_003)),
            (".5ms", Some(500_000)),
            ("", None),
            ("-", None),
            ("5", None),
            ("5 s", None),
            ("1..5s", None),
            ("9999999h", None),
        ] {
            assert_eq!(parse(text), nanos, "{text}");
        }
    }
}
