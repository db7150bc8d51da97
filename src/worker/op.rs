//! Operations of a workflow as state machines, after sdk-core's: what the code has asked for, how
//! far the server has recorded it, and what the code has been told.

use super::failures::{self, ActivityRef, ChildRef};
use super::program::Program;
use crate::clock::Time;
use crate::history::{EventId, Name, RunId, Shared};
use crate::official::failure;
use crate::scenario::model::{ActivityCancellationType, ChildCancellationType};

/// An operation's number in its run, in order of creation.
pub(super) type OpId = u32;

/// What a workflow's code can catch.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Raised {
    /// A cancel by itself.
    Canceled,
    /// A failure; a cancellation too, if it is one of something that was canceled.
    Failure(Shared<failure::Failure>),
}

impl Raised {
    pub(super) fn failure(message: failure::Failure) -> Self {
        Self::Failure(Shared::new(message))
    }

    /// Whether `on_cancel` catches it.
    pub(super) fn is_cancellation(&self) -> bool {
        match self {
            Self::Canceled => true,
            Self::Failure(failure) => failures::is_cancellation(failure),
        }
    }

    /// The official failure.
    pub(super) fn into_failure(self) -> failure::Failure {
        match self {
            Self::Canceled => failures::canceled(),
            Self::Failure(failure) => (*failure).clone(),
        }
    }
}

/// How something ended, for the code that waits for it.
pub(super) type Outcome = Result<(), Raised>;

/// An outcome that the code knows, and its place among those.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Resolved {
    pub(super) order: u32,
    pub(super) outcome: Outcome,
}

/// An operation.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Op {
    pub(super) kind: OpKind,
    /// The running number of its kind.
    pub(super) seq: u32,
    /// The scope that it was started in.
    pub(super) scope: u32,
    pub(super) state: OpState,
    /// The event that records it.
    pub(super) event: Option<EventId>,
    /// The event that records its start: of a child, or of an activity that has closed.
    pub(super) started: Option<EventId>,
    /// A child's run.
    pub(super) run_id: Option<RunId>,
    /// Whether a resolution is on its way to the code, or has arrived.
    pub(super) notified: bool,
    /// What the code knows.
    pub(super) resolved: Option<Resolved>,
}

/// What an operation is. The numbers are of specs in the program.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum OpKind {
    Timer(u32),
    /// The timer that a local activity's next attempt waits for.
    Backoff,
    Activity(u32),
    Local(u32, LocalState),
    Child(u32),
    SignalExternal,
    CancelExternal,
    /// A cancel request for a child: nothing in the code waits for it.
    CancelChild(OpId),
    /// A command that was written as such: nothing in the code waits for what comes of it.
    Command,
}

/// How far an operation has come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum OpState {
    /// Its command has not been recorded; it may not even have been sent.
    Created,
    /// Its command has been recorded.
    Recorded,
    /// Its cancel was asked for.
    CancelRequested,
    /// Nothing more comes of it.
    Closed,
}

/// What is special about a local activity.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct LocalState {
    pub(super) phase: LocalPhase,
    /// The attempt to begin with: above 1 after a backoff on a timer.
    pub(super) attempt: u32,
    /// When it was first scheduled.
    pub(super) original_schedule_time: Option<Time>,
    /// The workflow's time when it was scheduled.
    pub(super) workflow_time: Option<Time>,
    /// The timer that it backs off on.
    pub(super) backoff: Option<OpId>,
}

/// Where a local activity's result comes from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) enum LocalPhase {
    /// It is replayed: the marker in the history will tell.
    #[default]
    AwaitingMarker,
    /// The worker runs it.
    Running,
    /// Its marker is a command that has not been recorded.
    MarkerQueued,
    /// Its result was taken from the history ahead of its marker.
    Preresolved,
    /// Its marker is recorded.
    Recorded,
}

/// What cancelling an operation does beside changing its state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CancelEffect {
    /// Nothing: it has ended, or was cancelled before.
    None,
    /// Its command is taken back, and it is resolved as canceled.
    TakeBack,
    /// It is resolved as canceled, without a word to the server.
    Resolve,
    /// A cancel is requested, and it is resolved as canceled.
    RequestAndResolve,
    /// A cancel is requested; how it ends decides.
    Request,
}

impl Op {
    pub(super) fn new(kind: OpKind, seq: u32, scope: u32) -> Self {
        Self {
            kind,
            seq,
            scope,
            state: OpState::Created,
            event: None,
            started: None,
            run_id: None,
            notified: false,
            resolved: None,
        }
    }

