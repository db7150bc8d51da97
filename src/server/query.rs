//! Queries: what is asked of a run's worker and leaves no trace in the history (G7).
//!
//! A query goes to a worker by itself if the worker can know everything that has happened: the run
//! is closed, or no workflow task is pending. Else it waits for the next workflow task, goes along
//! with it and is answered with its completion.
//!
//! How long a query waits is the server's business and not its caller's alone, for what it is told
//! then depends on whether a worker was seen ([`QueryWorkflow::timeout`]).

use std::hash::Hash;
use std::time::Duration;

use super::agenda;
use super::key::{RunIndex, TaskKey};
use super::run::Run;
use super::workflow_task::WorkflowTaskState;
use super::{Server, messages, reader, size};
use crate::api::{
    CallId, ExecutionStatus, Outbox, PolledTaskQueue, QueryAnswer, QueryId, QueryOutcome,
    QueryTask, QueryTaskToken, QueryWorkflow, RespondQueryTaskCompleted, Response, RpcError,
};
use crate::clock::Time;
use crate::history::ids::Digest;
use crate::history::{RunId, Shared};
use crate::official::enums::QueryRejectCondition;
use crate::official::query::WorkflowQuery;

/// No query waits longer.
const MAXIMUM_WAIT: Duration = Duration::from_secs(30);

/// A query that no worker has taken is told so this long before its time is over...
const NO_POLLER_RESERVE: Duration = Duration::from_secs(1);

/// ...if nobody has polled its queue for this long.
const RECENT_POLL: Duration = Duration::from_secs(20);

/// How many queries of one run may wait for a workflow task.
const MAXIMUM_BUFFERED: usize = 1;

/// From this attempt of its workflow task on, a run is not asked.
const FAILED_STATE_ATTEMPT: u32 = 3;

/// A query that has no answer yet.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Query {
    call: CallId,
    asked: Shared<WorkflowQuery>,
    state: QueryState,
    /// When its time is over.
    deadline: Time,
    /// How often it was asked again: another time, another id.
    asked_again: u32,
}

/// Where a query is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum QueryState {
    /// Waits for the next workflow task, or is with the started one.
    Buffered,
    /// Waits for a worker.
    Queued(Queued),
    /// A worker has it.
    Polled(Queued),
    /// The run was closed under it: nobody asks it any more.
    Lost,
}

/// A query on a queue.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Queued {
    queue: PolledTaskQueue,
    since: Time,
    /// When a sticky worker's time is over, and it is any worker's turn.
    any_worker_at: Option<Time>,
    /// When a missing worker is noticed, until it was looked for.
    look_for_poller_at: Option<Time>,
}

impl Query {
    /// Its id as it is asked now.
    fn id(&self, run: RunId) -> QueryId {
        let mut digest = Digest::new();
        (run, self.call, self.asked_again, self.deadline).hash(&mut digest);
        QueryId(RunId::from_random(digest.finish128(), 4))
    }

    /// When something happens to it by itself.
    fn due(&self) -> Time {
        let earlier = match &self.state {
            QueryState::Queued(at) => {
                at.any_worker_at.into_iter().chain(at.look_for_poller_at).min()
            }
            QueryState::Polled(at) => at.any_worker_at,
            QueryState::Buffered | QueryState::Lost => None,
        };
        earlier.map_or(self.deadline, |earlier| earlier.min(self.deadline))
    }

    fn is_buffered(&self) -> bool {
        self.state == QueryState::Buffered
    }
}

/// What a run's queries add to what is due: tasks in queues, with the time from which they wait.
pub(super) fn waiting(run: &Run) -> impl Iterator<Item = (CallId, &PolledTaskQueue, Time)> {
    run.queries.iter().filter_map(|query| match &query.state {
        QueryState::Queued(at) => Some((query.call, &at.queue, at.since)),
        _ => None,
    })
}

/// When the next of a run's queries is over, or goes to another queue.
pub(super) fn next(run: &Run) -> Option<Time> {
    run.queries.iter().map(Query::due).min()
}

