"""One stack per folder, several side by side, and nothing left behind by a dead one."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.programs.processes import is_alive
from dev.stack import manifest, ports
from dev.stack.console import Console
from dev.stack.lock import LockedError, StackLock

ROOT = Path(__file__).parents[3]

HOLDER = """
import sys, subprocess
from pathlib import Path
from dev.stack.console import Console
from dev.stack.lock import StackLock
lock = StackLock(Path(sys.argv[1]), Console())
child = subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(float(__import__('sys').argv[1]))",
     sys.argv[2], "-m dev."],
    pass_fds=(lock.descriptor,),
)
lock.note_services([child.pid])
if sys.argv[3] == "stopping":
    lock.note_stopping()
print(child.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holders() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that hold a lock; ended with the test."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def hold(
    holders: list[subprocess.Popen[str]], folder: Path, seconds: float, state: str = "running"
) -> tuple[subprocess.Popen[str], int]:
    """A process that holds the folder's lock, and the id of its service, which lives as long."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), str(seconds), state],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    holders.append(process)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def test_a_second_stack_is_refused(tmp_path: Path, holders: list[subprocess.Popen[str]]) -> None:
    """It learns at once which process runs the first."""
    first, _ = hold(holders, tmp_path, 0)

    with pytest.raises(LockedError) as refused:
        StackLock(tmp_path, Console())

    assert refused.value.pid == first.pid


def test_the_lock_is_free_when_the_last_service_has_gone(
    tmp_path: Path, holders: list[subprocess.Popen[str]]
) -> None:
    """After kill -9 of the supervisor a new stack waits for its services."""
    first, service = hold(holders, tmp_path, 1.0)
    first.kill()
    first.wait()
    started = time.monotonic()

    StackLock(tmp_path, Console()).release()

    assert not is_alive(service)
    assert time.monotonic() - started < 4


def test_a_service_left_behind_is_ended(
    tmp_path: Path, holders: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that does not notice the death of its supervisor is ended by the next stack."""
    monkeypatch.setattr("dev.stack.lock._GRACE_SECONDS", 0.2)
    first, service = hold(holders, tmp_path, 60)
    first.kill()
    first.wait()

    StackLock(tmp_path, Console()).release()

    assert not is_alive(service)


def test_a_stopping_stack_is_waited_for(
    tmp_path: Path, holders: list[subprocess.Popen[str]]
) -> None:
    """Stop and start again at once just works."""
    first, _ = hold(holders, tmp_path, 0, "stopping")
    assert first.stdin is not None
    first.stdin.close()

    StackLock(tmp_path, Console()).release()


def test_the_first_live_stack_owns_the_shared_file(
    tmp_path: Path, holders: list[subprocess.Popen[str]]
) -> None:
    """Others leave it alone; it changes hands when its owner is dead; only the owner removes it."""
    ours, shared = tmp_path / "stack-1", tmp_path / "stack.json"
    ours.mkdir()
    other, _ = hold(holders, tmp_path / "x", 0)
    manifest.write(shared, {"pid": other.pid})

    manifest.publish(tmp_path, ours, {"pid": os.getpid(), "api": "a"})
    assert json.loads(shared.read_text()) == {"pid": other.pid}
    manifest.withdraw(tmp_path, ours)
    assert shared.exists()
    assert not (ours / "stack.json").exists()

    other.kill()
    other.wait()
    manifest.publish(tmp_path, ours, {"pid": os.getpid(), "api": "a"})
    assert json.loads(shared.read_text())["api"] == "a"
    assert shared.stat().st_mode & 0o777 == 0o600
    manifest.withdraw(tmp_path, ours)
    assert not shared.exists()


def test_ports_give_way() -> None:
    """A part takes its usual port, and another one where that is taken or does not exist."""
    with ports.reserve(8080, "other") as first, ports.reserve(8080, "other") as second:
        assert first.getsockname()[1] != second.getsockname()[1]
        assert ports.choose(8080, "other") != first.getsockname()[1]
    assert ports.preferred(60_000, "webhook") == 0
    assert 1024 < ports.choose(60_000, "webhook") <= 65_535


def test_neighbours_do_not_meet() -> None:
    """Stacks on neighbouring ports have no port in common."""
    names = ("webhook", "control", "stripe", "dynamodb", "postgres", "other")
    all_ports = [ports.preferred(api, name) for api in (8080, 8081, 8082) for name in names]

    assert len(set(all_ports)) == len(all_ports)
