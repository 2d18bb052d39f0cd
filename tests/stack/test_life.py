"""Starting, stopping, being killed, and living side by side."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.stack.conftest import StartStack
from tests.stack.running import ROOT, Stack, gone, send

pytestmark = pytest.mark.stack

KEYS = {
    "api", "webhook", "stripe", "booking_page", "docs", "database", "publishable_key",
    "secret_key", "webhook_secret", "tenant_id", "resources", "pools", "control", "pid",
}  # fmt: skip


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_it_says_what_it_offers(stack: Stack) -> None:
    """stack.json is complete and private; the screen shows the same and a first command."""
    file = stack.folder / "stack.json"

    assert stack.manifest.keys() >= KEYS
    assert file.stat().st_mode & 0o777 == 0o600
    for resource in stack.manifest["resources"]:
        assert {"id", "name", "timezone", "offerings"} <= resource.keys()
        assert all({"id", "name"} <= offering.keys() for offering in resource["offerings"])
    assert json.loads((stack.data / "stack.json").read_text()) == stack.manifest
    for key in ("api", "webhook", "stripe", "docs", "publishable_key", "tenant_id"):
        assert stack.manifest[key] in stack.said()


def test_the_first_command_works_as_printed(stack: Stack) -> None:
    """What is printed can be pasted."""
    line = next(line for line in stack.said().splitlines() if line.strip().startswith("curl "))

    answer = subprocess.run(["sh", "-c", line], check=True, capture_output=True, text=True)

    assert json.loads(answer.stdout)["slots"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything(new_stack: StartStack, number: signal.Signals) -> None:
    """Exit status 0, no process, no open port, no stack.json; the data stay."""
    stack = new_stack().up()
    held = stack.hold(stack.slots()[0])
    before = stack.processes()
    assert len(before) > 5

    assert stack.signal(number) == 0
    assert gone(before, 0) == set()
    assert "Stopped." in stack.said()
    assert not (stack.folder / "stack.json").exists()
    assert not (stack.data / "stack.json").exists()
    with pytest.raises(OSError, match="refused"):
        send("GET", stack.manifest["api"])

    first, keys = stack.manifest, ("publishable_key", "secret_key", "tenant_id", "resources")
    stack.up()
    assert {key: stack.manifest[key] for key in keys} == {key: first[key] for key in keys}
    found = stack.call(
        "GET", f"/v1/bookings/{held.body['id']}", booking_secret=held.body["client_secret"]
    )
    assert found.status == 200


def test_two_stacks_live_side_by_side(new_stack: StartStack) -> None:
    """They share no port and no data; the first owns the shared file."""
    first, second = new_stack(), new_stack()
    with ThreadPoolExecutor(2) as starters:
        list(starters.map(Stack.up, (first, second)))

    slot = first.slots()[0]
    assert first.hold(slot).status == 201
    assert second.hold(slot).status == 201
    owner = json.loads((first.data / "stack.json").read_text())
    assert owner in (first.manifest, second.manifest)
    other = second if owner == first.manifest else first
    other.signal(signal.SIGINT)
    assert json.loads((first.data / "stack.json").read_text()) == owner


def test_killed_in_the_middle_it_comes_back(new_stack: StartStack) -> None:
    """After kill -9 under load nothing lives on, and what was answered is still true."""
    stack = new_stack().up()
    slots = stack.slots()[:40]
    stack.hold(slots.pop())
    answered: list[dict[str, Any]] = []
    enough = threading.Event()

    def book(slot: dict[str, Any]) -> None:
        for _ in range(2):  # a rival for each time
            with contextlib.suppress(OSError, ValueError):
                answer = stack.hold(slot)
                if answer.status == 201:
                    answered.append(answer.body)
                    if len(answered) >= 8:
                        enough.set()

    with ThreadPoolExecutor(4) as customers:
        done = [customers.submit(book, slot) for slot in slots]
        assert enough.wait(60)
        before = stack.processes()
        assert stack.signal(signal.SIGKILL) == -signal.SIGKILL
        assert gone(before) == set()
        for each in done:
            each.result()

    stack.up()
    for booking in answered:
        found = stack.call(
            "GET", f"/v1/bookings/{booking['id']}", booking_secret=booking["client_secret"]
        )
        assert (found.status, found.body["status"]) == (200, "held")
    with psycopg.connect(stack.manifest["database"]) as connection:
        twice = connection.execute(
            "select count(*) from core.occupancies as a join core.occupancies as b"
            " on a.resource_id = b.resource_id and a.unit = b.unit and a.during && b.during"
            " and a.booking_id < b.booking_id"
        ).fetchone()
    assert twice == (0,)


def test_it_starts_again_at_once_after_kill(new_stack: StartStack) -> None:
    """A new start doesn't fail over what a killed stack leaves for a moment."""
    stack = new_stack().up()
    stack.signal(signal.SIGKILL)

    assert stack.up().slots()


