//! What a scenario says, once it has been read.
//!
//! The structs with serde derives are the very types that parse YAML and that the JSON Schema is
//! made from; `steps` beside this module is the one place that tells which key makes which step.
//!
//! ```
//! use deadbeat::scenario::Scenario;
//! use deadbeat::scenario::model::WorkflowAction;
//! use std::time::Duration;
//!
//! let source = "
//! name: a nap
//! workflows: { Nap: [{ sleep: 8h }] }
//! timeline: [{ start: Nap, workflow_id: nap }]
//! ";
//! let scenario = Scenario::parse(source, "nap.yaml")?;
//! let first = &scenario.workflows["Nap"].versions[0].steps[0];
//! assert!(matches!(first.action, WorkflowAction::Sleep(time) if time == Duration::from_secs(28_800)));
//! # Ok::<(), deadbeat::scenario::Diagnostics>(())
//! ```

macro_rules! options {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
    };
}

mod client;
mod expectation;
mod official;
mod worker;
mod workflow;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::source::Location;
use crate::official::command;

pub use client::*;
pub use expectation::*;
pub use official::*;
pub use worker::*;
pub use workflow::*;

/// A JSON value: an input, a result, details.
pub type Json = serde_json::Value;

/// A whole scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// One line that says what it shows.
    pub name: String,
    /// More, if one line is not enough.
    pub description: Option<String>,
    /// The workflows' code, by workflow type.
    pub workflows: BTreeMap<String, Workflow>,
    /// The activities' code, by activity type.
    pub activities: BTreeMap<String, Arc<[ActivityStep]>>,
    /// The workers; one named `worker` if the file names none.
    pub workers: Vec<Worker>,
    /// The clients, by name. `timeline` is a client named `client`.
    pub clients: BTreeMap<String, Arc<[ClientStep]>>,
    /// What must be true at the end, in the default order.
    pub expect: Vec<Expectation>,
    /// The outcomes of all orderings, each once; none if the file does not tell them.
    pub outcomes: Vec<ExpectedOutcome>,
    /// Where they stand; in no file if the file does not tell them.
    pub outcomes_at: Location,
    /// What must be true at the end, in every ordering.
    pub always: Vec<Expectation>,
    /// What must not be true at the end, in any ordering.
    pub never: Vec<Expectation>,
    /// When it ends, whatever is still to come; by itself if not given.
    pub ends_at: Option<Duration>,
    /// How much later than the earliest happening another may be due and still come first, where
    /// orders are searched.
    pub window: Duration,
    /// How many faults a search may place.
    pub faults: u32,
    /// 128 bits over the source text: part of a schedule token.
    pub digest: u128,
}

/// A workflow's code: one or several versions.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// In the order of the file. A worker runs the first until a `deploy` step says otherwise. A
    /// workflow written as a plain list has one, named `v1`.
    pub versions: Vec<Version>,
    /// How a cancelled scope behaves afterwards.
    pub cancellation_model: CancellationModel,
    /// The queries that it answers, and what with until a step sets another result.
    pub queries: BTreeMap<String, Json>,
    /// What handles its updates, by name, in every version.
    pub updates: BTreeMap<String, UpdateHandler>,
}

/// What handles an update of a workflow.
#[derive(Clone, Debug)]
pub struct UpdateHandler {
    /// Refuses the update, if one of these steps fails. They are `fail`,
    /// `by_attempt` and `by_update_id` steps.
    pub validate: Arc<[WorkflowStep]>,
    /// Run beside the workflow's own, once the update is accepted; how they end is its answer.
    pub steps: Arc<[WorkflowStep]>,
}

/// One version of a workflow's code.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its name.
    pub name: String,
    /// Its steps.
    pub steps: Arc<[WorkflowStep]>,
}

/// How SDKs differ in what follows a cancel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancellationModel {
    /// Python: the cancel is raised once, at what the code waits for; what comes after runs.
    #[default]
    Task,
    /// TypeScript, Java, Go: a cancelled scope stays cancelled. Everything started in it is
    /// cancelled, and what is started in it later fails at once, unless shielded.
    Scope,
}

/// A step of a workflow, and where it stands.
#[derive(Clone, Debug)]
pub struct WorkflowStep {
    /// Where in the file.
    pub at: Location,
    /// What it does.
    pub action: WorkflowAction,
}

