"""The arguments for every function of schema api, called repeatedly, each time with a new subject.

`ACTIONS` names for each the preparation of a subject, and the one call on it that is measured.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

from tests.harness.clients import carts
from tests.harness.clients.calls import (
    Api,
    Checkout,
    Held,
    refund_object,
    refused,
    stripe_event,
    utc,
)
from tests.harness.database.builders import NOW, Tenant


class Workload:
    """One tenant with one resource that is always open, and the calls on it."""

    def __init__(self, api: Api) -> None:
        self.api = api
        counted = ("live_holds_per_address", "live_holds_per_resource", "holds_per_hour")
        counted += ("free_lapses", "places_per_customer", "places_per_address", "places_per_hour")
        # never reached, except for the few of a day: then each share is counted
        self.tenant = Tenant(
            api.database,
            **dict.fromkeys(counted, 1000) | {"live_holds_per_day": 25, "offers_per_address": 1000},
        )
        self.server = self.tenant.actor("secret")
        self.offer = self.tenant.offer(
            opens="00:00",
            closes="24:00",
            step_minutes=60,
            horizon_days=700,
            daily_limit=1000,  # never reached, always counted
            customer_limit=1000,
        )
        # without limits, a waitlist entry is only served when its own time is freed
        self.queue = self.tenant.offer(opens="00:00", closes="24:00", step_minutes=60)
        self.pool = self.tenant.pool([self.offer.resource_id])
        self._hours = count(1)

    def hold(self, key: str | None = None) -> Held:
        """A hold of the next free hour."""
        starts_at = NOW + timedelta(hours=next(self._hours))
        return self.api.hold(self.offer, starts_at, key=key, customer=_customer(starts_at))

    def held_by(self, kind: str) -> Held:
        """The same for a server, or for a browser with a known network address."""
        starts_at = NOW + timedelta(hours=next(self._hours))
        actor = self.tenant.actor(kind, address="203.0.113.7")
        return self.api.hold(self.offer, starts_at, actor=actor, customer=_customer(starts_at))

    def sought(self) -> Held:
        """A hold of the next hour of the resource that others wait for."""
        starts_at = NOW + timedelta(hours=next(self._hours))
        return self.api.hold(self.queue, starts_at, customer=_customer(starts_at))

    def wish(self, count: int = 3) -> dict[str, Any]:
        """A cart of free hours."""
        starts = [NOW + timedelta(hours=next(self._hours)) for _ in range(count)]
        wanted = carts.cart(*(carts.period(self.offer, start) for start in starts))
        return wanted | {"customer": _customer(starts[0])}

    def pooled(self) -> dict[str, Any]:
        """A request for the next hour of any resource of the pool."""
        wanted = self.wish(1)
        wanted["items"][0] |= {"pool_id": str(self.pool), "resource_id": None}
        return wanted

    def hold_wish(self, wanted: dict[str, Any]) -> Held:
        """Hold all of it."""
        return carts.hold(self.api, self.tenant, wanted)

    def cart(self) -> Held:
        """A hold of three hours."""
        return self.hold_wish(self.wish())

    def late(self) -> Checkout:
        """A cart whose session was reported as expired."""
        checkout = self.api.checkout(self.cart())
        assert self.api.settle(checkout, "expired") == "released"
        return checkout

    def hold_again(self, held: Held) -> Any:
        """The answer to a repeat of that hold's request; its key is its start."""
        return self._keyed(utc(held.answer["starts_at"]))

    def keyed(self) -> Held:
        """A hold whose key is its start."""
        return self._keyed(NOW + timedelta(hours=next(self._hours)))

    def _keyed(self, starts_at: datetime) -> Held:
        key = f"key-{starts_at:%Y%m%d%H}"
        return self.api.hold(self.offer, starts_at, key=key, customer=_customer(starts_at))

    def hold_taken(self, held: Held) -> str | None:
        """Another customer wants the same time."""
        starts_at = utc(held.answer["starts_at"])
        return refused(lambda: self.api.hold(self.offer, starts_at)).sqlstate

    def checkout(self) -> Checkout:
        """A booking that is pending payment."""
        return self.api.checkout(self.hold())

    def begun(self) -> Checkout:
        """A checkout whose session has been made, but is not attached yet."""
        held = self.hold()
        identifier = UUID(self.api.begin(held)["checkout"]["id"])
        return Checkout(held, identifier, f"cs_{identifier}")

    def paid(self) -> Held:
        """A paid booking."""
        checkout = self.checkout()
        assert self.api.settle(checkout, "paid") == "confirmed"
        return checkout.held

    def move(self, held: Held) -> Any:
        """It is rescheduled to the next free hour."""
        return self.api.move(held, NOW + timedelta(hours=next(self._hours)))

    def changing(self) -> Held:
        """A paid booking whose reschedule costs 10 euros more, and waits for that."""
        held = self.paid()
        query = "update core.bookings set amount = amount - 1000 where id = %s"
        self.api.database.execute(query, held.id)
        assert self.move(held)["change"] is not None
        return held

    def overdue_change(self) -> None:
        """A reschedule that has expired."""
        query = "update core.reschedules set expires_at = %s where booking_id = %s"
        self.api.database.execute(query, NOW - timedelta(seconds=1), self.changing().id)

    def late_change(self) -> Checkout:
        """A reschedule whose session was reported as expired."""
        checkout = self.api.checkout(self.changing())
        assert self.api.settle(checkout, "expired") == "released"
        return checkout

    def settle_change(self, checkout: Checkout) -> str:
        """Its difference has been paid."""
        return self.api.settle(checkout, "paid", amount_total=1000)

    def overdue(self) -> None:
        """A hold that has expired."""
        self.api.database.execute(
            "update core.bookings set hold_expires_at = %s where id = %s",
            NOW - timedelta(seconds=1),
            self.hold().id,
        )

    def refunding(self) -> None:
        """A refund that waits in the outbox."""
        assert self.api.settle(self.checkout(), "paid", amount_total=1000) == "refunding"

    def claimed(self) -> dict[str, Any]:
        """A refund that a worker has claimed."""
        self.api.claim(1000, 3600)  # whatever else is due
        self.refunding()
        (effect,) = self.api.claim(1, 3600)
        return effect

    def dead(self) -> dict[str, Any]:
        """A refund that Stripe refused for good."""
        effect = self.claimed()
        self.api.finish(effect, "dead", error="refused")
        return effect

    def bounced(self) -> dict[str, Any]:
        """A refund that the bank returned."""
        effect = self.claimed()
        self.api.finish(effect, "done", status="failed", refund={"id": f"re_{effect['id']}"})
        return effect

    def told_of_refund(self, effect: dict[str, Any]) -> Any:
        """Stripe reports that it succeeded."""
        refund = refund_object(effect["refund"], self.tenant, f"re_{effect['id']}")
        return self.api.call("settle_refund", stripe_event(), "succeeded", refund)

    def finish(self, effect: dict[str, Any]) -> Any:
        """The worker reports that it succeeded."""
        refund = {"id": f"re_{effect['id']}"}
        return self.api.finish(effect, "done", status="succeeded", refund=refund)

    def list_slots(self, function: str = "list_slots_as_text", zone: str | None = None) -> Any:
        """A week of the resource, or of the pool it is in."""
        subject = self.offer.resource_id if function == "list_slots_as_text" else self.pool
        period = (NOW, NOW + timedelta(days=7))
        return self.api.call(
            function, self.tenant.actor(), subject, self.offer.offering_id, *period, zone
        )

    def explain(self, held: Held) -> Any:
        """Why another customer cannot have that time."""
        email = _customer(utc(held.answer["starts_at"]))["email"]
        return self.api.call(
            "explain_slot",
            *(self.server, self.offer.resource_id, self.offer.offering_id),
            *(utc(held.answer["starts_at"]), None, email),
        )

    def list_bookings(self, **filters: str) -> Any:
        """The first page of ten."""
        return self.api.call("list_bookings", self.server, filters, None, 10)

    def about(self, function: str, held: Held, *arguments: object) -> Any:
        """A function that takes a booking, called by its customer."""
        return self.api.call(function, held.actor, held.id, *arguments)


