//! Activities that code outside runs: what it is told, and what it says.

use crate::api::ActivityTask;
use crate::history::{Payloads, Shared};
use crate::official::failure;

use super::key::ActivityKey;

/// News for native code.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum NativeEvent {
    /// An activity task is to be run.
    Started {
        /// What names it from now on.
        key: ActivityKey,
        /// The task.
        task: Box<ActivityTask>,
    },
    /// A running activity is cancelled. It may ignore that.
    Canceled {
        /// Which one.
        key: ActivityKey,
        /// Why.
        reason: CancelReason,
    },
}

/// Why an activity is cancelled, in sdk-core's words.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CancelReason {
    /// The answer to a heartbeat said so.
    Cancelled,
    /// The server knows the activity no more; what it ends with is not reported.
    NotFound,
    /// It has outlived its timeout, by the worker's own reckoning.
    TimedOut,
}

/// What native code did.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum NativeCommand {
    /// It heartbeats.
    Heartbeat(Option<Payloads>),
    /// It has ended well.
    Complete(Option<Payloads>),
    /// It has failed.
    Fail(Shared<failure::Failure>),
    /// It has ended because of a cancel.
    Canceled(Option<Payloads>),
}