/// The queries that a task which starts now takes along.
pub(super) fn along(run: &Run) -> Vec<(QueryId, Shared<WorkflowQuery>)> {
    let buffered = run.queries.iter().filter(|query| query.is_buffered());
    buffered.map(|query| (query.id(run.execution.run_id), query.asked.clone())).collect()
}

/// A refused completion: its answers count for nothing, and the queries are asked again.
pub(super) fn ask_again(run: &mut Run) {
    for query in run.queries.iter_mut().filter(|query| query.is_buffered()) {
        query.asked_again += 1;
    }
}

/// The run is being closed from outside. Only a query that waits with a workflow task that nobody
/// has taken is still asked: who polls that task finds the run closed.
pub(super) fn run_closed_from_outside(run: &mut Run, by: ClosedBy) {
    let kept =
        by == ClosedBy::Request && matches!(run.workflow_task, WorkflowTaskState::Scheduled(_));
    if kept {
        return;
    }
    for query in run.queries.iter_mut().filter(|query| query.is_buffered()) {
        query.state = QueryState::Lost;
    }
}

/// Who closes a run that its worker does not close.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ClosedBy {
    /// A termination or a reset.
    Request,
    /// Its timeout, which takes its tasks out of their queues.
    Timeout,
}

/// Forgets a call.
pub(super) fn forget(run: &mut Run, call: CallId) {
    run.queries.retain(|query| query.call != call);
}

impl Server {
    /// `QueryWorkflow`. Whatever is not refused is parked.
    pub(super) fn query(
        &mut self,
        now: Time,
        call: CallId,
        request: QueryWorkflow,
    ) -> Result<Option<Response>, RpcError> {
        size::check(request.query.query_args.as_ref())?;
        let at = self.find(&request.target)?;
        let run = self.get(at);
        if rejects(request.reject_condition, run.status) {
            let outcome = QueryOutcome::Rejected(run.status);
            return Ok(Some(Response::QueryWorkflow(outcome)));
        }
        let wait = request.timeout.map_or(MAXIMUM_WAIT, |timeout| timeout.min(MAXIMUM_WAIT));
        let deadline = now + wait;
        check_ready(run, deadline)?;
        let query = Query {
            call,
            asked: request.query,
            state: QueryState::Buffered,
            deadline,
            asked_again: 0,
        };
        if !may_be_asked_alone(run)
            && run.queries.iter().filter(|query| query.is_buffered()).count() >= MAXIMUM_BUFFERED
        {
            return Err(messages::query_buffer_full());
        }
        self.edit(at).queries.push(query);
        self.park(call, at);
        self.settle(now, at);
        Ok(None)
    }

    /// After a change of a run: queries that no longer have to wait for a workflow task go to a
    /// worker by themselves.
    pub(super) fn settle_queries(&mut self, now: Time, at: RunIndex) {
        let run = self.get(at);
        if !run.queries.iter().any(Query::is_buffered) || !may_be_asked_alone(run) {
            return;
        }
        if run.previous_started_event_id.is_none() {
            // Closed before a worker could know anything.
            let buffered = run.queries.iter().filter(|query| query.is_buffered());
            for call in buffered.map(|query| query.call).collect::<Vec<_>>() {
                self.end_query(at, call, Err(messages::closed_before_first_task()));
            }
            return;
        }
        let (queue, any_worker_at) = self.queue_for_query(now, at);
        for query in self.edit(at).queries.iter_mut().filter(|query| query.is_buffered()) {
            query.state = QueryState::Queued(Queued {
                look_for_poller_at: look_for_poller_at(&queue, now, query.deadline),
                queue: queue.clone(),
                since: now,
                any_worker_at,
            });
        }
    }

    /// The queue for a query that is asked alone: the sticky worker's, if it is there and the run
    /// is open. A worker that is not there loses its stickiness.
    fn queue_for_query(&mut self, now: Time, at: RunIndex) -> (PolledTaskQueue, Option<Time>) {
        let run = self.get(at);
        if let Some(sticky) = run.sticky.as_ref().filter(|_| run.is_open()) {
            if self.polls.sticky_worker_available(&sticky.worker_task_queue, now) {
                let until = now + sticky.schedule_to_start_timeout;
                return (PolledTaskQueue::Sticky(sticky.worker_task_queue.clone()), Some(until));
            }
            end_stickiness(self.edit(at));
        }
        (PolledTaskQueue::Normal(self.get(at).started.task_queue.clone()), None)
    }

