//! Where each value of a YAML text stands.
//!
//! Built from the events of a streaming parser, one pass, without recursion: so this is also where
//! what is too deep, too large or not YAML is refused, before anything that recurses sees it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScanError};

use super::diagnostic::{Diagnostic, quoted};
use super::limits::{MAX_DEPTH, MAX_NODES, MAX_PUNCTUATION};
use super::source::Source;

/// Where a value stands, and what is in it.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) span: Range<usize>,
    pub(super) content: Content,
    /// How many values it is made of, itself included, aliases expanded.
    nodes: u64,
    /// How many levels are in it, itself included, aliases expanded.
    depth: usize,
}

/// What is in a value.
#[derive(Debug)]
pub(super) enum Content {
    Scalar,
    Sequence(Vec<Rc<Place>>),
    Mapping(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) value: Rc<Place>,
}

impl Place {
    fn scalar() -> Self {
        Self { span: 0..0, content: Content::Scalar, nodes: 1, depth: 0 }
    }

    /// Where the value at `key` stands, if there is one.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.content {
            Content::Mapping(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// Where the value number `index` stands, if there is one.
    pub(super) fn item(&self, index: usize) -> Option<&Rc<Self>> {
        match &self.content {
            Content::Sequence(items) => items.get(index),
            _ => None,
        }
    }
}

/// The places in a text of one document; what is not such a text is refused.
pub(super) fn places(source: &Arc<Source>) -> Result<Rc<Place>, Diagnostic> {
    refuse_unfit_text(source)?;
    let mut build = Build {
        source,
        offsets: Offsets::new(&source.text),
        open: Vec::new(),
        anchors: BTreeMap::new(),
        root: None,
    };
    let mut parser = Parser::new_from_str(&source.text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| build.scan_error(&error))?;
        let span = build.offsets.byte(&span.start)..build.offsets.byte(&span.end);
        build.take(event, span)?;
    }
    build.root.ok_or_else(|| {
        Diagnostic::new("the file is empty")
            .at(source.locate(0..0), "")
            .help("a scenario begins with `name:` and one line that says what it shows")
    })
}

/// Refuses what the parsers would take badly, or take in though it is no YAML.
fn refuse_unfit_text(source: &Arc<Source>) -> Result<(), Diagnostic> {
    let text = source.text.as_str();
    let unfit = |(at, c): (usize, char)| match c {
        '\t' | '\n' | '\u{85}' => None,
        '\r' if text[at + 1..].starts_with('\n') => None,
        '\u{fffe}' | '\u{ffff}' => Some((at, c)),
        c => c.is_control().then_some((at, c)),
    };
    if let Some((at, c)) = text.char_indices().find_map(unfit) {
        let name = format!("U+{:04X}", u32::from(c));
        let diagnostic = Diagnostic::new(format!("not valid YAML: the control character {name}"))
            .at(source.locate(at..at + c.len_utf8()), "not allowed");
        return Err(if c == '\r' {
            diagnostic.help("a line ends with a line feed, with or without a carriage return")
        } else {
            diagnostic
        });
    }
    let is_punctuation = |byte: &u8| matches!(byte, b'[' | b']' | b'{' | b'}' | b',');
    let mut punctuation = text.bytes().enumerate().filter(|(_, byte)| is_punctuation(byte));
    if let Some((at, _)) = punctuation.nth(MAX_PUNCTUATION) {
        let many = format!("more than {MAX_PUNCTUATION} brackets, braces and commas");
        return Err(Diagnostic::new(many).at(source.locate(at..at + 1), "one too many"));
    }
    Ok(())
}

/// Turns the parser's positions, which count characters, into bytes.
enum Offsets {
    Ascii,
    Table(Vec<u32>),
}

impl Offsets {
    fn new(text: &str) -> Self {
        if text.is_ascii() {
            return Self::Ascii;
        }
        let starts = text.char_indices().map(|(at, _)| at);
        let all = starts.chain([text.len()]).filter_map(|at| u32::try_from(at).ok());
        Self::Table(all.collect())
    }

    fn byte(&self, marker: &Marker) -> usize {
        match self {
            Self::Ascii => marker.index(),
            Self::Table(starts) => {
                let at = marker.index().min(starts.len() - 1);
                starts[at] as usize
            }
        }
    }
}

/// A list or mapping that has begun and not ended.
struct Open {
    start: usize,
    anchor: usize,
    key: Option<(String, Range<usize>)>,
    content: Content,
    nodes: u64,
    depth: usize,
}

struct Build<'a> {
    source: &'a Arc<Source>,
    offsets: Offsets,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Rc<Place>>,
    root: Option<Rc<Place>>,
}

