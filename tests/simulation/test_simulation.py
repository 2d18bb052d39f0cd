"""The simulation itself: the laws hold, it repeats, it finds a planted fault, and shortens it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.harness.database import cluster, guardless
from tests.harness.database.migrated import Database
from tests.harness.database.opening import books, closed, opened
from tests.simulation.episode import Failure, Report, run
from tests.simulation.shrink import law, shrink
from tests.simulation.tasks import Site
from tests.simulation.world import Cell, World, laboratory

STEPS = tuple(range(200))


@pytest.fixture(scope="module")
def cell() -> Iterator[Cell]:
    """The process prepared for episodes."""
    with laboratory() as prepared:
        yield prepared


@pytest.mark.parametrize("seed", range(1, 13))
def test_every_invariant_holds(
    server: cluster.Server, cell: Cell, tmp_path: Path, seed: int
) -> None:
    """Whatever a seed does to the system, every law holds after every step, and all ends well.

    Cases: D-1, D-2, E-1.7, E-2.2, E-2.6, E-2.8, E-5.1, E-7.2
    """
    assert run(server, cell, tmp_path, seed, STEPS, Report()) is None


@pytest.mark.parametrize("seed", [3, 5, 7, 8])
def test_the_books_of_a_history_are_opened_as_they_were_kept(
    server: cluster.Server, cell: Cell, tmp_path: Path, seed: int
) -> None:
    """As if the ledger had come only at the end: the migration finds every balance and status."""
    compared: list[int] = []

    def compare(database: Database) -> None:
        with database.connect() as connection:
            kept = books(connection)
        with closed(database) as connection:
            said = opened(connection)
            assert said[-1] == "0 bookings said something else of their money"
            assert books(connection) == kept
            connection.rollback()
        compared.append(len(kept))

    assert run(server, cell, tmp_path, seed, STEPS, Report(), afterwards=compare) is None
    assert compared > [5]


def test_a_seed_decides_everything(server: cluster.Server, cell: Cell, tmp_path: Path) -> None:
    """The same seed plays the same history: faults, crashes and ends are the same."""
    first, second = Report(), Report()

    run(server, cell, tmp_path, 77, STEPS, first)
    run(server, cell, tmp_path, 77, STEPS, second)

    assert first == second


def test_a_history_is_played_again_to_strike_a_site(
    server: cluster.Server, cell: Cell, tmp_path: Path
) -> None:
    """A site that a history passed unharmed is struck when the same history is asked to."""
    first = Report()
    run(server, cell, tmp_path, 77, STEPS, first)
    missed = min(first.sites.keys() - first.crashes.keys(), key=str)

    again = Report()
    run(server, cell, tmp_path, 77, STEPS, again, (missed,))

    assert first.visitors[missed] == (77, ())
    assert again.crashes[missed] >= 1
    assert Site.named(str(missed)) == missed


def test_it_finds_and_shortens_a_planted_fault(
    server: cluster.Server, cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without locks and the exclusion constraint two bookings own one time; a few steps show it."""
    seat = World.__init__

    def unguarded(
        world: World, base: Database, folder: Path, seed: str, doomed: Sequence[Site] = ()
    ) -> None:
        seat(world, base, folder, seed, doomed)
        guardless.forget_day_lock(base)
        guardless.forget_overlap_constraint(base)
        base.execute(
            "create or replace function core.places_left(p_resource core.resources,"
            " p_offering core.offerings, p_starts_at timestamptz, p_ends_at timestamptz,"
            " p_at timestamptz) returns integer language sql as $$ select 1 $$"
        )
        guardless.rewrite(
            base, "core.find_requested_period", "core.owns_time(u, b.booking, p_at)", "false"
        )

    monkeypatch.setattr(World, "__init__", unguarded)

    def play(steps: tuple[int, ...]) -> Failure | None:
        return run(server, cell, tmp_path, 8, steps, Report())

    failure = play(STEPS)
    assert failure is not None
    shortest = shrink(lambda steps: play(tuple(steps)), failure, budget=100)

    assert law(failure).startswith("I1")
    assert law(shortest) == law(failure)
    assert len(shortest.steps) <= 4 < len(failure.steps)
    assert play(shortest.steps) is not None