    /// Hands a query to the worker that has polled longest.
    pub(super) fn dispatch_query(
        &mut self,
        now: Time,
        at: RunIndex,
        call: CallId,
        outbox: &mut Outbox,
    ) {
        let task = TaskKey::Query(at, call);
        let Some(queue) = agenda::queue(&self.runs[at.0 as usize], task) else { return };
        let Some(poll) = self.polls.edit().take(queue, now) else { return };
        if let Some(response) = self.start_query_task(at, call) {
            outbox.answer(poll.call, Ok(response));
        }
    }

    /// Hands a query out, with all that is there to be known; a sticky worker knows it already.
    fn start_query_task(&mut self, at: RunIndex, call: CallId) -> Option<Response> {
        let history = reader::view(self.get(at));
        let run = self.edit(at);
        let query = run.queries.iter_mut().find(|query| query.call == call)?;
        let QueryState::Queued(queued) = &query.state else { return None };
        let queued = queued.clone();
        let (task_queue, history) = match &queued.queue {
            PolledTaskQueue::Sticky(name) => (name.clone(), None),
            PolledTaskQueue::Normal(name) => (name.clone(), Some(history)),
        };
        query.state = QueryState::Polled(queued);
        let task = QueryTask {
            token: QueryTaskToken {
                run_id: run.execution.run_id,
                task_queue,
                query: query.id(run.execution.run_id),
            },
            execution: run.execution.clone(),
            workflow_type: run.started.workflow_type.clone(),
            query: query.asked.clone(),
            previous_started_event_id: run.previous_started_event_id,
            history,
            task_queue: run.started.task_queue.clone(),
        };
        self.refresh(at);
        Some(Response::QueryTask(Box::new(task)))
    }

    /// `RespondQueryTaskCompleted`.
    pub(super) fn respond_query(
        &mut self,
        now: Time,
        request: RespondQueryTaskCompleted,
    ) -> Result<Response, RpcError> {
        let (at, call) =
            self.find_polled_query(&request.token).ok_or_else(messages::query_task_not_found)?;
        if let Some(result) = result(request.answer) {
            self.end_query(at, call, result);
        } else {
            let (queue, any_worker_at) = self.queue_for_query(now, at);
            if let Some(query) = self.edit(at).queries.iter_mut().find(|q| q.call == call) {
                query.asked_again += 1;
                let look_for_poller_at = look_for_poller_at(&queue, now, query.deadline);
                query.state = QueryState::Queued(Queued {
                    queue,
                    since: now,
                    any_worker_at,
                    look_for_poller_at,
                });
            }
        }
        self.refresh(at);
        Ok(Response::Empty)
    }

    fn find_polled_query(&self, token: &QueryTaskToken) -> Option<(RunIndex, CallId)> {
        let at = self.index(token.run_id)?;
        let has_it = |query: &&Query| match &query.state {
            QueryState::Polled(queued) => {
                let (PolledTaskQueue::Sticky(name) | PolledTaskQueue::Normal(name)) = &queued.queue;
                *name == token.task_queue && query.id(token.run_id) == token.query
            }
            _ => false,
        };
        self.get(at).queries.iter().find(has_it).map(|query| (at, query.call))
    }

    /// The answers that a workflow task's completion carries. Those to queries that are not there
    /// (any more) are passed over.
    pub(super) fn take_query_results(&mut self, at: RunIndex, results: &[(QueryId, QueryAnswer)]) {
        for (id, answer) in results {
            let run = self.get(at);
            let run_id = run.execution.run_id;
            let mut buffered = run.queries.iter().filter(|query| query.is_buffered());
            let Some(query) = buffered.find(|query| query.id(run_id) == *id) else { continue };
            let call = query.call;
            if let Some(result) = result(answer.clone()) {
                self.end_query(at, call, result);
            }
        }
    }

