"""One call of each function of `api` that acts for a caller, and its answer for every caller.

A new function needs a line here. It is then tried with every credential (tests/sql/test_access.py),
by another tenant (tests/sql/test_tenants.py) and, if it waits for locks, with a key that is revoked
meanwhile (tests/concurrency/test_revoked_keys.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from tests.harness.clients.calls import ADDRESSES, Api, Checkout, Held, call
from tests.harness.clients.waiting import Place, wait_for
from tests.harness.database.builders import NOW, Offer, Tenant

TEN, NOON, TWO = (NOW + timedelta(hours=hours) for hours in (2, 4, 6))
OWN, OTHER = "bks_own", "bks_other"  # a booking's secret, and the secret of another one

# Answered, or refused with this SQLSTATE, in the order of `Things.credentials`.
ALL_KEYS = "KHAUT ok ok ok ok ok ok"  # a live key; each caller sees what is its own tenant's
ITS_SECRET = "KHAUT KHNTF ok KHNTF ok KHNTF KHNTF"  # callers who can reach the booking
THE_TENANT = "KHAUT ok ok ok ok KHNTF KHNTF"  # about something of the tenant's, in its name
SERVERS = "KHAUT KHDEN KHDEN KHDEN ok KHDEN KHNTF"  # about something of the tenant's, by secret key
ITS_SERVERS = "KHAUT KHDEN KHDEN KHDEN ok KHDEN ok"  # any secret key; each sees its own tenant's


@dataclass(frozen=True)
class Things:
    """A tenant with something of every kind, all bookings of which one secret opens.

    Attributes:
        held: a time of `offer`, that `place` waits for.
        checkout: of another booking, which is pending payment.
        moved: a paid booking, whose reschedule to a dearer time waits for payment.
        resource: with a calendar and a feed, and nothing booked.
        pool: that the resource of `offer` is in.
    """

    api: Api
    tenant: Tenant
    stranger: Tenant
    offer: Offer
    held: Held
    place: Place
    checkout: Checkout
    moved: Held
    resource: UUID
    pool: UUID
    calendar: UUID = field(default_factory=uuid4)
    feed: UUID = field(default_factory=uuid4)

    @property
    def credentials(self) -> dict[str, dict[str, Any]]:
        """What may be sent along with a request, from the least to the most."""
        return {
            "no key": self.tenant.actor() | {"key_hash": "00" * 32},
            "publishable": self.tenant.actor(),
            "publishable and own secret": self.tenant.actor(secret=OWN),
            "publishable and another's secret": self.tenant.actor(secret=OTHER),
            "secret": self.tenant.actor("secret"),
            "another tenant's publishable": self.stranger.actor(secret=OWN),
            "another tenant's secret": self.stranger.actor("secret", secret=OWN),
        }

    def call(self, function: str, actor: dict[str, Any]) -> Any:
        """Make the call; an answer, or the refusal is raised."""
        connection = self.api.connection(function)
        return call(connection, function, actor, *EXAMPLES[function].arguments(self))

    def outcome(self, function: str, actor: dict[str, Any]) -> str:
        """The outcome of the call, "ok" or the SQLSTATE of a refusal; no change stays."""
        try:
            with self.api.connection(function).transaction(force_rollback=True):
                self.call(function, actor)
        except psycopg.Error as error:
            return str(error.sqlstate)
        return "ok"


@dataclass(frozen=True)
class Example:
    """A call.

    Attributes:
        answers: which callers it answers, and how it refuses the others.
        arguments: what follows the actor.
    """

    answers: str
    arguments: Callable[[Things], tuple[Any, ...]]


_CALENDAR = {"name": "Own", "url": "https://a.example/", "fresh_seconds": 300}
_LATER = {"resource_id": None, "starts_at": TWO.isoformat(), "date": None}
_EVENING = {"weekday": 1, "opens": "18:00", "closes": "19:00"}
_GRACE, _EMMY = {"email": "grace@example.com"}, {"email": "emmy@example.com"}

EXAMPLES: Mapping[str, Example] = {
    "cancel_reschedule": Example(ITS_SECRET, lambda t: (t.moved.id, None)),
    "attach_checkout": Example(
        ITS_SECRET, lambda t: (t.checkout.held.id, t.checkout.id, t.checkout.session())
    ),
    "begin_checkout": Example(ITS_SECRET, lambda t: (t.held.id, "k", ADDRESSES, None)),
    "change_catalogue_item": Example(
        SERVERS, lambda t: ("resource", None, t.offer.resource_id, None, {"name": "Mine"})
    ),
    "create_calendar": Example(
        SERVERS,
        lambda t: ("k", uuid4(), _CALENDAR | {"resource_id": str(t.offer.resource_id)}),
    ),
    "create_calendar_feed": Example(
        SERVERS, lambda t: ("k", uuid4(), b"1" * 32, t.offer.resource_id)
    ),
    "create_catalogue_item": Example(
        SERVERS, lambda t: ("hours", t.offer.resource_id, "k", uuid4(), _EVENING)
    ),
    "create_hold": Example(THE_TENANT, lambda t: ("k", uuid4(), b"0" * 32, t.offer.request(TWO))),
    "delete_calendar": Example(SERVERS, lambda t: (t.resource, t.calendar)),
    "erase_customer": Example(ITS_SERVERS, lambda t: (_EMMY,)),
    "explain_slot": Example(
        SERVERS, lambda t: (t.offer.resource_id, t.offer.offering_id, TWO, None, None)
    ),
    "export_customer": Example(ITS_SERVERS, lambda t: (_GRACE, None, 10)),
    "get_booking": Example(ITS_SECRET, lambda t: (t.held.id,)),
    "get_catalogue_item": Example(SERVERS, lambda t: ("resource", t.offer.resource_id)),
    "get_confirmation": Example(ITS_SECRET, lambda t: (t.held.id,)),
    "get_waitlist_entry": Example(ITS_SECRET, lambda t: (t.place.id,)),
    "join_waitlist": Example(THE_TENANT, lambda t: ("k", uuid4(), b"0" * 32, t.offer.request(TEN))),
    "leave_waitlist": Example(ITS_SECRET, lambda t: (t.place.id, None)),
    "list_bookings": Example(ITS_SERVERS, lambda t: ({}, None, 10)),
    "list_calendar_feeds": Example(SERVERS, lambda t: (t.resource,)),
    "list_calendars": Example(SERVERS, lambda t: (t.resource,)),
    "list_catalogue_items": Example(ITS_SERVERS, lambda t: ("resource", None, False, None, 10)),
    "list_pool_slots_as_text": Example(
        THE_TENANT, lambda t: (t.pool, t.offer.offering_id, None, None)
    ),
    "list_resources": Example(ALL_KEYS, lambda t: (None, 10)),
    "list_slots_as_text": Example(
        THE_TENANT, lambda t: (t.offer.resource_id, t.offer.offering_id, None, None)
    ),
    "list_waitlist": Example(ITS_SERVERS, lambda t: ({}, None, 10)),
    "rate_policy": Example(ALL_KEYS, lambda t: ()),
    "release_hold": Example(ITS_SECRET, lambda t: (t.held.id, None)),
    "remove_catalogue_item": Example(SERVERS, lambda t: ("resource", None, t.resource, None)),
    "reschedule_booking": Example(ITS_SECRET, lambda t: (t.held.id, "k", _LATER, None)),
    "revoke_calendar_feed": Example(SERVERS, lambda t: (t.resource, t.feed)),
}


def things(api: Api) -> Things:
    """Make a tenant and what its calls are about; the clock stands at NOW."""
    tenant = Tenant(api.database)
    offer = tenant.offer()
    held = api.hold(offer, TEN)
    moving = tenant.offer()
    moved = api.paid(moving, TEN).held
    api.database.execute(
        "update core.prices set amount = amount * 2 where offering_id = %s", moving.offering_id
    )
    api.move(moved, NOON)
    made = Things(
        *(api, tenant, Tenant(api.database), offer, held, wait_for(api, offer, TEN)),
        *(api.checkout(api.hold(tenant.offer(), TEN)), moved, tenant.resource()),
        tenant.pool([offer.resource_id]),
    )
    tenant.customer(**_EMMY)  # who has booked nothing
    server = tenant.actor("secret")
    calendar = _CALENDAR | {"resource_id": str(made.resource)}
    api.call("create_calendar", server, "calendar", made.calendar, calendar)
    api.call("create_calendar_feed", server, "feed", made.feed, b"0" * 32, made.resource)
    for table in ("bookings", "waitlist"):
        query = f"update core.{table} set client_secret_hash = sha256(convert_to(%s, 'utf8'))"
        api.database.execute(query, OWN)
    return made
