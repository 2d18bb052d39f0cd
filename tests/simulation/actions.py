"""What can happen next, and how likely it is."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from dev.stripe_double.paying import NotOpen
from tests.harness.system.in_process import Answer, the_template
from tests.simulation import customers
from tests.simulation.customers import Customer, Untrue
from tests.simulation.world import World

_FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("refuse", {}),
    ("timeout_after", {}),
    ("500_after", {"effect": True}),
    ("500_after", {"effect": False}),
    ("status", {"status": 500}),
    ("status", {"status": 429}),
    ("status", {"status": 503}),
    ("slow", {"seconds": 3.0}),  # just short enough not to time out
)
_LOOKED_UP = tuple(
    (kind, options)
    for kind, options in _FAULTS
    if kind == "500_after" or options.get("status") == 500
)


@dataclass
class Scene:
    """The customers, the events on their way, and what was closed."""

    world: World
    customers: list[Customer] = field(default_factory=list)
    closures: list[str] = field(default_factory=list)  # paths of blackouts and overrides
    underway: list[str] = field(default_factory=list)  # ids of events not yet delivered
    known: set[str] = field(default_factory=set)

    def collect_events(self) -> None:
        """Stripe has made new events."""
        for document in self.world.double.documents("event"):
            if document.id not in self.known:
                self.known.add(document.id)
                self.underway.append(document.id)


Action = Callable[[Scene, random.Random], None]


def arrive(scene: Scene, rng: random.Random) -> None:
    """A new customer, who at once asks for a time."""
    customer = customers.new_customer(scene.world, rng)
    scene.customers.append(customer)
    customers.hold(scene.world, customer)


def repeat_hold(scene: Scene, rng: random.Random) -> None:
    """A customer sends the same request once more."""
    if scene.customers:
        customers.hold(scene.world, _someone(scene.customers, rng))


def checkout(scene: Scene, rng: random.Random) -> None:
    """Mostly a customer without a page."""
    holding = [c for c in scene.customers if c.booking]
    eager = [c for c in holding if not c.page and not c.acted]
    if group := eager if eager and rng.random() < 0.8 else holding:
        customers.checkout(scene.world, _someone(group, rng), rng)


def act_on_page(scene: Scene, rng: random.Random) -> None:
    if looking := [c for c in scene.customers if c.page]:
        customers.act_on_page(scene.world, _someone(looking, rng), rng)


def release(scene: Scene, rng: random.Random) -> None:
    if holding := [c for c in scene.customers if c.booking]:
        customers.release(scene.world, _someone(holding, rng))


def move(scene: Scene, rng: random.Random) -> None:
    """A customer who has paid, mostly, wants another time."""
    holding = [c for c in scene.customers if c.booking]
    paid = [c for c in holding if c.paid and not c.owes]
    if group := paid if paid and rng.random() < 0.8 else holding:
        customers.move(scene.world, _someone(group, rng), rng)


def give_up(scene: Scene, rng: random.Random) -> None:
    holding = [c for c in scene.customers if c.booking]
    moving = [c for c in holding if c.owes]
    if group := moving if moving and rng.random() < 0.9 else holding:
        customers.give_up(scene.world, _someone(group, rng))


def wait(scene: Scene, rng: random.Random) -> None:
    """Mostly a customer who got nothing."""
    empty = [c for c in scene.customers if c.booking is None]
    if group := empty if empty and rng.random() < 0.8 else scene.customers:
        customers.wait(scene.world, _someone(group, rng), rng)


def look_at_place(scene: Scene, rng: random.Random) -> None:
    if waiting := [c for c in scene.customers if c.place]:
        customers.look_at_place(scene.world, _someone(waiting, rng))


def leave(scene: Scene, rng: random.Random) -> None:
    if waiting := [c for c in scene.customers if c.place]:
        customers.leave(scene.world, _someone(waiting, rng))


def close(scene: Scene, rng: random.Random) -> None:
    """An hour, or a whole day, of some resource is closed; existing bookings stay."""
    resource = rng.choice(scene.world.tenant.resources[:2])
    start = customers.some_start(scene.world, rng)
    kind, body = rng.choices(
        (
            ("overrides", {"date": start.date().isoformat()}),
            (
                "blackouts",
                {
                    "starts_at": start.isoformat(),
                    "ends_at": (start + timedelta(hours=1)).isoformat(),
                },
            ),
        ),
        (2, 1),
    )[0]
    known = rng.random() < 0.8  # or a visitor with the wrong link
    path = f"/v1/catalogue/resources/{resource['id'] if known else customers.new_key(rng)}/{kind}"

    def then(answer: Answer | None) -> None:
        got = customers.expect("close", answer)
        if got is not None and got.status == 201:
            scene.closures.append(f"{path}/{got.body['id']}")

    key = customers.new_key(rng)
    scene.world.request("POST", path, body, key="secret", idempotency_key=key, then=then)


def reopen(scene: Scene, rng: random.Random) -> None:
    """What was closed is open again."""
    if scene.closures:
        path = scene.closures.pop(rng.randrange(len(scene.closures)))

        def then(answer: Answer | None) -> None:
            customers.expect("reopen", answer)

        scene.world.request("DELETE", path, key="secret", then=then)


def look(scene: Scene, rng: random.Random) -> None:
    if holding := [c for c in scene.customers if c.booking]:
        customers.look(scene.world, _someone(holding, rng))


def read(scene: Scene, rng: random.Random) -> None:
    customers.read(scene.world, rng)


def deliver_event(scene: Scene, rng: random.Random) -> None:
    """Any event on its way arrives: early, late, again, or not at all."""
    scene.collect_events()
    if not scene.underway:
        return
    event = scene.underway.pop(rng.randrange(len(scene.underway)))
    document = next(d for d in scene.world.double.documents("event") if d.id == event)
    fate = rng.random()
    if fate < 0.05 and document.body["type"].startswith("checkout."):
        scene.world.faults["event lost"] += 1
        return
    if fate < 0.25:
        scene.world.faults["event doubled"] += 1
        scene.underway.append(event)

    def then(answer: Answer | None) -> None:
        if answer is not None and answer.status not in (200, 503):
            raise Untrue(f"an event was answered {answer.status}: {answer.body}")
        if answer is None or answer.status != 200:
            scene.underway.append(event)  # Stripe tries again

    scene.world.post_event(json.dumps(document.body).encode(), then)


def settle_delayed(scene: Scene, rng: random.Random) -> None:
    """The bank has decided about a delayed payment."""
    waiting = [
        d.id
        for d in scene.world.double.documents("checkout.session")
        if d.body["status"] == "complete" and d.body["payment_status"] == "unpaid"
    ]
    if waiting:
        try:
            scene.world.double.settle(rng.choice(waiting), rng.choice(("succeed", "fail")))
        except NotOpen:  # it has failed before
            return


def move_refund(scene: Scene, rng: random.Random) -> None:
    """The bank has decided about a refund."""
    pending = [d for d in scene.world.double.documents("refund") if d.body["status"] == "pending"]
    if pending:
        scene.world.double.move_refund(rng.choice(pending).id, "succeeded")


def wait_for_bank(scene: Scene, rng: random.Random) -> None:
    """A refund takes so long that we ask Stripe about it."""
    query = (
        "select exists (select from core.refunds"
        " where status = 'pending' and stripe_refund_id is not null)"
    )
    if scene.world.database.value(query):
        scene.world.advance(timedelta(hours=6))
        rng.choice((outbox, outbox, reconcile))(scene, rng)


def reconcile(scene: Scene, rng: random.Random) -> None:
    """Both books are compared: a run takes several calls."""
    scene.world.invoke("reconcile", {}, _nothing)


def sweep(scene: Scene, rng: random.Random) -> None:
    """A schedule is due: mostly that of the holds, sometimes another."""
    name = "expire_holds" if rng.random() < 0.5 else rng.choice(SCHEDULED)
    scene.world.invoke(name, {}, _nothing)


def outbox(scene: Scene, rng: random.Random) -> None:
    """What is due is performed; refunds, which are rare, are disturbed more often."""
    query = "select exists (select from core.effects where refund_id is not null and state = %s)"
    if scene.world.database.value(query, "pending") and rng.random() < 0.5:
        _strike_refunds(scene, rng)
    scene.world.invoke("deliver", {}, _nothing)


def _strike_refunds(scene: Scene, rng: random.Random) -> None:
    """A failure after which the effect is looked up."""
    kind, options = rng.choice(_LOOKED_UP)
    scene.world.double.faults.add(kind, times=1, method="POST", path="/v1/refunds", **options)
    scene.world.faults[f"stripe {kind}"] += 1


def tick(scene: Scene, rng: random.Random) -> None:
    """Time passes: mostly seconds, sometimes just past a deadline, rarely a week."""
    scene.world.advance(
        timedelta(
            seconds=rng.choices(
                (2, 70, 301, 1900, 2200, 26 * 3600, 8 * 86400), (50, 10, 2, 1.2, 1.2, 0.4, 0.1)
            )[0]
        )
    )


def let_weeks_pass(scene: Scene, rng: random.Random) -> None:
    """Days or weeks pass; then the sweep deletes what is kept no longer, and compiles the openings
    of the days that have come nearer."""
    scene.world.advance(timedelta(days=rng.choice((1, 2, 31, 45))))
    scene.world.invoke("retention", {}, _nothing)


def let_begin(scene: Scene, rng: random.Random) -> None:
    """The time of something paid at Stripe, whose event has not arrived yet, begins just now."""
    paid = [
        d.body["metadata"]["booking_id"]
        for d in scene.world.double.documents("checkout.session")
        if d.body["status"] == "complete"
    ]
    beginning = scene.world.database.rows(
        "select starts_at from core.bookings where status = 'paying' and starts_at > core.clock()"
        " and coalesce(cart_id, id) = any (%s::uuid[]) order by starts_at, id",
        paid,
    )
    if beginning:
        start = rng.choice(beginning).starts_at
        scene.world.advance(start - scene.world.now + timedelta(seconds=rng.choice((-1, 0, 0, 1))))


def strike_stripe(scene: Scene, rng: random.Random) -> None:
    """Something will go wrong with the next calls to Stripe."""
    kind, options = rng.choice(_FAULTS)
    scene.world.double.faults.add(kind, times=rng.choice((1, 1, 2, 4)), **options)
    scene.world.faults[f"stripe {kind}"] += 1


def end_backend(scene: Scene, rng: random.Random) -> None:
    scene.world.end_backend()


def lose_records(scene: Scene, rng: random.Random) -> None:
    scene.world.lose_records()


def change_price(scene: Scene, rng: random.Random) -> None:
    """The catalogue changes; frozen prices must not. A reschedule then costs more, or less."""
    scene.world.database.execute(
        "update core.prices set amount = greatest(500, amount + %s)",
        rng.choice((100, 700, -100, -700, 20)),
    )


def meddle(scene: Scene, rng: random.Random) -> None:
    """Something that must not happen: a booking's price is no longer what its session asks for."""
    paying = scene.world.database.rows(
        "select id from core.bookings where status = 'paying' order by created_at, id"
    )
    if paying:
        scene.world.database.execute(
            "update core.bookings set amount = amount + 1 where id = %s", rng.choice(paying).id
        )
        scene.world.faults["price meddled with"] += 1


