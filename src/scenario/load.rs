//! From a file or a text to a scenario that was checked.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::check;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::limits::MAX_BYTES;
use super::model::Scenario;
use super::parse::{self, Clients, too_large};
use super::source::Source;

impl Scenario {
    /// Reads a scenario from its text. `file` is what errors name as its file.
    ///
    /// # Errors
    ///
    /// Everything that is found wrong with it, at most
    /// [`MAX_DIAGNOSTICS`](super::limits::MAX_DIAGNOSTICS) errors.
    pub fn parse(source: &str, file: &str) -> Result<Self, Diagnostics> {
        Self::read(source, file, &[], Clients::Scripted)
    }

    /// Reads a scenario for a program that brings more to it: `native` names the activity types
    /// whose code is the program's, and the scenario needs no client, because the program may be
    /// one.
    ///
    /// # Errors
    ///
    /// As [`Scenario::parse`].
    pub fn parse_with_native(
        source: &str,
        file: &str,
        native: &[&str],
    ) -> Result<Self, Diagnostics> {
        Self::read(source, file, native, Clients::MayBeElsewhere)
    }

    fn read(
        source: &str,
        file: &str,
        native: &[&str],
        clients: Clients,
    ) -> Result<Self, Diagnostics> {
        // A byte order mark is no part of the text; positions are then those an editor shows.
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        let parsed = parse::parse(&Source::new(file, source), clients)?;
        check::check(&parsed, native)?;
        Ok(parsed.scenario)
    }

    /// Reads a scenario from a file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not UTF-8 or is too large, and as [`Scenario::parse`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Diagnostics> {
        let path = path.as_ref();
        let file = path.display().to_string();
        let unreadable = |why: String| {
            let source = Source::new(&file, "");
            Diagnostic::new(format!("the file cannot be read: {why}")).at(source.locate(0..0), "")
        };
        let metadata = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
        if !metadata.is_file() {
            // A pipe that nobody writes to would never end.
            return Err(unreadable("it is not a regular file".to_owned()).into());
        }
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
            .map_err(|error| unreadable(error.to_string()))?;
        if bytes.len() > MAX_BYTES {
            return Err(too_large(&file).into());
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let text = String::from_utf8_lossy(&bytes);
            let source = Source::new(&file, &text);
            Diagnostic::new("the file is not UTF-8")
                .at(source.locate(valid..valid + 3), format!("byte {:#04x}", bytes[valid]))
                .help("save the file in the encoding UTF-8")
        })?;
        Self::parse(&text, &file)
    }
}
