//! Local activities as the worker runs them: in the worker's own time, with retries, timeouts and
//! cancels, but without the server.

use std::collections::BTreeMap;
use std::time::Duration;

use super::failures;
use super::key::WorkerKey;
use super::local::{LocalEnd, LocalRequest, LocalResult};
use super::op::OpId;
use super::program::{LocalSpec, Program, StepId};
use super::run::Run;
use super::script::{End, Script, Surroundings, Woken};
use crate::clock::Time;
use crate::history::{RunId, Shared};
use crate::official::enums::TimeoutType;
use crate::official::failure::{self, failure::FailureInfo};

/// Backoffs that are longer are waited for on a timer of the workflow, as in sdk-core.
pub const LOCAL_RETRY_THRESHOLD: Duration = Duration::from_secs(60);

/// The local activities of one run.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct LocalRuns(BTreeMap<OpId, LocalRun>);

/// A local activity.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct LocalRun {
    spec: u32,
    attempt: u32,
    first_scheduled: Time,
    /// When a cancel reaches it.
    cancel: Option<Time>,
    state: State,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum State {
    /// An attempt runs. Without a script its type is not known to the worker.
    Runs { since: Time, script: Option<Script> },
    /// The next attempt waits.
    BacksOff { until: Time },
}

/// What a wake of a local activity came to.
pub(super) enum LocalAttempt {
    GoesOn,
    Ended(LocalResult),
    Endless(StepId),
}

impl LocalRuns {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What they will do, and when.
    pub(super) fn due(&self, run_id: RunId, program: &Program, list: &mut Vec<(Time, WorkerKey)>) {
        for (op, local) in &self.0 {
            if let Some(time) = local.due(&program.locals[local.spec as usize]) {
                list.push((time, WorkerKey::LocalActivity(run_id, *op)));
            }
        }
    }

    /// Does what the workflow asks for.
    pub(super) fn request(
        &mut self,
        now: Time,
        run: &Run,
        request: &LocalRequest,
        program: &Program,
    ) {
        match request {
            LocalRequest::Start(op) => {
                let Some((spec, state)) = run.local_state(*op) else { return };
                let local = LocalRun {
                    spec,
                    attempt: state.attempt.max(1),
                    first_scheduled: state.original_schedule_time.unwrap_or(now),
                    cancel: None,
                    state: State::Runs { since: now, script: script(spec, program) },
                };
                self.0.insert(*op, local);
            }
            LocalRequest::Cancel(op) => {
                if let Some(local) = self.0.get_mut(op) {
                    local.cancel = Some(now);
                }
            }
            LocalRequest::Forget(op) => {
                self.0.remove(op);
            }
        }
    }

    /// One of them goes on, times out, is cancelled or is tried again.
    pub(super) fn wake(&mut self, now: Time, op: OpId, program: &Program) -> LocalAttempt {
        let Some(local) = self.0.get_mut(&op) else { return LocalAttempt::GoesOn };
        let attempt = local.wake(now, program);
        if !matches!(attempt, LocalAttempt::GoesOn) {
            self.0.remove(&op);
        }
        attempt
    }
}

impl LocalRun {
    fn due(&self, spec: &LocalSpec) -> Option<Time> {
        let at = |since: Time, timeout: Option<Duration>| timeout.map(|timeout| since + timeout);
        let schedule_to_close = at(self.first_scheduled, spec.schedule_to_close_timeout);
        let own = match &self.state {
            State::BacksOff { until } => Some(*until),
            State::Runs { since, script } => {
                let next = script.as_ref().map_or(Some(*since), |script| script.due(*since));
                next.into_iter().chain(at(*since, spec.start_to_close_timeout)).min()
            }
        };
        own.into_iter().chain(schedule_to_close).chain(self.cancel).min()
    }

