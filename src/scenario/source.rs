//! Where in a scenario's text something stands.
//!
//! ```
//! use deadbeat::scenario::Scenario;
//!
//! let text = "name: one step\ntimeline:\n  - describe: greeting\n";
//! let scenario = Scenario::parse(text, "one.yaml").unwrap();
//! let at = &scenario.clients["client"][0].at;
//! assert_eq!(at.to_string(), "one.yaml:3:5");
//! assert_eq!(at.text(), "describe: greeting");
//! ```

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A file's name and text, shared by everything that points into it.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) text: String,
    /// The offset at which each line begins.
    lines: Vec<usize>,
}

impl Source {
    pub(super) fn new(name: &str, text: &str) -> Arc<Self> {
        let begins =
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(begins).collect();
        Arc::new(Self { name: name.to_owned(), text: text.to_owned(), lines })
    }

    /// The place of a stretch of bytes; one that is out of bounds or splits a letter is moved.
    pub(super) fn locate(self: &Arc<Self>, span: Range<usize>) -> Location {
        let start = self.boundary(span.start);
        let end = self.boundary(span.end.max(start));
        Location { source: Some(self.clone()), start, end }
    }

    /// The line of an offset, counted from 1.
    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|begin| *begin <= at)
    }

    /// The offset at which a line, counted from 1, begins.
    pub(super) fn line_start(&self, line: usize) -> usize {
        self.lines.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len())
    }

    /// The offset of a line and a column, in characters, both counted from 1.
    pub(super) fn offset(&self, line: usize, column: usize) -> usize {
        let start = self.line_start(line);
        let mut ahead = self.text[start..].char_indices().map(|(at, _)| start + at);
        ahead.nth(column.saturating_sub(1)).unwrap_or(self.text.len())
    }

    fn boundary(&self, at: usize) -> usize {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

/// A place in a scenario's text. Cheap to clone.
///
/// The default is the place of what was put together in code. A location says nothing about what
/// is simulated, so it can neither be compared nor hashed.
#[derive(Clone, Default)]
pub struct Location {
    source: Option<Arc<Source>>,
    start: usize,
    end: usize,
}

impl Location {
    /// The file's name; `None` if it is not in a file.
    pub fn file(&self) -> Option<&str> {
        self.source.as_deref().map(|source| source.name.as_str())
    }

    /// The line, from 1; 0 if it is not in a file.
    pub fn line(&self) -> usize {
        self.source.as_deref().map_or(0, |source| source.line(self.start))
    }

    /// The column, in characters from 1; 0 if it is not in a file.
    ///
    /// It is counted when asked for: a file may be one line of a million characters.
    pub fn column(&self) -> usize {
        self.source.as_deref().map_or(0, |source| {
            let line = source.line_start(source.line(self.start));
            source.text[line..self.start].chars().count() + 1
        })
    }

    /// The bytes that it covers.
    pub fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The text that it covers.
    pub fn text(&self) -> &str {
        self.source.as_deref().map_or("", |source| &source.text[self.span()])
    }

    pub(super) fn source(&self) -> Option<&Arc<Source>> {
        self.source.as_ref()
    }
}

impl fmt::Display for Location {
    /// `file:line:column`, or `(not in a file)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.file() {
            Some(file) => write!(f, "{file}:{}:{}", self.line(), self.column()),
            None => f.write_str("(not in a file)"),
        }
    }
}

impl fmt::Debug for Location {
    // Without the whole text of the file at every step.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_spans_count_bytes() {
        let source = Source::new("f", "ä: 1\n  öö: x\n");
        let at = source.locate(8..12);
        assert_eq!((at.to_string().as_str(), at.text()), ("f:2:3", "öö"));
    }

    #[test]
    fn places_out_of_bounds_are_moved_to_the_end() {
        let source = Source::new("f", "ä");
        assert_eq!(source.locate(1..900).text(), "ä");
        assert_eq!(source.locate(9..9).to_string(), "f:1:2");
        assert_eq!(Location::default().to_string(), "(not in a file)");
    }
}
