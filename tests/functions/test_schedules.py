"""Hours, overrides and blackouts over HTTP: what they change, and what is invalid."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.functions.test_catalogue import UNKNOWN_ID, send
from tests.harness.database.tenants import add_tenant
from tests.harness.system.in_process import Answer, System
from tests.harness.system.problems import assert_problem, refused

NEW: dict[str, dict[str, Any]] = {
    "hours": {"weekday": 1, "opens": "19:00", "closes": "20:00"},
    "overrides": {"date": "2030-12-24", "opens": "09:00", "closes": "13:00"},
    "blackouts": {"from_date": "2030-12-24", "to_date": "2030-12-26", "reason": "Holidays"},
}
KINDS = list(NEW)


def rule(
    system: System,
    method: str,
    path: str,
    body: Any = None,
    version: str | None = None,
    **more: Any,
) -> Answer:
    """A request about the tutor's rules: open daily 09:00 to 12:00 and 13:00 to 18:00, London."""
    return send(system, method, f"resources/{system.resource['id']}/{path}", body, version, **more)


def made(system: System, kind: str, **changes: Any) -> dict[str, Any]:
    """A new rule."""
    answer = rule(system, "POST", kind, NEW[kind] | changes)
    assert answer.status == 201, answer
    body: dict[str, Any] = answer.body
    return body


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_is_made_listed_changed_and_deleted(system: System, kind: str) -> None:
    """Each change is a new version; a deleted rule is gone."""
    item = made(system, kind)
    shown = {k: v for k, v in item.items() if k not in {"collisions", "more_collisions"}}
    path = f"{kind}/{item['id']}"
    change = {"valid_from": "2030-06-01"} if kind == "hours" else {"reason": "Another"}

    assert shown in rule(system, "GET", f"{kind}?limit=100").body["items"]
    refused(system, lambda: rule(system, "PATCH", path, change), 428, "precondition_required")
    refused(system, lambda: rule(system, "PATCH", path, change, '"2"'), 412, "stale_version")
    changed = rule(system, "PATCH", path, change, '"1"')
    assert (changed.status, changed.body) == (200, item | change | {"version": 2})
    refused(system, lambda: rule(system, "DELETE", path, None, '"1"'), 412, "stale_version")
    assert rule(system, "DELETE", path, None, '"2"').status == 204
    refused(system, lambda: rule(system, "DELETE", path), 404, "not_found")
    assert shown["id"] not in {i["id"] for i in rule(system, "GET", kind).body["items"]}


@pytest.mark.parametrize("kind", KINDS)
def test_only_servers_of_the_tenant_may(system: System, kind: str) -> None:
    """A publishable key is refused; another tenant's resource or rule does not exist.

    Cases: P-7
    Proves: ASVS 8.2.1, 8.4.1, API5:2023
    """
    path = f"{kind}/{made(system, kind)['id']}"
    stranger = add_tenant(system.database)

    for key, status, code in (
        ("publishable", 403, "forbidden"),
        (stranger.secret_key, 404, "not_found"),
    ):
        for method, where, body in (
            ("GET", kind, None),
            ("POST", kind, NEW[kind]),
            ("DELETE", path, None),
        ):
            act = lambda m=method, w=where, b=body, k=key: rule(system, m, w, b, key=k)  # noqa: E731
            refused(system, act, status, code)
    elsewhere = f"resources/{system.studio['id']}/{path}"
    refused(system, lambda: send(system, "DELETE", elsewhere), 404, "not_found")


@pytest.mark.parametrize(
    ("new", "collides"),
    [
        ({"weekday": 2, "opens": "08:00", "closes": "09:01"}, (2, "09:00")),
        ({"weekday": 2, "opens": "12:30", "closes": "13:30"}, (2, "13:00")),
        ({"weekday": 2, "opens": "20:00", "closes": "09:30"}, (3, "09:00")),  # past midnight
        ({"weekday": 7, "opens": "20:00", "closes": "09:30"}, (1, "09:00")),  # into Monday
        (
            {"weekday": 4, "opens": "10:00", "closes": "11:00", "valid_from": "2030-06-01"},
            (4, "09:00"),
        ),
    ],
)
def test_overlapping_windows_are_refused(
    system: System, new: dict[str, Any], collides: tuple[int, str]
) -> None:
    """409 with the existing window.

    Cases: E-5.3
    """
    answer = refused(system, lambda: rule(system, "POST", "hours", new), 409, "window_overlaps")

    window = answer.body["window"]
    assert (window["weekday"], window["opens"]) == collides
    assert window["id"] in {h["id"] for h in rule(system, "GET", "hours?limit=100").body["items"]}


