//! What a scenario says of a worker, ready for use.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::api::StickyAttributes;
use crate::history::Name;
use crate::scenario::model;

/// A worker's settings.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) identity: Name,
    pub(super) task_queue: Name,
    /// The name of its sticky queue, if it is not made from its identity.
    sticky_task_queue: Option<Name>,
    /// How long a task may wait on its sticky queue; none for a worker without a cache.
    sticky_schedule_to_start_timeout: Option<Duration>,
    /// The workflow types that it has, in order; all if not given.
    workflows: Option<Vec<Name>>,
    /// The activity types that it has, in order; all if not given.
    activities: Option<Vec<Name>>,
    pub(super) max_workflow_tasks: usize,
    pub(super) max_activities: usize,
    pub(super) workflow_task_latency: Duration,
    pub(super) max_heartbeat_throttle_interval: Duration,
    pub(super) default_heartbeat_throttle_interval: Duration,
}

impl Config {
    pub(super) fn new(worker: &model::Worker) -> Self {
        let identity = Name::from(worker.identity.as_ref().unwrap_or(&worker.name).as_str());
        Self {
            identity,
            task_queue: worker.task_queue.as_str().into(),
            sticky_task_queue: worker.sticky_task_queue.as_deref().map(Name::from),
            sticky_schedule_to_start_timeout: worker
                .sticky
                .then_some(worker.sticky_schedule_to_start_timeout.0),
            workflows: worker.workflows.as_deref().map(sorted),
            activities: worker.activities.as_deref().map(sorted),
            max_workflow_tasks: worker.max_concurrent_workflow_tasks as usize,
            max_activities: worker.max_concurrent_activities as usize,
            workflow_task_latency: worker.workflow_task_latency.0,
            max_heartbeat_throttle_interval: worker.max_heartbeat_throttle_interval.0,
            default_heartbeat_throttle_interval: worker.default_heartbeat_throttle_interval.0,
        }
    }

    /// The sticky queue that it has after so many starts.
    pub(super) fn sticky(&self, starts: u32) -> Option<StickyAttributes> {
        let schedule_to_start_timeout = self.sticky_schedule_to_start_timeout?;
        let first = match &self.sticky_task_queue {
            Some(name) => name.clone(),
            None => format!("{}-sticky", self.identity).into(),
        };
        let worker_task_queue = if starts > 1 { format!("{first}-{starts}").into() } else { first };
        Some(StickyAttributes { worker_task_queue, schedule_to_start_timeout })
    }

    /// Whether it polls for workflow tasks at all.
    pub(super) fn polls_workflow_tasks(&self) -> bool {
        self.workflows.as_ref().is_none_or(|types| !types.is_empty())
    }

    /// Whether it polls for activity tasks at all.
    pub(super) fn polls_activity_tasks(&self) -> bool {
        self.activities.as_ref().is_none_or(|types| !types.is_empty())
    }

    /// Whether it has a workflow type.
    pub(super) fn has_workflow(&self, name: &str) -> bool {
        has(self.workflows.as_deref(), name)
    }

    /// Whether it has an activity type.
    pub(super) fn has_activity(&self, name: &str) -> bool {
        has(self.activities.as_deref(), name)
    }
}

fn sorted(names: &[String]) -> Vec<Name> {
    let mut names: Vec<Name> = names.iter().map(|name| name.as_str().into()).collect();
    names.sort();
    names
}

fn has(list: Option<&[Name]>, name: &str) -> bool {
    list.is_none_or(|list| list.binary_search_by(|known| known.as_str().cmp(name)).is_ok())
}

/// Settings never change, so that they are no part of a worker's state: its index says as much.
#[derive(Clone, Debug)]
pub(super) struct ConfigRef(pub(super) Arc<Config>);

impl Deref for ConfigRef {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.0
    }
}

impl PartialEq for ConfigRef {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for ConfigRef {}

impl Hash for ConfigRef {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
