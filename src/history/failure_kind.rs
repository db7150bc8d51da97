//! What kind of failure something failed with: its failure infos without messages and details.
//!
//! ```
//! use deadbeat::history::{Failure, FailureKind};
//! use deadbeat::history::failure::{ActivityTimeout, ActivityTimeoutKind, ActivityTimeoutReason};
//!
//! let timeout = Failure::ActivityTimeout(std::sync::Arc::new(ActivityTimeout {
//!     kind: ActivityTimeoutKind::Heartbeat,
//!     reason: ActivityTimeoutReason::Elapsed,
//!     last_heartbeat_details: None,
//!     cause: Some(Failure::Server("gone".into())),
//! }));
//! let kind = FailureKind::of(&timeout);
//! assert_eq!(kind.to_string(), "TimeoutFailure HEARTBEAT > ServerFailure");
//! assert_eq!("TimeoutFailure HEARTBEAT > ServerFailure".parse(), Ok(kind));
//! ```

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::failure::{ActivityTimeout, Failure};
use super::ids::Name;
use super::text::word::{self, Unquoted};
use super::text::{shortened, timeout_name};
use crate::official::enums::TimeoutType;
use crate::official::failure as official;
use crate::official::failure::failure::FailureInfo;

/// A failure's kind, as in `ActivityFailure > TimeoutFailure HEARTBEAT`: the failure and what caused
/// it, from the outside in, each with Temporal's name for its failure info. Beside an application
/// failure stands its type, beside a timeout its timeout type.
///
/// It says as much as code that catches the failure usually asks for. No more than
/// [`FailureKind::MOST_TOLD`] failures are told; if there are more, the last is `...`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FailureKind(Name);

/// The names of the failure infos; what may stand beside them is an application failure's type and
/// a timeout's.
pub const FAILURE_NAMES: &[&str] = &[
    APPLICATION,
    TIMEOUT,
    "CanceledFailure",
    "TerminatedFailure",
    "ServerFailure",
    "ResetWorkflowFailure",
    "ActivityFailure",
    "ChildWorkflowFailure",
    "NexusOperationFailure",
    "NexusHandlerFailure",
    UNKNOWN,
];

const APPLICATION: &str = "ApplicationFailure";
const TIMEOUT: &str = "TimeoutFailure";
/// A failure that does not say what it is.
const UNKNOWN: &str = "Failure";
/// Stands for causes that are not told.
const MORE: &str = "...";
/// Stands between a failure and its cause. Not a colon, which YAML wants to see quoted.
const SEPARATOR: &str = " > ";

/// A type that is longer is cut off after so many characters.
const LONGEST_TYPE: usize = 200;

/// What a failure info is called, and what stands beside it; that may be empty.
type Told<'a> = (&'static str, Cow<'a, str>);

impl FailureKind {
    /// How many failures of a chain of causes are told.
    pub const MOST_TOLD: usize = 8;

    /// The kind of a failure.
    pub fn of(failure: &Failure) -> Self {
        let mut text = String::new();
        Self::each(failure, |told, detail| write_one(&mut text, told, detail));
        Self(text.into())
    }

    /// The kind of a failure about which nothing is known.
    pub fn unknown() -> Self {
        Self(UNKNOWN.into())
    }

