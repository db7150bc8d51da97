//! Histories as text: for the terminal, for snapshots, for tests.
//!
//! One block a run, one line an event. Columns have fixed widths and nothing depends on the machine,
//! so that two histories can be compared line by line.
//!
//! ```
//! use deadbeat::clock::EPOCH;
//! use deadbeat::history::event::{Attributes, Event};
//! use deadbeat::history::text::{RunText, Style, render};
//! use deadbeat::history::{EventId, Execution, History, RunId};
//! use std::time::Duration;
//!
//! let timer = |id, seconds, attributes| Event {
//!     id: EventId(id),
//!     time: EPOCH + Duration::from_secs(seconds),
//!     attributes,
//! };
//! let mut history = History::new();
//! history.append(vec![timer(1, 0, Attributes::TimerStarted {
//!     timer_id: "nap".into(),
//!     start_to_fire_timeout: Duration::from_secs(90),
//!     workflow_task_completed_event_id: EventId(4),
//! })]);
//! history.append(vec![timer(2, 90, Attributes::TimerFired {
//!     timer_id: "nap".into(),
//!     started_event_id: EventId(1),
//! })]);
//! let execution = Execution {
//!     workflow_id: "greeting".into(),
//!     run_id: "018cc251-f400-7000-8000-000000000001".parse()?,
//! };
//! let run = RunText::new(&execution, 1, &history, "Running", EPOCH);
//! assert_eq!(render(&[run], Style::Plain), "\
//! greeting run 1: Running
//!   run id 018cc251-f400-7000-8000-000000000001
//!    1  00:00:00.000  TimerStarted                      timer nap             1m30s
//!    2  00:01:30.000  TimerFired                        timer nap             (started 1)
//! ");
//! # Ok::<(), deadbeat::history::ids::NotAUuid>(())
//! ```

mod activity;
mod child;
mod execution;
mod external;
mod failure;
mod line;
mod names;
mod payload;
mod record;
mod style;
mod task;
mod timer;
mod times;
mod update;
pub(crate) mod word;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use failure::{failure_text, timeout_name};
pub(crate) use payload::payloads_text;
pub use style::Style;
pub(crate) use style::Tone;
pub(crate) use times::TimeColumn;
pub(crate) use words::{plain, quoted, shortened, word};

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use self::line::Line;
use self::names::{Names, Scene};

use super::event::{Attributes, Event};
use super::ids::{EventId, Execution};
use super::list::History;
use crate::clock::Time;

/// The longest event names stand out; the others end here.
const NAME_WIDTH: usize = 32;

/// One run, to be shown.
#[derive(Clone, Debug)]
pub struct RunText<'a> {
    execution: &'a Execution,
    number: u32,
    history: &'a History,
    status: &'a str,
    start: Time,
    transient: &'a [Event],
    marks: BTreeMap<EventId, String>,
    notes: BTreeMap<EventId, Vec<Note>>,
}

/// Something that is told between two events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// How much it stands out.
    pub weight: NoteWeight,
    /// Its lines; those after the first are indented.
    pub lines: Vec<String>,
}

/// How much a note stands out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoteWeight {
    /// As little as possible.
    Faint,
    /// With a mark in the margin.
    Marked,
}

impl<'a> RunText<'a> {
    /// A run: which, the how-manieth of its Workflow Id (from 1), its history, its status in
    /// Temporal's word, and the instant from which times are counted.
    pub fn new(
        execution: &'a Execution,
        number: u32,
        history: &'a History,
        status: &'a str,
        start: Time,
    ) -> Self {
        Self {
            execution,
            number,
            history,
            status,
            start,
            transient: &[],
            marks: BTreeMap::new(),
            notes: BTreeMap::new(),
        }
    }

    /// With the events of a pending transient workflow task, which are not recorded (A4).
    #[must_use]
    pub fn with_transient(mut self, events: &'a [Event]) -> Self {
        self.transient = events;
        self
    }

    /// With a mark at an event, and a note below it. Marks at events that are not there do not show.
    #[must_use]
    pub fn with_mark(mut self, event: EventId, note: impl Into<String>) -> Self {
        self.marks.insert(event, note.into());
        self
    }

    /// Puts a note before an event, below those that are there. Notes before an event that is not
    /// there come last.
    pub fn add_note_before(&mut self, event: EventId, note: Note) {
        self.notes.entry(event).or_default().push(note);
    }
}

