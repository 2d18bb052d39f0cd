"""The template and the two it contains fit together."""

import graphlib
from typing import Any

import pytest

from tests.template.expansion import BROUGHT, CREATED, ROOT, document, expand, listed, translate

NESTED = sorted(path.name for path in (ROOT / "infra").glob("*.yaml"))
RESOURCES = 500  # CloudFormation's limit of one stack


def _references(node: Any) -> set[str]:
    """Names of parameters, conditions and resources that a piece of template uses."""
    if isinstance(node, list):
        return {name for each in node for name in _references(each)}
    if not isinstance(node, dict):
        return set()
    found = {name for each in node.values() for name in _references(each)}
    match node:
        case {"Ref": str() as name} | {"Condition": str() as name}:
            found.add(name)
        case {"Fn::Sub": str() as text} | {"Fn::Sub": [str() as text, _]}:
            found |= {part.partition("}")[0] for part in text.split("${")[1:]}
        case {"Fn::If": [str() as name, *_]} | {"Fn::GetAtt": [str() as name, *_]}:
            found.add(name)
    return found


def _stacks() -> dict[str, dict[str, Any]]:
    return {
        resource["Properties"]["TemplateURL"]: resource["Properties"].get("Parameters", {})
        for resource in document()["Resources"].values()
        if resource["Type"] == "AWS::CloudFormation::Stack"
    }


def test_nested_templates_are_those_in_infra() -> None:
    """Each file has its place, each place its file."""
    assert sorted(_stacks()) == [f"infra/{name}" for name in NESTED]


@pytest.mark.parametrize("name", NESTED)
def test_nested_templates_get_their_parameters(name: str) -> None:
    """Every passed parameter exists, and every one without a default is passed."""
    declared = document(ROOT / "infra" / name)["Parameters"]
    passed = _stacks()[f"infra/{name}"].keys()
    needed = {key for key, parameter in declared.items() if "Default" not in parameter}

    assert needed <= passed <= declared.keys()


def test_outputs_of_nested_templates_exist() -> None:
    """The outputs that the template uses exist."""
    source = document()
    files = {
        name: resource["Properties"]["TemplateURL"]
        for name, resource in source["Resources"].items()
        if resource["Type"] == "AWS::CloudFormation::Stack"
    }
    used = {
        (stack, output)
        for stack in files
        for output in _outputs_used(source["Resources"] | source["Globals"], stack)
    }
    given = {
        (stack, output)
        for stack, file in files.items()
        for output in document(ROOT / file)["Outputs"]
    }

    assert used
    assert used - given == set()


def _outputs_used(node: Any, stack: str) -> set[str]:
    prefix = f"{stack}.Outputs."
    if isinstance(node, list):
        return {name for each in node for name in _outputs_used(each, stack)}
    if isinstance(node, str):
        parts = node.split("${" + prefix)[1:]
        return {part.partition("}")[0] for part in parts}
    if not isinstance(node, dict):
        return set()
    match node:
        case {"Fn::GetAtt": [str() as name, str() as attribute]} if name == stack:
            return {attribute.removeprefix("Outputs.")}
    return {name for each in node.values() for name in _outputs_used(each, stack)}


@pytest.mark.parametrize("name", ["template.yaml", *(f"infra/{name}" for name in NESTED)])
def test_every_parameter_and_condition_is_used(name: str) -> None:
    """Every choice has an effect."""
    source = document(ROOT / name)
    used = _references({key: value for key, value in source.items() if key != "Parameters"})
    declared = source.get("Parameters", {}).keys() | source.get("Conditions", {}).keys()

    assert declared - used == set()


def test_a_stack_has_room_for_it() -> None:
    """Well below CloudFormation's limit."""
    assert len(expand(CREATED).resources) < RESOURCES * 0.7


def test_reserving_takes_what_it_says() -> None:
    """The description of the parameter is the sum over all functions."""
    told = document()["Parameters"]["ReservedConcurrency"]["Description"]
    for size in ("small", "medium", "large"):
        functions = expand(CREATED | {"ReservedConcurrency": size}).functions()
        total = sum(int(each.get("ReservedConcurrentExecutions", 0)) for each in functions.values())

        assert f"{total} ({size})" in told


def test_nothing_is_reserved_unless_asked_for() -> None:
    """Except for the webhook, whose address is public and has no rate of its own.

    Proves: ASVS 15.2.2
    """
    functions = expand({key: CREATED[key] for key in CREATED if key != "ReservedConcurrency"})

    reserved = {
        name: int(each["ReservedConcurrentExecutions"])
        for name, each in functions.functions().items()
        if "ReservedConcurrentExecutions" in each
    }

    assert reserved == {"Webhook": 5}


def test_a_new_account_reserves_nothing() -> None:
    """With WebhookConcurrency 0 not even for the webhook: the account has nothing to give."""
    functions = expand(BROUGHT | {"WebhookConcurrency": "0"}).functions()

    assert "ReservedConcurrentExecutions" not in str(functions)


def test_nothing_waits_for_itself() -> None:
    """Resources can be made one after the other: no circle of references and dependencies."""
    resources = translate(document(), CREATED)["Resources"]
    waits = {
        name: {
            used.partition(".")[0]
            for used in _references(resource) | set(listed(resource.get("DependsOn", [])))
        }
        & resources.keys()
        for name, resource in resources.items()
    }

    assert list(graphlib.TopologicalSorter(waits).static_order())
