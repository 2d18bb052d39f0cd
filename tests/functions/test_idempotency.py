"""One key, one effect: through the front door, past it, and without it."""

import json
from typing import Any

import pytest

from tests.harness.database.digests import digests
from tests.harness.database.tenants import add_key, add_tenant, new_key
from tests.harness.system.in_process import RETURN_ADDRESSES, Answer, System
from tests.harness.system.outages import REFUSING
from tests.harness.system.problems import assert_problem, refused
from tests.harness.system.setup import TEN, forget_requests, sessions

CLASS = "2030-01-07T15:00:00Z"
LATER = "2030-01-07T14:00:00Z"
KEY = "0b9cbf0e-6d5b-4a52-9d6d-9a3a5a1f6c01"


def _hold(system: System, key: str, **changes: Any) -> Answer:
    body = system.hold_body(TEN) | changes
    return system.request("POST", "/v1/holds", body, idempotency_key=key)


def _records(system: System) -> list[dict[str, Any]]:
    """All that DynamoDB stores about requests."""
    from dev.stack.dynamodb import client  # noqa: PLC0415 slow to import

    dynamodb = client(system.backends.dynamodb)
    items: list[dict[str, Any]] = dynamodb.scan(TableName="IdempotencyTable")["Items"]
    return items


@pytest.fixture(autouse=True)
def empty_table(system: System) -> None:
    """DynamoDB is shared by the tests of one process."""
    forget_requests(system)


def _count(system: System, table: str) -> int:
    return int(system.database.value(f"select count(*) from core.{table}"))


BAD_KEYS = {
    "none": "",
    "blank": " ",
    "too long": "k" * 256,
    "inner space": "a b",
    "not ASCII": "clé",
    "control": "a\x07b",
    "line break": "a\nb",
}


@pytest.mark.parametrize("key", BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_post_needs_a_usable_key(shared_system: System, key: str) -> None:
    """One to 255 visible ASCII characters, otherwise 400; nothing is done without it.

    Cases: D-3, P-12
    """
    held = {"id": "00000000-0000-7000-8000-000000000000"}
    refused(shared_system, lambda: _hold(shared_system, key), 400, "idempotency_key_missing")
    refused(
        shared_system,
        lambda: shared_system.request(
            "POST",
            f"/v1/bookings/{held['id']}/checkout",
            RETURN_ADDRESSES,
            key="secret",
            idempotency_key=key,
        ),
        400,
        "idempotency_key_missing",
    )


@pytest.mark.parametrize("key", ["k" * 20, "k" * 255, "~!#$%&'()*+,-./:;<=>?@[]^_`{|}"])
def test_the_longest_and_the_oddest_keys_work(system: System, key: str) -> None:
    """Any visible ASCII is accepted."""
    assert _hold(system, key).body["id"] == _hold(system, key).body["id"]


@pytest.mark.parametrize("path", ["/v1/holds", "/v1/waitlist"])
@pytest.mark.parametrize("key", ["1", "hold-1893456000", "k" * 19])
def test_a_browsers_key_to_a_secret_cannot_be_guessed(system: System, path: str, key: str) -> None:
    """Where the answer contains a secret, a guessable key is refused with 400 for a publishable
    key.

    A server may choose any key, and so may a caller with the booking's own secret.

    Cases: P-7, P-12
    Proves: ASVS 8.2.2
    """
    body = system.hold_body(TEN)

    refused(
        system,
        lambda: system.request("POST", path, body, idempotency_key=key),
        400,
        "idempotency_key_too_short",
    )
    held = system.request("POST", "/v1/holds", body, key="secret", idempotency_key=key)
    waiting = system.request("POST", path, body, key="secret", idempotency_key=key)
    page = system.begin_checkout(held.body, idempotency_key=key)

    assert [held.status, waiting.status, page.status] == [201, 201, 200]


def test_the_same_request_has_one_effect_and_one_answer(system: System) -> None:
    """A repeat gets the first answer, client secret included; one booking is made.

    Cases: D-3
    """
    first = _hold(system, KEY)
    again = _hold(system, KEY)

    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert again.headers["etag"] == first.headers["etag"]
    assert _count(system, "bookings") == 1


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"starts_at": LATER}, id="period"),
        pytest.param({"customer": {"name": "Grace Hopper", "email": "x@example.com"}}, id="payer"),
        pytest.param({"customer": {"name": "Grace", "email": "grace@example.com"}}, id="name"),
        pytest.param({"notes": "window seat"}, id="notes"),
        pytest.param({"tier": "premium"}, id="tier"),
        pytest.param("resource", id="resource"),
        pytest.param("offering", id="offering"),
    ],
)
@pytest.mark.parametrize("front_door", [True, False], ids=["DynamoDB", "Postgres alone"])
def test_the_same_key_for_another_request_is_refused(
    system: System, changes: Any, front_door: bool
) -> None:
    """A key belongs to its whole request: another resource, period or payer is 422, not a replay.

    Cases: D-3
    """
    if changes == "resource":
        offering = system.studio["offerings"][0]["id"]
        changes = {"resource_id": system.studio["id"], "offering_id": offering}
    elif changes == "offering":
        changes = {"offering_id": system.resource["offerings"][1]["id"]}
    _hold(system, KEY)
    if not front_door:
        forget_requests(system)

    refused(system, lambda: _hold(system, KEY, **changes), 422, "idempotency_key_reused")


