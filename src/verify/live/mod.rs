//! The same scenario on a real server.

mod cleanup;
mod command;
mod connection;
mod difference;
mod histories;
mod lockstep;
mod names;
mod official;
mod orders;
mod query;
mod question;
mod session;
mod sticky;
mod tasks;
mod time;
mod update;
mod visibility;

pub use connection::{Connection, Unreachable};
pub use difference::Difference;
pub use session::{Settings, Skipped, Verdict, verify};
