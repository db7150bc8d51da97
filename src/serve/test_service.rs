//! `temporal.api.testservice.v1.TestService`: how a test moves the clock.

use std::time::Duration;

use prost::Message;

use super::host::Host;
use crate::api::RpcError;
use crate::grpc::{timestamp, unreadable};
use crate::official::{testservice, well_known};

/// Answers a method of the service.
pub(super) fn call(host: &Host, method: &str, message: &[u8]) -> Result<Vec<u8>, RpcError> {
    match method {
        "UnlockTimeSkippingWithSleep" => {
            let asked: testservice::SleepRequest = read(message)?;
            host.advance(duration(asked.duration)?)?;
            Ok(testservice::SleepResponse {}.encode_to_vec())
        }
        "GetCurrentTime" => {
            let now = Some(timestamp(host.now()));
            Ok(testservice::GetCurrentTimeResponse { time: now }.encode_to_vec())
        }
        _ => Err(RpcError::unimplemented(format_args!("TestService/{method}"))),
    }
}

fn read<T: Message + Default>(message: &[u8]) -> Result<T, RpcError> {
    T::decode(message).map_err(|error| unreadable(&error))
}

/// The longest sleep: what a scenario may take too.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 3_600);

fn duration(sent: Option<well_known::Duration>) -> Result<Duration, RpcError> {
    let invalid = || RpcError::invalid_argument("a duration from 0 to ten years is needed");
    let duration: Duration = sent.unwrap_or_default().try_into().map_err(|_| invalid())?;
    if duration > LONGEST { Err(invalid()) } else { Ok(duration) }
}
