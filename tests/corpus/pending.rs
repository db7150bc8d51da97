//! The list of cases that are not expected to pass yet.

use std::error::Error;

/// A case, and what it waits for.
pub(crate) struct Pending {
    pub(crate) case: String,
    pub(crate) reason: String,
}

/// Reads the list: a case and a reason on each line, `#` begins a comment.
pub(crate) fn read(text: &str) -> Result<Vec<Pending>, Box<dyn Error>> {
    let lines = text.lines().map(str::trim);
    let entries = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    entries
        .map(|line| match line.split_once(char::is_whitespace) {
            Some((case, reason)) => {
                Ok(Pending { case: case.to_owned(), reason: reason.trim().to_owned() })
            }
            None => Err(format!("pending.txt gives no reason for {line}").into()),
        })
        .collect()
}
