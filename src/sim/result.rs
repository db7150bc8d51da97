//! What came of a run, as values.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::log::LogEntry;
use super::{Ended, Plan, Simulation};
use crate::api::ExecutionStatus;
use crate::clock::{EPOCH, Time};
use crate::history::payload::decode;
use crate::history::text::{RunText, Style, render_one};
use crate::history::{Attributes, Execution, Failure, History, Name, official};
use crate::scenario::Scenario;
use crate::scenario::model::Json;

/// What came of one run of a scenario.
#[derive(Clone, Debug)]
pub struct RunResult {
    /// Every run of every execution, in the order in which they were made.
    pub executions: Vec<ExecutionResult>,
    /// What the clients asked and were answered.
    pub log: Vec<LogEntry>,
    /// The steps that were never taken: a client's number and its step's, from 0.
    pub not_taken: Vec<(super::ClientIndex, usize)>,
    /// When the last happening happened.
    pub end: Time,
    /// How many happenings there were.
    pub happenings: u64,
    /// Why it ended.
    pub ended: Ended,
    plan: Arc<Plan>,
}

/// One run of one execution at the end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExecutionResult {
    /// Its Workflow Id and Run Id.
    pub execution: Execution,
    /// The number of the run among those of the Workflow Id, from 1.
    pub run: u32,
    /// Its workflow type.
    pub workflow_type: Name,
    /// Whether and how it closed.
    pub status: ExecutionStatus,
    /// What is recorded of it.
    pub history: History,
}

/// What the event that closed a run says.
#[derive(Clone, PartialEq, Debug)]
pub enum Close {
    /// The run has not closed, or its close says no more than its status.
    Nothing,
    /// The result.
    Result(Json),
    /// The failure.
    Failure(Failure),
    /// The details of a cancel.
    Details(Json),
    /// The reason of a termination.
    Reason(Name),
}

impl Close {
    /// What the event that closed the run with this history says.
    pub fn of(history: &History) -> Self {
        let Some(last) = history.last() else { return Self::Nothing };
        match &last.attributes {
            Attributes::WorkflowExecutionCompleted { result, .. } => {
                Self::Result(decode(result.as_ref()))
            }
            Attributes::WorkflowExecutionFailed { failure, .. } => Self::Failure(failure.clone()),
            Attributes::WorkflowExecutionCanceled { details, .. } => {
                Self::Details(decode(details.as_ref()))
            }
            Attributes::WorkflowExecutionTerminated { reason, .. } => Self::Reason(reason.clone()),
            _ => Self::Nothing,
        }
    }
}

impl RunResult {
    pub(crate) fn new(simulation: &Simulation, ended: Ended, happenings: u64) -> Self {
        let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
        let executions = simulation.server().runs().map(|run| {
            let execution = run.execution();
            let number = numbers.entry(execution.workflow_id.as_str()).or_default();
            *number += 1;
            ExecutionResult {
                execution: execution.clone(),
                run: *number,
                workflow_type: run.started().workflow_type.clone(),
                status: run.status(),
                history: run.history().clone(),
            }
        });
        Self {
            executions: executions.collect(),
            log: simulation.log().to_vec(),
            not_taken: simulation.waiting_clients().collect(),
            end: simulation.now(),
            happenings,
            ended,
            plan: Arc::clone(simulation.plan()),
        }
    }

    /// What it was a run of.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The scenario.
    pub fn scenario(&self) -> &Scenario {
        self.plan.scenario()
    }

    /// How much virtual time passed.
    pub fn virtual_time(&self) -> Duration {
        self.end - EPOCH
    }

    /// The client that is a program, if there is one.
    pub fn guest(&self) -> Option<super::ClientIndex> {
        self.plan.guest()
    }

    /// The name of a client.
    pub fn client_name(&self, client: super::ClientIndex) -> &str {
        self.plan.clients().get(usize::from(client.0)).map_or("", |client| &client.name)
    }

    /// The steps of a client.
    pub fn client_steps(
        &self,
        client: super::ClientIndex,
    ) -> &[crate::scenario::model::ClientStep] {
        self.plan.clients().get(usize::from(client.0)).map_or(&[], |client| &client.steps)
    }

    /// A run by Workflow Id and number; the last one without a number.
    pub fn find(&self, workflow_id: &str, run: Option<u32>) -> Option<&ExecutionResult> {
        let mut of_id = self.executions.iter().filter(|run| run.workflow_id() == workflow_id);
        match run {
            Some(number) => of_id.find(|run| run.run == number),
            None => of_id.next_back(),
        }
    }

    /// The last run of a Workflow Id, for tests.
    ///
    /// # Panics
    ///
    /// If nothing with this Workflow Id was started; [`RunResult::find`] does not.
    pub fn execution(&self, workflow_id: &str) -> &ExecutionResult {
        match self.find(workflow_id, None) {
            Some(execution) => execution,
            None => panic!("nothing with the Workflow Id `{workflow_id}` was started"),
        }
    }
}

impl ExecutionResult {
    /// Its Workflow Id.
    pub fn workflow_id(&self) -> &str {
        self.execution.workflow_id.as_str()
    }

    /// Its history as text: one block, a line an event. Other runs are called by their Run Ids;
    /// [`crate::report::text`] shows all runs and calls them by their numbers.
    pub fn text(&self) -> String {
        let run = self.to_show();
        render_one(&run, std::slice::from_ref(&run), Style::Plain)
    }

    /// The run as the renderer takes it.
    pub(crate) fn to_show(&self) -> RunText<'_> {
        RunText::new(&self.execution, self.run, &self.history, self.status.name(), EPOCH)
    }

    /// Its history in Temporal's JSON form, as `temporal workflow show -o json` prints it.
    pub fn history_json(&self) -> Json {
        official::history_json(&self.history)
    }

    /// What the event that closed it says.
    pub fn close(&self) -> Close {
        Close::of(&self.history)
    }
}
