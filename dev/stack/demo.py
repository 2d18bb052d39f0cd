"""Demo data: a tenant with very different things to book. Made once, then left alone."""

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg

from dev.stack.secrets import DEMO_TENANT, LocalSecrets


@dataclass(frozen=True, slots=True)
class DemoTenant:
    """What a client needs to know to begin: ids and names, as in stack.json."""

    tenant_id: str
    resources: list[dict[str, Any]]
    pools: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Offering:
    name: str
    minutes: int | None  # None: a whole date
    prices: dict[tuple[str, str], tuple[int, str]]  # (tier, package) → minor units, ISO 4217
    group_size: int | None = None  # customers who share one period


@dataclass(frozen=True, slots=True)
class _Resource:
    name: str
    timezone: str
    offerings: tuple[_Offering, ...]
    hours: tuple[tuple[str, str], ...] = (("09:00", "17:00"),)
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    mode: str = "slot"
    capacity: int = 1
    buffers: tuple[int, int] = (0, 0)
    step: int = 30
    notice: int = 0
    horizon: int = 90
    season: tuple[str, str] | None = None  # local dates, both included
    shares: str | None = None  # also has the first offering of the resource with this name


_RESOURCES = (
    _Resource(
        "Ada Lovelace, maths tutor",
        "Europe/London",
        (
            _Offering("Single lesson", 60, {("standard", "single"): (4500, "GBP")}),
            _Offering("Exam preparation", 90, {("standard", "single"): (7000, "GBP")}),
        ),
        hours=(("09:00", "12:00"), ("13:00", "18:00")),
        buffers=(0, 15),
    ),
    _Resource(
        "Yoga studio",
        "America/New_York",
        (
            _Offering(
                "Open class",
                60,
                {("standard", "single"): (2200, "USD"), ("premium", "single"): (3500, "USD")},
            ),
        ),
        hours=(("07:00", "21:00"),),
        capacity=8,
        step=60,
    ),
    _Resource(
        "Garden venue",
        "Australia/Lord_Howe",  # its clocks change by half an hour
        (_Offering("Whole day", None, {("standard", "single"): (95000, "AUD")}),),
        hours=(("00:00", "24:00"),),
        mode="date",
        horizon=365,
    ),
    _Resource(
        "Mary Somerville, maths tutor",
        "Europe/London",
        (),
        hours=(("10:00", "16:00"), ("20:00", "01:00")),  # past midnight
        weekdays=(1, 2, 3, 4),
        shares="Ada Lovelace, maths tutor",
    ),
    _Resource(
        "Sunrise yoga in the park",
        "America/New_York",
        (_Offering("Group class", 60, {("standard", "single"): (1500, "USD")}, group_size=8),),
        hours=(("06:00", "08:00"),),
        step=60,
        horizon=365,
        season=("2026-01-01", "2030-12-31"),
    ),
)
# Where payment pages may lead: this machine's own pages, and the shop of the README.
_RETURN_ORIGINS = (
    "http://localhost:*",
    "http://127.0.0.1:*",
    "https://studio.example",
)
_CLOSED = ("Mary Somerville, maths tutor", "2027-01-01", "New Year's Day")
_POOLS = {"Any maths tutor": ("Ada Lovelace, maths tutor", "Mary Somerville, maths tutor")}


def seed(conninfo: str, secrets: LocalSecrets) -> DemoTenant:
    """Put the demo tenant into the database, if it is not there yet.

    Args:
        conninfo: the migrated database, as its superuser.
        secrets: the keys of the tenant.
    """
    tenant = DEMO_TENANT
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            # all requests come from this machine, and most of them for the same customer
            "insert into core.tenants"
            " (id, name, live_holds_per_customer, live_holds_per_address, live_holds_per_resource,"
            " live_holds_per_day, holds_per_hour, free_lapses, places_per_customer,"
            " places_per_address, places_per_hour, offers_per_address, letters_per_unproved,"
            " letters_per_proved, created_at)"
            " values (%s, 'Holdfast demo', 10000, 100000, null, null, null, null, 10000,"
            " null, null, null, 1000, 1000, core.clock()) on conflict do nothing",
            (tenant,),
        )
        connection.execute(
            "update core.tenants set rate_reads = 1000000, rate_holds = 1000000,"
            " rate_waitlist = 1000000, rate_checkouts = 1000000, rate_writes = 1000000,"
            " rate_mailbox = 1000000 where id = %s",
            (tenant,),
        )
        connection.execute(  # a database from before the list gets it as well
            "update core.tenants set return_origins = %s"
            " where id = %s and coalesce(cardinality(return_origins), 0) = 0",
            (list(_RETURN_ORIGINS), tenant),
        )
        for kind, key in (
            ("publishable", secrets.publishable_key),
            ("secret", secrets.secret_key),
        ):
            connection.execute(
                "insert into core.api_keys (tenant_id, id, kind, key_hash, label, created_at)"
                " values (%s, core.new_id(), %s, %s, 'local stack', core.clock())"
                " on conflict do nothing",
                (tenant, kind, hashlib.sha256(key.encode()).digest()),
            )
        for resource in _RESOURCES:
            _insert_resource(connection, tenant, resource)
        for name, members in _POOLS.items():
            _insert_pool(connection, tenant, name, members)
        connection.execute(
            "insert into core.date_overrides"
            " (tenant_id, id, resource_id, on_date, reason, created_at, updated_at)"
            " values (%s, %s, %s, %s, %s, core.clock(), core.clock()) on conflict do nothing",
            (tenant, _id("closed"), _id(_CLOSED[0]), *_CLOSED[1:]),
        )
    return described()


