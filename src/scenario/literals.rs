//! Where durations are written in a scenario.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::diagnostic::Diagnostics;
use super::duration::Span;
use super::source::{Location, Source};
use super::spans::{self, Content, Place};

/// A value of a scenario's text that reads as a duration, where it is not an input, a result or
/// other data.
///
/// ```
/// use deadbeat::scenario::DurationLiteral;
/// use std::time::Duration;
///
/// let text = "
/// workflows: { Nap: [{ sleep: 1h }] }
/// timeline: [{ start: Nap, workflow_id: nap, at: \"5m\" }]
/// ";
/// let found = DurationLiteral::all(text, "nap.yaml")?;
/// let [sleep, at] = found.as_slice() else { panic!("{found:?}") };
/// assert_eq!((sleep.value, at.value), (Duration::from_secs(3_600), Duration::from_secs(300)));
/// assert_eq!(sleep.at.to_string(), "nap.yaml:2:29");
/// assert_eq!(&text[at.at.span()], "\"5m\"");
/// # Ok::<(), deadbeat::scenario::Diagnostics>(())
/// ```
#[derive(Clone, Debug)]
pub struct DurationLiteral {
    /// Where it stands, quotes included.
    pub at: Location,
    /// How long it is.
    pub value: Duration,
}

impl DurationLiteral {
    /// All of a text, in the order in which they stand there. `file` is what errors name as its
    /// file.
    ///
    /// # Errors
    ///
    /// If the text is not YAML of one document.
    pub fn all(text: &str, file: &str) -> Result<Vec<Self>, Diagnostics> {
        let source = Source::new(file, text);
        let root = spans::places(&source)?;
        let mut found = BTreeMap::new();
        collect(&source.text, &root, &mut found);
        let literal = |(start, (end, value))| Self { at: source.locate(start..end), value };
        Ok(found.into_iter().map(literal).collect())
    }
}

/// Keys whose values are text or data, whatever they look like, and the window, which is no matter to
/// one run.
const DATA: [&str; 12] = [
    "description",
    "details",
    "expect",
    "heartbeat",
    "input",
    "message",
    "name",
    "reason",
    "result",
    "return",
    "signal_input",
    "window",
];

/// An alias leads to a place more than once: by where they begin, places are told apart.
fn collect(text: &str, root: &Rc<Place>, found: &mut BTreeMap<usize, (usize, Duration)>) {
    let mut open = vec![root];
    while let Some(place) = open.pop() {
        match &place.content {
            Content::Sequence(items) => open.extend(items),
            Content::Mapping(entries) => {
                let values = entries.iter().filter(|entry| !DATA.contains(&entry.key.as_str()));
                open.extend(values.map(|entry| &entry.value));
            }
            Content::Scalar => {
                let written = text.get(place.span.clone()).unwrap_or_default();
                if let Some((value, length)) = read(written) {
                    found.insert(place.span.start, (place.span.start + length, value));
                }
            }
        }
    }
}
/// The duration that begins a stretch of text, and how many bytes it is long, quotes included. What
/// follows a quoted text, such as a comment, is within the stretch too.
fn read(written: &str) -> Option<(Duration, usize)> {
    let (text, length) = match written.chars().next()? {
        quote @ ('"' | '\'') => {
            let text = written[1..].split(quote).next()?;
            (text, text.len() + 2)
        }
        _ => (written, written.len()),
    };
    let Span(value) = text.parse().ok()?;
    Some((value, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_part_of_it_and_comments_are_not() {
        let text = "a: \"5m\" # half\nb: { x: '6m' , y: 7m }\nc: [8m, 'not 9m']\ninput: 10m\n";
        let found = DurationLiteral::all(text, "f").unwrap();
        let found: Vec<&str> = found.iter().map(|literal| &text[literal.at.span()]).collect();
        assert_eq!(found, ["\"5m\"", "'6m'", "7m", "8m"]);
    }
}