def test_another_body_is_refused_before_the_database(system: System) -> None:
    """422 by DynamoDB alone: the database is not called, and here could not be."""
    _hold(system, KEY)
    system.database_at(f"postgresql://holdfast_checkout@{REFUSING}/holdfast")

    assert_problem(_hold(system, KEY, notes="another"), 422, "idempotency_key_reused")


def test_equal_requests_may_be_written_differently(system: System) -> None:
    """Another order of members, another offset, explicit defaults: still the same request.

    Cases: D-3
    """
    first = _hold(system, KEY)
    forget_requests(system)
    body = system.hold_body("2030-01-07T11:00:00+01:00", tier="standard", package="single")
    again = system.request("POST", "/v1/holds", dict(reversed(body.items())), idempotency_key=KEY)

    assert again.body == first.body


def test_without_dynamodbs_memory_there_is_still_one_booking(system: System) -> None:
    """The table is lost between two equal requests: the fence returns the same booking and secret.

    Cases: D-3
    """
    first = _hold(system, KEY)
    assert forget_requests(system) >= 1
    again = _hold(system, KEY)

    assert (again.status, again.body) == (201, first.body)
    assert _count(system, "bookings") == 1


def test_without_dynamodbs_memory_there_is_still_one_session(system: System) -> None:
    """The same for a checkout: same page, one attempt, one session at Stripe.

    Cases: D-3, E-2.6
    """
    held = system.hold()
    first = system.begin_checkout(held, idempotency_key="c-1")
    assert forget_requests(system) >= 1
    again = system.begin_checkout(held, idempotency_key="c-1")

    assert (again.status, again.body) == (200, first.body)
    assert _count(system, "checkouts") == len(sessions(system, held)) == 1


@pytest.mark.parametrize("front_door", [True, False], ids=["DynamoDB", "Postgres alone"])
def test_a_checkout_key_is_bound_to_its_addresses(system: System, front_door: bool) -> None:
    """The key of one checkout is refused for other addresses.

    Cases: D-3
    """
    held = system.hold()
    system.begin_checkout(held, idempotency_key="c-1")
    if not front_door:
        forget_requests(system)
    refused_addresses = system.begin_checkout(
        held, idempotency_key="c-1", success_url="https://studio.example/elsewhere"
    )

    assert_problem(refused_addresses, 422, "idempotency_key_reused")
    assert len(sessions(system, held)) == 1


