"""Another caller repeats a request: every POST, and every caller who is not its own.

An idempotency key belongs to its caller, its operation and its subject. Another caller who sends it
with the same body learns nothing of the first request, and does not disturb it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.harness.database.tenants import Tenant, add_key, add_tenant, new_key
from tests.harness.system.in_process import RETURN_ADDRESSES, Answer, System, the_template
from tests.harness.system.setup import TEN, at_start, forget_requests

TWO = "2030-01-07T14:00:00Z"
CATALOGUE = "/v1/catalogue"
VICTIM = {"name": "Vera Victim", "email": "vera@private.example", "phone": "+4930901820"}
NOTES = "allergic to nuts, gate code 4711"

SAME, OWN = "the first one's answer", "something of their own"
Expected = int | str  # a status, or one of these


@dataclass(frozen=True)
class Asked:
    """A request with an idempotency key; `secret` opens the booking that it is about."""

    path: str
    body: Any
    secret: str | None = None


@dataclass(frozen=True)
class Case:
    """One route: who may ask, and what another tenant's key of that kind gets."""

    kinds: tuple[str, ...]
    ask: Callable[[System], Asked]
    elsewhere: Expected = 404


def _resource(system: System, kind: str) -> str:
    return f"{CATALOGUE}/resources/{system.resource['id']}/{kind}"


def _hold(system: System) -> Asked:
    return Asked("/v1/holds", system.hold_body(TEN, customer=VICTIM, notes=NOTES))


def _wait(system: System) -> Asked:
    system.hold(TEN)
    return Asked("/v1/waitlist", system.hold_body(TEN, customer=VICTIM))


def _held(system: System) -> dict[str, Any]:
    return system.hold(TEN, customer=VICTIM, notes=NOTES)


def _checkout(system: System) -> Asked:
    held = _held(system)
    return Asked(f"/v1/bookings/{held['id']}/checkout", RETURN_ADDRESSES, held["client_secret"])


def _move(system: System) -> Asked:
    held = _held(system)
    path = f"/v1/bookings/{held['id']}/reschedule"
    return Asked(path, {"starts_at": TWO}, held["client_secret"])


def _rule(kind: str, body: Any) -> Case:
    return Case(("secret",), lambda system: Asked(_resource(system, kind), body))


def _item(kind: str, body: Any) -> Case:
    return Case(("secret",), lambda _system: Asked(f"{CATALOGUE}/{kind}", body), elsewhere=OWN)


def _pool(system: System) -> Asked:
    body = {"name": "Any", "resource_ids": [system.resource["id"]]}
    return Asked(f"{CATALOGUE}/pools", body)


_PRICE = {"tier": "standard", "package": "single", "amount": 4500, "currency": "GBP"}
BOTH = ("publishable", "secret")
CASES: Mapping[str, Case] = {
    "/v1/holds": Case(BOTH, _hold),
    "/v1/waitlist": Case(BOTH, _wait),
    "/v1/bookings/{booking_id}/checkout": Case(BOTH, _checkout),
    "/v1/bookings/{booking_id}/reschedule": Case(BOTH, _move),
    f"{CATALOGUE}/resources": _item("resources", {"name": "Lake", "timezone": "UTC"}),
    f"{CATALOGUE}/offerings": _item(
        "offerings", {"name": "Boat", "duration_minutes": 60, "prices": [_PRICE]}
    ),
    f"{CATALOGUE}/pools": Case(("secret",), _pool),
    f"{CATALOGUE}/resources/{{resource_id}}/hours": _rule(
        "hours", {"weekday": 1, "opens": "18:30", "closes": "19:00"}
    ),
    f"{CATALOGUE}/resources/{{resource_id}}/overrides": _rule(
        "overrides", {"date": "2030-12-24", "opens": "09:00", "closes": "13:00"}
    ),
    f"{CATALOGUE}/resources/{{resource_id}}/blackouts": _rule(
        "blackouts", {"from_date": "2030-12-24", "to_date": "2030-12-26", "reason": NOTES}
    ),
    f"{CATALOGUE}/resources/{{resource_id}}/calendars": _rule(
        "calendars", {"name": "Private", "url": "https://calendar.example/private-1f7b/basic.ics"}
    ),
    f"{CATALOGUE}/resources/{{resource_id}}/calendar-feeds": _rule("calendar-feeds", None),
}
# These store no request: each caller is authorised and answered from the current state.
NOTHING_KEPT = {"/v1/customers/export", "/v1/customers/erasure"}
_OPEN = ("/v1/holds", "/v1/waitlist")  # whose answers contain a secret, and which need none
_FIRST = [(route, kind) for route, case in CASES.items() for kind in case.kinds]


