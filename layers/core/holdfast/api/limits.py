"""How often one caller may ask: counted in this environment, and in DynamoDB for all of them.

A request is of one class (`class_of`), and spends from the budgets of that class. Browsers, which
have a publishable key, are counted by network address; one that names a mailbox a second time, by
address and mailbox together, so that no stranger can use up its owner's budget; and all of a key
together, far above that. Servers are counted by their secret key. Windows are fixed: the clock's
minute, or five minutes of it.

A request that makes rows (a hold, a waitlist entry, a payment page) costs one conditional `ADD`
each time. Everything else is counted in memory, and reported to DynamoDB past half of its budget. A
caller that has used a budget up is answered from memory until the window ends: a storm costs
nothing outside.

A key that this environment has not seen alive writes nothing outside either. It is counted in
memory by its network address alone, and then shown to the database, which returns its tenant's
budgets or refuses it; the answer is kept for some minutes. Without DynamoDB requests continue, and
only this environment's own counts refuse.

Source of the header fields: draft-ietf-httpapi-ratelimit-headers-11.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from holdfast.access import booking_secrets
from holdfast.access.actors import Actor
from holdfast.platform import database, dynamodb, errors
from holdfast.platform.observability import count, logger
from holdfast.platform.settings import settings

_TERMS_SECONDS = 300  # how long a key's budgets are believed
_STRANGERS = 60  # requests in a minute of one address with keys not seen alive, in one environment
_KEYS = 2_000  # remembered at most
_BUCKETS = 20_000
_PAUSE_SECONDS = 5  # after a failure DynamoDB is left alone
_KEPT_SECONDS = 3600  # after a window's end its item may be deleted


class Class(NamedTuple):
    """A kind of request.

    Attributes:
        column: the tenant's setting: how many one network address may make in one window.
        window: seconds.
        always: whether each one is reported to DynamoDB, or only those past half of the budget.
        mailbox: whether it names one.
    """

    name: str
    column: str
    window: int
    always: bool
    mailbox: bool
    meaning: str


CLASSES: Mapping[str, Class] = {
    each.name: each
    for each in (
        Class("read", "reads", 60, False, False, "everything that is only read"),
        Class("hold", "holds", 300, True, True, "a time is held, or moved"),
        Class("waitlist", "waitlist", 300, True, True, "a waitlist entry is taken"),
        Class("checkout", "checkouts", 300, True, False, "a payment page is asked for"),
        Class("write", "writes", 300, False, False, "everything else that changes something"),
    )
}
_BY_ROUTE = {
    "POST /v1/holds": "hold",
    "POST /v1/bookings/{booking_id}/reschedule": "hold",
    "POST /v1/waitlist": "waitlist",
    "POST /v1/bookings/{booking_id}/checkout": "checkout",
}
# No key, nothing to count by: monitors ask often, and a feed's readers share an address.
_UNLIMITED = {"/health", "/v1/calendar-feeds/{file}"}


class Terms(NamedTuple):
    """What the database returns for a live key: `api.rate_policy`."""

    kind: str
    key_id: str
    salt: str
    budgets: Mapping[str, int]


class Budget(NamedTuple):
    """A number of requests of one subject in one window.

    Attributes:
        policy: its name in the header fields.
        subject: what is counted; only its hash with the tenant's salt leaves this environment.
        shown: whether the caller sees how much is left; not of a budget shared with others.
    """

    policy: str
    subject: str
    quota: int
    window: int
    always: bool
    shown: bool
    of: str


@dataclass(slots=True)
class _Count:
    """Of one budget in one window: spent here, reported to DynamoDB, known to be spent in all."""

    ends: int
    own: int = 0
    told: int = 0
    total: int = 0
    full: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may continue, and what its answer says about that."""

    headers: Mapping[str, str]
    refusal: errors.RateLimited | None = None


