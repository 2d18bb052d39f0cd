"""Lists: pages neither lose nor repeat anything; filters."""

import base64
import json
from typing import Any

import pytest

from tests.harness.system.in_process import System
from tests.harness.system.problems import refused

STARTS = [
    f"2030-01-{day:02}T{hour:02}:00:00Z" for day in (7, 8, 9) for hour in (9, 11 - day % 2, 14)
]


@pytest.fixture(scope="module")
def booked(shared_system: System) -> list[dict[str, Any]]:
    """Bookings of the tutor and one of the studio, in order of their start; one is released."""
    made = []
    for start in dict.fromkeys(STARTS):
        answer = shared_system.request("POST", "/v1/holds", shared_system.hold_body(start))
        if answer.status == 201:
            made.append(answer.body)
    made.append(
        shared_system.hold(
            "2030-01-07T14:00:00Z",
            resource_id=shared_system.studio["id"],
            offering_id=shared_system.studio["offerings"][0]["id"],
        )
    )
    shared_system.request("DELETE", f"/v1/holds/{made[0]['id']}", key="secret")
    return sorted(made, key=lambda each: (each["starts_at"], each["id"]))


def _all(shared_system: System, path: str, name: str, query: str = "") -> list[str]:
    """The ids of all pages, one after the other."""
    ids: list[str] = []
    cursor = ""
    while True:
        answer = shared_system.request("GET", f"{path}?{query}{cursor}", key="secret")
        assert answer.status == 200, answer
        ids += [each["id"] for each in answer.body[name]]
        if answer.body["next_cursor"] is None:
            return ids
        cursor = f"&cursor={answer.body['next_cursor']}"


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_hold_everything_once(
    shared_system: System, booked: list[dict[str, Any]], limit: int
) -> None:
    """Whatever the size of the page: all bookings, in order of start, each once."""
    ids = _all(shared_system, "/v1/bookings", "bookings", f"limit={limit}")

    assert ids == [each["id"] for each in booked]


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_resources_are_paged(shared_system: System, limit: int) -> None:
    """Resources come in pages too."""
    ids = _all(shared_system, "/v1/resources", "resources", f"limit={limit}")

    assert sorted(ids) == sorted(each["id"] for each in shared_system.tenant.resources)


def test_filters_narrow(shared_system: System, booked: list[dict[str, Any]]) -> None:
    """By resource, by status, and by start in [from, to); together they narrow further."""
    studio, tutor = shared_system.studio["id"], shared_system.resource["id"]

    def found(query: str) -> list[str]:
        return _all(shared_system, "/v1/bookings", "bookings", f"limit=2&{query}")

    def those(**wanted: str) -> list[str]:
        return [b["id"] for b in booked if all(b[name] == value for name, value in wanted.items())]

    released = [booked[0]["id"]]
    on_the_eighth = [b["id"] for b in booked if b["starts_at"].startswith("2030-01-08")]

    assert found(f"resource_id={studio}") == those(resource_id=studio)
    assert found(f"resource_id={tutor}") == those(resource_id=tutor)
    assert found("status=expired") == released
    assert found("status=scheduled") == []
    assert found("from=2030-01-08T00:00:00Z&to=2030-01-09T00:00:00Z") == on_the_eighth
    assert found("from=2030-01-08T01:00:00%2B01:00&to=2030-01-09T00:00:00Z") == on_the_eighth
    assert found(f"from={booked[3]['starts_at']}")[0] in those(starts_at=booked[3]["starts_at"])
    assert booked[3]["id"] not in found(f"to={booked[3]['starts_at']}")
    assert found(f"resource_id={studio}&from=2030-01-08T00:00:00Z") == []
    assert found("resource_id=00000000-0000-7000-8000-000000000000") == []


def _cursor(position: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).rstrip(b"=").decode()


UUID = "00000000-0000-7000-8000-000000000000"
BAD_CURSORS = {
    "empty": "",
    "not base64": "%%%",
    "not JSON": base64.urlsafe_b64encode(b"hello").decode(),
    "not UTF-8": base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    "one letter": "a",
    "null": _cursor(None),
    "list": _cursor([]),
    "no id": _cursor({"starts_at": "2030-01-07T10:00:00Z"}),
    "no uuid": _cursor({"id": "1", "starts_at": "2030-01-07T10:00:00Z"}),
    "no instant": _cursor({"id": UUID, "starts_at": "infinity"}),
    "local time": _cursor({"id": UUID, "starts_at": "2030-01-07T10:00:00"}),
    "number": _cursor({"id": UUID, "starts_at": 1}),
    "unknown member": _cursor({"id": UUID, "tenant_id": UUID}),
    "deep": base64.urlsafe_b64encode(b"[" * 300).decode(),
    "long": "A" * 501,
}


@pytest.mark.parametrize("cursor", BAD_CURSORS.values(), ids=BAD_CURSORS)
@pytest.mark.parametrize("path", ["/v1/bookings", "/v1/resources"])
def test_a_bad_cursor_is_refused(shared_system: System, path: str, cursor: str) -> None:
    """Only cursors that we made are accepted.

    Cases: P-12
    Proves: ASVS 1.5.2
    """
    answer = refused(
        shared_system,
        lambda: shared_system.request("GET", f"{path}?cursor={cursor}", key="secret"),
        422,
        "invalid_request",
    )

    assert [each["field"] for each in answer.body["errors"]] == ["cursor"]


@pytest.mark.parametrize(
    "starts_at",
    ["2030-13-45T99:99:99Z", "2030-02-30T10:00:00Z", "0000-01-01T00:00:00Z",
     "2030-01-07T10:00:00+99:99"],
)  # fmt: skip
def test_a_cursor_at_no_instant_is_refused(shared_system: System, starts_at: str) -> None:
    """A forged cursor with an impossible instant is the caller's mistake, not a fault of ours.

    Cases: P-12
    """
    cursor = _cursor({"id": UUID, "starts_at": starts_at})
    refused(
        shared_system,
        lambda: shared_system.request("GET", f"/v1/bookings?cursor={cursor}", key="secret"),
        422,
        "invalid_request",
    )


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=-1", "limit=x", "limit=", "status=gone", "status=",
     "resource_id=1", "from=tomorrow", "to=2030-01-07T10:00:00"],
)  # fmt: skip
def test_bad_filters_are_refused(shared_system: System, query: str) -> None:
    """An invalid filter is refused, not ignored.

    Cases: P-12
    Proves: ASVS 2.2.1, 15.3.7
    """
    refused(
        shared_system,
        lambda: shared_system.request("GET", f"/v1/bookings?{query}", key="secret"),
        422,
        "invalid_request",
    )
