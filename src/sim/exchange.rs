//! What passes between the server and those who ask it, for somebody who looks on.

use crate::api::{CallId, Request, Response, RpcError};

/// One thing that passed. They are noted only for who asks for it with
/// [`Simulation::look_on`](super::Simulation::look_on).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Exchange {
    /// A client or a worker asked.
    Asked {
        /// Names the call until it is answered. A worker's poll has the same name each time.
        call: CallId,
        /// What was asked.
        request: Request,
    },
    /// The server answered: at once, or a call that was parked.
    Answered {
        /// Which call.
        call: CallId,
        /// What it answered.
        result: Result<Response, RpcError>,
    },
    /// Nobody waits for the answer any more: the worker was stopped.
    Abandoned {
        /// Which call.
        call: CallId,
    },
}
