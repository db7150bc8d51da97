//! Batch jobs: one request for many executions (B27).
//!
//! The real server runs a job as a workflow of its own; what clients see of it is that the executions
//! are dealt with one after the other, some time after the request was answered. So a job is state,
//! and each of its steps a happening.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Server;
use super::key::{BatchIndex, RunIndex, TaskKey};
use super::messages;
use crate::api::{
    BatchDescription, BatchState, Code, ErrorDetail, Request, RequestCancelWorkflowExecution,
    Response, RpcError, SignalWorkflowExecution, Target, TerminateWorkflowExecution,
};
use crate::clock::Time;
use crate::history::ids::RunCause;
use crate::history::{Attributes, Event, History, Name, RunId, Shared, WorkflowId};
use crate::official::common::reset_options;
use crate::official::workflowservice::{
    ResetWorkflowExecutionRequest, StartBatchOperationRequest,
    start_batch_operation_request::Operation,
};
use crate::official::{batch, common, enums};

/// Who does what a job does, where the request has no say in it: a worker of the server's own.
const WORKER: &str = "1@deadbeat@";

/// A batch job.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Batch {
    request: Shared<StartBatchOperationRequest>,
    start_time: Time,
    close_time: Option<Time>,
    progress: Progress,
    completed: u32,
    failed: u32,
}

/// How far a job is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Progress {
    /// It does not know yet which executions it is about.
    Asked,
    /// These are left.
    Working(VecDeque<Target>),
    Completed,
    /// Its list filter is wrong.
    Failed,
}

impl Batch {
    fn describe(&self) -> BatchDescription {
        let (state, left) = match &self.progress {
            Progress::Asked => (BatchState::Running, 0),
            Progress::Working(left) => (BatchState::Running, left.len()),
            Progress::Completed => (BatchState::Completed, 0),
            Progress::Failed => (BatchState::Failed, 0),
        };
        let left = u32::try_from(left).unwrap_or(u32::MAX);
        BatchDescription {
            request: self.request.clone(),
            state,
            start_time: self.start_time,
            close_time: self.close_time,
            total: left.saturating_add(self.completed).saturating_add(self.failed),
            completed: self.completed,
            failed: self.failed,
        }
    }

    fn close(&mut self, now: Time, progress: Progress) {
        self.progress = progress;
        self.close_time = Some(now);
    }
}

impl Server {
    /// `StartBatchOperation`.
    pub(super) fn start_batch(
        &mut self,
        now: Time,
        request: Shared<StartBatchOperationRequest>,
    ) -> Result<Response, RpcError> {
        check(&request)?;
        if self.open_batch().is_some() {
            return Err(RpcError {
                code: Code::ResourceExhausted,
                message: "Max concurrent batch operations is reached".into(),
                detail: Some(ErrorDetail::ConcurrentLimit),
            });
        }
        if self.batch(&request.job_id).is_some() {
            return Err(already_finished(&request.job_id));
        }
        self.batches.push(Arc::new(Batch {
            request,
            start_time: now,
            close_time: None,
            progress: Progress::Asked,
            completed: 0,
            failed: 0,
        }));
        Ok(Response::Empty)
    }

    /// `DescribeBatchOperation`.
    pub(super) fn describe_batch(&self, job_id: &str) -> Result<Response, RpcError> {
        if job_id.is_empty() {
            return Err(job_id_not_set());
        }
        let batch = self
            .batch(job_id)
            .ok_or_else(|| messages::workflow_not_found(&WorkflowId::from(job_id)))?;
        Ok(Response::DescribeBatchOperation(Box::new(batch.describe())))
    }

    fn batch(&self, job_id: &str) -> Option<&Batch> {
        self.batches.iter().find(|batch| batch.request.job_id == job_id).map(|batch| &**batch)
    }

