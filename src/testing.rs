//! Scenarios as tests: one test a file, its text compared with a snapshot.
//!
//! A crate that has scenarios gets them all as tests with two lines, `tests/scenarios.rs`:
//!
//! ```no_run
//! deadbeat::scenario_tests!("scenarios");
//! ```
//!
//! and an entry in its `Cargo.toml`:
//!
//! ```toml
//! [[test]]
//! name = "scenarios"
//! harness = false
//! ```
//!
//! `cargo test --test scenarios reset/` then runs those with `reset/` in their path. A scenario
//! passes if it is as its `expect` says and if its text is that of its snapshot: the snapshot of
//! `scenarios/reset/late.yaml` is `snapshots/reset/late.snap`. A new or another text fails the test
//! and waits beside the snapshot for `cargo insta review`; `INSTA_UPDATE=always` accepts all. Where
//! the environment variable `CI` is set, nothing is written.
//!
//! If it has `outcomes`, `always` or `never`, every ordering of what races is looked at as well, as far
//! as [`MOST_STATES`] go.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

pub use insta;
use libtest_mimic::{Arguments, Failed, Trial};

use crate::check::{Always, Mismatch, check};
use crate::explore::{Failure, Options, Token, Watch, explore};
use crate::files::{scenario_files, shown};
use crate::report::text;
use crate::scenario::Scenario;
use crate::sim::{DefaultOrder, Limits, Plan, Race, run};

/// Makes a `main` that tests every scenario in a folder of the crate; see [`mod@crate::testing`].
#[macro_export]
macro_rules! scenario_tests {
    ($folder:expr) => {
        fn main() -> ::std::process::ExitCode {
            $crate::testing::main($crate::testing::Suite {
                root: ::std::env!("CARGO_MANIFEST_DIR"),
                folder: $folder,
                compare: |name, text| $crate::testing::insta::assert_snapshot!(name, text),
            })
        }
    };
}

/// The scenarios of a crate.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// The crate's folder.
    pub root: &'static str,
    /// The folder with the scenarios, relative to the crate's.
    pub folder: &'static str,
    /// Compares a text with the snapshot of this name, and panics if it is another. It is made in
    /// the crate that has the tests, so that insta knows whose they are.
    pub compare: fn(&str, &str),
}

/// Runs the tests that the command line names, as `cargo test` expects of a test target.
pub fn main(suite: Suite) -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = match scenario_files(&Path::new(suite.root).join(suite.folder)) {
        Ok(files) => files.into_iter().map(|file| trial(suite, file)).collect(),
        Err(error) => {
            let error = error.to_string();
            vec![Trial::test(suite.folder, move || Err(Failed::from(error)))]
        }
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(suite: Suite, file: PathBuf) -> Trial {
    let path = file.strip_prefix(suite.root).unwrap_or(&file).to_owned();
    Trial::test(shown(&path), move || test(suite, &file, &path))
}

/// Runs the scenario in `file`, which the crate knows as `path`.
fn test(suite: Suite, file: &Path, path: &Path) -> Result<(), Failed> {
    let scenario = Scenario::load(file).map_err(|errors| errors.to_string())?;
    let plan = Plan::new(scenario);
    let result = run(&plan, Race::of(plan.scenario()), &Limits::default(), &mut DefaultOrder);
    let text = text(&result);
    if !result.ended.is_settled() {
        return Err(text.into());
    }
    let failures = check(&result);
    if !failures.is_empty() {
        let drawn: String = failures.iter().map(|it| it.diagnostic().to_string()).collect();
        return Err(format!("{drawn}\n{text}").into());
    }
    every_ordering(&plan, path)?;
    let below = path.strip_prefix(suite.folder).unwrap_or(path);
    let snapshot = Path::new(suite.root).join("snapshots").join(below);
    let folder = snapshot.parent().unwrap_or(&snapshot);
    let name = snapshot.file_stem().unwrap_or_default().to_string_lossy();
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_input_file(file);
    settings.bind(|| (suite.compare)(&name, &text));
    Ok(())
}

/// How many states a test looks into. A scenario with more is held only to what they come to:
/// whatever is found must be expected, but not all that is expected need be found.
pub const MOST_STATES: u64 = 200_000;

/// Looks at every ordering of a scenario that says anything of them.
fn every_ordering(plan: &Arc<Plan>, path: &Path) -> Result<(), Failed> {
    let scenario = plan.scenario();
    if scenario.outcomes.is_empty() && Always::of(scenario).is_empty() {
        return Ok(());
    }
    let options = Options { most_states: MOST_STATES, ..Options::of(scenario) };
    let found = explore(plan, &options, &Watch::default());
    let again =
        |token: &Token| format!("again: deadbeat replay {} --schedule {token}\n", shown(path));
    if let Some(failed) = &found.failed {
        let drawn = match &failed.failure {
            Failure::Expectation(failure) => failure.diagnostic().to_string(),
            other => other.to_string(),
        };
        return Err(format!("{drawn}\n{}", again(&failed.witness)).into());
    }
    let mut drawn = String::new();
    for failure in found.unlike_expected() {
        drawn += &failure.diagnostic().to_string();
        if let Mismatch::UnexpectedOutcome(outcome) = &failure.mismatch {
            let its = found.outcomes.iter().find(|found| *found.outcome == *outcome);
            drawn.extend(its.map(|found| again(&found.witness)));
        }
    }
    if drawn.is_empty() { Ok(()) } else { Err(drawn.into()) }
}
