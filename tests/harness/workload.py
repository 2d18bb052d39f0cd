"""What every function of schema api is called with, again and again, each time with a new subject.

`ACTIONS` names for each what prepares a subject, and the one call on it that is measured.
"""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

from tests.harness.builders import NOW, Tenant
from tests.harness.calls import Api, Checkout, Held, refund_object, refused, stripe_event, utc


class Workload:
    """One tenant with one resource that is always open, and the calls on it."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.tenant = Tenant(api.database)
        self.server = self.tenant.actor("secret")
        self.offer = self.tenant.offer(
            opens="00:00", closes="24:00", step_minutes=60, horizon_days=700
        )
        self._hours = count(1)

    def hold(self, key: str | None = None) -> Held:
        """A hold of the next hour that nobody has."""
        return self.api.hold(self.offer, NOW + timedelta(hours=next(self._hours)), key=key)

    def hold_again(self, held: Held) -> Any:
        """What a repeat of that hold's request is answered; its key is its start."""
        starts_at = utc(held.answer["starts_at"])
        return self.api.hold(self.offer, starts_at, key=f"key-{starts_at:%Y%m%d%H}")

    def keyed(self) -> Held:
        """A hold whose key is its start."""
        starts_at = NOW + timedelta(hours=next(self._hours))
        return self.api.hold(self.offer, starts_at, key=f"key-{starts_at:%Y%m%d%H}")

    def hold_taken(self, held: Held) -> str | None:
        """Another customer wants the same time."""
        starts_at = utc(held.answer["starts_at"])
        return refused(lambda: self.api.hold(self.offer, starts_at)).sqlstate

    def checkout(self) -> Checkout:
        """A booking on its way to pay."""
        return self.api.checkout(self.hold())

    def begun(self) -> Checkout:
        """A checkout whose session has been made, but is not attached yet."""
        held = self.hold()
        identifier = UUID(self.api.begin(held)["checkout"]["id"])
        return Checkout(held, identifier, f"cs_{identifier}")

    def overdue(self) -> None:
        """A hold that has run out."""
        self.api.database.execute(
            "update core.bookings set hold_expires_at = %s where id = %s",
            NOW - timedelta(seconds=1),
            self.hold().id,
        )

    def refunding(self) -> None:
        """A refund that waits in the outbox."""
        assert self.api.settle(self.checkout(), "paid", amount_total=1000) == "refunding"

    def claimed(self) -> dict[str, Any]:
        """A refund that a worker is at."""
        self.refunding()
        (effect,) = self.api.claim(1, 3600)
        return effect

    def told_of_refund(self, effect: dict[str, Any]) -> Any:
        """Stripe reports that it succeeded."""
        refund = refund_object(effect["refund"], self.tenant, f"re_{effect['id']}")
        return self.api.call("settle_refund", stripe_event(), "succeeded", refund)

    def finish(self, effect: dict[str, Any]) -> Any:
        """The worker reports that it succeeded."""
        refund = {"id": f"re_{effect['id']}"}
        return self.api.finish(effect, "done", status="succeeded", refund=refund)

    def list_slots(self) -> Any:
        """The next seven days."""
        arguments = (self.offer.resource_id, self.offer.offering_id, None, None)
        return self.api.call("list_slots", self.tenant.actor(), *arguments)

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


def _nothing(_: Workload) -> None:
    """No subject is needed."""


ACTIONS = {
    "list_resources": Action(
        _nothing, lambda w, _: w.api.call("list_resources", w.server, None, 10)
    ),
    "list_slots": Action(_nothing, lambda w, _: w.list_slots()),
    "create_hold": Action(_nothing, lambda w, _: w.hold()),
    "create_hold, taken": Action(Workload.hold, Workload.hold_taken),
    "create_hold, repeated": Action(Workload.keyed, Workload.hold_again),
    "release_hold": Action(Workload.hold, lambda w, held: w.about("release_hold", held, None)),
    "begin_checkout": Action(Workload.hold, lambda w, held: w.api.begin(held)),
    "begin_checkout, again": Action(Workload.checkout, lambda w, c: w.api.begin(c.held)),
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
    "list_bookings": Action(_nothing, lambda w, _: w.list_bookings()),
    "list_bookings, resource": Action(
        _nothing, lambda w, _: w.list_bookings(resource_id=str(w.offer.resource_id))
    ),
    "list_bookings, since": Action(_nothing, lambda w, _: w.list_bookings(starts_from=str(NOW))),
    "expire_holds": Action(Workload.overdue, lambda w, _: w.api.call("expire_holds", 1)),
    "claim_effects": Action(Workload.refunding, lambda w, _: w.api.claim(1)),
    "finish_effect": Action(Workload.claimed, Workload.finish),
}
