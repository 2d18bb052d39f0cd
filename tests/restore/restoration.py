"""A story whose database is set back: the procedure, and what can be asked afterwards."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dev.cloud import after_restore
from dev.cloud.after_restore import Report
from dev.stack import dynamodb as local_dynamodb
from tests.harness.system.in_process import System
from tests.harness.system.setup import IDEMPOTENCY_TABLE
from tests.restore.story import Held, Mark, Story


class Restoration:
    """A story whose database will be restored to now: the procedure."""

    def __init__(self, story: Story) -> None:
        self.story, self.system = story, story.system
        self.mark: Mark = story.mark()
        self.since = datetime.now(UTC) + story.system.shift  # the story's time; Stripe's, too

    def restore(self, *, took: timedelta) -> None:
        """Lose the bookings, and open again with the database as it was."""
        self.story.lose_bookings()
        self.story.open_again(self.story.restored(self.mark.targets()["time"]))
        self.system.advance(took)

    def catch_up(
        self, *, give_back: bool, secret: str | None = None, since: datetime | None = None
    ) -> Report:
        """Replay to the real webhook, by the real SDK, what the double knows."""

        def post(body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
            answer = self.system.post_webhook(body, headers)
            return answer.status, json.dumps(answer.body).encode()

        return after_restore.catch_up(
            after_restore.client("sk_test_restore", self.system.backends.stripe),
            post,
            secret or self.system.secrets.webhook_secret,
            since or self.since,
            give_back=give_back,
        )

    def forget_answers(self) -> int:
        client = local_dynamodb.client(self.system.backends.dynamodb)
        return after_restore.forget_answers(client, IDEMPOTENCY_TABLE)


def unaccounted(system: System, report: Report) -> list[str]:
    """Bookings whose money Stripe holds, without an explanation in our books or findings."""
    ours = {
        row.payment_intent_id: row.kept
        for row in system.database.rows(
            "select p.payment_intent_id, p.amount - p.amount_refunded as kept"
            " from core.payments as p"
        )
    }
    named = {finding.booking_id for finding in report.findings}
    return sorted(
        booking
        for charge in (document.body for document in system.double.documents("charge"))
        if (booking := charge["metadata"]["booking_id"]) not in named
        and charge["amount_captured"] - charge["amount_refunded"]
        != ours.get(charge["payment_intent"], 0)
    )


def standing(system: System, held: Held) -> Any:
    """Status and payment status of a booking; None if it is gone."""
    rows = system.database.rows(
        "select b.status, b.payment_status from core.bookings as b where b.id = %s", held["id"]
    )
    return tuple(rows[0]) if rows else None


def differences(system: System) -> set[tuple[str, str]]:
    """What the daily comparison of both books leaves to an operator: kind, and id at Stripe."""
    system.sweep("reconcile")
    found = system.database.rows(
        "select f.kind, f.object_id from core.findings as f"
        " where f.resolved_at is null and f.accepted_at is null"
    )
    return {(row.kind, row.object_id) for row in found}


def payment_intent(system: System, held: Held) -> str:
    """The payment of a booking, as Stripe knows it."""
    (intent,) = (
        document.body["id"]
        for document in system.double.documents("payment_intent")
        if document.body["metadata"]["booking_id"] == held["id"]
    )
    return str(intent)


def captured(system: System) -> Any:
    """What Stripe has captured and refunded."""
    state = system.double.state()
    return state["captured"], state["refunded"]
