//! Runs that come again and again by a cron schedule (F4).
//!
//! The times of a chain count from when a run's first workflow task was due, and a run that comes
//! later than one of them skips it.

use std::time::Duration;

use super::close::successor;
use super::commands::NewRun;
use super::cron_spec::{NoSchedule, Schedule};
use super::run::Run;
use crate::api::RpcError;
use crate::clock::Time;
use crate::history::event::Initiator;
use crate::history::{Failure, Payloads};

/// Why a run can have no such schedule, in the server's words.
pub(super) fn validate(schedule: &str, now: Time) -> Result<(), RpcError> {
    if schedule.is_empty() {
        return Ok(());
    }
    match Schedule::parse(schedule) {
        Ok(parsed) if parsed.next(now, now).is_some() => Ok(()),
        Ok(_) => Err(RpcError::invalid_argument(
            "invalid CronSchedule, no time can be found to satisfy the schedule",
        )),
        Err(NoSchedule::Malformed) => Err(RpcError::invalid_argument("invalid CronSchedule.")),
        // The real server falls over, and masks what went wrong.
        Err(NoSchedule::NothingBehindZone) => Err(RpcError::masked()),
        Err(NoSchedule::UnknownZone(zone)) => {
            Err(RpcError::unimplemented(format_args!("the time zone {zone} of a CronSchedule")))
        }
    }
}

/// How long the first workflow task of a run made `now` waits, in whole seconds, for a schedule
/// whose last time was `last`. `None` if there is no schedule, or it has no more times.
pub(super) fn backoff(schedule: &str, last: Time, now: Time) -> Option<Duration> {
    if schedule.is_empty() {
        return None;
    }
    // A run whose wait was cut short leaves its time to the next.
    let next = if now < last { last } else { Schedule::parse(schedule).ok()?.next(last, now)? };
    let wait = next.since(now);
    Some(Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)))
}

/// How a run ended that another follows.
pub(super) enum Ended<'a> {
    /// Well, with this result.
    Completed(Option<Payloads>),
    /// Badly: the last result there was stays (F4).
    Failed(&'a Failure),
}

/// The run that follows this one by its schedule, if it has one.
pub(super) fn next_run(run: &Run, now: Time, ended: Ended<'_>, runs_so_far: u32) -> Option<NewRun> {
    let due = run.start_time + run.started.first_workflow_task_backoff;
    let wait = backoff(&run.started.cron_schedule, due, now)?;
    Some(successor(run, Initiator::CronSchedule, runs_so_far, |started| {
        started.attempt = 1;
        started.first_workflow_task_backoff = wait;
        match ended {
            Ended::Completed(result) => started.last_completion_result = result,
            Ended::Failed(failure) => started.continued_failure = Some(failure.clone()),
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::super::story::{Story, complete_workflow, start};
    use super::*;
    use crate::clock::EPOCH;
    use crate::history::Attributes;
    use crate::official::workflowservice::StartWorkflowExecutionRequest;

    fn cron(schedule: &str) -> StartWorkflowExecutionRequest {
        StartWorkflowExecutionRequest { cron_schedule: schedule.to_owned(), ..start("w") }
    }

    #[test]
    fn the_first_task_waits_for_the_schedule_and_so_does_the_next_run() {
        let mut story = Story::new();
        story.start(cron("@every 4s")).unwrap();
        assert_eq!(story.types(), ["WorkflowExecutionStarted"]);
        story.pass(Duration::from_millis(5_500));
        let task = story.poll();
        story.complete(&task, vec![complete_workflow()]).unwrap();
        assert_eq!(story.types(), ["WorkflowExecutionStarted"], "of the second run");
        let run = story.server.current_run("w").unwrap();
        assert_eq!(run.started.initiator, Some(Initiator::CronSchedule));
        // Due at 8 s, in whole seconds from 5.5 s.
        assert_eq!(run.started.first_workflow_task_backoff, Duration::from_secs(3));
        let first = story.server.runs_of("w").next().unwrap();
        let Attributes::WorkflowExecutionCompleted { new_execution_run_id, .. } =
            first.history.last().unwrap().attributes
        else {
            panic!("{:?}", first.history.last())
        };
        assert_eq!(new_execution_run_id, Some(run.execution.run_id));
    }

    #[test]
    fn a_cancel_ends_the_wait_and_the_time_is_left_to_the_next_run() {
        let mut story = Story::new();
        story.start(cron("@every 10s")).unwrap();
        story.pass(Duration::from_secs(1));
        story.cancel("w").unwrap();
        let task = story.poll();
        story.complete(&task, vec![complete_workflow()]).unwrap();
        let run = story.server.current_run("w").unwrap();
        assert_eq!(run.started.first_workflow_task_backoff, Duration::from_secs(9));
        assert!(!run.cancel_requested);
    }

    #[test]
    fn a_termination_ends_the_chain() {
        let mut story = Story::new();
        story.start(cron("@every 10s")).unwrap();
        story.terminate("w").unwrap();
        story.pass(Duration::from_secs(60));
        assert_eq!(story.server.runs_of("w").len(), 1);
    }

    #[test]
    fn a_schedule_that_never_comes_is_refused() {
        assert_eq!(
            validate("* * 31 2 *", EPOCH).unwrap_err().message,
            "invalid CronSchedule, no time can be found to satisfy the schedule"
        );
        assert_eq!(
            validate("CRON_TZ=Europe/Berlin @daily", EPOCH).unwrap_err().message,
            "deadbeat does not model the time zone Europe/Berlin of a CronSchedule"
        );
    }
}
