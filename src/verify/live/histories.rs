//! Reading real histories and descriptions, and holding them against the fake's.

use std::collections::BTreeMap;

use serde_json::Value;

use super::connection::{Answer, Unreachable};
use super::difference::Difference;
use super::lockstep::Lockstep;
use super::question::{Caller, Question};
use crate::api::{CallId, Outbox, Request, Target};
use crate::grpc::Reply;
use crate::history::json::{from_json, to_json};
use crate::history::{Execution, RunId, official};
use crate::official::{common, workflowservice as service};
use crate::verify::normalise;

const DESCRIBE: &str = "describe_workflow_execution";

/// What is compared of an event.
///
/// A run that lived for less than a second has its successor wait for what is left of that second
/// (R38); how much is left is a matter of real time.
pub(super) fn normal_event(event: &Value) -> Value {
    const STARTED: &str = "workflowExecutionStartedEventAttributes";
    const BACKOFF: &str = "firstWorkflowTaskBackoff";
    let mut normal = normalise::event(event);
    let backoff = event[STARTED][BACKOFF].as_str().unwrap_or_default();
    if backoff.starts_with("0.")
        && !event[STARTED]["initiator"].is_null()
        && let Some(started) = normal.get_mut(STARTED).and_then(Value::as_object_mut)
    {
        started.remove(BACKOFF);
    }
    normal
}

impl Lockstep {
    /// The runs whose histories have changed since they were seen to be equal.
    pub(super) fn unsettled(&self) -> Vec<RunId> {
        let runs = self.simulation.server().runs();
        let changed = runs.filter(|run| {
            self.settled.get(&run.execution().run_id) != Some(&run.history().digest())
        });
        changed.map(|run| run.execution().run_id).collect()
    }

    /// How a real history is not as ours, if it is not.
    pub(super) async fn compare_run(
        &mut self,
        run_id: RunId,
    ) -> Result<Option<Difference>, Unreachable> {
        let Some(run) = self.simulation.server().run(run_id) else { return Ok(None) };
        let execution = run.execution().clone();
        let digest = run.history().digest();
        let ours: Vec<Value> =
            official::events(run.history()).map(|event| normal_event(&to_json(&event))).collect();
        let Some(real_run_id) = self.real_run_id(&execution).await? else {
            return Ok(Some(self.missing(&execution)));
        };
        let real = self.real_history(&execution, &real_run_id).await?;
        if let Some(diff) = self.names.compare_history(&ours, &real) {
            let what = format!("the history of {}", self.label(&execution));
            let at = self.simulation.now();
            return Ok(Some(Difference { at, what, how: diff.to_string() }));
        }
        self.names.learn_run(&run_id.to_string(), &real_run_id);
        self.settled.insert(run_id, digest);
        Ok(None)
    }

    fn missing(&self, execution: &Execution) -> Difference {
        let what = format!("the history of {}", self.label(execution));
        let how = "  - the whole run: the real server has none\n".to_owned();
        Difference { at: self.simulation.now(), what, how }
    }

    /// A run for people: by its number, if its Workflow Id has several.
    fn label(&self, execution: &Execution) -> String {
        let id = execution.workflow_id.as_str();
        let mut runs = self.simulation.server().runs_of(id);
        let count = runs.len();
        match runs.position(|run| run.execution() == execution) {
            Some(at) if count > 1 => format!("{id}, run {}", at + 1),
            _ => id.to_owned(),
        }
    }

    /// The real Run Id of a run: known, or that of the current run of its Workflow Id, if no other
    /// of ours is known to be that.
    async fn real_run_id(&self, execution: &Execution) -> Result<Option<String>, Unreachable> {
        let run_id = execution.run_id.to_string();
        if self.names.knows_run(&run_id) {
            return Ok(Some(self.names.run_id(&run_id)));
        }
        let server = self.simulation.server();
        let id = execution.workflow_id.as_str();
        if server.current_run(id).is_none_or(|run| run.execution() != execution) {
            return Ok(None);
        }
        let Answer::Response(description) = self.describe(id, "").await? else { return Ok(None) };
        let real = description["workflowExecutionInfo"]["execution"]["runId"].as_str();
        let is_taken = |real: &&str| {
            server.runs_of(id).any(|run| {
                let ours = run.execution().run_id.to_string();
                self.names.knows_run(&ours) && self.names.run_id(&ours) == *real
            })
        };
        Ok(real.filter(|real| !is_taken(real)).map(str::to_owned))
    }

