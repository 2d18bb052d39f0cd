"""Which days are shown first, and what it costs to find the next free one."""

import contextlib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.shop import CLASS, GROUP, LESSON, VENUE, BrowserShop, Visitor, Visitors
from tests.stack.running import send

pytestmark = pytest.mark.today

FREE = '.day:not([aria-disabled="true"])'


@contextlib.contextmanager
def _closed(shop: BrowserShop, first: date, last: date, offering: str = LESSON) -> Iterator[None]:
    """A shop on holiday."""
    resource, _ = shop.offerings[offering]
    path = f"/v1/catalogue/resources/{resource}/blackouts"
    secret = {"authorization": f"Bearer {shop.stack.manifest['secret_key']}"}
    body = {"from_date": first.isoformat(), "to_date": last.isoformat()}
    made = shop.stack.call("POST", path, body, **secret)
    assert made.status == 201, made
    try:
        yield
    finally:
        address = f"{shop.api}{path}/{made.body['id']}"
        assert send("DELETE", address, if_match="*", **secret).status < 300


def _asked(page: Page) -> list[str]:
    """The paths of the API that are requested from now on."""
    asked: list[str] = []
    page.on(
        "request",
        lambda request: "/v1/" in request.url and asked.append(request.url.partition("/v1/")[2]),
    )
    return asked


def _days(page: Page) -> list[str]:
    return page.locator(".day").evaluate_all("days => days.map((day) => day.dataset.date)")


@pytest.mark.parametrize("offering", [LESSON, CLASS, VENUE])
def test_five_weeks_from_today_are_shown(
    visitor: Visitor, shop: BrowserShop, offering: str
) -> None:
    """Today first, whichever day of the month it is, and with one request."""
    asked = _asked(visitor.page)
    visitor.opens(offering)
    page = visitor.page
    days = _days(page)
    zone = "Australia/Lord_Howe" if offering == VENUE else "Europe/Berlin"
    today = shop.database.value("select (now() at time zone %s)::date", zone)

    assert days == [(today + timedelta(days=day)).isoformat() for day in range(35)]
    assert page.locator(".day[aria-pressed=true]").get_attribute("data-date") == (
        page.locator(FREE).first.get_attribute("data-date")
    )
    assert [path.partition("?")[0].rpartition("/")[2] for path in asked] == ["resources", "slots"]


def test_the_pages_of_days_follow_each_other(visitor: Visitor) -> None:
    """No day is left out between two pages, none is shown twice, and back leads to the same
    page.
    """
    page = visitor.opens().page
    first = _days(page)
    visitor.button("Next five weeks").click()
    second = _days(page)
    visitor.button("Previous five weeks").click()

    assert date.fromisoformat(second[0]) - date.fromisoformat(first[-1]) == timedelta(days=1)
    assert _days(page) == first
    expect(visitor.button("Previous five weeks")).to_have_attribute("aria-disabled", "true")


def test_a_slow_answer_does_not_draw_over_a_later_page(visitor: Visitor) -> None:
    """Forward and back before the answer comes: the days that were chosen last are shown."""
    page = visitor.opens().page
    first = _days(page)
    waiting: list[Route] = []
    page.route("**/slots?*", lambda route: waiting.append(route))  # noqa: PLW0108
    visitor.button("Next five weeks").click()
    visitor.button("Previous five weeks").click()
    page.wait_for_function("() => document.querySelectorAll('.day').length === 35")
    while not waiting:
        page.wait_for_timeout(20)
    with page.expect_response("**/slots?*"):
        waiting[0].continue_()
    page.evaluate("() => new Promise((done) => setTimeout(done, 50))")

    assert _days(page) == first


