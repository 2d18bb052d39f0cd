"""How many payment pages one hold may have, which methods they offer, and how often Stripe is
asked.
"""

from typing import Any

import pytest

from tests.harness.system.in_process import RETURN_ADDRESSES, Answer, System
from tests.harness.system.problems import assert_problem, refused
from tests.harness.system.setup import TEN, minutes, open_sessions, sessions

TWO = "2030-01-07T14:00:00Z"
FAR = "2030-01-30T10:00:00Z"  # 23 days on
SOON = "2030-01-20T10:00:00Z"  # 13 days on


def _page(system: System, held: dict[str, Any], number: int, key: str = "publishable") -> Answer:
    return system.request(
        "POST",
        f"/v1/bookings/{held['id']}/checkout",
        RETURN_ADDRESSES | {"cancel_url": f"https://studio.example/{number}"},
        secret=held["client_secret"],
        key=key,
    )


@pytest.mark.parametrize("key", ["publishable", "secret"])
def test_a_hold_has_few_payment_pages(system: System, key: str) -> None:
    """Other addresses make other sessions at Stripe, whose limits all tenants share: five, and then
    429; the open page stays, and can be paid.

    Cases: E-2.6, P-8
    Proves: ASVS 15.2.2, API4:2023
    """
    held = system.hold(TEN)
    answers = [_page(system, held, number, key) for number in range(5)]
    refusal = refused(system, lambda: _page(system, held, 5, key), 429, "too_many_payment_pages")

    assert [answer.status for answer in answers] == [200] * 5
    assert refusal.body["limit"] == 5
    assert len(sessions(system, held)) == 5
    assert open_sessions(system, held) == [system.session_id(held)]
    assert _page(system, held, 4, key).body["checkout_url"] == answers[4].body["checkout_url"]
    system.pay(system.session_id(held))
    system.deliver_webhooks()
    assert system.confirmation(held)["status"] == "confirmed"


def test_how_many_is_the_tenants_setting(system: System) -> None:
    """A tenant can allow only one."""
    system.database.execute("update core.tenants set payment_pages_per_hold = 1")
    held = system.hold(TEN)

    assert _page(system, held, 0).status == 200
    assert_problem(_page(system, held, 1), 429, "too_many_payment_pages")


def test_pages_of_a_reschedule_are_counted_separately(system: System) -> None:
    """A booking that used all its pages can be rescheduled, and the reschedule has as many
    again.
    """
    held = system.hold(TEN)
    for number in range(5):
        assert _page(system, held, number).status == 200
    system.pay(system.session_id(held))
    system.deliver_webhooks()
    system.change_prices(500)
    system.move(held, TWO)

    statuses = [_page(system, held, number).status for number in range(6)]

    assert statuses == [200] * 5 + [429]


class _Questions:
    """Counts the requests to Stripe on their way to the double."""

    def __init__(self, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        handle = system.double.handle

        def counting(request: Any) -> Any:
            self.asked.append(f"{request.method} {request.route}")
            return handle(request)

        monkeypatch.setattr(system.double, "handle", counting)


def test_polls_ask_stripe_once_in_some_seconds(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty polls make one request; five seconds later there is another.

    Cases: E-2.8, P-8
    Proves: ASVS 15.2.2, API4:2023
    """
    held, session_id = system.checkout(system.hold(TEN))
    system.database.clock.freeze()
    stripe = _Questions(system, monkeypatch)
    question = [f"GET /v1/checkout/sessions/{session_id}"]
    told = {system.confirmation(held)["status"] for _ in range(30)}

    assert told == {"processing"}
    assert stripe.asked == question

    system.advance(minutes(4.9 / 60))
    system.confirmation(held)
    assert stripe.asked == question
    system.advance(minutes(0.2 / 60))
    for _ in range(5):
        system.confirmation(held)
    assert stripe.asked == question * 2


def test_a_poll_still_finds_the_payment_without_an_event(system: System) -> None:
    """The event is lost; a later poll asks Stripe and sees the confirmation.

    Cases: E-2.8
    """
    held, session_id = system.checkout(system.hold(TEN))
    before = system.confirmation(held)["status"]
    system.pay(session_id)
    system.advance(minutes(5 / 60))

    assert (before, system.confirmation(held)["status"]) == ("processing", "confirmed")


def test_that_it_was_asked_changes_nothing_else(system: System) -> None:
    """Neither version nor age of the checkout: reconciliation counts from its last change."""
    held, _ = system.checkout(system.hold(TEN))
    query = "select version, updated_at from core.checkouts"
    before = system.database.one(query)
    system.advance(minutes(1))
    system.confirmation(held)

    assert system.database.one(query) == before
    assert system.database.value("select asked_at is not null from core.checkouts")


def test_stripe_out_of_reach_is_asked_again_no_sooner(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request without an answer counts as well: an outage is no reason to ask more often."""
    held, _ = system.checkout(system.hold(TEN))
    system.database.clock.freeze()
    stripe = _Questions(system, monkeypatch)
    system.double.faults.add("status", path="/v1/checkout/sessions/*", times=None, status=500)
    for _ in range(10):
        assert system.confirmation(held)["status"] == "processing"

    assert 1 <= len(stripe.asked) <= 2  # the SDK tries twice


def _offered(system: System, held: dict[str, Any]) -> set[str]:
    page = system.session_id(held)
    (session,) = [s.body for s in system.double.documents("checkout.session") if s.id == page]
    return set(session["payment_method_types"]) - {"card"}


@pytest.mark.parametrize(
    ("setting", "key", "start", "offered"),
    [
        ("servers", "publishable", FAR, False),
        ("servers", "secret", FAR, True),
        ("servers", "secret", SOON, False),
        ("never", "secret", FAR, False),
        ("never", "publishable", FAR, False),
        ("all", "publishable", FAR, True),
        ("all", "publishable", SOON, False),
        ("all", "secret", SOON, False),
    ],
)
def test_delayed_methods_are_offered_where_their_result_comes_in_time(
    system: System, setting: str, key: str, start: str, offered: bool
) -> None:
    """By default only for servers, and only if two weeks are left when the page closes.

    Cases: D-2
    """
    system.database.execute("update core.tenants set delayed_methods = %s", setting)
    held = system.hold(start)

    assert _page(system, held, 0, key).status == 200
    assert (_offered(system, held) != set()) is offered


def test_by_default_a_browser_gets_no_delayed_methods(system: System) -> None:
    """However far ahead the time is."""
    held = system.hold(FAR)
    _page(system, held, 0)
    page = system.session_id(held)

    assert _offered(system, held) == set()
    with pytest.raises(Exception, match="accepts only: card"):
        system.pay(page, "delayed")


def test_a_cart_offers_them_by_its_first_time(system: System) -> None:
    """If one period, anywhere in the cart, is too near, none are offered."""
    system.database.execute("update core.tenants set delayed_methods = 'all'")
    period = system.hold_body(FAR)
    customer = period.pop("customer")
    near = period | {"starts_at": SOON}
    held = system.request("POST", "/v1/holds", {"items": [period, near], "customer": customer})

    assert held.status == 201, held
    assert _page(system, held.body, 0).status == 200
    assert _offered(system, held.body) == set()


def test_a_reschedule_offers_them_by_the_sooner_of_its_times(system: System) -> None:
    """The old time counts as the new one does."""
    system.database.execute("update core.tenants set delayed_methods = 'all'")
    held = system.paid(system.hold(SOON))
    system.change_prices(500)
    system.move(held, FAR)

    assert _page(system, held, 1).status == 200
    assert _offered(system, held) == set()
