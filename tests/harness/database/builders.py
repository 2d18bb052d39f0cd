"""Builders of rows: a tenant, its keys, and what can be booked there.

Each has sensible defaults; keywords override columns. Rows are written as superuser, as an operator
would; the constraints and triggers still check them.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.range import Range

from tests.harness.database.migrated import Database

NOW = datetime(2031, 3, 3, 8, 0, tzinfo=UTC)  # a Monday, far from any clock change
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


def sha256(text: str) -> bytes:
    """What the database stores of a key or a secret."""
    return hashlib.sha256(text.encode()).digest()


def insert(database: Database, table: str, **columns: object) -> None:
    """Insert one row; the names of columns are the keywords."""
    holes = ", ".join(["%s"] * len(columns))
    names = ", ".join(columns)
    database.execute(f"insert into {table} ({names}) values ({holes})", *columns.values())


class Tenant:
    """A tenant with one publishable and one secret key."""

    def __init__(self, database: Database, **columns: object) -> None:
        self.database = database
        self.id = uuid4()
        self.keys = {"publishable": f"pk_test_{uuid4().hex}", "secret": f"sk_test_{uuid4().hex}"}
        insert(
            database,
            "core.tenants",
            **{
                "id": self.id,
                "name": "A studio",
                "created_at": database.clock.now(),
                "live_holds_per_customer": 1000,  # Grace is the default customer
                "return_origins": ["https://a.example", "https://b.example"],
            }
            | columns,
        )
        for kind in self.keys:
            self.key(kind)

    def key(self, kind: str, text: str | None = None, **columns: object) -> UUID:
        """Store an API key; `text` is the key itself, by default the tenant's own of that kind."""
        identifier = uuid4()
        values = {
            "tenant_id": self.id,
            "id": identifier,
            "kind": kind,
            "key_hash": sha256(text or self.keys[kind]),
            "label": "tests",
            "created_at": self.database.clock.now(),
        }
        insert(self.database, "core.api_keys", **values | columns)
        return identifier

    def actor(
        self, kind: str = "publishable", *, secret: str | None = None, address: str | None = None
    ) -> dict[str, Any]:
        """First argument of the functions that act for a caller; `secret` opens one booking,
        `address` is the network address of the caller's browser.
        """
        return {
            "key_hash": sha256(self.keys[kind]).hex(),
            "booking_secret_hash": sha256(secret).hex() if secret else None,
            "address_hash": sha256(address).hex() if address else None,
            "request_id": "req-1",
        }

    def resource(self, **columns: object) -> UUID:
        """A resource without hours or offerings: one place, in UTC, a start every half hour."""
        return self._row("core.resources", {"name": "Room", "timezone": "UTC"} | columns)

    def offering(self, resource_id: UUID, **columns: object) -> UUID:
        """An hour, or with booking_mode="date" a whole date, that the resource offers."""
        minutes = None if columns.get("booking_mode") == "date" else 60
        identifier = self._row(
            "core.offerings", {"name": "Session", "duration_minutes": minutes} | columns
        )
        insert(
            self.database,
            "core.resource_offerings",
            tenant_id=self.id,
            resource_id=resource_id,
            offering_id=identifier,
            booking_mode=columns.get("booking_mode", "slot"),
        )
        return identifier

    def price(
        self,
        offering_id: UUID,
        tier: str = "standard",
        package: str = "single",
        amount: int = 4500,
        currency: str = "EUR",
    ) -> None:
        """A price in minor units, with the tier and the package it is for."""
        names: dict[str, object] = {"tenant_id": self.id, "offering_id": offering_id}
        for table, column, value in (
            ("core.tiers", "tier", tier),
            ("core.packages", "package", package),
        ):
            names[column] = value
            columns, holes = ", ".join(names), ", ".join(["%s"] * len(names))
            self.database.execute(
                f"insert into {table} ({columns}) values ({holes}) on conflict do nothing",
                *names.values(),
            )
        now = self.database.clock.now()
        insert(
            self.database,
            "core.prices",
            **names,
            amount=amount,
            currency=currency,
            created_at=now,
            updated_at=now,
        )

    def hours(
        self,
        resource_id: UUID,
        opens: str = "09:00",
        closes: str = "17:00",
        weekdays: Iterable[int] = EVERY_DAY,
    ) -> None:
        """Opening hours by the wall clock of the resource's zone; weekdays are ISO, Monday 1."""
        for weekday in weekdays:
            insert(
                self.database,
                "core.weekly_hours",
                tenant_id=self.id,
                id=uuid4(),
                resource_id=resource_id,
                weekday=weekday,
                opens=opens,
                closes=closes,
                created_at=self.database.clock.now(),
            )

    def override(
        self, resource_id: UUID, day: date, opens: str | None = None, closes: str | None = None
    ) -> None:
        """Other hours on one local day; closed without them."""
        columns = {"resource_id": resource_id, "on_date": day, "opens": opens, "closes": closes}
        self._row("core.date_overrides", columns)

    def blackout(self, resource_id: UUID, starts_at: datetime, ends_at: datetime) -> UUID:
        """A time in which no new bookings are possible."""
        during = Range(starts_at, ends_at, "[)")
        return self._row("core.blackouts", {"resource_id": resource_id, "during": during})

    def pool(self, resource_ids: Iterable[UUID], **columns: object) -> UUID:
        """A pool of these resources."""
        identifier = self._row("core.pools", {"name": "Any of them"} | columns)
        for resource_id in resource_ids:
            insert(
                self.database,
                "core.pool_resources",
                tenant_id=self.id,
                pool_id=identifier,
                resource_id=resource_id,
            )
        return identifier

    def customer(self, **columns: object) -> UUID:
        """A customer with an address of their own."""
        values = {"email": f"{uuid4().hex}@example.com", "name": "Grace Hopper"}
        return self._row("core.customers", values | columns)

    def offer(
        self,
        *,
        duration: int | None = 60,
        opens: str = "09:00",
        closes: str = "17:00",
        weekdays: Iterable[int] = EVERY_DAY,
        amount: int = 4500,
        currency: str = "EUR",
        **columns: object,
    ) -> "Offer":
        """A resource that can be booked at once: with opening hours, an offering and a price.

        Args:
            duration: minutes of the offering; None books whole dates.
            columns: of core.resources.
        """
        mode = "date" if duration is None else "slot"
        resource_id = self.resource(booking_mode=mode, **columns)
        offering_id = self.offering(resource_id, booking_mode=mode, duration_minutes=duration)
        self.price(offering_id, amount=amount, currency=currency)
        self.hours(resource_id, opens, closes, weekdays)
        return Offer(self, resource_id, offering_id)

    def _row(self, table: str, columns: dict[str, object]) -> UUID:
        identifier, now = uuid4(), self.database.clock.now()
        base: dict[str, object] = {
            "tenant_id": self.id,
            "id": identifier,
            "created_at": now,
            "updated_at": now,
        }
        insert(self.database, table, **base | columns)
        return identifier


