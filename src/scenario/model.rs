//! What a scenario says, once it has been read.
//!
//! The structs with serde derives are the very types that parse YAML and that the JSON Schema is
//! made from; [`super::steps`] is the one place that tells which key makes which step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::duration::Span;
use super::source::Location;

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
    /// What must be true at the end.
    pub expect: Vec<Expectation>,
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
    /// Signals another execution and waits for the server's word on it.
    SignalExternalWorkflow(SignalExternalWorkflow),
    /// Cancels another execution and waits for the server's word on it.
    CancelExternalWorkflow(CancelExternalWorkflow),
    /// Records a marker.
    RecordMarker(RecordMarker),
    /// Keeps the worker busy: the workflow task stays started for this long.
    Block(Duration),
    /// Fails the workflow task, as a panic or a bug in workflow code does.
    FailWorkflowTask(FailWorkflowTask),
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
}

/// A step of a client, and where it stands.
#[derive(Clone, Debug)]
pub struct ClientStep {
    /// Where in the file.
    pub at: Location,
    /// What it does.
    pub action: ClientAction,
    /// When it does it, after the step before has been answered.
    pub timing: Timing,
    /// The refusal that is expected, if one is. Without it, a refusal fails the scenario.
    pub fails_with: Option<FailsWith>,
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
    /// Requests the cancellation of one.
    Cancel(Cancel),
    /// Terminates one.
    Terminate(Terminate),
    /// Resets one.
    Reset(Reset),
    /// Describes one: the answer is shown with the histories.
    Describe(Describe),
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

/// Steps that run beside others.
#[derive(Clone, Debug)]
pub struct StartBranch {
    /// The steps.
    pub steps: Arc<[WorkflowStep]>,
    /// The handle's name.
    pub handle: Option<String>,
}

macro_rules! options {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
    };
}

options! {
    /// `start_timer`
    StartTimer {
        /// How long until it fires.
        start_timer: Span,
        /// The handle's name.
        r#as: String,
    }
}

options! {
    /// `start_activity`
    StartActivity {
        /// The activity type.
        start_activity: String,
        /// The handle's name.
        r#as: Option<String>,
        #[serde(flatten)]
        /// The rest.
        options: ActivityOptions,
    }
}

options! {
    /// `execute_activity`
    ExecuteActivity {
        /// The activity type.
        execute_activity: String,
        #[serde(flatten)]
        /// The rest.
        options: ActivityOptions,
    }
}

/// A duration that must be positive where it is given.
pub type Timeout = Option<Span>;

/// How an activity is scheduled. Temporal asks for one of `start_to_close_timeout` and
/// `schedule_to_close_timeout`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ActivityOptions {
    /// From the first scheduling to the end of the last attempt.
    pub schedule_to_close_timeout: Timeout,
    /// From an attempt's scheduling to its start.
    pub schedule_to_start_timeout: Timeout,
    /// From an attempt's start to its end.
    pub start_to_close_timeout: Timeout,
    /// From one heartbeat to the next.
    pub heartbeat_timeout: Timeout,
    /// Retries; the server's default policy if not given.
    pub retry_policy: Option<RetryPolicy>,
    /// What a cancel of the handle does.
    pub cancellation_type: ActivityCancellationType,
    /// Another task queue than the workflow's.
    pub task_queue: Option<String>,
    /// Another id than the running number.
    pub activity_id: Option<String>,
    /// The argument.
    pub input: Option<Json>,
}

/// What cancelling an activity's handle does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActivityCancellationType {
    /// Requests the cancel and resolves the handle as canceled at once.
    #[default]
    TryCancel,
    /// Requests the cancel and waits for how the activity ends.
    WaitCancellationCompleted,
    /// Requests nothing and resolves the handle as canceled at once.
    Abandon,
}

options! {
    /// `start_local_activity`
    StartLocalActivity {
        /// The activity type.
        start_local_activity: String,
        /// The handle's name.
        r#as: Option<String>,
        #[serde(flatten)]
        /// The rest.
        options: LocalActivityOptions,
    }
}

options! {
    /// `execute_local_activity`
    ExecuteLocalActivity {
        /// The activity type.
        execute_local_activity: String,
        #[serde(flatten)]
        /// The rest.
        options: LocalActivityOptions,
    }
}

/// How a local activity is run.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LocalActivityOptions {
    /// From the start of the first attempt to the end of the last.
    pub schedule_to_close_timeout: Timeout,
    /// From an attempt's start to its end.
    pub start_to_close_timeout: Timeout,
    /// Retries, by the worker itself.
    pub retry_policy: Option<RetryPolicy>,
    /// What a cancel of the handle does.
    pub cancellation_type: ActivityCancellationType,
    /// The argument.
    pub input: Option<Json>,
}

