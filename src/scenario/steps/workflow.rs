//! What a workflow can do.

use super::{
    Row, attempts, by_attempt, by_id, ids, nothing, of, one, one_or_more_names, property, repeat,
    repeated, steps, tried, try_steps,
};
use crate::official::command;
use crate::scenario::duration::Span;
use crate::scenario::model::{
    ActivityOptions, ChildOptions, ExecuteActivity, ExecuteChildWorkflow, ExecuteLocalActivity,
    Json, LocalActivityOptions, Official, StartActivity, StartBranch, StartChildWorkflow,
    StartLocalActivity, WorkflowAction, WorkflowStep,
};

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
            "header",
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
            "header",
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

/// What a workflow can do.
pub(in crate::scenario) const WORKFLOW: &[Row<WorkflowAction>] = &[
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
        properties: of::<crate::scenario::model::StartTimer>,
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
        properties: of::<crate::scenario::model::WaitSignal>,
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
        properties: of::<crate::scenario::model::Fail>,
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
            "header",
            "task_queue",
            "workflow_run_timeout",
            "workflow_task_timeout",
            "cron_schedule",
        ],
        properties: of::<crate::scenario::model::ContinueAsNew>,
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
        key: "by_update_id",
        about: "Runs other steps by the id of the update that is handled.",
        needs: &[],
        takes: &[],
        properties: |_| property("by_update_id", ids::<WorkflowStep>()),
        make: |r, s| by_id(r, s).map(WorkflowAction::ByUpdateId),
    },
    Row {
        key: "signal_external_workflow",
        about: "Signals another execution and waits for the server's word on it.",
        needs: &["signal"],
        takes: &["input"],
        properties: of::<crate::scenario::model::SignalExternalWorkflow>,
        make: |r, s| r.step(s).map(WorkflowAction::SignalExternalWorkflow),
    },
    Row {
        key: "cancel_external_workflow",
        about: "Cancels another execution and waits for the server's word on it.",
        needs: &[],
        takes: &["reason"],
        properties: of::<crate::scenario::model::CancelExternalWorkflow>,
        make: |r, s| r.step(s).map(WorkflowAction::CancelExternalWorkflow),
    },
    Row {
        key: "record_marker",
        about: "Records a marker.",
        needs: &[],
        takes: &["details"],
        properties: of::<crate::scenario::model::RecordMarker>,
        make: |r, s| r.step(s).map(WorkflowAction::RecordMarker),
    },
    Row {
        key: "set_query_result",
        about: "Sets what a query is answered with from here on.",
        needs: &["value"],
        takes: &[],
        properties: of::<crate::scenario::model::SetQueryResult>,
        make: |r, s| r.step(s).map(WorkflowAction::SetQueryResult),
    },
    Row {
        key: "block",
        about: "Keeps the worker busy: the workflow task stays started for this long.",
        needs: &[],
        takes: &["times"],
        properties: of::<crate::scenario::model::Block>,
        make: |r, s| r.step(s).map(WorkflowAction::Block),
    },
    Row {
        key: "fail_workflow_task",
        about: "Fails the workflow task with this message, as a bug in workflow code does.",
        needs: &[],
        takes: &["times", "cause", "failure"],
        properties: of::<crate::scenario::model::FailWorkflowTask>,
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
