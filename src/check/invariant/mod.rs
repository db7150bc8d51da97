//! What must hold of every history of every run, whatever the order in which things happened.
//!
//! Each invariant has a name, a sentence and the rule that it comes from. They are about what the
//! real server writes, so that a history which breaks one was not made by it.
//!
//! ```
//! use deadbeat::check::invariant::{Auditor, INVARIANTS};
//! use deadbeat::clock::EPOCH;
//! use deadbeat::history::{Attributes, Event, EventId, History};
//! use deadbeat::scenario::Scenario;
//! use deadbeat::sim::{DefaultOrder, Limits, Plan, Race, run};
//!
//! let source = "
//! name: a nap
//! workflows: { Nap: [{ sleep: 8h }] }
//! timeline: [{ start: Nap, workflow_id: nap }]
//! ";
//! let plan = Plan::new(Scenario::parse(source, "nap.yaml")?);
//! let mut result = run(&plan, Race::default(), &Limits::default(), &mut DefaultOrder);
//! let mut auditor = Auditor::new();
//! assert_eq!(auditor.audit_result(&result), Ok(()));
//!
//! // A timer that fires again, after the run has closed.
//! let fired = Attributes::TimerFired { timer_id: "1".into(), started_event_id: EventId(5) };
//! let event = Event { id: EventId(11), time: EPOCH, attributes: fired };
//! result.executions[0].history.append(vec![event]);
//! let violation = auditor.audit_result(&result).unwrap_err();
//! assert_eq!(violation.invariant.name, "nothing-follows-the-close");
//! assert_eq!(violation.event, Some(EventId(11)));
//! assert!(INVARIANTS.iter().any(|invariant| invariant.name == violation.invariant.name));
//! # Ok::<(), deadbeat::scenario::Diagnostics>(())
//! ```

mod activity;
mod audit;
mod chain;
mod child;
mod external;
mod family;
mod history;
mod list;
#[cfg(test)]
pub(crate) mod mutants;
mod pending;
mod request;
mod reset;
mod room;
mod timer;
mod update;
mod workflow_task;

use std::fmt;

pub use audit::Auditor;
pub use list::INVARIANTS;

use crate::history::{EventId, Execution};
use list::Which;

/// Something that must hold.
#[derive(PartialEq, Eq, Debug)]
pub struct Invariant {
    /// Its name, which stays the same.
    pub name: &'static str,
    /// What must hold.
    pub sentence: &'static str,
    /// The rules that it comes from.
    pub rule: &'static str,
}

/// An invariant that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// Which one.
    pub invariant: &'static Invariant,
    /// In whose history, or of what nothing is told in it.
    pub execution: Execution,
    /// The event that should not be so, if it is one.
    pub event: Option<EventId>,
    /// What is so and should not be.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { invariant, execution, event, detail } = self;
        let Invariant { name, sentence, rule } = invariant;
        write!(f, "invariant `{name}` is broken in `{}`", execution.workflow_id)?;
        if let Some(event) = event {
            write!(f, " at event {event}")?;
        }
        write!(f, ": {detail}. {sentence} ({rule}; run {})", execution.run_id)
    }
}

impl std::error::Error for Violation {}

/// What a check says of one run: boxed, because nearly always there is nothing to say.
type Checked = Result<(), Box<Breach>>;

/// A violation, but for the run that it is in.
#[derive(Debug)]
struct Breach {
    which: Which,
    event: Option<EventId>,
    detail: String,
}

#[allow(clippy::unnecessary_box_returns)] // they go into results as they are
impl Breach {
    fn new(which: Which, event: impl Into<Option<EventId>>, detail: String) -> Box<Self> {
        Box::new(Self { which, event: event.into(), detail })
    }

    fn of(self, execution: &Execution) -> Box<Violation> {
        let invariant = &INVARIANTS[self.which as usize];
        let Self { event, detail, .. } = self;
        Box::new(Violation { invariant, execution: execution.clone(), event, detail })
    }
}

/// Refuses with a breach unless something holds. The detail is only made if it does not.
macro_rules! ensure {
    ($holds:expr, $which:ident, $event:expr, $($detail:tt)+) => {
        if !$holds {
            return Err($crate::check::invariant::Breach::new(
                $crate::check::invariant::list::Which::$which,
                $event,
                format!($($detail)+),
            ));
        }
    };
}
use ensure;
