"""What must hold between our tables and what Stripe's double knows."""

from collections import Counter
from typing import Any

from dev.stripe_double.double import Double
from tests.harness.database.migrated import Database

Body = dict[str, Any]


def violations(database: Database, double: Double, *, quiescent: bool) -> list[str]:
    """Where the two disagree, a line each."""
    sessions = _bodies(double, "checkout.session")
    found = _payments(database, double, quiescent=quiescent)
    found += _refunds(database, double, quiescent=quiescent)
    found += _sessions(database, sessions, quiescent=quiescent)
    if quiescent:
        found += _clearing(database, double)
    return found


def _bodies(double: Double, kind: str) -> list[Body]:
    return [document.body for document in double.documents(kind)]


def _payments(database: Database, double: Double, *, quiescent: bool) -> list[str]:
    """Every payment of ours was captured there; once all events arrived, also the other way
    round.
    """
    theirs = {
        body["id"]: (body["amount_received"], body["currency"].upper())
        for body in _bodies(double, "payment_intent")
        if body["amount_received"]
    }
    ours = {
        row.payment_intent_id: (row.amount, row.currency)
        for row in database.rows("select * from core.payments")
    }
    found = [
        f"I3: {intent} is {ours[intent]} here and {theirs.get(intent)} at Stripe"
        for intent in ours
        if theirs.get(intent) != ours[intent]
    ]
    if quiescent:
        found += [
            f"I6: {intent} was captured at Stripe and is unknown here"
            for intent in theirs.keys() - ours.keys()
        ]
    return found


def _refunds(database: Database, double: Double, *, quiescent: bool) -> list[str]:
    """One row of ours is at most one refund there, of the same amount of the same payment."""
    rows = {
        str(row.id): row
        for row in database.rows(
            "select r.*, p.payment_intent_id from core.refunds as r join core.payments as p"
            " on p.tenant_id = r.tenant_id and p.id = r.payment_id"
        )
    }
    theirs = _bodies(double, "refund")
    made = Counter((body.get("metadata") or {}).get("refund_id") for body in theirs)
    found = [f"I4: refund {row} was made {n} times at Stripe" for row, n in made.items() if n > 1]
    for body in theirs:
        row = rows.get((body.get("metadata") or {}).get("refund_id", ""))
        if row is None:
            found.append(f"I4: {body['id']} at Stripe belongs to no refund here")
        elif (row.amount, row.currency, row.payment_intent_id) != (
            body["amount"],
            body["currency"].upper(),
            body["payment_intent"],
        ):
            found.append(f"I3: {body['id']} is not what refund {row.id} asked for")
        elif quiescent and (row.status, row.stripe_refund_id) != (
            {"canceled": "failed"}.get(body["status"], body["status"]),
            body["id"],
        ):
            found.append(f"I6: refund {row.id} is {row.status} here and {body['status']} at Stripe")
    if quiescent:
        found += [
            f"I6: refund {row} is {rows[row].status} here and unknown at Stripe"
            for row in rows.keys() - made.keys()
            if rows[row].status != "failed"
        ]
    return found


def _clearing(database: Database, double: Double) -> list[str]:
    """Once all events are in, the ledger has at Stripe what came there and was not sent back."""
    theirs: Counter[str] = Counter()
    for body in _bodies(double, "payment_intent"):
        theirs[body["currency"].upper()] += body["amount_received"] or 0
    for body in _bodies(double, "refund"):
        if body["status"] == "succeeded":
            theirs[body["currency"].upper()] -= body["amount"]
    ours = Counter(
        {
            row.currency: int(row.amount)
            for row in database.rows(
                "select a.currency, sum(p.amount) as amount from ledger.accounts as a"
                " join ledger.postings as p on p.tenant_id = a.tenant_id and p.account_id = a.id"
                " where a.kind = 'clearing' group by a.currency"
            )
        }
    )
    return [
        f"I2: {ours[currency]} {currency} in the ledger, and {theirs[currency]} at Stripe"
        for currency in sorted(ours.keys() | theirs.keys())
        if ours[currency] != theirs[currency]
    ]


def _sessions(database: Database, sessions: list[Body], *, quiescent: bool) -> list[str]:
    """No session can be paid, or was paid, that we do not know of or do not wait for."""
    rows = {
        str(row.id): row
        for row in database.rows(
            "select c.id, c.stripe_session_id, c.state, b.status,"
            " coalesce(g.state = 'pending', b.status = 'paying') as awaited, exists ("
            "   select from core.effects as e where e.tenant_id = c.tenant_id"
            "   and e.checkout_id = c.id and e.state = 'pending') as closing"
            " from core.checkouts as c join core.bookings as b"
            " on b.tenant_id = c.tenant_id and b.id = c.booking_id"
            " left join core.reschedules as g"
            " on g.tenant_id = c.tenant_id and g.id = c.reschedule_id"
        )
    }
    found = []
    for body in sessions:
        row = rows.get((body.get("metadata") or {}).get("checkout_id", ""))
        if row is None or (
            row.stripe_session_id is not None and row.stripe_session_id != body["id"]
        ):
            if body["status"] == "open" or body["payment_status"] == "paid":
                found.append(f"I5: {body['id']} is {body['status']} and unknown here")
        elif row.stripe_session_id is None and body["payment_status"] == "paid":
            found.append(f"I5: {body['id']} was paid before its address was known here")
        elif body["status"] == "open" and not row.closing:
            if not row.awaited:
                found.append(f"I5: {body['id']} is open, its booking {row.status}")
            elif quiescent and row.state not in ("creating", "open"):
                found.append(f"I5: {body['id']} is open at Stripe and {row.state} here")
    open_ones = Counter(
        (body.get("metadata") or {}).get("booking_id")
        for body in sessions
        if body["status"] == "open"
    )
    found += [f"I5: booking {one} has {n} open sessions" for one, n in open_ones.items() if n > 1]
    return found
