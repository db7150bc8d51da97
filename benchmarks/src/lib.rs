//! What the benchmarks share: the clock, medians, and a scenario made ready.

use std::sync::Arc;

use deadbeat::scenario::Scenario;
use deadbeat::sim::Plan;

/// The process's CPU time: machines are shared.
pub use race::Cpu;

/// The median.
///
/// # Panics
///
/// If there are no figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    assert!(!figures.is_empty(), "no figures");
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// A scenario, ready to run.
///
/// # Panics
///
/// If it is not valid.
pub fn plan(source: &str) -> Arc<Plan> {
    Plan::new(Scenario::parse(source, "benchmark.yaml").unwrap_or_else(|errors| panic!("{errors}")))
}
