//! Activities that a worker runs: their code, their heartbeats, what they learn of cancels, how
//! they report their end.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::failures;
use super::key::{ActivityKey, Call, WorkerKey};
use super::native::{CancelReason, NativeCommand, NativeEvent};
use super::problem::Stopped;
use super::script::{End, Script, Surroundings, Woken};
use super::throttle::{Heartbeat, Throttle};
use super::{Sent, Worker};
use crate::api::{
    ActivityTarget, ActivityTask, Code, Request, RespondActivityTaskFailed, Response, RpcError,
};
use crate::clock::Time;
use crate::history::Name;

/// How long after an activity's timeout its worker gives it up by itself, as sdk-core does, so
/// that code that does not heartbeat does not keep its slot for ever.
pub const LOCAL_TIMEOUT_BUFFER: Duration = Duration::from_secs(5);

/// An activity that runs.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Activity {
    task: Task,
    body: Body,
    /// When it begins.
    begin: Time,
    throttle: Throttle,
    /// What a heartbeat's answer told, and when it came.
    answer: Option<(Time, CancelReason)>,
    timeout: Option<LocalTimeout>,
    /// Why it was cancelled, if it was.
    canceled: Option<CancelReason>,
    /// Whether its end was reported and has not been answered.
    responding: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Body {
    Script(Script),
    Native,
}

/// The worker's own timer for an activity: the shorter of heartbeat and start-to-close timeout.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct LocalTimeout {
    at: Time,
    /// Begins again with every answered heartbeat, if it is the heartbeat timeout.
    heartbeat: Option<Duration>,
}

/// A task: what the server sent says no more than its token, its start and its details.
#[derive(Clone, Debug)]
struct Task(Arc<ActivityTask>);

impl PartialEq for Task {
    fn eq(&self, other: &Self) -> bool {
        self.0.token == other.0.token
            && self.0.started_time == other.0.started_time
            && self.0.heartbeat_details == other.0.heartbeat_details
    }
}

impl Eq for Task {}

impl Hash for Task {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.token.hash(state);
        self.0.started_time.hash(state);
        self.0.heartbeat_details.hash(state);
    }
}

impl Activity {
    /// What it will do by itself, and when.
    pub(super) fn due(&self, key: ActivityKey, list: &mut Vec<(Time, WorkerKey)>) {
        if self.responding {
            return;
        }
        if let Some((time, _)) = self.answer {
            list.push((time, WorkerKey::HeartbeatAnswer(key)));
        }
        if let Body::Script(script) = &self.body
            && let Some(time) = script.due(self.begin)
        {
            list.push((time, WorkerKey::Activity(key)));
        }
        if let Some(time) = self.throttle.due() {
            list.push((time, WorkerKey::Heartbeat(key)));
        }
        if let Some(timeout) = &self.timeout
            && self.canceled.is_none()
        {
            list.push((timeout.at, WorkerKey::ActivityTimeout(key)));
        }
    }

    fn target(&self) -> ActivityTarget {
        ActivityTarget::Token(self.task.0.token.clone())
    }
}

impl Worker {
    /// An activity task was polled.
    pub(super) fn activity_task(
        &mut self,
        now: Time,
        task: Box<ActivityTask>,
        out: &mut Vec<Sent>,
    ) {
        let key = ActivityKey::from(&task.token);
        let name = task.scheduled.command.activity_type.as_ref().map_or("", |kind| &kind.name);
        let timeouts = task.scheduled.timeouts;
        let throttle = Throttle::new(
            timeouts.heartbeat,
            self.config.default_heartbeat_throttle_interval,
            self.config.max_heartbeat_throttle_interval,
        );
        let known = self.config.has_activity(name);
        let native = known && self.program.natives.contains(name);
        let code = self.program.activity(name).filter(|_| known);
        let body = match code {
            _ if native => Body::Native,
            Some(code) => {
                let main = self.program.activities[code as usize].main;
                Body::Script(Script::new(&self.program, main))
            }
            None => {
                self.refuse_activity(&task, key, name, out);
                return;
            }
        };
        if native {
            self.native.push(NativeEvent::Started { key, task: task.clone() });
        }
        let activity = Activity {
            task: Task(Arc::from(task)),
            body,
            begin: now,
            throttle,
            answer: None,
            timeout: local_timeout(now, timeouts.heartbeat, timeouts.start_to_close),
            canceled: None,
            responding: false,
        };
        self.activities.insert(key, activity);
    }

