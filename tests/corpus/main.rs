//! The recordings of a real Temporal server (1.32.0): every case is played into the in-process
//! [`deadbeat::server::Server`] under virtual time and must give the same answers, the same errors
//! and, event for event, the same histories in the same batches.
//!
//!     cargo test --test corpus                 every case
//!     cargo test --test corpus reset_          the cases whose name contains this
//!     cargo test --test corpus -- --ignored    the cases that wait for something not modelled yet
//!
//! `pending.txt` lists what is not expected to pass yet, and why. A case in it that passes fails the
//! run: take it out of the list.

mod compare;
mod driver;
mod mutations;
mod pending;

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use deadbeat::verify::Case;
use libtest_mimic::{Arguments, Failed, Trial};

use pending::Pending;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::from_args();
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let files = case_files(&home.join("cases"))?;
    let pending = pending::read(&fs::read_to_string(home.join("pending.txt"))?)?;

    let mut trials = Vec::new();
    for file in &files {
        let name = Case::name_of(file);
        let waits_for = pending.iter().find(|pending| pending.case == name);
        let path = file.clone();
        let trial = Trial::test(name, move || Ok(play(&path)?));
        trials.push(match waits_for {
            Some(pending) => trial.with_kind(pending.reason.clone()).with_ignored_flag(true),
            None => trial,
        });
    }
    let index = fs::read_to_string(home.join("INDEX.tsv"))?;
    let names: Vec<String> = files.iter().map(|file| Case::name_of(file)).collect();
    trials.push(Trial::test("the index lists exactly the cases that are here", move || {
        let listed: Vec<&str> =
            index.lines().skip(1).filter_map(|line| line.split('\t').next()).collect();
        let missing: Vec<&String> =
            names.iter().filter(|n| !listed.contains(&n.as_str())).collect();
        if listed.len() == names.len() && missing.is_empty() {
            return Ok(());
        }
        Err(Failed::from(format!(
            "{} listed, {} here, not listed: {missing:?}",
            listed.len(),
            names.len()
        )))
    }));
    let mutated = home.join("cases/buffer_flush_order.json");
    trials.push(Trial::test("every single change of a recording is noticed", move || {
        Ok(mutations::all_are_noticed(&mutated)?)
    }));
    trials.push(Trial::test("pending cases do not pass yet", move || {
        Ok(still_pending(&home.join("cases"), &pending)?)
    }));
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

/// The case files, by name.
fn case_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    Ok(files)
}

/// Plays a case and reports what is different from the recording.
fn play(file: &Path) -> Result<(), Box<dyn Error>> {
    let case = Case::read(file)?;
    let played = driver::play(&case);
    compare::compare(&case, &played)
}

/// Fails if a case that is listed as pending passes, or is not there.
fn still_pending(cases: &Path, pending: &[Pending]) -> Result<(), Box<dyn Error>> {
    let mut wrong = Vec::new();
    for Pending { case, .. } in pending {
        let file = cases.join(format!("{case}.json"));
        if !file.exists() {
            wrong.push(format!("{case}: there is no such case"));
        } else if matches!(catch_unwind(AssertUnwindSafe(|| play(&file))), Ok(Ok(()))) {
            wrong.push(format!("{case}: passes; take it out of pending.txt"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
