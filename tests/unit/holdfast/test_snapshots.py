"""SnapStart: what is copied into every environment, and what is not."""

import ast
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from awslambdaric import lambda_runtime_hooks_runner as runner

from holdfast.platform import database as holdfast_database
from holdfast.platform import snapstart
from holdfast.platform.settings import settings
from tests.harness.database.cluster import ROOT
from tests.harness.database.migrated import Database

# Cached, and the same in every environment: no secret, no connection, nothing random.
CONSTANT = {
    ("holdfast.calendars.reading", "source"),
    ("holdfast.calendars.windows_zones", "_by_lower_name"),
    ("holdfast.calendars.windows_zones", "_by_place"),
    ("holdfast.calendars.zones", "_iana_names"),
    ("holdfast.platform.certificates", "_amazons"),
    ("holdfast.platform.certificates", "_folder"),
    ("holdfast.platform.certificates", "_stored"),
    ("holdfast.api.idempotency", "config"),
    ("holdfast.platform.observability", "logger"),
    ("holdfast.platform.observability", "metrics"),
    ("holdfast.calendars.windows_zones", "_by_lower_name"),
    ("holdfast.calendars.windows_zones", "_by_place"),
    ("holdfast.calendars.zones", "_iana_names"),
    ("holdfast.platform.snapstart", "take_part"),
}

# Starts a handler as Lambda does, up to the snapshot; copies the process, as restoring does.
_COPIES = """
import importlib, json, os, random, sys

from awslambdaric import lambda_runtime_hooks_runner as runner

importlib.import_module("functions.checkout.app")
if sys.argv[1] == "hooks":
    runner.run_before_snapshot()
random.random()
state, told = random.getstate(), []
for _ in range(2):
    reading, writing = os.pipe()
    if os.fork() == 0:
        random.setstate(state)  # a restored environment knows nothing of having been copied
        if sys.argv[1] == "hooks":
            runner.run_after_restore()
        os.write(writing, json.dumps(random.random()).encode())
        os._exit(0)
    os.wait()
    told.append(json.loads(os.read(reading, 100)))
session = sys.modules["boto3"].DEFAULT_SESSION
print(json.dumps({
    "told": told,
    "loaded": session is not None,
    "credentials": session is not None and session._session._credentials is not None,
}))
"""


@cache
def _copies(mode: str) -> dict[str, object]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "core")])
    done = subprocess.run(
        [sys.executable, "-c", _COPIES, mode],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.defpath, "PYTHONPATH": path, "POWERTOOLS_SERVICE_NAME": "holdfast"},
    )
    told: dict[str, object] = json.loads(done.stdout)
    return told


def test_restored_environments_draw_different_numbers() -> None:
    """Lambda's own runner runs the hooks that importing a handler registered.

    Proves: ASVS 11.5.1
    """
    with_hooks, without = _copies("hooks"), _copies("none")

    assert len(set(map(str, with_hooks["told"]))) == 2  # type: ignore[call-overload]
    assert len(set(map(str, without["told"]))) == 1  # type: ignore[call-overload]


def test_what_takes_long_is_loaded_before() -> None:
    """The snapshot has the AWS SDK's description of DynamoDB, and no credentials."""
    with_hooks, without = _copies("hooks"), _copies("none")

    assert (with_hooks["loaded"], without["loaded"]) == (True, False)
    assert with_hooks["credentials"] is False


def test_nothing_of_an_environment_is_in_the_snapshot(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is closed at the server too, and secrets are read again; then all works."""
    monkeypatch.setenv("DATABASE_URL", database.url("holdfast_health"))
    settings.cache_clear()
    ours = (
        "select count(*) from pg_stat_activity where usename = 'holdfast_health' and datname = %s"
    )
    holdfast_database.call("health")
    secrets, connections = settings(), database.value(ours, database.name)

    snapstart.before_snapshot()

    assert connections == 1
    assert holdfast_database._connections == {}
    assert settings() is not secrets
    snapstart.after_restore()
    holdfast_database.call("health")
    snapstart.forget()


def test_every_cache_is_classified() -> None:
    """Every cache is listed as one that may be copied into other environments, or one that may
    not.
    """
    found = set()
    for path in sorted((ROOT / "layers/core/holdfast").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT / "layers/core").with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            decorators = getattr(node, "decorator_list", [])
            if any(re.search(r"\b(lru_)?cache\b", ast.unparse(each)) for each in decorators):
                found.add((module, node.name))  # type: ignore[attr-defined]
    forgotten = {(m, name) for m, names in snapstart.CACHES.items() for name in names}

    assert found == forgotten | CONSTANT
    assert not forgotten & CONSTANT


def test_functions_with_snapshots_take_part() -> None:
    """In the template SnapStart is on for exactly the handlers that register the hooks."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    blocks = re.split(r"\n  (?=\w+:)", text)
    snapped = {
        found[1]
        for block in blocks
        if "\n      SnapStart:" in block and (found := re.search(r"functions/(\w+)/", block))
    }
    taking = {
        path.parent.name
        for path in Path(ROOT / "functions").glob("*/app.py")
        if "snapstart.take_part()" in path.read_text(encoding="utf-8")
    }

    assert snapped
    assert snapped == taking


def test_the_runner_is_lambdas_own() -> None:
    """The hooks are registered where awslambdaric looks, once however often it is called."""
    snapstart.take_part()
    snapstart.take_part()
    before = [each[0] for each in runner.get_before_snapshot()]
    after = [each[0] for each in runner.get_after_restore()]

    assert before.count(snapstart.before_snapshot) == 1
    assert after.count(snapstart.after_restore) == 1