    /// What is due of a run's queries: a sticky worker's time is over, or nobody polls, or nobody
    /// has answered.
    pub(super) fn time_out_queries(&mut self, now: Time, at: RunIndex) {
        let due: Vec<CallId> = {
            let queries = self.get(at).queries.iter();
            queries.filter(|query| query.due() <= now).map(|query| query.call).collect()
        };
        for call in due {
            self.time_out_query(now, at, call);
        }
        self.refresh(at);
    }

    fn time_out_query(&mut self, now: Time, at: RunIndex, call: CallId) {
        let Some(query) = self.get(at).queries.iter().find(|query| query.call == call) else {
            return;
        };
        if query.deadline <= now {
            return self.end_query(at, call, Err(messages::query_timed_out()));
        }
        let (QueryState::Queued(queued) | QueryState::Polled(queued)) = &query.state else {
            return;
        };
        if queued.any_worker_at.is_some_and(|due| due <= now) {
            let deadline = query.deadline;
            let queue = PolledTaskQueue::Normal(self.get(at).started.task_queue.clone());
            let queued = Queued {
                look_for_poller_at: look_for_poller_at(&queue, now, deadline),
                queue,
                since: now,
                any_worker_at: None,
            };
            let run = self.edit(at);
            end_stickiness(run);
            if let Some(query) = run.queries.iter_mut().find(|query| query.call == call) {
                query.asked_again += 1;
                query.state = QueryState::Queued(queued);
            }
            return;
        }
        if !self.polls.polled_within((&queued.queue).into(), now, RECENT_POLL) {
            return self.end_query(at, call, Err(messages::no_poller()));
        }
        if let Some(query) = self.edit(at).queries.iter_mut().find(|query| query.call == call)
            && let QueryState::Queued(queued) = &mut query.state
        {
            queued.look_for_poller_at = None;
        }
    }

    /// Answers a query, and forgets it.
    fn end_query(&mut self, at: RunIndex, call: CallId, result: Result<Response, RpcError>) {
        self.edit(at).queries.retain(|query| query.call != call);
        self.answer_parked(call, result);
    }
}

/// Whether a run in this state is not to be asked.
fn rejects(condition: QueryRejectCondition, status: ExecutionStatus) -> bool {
    match condition {
        QueryRejectCondition::NotOpen => status != ExecutionStatus::Running,
        QueryRejectCondition::NotCompletedCleanly => {
            !matches!(status, ExecutionStatus::Running | ExecutionStatus::Completed)
        }
        QueryRejectCondition::Unspecified | QueryRejectCondition::None => false,
    }
}

/// Whether a worker could answer before the deadline.
fn check_ready(run: &Run, deadline: Time) -> Result<(), RpcError> {
    if !run.is_open() {
        return match run.previous_started_event_id {
            Some(_) => Ok(()),
            None => Err(messages::closed_before_first_task()),
        };
    }
    if run.first_workflow_task_at.is_some_and(|first| first >= deadline) {
        return Err(messages::not_ready("Workflow task is not scheduled yet."));
    }
    if run.workflow_task_attempt >= FAILED_STATE_ATTEMPT {
        return Err(messages::not_ready(
            "Unable to query workflow due to Workflow Task in failed state.",
        ));
    }
    Ok(())
}

/// Whether nothing has happened that the worker does not know.
fn may_be_asked_alone(run: &Run) -> bool {
    !run.is_open()
        || run.previous_started_event_id.is_some()
            && matches!(run.workflow_task, WorkflowTaskState::None)
}

/// When to look whether anybody polls. A sticky worker was looked for already.
fn look_for_poller_at(queue: &PolledTaskQueue, now: Time, deadline: Time) -> Option<Time> {
    let reserve = deadline.since(now).saturating_sub(NO_POLLER_RESERVE);
    matches!(queue, PolledTaskQueue::Normal(_)).then(|| now + reserve)
}

/// The next workflow task goes to any worker; one that is on its way already has a timeout of its
/// own.
fn end_stickiness(run: &mut Run) {
    if run.is_open() && matches!(run.workflow_task, WorkflowTaskState::None) {
        run.sticky = None;
    }
}