/// What a workflow can do. The variants are the action keys of the language.
#[derive(Clone, Debug)]
pub enum WorkflowAction {
    /// Starts a timer and waits for it.
    Sleep(Duration),
    /// Starts a timer and goes on.
    StartTimer(StartTimer),
    /// Schedules an activity and goes on.
    StartActivity(StartActivity),
    /// Schedules an activity and waits for its result.
    ExecuteActivity(ExecuteActivity),
    /// Starts a local activity and goes on.
    StartLocalActivity(StartLocalActivity),
    /// Runs a local activity and waits for its result.
    ExecuteLocalActivity(ExecuteLocalActivity),
    /// Starts a child workflow and goes on, without waiting for its start.
    StartChildWorkflow(StartChildWorkflow),
    /// Starts a child workflow and waits for its result.
    ExecuteChildWorkflow(ExecuteChildWorkflow),
    /// Waits until a child has started (or could not).
    WaitForStart(String),
    /// Waits for every handle; raises the first failure among them, in the order given.
    WaitFor(Vec<String>),
    /// Waits for the first of several handles; raises if that one failed.
    WaitForAny(Vec<String>),
    /// Waits for a signal that has not been taken yet, and takes it.
    WaitSignal(WaitSignal),
    /// Waits for the next workflow task, whatever it brings; a cancel is not raised here.
    WaitForWorkflowTask,
    /// Ends the workflow task and goes on in another, which it asks for at once.
    HeartbeatWorkflowTask,
    /// Never goes on, unless cancelled.
    Hang,
    /// Cancels a handle: a timer, an activity, a child workflow, a branch.
    Cancel(String),
    /// Runs steps beside the ones that follow.
    StartBranch(StartBranch),
    /// Runs steps that a cancel from outside does not reach; it is delivered after them.
    Shield(Arc<[WorkflowStep]>),
    /// Runs steps and catches what they raise.
    Try(Try<WorkflowStep>),
    /// Raises again what the enclosing `on_cancel` or `on_failure` caught.
    Raise,
    /// Fails with an application failure.
    Fail(Fail),
    /// Ends the workflow, with a result.
    Return(Json),
    /// Ends the run and continues as new.
    ContinueAsNew(ContinueAsNew),
    /// Runs steps again and again.
    Repeat(Repeat<WorkflowStep>),
    /// Runs other steps by the run's attempt, for workflows with a retry policy.
    ByAttempt(ByAttempt<WorkflowStep>),
    /// Runs other steps by the run's Workflow Id.
    ByWorkflowId(ById<WorkflowStep>),
    /// Runs other steps by the id of the update that is handled.
    ByUpdateId(ById<WorkflowStep>),
    /// Signals another execution and waits for the server's word on it.
    SignalExternalWorkflow(SignalExternalWorkflow),
    /// Cancels another execution and waits for the server's word on it.
    CancelExternalWorkflow(CancelExternalWorkflow),
    /// Sends a command as it is written, in Temporal's official JSON form.
    Command(Box<Official<command::Command>>),
    /// Records a marker, as side effects and versions do in the Go and Java SDKs.
    RecordMarker(RecordMarker),
    /// Sets what a query is answered with from here on.
    SetQueryResult(SetQueryResult),
    /// Keeps the worker busy: the workflow task stays started for this long; on replay it takes no
    /// time. It stands for a worker that is slow to answer (a codec, garbage collection, load), not
    /// for code that computes: the SDKs' deadlock detectors are not modelled.
    Block(Block),
    /// Fails the workflow task, as a panic or a bug in workflow code does.
    FailWorkflowTask(Box<FailWorkflowTask>),
}

/// A step of an activity, and where it stands.
#[derive(Clone, Debug)]
pub struct ActivityStep {
    /// Where in the file.
    pub at: Location,
    /// What it does.
    pub action: ActivityAction,
}

/// What an activity can do.
#[derive(Clone, Debug)]
pub enum ActivityAction {
    /// Waits. A cancel that the activity has learnt of is raised here.
    Sleep(Duration),
    /// Heartbeats with details; the worker throttles. A cancel learnt of is raised here.
    Heartbeat(Option<Json>),
    /// Never returns, unless cancelled.
    Hang,
    /// Fails with an application failure.
    Fail(Fail),
    /// Ends the activity, with a result.
    Return(Json),
    /// Runs steps that a cancel does not interrupt; it is raised after them.
    Shield(Arc<[ActivityStep]>),
    /// Runs steps and catches what they raise.
    Try(Try<ActivityStep>),
    /// Raises again what the enclosing `on_cancel` or `on_failure` caught.
    Raise,
    /// Runs steps again and again.
    Repeat(Repeat<ActivityStep>),
    /// Runs other steps by attempt.
    ByAttempt(ByAttempt<ActivityStep>),
    /// Runs other steps by the activity's id.
    ByActivityId(ById<ActivityStep>),
}

/// A step of a client, and where it stands.
#[derive(Clone, Debug)]
pub struct ClientStep {
    /// Where in the file.
    pub at: Location,
    /// What it does.
    pub action: ClientAction,
    /// As whom, if not by the client's name.
    pub identity: Option<String>,
    /// When it does it, after the step before has been answered.
    pub timing: Timing,
    /// The refusal that is expected, if one is. Without it, a refusal fails the scenario.
    pub fails_with: Option<FailsWith>,
    /// What befalls its request.
    pub fault: Option<RequestFault>,
}

