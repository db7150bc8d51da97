//! What a workflow's code asks of the server: commands, with sdk-core's running numbers.

use std::time::Duration;

use super::compile::task_queue;
use super::op::{CancelEffect, Op, OpId, OpKind, Outcome};
use super::run::{Context, Issued, Run};
use crate::api::Command;
use crate::history::official::NAMESPACE;
use crate::history::{Name, Shared};
use crate::official::{command, common};

impl Run {
    pub(super) fn push_op(&mut self, op: Op) -> OpId {
        self.ops.push(op);
        u32::try_from(self.ops.len() - 1).unwrap_or(u32::MAX)
    }

    pub(super) fn issue(&mut self, op: Option<OpId>, command: Command) {
        self.commands.push_back(Issued { op, command, message: None });
    }

    /// An operation that a cancelled scope keeps from being started: canceled at once, without a
    /// command.
    pub(super) fn refused_op(&mut self, op: Op, ctx: &Context<'_>) -> OpId {
        let raised = op.canceled(ctx.program, self.execution.workflow_id.as_str());
        let id = self.push_op(op);
        self.op_mut(id).state = super::op::OpState::Closed;
        self.resolve(id, Err(raised));
        id
    }

    pub(super) fn start_timer(&mut self, scope: u32, spec: u32, ctx: &Context<'_>) -> OpId {
        let op = Op::new(OpKind::Timer(spec), self.numbers.timer + 1, scope);
        if self.scope_canceled(scope) {
            return self.refused_op(op, ctx);
        }
        self.numbers.timer += 1;
        let timer = &ctx.program.timers[spec as usize];
        let seq = op.seq;
        let none = Name::empty();
        let command =
            timer.start.get(seq, (&none, &none), || command::StartTimerCommandAttributes {
                timer_id: op.id(ctx.program).to_string(),
                start_to_fire_timeout: super::duration::official(timer.duration),
            });
        let id = self.push_op(op);
        self.issue(Some(id), Command::StartTimer(command));
        id
    }

    pub(super) fn start_backoff_timer(&mut self, scope: u32, backoff: Duration) -> OpId {
        self.numbers.timer += 1;
        let seq = self.numbers.timer;
        let id = self.push_op(Op::new(OpKind::Backoff, seq, scope));
        let command = command::StartTimerCommandAttributes {
            timer_id: seq.to_string(),
            start_to_fire_timeout: super::duration::official(backoff),
        };
        self.issue(Some(id), Command::StartTimer(command.into()));
        id
    }

    pub(super) fn start_activity(&mut self, scope: u32, spec: u32, ctx: &Context<'_>) -> OpId {
        let op = Op::new(OpKind::Activity(spec), self.numbers.activity + 1, scope);
        if self.scope_canceled(scope) {
            return self.refused_op(op, ctx);
        }
        self.numbers.activity += 1;
        let activity = &ctx.program.scheduled[spec as usize];
        let queue = activity.task_queue.as_ref().unwrap_or(ctx.task_queue);
        let none = Name::empty();
        let command = activity.schedule.get(op.seq, (queue, &none), || {
            command::ScheduleActivityTaskCommandAttributes {
                activity_id: op.id(ctx.program).to_string(),
                task_queue: Some(task_queue(queue)),
                ..activity.template.clone()
            }
        });
        let id = self.push_op(op);
        self.issue(Some(id), Command::ScheduleActivityTask(command));
        id
    }

    pub(super) fn start_child(&mut self, scope: u32, spec: u32, ctx: &Context<'_>) -> OpId {
        let op = Op::new(OpKind::Child(spec), self.numbers.child + 1, scope);
        if self.scope_canceled(scope) {
            return self.refused_op(op, ctx);
        }
        self.numbers.child += 1;
        let child = &ctx.program.children[spec as usize];
        let queue = child.task_queue.as_ref().unwrap_or(ctx.task_queue);
        let parent = self.execution.workflow_id.name();
        let command = child.start.get(op.seq, (queue, parent), || {
            command::StartChildWorkflowExecutionCommandAttributes {
                workflow_id: op.child_id(ctx.program, spec, parent).to_string(),
                task_queue: Some(task_queue(queue)),
                ..child.template.clone()
            }
        });
        let id = self.push_op(op);
        self.issue(Some(id), Command::StartChildWorkflowExecution(command));
        id
    }

