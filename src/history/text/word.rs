//! Names within a line that is read back: as they are, or in quotes if that could be misread.

use std::borrow::Cow;

use super::words::quoted;

/// A name for a line that [`read`] takes apart again: itself if it has letters, digits and a few
/// harmless signs only, else in quotes.
pub(crate) fn plain_or_quoted(name: &str) -> Cow<'_, str> {
    if is_plain(name) { Cow::Borrowed(name) } else { Cow::Owned(quoted(name)) }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name != "..." && name.chars().all(is_part_of_a_name)
}

fn is_part_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || "-_./@+".contains(c)
}

/// A name that was read, and what stands behind it.
pub(crate) struct Unquoted<'a> {
    pub(crate) text: String,
    pub(crate) after: &'a str,
}

/// A quote without an end, or with an escape that means nothing.
#[derive(Debug)]
pub(crate) struct OpenQuote;

/// Reads the name that a text begins with; an empty one if it begins with none.
pub(crate) fn read(text: &str) -> Result<Unquoted<'_>, OpenQuote> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find(|c| !is_part_of_a_name(c)).unwrap_or(text.len());
        return Ok(Unquoted { text: text[..end].to_owned(), after: &text[end..] });
    };
    let mut name = String::new();
    loop {
        let c = rest.chars().next().ok_or(OpenQuote)?;
        rest = &rest[c.len_utf8()..];
        match c {
            '"' => return Ok(Unquoted { text: name, after: rest }),
            '\\' => {
                let (escaped, after) = escaped(rest).ok_or(OpenQuote)?;
                name.push(escaped);
                rest = after;
            }
            c => name.push(c),
        }
    }
}

/// The character that stands behind a backslash.
fn escaped(text: &str) -> Option<(char, &str)> {
    if let Some(hex) = text.strip_prefix("u{") {
        let (hex, after) = hex.split_once('}')?;
        return Some((char::from_u32(u32::from_str_radix(hex, 16).ok()?)?, after));
    }
    let c = text.chars().next()?;
    let after = &text[c.len_utf8()..];
    let meant = match c {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '"' | '\\' | '\'' => c,
        _ => return None,
    };
    Some((meant, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for name in ["order", "a b", "", "[x]", "\"", "\\n", "a\nb", "\u{202e}", "ä", "x:y", "..."]
        {
            let line = format!("{}: rest", plain_or_quoted(name));
            let Unquoted { text, after } = read(&line).unwrap();
            assert_eq!((text.as_str(), after), (name, ": rest"));
        }
    }

    #[test]
    fn a_quote_without_an_end_is_refused() {
        for text in ["\"a", "\"\\q\"", "\"\\u{110000}\"", "\"\\u{}\"", "\"\\"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
