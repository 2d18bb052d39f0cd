"""The page on another site: embed.js, its dialog, its colours, and which messages it accepts."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.shop import LESSON, BrowserShop, Visitor, Visitors

Site = Callable[[str], str]

# as strict as a site can be and still use embed.js
POLICY = "default-src 'none'; script-src {origin}; frame-src {origin}; style-src 'none'"


@pytest.fixture
def site(shop: BrowserShop) -> Iterator[Site]:
    """Serves a page of another site (127.0.0.1 is not localhost); returns its address."""
    pages: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages[""].encode()
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-security-policy", POLICY.format(origin=shop.api))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()

    def put(html: str) -> str:
        pages[""] = f'<!doctype html><html lang="en"><title>Studio</title><body>{html}'
        return f"http://127.0.0.1:{server.server_port}/offer?ref=1"

    yield put
    server.shutdown()
    server.server_close()


def _script(shop: BrowserShop, more: str = "") -> str:
    resource, offering = shop.offerings[LESSON]
    return (
        f'<h1>Studio</h1><script src="{shop.api}/embed.js" data-key="{shop.key}"'
        f' data-resource="{resource}" data-offering="{offering}" {more}></script>'
    )


def _frame(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def test_a_site_embeds_the_page(visitor: Visitor, shop: BrowserShop, site: Site) -> None:
    """Its button opens a dialog. To pay, the page takes the whole window, although its frame may
    store nothing; no other site sees what it passes on, and at the end a link leads back.
    """
    page = visitor.page
    address = site(_script(shop, 'data-label="Book a lesson" data-accent="#7a1fa2"'))
    page.goto(address)
    page.evaluate(
        "() => { window.heard = [];"
        " addEventListener('message', (e) => heard.push(JSON.stringify(e.data))); }"
    )
    page.get_by_role("button", name="Book a lesson").click()
    frame = _frame(page)
    expect(frame.get_by_role("heading", level=1, name="Choose a time")).to_be_visible()
    accent = frame.locator(":root").evaluate(
        "e => getComputedStyle(e).getPropertyValue('--accent')"
    )
    assert accent == "#7a1fa2"
    frame.locator(".time").last.click()
    frame.locator("#name").fill("Grace Hopper")
    frame.locator("#email").fill(visitor.email)
    frame.get_by_role("button", name="Hold this time").click()
    expect(frame.get_by_role("heading", name="The time is yours for now")).to_be_visible()
    page.wait_for_function("() => heard.some((text) => text.includes('held'))")
    heard = page.evaluate("() => heard")
    frame.get_by_role("button", name="Continue to payment").click()
    visitor.sees("The time is yours for now")
    assert "#" not in page.url
    visitor.goes_to_pay()
    visitor.pays()
    visitor.sees("You are booked")
    back = page.get_by_role("link", name="Back to 127.0.0.1")
    secret = page.evaluate(
        "id => JSON.parse(localStorage['holdfast.booking.' + id]).secret", visitor.booking_id
    )

    expect(back).to_have_attribute("href", address)
    shown = page.locator(":root").evaluate("e => getComputedStyle(e).getPropertyValue('--accent')")
    assert shown == accent
    assert "#" not in page.url
    assert shop.booking(visitor.booking_id) == "scheduled"
    assert secret not in "".join(heard)


def test_the_dialog_closes_by_key_and_by_button(
    visitor: Visitor, shop: BrowserShop, site: Site
) -> None:
    """Escape inside the page closes it too; opened again, it is where it was."""
    page = visitor.page
    page.goto(site(_script(shop)))
    opener = page.get_by_role("button", name="Book now")
    opener.click()
    frame = _frame(page)
    expect(frame.locator(".time").first).to_be_visible()
    frame.locator(".time").first.press("Escape")
    expect(page.locator("iframe")).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    expect(frame.locator(".time").first).to_be_visible()
    page.get_by_role("button", name="Close").click()

    expect(page.locator("iframe")).to_be_hidden()


@pytest.mark.parametrize("accent", ["#ffe14d", "#111111"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_any_accent_stays_readable(
    visitor: Visitor, shop: BrowserShop, site: Site, accent: str, scheme: str
) -> None:
    """Text on it and text in it keep a contrast of 4.5 to 1, whatever colour a site chooses."""
    page = visitor.page
    page.goto(site(_script(shop, f'data-accent="{accent}" data-scheme="{scheme}"')))
    page.get_by_role("button", name="Book now").click()
    frame = _frame(page)
    expect(frame.locator(".time").first).to_be_visible()
    ratios = frame.locator(":root").evaluate(
        """async (root) => {
          const { contrast } = await import("/shared/theme.js");
          const rgb = (name) => {
            const probe = document.body.appendChild(document.createElement("i"));
            probe.style.color = getComputedStyle(root).getPropertyValue(name);
            const found = getComputedStyle(probe).color.match(/\\d+/g).slice(0, 3).map(Number);
            probe.remove();
            return found;
          };
          return [contrast(rgb("--accent"), rgb("--on-accent")),
                  contrast(rgb("--accent-text"), rgb("--paper"))];
        }"""
    )

    assert min(ratios) >= 4.5, ratios


def test_strangers_are_not_listened_to(visitor: Visitor, shop: BrowserShop, site: Site) -> None:
    """A message from any other window neither moves the site nor changes the page's theme.

    Proves: ASVS 3.5.5
    """
    page = visitor.page
    page.goto(site(_script(shop)))
    page.get_by_role("button", name="Book now").click()
    frame = _frame(page)
    expect(frame.locator(".time").first).to_be_visible()
    before = page.url
    page.evaluate("() => postMessage({ type: 'holdfast:pay', url: 'https://evil.example/' }, '*')")
    frame.locator(":root").evaluate(
        "() => postMessage({ type: 'holdfast:hello', back: 'https://evil.example/',"
        " theme: { accent: 'red' } }, '*')"
    )
    accent = frame.locator(":root").evaluate(
        "e => new Promise((done) => setTimeout(() => done(e.style.getPropertyValue('--accent'))))"
    )

    assert accent == ""
    assert page.url == before


def test_the_page_itself_cannot_be_framed(
    visitors: Visitors, shop: BrowserShop, site: Site
) -> None:
    """Only /embed may: elsewhere the browser refuses, and says why.

    Proves: ASVS 3.4.6
    """
    page = visitors().page
    page.goto(site(f'<iframe src="{shop.api}/" title="framed"></iframe>'))
    page.wait_for_load_state("networkidle")
    refused, visitors.faults = visitors.faults, []

    assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"]
    assert len(refused) == 1
    assert "frame-ancestors 'none'" in refused[0]
