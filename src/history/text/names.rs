//! What things are called: runs by number, activities by the id that their workflow gave them.

use std::collections::BTreeMap;

use super::words::word;
use crate::history::event::{ActivityTaskScheduled, Attributes, Event, WorkflowExecutionStarted};
use crate::history::ids::{EventId, Execution, RunId};
use crate::history::list::History;

/// The numbers of the runs that are shown.
#[derive(Debug)]
pub(super) struct Names<'a> {
    runs: BTreeMap<RunId, (&'a Execution, u32)>,
}

impl<'a> Names<'a> {
    pub(super) fn of(runs: impl Iterator<Item = (&'a Execution, u32)>) -> Self {
        Self { runs: runs.map(|(execution, n)| (execution.run_id, (execution, n))).collect() }
    }
}

/// What the events of a run are told with.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    execution: &'a Execution,
    events: Vec<&'a Event>,
    names: &'a Names<'a>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(
        execution: &'a Execution,
        history: &'a History,
        names: &'a Names<'a>,
    ) -> Self {
        Self { execution, events: history.events().collect(), names }
    }

    pub(super) fn run_id(&self) -> RunId {
        self.execution.run_id
    }

    pub(super) fn events(&self) -> &[&'a Event] {
        &self.events
    }

    /// What the run was started with.
    pub(super) fn started(&self) -> Option<&'a WorkflowExecutionStarted> {
        match &self.events.first()?.attributes {
            Attributes::WorkflowExecutionStarted(started) => Some(started),
            _ => None,
        }
    }

    /// The activity that was scheduled by this event.
    pub(super) fn activity(&self, scheduled: EventId) -> Option<&'a ActivityTaskScheduled> {
        let index = usize::try_from(scheduled.0).ok()?.checked_sub(1)?;
        match &self.events.get(index)?.attributes {
            Attributes::ActivityTaskScheduled(of) => Some(of),
            _ => None,
        }
    }

    /// A task queue's name, unless it is the run's own.
    pub(super) fn other_queue<'b>(&self, queue: &'b str) -> &'b str {
        match self.started() {
            Some(started) if &*started.task_queue == queue => "",
            _ => queue,
        }
    }

    /// A run of this Workflow Id, as a rule: `run 2`.
    pub(super) fn run(&self, id: RunId) -> String {
        match self.names.runs.get(&id) {
            Some((execution, _)) if execution.workflow_id != self.execution.workflow_id => {
                self.execution(execution)
            }
            _ => self.run_number(id),
        }
    }

    /// A run of any execution: `greeting run 2`.
    pub(super) fn execution(&self, of: &Execution) -> String {
        format!("{} {}", word(of.workflow_id.as_str()), self.run_number(of.run_id))
    }

    /// A run of an execution whose Workflow Id is told already: `run 2`.
    pub(super) fn run_number(&self, id: RunId) -> String {
        match self.names.runs.get(&id) {
            Some((_, number)) => format!("run {number}"),
            None => format!("run {id}"),
        }
    }
}
