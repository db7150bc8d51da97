//! What passes is written down, and the runs as they are in the end: for a case of the corpus.

use serde_json::Value;

use super::connection::{Answer, Unreachable};
use super::lockstep::Lockstep;
use super::question::Question;
use crate::history::Execution;
use crate::verify::{FinalRun, LogEntry};

impl Lockstep {
    /// Somebody asks: the call's number is for its answer.
    pub(super) fn log_question(&mut self, question: &Question) -> u64 {
        let call = self.calls;
        self.calls += 1;
        self.log.entries.push(LogEntry::Asked {
            call,
            at: self.simulation.now(),
            action: question.action().to_owned(),
            request: question.json(),
        });
        call
    }

    pub(super) fn log_answer(&mut self, call: u64, answer: &Answer) {
        let answer = match answer {
            Answer::Response(response) => Ok(response.clone()),
            Answer::Refusal(refusal) => Err(refusal.clone()),
        };
        self.log.entries.push(LogEntry::Answered { call, at: self.simulation.now(), answer });
    }

    /// All runs of the scenario, as the real server has them now.
    pub(super) async fn final_runs(&self) -> Result<Vec<FinalRun>, Unreachable> {
        let runs = self.simulation.server().runs();
        let executions: Vec<Execution> = runs.map(|run| run.execution().clone()).collect();
        let mut final_runs = Vec::new();
        for execution in executions {
            let run_id = self.names.run_id(&execution.run_id.to_string());
            let pages = self.history_pages(&execution, &run_id, 1).await?;
            let id = |event: &Value| event["eventId"].as_str().and_then(|id| id.parse().ok());
            let batches: Vec<Vec<i64>> = pages
                .iter()
                .map(|page| page.iter().filter_map(id).collect::<Vec<i64>>())
                .filter(|batch| !batch.is_empty())
                .collect();
            let id = execution.workflow_id.as_str();
            let description = self.describe(id, &execution.run_id.to_string()).await?;
            let status = match &description {
                Answer::Response(description) => &description["workflowExecutionInfo"]["status"],
                Answer::Refusal(_) => &Value::Null,
            };
            let status = status.as_str().unwrap_or_default();
            final_runs.push(FinalRun {
                workflow_id: self.names.prefixed(id),
                run_id,
                events: pages.into_iter().flatten().collect(),
                batches,
                status: status.trim_start_matches("WORKFLOW_EXECUTION_STATUS_").to_owned(),
            });
        }
        Ok(final_runs)
    }
}
