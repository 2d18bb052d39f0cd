"""What a browser stores of a booking, for how long, and how it is removed."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.shop import BrowserShop, Visitor

_KEPT = "id => JSON.parse(localStorage['holdfast.booking.' + id] ?? 'null')"
_CHANGE = (
    "([id, changes]) => { const name = 'holdfast.booking.' + id;"
    " localStorage[name] = JSON.stringify({ ...JSON.parse(localStorage[name]), ...changes }); }"
)


def _ago(**length: float) -> datetime:
    return datetime.now(UTC) - timedelta(**length)


def _set(visitor: Visitor, booking: str, **changes: Any) -> None:
    visitor.page.evaluate(_CHANGE, [booking, changes])


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _booked(visitor: Visitor) -> str:
    visitor.opens().holds().goes_to_pay().pays().sees("You are booked")
    return visitor.booking_id


@pytest.mark.parametrize(("days", "kept"), [(1.1, True), (399, True), (401, False)])
def test_a_booking_is_kept_until_400_days_after_its_end(
    visitor: Visitor, shop: BrowserShop, days: float, kept: bool
) -> None:
    """The browser that made it can open it long after it was settled; then it forgets it."""
    booking = _booked(visitor)
    settled = _milliseconds(_ago(days=days, hours=2))
    _set(visitor, booking, ends_at=_ago(days=days).isoformat(), made_at=settled, settled_at=settled)
    page = visitor.page
    page.goto(shop.page)
    visitor.sees("What would you like to book?")
    expect(page.locator("#foot p")).to_be_visible()
    assert (page.evaluate(_KEPT, booking) is not None) == kept

    page.goto(f"{shop.page}&booking={booking}")
    visitor.sees("You are booked" if kept else "This booking cannot be shown here")


@pytest.mark.parametrize(("days", "kept"), [(29, True), (31, False)])
def test_a_hold_that_was_not_paid_is_kept_for_30_days(
    visitor: Visitor, shop: BrowserShop, days: int, kept: bool
) -> None:
    """As long as the server may keep it; after that there is nothing to show."""
    visitor.opens().holds()
    booking = visitor.booking_id
    visitor.button("Cancel this hold").click()
    visitor.sees("Your hold is cancelled")
    assert visitor.page.evaluate(_KEPT, booking)["unpaid"]
    _set(visitor, booking, settled_at=_milliseconds(_ago(days=days)))
    visitor.page.goto(shop.page)
    visitor.sees("What would you like to book?")

    expect(visitor.page.locator("#foot p")).to_be_visible()
    assert (visitor.page.evaluate(_KEPT, booking) is not None) == kept


def test_nothing_that_was_typed_outlives_the_hold(visitor: Visitor) -> None:
    """Name and address stay in the tab until the time is held; then no storage has them.

    Proves: ASVS 14.3.3
    """
    page = visitor.page
    visitor.opens().picks().fills(phone="+49 30 901820", notes="By the window")
    typed = ("Grace Hopper", visitor.email, "901820", "By the window")
    stored = "() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }])"
    before = page.evaluate(stored)
    visitor.button("Hold this time").click()
    visitor.sees("The time is yours for now")
    after = page.evaluate(stored)

    assert all(text in before for text in typed)
    assert not any(text in after for text in typed)


def test_what_was_typed_is_forgotten_after_half_an_hour(visitor: Visitor) -> None:
    """A tab that was left for half an hour has forgotten it."""
    page = visitor.page
    visitor.opens().picks().fills()
    old = json.dumps({"at": _milliseconds(_ago(minutes=31)), "values": {"name": "Grace Hopper"}})
    page.evaluate("old => sessionStorage['holdfast.details'] = old", old)
    page.reload()
    visitor.sees("Your details")

    expect(page.locator("#name")).to_have_value("")
    assert page.evaluate("() => sessionStorage['holdfast.details'] ?? null") is None


def test_a_request_is_remembered_by_its_fingerprint(visitor: Visitor) -> None:
    """While an answer is pending, the key's record identifies the request and does not contain
    it.
    """
    page = visitor.page
    page.route("**/v1/holds", lambda route: None)  # never answers
    visitor.opens().picks().fills()
    with page.expect_request("**/v1/holds"):
        visitor.button("Hold this time").click()
    attempt = page.evaluate("() => sessionStorage['holdfast.attempt.hold']")

    assert re.fullmatch(r"[0-9a-f]{1,16}", json.loads(attempt)["request"])
    assert visitor.email not in attempt


def test_a_booking_is_removed_from_the_device(visitor: Visitor, shop: BrowserShop) -> None:
    """The list leads to it, two taps remove it, and it stays booked.

    Proves: ASVS 14.3.1
    """
    booking = _booked(visitor)
    page = visitor.page
    page.goto(shop.page)
    page.get_by_role("link", name="Your booking on this device").click()
    visitor.sees("Your bookings on this device")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    item = page.locator(".offer")
    expect(item).to_contain_text("Single lesson")
    expect(item).to_contain_text("Ada Lovelace, maths tutor")
    assert not [url for url in asked if "/v1/" in url]
    item.click()
    visitor.sees("You are booked")
    page.get_by_text("Remove from this device").click()
    visitor.button("Forget this booking on this device").click()
    visitor.sees("Removed from this device")

    assert page.evaluate("() => Object.keys(localStorage)") == []
    assert shop.booking(booking) == "scheduled"
    expect(page.get_by_role("link", name="Your booking on this device")).to_have_count(0)
    page.goto(f"{shop.page}&booking={booking}")
    visitor.sees("This booking cannot be shown here")


def test_a_booking_that_the_server_has_forgotten_says_so(
    visitor: Visitor, shop: BrowserShop
) -> None:
    """The page promises neither a letter nor another browser."""
    booking = _booked(visitor)
    _set(visitor, booking, secret="bks_" + "0" * 43)
    visitor.page.reload()
    visitor.sees("This booking cannot be shown here")

    expect(visitor.page.locator(".lead")).to_contain_text("no longer has this booking")
    expect(visitor.page.get_by_text("Remove from this device")).to_be_visible()


def test_a_booking_outlives_the_key_it_was_made_with(visitor: Visitor, shop: BrowserShop) -> None:
    """A deployment's own key opens it, though the remembered one has been replaced."""
    booking = _booked(visitor)
    _set(visitor, booking, key="pk_test_" + "0" * 48)
    _configure(visitor, shop.key)
    visitor.page.reload()

    visitor.sees("You are booked")


def _configure(visitor: Visitor, key: str) -> None:
    """The page as a deployment serves it, with a key of its own."""
    config = f'export default {{ api: "", key: "{key}", name: "" }};'
    visitor.page.route(
        "**/config.js",
        lambda route: route.fulfill(body=config, content_type="text/javascript"),
    )
