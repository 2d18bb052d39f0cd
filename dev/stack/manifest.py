"""stack.json: what a running stack offers, for people, scripts and tests.

Each stack writes its own, `.local/stack-<port>/stack.json`. `.local/stack.json` is a copy of the
first live stack's; it changes hands when its owner, known by its process id, is gone.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dev.programs.processes import is_alive


def publish(local: Path, folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the stack's own file and, unless a live stack owns it, the shared copy."""
    write(folder / "stack.json", manifest)
    with _held(local):
        owner = _owner(local / "stack.json")
        if owner is None or owner == os.getpid() or not is_alive(owner):
            write(local / "stack.json", manifest)


def clear(local: Path, folder: Path) -> None:
    """Remove what a killed stack left: a reader that waits for a file must not find an old one."""
    (folder / "stack.json").unlink(missing_ok=True)
    with _held(local):
        owner = _owner(local / "stack.json")
        if owner is None or not is_alive(owner):
            (local / "stack.json").unlink(missing_ok=True)


def withdraw(local: Path, folder: Path) -> None:
    """Remove the files of this process."""
    (folder / "stack.json").unlink(missing_ok=True)
    with _held(local):
        if _owner(local / "stack.json") == os.getpid():
            (local / "stack.json").unlink(missing_ok=True)


def write(path: Path, manifest: Mapping[str, Any]) -> None:
    """Replace a file at once: a reader finds the old one or the new one. It holds keys: 0600."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=2, ensure_ascii=False)
        file.write("\n")
    unfinished.replace(path)


def _owner(path: Path) -> int | None:
    try:
        pid = json.loads(path.read_text(encoding="utf-8")).get("pid")
    except (OSError, ValueError, AttributeError):
        return None
    return pid if isinstance(pid, int) else None


@contextlib.contextmanager
def _held(local: Path) -> Iterator[None]:
    """Two stacks that start or stop at once take turns with the shared copy."""
    descriptor = os.open(local / "stack.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