    /// Hashes a failure so that two have the same hash if their kinds are equal, without making the
    /// kind.
    pub fn hash_of(failure: &Failure, state: &mut impl Hasher) {
        Self::each(failure, |told, detail| (told, detail).hash(state));
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells a failure and what caused it.
    fn each(failure: &Failure, mut tell: impl FnMut(&str, &str)) {
        let mut next = Some(Link::Ours(failure));
        for _ in 0..Self::MOST_TOLD {
            let Some(link) = next else { return };
            let (name, detail) = link.told();
            tell(name, &shortened(&detail, LONGEST_TYPE));
            next = link.cause();
        }
        if next.is_some() {
            tell(MORE, "");
        }
    }
}

/// One failure of a chain of causes.
#[derive(Clone, Copy)]
enum Link<'a> {
    Ours(&'a Failure),
    Sent(&'a official::Failure),
}

impl<'a> Link<'a> {
    fn told(self) -> Told<'a> {
        match self {
            Self::Ours(Failure::Sent(sent)) => info(sent),
            Self::Sent(sent) => info(sent),
            Self::Ours(Failure::ActivityTimeout(timeout)) => (TIMEOUT, type_of(timeout)),
            Self::Ours(Failure::WorkflowTimeout) => (TIMEOUT, "START_TO_CLOSE".into()),
            Self::Ours(Failure::Server(_)) => ("ServerFailure", "".into()),
            Self::Ours(Failure::Reset(_)) => ("ResetWorkflowFailure", "".into()),
        }
    }

    fn cause(self) -> Option<Self> {
        match self {
            Self::Ours(Failure::Sent(sent)) => sent.cause.as_deref().map(Link::Sent),
            Self::Sent(sent) => sent.cause.as_deref().map(Link::Sent),
            Self::Ours(Failure::ActivityTimeout(timeout)) => timeout.cause.as_ref().map(Link::Ours),
            Self::Ours(_) => None,
        }
    }
}

fn type_of(timeout: &ActivityTimeout) -> Cow<'static, str> {
    timeout_name(timeout).into()
}

fn info(sent: &official::Failure) -> Told<'_> {
    let name = match &sent.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => {
            return (APPLICATION, info.r#type.as_str().into());
        }
        Some(FailureInfo::TimeoutFailureInfo(info)) => {
            let of_type = match info.timeout_type() {
                TimeoutType::Unspecified => "",
                of_type => of_type.as_str_name().trim_start_matches("TIMEOUT_TYPE_"),
            };
            return (TIMEOUT, of_type.into());
        }
        Some(FailureInfo::CanceledFailureInfo(_)) => "CanceledFailure",
        Some(FailureInfo::TerminatedFailureInfo(_)) => "TerminatedFailure",
        Some(FailureInfo::ServerFailureInfo(_)) => "ServerFailure",
        Some(FailureInfo::ResetWorkflowFailureInfo(_)) => "ResetWorkflowFailure",
        Some(FailureInfo::ActivityFailureInfo(_)) => "ActivityFailure",
        Some(FailureInfo::ChildWorkflowExecutionFailureInfo(_)) => "ChildWorkflowFailure",
        Some(FailureInfo::NexusOperationExecutionFailureInfo(_)) => "NexusOperationFailure",
        Some(FailureInfo::NexusHandlerFailureInfo(_)) => "NexusHandlerFailure",
        None => UNKNOWN,
    };
    (name, "".into())
}

