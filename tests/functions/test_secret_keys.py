"""Booking secrets with key ids: another key, and every secret replaced after a leak."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from dev.stack import ses
from tests.functions.test_waitlist import deliver, joined, release
from tests.harness.laws.invariants import violations
from tests.harness.system.in_process import Answer, System
from tests.harness.system.setup import TEN, forget_requests

KEY = "5d0e7c7a-6f0b-4f57-9d0e-3a6a1b1f0a11"
OLD, NEW = "07" * 32, "08" * 32
OTHER = TEN.replace("T10", "T14")


def with_keys(system: System, listed: str) -> None:
    """From now on, all functions know these booking keys."""
    system.with_environment(BOOKING_SECRET_KEY=listed)


def read(system: System, held: dict[str, Any], secret: str | None = None) -> Answer:
    return system.request(
        "GET", f"/v1/bookings/{held['id']}", secret=secret or held["client_secret"]
    )


def letter_secrets(place: dict[str, Any]) -> list[str]:
    """The secrets in the links of all letters about an entry."""
    told = [letter["Content"]["Simple"]["Body"]["Text"]["Data"] for letter in letters(place)]
    links = [text.partition("Take it here: ")[2].strip() for text in told]
    return [parse_qs(urlsplit(link).fragment)["secret"][0] for link in links]


def letters(place: dict[str, Any]) -> list[dict[str, Any]]:
    return ses.to(place["customer"]["email"])


def test_old_secrets_open_their_bookings_after_a_new_key(system: System) -> None:
    """Old secrets stay valid, and new ones are derived with the new key.

    Proves: ASVS 11.2.2
    """
    with_keys(system, OLD)
    body = system.hold_body(TEN)
    old = system.request("POST", "/v1/holds", body, idempotency_key=KEY).body
    with_keys(system, f"2:{NEW},1:{OLD}")

    new = system.hold(OTHER)

    assert read(system, old).status == read(system, new).status == 200
    ids = dict(system.database.rows("select id::text, secret_key_id from core.bookings"))
    assert ids == {old["id"]: "1", new["id"]: "2"}
    forget_requests(system)
    again = system.request("POST", "/v1/holds", body, idempotency_key=KEY)
    assert again.body["client_secret"] == old["client_secret"]
    assert "secret_key_id" not in again.body


def test_a_letter_is_derived_with_its_places_key(system: System) -> None:
    """The entry was made with the old key; the letter is written when the new one is known."""
    with_keys(system, OLD)
    held = system.hold(TEN)
    place = joined(system)
    with_keys(system, f"2:{NEW},1:{OLD}")
    release(system, held)

    deliver(system)

    [secret] = letter_secrets(place)
    assert secret == place["client_secret"]


def test_after_a_leak_no_old_secret_opens_anything(system: System) -> None:
    """Bookings, carts, entries and feeds; letters sent afterwards contain secrets that work.

    Proves: ASVS 7.4.1, 11.2.2
    """
    with_keys(system, OLD)
    taken = system.hold(TEN)
    kept = system.hold(OTHER)
    place = joined(system)
    resource = system.resource["id"]
    feed = system.request(
        "POST", f"/v1/catalogue/resources/{resource}/calendar-feeds", key="secret"
    )
    assert feed.status == 201
    with_keys(system, f"2:{NEW},1:{OLD}")

    answer = system.invoke("migrate", {"replace_secrets": True})

    assert answer == {"key": "2", "replaced": 3, "revoked_feeds": 1, "done": True}
    assert read(system, kept).status == 404
    waits = f"/v1/waitlist/{place['id']}"
    assert system.request("GET", waits, secret=place["client_secret"]).status == 404
    assert system.request("GET", urlsplit(feed.body["url"]).path, key=None).status == 404
    with_keys(system, f"2:{NEW}")  # the old key is no longer known anywhere
    system.request("DELETE", f"/v1/holds/{taken['id']}", key="secret")
    deliver(system)
    [secret] = letter_secrets(place)
    offer = system.request("GET", waits, secret=secret).body["offer"]
    assert read(system, offer, secret).status == 200
    assert system.invoke("migrate", {"replace_secrets": True})["replaced"] == 0
    assert violations(system.database) == []


def test_an_offer_under_way_keeps_one_secret(system: System) -> None:
    """The entry's secret opens the offered booking, before and after."""
    with_keys(system, OLD)
    held = system.hold(TEN)
    place = joined(system)
    release(system, held)
    with_keys(system, f"2:{NEW},1:{OLD}")

    system.invoke("migrate", {"replace_secrets": True})

    deliver(system)
    [secret] = letter_secrets(place)
    offered = system.database.one("select id::text from core.bookings where status = 'held'")
    assert read(system, {"id": offered.id}, secret).status == 200
    assert violations(system.database) == []