    /// Cancels it as sdk-core does and tells what must follow.
    pub(super) fn cancel(&mut self, program: &Program) -> CancelEffect {
        let effect = match (self.state, self.cancellation(program)) {
            (OpState::CancelRequested | OpState::Closed, _) | (_, None) => CancelEffect::None,
            (OpState::Created, Some(_)) => CancelEffect::TakeBack,
            (OpState::Recorded, Some(effect)) => effect,
        };
        match effect {
            CancelEffect::None => {}
            CancelEffect::TakeBack | CancelEffect::Resolve => self.state = OpState::Closed,
            CancelEffect::RequestAndResolve | CancelEffect::Request => {
                self.state = OpState::CancelRequested;
            }
        }
        effect
    }

    /// What a cancel does once the server has recorded the operation; `None` if it cannot be
    /// cancelled then. Local activities are cancelled elsewhere.
    fn cancellation(&self, program: &Program) -> Option<CancelEffect> {
        match &self.kind {
            OpKind::Timer(_) | OpKind::Backoff => Some(CancelEffect::RequestAndResolve),
            OpKind::Activity(spec) => {
                Some(match program.scheduled[*spec as usize].cancellation_type {
                    ActivityCancellationType::TryCancel => CancelEffect::RequestAndResolve,
                    ActivityCancellationType::WaitCancellationCompleted => CancelEffect::Request,
                    ActivityCancellationType::Abandon => CancelEffect::Resolve,
                })
            }
            OpKind::Child(spec) => Some(match program.children[*spec as usize].cancellation_type {
                ChildCancellationType::Abandon => CancelEffect::Resolve,
                ChildCancellationType::TryCancel => CancelEffect::RequestAndResolve,
                ChildCancellationType::WaitCancellationCompleted
                | ChildCancellationType::WaitCancellationRequested => CancelEffect::Request,
            }),
            // Once sent, a signal cannot be taken back.
            OpKind::SignalExternal if self.state == OpState::Created => {
                Some(CancelEffect::TakeBack)
            }
            OpKind::SignalExternal
            | OpKind::CancelExternal
            | OpKind::CancelChild(_)
            | OpKind::Command
            | OpKind::Local(..) => None,
        }
    }

    /// Whether it is a timer, by which name ever.
    pub(super) fn is_timer(&self) -> bool {
        matches!(self.kind, OpKind::Timer(_) | OpKind::Backoff)
    }

    /// The id that its commands and events name it by: activities and timers.
    pub(super) fn id(&self, program: &Program) -> Name {
        match &self.kind {
            OpKind::Activity(spec) => {
                let given = &program.scheduled[*spec as usize].activity_id;
                given.clone().unwrap_or_else(|| self.seq.to_string().into())
            }
            OpKind::Timer(spec) => {
                let given = &program.timers[*spec as usize].timer_id;
                given.clone().unwrap_or_else(|| self.seq.to_string().into())
            }
            _ => self.seq.to_string().into(),
        }
    }

    /// What a canceled operation raises where the code waits for it.
    pub(super) fn canceled(&self, program: &Program, parent: &str) -> Raised {
        match &self.kind {
            OpKind::Activity(spec) => {
                let spec = &program.scheduled[*spec as usize];
                let id = self.id(program);
                let activity = ActivityRef { activity_type: &spec.activity_type, activity_id: &id };
                Raised::failure(activity.canceled(None, "", None, None))
            }
            OpKind::Local(spec, _) => {
                let id = self.id(program);
                let activity = ActivityRef {
                    activity_type: &program.locals[*spec as usize].activity_type,
                    activity_id: &id,
                };
                let cause = failures::local_canceled();
                Raised::failure(activity.local("Local Activity cancelled", cause))
            }
            OpKind::Child(spec) => {
                let id = self.child_id(program, *spec, parent);
                let child = ChildRef {
                    workflow_type: &program.children[*spec as usize].workflow_type,
                    workflow_id: &id,
                    run_id: self.run_id,
                    initiated: self.event,
                    started: self.started,
                };
                Raised::failure(match self.event {
                    None => child.canceled_before_start(),
                    Some(_) => child.canceled(),
                })
            }
            OpKind::SignalExternal => Raised::failure(failures::signal_canceled()),
            OpKind::Timer(_)
            | OpKind::Backoff
            | OpKind::CancelExternal
            | OpKind::Command
            | OpKind::CancelChild(_) => Raised::Canceled,
        }
    }

    /// A child's Workflow Id.
    pub(super) fn child_id(&self, program: &Program, spec: u32, parent: &str) -> Name {
        let given = &program.children[spec as usize].workflow_id;
        given.clone().unwrap_or_else(|| format!("{parent}/{}", self.seq).into())
    }
}
