//! The requests about updates, and who waits for what (`semantics/reset.md`, B8, G4–G6).

use std::hash::{Hash, Hasher};
use std::time::Duration;

use super::key::RunIndex;
use super::run::Run;
use super::update::{Rejected, id_of, progress};
use super::workflow_task::WorkflowTaskState;
use super::{Server, messages, speculative};
use crate::api::{
    CallId, PollWorkflowExecutionUpdate, Response, RpcError, UpdateProgress, UpdateStage,
    UpdateWorkflowExecution,
};
use crate::clock::Time;
use crate::history::ids::Digest;
use crate::history::{Name, RunId, Shared};
use crate::official::update as official;

/// From this attempt of a workflow task on no update is let in: it would fail with it.
const FAILING_ATTEMPT: u32 = 3;

/// A call that waits for an update to get somewhere.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct UpdateWait {
    call: CallId,
    update_id: Name,
    stage: UpdateStage,
    /// When the server loses its patience.
    until: Option<Time>,
}

/// When the server loses its patience with the first of those who wait.
pub(super) fn next(run: &Run) -> Option<Time> {
    run.update_waits.iter().filter_map(|wait| wait.until).min()
}

/// Forgets a call.
pub(super) fn forget(run: &mut Run, call: CallId) {
    run.update_waits.retain(|wait| wait.call != call);
}

impl Server {
    /// `UpdateWorkflowExecution`: nothing, if the call is parked.
    pub(super) fn update(
        &mut self,
        now: Time,
        call: CallId,
        request: &UpdateWorkflowExecution,
    ) -> Result<Option<Response>, RpcError> {
        let (at, update_id) = self.begin_update(now, request)?;
        let wait = wait(now, call, update_id, request.wait_for, request.patience);
        self.look_or_wait(at, wait)
    }

    /// `PollWorkflowExecutionUpdate`: nothing, if the call is parked.
    pub(super) fn poll_update(
        &mut self,
        now: Time,
        call: CallId,
        request: &PollWorkflowExecutionUpdate,
    ) -> Result<Option<Response>, RpcError> {
        let at = self.find(&request.target)?;
        let update_id = request.update_id.clone();
        let wait = wait(now, call, update_id, request.wait_for, request.patience);
        self.look_or_wait(at, wait)
    }

    /// Finds the update that a request names, or lets it in.
    fn begin_update(
        &mut self,
        now: Time,
        request: &UpdateWorkflowExecution,
    ) -> Result<(RunIndex, Name), RpcError> {
        let at = self.find(&request.target)?;
        let first = &request.first_execution_run_id;
        let run = self.get(at);
        if !first.is_empty() && first.parse() != Ok(run.started.first_execution_run_id) {
            return Err(messages::first_run_mismatch());
        }
        let mut update_id = id_of(&request.request);
        if update_id.is_empty() {
            update_id = made_up_id(run);
        }
        if !run.is_open() {
            if !run.updates.has(&update_id) {
                return Err(messages::already_completed());
            }
            return Ok((at, update_id));
        }
        if run.workflow_task_attempt >= FAILING_ATTEMPT {
            return Err(messages::update_of_failing_workflow());
        }
        if run.close_attempted && matches!(run.workflow_task, WorkflowTaskState::Started(_)) {
            // The real server drops what it has in memory of the run, and with it this.
            self.edit(at).close_attempted = false;
            return Err(messages::workflow_closing());
        }
        if !run.updates.has(&update_id) {
            run.updates.check_limits()?;
            let run = self.edit(at);
            run.updates.admit(update_id.clone(), with_id(request, &update_id));
            speculative::schedule(run, now);
            self.settle(now, at);
        }
        Ok((at, update_id))
    }

    /// How far the update has got, if that is far enough; else the call is parked.
    fn look_or_wait(
        &mut self,
        at: RunIndex,
        wait: UpdateWait,
    ) -> Result<Option<Response>, RpcError> {
        if let Some(answer) = far_enough(self.get(at), &wait) {
            return answer.map(Some);
        }
        self.park(wait.call, at);
        self.edit(at).update_waits.push(wait);
        self.refresh(at);
        Ok(None)
    }

    /// After a change of a run: answers the calls whose updates have got far enough, or nowhere.
    pub(super) fn settle_update_waits(&mut self, at: RunIndex) {
        self.answer_update_waits(at, far_enough);
    }

    /// Tells the callers of updates that a worker or the server has rejected.
    pub(super) fn answer_rejected(&mut self, at: RunIndex, rejected: &[Rejected]) {
        self.answer_update_waits(at, |run, wait| {
            let (update_id, outcome) = rejected.iter().find(|(id, _)| *id == wait.update_id)?;
            Some(Ok(answer(UpdateProgress {
                execution: run.execution.clone(),
                update_id: update_id.clone(),
                stage: UpdateStage::Completed,
                outcome: Some(outcome.clone()),
            })))
        });
    }

