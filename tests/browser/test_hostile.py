"""Hostile addresses of the page: hand-overs, ids, keys, and anything else."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.shop import LESSON, BrowserShop, Visitor, Visitors

EVIL = "Refund of your last invoice"


@contextmanager
def _stranger(html: str) -> Iterator[str]:
    """Another site, with that page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


def _carried(shop: BrowserShop, **more: Any) -> str:
    """An address that looks like the page's own hand-over of the attacker's booking."""
    resource, offering = shop.offerings[LESSON]
    path = f"/v1/resources/{resource}/slots?offering_id={offering}"
    held = shop.hold(shop.stack.call("GET", path).body["slots"][-1]["starts_at"]).body
    kept = {
        "id": held["id"],
        "secret": held["client_secret"],
        "key": shop.key,
        "offering": EVIL,
        "resource": EVIL,
        "timezone": "Europe/London",
        "back": "https://evil.example/",
    }
    return f"{shop.page}#keep={quote(json.dumps(kept | more))}"


def _asked(page: Page) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    return asked


LINK = "<a id=go href='{}'>go</a>"
WINDOW = "<button id=go onclick='window.open({})'>go</button>"
REFERRING = "<a id=go referrerpolicy=unsafe-url href='{}'>go</a>"


@pytest.mark.parametrize("way", ["typed", LINK, WINDOW, REFERRING])
def test_a_strangers_hand_over_is_not_taken(visitor: Visitor, shop: BrowserShop, way: str) -> None:
    """Whatever leads here with another booking: nothing is stored, shown or paid.

    Proves: ASVS 3.5.5
    """
    page = visitor.page
    address = _carried(shop)
    asked = _asked(page)
    if way == "typed":
        page.goto(address)
    else:
        target = json.dumps(address) if way == WINDOW else address
        with _stranger(way.format(target)) as site:
            page.goto(site)
            if way == WINDOW:
                with page.expect_popup() as opened:
                    page.locator("#go").click()
                page = opened.value
                asked += _asked(page)
            else:
                page.locator("#go").click()
    heading = page.get_by_role("heading", level=1, name="What would you like to book?")
    expect(heading).to_be_visible()

    assert "#" not in page.url
    assert page.evaluate("() => Object.keys(localStorage)") == []
    assert EVIL not in page.content()
    assert not [each for each in asked if each.startswith("POST") or "/confirmation" in each]


def test_a_fragment_that_was_slipped_in_is_not_taken_on_reload(
    visitor: Visitor, shop: BrowserShop
) -> None:
    """A window from a true hand-over keeps its referrer, but a reload proves nothing."""
    page = visitor.page
    page.goto(shop.api + "/shared/icon.svg")
    page.evaluate(
        "address => { const link = document.createElementNS('http://www.w3.org/1999/xhtml', 'a');"
        " link.href = address; link.referrerPolicy = 'origin';"
        " document.documentElement.append(link); link.click(); }",
        shop.page,
    )
    visitor.sees("What would you like to book?")
    assert page.evaluate("() => new URL(document.referrer).origin") == shop.api
    carried = _carried(shop)
    page.evaluate("address => history.replaceState(null, '', address)", carried)
    page.reload()
    visitor.sees("What would you like to book?")

    assert page.evaluate("() => Object.keys(localStorage)") == []


IDS = (
    "../waitlist/x/../../../../health?",
    "..",
    "%2e%2e",
    "5b0a4c62-3f0e-4d6b-9f6a-2f4f3c1f7b11/../../health",
    "__proto__",
)


@pytest.mark.parametrize("bad", IDS)
@pytest.mark.parametrize("way", ["booking", "letter", "stored"])
def test_an_id_leads_nowhere_else(visitor: Visitor, shop: BrowserShop, bad: str, way: str) -> None:
    """A malformed id is never put into a path, whether an address, a letter or storage has it.

    Proves: ASVS 1.2.2
    """
    page = visitor.page
    page.goto(shop.page)
    visitor.sees("What would you like to book?")
    asked = _asked(page)
    if way == "stored":
        kept = {"id": bad, "secret": "bks_x", "key": shop.key, "offering": "x", "resource": "x"}
        page.evaluate(
            "kept => localStorage['holdfast.booking.' + kept.id] = JSON.stringify(kept)", kept
        )
        page.goto(f"{shop.page}&scheme=light")
        visitor.sees("What would you like to book?")
        page.wait_for_load_state("networkidle")
    elif way == "letter":
        page.goto(f"{shop.page}&scheme=light#booking={quote(bad)}&secret=x")
        visitor.sees("This booking cannot be shown here")
    else:
        page.goto(f"{shop.page}&booking={quote(bad)}")
        visitor.sees("This booking cannot be shown here")

    called = [each.partition("/v1/")[2] for each in asked if "/v1/" in each]
    assert set(called) <= {"resources?limit=100"}
    assert not [each for each in asked if "health" in each.partition("?")[0]]


