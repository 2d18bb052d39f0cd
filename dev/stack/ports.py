"""Which port each part of a stack listens on.

A stack is known by the port of its API. The others are derived from it, a thousand apart so that
neighbours (8080, 8081) never meet, and replaced by any free port where that one is taken.
"""

import errno
import socket

from dev.programs.processes import free_port
from dev.stack.runtime_api import listen

_BASE, _SPACING, _HIGHEST = 10_000, 1_000, 65_535
_NUMBERS = {"webhook": 0, "control": 1, "stripe": 2, "dynamodb": 3, "postgres": 4, "other": 5}


def doors(port: int) -> list[socket.socket]:
    """Sockets on a port of each loopback address: "localhost" is either, and browsers try both.

    Raises OSError if another program has the port on one: it would get what is meant for us.
    """
    first = listen(port)
    try:
        return [first, listen(first.getsockname()[1], "::1")]
    except OSError as error:
        if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            first.close()
            raise
        return [first]  # a machine without IPv6


def preferred(api: int, name: str) -> int:
    """A part's preferred port, 0 if no port has that number."""
    port = api + _BASE + _SPACING * _NUMBERS[name]
    return port if port <= _HIGHEST else 0


def reserve(api: int, name: str) -> socket.socket:
    """A listening socket on the preferred port of a part, or on a free one."""
    try:
        sock = listen(preferred(api, name))
        sock.listen(128)  # only a listening socket keeps others away
    except OSError:
        sock = listen(0)
        sock.listen(128)
    return sock


def choose(api: int, name: str) -> int:
    """The preferred port of a part if it is free at the moment, or a free one."""
    port = preferred(api, name)
    if port == 0:
        return free_port()
    try:
        with listen(port) as probe:
            probe.listen(1)
    except OSError:
        return free_port()
    return port
