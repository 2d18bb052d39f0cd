"""What a letter's link opens: the one booking whose secret it contains."""

import re

from playwright.sync_api import expect

from tests.browser.shop import LESSON, BrowserShop, Visitor


def test_an_offer_of_the_waitlist_is_taken_from_its_letter(
    visitor: Visitor, shop: BrowserShop
) -> None:
    """The link leads to the held time, and from there to a paid booking.

    Cases: E-5.2
    """
    start = _last_free(shop)
    taken = shop.hold(start)
    resource, offering = shop.offerings[LESSON]
    place = shop.stack.call(
        "POST",
        "/v1/waitlist",
        {
            "resource_id": resource,
            "offering_id": offering,
            "starts_at": start,
            "customer": {"name": "Grace Hopper", "email": visitor.email},
        },
    ).body
    secret = place["client_secret"]
    shop.stack.call(
        "DELETE", f"/v1/holds/{taken.body['id']}", booking_secret=taken.body["client_secret"]
    )
    offered = shop.stack.call("GET", f"/v1/waitlist/{place['id']}", booking_secret=secret).body
    booking = offered["offer"]["id"]

    visitor.page.goto(f"{shop.page}#booking={booking}&secret={secret}")
    visitor.sees("The time is yours for now")
    expect(visitor.page.locator("aside.summary")).to_contain_text("Ada Lovelace, maths tutor")
    assert secret not in visitor.page.url
    visitor.goes_to_pay().pays().sees("You are booked")

    assert shop.booking(booking) == "scheduled"
    assert len(shop.payments(booking)) == 1


def test_a_link_with_a_wrong_secret_opens_nothing(visitor: Visitor, shop: BrowserShop) -> None:
    """The page says that this browser does not know the booking."""
    booking = shop.hold(_last_free(shop)).body["id"]

    visitor.page.goto(f"{shop.page}#booking={booking}&secret=cut-short")

    visitor.sees("This booking cannot be shown here")
    expect(visitor.button(re.compile("^Pay "))).to_have_count(0)


def _last_free(shop: BrowserShop) -> str:
    resource, offering = shop.offerings[LESSON]
    path = f"/v1/resources/{resource}/slots?offering_id={offering}"
    return str(shop.stack.call("GET", path).body["slots"][-1]["starts_at"])
