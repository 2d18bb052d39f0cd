"""A reschedule that costs more: how its difference is paid, from the payment page to the
booking.
"""

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.harness.clients.calls import Api, Checkout, Held, refused, stripe_event, utc
from tests.harness.database.builders import NOW, Offer, Tenant
from tests.harness.laws.invariants import violations

TEN, NOON, TWO = (NOW + timedelta(hours=hours) for hours in (2, 4, 6))
DIFFERENCE = 1500


def price(offer: Offer, amount: int) -> None:
    """Set the price of the offering."""
    query = "update core.prices set amount = %s where offering_id = %s"
    offer.tenant.database.execute(query, amount, offer.offering_id)


def waiting(api: Api, tenant: Tenant, **columns: Any) -> tuple[Offer, Held]:
    """A paid booking at ten, whose reschedule to noon waits for 15 EUR."""
    offer = tenant.offer(**columns)
    held = api.paid(offer, TEN).held
    price(offer, 4500 + DIFFERENCE)
    api.move(held, NOON)
    return offer, held


def checkout(api: Api, held: Held) -> Checkout:
    """Open the payment page of a reschedule."""
    return api.checkout(held)


def settle(api: Api, page: Checkout, outcome: str, **session: Any) -> str:
    """An event of Stripe about it; with the right sum unless another is given."""
    return api.settle(page, outcome, **{"amount_total": DIFFERENCE} | session)


def refunds(api: Api) -> list[tuple[int, str]]:
    return [(row.amount, row.reason) for row in api.database.rows("select * from core.refunds")]


def times(held: Held) -> list[tuple[int, datetime]]:
    query = (
        "select part, lower(during) as at from core.occupancies where booking_id = %s order by 1"
    )
    return [(row.part, row.at) for row in held.tenant.database.rows(query, held.id)]


def test_the_page_asks_for_the_difference_alone(api: Api, tenant: Tenant) -> None:
    """Its parameters name the new time and the difference; the new time is kept while it is open.

    Cases: E-10.5, E-2.6
    """
    _, held = waiting(api, tenant)

    begun = api.begin(held)

    (item,) = begun["checkout"]["parameters"]["line_items"]
    assert item["price_data"]["unit_amount"] == DIFFERENCE
    assert "12:00" in item["price_data"]["product_data"]["description"]
    assert begun["booking"]["status"] == "scheduled"
    assert utc(begun["booking"]["change"]["expires_at"]) == NOW + timedelta(minutes=36)
    assert violations(api.database) == []


def test_when_the_difference_is_paid_the_booking_is_rescheduled(api: Api, tenant: Tenant) -> None:
    """The transaction that settles the payment reschedules the booking, which is paid at its new
    price.

    Cases: D-1, E-10.5
    """
    offer, held = waiting(api, tenant)
    page = checkout(api, held)

    result = settle(api, page, "paid")

    row = held.row
    assert (result, row.starts_at, row.amount, row.status) == ("changed", NOON, 6000, "scheduled")
    assert (row.payment_status, times(held), refunds(api)) == ("paid", [(1, NOON)], [])
    assert api.hold(offer, TEN).occupies
    assert violations(api.database, quiescent=True) == []


def test_two_events_pay_once(api: Api, tenant: Tenant) -> None:
    """Two events about the payment are one payment.

    Cases: E-2.2
    """
    _, held = waiting(api, tenant)
    page = checkout(api, held)

    results = [settle(api, page, "paid"), settle(api, page, "paid"), settle(api, page, "expired")]

    assert results == ["changed", "unchanged", "unchanged"]
    assert (held.row.starts_at, refunds(api)) == (NOON, [])
    assert violations(api.database, quiescent=True) == []


def test_asking_again_answers_the_same_page(api: Api, tenant: Tenant) -> None:
    """The same return addresses get the same session; for others it is closed first.

    Cases: E-2.6
    """
    _, held = waiting(api, tenant)
    page = checkout(api, held)

    again = api.begin(held)
    elsewhere = api.begin(held, cancel_url="https://a.example/elsewhere")

    assert (again["next"], again["checkout"]["id"]) == ("open", str(page.id))
    assert (elsewhere["next"], elsewhere["effect"]["kind"]) == ("close", "expire_session")
    assert violations(api.database) == []


