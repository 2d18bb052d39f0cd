"""Who may do what: every function of `api` that acts for a caller, with every credential.

Each call is made in a transaction that is rolled back, so all of them meet the same rows.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.harness.clients.calls import ADDRESSES, Api, call
from tests.harness.clients.waiting import wait_for
from tests.harness.database.builders import NOW, Tenant
from tests.harness.database.migrated import Database

TEN, NOON, TWO = (NOW + timedelta(hours=hours) for hours in (2, 4, 6))
OWN, OTHER = "bks_own", "bks_other"  # a booking's secret, and the secret of another one

# Answered, or refused with this SQLSTATE, in the order of `credentials`.
EVERYBODY = "KHAUT ok ok ok ok ok ok"  # whose key is alive; each sees what is its own tenant's
ITS_SECRET = "KHAUT KHNTF ok KHNTF ok KHNTF KHNTF"  # who can reach the booking
THE_TENANT = "KHAUT ok ok ok ok KHNTF KHNTF"  # about something of the tenant's, in its name
SERVERS = "KHAUT KHDEN KHDEN KHDEN ok KHDEN KHNTF"  # about something of the tenant's, by secret key
ITS_SERVERS = "KHAUT KHDEN KHDEN KHDEN ok KHDEN ok"  # any secret key; each sees its own tenant's

ANSWERS = {
    "cancel_reschedule": ITS_SECRET,
    "attach_checkout": ITS_SECRET,
    "begin_checkout": ITS_SECRET,
    "change_catalogue_item": SERVERS,
    "create_calendar": SERVERS,
    "create_calendar_feed": SERVERS,
    "create_catalogue_item": SERVERS,
    "create_hold": THE_TENANT,
    "delete_calendar": SERVERS,
    "erase_customer": ITS_SERVERS,
    "explain_slot": SERVERS,
    "export_customer": ITS_SERVERS,
    "get_booking": ITS_SECRET,
    "get_catalogue_item": SERVERS,
    "get_confirmation": ITS_SECRET,
    "get_waitlist_entry": ITS_SECRET,
    "join_waitlist": THE_TENANT,
    "leave_waitlist": ITS_SECRET,
    "list_bookings": ITS_SERVERS,
    "list_calendar_feeds": SERVERS,
    "list_calendars": SERVERS,
    "list_catalogue_items": ITS_SERVERS,
    "list_pool_slots": THE_TENANT,
    "list_resources": EVERYBODY,
    "list_slots": THE_TENANT,
    "list_waitlist": ITS_SERVERS,
    "rate_policy": EVERYBODY,
    "release_hold": ITS_SECRET,
    "remove_catalogue_item": SERVERS,
    "reschedule": ITS_SECRET,
    "revoke_calendar_feed": SERVERS,
}


@dataclass(frozen=True)
class World:
    """A tenant with something of every kind, and the calls that are about it.

    Attributes:
        calls: of each function, its arguments but for the actor.
    """

    api: Api
    tenant: Tenant
    stranger: Tenant
    calls: dict[str, tuple[Any, ...]]

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

    def outcome(self, function: str, actor: dict[str, Any]) -> str:
        """ "ok", or the SQLSTATE of the refusal; nothing stays changed."""
        connection = self.api.connection(function)
        try:
            with connection.transaction(force_rollback=True):
                call(connection, function, actor, *self.calls[function])
        except psycopg.Error as error:
            return str(error.sqlstate)
        return "ok"


@pytest.fixture
def world(api: Api, tenant: Tenant) -> World:
    """Bookings held, begun to be paid and waiting to be moved, all opened by one secret."""
    offer = tenant.offer()
    resource = offer.resource_id
    held = api.hold(offer, TEN)
    place = wait_for(api, offer, TEN)
    elsewhere = tenant.offer()
    checkout = api.checkout(api.hold(elsewhere, TEN))
    moving = tenant.offer()
    moved = api.paid(moving, TEN).held
    _double_prices(api.database, moving.offering_id)
    api.move(moved, NOON)
    server, calendar, feed = tenant.actor("secret"), uuid4(), uuid4()
    own = {"resource_id": str(resource), "name": "Own", "url": "https://a.example/"}
    own |= {"fresh_seconds": 300}
    lasting = tenant.offer().resource_id  # nothing stands in the way of its calendars
    kept = own | {"resource_id": str(lasting)}
    api.call("create_calendar", server, "calendar", calendar, kept)
    api.call("create_calendar_feed", server, "feed", feed, b"0" * 32, lasting)
    _open_all_with(api.database, OWN)
    later = {"resource_id": None, "starts_at": TWO.isoformat(), "date": None}
    opens = {"weekday": 1, "opens": "18:00", "closes": "19:00"}
    person = {"email": "grace@example.com"}
    calls: dict[str, tuple[Any, ...]] = {
        "cancel_reschedule": (moved.id, None),
        "attach_checkout": (checkout.held.id, checkout.id, checkout.session()),
        "begin_checkout": (held.id, "k", ADDRESSES, None),
        "change_catalogue_item": ("resource", None, resource, None, {"name": "Mine"}),
        "create_calendar": ("k", uuid4(), own),
        "create_calendar_feed": ("k", uuid4(), b"1" * 32, resource),
        "create_catalogue_item": ("hours", resource, "k", uuid4(), opens),
        "create_hold": ("k", uuid4(), b"0" * 32, offer.request(TWO)),
        "delete_calendar": (lasting, calendar),
        "erase_customer": ({"email": "emmy@example.com"},),
        "explain_slot": (resource, offer.offering_id, TWO, None, None),
        "export_customer": (person, None, 10),
        "get_booking": (held.id,),
        "get_catalogue_item": ("resource", resource),
        "get_confirmation": (held.id,),
        "get_waitlist_entry": (place.id,),
        "join_waitlist": ("k", uuid4(), b"0" * 32, offer.request(TEN)),
        "leave_waitlist": (place.id, None),
        "list_bookings": ({}, None, 10),
        "list_calendar_feeds": (resource,),
        "list_calendars": (resource,),
        "list_catalogue_items": ("resource", None, False, None, 10),
        "list_pool_slots": (tenant.pool([resource]), offer.offering_id, None, None),
        "list_resources": (None, 10),
        "list_slots": (resource, offer.offering_id, None, None),
        "list_waitlist": ({}, None, 10),
        "rate_policy": (),
        "release_hold": (held.id, None),
        "remove_catalogue_item": ("resource", None, tenant.resource(), None),
        "reschedule": (held.id, "k", later, None),
        "revoke_calendar_feed": (lasting, feed),
    }
    return World(api, tenant, Tenant(api.database), calls)


def _double_prices(database: Database, offering_id: UUID) -> None:
    database.execute(
        "update core.prices set amount = amount * 2 where offering_id = %s", offering_id
    )


def _open_all_with(database: Database, secret: str) -> None:
    """Every booking and place of the database is opened by this secret."""
    for table in ("core.bookings", "core.waitlist"):
        database.execute(
            f"update {table} set client_secret_hash = sha256(convert_to(%s, 'utf8'))", secret
        )


@pytest.mark.parametrize("function", ANSWERS)
def test_every_credential_gets_the_answer_it_should(world: World, function: str) -> None:
    """Unknown keys are refused first; then who lacks the capability; what is out of reach is not
    there.

    Cases: P-7, E-3.5
    Proves: ASVS 8.2.1, 8.2.2, API5:2023
    """
    outcomes = [world.outcome(function, actor) for actor in world.credentials.values()]

    assert " ".join(outcomes) == ANSWERS[function]


def test_every_function_that_acts_for_a_caller_has_its_row(database: Database) -> None:
    """Those of schema api whose first argument is the actor, and no others."""
    with_actor = database.rows(
        "select proname from pg_proc where pronamespace = 'api'::regnamespace"
        " and proargnames[1] = 'p_actor' order by 1"
    )

    assert [name for (name,) in with_actor] == sorted(ANSWERS)
