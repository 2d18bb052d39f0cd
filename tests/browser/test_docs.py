"""The reference at /docs: short, searchable, and complete once opened."""

import json
import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.shop import BrowserShop, Visitor
from tests.browser.test_access import PICTURES, RULES
from tests.stack.running import ROOT

SPECIFICATION = json.loads((ROOT / "functions" / "openapi" / "openapi.json").read_text())
ROUTES = {
    f"{method.upper()} {path}": operation
    for path, each in SPECIFICATION["paths"].items()
    for method, operation in each.items()
}


def _opened(visitor: Visitor, shop: BrowserShop, fragment: str = "") -> Page:
    page = visitor.page
    page.goto(f"{shop.api}/docs{fragment}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def _shown(page: Page) -> list[str]:
    return page.locator(".item:visible").evaluate_all("items => items.map((item) => item.id)")


def test_it_is_short_and_its_menu_names_every_route(visitor: Visitor, shop: BrowserShop) -> None:
    """A few screens, not a hundred; each route is in the menu under its name."""
    page = _opened(visitor, shop)
    page.set_viewport_size({"width": 1280, "height": 800})
    menu = page.get_by_role("navigation", name="Routes").get_by_role("link").all_inner_texts()
    named = {" ".join(text.split()) for text in menu}

    assert page.evaluate("() => document.documentElement.scrollHeight") < 12_000
    assert {route.replace("/v1", "") for route in ROUTES} <= named


def test_a_route_is_found_by_path_word_and_error(visitor: Visitor, shop: BrowserShop) -> None:
    """The filter keeps what contains the word, and says how many there are."""
    page = _opened(visitor, shop)
    page.keyboard.press("/")
    search = page.get_by_role("searchbox")
    expect(search).to_be_focused()
    search.fill("delete holds")
    expect(page.get_by_text("1 found")).to_be_visible()
    assert _shown(page) == ["releaseHold"]
    search.fill("cart_invalid")
    assert _shown(page) == ["createHold"]
    assert page.get_by_role("navigation").get_by_role("link").filter(visible=True).count() == 2
    search.fill("nothing of that name")
    expect(page.get_by_text("0 found")).to_be_visible()
    search.fill("")

    assert len(_shown(page)) >= len(ROUTES)


def test_a_link_opens_its_route_and_all_it_says(visitor: Visitor, shop: BrowserShop) -> None:
    """A fragment, a menu entry or a schema's name opens it, with an example of each answer and of
    each error.
    """
    page = _opened(visitor, shop, "#createHold")
    hold = page.locator("#createHold")
    expect(hold).to_have_attribute("open", "")
    expect(hold.get_by_text("Idempotency-Key: $(uuidgen)")).to_be_visible()
    hold.locator("summary", has_text=re.compile("^201")).click()
    expect(hold.get_by_text('"client_secret": "hss_')).to_be_visible()
    hold.locator("summary", has_text="The time is taken").click()
    expect(hold.get_by_text('"code": "slot_taken"')).to_be_visible()
    hold.locator("a", has_text="HeldBooking").first.click()
    expect(page.locator("#schema-HeldBooking")).to_have_attribute("open", "")

    page.get_by_role("navigation").get_by_role("link", name="POST /waitlist").click()
    expect(page.locator("#joinWaitlist")).to_have_attribute("open", "")


def test_it_is_accessible(visitor: Visitor, shop: BrowserShop) -> None:
    """axe's rules, light and dark, closed and opened; no width scrolls sideways."""
    page = _opened(visitor, shop)
    broken: list[str] = []
    for name in ("docs", "docs-opened"):
        if name == "docs-opened":
            page.goto(f"{shop.api}/docs#createHold")
            expect(page.locator("#createHold")).to_have_attribute("open", "")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            only = {"runOnly": {"type": "tag", "values": RULES}}
            for found in Axe().run(page, options=only).response["violations"]:
                broken.append(f"{scheme}: {found['id']} {[n['html'] for n in found['nodes']]}")
            for width in (320, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                wide = "() => document.documentElement.scrollWidth - innerWidth"
                if page.evaluate(wide) > 0:
                    broken.append(f"{scheme}, {width} px: too wide")
                if PICTURES.exists():
                    page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png")

    assert broken == []
