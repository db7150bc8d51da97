//! Visibility: which executions a list filter finds, and in which order.
//!
//! A filter is the part of SQL that Temporal's List Filters have, refused in the real server's words
//! where it is wrong. What a real server learns of an execution a moment later, this one knows at
//! once.

mod attribute;
mod filter;
mod literal;
mod parse;
#[cfg(test)]
mod tests;
mod token;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::key::RunIndex;
use super::run::Run;
use super::{Server, describe};
use crate::api::{ExecutionStatus, ListPosition, ListWorkflowExecutions, Response, RpcError};
use crate::clock::Time;
use crate::history::RunId;

/// Open runs come before closed ones, and late ones before early ones.
type Rank = (Reverse<Time>, Reverse<Time>, Reverse<RunId>);

fn rank(run: &Run) -> Rank {
    let close = run.close_time.unwrap_or(Time::MAX);
    (Reverse(close), Reverse(run.start_time), Reverse(run.execution.run_id))
}

impl Server {
    /// `ListWorkflowExecutions`.
    pub(super) fn list(&self, asked: &ListWorkflowExecutions) -> Result<Response, RpcError> {
        let found = self.found(&asked.query)?;
        let after = asked.after.map(|at| (Reverse(at.close), Reverse(at.start), Reverse(at.run)));
        let rest = found.into_iter().map(|at| self.get(at));
        let mut rest = rest.filter(|run| after.is_none_or(|after| rank(run) > after)).peekable();
        let page: Vec<&Run> = rest.by_ref().take(asked.page_size).collect();
        let last = page.last().filter(|_| page.len() == asked.page_size);
        let next = last.map(|run| ListPosition {
            close: run.close_time.unwrap_or(Time::MAX),
            start: run.start_time,
            run: run.execution.run_id,
        });
        let executions = page.into_iter().map(describe::describe).collect();
        Ok(Response::ListWorkflowExecutions { executions, next })
    }

    /// `CountWorkflowExecutions`.
    pub(super) fn count(&self, query: &str) -> Result<Response, RpcError> {
        let filter = parse::parse(query)?;
        let found = self.runs().filter(|run| filter.finds(run));
        let Some(by) = filter.group_by.as_deref() else {
            let count = found.count();
            return Ok(Response::CountWorkflowExecutions { count, groups: Vec::new() });
        };
        if by != "ExecutionStatus" {
            return Err(parse::not_supported(format_args!(
                "'GROUP BY' clause is not supported for search attribute {by}"
            )));
        }
        let mut groups: BTreeMap<ExecutionStatus, usize> = BTreeMap::new();
        for run in found {
            *groups.entry(run.status).or_default() += 1;
        }
        let count = groups.values().sum();
        Ok(Response::CountWorkflowExecutions { count, groups: groups.into_iter().collect() })
    }

    /// The runs that a filter finds, in the order in which they are listed.
    pub(super) fn found(&self, query: &str) -> Result<Vec<RunIndex>, RpcError> {
        let filter = parse::parse(query)?;
        let mut found: Vec<&Run> = self.runs().filter(|run| filter.finds(run)).collect();
        found.sort_by_key(|run| rank(run));
        Ok(found.into_iter().map(|run| run.index).collect())
    }
}
