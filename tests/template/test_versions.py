"""What makes a new version of a function: a changed template or layer."""

import functools
from collections.abc import Callable
from typing import Any

import pytest

from tests.template.expansion import BROUGHT, document, translate

Change = Callable[[dict[str, Any]], None]


def _versions(change: Change = lambda resources: None) -> dict[str, str]:
    """Logical id of each function's version, by function."""
    source = document()
    change(source["Resources"])
    resources = translate(source, BROUGHT)["Resources"]
    return {
        resource["Properties"]["FunctionName"]["Ref"]: name
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Version"
    }


_BEFORE = functools.cache(_versions)


def _changed(change: Change) -> set[str]:
    before, after = _BEFORE(), _versions(change)
    return {name for name in before if before[name] != after[name]}


def _uploaded(name: str, key: str) -> Change:
    def change(resources: dict[str, Any]) -> None:
        resources[name]["Properties"][key] = "s3://packages/another"

    return change


def test_another_layer_is_a_version_of_all() -> None:
    """The shared code is in the layer: the functions' own files do not change with it."""
    assert _changed(_uploaded("CoreLayer", "ContentUri")) == _BEFORE().keys()


def test_other_code_is_a_version_of_one() -> None:
    """The other functions stay as they are."""
    assert _changed(_uploaded("WebhookFunction", "CodeUri")) == {"WebhookFunction"}


@pytest.mark.parametrize(
    ("name", "value"), [("Timeout", 19), ("MemorySize", 640), ("Tracing", "PassThrough")]
)
def test_another_setting_is_a_version(name: str, value: Any) -> None:
    """Settings count like code."""

    def change(resources: dict[str, Any]) -> None:
        resources["HealthFunction"]["Properties"][name] = value

    assert _changed(change) == {"HealthFunction"}


def test_another_release_is_a_version_of_all() -> None:
    """SAM does not compare the values of parameters, so the release stands for all of them.

    CloudFormation replaces a version whose description changes.
    """
    resources = translate(document(), BROUGHT)["Resources"]
    described = {
        resource["Properties"]["FunctionName"]["Ref"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Lambda::Version"
        and resource["Properties"].get("Description") == {"Ref": "Release"}
    }

    assert described == _BEFORE().keys() - {"MigrateFunction"}


def test_old_versions_go() -> None:
    """A snapshot is paid for as long as its version exists."""
    resources = translate(document(), BROUGHT)["Resources"].values()
    policies = {
        resource.get("DeletionPolicy")
        for resource in resources
        if resource["Type"] == "AWS::Lambda::Version"
    }

    assert policies == {"Delete"}
