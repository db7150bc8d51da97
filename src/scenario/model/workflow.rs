//! What stands beside the actions of workflows and activities.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::duration::Span;
use super::{Json, Official, WorkflowIdReusePolicy, WorkflowTaskFailedCause};
use crate::official::failure;

options! {
    /// `start_timer`
    StartTimer {
        /// How long until it fires.
        start_timer: Span,
        /// The handle's name.
        r#as: String,
        #[serde(default)]
        /// Another id than the running number.
        timer_id: Option<String>,
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
    /// What interceptors pass on beside the argument, by name.
    pub header: BTreeMap<String, Json>,
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
    /// What interceptors pass on beside the argument, by name.
    pub header: BTreeMap<String, Json>,
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
    /// When it runs, again and again.
    pub cron_schedule: Option<String>,
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
        #[serde(default)]
        /// What else the failure says, as a whole: its source, its stack trace, its cause, or that
        /// it is of another kind.
        failure: Option<Box<Official<failure::Failure>>>,
    }
}

options! {
    /// `block`
    Block {
        /// For how long.
        block: Span,
        #[serde(default)]
        /// How many times it happens, counted over the tasks that reach it; always if not given.
        times: Option<u32>,
    }
}

options! {
    /// `set_query_result`
    SetQueryResult {
        /// The query, as the workflow's `queries` name it.
        set_query_result: String,
        /// What it is answered with.
        value: Json,
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
        /// What interceptors pass on beside the argument, by name.
        header: BTreeMap<String, Json>,
        #[serde(default)]
        /// The new run's task queue; the same if not given.
        task_queue: Option<String>,
        #[serde(default)]
        /// The new run's timeout.
        workflow_run_timeout: Option<Span>,
        #[serde(default)]
        /// The new run's workflow task timeout.
        workflow_task_timeout: Option<Span>,
        #[serde(default)]
        /// When the new run is followed by others, again and again; never if not given.
        cron_schedule: Option<String>,
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
        /// Another cause than `WORKFLOW_WORKER_UNHANDLED_FAILURE`.
        cause: Option<WorkflowTaskFailedCause>,
        #[serde(default)]
        /// What else the failure says, as a whole.
        failure: Option<Box<Official<failure::Failure>>>,
        #[serde(default)]
        /// How many times it happens, counted over the tasks that reach it; always if not given.
        times: Option<u32>,
    }
}
