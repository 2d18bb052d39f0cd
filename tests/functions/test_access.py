"""Which credentials may use which route: every route with every kind of credential."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from holdfast.access.actors import digest
from tests.harness.database.tenants import Tenant, add_key, add_tenant, new_key
from tests.harness.system.in_process import RETURN_ADDRESSES, Answer, System
from tests.harness.system.problems import refused
from tests.harness.system.setup import TEN
from tests.harness.system.watched import watched


@dataclass
class Scene:
    """A system with one held booking, a second tenant, and a revoked key."""

    system: System
    held: dict[str, Any]
    other: Tenant
    revoked: str


@pytest.fixture(scope="module")
def scene(shared_system: System) -> Scene:
    revoked = new_key()
    add_key(
        shared_system.database, shared_system.tenant.tenant_id, "publishable", revoked, revoked=True
    )
    return Scene(
        shared_system, shared_system.hold(TEN), add_tenant(shared_system.database), revoked
    )


Ask = Callable[..., Answer]


def _ask(method: str, path: str, body: Callable[[Scene], Any] | None = None) -> Ask:
    def ask(scene: Scene, booking_id: str | None = None, **credentials: Any) -> Answer:
        filled = path.format(
            booking=booking_id or scene.held["id"], resource=scene.system.resource["id"]
        )
        return scene.system.request(method, filled, body(scene) if body else None, **credentials)

    return ask


def _another_lesson(scene: Scene) -> Any:
    offering = scene.system.resource["offerings"][0]["id"]
    return scene.system.hold_body("2030-01-07T14:00:00Z", offering_id=offering)


OPEN = {  # any key of the tenant opens these
    "list resources": _ask("GET", "/v1/resources"),
    "list slots": _ask(
        "GET", "/v1/resources/{resource}/slots?offering_id=00000000-0000-0000-0000-000000000000"
    ),
    "create hold": _ask("POST", "/v1/holds", _another_lesson),
}
OF_A_BOOKING = {
    "get booking": _ask("GET", "/v1/bookings/{booking}"),
    "get confirmation": _ask("GET", "/v1/bookings/{booking}/confirmation"),
    "begin checkout": _ask("POST", "/v1/bookings/{booking}/checkout", lambda _: RETURN_ADDRESSES),
    "release hold": _ask("DELETE", "/v1/holds/{booking}"),
}
OF_SERVERS = {"list bookings": _ask("GET", "/v1/bookings")}
ALL = OPEN | OF_A_BOOKING | OF_SERVERS


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("hello", id="malformed"),
        pytest.param("pk_test_short", id="too short"),
        pytest.param("pk_test_" + "é" * 20, id="not ASCII"),
        pytest.param("pk_test_" + "a" * 500, id="too long"),
        pytest.param(new_key(), id="unknown"),
        pytest.param(new_key("sk"), id="unknown secret"),
    ],
)
@pytest.mark.parametrize("route", ALL)
def test_without_a_key_of_ours_nothing_is_answered(
    scene: Scene, route: str, key: str | None
) -> None:
    """No key, a malformed key, or an unknown key: 401 on every route.

    Cases: P-7, P-11
    Proves: ASVS 7.2.1, 8.3.1, API2:2023
    """
    refused(
        scene.system,
        lambda: ALL[route](scene, key=key, secret=scene.held["client_secret"]),
        401,
        "unauthenticated",
    )


@pytest.mark.parametrize("route", ALL)
def test_a_revoked_key_opens_nothing(scene: Scene, route: str) -> None:
    """A revoked key is refused at once, like an unknown one.

    Cases: P-7
    Proves: ASVS 7.4.1, 8.3.2, API2:2023
    """
    refused(
        scene.system,
        lambda: ALL[route](scene, key=scene.revoked, secret=scene.held["client_secret"]),
        401,
        "unauthenticated",
    )


@pytest.mark.parametrize("scheme", ["Basic", "Token", "Bearer  ", ""])
def test_another_scheme_is_no_key(scene: Scene, scheme: str) -> None:
    """Only bearer tokens are accepted as keys.

    Proves: ASVS 6.3.4, 14.2.1
    """
    header = f"{scheme} {scene.system.secrets.secret_key}"
    refused(
        scene.system,
        lambda: OF_SERVERS["list bookings"](scene, key=None, headers={"authorization": header}),
        401,
        "unauthenticated",
    )


@pytest.mark.parametrize("route", OF_SERVERS)
def test_browsers_may_not_list_bookings(scene: Scene, route: str) -> None:
    """A publishable key reaches single bookings only, whatever secret comes with it.

    Cases: P-7
    Proves: ASVS 8.2.1, API5:2023
    """
    refused(
        scene.system,
        lambda: ALL[route](scene, key="publishable", secret=scene.held["client_secret"]),
        403,
        "forbidden",
    )


def _comparable(answer: Answer) -> tuple[int, dict[str, str], str]:
    """Everything a stranger sees, except the request's own id and the remaining budget."""
    body = json.dumps(answer.body).replace(answer.body["request_id"], "…")
    own = {"x-request-id", "ratelimit"}
    headers = {name: text for name, text in answer.headers.items() if name not in own}
    return answer.status, headers, body


