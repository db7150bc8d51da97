//! What the official `temporal workflow show -o json` prints of a run is, as a JSON value, what
//! `deadbeat run --history-json` writes of it.
//!
//!     DEADBEAT_TEMPORAL_CLI=path cargo test --test show_json -- --ignored

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use deadbeat::scenario::Scenario;
use deadbeat::serve::{Edge, Host, VirtualClock};
use deadbeat::sim::{DefaultOrder, Enabled, Limits, Plan, Race, Simulation, run};
use serde_json::Value;

/// Between them they have most types of events, failures of all kinds, and headers of none.
const SCENARIOS: [&str; 12] = [
    "seed/an_activity_cleans_up_in_on_cancel",
    "seed/cleanup_runs_when_a_workflow_is_canceled",
    "seed/local_activities_are_canceled_without_heartbeats",
    "seed/reset_after_a_nondeterministic_deployment",
    "cancel_race/a_parent_waits_until_its_child_is_canceled",
    "cancel_race/cancel_and_continue_as_new_race",
    "cancel_race/children_end_in_every_other_way_after_a_try_cancel",
    "cancel_race/one_workflow_cancels_another",
    "heartbeat/details_of_a_kept_back_heartbeat_travel_with_the_failure",
    "reset/a_local_activity_before_the_point_is_not_run_again",
    "reset/signals_of_the_whole_chain_are_applied_again",
    "terminate/children_end_as_their_parent_close_policies_say",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "needs the temporal CLI: DEADBEAT_TEMPORAL_CLI names it"]
async fn the_official_command_shows_what_is_exported() {
    let cli = std::env::var_os("DEADBEAT_TEMPORAL_CLI").expect("DEADBEAT_TEMPORAL_CLI");
    let mut compared = 0;
    for name in SCENARIOS {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.yaml"));
        let plan = Plan::new(Scenario::load(&file).unwrap());
        let exported = run(&plan, Race::default(), &Limits::default(), &mut DefaultOrder);
        let simulation = at_its_end(Simulation::new(plan));

        let clock = VirtualClock::at(simulation.now());
        let host = Host::new(simulation.server().clone(), clock);
        let edge = Edge::bind("127.0.0.1:0".parse().unwrap(), host).await.unwrap();
        let address = edge.address().to_string();
        let serving = tokio::spawn(edge.serve());
        for execution in &exported.executions {
            let run_id = execution.execution.run_id.to_string();
            let shown = Command::new(&cli)
                .args(["workflow", "show", "-o", "json", "--address", &address])
                .args(["--workflow-id", execution.workflow_id(), "--run-id", &run_id])
                .output()
                .unwrap();
            let errors = String::from_utf8_lossy(&shown.stderr);
            assert!(shown.status.success(), "{name} {run_id}: {errors}");
            let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
            assert_eq!(shown, execution.history_json(), "{name} {run_id}");
            compared += 1;
        }
        serving.abort();
    }
    assert!(compared > SCENARIOS.len(), "{compared}");
}

/// A scenario as [`run`] leaves it, with its server.
fn at_its_end(mut simulation: Simulation) -> Simulation {
    let mut enabled = Enabled::default();
    loop {
        simulation.enabled(Duration::ZERO, &mut enabled);
        let next = enabled.first().copied();
        let is_over = simulation.clients_have_finished() && simulation.executions_have_closed();
        match next {
            Some((due, happening)) if due <= simulation.now() || !is_over => {
                simulation.step(due, happening);
            }
            _ => return simulation,
        }
    }
}
