//! From a scenario to a [`Program`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::duration::official;
use super::failures;
use super::program::{
    ActivityCode, ActivityOp, ActivitySpec, ActivityStep, BlockId, ByAttempt, ById, ChildSpec,
    LocalSpec, Memo, Program, Slot, StepId, SuccessorSpec, Then, TimerSpec, Try, UpdateCode,
    Version, WorkflowCode, WorkflowOp, WorkflowStep,
};
use crate::api::Command;
use crate::history::official::NAMESPACE;
use crate::history::{Name, Shared};
use crate::official::{command, common, enums, taskqueue};
use crate::scenario::duration::Span;
use crate::scenario::model::{self, Scenario};
use crate::scenario::payloads::{header, scripted as json, scripted_message as json_message};

impl Program {
    /// Compiles a scenario's workflows and activities.
    pub fn compile(scenario: &Scenario) -> Arc<Self> {
        Self::compile_with_native(scenario, std::iter::empty::<&str>())
    }

    /// Compiles a scenario's workflows and activities; activities of `native_types` are handed to
    /// native code, whether or not the scenario has steps for them.
    pub fn compile_with_native<N: Into<Name>>(
        scenario: &Scenario,
        native_types: impl IntoIterator<Item = N>,
    ) -> Arc<Self> {
        let mut compiler = Compiler {
            program: Self {
                workflows: Vec::new(),
                activities: Vec::new(),
                natives: native_types.into_iter().map(Into::into).collect::<BTreeSet<_>>(),
                workflow_steps: Vec::new(),
                workflow_blocks: Vec::new(),
                activity_steps: Vec::new(),
                activity_blocks: Vec::new(),
                timers: Vec::new(),
                scheduled: Vec::new(),
                locals: Vec::new(),
                children: Vec::new(),
                successors: Vec::new(),
                signals: Vec::new(),
            },
            slots: BTreeMap::new(),
            queries: Vec::new(),
        };
        for (name, workflow) in &scenario.workflows {
            compiler.queries =
                workflow.queries.keys().map(String::as_str).map(Name::from).collect();
            let versions = workflow
                .versions
                .iter()
                .map(|version| compiler.version(version, &workflow.updates));
            let versions = versions.collect();
            let queries = workflow.queries.iter();
            let queries =
                queries.map(|(name, value)| (name.as_str().into(), json(value))).collect();
            compiler.program.workflows.push(WorkflowCode {
                name: name.as_str().into(),
                model: workflow.cancellation_model,
                versions,
                queries,
            });
        }
        for (name, steps) in &scenario.activities {
            let main = compiler.activity_block(steps);
            compiler.program.activities.push(ActivityCode { name: name.as_str().into(), main });
        }
        Arc::new(compiler.program)
    }
}

struct Compiler {
    program: Program,
    /// The handles of the version at hand.
    slots: BTreeMap<Name, Slot>,
    /// The queries of the workflow at hand, in order of names.
    queries: Vec<Name>,
}

/// The number of the next element. A scenario's text is far too short for more than a `u32`.
fn next<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

fn push<T>(list: &mut Vec<T>, element: T) -> u32 {
    let at = next(list);
    list.push(element);
    at
}

impl Compiler {
    fn version(
        &mut self,
        version: &model::Version,
        updates: &BTreeMap<String, model::UpdateHandler>,
    ) -> Version {
        self.slots.clear();
        let main = self.workflow_block(&version.steps);
        // Handlers know the handles of the steps, so they are compiled for each version.
        let updates = updates
            .iter()
            .map(|(name, handler)| UpdateCode {
                name: name.as_str().into(),
                validate: self.workflow_block(&handler.validate),
                body: self.workflow_block(&handler.steps),
            })
            .collect();
        let mut handles = vec![Name::empty(); self.slots.len()];
        for (name, slot) in &self.slots {
            handles[*slot as usize] = name.clone();
        }
        Version { name: version.name.as_str().into(), main, handles, updates }
    }

    fn slot(&mut self, name: &str) -> Slot {
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        let slot = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        self.slots.insert(name.into(), slot);
        slot
    }

