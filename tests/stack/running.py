"""A local stack started as a user would, and what a user does with it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import errors, sql

from dev.programs.processes import free_port, is_alive
from tests.harness.database.cluster import External, drop_database, superuser

ROOT = Path(__file__).parents[2]
_READY_SECONDS = 90.0
_STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; `body` is the value if it is JSON, else the text."""

    status: int
    headers: dict[str, str]
    body: Any


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Show the redirect instead of following it to an address that does not exist."""


_opener = urllib.request.build_opener(_NoRedirect)


def send(method: str, url: str, body: bytes | None = None, **headers: str) -> Answer:
    """Send a request; every status is an answer. Raises OSError without one."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, method=method, data=body, headers=names)
    try:
        response = _opener.open(request, timeout=40)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        content = response.read()
        fields = {name.lower(): value for name, value in response.headers.items()}
    value = json.loads(content) if "json" in fields.get("content-type", "") else content.decode()
    return Answer(response.status, fields, value)


class Stack:
    """`python -m dev.stack` on a port, in a data folder and with a database of its own.

    Its database is made on the server that DATABASE_URL names, if one does. Two stacks that shared
    a database would end each other's holds.
    """

    def __init__(self, data: Path, port: int | None = None) -> None:
        self.data = data
        self.port = port or free_port()
        self._server = (
            External(os.environ["DATABASE_URL"]) if "DATABASE_URL" in os.environ else None
        )
        self._database = f"holdfast_stack_{self.port}"
        self.output = data / f"output-{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.manifest: dict[str, Any] = {}

    @property
    def folder(self) -> Path:
        """Where its data are."""
        return self.data / f"stack-{self.port}"

    def command(self, *options: str) -> list[str]:
        """The command line."""
        where = ["--port", str(self.port), "--data", str(self.data)]
        return [sys.executable, "-m", "dev.stack", *where, *options]

    def up(self, *options: str) -> "Stack":
        """Start it and wait until it is ready."""
        self.data.mkdir(parents=True, exist_ok=True)
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                self.command("--no-warm", "--no-schedules", "--parent", str(os.getpid()), *options),
                cwd=ROOT,
                env=self._environment(),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + _READY_SECONDS
        published = self.folder / "stack.json"
        while True:
            with contextlib.suppress(OSError, ValueError):
                self.manifest = json.loads(published.read_text())
                if self.manifest["pid"] == self.process.pid:
                    return self
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)

    def _environment(self) -> dict[str, str]:
        if self._server is None:
            return dict(os.environ)
        with contextlib.suppress(errors.DuplicateDatabase):
            create = sql.SQL("create database {}").format(sql.Identifier(self._database))
            superuser(self._server).execute(create)
        parts = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
        return os.environ | {"DATABASE_URL": parts._replace(path=f"/{self._database}").geturl()}

    def said(self) -> str:
        """What it printed."""
        return self.output.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> int:
        """Send a signal; returns the exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(_STOP_SECONDS)

    def clear(self) -> None:
        """End it, however it is, and remove its data."""
        if self.process is not None and self.process.poll() is None:
            self.signal(signal.SIGINT)
        cleared = subprocess.run(
            self.command("--reset"), check=False, cwd=ROOT, capture_output=True, text=True
        )
        if self._server is not None:
            drop_database(self._server, self._database)
        assert cleared.returncode == 0, cleared.stdout + cleared.stderr

    def processes(self) -> set[int]:
        """The supervisor, all its descendants, and PostgreSQL with its own."""
        assert self.process is not None
        roots = {self.process.pid}
        with contextlib.suppress(OSError, ValueError, IndexError):
            roots.add(int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0]))
        return _with_descendants(roots)

    # what a client does -----------------------------------------------------------------------

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A request to the API with the publishable key, a JSON body and an idempotency key."""
        given = {"authorization": f"Bearer {self.manifest['publishable_key']}", **headers}
        if method == "POST":
            given.setdefault("idempotency_key", str(uuid.uuid4()))
        if method in ("POST", "PATCH"):
            given["content_type"] = "application/json"
        content = None if body is None else json.dumps(body).encode()
        return send(method, self.manifest["api"] + path, content, **given)

    def slots(self) -> list[dict[str, Any]]:
        """Free times of the first resource's first offering, but for the very first: it may begin
        while a test is under way."""
        resource = self.manifest["resources"][0]
        offering = resource["offerings"][0]["id"]
        answer = self.call("GET", f"/v1/resources/{resource['id']}/slots?offering_id={offering}")
        assert answer.status == 200, answer
        _, *slots = answer.body["slots"]
        return slots

    def hold(self, slot: dict[str, Any], **headers: str) -> Answer:
        """Hold one of them."""
        resource = self.manifest["resources"][0]
        body = {
            "resource_id": resource["id"],
            "offering_id": resource["offerings"][0]["id"],
            "starts_at": slot["starts_at"],
            "customer": {"name": "Grace Hopper", "email": "grace@example.com"},
        }
        return self.call("POST", "/v1/holds", body, **headers)

    def invoke(self, function: str) -> Any:
        """Run a function on demand, as `aws lambda invoke` would."""
        url = f"{self.manifest['control']}/2015-03-31/functions/{function}/invocations"
        answer = send("POST", url, b"{}")
        assert (answer.status, answer.headers.get("x-amz-function-error")) == (200, None), answer
        return answer.body


def gone(processes: set[int], seconds: float = 15.0) -> set[int]:
    """Wait until the processes have ended; returns those that have not."""
    deadline = time.monotonic() + seconds
    while (left := {pid for pid in processes if is_alive(pid)}) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _with_descendants(roots: set[int]) -> set[int]:
    parents: dict[int, int] = {}
    if Path("/proc/self/stat").exists():
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError, IndexError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
    else:
        listed = subprocess.run(["ps", "-axo", "pid=,ppid="], check=True, capture_output=True)
        parents = {
            int(pid): int(parent)
            for pid, parent in (line.split() for line in listed.stdout.splitlines())
        }
    found = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}