WORDS = ("constructor", "__proto__", "toString", "en-x", "en-", "ar-!!", "%00", "ü", "1e999", "[]")
PARAMETERS = ("lang", "scheme", "day", "start", "date", "resource", "offering", "tier", "package")
TIMES = (
    "2026-02-31",
    "9999-12-31",
    "0000-01-01",
    "+275760-09-13T00:00:00Z",
    "2026-13-01T00:00:00Z",
)


@pytest.mark.parametrize("name", [*PARAMETERS, "view", "return", "booking"])
def test_no_word_in_the_address_empties_the_page(
    visitor: Visitor, shop: BrowserShop, name: str
) -> None:
    """Names of JavaScript's own objects, broken dates and languages: a view is always shown.

    Proves: ASVS 15.3.6
    """
    page, alone = visitor.page, ("resource", "offering", "booking", "view")
    for word in (*WORDS, *(TIMES if name in ("day", "start", "date") else ())):
        base = shop.address(LESSON) if name not in alone else shop.page
        page.goto(f"{base}&{name}={quote(word, safe='%')}")
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_count(1)
        assert heading.inner_text().strip()


@pytest.mark.parametrize("given", ["pk_test_" + "0" * 48, "constructor", "ü", ""])
def test_a_deployment_shows_its_own_shop(visitor: Visitor, shop: BrowserShop, given: str) -> None:
    """With a key of its own it takes none from the address, and so shows no other catalogue under
    its name.

    Proves: ASVS 8.4.1
    """
    page = visitor.page
    config = f'export default {{ api: "", key: "{shop.key}", name: "Studio" }};'
    page.route(
        "**/config.js",
        lambda route: route.fulfill(body=config, content_type="text/javascript"),
    )
    used: set[str] = set()
    page.on(
        "request",
        lambda request: "/v1/" in request.url and used.add(request.headers["authorization"]),
    )
    page.goto(f"{shop.api}/?key={quote(given)}")
    visitor.sees("What would you like to book?")
    page.locator(".offer").first.click()
    visitor.sees("Choose a time")

    assert used == {f"Bearer {shop.key}"}
    assert "key=" not in page.url
    assert page.evaluate("() => sessionStorage['holdfast.key'] ?? null") is None


def test_a_key_that_cannot_be_sent_is_no_key(visitor: Visitor, shop: BrowserShop) -> None:
    """Without a key of its own the page asks for one, whatever the address has instead."""
    visitor.page.goto(f"{shop.api}/?key={quote('ключ')}")

    visitor.sees("Which shop is this?")


def test_a_shop_whose_own_key_is_refused_says_so(visitor: Visitor, shop: BrowserShop) -> None:
    """Customers are not asked for a key that they cannot change."""
    config = f'export default {{ api: "", key: "pk_test_{"0" * 48}", name: "Studio" }};'
    visitor.page.route(
        "**/config.js",
        lambda route: route.fulfill(body=config, content_type="text/javascript"),
    )
    visitor.page.goto(f"{shop.api}/")

    visitor.sees("Booking is not available")


def test_every_page_has_a_quiet_console(visitors: Visitors, shop: BrowserShop) -> None:
    """No error and no warning, not even a picture that a policy forbids, on every page."""
    visitor = visitors()
    page = visitor.page
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{page.url}: {message.text}"))
    page.on(
        "requestfailed",  # going to the next page cancels its requests, which is no fault
        lambda request: (
            request.failure != "net::ERR_ABORTED"
            and said.append(f"{request.url}: {request.failure}")
        ),
    )
    page.goto(shop.api)
    visitor.sees("Which shop is this?")
    page.goto(f"{shop.api}/docs")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto(shop.page)
    visitor.sees("What would you like to book?")
    visitor.opens().holds().goes_to_pay()
    page.evaluate(  # a browser with a window does that by itself
        "() => { const icon = document.querySelector('link[rel=icon]')?.href ?? '/favicon.ico';"
        " return new Promise((done) => { const image = new Image();"
        " image.onload = image.onerror = done; image.src = icon; }); }"
    )
    visitor.pays().sees("You are booked")
    page.goto(f"{shop.page}&view=bookings")
    visitor.sees("Your bookings on this device")

    assert said == []
