//! Names for handles.

use std::collections::BTreeMap;

/// Gives each handle a name of its own, made from what it stands for.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    given: BTreeMap<String, u32>,
}

impl Names {
    /// A name that was not given before.
    pub(super) fn give(&mut self, of: &str) -> String {
        let mut name = String::new();
        for c in of.chars().take(60) {
            if c.is_ascii_uppercase() && name.ends_with(|c: char| c.is_ascii_lowercase()) {
                name.push('_');
            }
            name.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
        }
        if name.is_empty() {
            name.push_str("handle");
        }
        let number = self.given.entry(name.clone()).or_default();
        *number += 1;
        if *number == 1 { name } else { format!("{name}__{number}") }
    }
}
