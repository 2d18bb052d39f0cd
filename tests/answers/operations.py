"""Every operation, and its answers to invalid requests."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.answers.recorder import Recorder
from tests.harness.system.in_process import RETURN_ADDRESSES
from tests.harness.system.setup import TEN

CATALOGUE = "/v1/catalogue"
NOWHERE = "00000000-0000-7000-8000-000000000000"
CUSTOMER = {"name": "Grace Hopper", "email": "grace@example.com", "phone": "+493012345678"}
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Operation:
    """A valid request of one operation.

    Attributes:
        at: the values of the ids in its path.
        query: parameters, each of which can be wrong.
    """

    method: str
    path: str
    by: str = "publishable"
    body: Mapping[str, Any] | None = None
    of: Mapping[str, Any] | None = None
    at: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)

    def filled(self, **others: str) -> str:
        """The path, with other ids where they are given."""
        path = self.path
        for name, value in {**self.at, **others}.items():
            path = path.replace(f"{{{name}}}", value)
        return path

    def asked(self, **changes: str | None) -> str:
        """The path with its query; a parameter that is None is left out."""
        merged = {**self.query, **changes}
        told = "&".join(f"{name}={value}" for name, value in merged.items() if value is not None)
        return self.filled() + (f"?{told}" if told else "")

    @property
    def headers(self) -> dict[str, str]:
        return {"if-match": "*"} if self.method == "PATCH" else {}


def operations(it: Recorder) -> Iterator[Operation]:
    """All of them; those about something are about an existing one."""
    system = it.system
    tutor, lesson = system.resource["id"], system.resource["offerings"][0]["id"]
    pool = system.tenant.pools[0]["id"]
    held = system.hold(TEN)
    place = system.request(
        "POST", "/v1/waitlist", system.hold_body(TEN) | {"customer": CUSTOMER}
    ).body
    resource = _made(it, "resources", {"name": "Lake", "timezone": "Europe/Stockholm"})
    boat = _made(it, "offerings", {"name": "Boat", "duration_minutes": 60, "prices": []})
    water = _made(it, "pools", {"name": "Water", "resource_ids": []})
    yield Operation("GET", "/health", by="none")
    yield Operation("GET", "/v1/resources", query={"limit": "1", "cursor": "!"})
    yield Operation(
        *("GET", "/v1/resources/{resource_id}/slots"),
        at={"resource_id": tutor},
        query={
            "offering_id": lesson,
            "from": "2030-01-07T09:00:00Z",
            "to": "2030-01-07T11:00:00Z",
            "tz": "Europe/Berlin",
        },
    )
    yield Operation(
        *("GET", "/v1/pools/{pool_id}/slots"),
        at={"pool_id": pool},
        query={
            "offering_id": lesson,
            "from": "2030-01-07T09:00:00Z",
            "to": "2030-01-07T11:00:00Z",
            "tz": "Europe/Berlin",
        },
    )
    yield Operation(
        *("GET", "/v1/resources/{resource_id}/slots/explain", "secret"),
        at={"resource_id": tutor},
        query={"offering_id": lesson, "starts_at": TEN, "customer_email": "grace@example.com"},
    )
    hold = {
        "resource_id": tutor,
        "offering_id": lesson,
        "starts_at": "2030-01-09T10:00:00Z",
        "tier": "standard",
        "package": "single",
        "customer": CUSTOMER,
        "notes": "By the window.",
    }
    yield Operation("POST", "/v1/holds", body=hold)
    booking = {"of": held, "at": {"booking_id": held["id"], "hold_id": held["id"]}}
    yield Operation("DELETE", "/v1/holds/{hold_id}", **booking)
    yield Operation("POST", "/v1/bookings/{booking_id}/checkout", body=RETURN_ADDRESSES, **booking)
    yield Operation("GET", "/v1/bookings/{booking_id}/confirmation", **booking)
    yield Operation(
        *("POST", "/v1/bookings/{booking_id}/reschedule"),
        body={"starts_at": "2030-01-10T10:00:00Z", "resource_id": tutor},
        **booking,
    )
    yield Operation("DELETE", "/v1/bookings/{booking_id}/reschedule", **booking)
    yield Operation("GET", "/v1/bookings/{booking_id}", **booking)
    yield Operation(
        *("GET", "/v1/bookings", "secret"),
        query={
            "reference": held["reference"],
            "resource_id": tutor,
            "status": "held",
            "from": "2030-01-07T09:00:00Z",
            "to": "2030-01-08T09:00:00Z",
            "limit": "1",
            "cursor": "!",
        },
    )
    wait = {name: value for name, value in hold.items() if name != "notes"} | {"starts_at": TEN}
    yield Operation("POST", "/v1/waitlist", body=wait)
    yield Operation(
        *("GET", "/v1/waitlist", "secret"),
        query={"resource_id": tutor, "state": "waiting", "limit": "1", "cursor": "!"},
    )
    waiting = {"of": place, "at": {"place_id": place["id"]}}
    yield Operation("GET", "/v1/waitlist/{place_id}", **waiting)
    yield Operation("DELETE", "/v1/waitlist/{place_id}", **waiting)
    person = {"email": "nobody@example.com"}
    yield Operation("POST", "/v1/customers/export", "secret", person | {"cursor": None})
    yield Operation("POST", "/v1/customers/erasure", "secret", person)
    yield from _kept(it, resource, boat, water)
    yield Operation("GET", "/v1/calendar-feeds/{file}", by="none", at={"file": "x.ics"})


def _kept(it: Recorder, resource: str, boat: str, water: str) -> Iterator[Operation]:
    """The operations on what servers manage."""
    prices = [{"tier": "standard", "package": "single", "amount": 2500, "currency": "SEK"}]
    bodies: dict[str, dict[str, Any]] = {
        "resources": {
            "name": "River",
            "timezone": "Europe/Stockholm",
            "booking_mode": "slot",
            "confirmation": "instant",
            "capacity": 2,
            "buffer_before_minutes": 5,
            "buffer_after_minutes": 10,
            "step_minutes": 15,
            "notice_minutes": 60,
            "horizon_days": 30,
            "daily_limit": 3,
            "customer_limit": 2,
            "calendar_policy": "accept",
            "offering_ids": [boat],
        },
        "offerings": {
            "name": "Canoe",
            "booking_mode": "slot",
            "duration_minutes": 60,
            "buffer_before_minutes": 0,
            "buffer_after_minutes": 5,
            "group_size": 4,
            "free_cancel_hours": 24,
            "prices": prices,
        },
        "pools": {"name": "Rivers", "resource_ids": [resource]},
    }
    for kind, ident in (("resources", resource), ("offerings", boat), ("pools", water)):
        name = f"{kind[:-1]}_id"
        one = f"{CATALOGUE}/{kind}/{{{name}}}"
        change = {key: value for key, value in bodies[kind].items() if key != "booking_mode"}
        yield Operation("POST", f"{CATALOGUE}/{kind}", "secret", bodies[kind])
        yield Operation(
            *("GET", f"{CATALOGUE}/{kind}", "secret"),
            query={"archived": "false", "limit": "1", "cursor": "!"},
        )
        yield Operation("GET", one, "secret", at={name: ident})
        yield Operation("PATCH", one, "secret", change, at={name: ident})
        if kind != "resources":
            yield Operation("DELETE", one, "secret", at={name: ident})
    rules = {
        "hours": {
            "weekday": 1,
            "opens": "09:00",
            "closes": "17:00",
            "valid_from": "2030-01-01",
            "valid_until": "2030-12-31",
        },
        "overrides": {
            "date": "2030-01-08",
            "opens": "10:00",
            "closes": "12:00",
            "reason": "Fair",
        },
        "blackouts": {"from_date": "2030-02-02", "to_date": "2030-02-04", "reason": "Ice"},
    }
    at = {"resource_id": resource}
    path = f"{CATALOGUE}/resources/{{resource_id}}"
    for kind, rule in rules.items():
        name = "hours_id" if kind == "hours" else f"{kind[:-1]}_id"
        ident = _made(it, f"resources/{resource}/{kind}", _another(kind, rule))
        yield Operation("POST", f"{path}/{kind}", "secret", rule, at=at)
        yield Operation(
            *("GET", f"{path}/{kind}", "secret"), at=at, query={"limit": "1", "cursor": "!"}
        )
        one = f"{path}/{kind}/{{{name}}}"
        yield Operation("PATCH", one, "secret", rule, at=at | {name: ident})
        yield Operation("DELETE", one, "secret", at=at | {name: ident})
    calendar = {"name": "Private", "url": "https://calendar.example/a.ics", "fresh_seconds": 300}
    for kind, name, body in (
        ("calendars", "calendar_id", calendar),
        ("calendar-feeds", "feed_id", None),
    ):
        ident = _made(it, f"resources/{resource}/{kind}", body)
        yield Operation("POST", f"{path}/{kind}", "secret", body, at=at)
        yield Operation("GET", f"{path}/{kind}", "secret", at=at)
        yield Operation("DELETE", f"{path}/{kind}/{{{name}}}", "secret", at=at | {name: ident})
    yield Operation("DELETE", path, "secret", at=at)


def _another(kind: str, rule: dict[str, Any]) -> dict[str, Any]:
    """A rule of the same kind that does not conflict with it."""
    other = {
        "hours": {"weekday": 2},
        "overrides": {"date": "2030-01-09"},
        "blackouts": {"from_date": "2030-03-02", "to_date": "2030-03-04"},
    }
    return rule | other[kind]


def _made(it: Recorder, kind: str, body: Any) -> str:
    answer = it.system.request("POST", f"{CATALOGUE}/{kind}", body, key="secret")
    assert answer.status == 201, answer
    return str(answer.body["id"])


# Credentials and ids ------------------------------------------------------------------------------


def credentials(it: Recorder) -> None:
    """No key, wrong keys, another tenant's, the wrong secret; unknown and malformed ids."""
    for operation in operations(it):
        it.title(f"{operation.method} {operation.path}")
        by, path, how = operation.by, operation.asked(cursor=None), {"headers": operation.headers}
        if by == "none":
            it.ask(operation.method, path, by=None)
            continue
        body = operation.body
        for key in (None, "unknown publishable", "revoked secret"):
            it.ask(operation.method, path, body, by=key, of=operation.of, **how)
        if by == "secret":
            it.ask(operation.method, path, body, by="publishable", **how)
        if operation.at:
            it.ask(operation.method, path, body, by="other secret", of=operation.of, **how)
        if operation.of:
            wrong = {"client_secret": "bks_" + "x" * 43}
            it.ask(operation.method, path, body, by=by, **how)
            it.ask(operation.method, path, body, by=by, of=wrong, **how)
        for name in operation.at:
            for value in (NOWHERE, "nonsense"):
                if f"{{{name}}}" in operation.path:
                    odd = operation.filled(**{name: value})
                    it.ask(operation.method, odd, body, by=by, of=operation.of, **how)


