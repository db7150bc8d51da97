//! How an answer or a refusal goes out.

use std::convert::Infallible;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use prost::Message as _;

use super::frame;
use crate::api::RpcError;
use crate::grpc::error_details;
use crate::official::well_known::Any;

/// What is sent.
pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_STATUS_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// The answer to a call.
pub(super) fn answer(result: Result<Vec<u8>, RpcError>) -> Response<Body> {
    match result {
        Ok(message) => {
            let mut trailers = HeaderMap::new();
            trailers.insert(GRPC_STATUS, HeaderValue::from_static("0"));
            let body = Full::new(frame::write(&message));
            let body = body.with_trailers(async move { Some(Ok(trailers)) });
            with_body(body.boxed_unsync())
        }
        Err(error) => {
            // A refusal has no body: its status is in the headers.
            let mut response = with_body(Empty::new().boxed_unsync());
            write_status(response.headers_mut(), &error);
            response
        }
    }
}

/// The answer to what is no call.
pub(super) fn not_grpc(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Empty::new().boxed_unsync());
    *response.status_mut() = status;
    response
}

fn with_body(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
    response
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

fn write_status(headers: &mut HeaderMap, error: &RpcError) {
    let code = error.code as u8;
    headers.insert(GRPC_STATUS, HeaderValue::from(u16::from(code)));
    insert(headers, GRPC_MESSAGE, &percent_encoded(&error.message));
    if let Some((type_url, value)) = error_details(error) {
        let status = Status {
            code: code.into(),
            message: error.message.to_string(),
            details: vec![Any { type_url, value }],
        };
        insert(headers, GRPC_STATUS_DETAILS, &STANDARD_NO_PAD.encode(status.encode_to_vec()));
    }
}

/// Headers have room for so much of a message that quotes what a client sent.
const LONGEST: usize = 8 * 1024;

fn insert(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if text.len() <= LONGEST
        && let Ok(value) = HeaderValue::from_str(text)
    {
        headers.insert(name, value);
    }
}

/// A message as headers may hold it.
fn percent_encoded(message: &str) -> String {
    let mut encoded = String::with_capacity(message.len());
    for byte in message.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
        if encoded.len() > LONGEST - 8 {
            encoded.push_str("...");
            break;
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_its_status_message_and_details_in_the_headers() {
        let refused = answer(Err(RpcError::not_found("no such\nthing: 100 % sure")));
        let headers = refused.headers();
        assert_eq!(headers[GRPC_STATUS], "5");
        assert_eq!(headers[GRPC_MESSAGE], "no such%0Athing: 100 %25 sure");
        let details = STANDARD_NO_PAD.decode(&headers[GRPC_STATUS_DETAILS]).unwrap();
        let status = Status::decode(details.as_slice()).unwrap();
        assert_eq!(status.message, "no such\nthing: 100 % sure");
        let type_url = "type.googleapis.com/temporal.api.errordetails.v1.NotFoundFailure";
        assert_eq!(status.details[0].type_url, type_url);
    }

    #[test]
    fn a_message_of_any_length_goes_out() {
        let refused = answer(Err(RpcError::not_found("é".repeat(1_000_000))));
        assert!(refused.headers()[GRPC_MESSAGE].len() <= LONGEST);
    }
}