    /// The number of a query; the check has made sure that the workflow has it.
    fn query(&self, name: &str) -> u32 {
        let at = self.queries.iter().position(|query| **query == *name);
        at.and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX)
    }

    fn go_on(&mut self, handle: Option<&String>) -> Then {
        Then::GoOn(handle.map(|name| self.slot(name)))
    }

    fn slots(&mut self, names: &[String]) -> Box<[Slot]> {
        names.iter().map(|name| self.slot(name)).collect()
    }

    // A block's steps stand side by side, so what is nested in them is compiled first.
    fn workflow_block(&mut self, steps: &[model::WorkflowStep]) -> BlockId {
        let compiled: Vec<WorkflowStep> = steps
            .iter()
            .map(|step| WorkflowStep { at: step.at.clone(), op: self.workflow_op(&step.action) })
            .collect();
        let first: StepId = next(&self.program.workflow_steps);
        self.program.workflow_steps.extend(compiled);
        let range = first..next(&self.program.workflow_steps);
        push(&mut self.program.workflow_blocks, range)
    }

    fn workflow_ids(&mut self, step: &model::ById<model::WorkflowStep>) -> ById {
        let ids = step.ids.iter();
        ById {
            ids: ids.map(|(id, steps)| (id.as_str().into(), self.workflow_block(steps))).collect(),
            otherwise: self.workflow_block(&step.otherwise),
        }
    }

    fn workflow_try(&mut self, step: &model::Try<model::WorkflowStep>) -> Try {
        Try {
            body: self.workflow_block(&step.steps),
            on_cancel: step.on_cancel.as_ref().map(|steps| self.workflow_block(steps)),
            on_failure: step.on_failure.as_ref().map(|steps| self.workflow_block(steps)),
            finally: step.finally.as_ref().map(|steps| self.workflow_block(steps)),
        }
    }

    fn workflow_op(&mut self, action: &model::WorkflowAction) -> WorkflowOp {
        use model::WorkflowAction as Action;
        match action {
            Action::Sleep(duration) => {
                WorkflowOp::Timer { spec: self.timer(*duration, None), then: Then::Wait }
            }
            Action::StartTimer(step) => WorkflowOp::Timer {
                spec: self.timer(step.start_timer.0, step.timer_id.as_deref()),
                then: self.go_on(Some(&step.r#as)),
            },
            Action::StartActivity(step) => WorkflowOp::Activity {
                spec: self.activity(&step.start_activity, &step.options),
                then: self.go_on(step.r#as.as_ref()),
            },
            Action::ExecuteActivity(step) => WorkflowOp::Activity {
                spec: self.activity(&step.execute_activity, &step.options),
                then: Then::Wait,
            },
            Action::StartLocalActivity(step) => WorkflowOp::LocalActivity {
                spec: self.local(&step.start_local_activity, &step.options),
                then: self.go_on(step.r#as.as_ref()),
            },
            Action::ExecuteLocalActivity(step) => WorkflowOp::LocalActivity {
                spec: self.local(&step.execute_local_activity, &step.options),
                then: Then::Wait,
            },
            Action::StartChildWorkflow(step) => WorkflowOp::Child {
                spec: self.child(&step.start_child_workflow, &step.options),
                then: self.go_on(step.r#as.as_ref()),
            },
            Action::ExecuteChildWorkflow(step) => WorkflowOp::Child {
                spec: self.child(&step.execute_child_workflow, &step.options),
                then: Then::Wait,
            },
            Action::WaitForStart(handle) => WorkflowOp::WaitForStart(self.slot(handle)),
            Action::WaitFor(handles) => WorkflowOp::WaitFor(self.slots(handles)),
            Action::WaitForAny(handles) => WorkflowOp::WaitForAny(self.slots(handles)),
            Action::WaitSignal(step) => self.wait_signal(step),
            Action::HeartbeatWorkflowTask => WorkflowOp::HeartbeatWorkflowTask,
            Action::Hang => WorkflowOp::Hang,
            Action::ByWorkflowId(step) => WorkflowOp::ByWorkflowId(self.workflow_ids(step)),
            Action::ByUpdateId(step) => WorkflowOp::ByUpdateId(self.workflow_ids(step)),
            Action::WaitForWorkflowTask => WorkflowOp::WaitForWorkflowTask,
            Action::Command(step) => WorkflowOp::Command(Command::from_official(step.0.clone())),
            Action::Cancel(handle) => WorkflowOp::Cancel(self.slot(handle)),
            Action::StartBranch(step) => {
                let body = self.workflow_block(&step.steps);
                WorkflowOp::Branch { body, slot: step.handle.as_ref().map(|name| self.slot(name)) }
            }
            Action::Shield(steps) => WorkflowOp::Shield(self.workflow_block(steps)),
            Action::Try(step) => WorkflowOp::Try(self.workflow_try(step)),
            Action::Raise => WorkflowOp::Raise,
            Action::Fail(step) => WorkflowOp::Fail(failures::scripted(step)),
            Action::Return(value) => WorkflowOp::Return(Shared::new(
                command::CompleteWorkflowExecutionCommandAttributes {
                    result: Some(json_message(value)),
                },
            )),
            Action::ContinueAsNew(step) => WorkflowOp::ContinueAsNew(self.successor(step)),
            Action::Repeat(step) => {
                WorkflowOp::Repeat { body: self.workflow_block(&step.steps), times: step.times }
            }
            Action::ByAttempt(step) => WorkflowOp::ByAttempt(ByAttempt {
                attempts: step
                    .attempts
                    .iter()
                    .map(|(attempt, steps)| (*attempt, self.workflow_block(steps)))
                    .collect(),
                otherwise: self.workflow_block(&step.otherwise),
            }),
            Action::SignalExternalWorkflow(step) => WorkflowOp::SignalExternal(signal(step)),
            Action::CancelExternalWorkflow(step) => WorkflowOp::CancelExternal {
                workflow_id: step.cancel_external_workflow.clone(),
                reason: step.reason.clone().unwrap_or_default(),
            },
            Action::RecordMarker(step) => WorkflowOp::RecordMarker(marker(step)),
            Action::SetQueryResult(set) => WorkflowOp::SetQueryResult {
                query: self.query(&set.set_query_result),
                value: json(&set.value),
            },
            Action::Block(step) => WorkflowOp::Block { duration: step.block.0, times: step.times },
            Action::FailWorkflowTask(step) => WorkflowOp::FailWorkflowTask {
                cause: step.cause.map_or(
                    enums::WorkflowTaskFailedCause::WorkflowWorkerUnhandledFailure,
                    |cause| cause.0,
                ),
                failure: failures::whole(
                    failures::bug(&step.fail_workflow_task),
                    step.failure.as_deref(),
                ),
                times: step.times,
            },
        }
    }

    fn timer(&mut self, duration: Duration, timer_id: Option<&str>) -> u32 {
        let timer_id = timer_id.map(Name::from);
        let spec = TimerSpec { timer_id, duration, start: Memo::new(), cancel: Memo::new() };
        push(&mut self.program.timers, spec)
    }

    fn wait_signal(&mut self, step: &model::WaitSignal) -> WorkflowOp {
        let known = self.program.signals.iter().position(|name| **name == *step.wait_signal);
        let signal = match known.and_then(|at| u32::try_from(at).ok()) {
            Some(at) => at,
            None => push(&mut self.program.signals, step.wait_signal.as_str().into()),
        };
        WorkflowOp::WaitSignal {
            signal,
            timeout: step.timeout.map(|Span(duration)| self.timer(duration, None)),
            expired: failures::signal_timeout(&step.wait_signal),
        }
    }

    fn activity(&mut self, activity_type: &str, options: &model::ActivityOptions) -> u32 {
        let template = command::ScheduleActivityTaskCommandAttributes {
            activity_type: Some(common::ActivityType { name: activity_type.to_owned() }),
            input: options.input.as_ref().map(json_message),
            header: header(&options.header),
            schedule_to_close_timeout: timeout(options.schedule_to_close_timeout),
            schedule_to_start_timeout: timeout(options.schedule_to_start_timeout),
            start_to_close_timeout: timeout(options.start_to_close_timeout),
            heartbeat_timeout: timeout(options.heartbeat_timeout),
            retry_policy: options.retry_policy.as_ref().map(retry_policy),
            ..command::ScheduleActivityTaskCommandAttributes::default()
        };
        let spec = ActivitySpec {
            activity_type: activity_type.into(),
            cancellation_type: options.cancellation_type,
            activity_id: options.activity_id.as_deref().map(Name::from),
            task_queue: options.task_queue.as_deref().map(Name::from),
            template,
            schedule: Memo::new(),
        };
        push(&mut self.program.scheduled, spec)
    }

    fn local(&mut self, activity_type: &str, options: &model::LocalActivityOptions) -> u32 {
        let spec = LocalSpec {
            activity_type: activity_type.into(),
            cancellation_type: options.cancellation_type,
            schedule_to_close_timeout: options.schedule_to_close_timeout.map(|span| span.0),
            start_to_close_timeout: options.start_to_close_timeout.map(|span| span.0),
            retry_policy: options.retry_policy.clone(),
        };
        push(&mut self.program.locals, spec)
    }

    fn child(&mut self, workflow_type: &str, options: &model::ChildOptions) -> u32 {
        let template = command::StartChildWorkflowExecutionCommandAttributes {
            workflow_type: Some(common::WorkflowType { name: workflow_type.to_owned() }),
            input: options.input.as_ref().map(json_message),
            header: header(&options.header),
            workflow_execution_timeout: timeout(options.workflow_execution_timeout),
            workflow_run_timeout: timeout(options.workflow_run_timeout),
            workflow_task_timeout: timeout(options.workflow_task_timeout),
            parent_close_policy: close_policy(options.parent_close_policy).into(),
            workflow_id_reuse_policy: reuse_policy(options.workflow_id_reuse_policy).into(),
            retry_policy: options.retry_policy.as_ref().map(retry_policy),
            cron_schedule: options.cron_schedule.clone().unwrap_or_default(),
            ..command::StartChildWorkflowExecutionCommandAttributes::default()
        };
        let spec = ChildSpec {
            workflow_type: workflow_type.into(),
            cancellation_type: options.cancellation_type,
            workflow_id: options.workflow_id.as_deref().map(Name::from),
            task_queue: options.task_queue.as_deref().map(Name::from),
            template,
            start: Memo::new(),
        };
        push(&mut self.program.children, spec)
    }

    fn successor(&mut self, step: &model::ContinueAsNew) -> u32 {
        let template = command::ContinueAsNewWorkflowExecutionCommandAttributes {
            workflow_type: step
                .continue_as_new
                .as_ref()
                .map(|name| common::WorkflowType { name: name.clone() }),
            task_queue: step.task_queue.as_deref().map(task_queue),
            input: step.input.as_ref().map(json_message),
            header: header(&step.header),
            workflow_run_timeout: timeout(step.workflow_run_timeout),
            workflow_task_timeout: timeout(step.workflow_task_timeout),
            cron_schedule: step.cron_schedule.clone().unwrap_or_default(),
            ..command::ContinueAsNewWorkflowExecutionCommandAttributes::default()
        };
        push(&mut self.program.successors, SuccessorSpec { template })
    }

    fn activity_block(&mut self, steps: &[model::ActivityStep]) -> BlockId {
        let compiled: Vec<ActivityStep> = steps
            .iter()
            .map(|step| ActivityStep { at: step.at.clone(), op: self.activity_op(&step.action) })
            .collect();
        let first: StepId = next(&self.program.activity_steps);
        self.program.activity_steps.extend(compiled);
        let range = first..next(&self.program.activity_steps);
        push(&mut self.program.activity_blocks, range)
    }

    fn activity_op(&mut self, action: &model::ActivityAction) -> ActivityOp {
        use model::ActivityAction as Action;
        match action {
            Action::Sleep(duration) => ActivityOp::Sleep(*duration),
            Action::Heartbeat(details) => ActivityOp::Heartbeat(details.as_ref().map(json)),
            Action::Hang => ActivityOp::Hang,
            Action::Fail(step) => ActivityOp::Fail(failures::scripted(step)),
            Action::Return(value) => ActivityOp::Return(json(value)),
            Action::Shield(steps) => ActivityOp::Shield(self.activity_block(steps)),
            Action::Try(step) => ActivityOp::Try(Try {
                body: self.activity_block(&step.steps),
                on_cancel: step.on_cancel.as_ref().map(|steps| self.activity_block(steps)),
                on_failure: step.on_failure.as_ref().map(|steps| self.activity_block(steps)),
                finally: step.finally.as_ref().map(|steps| self.activity_block(steps)),
            }),
            Action::Raise => ActivityOp::Raise,
            Action::Repeat(step) => {
                ActivityOp::Repeat { body: self.activity_block(&step.steps), times: step.times }
            }
            Action::ByAttempt(step) => ActivityOp::ByAttempt(ByAttempt {
                attempts: step
                    .attempts
                    .iter()
                    .map(|(attempt, steps)| (*attempt, self.activity_block(steps)))
                    .collect(),
                otherwise: self.activity_block(&step.otherwise),
            }),
            Action::ByActivityId(step) => ActivityOp::ByActivityId(ById {
                ids: step
                    .ids
                    .iter()
                    .map(|(id, steps)| (id.as_str().into(), self.activity_block(steps)))
                    .collect(),
                otherwise: self.activity_block(&step.otherwise),
            }),
        }
    }
}

fn timeout<T: TryFrom<Duration>>(span: Option<Span>) -> Option<T> {
    span.and_then(|Span(duration)| official(duration))
}

/// A task queue as commands name it.
pub(super) fn task_queue(name: &str) -> taskqueue::TaskQueue {
    taskqueue::TaskQueue { name: name.to_owned(), ..taskqueue::TaskQueue::default() }
}

fn retry_policy(policy: &model::RetryPolicy) -> common::RetryPolicy {
    common::RetryPolicy {
        initial_interval: timeout(policy.initial_interval),
        backoff_coefficient: policy.backoff_coefficient.unwrap_or_default(),
        maximum_interval: timeout(policy.maximum_interval),
        maximum_attempts: i32::try_from(policy.maximum_attempts).unwrap_or(i32::MAX),
        non_retryable_error_types: policy.non_retryable_error_types.clone(),
    }
}

fn close_policy(policy: model::ParentClosePolicy) -> enums::ParentClosePolicy {
    match policy {
        model::ParentClosePolicy::Terminate => enums::ParentClosePolicy::Terminate,
        model::ParentClosePolicy::Abandon => enums::ParentClosePolicy::Abandon,
        model::ParentClosePolicy::RequestCancel => enums::ParentClosePolicy::RequestCancel,
    }
}

fn reuse_policy(policy: model::WorkflowIdReusePolicy) -> enums::WorkflowIdReusePolicy {
    use enums::WorkflowIdReusePolicy as Official;
    match policy {
        model::WorkflowIdReusePolicy::AllowDuplicate => Official::AllowDuplicate,
        model::WorkflowIdReusePolicy::AllowDuplicateFailedOnly => {
            Official::AllowDuplicateFailedOnly
        }
        model::WorkflowIdReusePolicy::RejectDuplicate => Official::RejectDuplicate,
        #[allow(deprecated)] // a scenario may still ask for it, as a client may
        model::WorkflowIdReusePolicy::TerminateIfRunning => Official::TerminateIfRunning,
    }
}

#[allow(deprecated)] // SDKs still name the namespace
fn signal(
    step: &model::SignalExternalWorkflow,
) -> Shared<command::SignalExternalWorkflowExecutionCommandAttributes> {
    Shared::new(command::SignalExternalWorkflowExecutionCommandAttributes {
        namespace: NAMESPACE.to_owned(),
        execution: Some(common::WorkflowExecution {
            workflow_id: step.signal_external_workflow.clone(),
            run_id: String::new(),
        }),
        signal_name: step.signal.clone(),
        input: step.input.as_ref().map(json_message),
        ..command::SignalExternalWorkflowExecutionCommandAttributes::default()
    })
}

fn marker(step: &model::RecordMarker) -> Shared<command::RecordMarkerCommandAttributes> {
    let details = step.details.iter().map(|value| ("details".to_owned(), json_message(value)));
    Shared::new(command::RecordMarkerCommandAttributes {
        marker_name: step.record_marker.clone(),
        details: details.collect(),
        ..command::RecordMarkerCommandAttributes::default()
    })
}
