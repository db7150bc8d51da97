//! Task tokens as clients see them: bytes that mean something to the server only.
//!
//! ```
//! use deadbeat::grpc::token;
//!
//! let refused = token::activity(b"garbage!").unwrap_err();
//! assert_eq!(refused.message, "Error deserializing task token.");
//! let refused = token::activity(b"").unwrap_err();
//! assert_eq!(refused.message, "Task token not set on request.");
//! ```

use prost::Message;

use crate::api::{ActivityToken, QueryId, QueryTaskToken, RpcError, WorkflowTaskToken};
use crate::clock::Time;
use crate::history::{EventId, Execution};

/// What the bytes are: one message for both kinds of task, as on the real server. A token of the
/// wrong kind therefore names a task that is not there, and is answered so.
#[derive(Clone, PartialEq, prost::Message)]
struct Task {
    #[prost(string, tag = "2")]
    workflow_id: String,
    #[prost(string, tag = "3")]
    run_id: String,
    #[prost(uint32, tag = "4")]
    scheduled_event_id: u32,
    #[prost(uint32, tag = "5")]
    attempt: u32,
    #[prost(uint32, tag = "10")]
    started_event_id: u32,
    #[prost(sfixed64, tag = "12")]
    started_time: i64,
}

impl Task {
    fn read(bytes: &[u8]) -> Result<Self, RpcError> {
        if bytes.is_empty() {
            return Err(RpcError::invalid_argument("Task token not set on request."));
        }
        Self::decode(bytes).map_err(|_| garbage())
    }

    fn execution(&self) -> Result<Execution, RpcError> {
        if self.workflow_id.is_empty() {
            return Err(garbage());
        }
        let run_id = self.run_id.parse().map_err(|_| garbage())?;
        Ok(Execution { workflow_id: self.workflow_id.as_str().into(), run_id })
    }
}

fn garbage() -> RpcError {
    RpcError::invalid_argument("Error deserializing task token.")
}

/// The workflow task that a token names (R12).
///
/// # Errors
///
/// `INVALID_ARGUMENT` if there is no token, or what there is was not made here (C6).
pub fn workflow_task(bytes: &[u8]) -> Result<WorkflowTaskToken, RpcError> {
    let task = Task::read(bytes)?;
    Ok(WorkflowTaskToken {
        execution: task.execution()?,
        scheduled_event_id: EventId(task.scheduled_event_id),
        started_event_id: EventId(task.started_event_id),
        started_time: Time::from_unix_nanos(task.started_time),
        attempt: task.attempt,
    })
}

/// The attempt of an activity that a token names (R54).
///
/// # Errors
///
/// As [`workflow_task`].
pub fn activity(bytes: &[u8]) -> Result<ActivityToken, RpcError> {
    let task = Task::read(bytes)?;
    Ok(ActivityToken {
        execution: task.execution()?,
        scheduled_event_id: EventId(task.scheduled_event_id),
        attempt: task.attempt,
    })
}

/// A query's token: its fields stand where others have an execution's, as on the real server.
#[derive(Clone, PartialEq, prost::Message)]
struct Query {
    #[prost(string, tag = "2")]
    task_queue: String,
    #[prost(string, tag = "3")]
    id: String,
    /// The real server finds the query without. Behind all the fields that another kind of task has.
    #[prost(string, tag = "20")]
    run_id: String,
}

/// The query that a token names (G7).
///
/// # Errors
///
/// As [`workflow_task`].
pub fn query(bytes: &[u8]) -> Result<QueryTaskToken, RpcError> {
    if bytes.is_empty() {
        return Err(RpcError::invalid_argument("Task token not set on request."));
    }
    let token = Query::decode(bytes).map_err(|_| garbage())?;
    let query = token.id.parse().map_err(|_| garbage())?;
    // Another kind of task's token names a run where a query's names itself: there is no such query.
    let run_id = match token.run_id.as_str() {
        "" => query,
        run_id => run_id.parse().map_err(|_| garbage())?,
    };
    Ok(QueryTaskToken { run_id, task_queue: token.task_queue.into(), query: QueryId(query) })
}

impl QueryTaskToken {
    /// The bytes that a worker gets with the task.
    pub fn to_bytes(&self) -> Vec<u8> {
        let token = Query {
            task_queue: self.task_queue.to_string(),
            id: self.query.to_string(),
            run_id: self.run_id.to_string(),
        };
        token.encode_to_vec()
    }
}

impl WorkflowTaskToken {
    /// The bytes that a worker gets with the task.
    pub fn to_bytes(&self) -> Vec<u8> {
        let task = Task {
            workflow_id: self.execution.workflow_id.as_str().to_owned(),
            run_id: self.execution.run_id.to_string(),
            scheduled_event_id: self.scheduled_event_id.0,
            attempt: self.attempt,
            started_event_id: self.started_event_id.0,
            started_time: self.started_time.unix_nanos(),
        };
        task.encode_to_vec()
    }
}

impl ActivityToken {
    /// The bytes that a worker gets with the task.
    pub fn to_bytes(&self) -> Vec<u8> {
        let task = Task {
            workflow_id: self.execution.workflow_id.as_str().to_owned(),
            run_id: self.execution.run_id.to_string(),
            scheduled_event_id: self.scheduled_event_id.0,
            attempt: self.attempt,
            ..Task::default()
        };
        task.encode_to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::EPOCH;
    use crate::history::RunId;
    use crate::history::ids::RunCause;

    fn execution() -> Execution {
        let workflow_id = "greeting".into();
        let run_id = RunId::derive(&workflow_id, RunCause::Start, 0);
        Execution { workflow_id, run_id }
    }

    #[test]
    fn a_token_comes_back_as_it_was_made() {
        let workflow = WorkflowTaskToken {
            execution: execution(),
            scheduled_event_id: EventId(2),
            started_event_id: EventId(3),
            started_time: EPOCH,
            attempt: 4,
        };
        assert_eq!(workflow_task(&workflow.to_bytes()), Ok(workflow));

        let of_activity =
            ActivityToken { execution: execution(), scheduled_event_id: EventId(5), attempt: 1 };
        assert_eq!(activity(&of_activity.to_bytes()), Ok(of_activity));
    }

    #[test]
    fn a_token_of_a_workflow_task_names_an_activity_that_does_not_exist() {
        let workflow = WorkflowTaskToken {
            execution: execution(),
            scheduled_event_id: EventId(2),
            started_event_id: EventId(3),
            started_time: EPOCH,
            attempt: 1,
        };
        let taken_for = activity(&workflow.to_bytes()).unwrap();
        assert_eq!(taken_for.scheduled_event_id, EventId(2));
    }

    #[test]
    fn bytes_that_name_no_run_are_garbage() {
        let empty = Task { workflow_id: "greeting".into(), ..Task::default() };
        for bytes in [&b"garbage"[..], b"\x08\x01", &empty.encode_to_vec()] {
            assert_eq!(workflow_task(bytes).unwrap_err(), garbage(), "{bytes:?}");
        }
    }
}
