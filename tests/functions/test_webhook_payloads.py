"""Genuine deliveries that are not for us, or that we cannot read: the right answer, no change."""

import json
from typing import Any

import pytest

from tests.harness.database.digests import digests
from tests.harness.system.in_process import System
from tests.harness.system.problems import refused
from tests.harness.system.setup import changed, raw_event, raw_events


@pytest.fixture(scope="module")
def paid(shared_system: System) -> bytes:
    """The event of a payment that is not settled in this module."""
    _, session_id = shared_system.checkout()
    shared_system.pay(session_id)
    return raw_event(shared_system, "checkout.session.completed")


@pytest.mark.parametrize(
    "top",
    [
        {"api_version": "2020-08-27"},
        {"api_version": None},
        {"api_version": "2026-10-28.endive-preview"},
        {"livemode": True},
        {"livemode": None},
        {"livemode": 0},
    ],
)
def test_an_event_of_another_version_or_mode_is_refused(
    shared_system: System, paid: bytes, top: dict[str, Any]
) -> None:
    """400, so that a wrong endpoint is seen in Stripe's dashboard; nothing is settled.

    Proves: API10:2023
    """
    refused(
        shared_system,
        lambda: shared_system.post_event(changed(paid, {}, **top)),
        400,
        "event_mismatch",
    )


def test_live_events_are_for_the_live_stage(system: System) -> None:
    """With LIVEMODE set, test events are refused."""
    _, session_id = system.checkout()
    system.pay(session_id)
    event = raw_event(system, "checkout.session.completed")
    system.with_environment(LIVEMODE="true")

    refused(system, lambda: system.post_event(event), 400, "event_mismatch")
    assert system.post_event(changed(event, {}, livemode=True)).body["result"] == "confirmed"


def _ignored(shared_system: System, event: bytes, result: str) -> None:
    before = digests(shared_system.database)

    answer = shared_system.post_event(event)

    assert (answer.status, answer.body) == (200, {"received": True, "result": result})
    assert digests(shared_system.database) == before


UNKNOWN_SESSIONS: dict[str, dict[str, Any]] = {
    "no reference": {"id": "cs_test_x", "client_reference_id": None, "metadata": {}},
    "foreign reference": {"id": "cs_test_x", "client_reference_id": "order-1", "metadata": {}},
    "no metadata": {"id": "cs_test_x", "metadata": None},
    "reference without metadata": {"id": "cs_test_x", "metadata": {}},
    "metadata without reference": {"id": "cs_test_x", "client_reference_id": None},
    "our reference, another session": {"id": "cs_test_x"},
    "a checkout that never was": {
        "id": "cs_test_x",
        "client_reference_id": "00000000-0000-7000-8000-000000000000",
        "metadata": {"checkout_id": "00000000-0000-7000-8000-000000000000"},
    },
}


@pytest.mark.parametrize("session", UNKNOWN_SESSIONS.values(), ids=UNKNOWN_SESSIONS)
def test_a_session_that_is_not_ours_is_acknowledged(
    shared_system: System, paid: bytes, session: dict[str, Any]
) -> None:
    """The account may sell other things: 200 and nothing done, whatever the session contains.

    Cases: E-2.2
    """
    _ignored(shared_system, changed(paid, session), "unknown")


@pytest.mark.parametrize(
    "type_",
    ["customer.created", "payment_intent.succeeded", "charge.dispute.created", "invoice.paid", "x",
     "checkout.session.completed.v2", "refund.canceled", ""],
)  # fmt: skip
def test_an_event_of_another_type_is_acknowledged(
    shared_system: System, paid: bytes, type_: str
) -> None:
    """A type that we do not use: 200, so that Stripe does not repeat it for days."""
    _ignored(shared_system, changed(paid, {}, type=type_), "ignored")


@pytest.mark.parametrize("mode", ["setup", "subscription", None])
def test_a_session_of_another_mode_is_acknowledged(
    shared_system: System, paid: bytes, mode: Any
) -> None:
    """Only sessions that take a payment are ours."""
    _ignored(shared_system, changed(paid, {"mode": mode}), "ignored")


@pytest.mark.parametrize(
    "refund",
    [
        {"metadata": {}},
        {"metadata": None},
        {"metadata": {"refund_id": "1", "tenant_id": "1"}},
        {"metadata": {"refund_id": "00000000-0000-7000-8000-000000000000"}},
        {
            "metadata": {
                "refund_id": "00000000-0000-7000-8000-000000000000",
                "tenant_id": "00000000-0000-7000-8000-000000000000",
            }
        },
    ],
)
def test_a_refund_that_is_not_ours_is_acknowledged(
    shared_system: System, paid: bytes, refund: dict[str, Any]
) -> None:
    """A refund made in the dashboard: 200, nothing to record."""
    body = {"id": "re_x", "object": "refund", "status": "succeeded"} | refund
    event = json.loads(paid) | {"type": "refund.updated", "data": {"object": body}}
    _ignored(shared_system, json.dumps(event).encode(), "unknown")


GARBAGE: dict[str, Any] = {
    "empty": b"",
    "text": b"hello",
    "truncated": lambda event: json.dumps(event).encode()[:-1],
    "array": b"[]",
    "null": b"null",
    "number": b"1",
    "deep": b"[" * 50_000,
    "no id": lambda event: event | {"id": None},
    "an id of another kind": lambda event: event | {"id": "cs_test_1"},
    "an endless id": lambda event: event | {"id": "evt_" + "a" * 300},
    "no type": lambda event: event | {"type": None},
    "no data": lambda event: event | {"data": None},
    "no object": lambda event: event | {"data": {}},
    "object is a list": lambda event: event | {"data": {"object": []}},
    "created is text": lambda event: event | {"created": "today"},
    "created is true": lambda event: event | {"created": True},
    "created is beyond time": lambda event: event | {"created": 10**18},
    "no mode": lambda event: {name: event[name] for name in event if name != "livemode"},
    "no version": lambda event: {name: event[name] for name in event if name != "api_version"},
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_signed_garbage_is_malformed(shared_system: System, paid: bytes, garbage: Any) -> None:
    """Correctly signed but not an event: 400; nothing is guessed and nothing fails.

    Proves: ASVS 1.5.2
    """
    made = garbage(json.loads(paid)) if callable(garbage) else garbage
    body = made if isinstance(made, bytes) else json.dumps(made).encode()

    refused(shared_system, lambda: shared_system.post_event(body), 400, "malformed_request")


def test_bytes_that_are_no_text_are_not_verified(shared_system: System) -> None:
    """Stripe signs text; other bytes have no signature that could fit."""
    body = b'{"id": "evt_\xff"}'
    binary = {"content-type": "application/octet-stream"}
    refused(
        shared_system,
        lambda: shared_system.post_webhook(body, binary | {"stripe-signature": "t=1,v1=0"}),
        400,
        "signature_invalid",
    )


def test_a_huge_delivery_is_refused(shared_system: System) -> None:
    """More than 64 KiB is not an event of ours.

    Proves: ASVS 15.2.2
    """
    refused(
        shared_system,
        lambda: shared_system.post_event(b" " * (64 * 1024 + 1)),
        413,
        "body_too_large",
    )


def test_all_events_of_a_payment_are_acknowledged(system: System) -> None:
    """Every event of one payment gets a 2xx, and exactly one of them confirms."""
    held, session_id = system.checkout()
    system.pay(session_id)
    answers = [system.post_event(event) for event in raw_events(system)]

    assert {answer.status for answer in answers} == {200}
    assert [a.body["result"] for a in answers].count("confirmed") == 1
    assert system.booking(held).status == "scheduled"