# Bodies and parameters ----------------------------------------------------------------------------


def bodies(it: Recorder) -> None:
    """No JSON, another type, too large, no idempotency key, no version."""
    for operation in operations(it):
        if operation.method in ("GET", "DELETE") or operation.body is None:
            continue
        it.title(f"{operation.method} {operation.path}")

        def ask(
            body: Any, *, key: str | None = None, _it: Operation = operation, **headers: str
        ) -> None:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            sent = _it.headers | sent
            it.ask(_it.method, _it.filled(), body, by=_it.by, of=_it.of, key=key, headers=sent)

        good = json.dumps(operation.body).encode()
        ask(None)
        ask(b"{", content_type="application/json")
        ask(b"\xff\xfe", content_type="application/json")
        ask([])
        ask("text")
        ask({})
        ask(good, content_type="text/plain")
        ask(good, content_type="application/json; charset=latin-1")
        ask(b" " * 70_000 + good, content_type="application/json")
        ask({**operation.body, "surprise": 1})
        ask({**operation.body, "amount": 1})
        if operation.method == "POST":
            ask(operation.body, key="")
            ask(operation.body, key="with blanks in it, and long enough")
            if operation.by == "publishable":
                ask(operation.body, key="short")
        else:
            it.ask("PATCH", operation.filled(), operation.body, by=operation.by)
            ask(operation.body, if_match='"99"')
            ask(operation.body, if_match="nonsense")


