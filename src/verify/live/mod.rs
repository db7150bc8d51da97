//! The same scenario on a real server, in lockstep with the fake one.
//!
//! This room knows how a real Temporal server is asked what the fake one was asked, when, what its
//! names and times mean here, how long it may take, and what is to be compared. It refuses to know
//! what a scenario's worker does with a task: that is decided once, on the fake's side.
//!
//! ```no_run
//! use deadbeat::verify::live::{Connection, Settings, Verdict, verify};
//! use tokio::sync::watch;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let text = "
//! name: a nap
//! workflows: { Nap: [{ sleep: 8h }] }
//! timeline: [{ start: Nap, workflow_id: nap }]
//! ";
//! let connection = Connection::open("127.0.0.1:7233", "default").await?;
//! let (_stop, stopped) = watch::channel(false);
//! let verdict = verify(&connection, text, "nap.yaml", Settings::default(), stopped).await?;
//! assert!(matches!(verdict, Verdict::Identical { .. }));
//! # Ok(())
//! # }
//! ```
//!
//! What is no address is told at once:
//!
//! ```
//! use deadbeat::verify::live::Connection;
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
//! # runtime.block_on(async {
//! let refused = Connection::open("temporal", "default").await.unwrap_err();
//! assert!(refused.to_string().starts_with("`temporal` is not an address"));
//! # });
//! ```

mod activity;
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
mod recording;
mod session;
mod settle;
mod sticky;
mod tasks;
mod time;
mod update;
mod visibility;

pub use connection::{Connection, Unreachable};
pub use difference::Difference;
pub use session::{Keep, NotVerified, Recording, Settings, Skipped, Speed, Verdict, verify};
