//! What could come next, in words.

use crate::clock::EPOCH;
use crate::explore::Choice;
use crate::history::text::word;
use crate::history::{Attributes, EventId, RunId};
use crate::official::common::WorkflowExecution;
use crate::scenario::model::ClientAction;
use crate::server::{Dispatch, RunIndex, TaskKey, Timer, Transfer};
use crate::sim::{
    Caller, ClientIndex, ExecutionResult, Fault, Happening, Origin, RunResult, caller,
};
use crate::worker::{ActivityKey, WorkerIndex, WorkerKey};

use super::action;

/// Tells happenings of one run in words: `client canceler: cancel order`, `server: activity timeout
/// of order`. Runs and activities are called as its histories call them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    result: &'a RunResult,
}

impl<'a> Words<'a> {
    pub(super) fn of(result: &'a RunResult) -> Self {
        Self { result }
    }

    /// Something that could come next.
    pub(super) fn choice(self, choice: &Choice) -> String {
        self.happening(choice.happening, choice.client_step)
    }

    /// The same, with the time at which it is due.
    pub(super) fn due_choice(self, choice: &Choice) -> String {
        format!("{} (due {})", self.choice(choice), choice.due.offset(EPOCH))
    }

    /// The run that a happening is about, as an index into the result's runs; none if it is about
    /// none, or about one that did not exist yet.
    pub(super) fn run_of(self, choice: &Choice) -> Option<usize> {
        let by_id =
            |id: RunId| self.result.executions.iter().position(|run| run.execution.run_id == id);
        let of_worker = |key: WorkerKey| match key {
            WorkerKey::HeartbeatAnswer(key)
            | WorkerKey::Activity(key)
            | WorkerKey::Heartbeat(key)
            | WorkerKey::ActivityTimeout(key) => by_id(key.run_id),
            WorkerKey::RespondWorkflowTask(key) | WorkerKey::HeartbeatWorkflowTask(key) => {
                by_id(key.run_id)
            }
            WorkerKey::LocalActivity(run_id, _) => by_id(run_id),
            WorkerKey::RespondQueryTask(_) | WorkerKey::Poll => None,
        };
        let of_task = |task: TaskKey| task.run().map(|RunIndex(index)| index as usize);
        match choice.happening {
            Happening::Server(task) => of_task(task),
            Happening::Worker(_, key) => of_worker(key),
            Happening::Native(_, key) => by_id(key.run_id),
            Happening::Fault(
                Fault::LoseResponse(origin)
                | Fault::DuplicateRequest(origin)
                | Fault::LoseHeartbeat(origin)
                | Fault::DelayHeartbeat(origin),
            ) => match origin {
                Origin::Server(task) => of_task(task),
                Origin::Worker(_, key) => of_worker(key),
                Origin::Client(_) => None,
            },
            Happening::Client(_)
            | Happening::Arrival(_)
            | Happening::Fault(Fault::CrashWorker(_) | Fault::LoseCache(_)) => None,
        }
    }

    fn happening(self, happening: Happening, client_step: Option<usize>) -> String {
        match happening {
            Happening::Client(client) => self.client(client, client_step),
            Happening::Server(task) => format!("server: {}", self.server(task)),
            Happening::Worker(worker, key) => {
                format!("{}: {}", self.worker(worker), self.does(key))
            }
            Happening::Native(worker, key) => {
                format!("{}: {} goes on", self.worker(worker), self.activity(key))
            }
            Happening::Arrival(call) => match caller(call) {
                Caller::Client { client, step } => {
                    format!("network: again or late, {}", self.client(client, Some(step)))
                }
                Caller::Worker(worker) => {
                    format!("network: a request of {} arrives again or late", self.worker(worker))
                }
            },
            Happening::Fault(fault) => format!("fault: {}", self.fault(fault, client_step)),
        }
    }

    fn client(self, client: ClientIndex, step: Option<usize>) -> String {
        let steps = self.result.client_steps(client);
        let does = step.and_then(|step| steps.get(step)).map(action::describe);
        let name = word(self.result.client_name(client));
        format!("client {name}: {}", does.as_deref().unwrap_or("goes on"))
    }

