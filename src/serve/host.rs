//! The one owner of a server: every call goes through it, one after the other.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::clock::Clock;
use crate::api::{CallId, Code, Outbox, Request, Response, RpcError};
use crate::clock::Time;
use crate::grpc::Frontend;
use crate::server::Server;

/// No more happens in one go, so that whoever asks for a year of timers gets an error and not a
/// server that is never heard of again.
const MAX_HAPPENINGS: usize = 1_000_000;

/// A server with the clock that it goes by. Clones are the same host.
///
/// ```
/// use std::time::Duration;
/// use deadbeat::api::{Request, Target};
/// use deadbeat::serve::{Host, VirtualClock};
/// use deadbeat::server::Server;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let host = Host::new(Server::new("default"), VirtualClock::default());
/// let answer = host.call(Request::DescribeWorkflowExecution(Target::current("nobody"))).answer().await;
/// assert_eq!(answer.unwrap_err().message, "workflow not found for ID: nobody");
///
/// let before = host.now();
/// host.advance(Duration::from_secs(60)).unwrap();
/// assert_eq!(host.now().since(before), Duration::from_secs(60));
/// # });
/// ```
#[derive(Clone)]
pub struct Host {
    frontend: Arc<Frontend>,
    core: Arc<Mutex<Core>>,
}

struct Core {
    server: Server,
    clock: Box<dyn Clock>,
    outbox: Outbox,
    calls: u64,
    /// Who waits for an answer.
    waiting: BTreeMap<CallId, oneshot::Sender<Result<Response, RpcError>>>,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("frontend", &self.frontend).finish_non_exhaustive()
    }
}

impl Host {
    /// The owner of a server.
    pub fn new(server: Server, clock: impl Clock + 'static) -> Self {
        let frontend = Arc::new(Frontend::new(server.namespace().clone()));
        let core = Core {
            server,
            clock: Box::new(clock),
            outbox: Outbox::new(),
            calls: 0,
            waiting: BTreeMap::new(),
        };
        Self { frontend, core: Arc::new(Mutex::new(core)) }
    }

    /// The face of the server.
    pub fn frontend(&self) -> &Frontend {
        &self.frontend
    }

    /// What time it is.
    pub fn now(&self) -> Time {
        self.lock().clock.now()
    }

    /// The server as it is now.
    pub fn server(&self) -> Server {
        self.lock().server.clone()
    }

    /// Makes a call. What is due by now happens before it and after it.
    pub fn call(&self, request: Request) -> Parked {
        let (sender, answer) = oneshot::channel();
        let mut core = self.lock();
        core.calls += 1;
        let call = CallId(core.calls);
        let caught_up = core.catch_up();
        if let Err(error) = caught_up {
            // Whoever receives it is still here.
            let _ = sender.send(Err(error));
        } else {
            core.waiting.insert(call, sender);
            let Core { server, clock, outbox, .. } = &mut *core;
            server.call(clock.now(), call, request, outbox);
            core.deliver();
            // What it asked for is answered; what follows from it is the next caller's to hear of.
            let _ = core.catch_up();
        }
        Parked { host: self.clone(), call, answer }
    }

    /// Lets time pass: what becomes due on the way happens when it is due.
    ///
    /// # Errors
    ///
    /// If the clock cannot be moved, or more happens than in one go may.
    pub fn advance(&self, by: Duration) -> Result<(), RpcError> {
        let mut core = self.lock();
        let until = core.clock.now() + by;
        core.run_until(until)?;
        core.clock.advance_to(until)
    }

    fn abandon(&self, call: CallId) {
        let mut core = self.lock();
        if core.waiting.remove(&call).is_some() {
            let Core { server, clock, .. } = &mut *core;
            server.abandon(clock.now(), call);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        // A call that panicked must not be the end of all others.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    /// Lets everything happen that is due by now.
    fn catch_up(&mut self) -> Result<(), RpcError> {
        self.run_until(self.clock.now())
    }

    /// Lets everything happen that is due until then, in default order.
    fn run_until(&mut self, until: Time) -> Result<(), RpcError> {
        for _ in 0..MAX_HAPPENINGS {
            let Some((due, task)) = self.server.due().filter(|(due, _)| *due <= until) else {
                return Ok(());
            };
            if due > self.clock.now() {
                self.clock.advance_to(due)?;
            }
            self.server.fire(self.clock.now(), task, &mut self.outbox);
            self.deliver();
        }
        let message = format!("deadbeat: more than {MAX_HAPPENINGS} happenings in one go");
        Err(RpcError::new(Code::ResourceExhausted, message))
    }

    /// Hands the answers to whoever waits for them.
    fn deliver(&mut self) {
        for (call, answer) in self.outbox.drain() {
            if let Some(sender) = self.waiting.remove(&call) {
                // A receiver that has just gone has nothing to do with its answer.
                let _ = sender.send(answer);
            }
        }
    }
}

/// A call that was made. If it is dropped before it is answered, the server forgets the call.
#[derive(Debug)]
pub struct Parked {
    host: Host,
    call: CallId,
    answer: oneshot::Receiver<Result<Response, RpcError>>,
}

impl Parked {
    /// Waits for the answer.
    ///
    /// # Errors
    ///
    /// What the server refuses, and `UNAVAILABLE` if it is gone.
    pub async fn answer(mut self) -> Result<Response, RpcError> {
        let gone = |_| Err(RpcError::new(Code::Unavailable, "deadbeat: the server is gone"));
        (&mut self.answer).await.unwrap_or_else(gone)
    }
}

impl Drop for Parked {
    fn drop(&mut self) {
        self.host.abandon(self.call);
    }
}