@pytest.mark.parametrize("outcome", ["expired", "failed"])
def test_unpaid_the_booking_stays(api: Api, tenant: Tenant, outcome: str) -> None:
    """Once it cannot be paid, the new time is free; the booking keeps its old time and is paid."""
    offer, held = waiting(api, tenant)
    page = checkout(api, held)

    result = settle(api, page, outcome)

    assert (result, times(held), held.row.amount) == ("released", [(1, TEN)], 4500)
    assert api.hold(offer, NOON).occupies
    assert violations(api.database) == []


def test_a_delayed_payment_keeps_both_times(api: Api, tenant: Tenant) -> None:
    """As for a hold, until one of the two times begins; meanwhile nothing is begun or given up."""
    _, held = waiting(api, tenant)
    page = checkout(api, held)

    pending = settle(api, page, "pending")

    deadline = api.database.value("select expires_at from core.reschedules")
    assert (pending, deadline) == ("pending", TEN)
    assert refused(api.begin, held).sqlstate == "KHSTA"
    assert refused(api.call, "cancel_reschedule", held.actor, held.id, None).sqlstate == "KHSTA"
    assert settle(api, page, "paid") == "changed"
    assert violations(api.database, quiescent=True) == []


def test_a_wrong_sum_reschedules_nothing_and_is_refunded(api: Api, tenant: Tenant) -> None:
    """It is quarantined and refunded; the booking keeps its own time and payment.

    Cases: E-10.5, A-1
    """
    _, held = waiting(api, tenant)
    page = checkout(api, held)

    result = settle(api, page, "paid", amount_total=1)

    assert (result, refunds(api)) == ("refunding", [(1, "amount_mismatch")])
    assert (times(held), held.row.payment_status) == ([(1, TEN)], "paid")
    assert violations(api.database) == []


def test_paid_late_it_is_rescheduled_if_the_time_is_free(api: Api, tenant: Tenant) -> None:
    """A payment after the reschedule expired takes the new time again.

    Cases: D-2
    """
    _, held = waiting(api, tenant)
    page = checkout(api, held)
    settle(api, page, "expired")

    assert settle(api, page, "paid") == "changed"
    assert (times(held), refunds(api)) == ([(1, NOON)], [])
    assert violations(api.database, quiescent=True) == []


@pytest.mark.parametrize("why", ["taken", "begun", "moved elsewhere", "changing again", "gone by"])
def test_paid_late_without_the_time_it_goes_back(api: Api, tenant: Tenant, why: str) -> None:
    """The difference is refunded exactly once; the booking stays as it was.

    Cases: D-2
    """
    offer, held = waiting(api, tenant)
    page = checkout(api, held)
    settle(api, page, "expired")
    if why == "taken":
        api.hold(offer, NOON)
    elif why == "begun":
        api.database.clock.set(TEN)
    elif why == "moved elsewhere":
        price(offer, 4500)
        api.move(held, TWO)
    elif why == "changing again":
        api.move(held, TWO)
    else:
        api.database.clock.set(NOON + timedelta(hours=1))

    session = page.session(amount_total=DIFFERENCE)
    settled = api.call("settle_checkout", stripe_event(), "paid", session)

    assert (settled["result"], settled["late"]) == ("refunding", True)
    assert refunds(api) == [(DIFFERENCE, "time_lost")]
    assert held.row.payment_status == "paid"
    assert violations(api.database) == []


def test_paid_when_the_old_time_has_begun_it_goes_back(api: Api, tenant: Tenant) -> None:
    """A customer who has had the old time does not get the new one for the difference."""
    _, held = waiting(api, tenant)
    page = checkout(api, held)
    api.database.clock.set(TEN)

    result = settle(api, page, "paid")

    assert (result, refunds(api)) == ("refunding", [(DIFFERENCE, "time_lost")])
    assert times(held) == [(1, TEN)]
    assert violations(api.database) == []


# Giving up ----------------------------------------------------------------------------------------


