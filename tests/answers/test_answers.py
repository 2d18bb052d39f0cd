"""Every answer stays what it was: statuses, headers, bodies, the order of their members.

Recorded by `make answers`, through the real handlers; see `recorder` for what is masked.
"""

import difflib
import json
import re

import pytest

from holdfast.platform import errors
from tests.answers.recording import FAMILIES, kept, played
from tests.harness.database import cluster

OPENAPI = cluster.ROOT / "docs" / "openapi.json"


@pytest.mark.parametrize("family", FAMILIES)
def test_answers_are_what_they_were(server: cluster.Server, dynamodb: str, family: str) -> None:
    """The requests of a family, sent again: the same text."""
    recorded = kept(family).read_text(encoding="utf-8")
    now = played(server, dynamodb, family)

    lines = (text.splitlines() for text in (recorded, now))
    difference = difflib.unified_diff(*lines, "recorded", "now", n=4, lineterm="")
    assert "\n".join(list(difference)[:200]) == ""


def test_nothing_else_is_recorded() -> None:
    """Each file belongs to a family."""
    files = {path.stem for path in kept("x").parent.glob("*.txt")}

    assert files == set(FAMILIES)


_GENERATED = ("/openapi.json", "/docs")  # `make check-generated` compares them
_UNREACHED = {  # what it takes more than requests to bring about; other tests do
    "internal_error": "a fault of ours",
    "request_in_progress": "a twin at the same moment",
    "calendar_stale": "a calendar that is read too slowly",
    "tenant_moving": "a tenant on its way to another database",
}


def test_every_operation_is_asked_and_every_error_is_met() -> None:
    """So that none changes unnoticed."""
    asked = "\n".join(kept(family).read_text(encoding="utf-8") for family in FAMILIES)
    operations = [
        (method.upper(), path)
        for path, methods in json.loads(OPENAPI.read_text(encoding="utf-8"))["paths"].items()
        for method in methods
        if path not in _GENERATED
    ]
    unasked = [
        f"{method} {path}"
        for method, path in operations
        if not re.search(
            f"^{method} " + re.sub(r"\{\w+\}", "[^/]+", path) + "[,?]", asked, re.MULTILINE
        )
    ]
    unmet = {kind.code for kind in errors.CATALOGUE if f" {kind.code}\n" not in asked}

    assert unasked == []
    assert unmet == set(_UNREACHED)
