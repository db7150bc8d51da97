//! How far a reader of a list of executions is, as bytes.

use prost::Message;

use crate::api::{ListPosition, RpcError};
use crate::clock::Time;

#[derive(Clone, PartialEq, prost::Message)]
struct TokenBytes {
    #[prost(sfixed64, tag = "1")]
    close: i64,
    #[prost(sfixed64, tag = "2")]
    start: i64,
    #[prost(string, tag = "3")]
    run: String,
}

/// Reads the bytes of a token; none are the beginning of the list.
pub(super) fn read(bytes: &[u8]) -> Result<Option<ListPosition>, RpcError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let invalid = || RpcError::invalid_argument("Invalid NextPageToken.");
    let token = TokenBytes::decode(bytes).map_err(|_| invalid())?;
    Ok(Some(ListPosition {
        close: Time::from_unix_nanos(token.close),
        start: Time::from_unix_nanos(token.start),
        run: token.run.parse().map_err(|_| invalid())?,
    }))
}

/// The bytes of a token.
pub(super) fn write(position: &ListPosition) -> Vec<u8> {
    let token = TokenBytes {
        close: position.close.unix_nanos(),
        start: position.start.unix_nanos(),
        run: position.run.to_string(),
    };
    token.encode_to_vec()
}
