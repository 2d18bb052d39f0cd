"""A second tenant, to show that it sees nothing of the first."""

import secrets
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from holdfast.access.actors import digest
from tests.harness.database.migrated import Database


def new_key(kind: str = "pk", tenant_id: str | None = None) -> str:
    """An API key in the real format; without a tenant, in the older one."""
    tenant = "" if tenant_id is None else f"{UUID(tenant_id).hex}_"
    return f"{kind}_test_{tenant}{secrets.token_hex(24)}"


def add_key(
    database: Database, tenant_id: str, kind: str, key: str, *, revoked: bool = False
) -> None:
    """Let a key open a tenant; a revoked one no longer opens it."""
    database.execute(
        "insert into core.api_keys (tenant_id, id, kind, key_hash, label, created_at, revoked_at)"
        " values (%s, core.new_id(), %s, %s, 'test', core.clock(),"
        " case when %s then core.clock() end)",
        tenant_id,
        kind,
        digest(key),
        revoked,
    )


@dataclass(frozen=True)
class Tenant:
    """A tenant with one tutor, open every day from 09:00 to 17:00 in London."""

    tenant_id: str = field(default_factory=lambda: str(uuid4()))
    resource_id: str = field(default_factory=lambda: str(uuid4()))
    offering_id: str = field(default_factory=lambda: str(uuid4()))
    publishable_key: str = field(default_factory=new_key)
    secret_key: str = field(default_factory=lambda: new_key("sk"))


def add_tenant(database: Database) -> Tenant:
    """Make another tenant."""
    made = Tenant()
    ids = {"tenant": made.tenant_id, "resource": made.resource_id, "offering": made.offering_id}
    for statement in (
        "insert into core.tenants (id, name, created_at)"
        " values (%(tenant)s, 'Another', core.clock())",
        "insert into core.resources (tenant_id, id, name, timezone, created_at, updated_at)"
        " values (%(tenant)s, %(resource)s, 'Somebody', 'Europe/London', core.clock(),"
        " core.clock())",
        "insert into core.offerings"
        " (tenant_id, id, name, duration_minutes, created_at, updated_at)"
        " values (%(tenant)s, %(offering)s, 'Lesson', 60, core.clock(), core.clock())",
        "insert into core.resource_offerings (tenant_id, resource_id, offering_id, booking_mode)"
        " values (%(tenant)s, %(resource)s, %(offering)s, 'slot')",
        "insert into core.tiers values (%(tenant)s, %(offering)s, 'standard')",
        "insert into core.packages values (%(tenant)s, %(offering)s, 'standard', 'single')",
        "insert into core.prices (tenant_id, offering_id, tier, package, amount, currency,"
        " created_at, updated_at) values"
        " (%(tenant)s, %(offering)s, 'standard', 'single', 3000, 'EUR', core.clock(),"
        " core.clock())",
        "insert into core.weekly_hours"
        " (tenant_id, id, resource_id, weekday, opens, closes, created_at)"
        " select %(tenant)s, core.new_id(), %(resource)s, day, '09:00', '17:00', core.clock()"
        " from generate_series(1, 7) as day",
    ):
        with database.connect(autocommit=True) as connection:
            connection.execute(statement.encode(), ids)
    add_key(database, made.tenant_id, "publishable", made.publishable_key)
    add_key(database, made.tenant_id, "secret", made.secret_key)
    return made
