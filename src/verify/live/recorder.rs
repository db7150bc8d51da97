//! Taking note of what passes, for a case of the corpus.

use std::collections::BTreeMap;

use serde_json::Value;

use super::connection::{Answer, Unreachable};
use super::lockstep::Lockstep;
use super::question::{Caller, Question};
use crate::api::CallId;
use crate::clock::Time;
use crate::history::Execution;
use crate::history::json::from_json;
use crate::official::common::WorkflowExecution;
use crate::official::workflowservice as service;
use crate::verify::{Case, FinalRun, Log, LogEntry, record};

/// What has passed so far.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    log: Log,
    /// The number of each call that is not answered.
    open: BTreeMap<CallId, u64>,
    calls: u64,
}

impl Recorder {
    pub(super) fn new(prefix: &str, namespace: &str) -> Self {
        let log =
            Log { prefix: prefix.to_owned(), namespace: namespace.to_owned(), entries: Vec::new() };
        Self { log, ..Self::default() }
    }

    /// Something was asked.
    pub(super) fn asked(&mut self, call: CallId, at: Time, question: &Question) {
        self.calls += 1;
        self.open.insert(call, self.calls);
        self.log.entries.push(LogEntry::Asked {
            call: self.calls,
            at,
            action: question.action().to_owned(),
            request: question.json(),
        });
    }

    /// It was answered.
    pub(super) fn answered(&mut self, call: CallId, at: Time, answer: &Answer) {
        let Some(call) = self.open.remove(&call) else { return };
        let answer = match answer {
            Answer::Response(response) => Ok(response.clone()),
            Answer::Refusal(refusal) => Err(refusal.clone()),
        };
        self.log.entries.push(LogEntry::Answered { call, at, answer });
    }

    /// A poll brought a task.
    pub(super) fn handed_out(&mut self, at: Time, poll: &Question, task: &Value) {
        // No call of the simulation has this name.
        const POLL: CallId = CallId(u64::MAX);
        self.asked(POLL, at, poll);
        self.answered(POLL, at, &Answer::Response(task.clone()));
    }

    /// A worker began to poll a sticky queue.
    pub(super) fn polls(&mut self, at: Time, poll: &Question) {
        self.log.entries.push(LogEntry::Polls { at, request: poll.json() });
    }

    /// A worker polls a sticky queue no more.
    pub(super) fn polls_no_more(&mut self, at: Time, poll: &Question) {
        self.log.entries.push(LogEntry::PollsNoMore { at, request: poll.json() });
    }
}

impl Lockstep {
    /// What was followed, as a case of the corpus. Every run must have been seen to be equal.
    pub(super) async fn case(&self, name: &str, description: &str) -> Result<Case, Unreachable> {
        let mut runs = Vec::new();
        let executions: Vec<Execution> =
            self.simulation.server().runs().map(|run| run.execution().clone()).collect();
        for execution in executions {
            let run_id = execution.run_id.to_string();
            runs.push(self.final_run(execution.workflow_id.as_str(), &run_id).await?);
        }
        Ok(record(name, description, &self.recorder.log, &runs))
    }

    async fn final_run(&self, workflow_id: &str, run_id: &str) -> Result<FinalRun, Unreachable> {
        let execution = self.names.execution(workflow_id, run_id);
        let description = self.describe_real(execution.clone()).await?;
        let WorkflowExecution { workflow_id, run_id } = execution;
        let status = match &description {
            Answer::Response(of) => of["workflowExecutionInfo"]["status"].as_str(),
            Answer::Refusal(_) => None,
        };
        let status = status.unwrap_or_default().replace("WORKFLOW_EXECUTION_STATUS_", "");
        let (mut events, mut batches) = (Vec::new(), Vec::new());
        let mut next_page_token = Vec::new();
        loop {
            let execution =
                WorkflowExecution { workflow_id: workflow_id.clone(), run_id: run_id.clone() };
            let request = service::GetWorkflowExecutionHistoryRequest {
                namespace: self.names.namespace(),
                execution: Some(execution),
                // A page has one batch at least.
                maximum_page_size: 1,
                next_page_token,
                ..Default::default()
            };
            let question = Question::GetWorkflowExecutionHistory(Box::new(request));
            let Answer::Response(page) = self.connection.ask(&question, Caller::Cli).await? else {
                break;
            };
            let batch = page["history"]["events"].as_array().cloned().unwrap_or_default();
            let ids = batch.iter().filter_map(|event| event["eventId"].as_str()?.parse().ok());
            let ids: Vec<i64> = ids.collect();
            if !ids.is_empty() {
                batches.push(ids);
            }
            events.extend(batch);
            let page = from_json::<service::GetWorkflowExecutionHistoryResponse>(&page);
            next_page_token = page.map(|page| page.next_page_token).unwrap_or_default();
            if next_page_token.is_empty() {
                break;
            }
        }
        Ok(FinalRun { workflow_id, run_id, events, batches, status })
    }
}