def test_every_route_is_tried() -> None:
    """Each POST of the template has a case."""
    posts = {route.path for route in the_template().routes if route.method == "POST"}

    assert set(CASES) | NOTHING_KEPT == posts


def _others(
    system: System, route: str, kind: str, asked: Asked, elsewhere: Tenant
) -> dict[str, tuple[str, str | None, Expected]]:
    """The other callers: with which key, with which booking secret, and their expected answers."""
    case = CASES[route]
    stranger = system.hold("2030-01-09T10:00:00Z", customer={"name": "S", "email": "s@x.example"})
    opened = case.kinds == BOTH and route not in _OPEN
    # a server needs no secret, and holding or waiting needs none: then it is the same caller
    without: Expected = 404 if opened and kind == "publishable" else SAME
    their_key = {"publishable": elsewhere.publishable_key, "secret": elsewhere.secret_key}[kind]
    others: dict[str, tuple[str, str | None, Expected]] = {
        "another booking's secret": (kind, stranger["client_secret"], without),
        "no secret": (kind, None, without),
        "a wrong secret": (kind, f"bks_{'x' * 43}", without),
        "another tenant": (their_key, asked.secret, case.elsewhere),
        "an unknown key": (new_key(their_key[:2]), asked.secret, 401),
    }
    if kind == "secret":
        lesser: Expected = 404 if opened else OWN if route in _OPEN else 403
        others["a lesser key"] = ("publishable", None, lesser)
        # secrets have the form of the caller's key: with its tenant
        another = f"sk_test_{UUID(system.tenant.tenant_id).hex}_{new_key()[-48:]}"
        add_key(system.database, system.tenant.tenant_id, "secret", another)
        others["another server of the tenant"] = (another, None, SAME)
    else:
        another = new_key("pk")
        add_key(system.database, system.tenant.tenant_id, "publishable", another)
        others["another shop window"] = (another, None, 404 if opened else OWN)
        if route in _OPEN:
            others["a server"] = ("secret", None, OWN)
    return others


def _tells(answer: Answer, first: Answer) -> list[str]:
    """What of the first answer another answer contains."""
    booking = first.body.get("booking", first.body)
    private = [booking["id"], *VICTIM.values(), NOTES]
    private += [first.body.get(name) for name in ("client_secret", "checkout_url", "url")]
    return [value for value in private if value and value in str(answer.body)]


@pytest.mark.parametrize("door", ["DynamoDB", "Postgres alone", "new environments"])
@pytest.mark.parametrize(("route", "kind"), _FIRST, ids=str)
def test_other_callers_learn_nothing_of_a_request(
    system: System, route: str, kind: str, door: str
) -> None:
    """Each user of `once`, by: other secret, none, wrong, unknown, lesser, other tenant, revoked.

    Cases: D-3, P-7
    Proves: ASVS 7.4.1, 8.2.2, 8.3.2, 15.4.2, API1:2023, API2:2023
    """
    at_start(system)
    asked, key = CASES[route].ask(system), str(uuid4())
    elsewhere = add_tenant(system.database)
    if door == "new environments":
        system.cool()
    else:
        system.warm(elsewhere.publishable_key, elsewhere.secret_key)

    def send(by: str, secret: str | None) -> Answer:
        if door == "Postgres alone":
            forget_requests(system)
        return system.request(
            "POST", asked.path, asked.body, key=by, secret=secret, idempotency_key=key
        )

    secret = asked.secret if kind == "publishable" else None
    others = _others(system, route, kind, asked, elsewhere)
    first = send(kind, secret)
    assert first.status in (200, 201), first
    for name, (by, theirs, expected) in others.items():
        answer = send(by, theirs)

        if expected == SAME:
            assert (answer.status, answer.body) == (first.status, first.body), name
        elif expected == OWN:  # 409: the time is taken; never 422 for the key
            own = {"/v1/holds": (409,), "/v1/waitlist": (201, 409)}.get(route, (201,))
            assert answer.status in own, (name, answer)
            assert [told for told in _tells(answer, first) if told not in str(asked.body)] == []
        else:
            assert (answer.status, _tells(answer, first)) == (expected, []), name
    assert send(kind, secret).body == first.body  # whatever others did with its key
    system.database.execute(
        "update core.api_keys set revoked_at = core.clock() where kind = %s and tenant_id = %s",
        kind,
        system.tenant.tenant_id,
    )
    revoked = send(kind, secret)

    assert (revoked.status, _tells(revoked, first)) == (401, [])
