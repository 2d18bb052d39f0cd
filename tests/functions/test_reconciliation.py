"""The daily comparison: every difference between Stripe's books and ours is found, once."""

from datetime import timedelta
from typing import Any

import pytest

from dev.stripe_double import sessions
from holdfast.platform.errors import Unavailable
from tests.crashes.stories import STORIES, Story
from tests.harness.database.digests import digests
from tests.harness.laws.invariants import violations
from tests.harness.stripe.books import (
    compare,
    findings,
    paid,
    refund_at_stripe,
    refunded,
    refunding,
    tamper,
)
from tests.harness.stripe.lost_times import lose_time
from tests.harness.system.aftermath import settle_down
from tests.harness.system.in_process import System
from tests.harness.system.setup import take

HOUR = timedelta(hours=1)
NOTHING = {"looked": 0, "foreign": 0, "found": 0, "cured": 0, "open": 0}
_WITHOUT_LOSS = [story for story in STORIES if not story.name.startswith("reconcile")]
_OWN = ("core.findings", "core.reconciled_rows", "core.reconciliations")


def _intent(system: System) -> str:
    return str(system.database.value("select payment_intent_id from core.payments"))


# Nothing to find ----------------------------------------------------------------------------------


@pytest.mark.parametrize("story", _WITHOUT_LOSS, ids=lambda story: story.name)
def test_a_history_that_went_well_has_no_finding(system: System, story: Story) -> None:
    """Whatever customers did, once all events arrived both books agree, and stay as they are."""
    state = story.prepare(system)
    story.act(system, state)
    story.carry_on(system, state)
    settle_down(system)
    before = digests(system.database, without=_OWN)

    compared = compare(system)

    assert compared | {"looked": 0} == NOTHING
    assert findings(system, still_open=False) == {}
    assert digests(system.database, without=_OWN) == before


def test_both_books_are_looked_at_once_a_day(system: System) -> None:
    """The first run of a day compares, later ones have nothing to do; the next day again."""
    paid(system)

    turns = [compare(system, later)["looked"] for later in (2 * HOUR, HOUR, 21 * HOUR, HOUR, HOUR)]

    assert turns == [1, 0, 0, 1, 0]


def test_what_is_under_way_is_no_difference(system: System) -> None:
    """A payment or refund without an event yet is not examined within the hour."""
    held, session = system.checkout()
    system.pay(session)

    compared = compare(system, timedelta(minutes=50))

    assert compared == NOTHING
    assert system.booking(held).status == "paying"


def test_a_delayed_result_is_awaited(system: System) -> None:
    """A bank debit whose result is asked for once a day is under way."""
    system.offer_delayed_methods()
    held, session = system.checkout(system.hold("2030-01-30T10:00:00Z"))
    system.pay(session, "delayed")
    system.deliver_webhooks()
    system.double.settle(session, "succeed")

    compared = compare(system, 3 * HOUR)
    much_later = compare(system, timedelta(hours=24))

    assert (compared["found"], much_later["cured"]) == (0, 1)
    assert system.booking(held).status == "scheduled"


# What is repaired ---------------------------------------------------------------------------------


def test_a_payment_without_its_event_is_settled(system: System) -> None:
    """Its events are lost and no sweep runs: the comparison confirms the booking, and records it.

    Cases: D-2, E-2.8
    """
    held, session = system.checkout()
    system.pay(session)

    compared = compare(system, 2 * HOUR)

    assert compared == NOTHING | {"looked": 1, "found": 1, "cured": 1}
    assert system.booking(held).status == "scheduled"
    (found,) = findings(system, still_open=False).values()
    assert (found.kind, found.cure, str(found.booking_id)) == (
        *("payment_unknown", "settle_checkout", held["id"]),
    )
    assert (found.amount, found.currency, found.booked_amount) == (4500, "GBP", None)
    assert (found.resolved_at is not None, found.accepted_at) == (True, None)
    assert violations(system.database, system.double) == []
    assert compare(system)["open"] == 0