def slow_refunds(scene: Scene, rng: random.Random) -> None:
    """Refunds made from now on are pending at first, or no longer are."""
    scene.world.double.refunds_start_as(rng.choice(("pending", "pending", None)))


SCHEDULED = tuple(sorted({schedule.function for schedule in the_template().schedules}))

WEIGHTS: dict[Action, float] = {
    arrive: 10,
    repeat_hold: 3,
    checkout: 20,
    act_on_page: 20,
    release: 2.5,
    move: 6,
    give_up: 2,
    wait: 5,
    look_at_place: 3,
    leave: 1,
    close: 1.5,
    reopen: 3,
    look: 8,
    read: 2,
    deliver_event: 20,
    settle_delayed: 3,
    move_refund: 0.5,
    wait_for_bank: 6,
    reconcile: 1.5,
    sweep: 4,
    outbox: 8,
    tick: 9,
    let_weeks_pass: 1,
    let_begin: 0.5,
    strike_stripe: 3,
    end_backend: 1.5,
    lose_records: 0.5,
    change_price: 1.5,
    meddle: 0.5,
    slow_refunds: 2,
}


def _someone(group: list[Customer], rng: random.Random) -> Customer:
    """Mostly one of the newest: the old ones have little left to do."""
    recent = group[-6:]
    return rng.choice(recent if rng.random() < 0.85 else group)


def _nothing(_answer: Answer | None) -> None:
    """A schedule waits for no answer."""
