//! The same story in less time: a scenario with shorter durations, for a server whose time is real.
//!
//! A scenario's durations are changed so that the fake's run gives the same histories and the same
//! answers to clients, the durations themselves and the times aside; so that it is over soon; and so
//! that nothing whose order matters happens so close to a deadline of the server that a real
//! server, whose timers are up to a second late (O1), could do it the other way round.
//!
//! ```
//! use deadbeat::verify::retime::retime;
//! use std::time::Duration;
//!
//! let text = "
//! name: a workflow is canceled while it sleeps
//! workflows: { Patience: [{ sleep: 1h }] }
//! timeline:
//!   - start: Patience
//!     workflow_id: patience
//!   - cancel: patience
//!     at: 5m
//! ";
//! let retimed = retime(text, "patience.yaml", Duration::from_secs(20))?;
//! assert_eq!(retimed.virtual_time, Duration::from_secs(1));
//! assert!(retimed.text.contains("at: 1s") && retimed.text.contains("sleep: 3s"), "{}", retimed.text);
//! # Ok::<(), deadbeat::verify::retime::NotRetimed>(())
//! ```

mod closeness;
mod factor;
mod search;
mod story;
#[cfg(test)]
mod tests;

pub use closeness::Close;
pub use factor::{Factor, NotAFactor};
pub use search::{Change, Needed, NotRetimed, Retimed, divide, retime};
pub use story::Twist;
