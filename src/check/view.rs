//! The runs that expectations are about, wherever they are kept.

use crate::api::ExecutionStatus;
use crate::history::History;
use crate::server::Server;
use crate::sim::{ExecutionResult, RunResult};

/// What is looked at: the result of a run of a scenario, or a server at the end of one, for which
/// a search need not make a result.
#[derive(Clone, Copy)]
pub(super) enum View<'a> {
    Result(&'a RunResult),
    Server(&'a Server),
}

/// A run of an execution, as far as expectations ask for it.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) status: ExecutionStatus,
    pub(super) history: &'a History,
}

impl<'a> View<'a> {
    /// A run by Workflow Id and number; the last one without a number. If there is no such run, how
    /// many of that Workflow Id there are.
    pub(super) fn find(self, workflow_id: &str, number: Option<u32>) -> Result<Seen<'a>, usize> {
        match self {
            Self::Result(result) => {
                let of_id = |run: &&ExecutionResult| run.workflow_id() == workflow_id;
                let run = result.find(workflow_id, number);
                run.map(|run| Seen { status: run.status, history: &run.history })
                    .ok_or_else(|| result.executions.iter().filter(of_id).count())
            }
            Self::Server(server) => {
                let mut runs = server.runs_of(workflow_id);
                let made = runs.len();
                let at =
                    number.map_or(made, |number| number as usize).checked_sub(1).ok_or(made)?;
                let run = runs.nth(at).ok_or(made)?;
                Ok(Seen { status: run.status(), history: run.history() })
            }
        }
    }
}
