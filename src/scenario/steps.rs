//! The one table that tells which key makes which step.
//!
//! The parser and the JSON Schema both go by it, so that neither knows a key that the other does
//! not. A step is one action key with its options beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::duration::Span;
use super::model::{
    ActivityAction, ActivityOptions, ActivityStep, ByAttempt, ById, ChildOptions, ClientAction,
    ClientStep, ExecuteActivity, ExecuteChildWorkflow, ExecuteLocalActivity, Json,
    LocalActivityOptions, Official, Repeat, SignalWithStart, Start, StartActivity, StartBranch,
    StartChildWorkflow, StartLocalActivity, StartOptions, Try, WorkflowAction, WorkflowStep,
};
use super::parse::{Reader, StepNode};
use super::source::Location;
use crate::official::command;

/// One action: its key, and what may stand beside it.
pub(super) struct Row<A> {
    /// The action key.
    pub(super) key: &'static str,
    /// What it does.
    pub(super) about: &'static str,
    /// Options that must be there.
    pub(super) needs: &'static [&'static str],
    /// Options that may be there.
    pub(super) takes: &'static [&'static str],
    /// The schema of the key and each option.
    pub(super) properties: fn(&mut SchemaGenerator) -> Map<String, Value>,
    /// Reads the step.
    pub(super) make: fn(&mut Reader, &StepNode<'_>) -> Option<A>,
}

impl<A> Row<A> {
    /// Whether `key` is an option of this action.
    pub(super) fn has_option(&self, key: &str) -> bool {
        self.needs.contains(&key) || self.takes.contains(&key)
    }
}

/// A kind of step: of a workflow, an activity or a client.
pub(super) trait Step: Sized + 'static {
    /// What its steps do.
    type Action;
    /// Its actions.
    const ROWS: &'static [Row<Self::Action>];
    /// Options of every action.
    const SHARED: &'static [&'static str];
    /// Whose steps these are, in words.
    const OWNER: &'static str;
    /// The name of the schema of a list of such steps.
    const SCHEMA: &'static str;

    /// Puts a step together; reads the shared options.
    fn make(reader: &mut Reader, node: &StepNode<'_>, at: Location, action: Self::Action) -> Self;
}

impl Step for WorkflowStep {
    type Action = WorkflowAction;
    const ROWS: &'static [Row<WorkflowAction>] = WORKFLOW;
    const SHARED: &'static [&'static str] = &[];
    const OWNER: &'static str = "workflows";
    const SCHEMA: &'static str = "WorkflowSteps";

    fn make(_: &mut Reader, _: &StepNode<'_>, at: Location, action: WorkflowAction) -> Self {
        Self { at, action }
    }
}

impl Step for ActivityStep {
    type Action = ActivityAction;
    const ROWS: &'static [Row<ActivityAction>] = ACTIVITY;
    const SHARED: &'static [&'static str] = &[];
    const OWNER: &'static str = "activities";
    const SCHEMA: &'static str = "ActivitySteps";

    fn make(_: &mut Reader, _: &StepNode<'_>, at: Location, action: ActivityAction) -> Self {
        Self { at, action }
    }
}

impl Step for ClientStep {
    type Action = ClientAction;
    const ROWS: &'static [Row<ClientAction>] = CLIENT;
    const SHARED: &'static [&'static str] = &["at", "after", "when", "fails_with", "identity"];
    const OWNER: &'static str = "clients";
    const SCHEMA: &'static str = "ClientSteps";

    fn make(reader: &mut Reader, node: &StepNode<'_>, at: Location, action: ClientAction) -> Self {
        let timing = reader.timing(node);
        let fails_with = reader.fails_with(node);
        let identity = reader.option(node, "identity").flatten();
        Self { at, action, identity, timing, fails_with }
    }
}

/// The options of activities: the fields of [`ActivityOptions`].
macro_rules! activity_options {
    ($($more:literal),*) => {
        &[
            $($more,)*
            "schedule_to_close_timeout",
            "schedule_to_start_timeout",
            "start_to_close_timeout",
            "heartbeat_timeout",
            "retry_policy",
            "cancellation_type",
            "task_queue",
            "activity_id",
            "input",
        ]
    };
}