def test_a_change_must_not_overlap_either(system: System) -> None:
    """Nor in a season that overlaps another; separate seasons may have the same hours.

    Cases: E-5.3
    """
    summer = made(system, "hours", valid_from="2030-06-01", valid_until="2030-08-31")
    winter = made(system, "hours", valid_from="2030-09-01")
    path = f"hours/{winter['id']}"

    for change in ({"valid_from": "2030-08-31"}, {"valid_from": None}):
        act = lambda c=change: rule(system, "PATCH", path, c, "*")  # noqa: E731
        answer = refused(system, act, 409, "window_overlaps")
        assert answer.body["window"]["id"] == summer["id"]
    # a window does not overlap itself
    assert rule(system, "PATCH", path, {"opens": "19:15"}, "*").status == 200


def test_overlapping_overrides_are_refused(system: System) -> None:
    """Two of one day that share time, or one that is closed beside another.

    Cases: E-5.3
    """
    morning = made(system, "overrides")
    made(system, "overrides", opens="14:00", closes="16:00")

    for other in ({"opens": "12:59", "closes": "13:30"}, {"opens": None, "closes": None}):
        body = NEW["overrides"] | other
        act = lambda b=body: rule(system, "POST", "overrides", b)  # noqa: E731
        answer = refused(system, act, 409, "window_overlaps")
        assert answer.body["window"]["id"] == morning["id"]


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("hours", {"opens": "19:00", "closes": "19:00"}),
    ("hours", {"opens": "25:00", "closes": "26:00"}),
    ("hours", {"opens": "24:00", "closes": "01:00"}),
    ("hours", {"opens": "19:00:30", "closes": "20:00"}),
    ("hours", {"opens": "7:00", "closes": "08:00"}),
    ("hours", {"weekday": 0}),
    ("hours", {"weekday": 8}),
    ("hours", {"weekday": None}),
    ("hours", {"valid_from": "2030-06-02", "valid_until": "2030-06-01"}),
    ("hours", {"valid_from": "2030-02-30"}),
    ("hours", {"id": UNKNOWN_ID}),
    ("overrides", {"opens": "09:00", "closes": None}),
    ("overrides", {"opens": "09:00", "closes": "09:00"}),
    ("overrides", {"date": None}),
    ("overrides", {"reason": "x" * 201}),
    ("blackouts", {"to_date": "2030-12-23"}),
    ("blackouts", {"to_date": "2031-12-25"}),
    ("blackouts", {"to_date": None}),
    ("blackouts", {"starts_at": "2030-12-24T00:00:00Z"}),
]


@pytest.mark.parametrize(("kind", "wrong"), WRONG)
def test_what_makes_no_sense_is_refused(system: System, kind: str, wrong: dict[str, Any]) -> None:
    """422 on creation and on change, and nothing has changed.

    Cases: P-2, P-12
    """
    path = f"{kind}/{made(system, kind)['id']}"

    for act in (
        lambda: rule(system, "POST", kind, NEW[kind] | wrong),
        lambda: rule(system, "PATCH", path, wrong, "*"),
    ):
        refused(system, act, 422, "invalid_request")


@pytest.mark.parametrize(
    ("kind", "before", "change"),
    [
        ("hours", {}, {"closes": "19:00"}),
        ("hours", {"valid_until": "2030-06-01"}, {"valid_from": "2030-06-02"}),
    ],
)
def test_a_change_must_make_sense_with_the_rest(
    system: System, kind: str, before: dict[str, Any], change: dict[str, Any]
) -> None:
    """What only the database can check, it refuses."""
    path = f"{kind}/{made(system, kind, **before)['id']}"

    refused(system, lambda: rule(system, "PATCH", path, change, "*"), 422, "invalid_request")


@pytest.mark.parametrize(
    "period",
    [
        {"starts_at": "2030-12-24T10:00:00Z", "ends_at": "2030-12-24T10:00:00Z"},
        {"starts_at": "2030-12-24T10:00:00Z", "ends_at": "2030-12-24T09:00:00Z"},
        {"starts_at": "2030-01-01T00:00:00Z", "ends_at": "2031-01-02T00:00:01Z"},
        {"starts_at": "2030-12-24T10:00:00Z"},
        {"starts_at": "2030-12-24T10:00:00Z", "to_date": "2030-12-26"},
        {"reason": "no period"},
    ],
)
def test_a_blackout_is_a_period(system: System, period: dict[str, Any]) -> None:
    """Whole, forward, and at most 366 days."""
    act = lambda: rule(system, "POST", "blackouts", period)  # noqa: E731

    refused(system, act, 422, "invalid_request")


def test_a_date_that_the_zone_skipped_is_no_period(system: System) -> None:
    """Samoa had no 30 December 2011: a blackout of that day alone would be empty.

    Cases: P-6
    """
    body = {"name": "Apia", "timezone": "Pacific/Apia"}
    resource = send(system, "POST", "resources", body).body["id"]
    day = {"from_date": "2011-12-30", "to_date": "2011-12-30"}

    refused(
        system,
        lambda: send(system, "POST", f"resources/{resource}/blackouts", day),
        422,
        "invalid_request",
    )


