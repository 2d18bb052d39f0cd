"""The OpenAPI description of the HTTP API, put together from what already says it.

Routes come from template.yaml, parameters and bodies from the handlers' signatures and models,
errors from `holdfast.platform.errors`, the rest from `openapi_operations`. Needs layers/core
on the import path.

Source: OpenAPI Specification 3.1.1.
"""

import copy
import importlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from dev.cloudformation import template
from dev.generators import openapi_components as components
from dev.generators.openapi_examples import Examples, of_media
from dev.generators.openapi_operations import ANYWHERE, EXTRAS, OPERATIONS, PARAMETERS, TAGS
from dev.generators.openapi_operations.operation import Operation
from holdfast.platform import errors
from holdfast.platform.errors import HoldfastError
from holdfast.platform.problem_models import Problem

ROOT = Path(__file__).resolve().parents[2]

_ABOUT = """\
Holdfast books times and takes the money for them: hold a time, send the customer to the payment
page, read the confirmation.

**Keys.** `Authorization: Bearer pk_…` in browsers, `sk_…` on servers. With a publishable key a
booking is reached by its own `Booking-Secret`, the `client_secret` that came with the hold.

**Repeating.** Every POST takes an `Idempotency-Key`. The same key with the same body is one effect
and one answer; with another body it is refused. A key belongs to its caller (all secret keys of a
tenant are one, each publishable key is one) and to one operation on one booking or resource. **It
is worth as much as the answer**, and that of a hold or a waitlist entry has the `client_secret`:
make it of random bits, such as a version 4 UUID, never of a number or a time.

**Versions.** A booking's `ETag` is its version; sent back as `If-Match`, it refuses to act on
something that has changed.

**Errors** are RFC 9457 problem documents. `code` is stable, `detail` and `hint` are for people,
`request_id` is for support. 503 comes with `Retry-After`: repeat with the same key.

**Rates.** Browsers are limited by network address, servers by their key. Each answer to a key says
in `RateLimit-Policy` how many requests of its kind are allowed in how many seconds, and in
`RateLimit` how many are left (draft-ietf-httpapi-ratelimit-headers); one too many is 429
`rate_limited`.

**HEAD** is answered wherever GET is, as that would be, without the body.

**Money** is in minor units of an ISO 4217 currency. **Times** are RFC 3339 in UTC. Lists are paged
by `cursor`."""

Json = dict[str, Any]
_RATES = ("RateLimitPolicy", "RateLimit")
_PASSING = "UnavailableOrMoving"  # what most operations answer with 503
# Refused before a request is counted, or without a key: no rate headers.
_UNCOUNTED = (
    *(errors.BodyTooLarge, errors.UnsupportedMediaType),
    *(errors.SignatureInvalid, errors.EventMismatch),
)


