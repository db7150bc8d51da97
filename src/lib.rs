//! Deadbeat: see every way a Temporal workflow's cancellation can end.

pub mod api;
pub mod check;
pub mod clock;
pub mod grpc;
pub mod history;
pub mod report;
pub mod scenario;
pub mod server;
pub mod sim;
pub mod worker;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(any(feature = "cli", feature = "testing"))]
mod files;
#[cfg(feature = "testing")]
pub mod testing;

/// Temporal's official protobuf types, by the last part of their package's name.
pub mod official {
    /// `google.protobuf`, as the official types use it.
    pub use prost_wkt_types as well_known;
    pub use temporalio_protos::protos::temporal::api::{
        command::v1 as command, common::v1 as common, enums::v1 as enums,
        errordetails::v1 as errordetails, failure::v1 as failure, history::v1 as history,
        sdk::v1 as sdk, taskqueue::v1 as taskqueue, workflow::v1 as workflow,
        workflowservice::v1 as workflowservice,
    };
}
