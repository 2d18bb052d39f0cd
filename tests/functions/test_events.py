"""The sample events: each goes through its real handler and gets the documented answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness.system.in_process import ROOT, System

# What the samples name does not exist in a fresh system, so most are refused for that.
EXPECTED: dict[str, tuple[int, str | None]] = {
    "availability.explain_slot": (200, None),
    "availability.list_pool_slots": (404, "not_found"),
    "availability.list_resources": (200, None),
    "availability.list_slots": (200, None),
    "bookings.get": (404, "not_found"),
    "bookings.list": (200, None),
    "calendars.add": (201, None),
    "calendars.give_out_feed": (201, None),
    "calendars.list": (200, None),
    "calendars.list_feeds": (200, None),
    "calendars.read_feed": (404, "not_found"),
    "calendars.remove": (404, "not_found"),
    "calendars.revoke_feed": (404, "not_found"),
    "catalogue.archive_offering": (404, "not_found"),
    "catalogue.archive_resource": (404, "not_found"),
    "catalogue.change_offering": (404, "not_found"),
    "catalogue.change_resource": (404, "not_found"),
    "catalogue.create_offering": (201, None),
    "catalogue.create_resource": (201, None),
    "catalogue.get_offering": (404, "not_found"),
    "catalogue.get_resource": (404, "not_found"),
    "catalogue.list_offerings": (200, None),
    "catalogue.list_resources": (200, None),
    "pools.archive_pool": (404, "not_found"),
    "pools.change_pool": (404, "not_found"),
    "pools.create_pool": (201, None),
    "pools.get_pool": (404, "not_found"),
    "pools.list_pools": (200, None),
    "blackouts.change_blackout": (404, "not_found"),
    "schedules.change_hours": (404, "not_found"),
    "schedules.change_override": (404, "not_found"),
    "blackouts.create_blackout": (201, None),
    "schedules.create_hours": (409, "window_overlaps"),
    "schedules.create_override": (201, None),
    "blackouts.delete_blackout": (404, "not_found"),
    "schedules.delete_hours": (404, "not_found"),
    "schedules.delete_override": (404, "not_found"),
    "blackouts.list_blackouts": (200, None),
    "schedules.list_hours": (200, None),
    "schedules.list_overrides": (200, None),
    "checkout.begin_checkout": (404, "not_found"),
    "lifecycle.give_up_reschedule": (404, "not_found"),
    "lifecycle.reschedule": (404, "not_found"),
    "checkout.create_hold": (201, None),
    "checkout.hold_series": (201, None),
    "checkout.release_hold": (404, "not_found"),
    "confirmation.get": (404, "not_found"),
    "customers.erase": (200, None),
    "customers.export": (200, None),
    "health.get": (200, None),
    "openapi.docs": (200, None),
    "openapi.specification": (200, None),
    "waitlist.get": (404, "not_found"),
    "waitlist.join": (409, "time_is_free"),
    "waitlist.leave": (404, "not_found"),
    "waitlist.list": (200, None),
    "webhook.refund_updated": (200, None),
    "webhook.session_completed": (200, None),
}
RETURNED: dict[str, Any] = {
    "deliver.scheduled": {"delivered": 0},
    "expire_holds.scheduled": {"expired": 0, "closing": 0},
    "offer_waiting.scheduled": {"offered": 0, "lapsed": 0},
    "retention.scheduled": {
        "bookings": 0,
        "places": 0,
        "customers": 0,
        "requests": 0,
        "events": 0,
        "effects": 0,
        "failures": 0,
        "stuck": 0,
        "resources": 0,
        "openings": 0,
    },
    "reconcile.scheduled": {"looked": 0, "foreign": 0, "found": 0, "cured": 0, "open": 0},
    "refresh_calendars.scheduled": {"read": 0, "failed": 0},
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
    if name in {"checkout.create_hold", "waitlist.join"}:  # a time that is free on that day
        body = json.loads(event["body"])
        event["body"] = json.dumps(body | {"starts_at": system.slots()[0]["starts_at"]})
    if name == "checkout.hold_series":
        body = json.loads(event["body"])
        body["items"][0]["starts_at"] = system.slots()[0]["starts_at"]
        event["body"] = json.dumps(body)
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
