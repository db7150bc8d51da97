//! A number that durations are divided by.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// By how much durations are divided: a number above zero with at most three decimals, as in `60`
/// or `2.5`. Below one they become longer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Factor {
    thousandths: NonZeroU32,
}

/// What is written is no [`Factor`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "a number above 0 and up to 1000000 is needed, with at most three decimals, as in 60 or 2.5"
)]
pub struct NotAFactor;

const THOUSAND: u32 = 1_000;
const LARGEST: u32 = 1_000_000 * THOUSAND;

/// No duration that was not zero becomes shorter.
const SHORTEST: Duration = Duration::from_millis(1);

impl Factor {
    /// Durations stay as they are.
    pub const ONE: Self = Self { thousandths: NonZeroU32::new(THOUSAND).expect("is not zero") };

    /// The duration divided, in whole milliseconds.
    pub(super) fn divide(self, duration: Duration) -> Duration {
        if self == Self::ONE {
            return duration;
        }
        let millis = duration.as_nanos() / u128::from(self.thousandths.get()) / 1_000;
        let divided = Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX));
        divided.max(SHORTEST.min(duration))
    }
}

impl FromStr for Factor {
    type Err = NotAFactor;

    fn from_str(text: &str) -> Result<Self, NotAFactor> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let are_digits = |text: &str| {
            !text.is_empty() && text.len() <= 7 && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !are_digits(whole) || !are_digits(decimals) || decimals.len() > 3 {
            return Err(NotAFactor);
        }
        let whole: u32 = whole.parse().map_err(|_| NotAFactor)?;
        let decimals: u32 = format!("{decimals:0<3}").parse().map_err(|_| NotAFactor)?;
        let thousandths = whole.checked_mul(THOUSAND).and_then(|of| of.checked_add(decimals));
        let thousandths = thousandths.filter(|of| *of <= LARGEST).and_then(NonZeroU32::new);
        thousandths.map(|thousandths| Self { thousandths }).ok_or(NotAFactor)
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, decimals) =
            (self.thousandths.get() / THOUSAND, self.thousandths.get() % THOUSAND);
        match decimals {
            0 => write!(f, "{whole}"),
            _ => f.write_str(format!("{whole}.{decimals:03}").trim_end_matches('0')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_is_a_number_above_zero() {
        for (text, shown) in [("60", "60"), ("2.5", "2.5"), ("0.125", "0.125"), ("1.0", "1")] {
            assert_eq!(text.parse::<Factor>().unwrap().to_string(), shown);
        }
        for text in ["", "0", "0.000", "-1", "1e3", "1.2345", "x", ".5", "5.", "1000001", "inf"] {
            assert_eq!(text.parse::<Factor>(), Err(NotAFactor), "{text}");
        }
    }

    #[test]
    fn durations_are_divided_into_whole_milliseconds() {
        let divide = |factor: &str, millis| {
            factor.parse::<Factor>().unwrap().divide(Duration::from_millis(millis)).as_millis()
        };
        assert_eq!(divide("60", 3_600_000), 60_000);
        assert_eq!(divide("2.5", 1_000), 400);
        assert_eq!(divide("0.5", 1_000), 2_000);
        assert_eq!(divide("7", 1_000), 142);
        assert_eq!(divide("1000000", 1), 1);
        assert_eq!(divide("1000000", 0), 0);
    }
}
