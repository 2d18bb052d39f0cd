"""POST and DELETE /v1/bookings/{booking_id}/reschedule: statuses, codes, and bad input."""

import uuid
from typing import Any

import pytest

from tests.harness.laws.invariants import violations
from tests.harness.system.in_process import Answer, System
from tests.harness.system.problems import refused
from tests.harness.system.setup import TEN, forget_requests, open_sessions

TWO = "2030-01-07T14:00:00Z"
FOUR = "2030-01-07T16:00:00Z"


def _post(system: System, held: dict[str, Any], body: Any, **how: Any) -> Answer:
    path = f"/v1/bookings/{held['id']}/reschedule"
    return system.request("POST", path, body, **{"secret": held["client_secret"]} | how)


def test_a_booking_is_rescheduled(system: System) -> None:
    """200 with the booking at its new time, and its new version as the ETag.

    Cases: D-1
    """
    held = system.paid(system.hold(TEN))

    answer = system.move(held, TWO)

    assert (answer.status, answer.body["starts_at"], answer.body["change"]) == (200, TWO, None)
    assert answer.headers["etag"] == f'"{answer.body["version"]}"'
    assert violations(system.database, system.double) == []


def test_what_costs_more_waits(system: System) -> None:
    """202: the booking as it was, with the reschedule, its difference and its deadline.

    Cases: E-10.5
    """
    held = system.paid(system.hold(TEN))
    system.change_prices(1500)

    answer = system.move(held, TWO)

    change = answer.body["change"]
    assert (answer.status, answer.body["starts_at"], change["starts_at"]) == (202, TEN, TWO)
    assert change["difference"] == {"amount": 1500, "currency": "GBP"}
    assert system.confirmation(held)["booking"]["change"] == change


def test_the_confirmation_settles_the_difference_itself(system: System) -> None:
    """Before any webhook, it asks Stripe and shows the booking at its new time.

    Cases: E-2.8
    """
    held = system.paid(system.hold(TEN))
    system.change_prices(1500)
    system.move(held, TWO)
    _, session_id = system.checkout(held)
    system.pay(session_id)

    told = system.confirmation(held)

    assert (told["status"], told["booking"]["starts_at"]) == ("confirmed", TWO)
    assert told["booking"]["change"] is None
    assert violations(system.database, system.double) == []


def test_a_repeat_with_the_key_is_one_reschedule(system: System) -> None:
    """Also after the front door has forgotten it; with another body it is refused.

    Cases: D-3
    """
    held = system.paid(system.hold(TEN))
    key = str(uuid.uuid4())
    first = system.move(held, TWO, idempotency_key=key)

    again = system.move(held, TWO, idempotency_key=key)
    forget_requests(system)
    fenced = system.move(held, TWO, idempotency_key=key)

    assert (again.body, fenced.body) == (first.body, first.body)
    refused(
        system,
        lambda: system.move(held, FOUR, idempotency_key=key),
        422,
        "idempotency_key_reused",
    )


def test_giving_up_closes_the_page_first(system: System) -> None:
    """200 once Stripe has closed it; giving up again is the same.

    Cases: E-2.6
    """
    held = system.paid(system.hold(TEN))
    system.change_prices(1500)
    system.move(held, TWO)
    system.checkout(held)

    answers = [system.give_up(held) for _ in range(2)]

    assert [(one.status, one.body["change"]) for one in answers] == [(200, None)] * 2
    assert open_sessions(system, held) == []
    assert TWO in [slot["starts_at"] for slot in system.slots()]
    assert violations(system.database, system.double) == []


def test_giving_up_what_was_just_paid(system: System) -> None:
    """409 already_paid: the payment was first, and the booking has its new time.

    Cases: E-2.2
    """
    held = system.paid(system.hold(TEN))
    system.change_prices(1500)
    system.move(held, TWO)
    _, session_id = system.checkout(held)
    system.pay(session_id)

    answer = system.give_up(held)

    assert (answer.status, answer.code) == (409, "already_paid")
    assert system.confirmation(held)["booking"]["starts_at"] == TWO


def test_giving_up_while_a_slow_payment_is_under_way(system: System) -> None:
    """409, learned from Stripe or already known; the time is kept."""
    system.offer_delayed_methods()
    held = system.paid(system.hold("2030-01-30T10:00:00Z"))
    system.change_prices(1500)
    system.move(held, "2030-01-30T14:00:00Z")
    _, session_id = system.checkout(held)
    system.pay(session_id, "delayed")

    answers = [system.give_up(held) for _ in range(2)]

    assert [(one.status, one.code) for one in answers] == [(409, "illegal_state")] * 2
    assert system.confirmation(held)["booking"]["change"] is not None