@pytest.mark.parametrize(
    "credentials",
    [
        pytest.param(lambda s: {}, id="no booking secret"),
        pytest.param(lambda s: {"secret": "bks_" + "A" * 43}, id="wrong booking secret"),
        pytest.param(lambda s: {"secret": "nonsense"}, id="malformed booking secret"),
        pytest.param(
            lambda s: {"key": s.other.publishable_key, "secret": s.held["client_secret"]},
            id="other tenant with the booking secret",
        ),
        pytest.param(lambda s: {"key": s.other.secret_key}, id="other tenant's server"),
    ],
)
@pytest.mark.parametrize("route", OF_A_BOOKING)
def test_a_foreign_booking_looks_like_none(
    scene: Scene, route: str, credentials: Callable[[Scene], dict[str, str]]
) -> None:
    """Byte for byte the same 404 for a booking out of reach as for one that does not exist.

    Cases: P-7, P-11
    Proves: ASVS 8.2.2, API1:2023
    """
    sent = credentials(scene)
    foreign = refused(scene.system, lambda: ALL[route](scene, **sent), 404, "not_found")
    absent = refused(
        scene.system, lambda: ALL[route](scene, str(uuid4()), **sent), 404, "not_found"
    )

    assert _comparable(foreign) == _comparable(absent)


def test_another_tenants_catalogue_is_not_there(scene: Scene) -> None:
    """A resource or offering of another tenant is unknown, in listings and in holds.

    Cases: P-7
    Proves: ASVS 8.2.2, 8.4.1, API1:2023
    """
    system, other = scene.system, scene.other
    slots = f"/v1/resources/{other.resource_id}/slots"
    refused(system, lambda: system.request("GET", slots), 404, "not_found")
    refused(
        system,
        lambda: system.request(
            "GET",
            f"/v1/resources/{system.resource['id']}/slots?offering_id={other.offering_id}",
        ),
        404,
        "not_found",
    )
    for stolen in (
        {"resource_id": other.resource_id, "offering_id": other.offering_id},
        {"resource_id": other.resource_id},
        {"offering_id": other.offering_id},
    ):
        body = system.hold_body("2030-01-07T14:00:00Z") | stolen
        _hold_refused(system, body)

    listed = system.request("GET", "/v1/resources", key=other.secret_key)

    assert [each["id"] for each in listed.body["resources"]] == [other.resource_id]


def _hold_refused(system: System, body: dict[str, Any]) -> None:
    refused(system, lambda: system.request("POST", "/v1/holds", body), 404, "not_found")


def test_lists_end_at_the_tenant(scene: Scene) -> None:
    """Another tenant's server sees none of this tenant's bookings, also when it names them.

    Cases: P-7
    Proves: ASVS 8.4.1, API1:2023
    """
    for query in ("", f"?resource_id={scene.system.resource['id']}"):
        answer = scene.system.request("GET", f"/v1/bookings{query}", key=scene.other.secret_key)

        assert (answer.status, answer.body["bookings"]) == (200, [])


def test_a_secret_key_reaches_every_booking_of_its_tenant(scene: Scene) -> None:
    """Servers need no booking secret; browsers need the right one.

    Proves: ASVS 8.2.2, API1:2023
    """
    by_server = ALL["get booking"](scene, key="secret")
    by_browser = ALL["get booking"](scene, secret=scene.held["client_secret"])

    assert by_server.status == by_browser.status == 200
    assert by_server.body == by_browser.body


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/bookings/{}"), ("DELETE", "/v1/holds/{}"), ("GET", "/v1/resources/{}/slots")],
)
@pytest.mark.parametrize(
    ("bad", "status", "code"),
    [
        ("1", 422, "invalid_request"),
        ("null", 422, "invalid_request"),
        ("x" * 300, 422, "invalid_request"),
        ("1' or '1'='1", 422, "invalid_request"),
        ("%00", 404, "not_found"),
        ("%22", 404, "not_found"),
        ("%F0%9F%92%A9", 404, "not_found"),
    ],
)
def test_what_is_no_id_is_refused(
    scene: Scene, method: str, path: str, bad: str, status: int, code: str
) -> None:
    """An id that is no UUID is refused before the database is asked.

    Proves: ASVS 2.2.1
    """
    refused(
        scene.system,
        lambda: scene.system.request(method, path.format(bad), key="secret"),
        status,
        code,
    )


def test_the_clients_address_is_what_the_gateway_saw(system: System) -> None:
    """No header from the client can change the address that its holds are counted by.

    Proves: ASVS 4.1.3, 15.3.4
    """
    names = ("x-forwarded-for", "x-real-ip", "true-client-ip", "cf-connecting-ip")
    claims = dict.fromkeys(names, "198.51.100.77") | {"forwarded": "for=198.51.100.77"}
    starts = [slot["starts_at"] for slot in system.slots()[::4][:2]]
    for start, headers in zip(starts, ({}, claims), strict=True):
        answer = system.request("POST", "/v1/holds", system.hold_body(start), headers=headers)
        assert answer.status == 201, answer

    hashes = system.database.rows("select address_hash from core.bookings")
    assert len(hashes) == 2
    assert len(set(hashes)) == 1


@pytest.mark.parametrize(
    ("key", "path", "status"),
    [
        ("pk_test_0000000000000000", "/v1/resources", 401),
        ("publishable", "/v1/bookings", 403),
        ("publishable", "/v1/bookings/0b2e7c1a-5d3f-4b8a-9c6e-1f2a3b4c5d6e", 404),
    ],
)
def test_refusals_are_logged(system: System, key: str, path: str, status: int) -> None:
    """The log says which key was refused, by its hash, at which route, and how.

    Proves: ASVS 16.3.1, 16.3.2
    """
    with watched() as seen:
        answer = system.request("GET", path, key=key)
    (line,) = seen.said("answered")

    assert (answer.status, line["status"]) == (status, status)
    assert line["key_hash"] == digest(system.credential(key)).hex()[:12]
    assert line["route"].startswith("GET /v1/")
