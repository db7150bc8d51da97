//! Whatever is asked of the server, in whatever order: no invariant is broken.

use std::time::Duration;

use deadbeat::api::{
    ActivityTarget, ActivityTask, CallId, Command, Outbox, PollActivityTaskQueue,
    PollWorkflowTaskQueue, PolledTaskQueue, Request, RequestCancelWorkflowExecution,
    RespondActivityTaskFailed, RespondWorkflowTaskCompleted, RespondWorkflowTaskFailed, Response,
    SignalWorkflowExecution, StickyAttributes, Target, TerminateWorkflowExecution, WorkflowTask,
};
use deadbeat::check::invariant::Auditor;
use deadbeat::clock::{EPOCH, Time};
use deadbeat::history::Name;
use deadbeat::history::ids::Digest;
use deadbeat::official::enums::WorkflowTaskFailedCause;
use deadbeat::official::failure::failure::FailureInfo;
use deadbeat::official::failure::{ApplicationFailureInfo, Failure};
use deadbeat::official::workflowservice::{
    ResetWorkflowExecutionRequest, StartWorkflowExecutionRequest,
};
use deadbeat::official::{command, common, taskqueue, well_known};
use deadbeat::server::Server;
use proptest::prelude::*;

/// Something that a client, a worker or time does. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Act {
    Start(u8),
    Signal(u8),
    Cancel(u8),
    Terminate(u8),
    Reset(u8, u8),
    Poll(bool),
    Complete { task: u8, commands: Vec<Asked>, sticky: bool, return_new: bool, force_new: bool },
    FailTask(u8),
    PollActivity,
    Heartbeat(u8),
    CompleteActivity(u8),
    FailActivity(u8),
    CancelActivity(u8),
    Pass(u16),
}

/// A command that a worker could send, sensible or not.
#[derive(Clone, Debug)]
enum Asked {
    Schedule(u8, u8),
    CancelActivity(u8),
    StartTimer(u8, u8),
    CancelTimer(u8),
    StartChild(u8, u8),
    CancelExternal(u8),
    SignalExternal(u8),
    Complete,
    Fail,
    ContinueAsNew,
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        4 => (0..4u8, 0..6u8).prop_map(|(id, timeout)| Asked::Schedule(id, timeout)),
        3 => (0..40u8).prop_map(Asked::CancelActivity),
        3 => (0..4u8, 0..5u8).prop_map(|(id, after)| Asked::StartTimer(id, after)),
        2 => (0..4u8).prop_map(Asked::CancelTimer),
        2 => (0..4u8, 0..4u8).prop_map(|(id, policy)| Asked::StartChild(id, policy)),
        1 => (0..4u8).prop_map(Asked::CancelExternal),
        1 => (0..4u8).prop_map(Asked::SignalExternal),
        1 => Just(Asked::Complete),
        1 => Just(Asked::Fail),
        1 => Just(Asked::ContinueAsNew),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let any = any::<u8>;
    prop_oneof![
        3 => (0..4u8).prop_map(Act::Start),
        3 => (0..4u8).prop_map(Act::Signal),
        2 => (0..4u8).prop_map(Act::Cancel),
        1 => (0..4u8).prop_map(Act::Terminate),
        2 => (0..4u8, 0..30u8).prop_map(|(workflow, event)| Act::Reset(workflow, event)),
        8 => proptest::bool::ANY.prop_map(Act::Poll),
        8 => (any(), prop::collection::vec(asked(), 0..4), proptest::bool::ANY,
              proptest::bool::ANY, prop::bool::weighted(0.1))
            .prop_map(|(task, commands, sticky, return_new, force_new)| {
                Act::Complete { task, commands, sticky, return_new, force_new }
            }),
        2 => any().prop_map(Act::FailTask),
        5 => Just(Act::PollActivity),
        2 => any().prop_map(Act::Heartbeat),
        2 => any().prop_map(Act::CompleteActivity),
        2 => any().prop_map(Act::FailActivity),
        2 => any().prop_map(Act::CancelActivity),
        6 => (0..4_000u16).prop_map(Act::Pass),
    ]
}

