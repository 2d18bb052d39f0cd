"""Requests that no description allows and some client sends all the same.

Each oddity is a request; its answer must be one that was written on purpose.
"""

import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from tests.fuzz.framings import framings
from tests.fuzz.registry import Registry
from tests.fuzz.values import (
    BODIES,
    CREDENTIALS,
    KEYS,
    MATCHES,
    METHODS,
    PEOPLE,
    SECRETS,
    TYPES,
    VALUES,
)
from tests.fuzz.wire import Headers, message


@dataclass(frozen=True)
class Oddity:
    """A request, what is odd in it, and the route that it aims at (empty: none)."""

    what: str
    route: str
    sent: bytes


class Oddities:
    """Makes odd requests with real ids and keys, so that only the oddity can be at fault."""

    def __init__(self, registry: Registry, seed: int) -> None:
        self._registry = registry
        self._manifest = registry.stack.manifest
        self._chance = random.Random(seed)
        resource = self._manifest["resources"][0]
        self._resource: str = resource["id"]
        self._offering: str = resource["offerings"][0]["id"]

    def all(self) -> Iterator[Oddity]:
        """Every kind once, in random order."""
        found = [
            *self._headers(),
            *self._queries(),
            *self._methods(),
            *self._paths(),
            *self._bodies(),
            *self._fields(),
            *self._frames(),
        ]
        self._chance.shuffle(found)
        yield from found

    # building blocks ----------------------------------------------------------------------------

    def _routes(self) -> list[tuple[str, str, str]]:
        """Method, route and a real path of everything that needs a key."""
        held = self._registry.item("booking_id").id
        return [
            ("GET", "/v1/resources", "/v1/resources"),
            ("GET", "/v1/resources/{resource_id}/slots", f"/v1/resources/{self._resource}/slots"),
            ("GET", "/v1/bookings", "/v1/bookings"),
            ("GET", "/v1/bookings/{booking_id}", f"/v1/bookings/{held}"),
            ("GET", "/v1/bookings/{booking_id}/confirmation", f"/v1/bookings/{held}/confirmation"),
            ("DELETE", "/v1/holds/{hold_id}", f"/v1/holds/{held}"),
            ("POST", "/v1/holds", "/v1/holds"),
            ("POST", "/v1/bookings/{booking_id}/checkout", f"/v1/bookings/{held}/checkout"),
        ]

    def _ask(
        self,
        what: str,
        method: str,
        route: str,
        target: str,
        odd: Headers | None = None,
        body: bytes | None = None,
    ) -> Oddity:
        """A request that is valid except for `odd`, whose headers replace or repeat the right
        ones.
        """
        secret = self._registry.item("booking_id").secret
        right: Headers = [
            ("Authorization", f"Bearer {self._manifest['publishable_key']}"),
            ("Booking-Secret", secret),
        ]
        if method == "POST":
            right += [
                ("Idempotency-Key", str(uuid.UUID(int=self._chance.getrandbits(128)))),
                ("Content-Type", "application/json"),
            ]
            body = self._right_body(route) if body is None else body
        content = body or b""
        if content:
            right.append(("Content-Length", str(len(content))))
        given = {name.lower() for name, _ in odd or []}
        headers = [(name, value) for name, value in right if name.lower() not in given]
        headers += odd or []
        return Oddity(
            f"{what} at {method} {route}", route, message(method, target, headers, content)
        )

    def _right_body(self, route: str) -> bytes:
        if route == "/v1/holds":
            return json.dumps(self._hold()).encode()
        return json.dumps(
            {"success_url": "https://studio.example/", "cancel_url": "https://studio.example/"}
        ).encode()

    def _hold(self, **fields: Any) -> dict[str, Any]:
        customer = {"name": "Ada Lovelace", "email": "ada@example.com"}
        return {**self._registry.inventory.free_time(), "customer": customer, **fields}

    # the oddities -------------------------------------------------------------------------------

    def _headers(self) -> Iterator[Oddity]:
        """Malformed credentials, keys and versions, and the same header twice."""
        key, secret = self._manifest["publishable_key"], self._registry.item("booking_id").secret
        families = (
            ("Authorization", [text.replace("{key}", key) for text in CREDENTIALS]),
            ("Booking-Secret", [text.replace("{secret}", secret) for text in SECRETS]),
            ("Idempotency-Key", list(KEYS)),
            ("If-Match", list(MATCHES)),
            ("If-None-Match", list(MATCHES)),
        )
        for name, values in families:
            for value in values:
                method, route, path = self._chance.choice(self._routes())
                if name in ("Idempotency-Key", "If-Match"):
                    method, route, path = self._routes()[-1]
                odd: Headers = [(name, value.encode())]
                yield self._ask(f"{name} {value[:40]!r}", method, route, path, odd)
            method, route, path = self._routes()[-1]
            twice: Headers = [(name, values[-1].encode()), (name, values[2].encode())]
            yield self._ask(f"{name} twice", method, route, path, twice)

    def _queries(self) -> Iterator[Oddity]:
        """Invalid values, unknown names, and the same name twice."""
        slots = "/v1/resources/{resource_id}/slots"
        for value in VALUES:
            text = quote(value, safe="%{}[]'") if not value.isascii() else value.replace(" ", "%20")
            for name in ("offering_id", "from", "to"):
                other = "" if name == "offering_id" else f"offering_id={self._offering}&"
                target = f"/v1/resources/{self._resource}/slots?{other}{name}={text}"
                yield self._ask(f"{name}={value[:40]}", "GET", slots, target)
            for name in ("limit", "cursor", "status", "resource_id", "from"):
                secret: Headers = [("Authorization", f"Bearer {self._manifest['secret_key']}")]
                target = f"/v1/bookings?{name}={text}"
                yield self._ask(f"{name}={value[:40]}", "GET", "/v1/bookings", target, secret)
        ids = f"offering_id={self._offering}"
        for query in (
            f"{ids}&{ids}", f"{ids}&offering_id=", "&&&&", "=", "=x", "?", "??a=b", "a" * 8000,
            "&".join(f"a{n}={n}" for n in range(700)), "from=2030-01-01T00:00:00Z&from=2031-01-01",
            f"{ids};from=1", f"OFFERING_ID={self._offering}", f"{ids}#part", "offering_id[]=1",
            "%6fffering_id=" + self._offering, "offering_id", f"offering_id=%20{self._offering}",
        ):  # fmt: skip
            target = f"/v1/resources/{self._resource}/slots?{query}"
            yield self._ask(f"query {query[:40]}", "GET", slots, target)

    def _methods(self) -> Iterator[Oddity]:
        """Undescribed methods at described paths."""
        for _, route, path in self._routes():
            for method in METHODS:
                yield self._ask("method", method, route, path, body=b"")

    def _paths(self) -> Iterator[Oddity]:
        """Paths that are almost right."""
        booking = self._registry.item("booking_id").id
        for path in (
            "/v1/holds/", "/v1//holds", "//v1/holds", "/v1/./holds", "/v1/x/../holds",
            "/v1/holds%2f",
            "/V1/holds", "/v1/h%6flds", "/v1/holds;a=b", "/v1/holds/%00", "/v1/bookings/%2e%2e",
            "/v1/bookings/%ff", "/v1/bookings/%F0%9F%92%A9", "/v1/bookings/%", "/v1/bookings/%zz",
            "/v1/bookings/" + "a" * 6000, "/v1/bookings/null", "/v1/bookings/'or'1", "/%2e%2e/etc",
            "/v1/bookings/00000000-0000-0000-0000-000000000000/confirmation/", "/", "/..", "/.git",
            "/v1/bookings/%0d%0aset-cookie:a=b", "/v1/bookings/a%2fconfirmation",
            "/v1/bookings/{x}",
            f"/v1/bookings/{booking.upper()}", "/v1/bookings/\u0661",
            f"/v1/bookings/{booking.replace('-', '')}", "*", "http://x/",
            "http://127.0.0.1/v1/resources", "x", "/v1/resources\\..\\", "/docs/../v1/resources",
        ):  # fmt: skip
            target = path if path.isascii() else quote(path)
            yield self._ask(f"path {path[:40]}", "GET", "", target)

    def _bodies(self) -> Iterator[Oddity]:
        """Bodies that are no requests, and types that are not JSON."""
        for route, path in [(r, p) for method, r, p in self._routes() if method == "POST"]:
            for body in BODIES:
                yield self._ask(f"body {body[:30]!r}", "POST", route, path, body=body)
            for kind in TYPES:
                odd: Headers = [("Content-Type", kind.encode())]
                yield self._ask(f"type {kind[:40]!r}", "POST", route, path, odd)
            encoded: Headers = [("Content-Encoding", "gzip")]
            yield self._ask("encoding gzip", "POST", route, path, encoded)
        for method, route, path in self._routes():
            if method != "POST":
                yield self._ask("a body", method, route, path, body=b'{"a": 1}')

    def _fields(self) -> Iterator[Oddity]:
        """Holds that are valid except for one field."""
        texts = [unquote(value) for value in VALUES]
        odd_values: tuple[Any, ...] = (
            None,
            True,
            0,
            -1,
            1.5,
            10**30,
            [],
            {},
            [[]],
            {"a": {}},
            *texts,
        )
        for name in ("resource_id", "offering_id", "starts_at", "date", "tier", "package", "notes"):
            for value in odd_values:
                yield self._field(f"{name} {str(value)[:30]!r}", **{name: value})
        for name in ("name", "email", "phone"):
            for value in (*odd_values, *PEOPLE):
                right = {"name": "Ada", "email": "ada@example.com"}
                yield self._field(f"{name} {str(value)[:30]!r}", customer={**right, name: value})
        for name in ("price", "amount", "currency", "status", "id", "tenant_id", "version"):
            yield self._field(f"unknown {name}", **{name: 1})

    def _field(self, what: str, **fields: Any) -> Oddity:
        body = json.dumps(self._hold(**fields)).encode()
        return self._ask(what, "POST", "/v1/holds", "/v1/holds", body=body)

    def _frames(self) -> Iterator[Oddity]:
        """Messages that are chunked, cut, ambiguous or too large."""
        for odd in framings(self._right_body("/v1/holds"), self._manifest["publishable_key"]):
            yield Oddity(f"frame: {odd[0]}", "/v1/holds", odd[1])