def test_an_unpaid_reschedule_is_given_up_at_once(api: Api, tenant: Tenant) -> None:
    """Without a page it cannot be paid, so the new time is free at once; twice is once."""
    offer, held = waiting(api, tenant)

    answers = [api.call("cancel_reschedule", held.actor, held.id, None) for _ in range(2)]

    assert answers[0] == answers[1]
    assert (answers[0]["abandoned"], answers[0]["booking"]["change"]) == (True, None)
    assert times(held) == [(1, TEN)]
    assert api.hold(offer, NOON).occupies
    assert violations(api.database) == []


def test_an_open_page_is_closed_before_the_time_is_free(api: Api, tenant: Tenant) -> None:
    """The answer contains the leased effect, whose result frees the time.

    Cases: E-2.6
    """
    _, held = waiting(api, tenant)
    page = checkout(api, held)

    answer = api.call("cancel_reschedule", held.actor, held.id, None)
    between = times(held)
    finished = api.finish(answer["effect"], "done", outcome="expired", session=page.session())

    assert (answer["abandoned"], between) == (False, [(1, TEN), (2, NOON)])
    assert finished["result"] == "released"
    assert times(held) == [(1, TEN)]
    assert violations(api.database, quiescent=True) == []


def test_paid_while_it_is_given_up_it_is_rescheduled(api: Api, tenant: Tenant) -> None:
    """The payment was made before the page was closed, so the booking is rescheduled."""
    _, held = waiting(api, tenant)
    page = checkout(api, held)
    answer = api.call("cancel_reschedule", held.actor, held.id, None)

    session = page.session(amount_total=DIFFERENCE)
    finished = api.finish(answer["effect"], "done", outcome="paid", session=session)

    assert (finished["result"], times(held)) == ("changed", [(1, NOON)])
    assert violations(api.database, quiescent=True) == []


def test_paid_after_it_was_given_up_it_goes_back(api: Api, tenant: Tenant) -> None:
    """The customer has given it up, so the money is refunded although the time is free."""
    _, held = waiting(api, tenant)
    page = checkout(api, held)
    answer = api.call("cancel_reschedule", held.actor, held.id, None)
    api.finish(answer["effect"], "done", outcome="expired", session=page.session())

    assert settle(api, page, "paid") == "refunding"
    assert (refunds(api), times(held)) == ([(DIFFERENCE, "released")], [(1, TEN)])
    assert violations(api.database) == []


def test_a_session_refused_while_it_is_given_up(api: Api, tenant: Tenant) -> None:
    """Stripe made no session, so nothing can be paid, and the reschedule has expired."""
    _, held = waiting(api, tenant)
    begun = api.begin(held)
    api.call("cancel_reschedule", held.actor, held.id, None)

    api.call("attach_checkout", held.actor, held.id, begun["checkout"]["id"], None)

    assert times(held) == [(1, TEN)]


def test_without_a_reschedule_there_is_nothing_to_give_up(api: Api, tenant: Tenant) -> None:
    """KHSTA, also when the last reschedule was made."""
    held = api.paid(tenant.offer(), TEN).held
    never = refused(api.call, "cancel_reschedule", held.actor, held.id, None)
    api.move(held, NOON)
    made = refused(api.call, "cancel_reschedule", held.actor, held.id, None)

    assert (never.sqlstate, made.sqlstate) == ("KHSTA", "KHSTA")


def test_a_stale_screen_gives_nothing_up(api: Api, tenant: Tenant) -> None:
    """KHVER when the booking has changed since the version the client saw.

    Cases: D-4, E-7.1
    """
    _, held = waiting(api, tenant)

    assert refused(api.call, "cancel_reschedule", held.actor, held.id, 1).sqlstate == "KHVER"
    assert times(held) == [(1, TEN), (2, NOON)]


def test_the_end_of_a_booking_ends_its_reschedule(api: Api, tenant: Tenant) -> None:
    """Its page is closed, both times are free, and a payment that still arrives is refunded."""
    _, held = waiting(api, tenant)
    page = checkout(api, held)

    with api.database.connect() as operator:
        operator.execute("select core.enter_tenant(%s, 'test', null, null)", (tenant.id,))
        operator.execute(
            "select core.transition_booking(b, 'cancelled', 'test') from core.bookings as b"
        )

    (effect,) = api.claim()
    assert (effect["kind"], times(held)) == ("expire_session", [])
    assert settle(api, page, "paid") == "refunding"
    assert refunds(api) == [(DIFFERENCE, "time_lost")]