/// A server, and what its clients and workers have in hand.
#[derive(Clone)]
struct World {
    server: Server,
    now: Time,
    calls: u64,
    tasks: Vec<WorkflowTask>,
    activities: Vec<ActivityTask>,
}

impl World {
    fn new() -> Self {
        let server = Server::new("default");
        Self { server, now: EPOCH, calls: 0, tasks: Vec::new(), activities: Vec::new() }
    }

    fn call(&mut self, request: Request) {
        self.calls += 1;
        let mut outbox = Outbox::new();
        let call = CallId(self.calls);
        self.server.call(self.now, call, request, &mut outbox);
        let answered = !outbox.is_empty();
        self.take(&mut outbox);
        self.settle(self.now);
        if !answered {
            self.server.abandon(self.now, call);
        }
    }

    fn settle(&mut self, until: Time) {
        let mut outbox = Outbox::new();
        while let Some((due, task)) = self.server.due().filter(|(due, _)| *due <= until) {
            self.now = self.now.max(due);
            self.server.fire(self.now, task, &mut outbox);
            self.take(&mut outbox);
        }
    }

    fn take(&mut self, outbox: &mut Outbox) {
        for (_, answer) in outbox.drain() {
            match answer {
                Ok(Response::PollWorkflowTaskQueue(task)) => self.tasks.push(*task),
                Ok(Response::RespondWorkflowTaskCompleted {
                    workflow_task: Some(task), ..
                }) => {
                    self.tasks.push(*task);
                }
                Ok(Response::PollActivityTaskQueue(task)) => self.activities.push(*task),
                _ => {}
            }
        }
    }

    fn activity(&self, at: u8) -> Option<ActivityTarget> {
        let count = self.activities.len();
        let task = self.activities.get(usize::from(at).checked_rem(count)?)?;
        Some(ActivityTarget::Token(task.token.clone()))
    }

    fn act_all(&mut self, acts: &[Act]) {
        for act in acts {
            self.act(act);
        }
    }

    fn act(&mut self, act: &Act) {
        let identity = Name::from("somebody");
        let request = match act {
            Act::Start(w) => Request::StartWorkflowExecution(start(*w).into()),
            Act::Signal(w) => Request::SignalWorkflowExecution(Box::new(SignalWorkflowExecution {
                target: target(*w),
                signal_name: "s".into(),
                input: None,
                identity,
                request_id: Name::empty(),
                header: None,
            })),
            Act::Cancel(w) => {
                Request::RequestCancelWorkflowExecution(Box::new(RequestCancelWorkflowExecution {
                    target: target(*w),
                    first_execution_run_id: Name::empty(),
                    reason: Name::empty(),
                    identity,
                }))
            }
            Act::Terminate(w) => {
                Request::TerminateWorkflowExecution(Box::new(TerminateWorkflowExecution {
                    target: target(*w),
                    first_execution_run_id: Name::empty(),
                    reason: Name::empty(),
                    details: None,
                    identity,
                }))
            }
            Act::Reset(w, event) => Request::ResetWorkflowExecution(
                ResetWorkflowExecutionRequest {
                    workflow_execution: Some(execution(*w)),
                    workflow_task_finish_event_id: i64::from(*event),
                    request_id: format!("reset-{}", self.calls),
                    ..ResetWorkflowExecutionRequest::default()
                }
                .into(),
            ),
            Act::Poll(sticky) => {
                let task_queue = if *sticky {
                    PolledTaskQueue::Sticky("sticky".into())
                } else {
                    PolledTaskQueue::Normal("q".into())
                };
                Request::PollWorkflowTaskQueue(PollWorkflowTaskQueue { task_queue, identity })
            }
            Act::PollActivity => Request::PollActivityTaskQueue(PollActivityTaskQueue {
                task_queue: "q".into(),
                identity,
            }),
            Act::Complete { task, commands, sticky, return_new, force_new } => {
                let Some(task) = pick(&self.tasks, *task) else { return };
                Request::RespondWorkflowTaskCompleted(Box::new(RespondWorkflowTaskCompleted {
                    token: task.token.clone(),
                    commands: commands.iter().map(to_command).collect(),
                    identity,
                    sticky: sticky.then(|| StickyAttributes {
                        worker_task_queue: "sticky".into(),
                        schedule_to_start_timeout: Duration::from_secs(2),
                    }),
                    query_results: Vec::new(),
                    return_new_workflow_task: *return_new,
                    force_create_new_workflow_task: *force_new,
                    messages: Vec::new(),
                    discards_speculative_with_events: false,
                    extras: None,
                }))
            }
            Act::FailTask(task) => {
                let Some(task) = pick(&self.tasks, *task) else { return };
                Request::RespondWorkflowTaskFailed(Box::new(RespondWorkflowTaskFailed {
                    token: task.token.clone(),
                    cause: WorkflowTaskFailedCause::NonDeterministicError,
                    failure: None,
                    identity,
                    binary_checksum: Name::empty(),
                }))
            }
            Act::Heartbeat(at) => {
                let Some(activity) = self.activity(*at) else { return };
                Request::RecordActivityTaskHeartbeat { activity, details: None, identity }
            }
            Act::CompleteActivity(at) => {
                let Some(activity) = self.activity(*at) else { return };
                Request::RespondActivityTaskCompleted { activity, result: None, identity }
            }
            Act::FailActivity(at) => {
                let Some(activity) = self.activity(*at) else { return };
                Request::RespondActivityTaskFailed(Box::new(RespondActivityTaskFailed {
                    activity,
                    failure: Some(failure().into()),
                    identity,
                    last_heartbeat_details: None,
                }))
            }
            Act::CancelActivity(at) => {
                let Some(activity) = self.activity(*at) else { return };
                Request::RespondActivityTaskCanceled { activity, details: None, identity }
            }
            Act::Pass(milliseconds) => {
                let until = self.now + Duration::from_millis(u64::from(*milliseconds));
                self.settle(until);
                self.now = until;
                return;
            }
        };
        self.call(request);
    }
}