def test_a_blackout_by_dates_follows_the_clocks(system: System) -> None:
    """Local midnights of the resource's zone: 23 and 25 hours when clocks change.

    Cases: E-6.1, P-6
    """
    spring = made(system, "blackouts", from_date="2030-03-31", to_date="2030-03-31")
    autumn = made(system, "blackouts", from_date="2030-10-27", to_date="2030-10-27")

    assert (spring["starts_at"], spring["ends_at"]) == (
        "2030-03-31T00:00:00Z",
        "2030-03-31T23:00:00Z",
    )
    assert (autumn["starts_at"], autumn["ends_at"]) == (
        "2030-10-26T23:00:00Z",
        "2030-10-28T00:00:00Z",
    )


def test_a_blackout_tells_of_the_bookings_it_lies_on(system: System) -> None:
    """All live ones, buffers included, and what can be done; they stay as they are.

    Cases: E-5.4
    """
    slots = [slot["starts_at"] for slot in system.slots()]
    held = system.hold(slots[0])
    far = system.hold(slots[-1])
    # the buffer of a quarter of an hour after the lesson belongs to it
    end = datetime.fromisoformat(held["ends_at"])
    period = {
        "starts_at": (end + timedelta(minutes=14)).astimezone(UTC).isoformat(),
        "ends_at": (end + timedelta(minutes=20)).astimezone(UTC).isoformat(),
    }

    answer = rule(system, "POST", "blackouts", period)

    assert answer.status == 201
    (collision,) = answer.body["collisions"]
    assert answer.body["more_collisions"] == 0
    assert (collision["booking_id"], collision["status"]) == (held["id"], "held")
    assert collision["customer_name"] == "Grace Hopper"
    assert [option["action"] for option in collision["options"]] == ["release", "keep"]
    assert far["id"] != collision["booking_id"]
    kept = system.request("GET", f"/v1/bookings/{held['id']}", key="secret").body
    assert kept["status"] == "held"

    release = collision["options"][0]
    released = system.request(release["method"], release["path"], key="secret")
    assert released.status == 200
    again = rule(system, "PATCH", f"blackouts/{answer.body['id']}", {"reason": "Quiet"}, "*")
    assert again.body["collisions"] == []


def test_no_time_of_a_blackout_is_offered(system: System) -> None:
    """Neither listed nor held; after the blackout is deleted they are.

    Cases: E-5.4
    """
    slot = system.slots()[0]
    blackout = made_now(system, slot)

    assert slot["starts_at"] not in {each["starts_at"] for each in system.slots()}
    body = system.hold_body(slot["starts_at"])
    assert_problem(system.request("POST", "/v1/holds", body), 422, "not_offered")

    assert rule(system, "DELETE", f"blackouts/{blackout['id']}").status == 204
    assert system.request("POST", "/v1/holds", body).status == 201


def made_now(system: System, slot: dict[str, Any]) -> dict[str, Any]:
    """A blackout of a slot."""
    period = {"starts_at": slot["starts_at"], "ends_at": slot["ends_at"]}
    answer = rule(system, "POST", "blackouts", period)
    assert answer.status == 201, answer
    body: dict[str, Any] = answer.body
    return body


def test_a_blackout_lists_a_hundred_and_counts_the_rest(system: System) -> None:
    """Eight places an hour, thirteen hours: a day of the studio has 104.

    Cases: E-5.4
    """
    studio = system.studio
    offering = studio["offerings"][0]["id"]
    system.database.execute(
        "update core.tenants set live_holds_per_customer = 10000, live_holds_per_address = 100000"
    )
    day = system.slots(studio)[20]["starts_at"][:10]
    query = f"&from={day}T00:00:00Z"
    starts = [slot["starts_at"] for slot in system.slots(studio, query)][:13]
    for start in starts:
        for _ in range(8):
            system.hold(start, resource_id=studio["id"], offering_id=offering)
    period = {"starts_at": f"{day}T00:00:00Z"} | {
        "ends_at": (datetime.fromisoformat(starts[-1]) + timedelta(hours=1)).isoformat()
    }

    answer = send(system, "POST", f"resources/{studio['id']}/blackouts", period)

    assert (len(answer.body["collisions"]), answer.body["more_collisions"]) == (100, 4)


def test_rules_of_what_is_archived_are_only_read(system: System) -> None:
    """They are listed, but no new ones can be made.

    Cases: E-8.1
    """
    send(system, "DELETE", f"resources/{system.resource['id']}")

    assert rule(system, "GET", "hours").status == 200
    refused(system, lambda: rule(system, "POST", "hours", NEW["hours"]), 404, "not_found")
