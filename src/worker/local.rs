//! Local activities as the workflow sees them: run by the worker, recorded as markers, taken from
//! the markers on replay.

use std::time::Duration;

use temporalio_protos::protos::constants::LOCAL_ACTIVITY_MARKER_NAME;
use temporalio_protos::protos::coresdk::common::{
    build_local_activity_marker_details, extract_local_activity_marker_data,
};
use temporalio_protos::protos::coresdk::external_data::LocalActivityMarkerData;

use super::failures::{self, ActivityRef};
use super::op::{LocalPhase, LocalState, Op, OpId, OpKind, OpState, Outcome, Raised};
use super::program::LocalSpec;
use super::replay::Described;
use super::run::{Context, Halt, Issued, Resolution, Run};
use crate::api::Command;
use crate::clock::Time;
use crate::history::{Attributes, Event, Payloads, Shared};
use crate::official::failure::failure::FailureInfo;
use crate::official::{command, failure};
use crate::scenario::model::ActivityCancellationType;

/// What the worker has to do for a local activity.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum LocalRequest {
    /// Run it.
    Start(OpId),
    /// Tell it that it is cancelled; it may go on.
    Cancel(OpId),
    /// Forget it.
    Forget(OpId),
}

/// How an attempt of a local activity ended, for the workflow.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum LocalEnd {
    Completed(Option<Payloads>),
    Failed(Shared<failure::Failure>),
    TimedOut(Shared<failure::Failure>),
    Canceled(Shared<failure::Failure>),
}

/// The end of a local activity, and what its marker says beside it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct LocalResult {
    pub(super) end: LocalEnd,
    pub(super) attempt: u32,
    /// How long it ran; none leaves the workflow's time alone.
    pub(super) runtime: Option<Duration>,
    /// How long to wait, on a timer, before the next attempt.
    pub(super) backoff: Option<Duration>,
}

/// A result that a marker further on in the history tells.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct KnownResult {
    end: LocalEnd,
    attempt: u32,
    backoff: Option<Duration>,
    original_schedule_time: Option<Time>,
    /// The round of the activation in which the code was told.
    round: Option<u64>,
}

impl Run {
    pub(super) fn start_local(&mut self, scope: u32, spec: u32, ctx: &Context<'_>) -> OpId {
        let state = LocalState {
            phase: LocalPhase::AwaitingMarker,
            attempt: 1,
            original_schedule_time: Some(ctx.now),
            workflow_time: self.time,
            backoff: None,
        };
        let op = Op::new(OpKind::Local(spec, state), self.numbers.activity + 1, scope);
        if self.scope_canceled(scope) {
            return self.refused_op(op, ctx);
        }
        self.numbers.activity += 1;
        let seq = op.seq;
        let id = self.push_op(op);
        self.locals.insert(seq, id);
        self.begin_local(id);
        id
    }

    /// Runs it, or takes its result from the history.
    fn begin_local(&mut self, id: OpId) {
        if !self.replaying {
            self.set_phase(id, LocalPhase::Running);
            self.local_requests.push(LocalRequest::Start(id));
            return;
        }
        let seq = self.op(id).seq;
        if let Some(known) = self.known_results.remove(&seq) {
            self.set_phase(id, LocalPhase::Preresolved);
            self.held.push((known.round.unwrap_or(self.round + 1), id, known));
        } else {
            self.unmarked.push(id);
        }
    }

    fn set_phase(&mut self, id: OpId, phase: LocalPhase) {
        if let OpKind::Local(_, state) = &mut self.op_mut(id).kind {
            state.phase = phase;
        }
    }

    pub(super) fn local_state(&self, id: OpId) -> Option<(u32, &LocalState)> {
        match &self.op(id).kind {
            OpKind::Local(spec, state) => Some((*spec, state)),
            _ => None,
        }
    }