    /// The job that is not over: no other is begun before it is.
    fn open_batch(&self) -> Option<(BatchIndex, &Batch)> {
        let last = self.batches.last().filter(|batch| batch.close_time.is_none())?;
        let at = u32::try_from(self.batches.len() - 1).unwrap_or(u32::MAX);
        Some((BatchIndex(at), last))
    }

    /// The next step of the job that is not over.
    pub(super) fn due_batch(&self) -> Option<(Time, TaskKey)> {
        self.open_batch().map(|(at, batch)| (batch.start_time, TaskKey::Batch(at)))
    }

    /// Finds out which executions the job is about, or deals with the next of them.
    pub(super) fn batch_step(&mut self, now: Time, at: BatchIndex) {
        let Some(batch) = self.batches.get(at.0 as usize) else { return };
        let request = batch.request.clone();
        match batch.progress {
            Progress::Asked => {
                let targets = self.targets(&request);
                let batch = self.edit_batch(at);
                match targets {
                    Ok(targets) if targets.is_empty() => batch.close(now, Progress::Completed),
                    Ok(targets) => batch.progress = Progress::Working(targets),
                    Err(_) => batch.close(now, Progress::Failed),
                }
            }
            Progress::Working(_) => self.deal_with_next(now, at, &request),
            Progress::Completed | Progress::Failed => {}
        }
    }

    fn edit_batch(&mut self, at: BatchIndex) -> &mut Batch {
        Arc::make_mut(&mut self.batches[at.0 as usize])
    }

    fn deal_with_next(
        &mut self,
        now: Time,
        at: BatchIndex,
        request: &Shared<StartBatchOperationRequest>,
    ) {
        let batch = self.edit_batch(at);
        let Progress::Working(left) = &mut batch.progress else { return };
        let Some(target) = left.pop_front() else { return };
        let is_last = left.is_empty();
        let number = batch.completed + batch.failed;
        let result = self.deal_with(now, request, target, (at, number));
        let batch = self.edit_batch(at);
        match result {
            // Who is gone or closed needs no more.
            Ok(_) | Err(RpcError { code: Code::NotFound, .. }) => batch.completed += 1,
            Err(_) => batch.failed += 1,
        }
        if is_last {
            batch.close(now, Progress::Completed);
        }
    }

    /// The executions that a job is about.
    fn targets(&self, request: &StartBatchOperationRequest) -> Result<VecDeque<Target>, RpcError> {
        if request.visibility_query.is_empty() {
            #[allow(deprecated)] // the CLI sends it still
            let named = request.executions.iter().map(|of| (&of.workflow_id, &of.run_id));
            let targets = request.target_executions.iter().map(|of| (&of.business_id, &of.run_id));
            let target = |(workflow_id, run_id): (&String, &String)| Target {
                workflow_id: workflow_id.as_str().into(),
                run_id: run_id.as_str().into(),
            };
            return Ok(named.chain(targets).map(target).collect());
        }
        // Of closed executions only a reset makes sense.
        let closed_too = matches!(request.operation, Some(Operation::ResetOperation(_)));
        let found = self.found(&request.visibility_query)?.into_iter().map(|at| self.get(at));
        let found = found.filter(|run| closed_too || run.is_open());
        Ok(found
            .map(|run| Target::run(run.execution.workflow_id.clone(), run.execution.run_id))
            .collect())
    }