fn write_one(text: &mut String, told: &str, detail: &str) {
    if !text.is_empty() {
        text.push_str(SEPARATOR);
    }
    text.push_str(told);
    if !detail.is_empty() {
        // Writing to a text cannot fail.
        let _ = write!(text, " {}", word::plain_or_quoted(detail));
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no failure's kind.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotAFailureKind {
    /// It does not name a failure where it should.
    #[error("`{0}` is no kind of failure")]
    UnknownName(String),
    /// A text in quotes does not end.
    #[error("a quote is not closed")]
    OpenQuote,
    /// Something stands where ` > ` or the end should.
    #[error("expected ` > ` and a cause, or the end, instead of `{0}`")]
    Trailing(String),
}

impl FromStr for FailureKind {
    type Err = NotAFailureKind;

    /// Reads what [`Display`](fmt::Display) writes.
    fn from_str(text: &str) -> Result<Self, NotAFailureKind> {
        let mut kind = String::new();
        let mut rest = text;
        loop {
            let end = rest.find(' ').unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if name != MORE && !FAILURE_NAMES.contains(&name) {
                return Err(NotAFailureKind::UnknownName(name.to_owned()));
            }
            rest = after;
            let mut detail = String::new();
            let may_have_detail = [APPLICATION, TIMEOUT].contains(&name);
            if may_have_detail && !rest.is_empty() && !rest.starts_with(SEPARATOR) {
                match word::read(&rest[1..]) {
                    Ok(Unquoted { text, after }) => (detail, rest) = (text, after),
                    Err(word::OpenQuote) => return Err(NotAFailureKind::OpenQuote),
                }
            }
            write_one(&mut kind, name, &detail);
            match rest.strip_prefix(SEPARATOR) {
                Some(after) => rest = after,
                None if rest.is_empty() => return Ok(Self(kind.into())),
                None => return Err(NotAFailureKind::Trailing(rest.trim().to_owned())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Shared;
    use crate::history::ids::Digest;

    fn sent(info: FailureInfo, cause: Option<official::Failure>) -> official::Failure {
        official::Failure {
            failure_info: Some(info),
            cause: cause.map(Box::new),
            ..official::Failure::default()
        }
    }

    fn application(of_type: &str) -> official::Failure {
        let info = official::ApplicationFailureInfo {
            r#type: of_type.to_owned(),
            ..official::ApplicationFailureInfo::default()
        };
        sent(FailureInfo::ApplicationFailureInfo(info), None)
    }

    fn of(failure: official::Failure) -> FailureKind {
        FailureKind::of(&Failure::Sent(Shared::new(failure)))
    }

    #[test]
    fn a_kind_names_the_failure_and_its_causes_from_the_outside_in() {
        let activity = official::ActivityFailureInfo::default();
        let timeout = official::TimeoutFailureInfo {
            timeout_type: TimeoutType::Heartbeat.into(),
            ..official::TimeoutFailureInfo::default()
        };
        let cause = sent(FailureInfo::TimeoutFailureInfo(timeout), Some(application("Busy")));
        let kind = of(sent(FailureInfo::ActivityFailureInfo(activity), Some(cause)));
        let text = "ActivityFailure > TimeoutFailure HEARTBEAT > ApplicationFailure Busy";
        assert_eq!(kind.as_str(), text);
        assert_eq!(text.parse(), Ok(kind));
    }

    #[test]
    fn what_is_written_is_read_back_whatever_the_type() {
        let quotes = ["", "Busy", "a > b", "x)", "a\"b\\", "\u{202e}", "...", "a: b", " ", "ä.b"];
        for of_type in quotes {
            let kind = of(application(of_type));
            assert_eq!(kind.as_str().parse(), Ok(kind.clone()), "{kind}");
        }
        assert_eq!(of(application("a > b")).as_str(), "ApplicationFailure \"a > b\"");
    }

    #[test]
    fn a_long_chain_and_a_long_type_are_cut() {
        let mut failure = application(&"x".repeat(1_000));
        for _ in 0..20 {
            let info = FailureInfo::ServerFailureInfo(official::ServerFailureInfo::default());
            failure = sent(info, Some(failure));
        }
        assert_eq!(of(failure).as_str().matches("ServerFailure").count(), FailureKind::MOST_TOLD);
        assert!(of(application(&"x".repeat(1_000))).as_str().len() < 250);
    }

    #[test]
    fn kinds_that_are_equal_have_equal_hashes() {
        let hash = |failure: official::Failure| {
            let mut digest = Digest::new();
            FailureKind::hash_of(&Failure::Sent(Shared::new(failure)), &mut digest);
            digest.finish128()
        };
        let with_message = official::Failure { message: "no".to_owned(), ..application("Busy") };
        assert_eq!(hash(with_message), hash(application("Busy")));
        assert_ne!(hash(application("Idle")), hash(application("Busy")));
    }

    #[test]
    fn what_is_no_kind_is_refused_for_its_own_reason() {
        let refused = |text: &str| text.parse::<FailureKind>().unwrap_err().to_string();
        assert_eq!(refused("Oops"), "`Oops` is no kind of failure");
        assert_eq!(refused(""), "`` is no kind of failure");
        assert_eq!(refused("ApplicationFailure \"x"), "a quote is not closed");
        let trailing = "expected ` > ` and a cause, or the end, instead of `x`";
        assert_eq!(refused("ServerFailure x"), trailing);
        assert_eq!(refused("ApplicationFailure y x"), trailing);
        assert_eq!(refused("ApplicationFailure > "), "`` is no kind of failure");
    }
}