    pub(super) fn signal_external(
        &mut self,
        scope: u32,
        command: &Shared<command::SignalExternalWorkflowExecutionCommandAttributes>,
        ctx: &Context<'_>,
    ) -> OpId {
        let op = Op::new(OpKind::SignalExternal, self.numbers.external + 1, scope);
        if self.scope_canceled(scope) {
            return self.refused_op(op, ctx);
        }
        self.numbers.external += 1;
        let id = self.push_op(op);
        self.issue(Some(id), Command::SignalExternalWorkflowExecution(command.clone()));
        id
    }

    pub(super) fn cancel_external(
        &mut self,
        scope: u32,
        target: &str,
        reason: &str,
        ctx: &Context<'_>,
    ) -> OpId {
        let op = Op::new(OpKind::CancelExternal, self.numbers.external + 1, scope);
        if self.scope_canceled(scope) {
            return self.refused_op(op, ctx);
        }
        self.numbers.external += 1;
        let id = self.push_op(op);
        #[allow(deprecated)] // SDKs still name the namespace
        let command = command::RequestCancelExternalWorkflowExecutionCommandAttributes {
            namespace: NAMESPACE.to_owned(),
            workflow_id: target.to_owned(),
            reason: format!(
                "Cancel requested by workflow with run id {} with reason: {reason}",
                self.execution.run_id
            ),
            ..command::RequestCancelExternalWorkflowExecutionCommandAttributes::default()
        };
        self.issue(Some(id), Command::RequestCancelExternalWorkflowExecution(command.into()));
        id
    }

    pub(super) fn record_marker(
        &mut self,
        command: Shared<command::RecordMarkerCommandAttributes>,
    ) {
        self.issue(None, Command::RecordMarker(command));
    }

    /// A command as it was written; the code learns nothing of what comes of it.
    pub(super) fn send_command(&mut self, command: Command) {
        if command.closes_the_run() {
            self.close(command);
        } else {
            let op = self.push_op(Op::new(OpKind::Command, 0, 0));
            self.issue(Some(op), command);
        }
    }

    /// Cancels an operation as sdk-core does; no more than once, and not when it has ended.
    pub(super) fn cancel_op(&mut self, op: OpId, ctx: &Context<'_>) {
        if matches!(self.op(op).kind, OpKind::Local(..)) {
            self.cancel_local(op, ctx);
            return;
        }
        let effect = self.op_mut(op).cancel(ctx.program);
        match effect {
            CancelEffect::None | CancelEffect::Resolve => {}
            CancelEffect::TakeBack => self.commands.retain(|issued| issued.op != Some(op)),
            CancelEffect::RequestAndResolve | CancelEffect::Request => self.request_cancel(op, ctx),
        }
        // The code resolves a timer that it cancels by itself, at once.
        if self.op(op).is_timer() {
            self.resolve(op, Err(super::op::Raised::Canceled));
        } else if !matches!(effect, CancelEffect::None | CancelEffect::Request) {
            let canceled = self.op(op).canceled(ctx.program, self.execution.workflow_id.as_str());
            self.notify(op, Err(canceled));
        }
    }

