//! What time it is for the server.

use crate::api::RpcError;
use crate::clock::{EPOCH, Time};

/// Tells a [`super::Host`] what time it is. The edge does not know which clock it has.
pub trait Clock: Send {
    /// What time it is: never earlier than it was.
    fn now(&self) -> Time;

    /// Moves the clock to a later time.
    ///
    /// # Errors
    ///
    /// If the clock moves by itself and by nothing else.
    fn advance_to(&mut self, time: Time) -> Result<(), RpcError>;
}

/// A clock that stands still until it is moved. It begins where scenarios begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VirtualClock(Time);

impl Default for VirtualClock {
    fn default() -> Self {
        Self::at(EPOCH)
    }
}

impl VirtualClock {
    /// A clock that begins at this time.
    pub const fn at(time: Time) -> Self {
        Self(time)
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Time {
        self.0
    }

    fn advance_to(&mut self, time: Time) -> Result<(), RpcError> {
        self.0 = self.0.max(time);
        Ok(())
    }
}
