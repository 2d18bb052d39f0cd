"""The webhook accepts only what Stripe signed, and only for five minutes."""

import time
from typing import Any

import pytest

from dev.stripe_double.deliveries import sign
from tests.harness.database.digests import digests
from tests.harness.system.in_process import Answer, System
from tests.harness.system.problems import refused
from tests.harness.system.setup import raw_event

TYPE = {"content-type": "application/json; charset=utf-8"}


def _signed(secret: str, body: bytes, age: int = 0) -> str:
    return sign([secret], int(time.time()) - age, body)


def _post(system: System, body: bytes, signature: str | None, **headers: str) -> Answer:
    marks = {} if signature is None else {"stripe-signature": signature}
    return system.post_webhook(body, TYPE | marks | headers)


@pytest.fixture
def paid(system: System) -> bytes:
    """The event of a payment that is not settled yet."""
    _, session_id = system.checkout()
    system.pay(session_id)
    return raw_event(system, "checkout.session.completed")


@pytest.fixture(scope="module")
def unsettled(shared_system: System) -> bytes:
    """The same, for refused deliveries, which leave it unsettled."""
    _, session_id = shared_system.checkout()
    shared_system.pay(session_id)
    return raw_event(shared_system, "checkout.session.completed")


FORGED: dict[str, Any] = {
    "absent": lambda secret, body: None,
    "empty": lambda secret, body: "",
    "nonsense": lambda secret, body: "hello",
    "no timestamp": lambda secret, body: _signed(secret, body).partition(",")[2],
    "no mark": lambda secret, body: _signed(secret, body).partition(",")[0],
    "two timestamps": lambda secret, body: f"t={int(time.time())}," + _signed(secret, body),
    "no number": lambda secret, body: "t=now," + _signed(secret, body).partition(",")[2],
    "other digits": lambda secret, body: "t=¹²," + _signed(secret, body).partition(",")[2],
    "another scheme": lambda secret, body: _signed(secret, body).replace("v1=", "v0="),
    "wrong secret": lambda secret, body: _signed("whsec_" + "0" * 48, body),
    "empty secret": lambda secret, body: _signed("", body),
    "another body": lambda secret, body: _signed(secret, body + b" "),
    "old": lambda secret, body: _signed(secret, body, age=302),
    "very old": lambda secret, body: _signed(secret, body, age=10**6),
    "from the future": lambda secret, body: _signed(secret, body, age=-302),
    "from the far future": lambda secret, body: sign([secret], 10**15, body),
    "refreshed timestamp": lambda secret, body: (
        f"t={int(time.time())}," + _signed(secret, body, age=600).partition(",")[2]
    ),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_what_stripe_did_not_just_sign_is_refused(
    shared_system: System, unsettled: bytes, forge: Any
) -> None:
    """400 before any database work: absent, forged, old, or future-dated.

    Cases: E-2.2, P-12
    Proves: ASVS 7.2.1, API2:2023, API10:2023
    """
    signature = forge(shared_system.secrets.webhook_secret, unsettled)

    refused(
        shared_system, lambda: _post(shared_system, unsettled, signature), 400, "signature_invalid"
    )


def test_a_changed_amount_breaks_the_signature(shared_system: System, unsettled: bytes) -> None:
    """One digit of a signed body was changed on its way: refused.

    Cases: A-1
    """
    signature = _signed(shared_system.secrets.webhook_secret, unsettled)
    altered = unsettled.replace(b'"amount_total": 4500', b'"amount_total": 4501')
    assert altered != unsettled

    refused(
        shared_system, lambda: _post(shared_system, altered, signature), 400, "signature_invalid"
    )


def test_a_refused_signature_does_not_reach_the_database(system: System, paid: bytes) -> None:
    """With the database down, a forged event gets 400, not 503: the database is not called."""
    system.database_at("postgresql://holdfast_webhook@127.0.0.1:1/none")

    assert _post(system, paid, "t=1,v1=00").code == "signature_invalid"


@pytest.mark.parametrize("age", [0, 290, -290])
def test_five_minutes_either_way_are_tolerated(system: System, paid: bytes, age: int) -> None:
    """Clocks differ, and deliveries take time."""
    answer = _post(system, paid, _signed(system.secrets.webhook_secret, paid, age))

    assert (answer.status, answer.body) == (200, {"received": True, "result": "confirmed"})


def test_a_replay_within_tolerance_has_no_effect(system: System, paid: bytes) -> None:
    """Body and signature recorded and sent again: 200, and no second effect.

    Cases: E-2.2
    Proves: ASVS 2.3.1
    """
    signature = _signed(system.secrets.webhook_secret, paid)
    _post(system, paid, signature)
    before = digests(system.database)
    answer = _post(system, paid, signature)

    assert (answer.status, answer.body["result"]) == (200, "duplicate")
    assert digests(system.database) == before


def test_two_secrets_are_accepted_while_one_is_rotated(system: System, paid: bytes) -> None:
    """Signed with the new one, the old one, or both as Stripe does: all three are accepted."""
    old, new = system.secrets.webhook_secret, "whsec_" + "n" * 32
    system.with_environment(STRIPE_WEBHOOK_SECRETS=f"{new}, {old}")
    now = int(time.time())
    results = [
        _post(system, paid, sign(secrets, now, paid)).body["result"]
        for secrets in ([new], [old], [old, new])
    ]

    assert results == ["confirmed", "duplicate", "duplicate"]


def test_a_retired_secret_opens_nothing(system: System, paid: bytes) -> None:
    """Once rotated out, the old secret is refused.

    Proves: ASVS 7.4.1
    """
    old, new = system.secrets.webhook_secret, "whsec_" + "n" * 32
    system.with_environment(STRIPE_WEBHOOK_SECRETS=new)

    refused(system, lambda: _post(system, paid, _signed(old, paid)), 400, "signature_invalid")
    assert _post(system, paid, _signed(new, paid)).status == 200


def test_the_bytes_are_verified_not_their_base64(system: System, paid: bytes) -> None:
    """A body that arrives as base64 is decoded first; then its signature fits.

    Proves: ASVS 1.1.1
    """
    signature = _signed(system.secrets.webhook_secret, paid)
    binary = {"content-type": "application/octet-stream"}
    answer = system.post_webhook(paid, {"stripe-signature": signature} | binary)

    assert (answer.status, answer.body["result"]) == (200, "confirmed")
