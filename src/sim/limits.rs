//! Where a run that does not end by itself is stopped, and how it says where it was.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::Simulation;
use super::run::run_number;
use crate::api::{CallId, Description, Outbox, PendingActivityState, Request, Response, Target};
use crate::clock::{EPOCH, Time};
use crate::server::Run;

/// How far a run may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How much virtual time may pass.
    pub virtual_time: Duration,
    /// How many happenings there may be.
    pub happenings: u64,
    /// How many bytes of inputs, results and details all histories together may hold. Temporal's
    /// limit for one history is the same.
    pub recorded_bytes: u64,
    /// How many events one history may have.
    pub history_events: u32,
    /// How many runs there may be.
    pub runs: u32,
    /// How many events workers may replay, all histories taken together.
    pub replayed_events: u64,
}

impl Limits {
    /// How often the sizes of histories are looked at: every so many happenings, or more rarely.
    pub(super) const SIZES_EVERY: u64 = 64;
}

impl Default for Limits {
    /// Ten years, 80,000 happenings, 50 MB, 10,000 runs, 5,000,000 replayed events, and Temporal's own
    /// limit of 51,200 events in a history.
    fn default() -> Self {
        Self {
            virtual_time: Duration::from_secs(10 * 365 * 86_400),
            happenings: 80_000,
            recorded_bytes: 50 << 20,
            history_events: 51_200,
            runs: 10_000,
            replayed_events: 5_000_000,
        }
    }
}

/// A limit that stopped a run, and where the run was then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stopped {
    /// Which limit.
    pub limit: Limit,
    /// The time.
    pub at: Time,
    /// The executions that were open, one line each: last event, what is pending.
    pub open: Vec<String>,
}

/// Which limit stopped a run; with the limit itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // as in `Limits`
pub enum Limit {
    VirtualTime(Duration),
    Happenings(u64),
    RecordedBytes(u64),
    HistoryEvents(u32),
    Runs(u32),
    ReplayedEvents(u64),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VirtualTime(limit) => {
                write!(f, "more than {} days of virtual time", limit.as_secs() / 86_400)
            }
            Self::Happenings(limit) => write!(f, "more than {limit} happenings"),
            Self::RecordedBytes(limit) => {
                write!(f, "more than {} MB in the histories", limit >> 20)
            }
            Self::HistoryEvents(limit) => write!(f, "a history of more than {limit} events"),
            Self::Runs(limit) => write!(f, "more than {limit} runs"),
            Self::ReplayedEvents(limit) => write!(f, "more than {limit} events replayed"),
        }
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, at, open } = self;
        write!(f, "stopped at {}: {limit}", at.offset(EPOCH))?;
        open.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl Stopped {
    /// No more executions than these are told.
    const MOST_TOLD: usize = 5;

    pub(super) fn new(limit: Limit, simulation: &Simulation) -> Self {
        let mut all = simulation.server().runs().filter(|run| run.is_open());
        let mut open: Vec<String> =
            all.by_ref().take(Self::MOST_TOLD).map(|run| whereabouts(run, simulation)).collect();
        match all.count() {
            0 => {}
            more => open.push(format!("and {more} more that are open")),
        }
        for (client, step) in simulation.waiting_clients() {
            let plan = &simulation.plan().clients()[usize::from(client.0)];
            open.push(format!("client `{}` is before its step {}", plan.name, step + 1));
        }
        Self { limit, at: simulation.now(), open }
    }
}

/// One line about an open run.
fn whereabouts(run: &Run, simulation: &Simulation) -> String {
    let execution = run.execution();
    let number = run_number(simulation.server(), execution);
    let mut line = format!("`{}` run {number}: ", execution.workflow_id);
    if let Some(last) = run.history().last() {
        let at = last.time.offset(EPOCH);
        // Writing to a string cannot fail.
        let _ = write!(line, "last event {} {} at {at}", last.id, last.attributes.type_name());
    }
    let target = Target::run(execution.workflow_id.clone(), execution.run_id);
    if let Some(description) = describe(simulation, target) {
        let pending = pending(&description);
        if !pending.is_empty() {
            let _ = write!(line, "; pending: {}", pending.join(", "));
        }
    }
    line
}

/// What the server says about a run, without changing anything.
fn describe(simulation: &Simulation, target: Target) -> Option<Box<Description>> {
    let mut server = simulation.server().clone();
    let mut outbox = Outbox::new();
    let request = Request::DescribeWorkflowExecution(target);
    server.call(simulation.now(), CallId(0), request, &mut outbox);
    match outbox.drain().next() {
        Some((_, Ok(Response::DescribeWorkflowExecution(description)))) => Some(description),
        _ => None,
    }
}

fn pending(description: &Description) -> Vec<String> {
    let mut pending = Vec::new();
    if let Some(task) = &description.pending_workflow_task {
        let state = if task.started { "started" } else { "scheduled" };
        pending.push(format!("workflow task, {state}, attempt {}", task.attempt));
    }
    for activity in description.pending_activities.iter().take(Stopped::MOST_TOLD) {
        let command = &activity.scheduled.command;
        let of_type = command.activity_type.as_ref().map_or("", |of_type| &of_type.name);
        let state = match activity.state {
            PendingActivityState::Scheduled => "scheduled",
            PendingActivityState::Started => "started",
            PendingActivityState::CancelRequested => "cancel requested",
        };
        pending.push(format!(
            "activity {} ({of_type}), {state}, attempt {}",
            command.activity_id, activity.attempt
        ));
    }
    for child in description.pending_children.iter().take(Stopped::MOST_TOLD) {
        pending.push(format!("child `{}`", child.workflow_id));
    }
    pending
}
