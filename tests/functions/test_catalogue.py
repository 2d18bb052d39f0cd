"""Resources, offerings, prices and pools over HTTP: create, read, list, change, archive."""

from typing import Any

import pytest

from tests.harness.database.tenants import add_tenant
from tests.harness.system.in_process import Answer, System
from tests.harness.system.problems import assert_problem, refused
from tests.harness.system.setup import forget_requests

ROOT = "/v1/catalogue"
NEW: dict[str, dict[str, Any]] = {
    "resources": {"name": "Mary Somerville", "timezone": "Europe/London"},
    "offerings": {
        "name": "Lesson",
        "duration_minutes": 60,
        "prices": [{"tier": "standard", "package": "single", "amount": 4500, "currency": "GBP"}],
    },
    "pools": {"name": "Any tutor", "resource_ids": []},
}
PLURALS = list(NEW)
UNKNOWN_ID = "01a1fbac-e3e1-7dfa-a17a-5f740cf2d6ae"


def send(
    system: System,
    method: str,
    path: str,
    body: Any = None,
    version: str | None = None,
    **more: Any,
) -> Answer:
    """A request of the tenant's server."""
    headers = {} if version is None else {"if-match": version}
    return system.request(
        method, f"{ROOT}/{path}", body, **({"key": "secret", "headers": headers} | more)
    )


def made(system: System, plural: str, **changes: Any) -> dict[str, Any]:
    """A new item."""
    answer = send(system, "POST", plural, NEW[plural] | changes)
    assert answer.status == 201, answer
    assert answer.headers["etag"] == '"1"'
    body: dict[str, Any] = answer.body
    return body


def bookable(system: System) -> tuple[dict[str, Any], dict[str, Any]]:
    """A resource that is open all week, and its offering."""
    offering = made(system, "offerings")
    resource = made(system, "resources", offering_ids=[offering["id"]])
    for weekday in range(1, 8):
        answer = send(
            system,
            "POST",
            f"resources/{resource['id']}/hours",
            {"weekday": weekday, "opens": "00:00", "closes": "24:00"},
        )
        assert answer.status == 201, answer
    return resource, offering


def _slots(system: System, resource: dict[str, Any]) -> Answer:
    return system.request("GET", f"/v1/resources/{resource['id']}/slots")


def _hold(system: System, resource: dict[str, Any], offering: dict[str, Any], at: str) -> Answer:
    body = system.hold_body(at, resource_id=resource["id"], offering_id=offering["id"])
    return system.request("POST", "/v1/holds", body)


@pytest.mark.parametrize("plural", PLURALS)
def test_an_item_is_made_read_listed_and_changed(system: System, plural: str) -> None:
    """What was sent is what is read; a change is a new version of the item."""
    item = made(system, plural)
    path = f"{plural}/{item['id']}"

    read = send(system, "GET", path)
    assert (read.status, read.body, read.headers["etag"]) == (200, item, '"1"')
    assert NEW[plural].items() <= item.items()
    assert item in send(system, "GET", plural).body["items"]

    changed = send(system, "PATCH", path, {"name": "Another name"}, '"1"')
    assert changed.status == 200
    assert changed.body == item | {
        "name": "Another name",
        "version": 2,
        "updated_at": changed.body["updated_at"],
    }
    assert send(system, "GET", path).body == changed.body


@pytest.mark.parametrize("plural", PLURALS)
def test_a_repeat_makes_nothing_new(system: System, plural: str) -> None:
    """The same key gets the same item, by the front door and by the fence; another body is
    refused.
    """
    first = send(system, "POST", plural, NEW[plural], idempotency_key="one")
    again = send(system, "POST", plural, NEW[plural], idempotency_key="one")
    forget_requests(system)
    fenced = send(system, "POST", plural, NEW[plural], idempotency_key="one")

    assert first.body == again.body == fenced.body
    forget_requests(system)
    other = NEW[plural] | {"name": "Other"}
    refused(
        system,
        lambda: send(system, "POST", plural, other, idempotency_key="one"),
        422,
        "idempotency_key_reused",
    )


