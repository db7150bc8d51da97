//! Every scenario of this crate, ready to run.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use deadbeat::scenario::Scenario;
use deadbeat::sim::Plan;

/// The scenarios with their files, in the order of the files.
pub(crate) static PLANS: LazyLock<Vec<(PathBuf, Arc<Plan>)>> = LazyLock::new(|| {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"), &mut files);
    files.sort();
    let load = |path: PathBuf| {
        let scenario = Scenario::load(&path).expect("a scenario");
        (path, Plan::new(scenario))
    };
    files.into_iter().map(load).collect()
});

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
