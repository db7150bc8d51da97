//! What a worker asks for when it completes a workflow task.

use crate::history::{Name, Shared};
use crate::official::{command, enums::CommandType};

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
    /// A command of this type whose attributes are not there, which no server carries out.
    WithoutAttributes(CommandType),
    /// Where among the commands a message about an update takes effect (G4).
    ProtocolMessage {
        message_id: Name,
    },
}

impl Command {
    /// Its official type.
    pub fn command_type(&self) -> CommandType {
        match self {
            Self::ScheduleActivityTask(_) => CommandType::ScheduleActivityTask,
            Self::RequestCancelActivityTask { .. } => CommandType::RequestCancelActivityTask,
            Self::StartTimer(_) => CommandType::StartTimer,
            Self::CancelTimer(_) => CommandType::CancelTimer,
            Self::CompleteWorkflowExecution(_) => CommandType::CompleteWorkflowExecution,
            Self::FailWorkflowExecution(_) => CommandType::FailWorkflowExecution,
            Self::CancelWorkflowExecution(_) => CommandType::CancelWorkflowExecution,
            Self::ContinueAsNewWorkflowExecution(_) => CommandType::ContinueAsNewWorkflowExecution,
            Self::StartChildWorkflowExecution(_) => CommandType::StartChildWorkflowExecution,
            Self::RequestCancelExternalWorkflowExecution(_) => {
                CommandType::RequestCancelExternalWorkflowExecution
            }
            Self::SignalExternalWorkflowExecution(_) => {
                CommandType::SignalExternalWorkflowExecution
            }
            Self::RecordMarker(_) => CommandType::RecordMarker,
            Self::UpsertWorkflowSearchAttributes(_) => CommandType::UpsertWorkflowSearchAttributes,
            Self::ModifyWorkflowProperties(_) => CommandType::ModifyWorkflowProperties,
            Self::ProtocolMessage { .. } => CommandType::ProtocolMessage,
            Self::WithoutAttributes(of_type) => *of_type,
        }
    }

    /// The name that the server's messages use, as in `CompleteWorkflowExecution` (R22).
    pub fn type_name(&self) -> &'static str {
        match self.command_type() {
            CommandType::Unspecified => "Unspecified",
            CommandType::ScheduleActivityTask => "ScheduleActivityTask",
            CommandType::RequestCancelActivityTask => "RequestCancelActivityTask",
            CommandType::StartTimer => "StartTimer",
            CommandType::CancelTimer => "CancelTimer",
            CommandType::CompleteWorkflowExecution => "CompleteWorkflowExecution",
            CommandType::FailWorkflowExecution => "FailWorkflowExecution",
            CommandType::CancelWorkflowExecution => "CancelWorkflowExecution",
            CommandType::ContinueAsNewWorkflowExecution => "ContinueAsNewWorkflowExecution",
            CommandType::StartChildWorkflowExecution => "StartChildWorkflowExecution",
            CommandType::RequestCancelExternalWorkflowExecution => {
                "RequestCancelExternalWorkflowExecution"
            }
            CommandType::SignalExternalWorkflowExecution => "SignalExternalWorkflowExecution",
            CommandType::RecordMarker => "RecordMarker",
            CommandType::UpsertWorkflowSearchAttributes => "UpsertWorkflowSearchAttributes",
            CommandType::ModifyWorkflowProperties => "ModifyWorkflowProperties",
            CommandType::ProtocolMessage => "ProtocolMessage",
            CommandType::ScheduleNexusOperation => "ScheduleNexusOperation",
            CommandType::RequestCancelNexusOperation => "RequestCancelNexusOperation",
        }
    }

    /// The command that an official one stands for; none if it has no attributes, or those of a
    /// type that is not modelled. The attributes count; the type beside them only says which they
    /// are.
    pub fn from_official(sent: command::Command) -> Option<Self> {
        use command::command::Attributes;
        Some(match sent.attributes? {
            Attributes::ScheduleActivityTaskCommandAttributes(attributes) => {
                Self::ScheduleActivityTask(Shared::new(attributes))
            }
            Attributes::RequestCancelActivityTaskCommandAttributes(attributes) => {
                Self::RequestCancelActivityTask {
                    scheduled_event_id: attributes.scheduled_event_id,
                }
            }
            Attributes::StartTimerCommandAttributes(attributes) => {
                Self::StartTimer(Shared::new(attributes))
            }
            Attributes::CancelTimerCommandAttributes(attributes) => {
                Self::CancelTimer(Shared::new(attributes))
            }
            Attributes::CompleteWorkflowExecutionCommandAttributes(attributes) => {
                Self::CompleteWorkflowExecution(Shared::new(attributes))
            }
            Attributes::FailWorkflowExecutionCommandAttributes(attributes) => {
                Self::FailWorkflowExecution(Shared::new(attributes))
            }
            Attributes::CancelWorkflowExecutionCommandAttributes(attributes) => {
                Self::CancelWorkflowExecution(Shared::new(attributes))
            }
            Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(attributes) => {
                Self::ContinueAsNewWorkflowExecution(Shared::new(attributes))
            }
            Attributes::StartChildWorkflowExecutionCommandAttributes(attributes) => {
                Self::StartChildWorkflowExecution(Shared::new(attributes))
            }
            Attributes::RequestCancelExternalWorkflowExecutionCommandAttributes(attributes) => {
                Self::RequestCancelExternalWorkflowExecution(Shared::new(attributes))
            }
            Attributes::SignalExternalWorkflowExecutionCommandAttributes(attributes) => {
                Self::SignalExternalWorkflowExecution(Shared::new(attributes))
            }
            Attributes::RecordMarkerCommandAttributes(attributes) => {
                Self::RecordMarker(Shared::new(attributes))
            }
            Attributes::UpsertWorkflowSearchAttributesCommandAttributes(attributes) => {
                Self::UpsertWorkflowSearchAttributes(Shared::new(attributes))
            }
            Attributes::ModifyWorkflowPropertiesCommandAttributes(attributes) => {
                Self::ModifyWorkflowProperties(Shared::new(attributes))
            }
            Attributes::ProtocolMessageCommandAttributes(attributes) => {
                Self::ProtocolMessage { message_id: attributes.message_id.into() }
            }
            Attributes::ScheduleNexusOperationCommandAttributes(_)
            | Attributes::RequestCancelNexusOperationCommandAttributes(_) => return None,
        })
    }

    /// Whether the command ends the run.
    pub fn closes_the_run(&self) -> bool {
        matches!(
            self.command_type(),
            CommandType::CompleteWorkflowExecution
                | CommandType::FailWorkflowExecution
                | CommandType::CancelWorkflowExecution
                | CommandType::ContinueAsNewWorkflowExecution
        )
    }
}
