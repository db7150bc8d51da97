//! Colours, or none.

/// Whether the text has colours.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Style {
    /// Nothing but the text.
    #[default]
    Plain,
    /// ANSI escape sequences, for a terminal.
    Ansi,
}

/// How a piece of text stands out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tone {
    Plain,
    Faint,
    Strong,
    Good,
    Bad,
    Attention,
}

impl Style {
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let code = match (self, tone) {
            (Self::Plain, _) | (_, Tone::Plain) => return text.to_owned(),
            (_, Tone::Faint) => "2",
            (_, Tone::Strong) => "1",
            (_, Tone::Good) => "32",
            (_, Tone::Bad) => "31",
            (_, Tone::Attention) => "33",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}
