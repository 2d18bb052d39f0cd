"""If-Match: an outdated version of a booking is refused."""

from typing import Any

import pytest

from tests.harness.system.in_process import RETURN_ADDRESSES, Answer, System
from tests.harness.system.problems import refused
from tests.harness.system.setup import forget_requests


def _checkout(system: System, held: dict[str, Any], version: str, key: str = "") -> Answer:
    return system.request(
        "POST",
        f"/v1/bookings/{held['id']}/checkout",
        RETURN_ADDRESSES,
        secret=held["client_secret"],
        headers={"if-match": version},
        idempotency_key=key or None,
    )


def _release(system: System, held: dict[str, Any], version: str) -> Answer:
    return system.request(
        "DELETE",
        f"/v1/holds/{held['id']}",
        secret=held["client_secret"],
        headers={"if-match": version},
    )


@pytest.mark.parametrize("act", [_checkout, _release])
@pytest.mark.parametrize("seen", ['"2"', '"0"', "1", "nonsense", '"1", "2"', '"9999999999"', ""])
def test_another_version_is_refused(system: System, act: Any, seen: str) -> None:
    """412 for a version that is not the booking's, and for a malformed one.

    Cases: D-4, E-7.1, E-7.3
    """
    held = system.hold()

    refused(system, lambda: act(system, held, seen), 412, "stale_version")


@pytest.mark.parametrize("act", [_checkout, _release])
@pytest.mark.parametrize("seen", ['"1"', 'W/"1"', "*", ' "1" '])
def test_the_version_seen_lets_it_pass(system: System, act: Any, seen: str) -> None:
    """The ETag as it was given, also weakened on its way, or no If-Match at all.

    Cases: D-4
    """
    held = system.hold()

    assert act(system, held, seen).status == 200


def test_a_stale_screen_cannot_release_a_booking_on_its_way_to_pay(system: System) -> None:
    """One tab begins to pay, the other still shows the hold: its release is refused.

    Cases: D-4, E-7.1, E-7.3
    Proves: ASVS 2.3.1, 15.4.2
    """
    held = system.hold()
    begun = system.begin_checkout(held)

    refused(system, lambda: _release(system, held, f'"{held["version"]}"'), 412, "stale_version")
    refused(system, lambda: _checkout(system, held, '"1"'), 412, "stale_version")

    assert _release(system, held, begun.headers["etag"]).status == 200


def test_a_repeat_is_not_held_to_the_version_it_has_changed(system: System) -> None:
    """A checkout whose answer was lost is repeated with the same key and the same If-Match.

    Cases: D-4
    """
    held = system.hold()
    first = _checkout(system, held, '"1"', key="lost")
    forget_requests(system)
    again = _checkout(system, held, '"1"', key="lost")

    assert (again.status, again.body) == (200, first.body)


def test_every_change_is_a_new_version(system: System) -> None:
    """Held, pending, paid: each answer's ETag is one more, and the listing shows the same.

    Cases: D-4
    """
    held = system.hold()
    begun = system.begin_checkout(held)
    system.pay(system.session_id(held))
    confirmed = system.confirmation(held)
    listed = system.request("GET", "/v1/bookings", key="secret").body["bookings"][0]

    versions = [held["version"], begun.body["booking"]["version"], confirmed["booking"]["version"]]
    assert versions == [1, 2, 3]
    assert listed["version"] == 3
