//! Steps that the `temporal` CLI makes, against the server under test over the network.

use std::error::Error;
use std::process::Stdio;
use std::time::Duration;

use deadbeat::clock::Time;
use deadbeat::serve::{Edge, Host, VirtualClock};
use deadbeat::server::Server;
use serde_json::{Value, json};
use std::process::Command;

/// Names the CLI to use; without it cases that need one are not played.
pub(crate) const PATH: &str = "DEADBEAT_TEMPORAL_CLI";

/// Whether there is a CLI.
pub(crate) fn is_here() -> bool {
    std::env::var_os(PATH).is_some()
}

/// Runs a command of the CLI. The server comes back as the command has left it, with what the CLI
/// printed.
pub(crate) fn run(
    server: Server,
    now: Time,
    argv: &Value,
) -> Result<(Server, Value), Box<dyn Error>> {
    let cli = std::env::var_os(PATH).ok_or("this runner has no temporal CLI")?;
    let argv = argv.as_array().ok_or("no argv")?.iter().skip(1).filter_map(Value::as_str);
    let argv: Vec<String> = argv.map(str::to_owned).collect();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let host = Host::new(server, VirtualClock::at(now));
    let edge = runtime.block_on(Edge::bind("127.0.0.1:0".parse()?, host.clone()))?;
    let address = edge.address().to_string();
    let serving = runtime.spawn(edge.serve());
    let output =
        Command::new(cli).args(argv).args(["--address", &address]).stdin(Stdio::null()).output()?;
    serving.abort();
    runtime.shutdown_timeout(Duration::from_secs(1));
    let answer = json!({
        "exit": output.status.code(),
        "stdout": String::from_utf8_lossy(&output.stdout),
        "stderr": String::from_utf8_lossy(&output.stderr),
    });
    Ok((host.server(), answer))
}

/// The run id in what the CLI has printed.
pub(crate) fn printed_run_id(answer: &Value) -> Option<String> {
    let printed: Value = serde_json::from_str(answer["stdout"].as_str()?).ok()?;
    printed["runId"].as_str().map(str::to_owned)
}
