"""Schedules run functions, soon after the start and then in time, without piling up."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from dev.cloudformation.template import Schedule
from dev.stack import scheduler
from dev.stack.scheduler import Scheduler

from .conftest import Toy

DUE = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def sweep(text: str | None = None, expression: str = "rate(1 minute)") -> Schedule:
    """A schedule of the function `sweep`."""
    return Schedule("SweepFunctionEveryMinute", "SweepFunction", expression, "UTC", text)


def test_the_event_is_schedulers() -> None:
    """Without an input of its own a function gets Scheduler's default, whose detail is text."""
    event = json.loads(scheduler.payload(sweep(), DUE))

    assert event["source"] == "aws.scheduler"
    assert event["detail-type"] == "Scheduled Event"
    assert event["detail"] == "{}"
    assert event["time"] == "2026-11-21T10:00:00Z"
    assert event["resources"] == [
        "arn:aws:scheduler:us-east-1:000000000000:schedule/default/SweepFunctionEveryMinute"
    ]


def test_an_input_replaces_it() -> None:
    """Context attributes in the input are filled in."""
    given = scheduler.payload(sweep('{"limit": 5, "at": "<aws.scheduler.scheduled-time>"}'), DUE)

    assert json.loads(given) == {"limit": 5, "at": "2026-11-21T10:00:00Z"}


def test_the_first_run_comes_soon(toy: Toy, monkeypatch: object) -> None:
    """A rate fires shortly after the start, not a whole period later."""
    toy.add("sweep", "def lambda_handler(event, context):\n    return {'done': 1}\n")

    async def story(toy: Toy) -> None:
        timer = Scheduler(toy.template(schedules=(sweep(),)), toy.pools, toy.console)
        timer.start()
        try:
            async with asyncio.timeout(20):
                while "done 1" not in toy.said.getvalue():
                    await asyncio.sleep(0.05)
        finally:
            await timer.stop()

        assert "sweep" in toy.said.getvalue()

    toy.run(story)


def test_a_rate_follows_the_clock(toy: Toy) -> None:
    """When the clock says so, the next run fires; a clock that jumped far fires once."""
    toy.add("sweep", "def lambda_handler(event, context):\n    return {'done': 1}\n")
    jumps = [DUE, DUE, DUE.replace(hour=20), DUE.replace(hour=20)]

    async def story(toy: Toy) -> None:
        schedule = sweep(expression="cron(0 * * * ? *)")
        timer = Scheduler(
            toy.template(schedules=(schedule,)),
            toy.pools,
            toy.console,
            now=lambda: jumps.pop(0) if len(jumps) > 1 else jumps[0],
        )
        timer.start()
        try:
            async with asyncio.timeout(20):
                while "done 1" not in toy.said.getvalue():
                    await asyncio.sleep(0.05)
            await asyncio.sleep(0.1)
        finally:
            await timer.stop()

        assert toy.said.getvalue().count("done 1") == 1

    toy.run(story)


def test_runs_may_overlap_but_not_without_end(toy: Toy) -> None:
    """A slow function is run again while it runs, up to a limit; then a run is skipped and
    reported.
    """
    toy.add(
        "sweep",
        "import time\ndef lambda_handler(event, context):\n    time.sleep(0.3)\n"
        "    return {'n': 1}\n",
    )

    async def story(toy: Toy) -> None:
        timer = Scheduler(toy.template(schedules=(sweep(),)), toy.pools, toy.console)
        for _ in range(6):
            timer.fire(sweep(), DUE)
        async with asyncio.timeout(20):
            while toy.said.getvalue().count("sched") < 4:
                await asyncio.sleep(0.05)
        await timer.stop()

        assert toy.said.getvalue().count("skipped") == 2
        assert toy.said.getvalue().count("sched") == 4

    toy.run(story)


def test_runs_without_an_effect_are_not_printed(toy: Toy) -> None:
    """One line when they begin to run; then one for each run that did something."""
    source = "def lambda_handler(event, context):\n    return {}\n"
    toy.add("sweep", source.format("{'expired': event['n'], 'closing': 0}"))

    async def story(toy: Toy) -> None:
        timer = Scheduler(toy.template(schedules=(sweep(),)), toy.pools, toy.console)
        timer.start()
        said = toy.said.getvalue()
        for n in (0, 0, 7, 0):
            timer.fire(sweep(f'{{"n": {n}}}'), DUE)
        async with asyncio.timeout(20):
            while any(timer._runs.values()):
                await asyncio.sleep(0.05)
        await timer.stop()

        lines = toy.said.getvalue().removeprefix(said).splitlines()
        assert said.count("\n") == 1
        assert [line.partition("ms ")[2] for line in lines if "sched" in line] == ["expired 7"]

    toy.run(story)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b'{"expired": 2, "closing": 0}', "expired 2"),
        (b'{"offered": 1, "lapsed": 3}', "offered 1, lapsed 3"),
        (b'{"delivered": 0}', ""),
        (b'{"more": false, "name": "x"}', ""),
        (b"null", ""),
        (b"[1]", ""),
        (b"not json", ""),
    ],
)
def test_an_effect_is_printed_in_the_sweeps_words(answer: bytes, told: str) -> None:
    """Counts that are not zero; anything else a function answers is no effect."""
    assert scheduler.effect(answer) == told


def test_a_failed_run_is_said(toy: Toy) -> None:
    """The line of a failed run stands out, with the traceback."""
    toy.add("sweep", "def lambda_handler(event, context):\n    raise LookupError('x')\n")

    async def story(toy: Toy) -> None:
        timer = Scheduler(toy.template(schedules=(sweep(),)), toy.pools, toy.console)
        timer.fire(sweep(), DUE)
        async with asyncio.timeout(20):
            while "failed" not in toy.said.getvalue():
                await asyncio.sleep(0.05)
        await timer.stop()

        assert "LookupError" in toy.said.getvalue()

    toy.run(story)
