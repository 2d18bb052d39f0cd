"""/v1/waitlist over HTTP, and the letter about an offer."""

from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from dev.stack import ses
from tests.harness.laws.invariants import violations
from tests.harness.system.in_process import Answer, System
from tests.harness.system.problems import assert_problem, refused
from tests.harness.system.setup import TEN, forget_requests, minutes


def customer(name: str = "Emmy Noether") -> dict[str, str]:
    return {"name": name, "email": f"{uuid4().hex}@example.com"}


def join(system: System, *, idempotency_key: str | None = None, **changes: Any) -> Answer:
    body = system.hold_body(TEN) | {"customer": customer()} | changes
    return system.request("POST", "/v1/waitlist", body, idempotency_key=idempotency_key)


def joined(system: System, **changes: Any) -> dict[str, Any]:
    """A waitlist entry for a time that is held."""
    answer = join(system, **changes)
    assert answer.status == 201, answer
    place: dict[str, Any] = answer.body
    return place


def look(system: System, place: dict[str, Any]) -> Any:
    """The entry as its customer sees it now."""
    answer = system.request("GET", f"/v1/waitlist/{place['id']}", secret=place["client_secret"])
    assert answer.status == 200, answer
    return answer.body


def leave(system: System, place: dict[str, Any], **how: Any) -> Answer:
    return system.request(
        "DELETE", f"/v1/waitlist/{place['id']}", secret=place["client_secret"], **how
    )


def release(system: System, held: dict[str, Any]) -> None:
    answer = system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])
    assert answer.status == 200, answer


def deliver(system: System) -> int:
    return int(system.invoke("deliver", {})["delivered"])


def test_from_waiting_to_a_paid_booking(system: System) -> None:
    """A customer waits, gets a letter when the time is released, and pays with the link."""
    held = system.hold(TEN)
    place = joined(system)
    release(system, held)
    deliver(system)

    (letter,) = ses.to(place["customer"]["email"])
    text = letter["Content"]["Simple"]["Body"]["Text"]["Data"]
    link = parse_qs(urlsplit(text.split()[-1]).fragment)
    booking = {"id": link["booking"][0], "client_secret": link["secret"][0]}
    system.paid(booking)

    assert (place["state"], place["position"], place["offer"]) == ("waiting", 1, None)
    assert look(system, place)["state"] == "booked"
    assert look(system, place)["offer"]["status"] == "scheduled"
    assert "Monday, 7 January 2030, 10:00 (Europe/London)" in text
    assert violations(system.database, system.double) == []


def test_a_place_is_made_once(system: System) -> None:
    """A repeat gets the same entry and secret, from DynamoDB or from the database.

    Cases: D-3
    """
    system.hold(TEN)
    emmy = customer()

    first = join(system, idempotency_key="w-1-0123456789abcdef", customer=emmy)
    replayed = join(system, idempotency_key="w-1-0123456789abcdef", customer=emmy)
    forget_requests(system)
    again = join(system, idempotency_key="w-1-0123456789abcdef", customer=emmy)

    assert [first.status, replayed.status, again.status] == [201, 201, 201]
    assert first.body == replayed.body == again.body
    assert first.headers["etag"] == '"1"'
    assert system.database.value("select count(*) from core.waitlist") == 1


def test_a_free_time_is_not_waited_for(system: System) -> None:
    """409 with the free period."""
    answer = refused(system, lambda: join(system), 409, "time_is_free")

    assert [slot["starts_at"] for slot in answer.body["alternatives"]] == [TEN]


def test_a_server_learns_that_its_customer_waits(system: System) -> None:
    """409 for a second entry of one customer; a browser gets another entry, and no hint."""
    system.hold(TEN)
    emmy = customer()
    body = system.hold_body(TEN) | {"customer": emmy}
    first = joined(system, customer=emmy)
    assert system.request("POST", "/v1/waitlist", body, key="secret").status == 201

    refused(
        system,
        lambda: system.request("POST", "/v1/waitlist", body, key="secret"),
        *(409, "already_waiting"),
    )
    second = joined(system, customer=emmy)
    assert (second["id"] != first["id"], second.keys()) == (True, first.keys())


def test_too_many_holds_get_retry_after(system: System) -> None:
    """429 with Retry-After.

    Cases: P-8
    Proves: ASVS 2.3.2, 2.4.1, API4:2023, API6:2023
    """
    system.database.execute("update core.tenants set live_holds_per_address = 1")
    system.hold(TEN)

    answer = refused(
        system,
        lambda: system.request("POST", "/v1/holds", system.hold_body("2030-01-08T10:00:00Z")),
        429,
        "too_many_holds",
    )

    assert 290 <= int(answer.headers["retry-after"]) <= 300


