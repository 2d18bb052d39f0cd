"""One stack and one Chromium for all browser tests; a separate profile for every visitor.

Without Chromium nothing here is collected, and the run's summary says so. In CI it is an error.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.shop import BrowserShop, Visitor, Visitors
from tests.harness.running import chromium
from tests.stack.running import Stack

if chromium.executable() is None and "CI" in os.environ:
    raise pytest.UsageError(chromium.MISSING)

collect_ignore_glob = [] if chromium.executable() else ["test_*.py"]


# Playwright leaves an event loop running as long as it lives, in which no other test of this
# process can start its own: it ends with the last test of this folder.
_running = contextlib.ExitStack()
_browsers: list[Browser] = []


@pytest.fixture
def browser() -> Browser:
    """Headless Chromium, started with the first test that needs it."""
    if not _browsers:
        playwright = _running.enter_context(sync_playwright())
        launched = playwright.chromium.launch(
            executable_path=chromium.executable(), args=chromium.ARGUMENTS
        )
        _running.callback(launched.close)
        _browsers.append(launched)
    return _browsers[0]


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Called for the tests of this folder only."""
    if nextitem is None or nextitem.path.parent != Path(__file__).parent:
        _browsers.clear()
        _running.close()


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserShop]:
    """A local stack as a user starts it."""
    stack = Stack(tmp_path_factory.mktemp("browser") / "local")
    try:
        running = BrowserShop(stack.up())
        yield running
        running.database.close()
    finally:
        stack.clear()


@pytest.fixture(autouse=True)
def times_are_given_back(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test has booked is free for the next one: all of them take the first free day."""
    yield
    if "shop" in request.fixturenames:
        shop: BrowserShop = request.getfixturevalue("shop")
        shop.gives_back()


@pytest.fixture
def visitors(browser: Browser, shop: BrowserShop) -> Iterator[Visitors]:
    """`visitors()` is a new customer; at the end no page may have logged an error."""
    made = Visitors(browser, shop)
    try:
        yield made
    finally:
        made.close()
    assert made.faults == []


@pytest.fixture
def visitor(visitors: Visitors) -> Visitor:
    """A customer in Berlin with an English browser."""
    return visitors()
