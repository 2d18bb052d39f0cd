"""The double as a process of its own, which may be killed."""

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import stripe

from tests.unit.stripe_double.conftest import SECRET, order
from tests.unit.stripe_double.over_http import Receiver, pay, sdk, state

# A worker that fails in its own thread must fail its test.
pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")

ROOT = Path(__file__).parents[3]


@contextmanager
def _process(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The double in its own process; returns it and its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "dev.stripe_double", "--port", str(port), *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        assert b"Stripe double at" in process.stdout.readline()
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(5)
        process.stdin.close()
        process.stdout.close()


def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path: Path, receiver: Receiver) -> None:
    """kill -9 during a busy run: what was answered is stored, keys replay, webhooks still come."""
    options = ("--data", str(tmp_path / "stripe.db"), "--webhook-secret", SECRET)
    acknowledged: dict[str, str] = {}
    with _process(*options, "--webhook-url", "http://127.0.0.1:1/nobody") as (process, url):
        client = sdk(url)

        def work(worker: int) -> None:
            try:
                for n in range(1_000):
                    key = f"{worker}-{n}"
                    session = client.v1.checkout.sessions.create(order(), {"idempotency_key": key})
                    acknowledged[key] = session.id
                    if pay(url, session.id) == 303:
                        acknowledged[f"paid-{key}"] = session.id
            except (stripe.APIConnectionError, OSError, http.client.HTTPException):
                return

        workers = [threading.Thread(target=work, args=(n,)) for n in range(3)]
        for worker in workers:
            worker.start()
        deadline = time.monotonic() + 8
        while len(acknowledged) < 20 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait(5)
        for worker in workers:
            worker.join(5)
    with _process(*options, "--webhook-url", receiver.url) as (_, url):
        client = sdk(url)
        kept_state = state(url)
        kept = {body["id"]: body["payment_status"] for body in kept_state["sessions"]}
        paid = [session for key, session in acknowledged.items() if key.startswith("paid-")]
        for key, session_id in acknowledged.items():
            assert session_id in kept
            if not key.startswith("paid-"):
                again = client.v1.checkout.sessions.create(order(), {"idempotency_key": key})
                assert again.id == session_id
        completed = sum(status == "paid" for status in kept.values())
        receiver.wait_for("checkout.session.completed", completed, timeout=15)

    assert len(paid) > 3
    assert {kept[session_id] for session_id in paid} == {"paid"}
    assert len(kept_state["webhook_endpoints"]) == 1
    assert kept_state["captured"] == {"EUR": 2400 * completed}
    assert receiver.sessions_completed() >= set(paid)


def test_many_may_come_first() -> None:
    """The first requests of a new process may come all at once, to all endpoints."""
    with _process() as (_, url):
        statuses: list[int] = []
        start = threading.Barrier(12)

        def ask(path: str) -> None:
            headers = {"Authorization": "Bearer sk_test_1"}
            request = urllib.request.Request(f"{url}/v1/{path}", headers=headers)
            start.wait()
            with urllib.request.urlopen(request, timeout=5) as response:
                statuses.append(response.status)

        paths = ("account", "refunds", "events", "charges", "checkout/sessions", "payment_intents")
        threads = [threading.Thread(target=ask, args=(path,)) for path in paths * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)

    assert statuses == [200] * 12


def test_it_ends_with_its_parent() -> None:
    """When standard input ends, and with status 0."""
    with _process("--exit-with-parent") as (process, url):
        assert state(url)["sessions"] == []
        assert process.stdin is not None
        process.stdin.close()

        assert process.wait(5) == 0


def test_it_ends_when_asked(tmp_path: Path) -> None:
    """SIGTERM is a clean end, and its public address is the one it was given."""
    options = ("--data", str(tmp_path / "new" / "s.db"), "--public-url", "http://localhost:1/x/")
    with _process(*options) as (process, url):
        session = sdk(url).v1.checkout.sessions.create(order())
        process.terminate()

        assert process.wait(5) == 0
    assert session.url == f"http://localhost:1/x/pay/{session.id}"
