//! `grpc.health.v1.Health`, as far as clients of Temporal ask it.

use prost::Message as _;

use crate::api::{Code, RpcError};
use crate::grpc::unreadable;

/// `grpc.health.v1.HealthCheckRequest`.
#[derive(Clone, PartialEq, prost::Message)]
struct HealthCheckRequest {
    #[prost(string, tag = "1")]
    service: String,
}

/// `grpc.health.v1.HealthCheckResponse`.
#[derive(Clone, PartialEq, prost::Message)]
struct HealthCheckResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

const SERVING: i32 = 1;

/// What is served: the server as a whole and the services that are there.
const SERVICES: [&str; 3] = [
    "",
    "temporal.api.workflowservice.v1.WorkflowService",
    "temporal.api.testservice.v1.TestService",
];

/// Answers a method of the service.
pub(super) fn call(method: &str, message: &[u8]) -> Result<Vec<u8>, RpcError> {
    if method != "Check" {
        return Err(RpcError::unimplemented(format_args!("grpc.health.v1.Health/{method}")));
    }
    let asked = HealthCheckRequest::decode(message).map_err(|error| unreadable(&error))?;
    if !SERVICES.contains(&asked.service.as_str()) {
        return Err(RpcError::new(Code::NotFound, "unknown service"));
    }
    Ok(HealthCheckResponse { status: SERVING }.encode_to_vec())
}
