//! What a frontend says about itself: its version, its cluster, its namespaces. No execution has to
//! be asked for that.

use std::collections::HashMap;
use std::hash::{Hash as _, Hasher as _};

use prost::Message;

use super::frontend::{Frontend, unreadable};
use crate::api::limits::{MAXIMUM_BLOB_SIZE, MAXIMUM_MEMO_SIZE};
use crate::api::{Code, ErrorDetail, RpcError};
use crate::history::ids::Digest;
use crate::official::workflowservice::{self as service, get_system_info_response};
use crate::official::{enums, namespace, replication, well_known};

/// The version of the real server that is imitated.
const SERVER_VERSION: &str = "1.32.0";

/// The cluster's name, as in a development server.
const CLUSTER: &str = "active";

impl Frontend {
    /// The answer to a method that asks about the server itself; `None` if this one does not.
    ///
    /// ```
    /// use deadbeat::grpc::Frontend;
    /// use deadbeat::official::workflowservice::GetSystemInfoResponse;
    /// use prost::Message;
    ///
    /// let frontend = Frontend::new("default");
    /// let answer = frontend.about_itself("GetSystemInfo", b"").unwrap().unwrap();
    /// let info = GetSystemInfoResponse::decode(answer.as_slice()).unwrap();
    /// assert_eq!(info.server_version, "1.32.0");
    /// assert!(frontend.about_itself("StartWorkflowExecution", b"").is_none());
    /// ```
    ///
    /// # Errors
    ///
    /// `NOT_FOUND` if a namespace is not there, as the real server says it.
    pub fn about_itself(&self, method: &str, message: &[u8]) -> Option<Result<Vec<u8>, RpcError>> {
        Some(match method {
            "GetSystemInfo" => Ok(system_info().encode_to_vec()),
            "GetClusterInfo" => Ok(cluster_info().encode_to_vec()),
            "DescribeNamespace" => self.describe_namespace(message),
            "ListNamespaces" => {
                let namespaces = vec![self.description()];
                let answer =
                    service::ListNamespacesResponse { namespaces, next_page_token: Vec::new() };
                Ok(answer.encode_to_vec())
            }
            _ => return None,
        })
    }

    fn describe_namespace(&self, message: &[u8]) -> Result<Vec<u8>, RpcError> {
        let asked = service::DescribeNamespaceRequest::decode(message)
            .map_err(|error| unreadable(&error))?;
        let named = if asked.namespace.is_empty() { &asked.id } else { &asked.namespace };
        if named.is_empty() {
            return Err(RpcError::invalid_argument("Namespace not set on request."));
        }
        let is_ours = if asked.namespace.is_empty() {
            asked.id == self.namespace_id()
        } else {
            *asked.namespace == **self.namespace()
        };
        if !is_ours {
            return Err(RpcError {
                code: Code::NotFound,
                message: format!("Namespace {named} is not found.").into(),
                detail: Some(ErrorDetail::NamespaceNotFound { namespace: named.as_str().into() }),
            });
        }
        Ok(self.description().encode_to_vec())
    }

    /// An id that follows from the name.
    fn namespace_id(&self) -> String {
        let half = |which: u8| {
            let mut digest = Digest::new();
            (which, self.namespace().as_str()).hash(&mut digest);
            digest.finish()
        };
        let (high, low) = (half(0), half(1));
        format!(
            "{:08x}-{:04x}-7{:03x}-8{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            high & 0xFFF,
            low >> 52,
            low & 0xFFFF_FFFF_FFFF
        )
    }

    fn description(&self) -> service::DescribeNamespaceResponse {
        let limit = |bytes: usize| i64::try_from(bytes).unwrap_or(i64::MAX);
        service::DescribeNamespaceResponse {
            namespace_info: Some(namespace::NamespaceInfo {
                name: self.namespace().to_string(),
                state: enums::NamespaceState::Registered.into(),
                id: self.namespace_id(),
                // What is modelled: the real server has more.
                capabilities: Some(namespace::namespace_info::Capabilities {
                    eager_workflow_start: true,
                    sync_update: true,
                    async_update: true,
                    ..Default::default()
                }),
                limits: Some(namespace::namespace_info::Limits {
                    blob_size_limit_error: limit(MAXIMUM_BLOB_SIZE),
                    memo_size_limit_error: limit(MAXIMUM_MEMO_SIZE),
                    ..Default::default()
                }),
                ..Default::default()
            }),
            config: Some(namespace::NamespaceConfig {
                workflow_execution_retention_ttl: Some(well_known::Duration {
                    seconds: 24 * 3_600,
                    nanos: 0,
                }),
                bad_binaries: Some(namespace::BadBinaries::default()),
                history_archival_state: enums::ArchivalState::Disabled.into(),
                visibility_archival_state: enums::ArchivalState::Disabled.into(),
                ..Default::default()
            }),
            replication_config: Some(replication::NamespaceReplicationConfig {
                active_cluster_name: CLUSTER.to_owned(),
                clusters: vec![replication::ClusterReplicationConfig {
                    cluster_name: CLUSTER.to_owned(),
                    ..Default::default()
                }],
                ..Default::default()
            }),
            ..Default::default()
        }
    }
}

fn system_info() -> service::GetSystemInfoResponse {
    service::GetSystemInfoResponse {
        server_version: SERVER_VERSION.to_owned(),
        // Of the real server's those that are modelled: schedules, Nexus and worker versioning are
        // not.
        capabilities: Some(get_system_info_response::Capabilities {
            signal_and_query_header: true,
            internal_error_differentiation: true,
            activity_failure_include_heartbeat: true,
            encoded_failure_attributes: true,
            upsert_memo: true,
            eager_workflow_start: true,
            sdk_metadata: true,
            count_group_by_execution_status: true,
            ..Default::default()
        }),
    }
}

fn cluster_info() -> service::GetClusterInfoResponse {
    let below = |name: &str, version: &str| (name.to_owned(), version.to_owned());
    let supported_clients: HashMap<String, String> = [
        below("temporal-cli", "<2.0.0"),
        below("temporal-go", "<2.0.0"),
        below("temporal-java", "<2.0.0"),
        below("temporal-php", "<2.0.0"),
        below("temporal-server", "<2.0.0"),
        below("temporal-typescript", "<2.0.0"),
        below("temporal-ui", "<3.0.0"),
        below("Nexus-go-sdk", "<2.0.0"),
    ]
    .into();
    service::GetClusterInfoResponse {
        supported_clients,
        server_version: SERVER_VERSION.to_owned(),
        cluster_id: "deadbeat".to_owned(),
        cluster_name: CLUSTER.to_owned(),
        history_shard_count: 1,
        persistence_store: "memory".to_owned(),
        visibility_store: "memory".to_owned(),
        initial_failover_version: 1,
        failover_version_increment: 10,
        ..Default::default()
    }
}