def fields(it: Recorder) -> None:
    """Each member of each body missing, null, of every wrong type, empty, too long."""
    for operation in operations(it):
        if not operation.body:
            continue
        it.title(f"{operation.method} {operation.path}")
        for name in operation.body:
            rest = {each: value for each, value in operation.body.items() if each != name}
            for odd in ({}, *({name: odd} for odd in _wrong(operation.body[name]))):
                it.ask(
                    *(operation.method, operation.filled(), {**rest, **odd}),
                    by=operation.by,
                    of=operation.of,
                    headers=operation.headers,
                    shown=_short(odd) if odd else f"without {name}",
                )


def _wrong(value: Any) -> Iterator[Any]:
    """Invalid values; not all of them for each member."""
    yield None
    yield []
    if isinstance(value, str):
        yield from ("", 7, "a\u0000b", "x" * 3000)
    elif isinstance(value, dict):
        yield from ("text", {})
    elif isinstance(value, list):
        yield from ("text", [None], [{}], ["nonsense"])
    else:
        yield from (-1, 1.5, "7", 10**9)


def _short(odd: dict[str, Any]) -> dict[str, Any]:
    return {name: "x * 3000" if value == "x" * 3000 else value for name, value in odd.items()}


def parameters(it: Recorder) -> None:
    """Each parameter of each query missing, empty, nonsense."""
    for operation in operations(it):
        if not operation.query:
            continue
        it.title(f"{operation.method} {operation.path}")
        good = {"cursor": None}
        it.ask("GET", operation.asked(**good), by=operation.by)
        for name in operation.query:
            for value in (None, "", "nonsense", "-1", NOWHERE):
                if name == "cursor" and value is None:
                    continue
                it.ask("GET", operation.asked(**{**good, name: value}), by=operation.by)
        it.ask("GET", operation.asked(**good, surprise="1"), by=operation.by)
