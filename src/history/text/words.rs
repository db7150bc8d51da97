//! Words and durations.

use std::borrow::Cow;
use std::time::Duration;

/// Text that stays on its line and does nothing to a terminal: control characters are escaped.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmless(c) {
            plain.push(c);
        } else {
            plain.extend(c.escape_default());
        }
    }
    plain
}

fn is_harmless(c: char) -> bool {
    // What writes from right to left or takes no room could make a line read as another.
    let hidden = matches!(c,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !c.is_control() && !hidden
}

/// What somebody said, in quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", plain(&text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// Text that is cut off where it gets too long.
pub(crate) fn shortened(text: &str, maximum: usize) -> Cow<'_, str> {
    match text.char_indices().nth(maximum) {
        None => text.into(),
        Some((end, _)) => format!("{}...", &text[..end]).into(),
    }
}

/// A name as one word: in quotes if it would not be seen as one.
pub(crate) fn word(text: &str) -> String {
    let is_odd = |c: char| c.is_whitespace() || !is_harmless(c) || "\"(),".contains(c);
    if text.is_empty() || text.contains(is_odd) { quoted(text) } else { text.to_owned() }
}

/// A duration as scenarios write it: `500ms`, `1m30s`, `1h`.
pub(super) fn short(duration: Duration) -> String {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    let (millis, odd) = (nanos / 1_000_000, nanos % 1_000_000);
    if seconds == 0 && millis > 0 && odd == 0 {
        return format!("{millis}ms");
    }
    let fraction = format!(".{nanos:09}");
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    let parts = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m")];
    let mut text = String::new();
    for (count, unit) in parts {
        if count > 0 {
            text.push_str(&count.to_string());
            text.push_str(unit);
        }
    }
    let rest = seconds % 60;
    if rest > 0 || nanos > 0 || text.is_empty() {
        text.push_str(&rest.to_string());
        text.push_str(fraction);
        text.push('s');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_with_the_units_that_people_use() {
        let written: Vec<String> = [
            Duration::ZERO,
            Duration::from_nanos(7),
            Duration::from_micros(1_500),
            Duration::from_millis(500),
            Duration::from_millis(1_500),
            Duration::from_secs(90),
            Duration::from_secs(3_600),
            Duration::from_secs(90_061),
            Duration::new(60, 1),
        ]
        .map(short)
        .into();
        assert_eq!(
            written,
            [
                "0s",
                "0.000000007s",
                "0.0015s",
                "500ms",
                "1.5s",
                "1m30s",
                "1h",
                "1d1h1m1s",
                "1m0.000000001s"
            ]
        );
    }

    #[test]
    fn names_that_would_be_misread_are_quoted() {
        let words =
            ["a-1", "", "a b", "a\"b", "a\nb", "\u{1b}[2J", "(x)", "a\u{202e}b", "ä"].map(word);
        assert_eq!(
            words,
            [
                "a-1",
                "\"\"",
                "\"a b\"",
                "\"a\\\"b\"",
                "\"a\\nb\"",
                "\"\\u{1b}[2J\"",
                "\"(x)\"",
                "\"a\\u{202e}b\"",
                "ä"
            ]
        );
    }
}