def test_a_payment_of_a_lost_time_goes_back(system: System) -> None:
    """Settled as usual: a time that another customer has meanwhile stays theirs.

    Cases: D-2
    """
    held, session = system.checkout()
    lose_time(system, held)
    system.paid(take(system, held))
    system.pay(session)

    compared = compare(system, 2 * HOUR)
    system.run_outbox()

    assert (compared["cured"], system.double.state()["counts"]["refunds"]) == (1, {"succeeded": 1})
    assert system.database.value("select reason from core.refunds") == "time_lost"


@pytest.mark.parametrize("ends", ["succeeded", "failed"])
def test_the_end_of_a_refund_without_its_event_is_recorded(system: System, ends: str) -> None:
    """Its event is lost and the outbox does not ask: the comparison does.

    Cases: E-9.1
    """
    system.double.refunds_start_as("pending")
    refunding(system)
    system.run_outbox()
    system.deliver_webhooks()
    (refund,) = system.double.documents("refund")
    system.double.move_refund(refund.id, ends)

    compared = compare(system, 2 * HOUR)

    assert (compared["found"], compared["cured"]) == (1, 1)
    assert system.database.value("select status from core.refunds") == ends
    found = findings(system, still_open=False)["refund_status"]
    assert (found.object_id, found.cure) == (refund.id, "settle_refund")
    assert found.detail == f"pending in our books, {ends} at Stripe"
    assert found.resolved_at is not None


def test_a_refund_whose_answer_was_lost_is_taken_in(system: System) -> None:
    """Stripe made it and the answer was lost: it is recognised by our id in its metadata.

    Cases: E-9.1, E-2.3
    """
    refunding(system)
    system.double.faults.add("timeout_after", method="POST", path="/v1/refunds", times=2)
    system.run_outbox()

    compared = compare(system, 2 * HOUR)

    (refund,) = system.double.documents("refund")
    row = system.database.one("select * from core.refunds")
    assert (compared["cured"], row.status, row.stripe_refund_id) == (1, "succeeded", refund.id)


def test_a_cure_that_fails_keeps_nothing_else_from_being_compared(system: System) -> None:
    """If settling one payment fails, its finding stays open, and the run continues."""
    held, session = system.checkout()
    system.pay(session)
    tamper(system, "update core.checkouts set booking_id = gen_random_uuid()")

    compared = compare(system, 2 * HOUR)

    assert (compared["found"], compared["cured"]) == (1, 0)
    assert findings(system)["payment_unknown"].cure == "settle_checkout"
    assert system.booking(held).status == "paying"
    assert compare(system, HOUR) == NOTHING | {"open": 1}


# What waits for an operator -----------------------------------------------------------------------


def _paid_by_link(system: System) -> str:
    """Money without a checkout of ours: a payment link, an invoice."""
    (session,) = _foreign_sessions(system, 1)
    system.pay(session)
    return str(system.double.documents("payment_intent")[0].id)


def _foreign_sessions(system: System, count: int) -> list[str]:
    price = {"currency": "gbp", "unit_amount": 700, "product_data": {"name": "Tea"}}
    params: dict[str, Any] = {
        "mode": "payment",
        "success_url": "https://tea.example/",
        "line_items": [{"quantity": 1, "price_data": price}],
    }
    with system.double.operation() as ctx:
        return [str(sessions.create(ctx, params)["id"]) for _ in range(count)]


def test_a_payment_without_a_checkout_of_ours(system: System) -> None:
    """A payment without a trace of ours is found, belongs to no tenant, and is left alone."""
    intent = _paid_by_link(system)

    compared = compare(system)

    assert compared == NOTHING | {"looked": 1, "found": 1, "open": 1}
    found = findings(system)["payment_unknown"]
    assert (found.object_id, found.amount, found.currency) == (intent, 700, "GBP")
    # the nil tenant: it belongs to none
    assert (found.tenant_id.int, found.booking_id, found.cure) == (0, None, None)


def test_a_payment_whose_row_is_gone(system: System) -> None:
    """It was settled once, so it is not settled again, which would refund it."""
    held = paid(system)
    intent = _intent(system)
    tamper(system, "delete from core.payments")

    compared = compare(system)

    assert (compared["found"], compared["cured"]) == (1, 0)
    found = findings(system)["payment_unknown"]
    assert (found.object_id, str(found.booking_id), found.cure) == (intent, held["id"], None)
    assert system.database.value("select count(*) from core.refunds") == 0