def test_the_first_free_day_is_found_beyond_them(visitor: Visitor, shop: BrowserShop) -> None:
    """A holiday of six weeks: the page opens at its end, with one more request."""
    today = datetime.now(UTC).date()
    end = today + timedelta(days=41)
    with _closed(shop, today - timedelta(days=1), end):
        asked = _asked(visitor.page)
        visitor.opens()
        chosen = visitor.page.locator(".day[aria-pressed=true]").get_attribute("data-date")
        assert chosen == visitor.page.locator(FREE).first.get_attribute("data-date")
        assert date.fromisoformat(chosen or "") > end
        assert len([path for path in asked if "/slots" in path]) == 2

        visitor.button("Previous five weeks").click()
        expect(visitor.page.get_by_text("Nothing is free in these five weeks.")).to_be_visible()
        del asked[:]
        visitor.button("Go to the next free day").click()
        expect(visitor.page.locator(".day[aria-pressed=true]")).to_have_attribute(
            "data-date", chosen or ""
        )
        assert len(asked) <= 1


def test_a_day_without_times_leads_to_the_next(
    visitor: Visitor, visitors: Visitors, shop: BrowserShop
) -> None:
    """A link to a day that is closed by now: the page says so, and one tap shows the next free
    day.
    """
    free = (
        visitor.opens()
        .page.locator(FREE)
        .evaluate_all("days => days.map((day) => day.dataset.date)")
    )
    day = date.fromisoformat(free[1])
    with _closed(shop, day, day):
        later = visitors()  # whose browser has no earlier answer
        page = later.page
        page.goto(shop.address(LESSON, day=free[1]))
        expect(page.get_by_text("Nothing is free on this day.")).to_be_visible()
        asked = _asked(page)
        later.button(re.compile("^Next free day: ")).click()
        expect(page.locator(".time").first).to_be_visible()

        pressed = page.locator(".day[aria-pressed=true]")
        expect(pressed).to_have_attribute("data-date", free[2])
        assert not asked


def test_nothing_free_at_all_is_found_out_in_few_questions(
    visitor: Visitor, shop: BrowserShop
) -> None:
    """Closed for a year: three requests on opening, and more only on demand."""
    today = datetime.now(UTC).date()
    with _closed(shop, today - timedelta(days=1), today + timedelta(days=364)):
        asked = _asked(visitor.page)
        visitor.page.goto(shop.address(LESSON))
        expect(visitor.page.get_by_text("Nothing is free in these five weeks.")).to_be_visible()
        assert len([path for path in asked if "/slots" in path]) == 3
        visitor.button("Go to the next free day").click()
        expect(visitor.page.get_by_text("No free day was found")).to_be_visible()

        assert len([path for path in asked if "/slots" in path]) <= 14


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("Europe/London", "United Kingdom Time"),
        ("Africa/Abidjan", "Greenwich Mean Time"),  # London's hours in winter
        ("UTC", "Coordinated Universal Time"),
    ],
)
def test_a_second_time_is_explained_where_there_is_one(
    visitors: Visitors, shop: BrowserShop, zone: str, name: str
) -> None:
    """The smaller times are explained exactly where they are shown, with the zone's name."""
    visitor = visitors(timezone_id=zone)
    page = visitor.opens(LESSON).page  # in London

    def said() -> tuple[bool, bool]:
        lead = page.locator(".lead").inner_text()
        assert name in lead
        return "smaller ones" in lead, page.locator(".time small").count() > 0

    for _ in range(5):  # half a year of pages includes a change of the clocks
        spoken, shown = said()
        assert spoken == shown
        visitor.button("Next five weeks").click()
        free = page.locator(FREE)
        if free.count() == 0:
            break
        free.first.click()
        expect(page.locator(".time").first).to_be_visible()


def test_a_group_in_another_zone_tells_both_times(visitors: Visitors) -> None:
    """Where the clocks differ, the sentence and the times agree too."""
    page = visitors(timezone_id="America/Los_Angeles").opens(GROUP).page

    expect(page.locator(".lead")).to_contain_text("smaller ones below are local time in")
    expect(page.locator(".time small").first).to_be_visible()
