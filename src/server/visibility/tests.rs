//! The words of the real server (1.32.0, development server), and what it found.

use proptest::prelude::*;

use super::super::story::{Story, start};
use super::parse::parse;
use crate::api::Response;
use crate::server::Server;

/// `greeting` is running, `w` is terminated.
fn server() -> Server {
    let mut story = Story::after(vec![]);
    story.terminate("w").unwrap();
    story.start(start("greeting")).unwrap();
    story.server
}

fn count(query: &str) -> usize {
    match server().count(query).unwrap() {
        Response::CountWorkflowExecutions { count, .. } => count,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_filter_finds_executions_by_their_attributes() {
    for (expected, query) in [
        (2, ""),
        (1, "WorkflowId='w'"),
        (1, "WorkflowId=\"w\";"),
        (1, "`WorkflowId`='w'"),
        (1, "WorkflowId != 'w'"),
        (1, "not WorkflowId = 'w'"),
        (2, "WorkflowId in ('w', 'greeting')"),
        (0, "WorkflowId not in ('w', 'greeting')"),
        (1, "WorkflowId STARTS_WITH 'gree'"),
        (1, "WorkflowId not starts_with 'gree'"),
        (1, "WorkflowId between 'a' and 'h'"),
        (1, "ExecutionStatus = 'Running'"),
        (1, "ExecutionStatus = 1"),
        (1, "ExecutionStatus > 'Running'"),
        (1, "(WorkflowId='w' or WorkflowId='greeting') and ExecutionStatus!='Terminated'"),
        (1, "WorkflowId='w' or WorkflowId='x' and WorkflowId='y'"),
        (1, "CloseTime is null"),
        (1, "CloseTime is not null"),
        (2, "StartTime > '2020-01-01T00:00:00Z'"),
        (2, "StartTime >= '2024-01-01T01:00:00.000+01:00'"),
        (0, "StartTime between '2025-01-01T00:00:00Z' and '2026-01-01T00:00:00Z'"),
        (1, "HistoryLength > 2.5"),
        (0, "ExecutionDuration > '1h'"),
        (2, "ParentWorkflowId is null"),
        (1, "RootWorkflowId = 'w'"),
        (0, "WorkflowId='it''s' or WorkflowId='a\\'b'"),
        (2, "group by ExecutionStatus"),
    ] {
        assert_eq!(count(query), expected, "{query}");
    }
}

#[test]
fn a_wrong_filter_is_refused_in_the_real_servers_words() {
    let column = "operation is not supported: column name on the right side of comparison \
                  expression (did you forget to quote \"w\"?)";
    for (query, words) in [
        ("WorkflowId = w", column),
        ("WorkflowId", "invalid expression: incomplete expression"),
        ("WorkflowId == 'v1'", "malformed SQL query: syntax error at position 41"),
        ("WorkflowId='v1' and", "malformed SQL query: syntax error at position 47"),
        ("WorkflowId='v1' AND AND", "malformed SQL query: syntax error at position 51 near 'and'"),
        ("WorkflowId='v1", "malformed SQL query: syntax error at position 42 near 'v1'"),
        ("select * from x", "malformed SQL query: syntax error at position 34 near 'select'"),
        ("bogus=", "malformed SQL query: syntax error at position 34"),
        ("foo='x'", "invalid search attribute: foo"),
        ("WorkflowId='w' order by foo", "invalid search attribute: foo"),
        ("order by StartTime", "operation is not supported: 'ORDER BY' clause"),
        ("WorkflowId='w' limit 1", "operation is not supported: 'LIMIT' clause"),
        (
            "group by WorkflowType",
            "operation is not supported: 'GROUP BY' clause is not supported for search attribute \
             WorkflowType",
        ),
        (
            "group by ExecutionStatus, WorkflowType",
            "operation is not supported: 'GROUP BY' clause supports only a single field",
        ),
        (
            "WorkflowId like 'v%'",
            "operation is not supported: operator 'LIKE' not supported for Keyword type search \
             attribute 'WorkflowId'",
        ),
        (
            "ExecutionStatus='running'",
            "invalid expression: invalid ExecutionStatus value 'running'",
        ),
        ("StartTime > '2020-01-01'", "invalid expression: unable to parse datetime '2020-01-01'"),
        (
            "HistoryLength='a'",
            "invalid expression: invalid value type for search attribute HistoryLength of type \
             Int: \"a\" (type: string)",
        ),
        (
            "WorkflowId=1",
            "invalid expression: invalid value type for search attribute WorkflowId of type \
             Keyword: 1 (type: int64)",
        ),
        ("WorkflowId=null", "invalid expression: unexpected value type *sqlparser.NullVal"),
        ("1=1", "invalid expression: must be a column name but was *sqlparser.SQLVal"),
        (
            "!WorkflowId='v1'",
            "invalid expression: must be a column name but was *sqlparser.UnaryExpr",
        ),
        ("true", "operation is not supported: expression of type sqlparser.BoolVal"),
    ] {
        let refused = server().count(query).unwrap_err();
        assert_eq!(refused.message, format!("invalid query: {words}"), "{query}");
    }
    let refused = server().count("BuildIds = 'x'").unwrap_err();
    assert_eq!(refused.message, "deadbeat does not model the search attribute BuildIds");
}

#[test]
fn a_filter_of_any_size_is_read_or_refused() {
    let many = ["(", "WorkflowId='w' or ", "not ", "!", "WorkflowId=!"];
    for query in many.map(|part| part.repeat(100_000)) {
        assert!(parse(&query).is_err());
    }
}

#[test]
fn a_date_that_is_none_is_refused_wherever_it_goes_wrong() {
    let date = "2024-01-31T00:00:00Z";
    let broken = (0..date.len()).map(|at| format!("{}é{}", &date[..at], &date[at + 1..]));
    let never = ["2024-02-30T00:00:00Z", "2024-00-01T00:00:00Z", "2023-02-29T00:00:00Z"];
    for text in broken.chain(never.map(str::to_owned)) {
        let refused = parse(&format!("StartTime > '{text}'")).unwrap_err();
        let words = format!("invalid query: invalid expression: unable to parse datetime '{text}'");
        assert_eq!(refused.message, words);
    }
    assert!(parse(&format!("StartTime > '{date}'")).is_ok());
}

proptest! {
    #[test]
    fn whatever_a_filter_says_it_is_read_or_refused(
        words in proptest::collection::vec(
            prop_oneof![
                "[A-Za-z0-9'\"`=<>!(),;. -]{0,6}",
                proptest::sample::select(vec![
                    "WorkflowId", "StartTime", "=", "'x'", "and", "or", "not", "in", "(", ")",
                    "between", "is", "null", "order by", "group by", "limit", "1", "'1h'", "é",
                    "'2024-02-30T25:00:00Z'", "ExecutionDuration", "ExecutionStatus", "starts_with",
                ]).prop_map(str::to_owned),
            ],
            0..12,
        ),
    ) {
        let _ = parse(&words.join(" "));
    }
}
