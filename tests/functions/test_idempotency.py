"""One key, one effect: through the front door, past it, and without it."""

from typing import Any

import pytest

from tests.harness.digests import digests
from tests.harness.problems import assert_problem, refused
from tests.harness.stage import TEN, forget_requests, sessions
from tests.harness.system import RETURN_ADDRESSES, Answer, System
from tests.harness.tenants import add_tenant

LATER = "2030-01-07T14:00:00Z"


def _hold(system: System, key: str, **changes: Any) -> Answer:
    body = system.hold_body(TEN) | changes
    return system.request("POST", "/v1/holds", body, idempotency_key=key)


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
def test_a_post_needs_a_usable_key(shop: System, key: str) -> None:
    """One to 255 visible ASCII characters, or 400; nothing is done without.

    Cases: D-3, P-12
    """
    held = {"id": "00000000-0000-7000-8000-000000000000"}
    refused(shop, lambda: _hold(shop, key), 400, "idempotency_key_missing")
    refused(
        shop,
        lambda: shop.request(
            "POST",
            f"/v1/bookings/{held['id']}/checkout",
            RETURN_ADDRESSES,
            key="secret",
            idempotency_key=key,
        ),
        400,
        "idempotency_key_missing",
    )


@pytest.mark.parametrize("key", ["k", "k" * 255, "~!#$%&'()*+,-./:;<=>?@[]^_`{|}"])
def test_the_longest_and_the_oddest_keys_work(system: System, key: str) -> None:
    """Whatever visible ASCII a client chooses."""
    assert _hold(system, key).body["id"] == _hold(system, key).body["id"]


def test_the_same_request_has_one_effect_and_one_answer(system: System) -> None:
    """A repeat is answered as the first was, the client secret included; one booking is made.

    Cases: D-3
    """
    first = _hold(system, "k-1")
    again = _hold(system, "k-1")

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
    """A key stands for its whole request: another resource, period or payer is 422, not a replay.

    Cases: D-3
    """
    if changes == "resource":
        offering = system.studio["offerings"][0]["id"]
        changes = {"resource_id": system.studio["id"], "offering_id": offering}
    elif changes == "offering":
        changes = {"offering_id": system.resource["offerings"][1]["id"]}
    _hold(system, "k-1")
    if not front_door:
        forget_requests(system)

    refused(system, lambda: _hold(system, "k-1", **changes), 422, "idempotency_key_reused")


def test_equal_requests_may_be_written_differently(system: System) -> None:
    """Another order of members, another offset, defaults spelled out: still the same request.

    Cases: D-3
    """
    first = _hold(system, "k-1")
    forget_requests(system)
    body = system.hold_body("2030-01-07T11:00:00+01:00", tier="standard", package="single")
    again = system.request("POST", "/v1/holds", dict(reversed(body.items())), idempotency_key="k-1")

    assert again.body == first.body


def test_without_dynamodbs_memory_there_is_still_one_booking(system: System) -> None:
    """The table is lost between two equal requests: the fence answers the same booking and secret.

    Cases: D-3
    """
    first = _hold(system, "k-1")
    assert forget_requests(system) >= 1
    again = _hold(system, "k-1")

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
def test_a_checkout_key_is_bound_to_booking_and_addresses(system: System, front_door: bool) -> None:
    """The key of one checkout is refused for another booking, and for other addresses.

    Cases: D-3
    """
    held, other = system.hold(), system.hold(LATER)
    system.begin_checkout(held, idempotency_key="c-1")
    if not front_door:
        forget_requests(system)

    refused(
        system,
        lambda: system.begin_checkout(other, idempotency_key="c-1"),
        422,
        "idempotency_key_reused",
    )
    if not front_door:
        forget_requests(system)
    refused_addresses = system.begin_checkout(
        held, idempotency_key="c-1", success_url="https://studio.example/elsewhere"
    )

    assert_problem(refused_addresses, 422, "idempotency_key_reused")
    assert len(sessions(system, held)) == 1
    assert sessions(system, other) == []


def test_one_key_may_serve_two_operations(system: System) -> None:
    """A client that uses one key for hold and checkout means two things."""
    held = _hold(system, "same").body

    assert system.begin_checkout(held, idempotency_key="same").status == 200


def test_tenants_do_not_share_keys(system: System) -> None:
    """The same key of another tenant is another key: it neither replays nor refuses.

    Cases: D-3
    """
    other = add_tenant(system.database)
    mine = _hold(system, "k-1")
    theirs = system.request(
        "POST",
        "/v1/holds",
        system.hold_body(TEN, resource_id=other.resource_id, offering_id=other.offering_id),
        key=other.publishable_key,
        idempotency_key="k-1",
    )

    assert (mine.status, theirs.status) == (201, 201)
    assert mine.body["id"] != theirs.body["id"]


def test_a_refusal_does_not_use_up_the_key(system: System) -> None:
    """A key whose request was refused is free: once the time is, the same request succeeds.

    Cases: D-3
    """
    first = system.hold(TEN)
    taken = _hold(system, "k-1")
    system.request("DELETE", f"/v1/holds/{first['id']}", secret=first["client_secret"])
    again = _hold(system, "k-1")

    assert (taken.status, again.status) == (409, 201)


def test_nothing_secret_is_kept_in_dynamodb(system: System) -> None:
    """The stored answer has no client secret, and no key in clear."""
    from dev.dynamodb import client  # noqa: PLC0415 slow to import

    held = _hold(system, "k-1").body
    table = client(system.backends.dynamodb).scan(TableName="IdempotencyTable")["Items"]

    kept = str(table)
    assert held["id"] in kept
    assert held["client_secret"] not in kept
    assert system.secrets.publishable_key not in kept


def test_a_released_hold_is_not_made_again_by_a_repeat(system: System) -> None:
    """A late repeat of a hold that was released tells of it; it does not hold the time anew.

    Cases: D-3
    """
    first = _hold(system, "k-1").body
    system.request("DELETE", f"/v1/holds/{first['id']}", secret=first["client_secret"])
    forget_requests(system)
    before = digests(system.database)
    again = _hold(system, "k-1")

    assert (again.body["id"], again.body["status"]) == (first["id"], "expired")
    assert digests(system.database) == before
