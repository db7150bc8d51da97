//! What a client can do.

use super::{Row, of, one};
use crate::scenario::model::{ClientAction, SignalWithStart, Start, StartOptions};

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
            "header",
            "start_delay",
            "cron_schedule",
            "request_id",
        ]
    };
}

/// What a client can do.
pub(in crate::scenario) const CLIENT: &[Row<ClientAction>] = &[
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
        takes: &["run", "input", "header", "request_id"],
        properties: of::<crate::scenario::model::Signal>,
        make: |r, s| r.step(s).map(ClientAction::Signal),
    },
    Row {
        key: "update",
        about: "Updates the execution with this Workflow Id, and waits for the answer.",
        needs: &["name"],
        takes: &[
            "input",
            "header",
            "update_id",
            "run",
            "first_run",
            "wait_for",
            "result",
            "failure",
        ],
        properties: of::<crate::scenario::model::Update>,
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
        properties: of::<crate::scenario::model::Cancel>,
        make: |r, s| r.step(s).map(ClientAction::Cancel),
    },
    Row {
        key: "terminate",
        about: "Terminates the execution with this Workflow Id.",
        needs: &[],
        takes: &["run", "first_run", "reason", "details"],
        properties: of::<crate::scenario::model::Terminate>,
        make: |r, s| r.step(s).map(ClientAction::Terminate),
    },
    Row {
        key: "reset",
        about: "Resets the execution with this Workflow Id to an event, or to a type of place.",
        needs: &[],
        takes: &["run", "event_id", "type", "reason", "reapply_exclude"],
        properties: of::<crate::scenario::model::Reset>,
        make: |r, s| r.step(s).map(ClientAction::Reset),
    },
    Row {
        key: "describe",
        about: "Describes the execution with this Workflow Id: the answer is shown.",
        needs: &[],
        takes: &["run"],
        properties: of::<crate::scenario::model::Describe>,
        make: |r, s| r.step(s).map(ClientAction::Describe),
    },
    Row {
        key: "query",
        about: "Queries the execution with this Workflow Id: the answer is shown.",
        needs: &["name"],
        takes: &["run", "input", "reject_condition"],
        properties: of::<crate::scenario::model::Query>,
        make: |r, s| r.step(s).map(ClientAction::Query),
    },
    Row {
        key: "wait_for_close",
        about: "Waits until the current run of this Workflow Id has closed.",
        needs: &[],
        takes: &[],
        properties: of::<crate::scenario::model::WaitForClose>,
        make: |r, s| r.step(s).map(ClientAction::WaitForClose),
    },
    Row {
        key: "complete_activity",
        about: "Completes the activity with this id.",
        needs: &["workflow_id"],
        takes: &["result"],
        properties: of::<crate::scenario::model::CompleteActivity>,
        make: |r, s| r.step(s).map(ClientAction::CompleteActivity),
    },
    Row {
        key: "fail_activity",
        about: "Fails the activity with this id.",
        needs: &["workflow_id", "message"],
        takes: &[],
        properties: of::<crate::scenario::model::FailActivity>,
        make: |r, s| r.step(s).map(ClientAction::FailActivity),
    },
    Row {
        key: "cancel_activity",
        about: "Reports the activity with this id as canceled.",
        needs: &["workflow_id"],
        takes: &["details"],
        properties: of::<crate::scenario::model::CancelActivity>,
        make: |r, s| r.step(s).map(ClientAction::CancelActivity),
    },
    Row {
        key: "heartbeat_activity",
        about: "Heartbeats for the activity with this id.",
        needs: &["workflow_id"],
        takes: &["details"],
        properties: of::<crate::scenario::model::HeartbeatActivity>,
        make: |r, s| r.step(s).map(ClientAction::HeartbeatActivity),
    },
    Row {
        key: "deploy",
        about: "Gives workers a version of this workflow's code, as a deployment does: they \
                restart.",
        needs: &["version"],
        takes: &["worker"],
        properties: of::<crate::scenario::model::Deploy>,
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
        key: "crash_worker",
        about: "A worker's process dies and starts again at once, with an empty cache: what it has \
                started stays unanswered.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<String>(schemas, "crash_worker"),
        make: |r, s| r.name(s.value).map(ClientAction::CrashWorker),
    },
    Row {
        key: "lose_cache",
        about: "A worker forgets the workflows in its cache, and replays them when they go on.",
        needs: &[],
        takes: &[],
        properties: |schemas| one::<String>(schemas, "lose_cache"),
        make: |r, s| r.name(s.value).map(ClientAction::LoseCache),
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