    fn server(self, task: TaskKey) -> String {
        match task {
            TaskKey::Transfer(run, transfer) => self.transfer(run, transfer),
            TaskKey::Batch(batch) => format!("goes on with batch job {}", batch.0 + 1),
            TaskKey::Dispatch(run, Dispatch::WorkflowTask) => {
                format!("hands out the workflow task of {}", self.run(run))
            }
            TaskKey::Dispatch(run, Dispatch::ActivityTask(scheduled)) => {
                format!("hands out {}", self.activity_of(self.find(run), scheduled))
            }
            TaskKey::Query(run, _) => format!("hands out a query of {}", self.run(run)),
            TaskKey::Timer(run, timer) => {
                let run = self.run(run);
                match timer {
                    Timer::RunTimeout => format!("run timeout of {run}"),
                    Timer::WorkflowTask => format!("workflow task timeout of {run}"),
                    Timer::FirstWorkflowTask => format!("{run} may begin: its delay is over"),
                    Timer::Activities => format!("activity timeout of {run}"),
                    Timer::Queries => format!("a query of {run} has waited too long"),
                    Timer::UserTimers => format!("timer of {run} fires"),
                    Timer::UpdateWaits => format!("who waits for an update of {run} is answered"),
                }
            }
        }
    }

    fn transfer(self, run: RunIndex, transfer: Transfer) -> String {
        let at = |event| self.find(run).and_then(|run| run.history.get(event));
        let child = |event| match at(event).map(|event| &event.attributes) {
            Some(Attributes::StartChildWorkflowExecutionInitiated(child)) => {
                word(child.workflow_id.as_str())
            }
            _ => format!("of event {event}"),
        };
        let target = |event| match at(event).map(|event| &event.attributes) {
            Some(Attributes::RequestCancelExternalWorkflowExecutionInitiated {
                command, ..
            }) => word(&command.workflow_id),
            Some(Attributes::SignalExternalWorkflowExecutionInitiated { command, .. }) => {
                let WorkflowExecution { workflow_id, .. } =
                    command.execution.clone().unwrap_or_default();
                word(&workflow_id)
            }
            _ => format!("the target of event {event}"),
        };
        let run = self.run(run);
        match transfer {
            Transfer::StartChild(event) => format!("starts child {} of {run}", child(event)),
            Transfer::RecordChildStarted(event) => {
                format!("tells {run} that child {} has started", child(event))
            }
            Transfer::ScheduleChildsFirstTask(event) => {
                format!("schedules the first workflow task of child {} of {run}", child(event))
            }
            Transfer::CancelExternal(event) => {
                format!("passes the cancel by {run} on to {}", target(event))
            }
            Transfer::SignalExternal(event) => {
                format!("passes the signal of {run} on to {}", target(event))
            }
            Transfer::ApplyParentClosePolicy(event) => {
                format!("applies the parent close policy of {run} to child {}", child(event))
            }
            Transfer::NotifyParent => format!("tells the parent of {run} that it has closed"),
        }
    }

    fn does(self, key: WorkerKey) -> String {
        match key {
            WorkerKey::HeartbeatAnswer(key) => {
                format!("{} hears the answer to its heartbeat", self.activity(key))
            }
            WorkerKey::RespondWorkflowTask(key) => {
                format!("answers the workflow task of {}", self.run_with_id(key.run_id))
            }
            WorkerKey::RespondQueryTask(_) => "answers a query".to_owned(),
            WorkerKey::LocalActivity(run_id, _) => {
                format!("local activity of {} goes on", self.run_with_id(run_id))
            }
            WorkerKey::HeartbeatWorkflowTask(key) => {
                format!("keeps the workflow task of {} alive", self.run_with_id(key.run_id))
            }
            WorkerKey::Activity(key) => format!("{} goes on", self.activity(key)),
            WorkerKey::Heartbeat(key) => format!("sends the heartbeat of {}", self.activity(key)),
            WorkerKey::ActivityTimeout(key) => format!("gives {} up", self.activity(key)),
            WorkerKey::Poll => "polls again".to_owned(),
        }
    }

