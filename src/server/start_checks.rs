//! What is wrong with a start, in the server's words and in the order in which it looks (F10).
//!
//! A start and a signal-with-start look at the same things, in different orders and words.

use super::duration::is_negative;
use super::start::{Asked, terminates_running};
use super::{cron, messages, retry, search_attributes, size};
use crate::api::RpcError;
use crate::api::limits::{MAXIMUM_ID_LENGTH, check_task_queue, too_long};
use crate::clock::Time;
use crate::official::enums::{WorkflowIdConflictPolicy, WorkflowIdReusePolicy};

type Checked = Result<(), RpcError>;

fn invalid(what: &str) -> Checked {
    Err(RpcError::invalid_argument(what.to_owned()))
}

impl Asked<'_> {
    /// Of `StartWorkflowExecution`.
    pub(super) fn validate(&self, namespace: &str, now: Time) -> Checked {
        self.check_workflow_id()?;
        self.check_retry_policy()?;
        self.check_start_delay()?;
        cron::validate(self.cron_schedule, now)?;
        match self.type_name().len() {
            0 => return invalid("WorkflowType is not set on request."),
            1..=MAXIMUM_ID_LENGTH => {}
            _ => return invalid("WorkflowType length exceeds limit."),
        }
        self.check_task_queue()?;
        self.check_timeouts()?;
        if too_long(self.request_id) {
            return invalid("RequestId length exceeds limit.");
        }
        self.check_policies()?;
        self.check_search_attributes(namespace)?;
        self.check_size()
    }

    /// Of `SignalWithStartWorkflowExecution`.
    pub(super) fn validate_with_signal(
        &self,
        namespace: &str,
        signal_name: &str,
        now: Time,
    ) -> Checked {
        cron::validate(self.cron_schedule, now)?;
        self.check_workflow_id()?;
        if signal_name.is_empty() {
            return invalid("signal not set");
        }
        check_length("signal name", signal_name)?;
        if self.type_name().is_empty() {
            return invalid("workflow type not set");
        }
        check_length("workflow type name", self.type_name())?;
        self.check_task_queue()?;
        check_length("Request ID", self.request_id)?;
        self.check_timeouts()?;
        self.check_retry_policy()?;
        self.check_start_delay()?;
        self.check_policies()?;
        if self.conflict() == WorkflowIdConflictPolicy::Fail {
            return invalid(
                "Invalid WorkflowIDConflictPolicy: WORKFLOW_ID_CONFLICT_POLICY_FAIL is not \
                 supported for this operation.",
            );
        }
        self.check_search_attributes(namespace)?;
        self.check_size()
    }

    fn type_name(&self) -> &str {
        self.workflow_type.map_or("", |of_type| &of_type.name)
    }

    fn check_workflow_id(&self) -> Checked {
        if self.workflow_id.is_empty() {
            return Err(messages::workflow_id_not_set());
        }
        check_length("WorkflowId", self.workflow_id)
    }

    fn check_retry_policy(&self) -> Checked {
        self.retry_policy
            .map_or(Ok(()), |policy| retry::validate(policy).map_err(RpcError::invalid_argument))
    }

    /// A cron schedule has a delay of its own (F4).
    fn check_start_delay(&self) -> Checked {
        if self.start_delay.is_some() && !self.cron_schedule.is_empty() {
            return invalid("CronSchedule and WorkflowStartDelay may not be used together.");
        }
        if is_negative(self.start_delay) {
            return invalid(
                "An invalid WorkflowStartDelaySeconds is set on request. cause: negative duration",
            );
        }
        Ok(())
    }

    fn check_task_queue(&self) -> Checked {
        check_task_queue(self.task_queue).map_err(RpcError::invalid_argument)
    }

    fn check_timeouts(&self) -> Checked {
        let timeouts = [
            ("WorkflowExecutionTimeoutSeconds", self.execution_timeout),
            ("WorkflowRunTimeoutSeconds", self.run_timeout),
            ("WorkflowTaskTimeoutSeconds", self.task_timeout),
        ];
        match timeouts.iter().find(|(_, timeout)| is_negative(*timeout)) {
            Some((name, _)) => {
                invalid(&format!("An invalid {name} is set on request. cause: negative duration"))
            }
            None => Ok(()),
        }
    }

    fn check_policies(&self) -> Checked {
        if terminates_running(self.reuse())
            && self.conflict() != WorkflowIdConflictPolicy::Unspecified
        {
            return invalid(
                "Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING \
                 cannot be used together with a WorkflowIDConflictPolicy",
            );
        }
        if self.reuse() == WorkflowIdReusePolicy::RejectDuplicate
            && self.conflict() == WorkflowIdConflictPolicy::TerminateExisting
        {
            return invalid(
                "Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE cannot \
                 be used together with WorkflowIdConflictPolicy \
                 WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING",
            );
        }
        Ok(())
    }

    fn check_size(&self) -> Checked {
        size::check(self.input)?;
        size::check_memo(self.memo)
    }

    fn check_search_attributes(&self, namespace: &str) -> Checked {
        search_attributes::problem(self.search_attributes, namespace)
            .map_or(Ok(()), |what| invalid(&what))
    }
}

fn check_length(what: &str, text: &str) -> Checked {
    let length = text.len();
    if length > MAXIMUM_ID_LENGTH {
        return invalid(&format!(
            "{what} exceeds maximum allowed length ({length}/{MAXIMUM_ID_LENGTH})"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::EPOCH;
    use crate::official::common::WorkflowType;
    use crate::official::workflowservice::{
        SignalWithStartWorkflowExecutionRequest, StartWorkflowExecutionRequest,
    };

    #[test]
    fn the_two_kinds_of_start_look_at_things_in_different_orders() {
        let start = StartWorkflowExecutionRequest {
            cron_schedule: "nonsense".to_owned(),
            ..Default::default()
        };
        let with_signal = SignalWithStartWorkflowExecutionRequest {
            cron_schedule: "nonsense".to_owned(),
            ..Default::default()
        };
        let of_start = Asked::from(&start).validate("default", EPOCH).unwrap_err();
        assert_eq!(of_start.message, "WorkflowId is not set on request.");
        let of_both =
            Asked::from(&with_signal).validate_with_signal("default", "", EPOCH).unwrap_err();
        assert_eq!(of_both.message, "invalid CronSchedule.");
    }

    #[test]
    fn the_two_kinds_of_start_have_different_words() {
        let start = StartWorkflowExecutionRequest {
            workflow_id: "w".to_owned(),
            workflow_type: Some(WorkflowType { name: "x".repeat(1_001) }),
            ..Default::default()
        };
        let of_start = Asked::from(&start).validate("default", EPOCH).unwrap_err();
        assert_eq!(of_start.message, "WorkflowType length exceeds limit.");
        let with_signal = SignalWithStartWorkflowExecutionRequest {
            workflow_id: start.workflow_id.clone(),
            workflow_type: start.workflow_type.clone(),
            ..Default::default()
        };
        let asked = Asked::from(&with_signal);
        let of_both = asked.validate_with_signal("default", "s", EPOCH).unwrap_err();
        assert_eq!(
            of_both.message,
            "workflow type name exceeds maximum allowed length (1001/1000)"
        );
        let unnamed = asked.validate_with_signal("default", "", EPOCH).unwrap_err();
        assert_eq!(unnamed.message, "signal not set");
    }
}
