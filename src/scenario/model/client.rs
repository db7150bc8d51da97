//! What stands beside the actions of clients.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Json, RetryPolicy, Timeout};

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
    /// Notes that are kept with the execution, by name.
    pub memo: BTreeMap<String, Json>,
    /// What interceptors pass on beside the argument, by name.
    pub header: BTreeMap<String, Json>,
    /// How long the first workflow task waits.
    pub start_delay: Timeout,
    /// When it runs, again and again: five fields, or `@every 5s`, `@daily` and the like, in UTC.
    pub cron_schedule: Option<String>,
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
        /// What interceptors pass on beside the argument, by name.
        header: BTreeMap<String, Json>,
        #[serde(default)]
        /// Names the request: one with the same is the same.
        request_id: Option<String>,
    }
}

options! {
    /// `update`
    Update {
        /// The Workflow Id.
        update: String,
        /// The update's name.
        name: String,
        #[serde(default)]
        /// The argument.
        input: Option<Json>,
        #[serde(default)]
        /// What interceptors pass on beside the argument, by name.
        header: BTreeMap<String, Json>,
        #[serde(default)]
        /// Names the update: one with the same is the same.
        update_id: Option<String>,
        #[serde(default)]
        /// Which run; the current one if not given.
        run: Option<RunNumber>,
        #[serde(default)]
        /// Only if the run's chain began with this run.
        first_run: Option<RunNumber>,
        #[serde(default)]
        /// How far the update must get before the client goes on.
        wait_for: WaitFor,
        #[serde(default)]
        /// The result that the update must have; not asked for if not given.
        result: Option<Json>,
        #[serde(default)]
        /// What the message of the update's failure must contain.
        failure: Option<String>,
    }
}

/// How far an update must get before its client goes on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Deserialize, JsonSchema)]
pub enum WaitFor {
    /// A worker has accepted it, or refused.
    Accepted,
    /// It has ended.
    #[default]
    Completed,
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
    /// `query`
    Query {
        /// The Workflow Id.
        query: String,
        /// What is asked: the query's type.
        name: String,
        #[serde(default)]
        /// Which run; the current one if not given.
        run: Option<RunNumber>,
        #[serde(default)]
        /// The argument.
        input: Option<Json>,
        #[serde(default)]
        /// Which runs are not asked.
        reject_condition: QueryRejectCondition,
    }
}

/// Which runs are not asked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum QueryRejectCondition {
    #[default]
    None,
    NotOpen,
    NotCompletedCleanly,
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

/// What a client's step asks of the server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Asks {
    /// Nothing: it is about workers, or waits.
    Nothing,
    /// What is so.
    ToKnow,
    /// That something becomes otherwise.
    ForChange,
}

/// What befalls the request of a client's step.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize, JsonSchema)]
pub enum RequestFault {
    /// It takes effect, and its answer is lost: the client asks the same again.
    LoseResponse,
    /// It arrives twice, and the second answer is lost.
    DuplicateRequest,
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
