"""How often one caller may ask: with a new tenant's limits, and with smaller ones."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from holdfast.access import policy
from holdfast.api import limits
from holdfast.platform import database
from tests.harness.database.tenants import add_key, add_tenant, new_key
from tests.harness.system.in_process import RETURN_ADDRESSES, Answer, System, the_template
from tests.harness.system.outages import REFUSING, dynamodb_watched, dynamodb_without, silent_port
from tests.harness.system.problems import refused
from tests.harness.system.setup import TEN

NOON = 1_893_499_200.0  # the beginning of a minute, and of five
NOWHERE = "00000000-0000-7000-8000-000000000000"
COLUMNS = {
    "read": "rate_reads",
    "hold": "rate_holds",
    "waitlist": "rate_waitlist",
    "checkout": "rate_checkouts",
    "write": "rate_writes",
    "mailbox": "rate_mailbox",
}
_SAID = {limit.setting: limit.default for limit in policy.RATES}
DEFAULTS = {name: _SAID[column] for name, column in COLUMNS.items()}
COUNT = "UpdateItem RateLimitTable"


class Clock:
    """The functions' clock, as far as windows depend on it."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Noon until it is moved."""
    stopped = Clock()
    monkeypatch.setattr(limits, "clock", stopped)
    return stopped


@pytest.fixture
def limited(system: System, clock: Clock) -> System:
    """A tenant with a new tenant's limits, which has never been counted."""
    set_limits(system)
    return system


def set_limits(system: System, factor: int = 100, **budgets: int) -> None:
    """Give the tenant the default limits except for these, and a new salt."""
    chosen = {COLUMNS[name]: value for name, value in (DEFAULTS | budgets).items()}
    assignments = ", ".join(f"{column} = {value}" for column, value in chosen.items())
    system.database.execute(
        f"update core.tenants set {assignments}, rate_key_factor = {factor},"
        " rate_salt = gen_random_uuid()"
    )
    system.renew()


def _read(system: System, **named: Any) -> Answer:
    return system.request("GET", "/v1/resources?limit=1", **named)


def _hold(system: System, email: str = "grace@example.com", **named: Any) -> Answer:
    """A request that is counted, and then refused for its content."""
    customer = {"name": "Grace", "email": email}
    body = system.hold_body("2030-01-07T03:00:00Z", customer=customer)
    return system.request("POST", "/v1/holds", body, **named)


def _checkout(system: System, **named: Any) -> Answer:
    return system.request("POST", f"/v1/bookings/{NOWHERE}/checkout", RETURN_ADDRESSES, **named)


def _wait(system: System, email: str = "grace@example.com", **named: Any) -> Answer:
    body = system.hold_body("2030-01-07T03:00:00Z", customer={"name": "G", "email": email})
    return system.request("POST", "/v1/waitlist", body, **named)


def _release(system: System, **named: Any) -> Answer:
    return system.request("DELETE", f"/v1/holds/{NOWHERE}", **named)


ASK = {"read": _read, "hold": _hold, "waitlist": _wait, "checkout": _checkout, "write": _release}


def test_a_new_tenant_has_these_limits(system: System) -> None:
    """The table's defaults are those in the document and in these tests."""
    made = add_tenant(system.database).tenant_id
    row = system.database.one("select * from core.tenants where id = %s", made)

    assert {name: getattr(row, column) for name, column in COLUMNS.items()} == DEFAULTS
    assert row.rate_key_factor == _SAID["rate_key_factor"]


def test_every_route_has_a_class_or_no_key() -> None:
    """A route that takes a key is counted; one that is not counted takes none.

    Proves: ASVS 2.4.1, API4:2023
    """
    from dev.generators.openapi_operations import OPERATIONS  # noqa: PLC0415

    for route in the_template().routes:
        kind = limits.class_of(route.key)
        if route.method != "HEAD":
            described = bool(OPERATIONS[route.key].access)
            counted = route.function != "OpenapiFunction" and kind is not None
            assert counted == described, route.key
        else:
            assert kind == limits.class_of(route.key.replace("HEAD", "GET")), route.key


@pytest.mark.parametrize("name", [name for name in ASK if name != "read"])
def test_one_too_many_from_one_address_is_429(limited: System, name: str) -> None:
    """With the defaults: that many are answered, and the next is refused until the window ends.

    Proves: ASVS 2.4.1, API4:2023
    """
    mailboxes = (f"m{n}@example.com" for n in range(1000))
    extra = (lambda: {"email": next(mailboxes)}) if name in {"hold", "waitlist"} else dict
    answers = [ASK[name](limited, **extra()) for _ in range(DEFAULTS[name])]
    over = refused(limited, lambda: ASK[name](limited, **extra()), 429, "rate_limited")

    assert 429 not in {answer.status for answer in answers}
    assert over.headers["retry-after"] == "301"
    assert over.body["policy"] == name


