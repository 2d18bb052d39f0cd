"""POST /v1/customers/export and /erasure, as a shop's server calls them."""

from datetime import timedelta
from typing import Any

import pytest

from tests.harness.system.in_process import Answer, System
from tests.harness.system.problems import refused
from tests.harness.system.setup import TEN

EMAIL = "grace@example.com"


def ask(system: System, what: str, body: Any, key: str = "secret") -> Answer:
    return system.request("POST", f"/v1/customers/{what}", body, key=key)


def test_a_customer_is_exported_and_then_erased(system: System) -> None:
    """One released booking: its data is exported, then erased.

    Proves: ASVS 14.2.4
    """
    held = system.hold(TEN)
    email = held["customer"]["email"]
    system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])

    told = ask(system, "export", {"email": email.upper()})
    erased = ask(system, "erasure", {"email": email})
    later = ask(system, "export", {"email": email})

    assert (told.status, erased.status, later.status) == (200, 200, 200)
    assert [b["id"] for b in told.body["bookings"]] == [held["id"]]
    assert told.body["customers"][0]["email"] == email
    assert "client_secret" not in str(told.body)
    assert erased.body == {"customers": 1, "bookings": 1, "places": 0, "letters": 0}
    assert later.body["bookings"] == later.body["customers"] == []
    kept = system.request("GET", f"/v1/bookings/{held['id']}", key="secret").body
    assert (kept["customer"]["name"], kept["notes"]) == ("erased", None)


def test_bookings_ahead_are_in_the_way(system: System) -> None:
    """409 names them; nothing is changed."""
    held = system.hold(TEN)
    body = {"email": held["customer"]["email"]}

    answer = refused(system, lambda: ask(system, "erasure", body), 409, "customer_in_use")

    assert answer.body["obstacles"] == [{"booking_id": held["id"], "reason": "live_booking"}]


@pytest.mark.parametrize("what", ["export", "erasure"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_request"),
        ({"email": "nobody"}, "invalid_request"),
        ({"email": EMAIL, "name": "x"}, "invalid_request"),
        ({"email": [EMAIL]}, "invalid_request"),
        ({"email": EMAIL, "amount": 5}, "price_not_accepted"),
        ([], "invalid_request"),
    ],
)
def test_a_bad_body_is_refused(system: System, what: str, body: Any, code: str) -> None:
    """Refused with its documented code; nothing changes."""
    refused(system, lambda: ask(system, what, body), 422, code)


def test_a_foreign_cursor_is_refused(system: System) -> None:
    """Only a cursor that we made is accepted."""
    body = {"email": EMAIL, "cursor": "nonsense"}

    refused(system, lambda: ask(system, "export", body), 422, "invalid_request")


@pytest.mark.parametrize("what", ["export", "erasure"])
@pytest.mark.parametrize(
    ("key", "status", "code"), [("publishable", 403, "forbidden"), (None, 401, "unauthenticated")]
)
def test_only_servers_may(system: System, what: str, key: Any, status: int, code: str) -> None:
    """A browser's key can neither export nor erase a customer.

    Proves: ASVS 8.2.1, API5:2023
    """
    refused(system, lambda: ask(system, what, {"email": EMAIL}, key=key), status, code)


def test_the_address_stands_in_no_path(system: System) -> None:
    """Paths are logged, so no route has the address in its path.

    Proves: ASVS 14.2.1
    """
    answer = system.request("GET", f"/v1/customers/{EMAIL}", key="secret")

    assert answer.status == 404


def test_the_retention_sweep_deletes_what_is_due(system: System) -> None:
    """A hold that was released a month ago."""
    held = system.hold(TEN)
    system.request("DELETE", f"/v1/holds/{held['id']}", secret=held["client_secret"])
    system.advance(timedelta(days=31))

    swept = system.invoke("retention", {})

    assert (swept["bookings"], swept["customers"], swept["stuck"]) == (1, 1, 0)
    gone = system.request("GET", f"/v1/bookings/{held['id']}", key="secret")
    assert gone.status == 404
