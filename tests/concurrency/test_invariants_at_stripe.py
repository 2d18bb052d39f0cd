"""The checker against Stripe: it finds what one side has and the other has not."""

import json
from typing import Any

import pytest

from dev.stripe_double.storage import Document
from tests.harness.laws.invariants import violations
from tests.harness.system.aftermath import settle_down
from tests.harness.system.in_process import System


def _edit(system: System, kind: str, **changes: Any) -> None:
    """Change the one object of a kind at Stripe."""
    with system.double.operation() as context:
        (document,) = context.storage.find(kind).documents
        document.body.update(changes)
        context.storage.save(document)


def _copy(system: System, kind: str, **changes: Any) -> None:
    """Make another object like the one of a kind at Stripe."""
    with system.double.operation() as context:
        (document,) = context.storage.find(kind).documents
        body = json.loads(json.dumps(document.body)) | changes
        context.storage.save(Document(kind, body, document.private))


@pytest.fixture
def confirmed(system: System) -> System:
    """A system at rest with one confirmed booking."""
    _, session = system.checkout()
    system.pay(session)
    settle_down(system)
    assert violations(system.database, system.double, quiescent=True) == []
    return system


@pytest.fixture
def refunded(system: System) -> System:
    """A system at rest that has sent one payment back."""
    _, session = system.checkout()
    system.pay(session)
    system.database.execute("update core.bookings set amount = amount + 1")
    settle_down(system)
    assert violations(system.database, system.double, quiescent=True) == []
    return system


def _found(system: System) -> str:
    return "\n".join(violations(system.database, system.double, quiescent=True))


def test_a_ledger_that_has_something_else_is_found(refunded: System) -> None:
    """The sum of all that came and went back, not one payment alone."""
    _edit(refunded, "refund", status="pending")

    assert "GBP in the ledger, and" in _found(refunded)


def test_another_amount_at_stripe_is_found(confirmed: System) -> None:
    """A payment whose amount at Stripe is another is found."""
    _edit(confirmed, "payment_intent", amount_received=1)

    assert "(1, 'GBP') at Stripe" in _found(confirmed)


def test_money_that_we_do_not_know_of_is_found(confirmed: System) -> None:
    """A payment at Stripe that is unknown here is found."""
    _copy(confirmed, "payment_intent", id="pi_unknown")

    assert "pi_unknown was captured at Stripe and is unknown here" in _found(confirmed)


def test_a_paid_session_that_we_do_not_know_of_is_found(confirmed: System) -> None:
    """A paid session at Stripe that is unknown here is found."""
    _copy(confirmed, "checkout.session", id="cs_unknown", metadata={})

    assert "cs_unknown is complete and unknown here" in _found(confirmed)


def test_a_second_open_session_is_found(confirmed: System) -> None:
    """A second open session of a confirmed booking is found."""
    _copy(confirmed, "checkout.session", id="cs_2", status="open", payment_status="unpaid")

    assert "cs_2 is open and unknown here" in _found(confirmed)


def test_an_open_session_of_a_confirmed_booking_is_found(confirmed: System) -> None:
    """A session that stayed open although its booking is paid is found."""
    _edit(confirmed, "checkout.session", status="open", payment_status="unpaid")

    assert "is open, its booking scheduled" in _found(confirmed)


def test_two_open_sessions_are_found(system: System) -> None:
    """Two open sessions of one booking are found."""
    system.checkout()
    _copy(system, "checkout.session", id="cs_2")

    assert "has 2 open sessions" in "\n".join(violations(system.database, system.double))


def test_a_refund_made_twice_is_found(refunded: System) -> None:
    """A refund made twice at Stripe is found."""
    _copy(refunded, "refund", id="re_2")

    assert "was made 2 times at Stripe" in _found(refunded)


def test_a_refund_that_we_do_not_know_of_is_found(refunded: System) -> None:
    """A refund at Stripe that was not made here is found."""
    _copy(refunded, "refund", id="re_2", metadata={})

    assert "re_2 at Stripe belongs to no refund here" in _found(refunded)


def test_a_refund_of_another_amount_is_found(refunded: System) -> None:
    """A refund whose amount at Stripe is another is found."""
    _edit(refunded, "refund", amount=1)

    assert "is not what refund" in _found(refunded)


def test_a_refund_that_failed_unnoticed_is_found(refunded: System) -> None:
    """A refund recorded as done here but failed at Stripe is found."""
    _edit(refunded, "refund", status="failed")

    assert "is succeeded here and failed at Stripe" in _found(refunded)


def test_a_refund_that_was_never_made_is_found(refunded: System) -> None:
    """A refund recorded as done here but unknown at Stripe is found."""
    with refunded.double.operation() as context:
        (document,) = context.storage.find("refund").documents
        context.storage.remove(document)

    assert "is succeeded here and unknown at Stripe" in _found(refunded)
