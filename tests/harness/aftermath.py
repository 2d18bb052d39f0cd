"""What the world does after a crash: clients repeat, Stripe redelivers, time passes, sweeps run."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

from dev import dynamodb
from tests.harness.system import System

_ROUNDS = 12
_STEP = timedelta(minutes=47)  # longer than a checkout with its grace, shorter than two


def end_leases(system: System) -> None:
    """Let the leases of idempotency records that a dead invocation left behind be over."""
    client = dynamodb.client(system.backends.dynamodb)
    pages = client.get_paginator("scan").paginate(
        TableName=(table := _idempotency_table()),
        FilterExpression="#s = :running",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":running": {"S": "INPROGRESS"}},
    )
    for page in pages:
        for item in page["Items"]:
            client.update_item(
                TableName=table,
                Key={"id": item["id"]},
                UpdateExpression="set in_progress_expiration = :past",
                ExpressionAttributeValues={":past": {"N": "1"}},
            )


def _idempotency_table() -> str:
    from tests.harness.system import the_template  # noqa: PLC0415

    function = the_template().function("checkout")
    assert function is not None
    return str(function.environment["IDEMPOTENCY_TABLE"])


def redeliver_events(system: System) -> None:
    """Deliver every event that Stripe has ever made, the newest first, each twice."""
    for event in system.double.documents("event"):
        body = json.dumps(event.body).encode()
        for _ in range(2):
            answer = system.post_event(body)
            assert answer.status == 200, answer


def settle_down(system: System) -> None:
    """Events, sweeps and outbox, while hours pass, until nothing changes any more.

    Raises:
        AssertionError: after half a day something still changes.
    """
    before: Any = None
    for _ in range(_ROUNDS):
        redeliver_events(system)
        system.sweep()
        system.run_outbox()
        now = (summary(system), system.database.value("select count(*) from core.stripe_events"))
        if now == before:
            return
        before = now
        system.advance(_STEP)
    raise AssertionError(f"it does not settle down: {before}")


def summary(system: System) -> dict[str, Any]:
    """What there is, without ids and times: equal after a crash and without one."""
    rows = system.database.rows
    stripe = system.double.state()
    return {
        "bookings": _counted(
            rows("select status, payment_status, outcome, dispute_status from core.bookings")
        ),
        "owned times": len(rows("select from core.occupancies")),
        "checkouts": _counted(rows("select state, amount, currency from core.checkouts")),
        "payments": _counted(
            rows("select status, amount, currency, amount_refunded from core.payments")
        ),
        "refunds": _counted(rows("select status, amount, currency, reason from core.refunds")),
        "effects": _counted(rows("select kind, state from core.effects")),
        "trail": _counted(
            rows("select from_status, to_status, to_payment_status from audit.booking_events")
        ),
        "sessions at Stripe": stripe["counts"]["sessions"],
        "payments at Stripe": stripe["counts"]["payments"],
        "refunds at Stripe": stripe["counts"]["refunds"],
        "captured": stripe["captured"],
        "refunded": stripe["refunded"],
    }


def _counted(rows: list[Any]) -> dict[tuple[Any, ...], int]:
    return dict(Counter(tuple(row) for row in rows))
