//! What the server has left to do, and when: follow-ups of what happened, and deadlines.

use std::cmp::Ordering;

use crate::api::CallId;
use crate::history::EventId;

/// The number of a run on its server, from 0, in the order in which runs were made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RunIndex(pub u32);

/// The number of a batch job on its server, from 0, in the order in which they were asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BatchIndex(pub u32);

/// Something that the server will do by itself. The order of the variants and of what is in them
/// is the order in which those due at one instant come by default.
///
/// Keys are structural: the same thing has the same key whatever happened in what order before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TaskKey {
    /// A follow-up of a transaction, for another run or this one.
    Transfer(RunIndex, Transfer),
    /// The next step of a batch job (B27).
    Batch(BatchIndex),
    /// Handing a task to a worker that polls.
    Dispatch(RunIndex, Dispatch),
    /// A deadline.
    Timer(RunIndex, Timer),
    /// Handing the query that this call asks to a worker that polls: after the tasks, of which the
    /// worker should know what it can.
    Query(RunIndex, CallId),
}

impl TaskKey {
    /// The run it is for, if it is for one.
    pub fn run(self) -> Option<RunIndex> {
        match self {
            Self::Transfer(run, _)
            | Self::Dispatch(run, _)
            | Self::Timer(run, _)
            | Self::Query(run, _) => Some(run),
            Self::Batch(_) => None,
        }
    }
}

/// A follow-up. The event ids are of the run that has the follow-up; of one kind those that came up
/// first come first by default.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transfer {
    /// Make the child's run (R87).
    StartChild(EventId),
    /// Record the child's start in the parent (R87).
    RecordChildStarted(EventId),
    /// Schedule the first workflow task of a child whose start is recorded (R87).
    ScheduleChildsFirstTask(EventId),
    /// Pass a cancel on to another execution (R81).
    CancelExternal(EventId),
    /// Pass a signal on to another execution (F12).
    SignalExternal(EventId),
    /// Apply the parent close policy to a child (R88).
    ApplyParentClosePolicy(EventId),
    /// Tell the parent that this run has closed (R87).
    NotifyParent,
}

impl Transfer {
    /// Its class, the event that it follows from, and how far behind it. The real server passes the
    /// cancels of a workflow task on before its signals.
    fn rank(self) -> (u8, EventId, u8) {
        match self {
            Self::StartChild(event) => (0, event, 0),
            Self::RecordChildStarted(event) => (0, event, 1),
            Self::ScheduleChildsFirstTask(event) => (0, event, 2),
            Self::CancelExternal(event) => (1, event, 0),
            Self::SignalExternal(event) => (2, event, 0),
            Self::ApplyParentClosePolicy(event) => (3, event, 0),
            Self::NotifyParent => (4, EventId::default(), 0),
        }
    }
}

impl Ord for Transfer {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for Transfer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A task for a worker.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Dispatch {
    /// The pending workflow task.
    WorkflowTask,
    /// The activity scheduled by this event.
    ActivityTask(EventId),
}

/// A deadline of a run. The run's own comes before the deadlines that it caps, as the older one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// The run timeout, or the execution timeout if that comes first (R48).
    RunTimeout,
    /// Of a started workflow task, or of one on a sticky queue (R14, R15).
    WorkflowTask,
    /// The end of the first workflow task's backoff (F3).
    FirstWorkflowTask,
    /// The earliest of the activities' timeouts; all that are due then are handled at once (R67).
    Activities,
    /// The earliest of what becomes of queries by itself: a sticky worker's time is over, nobody
    /// polls, nobody has answered (G7).
    Queries,
    /// The earliest of the user timers; all that are due then fire at once (R79).
    UserTimers,
    /// The end of the server's patience with calls that wait for updates.
    UpdateWaits,
}
