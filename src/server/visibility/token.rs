//! The words of a list filter.

/// A word, and where it ends.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// How many bytes of the filter are read when it is.
    pub(super) end: usize,
}

/// What a word is.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Kind {
    /// A name, or a word of SQL: which, its place decides.
    Name(String),
    /// A name between backticks: never a word of SQL.
    Quoted(String),
    Text(String),
    Number(String),
    /// `=`, `!=`, `<`, `(` and so on.
    Sign(&'static str),
    /// What is no word: a text without an end, a character that nothing begins with.
    Broken(String),
    End,
}

impl Kind {
    /// Whether it is this word of SQL, in whatever case.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Name(name) if name.eq_ignore_ascii_case(word))
    }

    /// The word as the real server's parser quotes it; it does not quote signs.
    pub(super) fn quoted(&self) -> Option<String> {
        match self {
            Self::Name(name) if is_reserved(name) => Some(name.to_ascii_lowercase()),
            Self::Name(text)
            | Self::Quoted(text)
            | Self::Text(text)
            | Self::Number(text)
            | Self::Broken(text) => (!text.is_empty()).then(|| text.clone()),
            Self::Sign(_) | Self::End => None,
        }
    }
}

/// The words of SQL that are no names.
const RESERVED: [&str; 32] = [
    "and",
    "as",
    "asc",
    "between",
    "by",
    "case",
    "desc",
    "exists",
    "false",
    "from",
    "group",
    "having",
    "in",
    "is",
    "join",
    "like",
    "limit",
    "not",
    "null",
    "on",
    "or",
    "order",
    "regexp",
    "select",
    "set",
    "starts_with",
    "table",
    "true",
    "union",
    "update",
    "where",
    "xor",
];

/// Whether this is a word of SQL, and so no name of an attribute.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|word| name.eq_ignore_ascii_case(word))
}

const SIGNS: [&str; 17] =
    ["<=>", "!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ",", ";", "!", "-", "+", "*", "."];

/// The words, the end included.
pub(super) fn tokens(filter: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        let rest = &filter[at..];
        at += rest.len() - rest.trim_start().len();
        let (kind, length) = next(&filter[at..]);
        at += length;
        let done = matches!(kind, Kind::End | Kind::Broken(_));
        tokens.push(Token { kind, end: at });
        if done {
            return tokens;
        }
    }
}

/// The first word, and its length.
fn next(rest: &str) -> (Kind, usize) {
    let Some(first) = rest.chars().next() else { return (Kind::End, 0) };
    let run = |is: fn(char) -> bool| rest.find(|c| !is(c)).unwrap_or(rest.len());
    match first {
        '\'' | '"' => text(rest, first),
        '`' => match rest[1..].find('`') {
            Some(length) => (Kind::Quoted(rest[1..=length].to_owned()), length + 2),
            None => (Kind::Broken(rest[1..].to_owned()), rest.len()),
        },
        '0'..='9' => {
            let length = run(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E'));
            (Kind::Number(rest[..length].to_owned()), length)
        }
        'a'..='z' | 'A'..='Z' | '_' | '@' => {
            let length = run(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '$'));
            (Kind::Name(rest[..length].to_owned()), length)
        }
        _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => (Kind::Sign(sign), sign.len()),
            None => (Kind::Broken(first.to_string()), first.len_utf8()),
        },
    }
}

/// A text between quotes: a quote within it is doubled or behind a backslash.
fn text(rest: &str, quote: char) -> (Kind, usize) {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            text.extend(chars.next().map(|(_, escaped)| unescaped(escaped)));
        } else if c != quote {
            text.push(c);
        } else if chars.next_if(|(_, next)| *next == quote).is_some() {
            text.push(quote);
        } else {
            return (Kind::Text(text), at + 1);
        }
    }
    (Kind::Broken(text), rest.len())
}

fn unescaped(c: char) -> char {
    match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '0' => '\0',
        other => other,
    }
}
