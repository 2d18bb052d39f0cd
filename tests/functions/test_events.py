"""The sample events: each goes through its real handler and gets the documented answer."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness.system.in_process import ROOT, System

# "expected" in a sample is not part of the event: it is the handler's answer in a fresh system. The
# ids in samples do not exist there, so most are refused for that.
EXPECTED: dict[str, Any] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")).get("expected")
    for path in sorted((ROOT / "events").glob("*.json"))
}
ANSWERED = [name for name, expected in EXPECTED.items() if expected and "status" in expected]
SCHEDULED = [name for name in EXPECTED if name.endswith(".scheduled")]


def test_every_sample_says_what_to_expect() -> None:
    """Each sample has its answer, or what its schedule returns."""
    silent = {name for name, expected in EXPECTED.items() if expected is None}

    assert silent == {"migrate.invoke"}


@pytest.mark.parametrize("name", ANSWERED)
def test_a_request_is_answered(system: System, name: str) -> None:
    """A sample request is sent as API Gateway or the function URL would send it."""
    event = _event(name)
    headers = event["headers"]
    if "authorization" in headers:  # the samples' keys are unknown
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

    assert answer.status == EXPECTED[name]["status"], answer
    assert "code" not in EXPECTED[name] or answer.code == EXPECTED[name]["code"]


@pytest.mark.parametrize("name", SCHEDULED)
def test_a_schedule_finds_nothing_to_do(system: System, name: str) -> None:
    """A sample of EventBridge Scheduler starts a sweep."""
    assert system.invoke(name.partition(".")[0], _event(name)) == EXPECTED[name]


def test_migrating_again_changes_nothing(system: System) -> None:
    """The migration of an up-to-date database applies nothing."""
    assert system.invoke("migrate", _event("migrate.invoke"))["applied"] == []


def _event(name: str) -> dict[str, Any]:
    path: Path = ROOT / "events" / f"{name}.json"
    event: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    event.pop("expected", None)
    return event
