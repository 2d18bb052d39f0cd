"""`make smoke` against a running stack: it proves what works, and says what does not."""

import json
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest

from dev.cloud import smoke, tenant
from tests.harness.system.outages import REFUSING
from tests.stack.running import Stack, send

pytestmark = pytest.mark.stack

Spoil = Callable[[str, str, int], int | None]


@contextmanager
def spoiled(stack: Stack, spoil: Spoil) -> Iterator[str]:
    """The stack's API behind a proxy that changes an answer's status after the effect.

    Args:
        spoil: of method, path and true status; another status, or None to leave it.
    """

    class Relay(BaseHTTPRequestHandler):
        def relay(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(length) if length else None
            names = ("authorization", "booking-secret", "idempotency-key", "content-type")
            headers = {n.replace("-", "_"): v for n in names if (v := self.headers.get(n))}
            answer = send(self.command, stack.manifest["api"] + self.path, body, **headers)
            changed = spoil(self.command, self.path, answer.status)
            told = json.dumps({"code": "spoiled"} if changed else answer.body).encode()
            self.send_response(changed or answer.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_DELETE = relay  # noqa: N815 the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def live_bookings(stack: Stack) -> int:
    """Those of the smoke test's customer that own a time."""
    with psycopg.connect(stack.manifest["database"]) as connection:
        row = connection.execute(
            "select count(*) from core.bookings as b join core.customers as c"
            " on c.tenant_id = b.tenant_id and c.id = b.customer_id"
            " where c.email = 'smoke-test@example.com' and b.status = 'held'"
        ).fetchone()
    assert row is not None
    return int(row[0])


def _checkout(stack: Stack) -> Path:
    """A folder whose stack data are where a checkout has them."""
    folder = stack.data.parent / "checkout"
    if not folder.exists():
        folder.mkdir()
        (folder / ".local").symlink_to(stack.data)
    return folder


def run(url: str, key: str) -> int:
    return smoke.main([url, "--key", key])


@pytest.mark.today
def test_a_stack_is_proved(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each step, what was proved at the end, and no time stays held."""
    free = stack.slots()

    assert run(stack.manifest["api"] + "/", stack.manifest["publishable_key"]) == 0
    said = capsys.readouterr().out
    for step in ("health", "openapi", "resources", "held", "read", "released", "free again"):
        assert f"  {step}" in said
    assert "Proved:" in said
    later = stack.slots()
    assert live_bookings(stack) == 0
    assert [slot for slot in free[1:] if slot not in later] == []


@pytest.mark.parametrize(
    "key", ["pk_test_" + "0" * 48, "sk_live_" + "a" * 48], ids=["unknown", "live"]
)
def test_a_refused_key_is_reported(
    stack: Stack, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    """Not proved, with the code of the refusal and what to do; the key is not printed."""
    assert run(stack.manifest["api"], key) == 1
    told = capsys.readouterr().err
    assert "unauthenticated" in told
    assert "make tenant" in told
    assert key not in told


def test_a_closed_port_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """Not proved: nothing answers there."""
    assert run(f"http://{REFUSING}", "pk_test_" + "0" * 48) == 1
    assert "refused" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "key", "told"),
    [
        ("file:///etc/passwd", "pk_test_" + "0" * 48, "is no address"),
        ("localhost:8080", "pk_test_" + "0" * 48, "is no address"),
        ("http://127.0.0.1:1", "", "key of a tenant"),
        ("http://127.0.0.1:1", "hunter2", "key of a tenant"),
    ],
)
def test_what_makes_no_sense_is_not_tried(
    capsys: pytest.CaptureFixture[str], url: str, key: str, told: str
) -> None:
    """Another exit status, and what is missing."""
    assert run(url, key) == 2
    assert told in capsys.readouterr().err


def test_another_address_is_not_a_deployment(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    """Something answers, but it is not the API."""
    assert run(stack.manifest["control"], stack.manifest["publishable_key"]) == 1
    assert "ApiUrl" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/holds"), ("GET", "/v1/bookings/"), ("DELETE", "/v1/holds/")]
)
def test_it_cleans_up_in_every_case(
    stack: Stack, capsys: pytest.CaptureFixture[str], method: str, path: str
) -> None:
    """The first answer of any step is lost after its effect: it says so, and the time is
    released.
    """
    lost: list[str] = []

    def lose(sent: str, to: str, status: int) -> int | None:
        if sent == method and urllib.parse.urlsplit(to).path.startswith(path) and not lost:
            lost.append(to)
            return 502
        return None

    with spoiled(stack, lose) as url:
        status = run(url, stack.manifest["publishable_key"])

    assert lost
    assert (status, live_bookings(stack)) == (0 if method == "DELETE" else 1, 0)
    assert ("spoiled" in capsys.readouterr().err) == (method != "DELETE")


def test_a_time_that_stays_taken_is_reported(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    """No release is answered: not proved, and it says that the hold expires by itself."""

    def refuse(sent: str, _to: str, _status: int) -> int | None:
        return 503 if sent == "DELETE" else None

    with spoiled(stack, refuse) as url:
        assert run(url, stack.manifest["publishable_key"]) == 1

    assert "expires by itself" in capsys.readouterr().err


def test_the_stacks_own_key_is_known(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For the stack of this checkout no key needs to be given."""
    monkeypatch.setattr(smoke, "ROOT", _checkout(stack))
    monkeypatch.delenv("HOLDFAST_KEY", raising=False)

    assert smoke.main([stack.manifest["api"]]) == 0
    assert smoke.main(["http://127.0.0.1:1"]) == 2


def test_a_tenant_made_by_hand_can_be_used(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make tenant STAGE=local`: the printed key opens the API; it is renewed, and revoked by
    id.
    """
    monkeypatch.setattr(tenant, "ROOT", _checkout(stack))

    assert tenant.main(["local", "--name", "A studio"]) == 0
    said = capsys.readouterr().out
    identifier = re.search(r"id +(\S+)", said)
    key = re.search(r"publishable +(pk_test_\w+)", said)
    old = re.search(r"  (\S+)  publishable", said)
    assert identifier
    assert key
    assert old
    bearer = {"authorization": f"Bearer {key[1]}"}
    assert stack.call("GET", "/v1/resources", **bearer).body["resources"] == []
    assert run(stack.manifest["api"], key[1]) == 1  # there is nothing to book yet
    assert "docs/catalogue.md" in capsys.readouterr().err

    assert tenant.main(["local", "--tenant", identifier[1]]) == 0
    assert capsys.readouterr().out.count("in use") == 4
    assert tenant.main(["local", "--tenant", identifier[1], "--revoke", old[1]]) == 0
    assert capsys.readouterr().out.count("revoked") == 1
    assert stack.call("GET", "/v1/resources", **bearer).status == 401
    assert tenant.main(["local", "--tenant", "7"]) == 1
    assert "a tenant's id is a UUID" in capsys.readouterr().err
