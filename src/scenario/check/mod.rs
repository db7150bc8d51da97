//! Whether what a scenario says makes sense: names that are defined, numbers that are possible,
//! code that can end.

mod calls;
mod clients;
mod expectations;
mod flow;
mod handles;
mod options;
mod updates;
mod workers;

use std::collections::BTreeMap;

use super::diagnostic::{Diagnostic, Diagnostics, quoted};
use super::limits::{MAX_CLIENTS, MAX_DIAGNOSTICS, MAX_WORKERS};
use super::model::{ActivityAction, Scenario, Workflow, WorkflowAction, WorkflowStep};
use super::parse::{Parsed, Places};
use super::source::Location;
use super::yaml::{suggest, unknown_name};
use flow::Walk;

/// Checks a scenario whose form is right. `native` are activity types whose code is elsewhere.
pub(super) fn check(parsed: &Parsed, native: &[&str]) -> Result<(), Diagnostics> {
    let mut check =
        Check { scenario: &parsed.scenario, places: &parsed.places, native, found: Vec::new() };
    check.sizes();
    check.workers();
    check.workflows();
    check.activities();
    check.clients();
    check.expectations();
    check.calls();
    if check.found.is_empty() { Ok(()) } else { Err(Diagnostics::new(check.found)) }
}

struct Check<'a> {
    scenario: &'a Scenario,
    places: &'a Places,
    native: &'a [&'a str],
    found: Vec<Diagnostic>,
}

impl<'a> Check<'a> {
    fn refuse(&mut self, diagnostic: Diagnostic) {
        if !self.is_full() {
            self.found.push(diagnostic);
        }
    }

    /// Enough is enough: what is looked for beyond that would only cost time.
    fn is_full(&self) -> bool {
        self.found.len() >= MAX_DIAGNOSTICS
    }

    fn sizes(&mut self) {
        let at = &self.places.clients;
        if self.scenario.clients.len() > MAX_CLIENTS {
            let many = Diagnostic::new(format!("more than {MAX_CLIENTS} clients"));
            self.refuse(many.at(at.clone(), "too many clients"));
        }
        if let Some(place) = self.places.workers.get(MAX_WORKERS) {
            let many = Diagnostic::new(format!("more than {MAX_WORKERS} workers"));
            self.refuse(many.at(self.places.whole(place), "one worker too many"));
        }
    }

    fn workflows(&mut self) {
        for workflow in self.scenario.workflows.values() {
            for version in &workflow.versions {
                self.flow(&version.steps);
                self.handles(&version.steps, &workflow.updates);
                Walk::over(&version.steps, &mut |step| {
                    self.workflow_step(step);
                    self.query_result(workflow, step);
                    self.outside_handlers(step);
                });
            }
            self.updates(&workflow.updates);
        }
    }

    fn activities(&mut self) {
        for steps in self.scenario.activities.values() {
            self.flow(steps);
            Walk::over(steps, &mut |step: &super::model::ActivityStep| {
                if let ActivityAction::ByAttempt(by) = &step.action
                    && by.attempts.is_empty()
                {
                    self.no_attempt(&step.at);
                }
            });
        }
    }

    /// A query whose result is set is one that the workflow answers.
    fn query_result(&mut self, workflow: &Workflow, step: &WorkflowStep) {
        if let WorkflowAction::SetQueryResult(set) = &step.action
            && !self.is_full()
            && !workflow.queries.contains_key(&set.set_query_result)
        {
            let known: Vec<&str> = workflow.queries.keys().map(String::as_str).collect();
            let place = self.places.option(&step.at, "set_query_result");
            let unknown = unknown_name("query", &set.set_query_result, &known, place);
            self.refuse(
                unknown.help("a workflow's queries are named in `queries`, beside `steps`"),
            );
        }
    }

