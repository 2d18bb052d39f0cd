"""The calls of the daily comparison, for the plans tests; see `workload`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from psycopg.types.json import Jsonb

from tests.harness.clients.workload import Action, Workload
from tests.harness.database.builders import NOW

_WALK = uuid4()
_CREATED = int((NOW - timedelta(days=1)).timestamp())
_PAGE = 20
_FORGET = """
delete from core.reconciliations where finished_at is null;
delete from core.findings where resolved_at is null;
"""
_BEGIN = """
insert into core.reconciliations (id, from_at, until_at, phase, after, began_at)
values (%s, %s, %s, %s, %s, %s)
"""


def _walk(phase: str, after: str | None = None) -> Callable[[Workload], None]:
    """A run that has reached that phase."""

    def prepare(w: Workload) -> None:
        month, hour = timedelta(days=30), timedelta(hours=1)
        values = (_WALK, NOW - month, NOW + hour, phase, after and Jsonb(after), NOW)
        w.api.database.execute(_FORGET)
        w.api.database.execute(_BEGIN, *values)

    return prepare


def _continue(w: Workload, _: None) -> None:
    assert w.api.call("next_reconciliation_page", 30)["step"]["id"] == str(_WALK)


def _payments(w: Workload) -> list[dict[str, Any]]:
    """A page of payments, every second one of which is in our books; the run is at that page."""
    _walk("payments", "here")(w)
    paid = {"amount": 4500, "currency": "EUR", "created": _CREATED, "checkout_id": str(uuid4())}
    known = w.api.database.rows("select payment_intent_id as id from core.payments limit %s", _PAGE)
    names = [name for row in known for name in (row.id, f"pi_{uuid4().hex}")]
    return [{"type": "payment", "id": name, "object": paid} for name in names]


def _refunds(w: Workload) -> list[dict[str, Any]]:
    """A page of refunds that are not in our books, by any id."""
    _walk("refunds", "here")(w)
    made = {"amount": 4500, "currency": "EUR", "status": "succeeded", "created": _CREATED}
    ours = {"refund_id": str(uuid4()), "tenant_id": str(w.tenant.id)}
    return [
        {"type": "refund", "id": f"re_{uuid4().hex}", "metadata": ours, "object": made}
        for _ in range(_PAGE)
    ]


def _reconcile(phase: str) -> Callable[[Workload, list[dict[str, Any]]], None]:
    def act(w: Workload, seen: list[dict[str, Any]]) -> None:
        # it continues from and to the same position, so that it can be called again
        step = {"id": str(_WALK), "phase": phase, "after": "here", "next": "here"}
        answer = w.api.call("submit_reconciliation_page", step, Jsonb(seen), Jsonb([]))
        assert len(answer["found"]) == _PAGE

    return act


RECONCILIATION = {
    "next_reconciliation_page": Action(_walk("payments"), _continue),
    "next_reconciliation_page, payments": Action(_walk("our_payments"), _continue),
    "next_reconciliation_page, refunds": Action(_walk("our_refunds"), _continue),
    "next_reconciliation_page, findings": Action(_walk("findings"), _continue),
    "submit_reconciliation_page": Action(_payments, _reconcile("payments")),
    "submit_reconciliation_page, refunds": Action(_refunds, _reconcile("refunds")),
}