    fn deal_with(
        &mut self,
        now: Time,
        request: &StartBatchOperationRequest,
        target: Target,
        (BatchIndex(batch), number): (BatchIndex, u32),
    ) -> Result<Response, RpcError> {
        let request_id = format!("batch-{batch}-{number}");
        let first_execution_run_id = Name::empty();
        let what = match &request.operation {
            Some(Operation::TerminationOperation(operation)) => {
                Request::TerminateWorkflowExecution(Box::new(TerminateWorkflowExecution {
                    target,
                    first_execution_run_id,
                    reason: request.reason.as_str().into(),
                    details: operation.details.clone().map(Shared::new),
                    identity: WORKER.into(),
                }))
            }
            Some(Operation::SignalOperation(operation)) => {
                Request::SignalWorkflowExecution(Box::new(SignalWorkflowExecution {
                    target,
                    signal_name: operation.signal.as_str().into(),
                    input: operation.input.clone().map(Shared::new),
                    identity: operation.identity.as_str().into(),
                    request_id: request_id.into(),
                    header: operation.header.clone().map(Shared::new),
                }))
            }
            Some(Operation::CancellationOperation(_)) => {
                Request::RequestCancelWorkflowExecution(Box::new(RequestCancelWorkflowExecution {
                    target,
                    first_execution_run_id,
                    reason: Name::empty(),
                    identity: WORKER.into(),
                }))
            }
            Some(Operation::ResetOperation(operation)) => {
                let at = self.find(&target)?;
                let reset = self.reset_of(at, operation, &request.reason, request_id)?;
                Request::ResetWorkflowExecution(Shared::new(reset))
            }
            // Was refused at the beginning.
            _ => return Err(RpcError::unimplemented("this batch operation")),
        };
        self.answer(now, what)
    }

    #[allow(deprecated)] // older clients send the type of a reset in fields of its own
    fn reset_of(
        &self,
        at: RunIndex,
        operation: &batch::BatchOperationReset,
        reason: &str,
        request_id: String,
    ) -> Result<ResetWorkflowExecutionRequest, RpcError> {
        let run = self.get(at);
        let (target, options) = reset_target(operation)?;
        let found = match target {
            reset_options::Target::WorkflowTaskId(id) => Some(id),
            reset_options::Target::FirstWorkflowTask(()) => first_task(&run.history),
            reset_options::Target::LastWorkflowTask(()) => last_task(&run.history),
            reset_options::Target::BuildId(_) => None,
        };
        let missing = || RpcError::invalid_argument("no workflow task to reset to");
        Ok(ResetWorkflowExecutionRequest {
            workflow_execution: Some(common::WorkflowExecution {
                workflow_id: run.execution.workflow_id.to_string(),
                run_id: run.execution.run_id.to_string(),
            }),
            reason: reason.to_owned(),
            workflow_task_finish_event_id: found.ok_or_else(missing)?,
            request_id,
            reset_reapply_type: options.reset_reapply_type,
            reset_reapply_exclude_types: options.reset_reapply_exclude_types,
            identity: operation.identity.clone(),
            ..Default::default()
        })
    }
}

/// What a job resets to, and how.
#[allow(deprecated)] // older clients send the type of a reset in fields of its own
fn reset_target(
    operation: &batch::BatchOperationReset,
) -> Result<(reset_options::Target, common::ResetOptions), RpcError> {
    if let Some(options) = &operation.options {
        let missing = || RpcError::invalid_argument("batch reset missing target");
        return Ok((options.target.clone().ok_or_else(missing)?, options.clone()));
    }
    let target = match operation.reset_type() {
        enums::ResetType::FirstWorkflowTask => reset_options::Target::FirstWorkflowTask(()),
        enums::ResetType::LastWorkflowTask => reset_options::Target::LastWorkflowTask(()),
        enums::ResetType::Unspecified => {
            let message = "unknown batch reset type Unspecified";
            return Err(RpcError::invalid_argument(message));
        }
    };
    let reset_reapply_type = operation.reset_reapply_type;
    Ok((target, common::ResetOptions { reset_reapply_type, ..Default::default() }))
}

/// The end of the first workflow task; if none was ever completed, the event behind the first that
/// was scheduled.
fn first_task(history: &History) -> Option<i64> {
    completed(history.events()).next().or_else(|| first_scheduled(history))
}

/// The same of the last.
fn last_task(history: &History) -> Option<i64> {
    completed(history.events()).last().or_else(|| first_scheduled(history))
}

fn completed<'a>(events: impl Iterator<Item = &'a Event>) -> impl Iterator<Item = i64> {
    events
        .filter(|event| matches!(event.attributes, Attributes::WorkflowTaskCompleted { .. }))
        .map(|event| event.id.into())
}

