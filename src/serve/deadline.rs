//! How long a client waits, as its header `grpc-timeout` tells.

use std::time::Duration;

use crate::api::{Code, RpcError};

/// Reads a header such as `70S` or `1500m`.
pub(super) fn timeout(header: Option<&str>) -> Result<Option<Duration>, RpcError> {
    let Some(text) = header else { return Ok(None) };
    let malformed = || {
        RpcError::new(Code::Internal, format!("malformed grpc-timeout: {}", text.escape_debug()))
    };
    let (digits, unit) =
        text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(malformed)?;
    let is_number = (1..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| is_number).ok_or_else(malformed)?;
    let timeout = match unit {
        "H" => Duration::from_secs(number * 3_600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return Err(malformed()),
    };
    Ok(Some(timeout))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_has_up_to_eight_digits_and_a_unit() {
        let read = |text| timeout(Some(text)).ok().flatten();
        assert_eq!(read("70S"), Some(Duration::from_secs(70)));
        assert_eq!(read("99999999H"), Some(Duration::from_secs(99_999_999 * 3_600)));
        assert_eq!(read("1500m"), Some(Duration::from_millis(1_500)));
        assert_eq!(timeout(None), Ok(None));
        for malformed in ["", "S", "5", "5s", "-5S", "+5S", "123456789S", "5 S", "5é", "é"] {
            assert!(timeout(Some(malformed)).is_err(), "{malformed}");
        }
    }
}
