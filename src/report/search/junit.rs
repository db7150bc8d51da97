//! What came of searches as `JUnit`'s XML, which CI systems show.

use std::fmt::{self, Write as _};

use super::document::{Report, Searched};
use super::failure::Kind;
use super::table::replay_command;
use crate::history::text::{Style, plain};

/// A report as `JUnit`'s XML: a suite for each scenario, with a case for each outcome that was found
/// and each thing that went wrong, and one that tells whether the search has finished.
pub fn junit(report: &Report) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string cannot fail.
    let _ = write(&mut xml, report);
    xml
}

/// How a case went.
enum Went {
    Well,
    Wrong { element: &'static str, message: String, text: String },
}

struct Case {
    name: String,
    went: Went,
}

fn write(out: &mut String, report: &Report) -> fmt::Result {
    let suites: Vec<(&str, String, Vec<Case>, f64)> = report
        .searches
        .iter()
        .map(|searched| {
            let took = searched.took.unwrap_or_default().as_secs_f64();
            (searched.path.as_str(), searched.name.clone(), cases(searched), took)
        })
        .chain(report.invalid.iter().map(|invalid| {
            let message = invalid.message.lines().next().unwrap_or_default().to_owned();
            let went = Went::Wrong { element: "error", message, text: invalid.message.clone() };
            let case = Case { name: "is a scenario".to_owned(), went };
            (invalid.path.as_str(), invalid.path.clone(), vec![case], 0.0)
        }))
        .collect();
    let wrong = |element: &str| {
        let cases = suites.iter().flat_map(|(_, _, cases, _)| cases);
        cases.filter(|case| case.is(element)).count()
    };
    let tests: usize = suites.iter().map(|(_, _, cases, _)| cases.len()).sum();
    let (failures, errors) = (wrong("failure"), wrong("error"));
    writeln!(
        out,
        "<testsuites name=\"deadbeat\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">"
    )?;
    for (path, name, cases, took) in &suites {
        let count = |element| cases.iter().filter(|case| case.is(element)).count();
        let (failures, errors) = (count("failure"), count("error"));
        writeln!(
            out,
            "  <testsuite name=\"{}\" file=\"{}\" tests=\"{}\" failures=\"{failures}\" \
             errors=\"{errors}\" time=\"{took:.3}\">",
            Escaped(name),
            Escaped(path),
            cases.len()
        )?;
        for case in cases {
            case.write(out, path)?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn cases(searched: &Searched) -> Vec<Case> {
    let found = searched.outcomes.iter().map(|found| {
        let history = found.history.map_or_else(String::new, |it| format!(", history {it}"));
        Case { name: format!("{}{history}", found.outcome), went: Went::Well }
    });
    let failures = searched.failures.iter().map(|failure| {
        let again = failure.witness.as_ref().map_or_else(String::new, |witness| {
            format!("\nagain: {}\n", replay_command(&searched.path, &witness.schedule))
        });
        let at = failure.at.as_ref().map_or_else(String::new, |at| format!("{at}: "));
        let histories = failure.histories.as_deref().unwrap_or_default();
        let element = if failure.kind == Kind::Limit { "error" } else { "failure" };
        let first = failure.message.lines().next().unwrap_or_default();
        Case {
            name: format!("{}: {first}", failure.kind.word()),
            went: Went::Wrong {
                element,
                message: format!("{at}{first}"),
                text: format!("{at}{}\n\n{histories}{again}", failure.message),
            },
        }
    });
    let line = searched.line(Style::Plain);
    let summary = line.lines().next().unwrap_or_default().to_owned();
    let finished = if searched.is_incomplete() {
        Went::Wrong { element: "error", message: summary.clone(), text: summary }
    } else {
        Went::Well
    };
    let finished = Case { name: "the search has finished".to_owned(), went: finished };
    found.chain(failures).chain([finished]).collect()
}

impl Case {
    fn is(&self, wanted: &str) -> bool {
        matches!(self.went, Went::Wrong { element, .. } if element == wanted)
    }

    fn write(&self, out: &mut String, path: &str) -> fmt::Result {
        let (name, class) = (Escaped(&self.name), Escaped(path));
        write!(out, "    <testcase name=\"{name}\" classname=\"{class}\"")?;
        match &self.went {
            Went::Well => writeln!(out, "/>"),
            Went::Wrong { element, message, text } => {
                let (message, text) = (Escaped(message), Escaped(text));
                writeln!(out, ">\n      <{element} message=\"{message}\">{text}</{element}>")?;
                writeln!(out, "    </testcase>")
            }
        }
    }
}

/// Text as XML has it. What XML cannot have at all, most control characters, is told as escapes.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.0.split('\n').enumerate() {
            if at > 0 {
                // As a reference, so that an attribute keeps it too.
                f.write_str("&#10;")?;
            }
            for c in plain(line).chars() {
                match c {
                    '&' => f.write_str("&amp;")?,
                    '<' => f.write_str("&lt;")?,
                    '>' => f.write_str("&gt;")?,
                    '"' => f.write_str("&quot;")?,
                    '\'' => f.write_str("&apos;")?,
                    '\u{fffe}' | '\u{ffff}' => write!(f, "{}", c.escape_unicode())?,
                    c => f.write_char(c)?,
                }
            }
        }
        Ok(())
    }
}