fn first_scheduled(history: &History) -> Option<i64> {
    history
        .events()
        .find(|event| matches!(event.attributes, Attributes::WorkflowTaskScheduled { .. }))
        .map(|event| event.id.next().into())
}

/// What is wrong with a request, in the order in which the real server looks.
fn check(request: &StartBatchOperationRequest) -> Result<(), RpcError> {
    #[allow(deprecated)] // the CLI sends it still
    let named = [
        !request.visibility_query.is_empty(),
        !request.executions.is_empty(),
        !request.target_executions.is_empty(),
    ];
    let ways = named.into_iter().filter(|named| *named).count();
    let Some(operation) = request.operation.as_ref().filter(|_| ways > 0) else {
        return Err(parameters_missing());
    };
    if request.reason.is_empty() {
        return Err(parameters_missing());
    }
    if request.job_id.is_empty() {
        return Err(job_id_not_set());
    }
    if ways > 1 {
        return Err(RpcError::invalid_argument(
            "visibility query, executions, and target executions are mutually exclusive",
        ));
    }
    let workflow = |of: &common::Execution| of.r#type() == enums::ExecutionType::Workflow;
    if !request.target_executions.iter().all(workflow) {
        return Err(RpcError::unimplemented("batch operations on other than workflows"));
    }
    match operation {
        Operation::SignalOperation(operation) if operation.signal.is_empty() => {
            Err(RpcError::invalid_argument("must provide signal name"))
        }
        Operation::TerminationOperation(_)
        | Operation::CancellationOperation(_)
        | Operation::SignalOperation(_) => Ok(()),
        Operation::ResetOperation(operation) => {
            if !operation.post_reset_operations.is_empty() {
                return Err(RpcError::unimplemented("post_reset_operations of batch resets"));
            }
            match reset_target(operation)? {
                (reset_options::Target::BuildId(_), _) => {
                    Err(RpcError::unimplemented("batch resets to a build id"))
                }
                _ => Ok(()),
            }
        }
        _ => Err(RpcError::unimplemented(
            "batch operations other than terminate, signal, cancel and reset",
        )),
    }
}

fn parameters_missing() -> RpcError {
    RpcError::invalid_argument(
        "must provide required parameters: BatchType,Reason,Namespace, AND one of (Query OR \
         Executions OR TargetExecutions)",
    )
}

fn job_id_not_set() -> RpcError {
    RpcError::invalid_argument("JobId is not set on request.")
}

