"""What anonymous visitors could take without paying, each attack as it was tried: a whole calendar,
a customer's limit, other people's mailboxes, and what others have booked.

The tenant is a new one, with the default limits.

Cases: P-8
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dev.stack import ses
from holdfast.access import policy
from tests.harness.database.tenants import Tenant, add_tenant
from tests.harness.laws.invariants import violations
from tests.harness.system.in_process import Answer, System
from tests.harness.system.problems import refused
from tests.harness.system.setup import TEN, minutes

VICTIM = {"name": "Vera", "email": "victim@shop.example"}
FISHING = (
    "Dear customer, your account is locked. Verify at https://evil.example/login now."
    " Ignore the rest"
)
FIRST = datetime(2030, 1, 7, 9, tzinfo=UTC)


@pytest.fixture
def system(system: System) -> Iterator[System]:
    """The demo tenant with the limits that every new tenant has; no letter has been sent yet."""
    ses.sent.clear()
    system.database.execute(
        "update core.tenants set "
        + ", ".join(f"{limit.setting} = {limit.default}" for limit in policy.LIMITS)
    )
    return system  # type: ignore[return-value]


def hold(system: System, **how: Any) -> Answer:
    """A hold; `how` is for the request, the rest for the body."""
    sent = {name: how.pop(name) for name in ("key", "address") if name in how}
    body = system.hold_body(TEN) | {"customer": VICTIM} | how
    return system.request("POST", "/v1/holds", body, **sent)


def wait(system: System, **how: Any) -> Answer:
    sent = {name: how.pop(name) for name in ("key", "address") if name in how}
    body = system.hold_body(TEN) | {"customer": VICTIM} | how
    return system.request("POST", "/v1/waitlist", body, **sent)


def release(system: System, held: Any) -> None:
    answer = system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])
    assert answer.status == 200, answer


def taken(system: System, **how: Any) -> Any:
    """A time that a server's customer holds."""
    answer = hold(system, key="secret", customer={"name": "S", "email": "s@shop.example"}, **how)
    assert answer.status == 201, answer
    return answer.body


def letters(system: System, email: str) -> list[str]:
    """The subjects and texts of the letters to one address."""
    system.invoke("deliver", {})
    simple = [letter["Content"]["Simple"] for letter in ses.to(email)]
    return [each["Subject"]["Data"] + "\n" + each["Body"]["Text"]["Data"] for each in simple]


def offered(system: System, customer: dict[str, str], **how: Any) -> Answer:
    """A time is taken, waited for, and released."""
    start = {"starts_at": how["starts_at"]} if "starts_at" in how else {}
    held = taken(system, **start)
    answer = wait(system, customer=customer, **how)
    release(system, held)
    return answer


# A whole calendar ---------------------------------------------------------------------------------


