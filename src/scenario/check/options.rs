//! Options that the server would refuse, or that cannot be meant.

use super::super::diagnostic::Diagnostic;
use super::super::duration::Span;
use super::super::model::{
    ActivityOptions, ChildOptions, LocalActivityOptions, RetryPolicy, StartOptions,
};
use super::super::source::Location;
use super::Check;

/// What the server takes for an `initial_interval` that is not given.
const DEFAULT_INITIAL_INTERVAL: Span = Span(std::time::Duration::from_secs(1));

impl Check<'_> {
    pub(super) fn activity_options(&mut self, options: &ActivityOptions, at: &Location) {
        for (key, timeout) in [
            ("schedule_to_close_timeout", options.schedule_to_close_timeout),
            ("schedule_to_start_timeout", options.schedule_to_start_timeout),
            ("start_to_close_timeout", options.start_to_close_timeout),
            ("heartbeat_timeout", options.heartbeat_timeout),
        ] {
            self.positive(at, key, timeout);
        }
        self.bounded(at, options.start_to_close_timeout, options.schedule_to_close_timeout);
        self.retry_policy(options.retry_policy.as_ref(), at);
    }

    pub(super) fn local_activity_options(&mut self, options: &LocalActivityOptions, at: &Location) {
        self.positive(at, "schedule_to_close_timeout", options.schedule_to_close_timeout);
        self.positive(at, "start_to_close_timeout", options.start_to_close_timeout);
        self.bounded(at, options.start_to_close_timeout, options.schedule_to_close_timeout);
        self.retry_policy(options.retry_policy.as_ref(), at);
    }

    pub(super) fn child_options(&mut self, options: &ChildOptions, at: &Location) {
        for (key, timeout) in [
            ("workflow_execution_timeout", options.workflow_execution_timeout),
            ("workflow_run_timeout", options.workflow_run_timeout),
            ("workflow_task_timeout", options.workflow_task_timeout),
        ] {
            self.positive(at, key, timeout);
        }
        self.retry_policy(options.retry_policy.as_ref(), at);
    }

    pub(super) fn start_options(&mut self, options: &StartOptions, at: &Location) {
        for (key, timeout) in [
            ("workflow_execution_timeout", options.workflow_execution_timeout),
            ("workflow_run_timeout", options.workflow_run_timeout),
            ("workflow_task_timeout", options.workflow_task_timeout),
            ("start_delay", options.start_delay),
        ] {
            self.positive(at, key, timeout);
        }
        self.retry_policy(options.retry_policy.as_ref(), at);
    }

    pub(super) fn positive(&mut self, at: &Location, key: &str, timeout: Option<Span>) {
        if timeout.is_some_and(|timeout| timeout.0.is_zero()) {
            self.refuse(
                Diagnostic::new(format!("`{key}` must be longer than zero"))
                    .at(self.places.option(at, key), "zero")
                    .help("leave it out if there shall be none"),
            );
        }
    }

    /// Temporal asks for one of two timeouts.
    fn bounded(&mut self, at: &Location, one: Option<Span>, other: Option<Span>) {
        if one.is_none() && other.is_none() {
            self.refuse(
                Diagnostic::new(
                    "an activity needs `start_to_close_timeout` or `schedule_to_close_timeout`",
                )
                .at(at.clone(), "has neither")
                .help("add `start_to_close_timeout: 5m` to the step"),
            );
        }
    }

    fn retry_policy(&mut self, policy: Option<&RetryPolicy>, at: &Location) {
        let Some(policy) = policy else { return };
        let place = |key| self.places.nested(at, "retry_policy", key);
        let initial = policy.initial_interval.unwrap_or(DEFAULT_INITIAL_INTERVAL);
        let mut found = Vec::new();
        for (key, interval) in [
            ("initial_interval", policy.initial_interval),
            ("maximum_interval", policy.maximum_interval),
        ] {
            if interval.is_some_and(|interval| interval.0.is_zero()) {
                let zero = Diagnostic::new(format!("`{key}` must be longer than zero"));
                found.push(zero.at(place(key), "zero"));
            }
        }
        if policy.backoff_coefficient.is_some_and(|coefficient| {
            // Not a number is neither below nor above.
            !(1.0..=f64::from(u32::MAX)).contains(&coefficient)
        }) {
            let low = Diagnostic::new("`backoff_coefficient` must be a number of at least 1");
            found.push(low.at(place("backoff_coefficient"), "out of range"));
        }
        if policy.maximum_interval.is_some_and(|maximum| !maximum.0.is_zero() && maximum < initial)
        {
            found.push(
                Diagnostic::new("`maximum_interval` must not be shorter than `initial_interval`")
                    .at(
                        place("maximum_interval"),
                        format!("shorter than `initial_interval`, which is {initial}"),
                    ),
            );
        }
        for diagnostic in found {
            self.refuse(diagnostic);
        }
    }
}
