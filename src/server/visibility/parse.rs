//! The grammar of list filters.

use std::fmt::Display;

use super::attribute::{Attribute, Type};
use super::filter::{Condition, Filter, Operator};
use super::literal::Literal;
use super::token::{Kind, Token, is_reserved, tokens};
use crate::api::RpcError;

/// No filter has more conditions and brackets.
const MAX_PARTS: usize = 1_000;

/// No filter has more brackets in brackets.
const MAX_DEPTH: usize = 100;

/// `INVALID_ARGUMENT`, as the real server says it of a filter.
pub(super) fn invalid(what: impl Display) -> RpcError {
    RpcError::invalid_argument(format!("invalid query: {what}"))
}

pub(super) fn invalid_expression(what: impl Display) -> RpcError {
    invalid(format_args!("invalid expression: {what}"))
}

pub(super) fn not_supported(what: impl Display) -> RpcError {
    invalid(format_args!("operation is not supported: {what}"))
}

/// Reads a filter.
pub(super) fn parse(filter: &str) -> Result<Filter, RpcError> {
    let tokens = tokens(filter);
    let first = tokens.first().map(|token| &token.kind);
    let bare = first.is_some_and(|kind| kind.is("order") || kind.is("group"));
    // The real server puts the filter behind this, and counts positions from there.
    let before = if bare { "select * from table1 " } else { "select * from table1 where " };
    let mut parser = Parser { tokens, at: 0, before: before.len(), parts: 0, depth: 0 };
    let parsed = parser.filter(bare)?;
    parsed.check()
}

