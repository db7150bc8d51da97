//! Schedules that failed once, as files: the next run replays them first.

use std::fs;
use std::hash::Hasher as _;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::shown;
use crate::history::ids::Digest;

/// A schedule that failed once.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Regression {
    /// The scenario's file, as the command was told.
    pub(super) scenario: String,
    /// The token.
    pub(super) schedule: String,
    /// What went wrong.
    pub(super) failed: String,
}

/// A folder of them.
#[derive(Clone, Debug)]
pub(super) struct Regressions {
    folder: PathBuf,
}

/// What a file is.
pub(super) type Read = (PathBuf, Result<Regression, NotARegression>);

/// Why a file tells no schedule.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotARegression {
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    #[error("not a witness that `deadbeat fuzz` wrote: {0}")]
    Malformed(#[from] serde_yaml::Error),
}

impl Regressions {
    /// Where they are if nobody says otherwise: hidden, so that no scenario is looked for there.
    pub(super) const FOLDER: &str = ".deadbeat/regressions";

    /// The files end so: not as scenarios do, for they may lie among those.
    const EXTENSION: &str = "witness";

    pub(super) fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// All that are there, in the order of their names; none if the folder does not exist.
    pub(super) fn read(&self) -> io::Result<Vec<Read>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|name| name == Self::EXTENSION) {
                files.push(path);
            }
        }
        files.sort();
        Ok(files.into_iter().map(|path| (path.clone(), read(&path))).collect())
    }

    /// Writes one more down; where it is then.
    pub(super) fn write(&self, regression: &Regression) -> io::Result<PathBuf> {
        fs::create_dir_all(&self.folder)?;
        let mut digest = Digest::new();
        digest.write(regression.scenario.as_bytes());
        digest.write(regression.schedule.as_bytes());
        let stem = Path::new(&regression.scenario).file_stem().unwrap_or_default();
        let (stem, number) = (stem.to_string_lossy(), digest.finish() >> 32);
        let path = self.folder.join(format!("{stem}-{number:08x}.{}", Self::EXTENSION));
        let text = serde_yaml::to_string(regression).map_err(io::Error::other)?;
        fs::write(&path, text)?;
        Ok(path)
    }

    pub(super) fn shown(&self) -> String {
        shown(&self.folder)
    }
}

fn read(path: &Path) -> Result<Regression, NotARegression> {
    Ok(serde_yaml::from_str(&fs::read_to_string(path)?)?)
}
