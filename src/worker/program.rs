//! Workflows and activities as flat programs: blocks and steps by number, names resolved, messages
//! made ahead of time where they do not depend on the run.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::api::Command;
use crate::history::{Name, Payloads, Shared};
use crate::official::{command, enums, failure};
use crate::scenario::model::{
    ActivityCancellationType, CancellationModel, ChildCancellationType, RetryPolicy,
};
use crate::scenario::source::Location;

/// A workflow type's number in a program.
pub(super) type WorkflowIndex = u32;
/// An activity type's number in a program.
pub(super) type ActivityIndex = u32;
/// A step's number, in all steps of its kind.
pub(super) type StepId = u32;
/// A block's number, in all blocks of its kind.
pub(super) type BlockId = u32;
/// A handle's number, in its version's handles.
pub(super) type Slot = u32;

/// Everything the workers of a scenario share: workflows and activities compiled to flat programs.
///
/// ```
/// use deadbeat::scenario::Scenario;
/// use deadbeat::worker::Program;
///
/// let text = "name: none\ntimeline:\n  - describe: w\n";
/// let scenario = Scenario::parse(text, "none.yaml").unwrap();
/// assert_eq!(format!("{:?}", Program::compile(&scenario)), "Program { workflows: [], activities: [], .. }");
/// ```
pub struct Program {
    pub(super) workflows: Vec<WorkflowCode>,
    pub(super) activities: Vec<ActivityCode>,
    /// Activity types that a host outside runs.
    pub(super) natives: BTreeSet<Name>,
    pub(super) workflow_steps: Vec<WorkflowStep>,
    pub(super) workflow_blocks: Vec<Range<StepId>>,
    pub(super) activity_steps: Vec<ActivityStep>,
    pub(super) activity_blocks: Vec<Range<StepId>>,
    pub(super) timers: Vec<TimerSpec>,
    pub(super) scheduled: Vec<ActivitySpec>,
    pub(super) locals: Vec<LocalSpec>,
    pub(super) children: Vec<ChildSpec>,
    pub(super) successors: Vec<SuccessorSpec>,
    pub(super) signals: Vec<Name>,
}