@pytest.mark.parametrize("plural", PLURALS)
def test_a_change_says_which_version_it_is_of(system: System, plural: str) -> None:
    """Without If-Match 428, with an old version 412; nothing is lost.

    Cases: D-4, E-7.1
    Proves: ASVS 15.4.2
    """
    path = f"{plural}/{made(system, plural)['id']}"
    change = {"name": "Mine"}

    refused(system, lambda: send(system, "PATCH", path, change), 428, "precondition_required")
    refused(system, lambda: send(system, "PATCH", path, change, '"7"'), 412, "stale_version")
    refused(system, lambda: send(system, "DELETE", path, None, '"7"'), 412, "stale_version")
    assert send(system, "PATCH", path, change, "*").status == 200


@pytest.mark.parametrize("plural", PLURALS)
def test_what_is_archived_is_kept_and_never_changed(system: System, plural: str) -> None:
    """Archiving twice is archiving once; it is read as before, and listed only on request.

    Cases: E-8.1
    """
    item = made(system, plural)
    path = f"{plural}/{item['id']}"

    archived = send(system, "DELETE", path, None, '"1"')
    assert (archived.status, archived.body["name"]) == (200, item["name"])
    assert archived.body["archived_at"] is not None
    assert send(system, "DELETE", path).body == archived.body
    assert send(system, "GET", path).body == archived.body
    assert archived.body not in send(system, "GET", plural).body["items"]
    assert send(system, "GET", f"{plural}?archived=true").body["items"] == [archived.body]
    refused(system, lambda: send(system, "PATCH", path, {"name": "x"}, "*"), 409, "archived")


def test_an_archived_resource_is_gone_for_customers(system: System) -> None:
    """Not listed, no slots, no holds, not even with its ids; its bookings keep its name.

    Cases: E-8.1
    """
    resource, offering = bookable(system)
    slots = _slots(system, resource).body["slots"]
    held = _hold(system, resource, offering, slots[0]["starts_at"])
    assert held.status == 201, held

    assert send(system, "DELETE", f"resources/{resource['id']}").status == 200

    listed = system.request("GET", "/v1/resources").body["resources"]
    assert resource["id"] not in {each["id"] for each in listed}
    assert_problem(_slots(system, resource), 404, "not_found")
    again = _hold(system, resource, offering, slots[5]["starts_at"])
    assert_problem(again, 404, "not_found")
    booking = system.request("GET", f"/v1/bookings/{held.body['id']}", key="secret")
    assert (booking.status, booking.body["status"]) == (200, "held")
    kept = send(system, "GET", f"resources/{booking.body['resource_id']}")
    assert kept.body["name"] == resource["name"]


def test_an_archived_offering_is_gone_for_customers(system: System) -> None:
    """The resource remains, without it.

    Cases: E-8.1
    """
    resource, offering = bookable(system)

    assert send(system, "DELETE", f"offerings/{offering['id']}").status == 200

    listed = system.request("GET", "/v1/resources").body["resources"]
    (shown,) = [each for each in listed if each["id"] == resource["id"]]
    assert shown["offerings"] == []
    assert_problem(_hold(system, resource, offering, "2030-01-07T10:00:00Z"), 404, "not_found")


