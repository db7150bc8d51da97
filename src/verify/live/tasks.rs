//! Tasks that the fake hands out are fetched from the real server, and are the same.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::connection::Answer;
use super::difference::{Difference, Trouble};
use super::histories::normal_event;
use super::lockstep::Lockstep;
use super::official::question;
use crate::api::{Request, Response, RpcError, WorkflowTask};
use crate::history::json::from_json;
use crate::official::workflowservice as service;
use crate::verify::normalise;

/// The real server refuses polls that wait less than two seconds (D6).
const SHORTEST_POLL: Duration = Duration::from_secs(3);

impl Lockstep {
    /// The worker's poll goes out, and brings the task that the fake has just handed out.
    pub(super) async fn hand_out(
        &mut self,
        poll: &Request,
        result: &Result<Response, RpcError>,
    ) -> Result<(), Trouble> {
        let (question, reply) = question(poll, &self.names);
        let action = question.action();
        let Answer::Response(ours) = Answer::of_fake(action, &reply, result) else {
            return Ok(());
        };
        let until = Instant::now() + Self::task_patience();
        let real = loop {
            if let Some(at) = self.early.iter().position(|task| self.is_same(&ours, task)) {
                break self.early.remove(at);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(self.no_task(&ours));
            }
            let task = self.connection.poll(&question, left.max(SHORTEST_POLL)).await?;
            self.early.extend(task);
        };
        let call = self.log_question(&question);
        self.log_answer(call, &Answer::Response(real.clone()));
        self.sticky.polled(poll);
        self.learn_task(result, &real);
        self.compare_task(action, &ours, &real)
    }

    /// Whether a real task is the one that the fake handed out, whatever it says.
    fn is_same(&self, ours: &Value, real: &Value) -> bool {
        let execution = |task: &Value| {
            let text = |field: &str| {
                task["workflowExecution"][field].as_str().unwrap_or_default().to_owned()
            };
            (text("workflowId"), text("runId"))
        };
        let ((workflow_id, run_id), (real_workflow_id, real_run_id)) =
            (execution(ours), execution(real));
        let is_run = !self.names.knows_run(&run_id) || self.names.run_id(&run_id) == real_run_id;
        // A query that goes by itself waits in the same queue as a workflow task (G7).
        self.names.prefixed(&workflow_id) == real_workflow_id
            && is_run
            && ours["activityId"] == real["activityId"]
            && ours["query"]["queryType"] == real["query"]["queryType"]
    }

    fn no_task(&self, ours: &Value) -> Trouble {
        let workflow_id = ours["workflowExecution"]["workflowId"].as_str().unwrap_or_default();
        let what = match ours["activityId"].as_str() {
            Some(activity) => format!("no task of activity {activity} of {workflow_id} came"),
            None => format!("no workflow task of {workflow_id} came"),
        };
        let instead =
            self.early.iter().map(|task| format!("instead: {}", self.names.unprefixed(task)));
        self.different(what, &instead.collect::<Vec<_>>())
    }

    fn compare_task(&mut self, action: &str, ours: &Value, real: &Value) -> Result<(), Trouble> {
        let what = || {
            let workflow_id = ours["workflowExecution"]["workflowId"].as_str().unwrap_or_default();
            match ours["activityId"].as_str() {
                Some(activity) => format!("the task of activity {activity} of {workflow_id}"),
                None => format!("the workflow task of {workflow_id}"),
            }
        };
        let events = |task: &Value| -> Vec<Value> {
            let events = task["history"]["events"].as_array().into_iter().flatten();
            events.map(normal_event).collect()
        };
        if let Some(diff) = self.names.compare_history(&events(ours), &events(real)) {
            let at = self.simulation.now();
            let difference = Difference { at, what: what(), how: diff.to_string() };
            return Err(Trouble::Different(difference));
        }
        let normal = |task| normalise::result(action, task, &[]);
        let differences = self.names.compare(&normal(ours), &normal(real));
        if differences.is_empty() { Ok(()) } else { Err(self.different(what(), &differences)) }
    }

    fn learn_task(&mut self, result: &Result<Response, RpcError>, real: &Value) {
        match result {
            Ok(Response::PollWorkflowTaskQueue(task)) => {
                if let Ok(real) = from_json::<service::PollWorkflowTaskQueueResponse>(real) {
                    self.learn_workflow_task(task, real);
                }
            }
            Ok(Response::QueryTask(task)) => {
                if let Ok(real) = from_json::<service::PollWorkflowTaskQueueResponse>(real) {
                    self.names.learn_token(task.token.to_bytes(), real.task_token);
                }
            }
            Ok(Response::PollActivityTaskQueue(task)) => {
                if let Ok(real) = from_json::<service::PollActivityTaskQueueResponse>(real) {
                    self.names.learn_token(task.token.to_bytes(), real.task_token);
                }
            }
            _ => {}
        }
    }

    /// The task that came with the answer to a completion (R23).
    pub(super) fn learn_returned_task(
        &mut self,
        result: &Result<Response, RpcError>,
        real: &Answer,
    ) {
        if let (
            Ok(Response::RespondWorkflowTaskCompleted { workflow_task: Some(task), .. }),
            Answer::Response(real),
        ) = (result, real)
            && let Ok(real) =
                from_json::<service::PollWorkflowTaskQueueResponse>(&real["workflowTask"])
        {
            self.learn_workflow_task(task, real);
        }
    }

    /// What a worker's answer has to name: the task, and the queries that came with it. Which is
    /// which is told by what they ask.
    fn learn_workflow_task(
        &mut self,
        task: &WorkflowTask,
        real: service::PollWorkflowTaskQueueResponse,
    ) {
        self.names.learn_token(task.token.to_bytes(), real.task_token);
        let mut asked: Vec<_> = real.queries.into_iter().collect();
        for (id, query) in &task.queries {
            if let Some(at) = asked.iter().position(|(_, real)| *real == **query) {
                self.names.learn_run(&id.to_string(), &asked.swap_remove(at).0);
            }
        }
    }
}
