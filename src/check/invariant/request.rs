//! What clients were told, held against what is recorded (R2, R8, R25, R41, F6, F8).

use std::sync::Arc;

use super::reset::Excluded;
use super::room::{Named, Room};
use super::{Breach, Checked, Which, ensure};
use crate::api::ExecutionStatus;
use crate::clock::Time;
use crate::history::{EventId, RunId};
use crate::official::update::outcome::Value;
use crate::scenario::model::{ClientAction, ClientStep, ReapplyExclude};
use crate::sim::{Answer, LogEntry, Plan};

/// What the clients of a plan ask for, made ready once.
#[derive(Default, Debug)]
pub(super) struct Requests {
    plan: Option<Arc<Plan>>,
    /// By client and step.
    asked: Vec<Vec<Asked>>,
}

/// What a step asks for, as far as it matters here.
#[derive(Debug)]
enum Asked {
    Signal { workflow_id: String, request_id: String },
    Cancel { workflow_id: String, run: Option<u32> },
    Terminate { workflow_id: String },
    Reset { excluded: Excluded, event_id: Option<u32> },
    Other,
}

impl Requests {
    /// Makes ready what the clients of this plan ask for, unless it is.
    pub(super) fn prepare(&mut self, plan: &Arc<Plan>) {
        if self.plan.as_ref().is_some_and(|known| Arc::ptr_eq(known, plan)) {
            return;
        }
        self.asked.clear();
        self.asked.extend(plan.client_steps().map(|(name, steps)| {
            (1..).zip(steps).map(|(number, step)| asked(name, number, step)).collect()
        }));
        self.plan = Some(Arc::clone(plan));
    }

    fn of(&self, entry: &LogEntry) -> &Asked {
        let client = self.asked.get(usize::from(entry.client.0));
        client.and_then(|steps| steps.get(entry.step as usize)).unwrap_or(&Asked::Other)
    }

    /// What the reset that made this run was to leave out, if a client asked for it.
    pub(super) fn excluded(&self, log: &[LogEntry], run: RunId) -> Option<Excluded> {
        log.iter().find_map(|entry| match (&entry.answer, self.of(entry)) {
            (Answer::Reset { run_id }, Asked::Reset { excluded, .. }) if *run_id == run => {
                Some(*excluded)
            }
            _ => None,
        })
    }

    /// Checks every answer.
    pub(super) fn check(
        &self,
        room: &Room<'_>,
        log: &[LogEntry],
    ) -> Result<(), (usize, Box<Breach>)> {
        for entry in log {
            let (workflow_id, checked) = match (&entry.answer, self.of(entry)) {
                (Answer::Started { run_id, .. }, _) => (None, run_exists(room, *run_id)),
                (Answer::Reset { run_id }, Asked::Reset { event_id, .. }) => {
                    (None, run_exists(room, *run_id).and_then(|()| point(room, *run_id, *event_id)))
                }
                (Answer::Done, Asked::Signal { workflow_id, request_id }) => {
                    (Some(workflow_id), signal(room, workflow_id, request_id))
                }
                (Answer::Done, Asked::Cancel { workflow_id, run }) => {
                    cancel(room, entry.time, workflow_id, *run)?;
                    continue;
                }
                (Answer::Done, Asked::Terminate { workflow_id }) => {
                    (Some(workflow_id), terminate(room, entry.time, workflow_id))
                }
                (Answer::Updated(progress), _) => {
                    let outcome = progress.outcome.as_ref();
                    let value = outcome.and_then(|outcome| outcome.value.as_ref());
                    if !matches!(value, Some(Value::Success(_))) {
                        continue;
                    }
                    let run_id = progress.execution.run_id;
                    (None, update(room, run_id, &progress.update_id))
                }
                _ => continue,
            };
            checked.map_err(|breach| {
                let runs = workflow_id.map(|id| room.runs_of(id)).unwrap_or_default();
                (runs.last().copied().unwrap_or(0), breach)
            })?;
        }
        Ok(())
    }
}

