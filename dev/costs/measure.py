"""How long each function works, for docs/costs.md: `python -m dev.costs.measure SAID FOLDER`.

Plays bookings on a running local stack, one after the other, and reads the times from the stack's
output; functions that no client calls are invoked. SAID is a file with its output (`make up
PORT=9100 > SAID`), FOLDER its data (`.local/stack-9100`). Writes dev/costs/durations.toml.
"""

import argparse
import json
import os
import platform
import re
import statistics
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_BOOKINGS = 25
_TURNS = 10
_FOLDERS = Path(__file__).parents[2] / "functions"
_LEAST = 3  # samples of a function; the first of each is a cold start and is left out
_REQUEST = re.compile(r"^\S+ \d{3} .* (\d+) ms (\w+) \S+$")
_TURN = re.compile(r"^\S+ sched (\w+) +(\d+) ms")
_COLOURS = re.compile(r"\x1b\[\d+m")


class Customer:
    """A customer and the shop, at the stack that a manifest describes."""

    def __init__(self, manifest: dict[str, Any]) -> None:
        self._manifest = manifest

    def book(self) -> None:
        """Look, hold, pay, ask, reschedule, and read the shop's own lists."""
        resource, offering, first = self._free()
        customer = {"name": "Grace Hopper", "email": f"{uuid.uuid4().hex}@example.com"}
        wanted = {"resource_id": resource["id"], "offering_id": offering, "starts_at": first}
        held = self._ask("POST", "/v1/holds", wanted | {"customer": customer})
        booking, secret = f"/v1/bookings/{held['id']}", held["client_secret"]
        addresses = dict.fromkeys(("success_url", "cancel_url"), "https://studio.example/")
        page = self._ask("POST", f"{booking}/checkout", addresses, secret=secret)
        form = urllib.parse.urlencode({"action": "pay", "card_number": "4242424242424242"})
        self._send(urllib.request.Request(page["checkout_url"], form.encode()))  # noqa: S310
        self._ask("GET", f"{booking}/confirmation", secret=secret)
        self._ask("GET", booking, secret=secret)
        later = {"starts_at": self._free()[2]}
        self._ask("POST", f"{booking}/reschedule", later, secret=secret)
        for path in ("resources", "pools"):
            self._ask("GET", f"/v1/catalogue/{path}", key="secret_key")
        for path in ("hours", "blackouts", "calendars"):
            of_resource = f"/v1/catalogue/resources/{resource['id']}/{path}"
            self._ask("GET", of_resource, key="secret_key")
        for path in ("/v1/waitlist", "/v1/bookings"):
            self._ask("GET", path, key="secret_key")
        for path in ("/health", "/openapi.json"):
            self._ask("GET", path)

    def invoke(self, folder: str) -> int:
        """Invoke a function as a schedule does; answer the milliseconds that it took."""
        url = f"{self._manifest['control']}/2015-03-31/functions/{folder}/invocations"
        began = time.perf_counter()
        self._send(urllib.request.Request(url, b"{}", method="POST"))  # noqa: S310
        return round((time.perf_counter() - began) * 1000)

    def _free(self) -> tuple[dict[str, Any], str, str]:
        """A resource, its offering, and its first free time."""
        for resource in self._manifest["resources"]:
            offering = resource["offerings"][0]["id"]
            path = f"/v1/resources/{resource['id']}/slots?offering_id={offering}"
            for slot in self._ask("GET", path)["slots"]:
                if slot["starts_at"] is not None:
                    return resource, offering, slot["starts_at"]
        raise SystemExit("Nothing is free on this stack: make reset.")

    def _ask(
        self, method: str, path: str, body: Any = None, *, secret: str = "", key: str = ""
    ) -> Any:
        headers = {"authorization": f"Bearer {self._manifest[key or 'publishable_key']}"}
        if method == "POST":
            headers |= {"content-type": "application/json", "idempotency-key": str(uuid.uuid4())}
        if secret:
            headers["booking-secret"] = secret
        data = None if body is None else json.dumps(body).encode()
        url = self._manifest["api"] + path
        answer = self._send(
            urllib.request.Request(url, data, headers, method=method)  # noqa: S310
        )
        return json.loads(answer) if answer else None

    @staticmethod
    def _send(request: urllib.request.Request) -> bytes:
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            with opener.open(request, timeout=30) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            if error.code == 303:  # the payment page sends its customer home
                return b""
            raise SystemExit(f"{request.full_url}: {error.code} {error.read()[:300]!r}") from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Stay: the shop's page does not exist."""


def milliseconds(said: str) -> dict[str, list[int]]:
    """What the stack prints of each function: the times of its invocations, in order."""
    found: dict[str, list[int]] = defaultdict(list)
    for line in _COLOURS.sub("", said).splitlines():
        if match := _REQUEST.match(line):
            found[_name(match[2])].append(int(match[1]))
        elif match := _TURN.match(line):
            found[_name(match[1])].append(int(match[2]))
    return dict(found)


def _name(folder: str) -> str:
    """expire_holds → ExpireHolds, as the template begins its function's name."""
    return "".join(part.capitalize() for part in folder.split("_"))


def log_bytes(folder: Path, times: dict[str, list[int]]) -> dict[str, int]:
    """What an invocation of each function logs, on average, by the files of the stack."""
    found = {}
    for path in folder.glob("logs/*.log"):
        name = _name(path.stem)
        if name in times:
            found[name] = round(path.stat().st_size / len(times[name]))
    return found


def text(times: dict[str, list[int]], logged: dict[str, int]) -> str:
    """The file of durations."""
    processor = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    lines = [
        "# Written by `python -m dev.costs.measure`, from a run of the local stack: medians of",
        "# warm invocations, and what an invocation logs.",
        "",
        f'measured = "{datetime.now(UTC):%Y-%m-%d}"',
        f'machine = "{processor}, shared; Python {platform.python_version()}"',
        "",
        "[milliseconds]",
    ]
    for name in sorted(times):
        if len(times[name]) > _LEAST:
            lines.append(f"{name} = {statistics.median(times[name][1:]):.0f}")
    lines += ["", "[log_bytes]", *(f"{name} = {logged[name]}" for name in sorted(logged))]
    return "\n".join([*lines, ""])


def main() -> int:
    """Play, read, write."""
    parser = argparse.ArgumentParser(prog="python -m dev.costs.measure", description=__doc__)
    parser.add_argument("said", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    manifest = json.loads((options.folder / "stack.json").read_text(encoding="utf-8"))
    customer = Customer(manifest)
    for _ in range(_BOOKINGS):
        customer.book()
    times = milliseconds(options.said.read_text(encoding="utf-8"))
    for folder in sorted(path.parent.name for path in _FOLDERS.glob("*/app.py")):
        if len(times.get(_name(folder), [])) < _TURNS:  # no client calls it
            times[_name(folder)] = [customer.invoke(folder) for _ in range(_TURNS)]
    written = text(times, log_bytes(options.folder, times))
    Path(__file__).with_name("durations.toml").write_text(written, encoding="utf-8")
    print(written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
