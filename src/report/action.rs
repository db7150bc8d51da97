//! A client's step in one line, in the words of the language.

use crate::scenario::model::{ClientAction, ReapplyExclude, Reset, ResetType};

/// What a client asked, as in `cancel greeting run 2 (no longer wanted)`.
pub(super) fn describe(action: &ClientAction) -> String {
    match action {
        ClientAction::Start(step) => format!("start {} {}", step.start, step.workflow_id),
        ClientAction::Signal(step) => {
            format!("signal {}{} {}", step.signal, run(step.run), step.name)
        }
        ClientAction::SignalWithStart(step) => {
            let (workflow_type, signal) = (&step.signal_with_start, &step.signal);
            format!("signal_with_start {workflow_type} {} {signal}", step.workflow_id)
        }
        ClientAction::Cancel(step) => {
            let guard = first_run(step.first_run);
            let reason = because(step.reason.as_deref());
            format!("cancel {}{}{guard}{reason}", step.cancel, run(step.run))
        }
        ClientAction::Terminate(step) => {
            let reason = because(step.reason.as_deref());
            let guard = first_run(step.first_run);
            format!("terminate {}{}{guard}{reason}", step.terminate, run(step.run))
        }
        ClientAction::Reset(step) => {
            let reason = because(step.reason.as_deref());
            let without = without(&step.reapply_exclude);
            format!("reset {}{} to {}{without}{reason}", step.reset, run(step.run), point(step))
        }
        ClientAction::Describe(step) => format!("describe {}{}", step.describe, run(step.run)),
        ClientAction::WaitForClose(step) => format!("wait_for_close {}", step.wait_for_close),
        ClientAction::CompleteActivity(step) => {
            format!("complete_activity {} of {}", step.complete_activity, step.workflow_id)
        }
        ClientAction::FailActivity(step) => {
            let (activity, workflow) = (&step.fail_activity, &step.workflow_id);
            format!("fail_activity {activity} of {workflow} ({})", step.message)
        }
        ClientAction::CancelActivity(step) => {
            format!("cancel_activity {} of {}", step.cancel_activity, step.workflow_id)
        }
        ClientAction::HeartbeatActivity(step) => {
            format!("heartbeat_activity {} of {}", step.heartbeat_activity, step.workflow_id)
        }
        ClientAction::Deploy(step) => match &step.worker {
            Some(worker) => format!("deploy {} {} to {worker}", step.deploy, step.version),
            None => format!("deploy {} {}", step.deploy, step.version),
        },
        ClientAction::StopWorker(name) => format!("stop_worker {name}"),
        ClientAction::StartWorker(name) => format!("start_worker {name}"),
    }
}

fn run(number: Option<u32>) -> String {
    number.map_or_else(String::new, |number| format!(" run {number}"))
}

/// The guard that the current run's chain began with a certain run.
fn first_run(number: Option<u32>) -> String {
    number.map_or_else(String::new, |number| format!(" first run {number}"))
}

/// What a reset shall not let happen again.
fn without(excluded: &[ReapplyExclude]) -> String {
    let names: Vec<String> = excluded.iter().map(|kind| format!("{kind:?}")).collect();
    if names.is_empty() { String::new() } else { format!(" without {}", names.join(", ")) }
}

fn because(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(" ({reason})"))
}

fn point(step: &Reset) -> String {
    match (step.r#type, step.event_id) {
        (Some(ResetType::FirstWorkflowTask), _) => "FirstWorkflowTask".to_owned(),
        (Some(ResetType::LastWorkflowTask), _) => "LastWorkflowTask".to_owned(),
        (None, Some(event_id)) => format!("event {event_id}"),
        (None, None) => "no event".to_owned(),
    }
}
