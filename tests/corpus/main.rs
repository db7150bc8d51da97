//! The recordings of a real Temporal server (1.32.0): every case is played into the in-process
//! [`deadbeat::server::Server`] under virtual time and must give the same answers, the same errors
//! and, event for event, the same histories in the same batches.
//!
//!     cargo test --test corpus                 every case
//!     cargo test --test corpus reset_          the cases whose name contains this
//!
//! Any file in `cases` is a case. One that is flagged `nondeterministic` must be what comes of some
//! order of the server's own work ([`orders`]); one that is flagged `realtime_artifact` may differ
//! only where `exclusions.txt` says so, and must be what comes of late timers; one that was made
//! with a real SDK has no script, so its histories are checked as such ([`histories`]).
//!
//! Some cases run the `temporal` CLI: they are played if `DEADBEAT_TEMPORAL_CLI` names it, and
//! ignored otherwise.

mod cli;
mod compare;
mod driver;
mod exclusions;
mod follow;
mod histories;
mod mutations;
mod orders;
mod verdict;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use deadbeat::verify::Case;
use libtest_mimic::{Arguments, Trial};

use exclusions::Exclusion;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::from_args();
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let exclusions = exclusions::read(&fs::read_to_string(home.join("exclusions.txt"))?)?;
    let index = fs::read_to_string(home.join("INDEX.tsv"))?;
    let mut cases = Vec::new();
    for file in case_files(&home.join("cases"))? {
        let case = Case::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        cases.push(case);
    }
    if !arguments.list {
        for Exclusion { case, alias, events, reason } in &exclusions {
            let (first, last) = (events.start(), events.end());
            eprintln!("excluded: events {first} to {last} of {alias} in {case}: {reason}");
        }
    }

    let mut trials = Vec::new();
    for case in &cases {
        let (own, exclusions) = (case.clone(), exclusions.clone());
        let trial = Trial::test(&case.name, move || Ok(verdict::check(&own, &exclusions)?));
        let needs_cli = !cli::is_here() && case.needs.iter().any(|need| need == "cli");
        trials.push(if needs_cli {
            trial.with_kind(cli::PATH).with_ignored_flag(true)
        } else {
            trial
        });
    }
    let names: Vec<String> = cases.iter().map(|case| case.name.clone()).collect();
    trials.push(Trial::test("every case in the index is here", move || {
        let listed = index.lines().skip(1).filter_map(|line| line.split('\t').next());
        let missing: Vec<&str> =
            listed.filter(|listed| !names.iter().any(|name| name == listed)).collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("missing: {missing:?}").into()) }
    }));
    let races = ["ext_cancel_repeat_and_closed", "timer_and_activity_due_together"];
    for case in cases.iter().filter(|case| races.contains(&case.name.as_str())) {
        let case = case.clone();
        let name = format!("no order gives {} with a change", case.name);
        trials.push(Trial::test(name, move || Ok(mutations::no_order_gives_them(&case)?)));
    }
    let all = cases.clone();
    trials.push(Trial::test(
        "no invariant is broken by what the real server recorded",
        move || {
            let mut broken = Vec::new();
            for case in &all {
                if let Err(error) = histories::break_no_invariant(case) {
                    broken.push(format!("{}: {error}", case.name));
                }
            }
            if broken.is_empty() { Ok(()) } else { Err(broken.join("\n").into()) }
        },
    ));
    trials.push(Trial::test("every single change of a recording is noticed", move || {
        match mutations::all_are_noticed(&cases)? {
            changes if changes > 5_000 => Ok(()),
            changes => Err(format!("only {changes} changes were tried").into()),
        }
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