def test_a_payment_that_stripe_does_not_have(system: System) -> None:
    """Our row names an intent that does not exist: both it and the true one are found."""
    paid(system)
    intent = _intent(system)
    tamper(system, "update core.payments set payment_intent_id = 'pi_gone'")

    compare(system)

    found = findings(system)
    assert {kind: row.object_id for kind, row in found.items()} == {
        "payment_missing": "pi_gone",
        "payment_unknown": intent,
    }
    missing = found["payment_missing"]
    assert (missing.amount, missing.booked_amount, missing.booked_currency) == (None, 4500, "GBP")


def test_a_payment_that_was_never_made(system: System) -> None:
    """An intent that exists at Stripe but was never paid is no payment."""
    held, session = system.checkout()
    system.pay(session, "decline")
    (intent,) = system.double.documents("payment_intent")
    tamper(
        system,
        "insert into core.payments (tenant_id, id, booking_id, checkout_id, payment_intent_id,"
        " status, amount, currency, created_at, updated_at)"
        " select tenant_id, id, booking_id, id, %s, 'captured', 4500, 'GBP', created_at, created_at"
        " from core.checkouts",
        intent.id,
    )
    system.sweep()

    compare(system)

    missing = findings(system)["payment_missing"]
    assert (missing.object_id, missing.amount, str(missing.booking_id)) == (
        *(intent.id, 0, held["id"]),
    )


@pytest.mark.parametrize(
    "change", ["amount = amount - 1", "currency = 'EUR'"], ids=["amount", "currency"]
)
def test_another_sum_than_stripe_took(system: System, change: str) -> None:
    """Amount and currency of a payment must be those at Stripe, to the cent.

    Cases: E-10.5
    """
    paid(system)
    tamper(system, f"update core.payments set {change}")

    compare(system)

    (found,) = findings(system).values()
    row = system.database.one("select * from core.payments")
    assert (found.kind, found.amount, found.currency) == ("payment_differs", 4500, "GBP")
    assert (found.booked_amount, found.booked_currency) == (row.amount, row.currency)


def test_money_kept_of_a_booking_that_is_gone(system: System) -> None:
    """A paid booking that is expired, without a refund under way.

    Cases: D-2
    """
    held = paid(system)
    tamper(system, "update core.bookings set status = 'expired'")

    compare(system)

    found = findings(system)["payment_unkept"]
    assert (found.object_id, str(found.booking_id)) == (_intent(system), held["id"])
    assert found.detail == "its booking is expired, and it does not go back"


def test_a_refund_made_by_hand_at_stripe(system: System) -> None:
    """A refund made in Stripe's dashboard: the booking is named, and nothing else is done."""
    held = paid(system)
    refund = refund_at_stripe(system, _intent(system), amount=1000)

    compare(system)

    found = findings(system)["refund_unknown"]
    assert (found.object_id, found.amount, found.currency) == (refund["id"], 1000, "GBP")
    assert (str(found.booking_id), found.cure) == (held["id"], None)
    assert system.booking(held).payment_status == "paid"


def test_a_refund_that_failed_at_stripe_and_is_not_ours(system: System) -> None:
    """It refunded nothing: no difference."""
    paid(system)
    refund = refund_at_stripe(system, _intent(system))
    system.double.move_refund(refund["id"], "failed")

    assert compare(system)["found"] == 0


def test_a_refund_that_stripe_does_not_have(system: System) -> None:
    """Our row says succeeded and names one that does not exist: both it and the true one are
    found.
    """
    refunded(system)
    (refund,) = system.double.documents("refund")
    tamper(system, "update core.refunds set stripe_refund_id = 're_gone'")

    compare(system)

    assert {kind: row.object_id for kind, row in findings(system).items()} == {
        "refund_missing": "re_gone",
        "refund_unknown": refund.id,
    }