/// What a step of a client asks for. Its number, from 1, is part of the request id that it has if it
/// names none.
fn asked(client: &str, number: usize, step: &ClientStep) -> Asked {
    let request_id =
        |named: &Option<String>| named.clone().unwrap_or_else(|| format!("{client}-{number}"));
    match &step.action {
        ClientAction::Signal(step) => Asked::Signal {
            workflow_id: step.signal.clone(),
            request_id: request_id(&step.request_id),
        },
        ClientAction::Cancel(step) => {
            Asked::Cancel { workflow_id: step.cancel.clone(), run: step.run }
        }
        ClientAction::Terminate(step) => Asked::Terminate { workflow_id: step.terminate.clone() },
        ClientAction::Reset(step) => Asked::Reset {
            excluded: Excluded {
                signals: step.reapply_exclude.contains(&ReapplyExclude::Signal),
                updates: step.reapply_exclude.contains(&ReapplyExclude::Update),
            },
            event_id: step.event_id.filter(|_| step.r#type.is_none()),
        },
        _ => Asked::Other,
    }
}

fn run_exists(room: &Room<'_>, run: RunId) -> Checked {
    ensure!(room.find(run).is_some(), StartKept, None, "run {run} does not exist");
    Ok(())
}

/// The reset has gone where the request says (B2).
fn point(room: &Room<'_>, run: RunId, event_id: Option<u32>) -> Checked {
    let reset = room.find(run).and_then(|at| room.facts[at].reset);
    let (Some(reset), Some(point)) = (reset, event_id) else { return Ok(()) };
    ensure!(
        reset.kept.next() == EventId(point),
        ResetPoint,
        reset.failed,
        "it keeps the events up to {}, and was to go to event {point}",
        reset.kept
    );
    Ok(())
}

fn signal(room: &Room<'_>, workflow_id: &str, request_id: &str) -> Checked {
    let of_it = |run: usize| room.runs[run].execution.workflow_id.as_str() == workflow_id;
    // What is buffered is not known of a result.
    let known = room.runs_of(workflow_id).iter().all(|at| {
        room.runs[*at].run.is_some() || room.runs[*at].status != ExecutionStatus::Running
    });
    ensure!(
        !known || room.has(Named::Signal, request_id, of_it),
        SignalKept,
        None,
        "the signal `{request_id}` is in no history"
    );
    Ok(())
}

/// The run that was open then, if that can be told, has the request.
fn cancel(
    room: &Room<'_>,
    then: Time,
    workflow_id: &str,
    run: Option<u32>,
) -> Result<(), (usize, Box<Breach>)> {
    for (number, at) in (1..).zip(room.runs_of(workflow_id)) {
        let facts = &room.facts[*at];
        let was_open = facts.made_at.is_some_and(|made| made < then)
            && facts.close.is_none_or(|close| close.time > then)
            && run.is_none_or(|run| run == number);
        let is_known = facts.close.is_some() || room.runs[*at].run.is_some();
        if was_open && is_known && facts.cancel_requested.is_none() {
            let detail = format!("a cancel was accepted at {then}, and it has none");
            return Err((*at, Breach::new(Which::CancelKept, None, detail)));
        }
    }
    Ok(())
}

fn terminate(room: &Room<'_>, then: Time, workflow_id: &str) -> Checked {
    let terminated = room.runs_of(workflow_id).iter().any(|at| {
        room.runs[*at].status == ExecutionStatus::Terminated
            && room.facts[*at].close.is_some_and(|close| close.time <= then)
    });
    ensure!(terminated, TerminateKept, None, "a termination was accepted at {then}");
    Ok(())
}

fn update(room: &Room<'_>, run: RunId, update_id: &str) -> Checked {
    let is_it = |at: usize| room.runs[at].execution.run_id == run;
    ensure!(
        room.has(Named::Update, update_id, is_it),
        UpdateKept,
        None,
        "the update `{update_id}` was answered, and has not completed in run {run}"
    );
    Ok(())
}
