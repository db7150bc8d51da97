//! What all runs of a scenario share: its text's meaning, compiled once.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::request::{Resolved, Sender, build, must_resolve};
use crate::api::Request;
use crate::history::Name;
use crate::scenario::Scenario;
use crate::scenario::model::ClientStep;
use crate::worker::Program;

/// A scenario made ready to run: any number of simulations share it.
#[derive(Debug)]
pub struct Plan {
    scenario: Arc<Scenario>,
    program: Arc<Program>,
    clients: Vec<ClientPlan>,
}

/// A client: who it is, what it does, and the requests that can be made beforehand.
#[derive(Debug)]
pub(super) struct ClientPlan {
    pub(super) name: Name,
    pub(super) steps: Arc<[ClientStep]>,
    requests: Vec<Option<Request>>,
}

impl Plan {
    /// Compiles a scenario.
    pub fn new(scenario: impl Into<Arc<Scenario>>) -> Arc<Self> {
        let scenario = scenario.into();
        let program = Program::compile(&scenario);
        Self::with_program(scenario, program)
    }

    /// A scenario whose workers run this program.
    pub(super) fn with_program(scenario: Arc<Scenario>, program: Arc<Program>) -> Arc<Self> {
        let clients = scenario.clients.iter().map(|(name, steps)| ClientPlan::new(name, steps));
        let clients = clients.collect();
        Arc::new(Self { scenario, program, clients })
    }

    /// What was compiled.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// What the workers run.
    pub(super) fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The clients, in the order of their names.
    pub(super) fn clients(&self) -> &[ClientPlan] {
        &self.clients
    }
}

impl ClientPlan {
    fn new(name: &str, steps: &Arc<[ClientStep]>) -> Self {
        let mut plan = Self { name: name.into(), steps: Arc::clone(steps), requests: Vec::new() };
        plan.requests = (0..steps.len()).map(|step| plan.prepare(step)).collect();
        plan
    }

    /// The request of a step that depends on nothing.
    fn prepare(&self, step: usize) -> Option<Request> {
        let action = &self.steps[step].action;
        if must_resolve(action) { None } else { self.request(step, &Resolved::default()) }
    }

    /// The request of a step that was prepared; none if it depends on what has happened.
    pub(super) fn prepared(&self, step: usize) -> Option<&Request> {
        self.requests[step].as_ref()
    }

    /// The request of a step.
    pub(super) fn request(&self, step: usize, resolved: &Resolved) -> Option<Request> {
        let request_id = format!("{}-{}", self.name, step + 1);
        let sender = Sender { identity: &self.name, request_id };
        build(&self.steps[step].action, &sender, resolved)
    }
}

// All that runs of one scenario have in common needs no second look.
impl PartialEq for Plan {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || self.scenario.digest == other.scenario.digest
    }
}

impl Eq for Plan {}

impl Hash for Plan {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.scenario.digest.hash(state);
    }
}