fn pick<T>(all: &[T], at: u8) -> Option<&T> {
    // The newest first: old tokens are stale, and a few of them are enough.
    all.iter().rev().nth(usize::from(at) % 3)
}

fn name(workflow: u8) -> String {
    format!("w{workflow}")
}

fn target(workflow: u8) -> Target {
    Target::current(name(workflow))
}

fn execution(workflow: u8) -> common::WorkflowExecution {
    common::WorkflowExecution { workflow_id: name(workflow), run_id: String::new() }
}

fn failure() -> Failure {
    let info = ApplicationFailureInfo::default();
    Failure {
        message: "boom".to_owned(),
        failure_info: Some(FailureInfo::ApplicationFailureInfo(info)),
        ..Failure::default()
    }
}

fn start(workflow: u8) -> StartWorkflowExecutionRequest {
    StartWorkflowExecutionRequest {
        workflow_id: name(workflow),
        workflow_type: Some(common::WorkflowType { name: "Workflow".to_owned() }),
        task_queue: Some(taskqueue::TaskQueue {
            name: "q".to_owned(),
            ..taskqueue::TaskQueue::default()
        }),
        workflow_run_timeout: seconds(if workflow == 3 { 5 } else { 0 }),
        retry_policy: (workflow == 2).then(common::RetryPolicy::default),
        ..StartWorkflowExecutionRequest::default()
    }
}

fn seconds(seconds: u8) -> Option<well_known::Duration> {
    (seconds > 0).then(|| well_known::Duration { seconds: i64::from(seconds), nanos: 0 })
}

