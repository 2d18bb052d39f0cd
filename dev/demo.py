"""Demo data: a tenant with three very different things to book. Made once, then left alone."""

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg

from dev.secrets import LocalSecrets


@dataclass(frozen=True, slots=True)
class DemoTenant:
    """What a client needs to know to begin: ids and names, as in stack.json."""

    tenant_id: str
    resources: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Offering:
    name: str
    minutes: int | None  # None: a whole date
    prices: dict[tuple[str, str], tuple[int, str]]  # (tier, package) → minor units, ISO 4217


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
)


def seed(conninfo: str, secrets: LocalSecrets) -> DemoTenant:
    """Put the demo tenant into the database, if it is not there yet.

    Args:
        conninfo: the migrated database, as its superuser.
        secrets: the keys that shall open the tenant.
    """
    tenant = _id("tenant")
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            "insert into core.tenants (id, name, created_at)"
            " values (%s, 'Holdfast demo', core.clock()) on conflict do nothing",
            (tenant,),
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
        resources = [_resource(connection, tenant, resource) for resource in _RESOURCES]
    return DemoTenant(str(tenant), resources)


def _resource(
    connection: psycopg.Connection[Any], tenant: UUID, resource: _Resource
) -> dict[str, Any]:
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
                    " (tenant_id, id, resource_id, weekday, opens, closes, created_at)"
                    " values (%s, core.new_id(), %s, %s, %s, %s, core.clock())",
                    (tenant, resource_id, weekday, opens, closes),
                )
    return {
        "id": str(resource_id),
        "name": resource.name,
        "timezone": resource.timezone,
        "booking_mode": resource.mode,
        "offerings": [
            _offering(connection, tenant, resource_id, resource.mode, offering)
            for offering in resource.offerings
        ],
    }


def _offering(
    connection: psycopg.Connection[Any],
    tenant: UUID,
    resource_id: UUID,
    mode: str,
    offering: _Offering,
) -> dict[str, Any]:
    offering_id = _id(f"{resource_id}/{offering.name}")
    connection.execute(
        "insert into core.offerings"
        " (tenant_id, id, name, booking_mode, duration_minutes, created_at, updated_at)"
        " values (%s, %s, %s, %s, %s, core.clock(), core.clock()) on conflict do nothing",
        (tenant, offering_id, offering.name, mode, offering.minutes),
    )
    connection.execute(
        "insert into core.resource_offerings (tenant_id, resource_id, offering_id, booking_mode)"
        " values (%s, %s, %s, %s) on conflict do nothing",
        (tenant, resource_id, offering_id, mode),
    )
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
    return {
        "id": str(offering_id),
        "name": offering.name,
        "duration_minutes": offering.minutes,
        "prices": [
            {"tier": tier, "package": package, "amount": amount, "currency": currency}
            for (tier, package), (amount, currency) in offering.prices.items()
        ],
    }


def _id(name: str) -> UUID:
    """The same id for the same thing in every run."""
    return uuid5(NAMESPACE_URL, f"holdfast:demo:{name}")