    /// What replay has left without a marker is run now.
    pub(super) fn run_unknown_locals(&mut self) {
        for id in std::mem::take(&mut self.unmarked) {
            let waits = is_awaiting(self, id) && !self.op(id).notified;
            if waits && !self.closed {
                self.set_phase(id, LocalPhase::Running);
                self.local_requests.push(LocalRequest::Start(id));
            }
        }
    }

    pub(super) fn cancel_local(&mut self, id: OpId, ctx: &Context<'_>) {
        let Some((spec, state)) = self.local_state(id) else { return };
        if let Some(timer) = state.backoff {
            self.cancel_op(timer, ctx);
            self.backoff_over(timer, false);
            return;
        }
        if state.phase != LocalPhase::Running || self.op(id).notified {
            return;
        }
        let attempt = state.attempt;
        let cancellation_type = ctx.program.locals[spec as usize].cancellation_type;
        let unstarted = self.local_requests.contains(&LocalRequest::Start(id));
        if unstarted {
            self.local_requests.retain(|request| *request != LocalRequest::Start(id));
        } else {
            self.local_requests.push(match cancellation_type {
                ActivityCancellationType::Abandon => LocalRequest::Forget(id),
                _ => LocalRequest::Cancel(id),
            });
        }
        let waits = cancellation_type == ActivityCancellationType::WaitCancellationCompleted;
        if unstarted || !waits {
            let failure = Shared::new(failures::local_canceled());
            let end = LocalEnd::Canceled(failure);
            let result = LocalResult { end, attempt, runtime: None, backoff: None };
            self.local_ended(id, result, ctx);
        }
    }

    /// The worker has run it: its marker is issued, and the code is told. Without effect if the
    /// code was told before.
    pub(super) fn local_ended(&mut self, id: OpId, result: LocalResult, ctx: &Context<'_>) {
        let Some((spec, state)) = self.local_state(id) else { return };
        if state.phase != LocalPhase::Running || self.closed {
            return;
        }
        let spec = &ctx.program.locals[spec as usize];
        let original_schedule_time = state.original_schedule_time;
        let complete_time = match (state.workflow_time, result.runtime) {
            (Some(time), Some(runtime)) => Some(time + runtime),
            _ => None,
        };
        let op = self.op(id);
        let data = LocalActivityMarkerData {
            seq: op.seq,
            attempt: result.attempt,
            activity_id: op.seq.to_string(),
            activity_type: spec.activity_type.to_string(),
            complete_time: complete_time.map(timestamp),
            backoff: result.backoff.and_then(super::duration::official),
            original_schedule_time: original_schedule_time.map(timestamp),
            activation_index: Some(self.round + 1),
        };
        let (payload, failure) = match &result.end {
            LocalEnd::Completed(payloads) => {
                (payloads.as_ref().and_then(|payloads| payloads.payloads.first().cloned()), None)
            }
            LocalEnd::Failed(failure)
            | LocalEnd::TimedOut(failure)
            | LocalEnd::Canceled(failure) => (None, Some((**failure).clone())),
        };
        let marker = command::RecordMarkerCommandAttributes {
            marker_name: LOCAL_ACTIVITY_MARKER_NAME.to_owned(),
            details: build_local_activity_marker_details(data, payload),
            header: None,
            failure,
        };
        self.set_phase(id, LocalPhase::MarkerQueued);
        self.issue(Some(id), Command::RecordMarker(Shared::new(marker)));
        let known = KnownResult {
            end: result.end,
            attempt: result.attempt,
            backoff: result.backoff,
            original_schedule_time,
            round: None,
        };
        self.resolve_known(id, known, ctx);
    }

    /// Tells the code what it was told in this round when it first ran.
    pub(super) fn release_known(&mut self, ctx: &Context<'_>) {
        if self.held.is_empty() {
            return;
        }
        let round = self.round;
        let held = std::mem::take(&mut self.held);
        let (due, later) = held.into_iter().partition(|(at, ..)| *at <= round);
        self.held = later;
        let due: Vec<(u64, OpId, KnownResult)> = due;
        for (_, op, known) in due {
            self.resolve_known(op, known, ctx);
        }
    }

