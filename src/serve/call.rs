//! One call, from its headers to its answer.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use hyper::body::Body as IncomingBody;

use super::answer::{self, Body};
use super::frame::{self, Encoding};
use super::host::Host;
use super::route::{Route, route};
use super::{deadline, health, test_service};
use crate::api::{Code, RpcError};
use crate::grpc::{Client, Expiry, Metadata, NextRuns};

/// Answers a request.
pub(super) async fn respond<B>(host: &Host, request: Request<B>) -> Response<Body>
where
    B: IncomingBody<Data = Bytes> + Unpin,
{
    let (head, body) = request.into_parts();
    let content_type = text(&head.headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    if !content_type.starts_with("application/grpc") {
        return answer::not_grpc(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    if head.method != Method::POST {
        return answer::not_grpc(StatusCode::METHOD_NOT_ALLOWED);
    }
    let path = head.uri.path();
    let Some(route) = route(path) else {
        let message = format!("malformed method name: {path:?}");
        return answer::answer(Err(RpcError::new(Code::Unimplemented, message)));
    };
    let timeout = match deadline::timeout(text(&head.headers, "grpc-timeout")) {
        Ok(timeout) => timeout,
        Err(error) => return answer::answer(Err(error)),
    };
    let encoding = Encoding::named(text(&head.headers, "grpc-encoding"));
    let client = Client::named(text(&head.headers, "client-name").unwrap_or_default());
    let features = text(&head.headers, "supported-features").unwrap_or_default();
    let next_runs = NextRuns::supported(features);
    let answered = async {
        let message = frame::read(body, encoding?).await?;
        perform(host, route, &message, &Metadata { client, timeout, next_runs }).await
    };
    answer::answer(within(timeout, answered).await.unwrap_or_else(|| Err(too_late())))
}

/// The client waits no longer; it is unlikely to hear this.
fn too_late() -> RpcError {
    RpcError::new(Code::DeadlineExceeded, "context deadline exceeded")
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// What comes of `future` if it does not take longer.
async fn within<T>(limit: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => tokio::time::timeout(limit, future).await.ok(),
        None => Some(future.await),
    }
}

async fn perform(
    host: &Host,
    route: Route<'_>,
    message: &[u8],
    metadata: &Metadata,
) -> Result<Vec<u8>, RpcError> {
    match route {
        Route::Health(method) => health::call(method, message),
        Route::Test(method) => test_service::call(host, method, message),
        Route::Other { service, method } => {
            Err(RpcError::unimplemented(format_args!("{service}/{method}")))
        }
        Route::Workflow(method) => {
            let frontend = host.frontend();
            if let Some(answer) = frontend.about_itself(method, message) {
                return answer;
            }
            let call = frontend.decode(method, message, metadata)?;
            let expiry = call.expiry(metadata);
            let answer = host.call(call.request).answer();
            let limit = expiry.as_ref().map(|(limit, _)| *limit);
            let response = match (within(limit, answer).await, expiry) {
                (Some(response), _) => response?,
                (None, Some((_, Expiry::Ask(instead)))) => host.call(instead).answer().await?,
                (None, Some((_, Expiry::Answer(nothing)))) => return Ok(nothing),
                (None, None) => return Err(too_late()),
            };
            frontend.encode(&call.reply, response)
        }
    }
}
