//! From a recorded history to a scenario that reproduces it.
//!
//! This room knows how to read what `temporal workflow show -o json` exports and how to tell it as
//! workflow code, activities, clients and workers. What it writes it runs, and says how far the
//! outcome is the same.
//!
//! ```
//! use deadbeat::import::import;
//!
//! let exported = r#"{ "events": [
//!     { "eventId": "1", "eventTime": "2024-05-01T10:00:00Z",
//!       "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED",
//!       "workflowExecutionStartedEventAttributes": {
//!         "workflowType": { "name": "Order" }, "taskQueue": { "name": "orders" },
//!         "workflowTaskTimeout": "10s", "workflowId": "order-7", "identity": "shop", "attempt": 1,
//!         "originalExecutionRunId": "0190c2f3-0000-7000-8000-000000000001",
//!         "firstExecutionRunId": "0190c2f3-0000-7000-8000-000000000001" } },
//!     { "eventId": "2", "eventTime": "2024-05-01T10:00:00Z",
//!       "eventType": "EVENT_TYPE_WORKFLOW_TASK_SCHEDULED",
//!       "workflowTaskScheduledEventAttributes": {
//!         "taskQueue": { "name": "orders" }, "startToCloseTimeout": "10s", "attempt": 1 } },
//!     { "eventId": "3", "eventTime": "2024-05-01T10:05:00Z",
//!       "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED",
//!       "workflowExecutionTerminatedEventAttributes": {
//!         "reason": "nobody works", "identity": "ops" } }
//! ]}"#;
//! let imported = import(exported)?;
//! assert!(imported.is_same());
//! assert!(imported.text.contains("
//!   - terminate: order-7
//!     reason: nobody works
//!     identity: ops
//!     at: 5m
//! "));
//! # Ok::<(), deadbeat::import::ReadError>(())
//! ```

mod activities;
mod attempt;
mod clients;
mod form;
mod local;
mod names;
mod read;
mod scenario;
mod script;
mod story;
mod surroundings;
mod updates;
mod values;
mod yaml;

pub use form::{Clock, Form, Waits};
pub use read::{MAX_BYTES, ReadError};

use attempt::{Outcome, attempt};
use scenario::{Draft, Tuning, write};
use story::Story;

/// A scenario made from a history.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The file.
    pub text: String,
    /// The Workflow Id of the run.
    pub workflow_id: String,
    /// The number of the run among those that the scenario makes with this Workflow Id.
    pub run: u32,
    /// The form that was taken.
    pub form: Form,
    /// How many events were recorded.
    pub recorded: usize,
    /// How many of them a run of the scenario has, from the first.
    pub same: usize,
    /// Where the two differ first; none if they do not.
    pub difference: Option<String>,
    /// What cannot be expressed.
    pub notes: Vec<String>,
}

impl Imported {
    /// Whether a run of the scenario has the recorded history.
    pub fn is_same(&self) -> bool {
        self.difference.is_none()
    }
}

/// Makes a scenario from a history in official JSON.
///
/// # Errors
///
/// [`ReadError`], if the text is not a history.
pub fn import(text: &str) -> Result<Imported, ReadError> {
    let exact = read::read(text)?;
    // Nobody reads nanoseconds: they are kept only if the order of things hangs on them.
    let mut rounded = exact.clone();
    for event in &mut rounded {
        event.time = event.time.div_euclid(1_000_000).saturating_mul(1_000_000);
    }
    let mut story = Story::of(rounded);
    let mut best = best_of(&story);
    let is_same = best.as_ref().is_some_and(|(_, _, outcome)| outcome.difference.is_none());
    if !is_same && exact != story.events {
        let exact = Story::of(exact);
        let other = best_of(&exact);
        let same = |best: &Option<Tried>| best.as_ref().map_or(0, |(_, _, outcome)| outcome.same);
        if same(&other) > same(&best) {
            (story, best) = (exact, other);
        }
    }

    let (form, draft, outcome) = best.unwrap_or_else(|| {
        let form = Form::ALL[0];
        let difference = Some("the scenario is not one".to_owned());
        let outcome = Outcome { same: 0, made: 0, difference, lead: 0, until: 0, settled: false };
        (form, write(&story, form, Tuning::default()), outcome)
    });
    let mut notes = draft.notes.clone();
    notes.extend(not_expressible(&story));
    let recorded = story.events.len();
    let mut text = String::new();
    yaml::comment(&top(&story, form, &outcome, &notes), 0, &mut text);
    text.push_str(&draft.text);
    Ok(Imported {
        text,
        workflow_id: story.workflow_id().to_owned(),
        run: draft.run,
        form,
        recorded,
        same: outcome.same,
        difference: outcome.difference,
        notes,
    })
}

/// A form, what was written in it, and what came of that.
type Tried = (Form, Draft, Outcome);

/// The first form in which a run gives the same history, or the one that comes closest.
fn best_of(story: &Story) -> Option<Tried> {
    let mut best: Option<Tried> = None;
    for form in Form::ALL {
        let Some((draft, outcome)) = tuned(story, form) else { continue };
        let is_same = outcome.difference.is_none();
        if best.as_ref().is_none_or(|(_, _, best)| outcome.same > best.same || is_same) {
            best = Some((form, draft, outcome));
        }
        if is_same {
            break;
        }
    }
    best
}

/// Writes a form, and again with what running it has shown.
fn tuned(story: &Story, form: Form) -> Option<(Draft, Outcome)> {
    let mut tuning = Tuning::default();
    let mut last = None;
    for _ in 0..3 {
        let draft = write(story, form, tuning);
        let Ok(outcome) = attempt(&draft.text, story, draft.run) else { return last };
        let lead = outcome.lead;
        let goes_on = outcome.same == story.events.len() && outcome.made > outcome.same;
        let unsettled = outcome.same == story.events.len() && !outcome.settled;
        let until = outcome.until;
        last = Some((draft, outcome));
        if lead != tuning.lead {
            tuning.lead = lead;
        } else if (goes_on || unsettled) && tuning.ends_at.is_none() {
            tuning.ends_at = Some(until);
        } else {
            break;
        }
    }
    last
}

/// What the language has no words for.
fn not_expressible(story: &Story) -> Vec<String> {
    let mut notes = Vec::new();
    for event in &story.events {
        let what = match event.kind {
            kind if kind.starts_with("NEXUS") => "Nexus operations",
            _ => continue,
        };
        notes.push(format!("event {} {}: no step is about {what}", event.id, event.kind));
    }
    notes
}

fn top(story: &Story, form: Form, outcome: &Outcome, notes: &[String]) -> Vec<String> {
    let mut lines = vec![format!(
        "Imported from the history of {} `{}`, {} events.",
        story.workflow_type(),
        story.workflow_id(),
        story.events.len()
    )];
    match &outcome.difference {
        None => lines.push("A run of this file has the same history.".to_owned()),
        Some(difference) => {
            lines.push(format!(
                "A run of this file has the same history up to event {} only:",
                outcome.same
            ));
            lines.push(format!("{difference}."));
        }
    }
    if form.waits == Waits::ForTasks {
        lines.push(
            "What the workflow waited for could not be told: it goes on with each workflow task."
                .to_owned(),
        );
    }
    if form.clock == Clock::Events {
        lines.push("Clients act when the events are there that were there then.".to_owned());
    }
    if !notes.is_empty() {
        lines.push("What cannot be expressed:".to_owned());
        lines.extend(notes.iter().map(|note| format!("- {note}")));
    }
    lines.push(String::new());
    lines
}
