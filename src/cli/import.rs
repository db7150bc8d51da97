//! `deadbeat import`: a recorded history in, a scenario out.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use super::{Exit, ImportArgs};
use crate::files::shown;
use crate::import::{Imported, MAX_BYTES, import};

/// Imports the history that the arguments name.
pub(super) fn run(args: &ImportArgs) -> io::Result<Exit> {
    let text = match read(&args.history) {
        Ok(text) => text,
        Err(error) => return refuse(&args.history, &error),
    };
    let imported = match import(&text) {
        Ok(imported) => imported,
        Err(error) => return refuse(&args.history, &error),
    };
    match &args.output {
        None => io::stdout().lock().write_all(imported.text.as_bytes())?,
        Some(path) => {
            if let Err(error) = fs::write(path, &imported.text) {
                return refuse(path, &error);
            }
        }
    }
    let mut errors = anstream::stderr();
    writeln!(errors, "{}", verdict(&imported))?;
    Ok(if imported.is_same() { Exit::AsExpected } else { Exit::Failed })
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    // A little more than is allowed, so that too much is seen to be too much.
    let limit = MAX_BYTES.saturating_add(1);
    if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_string(&mut text)?;
    } else {
        File::open(path)?.take(limit).read_to_string(&mut text)?;
    }
    Ok(text)
}

fn refuse(path: &Path, error: &dyn std::fmt::Display) -> io::Result<Exit> {
    writeln!(anstream::stderr(), "error: {}: {error}", shown(path))?;
    Ok(Exit::Invalid)
}

/// One line about how far a run of the scenario is the same.
fn verdict(imported: &Imported) -> String {
    match &imported.difference {
        None => format!("{} events, and a run gives the same", imported.recorded),
        Some(difference) => format!(
            "{} events, of which a run gives the first {}: {difference}",
            imported.recorded, imported.same
        ),
    }
}
