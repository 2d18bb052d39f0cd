"""Which tests run on one worker, because they share an expensive resource."""

import re

from xdist.scheduler import LoadScopeScheduling

# the whole stack and Chromium; a scene; a database that has grown
_SHARED = re.compile(
    r"(tests/browser/|tests/interleavings/\w+\.py::\w+\[[^\]-]+"
    r"|tests/sql/test_plans\.py::\w+\[planned [^\]-]+)"
)
_TEST = re.compile(r"::\w+")


def group(nodeid: str) -> str:
    """What a test shares, or its own id."""
    shared = _SHARED.match(nodeid)
    return _TEST.sub("", shared[0]) if shared else nodeid


class Together(LoadScopeScheduling):
    """`--dist loadgroup`, by what a test's id says.

    xdist 3.8 passes a group on as a part of the id, which pytest 9.2 does not let it change.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)
