//! The fake server behind Temporal's gRPC API: what SDKs and the `temporal` CLI connect to.
//!
//! This room knows HTTP/2 and gRPC: how a call comes in, how long its client waits, what a client
//! that goes away leaves behind, how an answer or a refusal goes out. What a call means is for
//! [`crate::grpc`] to say, what it does for [`crate::server`], and what time it is for a [`Clock`].
//! This is the only room where real time passes: calls have deadlines.
//!
//! ```
//! use deadbeat::serve::{Edge, Host, VirtualClock};
//! use deadbeat::server::Server;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let host = Host::new(Server::new("default"), VirtualClock::default());
//! let edge = Edge::bind("127.0.0.1:0".parse().unwrap(), host).await.unwrap();
//! println!("temporal --address {} operator cluster health", edge.address());
//! let serving = tokio::spawn(edge.serve());
//! // …
//! serving.abort();
//! # });
//! ```

mod answer;
mod call;
mod clock;
mod connection;
mod deadline;
mod frame;
mod health;
mod host;
mod route;
mod test_service;

pub use clock::{Clock, VirtualClock};
pub use connection::Edge;
pub use host::{Host, Parked};
