"""One stack and one Chromium for all browser tests; a profile of its own for every visitor.

Where there is no Chromium nothing here is collected, and the run's summary says so.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.shop import Shop, Visitor, Visitors
from tests.harness import chromium
from tests.stack.running import Stack

collect_ignore_glob = [] if chromium.executable() else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All on one worker: they share the stack, and there are two cores."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.xdist_group("browser"))


# Playwright leaves an event loop running for as long as it lives, in which no other test can start
# its own: it ends with the last test of this folder.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium.executable(), args=chromium.ARGUMENTS
        )
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A local stack as a user starts it."""
    stack = Stack(tmp_path_factory.mktemp("browser") / "local")
    try:
        running = Shop(stack.up())
        yield running
        running.database.close()
    finally:
        stack.clear()


@pytest.fixture
def visitors(browser: Browser, shop: Shop) -> Iterator[Visitors]:
    """`visitors()` is a new customer; at the end no page may have complained."""
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
