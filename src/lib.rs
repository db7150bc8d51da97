//! See every step of how a Temporal workflow is cancelled, times out, is terminated or is reset, in
//! milliseconds, the same way every time.
//!
//! Deadbeat is a virtual clock and a fake Temporal server. There are two ways in.
//!
//! # Scenarios
//!
//! A YAML file scripts workflows, activities, workers and clients ([`scenario`] has the language).
//! It is run against the fake server, and its histories are values to look at:
//!
//! ```
//! use deadbeat::api::ExecutionStatus;
//! use deadbeat::scenario::Scenario;
//! use deadbeat::sim::{DefaultOrder, Limits, Plan, Race, run};
//!
//! let source = "
//! name: a workflow cleans up when it is cancelled
//! workflows:
//!   Patience:
//!     - try:
//!         - sleep: 1h
//!       on_cancel:
//!         - execute_activity: tidy
//!           start_to_close_timeout: 10s
//!         - raise:
//! activities:
//!   tidy:
//!     - sleep: 2s
//! timeline:
//!   - start: Patience
//!     workflow_id: patience
//!   - cancel: patience
//!     at: 5m
//! ";
//! let plan = Plan::new(Scenario::parse(source, "patience.yaml")?);
//! let result = run(&plan, Race::default(), &Limits::default(), &mut DefaultOrder);
//!
//! let patience = result.execution("patience");
//! assert_eq!(patience.status, ExecutionStatus::Canceled);
//! assert!(patience.text().contains("  00:05:00.000  TimerCanceled"));
//! assert_eq!(result.virtual_time().as_secs(), 5 * 60 + 2);
//! # Ok::<(), deadbeat::scenario::Diagnostics>(())
//! ```
//!
//! The `deadbeat` command runs files and folders of them, and [`scenario_tests!`] makes each a test.
//!
//! # Activities and clients in Rust
//!
//! Activities can be ordinary async Rust on tokio's paused clock, and the test itself the client:
//!
//! ```
//! use deadbeat::sim::Host;
//! use std::time::Duration;
//!
//! let mut sim = Host::of("
//! name: an activity that is told to stop
//! workflows:
//!   Greeting: [{ execute_activity: compose, start_to_close_timeout: 5m, heartbeat_timeout: 10s,
//!                cancellation_type: WAIT_CANCELLATION_COMPLETED }]
//! ")
//! .activity("compose", |ctx| async move {
//!     for _ in 0..600 {
//!         tokio::time::sleep(Duration::from_millis(500)).await;
//!         ctx.heartbeat("some details")?; // fails once the cancel is known
//!     }
//!     Ok("done")
//! })
//! .build()?;
//!
//! sim.start("Greeting", "greeting")?;
//! sim.sleep(Duration::from_secs(3))?;
//! sim.cancel("greeting")?;
//! let run = sim.run_to_end();
//! assert_eq!(run.execution("greeting").status.name(), "Canceled");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`sim::Host`] has more.
//!
//! # Every ordering
//!
//! [`explore`] walks all orderings of what races in a scenario: each outcome, its share, and a schedule
//! that leads there. [`mod@proptest`] draws orderings, times and cancellation points for property tests
//! of your own.
//!
//! # The rooms
//!
//! Each knows one thing, and imports point one way: [`clock`], [`history`], [`api`], then [`server`]
//! and [`worker`], [`scenario`], [`sim`], [`check`], [`explore`], [`report`] and the command line; [`grpc`] turns
//! the official messages into requests and back, [`verify`] holds a real server's word against the
//! fake's; [`import`] turns a recorded history into a scenario.
//!
//! # Glossary
//!
//! Where Temporal has a word, it is Temporal's. These are ours:
//!
//! - **Scenario**: a file that says what workflows, activities, workers and clients do, and what must
//!   be true at the end.
//! - **Happening**: something that could come next: a request's arrival, a heartbeat's answer, a
//!   deadline, something that the server does by itself. It has a time at which it is due.
//! - **Schedule**: what picks, of several happenings that could come next, the one that does. Nothing
//!   else ever picks.
//! - **Ordering**: one complete way to pick, from the beginning of a run to its end.
//! - **Outcome**: how each execution of a run closed: status, and kind of failure.
//! - **Witness**: a schedule that leads to an outcome: the one with fewest faults, then fewest
//!   departures from the default order, then fewest happenings.
//! - **Token**: a schedule as text. It gives the same run on every machine.
//! - **Fault**: something that goes wrong between those who ask and the server, or in a worker.
//! - **Window**: how much later than the earliest another happening may be due and still come first.
//!   With 0, the default, only happenings due at one instant race.
//! - **Follow-up**: what the server does by itself after a transaction: it hands a task out, starts a
//!   child, passes a cancel on.
//! - **Batch**: the events that one transaction wrote. A reset goes back to the end of one.
//!
//! # Features
//!
//! - `cli` (default): the `deadbeat` command.
//! - `serve` (default): [`serve`], the fake server behind Temporal's gRPC API.
//! - `testing` (default): [`testing`] and [`scenario_tests!`].

pub mod api;
pub mod check;
pub mod clock;
pub mod explore;
pub mod grpc;
pub mod history;
pub mod import;
pub mod report;
pub mod scenario;
pub mod server;
pub mod sim;
pub mod verify;
pub mod worker;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(any(feature = "cli", feature = "testing"))]
mod files;
#[cfg(feature = "testing")]
pub mod proptest;
#[cfg(feature = "serve")]
pub mod serve;
#[cfg(feature = "testing")]
pub mod testing;

/// Temporal's official protobuf types, by the last part of their package's name.
pub mod official {
    /// `google.protobuf`, as the official types use it.
    pub use prost_wkt_types as well_known;
    pub use temporalio_protos::protos::temporal::api::{
        batch::v1 as batch, command::v1 as command, common::v1 as common, enums::v1 as enums,
        errordetails::v1 as errordetails, failure::v1 as failure, history::v1 as history,
        namespace::v1 as namespace, protocol::v1 as protocol, query::v1 as query,
        replication::v1 as replication, sdk::v1 as sdk, taskqueue::v1 as taskqueue,
        testservice::v1 as testservice, update::v1 as update, version::v1 as version,
        workflow::v1 as workflow, workflowservice::v1 as workflowservice,
    };
}

/// The README's examples, run as tests.
#[cfg(doctest)]
mod readme {
    #![doc = include_str!("../README.md")]
}
