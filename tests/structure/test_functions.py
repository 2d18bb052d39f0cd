"""The folders, the template, the routes and the events describe the same functions."""

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from dev.cloudformation import template
from dev.cloudformation.intrinsics import parse
from tests.harness.database.cluster import ROOT

TEMPLATE = template.load(ROOT / "template.yaml")
FOLDERS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def _logical_id(folder: str) -> str:
    return "".join(word.capitalize() for word in folder.split("_")) + "Function"


def test_folders_are_the_functions_of_the_template() -> None:
    """functions/expire_holds is ExpireHoldsFunction; neither exists without the other."""
    declared = {name: str(function.code) for name, function in TEMPLATE.functions.items()}

    assert declared == {_logical_id(folder): f"functions/{folder}" for folder in FOLDERS}


def test_runtime_is_what_we_ship() -> None:
    """SAM accepts any string for a runtime and an architecture."""
    document = parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    shared = document["Globals"]["Function"]
    own = [resource.get("Properties", {}).get("Runtime") for resource in _functions(document)]

    assert (shared["Runtime"], shared["Architectures"]) == ("python3.13", ["arm64"])
    assert set(own) == {None}


def _functions(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [r for r in document["Resources"].values() if r["Type"] == "AWS::Serverless::Function"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_role_is_the_functions_own(folder: str) -> None:
    """A function logs in to the database under its own name; the migration as the owner."""
    role = TEMPLATE.functions[_logical_id(folder)].environment.get("DATABASE_ROLE")

    assert role == {"migrate": "", "openapi": None}.get(folder, f"holdfast_{folder}")


def test_routes_are_those_of_the_handlers() -> None:
    """Every route of the template is answered, and every handler's route is in it; HEAD where GET
    is.
    """
    answered = set()
    for folder in FOLDERS:
        app = getattr(importlib.import_module(f"functions.{folder}.app"), "app", None)
        if app is not None:
            for path, item in app.get_openapi_schema().paths.items():
                methods = [method for method in METHODS if getattr(item, method, None)]
                methods += ["head"] if "get" in methods else []  # holdfast/api/answers.py
                answered |= {(m.upper(), path, _logical_id(folder)) for m in methods}

    assert answered == {(route.method, route.path, route.function) for route in TEMPLATE.routes}


@pytest.mark.parametrize("folder", FOLDERS)
def test_function_has_events(folder: str) -> None:
    """Each function has sample events, for `sam local invoke` and for its tests."""
    events = sorted((ROOT / "events").glob(f"{folder}.*.json"))

    assert events
    for event in events:
        json.loads(event.read_text(encoding="utf-8"))


def test_every_event_has_a_function() -> None:
    """A sample is named <function>.<case>.json."""
    wrong = [
        path.name
        for path in sorted((ROOT / "events").iterdir())
        if not re.fullmatch(rf"({'|'.join(FOLDERS)})\.[a-z0-9_-]+\.json", path.name)
    ]

    assert wrong == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_handler_is_short(folder: str) -> None:
    """A handler translates and decides nothing: longer code belongs to a use case."""
    lines = Path(ROOT, "functions", folder, "app.py").read_text(encoding="utf-8").count("\n")

    assert lines <= 120