/// Runs as text: a block each, a blank line between. Runs call each other by their numbers.
pub fn render(runs: &[RunText<'_>], style: Style) -> String {
    let blocks: Vec<String> = runs.iter().map(|run| render_one(run, runs, style)).collect();
    blocks.join("\n")
}

/// One run as text. It calls those that are given `among` by their numbers, and others by their ids.
pub fn render_one(run: &RunText<'_>, among: &[RunText<'_>], style: Style) -> String {
    let names = Names::of(among.iter().map(|run| (run.execution, run.number)));
    let scene = Scene::new(run.execution, run.history, &names);
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_run(&mut text, run, &scene, style);
    text
}

fn write_run(out: &mut String, run: &RunText<'_>, scene: &Scene<'_>, style: Style) -> fmt::Result {
    let last = run.history.last().map(|last| &last.attributes);
    let title = format!("{} run {}", word(run.execution.workflow_id.as_str()), run.number);
    let status = style.paint(last.map_or(Tone::Plain, tone), run.status);
    write!(out, "{}", style.paint(Tone::Strong, &title))?;
    if let Some(started) = scene.started() {
        write!(out, " of {}", word(&started.workflow_type))?;
    }
    writeln!(out, ": {status}")?;
    let mut origin = execution::origin(scene);
    origin.push(format!("run id {}", run.execution.run_id));
    writeln!(out, "  {}", style.paint(Tone::Faint, &origin.join(", ")))?;
    let all = run.history.events().chain(run.transient);
    let times = TimeColumn::of(all.map(|event| event.time), run.start);
    let last = run.history.last().map(|last| last.id).unwrap_or_default();
    for event in run.history.events() {
        write_notes(out, run.notes.get(&event.id).into_iter().flatten(), style)?;
        write_event(out, run, (event, times), &describe(event, scene), style)?;
    }
    write_notes(out, run.notes.range(last.next()..).flat_map(|(_, notes)| notes), style)?;
    for event in run.transient {
        let line = describe(event, scene).link("not recorded", None);
        write_event(out, run, (event, times), &line, style)?;
    }
    Ok(())
}

fn write_notes<'n>(
    out: &mut String,
    notes: impl Iterator<Item = &'n Note>,
    style: Style,
) -> fmt::Result {
    for note in notes {
        let (margin, tone) = match note.weight {
            NoteWeight::Faint => (' ', Tone::Faint),
            NoteWeight::Marked => ('>', Tone::Attention),
        };
        for (at, line) in note.lines.iter().enumerate() {
            let (margin, indent) = if at == 0 { (margin, "   ") } else { (' ', "      ") };
            writeln!(out, "{margin}{indent}{}", style.paint(tone, &plain(line)))?;
        }
    }
    Ok(())
}

fn write_event(
    out: &mut String,
    run: &RunText<'_>,
    (event, times): (&Event, TimeColumn),
    line: &Line,
    style: Style,
) -> fmt::Result {
    let mark = run.marks.get(&event.id);
    let margin = if mark.is_some() { '>' } else { ' ' };
    let time = times.cell(event.time);
    let name = event.attributes.type_name();
    let rest = line.text(style);
    let named = style.paint(tone(&event.attributes), name);
    let padding = if rest.is_empty() { 0 } else { NAME_WIDTH.saturating_sub(name.len()) + 2 };
    writeln!(out, "{margin}{:>3}  {time}  {named}{:padding$}{rest}", event.id, "")?;
    if let Some(note) = mark {
        for line in note.lines() {
            writeln!(out, "      {}", style.paint(Tone::Attention, &plain(line)))?;
        }
    }
    Ok(())
}

