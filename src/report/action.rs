//! A client's step in one line, in the words of the language.

use crate::history::text::{plain, quoted, shortened, word};
use crate::scenario::duration::Span;
use crate::scenario::model::{
    ClientAction, ClientStep, Json, QueryRejectCondition, ReapplyExclude, Reset, ResetType,
    RetryPolicy, StartOptions, WaitFor, WorkflowIdConflictPolicy, WorkflowIdReusePolicy,
};

/// A value that is longer is cut off after so many characters.
const MAXIMUM_VALUE: usize = 80;

/// What a client asked, as in `cancel greeting run 2 (reason "no longer wanted")`.
pub(super) fn describe(step: &ClientStep) -> String {
    let asked = describe_action(&step.action);
    match step.fault {
        Some(fault) => format!("{asked} with fault {fault:?}"),
        None => asked,
    }
}

fn describe_action(action: &ClientAction) -> String {
    match action {
        ClientAction::Start(step) => {
            let told = Told::default().start(&step.options);
            format!("start {} {}{}", word(&step.start), word(&step.workflow_id), told.text())
        }
        ClientAction::Signal(step) => {
            let told = Told::default()
                .value("input", step.input.as_ref())
                .name("request id", step.request_id.as_deref());
            let (signal, name) = (word(&step.signal), word(&step.name));
            format!("signal {signal}{} {name}{}", run(step.run), told.text())
        }
        ClientAction::SignalWithStart(step) => {
            let told = Told::default()
                .value("signal input", step.signal_input.as_ref())
                .start(&step.options);
            let words = [&step.signal_with_start, &step.workflow_id, &step.signal];
            let words = words.map(|name| word(name)).join(" ");
            format!("signal_with_start {words}{}", told.text())
        }
        ClientAction::Update(step) => {
            let told = Told::default()
                .value("input", step.input.as_ref())
                .name("update id", step.update_id.as_deref())
                .item("wait for", (step.wait_for == WaitFor::Accepted).then(|| "Accepted".into()));
            let (update, name) = (word(&step.update), word(&step.name));
            let guard = first_run(step.first_run);
            format!("update {update}{}{guard} {name}{}", run(step.run), told.text())
        }
        ClientAction::Cancel(step) => {
            let told = Told::default().said("reason", step.reason.as_deref());
            let guard = first_run(step.first_run);
            format!("cancel {}{}{guard}{}", word(&step.cancel), run(step.run), told.text())
        }
        ClientAction::Terminate(step) => {
            let told = Told::default()
                .said("reason", step.reason.as_deref())
                .value("details", step.details.as_ref());
            let guard = first_run(step.first_run);
            format!("terminate {}{}{guard}{}", word(&step.terminate), run(step.run), told.text())
        }
        ClientAction::Reset(step) => {
            let told = Told::default().said("reason", step.reason.as_deref());
            let (reset, run) = (word(&step.reset), run(step.run));
            let without = without(&step.reapply_exclude);
            format!("reset {reset}{run} to {}{without}{}", point(step), told.text())
        }
        ClientAction::Describe(step) => {
            format!("describe {}{}", word(&step.describe), run(step.run))
        }
        ClientAction::Query(step) => {
            let condition = match step.reject_condition {
                QueryRejectCondition::None => None,
                QueryRejectCondition::NotOpen => Some("NOT_OPEN"),
                QueryRejectCondition::NotCompletedCleanly => Some("NOT_COMPLETED_CLEANLY"),
            };
            let told = Told::default()
                .value("input", step.input.as_ref())
                .name("reject condition", condition);
            let (query, name) = (word(&step.query), word(&step.name));
            format!("query {query}{} {name}{}", run(step.run), told.text())
        }
        ClientAction::WaitForClose(step) => {
            format!("wait_for_close {}", word(&step.wait_for_close))
        }
        ClientAction::CompleteActivity(step) => {
            let told = Told::default().value("result", step.result.as_ref());
            of("complete_activity", &step.complete_activity, &step.workflow_id, &told)
        }
        ClientAction::FailActivity(step) => {
            let told = Told::default().said("message", Some(&step.message));
            of("fail_activity", &step.fail_activity, &step.workflow_id, &told)
        }
        ClientAction::CancelActivity(step) => {
            let told = Told::default().value("details", step.details.as_ref());
            of("cancel_activity", &step.cancel_activity, &step.workflow_id, &told)
        }
        ClientAction::HeartbeatActivity(step) => {
            let told = Told::default().value("details", step.details.as_ref());
            of("heartbeat_activity", &step.heartbeat_activity, &step.workflow_id, &told)
        }
        ClientAction::Deploy(step) => {
            let (deploy, version) = (word(&step.deploy), word(&step.version));
            match &step.worker {
                Some(worker) => format!("deploy {deploy} {version} to {}", word(worker)),
                None => format!("deploy {deploy} {version}"),
            }
        }
        ClientAction::StopWorker(name) => format!("stop_worker {}", word(name)),
        ClientAction::StartWorker(name) => format!("start_worker {}", word(name)),
        ClientAction::CrashWorker(name) => format!("crash_worker {}", word(name)),
        ClientAction::LoseCache(name) => format!("lose_cache {}", word(name)),
        ClientAction::PauseWorker(name) => format!("pause_worker {}", word(name)),
        ClientAction::ResumeWorker(name) => format!("resume_worker {}", word(name)),
    }
}