impl Build<'_> {
    fn take(&mut self, event: Event<'_>, span: Range<usize>) -> Result<(), Diagnostic> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(Diagnostic::new("a file holds one scenario, but here begins a second document")
                    .at(self.source.locate(span), "second document"))
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
            Event::Scalar(text, _, anchor, tag) => {
                self.refuse_tag(tag.is_some(), &span)?;
                self.scalar(text, anchor, span)
            }
            Event::Alias(anchor) => {
                let Some(place) = self.anchors.get(&anchor) else {
                    return Err(Diagnostic::new("an alias stands inside the value that it names")
                        .at(self.source.locate(span), "this would never end"));
                };
                let place = place.clone();
                if self.expects_key() {
                    return Err(self.key_must_be_text(span));
                }
                self.value(place, &span)
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag.is_some(), &span)?;
                self.begin(Content::Sequence(Vec::new()), anchor, span)
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag.is_some(), &span)?;
                self.begin(Content::Mapping(Vec::new()), anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        anchor: usize,
        span: Range<usize>,
    ) -> Result<(), Diagnostic> {
        let place = Rc::new(Place { span: span.clone(), ..Place::scalar() });
        if anchor > 0 {
            self.anchors.insert(anchor, place.clone());
        }
        let expects_key = self.expects_key();
        if let Some(Open { key, .. }) = self.open.last_mut().filter(|_| expects_key) {
            *key = Some((text.into_owned(), span));
            return Ok(());
        }
        self.value(place, &span)
    }

    fn begin(
        &mut self,
        content: Content,
        anchor: usize,
        span: Range<usize>,
    ) -> Result<(), Diagnostic> {
        if self.expects_key() {
            return Err(self.key_must_be_text(span));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(self.too_deep(span));
        }
        self.open.push(Open { start: span.start, anchor, key: None, content, nodes: 1, depth: 1 });
        Ok(())
    }

    fn end(&mut self, span: Range<usize>) -> Result<(), Diagnostic> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        if let Content::Mapping(entries) = &open.content {
            self.refuse_duplicates(entries)?;
        }
        // A block ends where its last value does; the parser says: where the next line begins.
        let last = match &open.content {
            Content::Sequence(items) => items.last().map(|item| item.span.end),
            Content::Mapping(entries) => {
                entries.last().map(|entry| entry.value.span.end.max(entry.key_span.end))
            }
            Content::Scalar => None,
        };
        let end = if span.is_empty() { last.unwrap_or(span.end) } else { span.end };
        let place = Rc::new(Place {
            span: open.start..end.max(open.start),
            content: open.content,
            nodes: open.nodes,
            depth: open.depth,
        });
        if open.anchor > 0 {
            self.anchors.insert(open.anchor, place.clone());
        }
        self.value(place, &span)
    }

    /// Puts a value that is complete where it belongs. `here` is where it is used, which for an
    /// alias is not where it stands.
    fn value(&mut self, place: Rc<Place>, here: &Range<usize>) -> Result<(), Diagnostic> {
        if self.open.len() + place.depth > MAX_DEPTH {
            return Err(self.too_deep(here.clone()));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(place);
            return Ok(());
        };
        open.nodes = open.nodes.saturating_add(place.nodes);
        open.depth = open.depth.max(place.depth + 1);
        match &mut open.content {
            Content::Sequence(items) => items.push(place),
            Content::Mapping(entries) => {
                if let Some((key, key_span)) = open.key.take() {
                    // A value that is not there has no width: its key is what can be pointed to.
                    let value = match &*place {
                        Place { span, content: Content::Scalar, .. } if span.is_empty() => {
                            Rc::new(Place { span: key_span.clone(), ..Place::scalar() })
                        }
                        _ => place,
                    };
                    entries.push(Entry { key, key_span, value });
                }
            }
            Content::Scalar => {}
        }
        let nodes = self.open.iter().fold(0_u64, |sum, open| sum.saturating_add(open.nodes));
        if nodes > MAX_NODES {
            return Err(Diagnostic::new(format!("more than {MAX_NODES} values"))
                .at(self.source.locate(here.clone()), "too many values up to here")
                .help("aliases count as often as they are used"));
        }
        Ok(())
    }

    /// Whether the next thing is the key of a mapping.
    fn expects_key(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| open.key.is_none() && matches!(open.content, Content::Mapping(_)))
    }

    fn refuse_tag(&self, tagged: bool, span: &Range<usize>) -> Result<(), Diagnostic> {
        if !tagged {
            return Ok(());
        }
        Err(Diagnostic::new("tags (`!name`) are no part of the language")
            .at(self.source.locate(span.clone()), "the value of a tag")
            .help("leave the tag out; text that looks like a number goes in quotes"))
    }

    fn refuse_duplicates(&self, entries: &[Entry]) -> Result<(), Diagnostic> {
        let mut seen = BTreeMap::new();
        for entry in entries {
            if let Some(first) = seen.insert(entry.key.as_str(), &entry.key_span) {
                return Err(Diagnostic::new(format!("duplicate key {}", quoted(&entry.key)))
                    .at(self.source.locate(entry.key_span.clone()), "second time")
                    .also(self.source.locate(first.clone()), "first time"));
            }
        }
        Ok(())
    }

    fn key_must_be_text(&self, span: Range<usize>) -> Diagnostic {
        Diagnostic::new("a key must be text").at(self.source.locate(span), "not text")
    }

    fn too_deep(&self, span: Range<usize>) -> Diagnostic {
        Diagnostic::new(format!("nested more than {MAX_DEPTH} levels deep"))
            .at(self.source.locate(span), "too deep")
    }

    fn scan_error(&self, error: &ScanError) -> Diagnostic {
        let at = self.offsets.byte(error.marker());
        // The scanner runs ahead of the parser and has a limit of its own, far above ours.
        if error.info().contains("recursion limit") {
            return self.too_deep(at..at);
        }
        let mut diagnostic = Diagnostic::new("not valid YAML")
            .at(self.source.locate(at..at), error.info().to_owned());
        if self.source.text[self.source.line_start(error.marker().line())..].starts_with('\t')
            || error.info().contains("tab")
        {
            diagnostic = diagnostic.help("YAML is indented with spaces, never with tabs");
        } else if error.info().contains("flow") {
            diagnostic = diagnostic.help("is a bracket or brace before it not closed?");
        }
        diagnostic
    }
}