fn to_command(asked: &Asked) -> Command {
    match asked {
        Asked::Schedule(id, timeout) => Command::ScheduleActivityTask(
            command::ScheduleActivityTaskCommandAttributes {
                activity_id: id.to_string(),
                activity_type: Some(common::ActivityType { name: "act".to_owned() }),
                start_to_close_timeout: seconds(*timeout),
                schedule_to_close_timeout: seconds(timeout / 2),
                heartbeat_timeout: seconds(timeout / 3),
                ..command::ScheduleActivityTaskCommandAttributes::default()
            }
            .into(),
        ),
        Asked::CancelActivity(event) => {
            Command::RequestCancelActivityTask { scheduled_event_id: i64::from(*event) }
        }
        Asked::StartTimer(id, after) => Command::StartTimer(
            command::StartTimerCommandAttributes {
                timer_id: id.to_string(),
                start_to_fire_timeout: seconds(*after),
            }
            .into(),
        ),
        Asked::CancelTimer(id) => Command::CancelTimer(
            command::CancelTimerCommandAttributes { timer_id: id.to_string() }.into(),
        ),
        Asked::StartChild(id, policy) => Command::StartChildWorkflowExecution(
            command::StartChildWorkflowExecutionCommandAttributes {
                workflow_id: name(*id),
                workflow_type: Some(common::WorkflowType { name: "Child".to_owned() }),
                parent_close_policy: i32::from(*policy),
                ..command::StartChildWorkflowExecutionCommandAttributes::default()
            }
            .into(),
        ),
        Asked::CancelExternal(id) => Command::RequestCancelExternalWorkflowExecution(
            command::RequestCancelExternalWorkflowExecutionCommandAttributes {
                workflow_id: name(*id),
                ..Default::default()
            }
            .into(),
        ),
        Asked::SignalExternal(id) => Command::SignalExternalWorkflowExecution(
            command::SignalExternalWorkflowExecutionCommandAttributes {
                execution: Some(execution(*id)),
                signal_name: "from outside".to_owned(),
                ..Default::default()
            }
            .into(),
        ),
        Asked::Complete => Command::CompleteWorkflowExecution(
            command::CompleteWorkflowExecutionCommandAttributes::default().into(),
        ),
        Asked::Fail => Command::FailWorkflowExecution(
            command::FailWorkflowExecutionCommandAttributes { failure: Some(failure()) }.into(),
        ),
        Asked::ContinueAsNew => Command::ContinueAsNewWorkflowExecution(
            command::ContinueAsNewWorkflowExecutionCommandAttributes::default().into(),
        ),
    }
}

fn hash(server: &Server) -> u128 {
    use std::hash::Hash;
    let mut digest = Digest::new();
    server.hash(&mut digest);
    digest.finish128()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_invariant_is_broken_whatever_happens(acts in prop::collection::vec(act(), 0..120)) {
        let mut world = World::new();
        let mut auditor = Auditor::new();
        for act in &acts {
            world.act(act);
            if let Err(violation) = auditor.audit_server(&world.server) {
                prop_assert!(false, "{violation}");
            }
        }
    }

    #[test]
    fn a_history_never_changes_what_it_says(acts in prop::collection::vec(act(), 0..80)) {
        let mut world = World::new();
        for act in &acts {
            let before: Vec<_> = world.server.runs().map(|run| run.history().clone()).collect();
            world.act(act);
            for (old, run) in before.iter().zip(world.server.runs()) {
                prop_assert!(run.history().len() >= old.len());
                prop_assert!(old.events().eq(run.history().events().take(old.len() as usize)));
            }
        }
    }

    #[test]
    fn a_clone_goes_the_same_way_and_the_same_way_hashes_the_same(
        acts in prop::collection::vec(act(), 1..60),
        at in any::<prop::sample::Index>(),
    ) {
        let (first, then) = acts.split_at(at.index(acts.len()));
        let mut world = World::new();
        world.act_all(first);
        let frozen = hash(&world.server);
        let mut clone = world.clone();
        clone.act_all(then);
        prop_assert_eq!(hash(&world.server), frozen, "the origin does not notice");
        world.act_all(then);
        prop_assert_eq!(&world.server, &clone.server);
        prop_assert_eq!(hash(&world.server), hash(&clone.server));
    }

    #[test]
    fn what_is_due_is_listed_in_order_and_the_first_of_it_comes_first(
        acts in prop::collection::vec(act(), 0..60),
    ) {
        let mut world = World::new();
        for act in &acts {
            world.act(act);
            let mut due = Vec::new();
            world.server.due_until(Time::MAX, &mut due);
            prop_assert!(due.is_sorted());
            prop_assert_eq!(due.first().copied(), world.server.due());
        }
    }
}