    fn fault(self, fault: Fault, client_step: Option<usize>) -> String {
        let of = |origin: Origin| self.happening(origin.into(), client_step);
        match fault {
            Fault::CrashWorker(worker) => format!("{} crashes and restarts", self.worker(worker)),
            Fault::LoseCache(worker) => format!("{} loses its cache", self.worker(worker)),
            Fault::LoseResponse(origin) => format!("the answer is lost to {}", of(origin)),
            Fault::DuplicateRequest(origin) => format!("arrives twice, {}", of(origin)),
            Fault::LoseHeartbeat(origin) => format!("the heartbeat is lost, {}", of(origin)),
            Fault::DelayHeartbeat(origin) => {
                format!("the heartbeat comes about its deadline, {}", of(origin))
            }
        }
    }

    /// `worker`, if that is its name, or `worker NAME`.
    fn worker(self, WorkerIndex(index): WorkerIndex) -> String {
        match self.result.scenario().workers.get(usize::from(index)) {
            Some(worker) if worker.name != "worker" => format!("worker {}", word(&worker.name)),
            _ => "worker".to_owned(),
        }
    }

    fn activity(self, key: ActivityKey) -> String {
        let run = self.result.executions.iter().find(|run| run.execution.run_id == key.run_id);
        let activity = self.activity_of(run, key.scheduled_event_id);
        match key.attempt {
            0 | 1 => activity,
            attempt => format!("{activity}, attempt {attempt},"),
        }
    }

    /// By its type, and by its id too if its run has several of the type.
    fn activity_of(self, run: Option<&ExecutionResult>, scheduled: EventId) -> String {
        fn name(attributes: &Attributes) -> Option<(&str, &str)> {
            let Attributes::ActivityTaskScheduled(of) = attributes else { return None };
            let of_type = of.command.activity_type.as_ref().map_or("", |of_type| &of_type.name);
            Some((of_type, &of.command.activity_id))
        }
        let Some(run) = run else { return format!("the activity of event {scheduled}") };
        let whose = self.run_name(run);
        let Some((of_type, id)) =
            run.history.get(scheduled).and_then(|event| name(&event.attributes))
        else {
            return format!("the activity of event {scheduled} of {whose}");
        };
        let all = run.history.events().filter_map(|event| name(&event.attributes));
        let is_one_of_many = all.filter(|(other, _)| *other == of_type).nth(1).is_some();
        let id = if is_one_of_many { format!(" {}", word(id)) } else { String::new() };
        format!("activity {}{id} of {whose}", word(of_type))
    }

    fn find(self, RunIndex(index): RunIndex) -> Option<&'a ExecutionResult> {
        self.result.executions.get(index as usize)
    }

    fn run(self, index: RunIndex) -> String {
        match self.find(index) {
            Some(run) => self.run_name(run),
            None => "an execution".to_owned(),
        }
    }

    fn run_with_id(self, id: RunId) -> String {
        let run = self.result.executions.iter().find(|run| run.execution.run_id == id);
        run.map_or_else(|| format!("run {id}"), |run| self.run_name(run))
    }

    /// By its Workflow Id, and by its number too if there are several.
    fn run_name(self, run: &ExecutionResult) -> String {
        let id = run.workflow_id();
        let mut runs = self.result.executions.iter().filter(|other| other.workflow_id() == id);
        if runs.nth(1).is_some() { format!("{} run {}", word(id), run.run) } else { word(id) }
    }

    /// The index of the run that a client's step names, if it names one that there is.
    pub(super) fn run_of_step(self, client: ClientIndex, step: usize) -> Option<usize> {
        let step = self.result.client_steps(client).get(step)?;
        let id = match &step.action {
            ClientAction::Start(step) => &step.workflow_id,
            ClientAction::Cancel(step) => &step.cancel,
            ClientAction::Terminate(step) => &step.terminate,
            ClientAction::Describe(step) => &step.describe,
            ClientAction::Reset(step) => &step.reset,
            ClientAction::Signal(step) => &step.signal,
            ClientAction::Update(step) => &step.update,
            ClientAction::Query(step) => &step.query,
            _ => return None,
        };
        self.result.executions.iter().rposition(|run| run.workflow_id() == id)
    }
}