    fn resolve_known(&mut self, id: OpId, known: KnownResult, ctx: &Context<'_>) {
        if let Some(backoff) = known.backoff {
            self.resolutions.push(Resolution::LocalBackoff {
                op: id,
                backoff,
                attempt: known.attempt.saturating_add(1),
                original_schedule_time: known.original_schedule_time,
            });
        } else {
            let outcome = self.local_outcome(id, known.end, ctx);
            self.notify(id, outcome);
        }
    }

    /// How the end of a local activity looks to the code.
    fn local_outcome(&self, id: OpId, end: LocalEnd, ctx: &Context<'_>) -> Outcome {
        let Some((spec, _)) = self.local_state(id) else { return Ok(()) };
        let activity_id = self.op(id).seq.to_string();
        let activity = ActivityRef {
            activity_type: &ctx.program.locals[spec as usize].activity_type,
            activity_id: &activity_id,
        };
        let wrapped = |message, failure: Shared<failure::Failure>| {
            Err(Raised::failure(activity.local(message, (*failure).clone())))
        };
        match end {
            LocalEnd::Completed(_) => Ok(()),
            LocalEnd::Failed(failure) => Err(Raised::Failure(failure)),
            LocalEnd::TimedOut(failure) => wrapped("Local Activity timed out", failure),
            LocalEnd::Canceled(failure) => wrapped("Local Activity cancelled", failure),
        }
    }

    /// The next attempt comes after a timer, under a new running number (as in the Python SDK).
    pub(super) fn back_off_local(
        &mut self,
        id: OpId,
        backoff: Duration,
        attempt: u32,
        original_schedule_time: Option<Time>,
    ) {
        if self.op(id).resolved.is_some() {
            return;
        }
        // The marker of the attempt before may not be recorded yet: an operation that nothing
        // waits for takes its place there.
        let mut recorder = self.op(id).clone();
        recorder.notified = true;
        recorder.state = OpState::Closed;
        let recorder = self.push_op(recorder);
        for Issued { op, .. } in &mut self.commands {
            if *op == Some(id) {
                *op = Some(recorder);
            }
        }
        self.numbers.activity += 1;
        let seq = self.numbers.activity;
        let number_before = self.op(id).seq;
        self.locals.insert(number_before, recorder);
        self.locals.insert(seq, id);
        let timer = self.start_backoff_timer(self.op(id).scope, backoff);
        let at = self.op_mut(id);
        at.seq = seq;
        at.notified = false;
        if let OpKind::Local(_, state) = &mut at.kind {
            state.phase = LocalPhase::AwaitingMarker;
            state.attempt = attempt;
            state.original_schedule_time = original_schedule_time;
            state.backoff = Some(timer);
        }
    }

    /// A timer has ended; local activities that back off on it go on.
    pub(super) fn backoff_over(&mut self, timer: OpId, fired: bool) {
        let waiting = self.ops.iter().position(|op| {
            matches!(&op.kind, OpKind::Local(_, state) if state.backoff == Some(timer))
                && op.state != OpState::Closed
        });
        let Some(id) = waiting.and_then(|index| u32::try_from(index).ok()) else { return };
        let workflow_time = self.time;
        if let OpKind::Local(_, state) = &mut self.op_mut(id).kind {
            state.backoff = None;
            state.workflow_time = workflow_time;
        }
        if fired {
            self.begin_local(id);
        } else {
            self.resolve(id, Err(Raised::Canceled));
        }
    }
}

/// Takes the markers that the next workflow task recorded into account ahead of time: the code
/// must know results in the activation in which it first knew them.
pub(super) fn look_ahead(run: &mut Run, events: &[&Event]) {
    for event in events {
        let Some((data, known)) = parse(event) else { continue };
        match run.locals.get(&data.seq).copied() {
            Some(op) if is_awaiting(run, op) => {
                run.set_phase(op, LocalPhase::Preresolved);
                run.held.push((known.round.unwrap_or(0), op, known));
            }
            Some(_) => {}
            None => {
                run.known_results.insert(data.seq, known);
            }
        }
    }
}

