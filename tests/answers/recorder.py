"""Writes requests and their answers down, so that the same story is always the same text.

The database's clock stands still, and advances by a second after each request, so times are exact.
Random values get names, in order of appearance: an id is `id 3` wherever it appears.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

from holdfast.api import limits
from tests.harness.database.tenants import Tenant, add_key, add_tenant, new_key
from tests.harness.system.in_process import Answer, System
from tests.harness.system.setup import START, changed, raw_events

_WIDTH = 140
_ALWAYS = {  # on every answer; `test_every_answer` says so
    "strict-transport-security",
    "x-content-type-options",
    "content-length",
    "date",
    "x-request-id",
}
# Each is replaced by the kind and a number. The order matters: an address contains an id.
_MASKS = (
    ("feed address", r"(?<=/v1/calendar-feeds/)[\w.-]{20,}?(?=\.ics)"),
    ("secret", r"\b(?:bks|hss|pk_test|sk_test)_[\w-]{16,}"),
    ("stripe id", r"\b(?:cs_test|pi|re|evt|ch|txn|req|in|we)_[A-Za-z0-9_]{8,}"),
    ("id", r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    ("tag", r"\"[0-9a-f]{32}\""),
    ("host", r"feeds\.example:\d+"),
)
_MASK = re.compile("|".join(f"(?P<m{n}>{pattern})" for n, (_, pattern) in enumerate(_MASKS)))
_NAMED = {"next_cursor": "cursor", "reference": "reference"}  # members that are masked whole
_PASSING = {"schema_version", "clock_skew_ms"}  # members that any release or moment changes
# DynamoDB is shared with other tests, which use up the same budgets.
_LEFT = re.compile(r";r=\d+;t=\d+")


class Recorder:
    """A shop on a Monday morning, and all requests to it.

    Attributes:
        text: requests and answers so far.
        other: another tenant, of which this one must not learn anything.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self._lines: list[str] = []
        self._asked = 0
        self._refusals: dict[str, str] = {}  # kind of each, and its name
        self._refused: dict[str, Iterator[int]] = {}
        self._names: dict[str, str] = {}
        self._counts: dict[str, Iterator[int]] = {}
        system.database.clock.set(START)
        system.double.clock = system.database.clock.now
        _age(system)
        self.other: Tenant = add_tenant(system.database)
        self.keys = {
            "publishable": system.credential("publishable"),
            "secret": system.credential("secret"),
            "other publishable": self.other.publishable_key,
            "other secret": self.other.secret_key,
            "revoked publishable": new_key("pk"),
            "revoked secret": new_key("sk"),
            "unknown publishable": new_key("pk"),
            "second publishable": new_key("pk"),
            "second secret": new_key("sk"),
        }
        for name in (
            "revoked publishable",
            "revoked secret",
            "second publishable",
            "second secret",
        ):
            revoked, kind = name.split()
            add_key(
                system.database,
                system.tenant.tenant_id,
                kind,
                self.keys[name],
                revoked=revoked == "revoked",
            )
        names = ("tutor", "studio", "venue", "mary", "park")
        for name, resource in zip(names, system.tenant.resources, strict=True):
            self._names[resource["id"]] = name
            for offering, what in zip(resource["offerings"], ("lesson", "exam"), strict=False):
                self._names.setdefault(offering["id"], f"{name}'s {what}")
        self._names[system.tenant.pools[0]["id"]] = "tutors"
        self._names[self.other.resource_id] = "other's resource"
        self._names[self.other.offering_id] = "other's offering"
        for name, key in self.keys.items():
            self._names[key] = f"{name} key"

    @property
    def text(self) -> str:
        return "\n".join(self._lines).rstrip() + "\n"

    # What is written ------------------------------------------------------------------------

    def title(self, text: str) -> None:
        """A heading."""
        self._lines += ["", f"# {text}", ""] if self._lines else [f"# {text}", ""]

    def happens(self, text: str) -> None:
        """What happens between two requests."""
        self._lines += [f"* {text}", ""]

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: str | None = "publishable",
        of: Mapping[str, Any] | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        address: str | None = None,
        shown: Any = None,
    ) -> Answer:
        """Send a request, and write it and its answer down.

        Args:
            by: the name of the API key.
            of: the answer with which a booking or an entry was made: its secret is sent.
            key: an idempotency key; each POST gets one unless it is "".
            shown: what is written down of the body: all of it unless given.
        """
        self._asked += 1
        sent = key if key is not None else f"key-of-request-{self._asked:05}"
        answer = self.system.request(
            method,
            path,
            body,
            key=None if by is None else self.keys.get(by, by),
            secret=None if of is None else of["client_secret"],
            idempotency_key=sent if method == "POST" else None,
            headers=headers,
            address=address,
        )
        told = [f"{method} {self.masked(path)}"]
        told += ["no key"] if by is None else [f"by {self.masked(self.keys.get(by, by))}"]
        told += [] if of is None else [f"with {self.masked(of['client_secret'])}"]
        told += [] if key is None else [f"idempotency key {key}" if key else "no idempotency key"]
        told += [f"{name}: {self.masked(value)}" for name, value in (headers or {}).items()]
        self._lines.append(", ".join(told))
        self._write(answer, body if shown is None else shown)
        return answer

    def webhook(self, what: str, raw: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Send an event of Stripe's; signed, unless headers say otherwise."""
        system = self.system
        answer = system.post_event(raw) if headers is None else system.post_webhook(raw, headers)
        self._lines.append(f"webhook: {what}")
        self._write(answer, None)
        return answer

    def events(self, type_: str, **changes: Any) -> None:
        """Send Stripe's newest event of a type, as it is or with other members of its object."""
        raw = raw_events(self.system, type_)[-1]
        what = f"{type_} with {self.masked(json.dumps(changes))}" if changes else type_
        self.webhook(what, changed(raw, changes) if changes else raw)

    def later(self, minutes: float) -> None:
        """Let time pass."""
        self.happens(f"{minutes:g} minutes later")
        self.system.advance(timedelta(minutes=minutes))

    def sweep(self, function: str = "expire_holds") -> None:
        """A scheduled function runs."""
        answer = self.system.sweep(function)
        self.happens(f"{function} answers {self.masked(json.dumps(answer))}")

    # How it is written ----------------------------------------------------------------------

    def _write(self, answer: Answer, body: Any) -> None:
        if isinstance(body, bytes):
            shown = body if len(body) < 200 else body[:20] + b" ..."
            self._lines.append(self.masked(f"> {len(body)} bytes: {shown!r}"))
        elif body is not None:
            self._lines += [f"> {line}" for line in self._json(body)]
        self._lines += self._once(answer, self._answered(answer))
        self._lines.append("")
        self.system.advance(timedelta(seconds=1))

    def _once(self, answer: Answer, lines: list[str]) -> list[str]:
        """A refusal is written down where it first appears, and has a name then."""
        if answer.status < 400 or not isinstance(answer.body, dict):
            return lines
        text = "\n".join(lines)
        if text in self._refusals:
            return [f"{self._refusals[text]}, as above"]
        kind = f"{answer.status} {answer.body.get('code', '')}".rstrip()
        number = next(self._refused.setdefault(kind, count(1)))
        self._refusals[text] = kind if number == 1 else f"{kind} ({number})"
        return [self._refusals[text], *lines[1:]]

    def _answered(self, answer: Answer) -> list[str]:
        request_id = answer.headers.get("x-request-id", "")
        lines = [f"{answer.status}"]
        for name, value in sorted(answer.headers.items()):
            if name not in _ALWAYS:
                lines.append(f"{name}: {self.masked(_LEFT.sub(';r=#;t=#', value))}")
        if isinstance(answer.body, dict | list):
            told = answer.body
            if isinstance(told, dict) and "request_id" in told:
                told = {**told, "request_id": _same(told["request_id"], request_id)}
            return lines + self._json(told)
        if answer.body:
            text = answer.body.decode() if isinstance(answer.body, bytes) else str(answer.body)
            lines += [self.masked(line.rstrip("\r")) for line in text.split("\n")]
        return lines

    def _json(self, value: Any) -> list[str]:
        return list(_lines(self._renamed(value)))

    def _renamed(self, value: Any, member: str = "") -> Any:
        if isinstance(value, dict):
            return {self.masked(name): self._renamed(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [self._renamed(each) for each in value]
        if member in _PASSING:
            return f"<{member}>"
        if isinstance(value, str):
            kind = _NAMED.get(member)
            return self._name(kind, value.upper()) if kind else self.masked(value)
        return value

    def masked(self, text: str) -> str:
        """With names for random values."""
        text = text.replace(self.system.double.public_url, "https://stripe.example")
        for member, kind in _NAMED.items():
            text = re.sub(
                rf"(?<={member.removeprefix('next_')}=)[\w-]{{9,}}",
                lambda found, kind=kind: self._name(kind, found[0].upper()),
                text,
            )

        def name(found: re.Match[str]) -> str:
            kind = _MASKS[int(str(found.lastgroup)[1:])][0]
            return self._name(kind, found[0])

        return _MASK.sub(name, text)

    def unname(self, *values: str) -> None:
        """Their order is random: the first one gets the first name."""
        for value in values:
            self._names.pop(value, None)

    def _name(self, kind: str, value: str) -> str:
        if value not in self._names:
            number = next(self._counts.setdefault(kind, count(1)))
            self._names[value] = f"{kind} {number}"
        return f"<{self._names[value]}>"


_AGED = """
select table_schema::text as schema, table_name::text as name, column_name::text as column
from information_schema.columns
where table_schema = 'core' and column_name in ('created_at', 'updated_at')
order by 1, 2, 3
"""


def _age(system: System) -> None:
    """Everything of the tenant was made at the time at which the story begins."""
    with system.database.connect() as connection:
        connection.execute("set local session_replication_role = replica")  # versions stay
        for row in system.database.rows(_AGED):
            connection.execute(
                f"update {row.schema}.{row.name} set {row.column} = %s".encode(), (START,)
            )
        connection.commit()


def _same(told: Any, request_id: str) -> str:
    return "<of this request>" if told == request_id else "<another one>"


def _lines(value: Any, indent: str = "", before: str = "", after: str = "") -> Iterator[str]:
    """JSON as people read it: what fits on a line is on one line; members stay in their order."""
    short = f"{indent}{before}{json.dumps(value, ensure_ascii=False)}{after}"
    if len(short) <= _WIDTH or not isinstance(value, dict | list) or not value:
        yield short
        return
    opens, closes = ("{", "}") if isinstance(value, dict) else ("[", "]")
    yield f"{indent}{before}{opens}"
    members = list(value.items()) if isinstance(value, dict) else [(None, each) for each in value]
    for at, (name, each) in enumerate(members):
        label = "" if name is None else f"{json.dumps(name, ensure_ascii=False)}: "
        yield from _lines(each, indent + "  ", label, "," if at < len(members) - 1 else "")
    yield f"{indent}{closes}{after}"


@contextmanager
def windows_of(system: System) -> Iterator[None]:
    """Let the windows of the rate limits go by the database's clock."""
    clock = limits.clock
    limits.clock = lambda: system.database.clock.now().timestamp()
    try:
        yield
    finally:
        limits.clock = clock
