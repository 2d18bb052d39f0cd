"""Processes of the local stack: ports, ids, and helpers that never outlive their starter."""

import os
import select
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

_POLL_SECONDS = 0.2


def free_port() -> int:
    """A TCP port on 127.0.0.1 that was free a moment ago; the caller must cope with losing it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_alive(pid: int) -> bool:
    """Whether a process has this id, of any owner. A zombie counts as dead."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        # the state follows the command in brackets, which may itself contain brackets
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return True


def planted_clock() -> dict[str, str]:
    """What a process with an environment of its own needs so that its time is ours.

    Empty unless this one was started at a planted time (`python -m tests.dates`).
    """
    return {n: os.environ[n] for n in ("LD_PRELOAD", "HOLDFAST_CLOCK_SHIFT") if n in os.environ}


def command_line(pid: int) -> str:
    """The command line of a process, empty if there is none or the system won't say."""
    if sys.platform == "linux":  # a slim Linux has no ps
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            return ""
    listed = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], check=False, capture_output=True, text=True
    )
    return listed.stdout


def wait_for_exit(pid: int, timeout: float | None = None) -> bool:
    """Wait until the process is gone; False if it still lives after `timeout` seconds.

    Works for processes that are not our children. Linux wakes us at once through a pidfd, other
    systems are polled.
    """
    if hasattr(os, "pidfd_open"):
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        except OSError:
            pass  # a kernel or sandbox without pidfd
        else:
            try:
                return bool(select.select([descriptor], [], [], timeout)[0])
            finally:
                os.close(descriptor)
    deadline = None if timeout is None else time.monotonic() + timeout
    while is_alive(pid):
        if deadline is not None and time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def exit_with_parent() -> None:
    """End this process as soon as the one that started it has ended, even by SIGKILL.

    Watches the parent *process*. The kernel's own PR_SET_PDEATHSIG follows the parent thread and
    would end us with any short-lived thread that happened to start us.
    """
    parent = os.getppid()

    def watch() -> None:
        wait_for_exit(parent)
        os._exit(0)

    if parent == 1:  # already orphaned, or started by init, which never ends
        return
    threading.Thread(target=watch, name="exit-with-parent", daemon=True).start()