def test_a_service_that_dies_is_started_again(new_stack: StartStack) -> None:
    """Stripe's double keeps its data, DynamoDB gets its tables again; requests work as before."""
    stack = new_stack().up()
    slot = stack.slots()[0]
    services = json.loads((stack.folder / "lock").read_text())["services"]
    for service in services:
        os.kill(service, signal.SIGKILL)
    assert gone(set(services)) == set()

    deadline = time.monotonic() + 30
    while (held := stack.hold(slot, idempotency_key="held-once-and-only-once")).status != 201:
        assert held.status in (409, 503), held
        assert time.monotonic() < deadline, held
        time.sleep(0.2)
    assert send("GET", f"{stack.manifest['stripe']}/_double/state").status == 200


def test_localhost_is_reached_by_either_address(stack: Stack) -> None:
    """It prints localhost, which browsers trust: a name for two addresses, both served."""
    addresses = ["localhost", "127.0.0.1", *(["[::1]"] if _has_ipv6() else [])]
    for key in ("api", "docs", "booking_page"):
        assert stack.manifest[key].startswith(f"http://localhost:{stack.port}"), key
        assert stack.manifest[key] in stack.said()
    for address in addresses:
        for path in ("/health", "/docs", "/"):
            assert send("GET", f"http://{address}:{stack.port}{path}").status == 200


def test_nothing_is_left_in_the_temporary_folder(
    new_stack: StartStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often a stack is started, the system's folder has no more files than before."""
    place = tmp_path / "temporary"
    place.mkdir(mode=0o1777)
    monkeypatch.setenv("TMPDIR", str(place))
    stack = new_stack().up()
    assert stack.hold(stack.slots()[0]).status == 201
    stack.signal(signal.SIGINT)

    assert list(place.iterdir()) == []


@pytest.mark.parametrize("address", ["127.0.0.1", *(["::1"] if _has_ipv6() else [])])
def test_a_busy_port_is_named(new_stack: StartStack, address: str) -> None:
    """A plain message, no traceback, and nothing left running; also if only one of localhost's two
    addresses is taken: otherwise another program would get what is meant for the stack.
    """
    stack = new_stack()
    stack.data.mkdir(parents=True)
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as other:
        other.bind((address, stack.port))
        other.listen()
        refused = subprocess.Popen(
            stack.command("--parent", str(os.getpid())),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            said, complained = refused.communicate(timeout=30)
        except subprocess.TimeoutExpired:  # it has started all the same
            refused.send_signal(signal.SIGINT)
            said, complained = refused.communicate(timeout=30)

    assert refused.returncode == 1
    assert f"Port {stack.port} is in use" in said
    assert "PORT=" in said
    assert "Traceback" not in said + complained


def test_a_running_stack_is_not_reset_or_started_twice(stack: Stack) -> None:
    """Both are refused, naming the process, and the running stack continues."""
    for options in ([], ["--reset"]):
        refused = subprocess.run(
            stack.command(*options), check=False, cwd=ROOT, capture_output=True, text=True
        )

        assert refused.returncode == 1
        assert f"process {stack.manifest['pid']}" in refused.stdout
    assert stack.slots()


def test_without_make_it_ends(new_stack: StartStack) -> None:
    """When make is killed, even before the stack is ready, the stack stops by itself."""
    stack = new_stack()
    stack.data.mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"]) as make:
        supervisor = subprocess.Popen(
            stack.command("--parent", str(make.pid)), cwd=ROOT, stdout=subprocess.DEVNULL
        )
        make.kill()

    assert supervisor.wait(60) == 0
