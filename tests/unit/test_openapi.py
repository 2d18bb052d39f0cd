"""The description of the API: complete, sound, and the same for the same code."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from aws_lambda_powertools.event_handler.openapi.models import OpenAPI
from pydantic import BaseModel

from dev.cloudformation import template
from dev.generators import openapi, openapi_operations
from functions.openapi import app
from holdfast.platform import errors
from holdfast.platform.models import Answer
from tests.harness.system.in_process import Context

Json = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Json:
    """The description as it is served."""
    return openapi.build()


def operations(document: Json) -> dict[str, Json]:
    """Every operation by its route key."""
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def resolved(document: Json, node: Json) -> Json:
    """What a reference points to."""
    while "$ref" in node:
        found: Any = document
        for name in node["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        node = found
    return node


def test_every_route_is_described(document: Json) -> None:
    """The description has the routes of template.yaml, each with an id of its own.

    Proves: ASVS 13.4.5, API9:2023
    """
    loaded = template.load(openapi.ROOT / "template.yaml").routes
    routes = {route.key for route in loaded if route.method != "HEAD"}
    ids = [operation["operationId"] for operation in operations(document).values()]

    assert set(operations(document)) == routes
    assert len(set(ids)) == len(ids)


def test_undescribed_route_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A route without a description stops the build."""
    fewer = dict(openapi_operations.OPERATIONS)
    del fewer["GET /health"]
    monkeypatch.setattr(openapi, "OPERATIONS", fewer)

    with pytest.raises(ValueError, match="GET /health"):
        openapi.build()


def test_document_is_sound(document: Json) -> None:
    """It has the shape of OpenAPI 3.1, and every reference can be resolved."""
    OpenAPI.model_validate(document)

    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)):
        assert resolved(document, {"$ref": reference})


def test_every_error_is_described(document: Json) -> None:
    """Each code of the catalogue is an answer of some operation, with its status and an example."""
    hooks = [item["post"] for item in document["webhooks"].values()]
    described = set()
    for operation in [*operations(document).values(), *hooks]:
        for status, answer in operation["responses"].items():
            content = resolved(document, answer).get("content", {})
            problem = content.get("application/problem+json")
            if problem is None:
                continue
            examples = {
                code: resolved(document, each) for code, each in problem["examples"].items()
            }
            for code, example in examples.items():
                assert (str(example["value"]["status"]), example["value"]["code"]) == (status, code)
            assert resolved(document, answer)["x-codes"] == list(examples)
            described |= examples.keys()

    assert described == {kind.code for kind in errors.CATALOGUE}


def test_a_problem_is_one_schema(document: Json) -> None:
    """Every error answer of every operation refers to it and adds nothing."""
    hooks = [item["post"] for item in document["webhooks"].values()]
    schemas = [
        answer["content"]["application/problem+json"]["schema"]
        for operation in [*operations(document).values(), *hooks]
        for each in operation["responses"].values()
        for answer in [resolved(document, each)]
        if "application/problem+json" in answer.get("content", {})
    ]

    assert len(schemas) > 100
    assert all(each == {"$ref": "#/components/schemas/Problem"} for each in schemas)


def test_bodies_are_named_schemas(document: Json) -> None:
    """Every JSON body has a named schema, so that a program's types have names too."""
    inline = [
        (key, status)
        for key, operation in operations(document).items()
        for status, said in {
            "request": operation.get("requestBody", {}),
            **operation["responses"],
        }.items()
        for media, body in resolved(document, said).get("content", {}).items()
        if media.endswith("json") and set(body["schema"]) != {"$ref"}
    ]

    assert inline == [("GET /openapi.json", "200")]


def _bodies(document: Json) -> Iterator[tuple[str, Json, list[Any]]]:
    """Where, the schema, and the examples of every body of the document."""
    hooks = {name: item["post"] for name, item in document["webhooks"].items()}
    for key, operation in {**operations(document), **hooks}.items():
        parts = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for part, said in parts.items():
            for media, body in resolved(document, said).get("content", {}).items():
                several = [
                    resolved(document, e)["value"] for e in body.get("examples", {}).values()
                ]
                single = [body["example"]] if "example" in body else []
                yield f"{key} {part} {media}", body["schema"], several + single


def test_every_body_has_an_example_that_fits(document: Json) -> None:
    """Requests, answers and errors: each has an example that is valid by its schema."""
    checked = 0
    for where, schema, examples in _bodies(document):
        assert examples, f"{where} has no example"
        whole = {**schema, "components": document["components"]}
        validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        for example in examples:
            wrong = [error.message for error in validator.iter_errors(example)]
            assert not wrong, (where, wrong, example)
            checked += 1

    assert checked > 300


def test_examples_of_answers_fit_the_models(document: Json) -> None:
    """The same by the models themselves, which check more than their schemas say."""
    known = {kind.__name__: kind for kind in _descendants(Answer)}
    fitting = set()
    for where, schema, examples in _bodies(document):
        name = schema.get("$ref", "").rpartition("/")[2]
        if name in known and "problem" not in where:
            for example in examples:
                known[name].model_validate(example)
            fitting.add(name)

    assert {"HeldBooking", "Confirmation", "SlotList"} <= fitting


def _descendants(kind: type[BaseModel]) -> list[type[BaseModel]]:
    return [found for each in kind.__subclasses__() for found in (each, *_descendants(each))]


def test_posts_take_an_idempotency_key(document: Json) -> None:
    """Every POST requires the header.

    Proves: ASVS 3.5.3
    """
    posts = {key: said for key, said in operations(document).items() if key.startswith("POST")}

    for operation in posts.values():
        parameters = [resolved(document, each) for each in operation["parameters"]]
        assert ("Idempotency-Key", True) in {(p["name"], p["required"]) for p in parameters}


def test_changes_say_which_version(document: Json) -> None:
    """Every PATCH requires If-Match, which is refused with 428 if it is missing, and a body that
    changes something."""
    patches = {key: said for key, said in operations(document).items() if key.startswith("PATCH")}

    assert patches
    for operation in patches.values():
        parameters = [resolved(document, each) for each in operation["parameters"]]
        assert ("If-Match", True) in {(p["name"], p["required"]) for p in parameters}
        assert "428" in operation["responses"]
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        assert resolved(document, body)["minProperties"] == 1


def test_what_has_no_body_is_described_without(document: Json) -> None:
    """204 and 304 have no content (RFC 9110), every other success does."""
    for operation in operations(document).values():
        for status, answer in operation["responses"].items():
            if int(status) < 400:
                assert ("content" in answer) == (status not in ("204", "304"))


def test_build_repeats_itself(document: Json) -> None:
    """The same code gives the same text."""
    assert json.dumps(openapi.build()) == json.dumps(document)


def test_docs_run_nothing_but_their_own() -> None:
    """The page's policy allows its one script and its one style by hash, and nothing else.

    Proves: ASVS 3.4.3
    """
    event = {
        "version": "2.0",
        "routeKey": "GET /docs",
        "rawPath": "/docs",
        "rawQueryString": "",
        "headers": {},
        "requestContext": {
            "requestId": "r",
            "stage": "$default",
            "http": {"method": "GET", "path": "/docs"},
        },
        "isBase64Encoded": False,
    }

    answer = app.lambda_handler(event, Context("openapi"))  # type: ignore[arg-type]
    policy = answer["headers"]["content-security-policy"]

    assert "unsafe" not in policy
    for element in ("script", "style"):
        (inside,) = re.findall(rf"<{element}>(.*?)</{element}>", answer["body"], re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', answer["body"])
