"""Signed events whose object lacks what we read: refused as such, never a fault of ours."""

import json
from typing import Any

import pytest

from tests.harness.database.digests import digests
from tests.harness.system.in_process import System
from tests.harness.system.setup import TEN, changed, open_sessions, raw_event, raw_events, starts

COMPLETED = "checkout.session.completed"
TYPES = (
    COMPLETED,
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
)
# What a member may be instead of what it should.
ODD: dict[str, Any] = {
    "null": None,
    "empty": "",
    "text": "other",
    "spaces": " \t",
    "a null byte": "cs_\u0000",
    "half a character": "cs_\ud800",
    "very long": "c" * 5000,
    "zero": 0,
    "one": 1,
    "negative": -1,
    "fraction": 0.5,
    "more than money": 10**30,
    "yes": True,
    "list": [],
    "names": {"id": None, "status": None},
    "object": {},
    "deep": [[[[{}]]]],
}
SESSION = (
    *("id", "status", "payment_status", "payment_intent", "amount_total", "currency", "metadata"),
    *("client_reference_id", "url", "mode"),
)
REFUND = ("id", "status", "metadata")


@pytest.fixture(scope="module")
def paid(shared_system: System) -> bytes:
    """The event of a payment that is not settled in this module."""
    _, session_id = shared_system.checkout()
    shared_system.pay(session_id)
    return raw_event(shared_system, COMPLETED)


def _judged(shared_system: System, event: bytes) -> None:
    """Acknowledged as not ours, or refused as malformed; nothing is changed."""
    before = digests(shared_system.database)

    answer = shared_system.post_event(event)

    assert answer.status in {200, 400}, answer
    if answer.status == 200:
        assert answer.body["result"] in {"unknown", "ignored", "unchanged"}
    else:
        assert answer.code == "malformed_request"
    assert digests(shared_system.database) == before


@pytest.mark.parametrize("member", SESSION)
@pytest.mark.parametrize("type_", TYPES)
def test_a_session_that_lacks_what_is_read_changes_nothing(
    shared_system: System, paid: bytes, type_: str, member: str
) -> None:
    """Absent, or of any other form: 400 or acknowledged, and never 500, for any session.

    Proves: ASVS 2.2.1
    """
    for foreign in ({}, {"id": "cs_test_foreign", "client_reference_id": None}):
        event = json.loads(changed(paid, foreign, type=type_))
        del event["data"]["object"][member]
        _judged_unless_whole(shared_system, json.dumps(event).encode(), member)
        for odd in ODD.values():
            _judged_unless_whole(
                shared_system, changed(paid, foreign | {member: odd}, type=type_), member
            )


def _judged_unless_whole(shared_system: System, event: bytes, member: str) -> None:
    """Members that decide nothing may have any form, and the event is settled, as the last test of
    this module shows. Here such an event is made to be of another account.
    """
    if member in {"metadata", "client_reference_id", "url", "amount_total", "currency"}:
        event = changed(event, {"id": "cs_test_elsewhere"})
    _judged(shared_system, event)


@pytest.mark.parametrize("member", REFUND)
def test_a_refund_that_lacks_what_is_read_changes_nothing(
    shared_system: System, paid: bytes, member: str
) -> None:
    """As for a session: 400 or acknowledged, and nothing is changed."""
    refund = {"id": "re_x", "object": "refund", "status": "succeeded", "metadata": {}}
    ours = {
        "refund_id": "00000000-0000-7000-8000-000000000000",
        "tenant_id": shared_system.tenant.tenant_id,
    }
    for type_ in ("refund.created", "refund.updated", "refund.failed"):
        for metadata in ({}, ours):
            whole = refund | {"metadata": metadata}
            absent = {name: value for name, value in whole.items() if name != member}
            for body in (absent, *(whole | {member: odd} for odd in ODD.values())):
                event = json.loads(paid) | {"type": type_, "data": {"object": body}}
                _judged(shared_system, json.dumps(event).encode())


FREE = {"payment_status": "no_payment_required", "payment_intent": None, "amount_total": 0}


@pytest.mark.parametrize("amount", [0, 4500])
def test_a_session_that_asked_for_nothing_confirms_nothing(system: System, amount: int) -> None:
    """Complete without a required payment, by some setting at Stripe: none of our sessions is free,
    so it did not bring its price. The time is free, and nothing is refunded.
    """
    held, session_id = system.checkout(system.hold(TEN))
    system.pay(session_id)
    event = changed(raw_event(system, COMPLETED), FREE | {"amount_total": amount})

    first, again = (system.post_event(event) for _ in range(2))

    assert (first.status, first.body["result"]) == (200, "released")
    assert (again.status, again.body["result"]) == (200, "duplicate")
    assert system.booking(held).status == "expired"
    assert TEN in starts(system.slots())
    assert system.database.value("select count(*) from core.payments") == 0


@pytest.mark.parametrize(
    "session",
    [
        {"payment_intent": None},
        {"payment_intent": ""},
        {"payment_intent": {"id": None, "status": "succeeded"}},
        {"payment_intent": {"status": "succeeded"}},
        {"amount_total": None},
        {"amount_total": 0},
        {"amount_total": -4500},
        {"amount_total": "4500"},
        {"amount_total": 4500.0},
        {"amount_total": True},
        {"amount_total": 10**19},
        {"currency": None},
        {"currency": "pounds"},
        {"currency": "£"},
    ],
)
def test_money_without_its_sum_or_payment_is_not_guessed(
    system: System, session: dict[str, Any]
) -> None:
    """Paid, but the amount or the payment is missing: 400, so that Stripe shows it; the booking
    keeps its time, and the true event settles it.
    """
    held, session_id = system.checkout(system.hold(TEN))
    system.pay(session_id)
    event = raw_event(system, COMPLETED)
    before = digests(system.database)

    answer = system.post_event(changed(event, session))

    assert (answer.status, answer.code) == (400, "malformed_request")
    assert digests(system.database) == before
    assert system.post_event(event).body["result"] == "confirmed"
    assert system.booking(held).status == "scheduled"


def test_what_others_wrote_beside_it_does_not_matter(system: System) -> None:
    """References and metadata may be foreign: the session is known by its id, and settled."""
    held, session_id = system.checkout(system.hold(TEN))
    system.pay(session_id)
    odd = {"metadata": {"note": "a\u0000b", "checkout_id": ["x"]}, "client_reference_id": "\ud800"}
    event = changed(raw_event(system, COMPLETED), odd)

    assert system.post_event(event).body["result"] == "confirmed"
    assert system.booking(held).status == "scheduled"


@pytest.mark.parametrize("lacking", [{"payment_status": None}, {"status": "paused"}, FREE])
def test_the_page_survives_what_stripe_answers(system: System, lacking: dict[str, Any]) -> None:
    """A session read by the confirmation page or the outbox may lack as much: no fault."""
    held, session_id = system.checkout(system.hold(TEN))
    system.pay(session_id)
    raw_events(system)
    with system.double.operation() as ctx:
        document = ctx.fetch("checkout.session", session_id)
        document.body.update(lacking)
        ctx.storage.save(document)

    told = system.confirmation(held)["status"]
    request = system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])

    free = lacking is FREE
    assert told == ("expired" if free else "processing")
    assert request.status == (200 if free else 202)
    assert open_sessions(system, held) == []