    fn wake(&mut self, now: Time, program: &Program) -> LocalAttempt {
        let canceled = self.cancel.take().is_some();
        if let State::BacksOff { until } = self.state {
            if canceled {
                let failure = Shared::new(failures::local_canceled());
                return self.ended(now, LocalEnd::Canceled(failure));
            }
            if now < until {
                return self.time_out(now, TimeoutType::ScheduleToClose);
            }
            self.attempt = self.attempt.saturating_add(1);
            self.state = State::Runs { since: now, script: script(self.spec, program) };
        }
        let spec = &program.locals[self.spec as usize];
        let State::Runs { since, script } = &mut self.state else { return LocalAttempt::GoesOn };
        let since = *since;
        let Some(script) = script else {
            let text = format!(
                "Activity function {} is not registered on this worker",
                spec.activity_type
            );
            let failure = failures::not_registered(&text);
            return self.failed(now, spec, LocalEnd::Failed(failure.clone()), &failure);
        };
        if canceled {
            script.cancel();
        }
        // A local activity's heartbeats go nowhere.
        let mut heartbeat = |_| {};
        let mut with = Surroundings {
            program,
            now,
            attempt: self.attempt,
            // The server gives a local activity no id.
            activity_id: "",
            heartbeat: &mut heartbeat,
        };
        match script.wake(&mut with) {
            Woken::Endless(step) => LocalAttempt::Endless(step),
            Woken::Ended(End::Completed(result)) => self.ended(now, LocalEnd::Completed(result)),
            Woken::Ended(End::Canceled) => {
                let failure = Shared::new(failures::local_canceled());
                self.ended(now, LocalEnd::Canceled(failure))
            }
            Woken::Ended(End::Failed(failure)) => {
                self.failed(now, spec, LocalEnd::Failed(failure.clone()), &failure)
            }
            Woken::Waits => {
                let over = |since: Time, timeout: Option<Duration>| {
                    timeout.is_some_and(|timeout| since + timeout <= now)
                };
                if over(self.first_scheduled, spec.schedule_to_close_timeout) {
                    return self.time_out(now, TimeoutType::ScheduleToClose);
                }
                if over(since, spec.start_to_close_timeout) {
                    let failure = Shared::new(failures::local_timeout(TimeoutType::StartToClose));
                    return self.failed(now, spec, LocalEnd::TimedOut(failure.clone()), &failure);
                }
                LocalAttempt::GoesOn
            }
        }
    }

    fn time_out(&self, now: Time, kind: TimeoutType) -> LocalAttempt {
        let failure = Shared::new(failures::local_timeout(kind));
        self.ended(now, LocalEnd::TimedOut(failure))
    }

    /// The attempt failed: there may be another.
    fn failed(
        &mut self,
        now: Time,
        spec: &LocalSpec,
        end: LocalEnd,
        failure: &failure::Failure,
    ) -> LocalAttempt {
        match retry_backoff(spec, failure, self.attempt) {
            Some(backoff) if backoff <= LOCAL_RETRY_THRESHOLD => {
                self.state = State::BacksOff { until: now + backoff };
                LocalAttempt::GoesOn
            }
            backoff => self.result(now, end, backoff),
        }
    }

    fn ended(&self, now: Time, end: LocalEnd) -> LocalAttempt {
        self.result(now, end, None)
    }

    fn result(&self, now: Time, end: LocalEnd, backoff: Option<Duration>) -> LocalAttempt {
        let runtime = match &self.state {
            State::Runs { since, .. } => now.since(*since),
            State::BacksOff { .. } => Duration::ZERO,
        };
        let attempt = self.attempt;
        LocalAttempt::Ended(LocalResult { end, attempt, runtime: Some(runtime), backoff })
    }
}

fn script(spec: u32, program: &Program) -> Option<Script> {
    let code = program.activity(&program.locals[spec as usize].activity_type)?;
    Some(Script::new(program, program.activities[code as usize].main))
}

/// How long the next attempt waits; none if there is no next.
fn retry_backoff(spec: &LocalSpec, failure: &failure::Failure, attempt: u32) -> Option<Duration> {
    let policy = spec.retry_policy.as_ref();
    let maximum_attempts = policy.map_or(0, |policy| policy.maximum_attempts);
    if maximum_attempts > 0 && attempt >= maximum_attempts {
        return None;
    }
    if let Some(FailureInfo::ApplicationFailureInfo(info)) = &failure.failure_info {
        let listed =
            policy.is_some_and(|policy| policy.non_retryable_error_types.contains(&info.r#type));
        if info.non_retryable || listed {
            return None;
        }
        if let Some(delay) = info.next_retry_delay.and_then(|delay| Duration::try_from(delay).ok())
        {
            return Some(delay);
        }
    }
    let initial = policy.and_then(|policy| policy.initial_interval);
    let initial = initial.map_or(Duration::from_secs(1), |span| span.0);
    let maximum = policy.and_then(|policy| policy.maximum_interval);
    let maximum = maximum.map_or(initial.saturating_mul(100), |span| span.0);
    let coefficient = policy.and_then(|policy| policy.backoff_coefficient).unwrap_or(2.0);
    let mut seconds = initial.as_secs_f64();
    for _ in 1..attempt {
        if seconds >= maximum.as_secs_f64() {
            break;
        }
        seconds *= coefficient;
    }
    Some(Duration::try_from_secs_f64(seconds).map_or(maximum, |backoff| backoff.min(maximum)))
}
