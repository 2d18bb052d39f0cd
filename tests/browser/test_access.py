"""Accessibility: every view passes axe's rules in light and dark, fits 320 px, and needs no mouse.

`make screenshots` stores pictures of every view at three widths, light and dark, in
.local/screenshots for people to look at.
"""

import os
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.shop import (
    CLASS,
    LESSON,
    VENUE,
    BrowserShop,
    Visitor,
    Visitors,
    delayed_methods,
    moved,
)
from tests.harness.stripe.lost_times import lose_time
from tests.stack.running import ROOT

PICTURES = ROOT / ".local" / "screenshots"
WIDTHS = (320, 768, 1280)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def pictures() -> Path | None:
    """An empty folder, if pictures are wanted: they take longer than everything else here."""
    if "HOLDFAST_SCREENSHOTS" not in os.environ:
        return None
    PICTURES.mkdir(parents=True, exist_ok=True)
    for old in PICTURES.glob("*.png"):
        old.unlink()
    return PICTURES


@pytest.fixture
def gallery(pictures: Path | None) -> Iterator["Gallery"]:
    """Looks at views; at the end none may have broken a rule."""
    made = Gallery(pictures)
    yield made
    assert made.broken == []


class Gallery:
    """Every view that it is shown, examined and perhaps photographed."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._axe = Axe()
        self.broken: list[str] = []

    def look(self, page: Page, name: str) -> None:
        """Examine the current view; faults are collected."""
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            # only colours differ in the dark
            only = {"type": "tag", "values": RULES}
            rule = {"type": "rule", "values": ["color-contrast"]}
            found = self._axe.run(page, options={"runOnly": only if scheme == "light" else rule})
            for violation in found.response["violations"]:
                places = [node["html"] for node in violation["nodes"]]
                self.broken.append(f"{name}, {scheme}: {violation['id']} {places}")
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                overflow = page.evaluate(
                    "() => { const root = document.documentElement;"
                    " return root.scrollWidth - root.clientWidth; }"
                )
                if overflow > 0:
                    self.broken.append(f"{name}, {width} px: {overflow} px too wide")
                if self._folder is not None:
                    picture = self._folder / f"{name}-{width}-{scheme}.png"
                    page.screenshot(path=picture, full_page=True)


def test_choosing_and_giving_details(visitor: Visitor, shop: BrowserShop, gallery: Gallery) -> None:
    """Key, catalogue, times of both kinds, details with their errors, a lost network."""
    page = visitor.page
    page.goto(shop.api)
    visitor.sees("Which shop is this?")
    gallery.look(page, "01-key")
    page.goto(shop.page)
    visitor.sees("What would you like to book?")
    gallery.look(page, "02-catalogue")
    visitor.opens(CLASS)
    gallery.look(page, "03-times")
    visitor.opens(VENUE)
    gallery.look(page, "04-days")
    page.clock.install()
    visitor.opens().picks()
    visitor.button("Hold this time").click()
    visitor.fills(phone="12")
    gallery.look(page, "05-details")
    page.context.set_offline(True)
    visitor.button("Hold this time").click()
    visitor.sees_no_connection()
    gallery.look(page, "06-no-connection")
    page.context.set_offline(False)
    expect(page.locator("#phone")).to_have_attribute("aria-invalid", "true")


def test_paying(visitor: Visitor, shop: BrowserShop, gallery: Gallery) -> None:
    """Held, the payment page with a declined card, back without paying, waiting, booked."""
    page = visitor.page
    day = delayed_methods(shop)
    visitor.opens(day=f"{day}").holds()
    gallery.look(page, "07-held")
    visitor.goes_to_pay()
    gallery.look(page, "08-payment-page")
    visitor.pays("4000 0000 0000 0002")
    expect(page.get_by_role("alert")).to_be_visible()
    gallery.look(page, "09-payment-declined")
    visitor.button(re.compile("Back to")).click()
    visitor.sees("Not paid yet")
    gallery.look(page, "10-not-paid")
    visitor.goes_to_pay()
    visitor.button(re.compile("Pay by")).click()
    visitor.sees("Confirming your payment")
    gallery.look(page, "11-processing")
    shop.double("settle", session_id=shop.session_of(visitor.booking_id), outcome="succeed")
    visitor.sees("You are booked")
    gallery.look(page, "12-confirmed")
    page.get_by_role("link", name="Your booking on this device").click()
    visitor.sees("Your bookings on this device")
    gallery.look(page, "24-bookings")
    page.locator(".offer").click()
    visitor.sees("You are booked")
    page.get_by_text("Remove from this device").click()
    gallery.look(page, "25-removing")
    visitor.button("Forget this booking on this device").click()
    visitor.sees("Removed from this device")
    gallery.look(page, "26-removed")


def test_what_else_may_come_of_it(
    visitor: Visitor, visitors: Visitors, shop: BrowserShop, gallery: Gallery
) -> None:
    """Taken, released, expired, time lost, not ours."""
    page = visitor.page
    visitor.opens().picks().fills()
    (start,) = re.findall(r"start=([^&]+)", page.url)
    assert shop.hold(start.replace("%3A", ":")).status == 201
    visitor.button("Hold this time").click()
    visitor.sees("This time was just taken")
    gallery.look(page, "13-taken")
    page.locator(".slots.full .time").first.click()
    visitor.sees("The time is yours for now")
    other = visitors.tab(visitor)
    other.opens(VENUE)
    expect(other.page.get_by_text("You are holding")).to_be_visible()
    gallery.look(other.page, "14-reminder")
    other.page.close()  # a page in the background draws slowly
    visitor.button("Cancel this hold").click()
    visitor.sees("Your hold is cancelled")
    gallery.look(page, "15-given-back")

    page.clock.install()
    visitor.opens().holds()
    with moved(shop) as move:
        move(timedelta(minutes=5, seconds=1))
        page.clock.fast_forward("05:01")
        visitor.sees("The hold has ended")
        shop.stack.invoke("expire_holds")
    gallery.look(page, "16-ended")

    visitor.opens().holds()
    booking = visitor.booking_id
    visitor.goes_to_pay()
    starts = "to_char(starts_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    lose_time(shop, {"id": booking})  # type: ignore[arg-type]
    assert shop.hold(shop.booking(booking, starts)).status == 201
    visitor.pays().sees("Paid too late: you get a full refund")
    gallery.look(page, "17-time-lost")
    stranger = visitors()
    stranger.page.goto(page.url)
    stranger.sees("This booking cannot be shown here")
    gallery.look(stranger.page, "18-not-ours")


@pytest.mark.today
def test_right_to_left(visitors: Visitors, shop: BrowserShop, gallery: Gallery) -> None:
    """An Arabic browser gets an Arabic page that reads from the right, through to the payment."""
    visitor = visitors(locale="ar", timezone_id="Asia/Riyadh")
    page = visitor.page
    page.goto(shop.page)
    visitor.sees("ماذا تريد أن تحجز؟")
    gallery.look(page, "19-catalogue-ar")
    assert page.evaluate("() => getComputedStyle(document.body).direction") == "rtl"
    visitor.opens()
    gallery.look(page, "20-times-ar")
    chosen = page.locator(".day[aria-pressed=true]")
    chosen.focus()
    day = date.fromisoformat(chosen.get_attribute("data-date") or "")
    page.keyboard.press("ArrowLeft")  # forward, in this direction of reading
    tomorrow = page.locator(f'.day[data-date="{day + timedelta(days=1)}"]')
    expect(tomorrow).to_be_focused()  # also in another month, whose times are then requested
    expect(tomorrow).not_to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Enter")
    expect(tomorrow).to_have_attribute("aria-pressed", "true")
    page.locator(".time").last.click()
    visitor.sees("بياناتك").fills()
    gallery.look(page, "21-details-ar")
    visitor.button("احتفظ بهذا الوقت").click()
    visitor.sees("الوقت محفوظ لك الآن")
    gallery.look(page, "22-held-ar")
    visitor.goes_to_pay(re.compile("^ادفع")).pays().sees("تم الحجز")
    gallery.look(page, "23-confirmed-ar")


@pytest.mark.today
def test_the_keyboard_is_enough(visitor: Visitor, shop: BrowserShop) -> None:
    """From the catalogue to the payment without a mouse; each view begins at its heading."""
    page, keyboard = visitor.page, visitor.page.keyboard

    def tab_to(selector: str) -> None:
        for _ in range(40):
            keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"the Tab key does not reach {selector}")

    def heading(name: str) -> None:
        title = page.get_by_role("heading", level=1, name=name)
        expect(title).to_be_focused(timeout=10_000)

    page.goto(shop.page)
    heading("What would you like to book?")
    tab_to(".offer")
    tab_to(".offer")
    keyboard.press("Enter")
    heading("Choose a time")
    expect(page.locator(".time").first).to_be_visible()
    tab_to(".day")
    first = date.fromisoformat(page.evaluate("() => document.activeElement.dataset.date"))
    second = first + timedelta(days=7)  # perhaps in another month
    some = page.locator('.day:not([aria-disabled="true"])').first
    keyboard.press("ArrowDown")
    expect(some).to_be_visible()
    expect(page.locator(f'.day[data-date="{second}"]')).to_be_focused()
    keyboard.press("PageDown")
    expect(some).to_be_visible()
    page.wait_for_function("day => document.activeElement.dataset.date > day", arg=f"{second}")
    keyboard.press("PageUp")
    expect(some).to_be_visible()
    # a shorter month has no 31st to come back from
    page.wait_for_function("day => document.activeElement.dataset.date <= day", arg=f"{second}")
    keyboard.press("Home")
    keyboard.press("End")
    page.locator(f'.day[data-date="{second}"]').focus()
    expect(page.locator(f'.day[data-date="{second}"]')).not_to_have_attribute(
        "aria-disabled", "true"
    )
    keyboard.press("Enter")
    expect(page.locator("#live")).to_have_text(re.compile(r"free times?\."))
    tab_to(".time")
    keyboard.press("Enter")
    heading("Your details")
    tab_to("#name")
    keyboard.type("Grace Hopper")
    keyboard.press("Tab")
    keyboard.type(visitor.email)
    keyboard.press("Enter")
    heading("The time is yours for now")
    tab_to("button.main")
    keyboard.press("Enter")
    page.wait_for_url("**/pay/**")
    tab_to('button[value="pay"]')
    keyboard.press("Enter")
    heading("You are booked")


@pytest.mark.today
def test_a_grid_of_days_has_one_stop(visitors: Visitors, shop: BrowserShop) -> None:
    """The Tab key passes the grid of days in one step; days that are not free say so."""
    first_free = visitors().opens().page.locator(".day[aria-pressed=true]")
    # the day after it is closed; if the grid ends before that, all the others are past
    day = date.fromisoformat(first_free.get_attribute("data-date") or "") + timedelta(days=1)
    with shop.closed(LESSON, day):
        page = visitors().opens().page

        assert page.locator('.day[tabindex="0"]').count() == 1
        assert page.get_by_role("grid").get_attribute("aria-label")
        closed = page.locator('.day[aria-disabled="true"]').first
        expect(closed).to_have_accessible_name(re.compile("nothing free"))
        chosen = page.locator(".day[aria-pressed=true]")
        expect(chosen).to_have_accessible_name(re.compile(r"\d+ times?$"))
