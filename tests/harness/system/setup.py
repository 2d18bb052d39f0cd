"""The setting of the stories: a Monday morning, and a Stripe whose events wait."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.harness.database.cluster import STORIES_BEGIN
from tests.harness.system.in_process import System

START = STORIES_BEGIN
TEN = "2030-01-07T10:00:00Z"  # free at the tutor's
IDEMPOTENCY_TABLE = "IdempotencyTable"  # beside the one that rates are counted in


def at_start(system: System, start: datetime = START) -> System:
    """Set the time; Stripe's events wait until the test delivers them."""
    at(system, start)
    return system


def at(system: System, instant: datetime) -> None:
    """Move time to an instant; the clocks run on from there."""
    system.advance(instant - system.database.clock.now())


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def raw_events(system: System, type_: str = "*") -> list[bytes]:
    """The bodies of Stripe's events of a type, oldest first, as they are sent."""
    found = [document.body for document in system.double.documents("event")]
    return [
        json.dumps(body, ensure_ascii=False, indent=2).encode()
        for body in reversed(found)
        if type_ in ("*", body["type"])
    ]


def raw_event(system: System, type_: str) -> bytes:
    """The only event of a type."""
    (body,) = raw_events(system, type_)
    return body


def changed(raw: bytes, changes: Mapping[str, Any], **top: Any) -> bytes:
    """An event with other members: `changes` of its object, `top` of itself."""
    event = json.loads(raw)
    event["data"]["object"] |= changes
    return json.dumps(event | top).encode()


def open_sessions(system: System, held: Mapping[str, Any]) -> list[str]:
    """The sessions of a booking that can be paid at Stripe."""
    return [
        session["id"]
        for session in system.double.state()["sessions"]
        if session["metadata"]["booking_id"] == held["id"] and session["status"] == "open"
    ]


def sessions(system: System, held: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All sessions of a booking at Stripe, newest first."""
    return [
        session
        for session in system.double.state()["sessions"]
        if session["metadata"]["booking_id"] == held["id"]
    ]


def stripe_refunds(system: System, held: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All refunds of a booking at Stripe."""
    return [
        refund
        for refund in system.double.state()["refunds"]
        if refund["metadata"]["booking_id"] == held["id"]
    ]


def take(system: System, held: Mapping[str, Any]) -> dict[str, Any]:
    """Another customer holds the very time of a booking that lost it."""
    return system.hold(
        held["starts_at"], customer={"name": "Alan Turing", "email": "alan@example.com"}
    )


def starts(slots: list[dict[str, Any]]) -> list[str]:
    return [slot["starts_at"] for slot in slots]


def forget_requests(system: System) -> int:
    """Delete everything that DynamoDB stores of earlier requests; returns how many records there
    were.
    """
    from dev.stack.dynamodb import client  # noqa: PLC0415 slow to import, needed by few

    dynamodb = client(system.backends.dynamodb)
    records = dynamodb.scan(TableName=IDEMPOTENCY_TABLE)["Items"]
    for record in records:
        dynamodb.delete_item(TableName=IDEMPOTENCY_TABLE, Key={"id": record["id"]})
    return len(records)