def build() -> Json:
    """The whole description, the same for the same code.

    Raises:
        ValueError: a route of template.yaml is not described, or a described one does not exist.
    """
    declared = _declared()
    if declared.keys() != OPERATIONS.keys():
        apart = sorted(declared.keys() ^ OPERATIONS.keys())
        raise ValueError(f"template.yaml and dev/generators/openapi_operations differ in: {apart}")
    schemas: Json = {}
    for _, models in declared.values():
        schemas |= models
    schemas["Problem"] = _problem_schema(schemas)
    schemas |= components.WEBHOOK_SCHEMAS
    schemas = {name: _tidy(schema) for name, schema in schemas.items()}
    examples = Examples(schemas)
    paths: Json = {}
    for route, operation in OPERATIONS.items():
        method, path = route.split(" ")
        built = _operation(operation, declared[route][0], examples)
        paths.setdefault(path, {})[method.lower()] = built

    document = {
        "openapi": "3.1.1",
        "info": {
            "title": "Holdfast",
            "version": _version(),
            "summary": "Bookings that cannot collide, payments that cannot get lost.",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "webhooks": {"stripeEvent": {"post": _webhook(examples)}},
        "components": {
            "schemas": {},
            "responses": {kind.__name__: _problem([kind]) for kind in errors.CATALOGUE}
            | {_PASSING: _problem([errors.Unavailable, errors.TenantMoving])},
            "examples": {
                kind.code: {"summary": kind.title, "value": _example(kind)}
                for kind in errors.CATALOGUE
            },
            "parameters": components.PARAMETERS,
            "headers": components.HEADERS,
            "securitySchemes": components.SECURITY_SCHEMES,
        },
    }
    document["components"] = _used(document, schemas)
    return document


def _declared() -> dict[str, tuple[Json, Json]]:
    """By route key: what its handler declares, and the schemas of that handler's module."""
    local = template.load(ROOT / "template.yaml")
    found = {}
    specifications: dict[str, Json] = {}
    for route in local.routes:
        if route.method == "HEAD":  # understood: see _ABOUT
            continue
        name = local.functions[route.function].name
        if name not in specifications:
            app: APIGatewayHttpResolver = importlib.import_module(f"functions.{name}.app").app
            text = app.get_openapi_json_schema(title="", version="")
            specifications[name] = json.loads(text)
        specification = specifications[name]
        operation = specification["paths"][route.path][route.method.lower()]
        models = specification.get("components", {}).get("schemas", {})
        found[route.key] = (operation, models)
    return found


def _operation(operation: Operation, declared: Json, examples: Examples) -> Json:
    parameters = [_parameter(each) for each in declared.get("parameters", [])]
    parameters += [{"$ref": f"#/components/parameters/{name}"} for name in operation.takes]
    built: Json = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": declared["summary"],
        "description": operation.description,
        "security": operation.access,
        "responses": _answers(operation, declared, examples),
    }
    if parameters:
        built["parameters"] = parameters
    if "requestBody" in declared:
        body = declared["requestBody"]
        content = {
            media: {
                **_tidy(said),
                "example": dict(operation.example) or examples.request(_tidy(said["schema"])),
            }
            for media, said in body["content"].items()
        }
        built["requestBody"] = {**body, "content": content}
    return built


def _parameter(declared: Json) -> Json:
    """A parameter in the words of ours; one that is left out is absent, never null."""
    return {
        "name": declared["name"],
        "in": declared["in"],
        "description": PARAMETERS[declared["name"]],
        "required": declared.get("required", False),
        "schema": _not_null(_tidy(declared["schema"])),
    }


def _answers(operation: Operation, declared: Json, examples: Examples) -> Json:
    if operation.media is None:
        (schema,) = (each["schema"] for each in declared["responses"]["200"]["content"].values())
        media, schema = "application/json", _tidy(schema)
    else:
        media = operation.media
        schema = {"type": "object"} if media.endswith("json") else {"type": "string"}
    built: Json = {}
    for status, meaning in operation.answers.items():
        built[str(status)] = {"description": meaning}
        gives = [*operation.gives, *(_RATES if operation.access else ())]
        if gives:
            built[str(status)]["headers"] = _headers(gives)
        if status not in (204, 304):  # which have no body
            example = (
                examples.answer(operation.id, status, schema)
                if operation.media is None
                else of_media(media)
            )
            built[str(status)]["content"] = {media: {"schema": schema, "example": example}}
    refusals = [*operation.refusals, *ANYWHERE]
    if operation.access:
        refusals += [errors.Unauthenticated, errors.RateLimited, errors.TenantMoving]
    return built | _refusals(refusals)


def _refusals(kinds: Iterable[type[HoldfastError]]) -> Json:
    """Error answers by status, the codes of each together."""
    by_status: dict[int, list[type[HoldfastError]]] = {}
    for kind in sorted(set(kinds), key=errors.CATALOGUE.index):
        by_status.setdefault(int(kind.status), []).append(kind)
    return {str(status): _answer(alike) for status, alike in sorted(by_status.items())}


def _answer(alike: list[type[HoldfastError]]) -> Json:
    """Errors of one status: by reference where many operations have just these."""
    if len(alike) == 1:
        return {"$ref": f"#/components/responses/{alike[0].__name__}"}
    if alike == [errors.Unavailable, errors.TenantMoving]:
        return {"$ref": f"#/components/responses/{_PASSING}"}
    return _problem(alike)


