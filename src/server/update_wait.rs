//! The requests about updates, and who waits for what (`semantics/reset.md`, B8, G4–G6).

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use super::key::{RunIndex, TaskKey, Timer};
use super::run::Run;
use super::update::{Rejected, id_of, progress};
use super::workflow_task::WorkflowTaskState;
use super::{Server, messages, speculative};
use crate::api::{
    CallId, Outbox, PollWorkflowExecutionUpdate, Response, RpcError, UpdateProgress, UpdateStage,
    UpdateWorkflowExecution,
};
use crate::clock::Time;
use crate::history::ids::Digest;
use crate::history::{Name, RunId};

/// From this attempt of a workflow task on no update is let in: it would fail with it.
const FAILING_ATTEMPT: u32 = 3;

/// A call that waits for an update to get somewhere.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Wait {
    run: RunIndex,
    update_id: Name,
    stage: UpdateStage,
    /// When the server loses its patience.
    until: Option<Time>,
}

/// The calls that wait, by their ids.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct UpdateWaits {
    waits: BTreeMap<CallId, Wait>,
}

impl UpdateWaits {
    /// Forgets a call.
    pub(super) fn abandon(&mut self, call: CallId) {
        self.waits.remove(&call);
    }

    /// The ends of the server's patience, for each run that has one.
    pub(super) fn deadlines(&self) -> impl Iterator<Item = (Time, TaskKey)> + '_ {
        let key = |wait: &Wait| TaskKey::Timer(wait.run, Timer::UpdateWaits);
        self.waits.values().filter_map(move |wait| Some((wait.until?, key(wait))))
    }

    /// Takes out the calls that wait for an update of a run.
    fn take(&mut self, run: RunIndex, update_id: &Name) -> impl Iterator<Item = CallId> + use<> {
        let is_for = |wait: &Wait| wait.run == run && wait.update_id == *update_id;
        let calls: Vec<CallId> =
            self.waits.iter().filter(|(_, wait)| is_for(wait)).map(|(call, _)| *call).collect();
        for call in &calls {
            self.waits.remove(call);
        }
        calls.into_iter()
    }
}

/// What a call comes to at once.
enum Begun {
    Answered(Result<Response, RpcError>),
    Waits(Wait),
}

impl Server {
    /// `UpdateWorkflowExecution`: answered at once, or parked.
    pub(super) fn update(
        &mut self,
        now: Time,
        call: CallId,
        request: &UpdateWorkflowExecution,
        outbox: &mut Outbox,
    ) {
        let begun = self.begin_update(now, request).unwrap_or_else(|e| Begun::Answered(Err(e)));
        self.wait(call, begun, outbox);
    }

    /// `PollWorkflowExecutionUpdate`: answered at once, or parked.
    pub(super) fn poll_update(
        &mut self,
        now: Time,
        call: CallId,
        request: &PollWorkflowExecutionUpdate,
        outbox: &mut Outbox,
    ) {
        let until = request.patience.map(|patience| now + patience);
        let begun = self
            .find(&request.target)
            .and_then(|run| self.look(run, &request.update_id, request.wait_for, until))
            .unwrap_or_else(|error| Begun::Answered(Err(error)));
        self.wait(call, begun, outbox);
    }

    fn wait(&mut self, call: CallId, begun: Begun, outbox: &mut Outbox) {
        match begun {
            Begun::Answered(answer) => outbox.answer(call, answer),
            Begun::Waits(wait) => {
                self.update_waits.waits.insert(call, wait);
            }
        }
    }

