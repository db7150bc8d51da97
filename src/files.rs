//! Which files are scenarios.

use crate::history::text::plain;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A path that cannot be searched for scenarios.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilesError {
    /// It does not exist or may not be read.
    #[error("{path}: {source}")]
    Unreadable { path: String, source: io::Error },
    /// It is a folder without scenarios.
    #[error("{path}: no scenario (*.yaml, *.yml) in this folder")]
    Empty { path: String },
}

impl FilesError {
    /// The path.
    pub(crate) fn path(&self) -> &str {
        match self {
            Self::Unreadable { path, .. } | Self::Empty { path } => path,
        }
    }
}

/// Folders nested deeper than this are not searched.
const MAX_DEPTH: usize = 32;

/// The scenario files at a path: itself if it is a file; those in it and below if it is a folder,
/// in the order of their paths.
///
/// Hidden folders and folders that are symbolic links are not searched.
pub(crate) fn scenario_files(path: &Path) -> Result<Vec<PathBuf>, FilesError> {
    let unreadable = |source| FilesError::Unreadable { path: shown(path), source };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    search(path, 0, &mut files)?;
    if files.is_empty() {
        return Err(FilesError::Empty { path: shown(path) });
    }
    // By what is shown, so that the order is the same on every system.
    files.sort_by_cached_key(|file| shown(file));
    Ok(files)
}

fn search(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), FilesError> {
    let unreadable = |source| FilesError::Unreadable { path: shown(folder), source };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        let is_folder = entry.file_type().map_err(unreadable)?.is_dir();
        let extension = path.extension();
        if is_folder && !is_hidden && depth < MAX_DEPTH {
            search(&path, depth + 1, files)?;
        } else if !is_folder && extension.is_some_and(|name| name == "yaml" || name == "yml") {
            files.push(path);
        }
    }
    Ok(())
}

/// A path as it is shown: with forward slashes on every system.
pub(crate) fn shown(path: &Path) -> String {
    let shown = plain(&path.display().to_string());
    if std::path::MAIN_SEPARATOR == '/' {
        shown
    } else {
        shown.replace(std::path::MAIN_SEPARATOR, "/")
    }
}