def test_a_refund_that_was_never_sent(system: System) -> None:
    """Our row says succeeded, and Stripe was never asked: it is found by our own id."""
    refunding(system)
    tamper(system, "update core.refunds set status = 'succeeded'")
    tamper(system, "update core.effects set state = 'done'")

    compare(system)
    again = compare(system)

    found = findings(system)["refund_missing"]
    assert found.object_id == str(found.row_id)
    assert (again["found"], again["open"]) == (0, 1)


@pytest.mark.parametrize("change", ["amount = amount - 1", "currency = 'EUR'"])
def test_another_refund_than_stripe_made(system: System, change: str) -> None:
    """Amount and currency of a refund must be those at Stripe, to the cent."""
    refunded(system)
    tamper(system, f"update core.refunds set {change}")

    compare(system)

    (found,) = findings(system).values()
    assert (found.kind, found.amount, found.currency) == ("refund_differs", 4500, "GBP")


def test_a_refund_we_take_for_failed(system: System) -> None:
    """Stripe says it was made, we say it failed: this is not repaired automatically."""
    refunded(system)
    tamper(system, "update core.refunds set status = 'failed'")

    compared = compare(system)

    found = findings(system)["refund_status"]
    assert (compared["cured"], found.cure) == (0, None)
    assert found.detail == "failed in our books, succeeded at Stripe"


def test_a_refund_that_failed(system: System) -> None:
    """The bank returned it, and both books say so: the money is still with us, until an operator
    acts.

    Cases: E-2.3
    """
    refunded(system)
    (refund,) = system.double.documents("refund")
    system.double.move_refund(refund.id, "failed")
    system.deliver_webhooks()

    compare(system)

    found = findings(system)
    assert set(found) == {"refund_failed", "payment_unkept"}
    assert found["refund_failed"].object_id == refund.id


def test_a_refund_that_failed_and_was_sent_once_more(system: System) -> None:
    """A person has another one made of the same sum: nothing is owed any more.

    Cases: E-2.3
    """
    held = paid(system)
    system.change_prices(-1000)
    assert system.move(held, system.slots()[-1]["starts_at"]).status == 200
    system.run_outbox()
    (refund,) = system.double.documents("refund")
    system.double.move_refund(refund.id, "failed")
    system.deliver_webhooks()
    compare(system)
    found = set(findings(system))

    effect = str(system.database.value("select id from core.effects"))
    system.invoke("deliver", {"retry": effect, "operator": "Ada"})
    system.run_outbox()
    compare(system)

    assert (found, set(findings(system))) == ({"refund_failed"}, set())


def test_a_refund_that_was_given_up(system: System) -> None:
    """Its effect is dead, so it will not be sent any more."""
    refunding(system)
    tamper(system, "update core.effects set state = 'dead'")

    compare(system)

    (found,) = findings(system).values()
    assert (found.kind, found.object_id) == ("refund_failed", str(found.row_id))


# Once, until it is over ---------------------------------------------------------------------------


def test_a_difference_is_written_down_once(system: System) -> None:
    """Found again the next day, it is the same finding, seen later."""
    paid(system)
    tamper(system, "update core.payments set amount = amount - 1")
    first = compare(system)
    before = findings(system)["payment_differs"]

    second = compare(system)

    after = findings(system)["payment_differs"]
    assert (first["found"], second["found"], second["open"]) == (1, 0, 1)
    assert after.first_seen_at == before.first_seen_at
    assert after.last_seen_at > before.last_seen_at


def test_a_difference_that_is_gone_is_resolved(system: System) -> None:
    """An operator has repaired it; if it comes back, it is open again."""
    paid(system)
    tamper(system, "update core.payments set amount = amount - 1")
    compare(system)
    tamper(system, "update core.payments set amount = amount + 1")
    gone = compare(system)
    resolved = findings(system, still_open=False)["payment_differs"].resolved_at
    tamper(system, "update core.payments set amount = amount - 1")

    back = compare(system)

    assert (gone["found"], resolved is not None) == (0, True)
    assert back["found"] == 1
    assert set(findings(system)) == {"payment_differs"}