    fn begin_update(
        &mut self,
        now: Time,
        request: &UpdateWorkflowExecution,
    ) -> Result<Begun, RpcError> {
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
        let until = request.patience.map(|patience| now + patience);
        if !run.is_open() {
            if !run.updates.has(&update_id) {
                return Err(messages::already_completed());
            }
            return self.look(at, &update_id, request.wait_for, until);
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
        self.look(at, &update_id, request.wait_for, until)
    }

    /// How far an update has got, if that is far enough.
    fn look(
        &self,
        run: RunIndex,
        update_id: &Name,
        stage: UpdateStage,
        until: Option<Time>,
    ) -> Result<Begun, RpcError> {
        let progress = progress(self.get(run), update_id)
            .ok_or_else(|| messages::update_not_found(update_id))??;
        if progress.stage < stage {
            let update_id = update_id.clone();
            return Ok(Begun::Waits(Wait { run, update_id, stage, until }));
        }
        Ok(Begun::Answered(Ok(answer(progress))))
    }

    /// Answers the calls whose updates have got far enough, or nowhere.
    pub(super) fn answer_update_waits(&mut self, outbox: &mut Outbox) {
        let mut answered = Vec::new();
        for (call, wait) in &self.update_waits.waits {
            match self.look(wait.run, &wait.update_id, wait.stage, wait.until) {
                Ok(Begun::Waits(_)) => {}
                Ok(Begun::Answered(answer)) => answered.push((*call, answer)),
                Err(error) => answered.push((*call, Err(error))),
            }
        }
        for (call, answer) in answered {
            self.update_waits.abandon(call);
            outbox.answer(call, answer);
        }
    }

    /// Tells the callers of updates that a worker or the server has rejected.
    pub(super) fn answer_rejected(
        &mut self,
        at: RunIndex,
        rejected: Vec<Rejected>,
        outbox: &mut Outbox,
    ) {
        let execution = self.get(at).execution.clone();
        for (update_id, outcome) in rejected {
            let progress = UpdateProgress {
                execution: execution.clone(),
                update_id,
                stage: UpdateStage::Completed,
                outcome: Some(outcome),
            };
            for call in self.update_waits.take(at, &progress.update_id) {
                outbox.answer(call, Ok(answer(progress.clone())));
            }
        }
    }

    /// The server has refused a completion and forgets what it had in memory of the run: callers of
    /// updates that no worker has accepted hear that they are lost, the others how far theirs are.
    pub(super) fn answer_aborted(&mut self, at: RunIndex, aborted: &[Name], outbox: &mut Outbox) {
        self.answer_of_run(at, outbox, |wait| {
            aborted.contains(&wait.update_id).then(messages::update_lost)
        });
    }

    /// Answers calls that wait for updates of a run: with an error, or else with how far the update
    /// has got.
    fn answer_of_run(
        &mut self,
        at: RunIndex,
        outbox: &mut Outbox,
        error: impl Fn(&Wait) -> Option<RpcError>,
    ) {
        let waits = std::mem::take(&mut self.update_waits.waits);
        let (of_run, others) = waits.into_iter().partition(|(_, wait)| wait.run == at);
        self.update_waits.waits = others;
        let of_run: BTreeMap<CallId, Wait> = of_run;
        for (call, wait) in of_run {
            let error = error(&wait);
            let update_id = &wait.update_id;
            let progress = || {
                progress(self.get(at), update_id)
                    .unwrap_or_else(|| Err(messages::update_not_found(update_id)))
            };
            outbox.answer(call, error.map_or_else(progress, Err).map(answer));
        }
    }

    /// The server's patience is at an end: it says how far the updates have got.
    pub(super) fn end_update_waits(&mut self, now: Time, at: RunIndex, outbox: &mut Outbox) {
        let is_over = |wait: &Wait| wait.run == at && wait.until.is_some_and(|until| until <= now);
        let over: Vec<(CallId, Name)> = self
            .update_waits
            .waits
            .iter()
            .filter(|(_, wait)| is_over(wait))
            .map(|(call, wait)| (*call, wait.update_id.clone()))
            .collect();
        for (call, update_id) in over {
            self.update_waits.abandon(call);
            let progress = progress(self.get(at), &update_id);
            let result = progress.unwrap_or_else(|| Err(messages::update_not_found(&update_id)));
            outbox.answer(call, result.map(answer));
        }
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
fn with_id(
    request: &UpdateWorkflowExecution,
    update_id: &Name,
) -> crate::history::Shared<crate::official::update::Request> {
    if id_of(&request.request) == *update_id {
        return request.request.clone();
    }
    let mut named = crate::official::update::Request::clone(&request.request);
    named.meta.get_or_insert_default().update_id = update_id.to_string();
    crate::history::Shared::new(named)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::story::Story;
    use super::*;
    use crate::api::{
        ProtocolMessage, ProtocolMessageBody, Request, RespondWorkflowTaskCompleted, Target,
        WorkflowTask,
    };
    use crate::history::Shared;
    use crate::official::update as official;

    const CLIENT: CallId = CallId(1_000);

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
        assert!(!story.server.update_waits.waits.is_empty());
        story.server.abandon(story.now, CLIENT);
        assert!(story.server.update_waits.waits.is_empty());
        assert_eq!(story.poll().messages.len(), 1);
    }

    #[test]
    fn the_server_loses_its_patience_and_says_how_far_the_update_has_got() {
        let mut story = Story::after(vec![]);
        park(&mut story, update("U", UpdateStage::Completed));
        story.poll();
        story.pass(Duration::from_secs(19));
        assert!(!story.server.update_waits.waits.is_empty());
        story.pass(Duration::from_secs(1));
        assert!(story.server.update_waits.waits.is_empty());
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
        assert!(story.server.update_waits.waits.is_empty());
        assert_eq!(story.types()[4..], ["WorkflowExecutionTerminated"]);
    }
}
