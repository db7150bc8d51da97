//! Every scenario, with what races in any order: nothing panics, no invariant is broken, and the
//! same seed gives the same story.

mod plans;

use std::sync::Arc;
use std::time::Duration;

use deadbeat::check::invariant::Auditor;
use deadbeat::report::text;
use deadbeat::sim::{Ended, Limits, Plan, Race, RunResult, Seeded, run};
use plans::PLANS;
use proptest::prelude::*;

/// Seeded random order may keep a scenario from ever ending, for instance by starving a client:
/// bounds well below the usual ones keep the test short.
fn limits() -> Limits {
    Limits { happenings: 5_000, ..Limits::default() }
}

fn play(plan: &Arc<Plan>, seed: u64, window: Duration, faults: u32) -> RunResult {
    run(plan, Race { window, faults }, &limits(), &mut Seeded::new(seed))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn in_any_order_no_invariant_is_broken(
        which in any::<prop::sample::Index>(),
        seed in any::<u64>(),
        window in prop_oneof![Just(0), 0..20u64, 0..30_000u64],
        faults in prop_oneof![Just(0), 1..6u32],
    ) {
        let (path, plan) = which.get(&PLANS);
        let result = play(plan, seed, Duration::from_millis(window), faults);
        prop_assert!(!matches!(result.ended, Ended::Problem(_)), "{}", path.display());
        if let Err(violation) = Auditor::new().audit_result(&result) {
            prop_assert!(false, "{}: {violation}", path.display());
        }
    }

    #[test]
    fn a_seed_tells_the_same_story_twice(
        which in any::<prop::sample::Index>(),
        seed in any::<u64>(),
    ) {
        let (_, plan) = which.get(&PLANS);
        let tell = || text(&play(plan, seed, Duration::from_millis(5), 3));
        prop_assert_eq!(tell(), tell());
    }
}
