//! Retry policies and retry states, in both forms.

use std::time::Duration;

use super::read::Problem;
use super::values::{count, duration, number, read_count, read_duration, read_number};
use crate::history::event::{RetryPolicy, RetryState};
use crate::official::{common, enums};

const STATES: [(RetryState, enums::RetryState); 7] = [
    (RetryState::InProgress, enums::RetryState::InProgress),
    (RetryState::NonRetryableFailure, enums::RetryState::NonRetryableFailure),
    (RetryState::Timeout, enums::RetryState::Timeout),
    (RetryState::MaximumAttemptsReached, enums::RetryState::MaximumAttemptsReached),
    (RetryState::RetryPolicyNotSet, enums::RetryState::RetryPolicyNotSet),
    (RetryState::InternalServerError, enums::RetryState::InternalServerError),
    (RetryState::CancelRequested, enums::RetryState::CancelRequested),
];

pub(super) fn retry_state(state: RetryState) -> i32 {
    number(&STATES, state)
}

pub(super) fn read_retry_state(sent: i32) -> Result<RetryState, Problem> {
    read_number("retryState", &STATES, sent)
}

/// The policy as official messages have it.
pub fn retry_policy(policy: &RetryPolicy) -> common::RetryPolicy {
    common::RetryPolicy {
        initial_interval: duration(policy.initial_interval),
        backoff_coefficient: policy.backoff_coefficient,
        maximum_interval: duration(policy.maximum_interval),
        maximum_attempts: count(policy.maximum_attempts),
        non_retryable_error_types: policy
            .non_retryable_error_types
            .iter()
            .map(ToString::to_string)
            .collect(),
    }
}

/// The policy, with the defaults where something is not set (R50).
pub(super) fn read_retry_policy(sent: &common::RetryPolicy) -> Result<RetryPolicy, Problem> {
    let or = |duration: Duration, default: Duration| {
        if duration.is_zero() { default } else { duration }
    };
    let initial = read_duration("initialInterval", sent.initial_interval.as_ref())?;
    let initial = or(initial, Duration::from_secs(1));
    let maximum = read_duration("maximumInterval", sent.maximum_interval.as_ref())?;
    let coefficient = sent.backoff_coefficient;
    if coefficient.is_nan() {
        return Err(Problem::Invalid("backoffCoefficient"));
    }
    Ok(RetryPolicy {
        initial_interval: initial,
        backoff_coefficient: if coefficient == 0.0 { 2.0 } else { coefficient },
        maximum_interval: or(maximum, initial.saturating_mul(100)),
        maximum_attempts: read_count("maximumAttempts", sent.maximum_attempts)?,
        non_retryable_error_types: sent
            .non_retryable_error_types
            .iter()
            .map(|name| name.as_str().into())
            .collect(),
    })
}
