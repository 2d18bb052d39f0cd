"""The books as they were before there was a ledger, and opened by the migration once more."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.harness.database.cluster import SQL_DIR
from tests.harness.database.migrated import Database

_AFTER = SQL_DIR / "migrations" / "0014_ledger.after.sql"
_CLOSE = """
set local session_replication_role = replica;
update core.refunds as r set return_id = null, booking_id = p.booking_id
from core.payments as p where p.tenant_id = r.tenant_id and p.id = r.payment_id;
update core.effects as e set booking_id = r.booking_id
from core.refunds as r where r.tenant_id = e.tenant_id and r.id = e.refund_id;
delete from core.return_parts;
delete from core.allocations;
delete from core.returns;
delete from ledger.postings;
delete from ledger.journals;
delete from ledger.accounts;
set local session_replication_role = origin;
"""
_BOOKS = """
select kind || ' of ' || subject_id || ' in ' || currency as account,
    core.balance_of(tenant_id, kind, subject_id, currency) as balance
from ledger.accounts
union all
select 'booking ' || a.booking_id || ' by ' || a.payment_id, a.value * 1000000000 + a.returned
from core.allocations as a
union all
select 'refund ' || r.id || ' of ' || r.booking_id || ' for ' || t.key || ' of ' || t.amount, 0
from core.refunds as r join core.returns as t on t.tenant_id = r.tenant_id and t.id = r.return_id
union all
select 'booking ' || b.id || ' says ' || b.payment_status, b.version from core.bookings as b
"""


def books(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """What the ledger, the allocations, the returns and the bookings say, by what it is about."""
    rows = connection.execute(_BOOKS.encode()).fetchall()
    return {row[0]: int(row[1]) for row in rows}


@contextmanager
def closed(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A transaction without a ledger, in which refunds name what they did then."""
    with database.connect() as connection:
        connection.execute(_CLOSE.encode())
        yield connection


def opened(connection: psycopg.Connection[Any]) -> list[str]:
    """Run the migration's file; what it said."""
    said: list[str] = []
    connection.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
    connection.execute("set local role holdfast_owner")
    connection.execute("set local search_path = public")
    connection.execute(_AFTER.read_text(encoding="utf-8").encode())
    connection.execute("reset role")
    return said
