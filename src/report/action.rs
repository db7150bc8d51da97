//! A client's step in one line, in the words of the language.

use crate::scenario::model::{ClientAction, Reset, ResetType};

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
            format!("cancel {}{}{}", step.cancel, run(step.run), because(step.reason.as_deref()))
        }
        ClientAction::Terminate(step) => {
            let reason = because(step.reason.as_deref());
            format!("terminate {}{}{reason}", step.terminate, run(step.run))
        }
        ClientAction::Reset(step) => {
            let reason = because(step.reason.as_deref());
            format!("reset {}{} to {}{reason}", step.reset, run(step.run), point(step))
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
