"""The running stack as the browser tests use it, and what a customer does on its booking page."""

import contextlib
import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.harness.database.migrated import Clock
from tests.stack.running import Answer, Stack, send

LESSON, CLASS, VENUE = "Single lesson", "Open class (standard)", "Whole day"
GROUP = "Group class"
GRACE = {"name": "Grace Hopper", "email": "grace@example.com"}


class StackDatabase:
    """The stack's database: statements commit at once, as superuser."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self.clock = Clock(self)  # type: ignore[arg-type]

    def execute(self, statement: str, *parameters: object) -> None:
        self._connection.execute(statement.encode(), parameters or None)

    def value(self, query: str, *parameters: object) -> Any:
        """The first column of the first row."""
        row = self._connection.execute(query.encode(), parameters or None).fetchone()
        assert row is not None
        return row[0]

    def close(self) -> None:
        self._connection.close()


class BrowserShop:
    """A stack with its demo tenant."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.api: str = stack.manifest["api"]
        self.key: str = stack.manifest["publishable_key"]
        self.page: str = stack.manifest["booking_page"]
        self.database = StackDatabase(stack.manifest["database"])

    @property
    def clock(self) -> Clock:
        return self.database.clock

    @cached_property
    def offerings(self) -> dict[str, tuple[str, str]]:
        """Ids of resource and offering, by the offering's name; the first that has it."""
        found: dict[str, tuple[str, str]] = {}
        for resource in self.stack.manifest["resources"]:
            for offering in resource["offerings"]:
                found.setdefault(offering["name"], (resource["id"], offering["id"]))
        return found

    def address(self, offering: str, **more: str) -> str:
        """The page's address for the times of an offering."""
        resource, offered = self.offerings[offering.partition(" (")[0]]
        return "&".join(
            [
                f"{self.page}&resource={resource}&offering={offered}",
                *(f"{name}={value}" for name, value in more.items()),
            ]
        )

    def hold(self, starts_at: str, offering: str = LESSON) -> Answer:
        """Another customer holds a time through the API."""
        resource, offered = self.offerings[offering]
        return self.stack.call(
            "POST",
            "/v1/holds",
            {
                "resource_id": resource,
                "offering_id": offered,
                "starts_at": starts_at,
                "customer": {"name": "Alan Turing", "email": f"{uuid.uuid4()}@example.com"},
            },
        )

    @contextlib.contextmanager
    def closed(self, offering: str, day: date) -> Iterator[None]:
        """Meanwhile, nothing is free on a day in Berlin's time."""
        resource, _ = self.offerings[offering]
        ends = datetime.combine(day + timedelta(days=1), time(), ZoneInfo("Europe/Berlin"))
        starts = datetime.combine(day, time(), ZoneInfo("Europe/Berlin"))
        row = self.database.value(
            "insert into core.blackouts"
            " (tenant_id, id, resource_id, during, created_at, updated_at)"
            " select tenant_id, gen_random_uuid(), id, tstzrange(%s, %s), now(), now()"
            " from core.resources where id = %s returning id",
            starts,
            ends,
            resource,
        )
        try:
            yield
        finally:
            self.database.execute("delete from core.blackouts where id = %s", row)

    def gives_back(self) -> None:
        """Let every time be free again, so that no test depends on how many others have taken."""
        self.database.execute(
            "select core.transition_booking("
            "b, case b.status when 'scheduled' then 'cancelled' else 'expired' end, 'a test ended')"
            " from core.bookings as b where b.status in ('held', 'paying', 'scheduled')"
            " and (b.position = 1 or b.status = 'scheduled')"
        )

    def booking(self, booking_id: str, column: str = "status") -> Any:
        """A column of a booking."""
        return self.database.value(
            f"select {column} from core.bookings where id = %s",
            booking_id,
        )

    def live_bookings(self, email: str) -> int:
        """How many times a customer holds or has booked."""
        return int(
            self.database.value(
                "select count(*) from core.bookings as b"
                " join core.customers as c on c.id = b.customer_id"
                " where c.email = %s and b.status in ('held', 'paying', 'scheduled')",
                email,
            )
        )

    def payments(self, booking_id: str) -> list[dict[str, Any]]:
        """The payments of a booking that succeeded at the double."""
        state = send("GET", f"{self.stack.manifest['stripe']}/_double/state").body
        sessions = [s for s in state["sessions"] if s["metadata"]["booking_id"] == booking_id]
        intents = {session["payment_intent"] for session in sessions}
        return [p for p in state["payments"] if p["id"] in intents and p["amount_received"]]

    def double(self, path: str, **body: Any) -> Answer:
        """A control of the Stripe double."""
        url = f"{self.stack.manifest['stripe']}/_double/{path}"
        return send("POST", url, json.dumps(body).encode())

    def session_of(self, booking_id: str) -> str:
        """The booking's latest checkout session."""
        return str(
            self.database.value(
                "select stripe_session_id from core.checkouts where booking_id = %s"
                " order by created_at desc limit 1",
                booking_id,
            )
        )


