"""A customer books and pays, and sees the result. The page is never reloaded by hand."""

import re
import time
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.shop import (
    CLASS,
    GROUP,
    LESSON,
    VENUE,
    BrowserShop,
    Visitor,
    Visitors,
    delayed_methods,
    moved,
)
from tests.harness.stripe.lost_times import lose_time


@pytest.mark.today
def test_a_time_is_booked_and_paid(visitor: Visitor, shop: BrowserShop) -> None:
    """From the first page to the calendar file; one booking, paid once.

    Cases: E-2.8
    """
    page = visitor.page
    page.goto(shop.page)
    visitor.sees("What would you like to book?")
    offer = page.get_by_role("button", name="Single lesson").first
    expect(offer).to_contain_text("£45")
    expect(offer).to_contain_text("1 hr")
    offer.click()
    visitor.sees("Choose a time").holds()
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"^[45]:\d\d$"))
    booking = visitor.booking_id
    secret = page.evaluate(
        "id => JSON.parse(localStorage['holdfast.booking.' + id]).secret", booking
    )
    visitor.goes_to_pay()
    expect(page.get_by_text("Test mode — no real money")).to_be_visible()
    session = shop.session_of(booking)
    visitor.pays().sees("You are booked")

    with page.expect_download() as saved:
        visitor.button("Add to calendar").click()
    file = saved.value.path().read_bytes().decode()
    starts = shop.booking(
        booking, "to_char(starts_at at time zone 'UTC', 'YYYYMMDD\"T\"HH24MISS\"Z\"')"
    )
    assert f"DTSTART:{starts}\r\n" in file
    assert "SUMMARY:Single lesson\\, Ada Lovelace\\, maths tutor\r\n" in file
    assert shop.booking(booking) == "scheduled"
    assert len(shop.payments(booking)) == 1
    assert secret not in page.url
    parameters = shop.database.value(
        "select parameters::text from core.checkouts where stripe_session_id = %s", session
    )
    assert secret not in parameters


def test_a_declined_card_can_be_followed_by_another(visitor: Visitor, shop: BrowserShop) -> None:
    """The payment page gives the reason, and the time is still there."""
    visitor.opens().holds().goes_to_pay().pays("4000 0000 0000 0002")
    expect(visitor.page.get_by_role("alert")).to_have_text("Your card was declined.")
    visitor.pays().sees("You are booked")

    assert len(shop.payments(visitor.booking_id)) == 1


@pytest.mark.parametrize(
    ("outcome", "title"), [("succeed", "You are booked"), ("fail", "The hold has ended")]
)
def test_a_delayed_payment_is_followed(
    visitor: Visitor, shop: BrowserShop, outcome: str, title: str
) -> None:
    """The page waits until the bank has answered.

    Cases: E-2.8
    """
    day = delayed_methods(shop)
    visitor.opens(day=f"{day}").holds().goes_to_pay()
    visitor.button(re.compile("Pay by")).click()
    visitor.sees("Confirming your payment")
    session = shop.session_of(visitor.booking_id)
    assert shop.double("settle", session_id=session, outcome=outcome).status == 200

    visitor.sees(title)


def test_leaving_the_payment_page_loses_nothing(visitor: Visitor, shop: BrowserShop) -> None:
    """Back at the shop the time is still kept, and the same payment page can be used."""
    visitor.opens().holds().goes_to_pay()
    first = visitor.page.url
    visitor.button(re.compile("Back to")).click()
    visitor.sees("Not paid yet")
    expect(visitor.page.locator(".lead")).to_have_text(re.compile(r"until \d\d:\d\d"))
    visitor.goes_to_pay()
    assert visitor.page.url == first
    visitor.pays().sees("You are booked")

    assert len(shop.payments(visitor.booking_id)) == 1


@pytest.mark.parametrize("paying", [False, True], ids=["held", "paying"])
def test_a_time_is_given_back(visitor: Visitor, shop: BrowserShop, paying: bool) -> None:
    """Before paying, whether or not the payment page was open; that page then takes no payment."""
    visitor.opens().holds()
    if paying:
        visitor.goes_to_pay()
        visitor.button(re.compile("Back to")).click()
        visitor.sees("Not paid yet")
    booking = visitor.booking_id
    visitor.button("Cancel this hold").click()
    visitor.sees("Your hold is cancelled")

    assert shop.booking(booking) == "expired"


@pytest.mark.today
def test_a_whole_day_is_booked_by_its_date(visitor: Visitor, shop: BrowserShop) -> None:
    """The date on the page is the date at the place, half a world away.

    Cases: D-5
    """
    visitor.opens(VENUE)
    chosen = visitor.page.locator(".day[aria-pressed=true]").get_attribute("data-date")
    visitor.button("Book this day").click()
    visitor.sees("Your details").fills().button("Hold this time").click()
    visitor.sees("The time is yours for now")

    assert str(shop.booking(visitor.booking_id, "booked_on")) == chosen


def test_the_server_has_the_last_word_on_the_details(visitor: Visitor) -> None:
    """A refusal is shown at the field, which gets the focus; what was typed stays.

    Cases: P-12
    Proves: ASVS 2.2.2
    """
    visitor.opens().picks().fills(phone="12")
    visitor.button("Hold this time").click()
    phone = visitor.page.locator("#phone")

    expect(phone).to_be_focused()
    expect(phone).to_have_attribute("aria-invalid", "true")
    expect(phone).to_have_accessible_description(re.compile("country code"))
    expect(visitor.page.locator("#name")).to_have_value("Grace Hopper")
    visitor.fills(phone="+49 30 901820").button("Hold this time").click()
    visitor.sees("The time is yours for now")


