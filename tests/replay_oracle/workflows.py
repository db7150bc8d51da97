"""Scenarios of `scenarios/`, written again as code of the official Python SDK.

A class stands for one version of one scripted workflow. `STORIES` says which histories it must be
able to replay: the scenario's file, then Workflow Id and number of the run.
"""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Signals:
    """Signals of one name, each of which is waited for once."""

    def __init__(self, name: str):
        self.arrived = 0
        workflow.set_signal_handler(name, self.arrive)

    def arrive(self, *_args) -> None:
        self.arrived += 1

    async def wait(self) -> None:
        await workflow.wait_condition(lambda: self.arrived > 0)
        self.arrived -= 1


# seed/an_activity_cleans_up_in_on_cancel.yaml


@workflow.defn(name="ExportWorkflow")
class Export:
    @workflow.run
    async def run(self) -> str:
        export = workflow.start_activity(
            "export",
            start_to_close_timeout=HOUR,
            heartbeat_timeout=10 * SECOND,
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        await asyncio.sleep(30)
        export.cancel()
        try:
            await export
        except ActivityError as error:
            if not is_cancelled_exception(error):
                raise
            await workflow.execute_activity("notify", start_to_close_timeout=10 * SECOND)
        return "the customer knows"


# seed/cleanup_runs_when_a_workflow_is_canceled.yaml


@workflow.defn(name="TripWorkflow")
class Trip:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity("book_flight", start_to_close_timeout=10 * SECOND)
        try:
            await workflow.execute_activity("book_hotel", start_to_close_timeout=5 * MINUTE)
        except ActivityError as error:
            if not is_cancelled_exception(error):
                raise
            await workflow.execute_activity("cancel_flight", start_to_close_timeout=10 * SECOND)
            raise


# cancel_race/cleanup_in_a_canceled_scope_needs_a_shield.yaml


@workflow.defn(name="Careful")
class Careful:
    @workflow.run
    async def run(self) -> None:
        try:
            await asyncio.sleep(DAY.total_seconds())
        finally:
            await asyncio.shield(
                workflow.execute_activity("clean_up", start_to_close_timeout=MINUTE)
            )


# cancel_race/a_parent_waits_until_its_child_is_canceled.yaml


@workflow.defn(name="Parent")
class Parent:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_child_workflow("Child", id="child")


@workflow.defn(name="Child")
class Child:
    @workflow.run
    async def run(self) -> None:
        try:
            await Signals("done").wait()
        except asyncio.CancelledError:
            await asyncio.sleep(2 * HOUR.total_seconds())
            raise


# cancel_race/one_workflow_cancels_another.yaml


@workflow.defn(name="Watchdog")
class Watchdog:
    @workflow.run
    async def run(self) -> None:
        await asyncio.sleep(8 * HOUR.total_seconds())
        await workflow.get_external_workflow_handle("job").cancel(reason="it takes too long")


@workflow.defn(name="LostWatchdog")
class LostWatchdog:
    @workflow.run
    async def run(self) -> str:
        try:
            await workflow.get_external_workflow_handle("no-such-job").cancel()
        except ApplicationError:
            return "there is no such job"
        return "it was there"


@workflow.defn(name="Job")
class Job:
    @workflow.run
    async def run(self) -> None:
        try:
            await asyncio.sleep(DAY.total_seconds())
        finally:
            await workflow.execute_activity("clean_up", start_to_close_timeout=MINUTE)


# cancel_race/cancel_of_a_run_that_was_continued.yaml


@workflow.defn(name="ChainWorkflow")
class Chain:
    @workflow.run
    async def run(self) -> None:
        await asyncio.sleep(DAY.total_seconds())
        workflow.continue_as_new()


# reset/nondeterminism_is_cured_by_a_reset.yaml


async def check_background(first: str) -> str:
    consent = Signals("consent")
    await workflow.execute_activity(first, start_to_close_timeout=10 * MINUTE)
    await consent.wait()
    await workflow.execute_activity("search_records", start_to_close_timeout=10 * MINUTE)
    return "clear"


@workflow.defn(name="BackgroundCheck")
class BackgroundCheckRelease1:
    @workflow.run
    async def run(self) -> str:
        return await check_background("verify_identity")


@workflow.defn(name="BackgroundCheck")
class BackgroundCheckRelease2:
    @workflow.run
    async def run(self) -> str:
        return await check_background("check_credit")


# reset/signals_are_not_lost.yaml


@workflow.defn(name="Party")
class Party:
    @workflow.run
    async def run(self) -> str:
        guests = Signals("guest")
        for _ in range(3):
            await guests.wait()
            await workflow.execute_activity("write_name_card", start_to_close_timeout=MINUTE)
        return "three guests"


# reset/a_failed_run_gets_another_chance.yaml


@workflow.defn(name="Visa")
class Visa:
    @workflow.run
    async def run(self) -> None:
        appointment = Signals("appointment")
        await workflow.execute_activity("check_passport", start_to_close_timeout=HOUR)
        await workflow.execute_activity("take_photo", start_to_close_timeout=HOUR)
        await appointment.wait()
        await workflow.execute_activity(
            "print_visa",
            start_to_close_timeout=HOUR,
            retry_policy=RetryPolicy(maximum_attempts=2, initial_interval=10 * MINUTE),
        )


# reset/a_local_activity_before_the_point_is_not_run_again.yaml


@workflow.defn(name="Lottery")
class Lottery:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_local_activity("draw_number", start_to_close_timeout=SECOND)
        await asyncio.sleep(7 * DAY.total_seconds())
        await workflow.execute_local_activity("draw_number", start_to_close_timeout=SECOND)
        await workflow.execute_activity("pay_winner", start_to_close_timeout=DAY)


STORIES = [
    ("seed/an_activity_cleans_up_in_on_cancel", "export.1", Export),
    ("seed/cleanup_runs_when_a_workflow_is_canceled", "trip.1", Trip),
    ("cancel_race/cleanup_in_a_canceled_scope_needs_a_shield", "careful.1", Careful),
    ("cancel_race/a_parent_waits_until_its_child_is_canceled", "parent.1", Parent),
    ("cancel_race/a_parent_waits_until_its_child_is_canceled", "child.1", Child),
    ("cancel_race/one_workflow_cancels_another", "watchdog.1", Watchdog),
    ("cancel_race/one_workflow_cancels_another", "lost-watchdog.1", LostWatchdog),
    ("cancel_race/one_workflow_cancels_another", "job.1", Job),
    ("cancel_race/cancel_of_a_run_that_was_continued", "chain.1", Chain),
    ("cancel_race/cancel_of_a_run_that_was_continued", "chain.2", Chain),
    ("reset/nondeterminism_is_cured_by_a_reset", "my-background-check.1", BackgroundCheckRelease1),
    ("reset/nondeterminism_is_cured_by_a_reset", "my-background-check.2", BackgroundCheckRelease2),
    ("reset/signals_are_not_lost", "party.1", Party),
    ("reset/signals_are_not_lost", "party.2", Party),
    ("reset/a_failed_run_gets_another_chance", "visa.1", Visa),
    ("reset/a_failed_run_gets_another_chance", "visa.2", Visa),
    ("reset/a_local_activity_before_the_point_is_not_run_again", "lottery.1", Lottery),
    ("reset/a_local_activity_before_the_point_is_not_run_again", "lottery.2", Lottery),
]

# Code that a history must be refused for: the release that the scenario's worker had deployed when
# its workflow task failed.
MISFITS = [
    ("reset/nondeterminism_is_cured_by_a_reset", "my-background-check.1", BackgroundCheckRelease2),
]