    pub(super) async fn describe(
        &self,
        workflow_id: &str,
        run_id: &str,
    ) -> Result<Answer, Unreachable> {
        let question = Question::DescribeWorkflowExecution(Box::new(
            service::DescribeWorkflowExecutionRequest {
                namespace: self.names.namespace(),
                execution: Some(self.names.execution(workflow_id, run_id)),
            },
        ));
        self.connection.ask(&question, Caller::Sdk).await
    }

    /// The recorded events of a real run, normalised.
    async fn real_history(
        &self,
        execution: &Execution,
        real_run_id: &str,
    ) -> Result<Vec<Value>, Unreachable> {
        let pages = self.history_pages(execution, real_run_id, 0).await?;
        Ok(pages.iter().flatten().map(normal_event).collect())
    }

    /// The recorded events of a real run, page by page; with one event a page, what was written in
    /// one transaction is on one page (A1).
    pub(super) async fn history_pages(
        &self,
        execution: &Execution,
        real_run_id: &str,
        maximum_page_size: i32,
    ) -> Result<Vec<Vec<Value>>, Unreachable> {
        let mut pages = Vec::new();
        let mut next_page_token = Vec::new();
        loop {
            let request = service::GetWorkflowExecutionHistoryRequest {
                namespace: self.names.namespace(),
                execution: Some(common::WorkflowExecution {
                    workflow_id: self.names.prefixed(execution.workflow_id.as_str()),
                    run_id: real_run_id.to_owned(),
                }),
                maximum_page_size,
                next_page_token,
                ..Default::default()
            };
            let question = Question::GetWorkflowExecutionHistory(Box::new(request));
            let Answer::Response(page) = self.connection.ask(&question, Caller::Cli).await? else {
                return Ok(pages);
            };
            pages.push(page["history"]["events"].as_array().cloned().unwrap_or_default());
            let page = from_json::<service::GetWorkflowExecutionHistoryResponse>(&page);
            next_page_token = page.map(|page| page.next_page_token).unwrap_or_default();
            if next_page_token.is_empty() {
                return Ok(pages);
            }
        }
    }

    /// What the fake says of every open run.
    pub(super) fn descriptions(&self) -> BTreeMap<RunId, Value> {
        let mut server = self.simulation.server().clone();
        let open = self.simulation.server().runs().filter(|run| run.is_open());
        let described = open.map(|run| {
            let Execution { workflow_id, run_id } = run.execution().clone();
            let request = Request::DescribeWorkflowExecution(Target::run(workflow_id, run_id));
            let mut outbox = Outbox::new();
            server.call(self.simulation.now(), CallId(0), request, &mut outbox);
            let answers = outbox.drain().map(|(_, answer)| {
                let reply = Reply::DescribeWorkflowExecution;
                Answer::of_fake(DESCRIBE, &reply, &answer).normalised(DESCRIBE)
            });
            (run_id, answers.last().unwrap_or_default())
        });
        described.collect()
    }

    /// How a real description is not as ours, if it is not.
    pub(super) async fn compare_description(
        &mut self,
        run_id: RunId,
    ) -> Result<Option<Difference>, Unreachable> {
        let ours = self.descriptions().remove(&run_id);
        let (Some(ours), Some(run)) = (ours, self.simulation.server().run(run_id)) else {
            return Ok(None);
        };
        let execution = run.execution().clone();
        let id = execution.workflow_id.as_str();
        let real = self.describe(id, &run_id.to_string()).await?.normalised(DESCRIBE);
        let differences = self.names.compare(&ours, &real);
        if differences.is_empty() {
            return Ok(None);
        }
        let how = differences.iter().map(|line| format!("  {}\n", line.trim_start_matches('.')));
        let what = format!("the description of {}", self.label(&execution));
        Ok(Some(Difference { at: self.simulation.now(), what, how: how.collect() }))
    }
}