    fn request_cancel(&mut self, op: OpId, ctx: &Context<'_>) {
        let at = self.op(op);
        match at.kind {
            OpKind::Timer(spec) => {
                let (seq, timer_id) = (at.seq, at.id(ctx.program));
                let none = Name::empty();
                let cancel = &ctx.program.timers[spec as usize].cancel;
                let command = cancel.get(seq, (&none, &none), || {
                    command::CancelTimerCommandAttributes { timer_id: timer_id.to_string() }
                });
                self.issue(Some(op), Command::CancelTimer(command));
            }
            OpKind::Backoff => {
                let timer_id = at.seq.to_string();
                let command = command::CancelTimerCommandAttributes { timer_id };
                self.issue(Some(op), Command::CancelTimer(command.into()));
            }
            OpKind::Activity(_) => {
                let scheduled_event_id = at.event.map_or(0, i64::from);
                let command = Command::RequestCancelActivityTask { scheduled_event_id };
                self.issue(Some(op), command);
            }
            OpKind::Child(spec) => {
                let parent = self.execution.workflow_id.as_str();
                #[allow(deprecated)] // SDKs still name the namespace
                let command = command::RequestCancelExternalWorkflowExecutionCommandAttributes {
                    namespace: NAMESPACE.to_owned(),
                    workflow_id: at.child_id(ctx.program, spec, parent).to_string(),
                    run_id: at.run_id.map(|run| run.to_string()).unwrap_or_default(),
                    child_workflow_only: true,
                    ..command::RequestCancelExternalWorkflowExecutionCommandAttributes::default()
                };
                let cancel = Op::new(OpKind::CancelChild(op), 0, at.scope);
                let id = self.push_op(cancel);
                let command = Command::RequestCancelExternalWorkflowExecution(command.into());
                self.issue(Some(id), command);
            }
            _ => {}
        }
    }

    /// Main has ended: with a cancellation after a cancel request the workflow is canceled, else
    /// it has completed or failed.
    pub(super) fn end_workflow(&mut self, outcome: Outcome, _: &Context<'_>) {
        let command = match outcome {
            Ok(()) => Command::CompleteWorkflowExecution(Shared::new(
                command::CompleteWorkflowExecutionCommandAttributes::default(),
            )),
            Err(raised) if self.cancel_requested && raised.is_cancellation() => {
                Command::CancelWorkflowExecution(Shared::new(
                    command::CancelWorkflowExecutionCommandAttributes::default(),
                ))
            }
            Err(raised) => {
                let failure = Some(raised.into_failure());
                Command::FailWorkflowExecution(Shared::new(
                    command::FailWorkflowExecutionCommandAttributes { failure },
                ))
            }
        };
        self.close(command);
    }

    pub(super) fn complete_workflow(
        &mut self,
        result: Shared<command::CompleteWorkflowExecutionCommandAttributes>,
    ) {
        self.close(Command::CompleteWorkflowExecution(result));
    }

    pub(super) fn continue_as_new(&mut self, spec: u32, ctx: &Context<'_>) {
        let mut command = ctx.program.successors[spec as usize].template.clone();
        if let Some(started) = &self.started {
            if command.workflow_type.is_none() {
                let name = started.workflow_type.to_string();
                command.workflow_type = Some(common::WorkflowType { name });
            }
            // sdk-core carries these over; the server would not (F5).
            command.memo = started.memo.as_deref().cloned();
            command.search_attributes = started.search_attributes.as_deref().cloned();
            command.retry_policy =
                started.retry_policy.as_ref().map(|policy| common::RetryPolicy {
                    initial_interval: super::duration::official(policy.initial_interval),
                    backoff_coefficient: policy.backoff_coefficient,
                    maximum_interval: super::duration::official(policy.maximum_interval),
                    maximum_attempts: i32::try_from(policy.maximum_attempts).unwrap_or(i32::MAX),
                    non_retryable_error_types: policy
                        .non_retryable_error_types
                        .iter()
                        .map(ToString::to_string)
                        .collect(),
                });
        }
        if command.task_queue.is_none() {
            command.task_queue = Some(task_queue(ctx.task_queue));
        }
        self.close(Command::ContinueAsNewWorkflowExecution(Shared::new(command)));
    }

    fn close(&mut self, command: Command) {
        if !self.closed {
            self.closed = true;
            self.issue(None, command);
        }
    }
}
