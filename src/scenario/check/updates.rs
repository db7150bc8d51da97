//! Updates' handlers: what their validators and steps may be.

use std::collections::BTreeMap;

use super::super::diagnostic::Diagnostic;
use super::super::model::{UpdateHandler, WorkflowAction, WorkflowStep};
use super::Check;
use super::flow::Walk;

impl Check<'_> {
    pub(super) fn updates(&mut self, updates: &BTreeMap<String, UpdateHandler>) {
        for handler in updates.values() {
            self.flow(&handler.steps);
            Walk::over(&handler.steps, &mut |step| {
                self.workflow_step(step);
                self.handler_step(step);
            });
            Walk::over(&handler.validate, &mut |step| {
                self.workflow_step(step);
                self.validator_step(step);
            });
        }
    }

    /// A handler answers its update: it does not end the workflow.
    fn handler_step(&mut self, step: &WorkflowStep) {
        if let WorkflowAction::ContinueAsNew(_) = &step.action {
            self.refuse(
                Diagnostic::new("an update's handler cannot continue the workflow as new")
                    .at(step.at.clone(), "in the handler of an update")
                    .help("let the workflow's own steps do it, after a `wait_signal` for example"),
            );
        }
        if let WorkflowAction::StartBranch(branch) = &step.action {
            Walk::over(&branch.steps, &mut |step| self.outside_handlers(step));
        }
    }

    /// What is not itself the handler of an update has no update's id.
    pub(super) fn outside_handlers(&mut self, step: &WorkflowStep) {
        if let WorkflowAction::ByUpdateId(_) = &step.action {
            self.refuse(
                Diagnostic::new("`by_update_id` is for the handlers of updates, in no branch")
                    .at(step.at.clone(), "no update is handled here"),
            );
        }
    }

    /// A validator decides at once, and asks nothing of the server.
    fn validator_step(&mut self, step: &WorkflowStep) {
        if matches!(
            step.action,
            WorkflowAction::Fail(_) | WorkflowAction::ByAttempt(_) | WorkflowAction::ByUpdateId(_)
        ) {
            return;
        }
        self.refuse(
            Diagnostic::new(
                "a validator can only refuse: it has `fail`, `by_attempt` and `by_update_id` steps",
            )
            .at(step.at.clone(), "not in a validator")
            .help("what the update does stands under `steps`"),
        );
    }
}
