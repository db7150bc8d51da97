//! Workers.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::duration::Span;

/// A worker.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Worker {
    /// Its name, and its identity if none is given.
    pub name: String,
    /// Another identity than its name.
    pub identity: Option<String>,
    /// The task queue that it polls.
    pub task_queue: String,
    /// The workflow types that it has; none means: it does not poll for workflow tasks. All if not
    /// given.
    pub workflows: Option<Vec<String>>,
    /// The activity types that it has; none means: it does not poll for activity tasks. All if not
    /// given.
    pub activities: Option<Vec<String>>,
    /// The versions that it begins with, by workflow type; the first of the file if not given.
    pub versions: BTreeMap<String, String>,
    /// Whether it keeps workflows in a cache and has their tasks on a queue of its own.
    pub sticky: bool,
    /// The name of that queue; made from the identity if not given. After a restart it is
    /// another one.
    pub sticky_task_queue: Option<String>,
    /// How long a task waits on that queue before it goes to the normal one.
    pub sticky_schedule_to_start_timeout: Span,
    /// How many workflow tasks it works on at a time.
    pub max_concurrent_workflow_tasks: u32,
    /// How many activities it runs at a time.
    pub max_concurrent_activities: u32,
    /// How long it takes to answer a workflow task.
    pub workflow_task_latency: Span,
    /// The longest time between two heartbeats that are sent.
    pub max_heartbeat_throttle_interval: Span,
    /// The time between two heartbeats that are sent, for activities without a heartbeat timeout.
    pub default_heartbeat_throttle_interval: Span,
    /// Whether it must be started by a `start_worker` step.
    pub stopped: bool,
}

impl Default for Worker {
    fn default() -> Self {
        Self {
            name: "worker".to_owned(),
            identity: None,
            task_queue: DEFAULT_TASK_QUEUE.to_owned(),
            workflows: None,
            activities: None,
            versions: BTreeMap::new(),
            sticky: true,
            sticky_task_queue: None,
            sticky_schedule_to_start_timeout: Span(Duration::from_secs(10)),
            max_concurrent_workflow_tasks: 100,
            max_concurrent_activities: 100,
            workflow_task_latency: Span(Duration::ZERO),
            max_heartbeat_throttle_interval: Span(Duration::from_secs(60)),
            default_heartbeat_throttle_interval: Span(Duration::from_secs(30)),
            stopped: false,
        }
    }
}

/// The task queue of everything that names none.
pub const DEFAULT_TASK_QUEUE: &str = "main";