    /// The server has refused a completion and forgets what it had in memory of the run: callers of
    /// updates that no worker has accepted hear that they are lost, the others how far theirs are.
    pub(super) fn answer_aborted(&mut self, at: RunIndex, aborted: &[Name]) {
        self.answer_update_waits(at, |run, wait| {
            if aborted.contains(&wait.update_id) {
                return Some(Err(messages::update_lost()));
            }
            Some(progress(run, &wait.update_id).map(answer))
        });
    }

    /// The server's patience is at an end: it says how far the updates have got.
    pub(super) fn time_out_update_waits(&mut self, now: Time, at: RunIndex) {
        self.answer_update_waits(at, |run, wait| {
            wait.until.filter(|until| *until <= now)?;
            Some(progress(run, &wait.update_id).map(answer))
        });
        self.refresh(at);
    }

    /// Answers those who wait for updates of a run and for whom there is an answer.
    fn answer_update_waits(
        &mut self,
        at: RunIndex,
        answer: impl Fn(&Run, &UpdateWait) -> Option<Result<Response, RpcError>>,
    ) {
        let run = self.get(at);
        let answers = run.update_waits.iter();
        let answers: Vec<_> =
            answers.filter_map(|wait| Some((wait.call, answer(run, wait)?))).collect();
        if answers.is_empty() {
            return;
        }
        let mut answered = answers.iter().map(|(call, _)| *call).peekable();
        let waits = &mut self.edit(at).update_waits;
        waits.retain(|wait| answered.next_if_eq(&wait.call).is_none());
        for (call, result) in answers {
            self.answer_parked(call, result);
        }
    }
}

fn wait(
    now: Time,
    call: CallId,
    update_id: Name,
    stage: UpdateStage,
    patience: Option<Duration>,
) -> UpdateWait {
    UpdateWait { call, update_id, stage, until: patience.map(|patience| now + patience) }
}

/// What a caller is told, unless it has to wait.
fn far_enough(run: &Run, wait: &UpdateWait) -> Option<Result<Response, RpcError>> {
    match progress(run, &wait.update_id) {
        Ok(progress) if progress.stage < wait.stage => None,
        result => Some(result.map(answer)),
    }
}

fn answer(progress: UpdateProgress) -> Response {
    Response::UpdateWorkflowExecution(Box::new(progress))
}

/// An id for an update without one: on a real server it is random.
fn made_up_id(run: &Run) -> Name {
    let mut digest = Digest::new();
    (run.execution.run_id, run.updates.len()).hash(&mut digest);
    digest.write(b"update");
    Name::from(RunId::from_random(digest.finish128(), 4).to_string())
}

/// The request as the worker and the history get it.
fn with_id(request: &UpdateWorkflowExecution, update_id: &Name) -> Shared<official::Request> {
    if id_of(&request.request) == *update_id {
        return request.request.clone();
    }
    let mut named = official::Request::clone(&request.request);
    named.meta.get_or_insert_default().update_id = update_id.to_string();
    Shared::new(named)
}

#[cfg(test)]
mod tests {
    use super::super::story::Story;
    use super::*;
    use crate::api::{
        Outbox, ProtocolMessage, ProtocolMessageBody, Request, RespondWorkflowTaskCompleted,
        Target, WorkflowTask,
    };

    const CLIENT: CallId = CallId(1_000);

    fn has_waits(story: &Story) -> bool {
        !story.server.current_run("w").unwrap().update_waits.is_empty()
    }

    fn update(id: &str, wait_for: UpdateStage) -> Request {
        let request = official::Request {
            meta: Some(official::Meta { update_id: id.to_owned(), identity: "c".to_owned() }),
            input: Some(official::Input { name: "u".to_owned(), ..official::Input::default() }),
            ..official::Request::default()
        };
        Request::UpdateWorkflowExecution(Box::new(UpdateWorkflowExecution {
            target: Target::current("w"),
            first_execution_run_id: Name::empty(),
            request: Shared::new(request),
            wait_for,
            patience: Some(Duration::from_secs(20)),
        }))
    }

    /// Calls without giving up when no answer comes.
    fn park(story: &mut Story, request: Request) -> Option<Result<Response, RpcError>> {
        let mut outbox = Outbox::new();
        story.server.call(story.now, CLIENT, request, &mut outbox);
        outbox.drain().next().map(|(_, answer)| answer)
    }