def test_giving_up_while_stripe_cannot_be_reached(system: System) -> None:
    """202: the page is closed later, and until then the time is kept.

    Cases: D-2
    """
    held = system.paid(system.hold(TEN))
    system.change_prices(1500)
    system.move(held, TWO)
    system.checkout(held)
    system.double.faults.add("status", path="/v1/checkout/sessions/*", status=503, times=None)

    answer = system.give_up(held)

    assert (answer.status, answer.body["change"]["starts_at"]) == (202, TWO)
    assert violations(system.database, system.double) == []


# Refused, and nothing changed ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid_request"),
        ({"starts_at": TWO, "date": "2030-01-07"}, 422, "invalid_request"),
        ({"starts_at": "2030-01-07T14:00:00"}, 422, "invalid_request"),
        ({"starts_at": "tomorrow"}, 422, "invalid_request"),
        ({"starts_at": TWO, "resource_id": "tutor"}, 422, "invalid_request"),
        ({"starts_at": TWO, "tier": "student"}, 422, "invalid_request"),
        ({"starts_at": TWO, "amount": 1}, 422, "price_not_accepted"),
        ([], 422, "invalid_request"),
        (b"{", 400, "malformed_request"),
        ({"date": "2030-01-07"}, 422, "not_offered"),
        ({"starts_at": "2030-01-07T12:00:00Z"}, 422, "not_offered"),
        ({"starts_at": "2030-01-06T14:00:00Z"}, 422, "not_offered"),
        ({"starts_at": "2032-01-07T14:00:00Z"}, 422, "not_offered"),
        ({"starts_at": TWO, "resource_id": str(uuid.UUID(int=1))}, 404, "not_found"),
        ({"starts_at": TEN}, 409, "illegal_state"),
        ({"starts_at": FOUR}, 409, "slot_taken"),
    ],
)
def test_a_wish_that_is_refused(system: System, body: Any, status: int, code: str) -> None:
    """Each with its status and code; the booking, its time and its payment are unchanged.

    Cases: P-11, P-12, E-10.5
    """
    held = system.paid(system.hold(TEN))
    system.hold(FOUR)
    how = {"headers": {"content-type": "application/json"}} if isinstance(body, bytes) else {}

    refused(system, lambda: _post(system, held, body, **how), status, code)


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ({"secret": None}, 404, "not_found"),
        ({"secret": "bks_" + "A" * 43}, 404, "not_found"),
        ({"key": None}, 401, "unauthenticated"),
        ({"idempotency_key": ""}, 400, "idempotency_key_missing"),
        ({"headers": {"if-match": '"99"'}}, 412, "stale_version"),
    ],
)
def test_a_missing_secret_or_old_version_is_refused(
    system: System, how: dict[str, Any], status: int, code: str
) -> None:
    """Without the booking's secret it is not found; an outdated version is refused.

    Cases: E-3.5, D-4
    """
    held = system.paid(system.hold(TEN))

    refused(system, lambda: _post(system, held, {"starts_at": TWO}, **how), status, code)


def test_a_secret_key_reschedules_any_booking_of_its_tenant(system: System) -> None:
    """A server needs no booking secret."""
    held = system.paid(system.hold(TEN))

    answer = _post(system, held, {"starts_at": TWO}, secret=None, key="secret")

    assert (answer.status, answer.body["starts_at"]) == (200, TWO)


def test_a_booking_pending_payment_is_not_rescheduled(system: System) -> None:
    """409 while its payment page is open.

    Cases: E-10.5
    """
    held, _ = system.checkout(system.hold(TEN))

    refused(system, lambda: system.move(held, TWO), 409, "illegal_state")


def test_a_hold_that_is_over_is_not_rescheduled(system: System) -> None:
    """410, whether released or expired."""
    held = system.hold(TEN)
    system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])

    refused(system, lambda: system.move(held, TWO), 410, "hold_expired")


def test_there_is_nothing_to_give_up(system: System) -> None:
    """409: the booking has no pending reschedule."""
    held = system.paid(system.hold(TEN))

    refused(system, lambda: system.give_up(held), 409, "illegal_state")
