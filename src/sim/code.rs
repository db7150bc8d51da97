//! Scenarios put together in code.
//!
//! What is built is the YAML language's own: every step can be written with [`Steps::step`], the
//! most usual ones have methods, and mistakes are found and shown as in a file.
//!
//! ```
//! use deadbeat::sim::code::{Activity, ScenarioBuilder, Steps};
//! use std::time::Duration;
//!
//! let scenario = ScenarioBuilder::new("cancel an activity")
//!     .workflow(
//!         "GreetingWorkflow",
//!         Steps::new()
//!             .start_activity("compose", Activity::new("compose_greeting"))
//!             .sleep(Duration::from_secs(3))
//!             .cancel("compose")
//!             .step(serde_json::json!({ "record_marker": "canceled" })),
//!     );
//! assert!(scenario.text().contains(r#""sleep": "3s""#));
//! ```

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::scenario::duration::Span;
use crate::scenario::model::Json;

/// A scenario to be. Clients are left to the program that runs it.
#[derive(Clone, PartialEq, Debug)]
pub struct ScenarioBuilder {
    name: String,
    workflows: Map<String, Value>,
    activities: Map<String, Value>,
    workers: Vec<Value>,
}

impl ScenarioBuilder {
    /// A scenario with a name: one line that says what it shows.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            workflows: Map::new(),
            activities: Map::new(),
            workers: Vec::new(),
        }
    }

    /// A workflow type's code.
    #[must_use]
    pub fn workflow(mut self, workflow_type: &str, steps: Steps) -> Self {
        self.workflows.insert(workflow_type.to_owned(), steps.into());
        self
    }

    /// A workflow type's code in several versions. Workers run the first until another is deployed.
    #[must_use]
    pub fn workflow_versions<'a>(
        mut self,
        workflow_type: &str,
        versions: impl IntoIterator<Item = (&'a str, Steps)>,
    ) -> Self {
        let versions: Map<String, Value> =
            versions.into_iter().map(|(name, steps)| (name.to_owned(), steps.into())).collect();
        self.workflows.insert(workflow_type.to_owned(), json!({ "versions": versions }));
        self
    }

    /// An activity type's code as steps of the language. Those in Rust belong to the host.
    #[must_use]
    pub fn activity(mut self, activity_type: &str, steps: Steps) -> Self {
        self.activities.insert(activity_type.to_owned(), steps.into());
        self
    }

    /// A worker, as the language has it; one named `worker` if there is none.
    #[must_use]
    pub fn worker(mut self, worker: Json) -> Self {
        self.workers.push(worker);
        self
    }

    /// The scenario as text of the language.
    pub fn text(&self) -> String {
        let mut scenario = json!({ "name": self.name });
        for (key, code) in [("workflows", &self.workflows), ("activities", &self.activities)] {
            if !code.is_empty() {
                scenario[key] = Value::Object(code.clone());
            }
        }
        if !self.workers.is_empty() {
            scenario["workers"] = Value::Array(self.workers.clone());
        }
        // JSON is YAML.
        format!("{scenario:#}")
    }
}

/// Steps of a workflow or an activity.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Steps(Vec<Value>);

impl From<Steps> for Value {
    fn from(steps: Steps) -> Self {
        Self::Array(steps.0)
    }
}

impl Steps {
    /// No steps.
    pub fn new() -> Self {
        Self::default()
    }

    /// Any step of the language.
    #[must_use]
    pub fn step(mut self, step: Json) -> Self {
        self.0.push(step);
        self
    }

    /// Sleeps.
    #[must_use]
    pub fn sleep(self, duration: Duration) -> Self {
        self.step(json!({ "sleep": span(duration) }))
    }

    /// Schedules an activity and goes on.
    #[must_use]
    pub fn start_activity(self, handle: &str, activity: Activity) -> Self {
        self.step(activity.step("start_activity", Some(handle)))
    }

    /// Schedules an activity and waits for its result.
    #[must_use]
    pub fn execute_activity(self, activity: Activity) -> Self {
        self.step(activity.step("execute_activity", None))
    }

    /// Waits for a handle; raises its failure.
    #[must_use]
    pub fn wait_for(self, handle: &str) -> Self {
        self.step(json!({ "wait_for": handle }))
    }

