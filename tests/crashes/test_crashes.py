"""Dying before, at and after every external call of every operation changes nothing in the end."""

from contextlib import suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.crashes.stories import STORIES, State, Story
from tests.harness.database import cluster
from tests.harness.database.migrated import demo_database
from tests.harness.laws.invariants import violations
from tests.harness.system.aftermath import end_leases, settle_down, summary
from tests.harness.system.crashes import MOMENTS, Crash, external_calls
from tests.harness.system.in_process import System
from tests.harness.system.setup import at_start

_REPEATS = 3
_PAUSE = timedelta(seconds=31)  # an effect that the dead process had claimed is leased for 30
_CASES = [
    pytest.param(story, index, moment, id=f"{story.name}-{index} {call}-{moment}")
    for story in STORIES
    for index, call in enumerate(story.calls)
    for moment in MOMENTS
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_no_external_call_is_forgotten(system: System, story: Story) -> None:
    """The calls that the crash tests walk through are those that the operation makes."""
    state = story.prepare(system)

    with external_calls() as calls:
        told = story.act(system, state)

    assert (tuple(calls.names), told) == (story.calls, True)


@pytest.mark.parametrize(("story", "index", "moment"), _CASES)
def test_a_repeat_repairs_what_a_crash_left(
    system: System, reference: "Reference", story: Story, index: int, moment: str
) -> None:
    """After a crash anywhere, the repeated request, the events and the sweeps lead to the same end.

    Cases: E-1.7, E-2.2, E-2.8, E-9.1
    Proves: ASVS 2.3.3
    """
    state = story.prepare(system)

    _strike(system, story, state, index, moment)
    _repeat(system, story, state)
    story.carry_on(system, state)
    settle_down(system)

    assert summary(system) == reference.of(story)
    assert _statuses(system) == [story.ends] * story.bookings
    assert violations(system.database, system.double, quiescent=True) == []


@pytest.mark.parametrize(("story", "index", "moment"), _CASES)
def test_time_repairs_what_is_never_repeated(
    system: System, story: Story, index: int, moment: str
) -> None:
    """If the client never comes back and no event arrives, time and the sweeps clear up.

    An unpaid time is free again and can no longer be paid; money that was taken is kept for a
    confirmed booking, or refunded.

    Cases: D-1, D-2, E-1.7, E-7.2
    """
    state = story.prepare(system)

    _strike(system, story, state, index, moment)
    settle_down(system, events=False)

    stripe = system.double.state()
    held_before_it_died = not story.name.startswith("create_hold") or _statuses(system)

    assert _statuses(system) == ([story.abandoned] * story.bookings if held_before_it_died else [])
    assert violations(system.database, system.double, quiescent=True) == []
    if story.abandoned == "expired":
        assert system.database.value("select count(*) from core.occupancies") == 0
        assert stripe["captured"] == stripe["refunded"]
        assert "open" not in stripe["counts"]["sessions"]


def _strike(system: System, story: Story, state: State, index: int, moment: str) -> None:
    """Run the operation into its crash; the process, its connections and its memory are gone."""
    with external_calls(index, moment) as calls, suppress(Crash):
        story.act(system, state)

    assert calls.struck
    system.kill()


def _repeat(system: System, story: Story, state: State) -> None:
    """Make the same request until it succeeds, as clients and Stripe do."""
    for _ in range(_REPEATS):
        end_leases(system)
        if story.act(system, state):
            return
        system.advance(_PAUSE)
    raise AssertionError("the repeated request does not succeed")


def _statuses(system: System) -> list[str]:
    return [row.status for row in system.database.rows("select status from core.bookings")]


class Reference:
    """How each story ends without a crash; played once for all its cases."""

    def __init__(self, server: cluster.Server, dynamodb: str, folder: Path) -> None:
        self._world = (server, dynamodb, folder)
        self.of = cache(self._told)

    def _told(self, story: Story) -> dict[str, Any]:
        server, dynamodb, folder = self._world
        with demo_database(server) as database:
            system = at_start(System(database, dynamodb, folder))
            state = story.prepare(system)
            assert story.act(system, state)
            story.carry_on(system, state)
            settle_down(system)
            told = summary(system)
            system.stop()
        return told


@pytest.fixture(scope="module")
def reference(
    server: cluster.Server, dynamodb: str, tmp_path_factory: pytest.TempPathFactory
) -> Reference:
    """The uncrashed ends."""
    return Reference(server, dynamodb, tmp_path_factory.mktemp("reference"))