/// When a client takes a step.
#[derive(Clone, PartialEq, Debug)]
pub enum Timing {
    /// At once, or this long after the step before was answered.
    After(Duration),
    /// This long after the scenario's beginning; at once if that has passed.
    At(Duration),
    /// As soon as the event is in a history.
    When(When),
}

/// What a client can do.
#[derive(Clone, Debug)]
pub enum ClientAction {
    /// Starts a workflow execution.
    Start(Box<Start>),
    /// Signals one.
    Signal(Signal),
    /// Signals one, and starts it first if it is not running.
    SignalWithStart(Box<SignalWithStart>),
    /// Updates one and waits for how far the update gets.
    Update(Update),
    /// Requests the cancellation of one.
    Cancel(Cancel),
    /// Terminates one.
    Terminate(Terminate),
    /// Resets one.
    Reset(Reset),
    /// Describes one: the answer is shown with the histories.
    Describe(Describe),
    /// Queries one: the answer is shown with the histories.
    Query(Query),
    /// Waits until the current run of one has closed.
    WaitForClose(WaitForClose),
    /// Completes an activity by its id.
    CompleteActivity(CompleteActivity),
    /// Fails an activity by its id.
    FailActivity(FailActivity),
    /// Reports an activity canceled by its id.
    CancelActivity(CancelActivity),
    /// Heartbeats for an activity by its id.
    HeartbeatActivity(HeartbeatActivity),
    /// Gives workers a version of a workflow's code, as a deployment does: they restart.
    Deploy(Deploy),
    /// Stops a worker: what it has started stays unanswered.
    StopWorker(String),
    /// Starts a stopped worker, with an empty cache.
    StartWorker(String),
    /// A worker's process dies and starts again at once, with an empty cache.
    CrashWorker(String),
    /// A worker forgets the workflows in its cache.
    LoseCache(String),
    /// Keeps a worker from taking tasks; what it has goes on.
    PauseWorker(String),
    /// Lets a paused worker take tasks again.
    ResumeWorker(String),
}

impl ClientAction {
    /// What it asks of the server.
    pub fn asks(&self) -> Asks {
        match self {
            Self::Start(_)
            | Self::Signal(_)
            | Self::SignalWithStart(_)
            | Self::Update(_)
            | Self::Cancel(_)
            | Self::Terminate(_)
            | Self::Reset(_)
            | Self::CompleteActivity(_)
            | Self::FailActivity(_)
            | Self::CancelActivity(_)
            | Self::HeartbeatActivity(_) => Asks::ForChange,
            Self::Describe(_) | Self::Query(_) => Asks::ToKnow,
            Self::WaitForClose(_)
            | Self::Deploy(_)
            | Self::StopWorker(_)
            | Self::StartWorker(_)
            | Self::CrashWorker(_)
            | Self::LoseCache(_)
            | Self::PauseWorker(_)
            | Self::ResumeWorker(_) => Asks::Nothing,
        }
    }
}

/// Steps, and what to do with what they raise.
#[derive(Clone, Debug)]
pub struct Try<S> {
    /// What is tried.
    pub steps: Arc<[S]>,
    /// Runs if a cancel was raised; it is swallowed unless raised again.
    pub on_cancel: Option<Arc<[S]>>,
    /// Runs if a failure was raised; it is swallowed unless raised again.
    pub on_failure: Option<Arc<[S]>>,
    /// Runs in any case, last.
    pub finally: Option<Arc<[S]>>,
}

/// A loop.
#[derive(Clone, Debug)]
pub struct Repeat<S> {
    /// What is repeated.
    pub steps: Arc<[S]>,
    /// How often; without end if not given.
    pub times: Option<u32>,
}

/// Different steps for different attempts.
#[derive(Clone, Debug)]
pub struct ByAttempt<S> {
    /// By attempt number, from 1.
    pub attempts: BTreeMap<u32, Arc<[S]>>,
    /// For every attempt not named.
    pub otherwise: Arc<[S]>,
}

/// Different steps for different workflows or activities of one type.
#[derive(Clone, Debug)]
pub struct ById<S> {
    /// By Workflow Id, activity id or update id.
    pub ids: BTreeMap<String, Arc<[S]>>,
    /// For every one not named.
    pub otherwise: Arc<[S]>,
}

/// Steps that run beside others.
#[derive(Clone, Debug)]
pub struct StartBranch {
    /// The steps.
    pub steps: Arc<[WorkflowStep]>,
    /// The handle's name.
    pub handle: Option<String>,
}