/// What the line of an event says after the event's name.
fn describe(event: &Event, scene: &Scene<'_>) -> Line {
    match &event.attributes {
        Attributes::WorkflowExecutionStarted(_)
        | Attributes::WorkflowExecutionCompleted { .. }
        | Attributes::WorkflowExecutionFailed { .. }
        | Attributes::WorkflowExecutionTimedOut { .. }
        | Attributes::WorkflowExecutionCanceled { .. }
        | Attributes::WorkflowExecutionTerminated { .. }
        | Attributes::WorkflowExecutionContinuedAsNew(_)
        | Attributes::WorkflowExecutionCancelRequested { .. }
        | Attributes::WorkflowExecutionSignaled(_) => execution::describe(event, scene),

        Attributes::WorkflowExecutionUpdateAdmitted { .. }
        | Attributes::WorkflowExecutionUpdateAccepted(_)
        | Attributes::WorkflowExecutionUpdateCompleted { .. } => update::describe(event),

        Attributes::WorkflowTaskScheduled { .. }
        | Attributes::WorkflowTaskStarted { .. }
        | Attributes::WorkflowTaskCompleted { .. }
        | Attributes::WorkflowTaskTimedOut { .. }
        | Attributes::WorkflowTaskFailed(_) => task::describe(event, scene),

        Attributes::ActivityTaskScheduled(_)
        | Attributes::ActivityTaskStarted { .. }
        | Attributes::ActivityTaskCompleted { .. }
        | Attributes::ActivityTaskFailed { .. }
        | Attributes::ActivityTaskTimedOut { .. }
        | Attributes::ActivityTaskCancelRequested { .. }
        | Attributes::ActivityTaskCanceled { .. } => activity::describe(event, scene),

        Attributes::TimerStarted { .. }
        | Attributes::TimerFired { .. }
        | Attributes::TimerCanceled { .. } => timer::describe(event),

        Attributes::MarkerRecorded { .. }
        | Attributes::UpsertWorkflowSearchAttributes { .. }
        | Attributes::WorkflowPropertiesModified { .. } => record::describe(event),

        Attributes::RequestCancelExternalWorkflowExecutionInitiated { .. }
        | Attributes::RequestCancelExternalWorkflowExecutionFailed { .. }
        | Attributes::ExternalWorkflowExecutionCancelRequested { .. }
        | Attributes::SignalExternalWorkflowExecutionInitiated { .. }
        | Attributes::SignalExternalWorkflowExecutionFailed { .. }
        | Attributes::ExternalWorkflowExecutionSignaled { .. } => external::describe(event, scene),

        Attributes::StartChildWorkflowExecutionInitiated(_)
        | Attributes::StartChildWorkflowExecutionFailed { .. }
        | Attributes::ChildWorkflowExecutionStarted { .. }
        | Attributes::ChildWorkflowExecutionClosed { .. } => child::describe(event, scene),
    }
}

/// How an event's name stands out: workflow tasks least, what went wrong and cancels most.
fn tone(attributes: &Attributes) -> Tone {
    use super::event::ChildClose;
    match attributes {
        Attributes::WorkflowTaskScheduled { .. }
        | Attributes::WorkflowTaskStarted { .. }
        | Attributes::WorkflowTaskCompleted { .. } => Tone::Faint,

        Attributes::WorkflowExecutionCompleted { .. }
        | Attributes::WorkflowExecutionContinuedAsNew(_) => Tone::Good,

        Attributes::WorkflowExecutionFailed { .. }
        | Attributes::WorkflowExecutionTimedOut { .. }
        | Attributes::WorkflowExecutionTerminated { .. }
        | Attributes::WorkflowTaskTimedOut { .. }
        | Attributes::WorkflowTaskFailed(_)
        | Attributes::ActivityTaskFailed { .. }
        | Attributes::ActivityTaskTimedOut { .. }
        | Attributes::RequestCancelExternalWorkflowExecutionFailed { .. }
        | Attributes::SignalExternalWorkflowExecutionFailed { .. }
        | Attributes::StartChildWorkflowExecutionFailed { .. } => Tone::Bad,

        Attributes::WorkflowExecutionCanceled { .. }
        | Attributes::WorkflowExecutionCancelRequested { .. }
        | Attributes::ActivityTaskCancelRequested { .. }
        | Attributes::ActivityTaskCanceled { .. }
        | Attributes::TimerCanceled { .. }
        | Attributes::RequestCancelExternalWorkflowExecutionInitiated { .. }
        | Attributes::ExternalWorkflowExecutionCancelRequested { .. } => Tone::Attention,

        Attributes::ChildWorkflowExecutionClosed { close, .. } => match close {
            ChildClose::Completed { .. } => Tone::Plain,
            ChildClose::Canceled { .. } => Tone::Attention,
            ChildClose::Failed { .. } | ChildClose::TimedOut { .. } | ChildClose::Terminated => {
                Tone::Bad
            }
        },
        _ => Tone::Plain,
    }
}
