//! What a worker asks for when it completes a workflow task.

use crate::history::{Name, Shared};
use crate::official::command;

/// One command. Variants are named as the official command types.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Command {
    ScheduleActivityTask(Shared<command::ScheduleActivityTaskCommandAttributes>),
    RequestCancelActivityTask {
        scheduled_event_id: i64,
    },
    StartTimer(Shared<command::StartTimerCommandAttributes>),
    CancelTimer(Shared<command::CancelTimerCommandAttributes>),
    CompleteWorkflowExecution(Shared<command::CompleteWorkflowExecutionCommandAttributes>),
    FailWorkflowExecution(Shared<command::FailWorkflowExecutionCommandAttributes>),
    CancelWorkflowExecution(Shared<command::CancelWorkflowExecutionCommandAttributes>),
    ContinueAsNewWorkflowExecution(
        Shared<command::ContinueAsNewWorkflowExecutionCommandAttributes>,
    ),
    StartChildWorkflowExecution(Shared<command::StartChildWorkflowExecutionCommandAttributes>),
    RequestCancelExternalWorkflowExecution(
        Shared<command::RequestCancelExternalWorkflowExecutionCommandAttributes>,
    ),
    SignalExternalWorkflowExecution(
        Shared<command::SignalExternalWorkflowExecutionCommandAttributes>,
    ),
    RecordMarker(Shared<command::RecordMarkerCommandAttributes>),
    UpsertWorkflowSearchAttributes(
        Shared<command::UpsertWorkflowSearchAttributesCommandAttributes>,
    ),
    ModifyWorkflowProperties(Shared<command::ModifyWorkflowPropertiesCommandAttributes>),
    /// Where among the commands a message about an update takes effect (G4).
    ProtocolMessage {
        message_id: Name,
    },
}

impl Command {
    /// The name that the server's messages use, as in `CompleteWorkflowExecution` (R22).
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::ScheduleActivityTask(_) => "ScheduleActivityTask",
            Self::RequestCancelActivityTask { .. } => "RequestCancelActivityTask",
            Self::StartTimer(_) => "StartTimer",
            Self::CancelTimer(_) => "CancelTimer",
            Self::CompleteWorkflowExecution(_) => "CompleteWorkflowExecution",
            Self::FailWorkflowExecution(_) => "FailWorkflowExecution",
            Self::CancelWorkflowExecution(_) => "CancelWorkflowExecution",
            Self::ContinueAsNewWorkflowExecution(_) => "ContinueAsNewWorkflowExecution",
            Self::StartChildWorkflowExecution(_) => "StartChildWorkflowExecution",
            Self::RequestCancelExternalWorkflowExecution(_) => {
                "RequestCancelExternalWorkflowExecution"
            }
            Self::SignalExternalWorkflowExecution(_) => "SignalExternalWorkflowExecution",
            Self::RecordMarker(_) => "RecordMarker",
            Self::UpsertWorkflowSearchAttributes(_) => "UpsertWorkflowSearchAttributes",
            Self::ModifyWorkflowProperties(_) => "ModifyWorkflowProperties",
            Self::ProtocolMessage { .. } => "ProtocolMessage",
        }
    }

    /// Whether the command ends the run.
    pub fn closes_the_run(&self) -> bool {
        matches!(
            self,
            Self::CompleteWorkflowExecution(_)
                | Self::FailWorkflowExecution(_)
                | Self::CancelWorkflowExecution(_)
                | Self::ContinueAsNewWorkflowExecution(_)
        )
    }
}
