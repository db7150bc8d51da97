//! Why something failed, in less room than the official message takes.
//!
//! ```
//! use deadbeat::history::failure::{ActivityTimeout, ActivityTimeoutKind, ActivityTimeoutReason};
//!
//! let timeout = ActivityTimeout {
//!     kind: ActivityTimeoutKind::Heartbeat,
//!     reason: ActivityTimeoutReason::Elapsed,
//!     last_heartbeat_details: None,
//!     cause: None,
//! };
//! assert_eq!(timeout.message(), "activity Heartbeat timeout");
//! ```

use std::sync::Arc;
use std::time::Duration;

use super::ids::Name;
use super::shared::Shared;
use crate::official::{common, failure};

/// Payloads as a worker or client sent them.
pub type Payloads = Shared<common::Payloads>;

/// A failure: one that a worker sent, or one that the server makes.
///
/// What the server makes is kept compact; `history::official` writes it out.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Failure {
    /// As a worker or client sent it.
    Sent(Shared<failure::Failure>),
    /// An activity's timeout (R68–R70).
    ActivityTimeout(Arc<ActivityTimeout>),
    /// The server's own words, with `serverFailureInfo {}` (R21, R33).
    Server(Name),
    /// A reset's reason, with `resetWorkflowFailureInfo {}` and no source (B11).
    Reset(Name),
    /// A run's timeout as the next run's `continuedFailure` tells it (F2).
    WorkflowTimeout,
}

impl Failure {
    /// The failure's message, as the official one has it.
    pub fn message(&self) -> &str {
        match self {
            Self::Sent(sent) => &sent.message,
            Self::ActivityTimeout(timeout) => timeout.message(),
            Self::Server(message) | Self::Reset(message) => message,
            Self::WorkflowTimeout => "workflow timeout",
        }
    }
}

/// An activity's timeout.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ActivityTimeout {
    /// Which of the four.
    pub kind: ActivityTimeoutKind,
    /// Whether the message is that the next retry would not fit before schedule-to-close (R68)
    /// rather than the timeout's own.
    pub reason: ActivityTimeoutReason,
    /// The details of the last heartbeat, of this attempt or an earlier one (R69).
    pub last_heartbeat_details: Option<Payloads>,
    /// The failure of the attempt before (R69).
    pub cause: Option<Failure>,
}

/// What a timed-out activity's failure says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ActivityTimeoutReason {
    /// The timeout ran out.
    Elapsed,
    /// The next retry would come after schedule-to-close (R68).
    NoTimeToRetry,
}

/// The timeouts of an activity, in the order in which those due together are handled (R67).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ActivityTimeoutKind {
    /// From an attempt's start to its end.
    StartToClose,
    /// From an attempt's scheduling to its start.
    ScheduleToStart,
    /// From the first scheduling to the end of the last attempt.
    ScheduleToClose,
    /// From one heartbeat to the next.
    Heartbeat,
}

impl ActivityTimeout {
    /// The message of the official failure (R68).
    pub fn message(&self) -> &'static str {
        match (self.reason, self.kind) {
            (ActivityTimeoutReason::NoTimeToRetry, _) => {
                "Not enough time to schedule next retry before activity ScheduleToClose timeout, \
                 giving up retrying"
            }
            (_, ActivityTimeoutKind::StartToClose) => "activity StartToClose timeout",
            (_, ActivityTimeoutKind::ScheduleToStart) => "activity ScheduleToStart timeout",
            (_, ActivityTimeoutKind::ScheduleToClose) => "activity ScheduleToClose timeout",
            (_, ActivityTimeoutKind::Heartbeat) => "activity Heartbeat timeout",
        }
    }
}

/// An activity's timeouts after normalisation (R49); zero is "unset".
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ActivityTimeouts {
    /// From the first scheduling to the end of the last attempt.
    pub schedule_to_close: Duration,
    /// From an attempt's scheduling to its start.
    pub schedule_to_start: Duration,
    /// From an attempt's start to its end.
    pub start_to_close: Duration,
    /// From one heartbeat to the next.
    pub heartbeat: Duration,
}