def test_missing_details_are_shown_before_anything_is_sent(visitor: Visitor) -> None:
    """Two fields are required; the first gets the focus."""
    visitor.opens().picks()
    visitor.button("Hold this time").click()

    expect(visitor.page.get_by_role("alert").filter(has_text="2 fields")).to_be_visible()
    expect(visitor.page.locator("#name")).to_be_focused()


@pytest.mark.today
def test_times_are_the_customers_and_the_places_are_named(visitors: Visitors) -> None:
    """Three hours apart, both times are on the button; at the place itself one is enough.

    Cases: E-6.1
    """
    away = visitors(timezone_id="America/Los_Angeles").opens(CLASS)
    home = visitors(timezone_id="America/New_York").opens(CLASS)
    text = away.page.locator(".time").first.inner_text()
    times = [int(hour) for hour in re.findall(r"(\d\d):00", text)]

    assert (times[1] - times[0]) % 24 == 3
    assert "New York" in text
    assert "New York" not in home.page.locator(".time").first.inner_text()
    assert "places left" in text


@pytest.mark.today
def test_a_group_has_places(visitor: Visitor, shop: BrowserShop) -> None:
    """How many can come, and how many places a time has left: one fewer once one is held."""
    visitor.page.goto(shop.page)
    offer = visitor.page.get_by_role("button", name=GROUP)
    expect(offer).to_contain_text("group of up to 8")
    visitor.opens(GROUP)
    start = visitor.page.locator(".time").last
    expect(start).to_contain_text("8 places left")
    visitor.holds()
    booking = visitor.booking_id
    answer = shop.stack.call("GET", f"/v1/resources/{shop.offerings[GROUP][0]}/slots")
    held = shop.booking(booking, "to_char(starts_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI')")

    (slot,) = [s for s in answer.body["slots"] if s["starts_at"].startswith(held)]
    assert slot["remaining"] == 7


def test_time_lost_money_back(visitor: Visitor, shop: BrowserShop) -> None:
    """Paid after another customer had the time: the page says so, until the money has been
    refunded.

    Cases: D-2, E-2.8
    """
    visitor.opens().holds().goes_to_pay()
    session = visitor.page.url
    (booking,) = re.findall(
        r"booking=([0-9a-f-]{36})",
        shop.database.value(
            "select parameters::text from core.checkouts where stripe_session_id = %s",
            session.rpartition("/")[2],
        ),
    )[:1]
    lose_time(shop, {"id": booking})  # type: ignore[arg-type]
    starts = shop.booking(
        booking, "to_char(starts_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    )
    assert shop.hold(starts).status == 201
    visitor.pays().sees("Paid too late: you get a full refund")
    expect(visitor.page.get_by_text("Your refund is on its way")).to_be_visible()
    shop.stack.invoke("deliver")

    expect(visitor.page.get_by_text("Your refund was sent")).to_be_visible(timeout=15_000)


def test_the_end_of_a_hold_is_announced(visitor: Visitor, shop: BrowserShop) -> None:
    """The countdown warns, ends in words, and offers the time again.

    Cases: D-1
    """
    page = visitor.page
    page.clock.install()
    visitor.opens().holds()
    booking = visitor.booking_id
    live = page.locator("#live")
    # only the page's clock is moved: an answer of the server would correct it
    page.route("**/confirmation", lambda route: route.abort())
    page.clock.fast_forward("03:00")
    expect(live).to_have_text(re.compile("2 minutes left to pay|One minute left to pay"))
    page.unroute("**/confirmation")
    with moved(shop) as move:
        move(timedelta(minutes=5, seconds=1))
        page.clock.fast_forward("02:05")
        visitor.sees("The hold has ended")
        expect(live).to_have_text("Your hold has ended. Nothing was charged.")
        shop.stack.invoke("expire_holds")
        assert shop.booking(booking) == "expired"
    visitor.button("Try this time again").click()
    visitor.sees("Your details")
    expect(page.locator("#email")).to_have_value(visitor.email)


def test_the_countdown_goes_by_the_servers_clock(visitor: Visitor) -> None:
    """A customer's clock that is two hours wrong changes nothing.

    Cases: E-6.3
    """
    visitor.opens()
    visitor.page.evaluate("() => { const real = Date.now; Date.now = () => real() + 7_200_000; }")
    visitor.holds()

    expect(visitor.page.get_by_role("timer")).to_have_text(re.compile(r"^(5:00|4:[345]\d)$"))


@pytest.mark.today
def test_all_clocks_agree(visitor: Visitor, shop: BrowserShop) -> None:
    """Ours, the page's, the functions' and the database's, at whatever time a test runs."""
    visitor.page.goto(shop.page)
    shown = visitor.page.evaluate("() => Date.now()") / 1000
    stored = float(shop.database.value("select extract(epoch from clock_timestamp())"))
    skew = shop.stack.call("GET", "/health").body["clock_skew_ms"] / 1000

    assert [shown, stored, stored + skew] == pytest.approx([time.time()] * 3, abs=30)


def test_the_page_works_at_either_address_of_this_machine(
    visitor: Visitor, shop: BrowserShop
) -> None:
    """`make up` prints localhost; a customer who types 127.0.0.1 books, pays and returns there."""
    page = visitor.page
    address = shop.address(LESSON).replace("//localhost:", "//127.0.0.1:")
    page.goto(address)
    expect(page.locator(".day[aria-pressed=true]")).to_be_visible()
    visitor.holds().goes_to_pay().pays().sees("You are booked")

    assert page.url.startswith("http://127.0.0.1:")