# Time ---------------------------------------------------------------------------------------------


def test_the_sweep_expires_unpaid_reschedules(api: Api, tenant: Tenant) -> None:
    """A reschedule without a page expires at its deadline; the booking stays.

    Cases: E-7.2
    """
    _, held = waiting(api, tenant)
    api.database.clock.advance(timedelta(minutes=6))

    swept = api.call("expire_holds", 10)

    assert swept == {"expired": 1, "closing": 0, "more": False}
    assert (times(held), held.row.status) == ([(1, TEN)], "scheduled")
    assert violations(api.database, quiescent=True) == []


def test_the_sweep_closes_the_page_first(api: Api, tenant: Tenant) -> None:
    """What can be paid keeps its time until Stripe has closed it.

    Cases: D-2
    """
    _, held = waiting(api, tenant)
    page = checkout(api, held)
    api.database.clock.advance(timedelta(minutes=40))

    swept = [api.call("expire_holds", 10) for _ in range(2)]
    between = times(held)
    (effect,) = api.claim()
    api.finish(effect, "done", outcome="expired", session=page.session())

    assert [(one["expired"], one["closing"]) for one in swept] == [(0, 1), (0, 0)]
    assert between == [(1, TEN), (2, NOON)]
    assert times(held) == [(1, TEN)]
    assert violations(api.database, quiescent=True) == []


def test_past_its_deadline_it_is_not_begun(api: Api, tenant: Tenant) -> None:
    """KHEXP, whether or not a sweep has run; another reschedule is possible."""
    _, held = waiting(api, tenant)
    api.database.clock.advance(timedelta(minutes=6))

    late = refused(api.begin, held)
    again = api.move(held, TWO)

    assert (late.sqlstate, late.message) == ("KHEXP", "the reschedule has expired")
    assert utc(again["change"]["starts_at"]) == TWO
    assert times(held) == [(1, TEN), (2, TWO)]
    assert violations(api.database) == []


def test_an_expired_reschedule_blocks_no_time(api: Api, tenant: Tenant) -> None:
    """Its time can be held by another customer before any sweep has run."""
    offer, held = waiting(api, tenant)
    api.database.clock.advance(timedelta(minutes=6))

    stranger = api.hold(offer, NOON)

    assert (stranger.occupies, times(held)) == (True, [(1, TEN)])
    assert violations(api.database) == []


def renewals(api: Api, held: Held) -> list[timedelta]:
    """Ask for a new page whenever the old one is nearly over, until that is refused; the times."""
    begun, lives = api.database.clock.now(), []
    for _ in range(50):
        page = api.checkout(held)
        lives.append(page.row.stripe_session_expires_at - begun)
        api.database.clock.advance(timedelta(minutes=30))
        try:
            answer = api.begin(held)
        except psycopg.Error as error:
            if error.sqlstate == "KHEXP":
                return lives
            raise
        api.finish(answer["effect"], "done", outcome="expired", session=page.session())
    raise AssertionError("it is renewed for ever")


@pytest.mark.parametrize("what", ["hold", "change"])
def test_nothing_is_renewed_for_ever(api: Api, tenant: Tenant, what: str) -> None:
    """However often a page is asked for, an unpaid time is kept for at most two hours.

    Cases: P-8
    """
    held = api.hold(tenant.offer(), TEN + timedelta(days=1)) if what == "hold" else None
    held = held or waiting(api, tenant)[1]

    lives = renewals(api, held)

    assert len(lives) >= 2
    assert max(lives) <= timedelta(minutes=120)


def test_a_page_that_outlives_the_limit_is_not_made(api: Api, tenant: Tenant) -> None:
    """KHEXP with a hint, and the open page stays open."""
    held = api.hold(tenant.offer(), TEN)
    api.checkout(held)
    api.database.execute("update core.bookings set hold_limit_at = core.clock() + '30 minutes'")

    refusal = refused(api.begin, held, cancel_url="https://a.example/elsewhere")

    assert refusal.sqlstate == "KHEXP"
    assert refusal.hint == "pay on the open payment page, or choose another time"
    assert api.begin(held)["next"] == "open"