@dataclass(slots=True)
class Memory:
    """What one execution environment remembers. Bounded, whatever is asked."""

    terms: dict[str, tuple[float, Terms]] = field(default_factory=dict)
    counts: dict[tuple[str, int], _Count] = field(default_factory=dict)
    paused_until: float = 0.0
    client: Any = None

    def known(self, key_hash: str, now: float) -> Terms | None:
        """The terms of a key that was alive some minutes ago."""
        until, terms = self.terms.get(key_hash, (0.0, None))
        return terms if until > now else None

    def learn(self, key_hash: str, terms: Terms, now: float) -> None:
        """Believe these terms for some minutes."""
        self.terms.pop(key_hash, None)
        while len(self.terms) >= _KEYS:
            del self.terms[next(iter(self.terms))]
        self.terms[key_hash] = (now + _TERMS_SECONDS, terms)

    def window(self, bucket: str, seconds: int, now: float) -> _Count:
        """The count of a budget in the present window."""
        number = int(now // seconds)
        found = self.counts.get((bucket, number))
        if found is None:
            if len(self.counts) >= _BUCKETS:
                self.counts = {k: c for k, c in self.counts.items() if c.ends > now}
            while len(self.counts) >= _BUCKETS:
                del self.counts[next(iter(self.counts))]
            found = self.counts[bucket, number] = _Count((number + 1) * seconds)
        return found


_memory: Memory | None = None


def memory() -> Memory:
    """This execution environment's."""
    global _memory  # noqa: PLW0603 one memory for an execution environment
    if _memory is None:
        _memory = Memory()
    return _memory


def forget() -> None:
    """Remember nothing: before a snapshot of the environment, and between tests."""
    global _memory  # noqa: PLW0603 one memory for an execution environment
    _memory = None


def clock() -> float:
    """Seconds since 1970, by which windows are distinguished; tests replace it."""
    return time.time()


def class_of(route_key: str) -> Class | None:
    """The class of a route, `POST /v1/holds`; None where nothing is counted."""
    method, _, path = route_key.partition(" ")
    if path in _UNLIMITED:
        return None
    if route_key in _BY_ROUTE:
        return CLASSES[_BY_ROUTE[route_key]]
    return CLASSES["read" if method in {"GET", "HEAD"} else "write"]


def enter(actor: Actor, kind: Class, mailbox: str | None = None) -> Verdict:
    """Count a request before anything else happens.

    Args:
        mailbox: the e-mail address that the request names, if it names one; any spelling of it.

    Raises:
        Unauthenticated: the database knows no such key.
        Unavailable: a new key, and the database cannot be reached.
    """
    remembered, now = memory(), clock()
    terms = remembered.known(actor.key_hash, now)
    if terms is None:
        stranger = _stranger(actor)
        here = remembered.window(stranger.subject, stranger.window, now)
        here.own += 1
        if here.own > stranger.quota:
            return _refused([(stranger, here)], stranger, now)
        terms = _terms(actor)
        remembered.learn(actor.key_hash, terms, now)
    spent: list[tuple[Budget, _Count]] = []
    for budget in _budgets(actor, terms, kind, mailbox):
        bucket = _bucket(terms.salt, budget)
        here = remembered.window(bucket, budget.window, now)
        spent.append((budget, here))
        if not _spend(remembered, budget, here, bucket, now):
            return _refused(spent, budget, now)
    return Verdict(_fields(spent, now))


def revoked(actor: Actor) -> None:
    """The database has refused this key: it counts as never seen alive."""
    memory().terms.pop(actor.key_hash, None)


def _terms(actor: Actor) -> Terms:
    answer = database.call("rate_policy", actor.as_json())
    return Terms(answer["kind"], answer["key_id"], answer["salt"], answer["budgets"])


def _stranger(actor: Actor) -> Budget:
    return Budget("unknown-key", f"?{_place(actor)}", _STRANGERS, 60, False, True, "address")


def _budgets(actor: Actor, terms: Terms, kind: Class, mailbox: str | None) -> Iterator[Budget]:
    """The budgets that a request spends from; those that need DynamoDB come last."""
    quota = terms.budgets[kind.column]
    together = quota * terms.budgets["key_factor"]
    name, window, always = kind.name, kind.window, kind.always
    if terms.kind != "publishable":
        yield Budget(name, terms.key_id, together, window, always, True, "key")
        return
    fewer = terms.budgets["mailbox"]
    if kind.mailbox and mailbox and fewer < quota:
        both = f"{_place(actor)} {_folded(mailbox)}"
        yield Budget(f"{name}-mailbox", both, fewer, window, False, True, "mailbox")
    yield Budget(f"{name}-key", terms.key_id, together, window, False, False, "key")
    yield Budget(name, _place(actor), quota, window, always, True, "address")


def _place(actor: Actor) -> str:
    return booking_secrets._network(actor.address) or "?"


def _folded(mailbox: str) -> str:
    """A mailbox as holders are counted: letter case and tags after a plus change nothing."""
    local, at, domain = mailbox.strip().lower().rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def _bucket(salt: str, budget: Budget) -> str:
    subject = f"{salt}|{budget.policy}|{budget.subject}".encode(errors="replace")
    return hashlib.sha256(subject).hexdigest()


def _spend(remembered: Memory, budget: Budget, here: _Count, bucket: str, now: float) -> bool:
    """Take one from a budget; whether it was there."""
    here.own += 1
    if here.full or here.own > budget.quota:
        here.full = True
        return False
    if budget.always or here.own > budget.quota // 2:
        _tell(remembered, budget, here, bucket, now)
    return not here.full


def _tell(remembered: Memory, budget: Budget, here: _Count, bucket: str, now: float) -> None:
    """Add what DynamoDB has not counted yet, if the budget allows it."""
    untold = here.own - here.told
    if now < remembered.paused_until:
        return
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 read-only ones do without

    try:
        answer = _dynamodb(remembered).update_item(
            TableName=settings().rate_limit_table,
            Key={"id": {"S": f"{bucket}#{here.ends}"}},
            UpdateExpression="ADD spent :more SET expiration = :end",
            ConditionExpression="attribute_not_exists(spent) OR spent <= :room",
            ExpressionAttributeValues={
                ":more": {"N": str(untold)},
                ":room": {"N": str(budget.quota - untold)},
                ":end": {"N": str(here.ends + _KEPT_SECONDS)},
            },
            ReturnValues="UPDATED_NEW",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            here.full = True
        else:
            _unreachable(remembered, error, now)
    except BotoCoreError as error:
        _unreachable(remembered, error, now)
    else:
        here.total = int(answer["Attributes"]["spent"]["N"])
    here.told = here.own  # also if unknown: what may have been added is not added again


def _unreachable(remembered: Memory, error: Exception, now: float) -> None:
    """Without DynamoDB no caller is refused for what others count; it is asked again in a while."""
    remembered.paused_until = now + _PAUSE_SECONDS
    logger().warning("rate limits not counted", error=type(error).__name__)
    count("RateLimiterUnavailable")


def _dynamodb(remembered: Memory) -> Any:
    if remembered.client is None:
        # never repeated: an `ADD` that is sent twice counts twice, and the caller waits
        remembered.client = dynamodb.client(connect_timeout=0.5, read_timeout=1, attempts=1)
    return remembered.client


def _refused(spent: list[tuple[Budget, _Count]], budget: Budget, now: float) -> Verdict:
    count("RateLimited")
    ends = spent[-1][1].ends
    seconds = _seconds(ends, now)
    refusal = errors.RateLimited(
        f"Too many requests of this kind {_OF[budget.of]}.",
        extra={"policy": budget.policy},
        retry_after=seconds,
    )
    return Verdict(_fields(spent, now, also=budget), refusal)


_OF = {
    "address": "from this network address",
    "mailbox": "for this e-mail address",
    "key": "with this key",
}


def _fields(
    spent: list[tuple[Budget, _Count]], now: float, also: Budget | None = None
) -> dict[str, str]:
    """RateLimit-Policy and RateLimit: lists of strings with parameters (RFC 9651)."""
    told = [(budget, here) for budget, here in spent if budget.shown or budget is also]
    return {
        "ratelimit-policy": ", ".join(f'"{b.policy}";q={b.quota};w={b.window}' for b, _ in told),
        "ratelimit": ", ".join(
            f'"{b.policy}";r={_left(b, here)};t={_seconds(here.ends, now)}' for b, here in told
        ),
    }


def _left(budget: Budget, here: _Count) -> int:
    return 0 if here.full else max(budget.quota - max(here.total, here.own), 0)


def _seconds(ends: int, now: float) -> int:
    return max(int(ends - now) + 1, 1)
