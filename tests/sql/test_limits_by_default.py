"""The policy of docs/limits.md, row by row, with a new tenant's limits.

Cases: P-8
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from holdfast.access import policy
from tests.harness.clients import carts
from tests.harness.clients.calls import Api, refused
from tests.harness.clients.waiting import Place, wait_for
from tests.harness.database.builders import NOW, Offer, Tenant, insert
from tests.harness.database.migrated import Database

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DEFAULTS = {limit.setting: limit.default for limit in policy.LIMITS}
HOME = "203.0.113.7"


class Fresh:
    """A new tenant, its rooms, and a browser that always uses new names."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.tenant = Tenant(api.database)
        api.database.execute("delete from core.api_keys; delete from core.tenants")
        insert(
            *(api.database, "core.tenants"),
            id=self.tenant.id,
            name="As it is made",
            created_at=NOW,
            return_origins=["https://a.example"],  # so that its customers may pay
        )
        for kind in self.tenant.keys:
            self.tenant.key(kind)
        self.names = 0

    def room(self, **columns: object) -> Offer:
        wide = {"opens": "00:00", "closes": "24:00", "horizon_days": 1095}
        return self.tenant.offer(**wide | columns)  # type: ignore[arg-type]

    def hold(self, offer: Offer, start: Any, **fields: Any) -> Any:
        """A hold by a browser at home, in a new name."""
        self.names += 1
        who = {"name": "A", "email": f"{self.names}@example.com"}
        actor = self.tenant.actor(address=HOME)
        return self.api.hold(offer, start, **{"actor": actor, "customer": who} | fields)

    def wait(self, offer: Offer, start: Any, **fields: Any) -> Place:
        """A waitlist entry by a browser at home, in a new name."""
        actor = self.tenant.actor(address=HOME)
        return wait_for(self.api, offer, start, **{"actor": actor} | fields)

    def release(self, held: Any) -> None:
        self.api.call("release_hold", held.actor, held.id, None)

    def is_refused(self, act: Callable[..., Any], *arguments: Any, **fields: Any) -> bool:
        return refused(act, *arguments, **fields).sqlstate == "KHLIM"


def _address(fresh: Fresh, most: int) -> None:
    for _ in range(most):
        fresh.hold(fresh.room(), NOW + HOUR)
    assert fresh.is_refused(fresh.hold, fresh.room(), NOW + HOUR)


def _resource(fresh: Fresh, most: int) -> None:
    room = fresh.room()
    fresh.hold(room, NOW + HOUR, repeat={"weeks": most})
    assert fresh.is_refused(fresh.hold, room, NOW + 2 * DAY)


def _day(fresh: Fresh, most: int) -> None:
    room = fresh.room(capacity=most + 1)
    for _ in range(most):
        fresh.hold(room, NOW + HOUR)
    assert fresh.is_refused(fresh.hold, room, NOW + HOUR)


def _pace(fresh: Fresh, most: int) -> None:
    left = most
    while left:
        weeks = min(left, DEFAULTS["live_holds_per_resource"])
        repeat = {"repeat": {"weeks": weeks}} if weeks > 1 else {}
        checkout = fresh.api.checkout(fresh.hold(fresh.room(), NOW + HOUR, **repeat))
        assert fresh.api.settle(checkout, "paid") == "confirmed"  # so that no pause is required
        left -= weeks
    assert fresh.is_refused(fresh.hold, fresh.room(), NOW + HOUR)


def _lapses(fresh: Fresh, most: int) -> None:
    room = fresh.room()
    for _ in range(most):
        fresh.release(fresh.hold(room, NOW + HOUR))
    fresh.release(fresh.hold(room, NOW + HOUR))
    assert refused(fresh.hold, room, NOW + HOUR).detail == {"retry_after": 10}


def _taken(fresh: Fresh, count: int) -> tuple[Offer, list[Any]]:
    """Hours booked by servers' customers."""
    room = fresh.room()
    starts = [NOW + (1 + number) * HOUR for number in range(count)]
    actor = fresh.tenant.actor("secret")
    for start in starts:
        fresh.hold(room, start, actor=actor)
    return room, starts


def _places(fresh: Fresh, most: int) -> None:
    room, starts = _taken(fresh, most + 1)
    for start in starts[:-1]:
        fresh.wait(room, start)
    assert fresh.is_refused(fresh.wait, room, starts[-1])


def _joining(fresh: Fresh, most: int) -> None:
    room, (start,) = _taken(fresh, 1)
    for _ in range(most):
        place = fresh.wait(room, start)
        fresh.api.call("leave_waitlist", place.actor, place.id, None)
    assert fresh.is_refused(fresh.wait, room, start)


def _offers(fresh: Fresh, most: int) -> None:
    room = fresh.room()
    starts = [NOW + DAY + number * HOUR for number in range(most + 1)]
    held = [fresh.hold(room, start, actor=fresh.tenant.actor("secret")) for start in starts]
    places = [fresh.wait(room, start) for start in starts]
    for each in held:
        fresh.release(each)
    assert [place.state for place in places] == ["offered"] * most + ["waiting"]


