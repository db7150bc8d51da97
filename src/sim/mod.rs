//! Clock, schedule, server and actors in one small loop.
//!
//! This room knows what could come next and lets a [`Schedule`] pick it. It does not know what the
//! server makes of a request, nor what a worker makes of a task.
//!
//! ```
//! use deadbeat::scenario::Scenario;
//! use deadbeat::sim::{DefaultOrder, Limits, Plan, Race, run};
//!
//! let source = "
//! name: a nap
//! workflows: { Nap: [{ sleep: 8h }] }
//! timeline: [{ start: Nap, workflow_id: nap }]
//! expect: [{ workflow_id: nap, status: Completed }]
//! ";
//! let plan = Plan::new(Scenario::parse(source, "nap.yaml")?);
//! let result = run(&plan, Race::default(), &Limits::default(), &mut DefaultOrder);
//! assert_eq!(result.virtual_time().as_secs(), 8 * 60 * 60);
//! assert_eq!(result.execution("nap").history.len(), 10);
//! # Ok::<(), deadbeat::scenario::Diagnostics>(())
//! ```

mod client;
pub mod code;
mod exchange;
mod fault;
mod happening;
pub mod host;
mod limits;
mod log;
mod plan;
mod request;
mod result;
mod run;
mod schedule;
mod simulation;
mod size;
#[cfg(test)]
mod tests;
mod watch;

pub use exchange::Exchange;
pub use fault::{Fault, Origin, RETRY_INTERVAL};
pub use happening::{ClientIndex, Enabled, Happening};
pub use host::{
    ActivityContext, ActivityError, ActivityFailure, BuildError, Canceled, Host, HostBuilder,
    HostError, ResetPoint,
};
pub use limits::{Limit, Limits, Stopped};
pub use log::{Answer, LogEntry, NotSent, Which};
pub use plan::Plan;
#[cfg(feature = "verify")]
pub(crate) use request::NAMESPACE;
pub use result::{Close, ExecutionResult, RunResult};
pub(crate) use run::drive;
pub use run::{Ended, Next, Race, run};
pub use schedule::{DefaultOrder, Schedule, Seeded};
pub use simulation::Simulation;
pub(crate) use simulation::{Caller, caller};