    /// The worker does not have this type: the Python SDK's words.
    fn refuse_activity(
        &mut self,
        task: &ActivityTask,
        key: ActivityKey,
        name: &str,
        out: &mut Vec<Sent>,
    ) {
        let known = self.program.activities.iter().map(|code| &code.name);
        let mut known: Vec<&str> = known
            .chain(&self.program.natives)
            .map(Name::as_str)
            .filter(|name| self.config.has_activity(name))
            .collect();
        known.sort_unstable();
        known.dedup();
        let text = format!(
            "Activity function {name} for workflow {} is not registered on this worker, available \
             activities: {}",
            task.token.execution.workflow_id,
            known.join(", ")
        );
        let request = RespondActivityTaskFailed {
            activity: ActivityTarget::Token(task.token.clone()),
            failure: Some(failures::not_registered(&text)),
            identity: self.config.identity.clone(),
            last_heartbeat_details: None,
        };
        let request = Request::RespondActivityTaskFailed(Box::new(request));
        self.send(Call::RespondActivityTask(key), request, out);
    }

    /// An activity's code goes on.
    pub(super) fn wake_activity(&mut self, now: Time, key: ActivityKey, out: &mut Vec<Sent>) {
        let program = self.program.clone();
        let Some(activity) = self.activities.get_mut(&key).filter(|activity| !activity.responding)
        else {
            return;
        };
        let Activity { task, body: Body::Script(script), throttle, .. } = activity else { return };
        let mut sent = Vec::new();
        let mut heartbeat = |details| sent.extend(throttle.heartbeat(now, Heartbeat(details)));
        let attempt = key.attempt;
        let mut with = Surroundings {
            program: &program,
            now,
            attempt,
            activity_id: &task.0.scheduled.command.activity_id,
            heartbeat: &mut heartbeat,
        };
        let woken = script.wake(&mut with);
        for heartbeat in sent {
            self.send_heartbeat(key, heartbeat, out);
        }
        match woken {
            Woken::Waits => {}
            Woken::Ended(End::Completed(result)) => {
                self.end_activity(key, NativeCommand::Complete(result), out);
            }
            Woken::Ended(End::Failed(failure)) => {
                self.end_activity(key, NativeCommand::Fail(failure), out);
            }
            Woken::Ended(End::Canceled) => {
                self.end_activity(key, NativeCommand::Canceled(None), out);
            }
            Woken::Endless(step) => {
                // It keeps its slot, as a loop without an end does.
                self.stopped.push(Stopped::Activity(step));
                if let Some(activity) = self.activities.get_mut(&key) {
                    activity.responding = true;
                }
            }
        }
    }

    fn send_heartbeat(&mut self, key: ActivityKey, heartbeat: Heartbeat, out: &mut Vec<Sent>) {
        let Some(activity) = self.activities.get(&key) else { return };
        let request = Request::RecordActivityTaskHeartbeat {
            activity: activity.target(),
            details: heartbeat.0,
            identity: self.config.identity.clone(),
        };
        self.send(Call::Heartbeat(key), request, out);
    }

    /// The interval of a throttled heartbeat has ended.
    pub(super) fn flush_heartbeat(&mut self, now: Time, key: ActivityKey, out: &mut Vec<Sent>) {
        let Some(activity) = self.activities.get_mut(&key) else { return };
        if let Some(heartbeat) = activity.throttle.flush(now) {
            self.send_heartbeat(key, heartbeat, out);
        }
    }

    /// What native code did. Of an activity that is no longer known nothing is reported.
    pub fn native(
        &mut self,
        now: Time,
        key: ActivityKey,
        what: NativeCommand,
        out: &mut Vec<Sent>,
    ) {
        let Some(activity) = self.activities.get_mut(&key).filter(|activity| !activity.responding)
        else {
            return;
        };
        match what {
            NativeCommand::Heartbeat(details) => {
                if let Some(heartbeat) = activity.throttle.heartbeat(now, Heartbeat(details)) {
                    self.send_heartbeat(key, heartbeat, out);
                }
            }
            end => self.end_activity(key, end, out),
        }
    }

    /// Activity tasks that were handed to native code, and cancels for it, since the last call.
    pub fn take_native(&mut self) -> Vec<NativeEvent> {
        std::mem::take(&mut self.native)
    }

