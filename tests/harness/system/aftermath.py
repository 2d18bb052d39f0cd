"""After a crash: clients repeat, Stripe redelivers, time passes, sweeps run."""

import json
from collections import Counter
from datetime import timedelta
from functools import cache
from typing import Any

from dev.stack import dynamodb
from tests.harness.system.in_process import System, the_template

_UNFINISHED = """
select exists (select from core.effects where state = 'pending')
    or exists (select from core.bookings where hold_expires_at is not null)
    or exists (select from core.reschedules where expires_at is not null)
"""
_ROUNDS = 12
_STEP = timedelta(minutes=47)  # longer than a checkout with its grace, shorter than two


_dynamodb = cache(dynamodb.client)  # making a client takes longer than what it is asked


def end_leases(system: System) -> None:
    """End the leases of idempotency records that a dead invocation left behind."""
    function = the_template().function("checkout")
    assert function is not None
    table = str(function.environment["IDEMPOTENCY_TABLE"])
    client = _dynamodb(system.backends.dynamodb)
    running = client.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression="#status = :running",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":running": {"S": "INPROGRESS"}},
    )
    for item in (item for page in running for item in page["Items"]):
        client.update_item(
            TableName=table,
            Key={"id": item["id"]},
            UpdateExpression="set in_progress_expiration = :past",
            ExpressionAttributeValues={":past": {"N": "1"}},
        )


def redeliver_events(system: System) -> None:
    """Deliver every event that Stripe has ever made, the newest first, each twice."""
    for event in system.double.documents("event"):
        body = json.dumps(event.body).encode()
        for _ in range(2):
            answer = system.post_event(body)
            assert answer.status == 200, answer


def settle_down(system: System, *, events: bool = True) -> None:
    """Events, sweeps and outbox, while hours pass, until nothing is left to do.

    Args:
        events: False if Stripe's deliveries never arrive.

    Raises:
        AssertionError: after half a day something still changes.
    """
    before: Any = None
    for _ in range(_ROUNDS):
        if events:
            redeliver_events(system)
        system.sweep()
        system.sweep("offer_waiting")
        system.run_outbox()
        now = summary(system)
        if now == before and not system.database.value(_UNFINISHED):
            return
        before = now
        system.advance(_STEP)
    raise AssertionError(f"it does not settle down: {before}")


def summary(system: System) -> dict[str, Any]:
    """The final state, without ids and times: equal after a crash and without one."""
    rows = system.database.rows
    stripe = system.double.state()
    return {
        "bookings": _counted(
            rows("select status, payment_status, outcome, dispute_status from core.bookings")
        ),
        "reschedules": _counted(rows("select state, difference from core.reschedules")),
        "owned times": len(rows("select from core.occupancies")),
        "checkouts": _counted(rows("select state, amount, currency from core.checkouts")),
        "payments": _counted(
            rows("select status, amount, currency, amount_refunded from core.payments")
        ),
        "refunds": _counted(rows("select status, amount, currency, reason from core.refunds")),
        "effects": _counted(rows("select kind, state from core.effects")),
        "trail": _counted(
            rows(
                "select from_status, to_status from audit.booking_events"
                " where from_status is distinct from to_status"
            )
        ),
        "sessions at Stripe": stripe["counts"]["sessions"],
        "payments at Stripe": stripe["counts"]["payments"],
        "refunds at Stripe": stripe["counts"]["refunds"],
        "captured": stripe["captured"],
        "refunded": stripe["refunded"],
    }


def _counted(rows: list[Any]) -> dict[tuple[Any, ...], int]:
    return dict(Counter(tuple(row) for row in rows))
