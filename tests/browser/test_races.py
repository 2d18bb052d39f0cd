"""Races, lost answers and wandering customers in the browser.

The twins load the page without its guards, and must see the fault.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.shop import CLASS, LESSON, BrowserShop, Visitor, Visitors, delayed_methods

HOLDS = "**/v1/holds"


def test_a_time_taken_meanwhile_has_neighbours(
    visitor: Visitor, visitors: Visitors, shop: BrowserShop
) -> None:
    """While one customer types, another takes the time: the page says so, and one tap takes the
    nearest other.

    Cases: D-1, E-5.2
    """
    visitor.opens().picks().fills()
    (start,) = re.findall(r"start=([^&]+)", visitor.page.url)
    assert shop.hold(start.replace("%3A", ":")).status == 201
    visitor.button("Hold this time").click()
    visitor.sees("This time was just taken")
    alternatives = visitor.page.locator(".slots.full .time")
    assert 1 <= alternatives.count() <= 5
    alternatives.first.click()
    visitor.sees("The time is yours for now")

    assert shop.live_bookings(visitor.email) == 1


def test_two_customers_want_one_time(visitors: Visitors, shop: BrowserShop) -> None:
    """Both press at once: one gets it, the other is offered the nearest times.

    Cases: D-1
    """
    one, other = visitors(), visitors()
    for each in (one, other):
        each.opens().picks().fills()
    (begin, other_begin) = (re.findall(r"start=([^&]+)", v.page.url)[0] for v in (one, other))
    assert begin == other_begin
    for each in (one, other):  # no waiting in between: both requests are under way together
        each.page.evaluate("() => document.querySelector('form button.main').click()")
    for each in (one, other):
        heading = re.compile("yours for now|This time was just taken")
        expect(each.page.get_by_role("heading", level=1, name=heading)).to_be_visible()

    assert shop.live_bookings(one.email) + shop.live_bookings(other.email) == 1


def _without_guards(page: Page) -> None:
    """The page as it would be without its guards against a second click."""

    def rewrite(old: str, new: str) -> Callable[[Route], None]:
        def answer(route: Route) -> None:
            response = route.fetch()
            text = response.text()
            assert text.count(old) == 1, f"the page does not read as its twin expects: {old}"
            route.fulfill(response=response, body=text.replace(old, new))

        return answer

    page.route(
        "**/page.js", rewrite('if (control?.getAttribute("aria-busy") === "true") return;', "")
    )
    page.route("**/store.js", rewrite("if (known?.request === request) return known.key;", ""))


def _click_twice(visitor: Visitor) -> None:
    """Two clicks with nothing in between, on a time that could be held twice."""
    visitor.opens(CLASS).picks().fills()
    with visitor.page.expect_response(HOLDS):
        visitor.page.evaluate(
            "() => { const b = document.querySelector('form button.main'); b.click(); b.click(); }"
        )
    visitor.sees("The time is yours for now")


def test_a_double_click_is_one_hold(visitor: Visitor, shop: BrowserShop) -> None:
    """The second click finds the first request under way, and would send the same key."""
    _click_twice(visitor)

    assert shop.live_bookings(visitor.email) == 1


def test_without_its_guards_a_double_click_is_two_holds(
    visitor: Visitor, shop: BrowserShop
) -> None:
    """The twin of the test above: what the guards are for."""
    _without_guards(visitor.page)
    with visitor.page.expect_request_finished(lambda request: request.url.endswith("/v1/holds")):
        _click_twice(visitor)
    visitor.page.wait_for_load_state("networkidle")

    assert shop.live_bookings(visitor.email) == 2


def test_a_lost_answer_is_asked_for_again(visitor: Visitor, shop: BrowserShop) -> None:
    """The hold was made, the answer lost: the repeat with the same key finds it.

    Cases: D-3
    """
    keys: list[str] = []

    def lose_the_first(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            assert route.fetch().status == 201
            route.abort()
        else:
            route.continue_()

    visitor.page.route(HOLDS, lose_the_first)
    visitor.opens().holds()

    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert shop.live_bookings(visitor.email) == 1


def test_a_reload_in_the_middle_of_holding_finds_the_hold(
    visitor: Visitor, shop: BrowserShop
) -> None:
    """The page is reloaded before the answer comes: it sends the same key again by itself.

    Cases: D-3
    """
    page = visitor.page
    page.route(HOLDS, lambda route: route.fetch() and None)  # reaches the server, never answers
    visitor.opens().picks().fills()
    with page.expect_request(HOLDS):
        visitor.button("Hold this time").click()
    page.unroute(HOLDS)
    page.reload()
    visitor.sees("The time is yours for now")

    assert shop.live_bookings(visitor.email) == 1


def test_two_tabs_pay_once(visitor: Visitor, visitors: Visitors, shop: BrowserShop) -> None:
    """The second tab shows the hold, leads to the same payment page, and learns of the payment.

    Cases: E-2.6
    """
    visitor.opens().holds()
    booking = visitor.booking_id
    other = visitors.tab(visitor)
    other.page.goto(shop.page)
    expect(other.page.get_by_text("You are holding Single lesson")).to_be_visible()
    other.button("Continue").click()
    other.sees("The time is yours for now")
    for tab in (visitor, other):
        tab.goes_to_pay()
    assert visitor.page.url == other.page.url
    other.page.go_back()
    other.sees("Not paid yet")
    visitor.pays().sees("You are booked")
    other.sees("You are booked")

    assert len(shop.payments(booking)) == 1


def test_back_never_pays_twice(visitor: Visitor, shop: BrowserShop) -> None:
    """From the payment page back to the booking, forward and paid; back again shows it paid."""
    visitor.opens().holds()
    booking = visitor.booking_id
    visitor.goes_to_pay()
    visitor.page.go_back()
    visitor.sees("Not paid yet").goes_to_pay().pays().sees("You are booked")
    visitor.page.go_back()
    expect(visitor.page.get_by_text("This payment has been made.")).to_be_visible()
    visitor.page.get_by_role("link", name="Continue").click()
    visitor.sees("You are booked")

    assert len(shop.payments(booking)) == 1


def test_back_goes_through_the_steps(visitor: Visitor, shop: BrowserShop) -> None:
    """Details, times, catalogue; after holding, back leads to the times with a reminder."""
    visitor.page.goto(shop.page)
    visitor.page.get_by_role("button", name=LESSON).first.click()
    visitor.sees("Choose a time").picks()
    visitor.page.go_back()
    visitor.sees("Choose a time")
    visitor.page.go_back()
    visitor.sees("What would you like to book?")
    visitor.page.go_forward()
    visitor.sees("Choose a time").holds()
    visitor.page.go_back()
    visitor.sees("Choose a time")

    expect(visitor.page.get_by_text("You are holding Single lesson")).to_be_visible()


def test_every_step_survives_a_reload(visitor: Visitor, shop: BrowserShop) -> None:
    """The same view comes back: with the chosen day, what was typed, the countdown, the result."""
    page = visitor.page

    def reloaded(title: str) -> None:
        visitor.sees(title)
        page.reload()
        visitor.sees(title)

    page.goto(shop.page)
    reloaded("What would you like to book?")
    visitor.opens()
    page.locator('.day:not([aria-disabled="true"])').nth(2).click()
    chosen = page.locator(".day[aria-pressed=true]").get_attribute("data-date")
    reloaded("Choose a time")
    expect(page.locator(".day[aria-pressed=true]")).to_have_attribute("data-date", chosen or "")
    visitor.picks().fills(notes="By the window")
    reloaded("Your details")
    expect(page.locator("#notes")).to_have_value("By the window")
    visitor.button("Hold this time").click()
    reloaded("The time is yours for now")
    visitor.goes_to_pay()
    visitor.button(re.compile("Back to")).click()
    reloaded("Not paid yet")
    visitor.goes_to_pay().pays()
    reloaded("You are booked")


STEPS: dict[str, tuple[Callable[[Visitor], Any], Callable[[Visitor], Any], str]] = {
    "choosing": (
        lambda v: (v.page.goto(v.shop.page), v.sees("What would you like to book?")),
        lambda v: v.page.get_by_role("button", name=LESSON).first.click(),
        "Choose a time",
    ),
    "turning to later days": (
        lambda v: v.opens(),
        lambda v: v.button("Next five weeks").click(),
        "Choose a time",
    ),
    "holding": (
        lambda v: v.opens().picks().fills(),
        lambda v: v.button("Hold this time").click(),
        "The time is yours for now",
    ),
    "giving back": (
        lambda v: v.opens().holds(),
        lambda v: v.button("Cancel this hold").click(),
        "Your hold is cancelled",
    ),
}


@pytest.mark.today
@pytest.mark.parametrize("step", STEPS)
def test_a_lost_network_is_waited_for(visitor: Visitor, step: str) -> None:
    """A request without a network is shown as waiting, and sent when there is one again."""
    prepare, act, title = STEPS[step]
    context, page = visitor.page.context, visitor.page
    page.clock.install()
    prepare(visitor)
    context.set_offline(True)
    act(visitor)
    visitor.sees_no_connection()
    context.set_offline(False)

    visitor.sees(title)
    expect(page.get_by_text("There is no connection.")).to_be_hidden()
    if step == "turning to later days":
        expect(page.locator('.day:not([aria-disabled="true"])').first).to_be_visible()


def test_going_to_pay_without_a_network(visitor: Visitor) -> None:
    """The page says so, and leads to the payment page when there is a network again."""
    page = visitor.page
    page.clock.install()
    visitor.opens().holds()
    page.context.set_offline(True)
    visitor.button(re.compile("^Pay ")).click()
    visitor.sees_no_connection()
    page.context.set_offline(False)

    page.wait_for_url("**/pay/**")


def test_waiting_for_the_payment_outlasts_a_lost_network(
    visitor: Visitor, shop: BrowserShop
) -> None:
    """Offline while the bank decides: the page asks again as soon as it can."""
    day = delayed_methods(shop)
    visitor.opens(day=f"{day}").holds().goes_to_pay()
    visitor.button(re.compile("Pay by")).click()
    visitor.sees("Confirming your payment")
    visitor.page.context.set_offline(True)
    session = shop.session_of(visitor.booking_id)
    shop.double("settle", session_id=session, outcome="succeed")
    visitor.page.context.set_offline(False)

    visitor.sees("You are booked")


def test_a_booking_of_another_browser_is_not_shown(visitor: Visitor, visitors: Visitors) -> None:
    """Its address alone opens nothing: the secret is not part of it.

    Proves: ASVS 8.2.2
    """
    visitor.opens().holds()
    stranger = visitors()
    stranger.page.goto(visitor.page.url)

    stranger.sees("This booking cannot be shown here")
    assert visitor.email not in stranger.page.content()