/// A job is a workflow of the real server's, and its id is used once.
fn already_finished(job_id: &str) -> RpcError {
    let run_id = RunId::derive(&WorkflowId::from(job_id), RunCause::Start, 0);
    RpcError {
        code: Code::AlreadyExists,
        message: format!(
            "Workflow execution already finished. WorkflowId: {job_id}, RunId: {run_id}. Workflow \
             Id reuse policy: reject duplicate workflow Id."
        )
        .into(),
        detail: Some(ErrorDetail::WorkflowExecutionAlreadyStarted {
            start_request_id: job_id.into(),
            run_id,
            first_execution_run_id: run_id,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{Story, start};
    use super::*;

    const QUERY: &str = "WorkflowId starts_with 'w'";

    fn request(operation: Operation) -> StartBatchOperationRequest {
        StartBatchOperationRequest {
            job_id: "job".to_owned(),
            visibility_query: QUERY.to_owned(),
            reason: "a test".to_owned(),
            operation: Some(operation),
            ..Default::default()
        }
    }

    fn termination() -> Operation {
        Operation::TerminationOperation(batch::BatchOperationTermination::default())
    }

    fn begin(story: &mut Story, request: StartBatchOperationRequest) -> Result<(), RpcError> {
        story.server.start_batch(story.now, request.into()).map(|_| ())
    }

    fn description(story: &Story) -> BatchDescription {
        match story.server.describe_batch("job").unwrap() {
            Response::DescribeBatchOperation(description) => *description,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_job_deals_with_one_execution_after_the_other() {
        // B27.
        let mut story = Story::after(vec![]);
        story.start(start("w2")).unwrap();
        story.start(start("other")).unwrap();
        begin(&mut story, request(termination())).unwrap();
        assert_eq!(description(&story).state, BatchState::Running);
        let refused = begin(&mut story, request(termination())).unwrap_err();
        assert_eq!(refused.message, "Max concurrent batch operations is reached");

        let is_open = |story: &Story, id| story.server.current_run(id).unwrap().is_open();
        let mut open = Vec::new();
        while let Some((due, task @ TaskKey::Batch(_))) = story.server.due() {
            story.server.fire(due, task, &mut crate::api::Outbox::new());
            open.push((is_open(&story, "w"), is_open(&story, "w2")));
        }
        assert_eq!(open.len(), 3);
        assert_eq!(open[0], (true, true));
        assert_ne!(open[1].0, open[1].1);
        assert_eq!(open[2], (false, false));
        assert!(is_open(&story, "other"));
        let done = description(&story);
        assert_eq!((done.state, done.total, done.completed), (BatchState::Completed, 2, 2));

        let again = begin(&mut story, request(termination())).unwrap_err();
        assert_eq!(again.code, Code::AlreadyExists);
    }

    #[test]
    fn a_reset_goes_back_to_the_last_workflow_task() {
        let mut story = Story::after(vec![]);
        let target = Some(reset_options::Target::LastWorkflowTask(()));
        let options = Some(common::ResetOptions { target, ..Default::default() });
        let reset = batch::BatchOperationReset { options, ..Default::default() };
        begin(&mut story, request(Operation::ResetOperation(reset))).unwrap();
        story.pass(std::time::Duration::ZERO);
        let runs = story.server.runs_of("w");
        let types = |run: &super::super::Run| {
            run.history().events().map(|event| event.attributes.type_name()).collect::<Vec<_>>()
        };
        let types: Vec<_> = runs.map(types).collect();
        assert_eq!(types[0].last(), Some(&"WorkflowExecutionTerminated"));
        assert_eq!(types[1][3..], ["WorkflowTaskFailed", "WorkflowTaskScheduled"]);
    }

    #[test]
    fn a_wrong_filter_fails_the_job_and_not_the_request() {
        let mut story = Story::new();
        let wrong = StartBatchOperationRequest {
            visibility_query: "bogus = 1".to_owned(),
            ..request(termination())
        };
        begin(&mut story, wrong).unwrap();
        story.pass(std::time::Duration::ZERO);
        assert_eq!(description(&story).state, BatchState::Failed);
    }

    #[test]
    fn a_wrong_request_is_refused_in_the_real_servers_words() {
        let mut story = Story::new();
        let signal = Operation::SignalOperation(batch::BatchOperationSignal::default());
        let reset = Operation::ResetOperation(batch::BatchOperationReset::default());
        let delete = Operation::DeletionOperation(batch::BatchOperationDeletion::default());
        let whole = request(termination());
        let nameless = StartBatchOperationRequest { job_id: String::new(), ..whole.clone() };
        let both = StartBatchOperationRequest {
            target_executions: vec![common::Execution::default()],
            ..whole.clone()
        };
        let groundless = StartBatchOperationRequest { reason: String::new(), ..whole };
        for (wrong, words) in [
            (nameless, "JobId is not set on request."),
            (both, "visibility query, executions, and target executions are mutually exclusive"),
            (
                groundless,
                "must provide required parameters: BatchType,Reason,Namespace, AND one of (Query \
                 OR Executions OR TargetExecutions)",
            ),
            (request(signal), "must provide signal name"),
            (request(reset), "unknown batch reset type Unspecified"),
            (
                request(delete),
                "deadbeat does not model batch operations other than terminate, signal, cancel \
                 and reset",
            ),
        ] {
            assert_eq!(begin(&mut story, wrong).unwrap_err().message, words);
        }
    }
}