class Action(NamedTuple):
    """A subject is prepared, then the call on it is measured."""

    prepare: Callable[[Workload], Any]
    act: Callable[[Workload, Any], object]
    # of one index, that one call may read: a week of bookings by the hour, twice for the time they
    # own and once for the limit of their day; a small part of the tables
    entries: int = 5 * 7 * 24


def _customer(starts_at: datetime) -> dict[str, str]:
    """The customer for that hour."""
    return {"name": "Grace Hopper", "email": f"grace.{starts_at:%Y%m%d%H}@example.com"}


def nothing(_: Workload) -> None:
    """No subject is needed."""


ACTIONS = {
    "list_resources": Action(
        nothing, lambda w, _: w.api.call("list_resources", w.server, None, 10)
    ),
    "list_slots_as_text": Action(nothing, lambda w, _: w.list_slots()),
    "list_slots_as_text, zone": Action(nothing, lambda w, _: w.list_slots(zone="Asia/Kathmandu")),
    "list_pool_slots_as_text": Action(
        nothing, lambda w, _: w.list_slots("list_pool_slots_as_text")
    ),
    "explain_slot": Action(Workload.hold, Workload.explain),
    "create_hold": Action(nothing, lambda w, _: w.hold()),
    "create_hold, of an address": Action(nothing, lambda w, _: w.held_by("publishable")),
    "create_hold, of a server": Action(nothing, lambda w, _: w.held_by("secret")),
    "create_hold, taken": Action(Workload.hold, Workload.hold_taken),
    "create_hold, repeated": Action(Workload.keyed, Workload.hold_again),
    "release_hold": Action(Workload.hold, lambda w, held: w.about("release_hold", held, None)),
    "begin_checkout": Action(Workload.hold, lambda w, held: w.api.begin(held)),
    "begin_checkout, again": Action(Workload.checkout, lambda w, c: w.api.begin(c.held)),
    "reschedule_booking": Action(Workload.paid, Workload.move),
    "begin_checkout, change": Action(Workload.changing, lambda w, held: w.api.begin(held)),
    "settle_checkout, change": Action(
        lambda w: w.api.checkout(w.changing()), Workload.settle_change
    ),
    "settle_checkout, change paid late": Action(Workload.late_change, Workload.settle_change),
    "cancel_reschedule": Action(
        Workload.changing, lambda w, held: w.about("cancel_reschedule", held, None)
    ),
    "expire_holds, change": Action(
        Workload.overdue_change, lambda w, _: w.api.call("expire_holds", 1)
    ),
    "attach_checkout": Action(
        Workload.begun, lambda w, c: w.about("attach_checkout", c.held, c.id, c.session())
    ),
    "settle_checkout": Action(Workload.checkout, lambda w, c: w.api.settle(c, "paid")),
    "settle_checkout, early": Action(Workload.begun, lambda w, c: w.api.settle(c, "paid")),
    "settle_checkout, unknown": Action(
        Workload.checkout, lambda w, c: w.api.settle(c, "paid", id="cs_other", metadata={})
    ),
    "settle_refund": Action(Workload.claimed, Workload.told_of_refund),
    "get_booking": Action(Workload.hold, lambda w, held: w.about("get_booking", held)),
    "get_confirmation": Action(Workload.checkout, lambda w, c: w.about("get_confirmation", c.held)),
    "list_bookings": Action(nothing, lambda w, _: w.list_bookings()),
    "list_bookings, resource": Action(
        nothing, lambda w, _: w.list_bookings(resource_id=str(w.offer.resource_id))
    ),
    "list_bookings, since": Action(nothing, lambda w, _: w.list_bookings(starts_from=str(NOW))),
    "list_bookings, resource since": Action(
        nothing,
        lambda w, _: w.list_bookings(resource_id=str(w.offer.resource_id), starts_from=str(NOW)),
    ),
    "expire_holds": Action(Workload.overdue, lambda w, _: w.api.call("expire_holds", 1)),
    "claim_effects": Action(Workload.refunding, lambda w, _: w.api.claim(1)),
    "finish_effect": Action(Workload.claimed, Workload.finish),
    "retry_effect": Action(
        Workload.dead, lambda w, effect: w.api.call("retry_effect", effect["id"], "ada")
    ),
    "retry_effect, refund": Action(
        Workload.bounced, lambda w, effect: w.api.call("retry_effect", effect["id"], "ada")
    ),
    "measure_backlog": Action(Workload.dead, lambda w, _: w.api.call("measure_backlog")),
    "create_hold, cart": Action(Workload.wish, Workload.hold_wish),
    "create_hold, pool": Action(Workload.pooled, Workload.hold_wish),
    "begin_checkout, cart": Action(Workload.cart, lambda w, held: w.api.begin(held)),
    "release_hold, cart": Action(
        Workload.cart, lambda w, held: w.about("release_hold", held, None)
    ),
    "settle_checkout, cart": Action(
        lambda w: w.api.checkout(w.cart()), lambda w, checkout: w.api.settle(checkout, "paid")
    ),
    "settle_checkout, cart paid late": Action(
        Workload.late, lambda w, checkout: w.api.settle(checkout, "paid")
    ),
    "rate_policy": Action(nothing, lambda w, _: w.api.call("rate_policy", w.server)),
}
