//! Nothing is left running on the real server.

use std::time::Duration;

use tokio::time::sleep;

use super::connection::{Answer, Unreachable};
use super::lockstep::Lockstep;
use super::question::{Caller, Question};
use crate::official::workflowservice as service;

/// A workflow that is terminated may just have started another.
const ROUNDS: usize = 4;

/// How long that may take to show.
const BETWEEN_ROUNDS: Duration = Duration::from_millis(150);

impl Lockstep {
    /// Terminates whatever the scenario has started and is still open.
    pub(super) async fn clean_up(&mut self) -> Result<(), Unreachable> {
        self.land().await;
        let runs = self.simulation.server().runs();
        self.started.extend(runs.map(|run| run.execution().workflow_id.as_str().to_owned()));
        for _ in 0..ROUNDS {
            let mut found = false;
            for workflow_id in &self.started {
                let request = service::TerminateWorkflowExecutionRequest {
                    namespace: self.names.namespace(),
                    workflow_execution: Some(self.names.execution(workflow_id, "")),
                    reason: "deadbeat verify is done with it".to_owned(),
                    identity: "deadbeat".to_owned(),
                    ..Default::default()
                };
                let question = Question::TerminateWorkflowExecution(Box::new(request));
                let answer = self.connection.ask(&question, Caller::Sdk).await?;
                found |= matches!(answer, Answer::Response(_));
            }
            if !found {
                break;
            }
            sleep(BETWEEN_ROUNDS).await;
        }
        Ok(())
    }

    /// Lets what is in flight arrive: a start that comes after the terminations would stay. What
    /// waits for something else starts nothing, and is given up.
    async fn land(&mut self) {
        for in_flight in std::mem::take(&mut self.in_flight).into_values() {
            if in_flight.question.may_wait() {
                in_flight.answer.abort();
            } else {
                // Whatever it was told: nobody asks any more. A call has a deadline of its own.
                let _ = in_flight.answer.await;
            }
        }
    }
}
