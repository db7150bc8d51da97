//! Queries: answered from what the code has set, without running any of it anew but to replay.
//!
//! One that came with a workflow task is answered with its completion. One that came by itself is
//! answered from the cache, or from a replay of the history that came with it; the run is forgotten
//! again then, and neither leaves a trace.

use std::sync::Arc;

use super::key::{Call, WorkerKey};
use super::program::Program;
use super::run::{Context, FailureCounts, Halt, MAX_STEPS_PER_ACTIVATION, Run};
use super::{Sent, Worker, failures};
use crate::api::{
    QueryAnswer, QueryId, QueryTask, QueryTaskToken, Request, RespondQueryTaskCompleted,
};
use crate::clock::Time;
use crate::history::Event;
use crate::official::query::WorkflowQuery;

/// A query that came by itself and has not been answered.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct OpenQuery {
    token: QueryTaskToken,
    answer: QueryAnswer,
    answered_at: Time,
}

impl OpenQuery {
    /// When it is answered.
    pub(super) fn due(&self, id: QueryId) -> (Time, WorkerKey) {
        (self.answered_at, WorkerKey::RespondQueryTask(id))
    }
}

/// What every workflow of the Python SDK answers, too.
const BUILT_IN: [&str; 3] =
    ["__enhanced_stack_trace", "__stack_trace", "__temporal_workflow_metadata"];

/// What a run's code says to a query; to one that it does not know, in the Python SDK's words.
pub(super) fn answer(run: &Run, query: &WorkflowQuery, program: &Program) -> QueryAnswer {
    let code = &program.workflows[run.workflow as usize];
    let result = code.query(&query.query_type).and_then(|at| run.query_results.get(at as usize));
    if let Some(result) = result {
        return QueryAnswer::Answered(Some(result.clone()));
    }
    let own = code.queries.iter().map(|(name, _)| name.as_str());
    let mut known: Vec<&str> = own.chain(BUILT_IN).collect();
    known.sort_unstable();
    failed(&format!(
        "Query handler for '{}' expected but not found, known queries: [{}]",
        query.query_type,
        known.join(" ")
    ))
}

fn failed(message: &str) -> QueryAnswer {
    QueryAnswer::Failed { message: message.into(), failure: Some(failures::bug(message)) }
}

impl Worker {
    /// A query came by itself. A run that is not in memory can only be asked with its history;
    /// without, the query stays unanswered, and comes again with it.
    pub(super) fn query_task(&mut self, now: Time, task: &QueryTask) {
        let answer = match (self.cache.get(&task.execution.run_id), &task.history) {
            (Some(kept), _) => Some(answer(&kept.run, &task.query, &self.program)),
            (None, Some(_)) => Some(self.replay_and_ask(now, task)),
            (None, None) => None,
        };
        if let Some(answer) = answer {
            let answered_at = now + self.config.workflow_task_latency;
            let open = OpenQuery { token: task.token.clone(), answer, answered_at };
            self.queries.insert(task.token.query, open);
        }
    }

    /// Replays a history, and asks the run that comes of it.
    fn replay_and_ask(&self, now: Time, task: &QueryTask) -> QueryAnswer {
        let known = self.program.workflow(&task.workflow_type);
        let Some(workflow) = known.filter(|_| self.config.has_workflow(&task.workflow_type)) else {
            return failed(&self.not_registered(&task.workflow_type));
        };
        let Some(view) = &task.history else { return QueryAnswer::Unspecified };
        let version = self.versions[workflow as usize];
        let mut run = Run::new(&self.program, task.execution.clone(), workflow, version);
        let events: Vec<&Event> = view.history.events().chain(&view.transient).collect();
        let program = Arc::clone(&self.program.0);
        let mut ctx = Context {
            program: &program,
            task_queue: &self.config.task_queue,
            now,
            // What a query meets is not counted.
            failures: &mut FailureCounts::clone(&self.failures),
            steps: MAX_STEPS_PER_ACTIVATION,
        };
        match run.advance(&events, &[], &mut ctx) {
            Ok(()) => answer(&run, &task.query, &self.program),
            Err(Halt::Nondeterminism(text)) => {
                failed(&format!("[TMPRL1100] Nondeterminism error: {text}"))
            }
            Err(Halt::Failed(_, failure)) => failed(&failure.message),
            Err(Halt::Endless(_)) => failed("the workflow does not come to a wait"),
        }
    }

    /// Answers a query that came by itself.
    pub(super) fn respond_query_task(&mut self, id: QueryId, out: &mut Vec<Sent>) {
        let Some(OpenQuery { token, answer, .. }) = self.queries.remove(&id) else { return };
        let request = RespondQueryTaskCompleted { token, answer };
        let request = Request::RespondQueryTaskCompleted(Box::new(request));
        self.send(Call::RespondQueryTask(id), request, out);
    }
}
