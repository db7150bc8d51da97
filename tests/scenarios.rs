//! One test a scenario, named by its path.

deadbeat::scenario_tests!("scenarios");
