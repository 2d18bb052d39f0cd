"""Who imports what: layers, lazy imports, and nothing done at import."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.cloudformation import template
from tests.harness.database.cluster import ROOT

SHIPPED = sorted([*(ROOT / "layers").rglob("*.py"), *(ROOT / "functions").rglob("*.py")])
FOLDERS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))
CORE = "layers/core/holdfast/"

# Modules with one place: only files that start with one of these may import them.
ONLY_IN = {
    "psycopg": (
        *(f"{CORE}platform/database.py", f"{CORE}migrations/"),
        *(f"{CORE}access/tenants.py", f"{CORE}access/secret_replacement.py"),
    ),
    "stripe": (f"{CORE}stripe/gateway.py",),
    "boto3": (
        *(f"{CORE}api/idempotency.py", f"{CORE}platform/dynamodb.py"),
        f"{CORE}outbox/mail.py",
    ),
    "botocore": (
        *(f"{CORE}api/idempotency.py", f"{CORE}api/limits.py", f"{CORE}platform/dynamodb.py"),
        f"{CORE}outbox/mail.py",
    ),
}

# Slow to import (FACTS of cold starts: a quarter of a second each): functions that need them.
NEEDED_BY = {
    "stripe": {"checkout", "confirmation", "deliver", "lifecycle", "reconcile", "webhook"},
    "boto3": {
        *("blackouts", "calendars", "catalogue", "checkout", "lifecycle", "pools", "schedules"),
        "waitlist",
    },
    "psycopg": set(FOLDERS) - {"openapi"},
}

_IMPORT = """
import importlib, json, os, sys

read, sockets = [], []
watched = set(sys.argv[2].split(","))

class Environment(type(os.environ)):
    def __getitem__(self, key):
        if key in watched:
            read.append(key)
        return super().__getitem__(key)

plain = os.environ
os.environ = Environment(
    plain._data, plain.encodekey, plain.decodekey, plain.encodevalue, plain.decodevalue
)
sys.addaudithook(
    lambda event, _: sockets.append(event)
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto") else None
)
importlib.import_module(sys.argv[1])
loaded = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps({"read": read, "sockets": sockets, "loaded": loaded}))
"""


def _imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Top-level package of every import, and whether it happens when the module is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lazy = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0], id(node) not in lazy
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], id(node) not in lazy


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_nothing_shipped_imports_what_is_not() -> None:
    """Layers and functions run without dev/ and tests/.

    Proves: ASVS 15.2.3
    """
    wrong = [
        (_name(path), package)
        for path in SHIPPED
        for package, _ in _imports(path)
        if package in {"dev", "tests", "pytest", "moto"}
    ]

    assert wrong == []


@pytest.mark.parametrize("package", ONLY_IN)
def test_package_has_one_place(package: str) -> None:
    """One module talks to each outside system, the others use that module.

    Proves: ASVS 1.2.4
    """
    users = {_name(path) for path in SHIPPED for found, _ in _imports(path) if found == package}

    assert [user for user in sorted(users) if not user.startswith(ONLY_IN[package])] == []


def test_boto3_is_imported_where_it_is_called() -> None:
    """No module of ours imports the AWS SDK before it is used."""
    early = [
        _name(path)
        for path in SHIPPED
        for package, at_import in _imports(path)
        if package in {"boto3", "botocore"} and at_import
    ]

    assert early == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_import_of_a_handler(folder: str) -> None:
    """It reads none of our variables, makes no call, and loads no package it does not need.

    urllib3, below stripe, binds a local port to see whether there is IPv6: that is no call.
    """
    variables = {
        name
        for function in template.load(ROOT / "template.yaml").functions.values()
        for name in function.environment
        if not name.startswith("POWERTOOLS_")  # Powertools reads those, in its own way
    }
    variables |= {"DATABASE_URL", "STRIPE_API_KEY", "STRIPE_API_BASE", "SQL_DIR"}
    paths = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "core")])
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT, f"functions.{folder}.app", ",".join(sorted(variables))],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.defpath, "PYTHONPATH": paths, "POWERTOOLS_SERVICE_NAME": "holdfast"},
    )
    seen = json.loads(done.stdout)
    unneeded = {package for package, users in NEEDED_BY.items() if folder not in users}

    assert (seen["read"], seen["sockets"]) == ([], [])
    assert set(seen["loaded"]) & (unneeded | {"dev", "tests", "moto", "pytest"}) == set()
