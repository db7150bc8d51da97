//! Files that are well formed but make no sense: names, numbers, loops, cycles.

use super::refused;

#[test]
fn unknown_keys() {
    insta::assert_snapshot!(refused("unknown_key"), @r"
    error: unknown key `workflow`
     --> tests/bad_input/unknown_key.yaml:2:1
      |
    2 | workflow: {}
      | ^^^^^^^^ did you mean `workflows`?

    error: unknown key `wen`
     --> tests/bad_input/unknown_key.yaml:5:5
      |
    4 |   - describe: greeting
      |     -------- beside this action
    5 |     wen: TimerFired
      |     ^^^ did you mean `when`?

    error: unknown key `teleport`
     --> tests/bad_input/unknown_key.yaml:6:5
      |
    4 |   - describe: greeting
      |     -------- beside this action
    5 |     wen: TimerFired
    6 |     teleport: home
      |     ^^^^^^^^ unknown
      |
      = help: there are `run`, `at`, `after`, `when`, `fails_with`, `identity`, `fault`
    ");
}

#[test]
fn unknown_actions_and_steps_without_one() {
    insta::assert_snapshot!(refused("unknown_action"), @r"
    error: unknown key `slep`
     --> tests/bad_input/unknown_action.yaml:4:7
      |
    4 |     - slep: 3s
      |       ^^^^ did you mean `sleep`?

    error: unknown key `teleport`
     --> tests/bad_input/unknown_action.yaml:5:7
      |
    5 |     - teleport: home
      |       ^^^^^^^^ unknown
      |
      = help: there are `sleep`, `start_timer`, `start_activity`, `execute_activity`,
              `start_local_activity`, `execute_local_activity`, `start_child_workflow`,
              `execute_child_workflow`, `wait_for_start`, `wait_for`, `wait_for_any`, `wait_signal`,
              `wait_for_workflow_task`, `heartbeat_workflow_task`, `hang`, `cancel`, `start_branch`,
              `shield`, `try`, `raise`, `fail`, `return`, `continue_as_new`, `repeat`, `by_attempt`,
              `by_workflow_id`, `by_update_id`, `signal_external_workflow`,
              `cancel_external_workflow`, `record_marker`, `set_query_result`, `block`,
              `fail_workflow_task`, `command`

    error: `terminate` is an action of clients, not of workflows
     --> tests/bad_input/unknown_action.yaml:6:7
      |
    6 |     - terminate: greeting
      |       ^^^^^^^^^ cannot be a step of workflows

    error: this step has no action
     --> tests/bad_input/unknown_action.yaml:7:7
      |
    7 |     - as: compose
      |       ^^ an option, but of what?
      |
      = help: the actions of workflows are `sleep`, `start_timer`, `start_activity`,
              `execute_activity`, `start_local_activity`, `execute_local_activity`,
              `start_child_workflow`, `execute_child_workflow`, `wait_for_start`, `wait_for`,
              `wait_for_any`, `wait_signal`, `wait_for_workflow_task`, `heartbeat_workflow_task`,
              `hang`, `cancel`, `start_branch`, `shield`, `try`, `raise`, `fail`, `return`,
              `continue_as_new`, `repeat`, `by_attempt`, `by_workflow_id`, `by_update_id`,
              `signal_external_workflow`, `cancel_external_workflow`, `record_marker`,
              `set_query_result`, `block`, `fail_workflow_task`, `command`

    error: this step has no action
     --> tests/bad_input/unknown_action.yaml:8:7
      |
    8 |     - {}
      |       ^^ empty
      |
      = help: the actions of workflows are `sleep`, `start_timer`, `start_activity`,
              `execute_activity`, `start_local_activity`, `execute_local_activity`,
              `start_child_workflow`, `execute_child_workflow`, `wait_for_start`, `wait_for`,
              `wait_for_any`, `wait_signal`, `wait_for_workflow_task`, `heartbeat_workflow_task`,
              `hang`, `cancel`, `start_branch`, `shield`, `try`, `raise`, `fail`, `return`,
              `continue_as_new`, `repeat`, `by_attempt`, `by_workflow_id`, `by_update_id`,
              `signal_external_workflow`, `cancel_external_workflow`, `record_marker`,
              `set_query_result`, `block`, `fail_workflow_task`, `command`

    error: a step is a mapping that begins with an action key
     --> tests/bad_input/unknown_action.yaml:9:7
      |
    9 |     - raise
      |       ^^^^^ this is the text `raise`
      |
      = help: write `raise:`, with a colon

    error: a step is a mapping that begins with an action key
      --> tests/bad_input/unknown_action.yaml:12:7
       |
    12 |     - hang
       |       ^^^^ this is the text `hang`
       |
       = help: write `hang:`, with a colon
    ");
}

#[test]
fn two_actions_in_one_step() {
    insta::assert_snapshot!(refused("two_actions"), @r"
    error: a step has one action, but here are two: `sleep` and `return`
     --> tests/bad_input/two_actions.yaml:5:7
      |
    4 |     - sleep: 3s
      |       ----- first action
    5 |       return: 1
      |       ^^^^^^ second action
      |
      = help: make it a step of its own: `- return: ...`
    ");
}

#[test]
fn numbers_that_are_too_small() {
    insta::assert_snapshot!(refused("zero_numbers"), @r"
    error: `start_to_close_timeout` must be longer than zero
     --> tests/bad_input/zero_numbers.yaml:5:31
      |
    5 |       start_to_close_timeout: 0s
      |                               ^^ zero
      |
      = help: leave it out if there shall be none

    error: `backoff_coefficient` must be a number of at least 1
     --> tests/bad_input/zero_numbers.yaml:6:44
      |
    6 |       retry_policy: { backoff_coefficient: 0.5, initial_interval: 5s, maximum_interval: 1s }
      |                                            ^^^ out of range

    error: `maximum_interval` must not be shorter than `initial_interval`
     --> tests/bad_input/zero_numbers.yaml:6:89
      |
    6 |       retry_policy: { backoff_coefficient: 0.5, initial_interval: 5s, maximum_interval: 1s }
      |                                                                                         ^^ shorter than `initial_interval`, which is 5s

    error: `times` must be at least 1
     --> tests/bad_input/zero_numbers.yaml:9:14
      |
    9 |       times: 0
      |              ^ this would do nothing

    error: `max_concurrent_activities` must be at least 1
      --> tests/bad_input/zero_numbers.yaml:13:32
       |
    13 |   - max_concurrent_activities: 0
       |                                ^ zero

    error: `run` counts from 1
      --> tests/bad_input/zero_numbers.yaml:16:10
       |
    16 |     run: 0
       |          ^ zero

    error: `event_id` counts from 1
      --> tests/bad_input/zero_numbers.yaml:18:15
       |
    18 |     event_id: 0
       |               ^ zero

    error: `count` counts from 1
      --> tests/bad_input/zero_numbers.yaml:19:39
       |
    19 |     when: { event: TimerFired, count: 0 }
       |                                       ^ zero
    ");
}

#[test]
fn an_activity_without_a_timeout() {
    insta::assert_snapshot!(refused("no_timeout"), @r"
    error: an activity needs `start_to_close_timeout` or `schedule_to_close_timeout`
     --> tests/bad_input/no_timeout.yaml:4:7
      |
    4 |     - execute_activity: compose
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^ has neither
      |
      = help: add `start_to_close_timeout: 5m` to the step
    ");
}

#[test]
fn names_that_are_not_defined() {
    insta::assert_snapshot!(refused("undefined_names"), @r"
    error: unknown activity `compos`
     --> tests/bad_input/undefined_names.yaml:4:25
      |
    4 |     - execute_activity: compos
      |                         ^^^^^^ did you mean `compose`?

    error: unknown workflow `Greting`
     --> tests/bad_input/undefined_names.yaml:6:31
      |
    6 |     - execute_child_workflow: Greting
      |                               ^^^^^^^ did you mean `Greeting`?

    error: unknown workflow `Other`
     --> tests/bad_input/undefined_names.yaml:7:24
      |
    7 |     - continue_as_new: Other
      |                        ^^^^^ unknown
      |
      = help: there are `Greeting`, `Versions`

    error: unknown workflow `Greetings`
      --> tests/bad_input/undefined_names.yaml:14:17
       |
    14 |     workflows: [Greetings]
       |                 ^^^^^^^^^ did you mean `Greeting`?

    error: unknown activity `send`
      --> tests/bad_input/undefined_names.yaml:15:18
       |
    15 |     activities: [send]
       |                  ^^^^ unknown
       |
       = help: there is only `compose`

    error: workflow `Versions` has no version `v2`
      --> tests/bad_input/undefined_names.yaml:16:27
       |
    16 |     versions: { Versions: v2 }
       |                           ^^ did you mean `v1`?

    error: unknown workflow `greeting`
      --> tests/bad_input/undefined_names.yaml:18:12
       |
    18 |   - start: greeting
       |            ^^^^^^^^ did you mean `Greeting`?

    error: unknown status code `NOTFOUND`
      --> tests/bad_input/undefined_names.yaml:20:17
       |
    20 |     fails_with: NOTFOUND
       |                 ^^^^^^^^ did you mean `NOT_FOUND`?

    error: workflow `Versions` has no version `fixd`
      --> tests/bad_input/undefined_names.yaml:22:14
       |
    22 |     version: fixd
       |              ^^^^ did you mean `fixed`?

    error: unknown worker `frist`
      --> tests/bad_input/undefined_names.yaml:23:13
       |
    23 |     worker: frist
       |             ^^^^^ did you mean `first`?

    error: unknown worker `second`
      --> tests/bad_input/undefined_names.yaml:24:18
       |
    24 |   - stop_worker: second
       |                  ^^^^^^ unknown
       |
       = help: there is only `first`

    error: unknown event type `ActivityTaskSheduled`
      --> tests/bad_input/undefined_names.yaml:26:11
       |
    26 |     when: ActivityTaskSheduled
       |           ^^^^^^^^^^^^^^^^^^^^ did you mean `ActivityTaskScheduled`?

    error: unknown event type `NexusOperationStarted`
      --> tests/bad_input/undefined_names.yaml:28:20
       |
    28 |     when: { event: NexusOperationStarted }
       |                    ^^^^^^^^^^^^^^^^^^^^^ unknown
       |
       = help: there are `WorkflowExecutionStarted`, `WorkflowExecutionCompleted`,
               `WorkflowExecutionFailed`, `WorkflowExecutionTimedOut`, `WorkflowExecutionCanceled`,
               `WorkflowExecutionTerminated`, `WorkflowExecutionContinuedAsNew`,
               `WorkflowExecutionCancelRequested`, `WorkflowExecutionSignaled`,
               `WorkflowExecutionUpdateAdmitted`, `WorkflowExecutionUpdateAccepted`,
               `WorkflowExecutionUpdateCompleted`, `WorkflowTaskScheduled`, `WorkflowTaskStarted`,
               `WorkflowTaskCompleted`, `WorkflowTaskTimedOut`, `WorkflowTaskFailed`,
               `ActivityTaskScheduled`, `ActivityTaskStarted`, `ActivityTaskCompleted`,
               `ActivityTaskFailed`, and 23 more

    error: unknown status `Cancelled`
      --> tests/bad_input/undefined_names.yaml:31:13
       |
    31 |     status: Cancelled
       |             ^^^^^^^^^ did you mean `Canceled`?

    error: unknown event type `TimerFire`
      --> tests/bad_input/undefined_names.yaml:32:28
       |
    32 |     events: [TimerStarted, TimerFire]
       |                            ^^^^^^^^^ did you mean `TimerFired`?

    error: unknown event type `ActivityFailed`
      --> tests/bad_input/undefined_names.yaml:33:13
       |
    33 |     never: [ActivityFailed]
       |             ^^^^^^^^^^^^^^ did you mean `ActivityTaskFailed`?
    ");
}

#[test]
fn a_workflow_where_there_are_none() {
    insta::assert_snapshot!(refused("undefined_workflow_without_any"), @r"
    error: unknown workflow `Greeting`
     --> tests/bad_input/undefined_workflow_without_any.yaml:3:12
      |
    3 |   - start: Greeting
      |            ^^^^^^^^ there is none
      |
      = help: write its steps under `workflows:`
    ");
}

#[test]
fn handles_that_are_not_known() {
    insta::assert_snapshot!(refused("handles"), @r"
    error: unknown handle `compose`
     --> tests/bad_input/handles.yaml:4:15
      |
    4 |     - cancel: compose
      |               ^^^^^^^ there is none
      |
      = help: give a step before it the name: `as: compose`

    error: handle `timer` is used before it is started
     --> tests/bad_input/handles.yaml:5:17
      |
    5 |     - wait_for: timer
      |                 ^^^^^ not started yet
    6 |     - start_timer: 3s
    7 |       as: timer
      |           ----- started here

    error: duplicate handle `timer`
     --> tests/bad_input/handles.yaml:9:11
      |
    7 |       as: timer
      |           ----- first time
    8 |     - start_timer: 3s
    9 |       as: timer
      |           ^^^^^ second time
      |
      = help: each handle of a workflow has a name of its own

    error: unknown handle `tmier`
      --> tests/bad_input/handles.yaml:10:25
       |
    10 |     - wait_for: [timer, tmier]
       |                         ^^^^^ did you mean `timer`?

    error: `wait_for_start` waits for child workflows, but `timer` is a timer
      --> tests/bad_input/handles.yaml:11:23
       |
     7 |       as: timer
       |           ----- started here
    ...
    11 |     - wait_for_start: timer
       |                       ^^^^^ a timer

    error: handle `inner` is not known here
      --> tests/bad_input/handles.yaml:15:15
       |
    14 |           as: inner
       |               ----- started here
    15 |     - cancel: inner
       |               ^^^^^ outside of the branch or attempt that starts it
    ");
}

#[test]
fn two_workers_of_one_name() {
    insta::assert_snapshot!(refused("duplicate_worker"), @r"
    error: duplicate worker `worker`
     --> tests/bad_input/duplicate_worker.yaml:4:5
      |
    3 |   - name: worker
      |           ------ first time
    4 |   - task_queue: other
      |     ^^^^^^^^^^^^^^^^^ second time
      |
      = help: give it a `name` of its own
    ");
}

#[test]
fn raise_where_nothing_was_caught() {
    insta::assert_snapshot!(refused("raise"), @r"
    error: `raise` stands outside of `on_cancel` and `on_failure`
     --> tests/bad_input/raise.yaml:4:7
      |
    4 |     - raise:
      |       ^^^^^ nothing was caught that could be raised again
      |
      = help: to fail, write `fail: the message`

    error: `raise` stands outside of `on_cancel` and `on_failure`
     --> tests/bad_input/raise.yaml:9:15
      |
    9 |             - raise:
      |               ^^^^^ nothing was caught that could be raised again
      |
      = help: to fail, write `fail: the message`

    error: `raise` stands outside of `on_cancel` and `on_failure`
      --> tests/bad_input/raise.yaml:12:11
       |
    12 |         - raise:
       |           ^^^^^ nothing was caught that could be raised again
       |
       = help: to fail, write `fail: the message`
    ");
}

#[test]
fn child_workflows_that_start_each_other() {
    insta::assert_snapshot!(refused("cycle"), @r"
    error: child workflows start each other for ever: `Ping` → `Pong` → `Ping`
     --> tests/bad_input/cycle.yaml:9:7
      |
    9 |     - execute_child_workflow: Ping
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ starts `Ping` again
      |
      = help: `continue_as_new` runs a workflow again; a signal or an attempt can end a recursion
    ");
}

#[test]
fn loops_in_which_no_time_passes() {
    insta::assert_snapshot!(refused("endless_loop"), @r"
    error: this loop never ends, and no time passes in it
     --> tests/bad_input/endless_loop.yaml:4:7
      |
    4 |     - repeat:
      |       ^^^^^^ nothing in it can wait
      |
      = help: put a `sleep` into it, or `times` beside it

    error: this loop never ends, and no time passes in it
     --> tests/bad_input/endless_loop.yaml:7:7
      |
    7 |     - repeat:
      |       ^^^^^^ nothing in it can wait
      |
      = help: put a `sleep` into it, or `times` beside it

    error: this loop takes more than 100000 steps, and no time passes in it
      --> tests/bad_input/endless_loop.yaml:11:7
       |
    11 |     - repeat:
       |       ^^^^^^ nothing in it can wait
       |
       = help: put a `sleep` into it, or take fewer `times`

    error: this loop never ends, and no time passes in it
      --> tests/bad_input/endless_loop.yaml:16:7
       |
    16 |     - repeat:
       |       ^^^^^^ nothing in it can wait
       |
       = help: put a `sleep` into it, or `times` beside it
    ");
}

#[test]
fn keys_that_exclude_each_other() {
    insta::assert_snapshot!(refused("contradiction"), @r"
    error: a workflow has either `steps` or `versions`, not both
     --> tests/bad_input/contradiction.yaml:5:5
      |
    4 |     steps: []
      |     ----- first
    5 |     versions: { v1: [] }
      |     ^^^^^^^^ second

    error: a step has one of `at`, `after` and `when`
     --> tests/bad_input/contradiction.yaml:9:5
      |
    8 |     at: 1s
      |     -- first
    9 |     after: 2s
      |     ^^^^^ second
    ");
}

#[test]
fn expectations_that_contradict_each_other() {
    insta::assert_snapshot!(refused("reset_and_expect"), @r"
    error: `reset` has either `event_id` or `type`, not both
     --> tests/bad_input/reset_and_expect.yaml:5:11
      |
    4 |     event_id: 3
      |               - or the other
    5 |     type: LastWorkflowTask
      |           ^^^^^^^^^^^^^^^^ one of them

    error: this event is expected both to be there and never
     --> tests/bad_input/reset_and_expect.yaml:9:13
      |
    9 |     never: [TimerFired]
      |             ^^^^^^^^^^ also in `events`
    ");
}

#[test]
fn outcomes_that_there_cannot_be() {
    insta::assert_snapshot!(refused("outcomes"), @r#"
    error: unknown end of a run `Cancelled`
     --> tests/bad_input/outcomes.yaml:5:12
      |
    5 |   - order: Cancelled
      |            ^^^^^^^^^ did you mean `Canceled`?

    error: `Failed` does not say with what
     --> tests/bad_input/outcomes.yaml:6:12
      |
    6 |   - order: Failed
      |            ^^^^^^ expected `Failed (KIND)`
      |
      = help: as in `Failed (ActivityFailure > TimeoutFailure HEARTBEAT)`

    error: unknown kind of failure `AktivityFailure`
     --> tests/bad_input/outcomes.yaml:7:12
      |
    7 |   - order: Failed (AktivityFailure)
      |            ^^^^^^^^^^^^^^^^^^^^^^^^ did you mean `ActivityFailure`?

    error: the cause of a failure stands behind ` > `
     --> tests/bad_input/outcomes.yaml:8:12
      |
    8 |   - order: "Failed (ActivityFailure: TimeoutFailure HEARTBEAT)"
      |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected `ActivityFailure > `

    error: expected how a run ends, as in `Completed`
     --> tests/bad_input/outcomes.yaml:9:24
      |
    9 |   - order: [Completed, 7]
      |                        ^ this is the number `7`

    error: there is no run
      --> tests/bad_input/outcomes.yaml:10:12
       |
    10 |   - order: []
       |            ^^ empty

    error: this outcome is named twice
      --> tests/bad_input/outcomes.yaml:13:5
       |
    11 |   - order: Completed
       |     ---------------- first
    12 |     payment: Terminated
    13 |   - payment: Terminated
       |     ^^^^^^^^^^^^^^^^^^^ second

    error: expected Workflow Ids and how their runs end
      --> tests/bad_input/outcomes.yaml:15:5
       |
    15 |   - Completed
       |     ^^^^^^^^^ this is the text `Completed`
    "#);
}

#[test]
fn no_outcomes_at_all() {
    let text = "name: none\ntimeline: [{ describe: order }]\noutcomes: []\n";
    insta::assert_snapshot!(super::refused_text(text), @r"
    error: there are no outcomes
     --> large.yaml:3:1
      |
    3 | outcomes: []
      | ^^^^^^^^ empty
      |
      = help: whatever happens in a scenario, it comes to some outcome
    ");
}

#[test]
fn expectations_of_a_wrong_form() {
    insta::assert_snapshot!(refused("always"), @r"
    error: expected 2 items
     --> tests/bad_input/always.yaml:6:15
      |
    6 |     directly: [TimerStarted]
      |               ^^^^^^^^^^^^^^ this has 1

    error: there are too many items
     --> tests/bad_input/always.yaml:8:16
      |
    8 |     not_after: [TimerFired, TimerCanceled, TimerStarted]
      |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ this has 3

    error: unknown key `statuss`
      --> tests/bad_input/always.yaml:11:5
       |
    11 |     statuss: Failed
       |     ^^^^^^^ did you mean `status`?

    error: `workflow_id` is missing
      --> tests/bad_input/always.yaml:12:5
       |
    12 |   - status: Failed
       |     ^^^^^^^^^^^^^^ here
    ");
}

#[test]
fn orders_of_events_that_there_are_not() {
    insta::assert_snapshot!(refused("order_of_events"), @r"
    error: unknown event type `TimerCancelled`
     --> tests/bad_input/order_of_events.yaml:6:30
      |
    6 |     directly: [TimerStarted, TimerCancelled]
      |                              ^^^^^^^^^^^^^^ did you mean `TimerCanceled`?

    error: unknown event type `TimerFire`
     --> tests/bad_input/order_of_events.yaml:7:17
      |
    7 |     not_after: [TimerFire, TimerStarted]
      |                 ^^^^^^^^^ did you mean `TimerFired`?

    error: `run` counts from 1
      --> tests/bad_input/order_of_events.yaml:10:10
       |
    10 |     run: 0
       |          ^ zero

    error: unknown status `Faild`
      --> tests/bad_input/order_of_events.yaml:11:13
       |
    11 |     status: Faild
       |             ^^^^^ did you mean `Failed`?
    ");
}

#[test]
fn a_window_below_zero_and_more_faults_than_can_be_searched() {
    insta::assert_snapshot!(refused("window"), @r"
    error: a duration cannot be negative
     --> tests/bad_input/window.yaml:7:9
      |
    7 | window: -20ms
      |         ^^^^^

    error: `faults` must be from 0 to 5
     --> tests/bad_input/window.yaml:8:9
      |
    8 | faults: 6
      |         ^ out of range
      |
      = help: each fault multiplies the orderings that there are to search
    ");
}

#[test]
fn a_window_beyond_a_hundred_years_and_half_a_fault() {
    insta::assert_snapshot!(refused("window_too_long"), @r"
    error: a duration can be 100 years (36500d) at most
     --> tests/bad_input/window_too_long.yaml:7:9
      |
    7 | window: 36501d
      |         ^^^^^^

    error: wrong type: floating point `1.5`, expected a whole number
     --> tests/bad_input/window_too_long.yaml:8:9
      |
    8 | faults: 1.5
      |         ^^^ expected a whole number
    ");
}

#[test]
fn a_window_of_a_year() {
    insta::assert_snapshot!(refused("window_of_a_year"), @r"
    error: the longest `window` is 1d
     --> tests/bad_input/window_of_a_year.yaml:7:9
      |
    7 | window: 365d
      |         ^^^^ too long
      |
      = help: with a longer one everything races with everything
    ");
}

#[test]
fn faults_that_there_are_not() {
    insta::assert_snapshot!(refused("faults"), @r"
    error: unknown value `LostResponse`
     --> tests/bad_input/faults.yaml:7:12
      |
    7 |     fault: LostResponse
      |            ^^^^^^^^^^^^ did you mean `LoseResponse`?

    error: wrong type: a list, expected a name
      --> tests/bad_input/faults.yaml:10:12
       |
    10 |     fault: [LoseResponse, DuplicateRequest]
       |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expected a name

    error: wrong type: nothing, expected a name
      --> tests/bad_input/faults.yaml:13:5
       |
    13 |     fault:
       |     ^^^^^ expected a name

    error: `faults` must be from 0 to 5
      --> tests/bad_input/faults.yaml:14:9
       |
    14 | faults: -1
       |         ^^ out of range
       |
       = help: each fault multiplies the orderings that there are to search
    ");
}

#[test]
fn faults_of_steps_that_send_nothing_and_of_workers_that_there_are_not() {
    insta::assert_snapshot!(refused("faults_without_requests"), @r"
    error: unknown worker `wroker`
     --> tests/bad_input/faults_without_requests.yaml:7:19
      |
    7 |   - crash_worker: wroker
      |                   ^^^^^^ did you mean `worker`?

    error: unknown worker `somebody`
     --> tests/bad_input/faults_without_requests.yaml:8:17
      |
    8 |   - lose_cache: somebody
      |                 ^^^^^^^^ unknown
      |
      = help: there is only `worker`

    error: this step asks nothing of the server: no request can be lost
      --> tests/bad_input/faults_without_requests.yaml:10:12
       |
     9 |   - wait_for_close: greeting
       |     ------------------------ beside this action
    10 |     fault: LoseResponse
       |            ^^^^^^^^^^^^ of which request?
       |
       = help: `fault` stands beside `start`, `signal`, `cancel` and the like

    error: this step asks nothing of the server: no request can be lost
      --> tests/bad_input/faults_without_requests.yaml:12:12
       |
    11 |   - stop_worker: worker
       |     ------------------- beside this action
    12 |     fault: DuplicateRequest
       |            ^^^^^^^^^^^^^^^^ of which request?
       |
       = help: `fault` stands beside `start`, `signal`, `cancel` and the like
    ");
}