@dataclass
class Visitor:
    """A customer with one tab open. What they do waits until the page has answered."""

    page: Page
    shop: BrowserShop
    email: str

    # looking ----------------------------------------------------------------------------------

    @property
    def booking_id(self) -> str:
        """The id of the booking in the address."""
        found = re.search(r"[?&]booking=([0-9a-f-]{36})", self.page.url)
        assert found, self.page.url
        return found[1]

    def sees(self, title: str, *, timeout: float = 20_000) -> "Visitor":
        """Wait for a view by its heading."""
        heading = self.page.get_by_role("heading", level=1, name=title)
        expect(heading).to_be_visible(timeout=timeout)
        return self

    def button(self, name: str | re.Pattern[str]) -> Any:
        return self.page.get_by_role("button", name=name)

    def sees_no_connection(self) -> "Visitor":
        """Advance the page's clock through its pauses until it reports the lost network."""
        notice = self.page.get_by_text("There is no connection.")
        for _ in range(200):
            if notice.is_visible():
                return self
            self.page.clock.run_for(500)
        raise AssertionError("the page does not show that it has no connection")

    # acting -----------------------------------------------------------------------------------

    def opens(self, offering: str = LESSON, **more: str) -> "Visitor":
        """Go straight to the times of an offering."""
        self.page.goto(self.shop.address(offering, **more))
        expect(self.page.locator(".day[aria-pressed=true]")).to_be_visible()
        return self

    def picks(self, index: int = -1) -> "Visitor":
        """Choose a time of the chosen day, by default the last."""
        self.page.locator(".time").nth(index).click()
        return self.sees("Your details")

    def fills(self, **more: str) -> "Visitor":
        for name, value in ({"name": "Grace Hopper", "email": self.email} | more).items():
            self.page.locator(f"#{name}").fill(value)
        return self

    def holds(self) -> "Visitor":
        """Everything up to the hold, from the times on."""
        self.picks().fills()
        self.button("Hold this time").click()
        return self.sees("The time is yours for now")

    def goes_to_pay(self, name: str | re.Pattern[str] = re.compile("^Pay |^Continue")) -> "Visitor":
        self.button(name).click()
        self.page.wait_for_url("**/pay/**")
        return self

    def pays(self, card: str = "4242 4242 4242 4242") -> "Visitor":
        self.page.get_by_label("Card number").fill(card)
        self.button(re.compile("^Pay ")).first.click()
        return self


class Visitors:
    """Makes visitors, each in a browser profile of their own, and watches their pages' consoles."""

    def __init__(self, browser: Browser, shop: BrowserShop) -> None:
        self._browser = browser
        self._shop = shop
        self._contexts: list[BrowserContext] = []
        self.faults: list[str] = []

    def __call__(self, **options: Any) -> Visitor:
        given = {"locale": "en-GB", "timezone_id": "Europe/Berlin", "reduced_motion": "reduce"}
        context = self._browser.new_context(**{**given, **options})
        context.set_default_timeout(20_000)
        expect.set_options(timeout=20_000)  # two browsers and a stack share two processors
        context.on("page", self._watch)
        self._contexts.append(context)
        return Visitor(context.new_page(), self._shop, f"{uuid.uuid4().hex[:12]}@example.com")

    def tab(self, visitor: Visitor) -> Visitor:
        """A second tab of the same customer."""
        return Visitor(visitor.page.context.new_page(), self._shop, visitor.email)

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self._said(page, said.type, said.text))

    def _said(self, page: Page, kind: str, text: str) -> None:
        # an answer of 409 or a lost connection is part of the story; the browser reports it itself
        if kind in ("error", "warning") and not text.startswith("Failed to load resource"):
            self.faults.append(f"{page.url}: {text}")

    def close(self) -> None:
        for context in self._contexts:
            # a test may end while a request is held up
            for page in context.pages:
                page.unroute_all(behavior="ignoreErrors")
            context.unroute_all(behavior="ignoreErrors")
            context.close()


def delayed_methods(shop: BrowserShop) -> date:
    """Offer browsers methods whose result comes days later, and return the day whose times to use.

    Otherwise only servers are offered them, and only for times after such a result.
    """
    shop.database.execute(
        "update core.tenants set delayed_methods = 'all', delayed_method_days = 1"
    )
    return (shop.clock.now() + timedelta(days=3)).date()


@contextlib.contextmanager
def moved(shop: BrowserShop) -> Iterator[Callable[..., None]]:
    """Move the database's clock; afterwards it shows the true time again."""
    try:
        yield shop.clock.advance
    finally:
        shop.clock.real()
