"""One episode: a history of steps that a seed decides, with every invariant after every step."""

import json
import random
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from tests.harness.database.cluster import Server
from tests.harness.database.migrated import Database, demo_database
from tests.harness.laws import invariants_at_stripe, laws
from tests.harness.system.in_process import Answer
from tests.simulation.actions import SCHEDULED, WEIGHTS, Scene
from tests.simulation.tasks import Site
from tests.simulation.world import BEGINNING, Cell, World, use

_BUSY = """
select exists (select from core.effects where state = 'pending')
    or exists (select from core.bookings where hold_expires_at is not null)
    or exists (select from core.reschedules where expires_at is not null)
    or exists (select from core.refunds where status = 'pending')
"""
_RESUMES = 0.25  # share of the steps that let a waiting invocation continue
_SETTLING_ROUNDS = 80
_MINUTES = 60_000  # a whole turn of a sweep, not one batch
_WEEKS = timedelta(days=45)  # longer than the demo tenant keeps anything that is not paid
_THOROUGH = 25  # steps between two checks of the costly laws


Visitor = tuple[int, tuple[Site, ...]]  # a seed, and the sites it was played to strike


@dataclass
class Report:
    """What episodes have done, to be added up."""

    operations: int = 0
    checks: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    sites: Counter[Site] = field(default_factory=Counter)
    crashes: Counter[Site] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    visitors: dict[Site, Visitor] = field(default_factory=dict)  # the first that reached a site

    def add(self, other: "Report") -> None:
        """Count another report in."""
        self.operations += other.operations
        self.checks += other.checks
        for name in ("faults", "sites", "crashes", "ends"):
            getattr(self, name).update(getattr(other, name))
        self.visitors = other.visitors | self.visitors


@dataclass(frozen=True)
class Failure:
    """A history that breaks an invariant.

    Attributes:
        steps: the numbers of the steps that were taken; all others are left out.
        log: what happened, a line per step.
        doomed: the sites that this history was played to strike.
    """

    seed: int
    steps: tuple[int, ...]
    broken: tuple[str, ...]
    log: tuple[str, ...]
    doomed: tuple[Site, ...] = ()


def run(
    server: Server,
    cell: Cell,
    folder: Path,
    seed: int,
    steps: Sequence[int],
    report: Report,
    doomed: Sequence[Site] = (),
) -> Failure | None:
    """Play an episode; None when everything held to the end.

    Args:
        doomed: sites whose first visitor dies; up to the first the history is the same as without.
    """
    with demo_database(server, BEGINNING) as database:
        world = World(database, folder, str(seed), doomed)
        use(cell, world)
        world.lose_records()
        world.faults.clear()
        log: list[str] = []
        try:
            failure = _play(world, seed, steps, report, log)
            return failure and replace(failure, doomed=tuple(doomed))
        finally:
            world.close()
            report.faults.update(world.faults)
            report.sites.update(world.sites)
            report.visitors = dict.fromkeys(world.sites, (seed, tuple(doomed))) | report.visitors
            report.crashes.update(world.crashes)


def _play(
    world: World, seed: int, steps: Sequence[int], report: Report, log: list[str]
) -> Failure | None:
    scene = Scene(world)
    choices, weights = list(WEIGHTS), list(WEIGHTS.values())
    for number, step in enumerate(steps, 1):
        world.rng = rng = random.Random(f"{seed}/{step}")
        waiting = len(world.tasks)
        broken: list[str] = []
        try:
            # a step means the same whichever others are left out
            if rng.random() < _RESUMES:
                if not waiting:
                    continue
                index = rng.randrange(waiting)
                log.append(f"{step} {world.now:%d %H:%M:%S} resume {world.tasks[index][0].name}")
                world.resume(index)
            else:
                action = rng.choices(choices, weights)[0]
                log.append(f"{step} {world.now:%d %H:%M:%S} {action.__name__}")
                action(scene, rng)
        except Exception:
            broken = [traceback.format_exc()]
        report.operations += 1
        asked = _ALWAYS if number % _THOROUGH == 0 or number == len(steps) else _CHEAP
        broken = broken or check(world.database, world, asked, quiescent=False)
        report.checks += 1
        if broken:
            return Failure(seed, tuple(steps[: steps.index(step) + 1]), tuple(broken), tuple(log))

    try:
        broken = _settle_down(scene)
    except Exception:
        broken = [traceback.format_exc()]
    if broken:
        return Failure(seed, tuple(steps), tuple(broken), tuple(log))
    for row in world.database.rows("select status, count(*) as n from core.bookings group by 1"):
        report.ends[row.status] += row.n
    return None