def test_changes_are_for_later_bookings(system: System) -> None:
    """A hold keeps its price, buffers and step.

    Cases: E-10.5, P-3
    """
    resource, offering = bookable(system)
    slots = _slots(system, resource).body["slots"]
    held = _hold(system, resource, offering, slots[4]["starts_at"])
    price = {"tier": "standard", "package": "single", "amount": 9900, "currency": "EUR"}

    assert send(system, "PATCH", f"offerings/{offering['id']}", {"prices": [price]}, "*").body[
        "prices"
    ] == [price]
    settings = {"buffer_before_minutes": 60, "step_minutes": 120, "timezone": "Asia/Kathmandu"}
    changed = send(system, "PATCH", f"resources/{resource['id']}", settings, "*")
    assert (changed.status, changed.body["version"]) == (200, 2)

    kept = system.request("GET", f"/v1/bookings/{held.body['id']}", key="secret").body
    assert kept["price"] == {"amount": 4500, "currency": "GBP"}
    assert system.database.value(
        "select lower(o.during) = b.starts_at from core.occupancies as o"
        " join core.bookings as b on b.id = o.booking_id where b.id = %s",
        held.body["id"],
    )
    later = _slots(system, resource).body["slots"][-1]["starts_at"]
    assert _hold(system, resource, offering, later).body["price"]["amount"] == 9900


def test_offerings_are_replaced_as_a_whole(system: System) -> None:
    """Refused if an offering to be removed has bookings at this resource."""
    resource, offering = bookable(system)
    other = made(system, "offerings", name="Other")
    path = f"resources/{resource['id']}"

    both = send(system, "PATCH", path, {"offering_ids": [offering["id"], other["id"]]}, "*")
    assert both.body["offering_ids"] == sorted([offering["id"], other["id"]])
    one = send(system, "PATCH", path, {"offering_ids": [offering["id"]]}, "*")
    assert (one.body["offering_ids"], one.body["version"]) == ([offering["id"]], 3)

    slot = _slots(system, resource).body["slots"][0]["starts_at"]
    assert _hold(system, resource, offering, slot).status == 201
    refused(system, lambda: send(system, "PATCH", path, {"offering_ids": []}, "*"), 409, "in_use")


def test_a_pool_has_the_resources_it_is_given(system: System) -> None:
    """They are replaced as a whole; a resource that is unknown or archived is refused."""
    one, other = (resource["id"] for resource in (system.resource, system.studio))
    pool = made(system, "pools", resource_ids=[one, other])
    path = f"pools/{pool['id']}"

    assert pool["resource_ids"] == sorted([one, other])
    changed = send(system, "PATCH", path, {"resource_ids": [other]}, '"1"')
    assert (changed.body["resource_ids"], changed.body["version"]) == ([other], 2)
    for wrong in (UNKNOWN_ID, add_tenant(system.database).resource_id):
        change = {"resource_ids": [wrong]}
        act = lambda c=change: send(system, "PATCH", path, c, "*")  # noqa: E731
        refused(system, act, 404, "not_found")


@pytest.mark.parametrize("plural", PLURALS)
def test_pages_hold_everything_once(system: System, plural: str) -> None:
    """However small the page."""
    ids = {made(system, plural, name=f"Number {number}")["id"] for number in range(3)}
    found: list[str] = []
    cursor = ""
    while True:
        page = send(system, "GET", f"{plural}?limit=2{cursor}").body
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert len(set(found)) == len(found)
    assert ids <= set(found)


@pytest.mark.parametrize("plural", PLURALS)
def test_only_servers_of_the_tenant_may(system: System, plural: str) -> None:
    """A publishable key is refused; another tenant's items do not exist.

    Cases: P-7
    Proves: ASVS 8.2.1, 8.4.1, API5:2023
    """
    path = f"{plural}/{made(system, plural)['id']}"
    stranger = add_tenant(system.database).secret_key
    acts: tuple[tuple[str, str, Any], ...] = (
        ("GET", path, None),
        ("PATCH", path, {"name": "x"}),
        ("DELETE", path, None),
    )

    for method, where, body in (*acts, ("GET", plural, None), ("POST", plural, NEW[plural])):
        refused(
            system,
            lambda m=method, w=where, b=body: send(  # type: ignore[misc]
                system, m, w, b, headers={"if-match": "*"}, key="publishable"
            ),
            403,
            "forbidden",
        )
    for method, where, body in acts:
        refused(
            system,
            lambda m=method, w=where, b=body: send(  # type: ignore[misc]
                system, m, w, b, headers={"if-match": "*"}, key=stranger
            ),
            404,
            "not_found",
        )


