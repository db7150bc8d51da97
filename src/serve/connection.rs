//! Where clients connect.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::call;
use super::host::Host;

/// No more connections are served at once; others wait.
const MAX_CONNECTIONS: usize = 1_000;

/// No connection has more calls at once: a worker has a few dozen polls.
const MAX_CALLS: u32 = 1_000;

/// A connection whose client does not answer a ping that long is given up, and its calls with it.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// A server on an address, over HTTP/2 without TLS.
#[derive(Debug)]
pub struct Edge {
    listener: TcpListener,
    address: SocketAddr,
    host: Host,
}

impl Edge {
    /// Takes an address; with port 0, any free port.
    ///
    /// # Errors
    ///
    /// If the address cannot be had.
    pub async fn bind(address: SocketAddr, host: Host) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, host })
    }

    /// The address that clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves whoever connects, until it is dropped; then all connections are closed.
    pub async fn serve(self) {
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            // The semaphore is never closed.
            let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let host = self.host.clone();
                    connections.spawn(async move {
                        serve_connection(stream, host).await;
                        drop(place);
                    });
                }
                // Out of file descriptors, or a client that went away at once: neither is the end.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

async fn serve_connection(stream: TcpStream, host: Host) {
    // A small answer must not wait for more to send.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let host = host.clone();
        async move { Ok::<_, Infallible>(call::respond(&host, request).await) }
    });
    let mut http2 = http2::Builder::new(TokioExecutor::new());
    http2
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_CALLS)
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE);
    // However a connection ends, its calls end with it.
    let _ = http2.serve_connection(TokioIo::new(stream), service).await;
}