def test_one_read_too_many_is_429(limited: System) -> None:
    """Reads are limited too; here to four a minute, two of which other environments know of."""
    set_limits(limited, read=4)
    with dynamodb_watched(limited.backends.dynamodb) as (address, seen):
        limited.with_environment(AWS_ENDPOINT_URL_DYNAMODB=address)
        answers = [_read(limited).status for _ in range(4)]
        refused(limited, lambda: _read(limited), 429, "rate_limited")

    assert answers == [200] * 4
    assert seen == [COUNT] * 2


@pytest.mark.parametrize("name", ASK)
def test_every_answer_says_what_is_allowed_and_what_is_left(limited: System, name: str) -> None:
    """RateLimit-Policy and RateLimit, structured as in the draft, on success and refusal."""
    window = limits.CLASSES[name].window
    set_limits(limited, **{name: 3})
    answers = [ASK[name](limited) for _ in range(4)]
    told = [_fields(answer, name) for answer in answers]

    assert told == [(3, window, left, window + 1) for left in (2, 1, 0, 0)]
    assert answers[-1].status == 429


def _fields(answer: Answer, name: str) -> tuple[int, ...]:
    policy = re.search(rf'(?:^|, )"{name}";q=(\d+);w=(\d+)', answer.headers["ratelimit-policy"])
    left = re.search(rf'(?:^|, )"{name}";r=(\d+);t=(\d+)', answer.headers["ratelimit"])
    assert policy is not None, answer.headers
    assert left is not None, answer.headers
    return tuple(map(int, policy.groups() + left.groups()))


def test_the_next_window_is_a_new_one(limited: System, clock: Clock) -> None:
    """After Retry-After seconds the same request succeeds."""
    set_limits(limited, hold=2)
    before = [_hold(limited).status for _ in range(3)]
    clock.at += int(_hold(limited).headers["retry-after"])

    assert before == [422, 422, 429]
    assert _hold(limited).status == 422


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("198.51.100.1", "198.51.100.2", False),
        ("2001:db8:1:ff00::1", "2001:db8:1:ff00:ffff::2", True),
        ("2001:db8:1::1", "2001:db9::1", False),
        ("::ffff:198.51.100.1", "198.51.100.1", True),
    ],
)
def test_addresses_are_counted_apart(
    limited: System, first: str, second: str, together: bool
) -> None:
    """Browsers of one network share a budget, which no other requests use."""
    set_limits(limited, hold=1)
    limited.address = first
    assert [_hold(limited).status for _ in range(2)] == [422, 429]
    limited.address = second

    assert _hold(limited).status == (429 if together else 422)


def test_a_mailbox_has_fewer_however_it_is_spelled(limited: System) -> None:
    """An address that names one mailbox again and again is refused; for another mailbox it is
    not.
    """
    set_limits(limited, mailbox=2)
    spellings = ["grace@example.com", "GRACE+1@Example.com", "grace+x@example.COM"]
    statuses = [_hold(limited, email).status for email in spellings]

    assert statuses == [422, 422, 429]
    assert _hold(limited, "ada@example.com").status == 422


def test_strangers_cannot_use_up_a_mailboxs_budget(limited: System) -> None:
    """A stranger who names a customer's mailbox from elsewhere uses nothing of the customer's
    budget.

    Proves: ASVS 2.4.1, API6:2023
    """
    set_limits(limited, mailbox=2)
    assert [_hold(limited).status for _ in range(3)] == [422, 422, 429]
    limited.address = "198.51.100.20"

    assert _hold(limited).status == 422


def test_servers_are_counted_by_key(limited: System) -> None:
    """A secret key has one budget wherever it is used, and another key of the tenant its own."""
    set_limits(limited, factor=2, hold=1)
    other = new_key("sk")
    add_key(limited.database, limited.tenant.tenant_id, "secret", other)
    statuses = []
    for address in ("198.51.100.1", "198.51.100.2", "198.51.100.3"):
        limited.address = address
        statuses.append(_hold(limited, key="secret").status)

    assert statuses == [422, 422, 429]
    assert _hold(limited, key=other).status == 422
    assert _hold(limited).status == 422