@pytest.mark.parametrize("front_door", [True, False], ids=["DynamoDB", "Postgres alone"])
def test_a_key_of_another_booking_cannot_be_used_up(system: System, front_door: bool) -> None:
    """A key belongs to one booking: the same key at another booking does not interfere.

    Cases: D-3
    Proves: ASVS 2.4.1, 8.2.2, API1:2023
    """
    victim, other = system.hold(), system.hold(LATER)
    key = f"pay-{victim['id']}"
    theirs = system.begin_checkout(other, idempotency_key=key)
    moved = system.move(other, "2030-01-08T10:00:00Z", idempotency_key=key)
    if not front_door:
        forget_requests(system)
    mine = system.begin_checkout(victim, idempotency_key=key)

    assert (theirs.status, mine.status) == (200, 200)
    assert moved.status in (200, 409)
    assert mine.body["booking"]["id"] == victim["id"]
    assert len(sessions(system, victim)) == len(sessions(system, other)) == 1


def test_all_bookings_of_a_server_have_keys_of_their_own(system: System) -> None:
    """A server that sends one key for two bookings makes two requests, which may differ."""
    for start, page in ((TEN, "a"), (LATER, "b")):
        held = system.hold(start)
        body = RETURN_ADDRESSES | {"cancel_url": f"https://studio.example/{page}"}
        path = f"/v1/bookings/{held['id']}/checkout"
        answer = system.request("POST", path, body, key="secret", idempotency_key="c-1")

        assert (answer.status, answer.body["booking"]["id"]) == (200, held["id"])


def test_a_stranger_does_not_learn_that_a_key_was_used(system: System) -> None:
    """Without the booking's secret the answer is 404, whichever key was used with what.

    Proves: ASVS 8.2.2, API1:2023
    """
    held = system.hold()
    system.begin_checkout(held, idempotency_key="c-1")
    path = f"/v1/bookings/{held['id']}/checkout"
    body = RETURN_ADDRESSES | {"success_url": "https://elsewhere.example/"}

    for secret in (None, f"bks_{'x' * 43}"):
        answer = system.request("POST", path, body, secret=secret, idempotency_key="c-1")
        assert_problem(answer, 404, "not_found")


def test_browsers_and_servers_do_not_share_keys(system: System) -> None:
    """Neither uses up a key of the other, nor learns what the other made with it.

    Cases: D-3, P-7
    Proves: ASVS 2.4.1, 8.2.2, API1:2023
    """
    body, later = system.hold_body(TEN), system.hold_body(LATER)

    def hold(body: dict[str, Any], by: str, key: str) -> Answer:
        return system.request("POST", "/v1/holds", body, key=by, idempotency_key=key)

    server = hold(body, "secret", KEY)
    browser = hold(body, "publishable", KEY)
    claimed = hold(later, "publishable", f"{KEY}-2")
    needed = hold(system.hold_body("2030-01-08T10:00:00Z"), "secret", f"{KEY}-2")

    assert (server.status, claimed.status, needed.status) == (201, 201, 201)
    assert_problem(browser, 409, "slot_taken")
    assert server.body["id"] not in str(browser.body)


def test_all_servers_of_a_tenant_are_one_caller(system: System) -> None:
    """A request begun with one secret key and repeated with another has one effect.

    Cases: D-3
    """
    another = new_key("sk", system.tenant.tenant_id)
    add_key(system.database, system.tenant.tenant_id, "secret", another)
    body = system.hold_body(TEN)
    answers = [
        system.request("POST", "/v1/holds", body, key=key, idempotency_key="order-1001")
        for key in ("secret", another)
    ]

    assert answers[0].body == answers[1].body
    assert _count(system, "bookings") == 1


def test_one_key_may_serve_two_operations(system: System) -> None:
    """A client that uses one key for hold and checkout makes two requests."""
    held = _hold(system, KEY).body

    assert system.begin_checkout(held, idempotency_key=KEY).status == 200


def test_tenants_do_not_share_keys(system: System) -> None:
    """The same key of another tenant is another key: it is neither replayed nor refused.

    Cases: D-3
    Proves: ASVS 8.4.1
    """
    other = add_tenant(system.database)
    system.warm(other.publishable_key)
    mine = _hold(system, KEY)
    theirs = system.request(
        "POST",
        "/v1/holds",
        system.hold_body(TEN, resource_id=other.resource_id, offering_id=other.offering_id),
        key=other.publishable_key,
        idempotency_key=KEY,
    )

    assert (mine.status, theirs.status) == (201, 201)
    assert mine.body["id"] != theirs.body["id"]


