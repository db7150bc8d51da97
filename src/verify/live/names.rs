//! What things are called on the real server, and what they are called here.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::official::failure::failure::FailureInfo;
use crate::official::{common, failure, taskqueue};
use crate::sim::NAMESPACE;
use crate::verify::symbols::{is_namespace, replace_uuids};
use crate::verify::{Comparison, HistoryDiff, with_readable_payloads};

/// The names of one execution of a scenario on a real server.
///
/// Workflow Ids and task queues have a prefix there, so that any number of scenarios run side by
/// side. Run Ids are the server's own: which is which is learnt by comparing what both sides say.
/// Task tokens are bytes that mean nothing here.
#[derive(Clone, Debug)]
pub(super) struct Names {
    prefix: String,
    namespace: String,
    /// Knows the real Run Ids, by ours.
    known: Comparison,
    tokens: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Names {
    pub(super) fn new(prefix: String, namespace: String) -> Self {
        Self { prefix, namespace, known: Comparison::default(), tokens: BTreeMap::new() }
    }

    /// What Workflow Ids and task queues begin with on the real server.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The real namespace.
    pub(super) fn namespace(&self) -> String {
        self.namespace.clone()
    }

    /// The real namespace for the one that a command names, if it names one.
    pub(super) fn namespace_named(&self, named: &str) -> String {
        if named == NAMESPACE { self.namespace() } else { named.to_owned() }
    }

    /// The real name of a Workflow Id or a task queue; what is not set stays so.
    pub(super) fn prefixed(&self, name: &str) -> String {
        if name.is_empty() { String::new() } else { format!("{}{name}", self.prefix) }
    }

    /// The real Run Id; one that nothing is known of stays as it is.
    pub(super) fn run_id(&self, run_id: &str) -> String {
        self.known.uuid(run_id).unwrap_or(run_id).to_owned()
    }

    /// A text in which Run Ids may be named.
    pub(super) fn text(&self, text: &str) -> String {
        replace_uuids(text, |run_id| self.run_id(run_id))
    }

    /// A failure, which names a child's execution at times.
    pub(super) fn failure(&self, mut of: failure::Failure) -> failure::Failure {
        if let Some(FailureInfo::ChildWorkflowExecutionFailureInfo(child)) = &mut of.failure_info {
            child.namespace = self.namespace_named(&child.namespace);
            let named = child.workflow_execution.take();
            child.workflow_execution = named.map(|of| self.execution(&of.workflow_id, &of.run_id));
        }
        of.cause = of.cause.map(|cause| Box::new(self.failure(*cause)));
        of
    }

    /// Whether the real Run Id is known.
    pub(super) fn knows_run(&self, run_id: &str) -> bool {
        self.known.uuid(run_id).is_some()
    }

    /// Takes a real Run Id for that of a run, unless either is known already.
    pub(super) fn learn_run(&mut self, run_id: &str, real: &str) {
        self.known.differences(&symbol(run_id).into(), &real.into());
    }

    pub(super) fn execution(&self, workflow_id: &str, run_id: &str) -> common::WorkflowExecution {
        common::WorkflowExecution {
            workflow_id: self.prefixed(workflow_id),
            run_id: self.run_id(run_id),
        }
    }

    /// A task queue with its real name.
    pub(super) fn task_queue(
        &self,
        queue: Option<taskqueue::TaskQueue>,
    ) -> Option<taskqueue::TaskQueue> {
        queue.map(|queue| taskqueue::TaskQueue {
            name: self.prefixed(&queue.name),
            normal_name: self.prefixed(&queue.normal_name),
            ..queue
        })
    }

    /// Takes the real token of a task.
    pub(super) fn learn_token(&mut self, token: Vec<u8>, real: Vec<u8>) {
        self.tokens.insert(token, real);
    }

    /// The real token of a task; of one that the real server never handed out, ours, which it will
    /// refuse.
    pub(super) fn token(&self, token: Vec<u8>) -> Vec<u8> {
        self.tokens.get(&token).cloned().unwrap_or(token)
    }

    /// Where the real server says something else, a line each. Run Ids are learnt if it says the
    /// same.
    pub(super) fn compare(&mut self, ours: &Value, real: &Value) -> Vec<String> {
        let mut known = self.known.clone();
        let differences = known.differences(&marked(ours), &self.unprefixed(real));
        if differences.is_empty() {
            self.known = known;
        }
        differences
    }

    /// How a real history of normalised events differs from ours, if it does. Run Ids are learnt if
    /// it does not.
    pub(super) fn compare_history(
        &mut self,
        ours: &[Value],
        real: &[Value],
    ) -> Option<HistoryDiff> {
        let mut known = self.known.clone();
        let ours: Vec<Value> = ours.iter().map(marked).collect();
        let real: Vec<Value> = real.iter().map(|event| self.unprefixed(event)).collect();
        let diff = known.history(&ours, &real);
        if diff.is_none() {
            self.known = known;
        }
        diff
    }

    /// What the real server says, with our names.
    pub(super) fn unprefixed(&self, value: &Value) -> Value {
        self.strip("", &with_readable_payloads(value))
    }

    fn strip(&self, key: &str, value: &Value) -> Value {
        match value {
            Value::String(text) if is_namespace(key) && *text == self.namespace => NAMESPACE.into(),
            Value::String(text) => Value::String(text.replace(&self.prefix, "")),
            other => map(
                other,
                |key, value| self.strip(key, value),
                |text| text.replace(&self.prefix, ""),
            ),
        }
    }
}

/// What we say, with symbols in the place of Run Ids: the real ones may be any.
fn marked(value: &Value) -> Value {
    mark("", &with_readable_payloads(value))
}

fn mark(_: &str, value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(mark_text(text)),
        other => map(other, mark, mark_text),
    }
}

fn mark_text(text: &str) -> String {
    replace_uuids(text, symbol)
}

fn symbol(run_id: &str) -> String {
    format!("<id:{run_id}>")
}

fn map(
    value: &Value,
    change: impl Fn(&str, &Value) -> Value,
    change_key: impl Fn(&str) -> String,
) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(|item| change("", item)).collect()),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(key, value)| (change_key(key), change(key, value)))
                .collect::<Map<_, _>>(),
        ),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OURS: &str = "018cc251-f400-7000-8000-000000000001";
    const REAL: &str = "0190aaaa-0000-7000-8000-000000000001";

    #[test]
    fn run_ids_are_learnt_only_from_what_is_the_same() {
        let mut names = Names::new("p-1-".into(), "prod".into());
        let ours = json!({ "workflowId": "greeting", "runId": OURS });
        let differences =
            names.compare(&ours, &json!({ "workflowId": "p-1-other", "runId": REAL }));
        assert_eq!(differences, [r#".workflowId: got "other", expected "greeting""#]);
        assert!(!names.knows_run(OURS));

        assert!(
            names
                .compare(&ours, &json!({ "workflowId": "p-1-greeting", "runId": REAL }))
                .is_empty()
        );
        assert_eq!(names.run_id(OURS), REAL);
        assert_eq!(names.execution("greeting", OURS).workflow_id, "p-1-greeting");
    }

    #[test]
    fn the_namespace_is_known_by_its_own_name() {
        let mut names = Names::new("p-1-".into(), "prod".into());
        let ours = json!({ "namespace": "default", "reason": "default" });
        assert!(
            names.compare(&ours, &json!({ "namespace": "prod", "reason": "default" })).is_empty()
        );
        assert!(
            !names.compare(&ours, &json!({ "namespace": "prod", "reason": "prod" })).is_empty()
        );
    }
}