    fn workflow_step(&mut self, step: &WorkflowStep) {
        if self.is_full() {
            return;
        }
        let at = &step.at;
        match &step.action {
            WorkflowAction::StartActivity(start) => {
                self.activity_type(&start.start_activity, at, "start_activity");
                self.activity_options(&start.options, at);
            }
            WorkflowAction::ExecuteActivity(execute) => {
                self.activity_type(&execute.execute_activity, at, "execute_activity");
                self.activity_options(&execute.options, at);
            }
            WorkflowAction::StartLocalActivity(start) => {
                self.activity_type(&start.start_local_activity, at, "start_local_activity");
                self.local_activity_options(&start.options, at);
            }
            WorkflowAction::ExecuteLocalActivity(execute) => {
                self.activity_type(&execute.execute_local_activity, at, "execute_local_activity");
                self.local_activity_options(&execute.options, at);
            }
            WorkflowAction::StartChildWorkflow(start) => {
                self.workflow_type(&start.start_child_workflow, at, "start_child_workflow");
                self.child_options(&start.options, at);
            }
            WorkflowAction::ExecuteChildWorkflow(execute) => {
                self.workflow_type(&execute.execute_child_workflow, at, "execute_child_workflow");
                self.child_options(&execute.options, at);
            }
            WorkflowAction::ContinueAsNew(new) => {
                if let Some(workflow_type) = &new.continue_as_new {
                    self.workflow_type(workflow_type, at, "continue_as_new");
                }
                self.positive(at, "workflow_run_timeout", new.workflow_run_timeout);
                self.positive(at, "workflow_task_timeout", new.workflow_task_timeout);
            }
            WorkflowAction::FailWorkflowTask(fail) if fail.times == Some(0) => {
                self.zero_times(at);
            }
            WorkflowAction::ByAttempt(by) if by.attempts.is_empty() => self.no_attempt(at),
            _ => {}
        }
    }

    fn no_attempt(&mut self, at: &Location) {
        let none = Diagnostic::new("`by_attempt` names no attempt");
        self.refuse(none.at(at.clone(), "expected attempts, as in `{1: [...], otherwise: [...]}`"));
    }

    fn zero_times(&mut self, at: &Location) {
        let never = Diagnostic::new("`times` must be at least 1");
        self.refuse(never.at(self.places.option(at, "times"), "this would do nothing"));
    }

    /// An activity type must have code, here or in the program that runs the scenario.
    fn activity_type(&mut self, name: &str, at: &Location, key: &str) {
        if self.scenario.activities.contains_key(name) || self.native.contains(&name) {
            return;
        }
        let at = self.places.option(at, key);
        self.undefined("activity", name, &self.activity_types(), at, "activities");
    }

    fn activity_types(&self) -> Vec<&'a str> {
        let native = self.native.iter().copied();
        self.scenario.activities.keys().map(String::as_str).chain(native).collect()
    }

    /// A workflow type must have code.
    fn workflow_type(&mut self, name: &str, at: &Location, key: &str) {
        if self.scenario.workflows.contains_key(name) {
            return;
        }
        let at = self.places.option(at, key);
        self.undefined("workflow", name, &names(&self.scenario.workflows), at, "workflows");
    }

    fn undefined(&mut self, what: &str, name: &str, known: &[&str], at: Location, section: &str) {
        let mut diagnostic = unknown_name(what, name, known, at);
        if known.is_empty() {
            diagnostic = diagnostic.help(format!("write its steps under `{section}:`"));
        }
        self.refuse(diagnostic);
    }

    /// A version that a workflow type must have.
    fn version(&mut self, workflow_type: &str, version: &str, at: Location) {
        let Some(workflow) = self.scenario.workflows.get(workflow_type) else { return };
        let known: Vec<&str> = workflow.versions.iter().map(|v| v.name.as_str()).collect();
        if !known.contains(&version) {
            let (workflow_type, named) = (quoted(workflow_type), quoted(version));
            let none = format!("workflow {workflow_type} has no version {named}");
            self.refuse(suggest(Diagnostic::new(none), version, &known, at));
        }
    }
}

/// The keys of a map.
fn names<T>(map: &BTreeMap<String, T>) -> Vec<&str> {
    map.keys().map(String::as_str).collect()
}