    /// Waits for a signal, and takes it.
    #[must_use]
    pub fn wait_signal(self, name: &str) -> Self {
        self.step(json!({ "wait_signal": name }))
    }

    /// Cancels a handle.
    #[must_use]
    pub fn cancel(self, handle: &str) -> Self {
        self.step(json!({ "cancel": handle }))
    }

    /// Runs steps that a cancel from outside does not reach.
    #[must_use]
    pub fn shield(self, steps: Self) -> Self {
        self.step(json!({ "shield": Value::from(steps) }))
    }

    /// Runs steps and, if a cancel is raised in them, others: it is swallowed unless those raise.
    #[must_use]
    pub fn try_on_cancel(self, steps: Self, on_cancel: Self) -> Self {
        let (steps, on_cancel) = (Value::from(steps), Value::from(on_cancel));
        self.step(json!({ "try": steps, "on_cancel": on_cancel }))
    }

    /// Runs steps and then, whatever they raise, others.
    #[must_use]
    pub fn try_finally(self, steps: Self, finally: Self) -> Self {
        let (steps, finally) = (Value::from(steps), Value::from(finally));
        self.step(json!({ "try": steps, "finally": finally }))
    }

    /// Raises again what the enclosing `on_cancel` has caught.
    #[must_use]
    pub fn raise(self) -> Self {
        self.step(json!("raise"))
    }

    /// Fails with an application failure.
    #[must_use]
    pub fn fail(self, message: &str) -> Self {
        self.step(json!({ "fail": message }))
    }

    /// Ends the code, with a result.
    #[must_use]
    pub fn return_value(self, result: Json) -> Self {
        self.step(Value::Object([("return".to_owned(), result)].into_iter().collect()))
    }
}

/// An activity that a workflow schedules.
#[derive(Clone, PartialEq, Debug)]
pub struct Activity {
    activity_type: String,
    options: Map<String, Value>,
}

impl Activity {
    /// An activity of this type, with a start-to-close timeout of a minute if no other is given.
    pub fn new(activity_type: &str) -> Self {
        Self { activity_type: activity_type.to_owned(), options: Map::new() }
    }

    /// Any option of the language.
    #[must_use]
    pub fn option(mut self, key: &str, value: Json) -> Self {
        self.options.insert(key.to_owned(), value);
        self
    }

    /// From an attempt's start to its end.
    #[must_use]
    pub fn start_to_close_timeout(self, timeout: Duration) -> Self {
        self.option("start_to_close_timeout", span(timeout))
    }

    /// From the first scheduling to the end of the last attempt.
    #[must_use]
    pub fn schedule_to_close_timeout(self, timeout: Duration) -> Self {
        self.option("schedule_to_close_timeout", span(timeout))
    }

    /// From one heartbeat to the next.
    #[must_use]
    pub fn heartbeat_timeout(self, timeout: Duration) -> Self {
        self.option("heartbeat_timeout", span(timeout))
    }

    /// No more attempts than these.
    #[must_use]
    pub fn maximum_attempts(self, attempts: u32) -> Self {
        self.option("retry_policy", json!({ "maximum_attempts": attempts }))
    }

    /// A cancel of its handle waits for how it ends: `WAIT_CANCELLATION_COMPLETED`.
    #[must_use]
    pub fn wait_for_cancellation(self) -> Self {
        self.option("cancellation_type", json!("WAIT_CANCELLATION_COMPLETED"))
    }

    /// The argument.
    #[must_use]
    pub fn input(self, input: Json) -> Self {
        self.option("input", input)
    }

    fn step(self, action: &str, handle: Option<&str>) -> Value {
        let mut step = self.options;
        let has_timeout = ["start_to_close_timeout", "schedule_to_close_timeout"]
            .iter()
            .any(|timeout| step.contains_key(*timeout));
        if !has_timeout {
            step.insert("start_to_close_timeout".to_owned(), span(Duration::from_secs(60)));
        }
        step.insert(action.to_owned(), self.activity_type.into());
        if let Some(handle) = handle {
            step.insert("as".to_owned(), handle.into());
        }
        Value::Object(step)
    }
}

/// A duration in the language's words.
fn span(duration: Duration) -> Value {
    Span(duration).to_string().into()
}