def test_a_browsers_address_is_limited_and_a_servers_is_not(system: System) -> None:
    """All requests in these tests come from one address.

    Cases: P-8
    Proves: ASVS 2.4.1, API6:2023
    """
    system.database.execute("update core.tenants set live_holds_per_address = 1")
    system.hold(TEN, customer=customer())
    body = system.hold_body("2030-01-08T10:00:00Z") | {"customer": customer()}

    refused(system, lambda: system.request("POST", "/v1/holds", body), 429, "too_many_holds")
    assert system.request("POST", "/v1/holds", body, key="secret").status == 201


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"date": "2030-01-07"}, 422, "invalid_request"),
        ({"starts_at": None}, 422, "invalid_request"),
        ({"notes": "x"}, 422, "invalid_request"),
        ({"price": 1}, 422, "price_not_accepted"),
        ({"customer": {"name": "E", "email": "nobody"}}, 422, "invalid_request"),
        ({"tier": "golden"}, 422, "not_priced"),
        ({"resource_id": str(uuid4())}, 404, "not_found"),
        ({"starts_at": "2030-01-07T03:00:00Z"}, 422, "not_offered"),
    ],
    ids=["both", "neither", "unknown", "price", "e-mail", "tier", "resource", "closed"],
)
def test_a_bad_wish_changes_nothing(
    system: System, changes: dict[str, Any], status: int, code: str
) -> None:
    """What cannot be waited for is refused with its documented code.

    Cases: P-12
    """
    system.hold(TEN)

    refused(system, lambda: join(system, **changes), status, code)


def test_a_place_is_its_customers(system: System) -> None:
    """Without the entry's secret it does not exist; the list is for the tenant's server.

    Cases: E-3.5
    Proves: ASVS 8.2.2, API1:2023
    """
    system.hold(TEN)
    place = joined(system)
    path = f"/v1/waitlist/{place['id']}"

    for method in ("GET", "DELETE"):
        for secret in (None, "bks_" + "A" * 43):
            assert_problem(system.request(method, path, secret=secret), 404, "not_found")
        assert_problem(system.request(method, path, key=None), 401, "unauthenticated")
    assert_problem(system.request("GET", "/v1/waitlist"), 403, "forbidden")
    listed = system.request("GET", "/v1/waitlist?state=waiting", key="secret")
    assert [one["id"] for one in listed.body["places"]] == [place["id"]]


def test_leaving_is_guarded_by_the_version(system: System) -> None:
    """412 for another version; leaving twice is leaving once.

    Cases: D-4
    """
    system.hold(TEN)
    place = joined(system)

    refused(system, lambda: leave(system, place, headers={"if-match": '"9"'}), 412, "stale_version")
    answers = [leave(system, place, headers={"if-match": '"1"'}) for _ in range(2)]

    assert [answer.body["state"] for answer in answers] == ["left", "left"]


def test_no_letter_is_sent_for_an_offer_turned_down(system: System) -> None:
    """Turned down before the outbox ran: no letter, and the effect is done."""
    held = system.hold(TEN)
    place = joined(system)
    release(system, held)
    leave(system, place)

    assert deliver(system) == 1
    assert ses.to(place["customer"]["email"]) == []
    assert system.database.value("select state from core.effects") == "done"


def test_a_letter_that_could_not_be_sent_is_sent_later(system: System) -> None:
    """SES is down: the offer stays, and the outbox tries again.

    Cases: E-9.4, P-15
    """
    held = system.hold(TEN)
    place = joined(system)
    release(system, held)
    system.with_environment(AWS_ENDPOINT_URL_SESV2="http://127.0.0.1:9")  # where nothing listens
    deliver(system)
    waiting = system.database.one("select state, attempts, last_error from core.effects")

    system.with_environment(AWS_ENDPOINT_URL_SESV2=system.backends.dynamodb)
    system.advance(minutes(1))
    deliver(system)

    assert (waiting.state, waiting.attempts) == ("pending", 1)
    assert place["customer"]["email"] not in (waiting.last_error or "")
    assert len(ses.to(place["customer"]["email"])) == 1
    assert system.database.value("select state from core.effects") == "done"


def test_a_letter_that_is_refused_is_for_a_person(system: System) -> None:
    """The sender is not verified: SES will never send it, and the effect is dead.

    Cases: E-9.4, P-15
    """
    held = system.hold(TEN)
    joined(system)
    release(system, held)
    system.with_environment(MAIL_FROM="nobody@elsewhere.example")
    deliver(system)

    effect = system.database.one("select state, last_error from core.effects")
    assert (effect.state, effect.last_error) == ("dead", "MessageRejected")


def test_a_name_is_text_in_a_letter(system: System) -> None:
    """A customer's name from a server is escaped where the letter is HTML.

    Cases: P-12
    Proves: ASVS 1.1.2, 1.2.1, 1.3.7
    """
    held = system.hold(TEN)
    emmy = customer('Emmy & "Co"')
    body = system.hold_body(TEN) | {"customer": emmy}
    assert system.request("POST", "/v1/waitlist", body, key="secret").status == 201
    release(system, held)
    deliver(system)

    (letter,) = ses.to(emmy["email"])
    body = letter["Content"]["Simple"]["Body"]
    assert "Hello Emmy &amp; &quot;Co&quot;," in body["Html"]["Data"]
    assert 'Hello Emmy & "Co",' in body["Text"]["Data"]


def test_the_sweep_offers(system: System) -> None:
    """Every minute: times that became free without a release are offered."""
    system.hold(TEN)
    place = joined(system)
    system.database.execute("update core.resources set capacity = 2")

    assert system.invoke("offer_waiting", {}) == {"offered": 1, "lapsed": 0}
    assert look(system, place)["state"] == "offered"
