//! What all runs of a scenario share: its text's meaning, compiled once.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use super::ClientIndex;
use super::request::{Resolved, Sender, build, must_resolve};
use super::simulation::Beginning;
use crate::api::Request;
use crate::history::Name;
use crate::scenario::Scenario;
use crate::scenario::model::ClientStep;
use crate::worker::Program;

/// A scenario made ready to run: any number of simulations share it.
#[derive(Clone, Debug)]
pub struct Plan {
    scenario: Arc<Scenario>,
    program: Arc<Program>,
    clients: Vec<ClientPlan>,
    guest: Option<ClientIndex>,
    /// How every simulation begins, once one has begun.
    beginning: OnceLock<Box<Beginning>>,
}

/// A client: who it is, what it does, and the requests that can be made beforehand.
#[derive(Clone, Debug)]
pub(super) struct ClientPlan {
    pub(super) name: Name,
    pub(super) steps: Vec<ClientStep>,
    requests: Vec<Option<Request>>,
}

impl Plan {
    /// Compiles a scenario.
    pub fn new(scenario: impl Into<Arc<Scenario>>) -> Arc<Self> {
        let scenario = scenario.into();
        let program = Program::compile(&scenario);
        Arc::new(Self::with_program(scenario, program))
    }

    fn with_program(scenario: Arc<Scenario>, program: Arc<Program>) -> Self {
        let clients = scenario.clients.iter().map(|(name, steps)| ClientPlan::new(name, steps));
        Self {
            clients: clients.collect(),
            scenario,
            program,
            guest: None,
            beginning: OnceLock::new(),
        }
    }

    /// A scenario for a host: the activities of these types are run by it, and there is one more
    /// client, which gets its steps one by one.
    pub(super) fn for_host(scenario: Scenario, native_types: &[&str]) -> Self {
        let program = Program::compile_with_native(&scenario, native_types.iter().copied());
        let mut plan = Self::with_program(Arc::new(scenario), program);
        let is_free = |name: &String| !plan.scenario.clients.contains_key(name);
        let names =
            std::iter::once("client".to_owned()).chain((2..).map(|n| format!("client-{n}")));
        let name = names.into_iter().find(is_free).unwrap_or_default();
        plan.guest = u16::try_from(plan.clients.len()).ok().map(ClientIndex);
        plan.clients.push(ClientPlan::new(&name, &[]));
        plan
    }

    /// The client whose steps come from a program, not from the scenario.
    pub fn guest(&self) -> Option<ClientIndex> {
        self.guest
    }

    /// What was compiled.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// What each client does, in the order of the clients' numbers, with its name.
    pub(crate) fn client_steps(&self) -> impl Iterator<Item = (&Name, &[ClientStep])> {
        self.clients.iter().map(|client| (&client.name, client.steps.as_slice()))
    }

    /// What the workers run.
    pub(super) fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The clients, in the order of their names; a guest is the last.
    pub(super) fn clients(&self) -> &[ClientPlan] {
        &self.clients
    }

    /// How every simulation begins, once one has begun.
    pub(super) fn beginning(&self) -> &OnceLock<Box<Beginning>> {
        &self.beginning
    }

    /// Gives the guest one more step.
    pub(super) fn push_step(&mut self, step: ClientStep) {
        self.beginning = OnceLock::new();
        if let Some(client) = self.guest.and_then(|at| self.clients.get_mut(usize::from(at.0))) {
            client.push(step);
        }
    }
}

impl ClientPlan {
    fn new(name: &str, steps: &[ClientStep]) -> Self {
        let mut plan = Self { name: name.into(), steps: Vec::new(), requests: Vec::new() };
        steps.iter().cloned().for_each(|step| plan.push(step));
        plan
    }

    fn push(&mut self, step: ClientStep) {
        self.steps.push(step);
        self.requests.push(self.prepare(self.steps.len() - 1));
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
        let named = self.steps[step].identity.as_deref().map(Name::from);
        let identity = named.as_ref().unwrap_or(&self.name);
        let sender = Sender { identity, request_id };
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