@dataclass(frozen=True, slots=True)
class Offer:
    """One offering of one resource."""

    tenant: Tenant
    resource_id: UUID
    offering_id: UUID

    def request(self, starts_at: datetime | str | None = None, **fields: Any) -> dict[str, Any]:
        """What a client asks of create_hold; `date` instead of a start books a whole date."""
        wanted = {"date": None} if "date" in fields else {"starts_at": str(starts_at)}
        return (
            {
                "resource_id": str(self.resource_id),
                "offering_id": str(self.offering_id),
                "tier": "standard",
                "package": "single",
                "customer": {"name": "Grace Hopper", "email": "grace@example.com"},
            }
            | wanted
            | fields
        )

    def booking(self, starts_at: datetime, ends_at: datetime, **columns: object) -> UUID:
        """A booking's row alone, written without any function; expired by default."""
        identifier = uuid4()
        now = self.tenant.database.clock.now()
        values: dict[str, object] = {
            "tenant_id": self.tenant.id,
            "id": identifier,
            "resource_id": self.resource_id,
            "offering_id": self.offering_id,
            "tier": "standard",
            "package": "single",
            "customer_name": "Grace Hopper",
            "starts_at": starts_at,
            "ends_at": ends_at,
            "buffer_before_minutes": 0,
            "buffer_after_minutes": 0,
            "amount": 4500,
            "currency": "EUR",
            "rate_locked_at": now,
            "status": "expired",
            "client_secret_hash": sha256(str(identifier)),
            "created_at": now,
            "updated_at": now,
        }
        if "customer_id" not in columns:
            values["customer_id"] = self.tenant.customer()
        insert(self.tenant.database, "core.bookings", **values | columns)
        return identifier