def _problem(kinds: list[type[HoldfastError]]) -> Json:
    """One answer that carries any of some errors of the same status.

    Its schema is that of all errors, so that a program has one type for them; which codes it may
    have, `x-codes` and the examples say.
    """
    names = ["XRequestId"]
    waits: tuple[type[errors.HoldfastError], ...] = (errors.Unavailable, errors.RequestInProgress)
    waits += (
        errors.TenantMoving,
        errors.TooManyHolds,
        errors.TooManyPaymentPages,
        errors.RateLimited,
    )
    if any(kind in waits for kind in kinds):
        names.append("RetryAfter")
    if any(kind not in _UNCOUNTED for kind in kinds):
        names += _RATES
    if errors.Unauthenticated in kinds:
        names.append("WWWAuthenticate")
    return {
        "description": " ".join(f"`{kind.code}`: {kind.title}." for kind in kinds),
        "headers": _headers(names),
        "x-codes": [kind.code for kind in kinds],
        "content": {
            "application/problem+json": {
                "schema": components.reference("Problem"),
                "examples": {
                    kind.code: {"$ref": f"#/components/examples/{kind.code}"} for kind in kinds
                },
            }
        },
    }


def _example(kind: type[HoldfastError]) -> Json:
    error = kind()
    error.extra.update(EXTRAS.get(kind, {}))
    return error.problem("b7Kq3hJtIAMEVpA=")


def _headers(names: Iterable[str]) -> Json:
    spelled = {"XRequestId": "X-Request-Id", "RetryAfter": "Retry-After"}
    spelled |= {"WWWAuthenticate": "WWW-Authenticate", "RateLimitPolicy": "RateLimit-Policy"}
    return {spelled.get(name, name): {"$ref": f"#/components/headers/{name}"} for name in names}


def _webhook(examples: Examples) -> Json:
    """What Stripe sends to the webhook's own address, which is no route of this API."""
    hook = copy.deepcopy(components.WEBHOOK | {"responses": components.WEBHOOK_ANSWERS})
    answers = [answer["content"] for answer in hook["responses"].values()]
    for content in (hook["requestBody"]["content"], *answers):
        said = content["application/json"]
        said["example"] = examples.answer(hook["operationId"], 200, said["schema"])
    refusals: list[type[HoldfastError]] = [errors.SignatureInvalid, errors.EventMismatch]
    refusals += [errors.MalformedRequest]
    refusals += [errors.BodyTooLarge, errors.TenantMoving, *ANYWHERE]
    return {**hook, "responses": hook["responses"] | _refusals(refusals)}


def _problem_schema(schemas: Json) -> Json:
    """The problem document; the members that only some errors have are absent, never null."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= schema.pop("$defs", {})
    schema["properties"] = {
        name: _not_null(said) if name not in schema["required"] else said
        for name, said in schema["properties"].items()
    }
    schema["properties"]["code"]["enum"] = [kind.code for kind in errors.CATALOGUE]
    return dict(schema)


def _not_null(schema: Json) -> Json:
    """The schema without its null alternative."""
    others = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    rest = {name: said for name, said in schema.items() if name not in ("anyOf", "default")}
    if len(others) == 1:
        return {**others[0], **rest}
    return schema


def _tidy(node: Any, *, named: bool = False) -> Any:
    """Without the titles that Pydantic makes up from names.

    Args:
        named: whether the node's members are names of the author's, one of which may be "title".
    """
    if isinstance(node, list):
        return [_tidy(each) for each in node]
    if not isinstance(node, Mapping):
        return node
    return {
        name: _tidy(said, named=name in ("properties", "$defs") and not named)
        for name, said in node.items()
        if named or name != "title" or not isinstance(said, str)
    }


def _used(document: Json, schemas: Json) -> Json:
    """The components that something refers to, sorted by name."""
    sections: dict[str, Json] = {**document["components"], "schemas": schemas}
    schemes = sections["securitySchemes"]
    kept: dict[str, set[str]] = {name: set() for name in sections}
    kept["securitySchemes"] = set(schemes)
    waiting = [{name: document[name] for name in ("paths", "webhooks")}]
    while waiting:
        for reference in _references(waiting.pop()):
            section, name = reference.removeprefix("#/components/").split("/")
            if name not in kept[section]:
                kept[section].add(name)
                waiting.append(sections[section][name])
    return {
        section: {name: sections[section][name] for name in sorted(kept[section])}
        for section in sections
    }


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for each in node for found in _references(each)]
    if not isinstance(node, Mapping):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [found for each in node.values() for found in _references(each)]


def _version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])
