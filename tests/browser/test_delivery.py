"""How the page is served: small, quick, without layout shifts, and with a strict policy."""

import gzip
import posixpath
import re
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from tests.browser.shop import BrowserShop, Visitor, Visitors
from tests.stack.running import ROOT, send

PAGE = ROOT / "web" / "booking"
BUDGET = 60_000  # bytes over the wire
SECONDS = 1.0


def _traffic(visitor: Visitor) -> list[dict[str, Any]]:
    """Every answer from now on: its address, and its bytes over the wire."""
    session = visitor.page.context.new_cdp_session(visitor.page)
    session.send("Network.enable")
    seen: dict[str, dict[str, Any]] = {}
    session.on(
        "Network.responseReceived",
        lambda e: seen.setdefault(e["requestId"], {}).update(url=e["response"]["url"]),
    )
    session.on(
        "Network.loadingFinished",
        lambda e: seen.setdefault(e["requestId"], {}).update(bytes=e["encodedDataLength"]),
    )
    return seen  # type: ignore[return-value]


def test_the_first_load_is_small(visitors: Visitors, shop: BrowserShop) -> None:
    """At most 60 kB, headers and catalogue included, and from nowhere else.

    Proves: ASVS 14.2.3
    """
    visitor = visitors()
    seen: Any = _traffic(visitor)
    visitor.page.goto(shop.page)
    visitor.sees("What would you like to book?")
    visitor.page.wait_for_load_state("networkidle")
    total = sum(each.get("bytes", 0) for each in seen.values())

    assert 5_000 < total < BUDGET, total
    assert {re.match(r"\w+://[^/]+", each["url"])[0] for each in seen.values()} == {shop.api}  # type: ignore[index]


def test_the_page_is_usable_within_a_second(visitors: Visitors, shop: BrowserShop) -> None:
    """From an empty cache until an offer can be chosen; the best of three."""
    times = []
    for _ in range(3):
        visitor = visitors()
        visitor.page.goto(shop.page)
        expect(visitor.page.locator(".offer").first).to_be_visible()
        times.append(
            visitor.page.evaluate(
                "() => performance.getEntriesByType('resource')"
                ".find((entry) => entry.name.includes('/v1/resources')).responseEnd"
            )
        )

    assert min(times) / 1000 < SECONDS, times


@pytest.mark.today
def test_nothing_moves_while_it_loads(visitor: Visitor, shop: BrowserShop) -> None:
    """No layout shift in the catalogue, while a month's times arrive, or when pages are turned."""
    page = visitor.page
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver((list) => {"
        " for (const e of list.getEntries()) if (!e.hadRecentInput) window.moved += e.value;"
        "}).observe({ type: 'layout-shift', buffered: true });"
    )
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(shop.page)
        visitor.sees("What would you like to book?")
        assert page.evaluate("() => window.moved") < 0.01
        visitor.opens()
        visitor.button("Next five weeks").click()
        expect(page.locator('.day:not([aria-disabled="true"])').first).to_be_visible()
        assert page.evaluate("() => window.moved") < 0.01


@pytest.mark.parametrize(("path", "ancestors"), [("/", "'none'"), ("/embed", "*")])
def test_the_policy_is_strict(shop: BrowserShop, path: str, ancestors: str) -> None:
    """Nothing inline, nothing from other origins; only /embed may be framed.

    Cases: P-12
    Proves: ASVS 3.2.1, 3.4.3, 3.4.4, 3.4.5, 3.4.6, API8:2023
    """
    headers = send("GET", shop.api + path).headers
    policy = dict(
        part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";")
    )

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"].startswith("'self'")
    assert policy["frame-ancestors"] == ancestors
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_files_are_compressed_and_asked_for_again_cheaply(shop: BrowserShop) -> None:
    """gzip where it is accepted; an unchanged file is 304."""
    request = Request(f"{shop.api}/style.css", headers={"accept-encoding": "gzip"})
    with urlopen(request) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert gzip.decompress(answer.read()) == (PAGE / "style.css").read_bytes()
        etag = answer.headers["etag"]
    plain = send("GET", f"{shop.api}/style.css")
    again = send("GET", f"{shop.api}/style.css", if_none_match=etag)

    assert "content-encoding" not in plain.headers
    assert plain.headers["cache-control"] == "no-cache"
    assert again.status == 304


def test_every_module_is_asked_for_at_once() -> None:
    """The page names the modules that its modules import, so that none waits for another."""
    html = (PAGE / "index.html").read_text()
    named = set(re.findall(r'rel="modulepreload" href="([^"]+)"', html)) | {"app.js"}
    needed, open_ = set(), {"app.js"}
    while open_:
        name = open_.pop()
        needed.add(name)
        source = PAGE.parent / name if name.startswith("shared/") else PAGE / name
        for target in re.findall(r'from "(\.[^"]+)"', source.read_text()):
            open_ |= {posixpath.normpath(posixpath.join(posixpath.dirname(name), target))} - needed

    assert named == needed


def test_both_languages_say_the_same_things() -> None:
    """No text is missing in either, and both fill in the same names."""
    languages = {}
    for file in sorted((PAGE / "i18n").glob("*.js")):
        entries = re.findall(r'^  "([\w.]+)":\s*(.*?)(?=^  "|^};)', file.read_text(), re.M | re.S)
        languages[file.stem] = {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in entries}
    english = languages.pop("en")

    assert languages
    for other in languages.values():
        assert other.keys() == english.keys()
        assert {key: names - {"count"} for key, names in other.items()} == {
            key: names - {"count"} for key, names in english.items()
        }
