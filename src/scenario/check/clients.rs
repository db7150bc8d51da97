//! Clients: the names that Temporal has, and numbers that are possible.

use super::super::diagnostic::Diagnostic;
use super::super::model::{Asks, ClientAction, ClientStep, RunNumber, Timing};
use super::super::names::{EVENT_TYPES, status_code_names};
use super::super::source::Location;
use super::super::yaml::unknown_name;
use super::Check;

impl Check<'_> {
    pub(super) fn clients(&mut self) {
        for step in self.scenario.clients.values().flat_map(|steps| steps.iter()) {
            if self.is_full() {
                return;
            }
            self.client_action(step);
            let at = &step.at;
            if let Timing::When(when) = &step.timing {
                let event = self.places.nested(at, "when", "event");
                self.event_type(&when.event, event);
                self.counted_from_one(at, "when", "count", Some(when.count));
                self.counted_from_one(at, "when", "run", when.run);
            }
            if step.fault.is_some() && step.action.asks() == Asks::Nothing {
                self.refuse(
                    Diagnostic::new("this step asks nothing of the server: no request can be lost")
                        .at(self.places.option(at, "fault"), "of which request?")
                        .also(at.clone(), "beside this action")
                        .help("`fault` stands beside `start`, `signal`, `cancel` and the like"),
                );
            }
            if let Some(refusal) = &step.fails_with {
                let known = status_code_names();
                if !known.contains(&refusal.code.as_str()) {
                    let place = self.places.nested(at, "fails_with", "code");
                    self.refuse(unknown_name("status code", &refusal.code, &known, place));
                }
            }
        }
    }

    fn client_action(&mut self, step: &ClientStep) {
        let at = &step.at;
        match &step.action {
            ClientAction::Start(start) => {
                self.workflow_type(&start.start, at, "start");
                self.start_options(&start.options, at);
            }
            ClientAction::SignalWithStart(start) => {
                self.workflow_type(&start.signal_with_start, at, "signal_with_start");
                self.start_options(&start.options, at);
            }
            ClientAction::Signal(signal) => self.run_number(at, "run", signal.run),
            ClientAction::Update(update) => {
                self.run_number(at, "run", update.run);
                self.run_number(at, "first_run", update.first_run);
                if let (Some(_), Some(_)) = (&update.result, &update.failure) {
                    self.refuse(
                        Diagnostic::new("an update has either a `result` or a `failure`")
                            .at(self.places.option(at, "failure"), "one of them")
                            .also(self.places.option(at, "result"), "or the other"),
                    );
                }
            }
            ClientAction::Cancel(cancel) => {
                self.run_number(at, "run", cancel.run);
                self.run_number(at, "first_run", cancel.first_run);
            }
            ClientAction::Terminate(terminate) => {
                self.run_number(at, "run", terminate.run);
                self.run_number(at, "first_run", terminate.first_run);
            }
            ClientAction::Describe(describe) => self.run_number(at, "run", describe.run),
            ClientAction::Query(query) => self.run_number(at, "run", query.run),
            ClientAction::Reset(reset) => {
                self.run_number(at, "run", reset.run);
                self.run_number(at, "event_id", reset.event_id);
                match (reset.event_id, reset.r#type) {
                    (None, None) => self.refuse(
                        Diagnostic::new("`reset` needs `event_id` or `type`")
                            .at(at.clone(), "to where?")
                            .help("for example `type: LastWorkflowTask`"),
                    ),
                    (Some(_), Some(_)) => self.refuse(
                        Diagnostic::new("`reset` has either `event_id` or `type`, not both")
                            .at(self.places.option(at, "type"), "one of them")
                            .also(self.places.option(at, "event_id"), "or the other"),
                    ),
                    _ => {}
                }
            }
            ClientAction::Deploy(deploy) => {
                self.workflow_type(&deploy.deploy, at, "deploy");
                let place = self.places.option(at, "version");
                self.version(&deploy.deploy, &deploy.version, place);
                if let Some(worker) = &deploy.worker {
                    self.worker(worker, self.places.option(at, "worker"));
                }
            }
            ClientAction::StopWorker(worker) => {
                self.worker(worker, self.places.option(at, "stop_worker"));
            }
            ClientAction::StartWorker(worker) => {
                self.worker(worker, self.places.option(at, "start_worker"));
            }
            ClientAction::CrashWorker(worker) => {
                self.worker(worker, self.places.option(at, "crash_worker"));
            }
            ClientAction::LoseCache(worker) => {
                self.worker(worker, self.places.option(at, "lose_cache"));
            }
            ClientAction::PauseWorker(worker) => {
                self.worker(worker, self.places.option(at, "pause_worker"));
            }
            ClientAction::ResumeWorker(worker) => {
                self.worker(worker, self.places.option(at, "resume_worker"));
            }
            ClientAction::WaitForClose(_)
            | ClientAction::CompleteActivity(_)
            | ClientAction::FailActivity(_)
            | ClientAction::CancelActivity(_)
            | ClientAction::HeartbeatActivity(_) => {}
        }
    }

    pub(super) fn event_type(&mut self, name: &str, at: Location) {
        if !self.is_full() && !EVENT_TYPES.contains(&name) {
            let diagnostic = unknown_name("event type", name, EVENT_TYPES, at);
            self.refuse(diagnostic);
        }
    }

    /// Runs and events are counted from 1.
    pub(super) fn run_number(&mut self, at: &Location, key: &str, number: Option<RunNumber>) {
        if number == Some(0) {
            let place = self.places.option(at, key);
            self.refuse(Diagnostic::new(format!("`{key}` counts from 1")).at(place, "zero"));
        }
    }

    fn counted_from_one(&mut self, at: &Location, outer: &str, key: &str, number: Option<u32>) {
        if number == Some(0) {
            let place = self.places.nested(at, outer, key);
            self.refuse(Diagnostic::new(format!("`{key}` counts from 1")).at(place, "zero"));
        }
    }
}
