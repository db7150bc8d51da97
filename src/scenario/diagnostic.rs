//! What is wrong with a scenario, drawn with the text in question under a caret.
//!
//! ```
//! use deadbeat::scenario::Scenario;
//!
//! let text = "name: a typing error\ntimeline:\n  - descrbe: greeting\n";
//! let refused = Scenario::parse(text, "typo.yaml").unwrap_err();
//! assert_eq!(
//!     refused.to_string(),
//!     "\
//! error: unknown key `descrbe`
//!  --> typo.yaml:3:5
//!   |
//! 3 |   - descrbe: greeting
//!   |     ^^^^^^^ did you mean `describe`?
//! "
//! );
//! ```

use std::fmt;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::limits::MAX_DIAGNOSTICS;
use super::source::Location;

/// Whether to draw with terminal colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Coloring {
    /// Text alone.
    Plain,
    /// With ANSI escape codes.
    Ansi,
}

/// One thing that is wrong: what, where, and what to do.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    title: String,
    at: Location,
    label: String,
    also: Vec<(Location, String)>,
    help: Vec<String>,
}

impl Diagnostic {
    /// Says what is wrong, in one line.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            at: Location::default(),
            label: String::new(),
            also: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Says where, and beside the caret what is the matter there; it may be empty.
    #[must_use]
    pub fn at(mut self, at: Location, label: impl Into<String>) -> Self {
        self.at = at;
        self.label = label.into();
        self
    }

    /// Points to a second place that has to do with it.
    #[must_use]
    pub fn also(mut self, at: Location, label: impl Into<String>) -> Self {
        self.also.push((at, label.into()));
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(wrap(&help.into()));
        self
    }

    /// What is wrong, in one line.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Where.
    pub fn location(&self) -> &Location {
        &self.at
    }

    /// Draws it; ends with a line break.
    pub fn render(&self, coloring: Coloring) -> String {
        let mut group = Group::with_title(Level::ERROR.primary_title(self.title.as_str()));
        let file = self.at.file().unwrap_or_default();
        match Excerpt::of(self) {
            Some(excerpt) if excerpt.cut => {
                // The columns of a part of a line are not those of the file.
                let origin = Origin::path(file).line(self.at.line());
                group = group.element(origin.char_column(self.at.column()));
                group = group.element(excerpt.snippet());
            }
            Some(excerpt) => group = group.element(excerpt.snippet().path(file)),
            None if file.is_empty() => {}
            None => group = group.element(Origin::path(file)),
        }
        for help in &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = match coloring {
            Coloring::Plain => Renderer::plain(),
            Coloring::Ansi => Renderer::styled(),
        };
        let mut drawn = renderer.decor_style(DecorStyle::Ascii).render(&[group]);
        drawn.push('\n');
        drawn
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Coloring::Plain))
    }
}

impl std::error::Error for Diagnostic {}

/// A line that is longer is cut around what is pointed to.
const LONGEST_LINE: usize = 160;

/// What is kept of such a line before the caret.
const KEPT_BEFORE: usize = 60;

/// A second place that is further away, in bytes, is named instead of drawn.
const FURTHEST: usize = 64 << 10;

/// The part of the file that is drawn.
struct Excerpt<'a> {
    text: &'a str,
    start: usize,
    line: usize,
    /// Whether its first line lacks its beginning.
    cut: bool,
    drawn: Vec<(AnnotationKind, Range<usize>, &'a str)>,
}

impl<'a> Excerpt<'a> {
    fn of(diagnostic: &'a Diagnostic) -> Option<Self> {
        let at = &diagnostic.at;
        let text =
            at.source().map(|source| source.text.as_str()).filter(|text| !text.is_empty())?;
        let mut range = line_around(text, at.span().start);
        let mut line = at.line();
        if range.len() > LONGEST_LINE {
            let caret = at.span().start;
            let end = floor(text, range.end.min(caret + LONGEST_LINE - KEPT_BEFORE));
            range = floor(text, range.start.max(caret.saturating_sub(KEPT_BEFORE)))..end;
        }
        let mut drawn = vec![(AnnotationKind::Primary, at.span(), diagnostic.label.as_str())];
        for (also, label) in &diagnostic.also {
            let other = line_around(text, also.span().start);
            let both = range.start.min(other.start)..range.end.max(other.end);
            if both.len() <= FURTHEST && other.len() <= LONGEST_LINE {
                line = line.min(also.line());
                range = both;
                drawn.push((AnnotationKind::Context, also.span(), label.as_str()));
            }
        }
        let cut = !text[..range.start].ends_with('\n') && range.start > 0;
        Some(Self { text: &text[range.clone()], start: range.start, line, cut, drawn })
    }

    fn snippet(self) -> Snippet<'a, Annotation<'a>> {
        let mut snippet = Snippet::source(self.text).line_start(self.line);
        for (kind, span, label) in self.drawn {
            let start = (span.start - self.start).min(self.text.len());
            // What goes over several lines is pointed to in the first.
            let line_end = self.text[start..].find('\n').map_or(self.text.len(), |n| start + n);
            let end = span.end.saturating_sub(self.start).clamp(start, line_end);
            let annotation = kind.span(start..end);
            snippet = snippet.annotation(if label.is_empty() {
                annotation
            } else {
                annotation.label(label)
            });
        }
        snippet
    }
}

/// Breaks lines that are too long to read.
fn wrap(text: &str) -> String {
    const WIDTH: usize = 88;
    let mut wrapped = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        let length = word.chars().count() + 1;
        if width > 0 && width + length > WIDTH {
            wrapped.push('\n');
            width = 0;
        } else if width > 0 {
            wrapped.push(' ');
        }
        wrapped.push_str(word);
        width += length;
    }
    wrapped
}

/// The line that holds `at`, without its end.
fn line_around(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let end = text[at..].find('\n').map_or(text.len(), |n| at + n);
    start..start + text[start..end].trim_end_matches('\r').len()
}

/// The nearest place at or before `at` that does not split a letter.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Everything that was found wrong; never nothing.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
}

impl Diagnostics {
    pub(super) fn new(mut found: Vec<Diagnostic>) -> Self {
        // In the order of the file, however they were found.
        found.sort_by_key(|diagnostic| diagnostic.at.span().start);
        Self { found }
    }

    /// Each, in the order of the file, at most [`MAX_DIAGNOSTICS`].
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.found.iter()
    }

    /// Draws all of them, an empty line between two.
    pub fn render(&self, coloring: Coloring) -> String {
        let drawn: Vec<String> = self.iter().map(|found| found.render(coloring)).collect();
        let mut drawn = drawn.join("\n");
        if self.found.len() >= MAX_DIAGNOSTICS {
            drawn.push_str("\nthere may be more errors: these are the first\n");
        }
        drawn
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(one: Diagnostic) -> Self {
        Self { found: vec![one] }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Coloring::Plain))
    }
}

impl std::error::Error for Diagnostics {}

/// A piece of the user's text for use in a sentence: short, and without control characters.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown = String::from("`");
    for c in text.chars().take(LONGEST) {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown.push('`');
    shown
}