def described() -> DemoTenant:
    """What `seed` puts there."""
    return DemoTenant(
        str(DEMO_TENANT),
        [_resource(resource) for resource in _RESOURCES],
        [
            {
                "id": str(_id(name)),
                "name": name,
                "resource_ids": [str(_id(member)) for member in members],
            }
            for name, members in _POOLS.items()
        ],
    )


def _resource(resource: _Resource) -> dict[str, Any]:
    offerings = [_offering(_id(resource.name), offering) for offering in resource.offerings]
    if resource.shares is not None:
        offerings.append(_offering(_id(resource.shares), _shared(resource)))
    return {
        "id": str(_id(resource.name)),
        "name": resource.name,
        "timezone": resource.timezone,
        "booking_mode": resource.mode,
        "offerings": offerings,
    }


def _shared(resource: _Resource) -> _Offering:
    (other,) = [each for each in _RESOURCES if each.name == resource.shares]
    return other.offerings[0]


def _offering(resource_id: UUID, offering: _Offering) -> dict[str, Any]:
    return {
        "id": str(_offering_id(resource_id, offering)),
        "name": offering.name,
        "duration_minutes": offering.minutes,
        "prices": [
            {"tier": tier, "package": package, "amount": amount, "currency": currency}
            for (tier, package), (amount, currency) in offering.prices.items()
        ],
    }


def _offering_id(resource_id: UUID, offering: _Offering) -> UUID:
    return _id(f"{resource_id}/{offering.name}")


def _insert_pool(
    connection: psycopg.Connection[Any], tenant: UUID, name: str, members: tuple[str, ...]
) -> None:
    connection.execute(
        "insert into core.pools (tenant_id, id, name, created_at, updated_at)"
        " values (%s, %s, %s, core.clock(), core.clock()) on conflict do nothing",
        (tenant, _id(name), name),
    )
    for member in members:
        connection.execute(
            "insert into core.pool_resources (tenant_id, pool_id, resource_id)"
            " values (%s, %s, %s) on conflict do nothing",
            (tenant, _id(name), _id(member)),
        )


def _insert_resource(
    connection: psycopg.Connection[Any], tenant: UUID, resource: _Resource
) -> None:
    resource_id = _id(resource.name)
    made = connection.execute(
        "insert into core.resources (tenant_id, id, name, timezone, booking_mode, capacity,"
        " buffer_before_minutes, buffer_after_minutes, step_minutes, notice_minutes, horizon_days,"
        " created_at, updated_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, core.clock(), core.clock())"
        " on conflict do nothing returning id",
        (
            *(tenant, resource_id, resource.name, resource.timezone, resource.mode),
            *(resource.capacity, *resource.buffers),
            *(resource.step, resource.notice, resource.horizon),
        ),
    ).fetchone()
    if made is not None:
        for weekday in resource.weekdays:
            for opens, closes in resource.hours:
                connection.execute(
                    "insert into core.weekly_hours"
                    " (tenant_id, id, resource_id, weekday, opens, closes, valid_from,"
                    " valid_until, created_at)"
                    " values (%s, core.new_id(), %s, %s, %s, %s, %s, %s, core.clock())",
                    (
                        *(tenant, resource_id, weekday, opens, closes),
                        *(resource.season or (None, None)),
                    ),
                )
    for offering in resource.offerings:
        _insert_offering(connection, tenant, resource_id, resource.mode, offering)
    if resource.shares is not None:
        shared = _offering_id(_id(resource.shares), _shared(resource))
        _link(connection, tenant, resource_id, shared, resource.mode)


def _link(
    connection: psycopg.Connection[Any], tenant: UUID, resource: UUID, offering: UUID, mode: str
) -> None:
    connection.execute(
        "insert into core.resource_offerings (tenant_id, resource_id, offering_id, booking_mode)"
        " values (%s, %s, %s, %s) on conflict do nothing",
        (tenant, resource, offering, mode),
    )


def _insert_offering(
    connection: psycopg.Connection[Any],
    tenant: UUID,
    resource_id: UUID,
    mode: str,
    offering: _Offering,
) -> None:
    offering_id = _offering_id(resource_id, offering)
    connection.execute(
        "insert into core.offerings"
        " (tenant_id, id, name, booking_mode, duration_minutes, group_size, created_at, updated_at)"
        " values (%s, %s, %s, %s, %s, %s, core.clock(), core.clock()) on conflict do nothing",
        (tenant, offering_id, offering.name, mode, offering.minutes, offering.group_size),
    )
    _link(connection, tenant, resource_id, offering_id, mode)
    for (tier, package), (amount, currency) in offering.prices.items():
        connection.execute(
            "insert into core.tiers (tenant_id, offering_id, tier) values (%s, %s, %s)"
            " on conflict do nothing",
            (tenant, offering_id, tier),
        )
        connection.execute(
            "insert into core.packages (tenant_id, offering_id, tier, package)"
            " values (%s, %s, %s, %s) on conflict do nothing",
            (tenant, offering_id, tier, package),
        )
        connection.execute(
            "insert into core.prices (tenant_id, offering_id, tier, package, amount, currency,"
            " created_at, updated_at)"
            " values (%s, %s, %s, %s, %s, %s, core.clock(), core.clock()) on conflict do nothing",
            (tenant, offering_id, tier, package, amount, currency),
        )


def _id(name: str) -> UUID:
    """The same id for the same thing in every run."""
    return uuid5(NAMESPACE_URL, f"holdfast:demo:{name}")