def _days(fresh: Fresh, most: int) -> None:
    room = fresh.room()
    start = NOW + (most + 5) * DAY
    fresh.hold(room, start, actor=fresh.tenant.actor("secret"))
    assert fresh.wait(room, start).row.ends_at == NOW + most * DAY


def _customer(fresh: Fresh, most: int) -> None:
    room, actor = fresh.room(), fresh.tenant.actor("secret")
    who = {"name": "Ada", "email": "ada@example.com"}
    fresh.hold(room, NOW + HOUR, actor=actor, customer=who, repeat={"weeks": most})
    other = fresh.room()
    told = refused(fresh.hold, other, NOW + HOUR, actor=actor, customer=who)
    assert told.detail == {"retry_after": 300, "rule": "customer_periods"}


def _queue(fresh: Fresh, most: int) -> None:
    room, starts = _taken(fresh, most + 1)
    actor, who = fresh.tenant.actor("secret"), {"name": "Ada", "email": "ada@example.com"}
    for start in starts[:-1]:
        fresh.wait(room, start, actor=actor, customer=who)
    told = refused(fresh.wait, room, starts[-1], actor=actor, customer=who)
    assert told.detail["rule"] == "customer_places"


def _letters(fresh: Fresh, most: int, *, proved: bool = False) -> None:
    """One offer more to one mailbox than allowed, each from another address."""
    who = {"name": "Ada", "email": "ada@example.com"}
    room = fresh.room()
    if proved:
        paid = fresh.api.checkout(fresh.api.hold(room, NOW + 20 * DAY, customer=who))
        assert fresh.api.settle(paid, "paid") == "confirmed"
    server = fresh.tenant.actor("secret")
    for number in range(most + 1):
        start = NOW + HOUR + number * HOUR
        held = fresh.hold(room, start, actor=server)
        fresh.wait(room, start, actor=fresh.tenant.actor(address=f"{number}"), customer=who)
        fresh.release(held)
    leased: list[Any] = []
    while batch := fresh.api.claim():
        leased += batch
    told = [effect["offer"] is not None for effect in leased]
    assert sorted(told) == [False] + [True] * most
    assert [effect["withheld"] for effect in leased].count(True) == 1


ROWS: dict[str, Callable[[Fresh, int], None]] = {
    "live_holds_per_address": _address,
    "live_holds_per_resource": _resource,
    "live_holds_per_day": _day,
    "holds_per_hour": _pace,
    "free_lapses": _lapses,
    "places_per_address": _places,
    "places_per_hour": _joining,
    "offers_per_address": _offers,
    "place_days": _days,
    "live_holds_per_customer": _customer,
    "places_per_customer": _queue,
    "letters_per_unproved": _letters,
    "letters_per_proved": lambda fresh, most: _letters(fresh, most, proved=True),
}


@pytest.mark.parametrize("setting", DEFAULTS)
def test_a_row_of_the_policy(api: Api, setting: str) -> None:
    """Exactly as much as the policy says is allowed.

    Proves: ASVS 2.3.2
    """
    ROWS[setting](Fresh(api), DEFAULTS[setting])


@pytest.mark.parametrize("limit", [*policy.LIMITS, *policy.RATES], ids=lambda limit: limit.setting)
def test_the_table_has_what_the_policy_says(database: Database, limit: policy.Limit) -> None:
    """Default, range, and whether the limit can be switched off.

    Proves: ASVS 2.1.3
    """
    column = database.one(
        "select column_default, is_nullable from information_schema.columns"
        " where table_schema = 'core' and table_name = 'tenants' and column_name = %s",
        limit.setting,
    )
    tenant = Tenant(database)
    allowed = [limit.least, limit.most] + [None] * limit.may_be_none
    for value in allowed:
        database.execute(f"update core.tenants set {limit.setting} = %s", value)
    for value in {limit.least - 1, limit.most + 1}:
        refusal = refused(database.execute, f"update core.tenants set {limit.setting} = %s", value)
        assert refusal.sqlstate == "23514"

    assert tenant
    assert (column.column_default, column.is_nullable) == (
        str(limit.default),
        "YES" if limit.may_be_none else "NO",
    )


def test_a_series_that_no_browser_may_hold_is_a_servers(api: Api) -> None:
    """A year of weeks for a new customer: a server may hold it, and a browser gets a refusal."""
    fresh = Fresh(api)
    year = carts.cart(carts.period(fresh.room(), NOW + HOUR) | {"repeat": {"weeks": 52}})

    told = refused(carts.hold, api, fresh.tenant, year, actor=fresh.tenant.actor(address=HOME))

    assert (told.sqlstate, told.detail) == ("KHLIM", {})
    assert len(carts.hold(api, fresh.tenant, year, actor=fresh.tenant.actor("secret")).answer) > 1
