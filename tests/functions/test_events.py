"""The sample events: each goes through its real handler and gets the documented answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness.system import ROOT, System

# What the samples name does not exist in a fresh system, so most are refused for that.
EXPECTED: dict[str, tuple[int, str | None]] = {
    "availability.list_resources": (200, None),
    "availability.list_slots": (200, None),
    "bookings.get": (404, "not_found"),
    "bookings.list": (200, None),
    "checkout.begin_checkout": (404, "not_found"),
    "checkout.create_hold": (201, None),
    "checkout.release_hold": (404, "not_found"),
    "confirmation.get": (404, "not_found"),
    "health.get": (200, None),
    "openapi.docs": (200, None),
    "openapi.specification": (200, None),
    "webhook.refund_updated": (200, None),
    "webhook.session_completed": (200, None),
}
RETURNED: dict[str, Any] = {
    "deliver.scheduled": {"delivered": 0},
    "expire_holds.scheduled": {"expired": 0, "closing": 0},
}
SAMPLES = sorted((ROOT / "events").glob("*.json"))


def test_every_sample_is_expected() -> None:
    """No sample lies about unused."""
    named = {path.stem for path in SAMPLES}

    assert named == EXPECTED.keys() | RETURNED.keys() | {"migrate.invoke"}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_request_is_answered(system: System, name: str) -> None:
    """A sample request is taken as API Gateway or the function URL would send it."""
    event = _event(name)
    headers = event["headers"]
    if "authorization" in headers:  # the samples' keys belong to nobody
        kind = "secret" if "sk_" in headers["authorization"] else "publishable"
        headers["authorization"] = f"Bearer {system.credential(kind)}"
    if name == "checkout.create_hold":  # a time that is free on the day the test runs
        body = json.loads(event["body"])
        event["body"] = json.dumps(body | {"starts_at": system.slots()[0]["starts_at"]})
    if name.startswith("webhook"):
        answer = system.post_event(event["body"].encode())
    else:
        answer = system.answer(system.invoke(name.partition(".")[0], event))

    status, code = EXPECTED[name]
    assert answer.status == status, answer
    assert code is None or answer.code == code


@pytest.mark.parametrize("name", sorted(RETURNED))
def test_a_schedule_finds_nothing_to_do(system: System, name: str) -> None:
    """A sample of EventBridge Scheduler starts a sweep."""
    assert system.invoke(name.partition(".")[0], _event(name)) == RETURNED[name]


def test_migrating_again_changes_nothing(system: System) -> None:
    """The migration of an up-to-date database applies nothing."""
    assert system.invoke("migrate", _event("migrate.invoke"))["applied"] == []


def _event(name: str) -> dict[str, Any]:
    path: Path = ROOT / "events" / f"{name}.json"
    event: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return event
