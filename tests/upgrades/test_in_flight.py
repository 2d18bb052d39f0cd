"""Requests under way during a release: old code and new code use one database.

The old code is represented by the very calls of stored functions that it made
(`older.Story.requests`).
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from holdfast.access.actors import digest
from holdfast.migrations import migrate
from tests.harness.clients.calls import Api
from tests.harness.database import cluster, older
from tests.harness.laws.invariants import violations
from tests.harness.system.in_process import Answer, System
from tests.harness.system.setup import at

Request = dict[str, Any]
_EFFECTS = (
    *("bookings", "checkouts", "reschedules", "waitlist", "resources", "offerings", "pools"),
    *("weekly_hours", "date_overrides", "blackouts", "calendars", "calendar_feeds"),
)


@pytest.fixture(params=older.COMMITS)
def story(request: pytest.FixtureRequest) -> older.Story:
    """What the older code's clients know."""
    return older.story(request.param)


@pytest.fixture
def upgraded(
    server: cluster.Server, dynamodb: str, tmp_path: Path, story: older.Story
) -> Iterator[System]:
    """Today's code on the upgraded database; no time has passed."""
    shutil.copy(story.secrets, tmp_path / "secrets.json")
    with older.database(server, story.secrets.parent.name) as database:
        migrate(database.url(), cluster.SQL_DIR)
        system = System(database, dynamodb, tmp_path)
        at(system, story.now)
        yield system
        system.stop()


@pytest.fixture
def old_code(upgraded: System) -> Iterator[Api]:
    """The functions that the older code calls."""
    api = Api(upgraded.database)
    yield api
    api.close()


def _effects(system: System) -> dict[str, int]:
    """How much there is of all that a request can make."""
    return {
        table: int(system.database.value(f"select count(*) from core.{table}"))
        for table in _EFFECTS
    }


def _send(system: System, story: older.Story, request: Request) -> Answer:
    return system.request(
        "POST",
        request["path"],
        request["body"],
        key=story.keys.get(request["by"], request["by"]),
        secret=request["secret"],
        idempotency_key=request["key"],
    )


def _call(old_code: Api, request: Request) -> Any:
    function, *arguments = request["call"]
    return old_code.call(function, *arguments)


def _refused(request: Request) -> bool:
    """Whether its API key was revoked before the upgrade."""
    return "revoked" in request["by"]


def _is_short(request: Request) -> bool:
    """Whether its key is refused today for its form: nothing is made twice."""
    return len(request["key"]) < 20 and request["by"] not in ("secret", "secret 2")


def _ends(request: Request) -> bool:
    """Whether a repeat may be refused because its booking has changed: paid, over, or closed."""
    return request["call"][0] in ("begin_checkout", "reschedule")


def test_begun_before_and_repeated_after(upgraded: System, story: older.Story) -> None:
    """Today's code repeats every request, and finds what the older code made; none makes more.

    Cases: D-3
    """
    pages = {request["answer"].get("checkout_url") for request in story.requests}
    before = _effects(upgraded)
    for request in story.requests:
        answer = _send(upgraded, story, request)
        if _refused(request):
            assert answer.status == 401, request
        elif _is_short(request):
            assert (answer.status, answer.code) == (400, "idempotency_key_too_short"), request
        elif not _ends(request) or answer.status in (200, 202):
            told = {name: answer.body[name] for name in request["answer"]}
            # the open page may be that of another of these requests
            assert told == request["answer"] or told["checkout_url"] in pages, request
            # a reschedule that waited for its payment may have been paid since
            assert answer.status in (request["status"], 200), request
        else:
            assert answer.status in (409, 410), (request, answer)

    assert _effects(upgraded) == before
    assert violations(upgraded.database) == []


def test_begun_before_and_repeated_by_old_code(
    upgraded: System, old_code: Api, story: older.Story
) -> None:
    """After a roll-back the older code repeats its calls on the newer database: the same."""
    before = _effects(upgraded)
    for request in story.requests:
        if _refused(request) or _ends(request):
            continue
        assert _call(old_code, request)["id"] == request["answer"]["id"], request

    assert _effects(upgraded) == before
    assert violations(upgraded.database) == []


def _renamed(request: Request, names: Mapping[str, str]) -> Request:
    """The same request about something else."""
    text = json.dumps(request)
    for old, new in names.items():
        text = text.replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1])
    renamed: Request = json.loads(text)
    return renamed


