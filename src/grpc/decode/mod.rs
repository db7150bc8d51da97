//! From official request messages to [`crate::api::Request`]: a file for each kind of caller.

pub(super) mod activity;
pub(super) mod batch;
pub(super) mod client;
mod command;
pub(super) mod history;
pub(super) mod query;
pub(super) mod start;
pub(super) mod update;
pub(super) mod visibility;
pub(super) mod workflow_task;

use crate::api::{RpcError, Target};
use crate::history::Shared;
use crate::history::failure::Payloads;
use crate::official::{common, taskqueue};

/// The execution that a message names.
fn target(named: Option<common::WorkflowExecution>) -> Result<Target, RpcError> {
    let named =
        named.ok_or_else(|| RpcError::invalid_argument("Execution is not set on request."))?;
    Ok(Target { workflow_id: named.workflow_id.into(), run_id: named.run_id.into() })
}

/// Payloads that many may share.
fn payloads(sent: Option<common::Payloads>) -> Option<Payloads> {
    sent.map(Shared::new)
}

/// The queue that a message names; one that it does not name has no name.
fn task_queue(named: Option<taskqueue::TaskQueue>) -> taskqueue::TaskQueue {
    named.unwrap_or_default()
}
