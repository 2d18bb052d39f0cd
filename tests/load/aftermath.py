"""After a run: let everything come to rest, then compare the answers with the final state."""

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dev.stripe_double.double import Double
from dev.stripe_double.storage import Storage
from tests.harness.database.cluster import External
from tests.harness.database.migrated import Database
from tests.harness.laws.invariants import violations
from tests.load.faults import Faults, set_clock
from tests.load.figures import Figures, Told
from tests.stack.running import Stack, send

_QUIET_SECONDS = 180.0
_CONFIRMED = frozenset({"confirmed"})
_PAID = frozenset({"confirmed", "refunded"})
_UNPAID = frozenset({"expired", "confirmed", "refunded"})  # the browser may not have seen it paid


@dataclass(frozen=True)
class Verdict:
    """The final state, and what is wrong with it."""

    bookings: dict[str, int]  # by status and payment status
    captured: dict[str, int]  # minor units by currency
    refunded: dict[str, int]
    wrong: list[str]
    seconds: float


def judge(stack: Stack, figures: Figures, faults: Faults) -> Verdict:
    """Let banks decide, time pass and sweeps run until nothing happens; then check."""
    begun = time.monotonic()
    database = Database(External(stack.manifest["database"]), "holdfast")
    double = Double(Storage(stack.folder / "stripe.sqlite"))
    try:
        _decide_payments(stack, random.Random(f"{faults.seed}/bank"))
        set_clock(stack.manifest["database"], faults.ahead + timedelta(hours=2))
        wrong = _come_to_rest(stack)
        wrong += violations(database, double, quiescent=True)
        captured, refunded = _our_books(database)
        state = double.state()
        theirs = (state["captured"], state["refunded"])
        if theirs != (captured, refunded):
            wrong.append(f"I3: Stripe's books say {theirs}, ours {(captured, refunded)}")
        wrong += _broken_promises(stack, figures)
        wrong += _unknown_bookings(database, figures)
        return Verdict(_counted(database), captured, refunded, wrong, time.monotonic() - begun)
    finally:
        database.close()
        double.close()


def _state(stack: Stack) -> dict[str, Any]:
    answer = send("GET", f"{stack.manifest['stripe']}/_double/state")
    assert answer.status == 200, answer
    state: dict[str, Any] = answer.body
    return state


def _control(stack: Stack, path: str, body: dict[str, Any]) -> None:
    url = f"{stack.manifest['stripe']}/_double/{path}"
    answer = send("POST", url, json.dumps(body).encode(), content_type="application/json")
    assert answer.status == 200, (path, body, answer)


def _decide_payments(stack: Stack, chance: random.Random) -> None:
    """Bank debits still pending after the run succeed or fail now."""
    state = _state(stack)
    processing = {one["id"] for one in state["payments"] if one["status"] == "processing"}
    for session in state["sessions"]:
        if session["payment_intent"] in processing:
            outcome = chance.choice(("succeed", "fail"))
            _control(stack, "settle", {"session_id": session["id"], "outcome": outcome})


def _come_to_rest(stack: Stack) -> list[str]:
    """Sweeps, outbox, refunds and webhooks, until a round of them finds nothing to do."""
    deadline = time.monotonic() + _QUIET_SECONDS
    while True:
        swept, delivered = stack.invoke("expire_holds"), stack.invoke("deliver")
        state = _state(stack)
        slow = [refund for refund in state["refunds"] if refund["status"] == "pending"]
        for refund in slow:
            _control(stack, "refunds", {"refund_id": refund["id"], "status": "succeeded"})
        undelivered = state["counts"]["deliveries"]["pending"]
        work = {**swept, **delivered, "slow refunds": len(slow), "undelivered": undelivered}
        if not any(work.values()):
            return []
        if time.monotonic() > deadline:
            return [f"it does not come to rest: {work}"]
        time.sleep(0.2)  # a delivery that failed is on its pause


def _our_books(database: Database) -> tuple[dict[str, int], dict[str, int]]:
    """Captured and refunded, minor units by currency."""
    rows = database.rows(
        "select currency, sum(amount)::bigint as captured,"
        " sum(amount_refunded)::bigint as refunded from core.payments group by currency"
    )
    captured = {row.currency: row.captured for row in rows}
    return captured, {row.currency: row.refunded for row in rows if row.refunded}


def _counted(database: Database) -> dict[str, int]:
    rows = database.rows(
        "select status || ', ' || payment_status as kind, count(*) as bookings"
        " from core.bookings group by 1 order by 2 desc"
    )
    return {row.kind: row.bookings for row in rows}


def _broken_promises(stack: Stack, figures: Figures) -> list[str]:
    """Ask about every booking as its customer would, and compare with earlier answers."""

    def ask(entry: tuple[str, Told]) -> str | None:
        booking, told = entry
        path = f"/v1/bookings/{booking}/confirmation"
        answer = stack.call("GET", path, booking_secret=told.secret)
        if answer.status != 200:
            return f"{booking}, which was reported as {told.status}, is answered {answer}"
        allowed = _CONFIRMED if told.status == "confirmed" else _PAID if told.paid else _UNPAID
        status = answer.body["status"]
        if status in allowed:
            return None
        return f"{booking} was reported as {told.status}, paid {told.paid}, and is {status}"

    with ThreadPoolExecutor(4) as customers:
        broken = list(customers.map(ask, figures.bookings.items()))
    made = [
        f"key {key} made {len(bookings)} bookings: {sorted(bookings)}"
        for key, bookings in figures.made_by.items()
        if len(bookings) > 1
    ]
    return [each for each in broken if each is not None] + made


def _unknown_bookings(database: Database, figures: Figures) -> list[str]:
    """What was confirmed to a customer is in the table, each once."""
    rows = database.rows("select id::text from core.bookings where status = 'scheduled'")
    scheduled = {row.id for row in rows}
    return [
        f"{booking} was confirmed and is not scheduled"
        for booking, told in figures.bookings.items()
        if told.status == "confirmed" and booking not in scheduled
    ]