/// What is told of a step in brackets.
#[derive(Default)]
struct Told {
    items: Vec<String>,
}

impl Told {
    fn item(mut self, what: &str, item: Option<String>) -> Self {
        self.items.extend(item.map(|item| format!("{what} {item}")));
        self
    }

    fn said(self, what: &str, said: Option<&str>) -> Self {
        self.item(what, said.map(quoted))
    }

    fn name(self, what: &str, name: Option<&str>) -> Self {
        self.item(what, name.map(word))
    }

    fn value(self, what: &str, value: Option<&Json>) -> Self {
        let text = |value: &Json| plain(&shortened(&value.to_string(), MAXIMUM_VALUE));
        self.item(what, value.map(text))
    }

    fn duration(self, what: &str, duration: Option<Span>) -> Self {
        self.item(what, duration.map(|duration| duration.to_string()))
    }

    /// How an execution is started, as far as it is not as usual.
    fn start(self, options: &StartOptions) -> Self {
        let reuse = match options.workflow_id_reuse_policy {
            WorkflowIdReusePolicy::AllowDuplicate => None,
            WorkflowIdReusePolicy::AllowDuplicateFailedOnly => Some("ALLOW_DUPLICATE_FAILED_ONLY"),
            WorkflowIdReusePolicy::RejectDuplicate => Some("REJECT_DUPLICATE"),
            WorkflowIdReusePolicy::TerminateIfRunning => Some("TERMINATE_IF_RUNNING"),
        };
        let conflict = match options.workflow_id_conflict_policy {
            WorkflowIdConflictPolicy::Unspecified => None,
            WorkflowIdConflictPolicy::Fail => Some("FAIL"),
            WorkflowIdConflictPolicy::UseExisting => Some("USE_EXISTING"),
            WorkflowIdConflictPolicy::TerminateExisting => Some("TERMINATE_EXISTING"),
        };
        self.value("input", options.input.as_ref())
            .name("queue", options.task_queue.as_deref())
            .duration("execution timeout", options.workflow_execution_timeout)
            .duration("run timeout", options.workflow_run_timeout)
            .duration("task timeout", options.workflow_task_timeout)
            .retries(options.retry_policy.as_ref())
            .duration("start delay", options.start_delay)
            .said("cron", options.cron_schedule.as_deref())
            .name("reuse policy", reuse)
            .name("conflict policy", conflict)
            .name("request id", options.request_id.as_deref())
    }

    fn retries(self, policy: Option<&RetryPolicy>) -> Self {
        let Some(policy) = policy else { return self };
        let before = self.items.len();
        let attempts = Some(policy.maximum_attempts).filter(|attempts| *attempts > 0);
        let types: Vec<String> =
            policy.non_retryable_error_types.iter().map(|name| word(name)).collect();
        let types = Some(types.join(", ")).filter(|types| !types.is_empty());
        let mut told = self
            .item("maximum attempts", attempts.map(|attempts| attempts.to_string()))
            .duration("initial interval", policy.initial_interval)
            .item("backoff coefficient", policy.backoff_coefficient.map(|of| of.to_string()))
            .duration("maximum interval", policy.maximum_interval)
            .item("non-retryable", types);
        if told.items.len() == before {
            told.items.push("default retry policy".to_owned());
        }
        told
    }

    fn text(&self) -> String {
        if self.items.is_empty() { String::new() } else { format!(" ({})", self.items.join(", ")) }
    }
}

/// Something about an activity of an execution.
fn of(what: &str, activity: &str, workflow: &str, told: &Told) -> String {
    format!("{what} {} of {}{}", word(activity), word(workflow), told.text())
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

fn point(step: &Reset) -> String {
    match (step.r#type, step.event_id) {
        (Some(ResetType::FirstWorkflowTask), _) => "FirstWorkflowTask".to_owned(),
        (Some(ResetType::LastWorkflowTask), _) => "LastWorkflowTask".to_owned(),
        (None, Some(event_id)) => format!("event {event_id}"),
        (None, None) => "no event".to_owned(),
    }
}