WRONG: dict[str, list[dict[str, Any]]] = {
    "resources": [
        {"name": ""},
        {"timezone": "Mars/Olympus"},
        {"timezone": "UTC+3"},
        {"step_minutes": 7},
        {"step_minutes": 0},
        {"buffer_before_minutes": -1},
        {"buffer_after_minutes": 1441},
        {"horizon_days": 1096},
        {"horizon_days": 0},
        {"notice_minutes": -1},
        {"capacity": 0},
        {"capacity": 1001},
        {"capacity": None},
        {"daily_limit": 0},
        {"confirmation": "maybe"},
        {"calendar_policy": "guess"},
        {"offering_ids": [UNKNOWN_ID, UNKNOWN_ID]},
        {"tenant_id": UNKNOWN_ID},
        {"version": 7},
    ],
    "offerings": [
        {"name": "x" * 201},
        {"duration_minutes": 4},
        {"duration_minutes": None},
        {"group_size": 1},
        {"group_size": 1001},
        {"buffer_before_minutes": -5},
        {"free_cancel_hours": -1},
        {"prices": [NEW["offerings"]["prices"][0]] * 2},
        *(
            {"prices": [NEW["offerings"]["prices"][0] | wrong]}
            for wrong in (
                {"amount": 0},
                {"amount": 100_000_000},
                {"currency": "XXX"},
                {"currency": "eur"},
                {"tier": "Gold"},
            )
        ),
    ],
    "pools": [
        {"name": "\u0007"},
        {"resource_ids": [UNKNOWN_ID, UNKNOWN_ID]},
        {"resource_ids": None},
    ],
}


@pytest.mark.parametrize(
    ("plural", "wrong"), [(plural, wrong) for plural in PLURALS for wrong in WRONG[plural]]
)
def test_what_makes_no_sense_is_refused(system: System, plural: str, wrong: dict[str, Any]) -> None:
    """422 on creation and on change, and nothing has changed.

    Cases: P-2, P-6, P-12
    """
    path = f"{plural}/{made(system, plural)['id']}"

    for act in (
        lambda: send(system, "POST", plural, NEW[plural] | wrong),
        lambda: send(system, "PATCH", path, wrong, "*"),
    ):
        refused(system, act, 422, "invalid_request")


def test_modes_belong_together(system: System) -> None:
    """A resource booked by date takes no offering with slots; a mode never changes.

    Proves: ASVS 2.2.3
    """
    slot = made(system, "offerings")
    venue = NEW["resources"] | {"booking_mode": "date", "offering_ids": [slot["id"]]}
    refused(system, lambda: send(system, "POST", "resources", venue), 422, "invalid_request")

    for body in ({"duration_minutes": 60, "booking_mode": "date"}, {"booking_mode": "slot"}):
        offering = {"name": "Day"} | body
        act = lambda o=offering: send(system, "POST", "offerings", o)  # noqa: E731
        refused(system, act, 422, "invalid_request")

    day = send(system, "POST", "offerings", {"name": "Day", "booking_mode": "date"}).body
    for path, change in (
        (f"offerings/{day['id']}", {"duration_minutes": 60}),
        (f"offerings/{slot['id']}", {"booking_mode": "date"}),
        (f"offerings/{slot['id']}", {}),
    ):
        act = lambda p=path, c=change: send(system, "PATCH", p, c, "*")  # type: ignore[misc] # noqa: E731
        refused(system, act, 422, "invalid_request")


def test_an_offering_that_does_not_exist_is_not_found(system: System) -> None:
    """Nor one of another tenant, nor one that is archived."""
    gone = made(system, "offerings")["id"]
    send(system, "DELETE", f"offerings/{gone}")

    for wrong in (UNKNOWN_ID, gone, add_tenant(system.database).offering_id):
        body = NEW["resources"] | {"offering_ids": [wrong]}
        act = lambda b=body: send(system, "POST", "resources", b)  # noqa: E731
        refused(system, act, 404, "not_found")