options! {
    /// A retry policy; what is not given has Temporal's default.
    RetryPolicy {
        #[serde(default)]
        /// The wait before the second attempt; 1s by default.
        initial_interval: Option<Span>,
        #[serde(default)]
        /// What each wait is multiplied with; 2 by default.
        backoff_coefficient: Option<f64>,
        #[serde(default)]
        /// No wait is longer; 100 × `initial_interval` by default.
        maximum_interval: Option<Span>,
        #[serde(default)]
        /// How many attempts there may be; 0, the default, is no limit.
        maximum_attempts: u32,
        #[serde(default)]
        /// Failures of these types are final.
        non_retryable_error_types: Vec<String>,
    }
}

options! {
    /// `start_child_workflow`
    StartChildWorkflow {
        /// The workflow type.
        start_child_workflow: String,
        /// The handle's name.
        r#as: Option<String>,
        #[serde(flatten)]
        /// The rest.
        options: ChildOptions,
    }
}

options! {
    /// `execute_child_workflow`
    ExecuteChildWorkflow {
        /// The workflow type.
        execute_child_workflow: String,
        #[serde(flatten)]
        /// The rest.
        options: ChildOptions,
    }
}

/// How a child workflow is started.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ChildOptions {
    /// The child's Workflow Id; `<parent's>/<running number>` by default.
    pub workflow_id: Option<String>,
    /// Another task queue than the workflow's.
    pub task_queue: Option<String>,
    /// The argument.
    pub input: Option<Json>,
    /// For the whole chain of runs.
    pub workflow_execution_timeout: Timeout,
    /// For one run.
    pub workflow_run_timeout: Timeout,
    /// For one workflow task.
    pub workflow_task_timeout: Timeout,
    /// What happens to the child when the parent closes.
    pub parent_close_policy: ParentClosePolicy,
    /// What a cancel of the handle does.
    pub cancellation_type: ChildCancellationType,
    /// Retries of the child.
    pub retry_policy: Option<RetryPolicy>,
    /// Whether the id may have been used before.
    pub workflow_id_reuse_policy: WorkflowIdReusePolicy,
}

/// What happens to a child when its parent closes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum ParentClosePolicy {
    #[default]
    Terminate,
    Abandon,
    RequestCancel,
}

/// What cancelling a child's handle does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChildCancellationType {
    /// Requests nothing and resolves the handle as canceled at once.
    Abandon,
    /// Requests the cancel and resolves the handle as canceled at once.
    TryCancel,
    /// Requests the cancel and waits for how the child ends.
    #[default]
    WaitCancellationCompleted,
    /// Requests the cancel and resolves the handle once the server has passed it on.
    WaitCancellationRequested,
}

options! {
    /// `wait_signal`
    WaitSignal {
        /// The signal's name.
        wait_signal: String,
        #[serde(default)]
        /// How long to wait before a timeout is raised (a failure of type `TimeoutError`).
        timeout: Option<Span>,
    }
}

options! {
    /// `fail`
    Fail {
        /// The message.
        fail: String,
        #[serde(default)]
        /// The error type, which retry policies name.
        r#type: Option<String>,
        #[serde(default)]
        /// Whether no attempt may follow.
        non_retryable: bool,
        #[serde(default)]
        /// The wait before the next attempt, instead of the policy's.
        next_retry_delay: Option<Span>,
        #[serde(default)]
        /// More about it.
        details: Option<Json>,
    }
}

options! {
    /// `continue_as_new`
    ContinueAsNew {
        /// The new run's workflow type; the same if not given.
        continue_as_new: Option<String>,
        #[serde(default)]
        /// The new run's argument.
        input: Option<Json>,
        #[serde(default)]
        /// The new run's task queue; the same if not given.
        task_queue: Option<String>,
        #[serde(default)]
        /// The new run's timeout.
        workflow_run_timeout: Option<Span>,
        #[serde(default)]
        /// The new run's workflow task timeout.
        workflow_task_timeout: Option<Span>,
    }
}

options! {
    /// `signal_external_workflow`
    SignalExternalWorkflow {
        /// The Workflow Id.
        signal_external_workflow: String,
        /// The signal's name.
        signal: String,
        #[serde(default)]
        /// The argument.
        input: Option<Json>,
    }
}

options! {
    /// `cancel_external_workflow`
    CancelExternalWorkflow {
        /// The Workflow Id.
        cancel_external_workflow: String,
        #[serde(default)]
        /// Why.
        reason: Option<String>,
    }
}

options! {
    /// `record_marker`
    RecordMarker {
        /// The marker's name.
        record_marker: String,
        #[serde(default)]
        /// What it holds.
        details: Option<Json>,
    }
}

options! {
    /// `fail_workflow_task`
    FailWorkflowTask {
        /// The message of the failure.
        fail_workflow_task: String,
        #[serde(default)]
        /// How many times it happens, counted over the tasks that reach it; always if not given.
        times: Option<u32>,
    }
}