def test_browsers_together_have_a_limit_without_seeing_how_much_is_left(limited: System) -> None:
    """All addresses of a publishable key share a far larger budget. The answer says when it is used
    up, but not how busy the shop is.
    """
    set_limits(limited, factor=3, hold=1)
    statuses = []
    for number in range(4):
        limited.address = f"198.51.100.{number}"
        answer = _hold(limited)
        statuses.append(answer.status)

    assert statuses == [422, 422, 422, 429]
    assert answer.body["policy"] == "hold-key"
    limited.address = "198.51.100.99"
    assert '-key"' not in _read(limited).headers["ratelimit"]


def test_tenants_do_not_share_budgets(limited: System) -> None:
    """The same address has used nothing at another tenant's shop.

    Proves: ASVS 8.4.1
    """
    set_limits(limited, hold=1)
    other = add_tenant(limited.database)
    assert [_hold(limited).status for _ in range(2)] == [422, 429]

    assert _hold(limited, key=other.publishable_key).status != 429


def test_environments_count_together(limited: System) -> None:
    """What one environment has counted, the next one knows: they share it through DynamoDB."""
    set_limits(limited, hold=3)
    statuses = []
    for _ in range(5):
        limited.renew()
        statuses.append(_hold(limited).status)

    assert statuses == [422, 422, 422, 429, 429]


def test_a_storm_costs_nothing_outside(limited: System, calls: list[str]) -> None:
    """A caller over a limit is answered from memory: no DynamoDB, no database."""
    set_limits(limited, hold=2)
    with dynamodb_watched(limited.backends.dynamodb) as (address, seen):
        limited.with_environment(AWS_ENDPOINT_URL_DYNAMODB=address)
        for _ in range(2):
            _hold(limited)
        spent = seen.count(COUNT)
        calls.clear()
        storm = {_hold(limited).status for _ in range(50)}

    assert spent == 2
    assert seen.count(COUNT) == 2
    assert storm == {429}
    assert calls == []


def test_a_storm_over_the_limit_of_others_costs_one_call(limited: System) -> None:
    """An environment that learns that a budget is used up does not ask again."""
    set_limits(limited, hold=1)
    _hold(limited)
    limited.renew()
    with dynamodb_watched(limited.backends.dynamodb) as (address, seen):
        limited.with_environment(AWS_ENDPOINT_URL_DYNAMODB=address)
        storm = {_hold(limited).status for _ in range(20)}

    assert storm == {429}
    assert seen == [COUNT]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stored functions that are called; each call is a round trip."""
    made: list[str] = []
    call = database.call

    def noted(function: str, *arguments: Any, **how: Any) -> Any:
        made.append(function)
        return call(function, *arguments, **how)

    monkeypatch.setattr(database, "call", noted)
    return made


def test_in_steady_state_a_hold_is_one_round_trip_and_one_count(
    limited: System, calls: list[str]
) -> None:
    """After an environment's first request: one call of PostgreSQL, and one ADD."""
    with dynamodb_watched(limited.backends.dynamodb) as (address, seen):
        limited.with_environment(AWS_ENDPOINT_URL_DYNAMODB=address)
        _hold(limited)  # a new environment learns the limits
        learnt = list(calls)
        calls.clear()
        seen.clear()
        held = limited.request("POST", "/v1/holds", limited.hold_body(TEN))

    assert held.status == 201
    assert learnt == ["rate_policy", "create_hold"]
    assert calls == ["create_hold"]
    assert seen.count(COUNT) == 1


def test_an_unknown_key_writes_nothing_outside(limited: System) -> None:
    """Callers without a valid key are counted in memory by address: neither 401 nor 429 costs
    DynamoDB.

    Proves: ASVS 2.4.1, 15.2.2, API4:2023
    """
    with dynamodb_watched(limited.backends.dynamodb) as (address, seen):
        limited.with_environment(AWS_ENDPOINT_URL_DYNAMODB=address)
        answers = [_hold(limited, key=new_key()) for _ in range(61)]
        elsewhere = "198.51.100.7"
        limited.address = elsewhere
        other = _hold(limited, key=new_key())

    assert [answer.status for answer in answers] == [401] * 60 + [429]
    assert answers[-1].body["policy"] == "unknown-key"
    assert other.status == 401
    assert seen == []


def test_a_known_key_is_not_kept_out_by_unknown_ones(limited: System) -> None:
    """A key that was seen alive has its own budgets, whatever its neighbours try."""
    assert _hold(limited).status == 422
    for _ in range(61):
        answer = _hold(limited, key=new_key())

    assert answer.status == 429
    assert _hold(limited).status == 422