def test_a_refusal_does_not_use_up_the_key(system: System) -> None:
    """A key whose request was refused is free: once the time is free, the same request succeeds.

    Cases: D-3
    """
    first = system.hold(TEN)
    taken = _hold(system, KEY)
    system.request("DELETE", f"/v1/holds/{first['id']}", secret=first["client_secret"])
    again = _hold(system, KEY)

    assert (taken.status, again.status) == (409, 201)


def test_no_answer_is_kept_in_dynamodb(system: System) -> None:
    """Only that a request is done, and an id: no name, address, secret or readable key.

    Cases: P-7
    Proves: ASVS 14.2.2
    """
    held = _hold(system, KEY, notes="gate code 4711").body
    page = system.begin_checkout(held, idempotency_key="c-1").body

    kept = _records(system)

    assert len(kept) == 2
    assert all(json.loads(record["data"]["S"]) == {"id": held["id"]} for record in kept)
    private = [*held["customer"].values(), held["notes"], held["client_secret"]]
    private += [page["checkout_url"], KEY, system.secrets.publishable_key]
    assert [value for value in private if value and value in str(kept)] == []


def test_equal_bodies_have_unequal_hashes_in_dynamodb(system: System) -> None:
    """A request's hash includes the idempotency key, so that customers cannot be guessed from it.

    Proves: ASVS 14.2.2
    """
    for key in ("order-1", "order-2"):
        body = system.hold_body(TEN, resource_id=system.studio["id"])
        body |= {"offering_id": system.studio["offerings"][0]["id"], "starts_at": CLASS}
        answer = system.request("POST", "/v1/holds", body, key="secret", idempotency_key=key)
        assert answer.status == 201, answer

    hashes = [record["validation"]["S"] for record in _records(system)]

    assert len(set(hashes)) == 2


@pytest.mark.parametrize("kind", ["pk", "sk"])
def test_a_caller_without_a_known_key_writes_nothing(system: System, kind: str) -> None:
    """An API key that the database has not accepted yet is not written to DynamoDB, whatever it
    asks for.

    Here DynamoDB could not be reached.

    Cases: P-8
    Proves: ASVS 2.4.1, API4:2023
    """
    system.with_environment(AWS_ENDPOINT_URL_DYNAMODB=f"http://{REFUSING}")
    for path, body in (("/v1/holds", system.hold_body(TEN)), ("/v1/waitlist", None)):
        for _ in range(3):
            answer = system.request("POST", path, body or system.hold_body(TEN), key=new_key(kind))
            assert answer.status == 401
    revoked = new_key(kind)
    add_key(
        system.database,
        system.tenant.tenant_id,
        {"pk": "publishable", "sk": "secret"}[kind],
        revoked,
        revoked=True,
    )

    assert system.request("POST", "/v1/holds", system.hold_body(TEN), key=revoked).status == 401
    assert _records(system) == []


def test_a_key_that_has_acted_uses_the_front_door(system: System) -> None:
    """From its second request on, in each environment, until the database refuses it."""
    system.cool()
    seen = []
    for start in (TEN, LATER):
        system.hold(start)
        seen.append(len(_records(system)))
    system.database.execute("update core.api_keys set revoked_at = core.clock()")
    for _ in range(2):
        assert _hold(system, KEY).status == 401
        seen.append(len(_records(system)))

    assert seen == [0, 1, 1, 1]
    assert system._alive["checkout"] == {}


def test_a_released_hold_is_not_made_again_by_a_repeat(system: System) -> None:
    """A late repeat of a released hold gets its state; it does not hold the time again.

    Cases: D-3
    """
    first = _hold(system, KEY).body
    system.request("DELETE", f"/v1/holds/{first['id']}", secret=first["client_secret"])
    forget_requests(system)
    before = digests(system.database)
    again = _hold(system, KEY)

    assert (again.body["id"], again.body["status"]) == (first["id"], "expired")
    assert digests(system.database) == before