/// The options of local activities: the fields of [`LocalActivityOptions`].
macro_rules! local_activity_options {
    ($($more:literal),*) => {
        &[
            $($more,)*
            "schedule_to_close_timeout",
            "start_to_close_timeout",
            "retry_policy",
            "cancellation_type",
            "input",
        ]
    };
}

/// The options of child workflows: the fields of [`ChildOptions`].
macro_rules! child_options {
    ($($more:literal),*) => {
        &[
            $($more,)*
            "workflow_id",
            "task_queue",
            "input",
            "workflow_execution_timeout",
            "workflow_run_timeout",
            "workflow_task_timeout",
            "parent_close_policy",
            "cancellation_type",
            "retry_policy",
            "workflow_id_reuse_policy",
            "cron_schedule",
        ]
    };
}

/// The options of starts: the fields of [`StartOptions`].
macro_rules! start_options {
    ($($more:literal),*) => {
        &[
            $($more,)*
            "task_queue",
            "input",
            "workflow_execution_timeout",
            "workflow_run_timeout",
            "workflow_task_timeout",
            "workflow_id_reuse_policy",
            "workflow_id_conflict_policy",
            "retry_policy",
            "memo",
            "start_delay",
            "cron_schedule",
            "request_id",
        ]
    };
}

/// What a workflow can do.
pub(super) const WORKFLOW: &[Row<WorkflowAction>] = &[
    Row {
        key: "sleep",
        about: "Starts a timer and waits for it.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<Span>(schemas, "sleep"),
        make: |r, s| Some(WorkflowAction::Sleep(r.decode::<Span>(s.value)?.0)),
    },
    Row {
        key: "start_timer",
        about: "Starts a timer and goes on.",
        needs: &["as"],
        takes: &["timer_id"],
        properties: of::<super::model::StartTimer>,
        make: |r, s| r.step(s).map(WorkflowAction::StartTimer),
    },
    Row {
        key: "start_activity",
        about: "Schedules an activity and goes on.",
        needs: &[],
        takes: activity_options!("as"),
        properties: of::<StartActivity>,
        make: |r, s| {
            let (start_activity, r#as) = (r.name(s.value)?, r.option(s, "as")?);
            let options: ActivityOptions = r.options(s)?;
            Some(WorkflowAction::StartActivity(StartActivity { start_activity, r#as, options }))
        },
    },
    Row {
        key: "execute_activity",
        about: "Schedules an activity and waits for its result.",
        needs: &[],
        takes: activity_options!(),
        properties: of::<ExecuteActivity>,
        make: |r, s| {
            let execute_activity = r.name(s.value)?;
            let options: ActivityOptions = r.options(s)?;
            Some(WorkflowAction::ExecuteActivity(ExecuteActivity { execute_activity, options }))
        },
    },
    Row {
        key: "start_local_activity",
        about: "Starts a local activity and goes on.",
        needs: &[],
        takes: local_activity_options!("as"),
        properties: of::<StartLocalActivity>,
        make: |r, s| {
            let start_local_activity = r.name(s.value)?;
            let r#as = r.option(s, "as")?;
            let options: LocalActivityOptions = r.options(s)?;
            Some(WorkflowAction::StartLocalActivity(StartLocalActivity {
                start_local_activity,
                r#as,
                options,
            }))
        },
    },
    Row {
        key: "execute_local_activity",
        about: "Runs a local activity and waits for its result.",
        needs: &[],
        takes: local_activity_options!(),
        properties: of::<ExecuteLocalActivity>,
        make: |r, s| {
            let execute_local_activity = r.name(s.value)?;
            let options: LocalActivityOptions = r.options(s)?;
            Some(WorkflowAction::ExecuteLocalActivity(ExecuteLocalActivity {
                execute_local_activity,
                options,
            }))
        },
    },
    Row {
        key: "start_child_workflow",
        about: "Starts a child workflow and goes on, without waiting for its start.",
        needs: &[],
        takes: child_options!("as"),
        properties: of::<StartChildWorkflow>,
        make: |r, s| {
            let start_child_workflow = r.name(s.value)?;
            let r#as = r.option(s, "as")?;
            let options: ChildOptions = r.options(s)?;
            Some(WorkflowAction::StartChildWorkflow(StartChildWorkflow {
                start_child_workflow,
                r#as,
                options,
            }))
        },
    },
    Row {
        key: "execute_child_workflow",
        about: "Starts a child workflow and waits for its result.",
        needs: &[],
        takes: child_options!(),
        properties: of::<ExecuteChildWorkflow>,
        make: |r, s| {
            let execute_child_workflow = r.name(s.value)?;
            let options: ChildOptions = r.options(s)?;
            Some(WorkflowAction::ExecuteChildWorkflow(ExecuteChildWorkflow {
                execute_child_workflow,
                options,
            }))
        },
    },
    Row {
        key: "wait_for_start",
        about: "Waits until a child workflow has started, or could not.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<String>(schemas, "wait_for_start"),
        make: |r, s| r.name(s.value).map(WorkflowAction::WaitForStart),
    },
    Row {
        key: "wait_for",
        about: "Waits for a handle, or for every one of a list; raises the first failure among \
                them, in the order given.",
        needs: &[],
        takes: &[],
        properties: |_| property("wait_for", one_or_more_names()),
        make: |r, s| r.names(s.value).map(WorkflowAction::WaitFor),
    },
    Row {
        key: "wait_for_any",
        about: "Waits for the first of a list of handles; raises if that one failed.",
        needs: &[],
        takes: &[],
        properties: |_| property("wait_for_any", one_or_more_names()),
        make: |r, s| r.names(s.value).map(WorkflowAction::WaitForAny),
    },
    Row {
        key: "wait_signal",
        about: "Waits for a signal that has not been taken yet, and takes it.",
        needs: &[],
        takes: &["timeout"],
        properties: of::<super::model::WaitSignal>,
        make: |r, s| r.step(s).map(WorkflowAction::WaitSignal),
    },
    Row {
        key: "wait_for_workflow_task",
        about: "Waits for the next workflow task, whatever it brings. A cancel is not raised here.",
        needs: &[],
        takes: &[],
        properties: |_| property("wait_for_workflow_task", nothing()),
        make: |r, s| r.nothing(s).map(|()| WorkflowAction::WaitForWorkflowTask),
    },
    Row {
        key: "heartbeat_workflow_task",
        about: "Ends the workflow task and goes on in another, which it asks for at once.",
        needs: &[],
        takes: &[],
        properties: |_| property("heartbeat_workflow_task", nothing()),
        make: |r, s| r.nothing(s).map(|()| WorkflowAction::HeartbeatWorkflowTask),
    },
    Row {
        key: "hang",
        about: "Never goes on, unless cancelled.",
        needs: &[],
        takes: &[],
        properties: |_| property("hang", nothing()),
        make: |r, s| r.nothing(s).map(|()| WorkflowAction::Hang),
    },
    Row {
        key: "cancel",
        about: "Cancels a handle: a timer, an activity, a child workflow, a branch.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<String>(schemas, "cancel"),
        make: |r, s| r.name(s.value).map(WorkflowAction::Cancel),
    },
    Row {
        key: "start_branch",
        about: "Runs steps beside the ones that follow.",
        needs: &[],
        takes: &["as"],
        properties: |schemas| {
            let mut properties = steps::<WorkflowStep>(schemas, "start_branch");
            properties.extend(one::<String>(schemas, "as"));
            properties
        },
        make: |r, s| {
            let (steps, handle) = (r.some_steps(s.value)?, r.option(s, "as")?);
            Some(WorkflowAction::StartBranch(StartBranch { steps, handle }))
        },
    },
    Row {
        key: "shield",
        about: "Runs steps that a cancel from outside does not reach; it is delivered after them.",
        needs: &[],
        takes: &[],
        properties: |schemas| steps::<WorkflowStep>(schemas, "shield"),
        make: |r, s| r.some_steps(s.value).map(WorkflowAction::Shield),
    },
    Row {
        key: "try",
        about: "Runs steps and catches what they raise.",
        needs: &[],
        takes: &["on_cancel", "on_failure", "finally"],
        properties: tried::<WorkflowStep>,
        make: |r, s| try_steps(r, s).map(WorkflowAction::Try),
    },
    Row {
        key: "raise",
        about: "Raises again what the enclosing `on_cancel` or `on_failure` caught.",
        needs: &[],
        takes: &[],
        properties: |_| property("raise", nothing()),
        make: |r, s| r.nothing(s).map(|()| WorkflowAction::Raise),
    },
    Row {
        key: "fail",
        about: "Fails with an application failure that has this message.",
        needs: &[],
        takes: &["type", "non_retryable", "next_retry_delay", "details", "failure"],
        properties: of::<super::model::Fail>,
        make: |r, s| r.step(s).map(WorkflowAction::Fail),
    },
    Row {
        key: "return",
        about: "Ends the workflow, with a result.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<Json>(schemas, "return"),
        make: |r, s| r.decode(s.value).map(WorkflowAction::Return),
    },
    Row {
        key: "continue_as_new",
        about: "Ends the run and continues as new, as the same workflow type or another.",
        needs: &[],
        takes: &[
            "input",
            "task_queue",
            "workflow_run_timeout",
            "workflow_task_timeout",
            "cron_schedule",
        ],
        properties: of::<super::model::ContinueAsNew>,
        make: |r, s| r.step(s).map(WorkflowAction::ContinueAsNew),
    },
    Row {
        key: "repeat",
        about: "Runs steps again and again: without end, or a number of times.",
        needs: &[],
        takes: &["times"],
        properties: repeated::<WorkflowStep>,
        make: |r, s| repeat(r, s).map(WorkflowAction::Repeat),
    },
    Row {
        key: "by_attempt",
        about: "Runs other steps by the run's attempt, for workflows with a retry policy.",
        needs: &[],
        takes: &[],
        properties: |schemas| property("by_attempt", attempts::<WorkflowStep>(schemas)),
        make: |r, s| by_attempt(r, s).map(WorkflowAction::ByAttempt),
    },
    Row {
        key: "by_workflow_id",
        about: "Runs other steps by the run's Workflow Id.",
        needs: &[],
        takes: &[],
        properties: |_| property("by_workflow_id", ids::<WorkflowStep>()),
        make: |r, s| by_id(r, s).map(WorkflowAction::ByWorkflowId),
    },
    Row {
        key: "signal_external_workflow",
        about: "Signals another execution and waits for the server's word on it.",
        needs: &["signal"],
        takes: &["input"],
        properties: of::<super::model::SignalExternalWorkflow>,
        make: |r, s| r.step(s).map(WorkflowAction::SignalExternalWorkflow),
    },
    Row {
        key: "cancel_external_workflow",
        about: "Cancels another execution and waits for the server's word on it.",
        needs: &[],
        takes: &["reason"],
        properties: of::<super::model::CancelExternalWorkflow>,
        make: |r, s| r.step(s).map(WorkflowAction::CancelExternalWorkflow),
    },
    Row {
        key: "record_marker",
        about: "Records a marker.",
        needs: &[],
        takes: &["details"],
        properties: of::<super::model::RecordMarker>,
        make: |r, s| r.step(s).map(WorkflowAction::RecordMarker),
    },
    Row {
        key: "set_query_result",
        about: "Sets what a query is answered with from here on.",
        needs: &["value"],
        takes: &[],
        properties: of::<super::model::SetQueryResult>,
        make: |r, s| r.step(s).map(WorkflowAction::SetQueryResult),
    },
    Row {
        key: "block",
        about: "Keeps the worker busy: the workflow task stays started for this long.",
        needs: &[],
        takes: &["times"],
        properties: of::<super::model::Block>,
        make: |r, s| r.step(s).map(WorkflowAction::Block),
    },
    Row {
        key: "fail_workflow_task",
        about: "Fails the workflow task with this message, as a bug in workflow code does.",
        needs: &[],
        takes: &["times", "cause", "failure"],
        properties: of::<super::model::FailWorkflowTask>,
        make: |r, s| r.step(s).map(Box::new).map(WorkflowAction::FailWorkflowTask),
    },
    Row {
        key: "command",
        about: "Sends a command as it is written, in Temporal's official JSON form.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<Official<command::Command>>(schemas, "command"),
        make: |r, s| r.decode(s.value).map(Box::new).map(WorkflowAction::Command),
    },
];

/// What an activity can do.
pub(super) const ACTIVITY: &[Row<ActivityAction>] = &[
    Row {
        key: "sleep",
        about: "Waits. A cancel that the activity has learnt of is raised here.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<Span>(schemas, "sleep"),
        make: |r, s| Some(ActivityAction::Sleep(r.decode::<Span>(s.value)?.0)),
    },
    Row {
        key: "heartbeat",
        about: "Heartbeats with details. A cancel that the activity has learnt of is raised here.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<Json>(schemas, "heartbeat"),
        make: |r, s| r.decode(s.value).map(ActivityAction::Heartbeat),
    },
    Row {
        key: "hang",
        about: "Never returns, unless cancelled.",
        needs: &[],
        takes: &[],
        properties: |_| property("hang", nothing()),
        make: |r, s| r.nothing(s).map(|()| ActivityAction::Hang),
    },
    Row {
        key: "fail",
        about: "Fails with an application failure that has this message.",
        needs: &[],
        takes: &["type", "non_retryable", "next_retry_delay", "details", "failure"],
        properties: of::<super::model::Fail>,
        make: |r, s| r.step(s).map(ActivityAction::Fail),
    },
    Row {
        key: "return",
        about: "Ends the activity, with a result.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<Json>(schemas, "return"),
        make: |r, s| r.decode(s.value).map(ActivityAction::Return),
    },
    Row {
        key: "shield",
        about: "Runs steps that a cancel does not interrupt; it is raised after them.",
        needs: &[],
        takes: &[],
        properties: |schemas| steps::<ActivityStep>(schemas, "shield"),
        make: |r, s| r.some_steps(s.value).map(ActivityAction::Shield),
    },
    Row {
        key: "try",
        about: "Runs steps and catches what they raise.",
        needs: &[],
        takes: &["on_cancel", "on_failure", "finally"],
        properties: tried::<ActivityStep>,
        make: |r, s| try_steps(r, s).map(ActivityAction::Try),
    },
    Row {
        key: "raise",
        about: "Raises again what the enclosing `on_cancel` or `on_failure` caught.",
        needs: &[],
        takes: &[],
        properties: |_| property("raise", nothing()),
        make: |r, s| r.nothing(s).map(|()| ActivityAction::Raise),
    },
    Row {
        key: "repeat",
        about: "Runs steps again and again: without end, or a number of times.",
        needs: &[],
        takes: &["times"],
        properties: repeated::<ActivityStep>,
        make: |r, s| repeat(r, s).map(ActivityAction::Repeat),
    },
    Row {
        key: "by_attempt",
        about: "Runs other steps by attempt.",
        needs: &[],
        takes: &[],
        properties: |schemas| property("by_attempt", attempts::<ActivityStep>(schemas)),
        make: |r, s| by_attempt(r, s).map(ActivityAction::ByAttempt),
    },
    Row {
        key: "by_activity_id",
        about: "Runs other steps by the activity's id.",
        needs: &[],
        takes: &[],
        properties: |_| property("by_activity_id", ids::<ActivityStep>()),
        make: |r, s| by_id(r, s).map(ActivityAction::ByActivityId),
    },
];

/// What a client can do.
pub(super) const CLIENT: &[Row<ClientAction>] = &[
    Row {
        key: "start",
        about: "Starts a workflow execution.",
        needs: &["workflow_id"],
        takes: start_options!(),
        properties: of::<Start>,
        make: |r, s| {
            let (start, workflow_id) = (r.name(s.value)?, r.required(s, "workflow_id")?);
            let options: StartOptions = r.options(s)?;
            Some(ClientAction::Start(Box::new(Start { start, workflow_id, options })))
        },
    },
    Row {
        key: "signal",
        about: "Signals the execution with this Workflow Id.",
        needs: &["name"],
        takes: &["run", "input", "request_id"],
        properties: of::<super::model::Signal>,
        make: |r, s| r.step(s).map(ClientAction::Signal),
    },
    Row {
        key: "update",
        about: "Updates the execution with this Workflow Id, and waits for the answer.",
        needs: &["name"],
        takes: &["input", "update_id", "run", "first_run", "wait_for", "result", "failure"],
        properties: of::<super::model::Update>,
        make: |r, s| r.step(s).map(ClientAction::Update),
    },
    Row {
        key: "signal_with_start",
        about: "Signals an execution, and starts it first if it is not running.",
        needs: &["workflow_id", "signal"],
        takes: start_options!("signal_input"),
        properties: of::<SignalWithStart>,
        make: |r, s| {
            let signal_with_start = r.name(s.value)?;
            let workflow_id = r.required(s, "workflow_id")?;
            let (signal, signal_input) = (r.required(s, "signal")?, r.option(s, "signal_input")?);
            let options: StartOptions = r.options(s)?;
            Some(ClientAction::SignalWithStart(Box::new(SignalWithStart {
                signal_with_start,
                workflow_id,
                signal,
                signal_input,
                options,
            })))
        },
    },
    Row {
        key: "cancel",
        about: "Requests the cancellation of the execution with this Workflow Id.",
        needs: &[],
        takes: &["run", "first_run", "reason"],
        properties: of::<super::model::Cancel>,
        make: |r, s| r.step(s).map(ClientAction::Cancel),
    },
    Row {
        key: "terminate",
        about: "Terminates the execution with this Workflow Id.",
        needs: &[],
        takes: &["run", "first_run", "reason", "details"],
        properties: of::<super::model::Terminate>,
        make: |r, s| r.step(s).map(ClientAction::Terminate),
    },
    Row {
        key: "reset",
        about: "Resets the execution with this Workflow Id to an event, or to a type of place.",
        needs: &[],
        takes: &["run", "event_id", "type", "reason", "reapply_exclude"],
        properties: of::<super::model::Reset>,
        make: |r, s| r.step(s).map(ClientAction::Reset),
    },
    Row {
        key: "describe",
        about: "Describes the execution with this Workflow Id: the answer is shown.",
        needs: &[],
        takes: &["run"],
        properties: of::<super::model::Describe>,
        make: |r, s| r.step(s).map(ClientAction::Describe),
    },
    Row {
        key: "query",
        about: "Queries the execution with this Workflow Id: the answer is shown.",
        needs: &["name"],
        takes: &["run", "input", "reject_condition"],
        properties: of::<super::model::Query>,
        make: |r, s| r.step(s).map(ClientAction::Query),
    },
    Row {
        key: "wait_for_close",
        about: "Waits until the current run of this Workflow Id has closed.",
        needs: &[],
        takes: &[],
        properties: of::<super::model::WaitForClose>,
        make: |r, s| r.step(s).map(ClientAction::WaitForClose),
    },
    Row {
        key: "complete_activity",
        about: "Completes the activity with this id.",
        needs: &["workflow_id"],
        takes: &["result"],
        properties: of::<super::model::CompleteActivity>,
        make: |r, s| r.step(s).map(ClientAction::CompleteActivity),
    },
    Row {
        key: "fail_activity",
        about: "Fails the activity with this id.",
        needs: &["workflow_id", "message"],
        takes: &[],
        properties: of::<super::model::FailActivity>,
        make: |r, s| r.step(s).map(ClientAction::FailActivity),
    },
    Row {
        key: "cancel_activity",
        about: "Reports the activity with this id as canceled.",
        needs: &["workflow_id"],
        takes: &["details"],
        properties: of::<super::model::CancelActivity>,
        make: |r, s| r.step(s).map(ClientAction::CancelActivity),
    },
    Row {
        key: "heartbeat_activity",
        about: "Heartbeats for the activity with this id.",
        needs: &["workflow_id"],
        takes: &["details"],
        properties: of::<super::model::HeartbeatActivity>,
        make: |r, s| r.step(s).map(ClientAction::HeartbeatActivity),
    },
    Row {
        key: "deploy",
        about: "Gives workers a version of this workflow's code, as a deployment does: they \
                restart.",
        needs: &["version"],
        takes: &["worker"],
        properties: of::<super::model::Deploy>,
        make: |r, s| r.step(s).map(ClientAction::Deploy),
    },
    Row {
        key: "stop_worker",
        about: "Stops a worker: what it has started stays unanswered.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<String>(schemas, "stop_worker"),
        make: |r, s| r.name(s.value).map(ClientAction::StopWorker),
    },
    Row {
        key: "start_worker",
        about: "Starts a stopped worker, with an empty cache.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<String>(schemas, "start_worker"),
        make: |r, s| r.name(s.value).map(ClientAction::StartWorker),
    },
    Row {
        key: "pause_worker",
        about: "Keeps a worker from taking tasks; what it has goes on.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<String>(schemas, "pause_worker"),
        make: |r, s| r.name(s.value).map(ClientAction::PauseWorker),
    },
    Row {
        key: "resume_worker",
        about: "Lets a paused worker take tasks again.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<String>(schemas, "resume_worker"),
        make: |r, s| r.name(s.value).map(ClientAction::ResumeWorker),
    },
];

fn try_steps<S: Step>(r: &mut Reader, s: &StepNode<'_>) -> Option<Try<S>> {
    let handlers = ["on_cancel", "on_failure", "finally"];
    if !handlers.iter().any(|handler| s.option(handler).is_some()) {
        r.refuse_try_alone(s);
    }
    let steps = r.some_steps(s.value)?;
    let [on_cancel, on_failure, finally] = handlers.map(|handler| {
        let node = s.option(handler)?.value;
        r.steps(node)
    });
    Some(Try { steps, on_cancel, on_failure, finally })
}

fn repeat<S: Step>(r: &mut Reader, s: &StepNode<'_>) -> Option<Repeat<S>> {
    let steps: Arc<[S]> = r.some_steps(s.value)?;
    let times: Option<u32> = r.option(s, "times")?;
    Some(Repeat { steps, times })
}

fn by_attempt<S: Step>(r: &mut Reader, s: &StepNode<'_>) -> Option<ByAttempt<S>> {
    let mut attempts: BTreeMap<u32, Arc<[S]>> = BTreeMap::new();
    let mut otherwise: Arc<[S]> = Arc::from([]);
    for pair in r.mapping(s.value, "attempts, as in `{1: [...], otherwise: [...]}`")? {
        if pair.key == "otherwise" {
            otherwise = r.steps(pair.value)?;
        } else if let Some(attempt) = r.attempt(&pair) {
            let steps = r.steps(pair.value)?;
            attempts.insert(attempt, steps);
        }
    }
    Some(ByAttempt { attempts, otherwise })
}

fn by_id<S: Step>(r: &mut Reader, s: &StepNode<'_>) -> Option<ById<S>> {
    let mut by = ById { ids: BTreeMap::new(), otherwise: Arc::from([]) };
    for pair in r.mapping(s.value, "ids, as in `{\"5\": [...], otherwise: [...]}`")? {
        let steps = r.steps(pair.value)?;
        if pair.key == "otherwise" {
            by.otherwise = steps;
        } else {
            by.ids.insert(pair.key.to_owned(), steps);
        }
    }
    Some(by)
}

/// The properties of a type that is a whole step.
fn of<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Map<String, Value> {
    match T::json_schema(schemas).remove("properties") {
        Some(Value::Object(properties)) => properties,
        _ => Map::new(),
    }
}

/// A property with the schema of a type.
fn one<T: JsonSchema>(schemas: &mut SchemaGenerator, key: &str) -> Map<String, Value> {
    let schema = schemas.subschema_for::<T>();
    property(key, schema)
}

fn property(key: &str, schema: Schema) -> Map<String, Value> {
    Map::from_iter([(key.to_owned(), schema.to_value())])
}

fn steps<S: Step>(_: &mut SchemaGenerator, key: &str) -> Map<String, Value> {
    property(key, list::<S>())
}

/// A reference to the schema of a list of steps.
pub(super) fn list<S: Step>() -> Schema {
    json_schema!({ "$ref": format!("#/definitions/{}", S::SCHEMA) })
}

fn tried<S: Step>(_: &mut SchemaGenerator) -> Map<String, Value> {
    ["try", "on_cancel", "on_failure", "finally"]
        .into_iter()
        .map(|key| (key.to_owned(), list::<S>().to_value()))
        .collect()
}

fn repeated<S: Step>(_: &mut SchemaGenerator) -> Map<String, Value> {
    let mut properties = property("repeat", list::<S>());
    properties.extend(property("times", json_schema!({ "type": "integer", "minimum": 1 })));
    properties
}

fn attempts<S: Step>(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "properties": { "otherwise": list::<S>() },
        "patternProperties": { "^[1-9][0-9]*$": list::<S>() },
        "additionalProperties": false,
    })
}

fn ids<S: Step>() -> Schema {
    json_schema!({ "type": "object", "additionalProperties": list::<S>() })
}

fn one_or_more_names() -> Schema {
    json_schema!({
        "anyOf": [
            { "type": "string" },
            { "type": "array", "items": { "type": "string" }, "minItems": 1 },
        ],
    })
}

fn nothing() -> Schema {
    json_schema!({ "type": "null" })
}
