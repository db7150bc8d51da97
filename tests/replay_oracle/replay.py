"""The official Python SDK judges histories that Deadbeat has written.

    python replay.py DIR

DIR holds what `deadbeat run --history-json DIR scenarios` has written. Every history that
`workflows.STORIES` names must be replayed by the code that stands there without a nondeterminism
error. And so that this means something: the same history with one event moved, one event dropped or
the type of one activity changed, and a history that other code has made, must be refused.

A worker of an SDK notes in the first task that it completes which checks its replay is to make; a
scripted worker notes nothing, and gets the oldest rules, by which types and ids of activities are
not compared. So each history is replayed twice: as it is, and with the note of the Python SDK.
Changed ones are replayed with the note.
"""

import asyncio
import copy
import json
import logging
import sys
from pathlib import Path

from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig
from temporalio.worker import Replayer

from workflows import MISFITS, STORIES

# The checks that the SDK's core makes: ids and types are compared (1), and two more (2, 3).
CORE_FLAGS = [1, 2, 3]

# Events that a command of the workflow's code leaves, and by which its replay is judged.
OF_COMMANDS = {
    "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED",
    "EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED",
    "EVENT_TYPE_TIMER_STARTED",
    "EVENT_TYPE_TIMER_CANCELED",
    "EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED",
    "EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
    "EVENT_TYPE_MARKER_RECORDED",
}


# What the SDK says of a history that its code cannot have made: the error of nondeterminism, or that
# an event came which none of its state machines can take.
REFUSED = "Fatal error in workflow machines"


def attributes(event):
    """The attributes of an event, whatever they are called."""
    return next(value for key, value in event.items() if key.endswith("EventAttributes"))


def noted(events):
    """A copy, with the note of the SDK in the first task that was completed."""
    events = copy.deepcopy(events)
    for event in events:
        if event["eventType"] == "EVENT_TYPE_WORKFLOW_TASK_COMPLETED":
            attributes(event)["sdkMetadata"] = {"coreUsedFlags": CORE_FLAGS}
            break
    return events


def numbered(events):
    """A copy in which the events are numbered as they stand, and refer to each other as before."""
    numbers = {event["eventId"]: str(at) for at, event in enumerate(events, 1)}
    events = copy.deepcopy(events)
    for event in events:
        event["eventId"] = numbers[event["eventId"]]
        of = attributes(event)
        for key in of:
            if key.endswith("EventId"):
                of[key] = numbers.get(of[key], of[key])
    return events


def changed(events):
    """All histories in which one thing is not as it was, each with what that is."""
    for at, event in enumerate(events):
        if event["eventType"] not in OF_COMMANDS:
            continue
        which = f"{event['eventId']} {event['eventType'].removeprefix('EVENT_TYPE_')}"
        if event["eventType"] == "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED":
            other = copy.deepcopy(events)
            attributes(other[at])["activityType"]["name"] += "_of_another_kind"
            yield f"{which}: type changed", other
        # With nothing but a termination behind it, an event that is missing may be one to come.
        if at + 2 < len(events):
            yield f"{which}: dropped", numbered(events[:at] + events[at + 1 :])
        for to in range(at + 1, len(events)):
            if events[to]["eventType"] == "EVENT_TYPE_WORKFLOW_TASK_COMPLETED":
                moved = events[:at] + events[at + 1 : to + 1] + [event] + events[to + 1 :]
                yield f"{which}: moved behind {events[to]['eventId']}", numbered(moved)
                break


async def refusal(runtime, workflow_id, events, code):
    """Why a history is refused; None if it is replayed."""
    history = WorkflowHistory.from_json(workflow_id, {"events": events})
    replayer = Replayer(workflows=[code], runtime=runtime)
    try:
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    except Exception as error:  # a history that no replay can begin with
        return error
    return result.replay_failure


async def main(home):
    wrong, replayed, refused = [], 0, 0
    # The SDK logs every refusal, and refusals are what is wanted here.
    logging.disable(logging.CRITICAL)
    quiet = TelemetryConfig(logging=LoggingConfig(filter="off"))
    runtime = Runtime(telemetry=quiet)

    def read(scenario, run):
        return json.loads((home / "scenarios" / scenario / f"{run}.json").read_text())["events"]

    async def must_be_refused(what, workflow_id, events, code):
        nonlocal refused
        refused += 1
        error = await refusal(runtime, workflow_id, events, code)
        if error is None:
            wrong.append(f"{what}: replayed, and should have been refused")
        elif not isinstance(error, workflow.NondeterminismError) and REFUSED not in str(error):
            wrong.append(f"{what}: refused, but for {error!r}")

    for scenario, run, code in STORIES:
        events = read(scenario, run)
        workflow_id = run.rsplit(".", 1)[0]
        for how, history in (("as it is", events), ("with the SDK's note", noted(events))):
            replayed += 1
            error = await refusal(runtime, workflow_id, history, code)
            if error is not None:
                wrong.append(f"{scenario} {run}, {how}: refused: {error!r}")
        for what, history in changed(noted(events)):
            await must_be_refused(f"{scenario} {run}, event {what}", workflow_id, history, code)
    for scenario, run, code in MISFITS:
        what = f"{scenario} {run}, code of {code.__name__}"
        workflow_id = run.rsplit(".", 1)[0]
        await must_be_refused(what, workflow_id, noted(read(scenario, run)), code)

    for line in wrong:
        print(line)
    print(f"{replayed} replays and {refused} refusals asked for, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(Path(sys.argv[1]))))