/// How and as what an execution is started.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StartOptions {
    /// Another task queue than `main`.
    pub task_queue: Option<String>,
    /// The argument.
    pub input: Option<Json>,
    /// For the whole chain of runs.
    pub workflow_execution_timeout: Timeout,
    /// For one run.
    pub workflow_run_timeout: Timeout,
    /// For one workflow task; 10s by default.
    pub workflow_task_timeout: Timeout,
    /// What if the id was used before and is closed.
    pub workflow_id_reuse_policy: WorkflowIdReusePolicy,
    /// What if the id is running.
    pub workflow_id_conflict_policy: WorkflowIdConflictPolicy,
    /// Retries of the execution.
    pub retry_policy: Option<RetryPolicy>,
    /// How long the first workflow task waits.
    pub start_delay: Timeout,
    /// Names the request: one with the same is the same.
    pub request_id: Option<String>,
}

/// What if a Workflow Id was used before and is closed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum WorkflowIdReusePolicy {
    #[default]
    AllowDuplicate,
    AllowDuplicateFailedOnly,
    RejectDuplicate,
    TerminateIfRunning,
}

/// What if a Workflow Id is running.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum WorkflowIdConflictPolicy {
    /// The server's default: as `FAIL`.
    #[default]
    Unspecified,
    Fail,
    UseExisting,
    TerminateExisting,
}

options! {
    /// `start`
    Start {
        /// The workflow type.
        start: String,
        /// The Workflow Id.
        workflow_id: String,
        #[serde(flatten)]
        /// The rest.
        options: StartOptions,
    }
}

options! {
    /// `signal`
    Signal {
        /// The Workflow Id.
        signal: String,
        /// The signal's name.
        name: String,
        #[serde(default)]
        /// Which run; the current one if not given.
        run: Option<RunNumber>,
        #[serde(default)]
        /// The argument.
        input: Option<Json>,
        #[serde(default)]
        /// Names the request: one with the same is the same.
        request_id: Option<String>,
    }
}

options! {
    /// `signal_with_start`
    SignalWithStart {
        /// The workflow type.
        signal_with_start: String,
        /// The Workflow Id.
        workflow_id: String,
        /// The signal's name.
        signal: String,
        #[serde(default)]
        /// The signal's argument.
        signal_input: Option<Json>,
        #[serde(flatten)]
        /// The rest.
        options: StartOptions,
    }
}

/// A run of a Workflow Id by number, from 1, in the order in which the runs were made.
pub type RunNumber = u32;

options! {
    /// `cancel`
    Cancel {
        /// The Workflow Id.
        cancel: String,
        #[serde(default)]
        /// Which run; the current one if not given.
        run: Option<RunNumber>,
        #[serde(default)]
        /// Only if the current run's chain began with this run.
        first_run: Option<RunNumber>,
        #[serde(default)]
        /// Why.
        reason: Option<String>,
    }
}

options! {
    /// `terminate`
    Terminate {
        /// The Workflow Id.
        terminate: String,
        #[serde(default)]
        /// Which run; the current one if not given.
        run: Option<RunNumber>,
        #[serde(default)]
        /// Only if the current run's chain began with this run.
        first_run: Option<RunNumber>,
        #[serde(default)]
        /// Why.
        reason: Option<String>,
        #[serde(default)]
        /// More about it.
        details: Option<Json>,
    }
}

options! {
    /// `reset`
    Reset {
        /// The Workflow Id.
        reset: String,
        #[serde(default)]
        /// Which run; the current one if not given.
        run: Option<RunNumber>,
        #[serde(default)]
        /// The event to reset to: the new run keeps those before it.
        event_id: Option<u32>,
        #[serde(default)]
        /// Where to reset to, instead of an event's number.
        r#type: Option<ResetType>,
        #[serde(default)]
        /// Why; it is recorded.
        reason: Option<String>,
        #[serde(default)]
        /// What happened after the point and shall not happen again in the new run.
        reapply_exclude: Vec<ReapplyExclude>,
    }
}

/// Where the `temporal` CLI's `--type` resets to (B26).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize, JsonSchema)]
pub enum ResetType {
    /// The first completed workflow task.
    FirstWorkflowTask,
    /// The last completed workflow task.
    LastWorkflowTask,
}

/// What a reset can leave out (B18).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub enum ReapplyExclude {
    Signal,
    Update,
    Nexus,
    CancelRequest,
}

options! {
    /// `describe`
    Describe {
        /// The Workflow Id.
        describe: String,
        #[serde(default)]
        /// Which run; the current one if not given.
        run: Option<RunNumber>,
    }
}

options! {
    /// `wait_for_close`
    WaitForClose {
        /// The Workflow Id.
        wait_for_close: String,
    }
}