def test_a_revoked_key_is_a_stranger_again(limited: System) -> None:
    """After the database has refused it, it is counted like any unknown key.

    Proves: ASVS 7.4.1
    """
    assert _hold(limited).status == 422
    limited.database.execute("update core.api_keys set revoked_at = core.clock()")
    with dynamodb_watched(limited.backends.dynamodb) as (address, seen):
        limited.with_environment(AWS_ENDPOINT_URL_DYNAMODB=address)
        statuses = {_hold(limited).status for _ in range(3)}

    assert statuses == {401}
    assert seen == []


def test_the_first_401_ends_what_was_believed_of_a_key(limited: System, calls: list[str]) -> None:
    """An environment that knew a key asks the database again, once it was refused."""
    assert _read(limited).status == 200
    limited.database.execute("update core.api_keys set revoked_at = core.clock()")
    calls.clear()

    assert [_read(limited).status for _ in range(2)] == [401, 401]
    assert calls == ["list_resources", "rate_policy"]


def test_a_change_of_limits_counts_within_minutes(limited: System, clock: Clock) -> None:
    """An environment keeps the limits for five minutes, and then reads them again."""
    assert _hold(limited).status == 422
    limited.database.execute("update core.tenants set rate_holds = 1")
    assert _hold(limited).status == 422
    clock.at += 301

    assert [_hold(limited).status for _ in range(2)] == [422, 429]


@pytest.fixture(params=["refuses", "is silent", "fails"])
def broken(request: pytest.FixtureRequest, limited: System) -> Iterator[str]:
    """A DynamoDB that counts nothing."""
    if request.param == "refuses":
        yield f"http://{REFUSING}"
    elif request.param == "is silent":
        with silent_port() as address:
            yield f"http://{address}"
    else:
        with dynamodb_without("UpdateItem", limited.backends.dynamodb) as address:
            yield address


def test_without_dynamodb_requests_go_on(
    limited: System, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """If counting fails, requests are neither refused nor delayed; a metric is counted, once."""
    set_limits(limited, read=4)
    limited.with_environment(AWS_ENDPOINT_URL_DYNAMODB=broken)
    began = time.monotonic()
    statuses = [_read(limited).status for _ in range(4)]
    took = time.monotonic() - began

    assert statuses == [200] * 4
    assert took < 3
    assert capsys.readouterr().out.count('"RateLimiterUnavailable":[1.0]') == 1


def test_without_dynamodb_an_environment_still_counts(limited: System, broken: str) -> None:
    """What one environment alone has counted is certainly over the limit."""
    set_limits(limited, read=4)
    limited.with_environment(AWS_ENDPOINT_URL_DYNAMODB=broken)

    assert [_read(limited).status for _ in range(5)] == [200] * 4 + [429]


def test_dynamodb_is_asked_again_after_a_pause(limited: System, clock: Clock) -> None:
    """After a failure it is left alone for some seconds, then gets everything counted meanwhile."""
    set_limits(limited, read=10)
    with dynamodb_without("UpdateItem", limited.backends.dynamodb) as broken:
        limited.with_environment(AWS_ENDPOINT_URL_DYNAMODB=broken)
        for _ in range(7):
            assert _read(limited).status == 200
    with dynamodb_watched(limited.backends.dynamodb) as (address, seen):
        limited.renew(address)
        assert _read(limited).status == 200
        quiet = list(seen)
        clock.at += 6
        assert _read(limited).status == 200

    assert (quiet, seen) == ([], [COUNT])


def test_no_address_is_written_down(limited: System) -> None:
    """Counts are stored under a hash with the tenant's own salt, and expire.

    Proves: ASVS 14.2.4
    """
    from dev.stack.dynamodb import client  # noqa: PLC0415 slow to import

    table = client(limited.backends.dynamodb).get_paginator("scan")

    def counted() -> list[Any]:
        pages = table.paginate(TableName="RateLimitTable")
        return [item for page in pages for item in page["Items"]]

    limited.address = "198.51.100.77"
    set_limits(limited, read=2, mailbox=1)
    before = counted()  # of other tests in this process
    _hold(limited, "someone.known@example.com")
    _hold(limited, "someone.known@example.com")
    items = [item for item in counted() if item not in before]

    assert items
    assert "198.51.100.77" not in str(items)
    assert "someone" not in str(items)
    assert {tuple(sorted(item)) for item in items} == {("expiration", "id", "spent")}
    assert all(re.fullmatch(r"[0-9a-f]{64}#\d+", item["id"]["S"]) for item in items)
