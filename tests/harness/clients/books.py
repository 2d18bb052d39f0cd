"""The ledger as tests read it and write to it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from tests.harness.database.builders import Tenant
from tests.harness.database.migrated import Database

NIL = UUID(int=0)
Line = tuple[str, UUID, int]  # account's kind, its subject, amount: above zero is a debit

_LINES = """array(
    select (l ->> 0, (l ->> 1)::uuid, (l ->> 2)::bigint)::core.ledger_line
    from jsonb_array_elements(%s) with ordinality as j (l, n) order by n)"""


def _json(lines: Iterable[Line]) -> Jsonb:
    return Jsonb([[kind, str(subject), amount] for kind, subject, amount in lines])


def lock(
    connection: psycopg.Connection[Any],
    tenant: Tenant,
    lines: Iterable[Line],
    currency: str = "EUR",
) -> None:
    """Make and lock the accounts of these lines."""
    query = f"select core.lock_accounts(%s, %s, {_LINES})"
    connection.execute(query.encode(), (tenant.id, currency, _json(lines)))


def post(
    connection: psycopg.Connection[Any],
    tenant: Tenant,
    reference: str,
    lines: Iterable[Line],
    currency: str = "EUR",
) -> UUID | None:
    """Post a journal whose accounts are locked; None if it was posted before."""
    query = f"select core.post(%s, %s, %s, null, {_LINES})"
    parameters = (tenant.id, reference, currency, _json(lines))
    (posted,) = connection.execute(query.encode(), parameters).fetchone() or (None,)
    return posted


def booked(database: Database) -> list[tuple[str, dict[str, int]]]:
    """Every journal in order: what happened, and the amount by the kind of the account."""
    rows = database.rows(
        "select split_part(j.reference, ':', 1) as event,"
        " jsonb_object_agg(k.kind, k.amount) as lines"
        " from ledger.journals as j join lateral ("
        "   select a.kind, sum(p.amount) as amount from ledger.postings as p"
        "   join ledger.accounts as a on a.tenant_id = p.tenant_id and a.id = p.account_id"
        "   where p.tenant_id = j.tenant_id and p.journal_id = j.id group by 1"
        " ) as k on true group by j.tenant_id, j.id, j.reference, j.at order by j.at, j.id"
    )
    return [(row.event, row.lines) for row in rows]


def balances(database: Database) -> dict[str, int]:
    """What the accounts of each kind have together; those with nothing are left out."""
    rows = database.rows(
        "select kind, sum(core.balance_of(tenant_id, kind, subject_id, currency)) as balance"
        " from ledger.accounts group by kind"
    )
    return {row.kind: int(row.balance) for row in rows if row.balance}
