//! What is attached to the status of a refused request.

use prost::{Message, Name};

use crate::api::{ErrorDetail, RpcError};
use crate::official::{enums, errordetails};

/// The type URL and the bytes of what is attached to an error's `google.rpc.Status`, if anything
/// is.
///
/// ```
/// use deadbeat::api::RpcError;
/// use deadbeat::grpc::error_details;
///
/// let missing = RpcError::not_found("workflow not found for ID: greeting");
/// let (type_url, _) = error_details(&missing).unwrap();
/// assert_eq!(type_url, "type.googleapis.com/temporal.api.errordetails.v1.NotFoundFailure");
/// assert_eq!(error_details(&RpcError::invalid_argument("Invalid RunId.")), None);
/// ```
pub fn error_details(error: &RpcError) -> Option<(String, Vec<u8>)> {
    Some(match error.detail.as_ref()? {
        ErrorDetail::NotFound => any(&errordetails::NotFoundFailure::default()),
        ErrorDetail::NamespaceNotFound { namespace } => {
            any(&errordetails::NamespaceNotFoundFailure { namespace: namespace.to_string() })
        }
        ErrorDetail::WorkflowExecutionAlreadyStarted {
            start_request_id,
            run_id,
            first_execution_run_id,
        } => any(&errordetails::WorkflowExecutionAlreadyStartedFailure {
            start_request_id: start_request_id.to_string(),
            run_id: run_id.to_string(),
            first_execution_run_id: first_execution_run_id.to_string(),
        }),
        ErrorDetail::ResourceExhausted => any(&errordetails::ResourceExhaustedFailure {
            cause: enums::ResourceExhaustedCause::BusyWorkflow.into(),
            scope: enums::ResourceExhaustedScope::Namespace.into(),
        }),
        ErrorDetail::ConcurrentLimit => any(&errordetails::ResourceExhaustedFailure {
            cause: enums::ResourceExhaustedCause::ConcurrentLimit.into(),
            scope: enums::ResourceExhaustedScope::Namespace.into(),
        }),
        ErrorDetail::WorkflowNotReady => any(&errordetails::WorkflowNotReadyFailure {}),
        ErrorDetail::PermissionDenied => any(&errordetails::PermissionDeniedFailure::default()),
        ErrorDetail::QueryFailed { failure } => {
            any(&errordetails::QueryFailedFailure { failure: failure.as_deref().cloned() })
        }
    })
}

fn any<T: Message + Name>(detail: &T) -> (String, Vec<u8>) {
    (format!("type.googleapis.com/{}", T::full_name()), detail.encode_to_vec())
}
