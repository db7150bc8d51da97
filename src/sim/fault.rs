//! What can go wrong between those who ask and the server, and in a worker's process.

use std::time::Duration;

use super::{ClientIndex, Happening};
use crate::api::{CallId, Code, Request, RpcError};
use crate::clock::Time;
use crate::server::TaskKey;
use crate::worker::{WorkerIndex, WorkerKey};

/// How long a caller waits before it asks again when an answer was lost: the first interval of the
/// official SDKs' retries, without their jitter.
pub const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// Something that can go wrong. A search places as many as [`Race::faults`](super::Race::faults)
/// says, anywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fault {
    /// The worker's process dies and starts again at once, with an empty cache and a sticky queue of
    /// another name. What it had started stays unanswered.
    CrashWorker(WorkerIndex),
    /// The worker forgets the workflows in its cache, and replays them when their next tasks come.
    LoseCache(WorkerIndex),
    /// What is asked takes effect, and its answer is lost.
    ///
    /// Who asked for a change asks the same again after [`RETRY_INTERVAL`], with the same request
    /// id or task token, and hears what the server says to that. A task that was handed out
    /// is started and nobody works on it: it times out, and its worker polls again after
    /// [`POLL_BACKOFF`](crate::worker::POLL_BACKOFF).
    LoseResponse(Origin),
    /// The request arrives a second time, at any moment from now on, and the answer to that is
    /// dropped.
    DuplicateRequest(Origin),
    /// A heartbeat does not arrive, and nothing comes back.
    LoseHeartbeat(Origin),
    /// A heartbeat arrives only when its deadline has come, just before it or just after.
    DelayHeartbeat(Origin),
}

/// The happening that a fault befalls.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Origin {
    /// A client takes its next step.
    Client(ClientIndex),
    /// The server hands out a task.
    Server(TaskKey),
    /// A worker sends something.
    Worker(WorkerIndex, WorkerKey),
}

impl From<Origin> for Happening {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Client(index) => Self::Client(index),
            Origin::Server(task) => Self::Server(task),
            Origin::Worker(index, key) => Self::Worker(index, key),
        }
    }
}

/// A request that is on its way because of a fault. It arrives as a happening of its own.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Late {
    pub(super) due: Time,
    /// The call that it was first sent with: it names the arrival, and no two are under way.
    pub(super) call: CallId,
    pub(super) request: Request,
    pub(super) why: Why,
}

/// Why a request is on its way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Why {
    /// Its sender has not heard an answer and asks again.
    AskedAgain,
    /// It was delayed; its sender still waits for the answer.
    Delayed,
    /// It has arrived before; nobody waits for this answer.
    Doubled,
}

/// What a caller is told of a request that never arrived, or whose answer did not.
pub(super) fn connection_lost() -> RpcError {
    RpcError::new(Code::Unavailable, "the connection was lost")
}
