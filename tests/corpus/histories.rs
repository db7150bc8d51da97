//! Cases that a real SDK's worker made the calls of: there is no script to play, so their histories
//! are checked as such. They must be read and written unchanged, break no invariant, and keep what
//! a reset keeps (B9 to B13).

use std::error::Error;
use std::time::Duration;

use deadbeat::api::ExecutionStatus;
use deadbeat::check::invariant::{Auditor, Violation};
use deadbeat::clock::EPOCH;
use deadbeat::history::json::{from_json, to_json};
use deadbeat::history::{Execution, History, RunId, official};
use deadbeat::official::{history::HistoryEvent, well_known};
use deadbeat::verify::{Case, Comparison, Symbols, normalise, with_readable_payloads};
use serde_json::Value;

/// Checks every history of a case.
pub(crate) fn check(case: &Case) -> Result<(), Box<dyn Error>> {
    break_no_invariant(case)?;
    let symbols = symbols(case);
    for (alias, recorded) in &case.histories {
        let told = |error: Box<dyn Error>| format!("history {alias}: {error}");
        let history = read(case, alias, &symbols).map_err(told)?;
        is_written_unchanged(recorded, &history, &symbols).map_err(told)?;
        keeps_what_a_reset_keeps(case, alias).map_err(told)?;
    }
    Ok(())
}