/// What stands on one side of a comparison, as far as it matters.
#[derive(Debug)]
enum Operand {
    Column(String),
    Value(Literal),
    Other(&'static str),
}

/// A filter as it is written. What is wrong with it but its grammar comes to light only if its
/// grammar is right.
struct Written {
    condition: Option<Node>,
    group_by: Vec<String>,
    order_by: Vec<String>,
    limit: bool,
}

enum Node {
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Compare(Operand, Comparison),
    /// An expression that is no condition.
    Alone(Operand),
}

enum Comparison {
    With(&'static str, Operand),
    In(Vec<Operand>, Negated),
    Between(Operand, Operand, Negated),
    StartsWith(Operand, Negated),
    IsNull(Negated),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Negated {
    No,
    Yes,
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    before: usize,
    parts: usize,
    depth: usize,
}

impl Parser {
    fn filter(&mut self, bare: bool) -> Result<Written, RpcError> {
        let is_empty = matches!(self.peek(), Kind::End);
        let condition = if bare || is_empty { None } else { Some(self.or()?) };
        let mut written =
            Written { condition, group_by: Vec::new(), order_by: Vec::new(), limit: false };
        if self.word("group") {
            self.expect_word("by")?;
            written.group_by = self.columns()?;
        }
        if self.word("order") {
            self.expect_word("by")?;
            written.order_by = self.columns()?;
        }
        if self.word("limit") {
            self.operand()?;
            written.limit = true;
        }
        self.sign(";");
        match self.peek() {
            Kind::End => Ok(written),
            _ => Err(self.syntax_error()),
        }
    }

    /// Names, each perhaps with a direction.
    fn columns(&mut self) -> Result<Vec<String>, RpcError> {
        let mut columns = Vec::new();
        loop {
            match self.operand()? {
                Operand::Column(name) => columns.push(name),
                _ => return Err(not_supported("expression in place of a search attribute")),
            }
            if !self.word("asc") {
                self.word("desc");
            }
            if !self.sign(",") {
                return Ok(columns);
            }
        }
    }

    fn or(&mut self) -> Result<Node, RpcError> {
        let mut left = self.and()?;
        while self.word("or") {
            left = Node::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Node, RpcError> {
        let mut left = self.not()?;
        while self.word("and") {
            left = Node::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Node, RpcError> {
        let mut negations = 0_usize;
        while self.word("not") {
            negations += 1;
        }
        let node = self.comparison()?;
        Ok(if negations % 2 == 1 { Node::Not(Box::new(node)) } else { node })
    }

    fn comparison(&mut self) -> Result<Node, RpcError> {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            let message = format!("deadbeat: more than {MAX_PARTS} conditions and brackets");
            return Err(invalid(message));
        }
        if self.sign("(") {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(invalid(format!("deadbeat: more than {MAX_DEPTH} levels of brackets")));
            }
            let inner = self.or()?;
            self.depth -= 1;
            self.expect_sign(")")?;
            return Ok(inner);
        }
        let left = self.operand()?;
        let negated = if self.word("not") { Negated::Yes } else { Negated::No };
        if self.word("in") {
            return Ok(Node::Compare(left, Comparison::In(self.list()?, negated)));
        }
        if self.word("between") {
            let low = self.operand()?;
            self.expect_word("and")?;
            return Ok(Node::Compare(left, Comparison::Between(low, self.operand()?, negated)));
        }
        if self.word("starts_with") {
            return Ok(Node::Compare(left, Comparison::StartsWith(self.operand()?, negated)));
        }
        for (word, positive, negative) in
            [("like", "like", "not like"), ("regexp", "regexp", "not regexp")]
        {
            if self.word(word) {
                let operator = if negated == Negated::Yes { negative } else { positive };
                return Ok(Node::Compare(left, Comparison::With(operator, self.operand()?)));
            }
        }
        if negated == Negated::Yes {
            return Err(self.syntax_error());
        }
        if self.word("is") {
            let negated = if self.word("not") { Negated::Yes } else { Negated::No };
            self.expect_word("null")?;
            return Ok(Node::Compare(left, Comparison::IsNull(negated)));
        }
        for sign in ["=", "!=", "<>", "<=>", "<=", ">=", "<", ">"] {
            if self.sign(sign) {
                return Ok(Node::Compare(left, Comparison::With(sign, self.operand()?)));
            }
        }
        Ok(Node::Alone(left))
    }

    fn list(&mut self) -> Result<Vec<Operand>, RpcError> {
        self.expect_sign("(")?;
        let mut values = vec![self.operand()?];
        while self.sign(",") {
            values.push(self.operand()?);
        }
        self.expect_sign(")")?;
        Ok(values)
    }

    fn operand(&mut self) -> Result<Operand, RpcError> {
        let mut is_negated = false;
        while self.sign("!") {
            is_negated = true;
        }
        if is_negated {
            self.plain_operand()?;
            return Ok(Operand::Other("*sqlparser.UnaryExpr"));
        }
        self.plain_operand()
    }

    fn plain_operand(&mut self) -> Result<Operand, RpcError> {
        let is_negative = self.sign("-");
        let kind = self.peek().clone();
        let operand = match kind {
            Kind::Number(digits) => number(&digits, is_negative),
            _ if is_negative => None,
            Kind::Quoted(name) => Some(Operand::Column(name)),
            Kind::Text(text) => Some(Operand::Value(Literal::Text(text))),
            Kind::Name(name) if name.eq_ignore_ascii_case("true") => {
                Some(Operand::Value(Literal::Boolean("true")))
            }
            Kind::Name(name) if name.eq_ignore_ascii_case("false") => {
                Some(Operand::Value(Literal::Boolean("false")))
            }
            Kind::Name(name) if name.eq_ignore_ascii_case("null") => {
                Some(Operand::Value(Literal::Null))
            }
            Kind::Name(name) if !is_reserved(&name) => Some(Operand::Column(name)),
            _ => None,
        };
        let operand = operand.ok_or_else(|| self.syntax_error())?;
        self.at += 1;
        Ok(operand)
    }

    fn peek(&self) -> &Kind {
        self.tokens.get(self.at).map_or(&Kind::End, |token| &token.kind)
    }

    fn word(&mut self, word: &str) -> bool {
        let is_it = self.peek().is(word);
        self.at += usize::from(is_it);
        is_it
    }

    fn sign(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.peek(), Kind::Sign(found) if *found == sign);
        self.at += usize::from(is_it);
        is_it
    }

    fn expect_word(&mut self, word: &str) -> Result<(), RpcError> {
        if self.word(word) { Ok(()) } else { Err(self.syntax_error()) }
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), RpcError> {
        if self.sign(sign) { Ok(()) } else { Err(self.syntax_error()) }
    }

    /// What the real server says of a word that does not belong there.
    fn syntax_error(&self) -> RpcError {
        let end = self.tokens.get(self.at).or(self.tokens.last()).map_or(0, |token| token.end);
        let position = self.before + end + 1;
        let near = self.peek().quoted().map(|word| format!(" near '{word}'")).unwrap_or_default();
        invalid(format_args!("malformed SQL query: syntax error at position {position}{near}"))
    }
}

fn number(digits: &str, is_negative: bool) -> Option<Operand> {
    let text = if is_negative { format!("-{digits}") } else { digits.to_owned() };
    let integer = text.parse().map(Literal::Integer);
    let number = integer.ok().or_else(|| text.parse().map(Literal::Float).ok());
    number.map(Operand::Value)
}

impl Written {
    /// What the filter asks for, or what is wrong with it.
    fn check(self) -> Result<Filter, RpcError> {
        let condition = self.condition.map(Node::check).transpose()?;
        for column in self.group_by.iter().chain(&self.order_by) {
            Attribute::named(column)?;
        }
        if self.limit {
            return Err(not_supported("'LIMIT' clause"));
        }
        if !self.order_by.is_empty() {
            return Err(not_supported("'ORDER BY' clause"));
        }
        if self.group_by.len() > 1 {
            return Err(not_supported("'GROUP BY' clause supports only a single field"));
        }
        Ok(Filter { condition, group_by: self.group_by.into_iter().next() })
    }
}

impl Node {
    fn check(self) -> Result<Condition, RpcError> {
        Ok(match self {
            Self::And(left, right) => {
                Condition::And(Box::new(left.check()?), Box::new(right.check()?))
            }
            Self::Or(left, right) => {
                Condition::Or(Box::new(left.check()?), Box::new(right.check()?))
            }
            Self::Not(inner) => Condition::Not(Box::new(inner.check()?)),
            Self::Compare(left, comparison) => comparison.check(column(left)?)?,
            Self::Alone(Operand::Value(Literal::Boolean(_))) => {
                return Err(not_supported("expression of type sqlparser.BoolVal"));
            }
            Self::Alone(_) => return Err(invalid_expression("incomplete expression")),
        })
    }
}

/// The attribute on the left side of a comparison.
fn column(operand: Operand) -> Result<Attribute, RpcError> {
    let what = match operand {
        Operand::Column(name) => return Attribute::named(&name),
        Operand::Value(Literal::Boolean(_)) => "sqlparser.BoolVal",
        Operand::Value(Literal::Null) => "*sqlparser.NullVal",
        Operand::Value(_) => "*sqlparser.SQLVal",
        Operand::Other(what) => what,
    };
    Err(invalid_expression(format_args!("must be a column name but was {what}")))
}

/// The value on the right side.
fn value(operand: Operand, attribute: Attribute) -> Result<super::attribute::Value, RpcError> {
    match operand {
        Operand::Value(literal) => literal.value(attribute),
        Operand::Column(name) => Err(not_supported(format_args!(
            "column name on the right side of comparison expression (did you forget to quote \
             \"{name}\"?)"
        ))),
        Operand::Other(what) => {
            Err(invalid_expression(format_args!("unexpected value type {what}")))
        }
    }
}

impl Comparison {
    fn check(self, attribute: Attribute) -> Result<Condition, RpcError> {
        let unsupported = |operator: &dyn Display| {
            let (name, kind) = (attribute.name(), attribute.type_of().name());
            not_supported(format_args!(
                "operator '{operator}' not supported for {kind} type search attribute '{name}'"
            ))
        };
        Ok(match self {
            Self::With(sign, right) => {
                let operator = Operator::of(sign);
                let value = value(right, attribute)?;
                let operator = operator.ok_or_else(|| unsupported(&sign.to_ascii_uppercase()))?;
                Condition::Compare(attribute, operator, value)
            }
            Self::In(values, negated) => {
                let values = values.into_iter().map(|operand| value(operand, attribute));
                negated.apply(Condition::In(attribute, values.collect::<Result<_, _>>()?))
            }
            Self::Between(low, high, negated) => {
                let low = value(low, attribute)?;
                let high = value(high, attribute)?;
                let above = Condition::Compare(attribute, Operator::NotLess, low);
                let below = Condition::Compare(attribute, Operator::NotGreater, high);
                negated.apply(Condition::And(Box::new(above), Box::new(below)))
            }
            Self::StartsWith(prefix, negated) => {
                let prefix = value(prefix, attribute)?;
                match prefix {
                    super::attribute::Value::Text(prefix)
                        if attribute.type_of() == Type::Keyword =>
                    {
                        negated.apply(Condition::StartsWith(attribute, prefix))
                    }
                    _ => {
                        let word =
                            if negated == Negated::Yes { "NOT STARTS_WITH" } else { "STARTS_WITH" };
                        return Err(unsupported(&word));
                    }
                }
            }
            Self::IsNull(negated) => negated.apply(Condition::IsNull(attribute)),
        })
    }
}

impl Negated {
    fn apply(self, condition: Condition) -> Condition {
        match self {
            Self::No => condition,
            Self::Yes => Condition::Not(Box::new(condition)),
        }
    }
}