fn is_awaiting(run: &Run, op: OpId) -> bool {
    run.local_state(op).is_some_and(|(_, state)| state.phase == LocalPhase::AwaitingMarker)
}

/// Takes a local activity's marker into account; false if the event is something else.
pub(super) fn take_marker(run: &mut Run, event: &Event, ctx: &Context<'_>) -> Result<bool, Halt> {
    let Some((data, known)) = parse(event) else { return Ok(false) };
    let Some(op) = run.locals.get(&data.seq).copied() else {
        let text = format!("Missing associated machine for LocalActivity({})", data.seq);
        return Err(Halt::Nondeterminism(text));
    };
    let Some((spec, state)) = run.local_state(op) else { return Ok(false) };
    let phase = state.phase;
    verify(&ctx.program.locals[spec as usize], run.op(op).seq, &data)?;
    match phase {
        LocalPhase::AwaitingMarker => run.resolve_known(op, known, ctx),
        LocalPhase::Preresolved => {}
        LocalPhase::MarkerQueued => {
            let issued = run.commands.pop_front();
            if issued.and_then(|issued| issued.op) != Some(op) {
                let text = format!("No command scheduled for event {}", Described(event));
                return Err(Halt::Nondeterminism(text));
            }
        }
        LocalPhase::Running | LocalPhase::Recorded => {
            let text = format!("No command scheduled for event {}", Described(event));
            return Err(Halt::Nondeterminism(text));
        }
    }
    run.set_phase(op, LocalPhase::Recorded);
    Ok(true)
}

fn verify(spec: &LocalSpec, seq: u32, data: &LocalActivityMarkerData) -> Result<(), Halt> {
    let issued = seq.to_string();
    let differs = |what: &str, recorded: &str, issued: &str| {
        Halt::Nondeterminism(format!(
            "Activity {what} of recorded marker '{recorded}' does not match activity {what} of \
             local activity command '{issued}'"
        ))
    };
    if data.activity_id != issued {
        return Err(differs("id", &data.activity_id, &issued));
    }
    if *data.activity_type != *spec.activity_type {
        return Err(differs("type", &data.activity_type, &spec.activity_type));
    }
    Ok(())
}

/// What a local activity's marker says; `None` for every other event.
fn parse(event: &Event) -> Option<(LocalActivityMarkerData, KnownResult)> {
    let Attributes::MarkerRecorded { command, .. } = &event.attributes else { return None };
    if command.marker_name != LOCAL_ACTIVITY_MARKER_NAME {
        return None;
    }
    let data = extract_local_activity_marker_data(&command.details)?;
    let end = match &command.failure {
        Some(failure) => {
            let shared = Shared::new(failure.clone());
            match &failure.failure_info {
                Some(FailureInfo::CanceledFailureInfo(_)) => LocalEnd::Canceled(shared),
                Some(FailureInfo::TimeoutFailureInfo(_)) => LocalEnd::TimedOut(shared),
                _ => LocalEnd::Failed(shared),
            }
        }
        None => LocalEnd::Completed(command.details.get("result").cloned().map(Shared::new)),
    };
    let known = KnownResult {
        end,
        attempt: data.attempt,
        backoff: data.backoff.as_ref().and_then(|backoff| Duration::try_from(*backoff).ok()),
        original_schedule_time: data.original_schedule_time.as_ref().map(|time| {
            let nanos =
                time.seconds.saturating_mul(1_000_000_000).saturating_add(time.nanos.into());
            Time::from_unix_nanos(nanos)
        }),
        round: data.activation_index,
    };
    Some((data, known))
}

/// An instant as the official messages have it.
fn timestamp<T: From<std::time::SystemTime>>(time: Time) -> T {
    let since = Duration::from_nanos(u64::try_from(time.unix_nanos()).unwrap_or(0));
    T::from(std::time::UNIX_EPOCH + since)
}