    fn end_activity(&mut self, key: ActivityKey, end: NativeCommand, out: &mut Vec<Sent>) {
        let Some(activity) = self.activities.get_mut(&key) else { return };
        if activity.canceled == Some(CancelReason::NotFound) {
            // The server does not know it any more: nobody would hear.
            self.activities.remove(&key);
            self.poll(out);
            return;
        }
        activity.responding = true;
        activity.answer = None;
        let identity = self.config.identity.clone();
        let pending = activity.throttle.take_pending();
        let activity = activity.target();
        let request = match end {
            NativeCommand::Complete(result) => {
                Request::RespondActivityTaskCompleted { activity, result, identity }
            }
            NativeCommand::Fail(failure) => {
                Request::RespondActivityTaskFailed(Box::new(RespondActivityTaskFailed {
                    activity,
                    failure: Some(failure),
                    identity,
                    last_heartbeat_details: pending.and_then(|heartbeat| heartbeat.0),
                }))
            }
            NativeCommand::Canceled(details) => {
                if let Some(Heartbeat(details)) = pending {
                    let activity = activity.clone();
                    let identity = identity.clone();
                    let request =
                        Request::RecordActivityTaskHeartbeat { activity, details, identity };
                    self.send(Call::LastHeartbeat(key), request, out);
                }
                Request::RespondActivityTaskCanceled { activity, details, identity }
            }
            // Not an end.
            NativeCommand::Heartbeat(_) => return,
        };
        self.send(Call::RespondActivityTask(key), request, out);
    }

    /// A heartbeat was answered. What the activity must know becomes a happening of its own.
    pub(super) fn heartbeat_answered(
        &mut self,
        now: Time,
        key: ActivityKey,
        result: &Result<Response, RpcError>,
    ) {
        let Some(activity) = self.activities.get_mut(&key) else { return };
        activity.throttle.answered();
        if result.is_ok()
            && let Some(timeout) = &mut activity.timeout
            && let Some(heartbeat) = timeout.heartbeat
        {
            timeout.at = now + heartbeat + LOCAL_TIMEOUT_BUFFER;
        }
        let reason = match result {
            Ok(Response::RecordActivityTaskHeartbeat { cancel_requested: true }) => {
                CancelReason::Cancelled
            }
            Err(error) if error.code == Code::NotFound => CancelReason::NotFound,
            _ => return,
        };
        let news = activity.canceled.is_none()
            || (reason == CancelReason::NotFound && activity.canceled != Some(reason));
        if news {
            activity.answer = Some((now, reason));
        }
    }

    /// What a heartbeat's answer told reaches the activity.
    pub(super) fn deliver_answer(&mut self, now: Time, key: ActivityKey, out: &mut Vec<Sent>) {
        let answer = self.activities.get_mut(&key).and_then(|activity| activity.answer.take());
        if let Some((_, reason)) = answer {
            self.cancel_activity(now, key, reason, out);
        }
    }

    /// An activity has outlived its timeout.
    pub(super) fn activity_timed_out(&mut self, now: Time, key: ActivityKey, out: &mut Vec<Sent>) {
        self.cancel_activity(now, key, CancelReason::TimedOut, out);
    }

    fn cancel_activity(
        &mut self,
        now: Time,
        key: ActivityKey,
        reason: CancelReason,
        out: &mut Vec<Sent>,
    ) {
        let Some(activity) = self.activities.get_mut(&key) else { return };
        let first = activity.canceled.is_none();
        activity.canceled = Some(reason);
        match &mut activity.body {
            Body::Script(script) => {
                if script.cancel() {
                    self.wake_activity(now, key, out);
                }
            }
            // A task is told of one cancel only.
            Body::Native if first => self.native.push(NativeEvent::Canceled { key, reason }),
            Body::Native => {}
        }
    }

    /// An activity's end was answered, whatever the answer: the slot is free.
    pub(super) fn activity_answered(&mut self, key: ActivityKey, out: &mut Vec<Sent>) {
        self.activities.remove(&key);
        self.poll(out);
    }
}

fn local_timeout(now: Time, heartbeat: Duration, start_to_close: Duration) -> Option<LocalTimeout> {
    let heartbeat = Some(heartbeat).filter(|timeout| !timeout.is_zero());
    let start_to_close = Some(start_to_close).filter(|timeout| !timeout.is_zero());
    let shortest = heartbeat.into_iter().chain(start_to_close).min()?;
    Some(LocalTimeout {
        at: now + shortest + LOCAL_TIMEOUT_BUFFER,
        heartbeat: heartbeat.filter(|timeout| *timeout == shortest),
    })
}