def test_a_difference_that_a_person_accepts_is_not_open(system: System) -> None:
    """It stays, is not examined again, and raises no alarm."""
    _paid_by_link(system)
    compare(system)
    system.database.execute(
        "update core.findings set accepted_at = core.clock(), accepted_because = 'tea'"
    )

    again = compare(system)

    assert (again["found"], again["open"]) == (0, 0)
    assert findings(system) == {}


def test_an_open_finding_is_looked_at_for_ever(system: System) -> None:
    """Long after Stripe's lists have passed it, it is asked for by its id."""
    paid(system)
    refund = refund_at_stripe(system, _intent(system), amount=1000)
    compare(system)
    later = compare(system, timedelta(days=60))
    system.double.move_refund(refund["id"], "failed")

    last = compare(system)

    assert (later["looked"], later["open"], last["open"]) == (1, 1, 0)
    assert findings(system) == {}
    assert compare(system)["looked"] == 0


# Long books, crashes, no answers ------------------------------------------------------------------


def test_more_than_a_page_is_walked_through(system: System) -> None:
    """Stripe lists a hundred at a time; each is compared once."""
    for session in _foreign_sessions(system, 205):
        system.pay(session)
    paid(system)

    compared = compare(system)

    assert (compared["looked"], compared["found"]) == (206, 205)
    assert system.database.value("select count(*) from core.findings") == 205


def test_a_turn_without_time_leaves_the_rest_to_the_next(system: System) -> None:
    """One page per invocation: the run continues page by page, until all are compared."""
    for session in _foreign_sessions(system, 205):
        system.pay(session)
    system.advance(timedelta(days=1))

    turns = [system.sweep("reconcile", remaining_ms=0)["looked"] for _ in range(9)]

    assert turns == [100, 100, 5, 0, 0, 0, 0, 0, 0]
    assert system.database.value("select phase from core.reconciliations") == "done"


@pytest.mark.parametrize("kind", ["refuse", "status", "timeout_after"])
def test_a_stripe_that_cannot_be_reached_ends_the_turn(system: System, kind: str) -> None:
    """The invocation fails, nothing counts as missing, and the next one continues from there.

    Cases: E-9.1
    """
    held = refunded(system)
    tamper(system, "update core.payments set payment_intent_id = 'pi_gone'")
    system.advance(timedelta(days=1))
    for path in ("/v1/refunds", "/v1/payment_intents/*"):
        system.double.faults.add(kind, method="GET", path=path, times=2, **_bad(kind))

    for _ in range(2):
        with pytest.raises(Unavailable):
            system.sweep("reconcile")
        assert "payment_missing" not in findings(system)
    compared = system.sweep("reconcile")

    assert compared["open"] == 3
    assert set(findings(system)) == {"payment_missing", "payment_unknown", "refund_differs"}
    assert system.booking(held).payment_status == "refunded"


def _bad(kind: str) -> dict[str, Any]:
    return {"status": 503} if kind == "status" else {}


def test_a_cure_that_stripe_cannot_be_asked_for_is_repeated(system: System) -> None:
    """The session cannot be read now: the next invocation compares the page again."""
    held, session = system.checkout()
    system.pay(session)
    system.advance(2 * HOUR)
    system.double.faults.add(
        "status", method="GET", path="/v1/checkout/sessions", times=2, status=503
    )

    with pytest.raises(Unavailable):
        system.sweep("reconcile")
    assert set(findings(system)) == {"payment_unknown"}
    compared = system.sweep("reconcile")

    assert (compared["found"], compared["cured"]) == (0, 1)
    assert system.booking(held).status == "scheduled"


def test_no_word_about_customers_is_kept_or_logged(
    system: System, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Findings and log lines name ids and sums, but no customer."""
    paid(system)
    tamper(system, "update core.payments set amount = amount - 1")
    caplog.clear()

    compare(system)

    kept = system.database.value("select f::text from core.findings as f")
    logged = " ".join(str(vars(record)) for record in caplog.records) + capsys.readouterr().out
    assert "books differ" in logged
    assert '"ReconciliationFindings"' in logged
    assert [word for word in ("Grace", "Hopper", "example.com") if word in kept + logged] == []
