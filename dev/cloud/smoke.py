"""Prove that a deployment works, with one booking that is held, read and released again.

    python -m dev.cloud.smoke https://….execute-api.….amazonaws.com --key pk_…

It costs nothing, pays nothing, and leaves nothing behind but an expired booking in the tenant's
books. Whatever happens in between, the time is released; if even that fails, the hold expires after
the tenant's hold minutes. Exit status: 0 proved, 1 not proved, 2 not asked properly.
"""

import argparse
import json
import os
import re
import signal
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_KEY = re.compile(r"(pk|sk)_(test|live)_([0-9a-f]{32}_)?[A-Za-z0-9]{16,128}")
_TIMEOUT_SECONDS = 30
_RELEASES = 4  # attempts to release the time
_CUSTOMER = {"name": "Smoke test", "email": "smoke-test@example.com"}


class NotProvedError(Exception):
    """What was expected is not so; the message says what, and where to look."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Of the API: `body` is the parsed JSON, or {} if it was none."""

    status: int
    body: dict[str, Any]

    def __str__(self) -> str:
        told = self.body.get("detail") or self.body.get("message") or ""
        code = self.body.get("code", "")
        return " ".join(filter(None, (f"status {self.status}", code, told)))


@dataclass
class Deployment:
    """An API and the key to use it with."""

    url: str
    key: str

    def ask(
        self, method: str, path: str, body: object = None, *, secret: str = "", once: str = ""
    ) -> Answer:
        """Send a request. Raises NotProvedError if there is no answer."""
        headers = {"Accept": "application/json"}
        if path.startswith("/v1/"):
            headers["Authorization"] = f"Bearer {self.key}"
        if secret:
            headers["Booking-Secret"] = secret
        if once:
            headers["Idempotency-Key"] = once
        if body is not None:
            headers["Content-Type"] = "application/json"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 checked in _parsed
            self.url + path, method=method, data=data, headers=headers
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
                return Answer(response.status, _json(response.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _json(error.read()))
        except OSError as error:
            why = getattr(error, "reason", error)
            raise NotProvedError(f"{method} {path}: no answer from {self.url} ({why})") from None

    def get(self, path: str, *, secret: str = "") -> dict[str, Any]:
        """The body of an answer that must be 200."""
        answer = self.ask("GET", path, secret=secret)
        _expect(answer.status == 200, f"GET {path.partition('?')[0]}: {answer}{_advice(answer)}")
        return answer.body


@dataclass
class Slot:
    """A free time, and what a hold of it needs."""

    resource: dict[str, Any]
    offering: dict[str, Any]
    starts_at: str
    ends_at: str
    remaining: int


def prove(deployment: Deployment, say: Callable[[str], None]) -> None:
    """Take every step, and release the time in every case. Raises NotProvedError."""
    health = deployment.get("/health")
    _expect(health.get("status") == "ok", f"GET /health: {health}")
    say(
        f"health      ok, schema {health['schema_version']}, clock {health['clock_skew_ms']} ms off"
    )

    paths = deployment.get("/openapi.json").get("paths", {})
    _expect("/v1/holds" in paths, "GET /openapi.json: does not describe /v1/holds")
    say(f"openapi     {len(paths)} paths")

    resources = deployment.get("/v1/resources")["resources"]
    say(f"resources   {len(resources)}")
    slot = _first_free(deployment, resources)
    say(f"free time   {slot.starts_at}, {slot.offering['name']} at {slot.resource['name']}")

    once = f"smoke-{uuid.uuid4()}"
    try:
        held = _hold(deployment, slot, once)
        say(f"held        booking {held['id']} until {held['hold_expires_at']}")
        again = deployment.ask("POST", "/v1/holds", _order(slot), once=once)
        _expect(
            again.body.get("id") == held["id"], f"the repeated request: {again}, another booking"
        )
        left = _remaining(deployment, slot)
        _expect(left < slot.remaining, f"the held time is offered all the same: {left} left")
        found = deployment.get(f"/v1/bookings/{held['id']}", secret=held["client_secret"])
        _expect(found["status"] == "held", f"the booking reads {found['status']}, not held")
        say("read        held; the repeated request is the same booking; the time is not offered")
    finally:
        _give_back(deployment, slot, once)
    say("released")
    found = deployment.get(f"/v1/bookings/{held['id']}", secret=held["client_secret"])
    _expect(found["status"] == "expired", f"the released booking reads {found['status']}")
    left = _remaining(deployment, slot)
    _expect(
        left > 0,
        "the released time is not offered: another customer, or one on the waitlist, has it by now;"
        " or it was not freed. Run this again",
    )
    say("free again  the same time is offered")


def _first_free(deployment: Deployment, resources: list[dict[str, Any]]) -> Slot:
    for resource in resources:
        if resource["confirmation"] != "instant":
            continue
        for offering in resource["offerings"]:
            query = urllib.parse.urlencode({"offering_id": offering["id"]})
            listed = deployment.get(f"/v1/resources/{resource['id']}/slots?{query}")["slots"]
            if listed and offering["prices"]:
                first = listed[0]
                times = (first["starts_at"], first["ends_at"])
                return Slot(resource, offering, *times, first["remaining"])
    raise NotProvedError(
        "nothing can be booked: the tenant of this key has no resource with an offering, a price"
        " and a free time (docs/catalogue.md says how to make one)"
    )


def _order(slot: Slot) -> dict[str, Any]:
    price = slot.offering["prices"][0]
    return {
        "resource_id": slot.resource["id"],
        "offering_id": slot.offering["id"],
        "tier": price["tier"],
        "package": price["package"],
        "starts_at": slot.starts_at,
        "customer": _CUSTOMER,
    }


def _hold(deployment: Deployment, slot: Slot, once: str) -> dict[str, Any]:
    answer = deployment.ask("POST", "/v1/holds", _order(slot), once=once)
    _expect(answer.status == 201, f"POST /v1/holds: {answer}{_advice(answer)}")
    return answer.body


def _remaining(deployment: Deployment, slot: Slot) -> int:
    """How many can still take the time."""
    query = urllib.parse.urlencode(
        {"offering_id": slot.offering["id"], "from": slot.starts_at, "to": slot.ends_at}
    )
    listed = deployment.get(f"/v1/resources/{slot.resource['id']}/slots?{query}")["slots"]
    return next((s["remaining"] for s in listed if s["starts_at"] == slot.starts_at), 0)


def _give_back(deployment: Deployment, slot: Slot, once: str) -> None:
    """Release what was held under that key, whether or not we got the answer."""
    trouble: object = None
    for attempt in range(_RELEASES):
        if attempt:
            time.sleep(0.5 * attempt)
        try:
            held = deployment.ask("POST", "/v1/holds", _order(slot), once=once)
            if held.status != 201:
                if 400 <= held.status < 500 and held.status != 409:
                    return  # it was refused: there is nothing to release
                trouble = held
                continue
            path = f"/v1/holds/{held.body['id']}"
            released = deployment.ask("DELETE", path, secret=held.body["client_secret"])
            if released.status == 200:
                return
            trouble = released
        except NotProvedError as error:
            trouble = error
    raise NotProvedError(f"the held time was not released, and expires by itself: {trouble}")


def _advice(answer: Answer) -> str:
    if answer.status in (401, 403):
        return ". Is the key of this deployment, and not revoked? `make tenant` makes keys"
    if answer.status == 404:
        return ". Is this the address in the output ApiUrl?"
    return ""


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise NotProvedError(otherwise)


def _json(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def main(arguments: list[str] | None = None) -> int:
    """Prove a deployment and say so. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m dev.cloud.smoke", description=__doc__.split("\n")[0]
    )
    parser.add_argument("url", help="the output ApiUrl of the deployment")
    parser.add_argument(
        "--key", default=os.environ.get("HOLDFAST_KEY", ""), help="pk_… of a tenant"
    )
    options = parser.parse_args(arguments)
    url = options.url.rstrip("/")
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        print(f"{options.url!r} is no address: URL=https://…", file=sys.stderr)
        return 2
    key = options.key or _local_key(url)
    if not _KEY.fullmatch(key):
        print("A key of a tenant is needed: KEY=pk_… (`make tenant` makes one).", file=sys.stderr)
        return 2
    print(f"Proving {url}\n")
    try:
        prove(Deployment(url, key), lambda line: print(f"  {line}", flush=True))
    except NotProvedError as error:
        print(f"\nNot proved: {error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the time was released.", file=sys.stderr)
        return 1
    print("\nProved: the API answers, its database decides, and a time can be held and released.")
    return 0


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _local_key(url: str) -> str:
    """The key of the stack on this machine, if that is its address."""
    try:
        running = json.loads((ROOT / ".local" / "stack.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(running["publishable_key"]) if running.get("api") == url else ""


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupted)
    sys.exit(main())
