//! Whether there is another attempt, and when (R72–R76).

use std::borrow::Cow;
use std::time::Duration;

use crate::clock::Time;
use crate::history::event::{RetryPolicy, RetryState};
use crate::history::{Failure, Name};
use crate::official::enums::TimeoutType;
use crate::official::failure::failure::FailureInfo;
use crate::official::{common, well_known};

use super::duration::to_std;

/// The timeouts that a policy can name, behind `TemporalTimeout:`.
const TIMEOUT_TYPES: [&str; 5] =
    ["Unspecified", "StartToClose", "ScheduleToStart", "ScheduleToClose", "Heartbeat"];

/// What a policy says of a failed attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Decision {
    /// Another attempt, after this wait.
    RetryAfter(Duration),
    /// None, for this reason.
    GiveUp(RetryState),
}

/// How an attempt failed, as far as policies look at it.
pub(super) struct Attempt<'a> {
    pub(super) number: u32,
    /// The error type, as in a policy's list; timeouts have one too.
    pub(super) error_type: &'a str,
    pub(super) non_retryable: bool,
    /// What the failure itself asks for, instead of the policy's interval.
    pub(super) next_retry_delay: Option<Duration>,
}

/// The retry decision: final kinds of failure, then the number of attempts, then the interval, then
/// whether it fits (R72).
pub(super) fn decide(
    policy: &RetryPolicy,
    attempt: &Attempt<'_>,
    now: Time,
    deadline: Option<Time>,
) -> Decision {
    let listed = |name: &Name| **name == *attempt.error_type;
    if attempt.non_retryable || policy.non_retryable_error_types.iter().any(listed) {
        return Decision::GiveUp(RetryState::NonRetryableFailure);
    }
    if policy.maximum_attempts > 0 && attempt.number >= policy.maximum_attempts {
        return Decision::GiveUp(RetryState::MaximumAttemptsReached);
    }
    // A delay of zero is no interval at all to the server (R73).
    let interval = match attempt.next_retry_delay {
        Some(delay) if delay.is_zero() => return Decision::GiveUp(RetryState::Timeout),
        Some(delay) => delay,
        None => interval(policy, attempt.number),
    };
    if deadline.is_some_and(|deadline| now + interval > deadline) {
        return Decision::GiveUp(RetryState::Timeout);
    }
    Decision::RetryAfter(interval)
}

/// The wait after attempt `number`: initial · coefficient^(number − 1), capped (R73). By repeated
/// multiplication, since `powf` may differ in its last bit from machine to machine.
pub(crate) fn interval(policy: &RetryPolicy, number: u32) -> Duration {
    let maximum = policy.maximum_interval;
    let mut interval = policy.initial_interval;
    for _ in 1..number {
        let longer = interval.as_secs_f64() * policy.backoff_coefficient;
        interval = Duration::try_from_secs_f64(longer).unwrap_or(Duration::MAX);
        if !maximum.is_zero() && interval >= maximum {
            return maximum;
        }
        if interval.is_zero() || policy.backoff_coefficient <= 1.0 {
            break;
        }
    }
    if interval.is_zero() || (!maximum.is_zero() && interval > maximum) {
        return maximum;
    }
    interval
}

/// What a policy looks at in a failure that a worker sent.
pub(super) fn attempt_of(number: u32, failure: &Failure) -> Attempt<'_> {
    let (mut error_type, mut non_retryable, mut next_retry_delay) = ("", false, None);
    match failure {
        Failure::Sent(sent) => match &sent.failure_info {
            Some(FailureInfo::ApplicationFailureInfo(info)) => {
                error_type = &info.r#type;
                non_retryable = info.non_retryable;
                next_retry_delay = info.next_retry_delay.as_ref().map(to_std);
            }
            Some(FailureInfo::ServerFailureInfo(info)) => non_retryable = info.non_retryable,
            Some(FailureInfo::TerminatedFailureInfo(_) | FailureInfo::CanceledFailureInfo(_)) => {
                non_retryable = true;
            }
            // Timeouts of one attempt are told by type, others are final (observed).
            Some(FailureInfo::TimeoutFailureInfo(info)) => match info.timeout_type() {
                TimeoutType::StartToClose => error_type = "TemporalTimeout:StartToClose",
                TimeoutType::Heartbeat => error_type = "TemporalTimeout:Heartbeat",
                _ => non_retryable = true,
            },
            _ => {}
        },
        Failure::ActivityTimeout(_)
        | Failure::Server(_)
        | Failure::Reset(_)
        | Failure::WorkflowTimeout => {}
    }
    Attempt { number, error_type, non_retryable, next_retry_delay }
}

/// What is wrong with a policy, in the server's words (R50). With one attempt there is no retry,
/// and nothing is checked.
pub(super) fn validate(policy: &common::RetryPolicy) -> Result<(), Cow<'static, str>> {
    if policy.maximum_attempts == 1 {
        return Ok(());
    }
    let negative = |duration: &Option<well_known::Duration>| {
        duration.as_ref().is_some_and(|duration| duration.seconds < 0 || duration.nanos < 0)
    };
    let nanos =
        |duration: &Option<well_known::Duration>| duration.as_ref().map_or(Duration::ZERO, to_std);
    if negative(&policy.initial_interval) {
        return Err("invalid InitialInterval set on retry policy: negative duration".into());
    }
    if policy.backoff_coefficient.is_nan()
        || (policy.backoff_coefficient != 0.0 && policy.backoff_coefficient < 1.0)
    {
        return Err("BackoffCoefficient cannot be less than 1 on retry policy.".into());
    }
    if negative(&policy.maximum_interval) {
        return Err("invalid MaximumInterval set on retry policy: negative duration".into());
    }
    let (initial, maximum) = (nanos(&policy.initial_interval), nanos(&policy.maximum_interval));
    if !maximum.is_zero() && maximum < initial {
        return Err("MaximumInterval cannot be less than InitialInterval on retry policy.".into());
    }
    if policy.maximum_attempts < 0 {
        return Err("MaximumAttempts cannot be negative on retry policy.".into());
    }
    for name in &policy.non_retryable_error_types {
        if let Some(kind) = name.strip_prefix("TemporalTimeout:")
            && !TIMEOUT_TYPES.contains(&kind)
        {
            return Err(format!("Invalid timeout type value: {kind}.").into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> RetryPolicy {
        RetryPolicy::with_defaults(None)
    }

    #[test]
    fn intervals_double_up_to_the_cap() {
        let policy = RetryPolicy { maximum_interval: Duration::from_secs(3), ..policy() };
        let intervals = [1, 2, 3, 4].map(|n| interval(&policy, n).as_secs());
        assert_eq!(intervals, [1, 2, 3, 3]);
    }

    #[test]
    fn a_next_retry_delay_of_zero_ends_the_retries() {
        let attempt = Attempt {
            number: 1,
            error_type: "",
            non_retryable: false,
            next_retry_delay: Some(Duration::ZERO),
        };
        let decision = decide(&policy(), &attempt, crate::clock::EPOCH, None);
        assert_eq!(decision, Decision::GiveUp(RetryState::Timeout));
    }
}
