//! Where the runs are: by Run Id, and by Workflow Id.

use std::collections::BTreeMap;

use super::key::RunIndex;
use crate::history::{Execution, RunId, WorkflowId};

/// Follows from the runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    by_run_id: BTreeMap<RunId, RunIndex>,
    /// The runs of each Workflow Id, in the order in which they were made.
    chains: BTreeMap<WorkflowId, Vec<RunIndex>>,
}

impl Directory {
    /// Adds a run, the latest.
    pub(super) fn add(&mut self, execution: Execution, at: RunIndex) {
        self.by_run_id.insert(execution.run_id, at);
        self.chains.entry(execution.workflow_id).or_default().push(at);
    }

    /// The run with this id.
    pub(super) fn run(&self, id: RunId) -> Option<RunIndex> {
        self.by_run_id.get(&id).copied()
    }

    /// The runs of a Workflow Id, in the order in which they were made.
    pub(super) fn chain(&self, workflow_id: &str) -> &[RunIndex] {
        self.chains.get(workflow_id).map_or(&[][..], Vec::as_slice)
    }

    /// The Workflow Ids in their order, each with its runs.
    pub(super) fn chains(&self) -> impl ExactSizeIterator<Item = (&WorkflowId, &[RunIndex])> {
        self.chains.iter().map(|(id, chain)| (id, chain.as_slice()))
    }
}
