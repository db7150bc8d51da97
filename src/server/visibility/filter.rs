//! What a filter asks for, and which executions it finds.

use std::cmp::Ordering;

use super::attribute::{Attribute, Value};
use crate::server::run::Run;

/// A list filter.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Filter {
    /// `None` finds all.
    pub(super) condition: Option<Condition>,
    /// What is counted by.
    pub(super) group_by: Option<String>,
}

/// What must be so. Where a value is a null, nothing is so, and nothing is not so.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Condition {
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
    Compare(Attribute, Operator, Value),
    In(Attribute, Vec<Value>),
    StartsWith(Attribute, String),
    IsNull(Attribute),
}

/// How two values are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    NotLess,
    Greater,
    NotGreater,
}

impl Operator {
    /// The operator that is written so.
    pub(super) fn of(sign: &str) -> Option<Self> {
        Some(match sign {
            "=" => Self::Equal,
            "!=" | "<>" => Self::NotEqual,
            "<" => Self::Less,
            ">=" => Self::NotLess,
            ">" => Self::Greater,
            "<=" => Self::NotGreater,
            _ => return None,
        })
    }

    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering == Ordering::Equal,
            Self::NotEqual => ordering != Ordering::Equal,
            Self::Less => ordering == Ordering::Less,
            Self::NotLess => ordering != Ordering::Less,
            Self::Greater => ordering == Ordering::Greater,
            Self::NotGreater => ordering != Ordering::Greater,
        }
    }
}

impl Filter {
    /// Whether it finds a run.
    pub(super) fn finds(&self, run: &Run) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.holds(run) == Some(true))
    }
}

impl Condition {
    fn holds(&self, run: &Run) -> Option<bool> {
        match self {
            Self::And(left, right) => match (left.holds(run), right.holds(run)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(left, right) => match (left.holds(run), right.holds(run)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Not(inner) => inner.holds(run).map(|holds| !holds),
            Self::Compare(attribute, operator, value) => {
                let ordering = attribute.of(run)?.partial_cmp(value)?;
                Some(operator.holds(ordering))
            }
            Self::In(attribute, values) => {
                let own = attribute.of(run)?;
                Some(values.contains(&own))
            }
            Self::StartsWith(attribute, prefix) => match attribute.of(run)? {
                Value::Text(text) => Some(text.starts_with(prefix)),
                Value::Number(_) => None,
            },
            Self::IsNull(attribute) => Some(attribute.of(run).is_none()),
        }
    }
}