/// What a worker's answer is to who asked; nothing, if it does not say what it is.
fn result(answer: QueryAnswer) -> Option<Result<Response, RpcError>> {
    match answer {
        QueryAnswer::Answered(result) if size::is_too_large(result.as_deref()) => {
            Some(Err(messages::query_failed(&size::too_large_answer(), None)))
        }
        QueryAnswer::Answered(result) => {
            Some(Ok(Response::QueryWorkflow(QueryOutcome::Answered(result))))
        }
        QueryAnswer::Failed { message, failure } => {
            Some(Err(messages::query_failed(&message, failure)))
        }
        QueryAnswer::Unspecified => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{Story, complete_workflow};
    use super::*;
    use crate::api::{Code, Request, Target, WorkflowTask};

    const SECOND: Duration = Duration::from_secs(1);

    /// A story in which the workflow has nothing to do for its worker.
    fn idle() -> Story {
        Story::after(vec![])
    }

    fn ask(story: &mut Story) -> CallId {
        let request = Request::QueryWorkflow(Box::new(QueryWorkflow {
            target: Target::current("w"),
            query: WorkflowQuery { query_type: "state".to_owned(), ..Default::default() }.into(),
            reject_condition: QueryRejectCondition::None,
            timeout: None,
        }));
        story.park(request)
    }

    fn query_of(task: &WorkflowTask) -> QueryId {
        task.queries[0].0
    }

    #[test]
    fn a_query_that_no_worker_takes_is_told_so_a_second_before_its_time_is_over() {
        let mut story = idle();
        story.pass(30 * SECOND);
        let call = ask(&mut story);
        story.pass(28 * SECOND);
        assert_eq!(story.answer(call), None);
        story.pass(SECOND);
        let refused = story.answer(call).unwrap().unwrap_err();
        assert_eq!(refused.code, Code::FailedPrecondition);
        assert_eq!(refused.message, "no poller seen for task queue recently, worker may be down");
    }

    #[test]
    fn a_query_that_a_worker_does_not_answer_times_out() {
        let mut story = idle();
        let call = ask(&mut story);
        let task = story.poll_query().expect("a query task");
        assert_eq!(task.history.unwrap().history.len(), 4);
        story.pass(30 * SECOND);
        let refused = story.answer(call).unwrap().unwrap_err();
        assert_eq!(refused.code, Code::DeadlineExceeded);
        assert_eq!(refused.message, "query timed out before a worker could process it");
    }

    #[test]
    fn a_query_goes_along_with_a_pending_task_and_leaves_no_event() {
        let mut story = Story::started();
        let call = ask(&mut story);
        let task = story.poll();
        let mut completion = super::super::story::completion(&task, vec![]);
        completion.query_results = vec![(query_of(&task), QueryAnswer::Answered(None))];
        story.complete_as(completion).unwrap();
        let answered = Response::QueryWorkflow(QueryOutcome::Answered(None));
        assert_eq!(story.answer(call), Some(Ok(answered)));
        assert_eq!(story.types().len(), 4);
    }

    #[test]
    fn a_refused_completion_answers_nothing_and_the_query_has_another_id_then() {
        let mut story = Story::started();
        let call = ask(&mut story);
        let task = story.poll();
        story.signal("s").unwrap();
        let mut completion = super::super::story::completion(&task, vec![complete_workflow()]);
        completion.query_results = vec![(query_of(&task), QueryAnswer::Answered(None))];
        story.complete_as(completion).unwrap_err();
        assert_eq!(story.answer(call), None);
        assert_ne!(query_of(&story.poll()), query_of(&task));
    }

    #[test]
    fn a_caller_that_gives_up_is_forgotten() {
        let mut story = idle();
        let call = ask(&mut story);
        story.server.abandon(story.now, call);
        assert_eq!(story.poll_query(), None);
        assert_eq!(story.server, idle_and_polled(), "as if nobody had asked");
    }

    fn idle_and_polled() -> Server {
        let mut story = idle();
        assert_eq!(story.poll_query(), None);
        story.server
    }
}
