//! What an activity in Rust sees: its task, heartbeats, and cancels.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use super::inbox::Inbox;
use super::native::NativeKey;
use crate::api::ActivityTask;
use crate::history::Payloads;
use crate::history::payload::decode;
use crate::history::payload::{json, json_message};
use crate::official::failure;
use crate::official::failure::failure::FailureInfo;
use crate::scenario::model::Json;
use crate::worker::{CancelReason, NativeCommand};

/// What an activity in Rust is given: its task, and its way to the worker.
///
/// Clones are of the same activity.
#[derive(Clone, Debug)]
pub struct ActivityContext {
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    key: NativeKey,
    task: ActivityTask,
    canceled: watch::Sender<Option<CancelReason>>,
    inbox: Arc<Inbox>,
}

/// An activity is canceled, and knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("Cancelled")]
pub struct Canceled;

/// How an activity in Rust fails.
///
/// Every error becomes a failure that is retried as the retry policy says, with `?` as usual;
/// [`Canceled`] makes the activity appear canceled. It is no error itself, for that would make the
/// first impossible.
#[derive(Clone, PartialEq, Debug)]
pub enum ActivityError {
    /// The activity ends because it was canceled.
    Canceled,
    /// The activity fails.
    Failed(ActivityFailure),
}

/// An application failure.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ActivityFailure {
    /// What went wrong.
    pub message: String,
    /// The error type, which retry policies name.
    pub error_type: String,
    /// Whether no attempt may follow.
    pub non_retryable: bool,
    /// More about it.
    pub details: Option<Json>,
}

impl ActivityError {
    /// A failure that is retried as the retry policy says.
    pub fn retryable(message: impl Into<String>) -> Self {
        Self::Failed(ActivityFailure { message: message.into(), ..ActivityFailure::default() })
    }

    /// A failure that no attempt follows.
    pub fn non_retryable(message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Failed(ActivityFailure { message, non_retryable: true, ..ActivityFailure::default() })
    }
}

impl<E: Error + 'static> From<E> for ActivityError {
    fn from(error: E) -> Self {
        let error: &dyn Error = &error;
        if error.is::<Canceled>() { Self::Canceled } else { Self::retryable(error.to_string()) }
    }
}

impl ActivityContext {
    pub(super) fn new(key: NativeKey, task: ActivityTask, inbox: Arc<Inbox>) -> Self {
        let (canceled, _) = watch::channel(None);
        Self { shared: Arc::new(Shared { key, task, canceled, inbox }) }
    }

    /// The task, with everything that the server says about it.
    pub fn task(&self) -> &ActivityTask {
        &self.shared.task
    }

    /// Which attempt it is, from 1.
    pub fn attempt(&self) -> u32 {
        self.shared.task.attempt
    }

    /// The argument; null if there is none.
    ///
    /// # Errors
    ///
    /// If the argument is not of this type.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        let input = self.shared.task.scheduled.command.input.as_ref();
        let data = input.and_then(|input| input.payloads.first()).map(|payload| &payload.data);
        serde_json::from_slice(data.map_or(b"null", Vec::as_slice))
    }

    /// The details of the last heartbeat of an earlier attempt; null if there are none.
    ///
    /// # Errors
    ///
    /// If the details are not of this type.
    pub fn heartbeat_details<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_value(decode(self.shared.task.heartbeat_details.as_ref()))
    }

    /// Heartbeats with details. The worker sends the first at once and then one every now and then,
    /// as SDKs do; the answer to one that is sent may tell of a cancel, a moment later.
    ///
    /// # Errors
    ///
    /// [`Canceled`] if the activity has learnt of a cancel. Nothing is sent then.
    pub fn heartbeat(&self, details: impl Serialize) -> Result<(), Canceled> {
        if self.is_canceled() {
            return Err(Canceled);
        }
        // What is no JSON value has no details.
        let details = serde_json::to_value(details).ok().filter(|details| !details.is_null());
        let details = details.as_ref().map(json);
        self.shared.inbox.push(self.shared.key, NativeCommand::Heartbeat(details));
        Ok(())
    }

    /// Whether the activity has learnt of a cancel.
    pub fn is_canceled(&self) -> bool {
        self.cancel_reason().is_some()
    }

    /// Why the activity was canceled, if it has learnt of that.
    pub fn cancel_reason(&self) -> Option<CancelReason> {
        *self.shared.canceled.borrow()
    }

    /// Waits until the activity learns of a cancel. Without heartbeats it never does.
    pub async fn canceled(&self) -> CancelReason {
        let mut canceled = self.shared.canceled.subscribe();
        match canceled.wait_for(Option::is_some).await.map(|reason| *reason) {
            Ok(Some(reason)) => reason,
            // The sender is kept by this very context.
            _ => std::future::pending().await,
        }
    }

    /// Sleeps, or until the activity learns of a cancel. Whole milliseconds of virtual time.
    ///
    /// # Errors
    ///
    /// [`Canceled`] if the activity has learnt of a cancel.
    pub async fn sleep(&self, duration: Duration) -> Result<(), Canceled> {
        tokio::select! {
            // The order is fixed, so that a run is the same every time.
            biased;
            _ = self.canceled() => Err(Canceled),
            () = tokio::time::sleep(duration) => Ok(()),
        }
    }

    /// The activity learns of a cancel; the first reason stays.
    pub(super) fn cancel(&self, reason: CancelReason) {
        self.shared.canceled.send_if_modified(|canceled| {
            let is_first = canceled.is_none();
            canceled.get_or_insert(reason);
            is_first
        });
    }

    /// What the worker is told of the activity's end.
    pub(super) fn end(&self, end: Result<Option<Payloads>, ActivityError>) -> NativeCommand {
        match end {
            Ok(result) => NativeCommand::Complete(result),
            Err(ActivityError::Canceled) if self.is_canceled() => NativeCommand::Canceled(None),
            // As in the Python SDK: who is not asked to cancel cannot be canceled, only fail.
            Err(ActivityError::Canceled) => {
                let failure = ActivityFailure {
                    message: Canceled.to_string(),
                    error_type: "CancelledError".to_owned(),
                    ..ActivityFailure::default()
                };
                NativeCommand::Fail(failure.official().into())
            }
            Err(ActivityError::Failed(failure)) => NativeCommand::Fail(failure.official().into()),
        }
    }
}

impl ActivityFailure {
    fn official(self) -> failure::Failure {
        failure::Failure {
            message: self.message,
            failure_info: Some(FailureInfo::ApplicationFailureInfo(
                failure::ApplicationFailureInfo {
                    r#type: self.error_type,
                    non_retryable: self.non_retryable,
                    details: self.details.as_ref().map(json_message),
                    ..failure::ApplicationFailureInfo::default()
                },
            )),
            ..failure::Failure::default()
        }
    }
}
