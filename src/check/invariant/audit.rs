//! The auditor: all invariants, over all histories of a run.

use super::request::Requests;
use super::reset::ResetAt;
use super::room::Room;
use super::{Breach, Violation, chain, family, history, reset};
use crate::api::ExecutionStatus;
use crate::clock::Time;
use crate::history::event::WorkflowExecutionStarted;
use crate::history::{Attributes, Event, EventId, Execution, History, RunId};
use crate::server::{Run, Server};
use crate::sim::{LogEntry, Plan, RunResult, Simulation};

use std::sync::Arc;

/// Checks that all invariants hold. Made once and used for any number of runs: it keeps its memory.
///
/// It looks at each event once, and at what runs say of each other.
#[derive(Default, Debug)]
pub struct Auditor {
    room: Room<'static>,
    requests: Requests,
}

/// A run to be looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'h> {
    pub(super) execution: &'h Execution,
    pub(super) history: &'h History,
    pub(super) status: ExecutionStatus,
    /// The run on its server, if that is at hand.
    pub(super) run: Option<&'h Run>,
}

/// What a pass over a history has found out.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Facts<'h> {
    pub(super) started: Option<&'h WorkflowExecutionStarted>,
    /// The time of the first event.
    pub(super) start: Option<Time>,
    /// When the run was made: after a reset, that is later.
    pub(super) made_at: Option<Time>,
    pub(super) close: Option<&'h Event>,
    pub(super) cancel_requested: Option<Time>,
    /// The reset that made the run.
    pub(super) reset: Option<ResetAt>,
    /// The last start of a workflow task that a reset has made up, and the last event before what
    /// it made up.
    pub(super) made_up: Option<(EventId, EventId)>,
    /// Whether the pass is in the batch of the run's own reset.
    pub(super) in_reset: bool,
    /// How many admitted updates have no acceptance yet.
    pub(super) admitted_updates: u32,
}

impl Facts<'_> {
    /// The run that the close names as the next.
    pub(super) fn successor(&self) -> Option<RunId> {
        match &self.close?.attributes {
            Attributes::WorkflowExecutionCompleted { new_execution_run_id, .. }
            | Attributes::WorkflowExecutionFailed { new_execution_run_id, .. }
            | Attributes::WorkflowExecutionTimedOut { new_execution_run_id, .. } => {
                *new_execution_run_id
            }
            Attributes::WorkflowExecutionContinuedAsNew(continued) => {
                Some(continued.new_execution_run_id)
            }
            _ => None,
        }
    }
}

impl<'h> From<&'h Run> for Seen<'h> {
    fn from(run: &'h Run) -> Self {
        Self {
            execution: run.execution(),
            history: run.history(),
            status: run.status(),
            run: Some(run),
        }
    }
}

impl Auditor {
    /// An auditor that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks all runs of a simulation, as it is, and what its clients were told.
    ///
    /// # Errors
    ///
    /// The first violation.
    pub fn audit(&mut self, simulation: &Simulation) -> Result<(), Box<Violation>> {
        let runs = simulation.server().runs().map(Seen::from);
        self.check(runs, Some((simulation.plan(), simulation.log())))
    }

    /// Checks all runs of a server.
    ///
    /// # Errors
    ///
    /// The first violation.
    pub fn audit_server(&mut self, server: &Server) -> Result<(), Box<Violation>> {
        self.check(server.runs().map(Seen::from), None)
    }

    /// Checks all runs of a result, and what its clients were told. What is pending on the server
    /// is not known any more: what depends on that is not checked.
    ///
    /// # Errors
    ///
    /// The first violation.
    pub fn audit_result(&mut self, result: &RunResult) -> Result<(), Box<Violation>> {
        let runs = result.executions.iter().map(|run| Seen {
            execution: &run.execution,
            history: &run.history,
            status: run.status,
            run: None,
        });
        self.check(runs, Some((result.plan(), &result.log)))
    }

    /// Checks one history by itself, wherever it comes from. Its batches are those of the server
    /// that recorded it.
    ///
    /// # Errors
    ///
    /// The first violation.
    pub fn audit_history(
        &mut self,
        execution: &Execution,
        history: &History,
        status: ExecutionStatus,
    ) -> Result<(), Box<Violation>> {
        let mut room = std::mem::take(&mut self.room).recycle();
        let checked = history::check(&mut room, 0, Seen { execution, history, status, run: None });
        self.room = room.recycle();
        checked.map(|_| ()).map_err(|breach| breach.of(execution))
    }

    fn check<'h>(
        &mut self,
        runs: impl Iterator<Item = Seen<'h>>,
        clients: Option<(&Arc<Plan>, &[LogEntry])>,
    ) -> Result<(), Box<Violation>> {
        let mut room = std::mem::take(&mut self.room).recycle();
        room.runs.extend(runs);
        let checked = self.check_all(&mut room, clients).map_err(|(number, breach)| {
            let execution = room.runs.get(number).map(|run| run.execution.clone());
            execution.map(|execution| breach.of(&execution))
        });
        self.room = room.recycle();
        match checked {
            Err(Some(violation)) => Err(violation),
            _ => Ok(()),
        }
    }

    /// The first breach, and the number of the run that it is in.
    fn check_all(
        &mut self,
        room: &mut Room<'_>,
        clients: Option<(&Arc<Plan>, &[LogEntry])>,
    ) -> Result<(), (usize, Box<Breach>)> {
        for number in 0..room.runs.len() {
            let seen = room.runs[number];
            let facts = history::check(room, number, seen).map_err(|breach| (number, breach))?;
            room.facts.push(facts);
        }
        room.sort();
        chain::one_is_open(room)?;
        chain::check(room)?;
        family::claims(room)?;
        family::children(room)?;
        let Some((plan, log)) = clients else { return reset::check(room, |_| None) };
        self.requests.prepare(plan);
        let requests = &self.requests;
        reset::check(room, |run| requests.excluded(log, run))?;
        requests.check(room, log)
    }
}