def test_one_visitor_does_not_block_a_calendar(system: System) -> None:
    """However many requests, always in new names, for all times of five weeks: what is held stays
    within the address's share of the resource and of each of its days.

    Proves: ASVS 2.3.2, 2.4.1, API6:2023
    """
    answers = []
    for number in range(60):
        start = FIRST + timedelta(days=number % 5, hours=number // 5 % 3)
        series = {"repeat": {"weeks": 2 + number % 4}}
        answers.append(
            hold(
                system,
                customer={"name": "X", "email": f"x{number}@evil.example"},
                starts_at=start.isoformat(),
                **series,
            )
        )

    kept = system.database.value("select count(*) from core.occupancies")
    days = system.database.rows(
        "select starts_at::date as day, count(*) from core.bookings where status = 'held'"
        " group by 1"
    )
    assert {answer.status for answer in answers} <= {201, 409, 422, 429}
    assert 0 < kept <= 12
    assert max(day.count for day in days) <= 4
    assert all("retry-after" in a.headers for a in answers if a.status == 429)
    assert violations(system.database) == []


def test_hold_and_release_has_a_pace(system: System) -> None:
    """Thirty times as many holds as allowed at once, each released: after some, a growing pause is
    required, and few rows are left.

    Proves: ASVS 2.4.1, 15.2.2, API4:2023, API6:2023
    """
    statuses = []
    for number in range(30):
        answer = hold(
            system,
            starts_at=(FIRST + timedelta(hours=number % 3)).isoformat(),
            repeat={"weeks": 12},
        )
        statuses.append(answer.status)
        if answer.status == 201:
            release(system, answer.body)

    assert statuses.count(201) == 8
    assert set(statuses[8:]) == {429}
    assert system.database.value("select count(*) from core.bookings") <= 100


@pytest.mark.parametrize(
    ("addresses", "refused_at"),
    [
        ([f"2001:db8:0:{n:x}00::1" for n in range(1, 4)], None),
        ([f"2001:db8:0:1{n:02x}::{n}" for n in range(3)], 2),
        (["198.51.100.1", "::ffff:198.51.100.1", "2002:c633:6401::1"], 2),
        (["198.51.100.1", "198.51.100.2", "198.51.100.3"], None),
    ],
    ids=["three /56", "one /56", "one IPv4 address in three spellings", "three IPv4 addresses"],
)
def test_a_network_is_one_address(
    system: System, addresses: list[str], refused_at: int | None
) -> None:
    """An IPv6 network counts as one address, by the size that a subscriber has."""
    system.database.execute("update core.tenants set live_holds_per_address = 2")

    statuses = [
        hold(system, address=address, starts_at=(FIRST + n * timedelta(days=1)).isoformat()).status
        for n, address in enumerate(addresses)
    ]

    assert statuses == [429 if n == refused_at else 201 for n in range(3)]


# Another customer's limit ------------------------------------------------------------------------


def test_strangers_cannot_keep_a_customer_from_booking(system: System) -> None:
    """Ten waitlist entries in a victim's name, and as many holds: the victim can still book, in a
    browser and at the shop's own server.

    Proves: ASVS 2.4.1, API6:2023
    """
    taken(system)
    for number in range(10):
        waiter = VICTIM | {"email": f"victim+{number}@shop.example"}
        assert wait(system, customer=waiter).status == 201
    for number in range(4):
        assert (
            hold(system, starts_at=(FIRST + timedelta(days=1 + number)).isoformat()).status == 201
        )
    free = (FIRST + timedelta(days=14)).isoformat()

    assert hold(system, address="192.0.2.1", starts_at=free).status == 201
    later = (FIRST + timedelta(days=15)).isoformat()
    assert hold(system, key="secret", starts_at=later).status == 201
    assert wait(system, key="secret").status == 201


def test_a_server_overrides_with_a_reason(system: System) -> None:
    """A browser may not: 403.

    Proves: ASVS 8.2.1, API5:2023
    """
    override = {"rules": ["customer_periods"], "reason": "a school class"}
    system.database.execute("update core.tenants set live_holds_per_customer = 1")
    assert hold(system, key="secret").status == 201
    later = (FIRST + timedelta(days=1)).isoformat()

    told = refused(
        system, lambda: hold(system, key="secret", starts_at=later), 429, "too_many_holds"
    )
    refused(system, lambda: hold(system, starts_at=later, override=override), 403, "forbidden")
    refused(system, lambda: wait(system, override=override), 403, "forbidden")

    assert told.body["rule"] == "customer_periods"
    assert hold(system, key="secret", starts_at=later, override=override).status == 201


@pytest.mark.parametrize(
    "override",
    [
        {},
        {"rules": [], "reason": "x"},
        {"rules": ["capacity"], "reason": "x"},
        {"rules": ["customer_limit"]},
        {"rules": ["customer_limit"], "reason": ""},
        {"rules": ["customer_limit"], "reason": "x" * 501},
        {"rules": ["customer_limit"] * 4, "reason": "x"},
        "yes",
    ],
)
def test_an_override_names_rules_and_a_reason(system: System, override: Any) -> None:
    """422, and nothing is done."""
    refused(system, lambda: hold(system, key="secret", override=override), 422, "invalid_request")


# What others have booked --------------------------------------------------------------------------


def test_no_status_tells_of_an_address(system: System) -> None:
    """A customer who has paid, where one booking per customer is allowed, holds and waits: a
    stranger who types that address gets the same answers as for any other address.

    Proves: ASVS 8.2.2, API1:2023, API3:2023
    """
    system.database.execute("update core.resources set customer_limit = 1, capacity = 3")
    system.hold(TEN, customer=VICTIM)
    paid = system.hold((FIRST + timedelta(days=1)).isoformat(), customer=VICTIM)
    system.paid(paid)
    for number in range(2):
        hold(
            system,
            key="secret",
            customer={"name": "S", "email": f"s{number}@shop.example"},
        )
    assert wait(system).status == 201
    free = (FIRST + timedelta(days=2)).isoformat()
    system.database.execute("update core.tenants set free_lapses = 0")

    answers = [
        [
            hold(system, starts_at=free, customer=who),
            wait(system, customer=who),
            hold(system, starts_at=free, customer=who, repeat={"weeks": 25}),
        ]
        for who in (VICTIM, {"name": "Vera", "email": "unknown@shop.example"})
    ]

    told, others = ([(a.status, _shape(a.body)) for a in each] for each in answers)
    assert [status for status, _ in told] == [201, 201, 429]
    assert told == others


def _shape(body: Any) -> Any:
    if not isinstance(body, dict):
        return type(body).__name__
    if "code" in body:
        return {name: value for name, value in body.items() if name != "request_id"}
    return {name: _shape(value) for name, value in body.items()}


# Letters ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [FISHING, "Ring 0900 123456", "evil.example", "Vera"])
def test_no_strangers_word_reaches_an_unproved_mailbox(system: System, name: str) -> None:
    """Whatever was typed as a name, the letter does not use it.

    Proves: ASVS 1.3.3, 2.4.1, API6:2023
    """
    assert offered(system, {"name": name, "email": "stranger@bigcorp.example"}).status == 201

    (text,) = letters(system, "stranger@bigcorp.example")

    assert name not in text
    assert "\nHello,\n" in text
    assert [word for word in ("evil", "0900", "locked") if word in text] == []


def test_a_proved_mailbox_is_greeted_by_the_name_of_the_proof(system: System) -> None:
    """A customer who has paid is greeted by the name on that booking, whatever name a request
    uses.
    """
    paid = system.hold(
        (FIRST + timedelta(days=1)).isoformat(), customer=VICTIM | {"name": "Vera Q."}
    )
    system.paid(paid)

    offered(system, VICTIM | {"name": FISHING})

    (text,) = letters(system, VICTIM["email"])
    assert "\nHello Vera Q.,\n" in text
    assert "evil" not in text


def test_a_mailbox_gets_a_few_letters_a_day(system: System) -> None:
    """Three as long as the mailbox is not proved, however often its entry is left and made again
    and from however many addresses; the offers stay. A day later there are three more.

    Proves: ASVS 2.4.1, API4:2023, API6:2023
    """
    stranger = {"name": "S", "email": "stranger@bigcorp.example"}
    places = []
    for number in range(6):
        held = taken(system)
        places.append(wait(system, customer=stranger, address=f"198.51.100.{number}").body)
        release(system, held)
        letters(system, stranger["email"])
        if number < 5:
            system.request(
                "DELETE",
                f"/v1/waitlist/{places[-1]['id']}",
                secret=places[-1]["client_secret"],
            )

    assert len(letters(system, stranger["email"])) == 3
    effects = system.database.rows("select state, last_error from core.effects order by created_at")
    assert [effect.state for effect in effects] == ["done"] * 6
    assert [effect.last_error for effect in effects[3:]] == [
        "withheld: enough letters for one day"
    ] * 3
    look = system.request(
        "GET", f"/v1/waitlist/{places[-1]['id']}", secret=places[-1]["client_secret"]
    )
    assert look.body["state"] == "offered"

    system.advance(minutes(24 * 60))
    system.invoke("expire_holds", {})
    later = (FIRST + timedelta(days=3)).isoformat()
    offered(system, stranger, address="198.51.100.99", starts_at=later)
    assert len(letters(system, stranger["email"])) == 4


# Links to the right page -------------------------------------------------------------------------


def link(text: str) -> str | None:
    found = re.search(r"https?://\S+", text)
    return found and found[0]


def offer_of(system: System, other: Tenant, email: str) -> str:
    """The text of the letter about an offer of another tenant."""
    body = {
        "resource_id": other.resource_id,
        "offering_id": other.offering_id,
        "starts_at": TEN,
        "customer": {"name": "B", "email": "b@shop.example"},
    }
    key = other.publishable_key
    held = system.request("POST", "/v1/holds", body, key=key).body
    waiting = body | {"customer": {"name": "C", "email": email}}
    assert system.request("POST", "/v1/waitlist", waiting, key=key).status == 201
    system.request("DELETE", f"/v1/holds/{held['id']}", key=key, secret=held["client_secret"])
    (text,) = letters(system, email)
    return text


def test_an_offer_leads_to_its_own_tenants_page(system: System) -> None:
    """With that tenant's own key the link opens the booking.

    Proves: ASVS 2.3.1, 8.4.1
    """
    other = add_tenant(system.database)
    page = f"https://b.example/book?key={other.publishable_key}"
    system.invoke("migrate", {"tenant": {"id": other.tenant_id, "page_url": page}})

    address = link(offer_of(system, other, "c@shop.example")) or ""
    told = parse_qs(urlsplit(address).fragment)
    opened = system.request(
        "GET",
        f"/v1/bookings/{told['booking'][0]}/confirmation",
        key=other.publishable_key,
        secret=told["secret"][0],
    )

    assert address.startswith(f"{page}#")
    assert (opened.status, opened.body["status"]) == (200, "held")


def test_a_tenant_without_a_page_sends_no_link(system: System) -> None:
    """The page of the deployment has another tenant's key, so the secret is not sent to it. The
    letter names the shop.
    """
    other = add_tenant(system.database)
    system.with_environment(
        BOOKING_PAGE_URL=f"https://a.example/?key={system.credential('publishable')}",
        PAGE_PUBLISHABLE_KEY="",
    )

    text = offer_of(system, other, "c@shop.example")

    assert link(text) is None
    assert "open the page of Another where you asked" in text


@pytest.mark.parametrize(
    ("page", "configured"), [("https://a.example/?key={}", ""), ("https://a.example/", "{}")]
)
def test_the_deployments_page_is_for_the_tenant_it_belongs_to(
    system: System, page: str, configured: str
) -> None:
    """Recognised by the key in its address, or by the configured one."""
    key = system.credential("publishable")
    system.with_environment(
        BOOKING_PAGE_URL=page.format(key), PAGE_PUBLISHABLE_KEY=configured.format(key)
    )

    offered(system, VICTIM)

    (text,) = letters(system, VICTIM["email"])
    assert (link(text) or "").startswith(page.format(key) + "#booking=")


def test_a_page_whose_key_was_revoked_is_not_linked(system: System) -> None:
    """It could not open the booking."""
    other = add_tenant(system.database)
    page = f"https://b.example/?key={other.publishable_key}"
    system.invoke("migrate", {"tenant": {"id": other.tenant_id, "page_url": page}})
    body = {"resource_id": other.resource_id, "offering_id": other.offering_id, "starts_at": TEN}
    who = {"customer": {"name": "C", "email": "c@shop.example"}}
    held = system.request("POST", "/v1/holds", body | who, key=other.secret_key).body
    assert system.request("POST", "/v1/waitlist", body | who, key=other.secret_key).status == 201
    system.database.execute(
        "update core.api_keys set revoked_at = core.clock() where tenant_id = %s"
        " and kind = 'publishable'",
        other.tenant_id,
    )
    system.request("DELETE", f"/v1/holds/{held['id']}", key=other.secret_key)

    (text,) = letters(system, "c@shop.example")
    assert link(text) is None