def _fresh(system: System, story: older.Story, operation: str, by: str) -> Request:
    """A request that has not been made yet, like one of the story."""
    request = deepcopy(
        next(
            each
            for each in story.requests
            if each["by"] == by
            and operation == _operation(each)
            and not _is_short(each)
            and "items" not in (each["body"] or {})
            and "pool_id" not in (each["body"] or {})
        )
    )
    names = {request["key"]: str(uuid4())}
    arguments = request["call"][1:]
    names |= {
        each: "\\x" + (uuid4().hex * 2)
        for each in arguments
        if isinstance(each, str) and each.startswith("\\x")
    }
    if "id" in request["answer"]:
        names[request["answer"]["id"]] = str(uuid4())  # the id that the old code proposes
    if operation == "create_hold":
        names[request["body"]["starts_at"]] = "2030-02-20T10:00:00Z"
        names[request["body"]["resource_id"]] = system.resource["id"]
        names[request["body"]["offering_id"]] = system.resource["offerings"][0]["id"]
    elif operation == "join_waitlist":
        names[request["body"]["starts_at"]] = system.hold("2030-02-20T10:00:00Z")["starts_at"]
    elif operation in ("begin_checkout", "reschedule"):
        held = system.hold("2030-02-20T10:00:00Z")
        names[arguments[1]] = held["id"]
        names[request["secret"]] = held["client_secret"]
        names[arguments[0]["booking_secret_hash"]] = digest(held["client_secret"]).hex()
        if operation == "reschedule":
            names[request["body"]["starts_at"]] = "2030-02-21T10:00:00Z"
    elif operation == "create_offering":
        for price in (*request["body"]["prices"], *request["call"][-1]["prices"]):
            price["amount"] = 4500  # a price from before may be too small to be charged today
    elif "/resources/" in request["path"]:
        new = system.request(
            "POST", "/v1/catalogue/resources", {"name": "New", "timezone": "UTC"}, key="secret"
        )
        names[request["path"].split("/")[4]] = new.body["id"]
    return _renamed(request, names)


def _operation(request: Request) -> str:
    function, arguments = request["call"][0], request["call"][1:]
    return f"create_{arguments[1]}" if function == "create_catalogue_item" else function


_OPERATIONS = [
    *(("create_hold", by) for by in ("publishable", "secret")),
    *(("join_waitlist", by) for by in ("publishable", "secret")),
    *(("begin_checkout", by) for by in ("publishable", "secret")),
    *(("reschedule", by) for by in ("publishable", "secret")),
    *((f"create_{kind}", "secret") for kind in ("hours", "blackout", "offering", "pool")),
    ("create_resource", "secret 2"),
    ("create_override", "secret 2"),
    ("create_calendar", "secret"),
    ("create_calendar_feed", "secret 2"),
]


def _made(told: Any) -> str:
    """The id of what a request made or is about."""
    return str(told.get("booking", told)["id"])


def _carry_on(system: System, old_code: Api, request: Request, told: Any) -> Any:
    """What the older code does after its call: for a checkout, once Stripe has made the session."""
    if request["call"][0] == "begin_checkout" and told["next"] == "create":
        actor, booking_id = request["call"][1:3]
        session = {"id": f"cs_test_{uuid4().hex}", "url": "https://pay.example/1"}
        told = old_code.call("attach_checkout", actor, booking_id, told["checkout"]["id"], session)
    return told


@pytest.mark.parametrize(("operation", "by"), _OPERATIONS)
@pytest.mark.parametrize("first", ["old code", "new code"])
def test_a_request_on_both_sides_has_one_effect(
    upgraded: System, old_code: Api, story: older.Story, operation: str, by: str, first: str
) -> None:
    """Begun by the one and repeated by the other, both on the newer database: one effect.

    Cases: D-3
    """
    request = _fresh(upgraded, story, operation, by)
    before = _effects(upgraded)

    def by_old_code() -> str:
        return _made(_carry_on(upgraded, old_code, request, _call(old_code, request)))

    def by_new_code() -> str:
        answer = _send(upgraded, story, request)
        assert answer.status in (200, 201, 202), answer
        return _made(answer.body)

    turns = [by_old_code, by_new_code]
    made = [turn() for turn in (turns if first == "old code" else turns[::-1])]
    after = _effects(upgraded)

    assert made[0] == made[1]
    assert sum(after.values()) - sum(before.values()) == 1
    assert violations(upgraded.database) == []