options! {
    /// `complete_activity`
    CompleteActivity {
        /// The activity id.
        complete_activity: String,
        /// The Workflow Id.
        workflow_id: String,
        #[serde(default)]
        /// The result.
        result: Option<Json>,
    }
}

options! {
    /// `fail_activity`
    FailActivity {
        /// The activity id.
        fail_activity: String,
        /// The Workflow Id.
        workflow_id: String,
        /// The failure's message.
        message: String,
    }
}

options! {
    /// `cancel_activity`
    CancelActivity {
        /// The activity id.
        cancel_activity: String,
        /// The Workflow Id.
        workflow_id: String,
        #[serde(default)]
        /// More about it.
        details: Option<Json>,
    }
}

options! {
    /// `heartbeat_activity`
    HeartbeatActivity {
        /// The activity id.
        heartbeat_activity: String,
        /// The Workflow Id.
        workflow_id: String,
        #[serde(default)]
        /// The heartbeat's details.
        details: Option<Json>,
    }
}

options! {
    /// `deploy`
    Deploy {
        /// The workflow's type.
        deploy: String,
        /// The version that is deployed.
        version: String,
        #[serde(default)]
        /// To which worker; to all if not given.
        worker: Option<String>,
    }
}

/// The event that a client waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct When {
    /// The event type, as in `WorkflowTaskStarted`.
    pub event: String,
    /// In whose history; in any if not given.
    pub workflow_id: Option<String>,
    /// Until there are this many of them in one run; 1 if not given.
    pub count: u32,
    /// In which run; in any if not given.
    pub run: Option<RunNumber>,
}

options! {
    /// The refusal that is expected of a step.
    FailsWith {
        /// The gRPC status code, as in `NOT_FOUND`.
        code: String,
        #[serde(default)]
        /// The whole message.
        message: Option<String>,
    }
}

/// A worker.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Worker {
    /// Its identity.
    pub name: String,
    /// The task queue that it polls.
    pub task_queue: String,
    /// The workflow types that it has; none means: it does not poll for workflow tasks. All if not
    /// given.
    pub workflows: Option<Vec<String>>,
    /// The activity types that it has; none means: it does not poll for activity tasks. All if not
    /// given.
    pub activities: Option<Vec<String>>,
    /// The versions that it begins with, by workflow type; the first of the file if not given.
    pub versions: BTreeMap<String, String>,
    /// Whether it keeps workflows in a cache and has their tasks on a queue of its own.
    pub sticky: bool,
    /// How long a task waits on that queue before it goes to the normal one.
    pub sticky_schedule_to_start_timeout: Span,
    /// How many workflow tasks it works on at a time.
    pub max_concurrent_workflow_tasks: u32,
    /// How many activities it runs at a time.
    pub max_concurrent_activities: u32,
    /// How long it takes to answer a workflow task.
    pub workflow_task_latency: Span,
    /// The longest time between two heartbeats that are sent.
    pub max_heartbeat_throttle_interval: Span,
    /// The time between two heartbeats that are sent, for activities without a heartbeat timeout.
    pub default_heartbeat_throttle_interval: Span,
    /// Whether it must be started by a `start_worker` step.
    pub stopped: bool,
}

impl Default for Worker {
    fn default() -> Self {
        Self {
            name: "worker".to_owned(),
            task_queue: DEFAULT_TASK_QUEUE.to_owned(),
            workflows: None,
            activities: None,
            versions: BTreeMap::new(),
            sticky: true,
            sticky_schedule_to_start_timeout: Span(Duration::from_secs(10)),
            max_concurrent_workflow_tasks: 100,
            max_concurrent_activities: 100,
            workflow_task_latency: Span(Duration::ZERO),
            max_heartbeat_throttle_interval: Span(Duration::from_secs(60)),
            default_heartbeat_throttle_interval: Span(Duration::from_secs(30)),
            stopped: false,
        }
    }
}

/// The task queue of everything that names none.
pub const DEFAULT_TASK_QUEUE: &str = "main";

/// What must be true of a run at the end of a scenario.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// Where in the file.
    pub at: Location,
    /// What is expected.
    pub of: RunExpectation,
}

options! {
    /// What is expected of one run.
    RunExpectation {
        /// Whose run.
        workflow_id: String,
        #[serde(default)]
        /// Which one; the last if not given.
        run: Option<RunNumber>,
        #[serde(default)]
        /// Its status, as in `Canceled`.
        status: Option<String>,
        #[serde(default)]
        /// Its result.
        result: Option<Json>,
        #[serde(default)]
        /// What its failure's message contains.
        failure: Option<String>,
        #[serde(default)]
        /// Event types that its history has in this order, whatever stands between.
        events: Vec<String>,
        #[serde(default)]
        /// Event types that its history does not have.
        never: Vec<String>,
    }
}
