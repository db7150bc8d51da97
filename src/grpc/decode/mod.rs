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

use crate::api::{RpcError, Target, limits};
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

/// The queue that a poll names, and what is wrong with the poll (observed).
fn check_poll(
    identity: &str,
    named: Option<taskqueue::TaskQueue>,
) -> Result<taskqueue::TaskQueue, RpcError> {
    if limits::too_long(identity) {
        return Err(RpcError::invalid_argument("Identity length exceeds limit."));
    }
    limits::check_task_queue(named.as_ref()).map_err(RpcError::invalid_argument)?;
    Ok(named.unwrap_or_default())
}