/// Checks that no recorded history breaks an invariant: one that breaks it would be wrong.
pub(crate) fn break_no_invariant(case: &Case) -> Result<(), Box<dyn Error>> {
    let symbols = symbols(case);
    let mut auditor = Auditor::new();
    for (number, run) in case.runs.iter().enumerate() {
        let alias = &run.alias;
        if !case.histories.contains_key(alias) {
            continue;
        }
        // Some are not to be read: normalisation drops what is empty.
        let Ok(history) = read(case, alias, &symbols) else { continue };
        let workflow_id = symbols.resolve_text(&run.workflow_id)?.into();
        let run_id = uuid('a', number).parse::<RunId>()?;
        let execution = Execution { workflow_id, run_id };
        let status = case.close_status.get(alias).ok_or("its status is not recorded")?;
        let status = named(status).ok_or("its status is unknown")?;
        match auditor.audit_history(&execution, &history, status) {
            Err(violation) if !is_of_normalisation(case, alias, &violation) => {
                return Err(format!("history {alias}: {violation}").into());
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a violation comes from what a recording does not have: times, or when a chain expires.
fn is_of_normalisation(case: &Case, alias: &str, violation: &Violation) -> bool {
    let events = &case.histories[alias];
    let started = &events[0]["workflowExecutionStartedEventAttributes"];
    let name = violation.invariant.name;
    let has_times = events.iter().all(|event| event.get("t").is_some());
    let chain_expires = started.get("workflowExecutionTimeout").is_some()
        && started.get("continuedExecutionRunId").is_some();
    name.contains("early") && (!has_times || chain_expires)
}

fn named(status: &str) -> Option<ExecutionStatus> {
    use ExecutionStatus as Status;
    Some(match status {
        "RUNNING" => Status::Running,
        "COMPLETED" => Status::Completed,
        "FAILED" => Status::Failed,
        "CANCELED" => Status::Canceled,
        "TERMINATED" => Status::Terminated,
        "CONTINUED_AS_NEW" => Status::ContinuedAsNew,
        "TIMED_OUT" => Status::TimedOut,
        _ => return None,
    })
}

/// Ids for the runs of a case.
fn symbols(case: &Case) -> Symbols {
    let mut symbols = Symbols::new(format!("{}-c0ffee", case.name));
    for (number, run) in case.runs.iter().enumerate() {
        symbols.bind(&format!("run:{}", run.alias), &uuid('a', number));
    }
    symbols
}

/// A UUID for a symbol.
fn uuid(kind: char, number: usize) -> String {
    format!("0f0f0f0f-0000-4000-{kind}000-{number:012}")
}

/// The recorded events as the reader takes them, in their batches.
fn read(case: &Case, alias: &str, symbols: &Symbols) -> Result<History, Box<dyn Error>> {
    let mut events = Vec::new();
    for event in &case.histories[alias] {
        let mut event = symbols.resolve(&with_ids(event))?;
        let fields = event.as_object_mut().ok_or("an event is no object")?;
        let time = fields.remove("t").and_then(|time| time.as_f64()).unwrap_or(0.0);
        // A start that a reset made up is known by its request id, which is not recorded (A5).
        let started = "workflowTaskStartedEventAttributes";
        if let Some(started) = fields.get_mut(started)
            && started["identity"] == "history-service"
        {
            started["requestId"] = "emptyUuid".into();
        }
        // Nor is the backoff of a run that another one left behind, or that a schedule makes wait.
        let started = "workflowExecutionStartedEventAttributes";
        if let Some(Value::Object(started)) = fields.get_mut(started)
            && (started.contains_key("continuedExecutionRunId")
                || started.contains_key("cronSchedule"))
        {
            started.entry("firstWorkflowTaskBackoff").or_insert_with(|| "1s".into());
        }
        let mut event: HistoryEvent = from_json(&event)?;
        let time = EPOCH + Duration::try_from_secs_f64(time.max(0.0))?;
        event.event_time = Some(well_known::Timestamp {
            seconds: time.unix_nanos() / 1_000_000_000,
            nanos: i32::try_from(time.unix_nanos() % 1_000_000_000)?,
        });
        events.push(event);
    }
    if !(1..).zip(&events).all(|(id, event)| event.event_id == id) {
        return Err("its event ids are not 1, 2, 3 and so on".into());
    }
    let batches = case.batches.get(alias).ok_or("its batches are not recorded")?;
    if !batches.iter().flatten().copied().eq(1..=i64::try_from(events.len())?) {
        return Err("its batches are not all of its events in order".into());
    }
    let mut events = official::read(&events)?.into_iter();
    let mut history = History::new();
    for batch in batches {
        history.append(events.by_ref().take(batch.len()).collect());
    }
    Ok(history)
}

/// An event with UUIDs in the place of `<id:N>`.
fn with_ids(value: &Value) -> Value {
    let text = value.to_string();
    let mut parts = text.split("<id:");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('>').and_then(|(id, rest)| Some((id.parse().ok()?, rest))) {
            Some((number, rest)) => {
                filled.push_str(&uuid('b', number));
                filled.push_str(rest);
            }
            None => filled.push_str(part),
        }
    }
    serde_json::from_str(&filled).unwrap_or_default()
}

fn is_written_unchanged(
    recorded: &[Value],
    history: &History,
    symbols: &Symbols,
) -> Result<(), Box<dyn Error>> {
    let written = official::events(history).map(|event| to_json(&event));
    let written = written.map(|event| symbols.symbolise(&normalise::event(&event)));
    let recorded: Vec<Value> = recorded.iter().map(with_readable_payloads).collect();
    match Comparison::default().history(&recorded, &written.collect::<Vec<_>>()) {
        Some(diff) => Err(format!("(- recorded, + written, ! differs)\n{diff}").into()),
        None => Ok(()),
    }
}

/// If the run was made by a reset: that it begins as its base does (B9), fails the workflow task
/// that it goes back to (B11), and goes on with a task on the normal queue (B13).
fn keeps_what_a_reset_keeps(case: &Case, alias: &str) -> Result<(), Box<dyn Error>> {
    let events = &case.histories[alias];
    let fails = |event: &Value| {
        let of = &event["workflowTaskFailedEventAttributes"];
        let is_reset = of["cause"] == "WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW";
        (is_reset && of["newRunId"] == format!("${{run:{alias}}}")).then(|| of["baseRunId"].clone())
    };
    let Some((at, base)) = events.iter().enumerate().find_map(|(at, e)| Some((at, fails(e)?)))
    else {
        return Ok(());
    };
    let base = base.as_str().and_then(|base| base.strip_prefix("${run:")?.strip_suffix('}'));
    let base = base.and_then(|base| case.histories.get(base)).ok_or("its base is not recorded")?;
    if base.len() < at || base[..at] != events[..at] {
        return Err(format!("it does not begin with the first {at} events of its base (B9)").into());
    }
    let of = &events[at]["workflowTaskFailedEventAttributes"];
    if of["identity"] != "history-service" || !of["failure"]["resetWorkflowFailureInfo"].is_object()
    {
        return Err("its reset fails the workflow task as no reset does (B11)".into());
    }
    let mut after = events[at..].iter().map(|event| &event["workflowTaskScheduledEventAttributes"]);
    let next = after.find(|of| of.is_object()).ok_or("no workflow task follows the reset (B13)")?;
    if next["attempt"] != 1 || next["taskQueue"].get("kind").is_some() {
        return Err("the task after the reset is not a first one on the normal queue (B13)".into());
    }
    Ok(())
}

/// Checks that [`check`] sees a history that does not begin as its base does.
pub(crate) fn changes_are_noticed(case: &Case) -> Result<(), Box<dyn Error>> {
    for (alias, events) in &case.histories {
        for at in 0..events.len() {
            let mut dropped = case.clone();
            dropped.histories.entry(alias.clone()).and_modify(|of| drop(of.remove(at)));
            let mut swapped = case.clone();
            swapped.histories.entry(alias.clone()).and_modify(|of| {
                let other = (at + 1) % of.len();
                of.swap(at, other);
            });
            if check(&dropped).is_ok() || check(&swapped).is_ok() {
                return Err(format!("{alias}: a change at event {} is not noticed", at + 1).into());
            }
        }
    }
    Ok(())
}
