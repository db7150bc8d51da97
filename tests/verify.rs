//! `deadbeat verify` where there is no Temporal server to verify against.
//!
//! What it does with one that is there, `.ci/verify` shows.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

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
