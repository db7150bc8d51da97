//! `deadbeat verify` where there is no Temporal server to verify against, or soon none, or where
//! nobody wants to know any more.
//!
//! What it does with one that stays, `.ci/verify` shows.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use deadbeat::serve::{Edge, Host, VirtualClock};
use deadbeat::server::{Run, Server};
use tokio::runtime::Runtime;

/// A listener that does the same with whoever comes.
fn listener(greet: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // It ends with the test's process.
    thread::spawn(move || listener.incoming().flatten().for_each(greet));
    address
}

/// The exit code, what was printed where errors go, and how long it took.
fn verify(args: &[&str]) -> (Option<i32>, String, Duration) {
    let began = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_deadbeat"))
        .args(["verify", "scenarios/seed"])
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), errors, began.elapsed())
}

#[test]
fn where_nobody_listens_it_says_how_to_start_a_server() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, errors, _) = verify(&["--address", &address.to_string()]);
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains(&format!("no server answers at {address}")), "{errors}");
    assert!(errors.contains("temporal server start-dev"), "{errors}");
}

#[test]
fn whoever_hangs_up_is_no_temporal_server() {
    let address = listener(drop);
    let (code, errors, took) = verify(&["--address", &address.to_string()]);
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains(&address.to_string()), "{errors}");
    assert!(took < Duration::from_secs(30), "{took:?}");
}

#[test]
fn whoever_talks_of_something_else_is_no_temporal_server() {
    let address = listener(|mut stream| {
        let _ = stream.read(&mut [0; 64]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    });
    let (code, errors, took) = verify(&["--address", &address.to_string()]);
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains("is not a Temporal server"), "{errors}");
    assert!(took < Duration::from_secs(30), "{took:?}");
}

#[test]
fn whoever_is_silent_is_no_temporal_server() {
    let address = listener(|stream| {
        thread::sleep(Duration::from_secs(60));
        drop(stream);
    });
    let (code, errors, took) = verify(&["--address", &address.to_string()]);
    assert_eq!(code, Some(2), "{errors}");
    assert!(took < Duration::from_secs(30), "{took:?}");
}

#[test]
fn what_is_no_address_is_told_apart_from_a_server_that_is_not_there() {
    for address in ["nonsense", "http://127.0.0.1:7233", ":7233", "127.0.0.1:99999"] {
        let (code, errors, _) = verify(&["--address", address]);
        assert_eq!(code, Some(2), "{errors}");
        assert!(errors.contains(&format!("`{address}` is not an address")), "{errors}");
    }
}

/// A server that speaks as Temporal's does, and whose time stands still.
struct Temporal {
    host: Host,
    address: SocketAddr,
    runtime: Runtime,
}

impl Temporal {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let host = Host::new(Server::new("default"), VirtualClock::default());
        let binding = Edge::bind("127.0.0.1:0".parse().unwrap(), host.clone());
        let edge = runtime.block_on(binding).unwrap();
        let address = edge.address();
        runtime.spawn(edge.serve());
        Self { host, address, runtime }
    }

    /// Begins to verify a scenario, and waits until that has begun here.
    fn verify(&self) -> Child {
        let mut verify = Command::new(env!("CARGO_BIN_EXE_deadbeat"))
            .args(["verify", "scenarios/seed/terminate_is_recorded_in_the_event_history.yaml"])
            .args(["--address", &self.address.to_string()])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while self.host.server().runs().next().is_none() {
            assert_eq!(verify.try_wait().unwrap(), None, "it ended without a start");
            thread::sleep(Duration::from_millis(5));
        }
        verify
    }

    fn has_open_runs(&self) -> bool {
        self.host.server().runs().any(Run::is_open)
    }
}

fn end(verify: Child) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = verify.wait_with_output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_server_that_dies_half_way_ends_everything() {
    let server = Temporal::start();
    let verify = server.verify();
    let address = server.address;
    server.runtime.shutdown_background();
    let began = Instant::now();
    let (code, errors) = end(verify);
    assert_eq!(code, Some(2), "{errors}");
    let expected = format!("the server at {address} does not answer any more");
    assert!(errors.contains(&expected), "{errors}");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[cfg(unix)]
#[test]
fn whoever_interrupts_it_finds_nothing_left_open() {
    for signal in ["-INT", "-TERM"] {
        let server = Temporal::start();
        let verify = server.verify();
        assert!(server.has_open_runs());
        let pid = verify.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let (code, errors) = end(verify);
        assert_eq!(code, Some(130), "{signal}: {errors}");
        assert!(errors.contains("interrupted"), "{signal}: {errors}");
        assert!(!server.has_open_runs(), "{signal}: {errors}");
    }
}

#[test]
fn a_speed_is_a_number_or_auto() {
    for speed in ["0", "-1", "fast", "1e3"] {
        let (code, errors, _) = verify(&[&format!("--speed={speed}")]);
        assert_eq!(code, Some(2), "{errors}");
        assert!(errors.contains("at most three decimals"), "{errors}");
    }
}
