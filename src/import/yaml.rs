//! YAML as a person would write it: steps with options beside them, plain text where that is safe,
//! comments where something is to be said.

use std::time::Duration;

use serde_json::Value;

use crate::scenario::duration::Span;

/// A value in the file.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Node {
    /// A word or a number that needs no quotes.
    Word(String),
    /// A value, on one line.
    Json(Value),
    /// Names, on one line.
    Names(Vec<String>),
    /// Steps, or mappings, one below the other.
    Steps(Vec<Step>),
    /// Keys with their values, one below the other.
    Map(Vec<(String, Node)>),
}

/// A step: an action with its options, and what is to be said of it.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Step {
    /// Lines of a comment above it.
    pub(super) comments: Vec<String>,
    /// The action first, then its options.
    pub(super) fields: Vec<(String, Node)>,
}

impl Step {
    /// A step with its action.
    pub(super) fn new(action: &str, value: Node) -> Self {
        Self { comments: Vec::new(), fields: vec![(action.to_owned(), value)] }
    }

    /// A step whose action takes no value.
    pub(super) fn alone(action: &str) -> Self {
        Self::new(action, Node::Word(String::new()))
    }

    /// With an option.
    pub(super) fn with(mut self, key: &str, value: Node) -> Self {
        self.fields.push((key.to_owned(), value));
        self
    }

    /// With an option that may not be there.
    pub(super) fn maybe(self, key: &str, value: Option<Node>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// With a line of a comment.
    pub(super) fn comment(mut self, line: impl Into<String>) -> Self {
        self.comments.push(line.into());
        self
    }
}

/// Text, quoted if it must be.
pub(super) fn text(text: &str) -> Node {
    Node::Json(Value::String(text.to_owned()))
}

/// A duration.
pub(super) fn span(nanos: i64) -> Node {
    let nanos = u64::try_from(nanos).unwrap_or(0);
    Node::Word(Span(Duration::from_nanos(nanos)).to_string())
}

/// A number.
pub(super) fn number(number: impl std::fmt::Display) -> Node {
    Node::Word(format!("{number}"))
}

/// Writes keys and values at the left margin.
pub(super) fn document(entries: &[(String, Node)]) -> String {
    let mut out = String::new();
    for (key, value) in entries {
        entry(key, value, 0, &mut out);
    }
    out
}

/// Writes lines of a comment.
pub(super) fn comment(lines: &[String], indent: usize, out: &mut String) {
    for line in lines {
        out.push_str(&" ".repeat(indent));
        out.push('#');
        // What was recorded may hold anything; a comment is one line of what can be printed.
        let line: String = line.chars().map(|c| if printable(c) { c } else { ' ' }).collect();
        if !line.is_empty() {
            out.push(' ');
            out.push_str(&line);
        }
        out.push('\n');
    }
}

fn entry(key: &str, value: &Node, indent: usize, out: &mut String) {
    out.push_str(&scalar(key));
    out.push(':');
    match value {
        Node::Word(word) if word.is_empty() => out.push('\n'),
        Node::Word(word) => {
            out.push(' ');
            out.push_str(word);
            out.push('\n');
        }
        Node::Json(value) => {
            out.push(' ');
            flow(value, out);
            out.push('\n');
        }
        Node::Names(names) => {
            let names: Vec<String> = names.iter().map(|name| scalar(name)).collect();
            out.extend([" [", &names.join(", "), "]\n"]);
        }
        Node::Steps(steps) if steps.is_empty() => out.push_str(" []\n"),
        Node::Steps(steps) => {
            out.push('\n');
            for step in steps {
                comment(&step.comments, indent + 2, out);
                out.push_str(&" ".repeat(indent + 2));
                out.push_str("- ");
                for (index, (key, value)) in step.fields.iter().enumerate() {
                    if index > 0 {
                        out.push_str(&" ".repeat(indent + 4));
                    }
                    entry(key, value, indent + 4, out);
                }
            }
        }
        Node::Map(entries) if entries.is_empty() => out.push_str(" {}\n"),
        Node::Map(entries) => {
            out.push('\n');
            for (key, value) in entries {
                out.push_str(&" ".repeat(indent + 2));
                entry(key, value, indent + 2, out);
            }
        }
    }
}

/// A value on one line.
fn flow(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => out.push_str(&scalar(text)),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                flow(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) if fields.is_empty() => out.push_str("{}"),
        Value::Object(fields) => {
            out.push_str("{ ");
            for (index, (key, item)) in fields.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                out.push_str(&scalar(key));
                out.push_str(": ");
                flow(item, out);
            }
            out.push_str(" }");
        }
        other => out.push_str(&other.to_string()),
    }
}

/// Whether a character may stand in YAML as it is.
fn printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Text as YAML has it: plain if nothing else could be read in it, else in double quotes.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if printable(c) => quoted.push(c),
            c => quoted.extend(["\\U", &format!("{:08X}", u32::from(c))]),
        }
    }
    quoted.push('"');
    quoted
}

fn is_plain(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '/');
    let allowed = |c: char| c.is_ascii_alphanumeric() || " _-./()'+=@".contains(c);
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan"];
    begins
        && text.chars().all(allowed)
        && !text.ends_with(' ')
        && !text.contains("  ")
        && text.len() < 200
        && !words.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn it_looks_as_if_a_person_had_written_it() {
        let steps = vec![
            Step::new("start", text("Order"))
                .with("workflow_id", text("order-7"))
                .comment("First."),
            Step::new("try", Node::Steps(vec![Step::alone("hang")]))
                .with("on_cancel", Node::Steps(Vec::new())),
            Step::new("return", Node::Json(json!({ "a": [1, "x: y", "no"] }))),
        ];
        let written = document(&[("timeline".to_owned(), Node::Steps(steps))]);
        assert_eq!(
            written,
            "timeline:\n  # First.\n  - start: Order\n    workflow_id: order-7\n  - try:\n      - \
             hang:\n    on_cancel: []\n  - return: { a: [1, \"x: y\", \"no\"] }\n"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_as_it_was(text in any::<String>()) {
            let written = format!("name: {}\n", scalar(&text));
            let read = crate::scenario::yaml_to_json(&written);
            prop_assert_eq!(read["name"].as_str(), Some(text.as_str()), "{}", written);
        }
    }
}
