//! Which service and method a path names, and who answers it.

/// A method as a path names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Route<'a> {
    /// Of Temporal's `WorkflowService`.
    Workflow(&'a str),
    /// Of Temporal's `TestService`.
    Test(&'a str),
    /// Of gRPC's health service.
    Health(&'a str),
    /// Of no service that is here.
    Other { service: &'a str, method: &'a str },
}

/// Reads a path; `None` if it names no method.
pub(super) fn route(path: &str) -> Option<Route<'_>> {
    let (service, method) = path.strip_prefix('/')?.rsplit_once('/')?;
    Some(match service {
        "temporal.api.workflowservice.v1.WorkflowService" => Route::Workflow(method),
        "temporal.api.testservice.v1.TestService" => Route::Test(method),
        "grpc.health.v1.Health" => Route::Health(method),
        _ => Route::Other { service, method },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_service_and_a_method() {
        assert_eq!(route("/grpc.health.v1.Health/Check"), Some(Route::Health("Check")));
        let other = Route::Other { service: "a.B", method: "C" };
        assert_eq!(route("/a.B/C"), Some(other));
        assert_eq!(route("no path"), None);
        assert_eq!(route("/"), None);
    }
}