impl fmt::Debug for Program {
    // The steps of a whole scenario help nobody in the middle of a worker's state.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("workflows", &self.workflows.iter().map(|code| &code.name).collect::<Vec<_>>())
            .field("activities", &self.activities.iter().map(|code| &code.name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Program {
    /// The number of a workflow type.
    pub(super) fn workflow(&self, name: &str) -> Option<WorkflowIndex> {
        index(&self.workflows, |code| &code.name, name)
    }

    /// The number of an activity type.
    pub(super) fn activity(&self, name: &str) -> Option<ActivityIndex> {
        index(&self.activities, |code| &code.name, name)
    }
}

/// The number of the entry with this name, in a list that is in order of names.
fn index<T>(list: &[T], key: impl Fn(&T) -> &Name, name: &str) -> Option<u32> {
    let at = list.binary_search_by(|entry| key(entry).as_str().cmp(name)).ok()?;
    u32::try_from(at).ok()
}

/// A program that every state refers to and none is made of: all are equal, none hashes.
#[derive(Clone, Debug)]
pub(super) struct ProgramRef(pub(super) Arc<Program>);

impl Deref for ProgramRef {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.0
    }
}

impl PartialEq for ProgramRef {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for ProgramRef {}

impl Hash for ProgramRef {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// A workflow type.
pub(super) struct WorkflowCode {
    pub(super) name: Name,
    pub(super) model: CancellationModel,
    pub(super) versions: Vec<Version>,
    /// The queries that it answers, in order of names, and the results that they have at first.
    pub(super) queries: Vec<(Name, Payloads)>,
}

impl WorkflowCode {
    /// The number of a query.
    pub(super) fn query(&self, name: &str) -> Option<u32> {
        index(&self.queries, |(query, _)| query, name)
    }

    /// The number of a version.
    pub(super) fn version(&self, name: &str) -> Option<u32> {
        let at = self.versions.iter().position(|version| *version.name == *name)?;
        u32::try_from(at).ok()
    }
}

/// A version of a workflow's code.
pub(super) struct Version {
    pub(super) name: Name,
    pub(super) main: BlockId,
    /// The names of its handles.
    pub(super) handles: Vec<Name>,
    /// Its updates' handlers, in order of names.
    pub(super) updates: Vec<UpdateCode>,
}

/// The handler of an update.
pub(super) struct UpdateCode {
    pub(super) name: Name,
    /// What refuses it.
    pub(super) validate: BlockId,
    pub(super) body: BlockId,
}

/// An activity type.
pub(super) struct ActivityCode {
    pub(super) name: Name,
    pub(super) main: BlockId,
}

/// A step of a workflow.
pub(super) struct WorkflowStep {
    pub(super) at: Location,
    pub(super) op: WorkflowOp,
}

/// What happens after something was started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Then {
    /// Waits for it.
    Wait,
    /// Goes on; the handle has this slot.
    GoOn(Option<Slot>),
}

/// What a step of a workflow does.
pub(super) enum WorkflowOp {
    Timer {
        spec: u32,
        then: Then,
    },
    Activity {
        spec: u32,
        then: Then,
    },
    LocalActivity {
        spec: u32,
        then: Then,
    },
    Child {
        spec: u32,
        then: Then,
    },
    WaitForStart(Slot),
    WaitFor(Box<[Slot]>),
    WaitForAny(Box<[Slot]>),
    WaitSignal {
        signal: u32,
        timeout: Option<u32>,
        expired: Shared<failure::Failure>,
    },
    Cancel(Slot),
    Branch {
        body: BlockId,
        slot: Option<Slot>,
    },
    Shield(BlockId),
    Try(Try),
    Raise,
    Fail(Shared<failure::Failure>),
    Return(Shared<command::CompleteWorkflowExecutionCommandAttributes>),
    ContinueAsNew(u32),
    Repeat {
        body: BlockId,
        times: Option<u32>,
    },
    ByAttempt(ByAttempt),
    SignalExternal(Shared<command::SignalExternalWorkflowExecutionCommandAttributes>),
    CancelExternal {
        workflow_id: String,
        reason: String,
    },
    RecordMarker(Shared<command::RecordMarkerCommandAttributes>),
    SetQueryResult {
        query: u32,
        value: Payloads,
    },
    WaitForWorkflowTask,
    HeartbeatWorkflowTask,
    Hang,
    ByWorkflowId(ById),
    ByUpdateId(ById),
    Command(Option<Command>),
    Block {
        duration: Duration,
        times: Option<u32>,
    },
    FailWorkflowTask {
        cause: enums::WorkflowTaskFailedCause,
        failure: Shared<failure::Failure>,
        times: Option<u32>,
    },
}

/// Blocks that belong together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Try {
    pub(super) body: BlockId,
    pub(super) on_cancel: Option<BlockId>,
    pub(super) on_failure: Option<BlockId>,
    pub(super) finally: Option<BlockId>,
}

/// Blocks by attempt, in order of attempts.
pub(super) struct ByAttempt {
    pub(super) attempts: Box<[(u32, BlockId)]>,
    pub(super) otherwise: BlockId,
}

impl ByAttempt {
    /// The block for an attempt.
    pub(super) fn block(&self, attempt: u32) -> BlockId {
        self.attempts
            .binary_search_by_key(&attempt, |(number, _)| *number)
            .map_or(self.otherwise, |at| self.attempts[at].1)
    }
}

/// Blocks by Workflow Id or activity id, in order of ids.
pub(super) struct ById {
    pub(super) ids: Box<[(Name, BlockId)]>,
    pub(super) otherwise: BlockId,
}

impl ById {
    /// The block for this one.
    pub(super) fn block(&self, named: &str) -> BlockId {
        self.ids
            .binary_search_by(|(id, _)| id.as_str().cmp(named))
            .map_or(self.otherwise, |at| self.ids[at].1)
    }
}

/// A step of an activity.
pub(super) struct ActivityStep {
    pub(super) at: Location,
    pub(super) op: ActivityOp,
}

/// What a step of an activity does.
pub(super) enum ActivityOp {
    Sleep(Duration),
    Heartbeat(Option<Payloads>),
    Hang,
    Fail(Shared<failure::Failure>),
    Return(Payloads),
    Shield(BlockId),
    Try(Try),
    Raise,
    Repeat { body: BlockId, times: Option<u32> },
    ByAttempt(ByAttempt),
    ByActivityId(ById),
}

/// A timer that some step starts.
pub(super) struct TimerSpec {
    /// Another id than the running number.
    pub(super) timer_id: Option<Name>,
    pub(super) duration: Duration,
    pub(super) start: Memo<command::StartTimerCommandAttributes>,
    pub(super) cancel: Memo<command::CancelTimerCommandAttributes>,
}

/// An activity that some step schedules.
pub(super) struct ActivitySpec {
    pub(super) activity_type: Name,
    pub(super) cancellation_type: ActivityCancellationType,
    /// Another id than the running number.
    pub(super) activity_id: Option<Name>,
    /// Another queue than the workflow's.
    pub(super) task_queue: Option<Name>,
    /// Everything but what the run decides.
    pub(super) template: command::ScheduleActivityTaskCommandAttributes,
    pub(super) schedule: Memo<command::ScheduleActivityTaskCommandAttributes>,
}

/// A local activity that some step runs.
pub(super) struct LocalSpec {
    pub(super) activity_type: Name,
    pub(super) cancellation_type: ActivityCancellationType,
    pub(super) schedule_to_close_timeout: Option<Duration>,
    pub(super) start_to_close_timeout: Option<Duration>,
    pub(super) retry_policy: Option<RetryPolicy>,
}

/// A child that some step starts.
pub(super) struct ChildSpec {
    pub(super) workflow_type: Name,
    pub(super) cancellation_type: ChildCancellationType,
    /// Another id than `<parent's>/<running number>`.
    pub(super) workflow_id: Option<Name>,
    /// Another queue than the workflow's.
    pub(super) task_queue: Option<Name>,
    /// Everything but what the run decides.
    pub(super) template: command::StartChildWorkflowExecutionCommandAttributes,
    pub(super) start: Memo<command::StartChildWorkflowExecutionCommandAttributes>,
}

/// A run that some step continues as.
pub(super) struct SuccessorSpec {
    /// Everything but what the run decides: type and queue may be unset.
    pub(super) template: command::ContinueAsNewWorkflowExecutionCommandAttributes,
}

/// Messages made once for the running numbers that most runs use, and shared by all runs.
///
/// A message also depends on a context (a task queue, a parent's Workflow Id); the first one seen
/// is remembered, others are made anew each time.
pub(super) struct Memo<T> {
    made: [OnceLock<(Name, Name, Shared<T>)>; REMEMBERED_NUMBERS],
}

/// How many running numbers are remembered.
const REMEMBERED_NUMBERS: usize = 8;

impl<T> Memo<T> {
    /// Nothing made yet.
    pub(super) fn new() -> Self {
        Self { made: [const { OnceLock::new() }; REMEMBERED_NUMBERS] }
    }

    /// The message for this number in this context.
    pub(super) fn get(
        &self,
        number: u32,
        context: (&Name, &Name),
        make: impl FnOnce() -> T,
    ) -> Shared<T> {
        let Some(cell) = self.made.get(number as usize) else { return Shared::new(make()) };
        if let Some((first, second, message)) = cell.get() {
            if (first, second) == context {
                return message.clone();
            }
            return Shared::new(make());
        }
        let message = Shared::new(make());
        // Whoever is first wins; what it holds is the same.
        let _ = cell.set((context.0.clone(), context.1.clone(), message.clone()));
        message
    }
}