def check(database: Database, world: World, asked: str, *, quiescent: bool) -> list[str]:
    """All invariants, ours in one round trip, and those between us and Stripe."""
    found = [row.finding for row in database.rows(asked)]
    return found + invariants_at_stripe.violations(database, world.double, quiescent=quiescent)


def _settle_down(scene: Scene) -> list[str]:
    """Faults stop, customers finish, time passes, sweeps run: is everything at its end?"""
    world = scene.world
    world.calm = True
    world.double.faults.clear()
    world.rng = random.Random("the end")
    while world.tasks:
        world.resume(0)
    world.drained = True
    world.advance(timedelta(minutes=1))  # the waitlist is swept twice a minute
    for _ in range(_SETTLING_ROUNDS):
        _bank_decides(world)
        scene.collect_events()
        for event in scene.underway:
            body = next(d.body for d in world.double.documents("event") if d.id == event)
            world.post_event(json.dumps(body).encode(), _must_be_taken)
        scene.underway.clear()
        for function in SCHEDULED:
            world.invoke(function, {}, _ignored)
        if not world.database.value(_BUSY):
            broken = check(world.database, world, _QUIESCENT, quiescent=True)
            return broken or _grow_old(world)
        world.advance(timedelta(minutes=47))
    return [
        "liveness: it does not come to an end",
        *check(world.database, world, _QUIESCENT, quiescent=True),
    ]


def _grow_old(world: World) -> list[str]:
    """Weeks later what is kept no longer has been deleted, each of it counted, and no money; and
    the openings of the weeks to come are compiled."""
    before = world.database.one(_KEPT)
    world.advance(_WEEKS)
    for _ in range(_SETTLING_ROUNDS):
        swept: list[Answer | None] = []
        world.invoke("retention", {}, swept.append, remaining_ms=_MINUTES)
        (answer,) = swept
        if answer is not None and not any(answer.body.values()):
            break
    after = world.database.one(_KEPT)
    broken = check(world.database, world, _GROWN_OLD, quiescent=True)
    if after != before:
        broken.append(f"retention: {before} has become {after}")
    return broken


def _bank_decides(world: World) -> None:
    for document in world.double.documents("checkout.session"):
        if document.body["status"] == "complete" and document.body["payment_status"] == "unpaid":
            intent = world.double.documents("payment_intent")
            states = {each.id: each.body["status"] for each in intent}
            if states[document.body["payment_intent"]] == "processing":
                world.double.settle(document.id, "succeed")
    for refund in world.double.documents("refund"):
        if refund.body["status"] == "pending":
            world.double.move_refund(refund.id, "succeeded")


def _ignored(_answer: object) -> None:
    """A schedule waits for no answer."""


def _must_be_taken(answer: object) -> None:
    status = getattr(answer, "status", None)
    if status != 200:
        raise AssertionError(f"without faults an event was answered {status}")


def _united(asked: Sequence[laws.Law]) -> str:
    """The laws as one query: one round trip, one plan."""
    return " union all ".join(
        f"select '{law.invariant}: {law.states.replace(chr(39), chr(39) * 2)} — '"
        f" || broken.finding as finding from ({law.query}) as broken"
        for law in asked
    ).replace("%", "%%")


# whatever is deleted, this stays the same
_KEPT = """
select
    (select count(*) from core.bookings)
        + (select coalesce(sum(bookings), 0) from audit.deleted_bookings) as bookings,
    (select count(*) from core.bookings where status <> 'expired' or payment_status <> 'unpaid')
        as bookings_of_value,
    (select count(*) from core.payments) as payments,
    (select count(*) from core.refunds) as refunds,
    (select count(*) from core.findings) as findings
"""
_ALWAYS = _united(laws.ALWAYS)
_CHEAP = _united([law for law in laws.ALWAYS if not law.costly])
_QUIESCENT = _united(laws.ALWAYS + laws.QUIESCENT)
_GROWN_OLD = _united(laws.ALWAYS + laws.QUIESCENT + laws.SWEPT)
