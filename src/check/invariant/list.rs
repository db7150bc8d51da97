//! All invariants there are.

use super::Invariant;

macro_rules! invariants {
    ($($which:ident, $name:literal, $rule:literal: $sentence:literal;)+) => {
        /// Names an invariant in the code.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Which {
            $($which,)+
        }

        /// All invariants, in the order of the rooms that look after them.
        pub static INVARIANTS: &[Invariant] =
            &[$(Invariant { name: $name, sentence: $sentence, rule: $rule },)+];
    };
}

invariants! {
    DenseIds, "ids-are-dense", "A1, R5":
        "Event ids count from 1 without a gap.";
    StartsWithStart, "it-starts-with-its-start", "A1":
        "The first event, and no other, is WorkflowExecutionStarted.";
    NothingAfterClose, "nothing-follows-the-close", "R8, R39":
        "At most one event closes a run, and no event comes behind it.";
    OpenUntilClosed, "open-until-closed", "R39, R44":
        "A run is open exactly as long as its last event does not close it, and its status is what \
         that event says.";
    TimesRise, "times-never-go-back", "R6, A3":
        "No event has an earlier time than one before it, but for buffered events, which keep the \
         time of their arrival.";
    LinksPointBack, "links-point-back", "R5, R53":
        "Every link leads to an earlier event of the right kind.";
    CommandsFollowTask, "commands-follow-their-task", "R7":
        "What a command brought about stands in the batch of the workflow task's completion, behind \
         it, and names it.";
    FlushOrder, "buffered-events-come-in-order", "R4, R7":
        "In a batch, commands' events come first, then buffered events, activity and child closes \
         last, each in order of arrival.";
    CancelWakes, "a-cancel-request-wakes", "R25, R9":
        "Behind a cancel request a workflow task is pending, or the run has closed.";
    NewsWakes, "news-wakes", "R9":
        "Behind everything that a workflow has to hear of a workflow task is pending, or the run has \
         closed.";
    CancelRequestedOnce, "a-run-is-asked-to-cancel-once", "R26":
        "A history has at most one WorkflowExecutionCancelRequested.";
    NoUnseenEvents, "no-close-passes-an-unseen-event", "R33":
        "A run that a command closes has seen every event: none is written between the workflow \
         task's start and its close but the commands'.";
    RunTimeoutNotEarly, "a-run-never-times-out-early", "R48, F1":
        "A run times out no sooner than its run timeout or its execution timeout.";

    OneTaskAtATime, "one-workflow-task-at-a-time", "R9":
        "A workflow task is scheduled only while none is pending.";
    TaskStartsOnceScheduled, "a-workflow-task-starts-once-scheduled", "R11":
        "WorkflowTaskStarted follows the WorkflowTaskScheduled that it names, while that is pending.";
    TaskEndsOnce, "a-workflow-task-ends-once", "R12, R13, R14":
        "A workflow task completes, fails or times out once, and names its own two events.";
    TaskAttempts, "a-later-attempt-follows-a-failure", "R16, R17":
        "A workflow task has an attempt above 1 only behind one that failed or timed out, and it is \
         only written when it completes; after that, a reset may fail it.";
    TaskTimeoutNotEarly, "a-workflow-task-never-times-out-early", "R14":
        "A started workflow task times out no sooner than its start-to-close timeout.";
    ForcedCloseSchedulesNothing, "a-forced-close-schedules-nothing", "R41, R42":
        "A termination or a run timeout schedules no workflow task and leaves none started.";

    ActivityStartsOnce, "an-activity-starts-once", "R51":
        "An activity has at most one ActivityTaskStarted, in the batch of its close and before it.";
    ActivityStartNotEarly, "an-activity-starts-after-it-is-scheduled", "R51, R74":
        "An activity's last attempt starts no sooner than the activity was scheduled, and a retry no \
         sooner than its backoff.";
    ActivityAttempts, "attempts-have-their-failures", "R51, R72":
        "A first attempt has no last failure, a later one has; there are no more attempts than the \
         policy allows.";
    ActivityClosesOnce, "an-activity-closes-once", "R53":
        "An activity completes, fails, times out or is canceled at most once.";
    ActivityCancelRequestedOnce, "an-activity-is-asked-to-cancel-once", "R62, R63":
        "An activity's cancel is requested once, and not after its close; again only while its close \
         is buffered.";
    CanceledWasRequested, "a-canceled-activity-was-asked-to", "R60, R64":
        "A canceled activity was requested to cancel before, by the event that it names.";
    ActivityTimeoutNotEarly, "an-activity-never-times-out-early", "R66, R68":
        "A start-to-close, schedule-to-start or schedule-to-close timeout is never early.";
    HeartbeatTimeoutNotEarly, "a-heartbeat-timeout-is-never-early", "R66":
        "An activity's heartbeat times out no sooner than its heartbeat timeout after the start.";
    ActivityRetryState, "a-closed-activity-is-not-retried", "R65, R72":
        "The retry state of a failed or timed-out activity says why there is no further attempt, and \
         that is so.";

    TimerClosesOnce, "a-timer-fires-or-is-canceled", "R77, R78":
        "A timer fires or is canceled, once, under the id that it was started with.";
    TimerNotEarly, "a-timer-never-fires-early", "R77, B15":
        "A timer fires no sooner than its time after its start.";

    ChildStartsOnce, "a-child-starts-once", "R87":
        "A child starts or fails to start, once, as it was asked for.";
    ChildClosesOnce, "a-child-closes-once", "R87":
        "A child closes at most once, behind its start, which the close names.";
    ChildRunExists, "a-started-child-has-a-run", "R87, G1":
        "The run that ChildWorkflowExecutionStarted names exists and is of that Workflow Id.";
    ChildWasAskedFor, "a-child-was-asked-for", "R87, G1":
        "A child's run names the event of its parent that asked for it.";
    ParentHears, "an-open-parent-hears-of-the-close", "R87":
        "When the last run of a child has closed, its open parent has that in its history.";
    ParentClosePolicy, "a-parents-close-policy-is-applied", "R88, R89, R91":
        "When a parent has closed, started children that it terminates are closed, and those that it \
         cancels have the request.";

    ExternalResultOnce, "an-external-request-has-one-result", "R81, R83, F12":
        "A cancel or signal for another execution is delivered or fails, once.";
    ExternalCancelWasAskedFor, "an-external-cancel-was-asked-for", "R85":
        "A cancel request from another execution names the event of it that asked.";

    UpdateWasAccepted, "an-update-completes-once-accepted", "G4":
        "An update completes at most once, behind its acceptance, which the completion names.";
    UpdateHasRequest, "an-accepted-update-has-its-request", "B19, G4":
        "An accepted update has its request, or an admission before it has.";

    SuccessorExists, "a-successor-exists", "R38, R76, F4":
        "The run that a close names as the next exists, and names the closed one as the one before.";
    ChainGoesOn, "a-chain-keeps-its-beginning", "R38, F2, F5":
        "A run and its successor have one first run, one Workflow Id, and the initiator that fits.";
    OwnIds, "a-first-run-is-its-own", "A6, B9":
        "A run that no reset made is its own original run; one that nothing came before is its own \
         first.";
    OneOpenRun, "one-run-is-open", "B6, F8":
        "Of the runs of one Workflow Id only the last may be open.";

    ResetPrefix, "a-reset-keeps-the-prefix", "B9":
        "A reset run begins with the events of its base before the point, unchanged.";
    ResetFailsTask, "a-reset-fails-the-pending-task", "B2, B10, B11":
        "A reset fails the workflow task that is pending at the end of what it keeps.";
    ResetGoesOn, "a-reset-goes-on", "B13":
        "The batch of a reset ends with a first workflow task on the normal queue.";
    ResetReapplies, "a-reset-applies-again", "B16, B17, B18":
        "Signals and updates behind the point happen again in a reset run, unless they are excluded.";
    ResetPoint, "a-reset-goes-where-it-was-told", "B2, B11":
        "A reset keeps the events before the one that the request names.";

    NothingLost, "nothing-pending-is-forgotten", "R3, R8, R39":
        "What a history has begun and not ended is pending in the run, or its end is buffered.";

    SignalKept, "an-accepted-signal-is-kept", "R2, R8, F6":
        "A signal that was accepted is in a history, or buffered.";
    CancelKept, "an-accepted-cancel-is-kept", "R25, R26":
        "A run that was open when a cancel was accepted has the request.";
    TerminateKept, "an-accepted-termination-terminates", "R41":
        "A termination that was accepted has terminated a run.";
    StartKept, "an-answered-start-has-a-run", "F8, F10, B23":
        "The run that a start or a reset was answered with exists.";
    UpdateKept, "an-answered-update-is-recorded", "G4, G6":
        "An update that was answered with a result has completed in the history of its run.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::INVARIANTS;

    #[test]
    fn names_are_distinct_and_every_invariant_says_where_it_comes_from() {
        let names: BTreeSet<&str> = INVARIANTS.iter().map(|invariant| invariant.name).collect();
        assert_eq!(names.len(), INVARIANTS.len());
        for invariant in INVARIANTS {
            assert!(invariant.sentence.ends_with('.'), "{}", invariant.name);
            assert!(!invariant.rule.is_empty(), "{}", invariant.name);
            assert!(!invariant.name.contains(' '), "{}", invariant.name);
        }
    }
}