    fn answered(task: &WorkflowTask, body: ProtocolMessageBody) -> Request {
        let message = ProtocolMessage { id: "m".into(), protocol_instance_id: "U".into(), body };
        Request::RespondWorkflowTaskCompleted(Box::new(RespondWorkflowTaskCompleted {
            query_results: Vec::new(),
            token: task.token.clone(),
            commands: Vec::new(),
            identity: "worker".into(),
            sticky: None,
            return_new_workflow_task: false,
            force_create_new_workflow_task: false,
            messages: vec![message],
            discards_speculative_with_events: false,
            extras: None,
        }))
    }

    #[test]
    fn nothing_is_written_until_a_worker_accepts() {
        // D5, G4.
        let mut story = Story::after(vec![]);
        assert_eq!(park(&mut story, update("U", UpdateStage::Accepted)), None);
        let task = story.poll();
        assert_eq!(task.messages.len(), 1);
        assert_eq!(task.transient.len(), 2, "the virtual events of the task");
        assert_eq!(story.types().len(), 4);
        let body = ProtocolMessageBody::Acceptance(Shared::new(official::Acceptance::default()));
        let mut outbox = Outbox::new();
        story.server.call(story.now, CallId(1), answered(&task, body), &mut outbox);
        let answers: Vec<CallId> = outbox.drain().map(|(call, _)| call).collect();
        assert_eq!(answers, [CallId(1), CLIENT]);
        assert_eq!(story.batches()[3..], [(5, 6), (7, 8)], "A1");
    }

    #[test]
    fn a_rejection_leaves_nothing_and_the_ids_are_used_again() {
        // G5.
        let mut story = Story::after(vec![]);
        park(&mut story, update("U", UpdateStage::Completed));
        let task = story.poll();
        let body = ProtocolMessageBody::Rejection(Shared::new(official::Rejection::default()));
        let answer = story.call(answered(&task, body)).unwrap();
        let Response::RespondWorkflowTaskCompleted { reset_history_event_id, .. } = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(reset_history_event_id.map(|id| id.0), Some(3));
        assert_eq!(story.types().len(), 4);
        park(&mut story, update("U", UpdateStage::Completed));
        assert_eq!(story.poll().started_event_id.0, 6);
    }

    #[test]
    fn a_call_that_is_abandoned_is_forgotten_and_its_update_is_not() {
        let mut story = Story::after(vec![]);
        park(&mut story, update("U", UpdateStage::Completed));
        assert!(has_waits(&story));
        story.server.abandon(story.now, CLIENT);
        assert!(!has_waits(&story));
        assert_eq!(story.poll().messages.len(), 1);
    }

    #[test]
    fn those_who_wait_for_one_update_are_answered_in_order_of_arrival() {
        let mut story = Story::after(vec![]);
        let ask = |story: &mut Story| story.park(update("U", UpdateStage::Accepted));
        let (first, given_up, last) = (ask(&mut story), ask(&mut story), ask(&mut story));
        story.server.abandon(story.now, given_up);
        let task = story.poll();
        let body = ProtocolMessageBody::Acceptance(Shared::new(official::Acceptance::default()));
        let mut outbox = Outbox::new();
        story.server.call(story.now, CLIENT, answered(&task, body), &mut outbox);
        let answers: Vec<CallId> = outbox.drain().map(|(call, _)| call).collect();
        assert_eq!(answers, [CLIENT, first, last]);
    }

    #[test]
    fn the_server_loses_its_patience_and_says_how_far_the_update_has_got() {
        let mut story = Story::after(vec![]);
        park(&mut story, update("U", UpdateStage::Completed));
        story.poll();
        story.pass(Duration::from_secs(19));
        assert!(has_waits(&story));
        story.pass(Duration::from_secs(1));
        assert!(!has_waits(&story));
    }

    #[test]
    fn a_signal_makes_a_speculative_task_a_normal_one() {
        // G5.
        let mut story = Story::after(vec![]);
        park(&mut story, update("U", UpdateStage::Completed));
        story.signal("s").unwrap();
        assert_eq!(story.types()[4..], ["WorkflowTaskScheduled", "WorkflowExecutionSignaled"]);
        let task = story.poll();
        assert_eq!(task.messages[0].event_id.0, 6, "behind the signal");
    }

    #[test]
    fn a_task_that_nobody_polls_becomes_a_normal_one_after_five_seconds() {
        let mut story = Story::after(vec![]);
        park(&mut story, update("U", UpdateStage::Completed));
        story.pass(Duration::from_secs(5));
        let tail = ["WorkflowTaskScheduled", "WorkflowTaskTimedOut", "WorkflowTaskScheduled"];
        assert_eq!(story.types()[4..], tail);
    }

    #[test]
    fn a_run_that_closes_lets_nobody_wait() {
        // B8.
        let mut story = Story::after(vec![]);
        park(&mut story, update("U", UpdateStage::Completed));
        story.terminate("w").unwrap();
        assert!(!has_waits(&story));
        assert_eq!(story.types()[4..], ["WorkflowExecutionTerminated"]);
    }
}
